#include "plan/lower.h"

#include <stdio.h>
#include <string.h>

#include "bundle/dtype.h"
#include "fail.h"
#include "plan/fuse.h"
#include "plan/products.h"

// The program under construction. `full` is set instead of writing past a
// table; lower_model turns it into an error once.
struct builder {
    struct program *p;
    int32_t layer;    // the one being lowered
    enum dtype dtype; // the model's
    bool full;
};

enum { BUFFER_X, BUFFER_Y };

static const struct step no_step = {.x = -1,
                                    .out = -1,
                                    .self = -1,
                                    .weight = -1,
                                    .bias = -1,
                                    .eps = -1,
                                    .kernel = -1};

static int32_t add_typed(struct builder *b, int32_t dim, enum dtype dtype)
{
    struct program *p = b->p;
    if (p->n_buffers == MAX_BUFFERS) {
        b->full = true;
        return BUFFER_X;
    }
    p->buffers[p->n_buffers] = padded_buffer(dim, dtype);
    return p->n_buffers++;
}

// Of the dtype in which the model stores.
static int32_t add_buffer(struct builder *b, int32_t dim)
{
    return add_typed(b, dim, b->dtype);
}

static struct step *add_step(struct builder *b, enum step_kind kind, int32_t x,
                             int32_t out)
{
    struct program *p = b->p;
    if (p->n_steps == MAX_STEPS) {
        b->full = true;
        return &p->steps[0];
    }
    struct step *s = &p->steps[p->n_steps++];
    *s = no_step;
    s->kind = kind;
    s->layer = b->layer;
    s->x = x;
    s->out = out;
    return s;
}

// A parameter named convs.LAYER.SUFFIX.
static int32_t add_param(struct builder *b, const char *suffix, int32_t rows,
                         int32_t cols)
{
    struct program *p = b->p;
    if (p->n_params == MAX_PARAMS) {
        b->full = true;
        return 0;
    }
    struct param *q = &p->params[p->n_params];
    memset(q, 0, sizeof(*q));
    snprintf(q->name, sizeof(q->name), "convs.%d.%s", (int)b->layer, suffix);
    q->rows = rows;
    q->cols = cols;
    q->init = rows == 1 ? INIT_ZERO : INIT_GLOROT;
    return p->n_params++;
}

static int32_t add_weight(struct builder *b, const char *suffix, int32_t out,
                          int32_t in)
{
    int32_t i = add_param(b, suffix, out, in);
    b->p->params[i].init = INIT_GLOROT; // also when out is 1
    return i;
}

static int32_t add_attention(struct builder *b, const char *suffix,
                             const struct layer *l)
{
    int32_t i = add_param(b, suffix, l->heads, l->out_dim / l->heads);
    b->p->params[i].init = INIT_ATTENTION;
    return i;
}

static void add_linear(struct builder *b, int32_t x, int32_t weight,
                       int32_t out, bool accumulate)
{
    struct step *s = add_step(b, STEP_LINEAR, x, out);
    s->weight = weight;
    s->accumulate = accumulate;
}

static void add_bias_act(struct builder *b, int32_t buffer, int32_t bias,
                         enum activation act)
{
    struct step *s = add_step(b, STEP_BIAS_ACT, buffer, buffer);
    s->bias = bias;
    s->act = act;
}

// `buffer` in the model's dtype: itself, or a copy that is rounded.
static int32_t stored(struct builder *b, int32_t buffer)
{
    const struct buffer *from = &b->p->buffers[buffer];
    if (from->dtype == b->dtype)
        return buffer;
    int32_t copy = add_buffer(b, from->dim);
    add_step(b, STEP_BIAS_ACT, buffer, copy);
    return copy;
}

// How a convolution aggregates.
static void set_aggregation(struct step *s, const struct layer *l, int32_t self,
                            int32_t eps)
{
    static const struct {
        enum norm norm;
        enum self_term self;
    } by_op[N_CONV_OPS] = {
        [CONV_GCN] = {NORM_GCN, SELF_GCN},
        [CONV_GIN] = {NORM_NONE, SELF_EPS},
        [CONV_SAGE] = {NORM_MEAN, SELF_ONE},
    };
    s->norm = by_op[l->op].norm;
    s->self_term = self < 0 ? SELF_NONE : by_op[l->op].self;
    s->self = self;
    s->eps = eps;
}

// ---- one layer --------------------------------------------------------------

// A layer's parameters and the buffers it reads and writes.
struct conv {
    const struct layer *l;
    int32_t x, out;
    int32_t weight, bias;   // first (for SAGE: neighbours') linear layer
    int32_t weight2, bias2; // GIN's second, or SAGE's for the node itself
    int32_t eps;
    int32_t att; // GAT: att_src, att_dst is the next
    int32_t left_bias; // GATv2, whose weight and weight2 are lin_l's and
                       // lin_r's, and bias2 lin_r's
};

