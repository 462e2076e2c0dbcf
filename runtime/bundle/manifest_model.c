// What a manifest says of its model: its layers fit together, and its
// parameters are theirs.
#include <string.h>

#include "bundle/manifest.h"
#include "bundle/model_params.h"

#define BAD(...) FAIL(err, GNNAC_EFORMAT, "manifest: " __VA_ARGS__)

bool manifest_has_residual(const struct manifest *m)
{
    for (int32_t i = 0; i < m->model.n_layers; i++)
        if (m->model.layers[i].residual)
            return true;
    return false;
}

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
        if (l->residual && (i == 0 || i == g->n_layers - 1 ||
                            l->in_dim != l->out_dim))
            return BAD("layer %d adds its input: it must be as wide as the "
                       "output, and neither is the caller's", (int)i);
        if (g->dtype != DTYPE_F32 && conv_attends(l->op))
            return BAD("layer %d: attention works on float32", (int)i);
        if (m->self_loops_removed && !conv_adds_self_loops(l->op))
            return BAD("layer %d needs the self loops that were removed",
                       (int)i);
    }
    return GNNAC_OK;
}

// A layer that adds its input has one step for that, the others have none.
static gnnac_status check_residuals(const struct manifest *m, gnnac_error *err)
{
    const struct program *p = &m->program;
    for (int32_t i = 0; i < m->model.n_layers; i++) {
        int32_t n = 0;
        for (int32_t k = 0; k < p->n_steps; k++)
            n += p->steps[k].kind == STEP_RESIDUAL && p->steps[k].layer == i;
        if (n != m->model.layers[i].residual)
            return BAD("layer %d: %d steps add its input", (int)i, (int)n);
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
    if (st == GNNAC_OK)
        st = check_residuals(m, err);
    return st == GNNAC_OK ? check_params(m, err) : st;
}
