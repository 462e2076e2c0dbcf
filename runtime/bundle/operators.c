#include "bundle/operators.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NONE = -1, MAX_DIM = 1 << 20 };
_Static_assert((int)MAX_BUFFERS >= (int)MAX_OPERATORS * (int)N_OP_BUFFERS &&
                   (int)MAX_STEPS >= (int)MAX_OPERATORS *
                                         (int)MAX_OPERATOR_STEPS,
               "a program has room for as many operators as a bundle");

// An operator's part of a program.
struct builder {
    struct program *p;
    int32_t base, layer; // its first buffer
    const gnnac_plan_options *o;
    const struct kind *kind;
};

// What there are kernels for.
struct kind {
    const char *name;
    gnnac_op op;
    gnnac_reduce reduce; // of GNNAC_AGGREGATE
    bool weighted;
    void (*add)(struct builder *b);
    enum norm norm, back_norm;
    enum self_term self_term;
};

// ---- pieces -----------------------------------------------------------------

static void add_buffer(struct builder *b, enum operator_buffer at, int32_t dim)
{
    bool callers = at < OP_BUFFER_SCRATCH;
    b->p->buffers[b->base + (int32_t)at] =
        callers ? (struct buffer){dim, dim, DTYPE_F32, 0}
                : padded_buffer(dim, DTYPE_F32);
}

static struct step *add_step(struct builder *b, enum step_kind kind,
                             enum operator_buffer x, enum operator_buffer out)
{
    struct step *s = &b->p->steps[b->p->n_steps++];
    *s = (struct step){.kind = kind,
                       .layer = b->layer,
                       .x = b->base + (int32_t)x,
                       .out = b->base + (int32_t)out,
                       .self = NONE,
                       .weight = NONE,
                       .bias = NONE,
                       .eps = NONE,
                       .kernel = NONE};
    return s;
}

static struct step *add_sum(struct builder *b, enum norm norm,
                            enum operator_buffer x, enum operator_buffer out)
{
    struct step *s = add_step(b, STEP_AGGREGATE, x, out);
    s->norm = norm;
    s->self_term = b->kind->self_term;
    s->self = s->self_term == SELF_NONE ? NONE : s->x;
    return s;
}

// The products of `rows` at the edges and of x at their sources.
static struct step *add_products(struct builder *b, enum operator_buffer rows,
                                 enum operator_buffer x,
                                 enum operator_buffer out)
{
    struct step *s = add_step(b, STEP_SDDMM, x, out);
    s->self = b->base + (int32_t)rows;
    return s;
}

// ---- sums -------------------------------------------------------------------

static void weigh(struct builder *b, struct step *s, enum operator_buffer by)
{
    if (b->kind->weighted || b->kind->op == GNNAC_SDDMM)
        s->edges = b->base + (int32_t)by;
}

// The gradient of a mean goes back as that of a sum, row by row divided. An
// edge's weight multiplies its source's row of its own row's sum.
static void add_sum_backward(struct builder *b)
{
    enum operator_buffer grad = OP_BUFFER_OUT_GRAD;
    add_buffer(b, OP_BUFFER_OUT_GRAD, b->o->dim);
    add_buffer(b, OP_BUFFER_X_GRAD, b->o->dim);
    if (b->kind->norm == NORM_MEAN) {
        add_buffer(b, OP_BUFFER_SCRATCH, b->o->dim);
        add_step(b, STEP_ROW_MEAN, grad, OP_BUFFER_SCRATCH);
        grad = OP_BUFFER_SCRATCH;
    }
    struct step *s = add_sum(b, b->kind->back_norm, grad, OP_BUFFER_X_GRAD);
    s->transposed = true;
    weigh(b, s, OP_BUFFER_WEIGHT);
    if (!b->kind->weighted)
        return;
    add_buffer(b, OP_BUFFER_WEIGHT_GRAD, 1);
    add_products(b, OP_BUFFER_OUT_GRAD, OP_BUFFER_X, OP_BUFFER_WEIGHT_GRAD)
        ->norm = b->kind->norm;
}

static void add_aggregate(struct builder *b)
{
    add_buffer(b, OP_BUFFER_X, b->o->dim);
    add_buffer(b, OP_BUFFER_OUT, b->o->dim);
    if (b->kind->weighted)
        add_buffer(b, OP_BUFFER_WEIGHT, 1);
    weigh(b, add_sum(b, b->kind->norm, OP_BUFFER_X, OP_BUFFER_OUT),
          OP_BUFFER_WEIGHT);
    if (b->o->backward)
        add_sum_backward(b);
}

