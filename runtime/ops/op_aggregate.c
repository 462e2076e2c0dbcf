// Sums, means, largest and smallest of the neighbours, and their gradients.
#include <string.h>

#include "cpu/cpu_edges.h"
#include "cpu/cpu_grad.h"
#include "ops/op_plan.h"

static bool is_extreme(const gnnac_plan_options *o)
{
    return o->reduce == GNNAC_MAX || o->reduce == GNNAC_MIN;
}

static gnnac_status check(const struct gnnac_graph *g,
                          const gnnac_plan_options *o, gnnac_error *err)
{
    if (o->heads != 1)
        return FAIL(err, GNNAC_EUSAGE, "aggregate takes no heads");
    if (o->weighted && o->reduce != GNNAC_SUM && o->reduce != GNNAC_MEAN)
        return FAIL(err, GNNAC_EUSAGE, "weights are for sums and means alone");
    if (o->reduce == GNNAC_GCN && g->has_loops)
        return FAIL(err, GNNAC_EUSAGE,
                    "gcn gives every node a self loop and the graph has some: "
                    "drop them");
    return GNNAC_OK;
}

static gnnac_status prepare(struct gnnac_graph *g, const gnnac_plan_options *o,
                            struct op_needs *needs, gnnac_error *err)
{
    gnnac_status st = check(g, o, err);
    if (st == GNNAC_OK && o->reduce == GNNAC_GCN)
        st = op_graph_need_dinv(g, err);
    *needs = (struct op_needs){
        .row_cols = o->backward && (o->reduce == GNNAC_MEAN || is_extreme(o))
                        ? o->dim
                        : 0,
        .edge_scratch = o->weighted && (g->edge || o->backward),
    };
    return st;
}

// ---- forward ----------------------------------------------------------------

// Weights in the order of stored edges.
static const float *stored_weights(const struct op_run *r)
{
    const struct gnnac_graph *g = r->p->g;
    if (!r->p->o.weighted || !g->edge)
        return r->in->weight;
    cpu_gather(g->n_edges, r->in->weight, 1, g->edge, r->edges, r->n_threads);
    return r->edges;
}

static struct extreme_job extreme_of(const struct op_run *r)
{
    const struct gnnac_graph *g = r->p->g;
    int32_t dim = r->p->o.dim;
    return (struct extreme_job){
        .n_rows = g->n_nodes,
        .rowptr = g->rowptr,
        .colidx = g->colidx,
        .x = packed_rows(r->in->x, dim),
        .smallest = r->p->o.reduce == GNNAC_MIN,
        .out = {r->out, dim, dim},
    };
}

static void sum_forward(const struct op_run *r)
{
    static const enum norm norm_of[] = {[GNNAC_SUM] = NORM_NONE,
                                        [GNNAC_MEAN] = NORM_MEAN,
                                        [GNNAC_GCN] = NORM_GCN};
    const struct gnnac_graph *g = r->p->g;
    int32_t dim = r->p->o.dim;
    bool gcn = r->p->o.reduce == GNNAC_GCN;
    const struct aggregate_job job = {
        .n_rows = g->n_nodes,
        .rowptr = g->rowptr,
        .colidx = g->colidx,
        .dinv = g->dinv,
        .weight = stored_weights(r),
        .x = packed_rows(r->in->x, dim),
        .self = packed_rows(r->in->x, dim),
        .out = {r->out, dim, dim},
        .norm = norm_of[r->p->o.reduce],
        .self_term = gcn ? SELF_GCN : SELF_NONE,
    };
    cpu_aggregate(&job, r->n_threads);
}

static void forward(const struct op_run *r)
{
    struct extreme_job job = extreme_of(r);
    if (is_extreme(&r->p->o))
        cpu_extreme(&job, r->n_threads);
    else
        sum_forward(r);
}

// ---- backward ---------------------------------------------------------------

static unsigned backward_reads(const gnnac_plan_options *o, unsigned wanted)
{
    unsigned reads = 0;
    if (is_extreme(o))
        reads |= 1U << OPERAND_X | 1U << OPERAND_OUT;
    if (wanted >> OPERAND_WEIGHT & 1)
        reads |= 1U << OPERAND_X;
    if (wanted >> OPERAND_X & 1 && o->weighted)
        reads |= 1U << OPERAND_WEIGHT;
    return reads;
}

static void extreme_backward(const struct op_run *r)
{
    const struct gnnac_graph *g = r->p->g;
    int32_t dim = r->p->o.dim;
    struct extreme_job job = extreme_of(r);
    job.out.data = (float *)(uintptr_t)r->result; // read alone
    cpu_extreme_share(&job, packed_rows(r->out_grad, dim),
                      (struct view){r->rows, dim, dim}, r->n_threads);
    job.rowptr = g->by_source.rowptr;
    job.colidx = g->by_source.colidx;
    cpu_extreme_grad(&job, packed_rows(r->rows, dim),
                     (struct view){r->grads->x, dim, dim}, r->n_threads);
}

// The gradient of the sums themselves: of means it is divided as they were.
static struct const_view sums_grad(const struct op_run *r)
{
    const struct gnnac_graph *g = r->p->g;
    struct const_view grad = packed_rows(r->out_grad, r->p->o.dim);
    if (r->p->o.reduce != GNNAC_MEAN)
        return grad;
    const struct row_factor mean = {1, NULL, g->rowptr};
    cpu_scale_rows(g->n_nodes, grad, mean,
                   (struct view){r->rows, grad.dim, grad.dim}, false,
                   r->n_threads);
    return packed_rows(r->rows, grad.dim);
}

static void sum_backward(const struct op_run *r)
{
    const struct gnnac_graph *g = r->p->g;
    bool gcn = r->p->o.reduce == GNNAC_GCN, weighted = r->p->o.weighted;
    struct const_view grad = sums_grad(r);
    if (weighted)
        cpu_gather(g->n_edges, r->in->weight, 1, g->source_edge, r->edges,
                   r->n_threads);
    const struct aggregate_job job = {
        .n_rows = g->n_nodes,
        .rowptr = g->by_source.rowptr,
        .colidx = g->by_source.colidx,
        .dinv = g->dinv,
        .weight = weighted ? r->edges : NULL,
        .x = grad,
        .self = grad,
        .out = {r->grads->x, grad.dim, grad.dim},
        .norm = gcn ? NORM_GCN : NORM_NONE,
        .self_term = gcn ? SELF_GCN : SELF_NONE,
    };
    cpu_aggregate(&job, r->n_threads);
}

// An edge's weight multiplies the source's row of the destination's sum.
static void weight_backward(const struct op_run *r)
{
    const struct gnnac_graph *g = r->p->g;
    int32_t dim = r->p->o.dim;
    const struct edge_dot_job job = {
        .n_rows = g->n_nodes,
        .rowptr = g->rowptr,
        .colidx = g->colidx,
        .edge = g->edge,
        .at = packed_rows(r->out_grad, dim),
        .from = packed_rows(r->in->x, dim),
        .heads = 1,
        .mean = r->p->o.reduce == GNNAC_MEAN,
        .out = r->grads->weight,
    };
    memset(job.out, 0, r->p->n_floats[OPERAND_WEIGHT] * sizeof(float));
    cpu_edge_dot(&job, r->n_threads);
}

static void backward(const struct op_run *r)
{
    if (r->grads->x && is_extreme(&r->p->o))
        extreme_backward(r);
    else if (r->grads->x)
        sum_backward(r);
    if (r->grads->weight && r->p->o.weighted)
        weight_backward(r);
}

const struct op op_aggregate = {"aggregate", prepare, forward, backward,
                                backward_reads};
