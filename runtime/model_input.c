#include "model_input.h"

#include <stdlib.h>
#include <string.h>

static const struct manifest *manifest_of(const struct gnnac_input *in)
{
    return in->m->bundle->manifest;
}

// ---- create and destroy -----------------------------------------------------

// The CPU has all that it needs.
static const char *lack(const struct gnnac_model *m)
{
    const char *rules = m->bundle->manifest->sparse.rules;
    if (!m->cuda || strcmp(rules, SPARSE_RULES) == 0)
        return NULL;
    return rules[0] ? "the bundle's kernels for sparse features are of another "
                      "version of gnnac: compile it anew"
                    : "the bundle has no kernel that reads sparse features on "
                      "a GPU: compile it with --sparse";
}

static gnnac_status prepare(struct gnnac_input *in, const gnnac_features *x,
                            gnnac_error *err)
{
    gnnac_status st = features_init(x, in->m, lack(in->m), &in->form, err);
    return st == GNNAC_OK && in->m->cuda
               ? cuda_input_create(in->m->cuda, &in->form, &in->cuda, err)
               : st;
}

gnnac_status gnnac_input_create(gnnac_model *m, const gnnac_features *x,
                                gnnac_input **out, gnnac_error *err)
{
    gnnac__clear(err);
    if (!m || !x || !out)
        return FAIL(err, GNNAC_EUSAGE, "gnnac_input_create: NULL argument");
    struct gnnac_input *in = calloc(1, sizeof(*in));
    if (!in)
        return FAIL(err, GNNAC_ENOMEM, "out of memory");
    in->m = m;
    gnnac_status st = prepare(in, x, err);
    if (st == GNNAC_OK)
        *out = in;
    else
        gnnac_input_destroy(in);
    return st;
}

void gnnac_input_destroy(gnnac_input *in)
{
    if (!in)
        return;
    cuda_input_destroy(in->m->cuda, in->cuda);
    features_finish(&in->form);
    free(in);
}

int gnnac_input_is_sparse(const gnnac_input *in)
{
    return in->form.sparse;
}

size_t gnnac_input_workspace_size(const gnnac_input *in)
{
    return in->cuda ? cuda_input_workspace_size(in->m->cuda, in->cuda)
                    : inference_workspace_size(in->m, in->form.sparse);
}

// ---- inference --------------------------------------------------------------

static gnnac_status check(const gnnac_input *in, const void *y,
                          gnnac_error *err)
{
    if (!in || (!y && manifest_of(in)->n_nodes > 0))
        return FAIL(err, GNNAC_EUSAGE, "NULL argument");
    return inference_ready(in->m, err);
}

// What is written while the features are read, and in inferences to come.
static gnnac_status check_apart(const gnnac_input *in, const char *name,
                                const void *p, size_t n_bytes, gnnac_error *err)
{
    int64_t n_rows = manifest_of(in)->n_nodes;
    int32_t dim = manifest_of(in)->program.buffers[0].dim;
    return n_bytes > 0 && features_overlap(&in->form, n_rows, dim, p, n_bytes)
               ? FAIL(err, GNNAC_EUSAGE, "%s overlaps the features", name)
               : GNNAC_OK;
}

static gnnac_status check_output(const gnnac_input *in, const float *y,
                                 gnnac_error *err)
{
    gnnac_status st = check(in, y, err);
    return st == GNNAC_OK
               ? check_apart(in, "y", y, inference_matrix_bytes(in->m, 1), err)
               : st;
}

gnnac_status gnnac_input_forward(const gnnac_input *in, float *y,
                                 void *workspace, size_t workspace_bytes,
                                 gnnac_stream stream, gnnac_error *err)
{
    gnnac__clear(err);
    gnnac_status st = check_output(in, y, err);
    size_t need = st == GNNAC_OK ? gnnac_input_workspace_size(in) : 0;
    if (st == GNNAC_OK)
        st = inference_memory(in->m, NULL, y, workspace, workspace_bytes, need,
                              err);
    if (st == GNNAC_OK)
        st = check_apart(in, "workspace", workspace, need, err);
    if (st == GNNAC_OK && in->cuda)
        return cuda_input_forward(in->m->cuda, in->cuda, y, workspace, stream,
                                  err);
    if (st == GNNAC_OK)
        inference_on_cpu(in->m, &in->form, y, workspace);
    return st;
}

gnnac_status gnnac_input_run(const gnnac_input *in, float *y, gnnac_error *err)
{
    gnnac__clear(err);
    gnnac_status st = check_output(in, y, err);
    if (st != GNNAC_OK)
        return st;
    return in->cuda ? cuda_input_run(in->m->cuda, in->cuda, y, err)
                    : inference_run(in->m, &in->form, y, err);
}

// Kernels of ours, not BLAS, multiply sparse features. A layer that has other
// products, too, stays BLAS's.
static bool multiplies_features_alone(const struct program *p, int32_t layer)
{
    bool features = false, others = false;
    for (int32_t i = 0; i < p->n_steps; i++)
        if (p->steps[i].kind == STEP_LINEAR && p->steps[i].layer == layer)
            *(p->steps[i].x == 0 ? &features : &others) = true;
    return features && !others;
}

// The definition reads a dense matrix; the bounds know that BLAS does not.
static gnnac_status sparse_reference(const struct gnnac_input *in, double *y,
                                     double *bound, gnnac_error *err)
{
    const struct manifest *f = manifest_of(in);
    struct gnnac_model *m = in->m;
    bool by_blas[MAX_LAYERS];
    float *dense = NULL;
    gnnac_status st = features_fill(&in->form.rows, f->program.buffers[0].dim,
                                    &dense, err);
    if (st != GNNAC_OK)
        return st;
    memcpy(by_blas, m->blas_layers, sizeof(by_blas));
    for (int32_t i = 0; i < f->model.n_layers; i++)
        if (multiplies_features_alone(&f->program, i))
            m->blas_layers[i] = false;
    st = gnnac_model_reference(m, dense, y, bound, err);
    memcpy(m->blas_layers, by_blas, sizeof(by_blas));
    free(dense);
    return st;
}

gnnac_status gnnac_input_reference(const gnnac_input *in, double *y,
                                   double *bound, gnnac_error *err)
{
    gnnac__clear(err);
    gnnac_status st = check(in, y, err);
    if (st != GNNAC_OK)
        return st;
    return in->form.sparse
               ? sparse_reference(in, y, bound, err)
               : gnnac_model_reference(in->m, in->form.dense, y, bound, err);
}