// ---- largest and smallest ---------------------------------------------------

static void add_extreme(struct builder *b)
{
    int32_t dim = b->o->dim;
    add_buffer(b, OP_BUFFER_X, dim);
    add_buffer(b, OP_BUFFER_OUT, dim);
    add_step(b, STEP_EXTREME, OP_BUFFER_X, OP_BUFFER_OUT)->smallest =
        b->kind->reduce == GNNAC_MIN;
    if (!b->o->backward)
        return;
    add_buffer(b, OP_BUFFER_OUT_GRAD, dim);
    add_buffer(b, OP_BUFFER_X_GRAD, dim);
    add_buffer(b, OP_BUFFER_SCRATCH, dim);
    struct step *s =
        add_step(b, STEP_EXTREME_SHARE, OP_BUFFER_X, OP_BUFFER_SCRATCH);
    s->self = b->base + (int32_t)OP_BUFFER_OUT;
    s->grad = b->base + (int32_t)OP_BUFFER_OUT_GRAD;
    s = add_step(b, STEP_EXTREME_GRAD, OP_BUFFER_X, OP_BUFFER_X_GRAD);
    s->self = b->base + (int32_t)OP_BUFFER_OUT;
    s->grad = b->base + (int32_t)OP_BUFFER_SCRATCH;
    s->transposed = true;
}

// ---- products ---------------------------------------------------------------

// A side's gradient is the other side's rows, weighted by the edges' gradients.
static void add_sddmm(struct builder *b)
{
    int32_t dim = b->o->dim;
    add_buffer(b, OP_BUFFER_X, dim);
    add_buffer(b, OP_BUFFER_Y, dim);
    add_buffer(b, OP_BUFFER_OUT, b->o->heads);
    add_products(b, OP_BUFFER_X, OP_BUFFER_Y, OP_BUFFER_OUT);
    if (!b->o->backward)
        return;
    add_buffer(b, OP_BUFFER_OUT_GRAD, b->o->heads);
    add_buffer(b, OP_BUFFER_X_GRAD, dim);
    add_buffer(b, OP_BUFFER_Y_GRAD, dim);
    weigh(b, add_sum(b, NORM_NONE, OP_BUFFER_Y, OP_BUFFER_X_GRAD),
          OP_BUFFER_OUT_GRAD);
    struct step *s = add_sum(b, NORM_NONE, OP_BUFFER_X, OP_BUFFER_Y_GRAD);
    weigh(b, s, OP_BUFFER_OUT_GRAD);
    s->transposed = true;
}

// ---- attention --------------------------------------------------------------

static struct step *attend(struct builder *b, enum step_kind kind,
                           enum operator_buffer scores,
                           enum operator_buffer out)
{
    struct step *s = add_step(b, kind, OP_BUFFER_X, out);
    s->self = b->base + (int32_t)scores;
    return s;
}

// Rows as long as what they hold: pieces of them may be as wide as a head's
// numbers allow, whatever the heads before.
static void add_kept(struct builder *b, enum operator_buffer at)
{
    int32_t heads = b->o->heads;
    b->p->buffers[b->base + (int32_t)at] =
        (struct buffer){2 * heads, ATTENTION_KEPT * heads, DTYPE_F32, 0};
}

// Forward that leaves what it finds of each row behind a copy of the scores, in
// place of the forward before, or in backward where nothing was saved.
static void add_attention_keeping(struct builder *b)
{
    int32_t dim = b->o->dim;
    // Takes the gradient of x, too, where nobody wants it.
    b->p->buffers[b->base + (int32_t)OP_BUFFER_SCRATCH] =
        (struct buffer){dim, dim, DTYPE_F32, 0};
    add_buffer(b, OP_BUFFER_SAVED, 2 * b->o->heads);
    add_kept(b, OP_BUFFER_KEPT);
    add_kept(b, OP_BUFFER_KEPT_FOUND);
    add_step(b, STEP_BIAS_ACT, OP_BUFFER_Y, OP_BUFFER_KEPT);
    attend(b, STEP_ATTENTION_KEEP, OP_BUFFER_KEPT, OP_BUFFER_OUT);
    add_step(b, STEP_BIAS_ACT, OP_BUFFER_KEPT_FOUND, OP_BUFFER_SAVED);
    add_step(b, STEP_BIAS_ACT, OP_BUFFER_SAVED, OP_BUFFER_KEPT_FOUND);
}

