#include "bundle/program.h"

#include <string.h>

static const char *const conv_ops[] = {[CONV_GCN] = "gcn",
                                       [CONV_GIN] = "gin",
                                       [CONV_SAGE] = "sage",
                                       [CONV_GAT] = "gat"};
static const char *const activations[] = {
    [ACT_NONE] = "none", [ACT_RELU] = "relu", [ACT_ELU] = "elu"};
static const char *const dtypes[] = {
    [DTYPE_F32] = "f32", [DTYPE_F16] = "f16", [DTYPE_BF16] = "bf16"};
static const char *const inits[] = {[INIT_GLOROT] = "glorot",
                                    [INIT_ZERO] = "zero",
                                    [INIT_EPS] = "eps",
                                    [INIT_ATTENTION] = "attention"};
static const char *const norms[] = {
    [NORM_NONE] = "none", [NORM_MEAN] = "mean", [NORM_GCN] = "gcn"};
static const char *const self_terms[] = {[SELF_NONE] = "none",
                                         [SELF_ONE] = "one",
                                         [SELF_EPS] = "eps",
                                         [SELF_GCN] = "gcn"};
static const char *const step_kinds[] = {[STEP_LINEAR] = "linear",
                                         [STEP_AGGREGATE] = "aggregate",
                                         [STEP_BIAS_ACT] = "bias_act",
                                         [STEP_LOG_SOFTMAX] = "log_softmax",
                                         [STEP_GRAPH_ORDER] = "graph_order",
                                         [STEP_INPUT_ORDER] = "input_order",
                                         [STEP_ATTENTION_SCORES] =
                                             "attention_scores",
                                         [STEP_ATTENTION] = "attention"};
static const char *const launch_args[] = {
#define ARG(id, name) [ARG_##id] = name,
    LAUNCH_ARGS(ARG)
#undef ARG
};
static const char *const grid_counts[] = {[GRID_ROWS] = "n_rows",
                                          [GRID_PARTS] = "n_parts",
                                          [GRID_SPLITS] = "n_splits"};

const struct name_table conv_op_names = {N_CONV_OPS, conv_ops};
const struct name_table activation_names = {N_ACTIVATIONS, activations};
const struct name_table dtype_names = {N_DTYPES, dtypes};
const struct name_table init_names = {N_INITS, inits};
const struct name_table norm_names = {N_NORMS, norms};
const struct name_table self_term_names = {N_SELF_TERMS, self_terms};
const struct name_table step_kind_names = {N_STEP_KINDS, step_kinds};
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

bool conv_adds_self_loops(enum conv_op op)
{
    return op == CONV_GCN || op == CONV_GAT;
}

enum dtype program_param_type(const struct program *p, int32_t param)
{
    for (int32_t i = 0; i < p->n_steps; i++)
        if (p->steps[i].kind == STEP_LINEAR && p->steps[i].weight == param)
            return p->buffers[p->steps[i].x].dtype;
    return DTYPE_F32;
}

bool step_reads_edges(enum step_kind kind)
{
    return kind == STEP_AGGREGATE || kind == STEP_ATTENTION;
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
