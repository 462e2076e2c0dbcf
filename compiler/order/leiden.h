// Leiden: communities of high modularity, each connected.
//
// After Traag, Waltman, van Eck: "From Louvain to Leiden: guaranteeing
// well-connected communities", Scientific Reports 9, 2019: nodes move to the
// neighbouring community that gains most; every community is then built anew
// from single nodes, which may leave it in parts; the parts become the nodes of
// a smaller graph, on which the same goes on. Instead of iterating the whole,
// nodes move once more on the way back, from the smallest graph to the first
// (Rotta, Noack: "Multilevel local search algorithms for modularity
// clustering", JEA 16, 2011), which costs less and gains more.
//
// The first level, which costs most, is done in less: parts are built as if all
// nodes were one community, then nodes move once. Unless rows are long, the
// communities are the next nodes as they are, as Louvain's; where rows are
// short, levels go without moving at all until the graph is small. Small
// components are communities without a search.
//
// Nothing is random, and the nodes of a batch choose on a frozen state, so that
// the result depends neither on chance nor on threads.
#ifndef GNNAC_LEIDEN_H
#define GNNAC_LEIDEN_H

#include "order/partition.h"

// `g` is a simple_graph of fewer than 2^32 entries. Communities are numbered in
// the order of their smallest nodes; a node without edges is one. Memory: 8
// bytes an entry for every level, of which each has fewer than the one below.
// The same bytes at any thread count (`n_threads` 0: all). GNNAC_ENOMEM,
// GNNAC_EUNSUPPORTED.
gnnac_status leiden(const struct csr *g, int n_threads, struct partition *out,
                    gnnac_error *err);

#endif
