// The graph of operators, in the form that the backend's loops take.
#ifndef GNNAC_OP_GRAPH_H
#define GNNAC_OP_GRAPH_H

#include <pthread.h>

#include "backend.h"
#include "bundle/graph_transpose.h"

// Stored edges are by destination, in the caller's order in each row.
struct gnnac_graph {
    struct gnnac_context *ctx;
    int64_t n_nodes;
    int64_t n_given;      // edges as the caller gave them
    int64_t n_edges;      // stored: without dropped self loops
    int64_t *rowptr;      // [n_nodes + 1]
    int32_t *colidx;      // [n_edges]
    int64_t *edge;        // [n_edges] the caller's edge; NULL: they are alike
    bool has_loops;       // among those stored
    pthread_mutex_t lock; // guards what follows while it is made; once there
                          // it does not change
    float *dinv;          // [n_nodes], see graph_dinv
    struct transposed by_source;
    int64_t *source_edge; // [n_edges] the caller's edge of each entry there
    struct op_graph_cuda *cuda; // ops/op_cuda.h; NULL on the CPU
};

// Make what a plan needs, unless it is there. GNNAC_ENOMEM.
gnnac_status op_graph_need_dinv(struct gnnac_graph *g, gnnac_error *err);
gnnac_status op_graph_need_transposed(struct gnnac_graph *g, gnnac_error *err);

#endif
