// Optimisers, with PyTorch's definitions. Adam: Kingma and Ba, "Adam: a method
// for stochastic optimization", ICLR 2015, algorithm 1; AdamW: Loshchilov and
// Hutter, "Decoupled weight decay regularization", ICLR 2019, algorithm 2.
#include <math.h>

#include "train/trainer.h"

enum { LEAST_SHARED = 1 << 14 }; // elements worth a second thread

// One parameter's arrays and the step's constants.
struct update {
    int64_t n;
    float *w, *m, *v;
    const float *g;
    float lr, decay, shrink; // of the gradient; of the weight (AdamW)
    float beta1, beta2, correct2, epsilon;
    int n_threads;
};

static void adam(const struct update *u)
{
    float *w = u->w, *m = u->m, *v = u->v;
    const float *g = u->g;
    const struct update c = *u;
#pragma omp parallel for simd schedule(static) \
    num_threads(c.n_threads) if (c.n >= LEAST_SHARED)
    for (int64_t i = 0; i < c.n; i++) {
        float d = g[i] + c.decay * w[i];
        m[i] = c.beta1 * m[i] + (1 - c.beta1) * d;
        v[i] = c.beta2 * v[i] + (1 - c.beta2) * d * d;
        w[i] = c.shrink * w[i] -
               c.lr * m[i] / (sqrtf(v[i]) * c.correct2 + c.epsilon);
    }
}

static void sgd(const struct update *u)
{
    float *w = u->w, *m = u->m;
    const float *g = u->g;
    const struct update c = *u;
#pragma omp parallel for simd schedule(static) \
    num_threads(c.n_threads) if (c.n >= LEAST_SHARED)
    for (int64_t i = 0; i < c.n; i++) {
        m[i] = c.beta1 * m[i] + g[i] + c.decay * w[i];
        w[i] -= c.lr * m[i];
    }
}

static struct update adam_constants(const gnnac_train_options *o, int64_t step)
{
    double t = (double)step;
    bool apart = o->optimizer == GNNAC_ADAMW;
    double correct1 = 1 - pow((double)o->beta1, t);
    double correct2 = 1 - pow((double)o->beta2, t);
    return (struct update){.lr = (float)((double)o->lr / correct1),
                           .decay = apart ? 0 : o->weight_decay,
                           .shrink = apart ? 1 - o->lr * o->weight_decay : 1,
                           .beta1 = o->beta1,
                           .beta2 = o->beta2,
                           .correct2 = (float)(1 / sqrt(correct2)),
                           .epsilon = o->epsilon};
}

static struct update sgd_constants(const gnnac_train_options *o)
{
    return (struct update){.lr = o->lr,
                           .decay = o->weight_decay,
                           .shrink = 1,
                           .beta1 = o->momentum};
}

bool train_updates(const gnnac_trainer *t, int32_t param)
{
    return t->o.learn_eps || trained_program(t)->params[param].init != INIT_EPS;
}

bool train_decays(const gnnac_trainer *t, int32_t param)
{
    return t->o.decay_layers == 0 ||
           t->plan.param_layer[param] < t->o.decay_layers;
}

void train_update(gnnac_trainer *t)
{
    const struct program *p = trained_program(t);
    const gnnac_train_options *o = &t->o;
    bool is_sgd = o->optimizer == GNNAC_SGD;
    for (int32_t i = 0; i < p->n_params; i++) {
        bool decays = train_decays(t, i);
        if (!train_updates(t, i))
            continue;
        struct update u =
            is_sgd ? sgd_constants(o) : adam_constants(o, t->n_steps);
        u.decay = decays ? u.decay : 0;
        u.shrink = decays ? u.shrink : 1;
        u.n = param_elems(&p->params[i]);
        u.n_threads = t->m->ctx->n_threads;
        u.w = t->m->params[i];
        u.g = t->grad.of[i];
        u.m = t->first.of[i];
        u.v = t->second.of[i];
        (is_sgd ? sgd : adam)(&u);
    }
}
