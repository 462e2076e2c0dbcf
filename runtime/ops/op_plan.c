#include "ops/op_plan.h"

#include <stddef.h>
#include <stdlib.h>

#include "checked.h"
#include "ops/op_cuda.h"
#include "options.h"
#include "spans.h"

// Of workspaces, and on a GPU of every matrix: kernels load 16 bytes at once.
enum { WIDE_ALIGNMENT = 16, REGION_ALIGNMENT = 64 };

static const struct op *const ops[] = {
    [GNNAC_AGGREGATE] = &op_aggregate,
    [GNNAC_SDDMM] = &op_sddmm,
    [GNNAC_ATTENTION] = &op_attention,
};
enum { N_OPS = sizeof(ops) / sizeof(ops[0]) };

// ---- create -----------------------------------------------------------------

static bool is_flag(int32_t value)
{
    return value == 0 || value == 1;
}

static gnnac_status read_options(const gnnac_plan_options *given,
                                 gnnac_plan_options *o, gnnac_error *err)
{
    gnnac_status st =
        options_read(given, offsetof(gnnac_plan_options, kernels), o,
                     sizeof(*o), "gnnac_plan_options", err);
    if (st != GNNAC_OK)
        return st;
    o->heads = o->heads ? o->heads : 1;
    if ((unsigned)o->op >= N_OPS || (unsigned)o->reduce > GNNAC_MIN)
        return FAIL(err, GNNAC_EUSAGE, "no such operator");
    if (o->dim < 1)
        return FAIL(err, GNNAC_EUSAGE, "dim is %d: expected at least 1",
                    (int)o->dim);
    if (o->heads < 1 || o->dim % o->heads != 0)
        return FAIL(err, GNNAC_EUSAGE, "%d heads do not divide dim %d",
                    (int)o->heads, (int)o->dim);
    if (!is_flag(o->weighted) || !is_flag(o->backward))
        return FAIL(err, GNNAC_EUSAGE, "weighted and backward are 0 or 1");
    return GNNAC_OK;
}

static bool floats(int64_t rows, int64_t cols, size_t *n)
{
    size_t bytes;
    return size_mul((size_t)rows, (size_t)cols, n) &&
           size_mul(*n, sizeof(float), &bytes);
}

// Sizes of operands and of the workspace.
static bool measure(struct gnnac_plan *p)
{
    const struct op_needs *needs = &p->needs;
    size_t *n = p->n_floats, rows = 0, edges = 0, end = 0;
    const size_t item = sizeof(float);
    bool fits = floats(p->g->n_nodes, p->o.dim, &n[OPERAND_X]) &&
                floats(p->g->n_nodes, needs->y_cols, &n[OPERAND_Y]) &&
                floats(p->g->n_nodes, needs->kept_cols, &n[OPERAND_KEPT]) &&
                floats(p->g->n_given, p->o.weighted, &n[OPERAND_WEIGHT]);
    if (needs->edge_values)
        fits =
            fits && floats(p->g->n_given, needs->edge_values, &n[OPERAND_OUT]);
    else
        n[OPERAND_OUT] = n[OPERAND_X];
    if (needs->edge_scratch)
        edges = (size_t)p->g->n_edges * item;
    fits = fits && floats(p->g->n_nodes, needs->row_cols, &rows) &&
           size_mul(rows, item, &rows) &&
           size_add(rows, REGION_ALIGNMENT - 1, &end) &&
           size_add(end, edges, &p->n_bytes);
    p->edges_at = end / REGION_ALIGNMENT * REGION_ALIGNMENT;
    p->n_bytes = p->edges_at + edges;
    return fits;
}

static gnnac_status prepare(struct gnnac_plan *p,
                            const gnnac_plan_options *options, gnnac_error *err)
{
    gnnac_status st = read_options(options, &p->o, err);
    if (st != GNNAC_OK)
        return st;
    p->op = ops[p->o.op];
    if (p->o.weighted && p->o.op != GNNAC_AGGREGATE)
        return FAIL(err, GNNAC_EUSAGE, "%s takes no weights", p->op->name);
    if (p->o.backward && (st = op_graph_need_transposed(p->g, err)) != GNNAC_OK)
        return st;
    st = p->op->prepare(p->g, &p->o, &p->needs, err);
    if (st == GNNAC_OK && !measure(p))
        return FAIL(err, GNNAC_ENOMEM, "the operator's matrices are too large");
    if (st == GNNAC_OK && p->g->ctx->is_cuda)
        st = op_cuda_create(p, &p->cuda, &p->n_bytes, err);
    return st;
}

gnnac_status gnnac_plan_create(gnnac_graph *graph,
                               const gnnac_plan_options *options,
                               gnnac_plan **out, gnnac_error *err)
{
    gnnac__clear(err);
    if (!graph || !options || !out)
        return FAIL(err, GNNAC_EUSAGE, "gnnac_plan_create: NULL argument");
    struct gnnac_plan *p = calloc(1, sizeof(*p));
    if (!p)
        return FAIL(err, GNNAC_ENOMEM, "out of memory");
    p->g = graph;
    gnnac_status st = prepare(p, options, err);
    if (st == GNNAC_OK)
        *out = p;
    else
        gnnac_plan_destroy(p);
    return st;
}

