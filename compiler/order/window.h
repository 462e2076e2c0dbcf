// An order in which a node shares many neighbours with the few before it, so
// that the rows of a tile gather the same columns.
//
// After Wei, Yu, Lu, Lin, "Speedup Graph Processing by Graph Ordering", SIGMOD
// 2016 (Gorder): the node placed next is the one that has, summed over the last
// five, most common neighbours and edges. Neighbours of a degree above the
// square root of the nodes are not looked beyond, which costs much and says
// little; nor, so that time stays linear, those of the highest degrees where
// all squares of degrees come to more than 256 times the entries.
#ifndef GNNAC_WINDOW_H
#define GNNAC_WINDOW_H

#include "graph/csr.h"

// `g` is a simple_graph. Fills perm[n_nodes], perm[old] = new; of equals the
// node that became so good last is next, and where none has anything in common
// with the last five, the next in Reverse Cuthill-McKee order. Nodes without
// edges come last. One thread. GNNAC_ENOMEM.
gnnac_status window_order(const struct csr *g, int n_threads, int32_t *perm,
                          gnnac_error *err);

#endif
