// The public interface of training: options, checks, and who executes it.
#include "train/trainer.h"

#include <math.h>
#include <stddef.h>
#include <stdlib.h>

#include "options.h"

enum { BUFFER_Y = 1 };

// ---- options ----------------------------------------------------------------

// The size of the options in ABI 1.0: `seed` was the last.
enum { OPTIONS_1_0 = offsetof(gnnac_train_options, seed) + sizeof(uint64_t) };

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
    if (o->loss < GNNAC_CROSS_ENTROPY || o->loss > GNNAC_BCE)
        return FAIL(err, GNNAC_EUSAGE, "loss %d is none", (int)o->loss);
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

// ---- create and destroy -----------------------------------------------------

static gnnac_status check_loss(const gnnac_trainer *t, gnnac_error *err)
{
    return t->o.loss == GNNAC_BCE && t->plan.has_log_softmax
               ? FAIL(err, GNNAC_EUNSUPPORTED,
                      "binary cross-entropy takes logits, but the network ends "
                      "in log-softmax: compile it with --logits")
               : GNNAC_OK;
}

static gnnac_status prepare(gnnac_trainer *t, const gnnac_features *x,
                            const gnnac_train_options *options,
                            gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    const struct gnnac_bundle *b = t->m->bundle;
    const struct program *p = trained_program(t);
    int64_t n = b->manifest->n_nodes;
    TRY(read_options(options, &t->o, err));
    TRY(train_plan_build(p, &t->plan, err));
    TRY(check_loss(t, err));
    bool numbered = t->o.attention_dropout > 0; // coefficients, by edges
    TRY(transpose_rows(n, n, b->rowptr, b->colidx, numbered, &t->graph, err));
    TRY(params_alloc(p, t->first.of, err));
    TRY(params_alloc(p, t->second.of, err));
    TRY(params_alloc(p, t->kept.of, err));
    TRY(t->backend->open(t, x, err));
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
    if (!m->has_weights)
        return FAIL(err, GNNAC_EUSAGE,
                    "the model has no weights: load or initialise them first");
    gnnac_trainer *t = calloc(1, sizeof(*t));
    if (!t)
        return FAIL(err, GNNAC_ENOMEM, "out of memory");
    if (atomic_exchange(&m->has_trainer, true)) {
        free(t);
        return FAIL(err, GNNAC_EUSAGE,
                    "the model has a trainer already: close that one first");
    }
    t->m = m;
    t->backend = m->cuda ? &cuda_training : &cpu_training;
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
    t->backend->close(t);
    params_finish(t->first.of);
    params_finish(t->second.of);
    params_finish(t->kept.of);
    transposed_finish(&t->graph);
    atomic_store(&t->m->has_trainer, false);
    free(t);
}

// ---- steps ------------------------------------------------------------------

static gnnac_status bad_label(bool binary, int64_t v, int32_t label,
                              int32_t end, gnnac_error *err)
{
    return binary ? FAIL(err, GNNAC_EUSAGE,
                         "node %lld has label %d: expected 0 or 1",
                         (long long)v, (int)label)
                  : FAIL(err, GNNAC_EUSAGE, "node %lld has label %d of %d",
                         (long long)v, (int)label, (int)end);
}

static gnnac_status check_label(const gnnac_trainer *t,
                                const struct targets *at, int64_t v,
                                gnnac_error *err)
{
    int32_t n_classes = trained_program(t)->buffers[BUFFER_Y].dim;
    bool binary = t->o.loss == GNNAC_BCE;
    int64_t n = binary ? n_classes : 1;
    int32_t end = binary ? 2 : n_classes;
    for (int64_t i = v * n; i < (v + 1) * n; i++)
        if (at->labels[i] < 0 || at->labels[i] >= end)
            return bad_label(binary, v, at->labels[i], end, err);
    return GNNAC_OK;
}

static gnnac_status check_targets(const gnnac_trainer *t,
                                  const struct targets *at, gnnac_error *err)
{
    int64_t n_nodes = t->m->bundle->manifest->n_nodes;
    const int32_t *nodes = at->nodes;
    if (at->n <= 0)
        return FAIL(err, GNNAC_EUSAGE, "no nodes to learn from");
    for (int64_t i = 0; i < at->n; i++) {
        if (nodes[i] < 0 || nodes[i] >= n_nodes)
            return FAIL(err, GNNAC_EUSAGE, "node %d of %lld", (int)nodes[i],
                        (long long)n_nodes);
        gnnac_status st = check_label(t, at, nodes[i], err);
        if (st != GNNAC_OK)
            return st;
    }
    return GNNAC_OK;
}

// Those given; where none are, those of the step before: a backend that has
// copies of them need not look at the caller's.
static gnnac_status find_targets(const gnnac_trainer *t, struct targets *at,
                                 gnnac_error *err)
{
    bool again = !at->labels && !at->nodes && at->n == 0;
    if (again && t->last.n == 0)
        return FAIL(err, GNNAC_EUSAGE,
                    "labels and nodes are NULL: there was no step before");
    if (again)
        *at = t->last;
    else if (!at->labels || !at->nodes)
        return FAIL(err, GNNAC_EUSAGE, "gnnac_trainer_step: NULL argument");
    at->known = at->n > 0 && t->backend->knows &&
                (again || t->backend->knows(t, at));
    return at->known ? GNNAC_OK : check_targets(t, at, err);
}

gnnac_status gnnac_trainer_step(gnnac_trainer *t, const int32_t *labels,
                                const int32_t *nodes, int64_t n, float *loss,
                                gnnac_error *err)
{
    gnnac__clear(err);
    if (!t)
        return FAIL(err, GNNAC_EUSAGE, "gnnac_trainer_step: NULL argument");
    struct targets at = {labels, nodes, n, false};
    gnnac_status st = find_targets(t, &at, err);
    if (st != GNNAC_OK)
        return st;
    t->last.n = 0; // until they are taken
    st = t->backend->step(t, &at, loss, err);
    if (st == GNNAC_OK)
        t->last = at;
    return st;
}

gnnac_status gnnac_trainer_predict(gnnac_trainer *t, float *y, gnnac_error *err)
{
    gnnac__clear(err);
    if (!t || !y)
        return FAIL(err, GNNAC_EUSAGE, "gnnac_trainer_predict: NULL argument");
    return t->backend->predict(t, y, err);
}

int64_t gnnac_trainer_n_steps(const gnnac_trainer *t)
{
    return t->n_steps;
}

// ---- remembered weights -----------------------------------------------------

void gnnac_trainer_keep(gnnac_trainer *t)
{
    if (t->backend->keep(t, NULL) == GNNAC_OK)
        t->kept_step = t->n_steps;
}

gnnac_status gnnac_trainer_recall(gnnac_trainer *t, gnnac_error *err)
{
    gnnac__clear(err);
    if (!t || t->kept_step < 0)
        return FAIL(err, GNNAC_EUSAGE, "no weights were kept");
    return t->backend->recall(t, err);
}

int64_t gnnac_trainer_kept_step(const gnnac_trainer *t)
{
    return t->kept_step;
}
