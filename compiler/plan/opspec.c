#include "plan/opspec.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "bundle/operators.h"
#include "plan/fuse.h"
#include "plan/lower.h"
#include "plan/products.h"
#include "plan/whole.h"

static const char *const op_of_kind[N_STEP_KINDS] = {
    [STEP_LINEAR] = "linear",
    [STEP_AGGREGATE] = "aggregate",
    [STEP_BIAS_ACT] = "bias_act",
    [STEP_LOG_SOFTMAX] = "log_softmax",
    [STEP_GRAPH_ORDER] = "permute_rows",
    [STEP_INPUT_ORDER] = "permute_rows",
    [STEP_ATTENTION_SCORES] = "attention_scores",
    [STEP_ATTENTION] = "attention",
    [STEP_ATTENTION_V2] = "attention_v2",
    [STEP_RESIDUAL] = "residual",
    [STEP_DROPOUT] = "dropout",
    [STEP_SPARSE_LINEAR] = "sparse_linear",
    [STEP_LOSS] = "nll_loss",
    [STEP_BCE_LOSS] = "bce_loss",
    [STEP_BIAS_ACT_GRAD] = "bias_act_grad",
    [STEP_EPS_GRAD] = "eps_grad",
    [STEP_ROW_MEAN] = "row_mean",
    [STEP_ATTENTION_KEEP] = "attention_keep",
    [STEP_ATTENTION_ROWS_GRAD] = "attention_rows_grad",
    [STEP_ATTENTION_GRAD] = "attention_grad",
    [STEP_ATTENTION_SCORES_GRAD] = "attention_scores_grad",
    [STEP_ATTENTION_V2_KEEP] = "attention_v2_keep",
    [STEP_ATTENTION_V2_ROWS_GRAD] = "attention_v2_rows_grad",
    [STEP_ATTENTION_V2_GRAD] = "attention_v2_grad",
    [STEP_SPARSE_WEIGHT_GRAD] = "sparse_weight_grad",
    [STEP_OPTIMIZER] = "optimizer",
    [STEP_SDDMM] = "sddmm",
    [STEP_EXTREME] = "extreme",
    [STEP_EXTREME_SHARE] = "extreme_share",
    [STEP_EXTREME_GRAD] = "extreme_grad",
    [STEP_WHOLE_MODEL] = "whole_model",
};

// What no step runs, but a benchmark.
static const char gather_roof[] = "gather_roof";

enum step_kind step_kind_of_op(const char *op)
{
    int kind = 0;
    while (kind < N_STEP_KINDS &&
           !(op_of_kind[kind] && strcmp(op_of_kind[kind], op) == 0))
        kind++;
    return (enum step_kind)kind;
}

const char *op_of_step_kind(enum step_kind kind)
{
    return op_of_kind[kind];
}

bool is_kernel_op(const char *op)
{
    return step_kind_of_op(op) < N_STEP_KINDS || strcmp(op, gather_roof) == 0;
}

// Those that the gate has a float64 oracle for (tune/oracle.c).
bool is_tuned_op(const char *op)
{
    switch (step_kind_of_op(op)) {
    case STEP_LINEAR:
    case STEP_AGGREGATE:
    case STEP_ATTENTION:
    case STEP_ATTENTION_KEEP:
    case STEP_ATTENTION_ROWS_GRAD:
    case STEP_ATTENTION_GRAD:
    case STEP_ATTENTION_SCORES_GRAD:
    case STEP_ATTENTION_V2:
    case STEP_ATTENTION_V2_KEEP:
    case STEP_ATTENTION_V2_ROWS_GRAD:
    case STEP_ATTENTION_V2_GRAD:
    case STEP_SDDMM:
    case STEP_EXTREME:
    case STEP_EXTREME_SHARE:
    case STEP_EXTREME_GRAD:
        return true;
    default:
        return false;
    }
}

static enum dtype type_of(const struct program *p, int32_t buffer)
{
    return buffer < 0 ? DTYPE_F32 : p->buffers[buffer].dtype;
}

// Of a sum over in-neighbours; of one over the nodes sent to.
static const char *const directions[] = {"forward", "backward"};

