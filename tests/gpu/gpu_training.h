// Steps of two trainers compared, and the networks that are trained for that.
#ifndef GNNAC_GPU_TRAINING_H
#define GNNAC_GPU_TRAINING_H

#include "gpu_trainers.h"

// ---- comparing --------------------------------------------------------------

static inline double difference(const float *a, const float *b, int64_t n)
{
    double far = 0, size = 0.1;
    for (int64_t i = 0; i < n; i++) {
        // Three sums over "dense" leave float32's range, on both sides.
        bool same = a[i] == b[i] || (isnan(a[i]) && isnan(b[i]));
        double d = same ? 0 : fabs((double)a[i] - (double)b[i]);
        far = !(d <= far) ? (isnan(d) ? INFINITY : d) : far;
        if (isfinite(b[i]))
            size = fmax(size, fabs((double)b[i]));
    }
    return far / size;
}

// Of all parameters, beside each one's largest.
static inline double weight_difference(struct pair *p)
{
    const struct program *q = &p->bundle->manifest->program;
    double worst = 0;
    if (cuda_model_download(p->model[GPU]->cuda, &p->err) != GNNAC_OK)
        return INFINITY;
    for (int32_t i = 0; i < q->n_params; i++)
        worst = fmax(worst, difference(p->model[GPU]->params[i],
                                       p->model[CPU]->params[i],
                                       param_elems(&q->params[i])));
    return worst;
}

// The largest difference of losses, predictions and weights over some steps;
// -1 with a message when something fails.
static inline double compare_steps(struct pair *p, int n_steps, double *weights)
{
    double worst = 0;
    float loss[N_SIDES];
    for (int i = 0; i < n_steps; i++) {
        for (int side = 0; side < N_SIDES; side++)
            if (gnnac_trainer_step(p->trainer[side], p->labels, p->nodes, p->n,
                                   &loss[side], &p->err) != GNNAC_OK)
                return -1;
        worst = fmax(worst, difference(&loss[GPU], &loss[CPU], 1));
    }
    for (int side = 0; side < N_SIDES; side++)
        if (gnnac_trainer_predict(p->trainer[side], p->y[side], &p->err) !=
            GNNAC_OK)
            return -1;
    *weights = weight_difference(p);
    return fmax(worst, difference(p->y[GPU], p->y[CPU],
                                  p->info.n_nodes * p->info.out_dim));
}

static inline void check_steps(const struct csr *g, const char *graph_name,
                        const struct setting *s, double tolerance)
{
    struct pair p;
    double weights = -1, worst = -1;
    bool open = pair_open(&p, g, s);
    if (open && p.n > 0)
        worst = compare_steps(&p, N_STEPS, &weights);
    if (!open ||
        (p.n > 0 && !(worst >= 0 && worst < tolerance && weights < tolerance)))
        TEST__FAIL("%s %d -> %d of %d layers on \"%s\": losses or output "
                   "differ by %g, weights by %g. %s",
                   s->model.name, (int)s->model.dim, (int)s->model.classes,
                   (int)s->model.layers, graph_name, worst, weights, p.err.msg);
    pair_close(&p);
}

// Each way in which a gradient goes back, once.
static const struct model_request shapes[] = {
    {.name = "gcn", .dim = 10, .hidden = 8, .classes = 5, .layers = 2},
    {.name = "gcn", .dim = 3, .hidden = 16, .classes = 33, .layers = 3},
    {.name = "gin", .dim = 10, .hidden = 8, .classes = 5, .layers = 2},
    {.name = "gin", .dim = 5, .hidden = 9, .classes = 4, .layers = 3, .mlp = 2},
    {.name = "sage", .dim = 10, .hidden = 8, .classes = 5, .layers = 2},
    {.name = "sage", .dim = 3, .hidden = 16, .classes = 1, .layers = 3},
    {.name = "gat", .dim = 10, .hidden = 4, .classes = 5, .layers = 2},
    {.name = "gat",
     .dim = 3,
     .hidden = 7,
     .classes = 9,
     .layers = 3,
     .heads = 3},
    {.name = "gatv2", .dim = 10, .hidden = 4, .classes = 5, .layers = 2},
    {.name = "gatv2",
     .dim = 3,
     .hidden = 7,
     .classes = 9,
     .layers = 3,
     .heads = 3},
    {.name = "gcn", .dim = 5, .hidden = 8, .classes = 4, .layers = 4,
     .residual = true},
    {.name = "gin", .dim = 5, .hidden = 20, .classes = 4, .layers = 3, .mlp = 2,
     .residual = true},
    {.name = "sage", .dim = 5, .hidden = 9, .classes = 4, .layers = 3,
     .residual = true},
    {.name = "gat", .dim = 3, .hidden = 7, .classes = 4, .layers = 3,
     .heads = 3, .residual = true},
    {.name = "gatv2", .dim = 3, .hidden = 7, .classes = 4, .layers = 3,
     .heads = 3, .residual = true},
};
enum { N_SHAPES = sizeof(shapes) / sizeof(shapes[0]) };

static const gnnac_train_options sgd = {.optimizer = GNNAC_SGD,
                                        .lr = 0.02f,
                                        .momentum = 0.5f,
                                        .weight_decay = 1e-2f,
                                        .decay_layers = 1,
                                        .learn_eps = 1,
                                        .dropout = 0.3f,
                                        .attention_dropout = 0.4f,
                                        .seed = 11};

static inline bool same_bits(const float *a, const float *b, int64_t n)
{
    return memcmp(a, b, (size_t)n * sizeof(float)) == 0;
}

#endif
