// Mean loss over some nodes: negative log-likelihood, where a program that ends
// in log_softmax gives log-likelihoods and the output of any other is taken for
// logits (cross-entropy); or binary cross-entropy of each class by itself. One
// thread: the nodes are few, their order fixed.
#include <math.h>
#include <string.h>

#include "train/trainer.h"

enum { BUFFER_Y = 1 };

static float log_sum_exp(const float *y, int32_t dim)
{
    float max = y[0], sum = 0;
    for (int32_t j = 1; j < dim; j++)
        max = y[j] > max ? y[j] : max;
    for (int32_t j = 0; j < dim; j++)
        sum += expf(y[j] - max);
    return max + logf(sum);
}

// d/dy of weight * (log_sum_exp(y) - y[label]), the second term elsewhere.
static double add_softmax(const float *y, int32_t dim, float weight, float *g)
{
    float total = log_sum_exp(y, dim);
    for (int32_t j = 0; j < dim; j++)
        g[j] += weight * expf(y[j] - total);
    return (double)total;
}

// A row's loss; its gradient times `weight` is added to g.
typedef double row_loss(const gnnac_trainer *t, struct const_view y, int64_t v,
                        const int32_t *labels, float weight, float *g);

static double likelihood_row(const gnnac_trainer *t, struct const_view y,
                             int64_t v, const int32_t *labels, float weight,
                             float *g)
{
    const float *row = y.data + v * y.pitch;
    double loss = t->plan.has_log_softmax
                      ? 0
                      : add_softmax(row, y.dim, weight, g);
    g[labels[v]] -= weight;
    return loss - (double)row[labels[v]];
}

// max(y, 0) - y label + log(1 + e^-|y|): no logit overflows.
static double binary_row(const gnnac_trainer *t, struct const_view y, int64_t v,
                         const int32_t *labels, float weight, float *g)
{
    const float *row = y.data + v * y.pitch;
    double loss = 0;
    (void)t;
    for (int32_t j = 0; j < y.dim; j++) {
        float label = (float)labels[v * y.dim + j];
        float small = expf(-fabsf(row[j]));
        float probability = (row[j] < 0 ? small : 1) / (1 + small);
        loss += (double)(fmaxf(row[j], 0) - row[j] * label + log1pf(small));
        g[j] += weight / (float)y.dim * (probability - label);
    }
    return loss / y.dim;
}

static row_loss *const row_losses[] = {
    [GNNAC_CROSS_ENTROPY] = likelihood_row,
    [GNNAC_BCE] = binary_row,
};

double train_loss(gnnac_trainer *t, const int32_t *labels, const int32_t *nodes,
                  int64_t n)
{
    struct cpu_run r = trainer_run(t, NULL);
    const struct const_view y = as_const(cpu_output(&r, BUFFER_Y));
    struct view g = trainer_grad(t, BUFFER_Y);
    size_t n_rows = (size_t)t->m->bundle->manifest->n_nodes;
    float weight = 1 / (float)n;
    double sum = 0;
    memset(g.data, 0, n_rows * (size_t)g.pitch * sizeof(float));
    for (int64_t i = 0; i < n; i++)
        sum += row_losses[t->o.loss](t, y, nodes[i], labels, weight,
                                     g.data + nodes[i] * g.pitch);
    memset(t->has_grad, 0, sizeof(t->has_grad));
    t->has_grad[BUFFER_Y] = true;
    return sum / (double)n;
}
