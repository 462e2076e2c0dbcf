// The public interface of training: what it owns, and one step.
#include "train/trainer.h"

#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "checked.h"
#include "cpu/cpu_chunks.h"
#include "cpu/cpu_grad.h"
#include "options.h"

enum { ALIGNMENT = 256, BUFFER_Y = 1 };

// ---- options ----------------------------------------------------------------

// The size of the options in ABI 1.0: `seed` was the last.
enum {
    OPTIONS_1_0 = offsetof(gnnac_train_options, seed) + sizeof(uint64_t)
};

static void set_defaults(gnnac_train_options *o)
{
    o->lr = o->lr != 0 ? o->lr : 0.01F;
    o->beta1 = o->beta1 != 0 ? o->beta1 : 0.9F;
    o->beta2 = o->beta2 != 0 ? o->beta2 : 0.999F;
    o->epsilon = o->epsilon != 0 ? o->epsilon : 1e-8F;
}

static gnnac_status check_options(const gnnac_train_options *o,
                                  gnnac_error *err)
{
    const struct {
        const char *name;
        float value, max; // from 0 to below max
    } ranges[] = {
        {"lr", o->lr, INFINITY},
        {"dropout", o->dropout, 1},
        {"attention_dropout", o->attention_dropout, 1},
        {"momentum", o->momentum, 1},
        {"beta1", o->beta1, 1},
        {"beta2", o->beta2, 1},
        {"epsilon", o->epsilon, INFINITY},
        {"weight_decay", o->weight_decay, INFINITY},
    };
    for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++)
        if (!(ranges[i].value >= 0 && ranges[i].value < ranges[i].max))
            return FAIL(err, GNNAC_EUSAGE, "%s %g is out of range",
                        ranges[i].name, (double)ranges[i].value);
    if (o->optimizer < GNNAC_ADAM || o->optimizer > GNNAC_SGD)
        return FAIL(err, GNNAC_EUSAGE, "optimizer %d is none",
                    (int)o->optimizer);
    if (o->decay_layers < 0)
        return FAIL(err, GNNAC_EUSAGE, "decay_layers is negative");
    return GNNAC_OK;
}

static gnnac_status read_options(const gnnac_train_options *given,
                                 gnnac_train_options *out, gnnac_error *err)
{
    gnnac_train_options o = {.struct_size = sizeof(o)};
    gnnac_status st = GNNAC_OK;
    if (given) {
        st = options_read(given, OPTIONS_1_0, &o, sizeof(o),
                          "gnnac_train_options", err);
        if (st != GNNAC_OK)
            return st;
    }
    st = check_options(&o, err);
    set_defaults(&o);
    *out = o;
    return st;
}

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
    gnnac_status st = GNNAC_OK;
    const struct program *p = trained_program(t);
    lay_out(t);
    t->values = aligned_alloc(ALIGNMENT, t->n_bytes + ALIGNMENT);
    t->grads = aligned_alloc(ALIGNMENT, t->n_bytes + ALIGNMENT);
    t->scratch = alloc_array((int64_t)scratch_floats(t), sizeof(float));
    t->sums = alloc_array(widest(p) * MOST_CHUNKS, sizeof(double));
    if (!t->values || !t->grads || !t->scratch || !t->sums)
        return FAIL(err, GNNAC_ENOMEM, "out of memory for %zu bytes of values",
                    2 * t->n_bytes);
    TRY(params_alloc(p, t->grad.of, err));
    TRY(params_alloc(p, t->first.of, err));
    TRY(params_alloc(p, t->second.of, err));
    TRY(params_alloc(p, t->kept.of, err));
out:
    return st;
}

static gnnac_status prepare(gnnac_trainer *t, const gnnac_features *x,
                            const gnnac_train_options *options,
                            gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    const struct gnnac_bundle *b = t->m->bundle;
    int64_t n = b->manifest->n_nodes;
    TRY(read_options(options, &t->o, err));
    TRY(train_plan_build(trained_program(t), &t->plan, err));
    TRY(train_features_init(x, t->m, t->plan.dense_x, t->o.dropout > 0, &t->x,
                            err));
    TRY(transpose_rows(n, n, b->rowptr, b->colidx, t->o.attention_dropout > 0,
                       &t->graph, err));
    TRY(train_attention_init(t, err));
    TRY(allocate(t, err));
out:
    return st;
}

