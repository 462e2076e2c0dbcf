#include "bundle/program.h"

#include <string.h>

#include "bundle/offsets.h"

static const char *const conv_ops[] = {[CONV_GCN] = "gcn",
                                       [CONV_GIN] = "gin",
                                       [CONV_SAGE] = "sage",
                                       [CONV_GAT] = "gat",
                                       [CONV_GATV2] = "gatv2"};
static const char *const activations[] = {
    [ACT_NONE] = "none", [ACT_RELU] = "relu", [ACT_ELU] = "elu"};
static const char *const dtypes[] = {
    [DTYPE_F32] = "f32", [DTYPE_F16] = "f16", [DTYPE_BF16] = "bf16"};
static const char *const inits[] = {[INIT_GLOROT] = "glorot",
                                    [INIT_ZERO] = "zero",
                                    [INIT_EPS] = "eps",
                                    [INIT_ATTENTION] = "attention"};
static const char *const norms[] = {[NORM_NONE] = "none",
                                    [NORM_MEAN] = "mean",
                                    [NORM_GCN] = "gcn",
                                    [NORM_SCALED] = "scaled"};
static const char *const self_terms[] = {[SELF_NONE] = "none",
                                         [SELF_ONE] = "one",
                                         [SELF_EPS] = "eps",
                                         [SELF_GCN] = "gcn",
                                         [SELF_SCALED] = "scaled"};
static const char *const step_kinds[] = {
    [STEP_LINEAR] = "linear",
    [STEP_AGGREGATE] = "aggregate",
    [STEP_BIAS_ACT] = "bias_act",
    [STEP_LOG_SOFTMAX] = "log_softmax",
    [STEP_GRAPH_ORDER] = "graph_order",
    [STEP_INPUT_ORDER] = "input_order",
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
    [STEP_INPUT_GRAD] = "input_grad",
    [STEP_WEIGHT_GRAD] = "weight_grad",
    [STEP_SPARSE_WEIGHT_GRAD] = "sparse_weight_grad",
    [STEP_OPTIMIZER] = "optimizer",
    [STEP_SDDMM] = "sddmm",
    [STEP_EXTREME] = "extreme",
    [STEP_EXTREME_SHARE] = "extreme_share",
    [STEP_EXTREME_GRAD] = "extreme_grad",
    [STEP_WHOLE_MODEL] = "whole_model"};
static const char *const launch_args[] = {
#define ARG(id, name) [ARG_##id] = name,
    LAUNCH_ARGS(ARG)
#undef ARG
};
static const char *const grid_counts[] = {
    [GRID_ROWS] = "n_rows",      [GRID_PARTS] = "n_parts",
    [GRID_SPLITS] = "n_splits",  [GRID_WARPS] = "n_warps",
    [GRID_ONE] = "one",          [GRID_WEIGHTS] = "n_weights"};

const struct name_table conv_op_names = {N_CONV_OPS, conv_ops};
const struct name_table activation_names = {N_ACTIVATIONS, activations};
const struct name_table dtype_names = {N_DTYPES, dtypes};
const struct name_table init_names = {N_INITS, inits};
const struct name_table norm_names = {N_NORMS, norms};
const struct name_table self_term_names = {N_SELF_TERMS, self_terms};
const struct name_table step_kind_names = {N_STEP_KINDS, step_kinds};
const struct name_table model_step_kind_names = {N_MODEL_STEP_KINDS,
                                                 step_kinds};
const struct name_table launch_arg_names = {N_LAUNCH_ARGS, launch_args};
const struct name_table grid_count_names = {N_GRID_COUNTS, grid_counts};

const char *name_of(const struct name_table *t, int v)
{
    return v >= 0 && v < t->n ? t->names[v] : NULL;
}

int value_of(const struct name_table *t, const char *s)
{
    for (int v = 0; v < t->n; v++)
        if (strcmp(t->names[v], s) == 0)
            return v;
    return -1;
}

bool conv_attends(enum conv_op op)
{
    return op == CONV_GAT || op == CONV_GATV2;
}

bool conv_adds_self_loops(enum conv_op op)
{
    return op == CONV_GCN || conv_attends(op);
}

enum dtype program_param_type(const struct program *p, int32_t param)
{
    for (int32_t i = 0; i < p->n_steps; i++)
        if (p->steps[i].kind == STEP_LINEAR && p->steps[i].weight == param)
            return p->buffers[p->steps[i].x].dtype;
    return DTYPE_F32;
}

bool slab_fits(int32_t slab, int32_t pitch, enum dtype dtype)
{
    int64_t n_bytes = slab * (int64_t)dtype_bytes(dtype);
    return slab == 0 || (slab > 0 && (slab & (slab - 1)) == 0 &&
                         n_bytes >= SLAB_MIN_BYTES &&
                         n_bytes <= SLAB_MAX_BYTES && pitch % slab == 0);
}

