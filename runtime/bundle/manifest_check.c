// What a manifest must hold beyond the types of its fields. The backends index
// and multiply on the strength of these checks and repeat none of them.
#include <string.h>

#include "checked.h"
#include "bundle/manifest.h"

#define BAD(...) FAIL(err, GNNAC_EFORMAT, "manifest: " __VA_ARGS__)

// ---- program ----------------------------------------------------------------

static gnnac_status check_buffers(const struct manifest *m, gnnac_error *err)
{
    const struct program *p = &m->program;
    const struct model *g = &m->model;
    size_t total = 0, bytes;
    if (p->n_buffers < 2)
        return BAD("the input or the output has no buffer");
    for (int32_t i = 0; i < p->n_buffers; i++) {
        const struct buffer *b = &p->buffers[i];
        if (b->pitch < b->dim || (i < 2 && b->pitch != b->dim))
            return BAD("buffer %d: pitch %d for %d columns", (int)i,
                       (int)b->pitch, (int)b->dim);
        if (b->dtype != DTYPE_F32 && (i < 2 || b->dtype != g->dtype))
            return BAD("buffer %d: %s is not %s dtype", (int)i,
                       dtype_name(b->dtype),
                       i < 2 ? "the caller's" : "the model's");
        if (!slab_fits(b->slab, b->pitch, b->dtype) || (i < 2 && b->slab))
            return BAD("buffer %d: slabs of %d columns do not fit", (int)i,
                       (int)b->slab);
        if (!size_mul((size_t)m->n_nodes, (size_t)b->pitch * 8, &bytes) ||
            !size_add(bytes, total + 256, &total) || total > INT64_MAX / 2)
            return BAD("the buffers exceed the address space");
    }
    if (p->buffers[0].dim != g->layers[0].in_dim ||
        p->buffers[1].dim != g->layers[g->n_layers - 1].out_dim)
        return BAD("input or output has another width than the model");
    return GNNAC_OK;
}

// A step with what it refers to, looked up once.
struct checked_step {
    const struct manifest *m;
    const struct program *p;
    const struct step *s;
    int32_t index;
    const struct buffer *x, *out, *self; // self may be NULL
    gnnac_error *err;
};

#define BAD_STEP(c, what)                                          \
    FAIL((c)->err, GNNAC_EFORMAT, "manifest: step %d (%s): " what, \
         (int)(c)->index, step_kind_name((c)->s->kind))

static bool param_is(const struct checked_step *c, int32_t index, int32_t rows,
                     int32_t cols)
{
    const struct program *p = &c->m->program;
    enum dtype type = c->s->kind == STEP_LINEAR ? c->x->dtype : DTYPE_F32;
    return index >= 0 && index < p->n_params && p->params[index].rows == rows &&
           p->params[index].cols == cols &&
           program_param_type(p, index) == type;
}

// Whether the step multiplies its rows by dinv, for an aggregation to come.
static bool is_scaling(const struct step *s)
{
    return s->kind == STEP_LINEAR && s->norm == NORM_GCN && !step_by_blas(s);
}

// Which fields a kind of step uses; the others must say "none".
static gnnac_status check_unused(const struct checked_step *c)
{
    const struct step *s = c->s;
    bool linear = s->kind == STEP_LINEAR, aggregate = s->kind == STEP_AGGREGATE;
    bool v2 = s->kind == STEP_ATTENTION_V2;
    bool attention = v2 || s->kind == STEP_ATTENTION;
    bool takes_weight = linear || v2 || s->kind == STEP_ATTENTION_SCORES;
    bool takes_bias = aggregate || attention || s->kind == STEP_BIAS_ACT;
    bool takes_self = aggregate || attention || s->kind == STEP_RESIDUAL;
    if ((!takes_weight && s->weight != -1) || (!linear && s->accumulate) ||
        (!takes_self && s->self != -1) ||
        (!aggregate && (s->eps != -1 || s->self_term != SELF_NONE)) ||
        (!aggregate && s->norm != NORM_NONE && !is_scaling(s)) ||
        (!attention && s->act == ACT_ELU) ||
        (!takes_bias && (s->bias != -1 || s->act != ACT_NONE)))
        return BAD_STEP(c, "has an operand that its kind does not take");
    return GNNAC_OK;
}

static gnnac_status check_linear(const struct checked_step *c)
{
    if (!param_is(c, c->s->weight, c->out->dim, c->x->dim))
        return BAD_STEP(c, "its weight does not fit its buffers");
    if (c->s->x == c->s->out)
        return BAD_STEP(c, "cannot work in place");
    if (step_by_blas(c->s) && step_rounds_product(c->p, c->s))
        return BAD_STEP(c, "reads float32 and does not write it");
    return GNNAC_OK;
}

static gnnac_status check_elementwise(const struct checked_step *c)
{
    if (c->x->dim != c->out->dim)
        return BAD_STEP(c, "its buffers differ in width");
    if (c->s->bias != -1 && !param_is(c, c->s->bias, 1, c->out->dim))
        return BAD_STEP(c, "its bias does not fit");
    return GNNAC_OK;
}

