// Orders by degree alone, for graphs whose few hubs are gathered most. On a
// simple_graph: the degree of a node is the number of its neighbours, however
// the edges are directed. Linear time.
#ifndef GNNAC_DEGREE_ORDERS_H
#define GNNAC_DEGREE_ORDERS_H

#include "graph/csr.h"

// All fill perm[n_nodes], perm[old] = new; nodes of the same rank keep their
// order, and those without edges come last. GNNAC_ENOMEM.

// Descending degree.
gnnac_status degree_order(const struct csr *g, int n_threads, int32_t *perm,
                          gnnac_error *err);

// Hub sort: nodes of more than the mean degree come first, descending; all
// others keep their order. Balaji and Lucia, "When is Graph Reordering an
// Optimization?", IISWC 2018.
gnnac_status hub_order(const struct csr *g, int n_threads, int32_t *perm,
                       gnnac_error *err);

// Degree-based grouping: with mean degree d, groups of degrees from 32d, 16d,
// 8d, 4d, 2d, d and d/2 on, and the rest; the old order inside. Faldu, Diamond,
// Grot, "A Closer Look at Lightweight Graph Reordering", IISWC 2019.
gnnac_status dbg_order(const struct csr *g, int n_threads, int32_t *perm,
                       gnnac_error *err);

#endif
