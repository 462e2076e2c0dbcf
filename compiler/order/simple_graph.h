// The graph that orders and communities are found in: undirected, without loops
// and without duplicates. Where both (u, v) and (v, u) stand, or one of them
// several times, there is one edge of weight 1, stored in both rows.
#ifndef GNNAC_SIMPLE_GRAPH_H
#define GNNAC_SIMPLE_GRAPH_H

#include "graph/csr.h"

// Rows ascending, no weights. O(nodes + edges); besides the result one
// transpose of `g` at a time. The same at any thread count. GNNAC_ENOMEM.
gnnac_status simple_graph(const struct csr *g, struct csr *out,
                          gnnac_error *err);

// The same for who only reads it, at a third of the cost where `g` is simple
// already: *simple then borrows its arrays. The caller finishes `owned`, which
// is empty at the call, and nothing else.
gnnac_status simple_graph_of(const struct csr *g, struct csr *owned,
                             struct csr *simple, gnnac_error *err);

#endif