static void add_params(struct builder *b, struct conv *c)
{
    const struct layer *l = c->l;
    c->weight2 = c->bias2 = c->eps = -1;
    switch (l->op) {
    case CONV_GCN:
        c->weight = add_weight(b, "lin.weight", l->out_dim, l->in_dim);
        c->bias = add_param(b, "bias", 1, l->out_dim);
        break;
    case CONV_GIN:
        c->weight = add_weight(b, "nn.lins.0.weight", l->out_dim, l->in_dim);
        c->bias = add_param(b, "nn.lins.0.bias", 1, l->out_dim);
        if (l->mlp == 2) {
            c->weight2 =
                add_weight(b, "nn.lins.1.weight", l->out_dim, l->out_dim);
            c->bias2 = add_param(b, "nn.lins.1.bias", 1, l->out_dim);
        }
        c->eps = add_param(b, "eps", 1, 1);
        b->p->params[c->eps].init = INIT_EPS;
        b->p->params[c->eps].eps = l->eps;
        break;
    case CONV_GAT:
        c->weight = add_weight(b, "lin.weight", l->out_dim, l->in_dim);
        c->att = add_attention(b, "att_src", l);
        add_attention(b, "att_dst", l);
        c->bias = add_param(b, "bias", 1, l->out_dim);
        break;
    case CONV_GATV2:
        c->weight = add_weight(b, "lin_l.weight", l->out_dim, l->in_dim);
        c->left_bias = add_param(b, "lin_l.bias", 1, l->out_dim);
        c->weight2 = add_weight(b, "lin_r.weight", l->out_dim, l->in_dim);
        c->bias2 = add_param(b, "lin_r.bias", 1, l->out_dim);
        c->att = add_attention(b, "att", l);
        c->bias = add_param(b, "bias", 1, l->out_dim);
        break;
    default:
        c->weight = add_weight(b, "lin_l.weight", l->out_dim, l->in_dim);
        c->bias = add_param(b, "lin_l.bias", 1, l->out_dim);
        c->weight2 = add_weight(b, "lin_r.weight", l->out_dim, l->in_dim);
        break;
    }
}

// What follows the first linear layer of the layer: GIN's second one.
static void add_second_linear(struct builder *b, const struct conv *c,
                              int32_t x)
{
    add_linear(b, x, c->weight2, c->out, false);
    add_bias_act(b, c->out, c->bias2, c->l->act);
}

// x W^T in a buffer of its own, which is float32 where x is.
static int32_t add_transformed(struct builder *b, const struct conv *c,
                               int32_t weight)
{
    int32_t t = add_typed(b, c->l->out_dim, b->p->buffers[c->x].dtype);
    add_linear(b, c->x, weight, t, false);
    return t;
}

// act(aggregate(x W^T) + bias): bias and activation fold into the aggregation.
static void transform_first(struct builder *b, const struct conv *c)
{
    const struct layer *l = c->l;
    bool two = l->mlp == 2;
    int32_t t = add_transformed(b, c, c->weight), self = t;
    if (l->op == CONV_SAGE)
        self = add_transformed(b, c, c->weight2);
    t = stored(b, t);
    if (l->op != CONV_SAGE)
        self = t; // else it is read once a row: a cast would cost more
    int32_t out = two ? add_buffer(b, l->out_dim) : c->out;
    struct step *s = add_step(b, STEP_AGGREGATE, t, out);
    set_aggregation(s, l, self, c->eps);
    s->bias = c->bias;
    s->act = two ? ACT_RELU : l->act;
    if (two)
        add_second_linear(b, c, out);
}

// Scores of the transformed rows, then their softmax-weighted sums.
static void attend(struct builder *b, const struct conv *c)
{
    const struct layer *l = c->l;
    int32_t t = add_buffer(b, l->out_dim);
    int32_t scores = add_buffer(b, 2 * l->heads);
    add_linear(b, c->x, c->weight, t, false);
    add_step(b, STEP_ATTENTION_SCORES, t, scores)->weight = c->att;
    struct step *s = add_step(b, STEP_ATTENTION, t, c->out);
    s->self = scores;
    s->bias = c->bias;
    s->act = l->act;
}

// x W^T + bias in a buffer of its own.
static int32_t add_affine(struct builder *b, const struct conv *c,
                          int32_t weight, int32_t bias)
{
    int32_t t = add_transformed(b, c, weight);
    add_bias_act(b, t, bias, ACT_NONE);
    return t;
}

// Of sources and of rows; scores are found where they are used.
static void attend_v2(struct builder *b, const struct conv *c)
{
    int32_t sources = add_affine(b, c, c->weight, c->left_bias);
    int32_t rows = add_affine(b, c, c->weight2, c->bias2);
    b->p->buffers[rows].pitch =
        padded_pitch(attention_v2_columns(c->l->out_dim, c->l->heads));
    struct step *s = add_step(b, STEP_ATTENTION_V2, sources, c->out);
    s->self = rows;
    s->weight = c->att;
    s->bias = c->bias;
    s->act = c->l->act;
}