static gnnac_status check_log_softmax(const struct checked_step *c)
{
    if (c->x->dtype != DTYPE_F32 || c->out->dtype != DTYPE_F32)
        return BAD_STEP(c, "works on float32");
    return check_elementwise(c);
}

static gnnac_status check_reordering(const struct checked_step *c)
{
    if (c->s->x == c->s->out)
        return BAD_STEP(c, "cannot work in place");
    return check_elementwise(c);
}

static gnnac_status check_aggregate(const struct checked_step *c)
{
    const struct step *s = c->s;
    if ((s->self_term != SELF_NONE) != (c->self != NULL) ||
        (c->self && c->self->dim != c->out->dim))
        return BAD_STEP(c, "its self term does not fit");
    if ((s->self_term == SELF_EPS) != (s->eps != -1) ||
        (s->eps != -1 && !param_is(c, s->eps, 1, 1)))
        return BAD_STEP(c, "its epsilon does not fit");
    if (s->x == s->out || s->self == s->out)
        return BAD_STEP(c, "cannot work in place");
    return check_elementwise(c);
}

// Whether `scores` has two columns for each head of the step's layer.
static bool has_scores_of_layer(const struct checked_step *c,
                                const struct buffer *scores)
{
    const struct layer *l = &c->m->model.layers[c->s->layer];
    return scores && l->op == CONV_GAT && scores->dim == 2 * l->heads;
}

// att_src and att_dst, side by side among the parameters.
static gnnac_status check_attention_scores(const struct checked_step *c)
{
    int32_t heads = c->out->dim / 2;
    if (!has_scores_of_layer(c, c->out) || c->x->dim % heads ||
        c->s->x == c->s->out)
        return BAD_STEP(c, "its buffers do not fit");
    if (!param_is(c, c->s->weight, heads, c->x->dim / heads) ||
        !param_is(c, c->s->weight + 1, heads, c->x->dim / heads))
        return BAD_STEP(c, "its weights do not fit its buffers");
    return GNNAC_OK;
}

static gnnac_status check_attention(const struct checked_step *c)
{
    const struct step *s = c->s;
    if (!has_scores_of_layer(c, c->self) || c->out->dim % (c->self->dim / 2))
        return BAD_STEP(c, "its scores do not fit");
    if (s->x == s->out || s->self == s->out)
        return BAD_STEP(c, "cannot work in place");
    return check_elementwise(c);
}

static gnnac_status check_attention_v2(const struct checked_step *c)
{
    const struct step *s = c->s;
    const struct layer *l = &c->m->model.layers[s->layer];
    if (l->op != CONV_GATV2 || c->out->dim % l->heads ||
        !param_is(c, s->weight, l->heads, c->out->dim / l->heads))
        return BAD_STEP(c, "its weight does not fit its layer's heads");
    if (!c->self || c->self->dim != c->x->dim)
        return BAD_STEP(c, "its rows and their sources differ in width");
    if (s->x == s->out || s->self == s->out)
        return BAD_STEP(c, "cannot work in place");
    return check_elementwise(c);
}

// That it reads the layer's input the reference finds out.
static gnnac_status check_residual(const struct checked_step *c)
{
    const struct step *s = c->s, *end = c->p->steps + c->p->n_steps;
    if (s + 1 == end || s[1].layer == s->layer)
        return BAD_STEP(c, "is not the last of its layer");
    if (!c->self || c->self->dim != c->out->dim ||
        c->self->dtype != c->out->dtype)
        return BAD_STEP(c, "what it adds does not fit");
    if (s->self == s->x || s->self == s->out)
        return BAD_STEP(c, "adds what it changes");
    return check_elementwise(c);
}

// ---- kernels ----------------------------------------------------------------

static gnnac_status check_kernels(const struct manifest *m, gnnac_error *err)
{
    for (int32_t i = 0; i < m->n_kernels; i++) {
        gnnac_status st = kernel_check(&m->kernels[i], err);
        if (st != GNNAC_OK)
            return st;
        if (m->repeats && m->kernels[i].atomics)
            return BAD("kernel %s uses atomics, though results are to repeat",
                       m->kernels[i].name);
        for (int32_t j = 0; j < i; j++)
            if (strcmp(m->kernels[i].name, m->kernels[j].name) == 0)
                return BAD("kernel %s is there twice", m->kernels[i].name);
    }
    for (int32_t i = 0; i < m->n_choices; i++)
        if (m->choices[i].step >= m->program.n_steps)
            return BAD("choices[%d] is about a step that is not there", (int)i);
    return GNNAC_OK;
}

// ---- steps ------------------------------------------------------------------

static bool has_activation(enum step_kind kind)
{
    return kind == STEP_AGGREGATE || kind == STEP_BIAS_ACT ||
           kind == STEP_ATTENTION || kind == STEP_ATTENTION_V2;
}

