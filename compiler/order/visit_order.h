// In which order, and in which batches, nodes choose whom to merge with.
#ifndef GNNAC_VISIT_ORDER_H
#define GNNAC_VISIT_ORDER_H

#include <stdbool.h>

#include "graph/csr.h"
#include "order/arena.h"

// What visiting a node costs.
static inline int64_t visit_work(int64_t n_neighbours)
{
    return n_neighbours + 2;
}

// Graphs like molecules and meshes, whose nodes cost more than their edges.
static inline bool rows_are_short(const struct csr *g)
{
    enum { SHORT_ROWS = 8 };
    return g->n_edges < SHORT_ROWS * g->n_nodes;
}

// The work of a batch, of `total` work: the more, the more choices are made on
// an old state; the less, the more often threads wait. What neighbouring ids
// share should still be cached when the batches that they were dealt to have
// all had their turn.
int64_t visit_quota(int64_t total);

// How many threads `g` is worth, `n_threads` (0: all) at most.
int visit_threads(const struct csr *g, int n_threads);

// Nodes that have edges, by ascending degree, but not those whose except[v] is
// 0 or more (NULL: all). order[n_nodes] is the caller's, *n of it are used.
// Nodes of the same degree with neighbouring ids, which are likely to choose
// each other, are dealt to different batches, yet stay close enough to share
// the cache. False: out of memory.
bool visit_order(const struct csr *g, const int32_t *except,
                 struct arena *arena, int32_t *order, int64_t *n);

#endif
