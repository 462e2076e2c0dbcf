#include "train/train_program.h"

#include <string.h>

enum { BUFFER_X = 0, BUFFER_Y = 1, NONE = -1 };

struct derivation {
    const struct program *from;
    struct train_plan plan;
    struct program *p;
    int32_t grad_of[MAX_BUFFERS]; // the buffer that holds it; NONE: none yet
    int32_t dropped_x;
    bool sparse; // the features may be
    bool full, cannot_add, no_room;
};

// ---- pieces -----------------------------------------------------------------

static int32_t add_buffer(struct derivation *d, int32_t dim)
{
    struct program *p = d->p;
    if (p->n_buffers == MAX_BUFFERS) {
        d->full = true;
        return BUFFER_Y;
    }
    p->buffers[p->n_buffers] = padded_buffer(dim, DTYPE_F32);
    return p->n_buffers++;
}

static struct step *add_step(struct derivation *d, struct step s)
{
    struct program *p = d->p;
    if (p->n_steps == MAX_STEPS) {
        d->full = true;
        p->n_steps--; // refused in the end
    }
    p->steps[p->n_steps] = s;
    return &p->steps[p->n_steps++];
}

static struct step step_of(enum step_kind kind, int32_t layer, int32_t x,
                           int32_t out)
{
    return (struct step){.kind = kind,
                         .layer = layer,
                         .x = x,
                         .out = out,
                         .self = NONE,
                         .weight = NONE,
                         .bias = NONE,
                         .eps = NONE,
                         .kernel = NONE};
}

static void add_plain(struct derivation *d, enum step_kind kind, int32_t layer,
                      int32_t x, int32_t out)
{
    add_step(d, step_of(kind, layer, x, out));
}

// ---- forward ----------------------------------------------------------------

static void drop_features(struct derivation *d)
{
    const struct buffer *x = &d->from->buffers[BUFFER_X];
    d->dropped_x = add_buffer(d, x->dim);
    d->p->buffers[d->dropped_x].pitch = x->pitch;
    add_plain(d, STEP_DROPOUT, 0, BUFFER_X, d->dropped_x);
}

// What the product `s` is where the features are sparse.
static void add_sparse_linear(struct derivation *d, const struct step *s)
{
    add_step(d, sparse_product(s))->dropped = true;
}

static int32_t forward_value(const struct derivation *d, int32_t buffer)
{
    return buffer == BUFFER_X ? d->dropped_x : buffer;
}

// Attention leaves what backward needs behind the scores (ATTENTION_KEPT).
static void keep_attention(struct derivation *d, struct step *s)
{
    struct buffer *scores =
        &d->p->buffers[s->kind == STEP_ATTENTION ? s->self : s->out];
    scores->pitch = padded_pitch(scores->dim / 2 * ATTENTION_KEPT);
    if (s->kind == STEP_ATTENTION)
        s->kind = STEP_ATTENTION_KEEP;
    s->kernel = NONE; // the bundle's is of another pitch
}

// Behind GATv2's rows there is room for that in any program (plan/lower.c).
static void keep_attention_v2(struct derivation *d, struct step *s)
{
    const struct buffer *rows = &d->p->buffers[s->self];
    d->no_room = d->no_room || rows->pitch < attention_v2_columns(
                                                rows->dim, step_heads(d->p, s));
    s->kind = STEP_ATTENTION_V2_KEEP;
    s->kernel = NONE;
}

// The loss makes log-probabilities of logits itself.
static void forward(struct derivation *d)
{
    const struct program *from = d->from;
    drop_features(d);
    for (int32_t i = 0; i < from->n_steps; i++) {
        struct step s = from->steps[i];
        s.x = forward_value(d, s.x);
        s.self = forward_value(d, s.self);
        if (s.kind == STEP_ATTENTION || s.kind == STEP_ATTENTION_SCORES)
            keep_attention(d, &s);
        if (s.kind == STEP_ATTENTION_V2)
            keep_attention_v2(d, &s);
        if (s.kind != STEP_LOG_SOFTMAX || s.x != s.out)
            add_step(d, s);
        if (d->sparse && s.x == d->dropped_x)
            add_sparse_linear(d, &s);
        if (d->plan.drop_after[i])
            add_plain(d, STEP_DROPOUT, s.layer + 1, s.out, s.out);
    }
}