gnnac_status gnnac_trainer_create(gnnac_model *m, const gnnac_features *x,
                                  const gnnac_train_options *options,
                                  gnnac_trainer **out, gnnac_error *err)
{
    gnnac__clear(err);
    if (!m || !x || !out)
        return FAIL(err, GNNAC_EUSAGE, "gnnac_trainer_create: NULL argument");
    if (m->cuda)
        return FAIL(err, GNNAC_EUNSUPPORTED,
                    "training runs on the CPU only: give the model a context "
                    "of device \"cpu\"");
    if (!m->has_weights)
        return FAIL(err, GNNAC_EUSAGE,
                    "the model has no weights: load or initialise them first");
    gnnac_trainer *t = calloc(1, sizeof(*t));
    if (!t)
        return FAIL(err, GNNAC_ENOMEM, "out of memory");
    t->m = m;
    t->kept_step = -1;
    gnnac_status st = prepare(t, x, options, err);
    if (st == GNNAC_OK)
        *out = t;
    else
        gnnac_trainer_destroy(t);
    return st;
}

void gnnac_trainer_destroy(gnnac_trainer *t)
{
    if (!t)
        return;
    params_finish(t->grad.of);
    params_finish(t->first.of);
    params_finish(t->second.of);
    params_finish(t->kept.of);
    train_features_finish(&t->x);
    train_attention_finish(&t->attention);
    transposed_finish(&t->graph);
    free(t->values);
    free(t->grads);
    free(t->scratch);
    free(t->sums);
    free(t);
}

// ---- steps ------------------------------------------------------------------

static gnnac_status check_targets(const gnnac_trainer *t, const int32_t *labels,
                                  const int32_t *nodes, int64_t n,
                                  gnnac_error *err)
{
    int64_t n_nodes = t->m->bundle->manifest->n_nodes;
    int32_t n_classes = trained_program(t)->buffers[BUFFER_Y].dim;
    if (n <= 0)
        return FAIL(err, GNNAC_EUSAGE, "no nodes to learn from");
    for (int64_t i = 0; i < n; i++) {
        if (nodes[i] < 0 || nodes[i] >= n_nodes)
            return FAIL(err, GNNAC_EUSAGE, "node %d of %lld", (int)nodes[i],
                        (long long)n_nodes);
        int32_t label = labels[nodes[i]];
        if (label < 0 || label >= n_classes)
            return FAIL(err, GNNAC_EUSAGE, "node %d has label %d of %d",
                        (int)nodes[i], (int)label, (int)n_classes);
    }
    return GNNAC_OK;
}

gnnac_status gnnac_trainer_step(gnnac_trainer *t, const int32_t *labels,
                                const int32_t *nodes, int64_t n, float *loss,
                                gnnac_error *err)
{
    gnnac__clear(err);
    if (!t || !labels || !nodes)
        return FAIL(err, GNNAC_EUSAGE, "gnnac_trainer_step: NULL argument");
    gnnac_status st = check_targets(t, labels, nodes, n, err);
    if (st != GNNAC_OK)
        return st;
    train_forward(t, true);
    double value = train_loss(t, labels, nodes, n);
    train_backward(t);
    t->n_steps++;
    train_update(t);
    if (loss)
        *loss = (float)value;
    return GNNAC_OK;
}

gnnac_status gnnac_trainer_predict(gnnac_trainer *t, float *y, gnnac_error *err)
{
    gnnac__clear(err);
    if (!t || !y)
        return FAIL(err, GNNAC_EUSAGE, "gnnac_trainer_predict: NULL argument");
    train_forward(t, false);
    memcpy(y, t->values + t->offset[BUFFER_Y],
           (size_t)t->m->bundle->manifest->n_nodes *
               (size_t)trained_program(t)->buffers[BUFFER_Y].dim *
               sizeof(float));
    return GNNAC_OK;
}

int64_t gnnac_trainer_n_steps(const gnnac_trainer *t)
{
    return t->n_steps;
}

// ---- remembered weights -----------------------------------------------------

void gnnac_trainer_keep(gnnac_trainer *t)
{
    params_copy(trained_program(t), t->m->params, t->kept.of);
    t->kept_step = t->n_steps;
}

gnnac_status gnnac_trainer_recall(gnnac_trainer *t, gnnac_error *err)
{
    gnnac__clear(err);
    if (!t || t->kept_step < 0)
        return FAIL(err, GNNAC_EUSAGE, "no weights were kept");
    params_copy(trained_program(t), t->kept.of, t->m->params);
    return GNNAC_OK;
}

int64_t gnnac_trainer_kept_step(const gnnac_trainer *t)
{
    return t->kept_step;
}