static int32_t slab_of(const struct program *p, int32_t buffer)
{
    return buffer < 0 ? 0 : p->buffers[buffer].slab;
}

static int32_t pitch_of(const struct program *p, int32_t buffer)
{
    return buffer < 0 ? 0 : p->buffers[buffer].pitch;
}

// Values of edges have none: it counts as the width's.
static int32_t out_pitch_of(const struct program *p, const struct step *s,
                            int32_t out)
{
    return s->kind == STEP_SDDMM ? step_dim(p, s) : pitch_of(p, out);
}

// Of sparse features W^T stands for x: its rows are what is summed.
static int32_t x_pitch_of(const struct program *p, const struct step *s)
{
    return s->kind == STEP_SPARSE_LINEAR ? padded_pitch(step_dim(p, s))
                                         : pitch_of(p, s->x);
}

static enum edge_order edges_of(const struct program *p, const struct step *s)
{
    return step_reads_features(s)     ? EDGES_STORED
           : step_edge_heads(p, s) > 0 ? EDGES_MAPPED
                                       : EDGES_NONE;
}

struct kernel_spec kernel_spec_of(const struct program *p, const struct step *s,
                                  int64_t n_nodes, int64_t n_edges)
{
    const struct step *last = step_ending(p, s);
    const struct step *tail = last != s ? step_tail(p, s) : NULL;
    const struct step *residual = step_residual(p, s);
    int32_t heads = step_heads(p, s), out = step_last(p, s)->out;
    return (struct kernel_spec){
        // Both orders take the same kernel.
        .kind = s->kind == STEP_INPUT_ORDER ? STEP_GRAPH_ORDER : s->kind,
        .dim = step_dim(p, s),
        .x_type = type_of(p, s->x),
        .out_type = type_of(p, out),
        .self_type = type_of(p, s->self),
        .x_pitch = x_pitch_of(p, s),
        .out_pitch = out_pitch_of(p, s, out),
        .self_pitch = pitch_of(p, s->self),
        .grad_pitch = s->grad ? pitch_of(p, s->grad) : 0,
        .norm = s->norm,
        .self_term = s->self_term,
        .bias = s->bias >= 0,
        .act = s->act,
        .offset_bits = step_offset_bits(p, s, n_nodes, n_edges),
        .depth = s->kind == STEP_LINEAR || s->kind == STEP_SPARSE_LINEAR
                     ? p->buffers[s->x].dim
                     : 0,
        .heads = heads,
        .channels = heads ? p->buffers[s->x].dim / heads : 0,
        .smallest = s->smallest,
        .drops = s->dropped || step_drops_result(p, s),
        .edges = edges_of(p, s),
        .adds = s->accumulate,
        .tail = tail_of(p, s),
        .tail_dim = tail && tail->kind == STEP_LINEAR ? p->buffers[out].dim : 0,
        .tail_bias = tail && last->bias >= 0,
        .tail_act = tail ? last->act : ACT_NONE,
        .residual_pitch = residual ? pitch_of(p, residual->self) : 0,
        .x_slab = slab_of(p, s->x),
        .out_slab = slab_of(p, out),
        .self_slab = slab_of(p, s->self),
        .whole = s->kind == STEP_WHOLE_MODEL ? p : NULL,
    };
}

static const char *reduce_of(const char *op, const struct kernel_spec *k)
{
    if (strncmp(op, "extreme", 7) == 0)
        return k->smallest ? "min" : "max";
    return k->norm == NORM_MEAN ? "mean" : "sum";
}

static void layer_props(const char *op, const struct layer *l, int32_t index,
                        const struct kernel_spec *k, const char *direction,
                        struct props *out)
{
    bool weighted = k->edges != EDGES_NONE && strcmp(op, "aggregate") == 0;
    out->n = 0;
    props_int(out, "layer.index", index);
    props_text(out, "layer.op", conv_op_name(l->op));
    props_text(out, "layer.reduce", reduce_of(op, k));
    props_bool(out, "layer.weighted", weighted);
    props_int(out, "layer.in_dim", l->in_dim);
    props_int(out, "layer.out_dim", l->out_dim);
    props_int(out, "layer.agg_dim", k->dim);
    props_int(out, "layer.heads", k->heads > 0 ? k->heads : 1);
    props_text(out, "layer.dtype", dtype_name(k->x_type));
    props_text(out, "layer.direction", direction);
    props_int(out, "layer.x_slab",
              k->x_slab * (int64_t)dtype_bytes(k->x_type));
}

