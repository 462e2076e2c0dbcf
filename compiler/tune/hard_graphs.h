// Small graphs on which kernels go wrong that are right on the one at hand: a
// kernel is only timed if it is right on all of them.
#ifndef GNNAC_HARD_GRAPHS_H
#define GNNAC_HARD_GRAPHS_H

#include "graph/csr.h"

enum { N_HARD_GRAPHS = 5 };

// "a hub", say; static.
const char *hard_graph_name(size_t i);

// The i-th of them; the same each time. Owned by the caller, empty on failure.
// GNNAC_ENOMEM.
gnnac_status hard_graph(size_t i, struct csr *out, gnnac_error *err);

#endif