struct buffer padded_buffer(int32_t dim, enum dtype dtype)
{
    int32_t whole = (int32_t)(16 / dtype_bytes(dtype)), to = 1;
    while (to < dim && to < whole)
        to *= 2;
    return (struct buffer){dim, (dim + to - 1) / to * to, dtype, 0};
}

int32_t padded_pitch(int32_t dim)
{
    return padded_buffer(dim, DTYPE_F32).pitch;
}

bool step_reads_dinv(const struct step *s)
{
    return s->norm == NORM_GCN || s->norm == NORM_SCALED ||
           s->self_term == SELF_GCN || s->self_term == SELF_SCALED;
}

bool program_reads_dinv(const struct program *p)
{
    for (int32_t i = 0; i < p->n_steps; i++)
        if (step_reads_dinv(&p->steps[i]))
            return true;
    return false;
}

bool program_has_slabs(const struct program *p)
{
    for (int32_t i = 0; i < p->n_buffers; i++)
        if (p->buffers[i].slab)
            return true;
    return false;
}

bool step_reads_slabs(enum step_kind kind)
{
    return kind == STEP_AGGREGATE || kind == STEP_BIAS_ACT;
}

bool step_writes_slabs(enum step_kind kind)
{
    return kind == STEP_AGGREGATE || kind == STEP_LINEAR ||
           kind == STEP_BIAS_ACT || kind == STEP_GRAPH_ORDER ||
           kind == STEP_INPUT_ORDER;
}

bool step_reads_edges(enum step_kind kind)
{
    return kind == STEP_AGGREGATE || kind == STEP_ATTENTION ||
           kind == STEP_ATTENTION_V2;
}

bool step_is_product(enum step_kind kind)
{
    return kind == STEP_LINEAR || kind == STEP_INPUT_GRAD ||
           kind == STEP_WEIGHT_GRAD;
}

bool step_rounds_product(const struct program *p, const struct step *s)
{
    return s->kind == STEP_LINEAR && p->buffers[s->x].dtype == DTYPE_F32 &&
           p->buffers[s->out].dtype != DTYPE_F32;
}

bool step_reads_features(const struct step *s)
{
    return s->kind == STEP_SPARSE_LINEAR || s->kind == STEP_SPARSE_WEIGHT_GRAD;
}

static const char *step_needs_dense(const struct program *p,
                                    const struct step *s)
{
    if (s->self == 0 || (s->x == 0 && s->kind != STEP_LINEAR))
        return "not only products read the features";
    if (s->x == 0 && p->buffers[s->out].dtype != DTYPE_F32)
        return "a product of the features is stored in 16 bits";
    if (s->x == 0 && step_tail(p, s))
        return "the kernel of a product of the features does what follows, too";
    return NULL;
}

const char *program_needs_dense(const struct program *p)
{
    bool read = false;
    for (int32_t i = 0; i < p->n_steps; i++) {
        const char *why = step_needs_dense(p, &p->steps[i]);
        if (why)
            return why;
        read = read || p->steps[i].x == 0;
    }
    return read ? NULL : "no step reads the features";
}

bool program_takes_sparse(const struct program *p)
{
    return !program_needs_dense(p);
}

struct step sparse_product(const struct step *s)
{
    struct step sparse = *s;
    sparse.kind = STEP_SPARSE_LINEAR;
    sparse.kernel = -1;
    sparse.norm = s->norm == NORM_GCN ? NORM_SCALED : s->norm;
    sparse.self = s->accumulate ? s->out : -1;
    sparse.self_term = s->accumulate ? SELF_ONE : SELF_NONE;
    sparse.accumulate = false;
    return sparse;
}

void program_read_sparse(const struct program *p, struct program *out)
{
    *out = *p;
    for (int32_t i = 0; i < p->n_steps; i++)
        if (p->steps[i].x == 0)
            out->steps[i] = sparse_product(&p->steps[i]);
}

size_t program_turned_bytes(const struct program *p)
{
    size_t most = 0;
    for (int32_t i = 0; i < p->n_steps; i++) {
        const struct step *s = &p->steps[i];
        size_t pitch = (size_t)padded_pitch(p->buffers[s->out].dim);
        if (s->x == 0 && pitch > most)
            most = pitch;
    }
    return most * (size_t)p->buffers[0].dim * sizeof(float);
}

int32_t step_dim(const struct program *p, const struct step *s)
{
    return p->buffers[s->kind == STEP_SDDMM ? s->x : s->out].dim;
}

int32_t step_edge_heads(const struct program *p, const struct step *s)
{
    int32_t values = s->kind == STEP_SDDMM ? s->out : s->edges;
    return values ? p->buffers[values].dim : 0;
}

