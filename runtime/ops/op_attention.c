// Graph attention: the softmax of scores over in-neighbours, and the sum.
#include "ops/op_plan.h"

static gnnac_status prepare(struct gnnac_graph *g, const gnnac_plan_options *o,
                            struct op_needs *needs, gnnac_error *err)
{
    *needs = (struct op_needs){.y_cols = 2 * o->heads};
    if (g->has_loops)
        return FAIL(err, GNNAC_EUSAGE,
                    "attention gives every node a self loop and the graph has "
                    "some: drop them");
    return GNNAC_OK;
}

static void forward(const struct op_run *r)
{
    const struct gnnac_graph *g = r->p->g;
    int32_t dim = r->p->o.dim;
    const struct attention_job job = {
        .n_rows = g->n_nodes,
        .rowptr = g->rowptr,
        .colidx = g->colidx,
        .x = packed_rows(r->in->x, dim),
        .scores = packed_rows(r->in->y, 2 * r->p->o.heads),
        .out = {r->out, dim, dim},
    };
    cpu_attention(&job, r->n_threads);
}

const struct op op_attention = {
    .name = "attention", .prepare = prepare, .forward = forward};
