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

// What is asked for, and what "auto" weighs: see reorder_auto.h.
struct graph_order_request {
    const char *reorder;
    int64_t runs;         // forward passes to pay for the order; 0: the default
    int32_t n_aggregates; // of one pass
    double columns;       // that an aggregation reads, on average
    double columns_moved; // into the order and back, of one pass
    double bytes_per_s;   // of the device's memory
    int n_threads;        // 0: all
};

// Whether `reorder` is one of: NULL or "none"; a rule that decides ("auto",
// "gnnadvisor"); another name of order_methods (order/orders.h); a file *.npy,
// which is not looked at. GNNAC_EUSAGE.
gnnac_status graph_order_check(const char *reorder, gnnac_error *err);

// What it means for `g`; the same at any thread count (0: all). GNNAC_ENOMEM,
// and what order_compute reports; files are named.
gnnac_status graph_order_find(const struct csr *g,
                              const struct graph_order_request *rq,
                              struct graph_order *out, gnnac_error *err);

#endif