void gnnac_plan_destroy(gnnac_plan *plan)
{
    if (!plan)
        return;
    op_cuda_destroy(plan->cuda);
    free(plan);
}

size_t gnnac_plan_workspace_size(const gnnac_plan *plan)
{
    return plan->n_bytes;
}

// ---- the caller's memory ----------------------------------------------------

enum access { NOT_USED, READ, WRITTEN };

struct span {
    const char *name;
    const void *data;
    size_t n_bytes, alignment;
    enum access access;
};

static gnnac_status check_span(const struct span *s, gnnac_error *err)
{
    if (s->access == NOT_USED)
        return GNNAC_OK;
    if (!s->data && s->n_bytes > 0)
        return FAIL(err, GNNAC_EUSAGE, "%s is NULL", s->name);
    if ((uintptr_t)s->data % s->alignment != 0)
        return FAIL(err, GNNAC_EUSAGE, "%s is not aligned to %zu bytes",
                    s->name, s->alignment);
    return GNNAC_OK;
}

static bool collide(const struct span *a, const struct span *b)
{
    return a->access != NOT_USED && b->access != NOT_USED &&
           (a->access == WRITTEN || b->access == WRITTEN) &&
           spans_overlap(a->data, a->n_bytes, b->data, b->n_bytes);
}

static gnnac_status check_spans(const struct span *spans, int n,
                                gnnac_error *err)
{
    for (int i = 0; i < n; i++) {
        gnnac_status st = check_span(&spans[i], err);
        if (st != GNNAC_OK)
            return st;
        for (int j = 0; j < i; j++)
            if (collide(&spans[i], &spans[j]))
                return FAIL(err, GNNAC_EUSAGE, "%s and %s overlap",
                            spans[j].name, spans[i].name);
    }
    return GNNAC_OK;
}

static gnnac_status check_workspace(const struct gnnac_plan *p,
                                    const void *workspace, size_t n_bytes,
                                    gnnac_error *err)
{
    if (n_bytes < p->n_bytes || (!workspace && p->n_bytes > 0))
        return FAIL(err, GNNAC_EUSAGE,
                    "the workspace has %zu bytes, the plan needs %zu",
                    workspace ? n_bytes : 0, p->n_bytes);
    if ((uintptr_t)workspace % WIDE_ALIGNMENT != 0)
        return FAIL(err, GNNAC_EUSAGE,
                    "the workspace is not aligned to %d bytes",
                    (int)WIDE_ALIGNMENT);
    return GNNAC_OK;
}

static struct span span_of(const struct gnnac_plan *p, enum operand i,
                           const char *name, const void *data,
                           enum access access)
{
    size_t n_bytes = p->n_floats[i] * sizeof(float);
    size_t alignment = p->cuda ? WIDE_ALIGNMENT : sizeof(float);
    return (struct span){name, data, n_bytes, alignment,
                         n_bytes ? access : NOT_USED};
}

static struct span workspace_span(const struct gnnac_plan *p,
                                  const void *workspace)
{
    return (struct span){"the workspace", workspace, p->n_bytes, WIDE_ALIGNMENT,
                         WRITTEN};
}

static struct op_run run_of(const struct gnnac_plan *p,
                            const gnnac_operands *in, void *workspace)
{
    return (struct op_run){
        .p = p,
        .in = in,
        .rows = workspace,
        .edges = p->needs.edge_scratch && !p->cuda
                     ? (float *)(void *)((char *)workspace + p->edges_at)
                     : NULL,
        .n_threads = p->g->ctx->n_threads};
}

// Of a caller of before `kept`, too.
static gnnac_status read_operands(const struct gnnac_plan *p,
                                  const gnnac_operands *given,
                                  gnnac_operands *in, gnnac_error *err)
{
    gnnac_status st = options_read(given, offsetof(gnnac_operands, kept), in,
                                   sizeof(*in), "gnnac_operands", err);
    if (st == GNNAC_OK && in->kept && !p->needs.kept_cols)
        return FAIL(err, GNNAC_EUSAGE,
                    "kept is for attention with the option backward");
    return st;
}

static struct span kept_span(const struct gnnac_plan *p,
                             const gnnac_operands *in, enum access access)
{
    return span_of(p, OPERAND_KEPT, "kept", in->kept,
                   in->kept ? access : NOT_USED);
}

// ---- forward ----------------------------------------------------------------

