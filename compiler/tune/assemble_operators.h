// A bundle of operators on their own (runtime/bundle/operators.h): which, and
// kernels for them.
#ifndef GNNAC_ASSEMBLE_OPERATORS_H
#define GNNAC_ASSEMBLE_OPERATORS_H

#include "tune/assemble.h"

// "sum:64,gcn:16" into the manifest, without kernels. GNNAC_EUSAGE.
gnnac_status operators_read(const char *list, struct manifest *m,
                            gnnac_error *err);

// Kernels for all steps of the manifest's operators: `selection` has those over
// the graph's rows, `train_selection` those over the graph turned round.
gnnac_status assemble_operators(struct workbench *wb, struct assembly *a,
                                gnnac_error *err);

#endif