// ---- backward ---------------------------------------------------------------

static bool wants(const struct derivation *d, int32_t buffer)
{
    return buffer > BUFFER_X && d->plan.wants_grad[buffer];
}

// The gradient in `g` is also that of `buffer`: of steps that copy.
static void pass_on(struct derivation *d, int32_t buffer, int32_t g)
{
    if (!wants(d, buffer) || d->grad_of[buffer] == g)
        return;
    if (d->grad_of[buffer] != NONE)
        d->cannot_add = true;
    d->grad_of[buffer] = g;
}

static void back_linear(struct derivation *d, const struct step *s, int32_t g)
{
    struct step w = step_of(STEP_WEIGHT_GRAD, s->layer, g, g);
    w.self = forward_value(d, s->x);
    w.weight = s->weight;
    add_step(d, w);
    if (d->sparse && s->x == BUFFER_X) {
        w.kind = STEP_SPARSE_WEIGHT_GRAD;
        w.dropped = true;
        add_step(d, w);
    }
    if (!wants(d, s->x))
        return;
    bool add = d->grad_of[s->x] != NONE;
    if (d->grad_of[s->x] == g)
        d->cannot_add = true;
    if (!add)
        d->grad_of[s->x] = add_buffer(d, d->from->buffers[s->x].dim);
    struct step x = step_of(STEP_INPUT_GRAD, s->layer, g, d->grad_of[s->x]);
    x.weight = s->weight;
    x.accumulate = add;
    add_step(d, x);
}

// Where what is made of the gradient `g` of `buffer` goes: in its place, or,
// where that is another buffer's gradient, too, in a new one.
static int32_t own_gradient(struct derivation *d, int32_t buffer, int32_t g)
{
    for (int32_t i = 0; i < MAX_BUFFERS; i++)
        if (i != buffer && d->grad_of[i] == g) {
            d->grad_of[buffer] = add_buffer(d, d->from->buffers[buffer].dim);
            break;
        }
    return d->grad_of[buffer];
}

static bool adds_bias_or_acts(const struct step *s)
{
    return s->act != ACT_NONE || s->bias != NONE;
}

// With dropout behind it, if there is some. Returns the gradient that goes on.
static int32_t back_bias_act(struct derivation *d, const struct step *s,
                             int32_t g)
{
    if (!adds_bias_or_acts(s))
        return g;
    struct step b = step_of(STEP_BIAS_ACT_GRAD, s->layer, g, g);
    b.self = s->out;
    b.bias = s->bias;
    b.act = s->act;
    b.dropped = d->plan.drop_after[s - d->from->steps];
    if (b.act != ACT_NONE || b.dropped)
        b.out = own_gradient(d, s->out, g);
    add_step(d, b);
    return b.out;
}

static void back_eps(struct derivation *d, const struct step *s, int32_t g)
{
    if (s->eps == NONE)
        return;
    struct step e = step_of(STEP_EPS_GRAD, s->layer, g, g);
    e.self = forward_value(d, s->self);
    e.eps = s->eps;
    add_step(d, e);
}

// What goes along the edges: of a mean, g by the degree of the row it is from.
static int32_t sent(struct derivation *d, const struct step *s, int32_t g)
{
    if (s->norm != NORM_MEAN)
        return g;
    int32_t to =
        s->self == NONE ? g : add_buffer(d, d->from->buffers[s->out].dim);
    add_plain(d, STEP_ROW_MEAN, s->layer, g, to);
    return to;
}

enum norm backward_norm(enum norm norm)
{
    return norm == NORM_GCN || norm == NORM_SCALED ? NORM_GCN : NORM_NONE;
}

enum self_term backward_self_term(enum self_term self)
{
    return self == SELF_SCALED ? SELF_GCN : self;
}

