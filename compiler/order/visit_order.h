// In which order, and in which batches, nodes choose whom to merge with.
#ifndef GNNAC_VISIT_ORDER_H
#define GNNAC_VISIT_ORDER_H

#include "graph/csr.h"

// Work is cut into this many batches: the fewer, the more choices are made on
// an old state; the more, the more often threads wait.
enum { VISIT_BATCHES = 128 };

// What visiting a node costs.
static inline int64_t visit_work(int64_t n_neighbours)
{
    return n_neighbours + 2;
}

// Nodes that have edges, by ascending degree; order[n_nodes] is the caller's,
// *n of it are used. Nodes of the same degree with neighbouring ids, which are
// likely to choose each other, are dealt to different batches, yet stay close
// enough to share the cache. GNNAC_ENOMEM.
gnnac_status visit_order(const struct csr *g, int32_t *order, int64_t *n,
                         gnnac_error *err);

#endif
