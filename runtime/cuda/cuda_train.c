// The backend of trainers on a GPU.
#include "cuda/cuda_train.h"

#include <stddef.h>
#include <stdlib.h>

#include "bundle/train_state.h"
#include "checked.h"

enum { BUFFER_Y = 1 };

// ---- open and close ---------------------------------------------------------

static gnnac_status open_entered(struct cuda_trainer *ct,
                                 const gnnac_features *x, gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    TRY(train_program_build(trained_program(ct->t), &ct->p, err));
    ct->dropped_x = trained_program(ct->t)->n_buffers;
    TRY(cuda_train_alloc(ct, x, err));
    TRY(cuda_train_load_kernels(ct, err));
    if (ct->t->m->bundle->manifest->n_nodes > 0)
        TRY(cuda_train_capture(ct, err));
out:
    return st;
}

static gnnac_status open_cuda(gnnac_trainer *t, const gnnac_features *x,
                              gnnac_error *err)
{
    struct cuda_trainer *ct = calloc(1, sizeof(*ct));
    if (!ct)
        return FAIL(err, GNNAC_ENOMEM, "out of memory");
    *ct = (struct cuda_trainer){.c = t->m->ctx->cuda, .cm = t->m->cuda, .t = t};
    t->cuda = ct;
    gnnac_status st = cuda_enter(ct->c, err);
    if (st != GNNAC_OK)
        return st;
    st = open_entered(ct, x, err);
    t->sparse_x = ct->sparse.used;
    cuda_leave(ct->c);
    return st;
}

// The weights stay the model's; nothing may still be changing them.
static void close_cuda(gnnac_trainer *t)
{
    struct cuda_trainer *ct = t->cuda;
    if (!ct)
        return;
    if (cuda_enter(ct->c, NULL) == GNNAC_OK) {
        if (ct->stream)
            ct->c->cu.cuStreamSynchronize(ct->stream);
        ct->cm->taught_on = NULL;
        cuda_train_free(ct);
        cuda_leave(ct->c);
    }
    free(ct);
}

// ---- steps ------------------------------------------------------------------

static void weights_changed(struct cuda_trainer *ct)
{
    ct->cm->host_is_old = true;
    ct->cm->taught_on = ct->stream;
}

static gnnac_status read_loss(const struct cuda_trainer *ct, float *loss,
                              gnnac_error *err)
{
    double value;
    gnnac_status st = CU(ct->c, cuStreamSynchronize, (ct->stream), err);
    if (st == GNNAC_OK)
        st = CU(ct->c, cuMemcpyDtoH_v2,
                (&value, ct->state + offsetof(struct train_state, loss),
                 sizeof(value)),
                err);
    if (st == GNNAC_OK)
        *loss = (float)value;
    return st;
}

static bool knows_cuda(const gnnac_trainer *t, const struct targets *at)
{
    return cuda_train_has_targets(t->cuda, at);
}

static gnnac_status step_entered(gnnac_trainer *t, const struct targets *at,
                                 float *loss, gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    struct cuda_trainer *ct = t->cuda;
    TRY(cuda_train_send_targets(ct, at, err));
    TRY(CU(ct->c, cuGraphLaunch, (ct->step, ct->stream), err));
    t->n_steps++;
    weights_changed(ct);
    if (loss)
        TRY(read_loss(ct, loss, err));
out:
    return st;
}

static gnnac_status step_cuda(gnnac_trainer *t, const struct targets *at,
                              float *loss, gnnac_error *err)
{
    gnnac_status st = cuda_enter(t->cuda->c, err);
    if (st != GNNAC_OK)
        return st;
    st = step_entered(t, at, loss, err);
    cuda_leave(t->cuda->c);
    return st;
}

static gnnac_status predict_cuda(gnnac_trainer *t, float *y, gnnac_error *err)
{
    struct cuda_trainer *ct = t->cuda;
    size_t n_bytes = (size_t)t->m->bundle->manifest->n_nodes *
                     (size_t)ct->p.buffers[BUFFER_Y].dim * sizeof(float);
    if (n_bytes == 0)
        return GNNAC_OK;
    gnnac_status st = cuda_enter(ct->c, err);
    if (st != GNNAC_OK)
        return st;
    TRY(cuda_train_forward(ct, err));
    TRY(CU(ct->c, cuStreamSynchronize, (ct->stream), err));
    TRY(CU(ct->c, cuMemcpyDtoH_v2,
           (y, cuda_train_buffer(ct, BUFFER_Y), n_bytes), err));
out:
    cuda_leave(ct->c);
    return st;
}