// dx = A^T g, and the row's own term where it is x's, or what x has already.
static void back_sum(struct derivation *d, const struct step *s, int32_t g)
{
    int32_t before = d->grad_of[s->x];
    bool own = s->self == s->x;
    struct step a = step_of(STEP_AGGREGATE, s->layer, sent(d, s, g),
                            add_buffer(d, d->from->buffers[s->x].dim));
    a.transposed = true;
    a.norm = backward_norm(s->norm);
    a.self = own ? g : before;
    a.self_term = own              ? backward_self_term(s->self_term)
                  : before != NONE ? SELF_ONE
                                   : SELF_NONE;
    a.eps = own ? s->eps : NONE;
    if (own && before != NONE)
        d->cannot_add = true;
    add_step(d, a);
    d->grad_of[s->x] = a.out;
}

static void back_aggregate(struct derivation *d, const struct step *s,
                           int32_t g)
{
    g = back_bias_act(d, s, g);
    back_eps(d, s, g);
    if (s->self != NONE && s->self != s->x && wants(d, s->self)) {
        if (s->self_term != SELF_ONE)
            d->cannot_add = true;
        pass_on(d, s->self, g);
    }
    if (wants(d, s->x))
        back_sum(d, s, g);
}

// A step of attention's backward.
static struct step *add_back_attention(struct derivation *d,
                                       enum step_kind kind,
                                       const struct step *s, int32_t scores,
                                       int32_t out)
{
    struct step *a = add_step(d, step_of(kind, s->layer, s->x, out));
    a->self = scores;
    return a;
}

// The gradients of the scores lie behind them, so what has arrived for the
// scores' rows stands for both.
static void back_attention(struct derivation *d, const struct step *s,
                           int32_t g)
{
    g = back_bias_act(d, s, g);
    if (d->grad_of[s->x] != NONE || d->grad_of[s->self] != NONE)
        d->cannot_add = true;
    int32_t to = add_buffer(d, d->from->buffers[s->x].dim);
    add_back_attention(d, STEP_ATTENTION_ROWS_GRAD, s, s->self, s->self)->grad =
        g;
    struct step *a = add_back_attention(d, STEP_ATTENTION_GRAD, s, s->self, to);
    a->grad = g;
    a->transposed = true;
    d->grad_of[s->x] = d->grad_of[s->self] = to;
}

static void back_scores(struct derivation *d, const struct step *s, int32_t g)
{
    if (d->grad_of[s->x] != g)
        d->cannot_add = true;
    add_back_attention(d, STEP_ATTENTION_SCORES_GRAD, s, s->out, g)->weight =
        s->weight;
}

// What rows add to att's gradient lies where x's gradient will.
static void back_attention_v2(struct derivation *d, const struct step *s,
                              int32_t g)
{
    g = back_bias_act(d, s, g);
    if (d->grad_of[s->x] != NONE || d->grad_of[s->self] != NONE ||
        s->x == s->self)
        d->cannot_add = true;
    int32_t rows = add_buffer(d, d->from->buffers[s->self].dim);
    int32_t to = add_buffer(d, d->from->buffers[s->x].dim);
    struct step *a = add_back_attention(d, STEP_ATTENTION_V2_ROWS_GRAD, s,
                                        s->self, rows);
    a->grad = g;
    a->att_rows = to;
    a->weight = s->weight;
    struct step att = step_of(STEP_BIAS_ACT_GRAD, s->layer, to, to);
    att.bias = s->weight;
    add_step(d, att);
    a = add_back_attention(d, STEP_ATTENTION_V2_GRAD, s, s->self, to);
    a->grad = g;
    a->transposed = true;
    a->weight = s->weight;
    d->grad_of[s->x] = to;
    d->grad_of[s->self] = rows;
}

static void back_order(struct derivation *d, const struct step *s, int32_t g)
{
    if (!wants(d, s->x))
        return;
    if (d->grad_of[s->x] != NONE)
        d->cannot_add = true;
    d->grad_of[s->x] = add_buffer(d, d->from->buffers[s->x].dim);
    add_plain(d,
              s->kind == STEP_GRAPH_ORDER ? STEP_INPUT_ORDER : STEP_GRAPH_ORDER,
              s->layer, g, d->grad_of[s->x]);
}

