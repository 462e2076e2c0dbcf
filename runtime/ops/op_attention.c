// Graph attention: the softmax of scores over in-neighbours, and the sum.
#include <string.h>

#include "cpu/cpu_grad.h"
#include "ops/op_plan.h"

// Scratch of backward, in columns for each head: what forward kept and backward
// adds to it, and the gradients of scores where nobody wants them.
enum { KEPT = 3, SCORES = 2 };
// The first of KEPT, which a caller may keep: maximum and sum.
enum { FOUND = 2 };

static gnnac_status prepare(struct gnnac_graph *g, const gnnac_plan_options *o,
                            struct op_needs *needs, gnnac_error *err)
{
    *needs = (struct op_needs){.y_cols = SCORES * o->heads};
    if (o->backward) {
        needs->row_cols = o->dim + (int64_t)(KEPT + SCORES) * o->heads;
        needs->kept_cols = FOUND * o->heads;
    }
    if (g->has_loops)
        return FAIL(err, GNNAC_EUSAGE,
                    "attention gives every node a self loop and the graph has "
                    "some: drop them");
    return GNNAC_OK;
}

static void attend(const struct op_run *r, float *out, struct view softmax)
{
    const struct gnnac_graph *g = r->p->g;
    int32_t dim = r->p->o.dim;
    const struct attention_job job = {
        .n_rows = g->n_nodes,
        .rowptr = g->rowptr,
        .colidx = g->colidx,
        .x = packed_rows(r->in->x, dim),
        .scores = packed_rows(r->in->y, SCORES * r->p->o.heads),
        .out = {out, dim, dim},
        .softmax = softmax,
    };
    cpu_attention(&job, r->n_threads);
}

static void forward(const struct op_run *r)
{
    int32_t cols = r->p->needs.kept_cols;
    attend(r, r->out, (struct view){r->in->kept, cols, cols});
}

static unsigned backward_reads(const gnnac_plan_options *o, unsigned wanted)
{
    (void)o, (void)wanted;
    return 1U << OPERAND_X | 1U << OPERAND_Y;
}

static struct view zero_rows(int64_t n_rows, float *data, int32_t dim)
{
    memset(data, 0, (size_t)n_rows * (size_t)dim * sizeof(*data));
    return (struct view){data, dim, dim};
}

// What forward kept; or forward anew, whose output is not wanted any more.
static void find_softmax(const struct op_run *r, struct view softmax)
{
    size_t n = (size_t)r->p->needs.kept_cols;
    if (!r->in->kept) {
        attend(r, r->rows, softmax);
        return;
    }
    for (int64_t v = 0; v < r->p->g->n_nodes; v++)
        memcpy(softmax.data + v * softmax.pitch,
               r->in->kept + (size_t)v * n, n * sizeof(float));
}

static void backward(const struct op_run *r)
{
    const struct gnnac_graph *g = r->p->g;
    int32_t dim = r->p->o.dim, heads = r->p->o.heads;
    float *kept = r->rows + g->n_nodes * dim;
    float *spare = kept + g->n_nodes * KEPT * heads;
    const struct view softmax = {kept, (int64_t)KEPT * heads, KEPT * heads};
    find_softmax(r, softmax);
    const struct attention_grad_job job = {
        .n_rows = g->n_nodes,
        .rowptr = g->rowptr,
        .colidx = g->colidx,
        .by_source = {g->by_source.rowptr, g->by_source.colidx, NULL},
        .g = packed_rows(r->out_grad, dim),
        .x = packed_rows(r->in->x, dim),
        .scores = packed_rows(r->in->y, SCORES * heads),
        .softmax = softmax,
        .grad_x =
            zero_rows(g->n_nodes, r->grads->x ? r->grads->x : r->rows, dim),
        .grad_scores = zero_rows(g->n_nodes, r->grads->y ? r->grads->y : spare,
                                 SCORES * heads),
    };
    cpu_attention_grad(&job, r->n_threads);
}

const struct op op_attention = {"attention", prepare, forward, backward,
                                backward_reads};
