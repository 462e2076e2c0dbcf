// Plans on a GPU: an operator's steps (bundle/operators.h), run by kernels of a
// bundle on the plan's own graph.
#ifndef GNNAC_OP_CUDA_H
#define GNNAC_OP_CUDA_H

#include "ops/op_plan.h"

struct op_cuda;

// Loads the kernels that the plan's options name, uploads what they need of the
// graph unless it is there, and says how many bytes of scratch they need.
// GNNAC_ENOENT: the bundle does not have the operator.
gnnac_status op_cuda_create(const struct gnnac_plan *p, struct op_cuda **out,
                            size_t *n_bytes, gnnac_error *err);
void op_cuda_destroy(struct op_cuda *oc);
void op_graph_cuda_free(struct gnnac_graph *g);

// Queue the steps on `stream`; what they work on was checked.
gnnac_status op_cuda_forward(const struct op_run *r, gnnac_stream stream,
                             gnnac_error *err);
gnnac_status op_cuda_backward(const struct op_run *r, gnnac_stream stream,
                              gnnac_error *err);

#endif
