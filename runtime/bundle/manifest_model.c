// What a manifest says of its model: its layers fit together, and its
// parameters are theirs.
#include <string.h>

#include "bundle/manifest.h"
#include "bundle/model_params.h"

#define BAD(...) FAIL(err, GNNAC_EFORMAT, "manifest: " __VA_ARGS__)

static gnnac_status check_layers(const struct manifest *m, gnnac_error *err)
{
    const struct model *g = &m->model;
    for (int32_t i = 0; i < g->n_layers; i++) {
        const struct layer *l = &g->layers[i];
        if (i && l->in_dim != g->layers[i - 1].out_dim)
            return BAD("layer %d reads %d columns, layer %d writes %d", (int)i,
                       (int)l->in_dim, (int)i - 1,
                       (int)g->layers[i - 1].out_dim);
        if ((l->op == CONV_GIN) != (l->mlp > 0))
            return BAD("layer %d: mlp is 1 or 2 for gin, else 0", (int)i);
        if (conv_attends(l->op) != (l->heads > 0) ||
            (l->heads > 0 && l->out_dim % l->heads != 0))
            return BAD("layer %d: heads divide attention's columns, else 0",
                       (int)i);
        if (g->dtype != DTYPE_F32 && conv_attends(l->op))
            return BAD("layer %d: attention works on float32", (int)i);
        if (m->self_loops_removed && !conv_adds_self_loops(l->op))
            return BAD("layer %d needs the self loops that were removed",
                       (int)i);
    }
    return GNNAC_OK;
}

// The reference takes parameters by name, the backends by index: both must mean
// the same tensors.
static gnnac_status check_params(const struct manifest *m, gnnac_error *err)
{
    const struct program *p = &m->program;
    int32_t at = 0;
    for (int32_t i = 0; i < m->model.n_layers; i++) {
        struct param_spec want[MAX_LAYER_PARAMS];
        int n = layer_params(&m->model.layers[i], i, want);
        for (int k = 0; k < n; k++, at++) {
            const struct param *q = &p->params[at];
            if (at >= p->n_params || strcmp(q->name, want[k].name) != 0)
                return BAD("params[%d] should be %s", (int)at, want[k].name);
            if (q->rows != want[k].rows || q->cols != want[k].cols)
                return BAD("%s is %d x %d, its layer needs %d x %d", q->name,
                           (int)q->rows, (int)q->cols, (int)want[k].rows,
                           (int)want[k].cols);
        }
    }
    if (at != p->n_params)
        return BAD("%d parameters, the model has %d", (int)p->n_params,
                   (int)at);
    return GNNAC_OK;
}

gnnac_status manifest_check_model(const struct manifest *m, gnnac_error *err)
{
    gnnac_status st = check_layers(m, err);
    return st == GNNAC_OK ? check_params(m, err) : st;
}