__attribute__((format(printf, 2, 3))) static void
append(struct opspec *o, const char *format, ...)
{
    size_t n = strlen(o->key);
    va_list list;
    va_start(list, format);
    vsnprintf(o->key + n, sizeof(o->key) - n, format, list);
    va_end(list);
}

// What only some questions have: their keys are as they were before it.
static void add_rest(struct opspec *o)
{
    const struct kernel_spec *k = &o->spec;
    if (!spec_is_f32(k))
        append(o, " types=%s,%s", dtype_name(k->out_type),
               dtype_name(k->self_type));
    if (spec_has_slabs(k))
        append(o, " slabs=%d,%d,%d", (int)k->x_slab, (int)k->out_slab,
               (int)k->self_slab);
    if (k->depth)
        append(o, " depth=%d", (int)k->depth);
    if (k->heads)
        append(o, " heads=%dx%d", (int)k->heads, (int)k->channels);
    if (k->grad_pitch)
        append(o, " grad=%d", (int)k->grad_pitch);
    if (k->smallest)
        append(o, " smallest");
    if (k->drops)
        append(o, " drops");
    if (k->edges)
        append(o, " edges=%s", edge_order_name(k->edges));
    if (k->adds)
        append(o, " adds");
    if (k->residual_pitch)
        append(o, " residual=%d", (int)k->residual_pitch);
    if (k->tail)
        append(o, " then=%s:%d", tail_name(k->tail), (int)k->tail_dim);
    if (k->tail_bias)
        append(o, "+bias");
    if (k->tail_act)
        append(o, "+%s", activation_name(k->tail_act));
    if (k->whole) {
        char hex[33];
        whole_hash(k->whole, hex);
        append(o, " phases=%s", hex);
    }
}

// Operators of a list are no layers of one network: a question is the same
// wherever in a list the operator stands.
static int32_t layer_number(const struct model *m, const struct step *s)
{
    return strcmp(m->name, OPERATORS_MODEL) == 0 ? 0 : s->layer;
}

bool opspec_of_step(const struct model *m, const struct program *p,
                    const struct step *s, int64_t n_nodes, int64_t n_edges,
                    struct opspec *out)
{
    const struct layer *l = &m->layers[s->layer];
    out->op = op_of_kind[s->kind];
    if (!out->op || s->fused ||
        (s->kind == STEP_LINEAR && !is_own_product(p, s)))
        return false;
    out->spec = kernel_spec_of(p, s, n_nodes, n_edges);
    const char *direction = directions[s->transposed];
    const struct kernel_spec *k = &out->spec;
    int32_t number = layer_number(m, s);
    layer_props(out->op, l, number, k, direction, &out->layer);
    snprintf(out->key, sizeof(out->key),
             "v1 %s %s layer=%d/%s in=%d out=%d dim=%d pitch=%d,%d,%d norm=%s "
             "self=%s bias=%d act=%s offset=%d %s",
             out->op, dtype_name(k->x_type), (int)number, conv_op_name(l->op),
             (int)l->in_dim, (int)l->out_dim, (int)k->dim, (int)k->x_pitch,
             (int)k->out_pitch, (int)k->self_pitch, norm_name(k->norm),
             self_term_name(k->self_term), k->bias, activation_name(k->act),
             (int)k->offset_bits, direction);
    add_rest(out);
    return true;
}

// The bias and the activation that come last of all: "+bias+relu".
static bool parse_last(const char *text, struct kernel_spec *k)
{
    static const char bias[] = "+bias";
    k->tail_bias = strncmp(text, bias, sizeof(bias) - 1) == 0;
    text += k->tail_bias ? sizeof(bias) - 1 : 0;
    if (!*text)
        return true;
    int act = *text == '+' ? activation_from_name(text + 1) : -1;
    k->tail_act = (enum activation)act;
    return act > ACT_NONE;
}

