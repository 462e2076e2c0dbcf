// What all forms of gnnac bench GRAPH begin with.
#ifndef GNNAC_CMD_BENCH_H
#define GNNAC_CMD_BENCH_H

#include "cli/cli.h"
#include "graph/csr.h"
#include "tune/workbench.h"

// Everything that is proposed will be timed. GNNAC_ENODEVICE without a GPU.
gnnac_status bench_command_open(const struct options *o, struct workbench *wb,
                                gnnac_error *err);
// GNNAC_EUSAGE for a graph without edges.
gnnac_status bench_command_load(const struct options *o, struct csr *g,
                                gnnac_error *err);

#endif