static void back(struct derivation *d, int32_t i)
{
    const struct step *s = &d->from->steps[i];
    int32_t g = d->grad_of[s->out];
    if (g == NONE)
        return;
    if (d->plan.drop_after[i] && !adds_bias_or_acts(s)) {
        int32_t dropped = own_gradient(d, s->out, g);
        add_plain(d, STEP_DROPOUT, s->layer + 1, g, dropped);
        g = dropped;
    }
    switch (s->kind) {
    case STEP_LINEAR:
        back_linear(d, s, g);
        break;
    case STEP_AGGREGATE:
        back_aggregate(d, s, g);
        break;
    case STEP_ATTENTION:
        back_attention(d, s, g);
        break;
    case STEP_ATTENTION_V2:
        back_attention_v2(d, s, g);
        break;
    case STEP_ATTENTION_SCORES:
        back_scores(d, s, g);
        break;
    case STEP_GRAPH_ORDER:
    case STEP_INPUT_ORDER:
        back_order(d, s, g);
        break;
    case STEP_RESIDUAL:
        pass_on(d, s->x, g);
        pass_on(d, s->self, g);
        d->grad_of[s->out] = NONE; // nobody's but theirs from now on
        break;
    default: // of log_softmax the loss's gradient is that of the logits
        pass_on(d, s->x, back_bias_act(d, s, g));
    }
}

// ---- the whole --------------------------------------------------------------

// Each loss that the output is fit for: one of them runs.
static void losses(struct derivation *d, int32_t layer)
{
    int32_t g = add_buffer(d, d->from->buffers[BUFFER_Y].dim);
    add_plain(d, STEP_LOSS, layer, BUFFER_Y, g);
    if (!d->plan.has_log_softmax)
        add_plain(d, STEP_BCE_LOSS, layer, BUFFER_Y, g);
    d->grad_of[BUFFER_Y] = g;
}

static void loss_and_backward(struct derivation *d)
{
    const struct program *from = d->from;
    int32_t last = from->steps[from->n_steps - 1].layer;
    losses(d, last);
    for (int32_t i = from->n_steps - 1; i >= 0; i--)
        back(d, i);
    add_plain(d, STEP_OPTIMIZER, last, BUFFER_Y, BUFFER_Y);
}

gnnac_status train_program_build(const struct program *p, struct program *out,
                                 gnnac_error *err)
{
    struct derivation d = {
        .from = p, .p = out, .sparse = program_takes_sparse(p)};
    gnnac_status st = train_plan_build(p, &d.plan, err);
    if (st != GNNAC_OK)
        return st;
    *out = *p;
    out->n_steps = 0;
    for (int32_t i = 0; i < MAX_BUFFERS; i++)
        d.grad_of[i] = NONE;
    forward(&d);
    loss_and_backward(&d);
    if (d.full)
        return FAIL(err, GNNAC_EUNSUPPORTED,
                    "the model is too deep to be trained on a GPU");
    if (d.no_room)
        return FAIL(err, GNNAC_EUNSUPPORTED,
                    "the program cannot be trained on a GPU: attention's rows "
                    "have no room for what backward needs");
    return d.cannot_add
               ? FAIL(err, GNNAC_EUNSUPPORTED,
                      "the program cannot be trained on a GPU: two gradients "
                      "meet where none can be added")
               : GNNAC_OK;
}

bool train_dropout_ends(const struct program *p, int32_t i)
{
    const struct step *s = &p->steps[i], *before = i ? s - 1 : NULL;
    if (!before || s->kind != STEP_DROPOUT || s->x != s->out ||
        before->out != s->x)
        return false;
    return before->kind == STEP_AGGREGATE || before->kind == STEP_BIAS_ACT ||
           before->kind == STEP_ATTENTION_KEEP ||
           before->kind == STEP_ATTENTION_V2_KEEP;
}

int32_t train_program_loss(const struct program *p)
{
    int32_t i = 0;
    while (p->steps[i].kind != STEP_LOSS)
        i++;
    return i;
}
