// Dot products of the two nodes of every edge.
#include <string.h>

#include "cpu/cpu_edges.h"
#include "ops/op_plan.h"

static gnnac_status prepare(struct gnnac_graph *g, const gnnac_plan_options *o,
                            struct op_needs *needs, gnnac_error *err)
{
    (void)g, (void)err;
    *needs = (struct op_needs){
        .y_cols = o->dim, .edge_values = o->heads, .edge_scratch = o->backward};
    return GNNAC_OK;
}

static void forward(const struct op_run *r)
{
    const struct gnnac_graph *g = r->p->g;
    const struct edge_dot_job job = {
        .n_rows = g->n_nodes,
        .rowptr = g->rowptr,
        .colidx = g->colidx,
        .edge = g->edge,
        .at = packed_rows(r->in->x, r->p->o.dim),
        .from = packed_rows(r->in->y, r->p->o.dim),
        .heads = r->p->o.heads,
        .out = r->out,
    };
    if (g->n_edges < g->n_given) // those dropped
        memset(job.out, 0, r->p->n_floats[OPERAND_OUT] * sizeof(float));
    cpu_edge_dot(&job, r->n_threads);
}

static unsigned backward_reads(const gnnac_plan_options *o, unsigned wanted)
{
    (void)o;
    return (wanted >> OPERAND_X & 1 ? 1U << OPERAND_Y : 0) |
           (wanted >> OPERAND_Y & 1 ? 1U << OPERAND_X : 0);
}

// One side's gradient: the other side's rows, weighted by the edges' gradients,
// head by head.
static void side(const struct op_run *r, const struct aggregate_job *rows,
                 const int64_t *edge, const float *from, float *to)
{
    const gnnac_plan_options *o = &r->p->o;
    int32_t channels = o->dim / o->heads;
    struct aggregate_job job = *rows;
    job.n_rows = r->p->g->n_nodes;
    job.weight = r->edges;
    for (int32_t k = 0; k < o->heads; k++) {
        cpu_gather(r->p->g->n_edges, r->out_grad + k, o->heads, edge, r->edges,
                   r->n_threads);
        job.x = (struct const_view){from + k * channels, o->dim, channels};
        job.out = (struct view){to + k * channels, o->dim, channels};
        cpu_aggregate(&job, r->n_threads);
    }
}

static void backward(const struct op_run *r)
{
    const struct gnnac_graph *g = r->p->g;
    const struct aggregate_job at = {.rowptr = g->rowptr, .colidx = g->colidx};
    const struct aggregate_job from = {.rowptr = g->by_source.rowptr,
                                       .colidx = g->by_source.colidx};
    if (r->grads->x)
        side(r, &at, g->edge, r->in->y, r->grads->x);
    if (r->grads->y)
        side(r, &from, g->source_edge, r->in->x, r->grads->y);
}

const struct op op_sddmm = {"sddmm", prepare, forward, backward,
                            backward_reads};
