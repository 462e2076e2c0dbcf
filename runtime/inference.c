#include <stdlib.h>
#include <string.h>

#include "backend.h"
#include "checked.h"
#include "model_input.h"
#include "spans.h"
#include "weights.h"
#include "workspace.h"

enum { ALIGNMENT = 16 };

static const struct program *program_of(const struct gnnac_model *m)
{
    return &m->bundle->manifest->program;
}

// ---- create and destroy -----------------------------------------------------

// With cuBLASLt, what BLAS computes may depend on the math.
static void find_blas_layers(struct gnnac_model *m)
{
    for (int32_t i = 0; m->cuda && i < m->bundle->manifest->model.n_layers; i++)
        m->blas_layers[i] = cuda_model_layer_by_blas(m->cuda, i);
}

static gnnac_status prepare(struct gnnac_model *m, gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    const struct gnnac_bundle *b = m->bundle;
    int64_t n = b->manifest->n_nodes;
    TRY(workspace_plan_build(program_of(m), n, m->ctx->is_cuda, &m->plan, err));
    TRY(params_alloc(program_of(m), m->params, err));
    if (program_reads_dinv(program_of(m))) {
        if (!(m->dinv = alloc_array(n, sizeof(float)))) {
            st = FAIL(err, GNNAC_ENOMEM, "out of memory");
            goto out;
        }
        graph_dinv(n, b->rowptr, m->dinv);
    }
    if (m->ctx->is_cuda)
        TRY(cuda_model_create(m->ctx->cuda, m, &m->cuda, err));
    find_blas_layers(m);
out:
    return st;
}

gnnac_status gnnac_model_create(gnnac_context *ctx, const gnnac_bundle *bundle,
                                gnnac_model **out, gnnac_error *err)
{
    gnnac__clear(err);
    if (!ctx || !bundle || !out)
        return FAIL(err, GNNAC_EUSAGE, "gnnac_model_create: NULL argument");
    if (!has_model(bundle->manifest))
        return FAIL(err, GNNAC_EUSAGE,
                    "the bundle holds operators, not a model");
    struct gnnac_model *m = calloc(1, sizeof(*m));
    if (!m)
        return FAIL(err, GNNAC_ENOMEM, "out of memory");
    m->ctx = ctx;
    m->bundle = bundle;
    gnnac_status st = prepare(m, err);
    if (st == GNNAC_OK)
        *out = m;
    else
        gnnac_model_destroy(m);
    return st;
}

void gnnac_model_destroy(gnnac_model *m)
{
    if (!m)
        return;
    cuda_model_destroy(m->cuda);
    params_finish(m->params);
    free(m->dinv);
    free(m);
}

const char *gnnac_model_load_level(const gnnac_model *m)
{
    return m->cuda ? cuda_model_level(m->cuda) : "cpu";
}

size_t gnnac_model_workspace_size(const gnnac_model *m)
{
    return m->cuda ? cuda_model_workspace_size(m->cuda) : m->plan.n_bytes;
}

// ---- weights ----------------------------------------------------------------

// Take `params` over (the old ones go back through it) and send them to the
// device. A model whose upload was refused has no weights.
static gnnac_status adopt(struct gnnac_model *m, float *params[MAX_PARAMS],
                          gnnac_error *err)
{
    for (int i = 0; i < MAX_PARAMS; i++) {
        float *old = m->params[i];
        m->params[i] = params[i];
        params[i] = old;
    }
    gnnac_status st =
        m->cuda ? cuda_model_upload(m->cuda, err) : GNNAC_OK;
    m->has_weights = st == GNNAC_OK;
    return st;
}

gnnac_status gnnac_model_load_weights(gnnac_model *m, const char *path,
                                      gnnac_error *err)
{
    float *params[MAX_PARAMS];
    gnnac__clear(err);
    if (!m || !path)
        return FAIL(err, GNNAC_EUSAGE,
                    "gnnac_model_load_weights: NULL argument");
    gnnac_status st = params_alloc(program_of(m), params, err);
    if (st == GNNAC_OK)
        st = params_load(program_of(m), path, params, err);
    if (st == GNNAC_OK)
        st = adopt(m, params, err);
    params_finish(params);
    return st;
}

gnnac_status gnnac_model_init_weights(gnnac_model *m, uint64_t seed,
                                      gnnac_error *err)
{
    float *params[MAX_PARAMS];
    gnnac__clear(err);
    if (!m)
        return FAIL(err, GNNAC_EUSAGE,
                    "gnnac_model_init_weights: NULL argument");
    gnnac_status st = params_alloc(program_of(m), params, err);
    if (st == GNNAC_OK) {
        params_init(program_of(m), seed, params);
        st = adopt(m, params, err);
    }
    params_finish(params);
    return st;
}

gnnac_status gnnac_model_set_math(gnnac_model *m, gnnac_math math,
                                  gnnac_error *err)
{
    gnnac__clear(err);
    if (!m)
        return FAIL(err, GNNAC_EUSAGE, "gnnac_model_set_math: NULL argument");
    if (math < GNNAC_MATH_F32 || math > GNNAC_MATH_F16)
        return FAIL(err, GNNAC_EUSAGE, "math %d is none", (int)math);
    if (atomic_load(&m->has_trainer))
        return FAIL(err, GNNAC_EUSAGE,
                    "the model has a trainer, whose math stays as it is");
    gnnac_status st =
        m->cuda ? cuda_model_set_math(m->cuda, math, err) : GNNAC_OK;
    if (st != GNNAC_OK)
        return st;
    m->math = math;
    find_blas_layers(m);
    return GNNAC_OK;
}

