#include "cuda/cuda_input.h"

#include <stdlib.h>
#include <string.h>

#include "bundle/manifest.h"
#include "input_features.h"

static const struct manifest *manifest_of(const struct cuda_model *cm)
{
    return cm->m->bundle->manifest;
}

static gnnac_status send_dense(struct cuda_model *cm, const float *x,
                               struct cuda_input *in, gnnac_error *err)
{
    const struct manifest *m = manifest_of(cm);
    size_t n_bytes = (size_t)m->n_nodes *
                     (size_t)m->program.buffers[0].dim * sizeof(float);
    return cuda_upload(cm->c, x, n_bytes, "the features", &in->x, err);
}

// The bundle's kernels for products of sparse features; features_init has made
// sure that there are some, manifest_check that they fit.
static gnnac_status load_kernels(struct cuda_model *cm, struct cuda_input *in,
                                 gnnac_error *err)
{
    const struct manifest *m = manifest_of(cm);
    gnnac_status st = GNNAC_OK;
    manifest_read_sparse(m, &in->p);
    in->partial_bytes = cm->partial_bytes;
    in->turned_bytes = program_turned_bytes(&m->program);
    for (int32_t i = 0; i < in->p.n_steps && st == GNNAC_OK; i++) {
        const struct step *s = &in->p.steps[i];
        if (s->kind == STEP_SPARSE_LINEAR)
            st = cuda_model_load_kernel(cm, s->kernel, &in->rows,
                                        &in->partial_bytes, err);
    }
    return st;
}

static gnnac_status send_sparse(struct cuda_model *cm,
                                const struct sparse_rows *x,
                                struct cuda_input *in, gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    int64_t n = x->rowptr[x->n_rows];
    TRY(cuda_upload(cm->c, x->value, (size_t)n * sizeof(float), "the features",
                    &in->values, err));
    TRY(cuda_graph_init(cm->c, x->n_rows, n, x->rowptr, x->colidx, cm->m->dinv,
                        &in->rows, err));
    TRY(load_kernels(cm, in, err));
out:
    return st;
}

gnnac_status cuda_input_create(struct cuda_model *cm, const struct features *x,
                               struct cuda_input **out, gnnac_error *err)
{
    struct cuda_input *in = calloc(1, sizeof(*in));
    if (!in)
        return FAIL(err, GNNAC_ENOMEM, "out of memory");
    gnnac_status st = cuda_enter(cm->c, err);
    if (st == GNNAC_OK) {
        st = x->sparse ? send_sparse(cm, &x->rows, in, err)
                       : send_dense(cm, x->dense, in, err);
        cuda_leave(cm->c);
    }
    if (st == GNNAC_OK)
        *out = in;
    else
        cuda_input_destroy(cm, in);
    return st;
}

void cuda_input_destroy(struct cuda_model *cm, struct cuda_input *in)
{
    if (!in)
        return;
    if (cuda_enter(cm->c, NULL) == GNNAC_OK) {
        cuda_free(cm->c, in->x);
        cuda_free(cm->c, in->values);
        cuda_graph_finish(&in->rows);
        cuda_leave(cm->c);
    }
    free(in);
}
