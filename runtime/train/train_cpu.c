// Training on the CPU: its memory, and one step as calls of the parts.
#include <stdlib.h>
#include <string.h>

#include "checked.h"
#include "cpu/cpu_chunks.h"
#include "cpu/cpu_grad.h"
#include "train/trainer.h"

enum { ALIGNMENT = 256, BUFFER_Y = 1 };

// ---- memory -----------------------------------------------------------------

struct cpu_run trainer_run(const gnnac_trainer *t, const float *x)
{
    return (struct cpu_run){
        .m = t->m,
        .offset = t->offset,
        .x = x,
        .y = (float *)(void *)(t->values + t->offset[BUFFER_Y]),
        .workspace = t->values};
}

struct view trainer_grad(const gnnac_trainer *t, int32_t buffer)
{
    const struct buffer *b = &trained_program(t)->buffers[buffer];
    return (struct view){(float *)(void *)(t->grads + t->offset[buffer]),
                         b->pitch, b->dim};
}

// All values are kept until the backward, so no buffers share bytes.
// manifest_check made sure that the sum fits.
static void lay_out(gnnac_trainer *t)
{
    const struct program *p = trained_program(t);
    size_t n_nodes = (size_t)t->m->bundle->manifest->n_nodes;
    for (int32_t i = BUFFER_Y; i < p->n_buffers; i++) {
        size_t n = n_nodes * (size_t)p->buffers[i].pitch * sizeof(float);
        t->offset[i] = t->n_bytes;
        t->n_bytes += (n + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    }
}

static size_t scratch_floats(const gnnac_trainer *t)
{
    const struct program *p = trained_program(t);
    size_t most = 1, n;
    for (int32_t i = 0; i < p->n_params; i++) {
        n = cpu_weight_grad_scratch(t->m->bundle->manifest->n_nodes,
                                    p->params[i].rows, p->params[i].cols);
        most = n > most ? n : most;
    }
    return most;
}

static int64_t widest(const struct program *p)
{
    int64_t most = 1;
    for (int32_t i = 0; i < p->n_buffers; i++)
        most = p->buffers[i].dim > most ? p->buffers[i].dim : most;
    return most;
}

static gnnac_status allocate(gnnac_trainer *t, gnnac_error *err)
{
    const struct program *p = trained_program(t);
    lay_out(t);
    t->values = aligned_alloc(ALIGNMENT, t->n_bytes + ALIGNMENT);
    t->grads = aligned_alloc(ALIGNMENT, t->n_bytes + ALIGNMENT);
    t->scratch = alloc_array((int64_t)scratch_floats(t), sizeof(float));
    t->sums = alloc_array(widest(p) * MOST_CHUNKS, sizeof(double));
    if (!t->values || !t->grads || !t->scratch || !t->sums)
        return FAIL(err, GNNAC_ENOMEM, "out of memory for %zu bytes of values",
                    2 * t->n_bytes);
    return params_alloc(p, t->grad.of, err);
}

static gnnac_status open_cpu(gnnac_trainer *t, const gnnac_features *x,
                             gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    TRY(train_features_init(x, t->m, t->o.dropout > 0, &t->x, err));
    t->sparse_x = t->x.form.sparse;
    TRY(train_attention_init(t, err));
    TRY(allocate(t, err));
out:
    return st;
}

static void close_cpu(gnnac_trainer *t)
{
    params_finish(t->grad.of);
    train_features_finish(&t->x);
    train_attention_finish(&t->attention);
    free(t->values);
    free(t->grads);
    free(t->scratch);
    free(t->sums);
}

// ---- steps ------------------------------------------------------------------

static gnnac_status step_cpu(gnnac_trainer *t, const struct targets *at,
                             float *loss, gnnac_error *err)
{
    (void)err; // nothing can fail
    train_forward(t, true);
    double value = train_loss(t, at->labels, at->nodes, at->n);
    train_backward(t);
    t->n_steps++;
    train_update(t);
    if (loss)
        *loss = (float)value;
    return GNNAC_OK;
}

static gnnac_status predict_cpu(gnnac_trainer *t, float *y, gnnac_error *err)
{
    (void)err;
    train_forward(t, false);
    memcpy(y, t->values + t->offset[BUFFER_Y],
           (size_t)t->m->bundle->manifest->n_nodes *
               (size_t)trained_program(t)->buffers[BUFFER_Y].dim *
               sizeof(float));
    return GNNAC_OK;
}

static gnnac_status keep_cpu(gnnac_trainer *t, gnnac_error *err)
{
    (void)err;
    params_copy(trained_program(t), t->m->params, t->kept.of);
    return GNNAC_OK;
}

static gnnac_status recall_cpu(gnnac_trainer *t, gnnac_error *err)
{
    (void)err;
    params_copy(trained_program(t), t->kept.of, t->m->params);
    return GNNAC_OK;
}

// The host's arrays are the only ones.
static gnnac_status fetch_cpu(const gnnac_trainer *t, gnnac_error *err)
{
    (void)t;
    (void)err;
    return GNNAC_OK;
}

static gnnac_status send_cpu(gnnac_trainer *t, gnnac_error *err)
{
    return fetch_cpu(t, err);
}

const struct train_backend cpu_training = {
    .open = open_cpu,
    .close = close_cpu,
    .step = step_cpu,
    .predict = predict_cpu,
    .keep = keep_cpu,
    .recall = recall_cpu,
    .fetch = fetch_cpu,
    .send = send_cpu,
};
