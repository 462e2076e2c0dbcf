// In which order, and in which batches, nodes choose whom to merge with.
#ifndef GNNAC_VISIT_ORDER_H
#define GNNAC_VISIT_ORDER_H

#include "graph/csr.h"

// What visiting a node costs.
static inline int64_t visit_work(int64_t n_neighbours)
{
    return n_neighbours + 2;
}

// The work of a batch, of `total` work: the more, the more choices are made on
// an old state; the less, the more often threads wait. What neighbouring ids
// share should still be cached when the batches that they were dealt to have
// all had their turn.
int64_t visit_quota(int64_t total);

// Less work than this is done before other threads are awake.
enum { VISIT_WORTH_THREADS = 5000 };

// How many threads the batches of `g` are worth, `n_threads` (0: all) at most.
int visit_threads(const struct csr *g, int n_threads);

// Nodes that have edges, by ascending degree; order[n_nodes] is the caller's,
// *n of it are used. Nodes of the same degree with neighbouring ids, which are
// likely to choose each other, are dealt to different batches, yet stay close
// enough to share the cache. GNNAC_ENOMEM.
gnnac_status visit_order(const struct csr *g, int32_t *order, int64_t *n,
                         gnnac_error *err);

#endif
