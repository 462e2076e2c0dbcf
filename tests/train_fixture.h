// A model with features, labels and a trainer, for tests that reach inside.
#ifndef GNNAC_TRAIN_FIXTURE_H
#define GNNAC_TRAIN_FIXTURE_H

#include "cpu/cpu_grad.h"
#include "model_fixture.h"
#include "test.h"
#include "train/trainer.h"

struct training_case {
    struct model_request model;
    gnnac_train_options options;
    bool sparse;
    int n_threads; // 0: 1
};

struct training {
    struct fixture_model f;
    gnnac_trainer *trainer;
    int64_t n_rows, n_nodes; // of the graph; of the loss
    int32_t dim, classes;
    float *x; // dense; two thirds are zero
    gnnac_features features;
    int64_t *rowptr;
    int32_t *colidx, *labels, *nodes;
    float *values;
    double *y;
};

// Dense random features, and the same by rows; an entry now and then in two
// halves, as duplicates add up.
static inline void training_features(struct training *t)
{
    int64_t n = t->n_rows * t->dim, e = 0;
    t->x = calloc((size_t)n + 1, sizeof(float));
    t->rowptr = calloc((size_t)t->n_rows + 1, sizeof(int64_t));
    t->colidx = malloc((size_t)(2 * n + 1) * sizeof(int32_t));
    t->values = malloc((size_t)(2 * n + 1) * sizeof(float));
    for (int64_t i = 0; i < n; i++) {
        if (rng_below(5, (uint64_t)i, 3) == 0 || t->dim < 4) {
            t->x[i] = (float)rng_normal(6, (uint64_t)i);
            for (int half = i % 5 == 0; half >= 0; half--) {
                t->colidx[e] = (int32_t)(i % t->dim);
                t->values[e++] = i % 5 ? t->x[i] : t->x[i] / 2;
            }
        }
        t->rowptr[i / t->dim + 1] = e;
    }
}

// One of the classes each, or of each class whether it is one's.
static inline void training_labels(struct training *t, bool binary)
{
    int64_t n = t->n_rows * (binary ? t->classes : 1);
    uint64_t end = binary ? 2 : (uint64_t)t->classes;
    for (int64_t i = 0; i < n; i++)
        t->labels[i] = (int32_t)rng_below(9, (uint64_t)i, end);
}

static inline bool training_init(struct training *t,
                                 const struct training_case *c,
                                 const struct fixture_graph *g)
{
    gnnac_error err = {{0}};
    gnnac_train_options o = c->options;
    *t = (struct training){
        .n_rows = g->n_nodes, .dim = c->model.dim, .classes = c->model.classes};
    if (!fixture_model_init(&t->f, &c->model, g,
                            c->n_threads ? c->n_threads : 1, 7, &err)) {
        TEST__FAIL("%s", err.msg);
        return false;
    }
    for (int32_t i = 0; i < t->f.program->n_params; i++)
        if (t->f.program->params[i].rows == 1) // biases are not zero here
            for (int32_t k = 0; k < t->f.program->params[i].cols; k++)
                t->f.model.params[i][k] =
                    (float)rng_normal(8, (uint64_t)(20 * i + k)) / 4;
    training_features(t);
    t->labels = malloc((size_t)(g->n_nodes * t->classes + 1) * sizeof(int32_t));
    t->nodes = malloc((size_t)g->n_nodes * sizeof(int32_t) + 1);
    t->y = malloc((size_t)g->n_nodes * (size_t)t->classes * sizeof(double) + 1);
    for (int64_t v = 0; v < g->n_nodes; v++) {
        if (v % 3 != 1)
            t->nodes[t->n_nodes++] = (int32_t)v;
    }
    training_labels(t, o.loss == GNNAC_BCE);
    t->features = (gnnac_features){.struct_size = sizeof(t->features),
                                   .dense = c->sparse ? NULL : t->x,
                                   .rowptr = t->rowptr,
                                   .colidx = t->colidx,
                                   .values = t->values,
                                   .form = c->sparse ? GNNAC_FORM_SPARSE
                                                     : GNNAC_FORM_DENSE};
    o.struct_size = sizeof(o);
    if (gnnac_trainer_create(&t->f.model, &t->features, &o, &t->trainer,
                             &err) == GNNAC_OK)
        return true;
    TEST__FAIL("%s", err.msg);
    return false;
}

// The model, its data and labels are left.
static inline void training_end(struct training *t)
{
    gnnac_trainer_destroy(t->trainer);
    t->trainer = NULL;
}

static inline void training_finish(struct training *t)
{
    training_end(t);
    fixture_model_finish(&t->f);
    free(t->x);
    free(t->rowptr);
    free(t->colidx);
    free(t->values);
    free(t->labels);
    free(t->nodes);
    free(t->y);
}

// Minus the log of the probability of each class being as it is.
static inline double reference_binary(const double *y, const int32_t *labels,
                                      int32_t n)
{
    double sum = 0;
    for (int32_t j = 0; j < n; j++)
        sum -= log(1 / (1 + exp(labels[j] ? -y[j] : y[j])));
    return sum / n;
}

// The loss in float64, of the model's definition.
static inline double reference_loss(struct training *t)
{
    double sum = 0;
    gnnac_error err = {{0}};
    if (reference_forward(&t->f.model, t->x, t->y, NULL, &err) != GNNAC_OK)
        TEST__FAIL("%s", err.msg);
    for (int64_t i = 0; i < t->n_nodes; i++) {
        int64_t at = t->nodes[i] * t->classes;
        sum += t->trainer->o.loss == GNNAC_BCE
                   ? reference_binary(t->y + at, t->labels + at, t->classes)
                   : -t->y[at + t->labels[t->nodes[i]]];
    }
    return sum / (double)t->n_nodes;
}

// The loss before the last of `n` steps.
static inline float training_steps(struct training *t, int n)
{
    float loss = NAN;
    gnnac_error err = {{0}};
    for (int i = 0; i < n; i++)
        if (gnnac_trainer_step(t->trainer, t->labels, t->nodes, t->n_nodes,
                               &loss, &err) != GNNAC_OK)
            TEST__FAIL("%s", err.msg);
    return loss;
}

// Of all bits of all weights.
static inline uint64_t training_hash(const struct training *t)
{
    uint64_t hash = 0;
    for (int32_t i = 0; i < t->f.program->n_params; i++)
        for (int64_t k = 0; k < param_elems(&t->f.program->params[i]); k++) {
            uint32_t bits;
            memcpy(&bits, &t->f.model.params[i][k], sizeof(bits));
            hash = rng_mix(hash * 31 + bits);
        }
    return hash;
}

#endif