// The buffer that holds a source and a destination score of every head.
static int32_t scores_of(const struct step *s)
{
    switch (s->kind) {
    case STEP_ATTENTION:
    case STEP_ATTENTION_KEEP:
    case STEP_ATTENTION_ROWS_GRAD:
    case STEP_ATTENTION_GRAD:
    case STEP_ATTENTION_SCORES_GRAD:
        return s->self;
    case STEP_ATTENTION_SCORES:
        return s->out;
    default:
        return -1;
    }
}

bool step_is_attention_v2(enum step_kind kind)
{
    return kind == STEP_ATTENTION_V2 || (kind >= STEP_ATTENTION_V2_KEEP &&
                                         kind <= STEP_ATTENTION_V2_GRAD);
}

int32_t step_heads(const struct program *p, const struct step *s)
{
    int32_t scores = scores_of(s), edges = step_edge_heads(p, s);
    if (step_is_attention_v2(s->kind))
        return p->params[s->weight].rows;
    if (scores >= 0)
        return p->buffers[scores].dim / 2;
    return s->kind == STEP_SDDMM || edges > 1 ? edges : 0;
}

bool step_by_blas(const struct step *s)
{
    return step_is_product(s->kind) && s->kernel < 0 && !s->fused;
}

const struct step *step_tail(const struct program *p, const struct step *s)
{
    bool last = s == &p->steps[p->n_steps - 1];
    return !last && s[1].fused ? s + 1 : NULL;
}

const struct step *step_last(const struct program *p, const struct step *s)
{
    const struct step *tail = step_tail(p, s);
    return tail ? step_last(p, tail) : s;
}

const struct step *step_ending(const struct program *p, const struct step *s)
{
    const struct step *tail = step_tail(p, s);
    bool ends = !tail || tail->kind == STEP_DROPOUT ||
                tail->kind == STEP_RESIDUAL;
    return ends ? s : step_ending(p, tail);
}

const struct step *step_residual(const struct program *p, const struct step *s)
{
    const struct step *last = step_last(p, s);
    return last != s && last->kind == STEP_RESIDUAL ? last : NULL;
}

bool step_drops_result(const struct program *p, const struct step *s)
{
    const struct step *tail = step_tail(p, step_ending(p, s));
    return tail && tail->kind == STEP_DROPOUT;
}

bool launch_arg_is_int(enum launch_arg a)
{
    return a == ARG_N_ROWS || a == ARG_N_PARTS || a == ARG_N_SPLITS ||
           a == ARG_N_CUT || a == ARG_N_WIDE || a == ARG_N_TILES ||
           a == ARG_PLACE || a == ARG_TAIL_PLACE || a == ARG_N_WEIGHTS;
}

bool launch_arg_trains(enum launch_arg a)
{
    return a >= ARG_STATE && a < ARG_TILES;
}

bool launch_arg_of_whole(enum launch_arg a)
{
    return a == ARG_BUFFERS || a == ARG_BARRIER;
}

bool kernel_takes(const struct kernel *k, enum launch_arg a)
{
    for (int32_t i = 0; i < k->n_launches; i++)
        for (int32_t j = 0; j < k->launches[i].n_args; j++)
            if (k->launches[i].args[j] == a)
                return true;
    return false;
}

#define NAME_FUNCTIONS(type)                   \
    const char *type##_name(enum type v)       \
    {                                          \
        return name_of(&type##_names, (int)v); \
    }                                          \
    int type##_from_name(const char *s)        \
    {                                          \
        return value_of(&type##_names, s);     \
    }

NAME_FUNCTIONS(conv_op)
NAME_FUNCTIONS(activation)
NAME_FUNCTIONS(dtype)
NAME_FUNCTIONS(norm)
NAME_FUNCTIONS(self_term)
NAME_FUNCTIONS(step_kind)
NAME_FUNCTIONS(launch_arg)
NAME_FUNCTIONS(grid_count)

int32_t step_offset_bits(const struct program *p, const struct step *s,
                         int64_t n_nodes, int64_t n_edges)
{
    const struct step *last = step_last(p, s);
    const int32_t buffers[] = {s->x, s->out, s->self, last->out, last->self};
    int64_t widest = 1;
    if (step_reads_features(s))
        return 64; // nobody knows how many entries will come
    for (int i = 0; i < 5; i++)
        if (buffers[i] >= 0 && p->buffers[buffers[i]].pitch > widest)
            widest = p->buffers[buffers[i]].pitch;
    return edges_fit_32_bits(n_edges) && n_nodes < INT32_MAX / widest ? 32 : 64;
}

int32_t program_offset_bits(const struct program *p, int64_t n_nodes,
                            int64_t n_edges)
{
    int32_t bits = 32;
    for (int32_t i = 0; i < p->n_steps && bits == 32; i++)
        bits = step_offset_bits(p, &p->steps[i], n_nodes, n_edges);
    return bits;
}
