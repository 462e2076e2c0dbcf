// The learnable tensors of a layer, as PyTorch Geometric names and shapes them.
#ifndef GNNAC_MODEL_PARAMS_H
#define GNNAC_MODEL_PARAMS_H

#include "bundle/program.h"

enum { MAX_LAYER_PARAMS = 6 };

// What a parameter is for. The reference asks by role, files by name.
enum param_role {
    PARAM_WEIGHT, // GCN and GAT lin, GIN's first linear layer, SAGE and GATv2
                  // lin_l
    PARAM_BIAS,
    PARAM_WEIGHT2, // GIN's second linear layer, SAGE and GATv2 lin_r
    PARAM_BIAS2,
    PARAM_EPS,
    PARAM_ATT_SRC, // GAT, [heads, channels]
    PARAM_ATT_DST,
    PARAM_LEFT_BIAS, // GATv2, of lin_l; that of lin_r is BIAS2
    PARAM_ATT,       // GATv2, [heads, channels]
    N_PARAM_ROLES
};

struct param_spec {
    enum param_role role;
    char name[64];
    int32_t rows, cols;
};

// In the program's order. Returns how many, at most MAX_LAYER_PARAMS.
int layer_params(const struct layer *l, int32_t index,
                 struct param_spec specs[MAX_LAYER_PARAMS]);

// Index into p->params, or -1.
int32_t program_param(const struct program *p, const char *name);

#endif
