// Rabbit Order: communities inside communities, each an interval of the new
// ids, so that the innermost fit the first cache and the outer ones the next.
//
// After Arai, Shiokawa, Yamamuro, Onizuka, Iwamura: "Rabbit Order: Just-in-time
// Parallel Reordering for Fast Graph Analysis", IPDPS 2016: nodes in ascending
// degree merge into the neighbouring community that gains most modularity. The
// parallel scheme is another one, whose result does not depend on the threads:
// the nodes of a batch choose on a frozen state, then the choices are carried
// out in order, and those that the earlier ones made void are made again in the
// next batch. Communities that gain nothing more are merged further at lower
// and lower resolution, so that those with many edges in common stand side by
// side. Small components, in which every merge gains, are shared out whole and
// merge node by node.
#ifndef GNNAC_RABBIT_H
#define GNNAC_RABBIT_H

#include "order/partition.h"

// Owns its arrays, each [n_nodes]. All-zero is empty.
struct rabbit {
    struct partition top; // communities, numbered in the order of perm; a node
                          // without edges is one
    int32_t *perm;        // perm[old] = new; nodes without edges come last
    int32_t *parent;      // merged into; -1: root of a connected component. A
                          // node and all that merged into it, and into those,
                          // and so on, are an interval of new ids that begins
                          // with the node.
};
void rabbit_finish(struct rabbit *r);

// `g` is a simple_graph of fewer than 2^32 entries. O(edges) memory at worst,
// most of it given back at the end. The same bytes at any thread count
// (`n_threads` 0: all). GNNAC_ENOMEM, GNNAC_EUNSUPPORTED.
gnnac_status rabbit_order(const struct csr *g, int n_threads,
                          struct rabbit *out, gnnac_error *err);

#endif
