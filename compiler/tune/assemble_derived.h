// Kernels for programs that follow from the model's, beside its own: a step of
// training, and inference from features by sparse rows. Steps that the model's
// program has kernels for keep them.
#ifndef GNNAC_ASSEMBLE_DERIVED_H
#define GNNAC_ASSEMBLE_DERIVED_H

#include "tune/assemble.h"

// After the model's kernels are described.
gnnac_status assemble_training(struct workbench *wb, struct assembly *a,
                               gnnac_error *err);
// Warns, and adds nothing, where the features cannot be sparse.
gnnac_status assemble_sparse(struct workbench *wb, struct assembly *a,
                             gnnac_error *err);

#endif