// What a kernel does besides, which comes last. Returns where it begins: the
// text's end where there is none; NULL where it makes no sense.
static const char *parse_tail(const char *text, struct kernel_spec *k)
{
    char name[32] = "";
    int end = 0;
    const char *begin = strstr(text, " then=");
    if (!begin)
        return text + strlen(text);
    sscanf(begin, " then=%31[^:]:%" SCNd32 "%n", name, &k->tail_dim, &end);
    int tail = tail_from_name(name);
    bool product = tail == TAIL_LINEAR || tail == TAIL_SCALED_LINEAR;
    if (end == 0 || tail <= TAIL_NONE || (k->tail_dim > 0) != product ||
        k->tail_dim < 0 || !parse_last(begin + end, k))
        return NULL;
    k->tail = (enum tail)tail;
    return begin;
}

// What is added last of all, which stands before `stop`. Returns where it
// begins; NULL where it makes no sense.
static const char *parse_residual(const char *text, const char *stop,
                                  struct kernel_spec *k)
{
    const char *begin = strstr(text, " residual=");
    int end = 0;
    if (!begin)
        return stop;
    sscanf(begin, " residual=%" SCNd32 "%n", &k->residual_pitch, &end);
    return end > 0 && begin + end == stop &&
                   k->residual_pitch >= spec_out_dim(k)
               ? begin
               : NULL;
}

// A word that is there or not; returns what follows it.
static const char *parse_word(const char *text, const char *word, bool *there)
{
    size_t n = strlen(word);
    *there = strncmp(text, word, n) == 0;
    return *there ? text + n : text;
}

// Of a product: its depth, whether its result is dropped, whether it adds.
static bool parse_depth(const char *text, const char *stop,
                        struct kernel_spec *k)
{
    int end = 0;
    sscanf(text, " depth=%" SCNd32 "%n", &k->depth, &end);
    text = parse_word(text + end, " drops", &k->drops);
    text = parse_word(text, " adds", &k->adds);
    return end > 0 && text == stop && k->depth > 0;
}

// Where not all matrices are float32; NULL where it makes no sense.
static const char *parse_types(const char *text, struct kernel_spec *k)
{
    char out[8] = "", self[8] = "";
    int end = 0;
    if (strncmp(text, " types=", 7) != 0)
        return spec_is_f32(k) ? text : NULL;
    sscanf(text, " types=%7[^,],%7[a-z0-9]%n", out, self, &end);
    int out_at = dtype_from_name(out), self_at = dtype_from_name(self);
    if (end == 0 || out_at < 0 || self_at < 0)
        return NULL;
    k->out_type = (enum dtype)out_at;
    k->self_type = (enum dtype)self_at;
    return spec_is_f32(k) ? NULL : text + end;
}

// Where a matrix lies slab after slab; NULL where it makes no sense.
static const char *parse_slabs(const char *text, struct kernel_spec *k)
{
    int end = 0;
    if (strncmp(text, " slabs=", 7) != 0)
        return text;
    sscanf(text, " slabs=%" SCNd32 ",%" SCNd32 ",%" SCNd32 "%n", &k->x_slab,
           &k->out_slab, &k->self_slab, &end);
    bool fit = slab_fits(k->x_slab, k->x_pitch, k->x_type) &&
               slab_fits(k->out_slab, k->out_pitch, k->out_type) &&
               slab_fits(k->self_slab, k->self_pitch, k->self_type);
    return end > 0 && fit && spec_has_slabs(k) ? text + end : NULL;
}

// Of a sum whose edges have weights, in float32 and without heads; NULL where
// it makes no sense.
static const char *parse_edges(const char *text, struct kernel_spec *k)
{
    char name[16] = "";
    int end = 0;
    if (sscanf(text, " edges=%15[a-z]%n", name, &end) != 1)
        return text;
    int order = edge_order_from_name(name);
    k->edges = (enum edge_order)order;
    return order > EDGES_NONE ? text + end : NULL;
}