static bool goes_on(const struct step *before, const struct step *s)
{
    bool by_kernel = before->kernel >= 0 || before->fused;
    if (s->kind == STEP_RESIDUAL)
        return has_activation(before->kind) && by_kernel;
    if (s->kind == STEP_BIAS_ACT)
        return before->kind == STEP_LINEAR && s->x == s->out && by_kernel;
    return before->kind == STEP_AGGREGATE && before->kernel >= 0 &&
           (s->kind == STEP_LINEAR || s->kind == STEP_LOG_SOFTMAX);
}

// The kernel of a sum, attention or a product may go on with what it wrote.
static gnnac_status check_fused(const struct checked_step *c)
{
    const struct step *s = c->s, *before = c->index ? s - 1 : NULL;
    if (!before || !goes_on(before, s) || s->kernel >= 0 ||
        s->x != before->out || s->accumulate)
        return BAD_STEP(c, "cannot be fused with the step before");
    while (before->fused)
        before--;
    bool in_place = before->x == before->out;
    if ((s->out == before->x && !in_place) || s->out == before->self)
        return BAD_STEP(c, "is fused, and writes what that kernel reads");
    return GNNAC_OK;
}

static gnnac_status check_step(const struct checked_step *c)
{
    static gnnac_status (*const checks[N_MODEL_STEP_KINDS])(
        const struct checked_step *) = {
        [STEP_LINEAR] = check_linear,
        [STEP_AGGREGATE] = check_aggregate,
        [STEP_BIAS_ACT] = check_elementwise,
        [STEP_LOG_SOFTMAX] = check_log_softmax,
        [STEP_GRAPH_ORDER] = check_reordering,
        [STEP_INPUT_ORDER] = check_reordering,
        [STEP_ATTENTION_SCORES] = check_attention_scores,
        [STEP_ATTENTION] = check_attention,
        [STEP_ATTENTION_V2] = check_attention_v2,
        [STEP_RESIDUAL] = check_residual,
    };
    gnnac_status st = check_unused(c);
    if (st != GNNAC_OK)
        return st;
    if (c->s->layer >= c->m->model.n_layers)
        return BAD_STEP(c, "belongs to a layer that is not there");
    st = checks[c->s->kind](c);
    if (st != GNNAC_OK || step_by_blas(c->s))
        return st;
    return c->s->fused
               ? check_fused(c)
               : manifest_check_step_kernel(c->m, c->p, c->index, c->err);
}

// Indices first, then that everything read was written before.
static gnnac_status look_up(struct checked_step *c, bool *written)
{
    const struct program *p = &c->m->program;
    const struct step *s = c->s;
    if (s->x >= p->n_buffers || s->out >= p->n_buffers ||
        s->self >= p->n_buffers)
        return BAD_STEP(c, "a buffer is not there");
    if (s->out == 0)
        return BAD_STEP(c, "writes the caller's input");
    if (!written[s->x] || (s->self >= 0 && !written[s->self]) ||
        (s->accumulate && !written[s->out]))
        return BAD_STEP(c, "reads a buffer before it is written");
    if (s->fused)
        written[s->x] = false; // its result alone is stored
    written[s->out] = true;
    c->x = &p->buffers[s->x];
    c->out = &p->buffers[s->out];
    c->self = s->self >= 0 ? &p->buffers[s->self] : NULL;
    return GNNAC_OK;
}

static gnnac_status check_steps(const struct manifest *m, gnnac_error *err)
{
    bool written[MAX_BUFFERS] = {true}; // buffer 0 is the caller's
    for (int32_t i = 0; i < m->program.n_steps; i++) {
        struct checked_step c = {
            .m = m,
            .p = &m->program,
            .s = &m->program.steps[i],
            .index = i,
            .err = err};
        gnnac_status st = look_up(&c, written);
        if (st == GNNAC_OK)
            st = check_step(&c);
        if (st != GNNAC_OK)
            return st;
    }
    return written[1] ? GNNAC_OK : BAD("no step writes the output");
}

typedef gnnac_status check_fn(const struct manifest *m, gnnac_error *err);

static gnnac_status check_each(check_fn *const *checks, size_t n,
                               const struct manifest *m, gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    for (size_t i = 0; i < n && st == GNNAC_OK; i++)
        st = checks[i](m, err);
    return st;
}

gnnac_status manifest_check(const struct manifest *m, gnnac_error *err)
{
    static check_fn *const common[] = {
        manifest_check_graph, manifest_check_archs, check_kernels,
        manifest_check_operators, manifest_check_whole};
    static check_fn *const of_model[] = {manifest_check_model, check_buffers,
                                         check_steps, manifest_check_slabs,
                                         manifest_check_derived,
                                         manifest_check_orders};
    gnnac_status st =
        check_each(common, sizeof(common) / sizeof(common[0]), m, err);
    if (st != GNNAC_OK)
        return st;
    return has_model(m) ? check_each(of_model,
                                     sizeof(of_model) / sizeof(of_model[0]), m,
                                     err)
                        : manifest_check_no_model(m, err);
}