static void add_attention_backward(struct builder *b)
{
    int32_t dim = b->o->dim, grad = b->base + (int32_t)OP_BUFFER_OUT_GRAD;
    add_buffer(b, OP_BUFFER_OUT_GRAD, dim);
    add_buffer(b, OP_BUFFER_X_GRAD, dim);
    add_buffer(b, OP_BUFFER_Y_GRAD, 2 * b->o->heads);
    add_kept(b, OP_BUFFER_KEPT_GRADS);
    attend(b, STEP_ATTENTION_ROWS_GRAD, OP_BUFFER_KEPT, OP_BUFFER_KEPT)->grad =
        grad;
    struct step *s =
        attend(b, STEP_ATTENTION_GRAD, OP_BUFFER_KEPT, OP_BUFFER_X_GRAD);
    s->grad = grad;
    s->transposed = true;
    add_step(b, STEP_BIAS_ACT, OP_BUFFER_KEPT_GRADS, OP_BUFFER_Y_GRAD);
}

static void add_attention(struct builder *b)
{
    add_buffer(b, OP_BUFFER_X, b->o->dim);
    add_buffer(b, OP_BUFFER_Y, 2 * b->o->heads);
    add_buffer(b, OP_BUFFER_OUT, b->o->dim);
    attend(b, STEP_ATTENTION, OP_BUFFER_Y, OP_BUFFER_OUT);
    if (!b->o->backward)
        return;
    add_attention_keeping(b);
    add_attention_backward(b);
}

// ---- all of them ------------------------------------------------------------

static const struct kind kinds[] = {
    {"sum", GNNAC_AGGREGATE, GNNAC_SUM, false, add_aggregate, NORM_NONE,
     NORM_NONE, SELF_NONE},
    {"mean", GNNAC_AGGREGATE, GNNAC_MEAN, false, add_aggregate, NORM_MEAN,
     NORM_NONE, SELF_NONE},
    {"gcn", GNNAC_AGGREGATE, GNNAC_GCN, false, add_aggregate, NORM_GCN,
     NORM_GCN, SELF_GCN},
    {"max", GNNAC_AGGREGATE, GNNAC_MAX, false, add_extreme, NORM_NONE,
     NORM_NONE, SELF_NONE},
    {"min", GNNAC_AGGREGATE, GNNAC_MIN, false, add_extreme, NORM_NONE,
     NORM_NONE, SELF_NONE},
    {"wsum", GNNAC_AGGREGATE, GNNAC_SUM, true, add_aggregate, NORM_NONE,
     NORM_NONE, SELF_NONE},
    {"wmean", GNNAC_AGGREGATE, GNNAC_MEAN, true, add_aggregate, NORM_MEAN,
     NORM_NONE, SELF_NONE},
    {"sddmm", GNNAC_SDDMM, GNNAC_SUM, false, add_sddmm, NORM_NONE, NORM_NONE,
     SELF_NONE},
    {"attention", GNNAC_ATTENTION, GNNAC_SUM, false, add_attention, NORM_NONE,
     NORM_NONE, SELF_NONE},
};
enum { N_KINDS = sizeof(kinds) / sizeof(kinds[0]) };

static bool has_heads(const struct kind *k)
{
    return k->op != GNNAC_AGGREGATE;
}

static bool is_kind(const struct kind *k, const gnnac_plan_options *o)
{
    return k->op == o->op && k->weighted == (o->weighted != 0) &&
           (k->op != GNNAC_AGGREGATE || k->reduce == o->reduce);
}

static gnnac_status find_kind(const gnnac_plan_options *o,
                              const struct kind **out, gnnac_error *err)
{
    for (int i = 0; i < N_KINDS; i++)
        if (is_kind(&kinds[i], o)) {
            *out = &kinds[i];
            return GNNAC_OK;
        }
    return FAIL(err, GNNAC_EUNSUPPORTED,
                "a GPU has no kernels for this operator");
}

// ---- keys -------------------------------------------------------------------

