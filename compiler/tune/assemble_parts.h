// What models and operators share on their way to a bundle.
#ifndef GNNAC_ASSEMBLE_PARTS_H
#define GNNAC_ASSEMBLE_PARTS_H

#include "tune/select.h"

// The index of the kernel, which is added unless it is there.
// GNNAC_EUNSUPPORTED: there are too many.
gnnac_status manifest_add_kernel(struct manifest *m, const struct kernel *k,
                                 int32_t *out, gnnac_error *err);

// The graph by sources, in both forms of the original. Zero before; finish it
// whatever comes of turning round.
struct backward_graph {
    struct csr full, stored; // stored: only where it differs from full
    struct graph_input input;
};

gnnac_status turn_round(const struct graph_input *g, struct backward_graph *out,
                        gnnac_error *err);
void backward_graph_finish(struct backward_graph *b);

#endif
