// A model on the CPU without the public API, so that tests can reach inside.
#ifndef GNNAC_MODEL_FIXTURE_H
#define GNNAC_MODEL_FIXTURE_H

#include "backend.h"
#include "bundle_fixture.h"
#include "bundle/model_params.h"
#include "input_features.h"
#include "weights.h"
#include "workspace.h"

struct fixture_model {
    struct gnnac_context ctx;
    gnnac_bundle *bundle;
    struct gnnac_model model;
    const struct program *program;
};

// With weights of `seed`. False, with the message in `err`, when refused.
static inline bool fixture_model_init(struct fixture_model *f,
                                      const struct model_request *rq,
                                      const struct fixture_graph *g,
                                      int n_threads, uint64_t seed,
                                      gnnac_error *err)
{
    *f = (struct fixture_model){.ctx = {.n_threads = n_threads}};
    f->bundle = fixture_bundle(rq, g, err);
    if (!f->bundle)
        return false;
    struct gnnac_model *m = &f->model;
    f->program = &f->bundle->manifest->program;
    m->ctx = &f->ctx;
    m->bundle = f->bundle;
    m->dinv = malloc((size_t)(g->n_nodes + 1) * sizeof(float));
    graph_dinv(g->n_nodes, f->bundle->rowptr, m->dinv);
    if (workspace_plan_build(f->program, g->n_nodes, false, &m->plan, err) ||
        params_alloc(f->program, m->params, err))
        return false;
    params_init(f->program, seed, m->params);
    m->has_weights = true;
    return true;
}

static inline void fixture_model_finish(struct fixture_model *f)
{
    params_finish(f->model.params);
    free(f->model.dinv);
    gnnac_bundle_close(f->bundle);
}

// Set a parameter's elements. False when there is none of that name.
static inline bool fixture_set(struct fixture_model *f, const char *name,
                               const float *values)
{
    int32_t i = program_param(f->program, name);
    if (i < 0)
        return false;
    const struct param *p = &f->program->params[i];
    memcpy(f->model.params[i], values,
           (size_t)p->rows * (size_t)p->cols * sizeof(float));
    return true;
}

// Run the program in a workspace of exactly the planned size, filled with NaN,
// so that reads of what was never written show.
static inline void fixture_forward(const struct fixture_model *f,
                                   const float *x, float *y)
{
    size_t n = f->model.plan.n_bytes;
    void *workspace = malloc(n ? n : 1);
    memset(workspace, 0xff, n);
    cpu_forward(&f->model, &(struct features){.dense = x}, y, workspace, NULL);
    free(workspace);
}

#endif
