#include "bundle/model_params.h"

#include <stdio.h>
#include <string.h>

// Which roles an operation has, in order, and their names.
static const struct {
    enum param_role role;
    const char *suffix;
} roles[N_CONV_OPS][MAX_LAYER_PARAMS] = {
    [CONV_GCN] = {{PARAM_WEIGHT, "lin.weight"}, {PARAM_BIAS, "bias"}},
    [CONV_GIN] = {{PARAM_WEIGHT, "nn.lins.0.weight"},
                  {PARAM_BIAS, "nn.lins.0.bias"},
                  {PARAM_WEIGHT2, "nn.lins.1.weight"},
                  {PARAM_BIAS2, "nn.lins.1.bias"},
                  {PARAM_EPS, "eps"}},
    [CONV_SAGE] = {{PARAM_WEIGHT, "lin_l.weight"},
                   {PARAM_BIAS, "lin_l.bias"},
                   {PARAM_WEIGHT2, "lin_r.weight"}},
    [CONV_GAT] = {{PARAM_WEIGHT, "lin.weight"},
                  {PARAM_ATT_SRC, "att_src"},
                  {PARAM_ATT_DST, "att_dst"},
                  {PARAM_BIAS, "bias"}},
    [CONV_GATV2] = {{PARAM_WEIGHT, "lin_l.weight"},
                    {PARAM_LEFT_BIAS, "lin_l.bias"},
                    {PARAM_WEIGHT2, "lin_r.weight"},
                    {PARAM_BIAS2, "lin_r.bias"},
                    {PARAM_ATT, "att"},
                    {PARAM_BIAS, "bias"}},
};

static bool layer_has(const struct layer *l, enum param_role role)
{
    bool second = l->op != CONV_GIN || l->mlp == 2;
    switch (role) {
    case PARAM_BIAS:
    case PARAM_LEFT_BIAS:
        return l->bias;
    case PARAM_WEIGHT2:
        return second;
    case PARAM_BIAS2:
        return second && l->bias;
    default:
        return true;
    }
}

static void set_shape(const struct layer *l, struct param_spec *s)
{
    bool matrix = s->role == PARAM_WEIGHT || s->role == PARAM_WEIGHT2;
    bool inner = l->op == CONV_GIN && s->role == PARAM_WEIGHT2;
    bool attention = s->role == PARAM_ATT_SRC || s->role == PARAM_ATT_DST ||
                     s->role == PARAM_ATT;
    if (attention) {
        s->rows = l->heads;
        s->cols = l->out_dim / l->heads;
        return;
    }
    s->rows = matrix ? l->out_dim : 1;
    s->cols = s->role == PARAM_EPS ? 1
              : matrix && !inner   ? l->in_dim
                                   : l->out_dim;
}

int layer_params(const struct layer *l, int32_t index,
                 struct param_spec specs[MAX_LAYER_PARAMS])
{
    int n = 0;
    for (int i = 0; i < MAX_LAYER_PARAMS && roles[l->op][i].suffix; i++) {
        if (!layer_has(l, roles[l->op][i].role))
            continue;
        struct param_spec *s = &specs[n++];
        s->role = roles[l->op][i].role;
        snprintf(s->name, sizeof(s->name), "convs.%d.%s", (int)index,
                 roles[l->op][i].suffix);
        set_shape(l, s);
    }
    return n;
}

int32_t program_param(const struct program *p, const char *name)
{
    for (int32_t i = 0; i < p->n_params; i++)
        if (strcmp(p->params[i].name, name) == 0)
            return i;
    return -1;
}