// ---- weights and what the optimiser remembers -------------------------------

static gnnac_status copy_on_device(struct cuda_trainer *ct, cu_ptr to,
                                   cu_ptr from, gnnac_error *err)
{
    size_t n_bytes = (size_t)ct->cm->layout.n_floats * sizeof(float);
    gnnac_status st = cuda_enter(ct->c, err);
    if (st != GNNAC_OK)
        return st;
    st = CU(ct->c, cuMemcpyDtoDAsync_v2, (to, from, n_bytes, ct->stream), err);
    cuda_leave(ct->c);
    return st;
}

static gnnac_status keep_cuda(gnnac_trainer *t, gnnac_error *err)
{
    return copy_on_device(t->cuda, t->cuda->arrays[ARRAY_KEPT],
                          t->cuda->cm->weights, err);
}

static gnnac_status recall_cuda(gnnac_trainer *t, gnnac_error *err)
{
    weights_changed(t->cuda);
    return copy_on_device(t->cuda, t->cuda->cm->weights,
                          t->cuda->arrays[ARRAY_KEPT], err);
}

// The host's and the device's form of what lies beside the weights.
struct mirror {
    float *const *host; // [n_params]
    cu_ptr device;
};
enum { N_MIRRORS = 3 };

static void list_mirrors(const gnnac_trainer *t, struct mirror out[N_MIRRORS])
{
    const struct mirror all[N_MIRRORS] = {
        {t->first.of, t->cuda->arrays[ARRAY_FIRST]},
        {t->second.of, t->cuda->arrays[ARRAY_SECOND]},
        {t->kept.of, t->cuda->arrays[ARRAY_KEPT]},
    };
    for (int i = 0; i < N_MIRRORS; i++)
        out[i] = all[i];
}

static gnnac_status copy_param(const struct cuda_trainer *ct,
                               const struct mirror *m, int32_t param,
                               bool to_host, gnnac_error *err)
{
    size_t n_bytes = (size_t)param_elems(&ct->p.params[param]) * sizeof(float);
    cu_ptr at =
        m->device + (cu_ptr)ct->cm->layout.offset[param] * sizeof(float);
    return to_host
               ? CU(ct->c, cuMemcpyDtoH_v2, (m->host[param], at, n_bytes), err)
               : cuda_copy_in(ct->c, at, m->host[param], n_bytes, err);
}

static gnnac_status copy_mirrors(const gnnac_trainer *t, bool to_host,
                                 gnnac_error *err)
{
    const struct cuda_trainer *ct = t->cuda;
    struct mirror all[N_MIRRORS];
    list_mirrors(t, all);
    gnnac_status st = CU(ct->c, cuStreamSynchronize, (ct->stream), err);
    for (int i = 0; i < N_MIRRORS; i++)
        for (int32_t k = 0; k < ct->p.n_params && st == GNNAC_OK; k++)
            st = copy_param(ct, &all[i], k, to_host, err);
    return st;
}

static gnnac_status fetch_cuda(const gnnac_trainer *t, gnnac_error *err)
{
    gnnac_status st = cuda_model_download(t->m->cuda, err);
    if (st == GNNAC_OK)
        st = cuda_enter(t->cuda->c, err);
    if (st != GNNAC_OK)
        return st;
    st = copy_mirrors(t, true, err);
    cuda_leave(t->cuda->c);
    return st;
}

static gnnac_status send_cuda(gnnac_trainer *t, gnnac_error *err)
{
    gnnac_status st = cuda_model_upload(t->m->cuda, err);
    if (st == GNNAC_OK)
        st = cuda_enter(t->cuda->c, err);
    if (st != GNNAC_OK)
        return st;
    st = copy_mirrors(t, false, err);
    if (st == GNNAC_OK)
        st = cuda_train_send_state(t->cuda, err);
    cuda_leave(t->cuda->c);
    return st;
}

const struct train_backend cuda_training = {
    .open = open_cuda,
    .close = close_cuda,
    .knows = knows_cuda,
    .step = step_cuda,
    .predict = predict_cuda,
    .keep = keep_cuda,
    .recall = recall_cuda,
    .fetch = fetch_cuda,
    .send = send_cuda,
};