// ---- inference --------------------------------------------------------------

gnnac_status inference_ready(const struct gnnac_model *m, gnnac_error *err)
{
    return m->has_weights ? GNNAC_OK
                          : FAIL(err, GNNAC_EUSAGE,
                                 "the model has no weights: load or initialise "
                                 "them first");
}

static gnnac_status check_ready(const struct gnnac_model *m, const void *x,
                                const void *y, gnnac_error *err)
{
    if (!m || ((!x || !y) && m->bundle->manifest->n_nodes > 0))
        return FAIL(err, GNNAC_EUSAGE, "NULL argument");
    return inference_ready(m, err);
}

size_t inference_matrix_bytes(const struct gnnac_model *m, int32_t buffer)
{
    // manifest_check made sure that it fits.
    return (size_t)m->bundle->manifest->n_nodes *
           (size_t)program_of(m)->buffers[buffer].dim * sizeof(float);
}

gnnac_status inference_memory(const struct gnnac_model *m, const float *x,
                              const float *y, const void *workspace,
                              size_t n_bytes, size_t need, gnnac_error *err)
{
    const char *names = x ? "x, y and workspace" : "y and workspace";
    size_t x_bytes = x ? inference_matrix_bytes(m, 0) : 0;
    size_t y_bytes = inference_matrix_bytes(m, 1);
    if (n_bytes < need || (!workspace && need > 0))
        return FAIL(err, GNNAC_EUSAGE,
                    "the workspace has %zu bytes, the model needs %zu", n_bytes,
                    need);
    if (((uintptr_t)x | (uintptr_t)y | (uintptr_t)workspace) % ALIGNMENT)
        return FAIL(err, GNNAC_EUSAGE, "%s must be aligned to %d bytes", names,
                    (int)ALIGNMENT);
    if (spans_overlap(x, x_bytes, y, y_bytes) ||
        spans_overlap(x, x_bytes, workspace, need) ||
        spans_overlap(y, y_bytes, workspace, need))
        return FAIL(err, GNNAC_EUSAGE, "%s overlap", names);
    return GNNAC_OK;
}

size_t inference_workspace_size(const struct gnnac_model *m, bool sparse)
{
    return m->plan.n_bytes + (sparse ? program_turned_bytes(program_of(m)) : 0);
}

void inference_on_cpu(const struct gnnac_model *m, const struct features *x,
                      float *y, void *workspace)
{
    char *scratch = (char *)workspace + m->plan.n_bytes; // a multiple of 256
    cpu_forward(m, x, y, workspace, (float *)(void *)scratch);
}

gnnac_status inference_run(const struct gnnac_model *m,
                           const struct features *x, float *y,
                           gnnac_error *err)
{
    size_t n_bytes = inference_workspace_size(m, x->sparse);
    void *workspace = malloc(n_bytes ? n_bytes : 1);
    if (!workspace)
        return FAIL(err, GNNAC_ENOMEM,
                    "out of memory for a workspace of %zu bytes", n_bytes);
    inference_on_cpu(m, x, y, workspace);
    free(workspace);
    return GNNAC_OK;
}

gnnac_status gnnac_model_forward(gnnac_model *m, const float *x, float *y,
                                 void *workspace, size_t workspace_bytes,
                                 gnnac_stream stream, gnnac_error *err)
{
    gnnac__clear(err);
    const struct features dense = {.dense = x};
    gnnac_status st = check_ready(m, x, y, err);
    if (st == GNNAC_OK)
        st = inference_memory(m, x, y, workspace, workspace_bytes,
                              gnnac_model_workspace_size(m), err);
    if (st == GNNAC_OK && m->cuda)
        return cuda_model_forward(m->cuda, x, y, workspace, stream, err);
    if (st == GNNAC_OK)
        inference_on_cpu(m, &dense, y, workspace);
    return st;
}

gnnac_status gnnac_model_run(gnnac_model *m, const float *x, float *y,
                             gnnac_error *err)
{
    gnnac__clear(err);
    const struct features dense = {.dense = x};
    gnnac_status st = check_ready(m, x, y, err);
    if (st != GNNAC_OK)
        return st;
    if (spans_overlap(x, inference_matrix_bytes(m, 0), y,
                      inference_matrix_bytes(m, 1)))
        return FAIL(err, GNNAC_EUSAGE, "x and y overlap");
    return m->cuda ? cuda_model_run(m->cuda, x, y, err)
                   : inference_run(m, &dense, y, err);
}

gnnac_status gnnac_model_reference(gnnac_model *m, const float *x, double *y,
                                   double *bound, gnnac_error *err)
{
    gnnac__clear(err);
    gnnac_status st = check_ready(m, x, y, err);
    if (st == GNNAC_OK && m->cuda)
        st = cuda_model_download(m->cuda, err);
    return st == GNNAC_OK ? reference_forward(m, x, y, bound, err) : st;
}
