// A bundle's graph as the model's definition sees it: in the input's node
// order, whatever order it is stored in. For the reference alone, so it shares
// nothing with the backends' way of moving rows.
#ifndef GNNAC_INPUT_GRAPH_H
#define GNNAC_INPUT_GRAPH_H

#include "bundle/bundle.h"

struct input_graph {
    int64_t n_nodes;
    const int64_t *rowptr; // [n_nodes + 1]; views into the bundle or the below
    const int32_t *colidx; // [n_stored_edges]
    int64_t *own_rowptr;
    int32_t *own_colidx;
};

// A reordered graph is brought back through graph/perm alone, and must then
// have the fingerprint that the compiler took before it reordered.
// GNNAC_EWRONG when it has not, GNNAC_ENOMEM.
gnnac_status input_graph_init(const struct gnnac_bundle *b,
                              struct input_graph *out, gnnac_error *err);
void input_graph_finish(struct input_graph *g);

#endif
