// Mean negative log-likelihood over some nodes. A program that ends in
// log_softmax gives log-likelihoods; the output of any other is taken for
// logits (cross-entropy). One thread: the nodes are few, their order fixed.
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

double train_loss(gnnac_trainer *t, const int32_t *labels, const int32_t *nodes,
                  int64_t n)
{
    struct cpu_run r = trainer_run(t, NULL);
    struct view y = cpu_output(&r, BUFFER_Y), g = trainer_grad(t, BUFFER_Y);
    size_t n_rows = (size_t)t->m->bundle->manifest->n_nodes;
    float weight = 1 / (float)n;
    double sum = 0;
    memset(g.data, 0, n_rows * (size_t)g.pitch * sizeof(float));
    for (int64_t i = 0; i < n; i++) {
        const float *row = y.data + nodes[i] * y.pitch;
        float *to = g.data + nodes[i] * g.pitch;
        if (!t->plan.has_log_softmax)
            sum += add_softmax(row, y.dim, weight, to);
        sum -= (double)row[labels[nodes[i]]];
        to[labels[nodes[i]]] -= weight;
    }
    memset(t->has_grad, 0, sizeof(t->has_grad));
    t->has_grad[BUFFER_Y] = true;
    return sum / (double)n;
}