static gnnac_status check_forward(const struct gnnac_plan *p,
                                  const gnnac_operands *in, const float *out,
                                  const void *workspace, gnnac_error *err)
{
    const struct span spans[] = {
        span_of(p, OPERAND_X, "x", in->x, READ),
        span_of(p, OPERAND_Y, "y", in->y, READ),
        span_of(p, OPERAND_WEIGHT, "weight", in->weight, READ),
        span_of(p, OPERAND_OUT, "out", out, WRITTEN),
        kept_span(p, in, WRITTEN),
        workspace_span(p, workspace),
    };
    return check_spans(spans, sizeof(spans) / sizeof(spans[0]), err);
}

gnnac_status gnnac_plan_forward(const gnnac_plan *p,
                                const gnnac_operands *operands, float *out,
                                void *workspace, size_t workspace_bytes,
                                gnnac_stream stream, gnnac_error *err)
{
    gnnac_operands in;
    gnnac__clear(err);
    if (!p || !operands)
        return FAIL(err, GNNAC_EUSAGE, "gnnac_plan_forward: NULL argument");
    gnnac_status st = read_operands(p, operands, &in, err);
    if (st == GNNAC_OK)
        st = check_workspace(p, workspace, workspace_bytes, err);
    if (st == GNNAC_OK)
        st = check_forward(p, &in, out, workspace, err);
    if (st != GNNAC_OK)
        return st;
    struct op_run r = run_of(p, &in, workspace);
    r.out = out;
    if (p->cuda)
        return op_cuda_forward(&r, stream, err);
    p->op->forward(&r);
    return GNNAC_OK;
}

// ---- backward ---------------------------------------------------------------

static unsigned wanted_of(const gnnac_gradients *grads)
{
    return (grads->x ? 1U << OPERAND_X : 0) | (grads->y ? 1U << OPERAND_Y : 0) |
           (grads->weight ? 1U << OPERAND_WEIGHT : 0);
}

static gnnac_status check_backward(const struct op_run *r,
                                   const void *workspace, gnnac_error *err)
{
    const struct gnnac_plan *p = r->p;
    const gnnac_gradients *to = r->grads;
    unsigned wanted = wanted_of(to);
    unsigned reads = p->op->backward_reads(&p->o, wanted);
    enum access access[N_OPERANDS], written[N_OPERANDS];
    for (int i = 0; i < N_OPERANDS; i++) {
        access[i] = reads >> i & 1 ? READ : NOT_USED;
        written[i] = wanted >> i & 1 ? WRITTEN : NOT_USED;
    }
    const struct span spans[] = {
        span_of(p, OPERAND_X, "x", r->in->x, access[OPERAND_X]),
        span_of(p, OPERAND_Y, "y", r->in->y, access[OPERAND_Y]),
        span_of(p, OPERAND_WEIGHT, "weight", r->in->weight,
                access[OPERAND_WEIGHT]),
        span_of(p, OPERAND_OUT, "out", r->result, access[OPERAND_OUT]),
        kept_span(p, r->in, READ),
        span_of(p, OPERAND_OUT, "out_grad", r->out_grad, READ),
        span_of(p, OPERAND_X, "the gradient of x", to->x, written[OPERAND_X]),
        span_of(p, OPERAND_Y, "the gradient of y", to->y, written[OPERAND_Y]),
        span_of(p, OPERAND_WEIGHT, "the gradient of weight", to->weight,
                written[OPERAND_WEIGHT]),
        workspace_span(p, workspace),
    };
    return check_spans(spans, sizeof(spans) / sizeof(spans[0]), err);
}

static gnnac_status check_arguments(const gnnac_plan *p,
                                    const gnnac_operands *operands,
                                    const gnnac_gradients *grads,
                                    gnnac_operands *in, gnnac_error *err)
{
    if (!p || !operands || !grads)
        return FAIL(err, GNNAC_EUSAGE, "gnnac_plan_backward: NULL argument");
    if (!p->o.backward)
        return FAIL(err, GNNAC_EUSAGE,
                    "the plan was made without the option backward");
    gnnac_status st = read_operands(p, operands, in, err);
    return st == GNNAC_OK
               ? options_check(grads, sizeof(*grads), "gnnac_gradients", err)
               : st;
}

gnnac_status gnnac_plan_backward(const gnnac_plan *p,
                                 const gnnac_operands *operands,
                                 const float *out, const float *out_grad,
                                 const gnnac_gradients *grads, void *workspace,
                                 size_t workspace_bytes, gnnac_stream stream,
                                 gnnac_error *err)
{
    gnnac_operands in;
    gnnac__clear(err);
    gnnac_status st = check_arguments(p, operands, grads, &in, err);
    if (st == GNNAC_OK)
        st = check_workspace(p, workspace, workspace_bytes, err);
    if (st != GNNAC_OK)
        return st;
    struct op_run r = run_of(p, &in, workspace);
    r.result = out;
    r.out_grad = out_grad;
    r.grads = grads;
    st = check_backward(&r, workspace, err);
    if (st == GNNAC_OK && p->cuda)
        return op_cuda_backward(&r, stream, err);
    if (st == GNNAC_OK)
        p->op->backward(&r);
    return st;
}