// act(aggregate(x) W^T + bias).
static void aggregate_first(struct builder *b, const struct conv *c)
{
    const struct layer *l = c->l;
    bool two = l->mlp == 2;
    int32_t x = stored(b, c->x);
    int32_t z = add_buffer(b, l->in_dim);
    struct step *s = add_step(b, STEP_AGGREGATE, x, z);
    // SAGE's own term has another weight: it is added after the transform.
    set_aggregation(s, l, l->op == CONV_SAGE ? -1 : x, c->eps);
    int32_t out = two ? add_buffer(b, l->out_dim) : c->out;
    add_linear(b, z, c->weight, out, false);
    if (l->op == CONV_SAGE)
        add_linear(b, x, c->weight2, out, true);
    add_bias_act(b, out, c->bias, two ? ACT_RELU : l->act);
    if (two)
        add_second_linear(b, c, out);
}

// What the next layer reads: of one that adds its input the sum of that and of
// what its other steps have made.
static int32_t add_residual(struct builder *b, const struct conv *c)
{
    if (!c->l->residual)
        return c->out;
    int32_t sum = add_buffer(b, c->l->out_dim);
    add_step(b, STEP_RESIDUAL, c->out, sum)->self = c->x;
    return sum;
}

// ---- costs ------------------------------------------------------------------

// Both orders have the same products, whose bytes are left out: counted is what
// the sum moves beside them, and a pass over the result that is a kernel of its
// own in one order and not in the other. A pass reads and writes.

// The edges' rows and indices.
static double gathered_bytes(const struct model *m, int32_t dim,
                             int64_t n_edges)
{
    return (double)n_edges * ((double)dtype_bytes(m->dtype) * dim + 4);
}

static double pass_bytes(const struct model *m, int32_t dim, int64_t n_nodes)
{
    return 2.0 * (double)dtype_bytes(m->dtype) * dim * (double)n_nodes;
}

// Bias and activation: of the sum's epilogue, of a kernel of ours for the
// product, and of BLAS in float32 they are part.
static bool ends_in_a_pass(const struct model *m, const struct layer *l)
{
    return m->dtype != DTYPE_F32 && !is_narrow(l->out_dim);
}

// A sum takes log-softmax along, a product does not.
static bool loses_log_softmax(const struct model *m, int32_t layer)
{
    const struct layer *l = &m->layers[layer];
    return m->log_softmax && layer == m->n_layers - 1 && l->mlp != 2 &&
           sum_takes_log_softmax(l->out_dim);
}

double transform_first_bytes(const struct model *m, int32_t layer,
                             int64_t n_nodes, int64_t n_edges)
{
    int32_t dim = m->layers[layer].out_dim;
    // A row's own term is read, the result written.
    return gathered_bytes(m, dim, n_edges) + pass_bytes(m, dim, n_nodes);
}

double aggregate_first_bytes(const struct model *m, int32_t layer,
                             int64_t n_nodes, int64_t n_edges)
{
    const struct layer *l = &m->layers[layer];
    double sum = pass_bytes(m, l->in_dim, n_nodes);
    double end = pass_bytes(m, l->out_dim, n_nodes);
    // SAGE's own term is no part of the sum, but added to by a product.
    double own = l->op == CONV_SAGE ? (sum + end) / 2 : sum;
    int passes = ends_in_a_pass(m, l) + loses_log_softmax(m, layer);
    return gathered_bytes(m, l->in_dim, n_edges) + own + passes * end;
}

gnnac_status lower_model(const struct model *m, int64_t n_nodes,
                         int64_t n_edges, struct program *out, gnnac_error *err)
{
    struct builder b = {.p = out, .dtype = m->dtype};
    int32_t in_dim = m->layers[0].in_dim;
    int32_t out_dim = m->layers[m->n_layers - 1].out_dim;
    memset(out, 0, sizeof(*out));
    out->n_buffers = 2;
    out->buffers[BUFFER_X] = (struct buffer){in_dim, in_dim, DTYPE_F32, 0};
    out->buffers[BUFFER_Y] = (struct buffer){out_dim, out_dim, DTYPE_F32, 0};

    int32_t x = BUFFER_X;
    for (b.layer = 0; b.layer < m->n_layers; b.layer++) {
        const struct layer *l = &m->layers[b.layer];
        bool last = b.layer == m->n_layers - 1;
        struct conv c = {.l = l, .x = x};
        c.out = last ? BUFFER_Y : add_buffer(&b, l->out_dim);
        add_params(&b, &c);
        if (l->op == CONV_GAT)
            attend(&b, &c);
        else if (l->op == CONV_GATV2)
            attend_v2(&b, &c);
        else if (transform_first_bytes(m, b.layer, n_nodes, n_edges) <=
                 aggregate_first_bytes(m, b.layer, n_nodes, n_edges))
            transform_first(&b, &c);
        else
            aggregate_first(&b, &c);
        x = add_residual(&b, &c);
    }
    b.layer = m->n_layers - 1;
    if (m->log_softmax)
        add_step(&b, STEP_LOG_SOFTMAX, BUFFER_Y, BUFFER_Y);
    if (b.full)
        return FAIL(err, GNNAC_EUNSUPPORTED,
                    "a model of %d layers is too deep for one bundle",
                    (int)m->n_layers);
    return GNNAC_OK;
}