gnnac_status operator_key(const gnnac_plan_options *o,
                          char out[OPERATOR_KEY_LEN], gnnac_error *err)
{
    const struct kind *kind;
    gnnac_status st = find_kind(o, &kind, err);
    if (st != GNNAC_OK)
        return st;
    if (o->heads > 1)
        snprintf(out, OPERATOR_KEY_LEN, "%s:%dx%d", kind->name, (int)o->heads,
                 (int)(o->dim / o->heads));
    else
        snprintf(out, OPERATOR_KEY_LEN, "%s:%d", kind->name, (int)o->dim);
    return GNNAC_OK;
}

static const struct kind *kind_named(const char *name, size_t n)
{
    for (int i = 0; i < N_KINDS; i++)
        if (strlen(kinds[i].name) == n && memcmp(kinds[i].name, name, n) == 0)
            return &kinds[i];
    return NULL;
}

// A width as operator_key writes it, up to `stop`.
static bool read_width(const char *text, char stop, const char **end,
                       int32_t *out)
{
    char *past;
    long width = strtol(text, &past, 10);
    *out = (int32_t)width;
    *end = past;
    return text[0] >= '1' && text[0] <= '9' && *past == stop &&
           past - text <= 7 && width <= MAX_DIM;
}

static bool read_widths(const struct kind *kind, const char *text,
                        int32_t *heads, int32_t *channels)
{
    const char *end;
    *heads = 1;
    if (!has_heads(kind) || !strchr(text, 'x'))
        return read_width(text, '\0', &end, channels);
    return read_width(text, 'x', &end, heads) &&
           read_width(end + 1, '\0', &end, channels) &&
           *channels <= MAX_DIM / *heads;
}

gnnac_status operator_from_key(const char *key, gnnac_plan_options *out,
                               gnnac_error *err)
{
    size_t n = strcspn(key, ":");
    const struct kind *kind = kind_named(key, n);
    int32_t heads, channels;
    if (!kind)
        return FAIL(err, GNNAC_EUSAGE,
                    "operator '%.60s': expected NAME:DIM, NAME one of sum, "
                    "mean, gcn, max, min, wsum, wmean, sddmm and attention",
                    key);
    if (key[n] != ':' || !read_widths(kind, key + n + 1, &heads, &channels))
        return FAIL(err, GNNAC_EUSAGE,
                    "operator '%.60s': DIM is %sfrom 1 to %d columns", key,
                    has_heads(kind) ? "HEADSxCHANNELS, or " : "",
                    (int)MAX_DIM);
    *out = (gnnac_plan_options){.struct_size = sizeof(*out),
                                .op = kind->op,
                                .reduce = kind->reduce,
                                .dim = heads * channels,
                                .heads = heads,
                                .weighted = kind->weighted,
                                .backward = 1};
    return GNNAC_OK;
}

// ---- steps ------------------------------------------------------------------

gnnac_status operator_add(const gnnac_plan_options *o, int32_t layer,
                          struct program *p, gnnac_error *err)
{
    struct builder b = {
        .p = p, .base = p->n_buffers, .layer = layer, .o = o};
    gnnac_status st = find_kind(o, &b.kind, err);
    if (st != GNNAC_OK)
        return st;
    memset(&p->buffers[b.base], 0, N_OP_BUFFERS * sizeof(*p->buffers));
    p->n_buffers += N_OP_BUFFERS;
    b.kind->add(&b);
    return GNNAC_OK;
}

// As bits, which runs have it.
static unsigned runs_of(const struct step *s)
{
    enum {
        FORWARD = 1 << OPERATOR_FORWARD,
        SAVING = 1 << OPERATOR_FORWARD_SAVING,
        ANEW = 1 << OPERATOR_BACKWARD,
        SAVED = 1 << OPERATOR_BACKWARD_SAVED
    };
    int32_t out = s->out % N_OP_BUFFERS;
    if (s->kind == STEP_ATTENTION)
        return FORWARD;
    if (s->kind == STEP_ATTENTION_KEEP)
        return SAVING | ANEW;
    if (out == OP_BUFFER_SAVED)
        return SAVING;
    if (out == OP_BUFFER_KEPT_FOUND)
        return SAVED;
    if (out == OP_BUFFER_KEPT && s->kind == STEP_BIAS_ACT)
        return SAVING | ANEW | SAVED;
    return out <= OP_BUFFER_OUT ? FORWARD | SAVING : ANEW | SAVED;
}

bool operator_step_runs(const struct step *s, enum operator_run run)
{
    return runs_of(s) >> run & 1;
}