// What stands behind a key's text, in this order: dtypes, slabs, a product's
// depth, dropout of the result, values of edges, a residual, what the kernel
// does besides.
static bool parse_rest(const char *text, struct kernel_spec *k)
{
    const char *stop = parse_tail(text, k);
    if (!stop || !(stop = parse_residual(text, stop, k)) ||
        !(text = parse_types(text, k)) || !(text = parse_slabs(text, k)))
        return false;
    if (strncmp(text, " depth=", 7) == 0)
        return parse_depth(text, stop, k);
    text = parse_edges(parse_word(text, " drops", &k->drops), k);
    return text == stop;
}

// But for which BLAS is a rival.
static size_t question_length(const char *key)
{
    const char *blas = strstr(key, OPSPEC_BLAS);
    return blas ? (size_t)(blas - key) : strlen(key);
}

static bool parse(const char *key, struct opspec *out)
{
    char op[32], dtype[8], conv[32], norm[32], self[32], act[32], direction[32];
    int index, bias, end = 0;
    struct layer l = {0};
    struct kernel_spec *k = &out->spec;
    *out = (struct opspec){0};
    // Unfilled words must not be read as names.
    op[0] = dtype[0] = conv[0] = norm[0] = self[0] = act[0] = '\0';
    direction[0] = '\0';
    int n = sscanf(key,
                   "v1 %31s %7s layer=%d/%31s in=%" SCNd32 " out=%" SCNd32
                   " dim=%" SCNd32 " pitch=%" SCNd32 ",%" SCNd32 ",%" SCNd32
                   " norm=%31s self=%31s bias=%d act=%31s offset=%" SCNd32
                   " %31s%n",
                   op, dtype, &index, conv, &l.in_dim, &l.out_dim, &k->dim,
                   &k->x_pitch, &k->out_pitch, &k->self_pitch, norm, self,
                   &bias, act, &k->offset_bits, direction, &end);
    int conv_op = conv_op_from_name(conv), norm_at = norm_from_name(norm);
    int type_at = dtype_from_name(dtype);
    enum step_kind kind = step_kind_of_op(op);
    int self_at = self_term_from_name(self), act_at = activation_from_name(act);
    bool backward = strcmp(direction, directions[true]) == 0;
    if (n != 16 || end == 0 || kind == N_STEP_KINDS || type_at < 0 ||
        (!backward && strcmp(direction, directions[false]) != 0) ||
        conv_op < 0 || norm_at < 0 || self_at < 0 || act_at < 0)
        return false;
    l.op = (enum conv_op)conv_op;
    out->op = op_of_kind[kind];
    k->kind = kind;
    k->norm = (enum norm)norm_at;
    k->self_term = (enum self_term)self_at;
    k->act = (enum activation)act_at;
    k->bias = bias;
    k->x_type = (enum dtype)type_at;
    if (!parse_rest(key + end, k))
        return false;
    layer_props(out->op, &l, index, k, directions[backward], &out->layer);
    return true;
}

bool opspec_parse(const char *key, struct opspec *out)
{
    char question[sizeof(out->key)];
    size_t n = question_length(key);
    bool names_blas = key[n] != '\0';
    if (n >= sizeof(question))
        return false;
    memcpy(question, key, n);
    question[n] = '\0';
    if (!parse(question, out) || (names_blas && out->spec.kind != STEP_LINEAR))
        return false;
    snprintf(out->key, sizeof(out->key), "%s", key);
    return true;
}

bool opspec_same_class(const char *a, const char *b)
{
    const char *layer_a = strstr(a, " layer="), *layer_b = strstr(b, " layer=");
    const char *dim_a = strstr(a, " dim="), *dim_b = strstr(b, " dim=");
    if (!layer_a || !layer_b || !dim_a || !dim_b)
        return false;
    size_t rest = question_length(dim_a);
    return rest == question_length(dim_b) &&
           strncmp(dim_a, dim_b, rest) == 0 &&
           layer_a - a == layer_b - b &&
           strncmp(a, b, (size_t)(layer_a - a)) == 0;
}
