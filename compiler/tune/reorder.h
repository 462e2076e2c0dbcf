// The order of the nodes that --reorder asks for: which one, and why.
#ifndef GNNAC_REORDER_H
#define GNNAC_REORDER_H

#include "graph/csr.h"

// Owns its arrays, [n_nodes] each; NULL where the graph stays as it is.
struct graph_order {
    char method[64]; // "rabbit"; "file"; "none"; empty where nobody asked
    char why[512];
    int32_t *perm;    // perm[input's node] = node
    int32_t *inverse; // inverse[node] = input's node
};
void graph_order_finish(struct graph_order *o);

// Whether `reorder` is one of: NULL or "none", another name of order_methods
// (order/orders.h), a file *.npy, which is not looked at. GNNAC_EUSAGE.
gnnac_status graph_order_check(const char *reorder, gnnac_error *err);

// What it means for `g`; the same at any thread count (0: all). GNNAC_ENOMEM,
// and what order_compute reports; files are named.
gnnac_status graph_order_find(const struct csr *g, const char *reorder,
                              int n_threads, struct graph_order *out,
                              gnnac_error *err);

#endif
