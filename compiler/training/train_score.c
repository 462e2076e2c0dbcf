#include "training/train_score.h"

#include <math.h>

static const struct metric accuracy = {"accuracy", "test_accuracy",
                                       "best_val_accuracy",
                                       "last_val_accuracy"};
static const struct metric micro_f1 = {"micro-F1", "test_micro_f1",
                                       "best_val_micro_f1",
                                       "last_val_micro_f1"};

const struct metric *metric_of(const struct dataset *d)
{
    return d->many ? &micro_f1 : &accuracy;
}

// ---- one class a node -------------------------------------------------------

static int32_t largest(const float *y, int64_t n)
{
    int32_t best = 0;
    for (int32_t j = 1; j < n; j++)
        if (y[j] > y[best])
            best = j;
    return best;
}

static double cross_entropy(const float *y, int64_t n, int32_t label)
{
    double max = (double)y[largest(y, n)], sum = 0;
    for (int64_t j = 0; j < n; j++)
        sum += exp((double)y[j] - max);
    return max + log(sum) - (double)y[label];
}

static struct score score_classes(const struct dataset *d,
                                  const struct node_list *part, const float *y,
                                  int64_t dim)
{
    double right = 0, loss = 0, n = (double)part->n;
    for (int64_t i = 0; i < part->n; i++) {
        const float *row = y + part->nodes[i] * dim;
        int32_t label = d->labels[part->nodes[i]];
        right += largest(row, dim) == label;
        loss += cross_entropy(row, dim, label);
    }
    return (struct score){right / n, loss / n};
}

// ---- many classes a node ----------------------------------------------------

// Pairs of node and class: of the network, of the labels, of both.
struct found {
    double both, said, labelled;
    double loss;
};

static void count_row(struct found *f, const float *y, const int32_t *labels,
                      int64_t dim)
{
    for (int64_t j = 0; j < dim; j++) {
        double logit = (double)y[j], label = labels[j];
        f->both += y[j] > 0 && labels[j];
        f->said += y[j] > 0;
        f->labelled += label;
        f->loss += fmax(logit, 0) - logit * label + log1p(exp(-fabs(logit)));
    }
}

static struct score score_matrix(const struct dataset *d,
                                 const struct node_list *part, const float *y,
                                 int64_t dim)
{
    struct found f = {0};
    for (int64_t i = 0; i < part->n; i++) {
        int64_t at = part->nodes[i] * dim;
        count_row(&f, y + at, d->labels + at, dim);
    }
    double any = f.said + f.labelled;
    return (struct score){any > 0 ? 2 * f.both / any : 0,
                          f.loss / ((double)part->n * (double)dim)};
}

struct score score_of(const struct dataset *d, int split, const float *y,
                      int64_t dim)
{
    const struct node_list *part = &d->split[split];
    return part->n == 0 ? (struct score){NAN, NAN}
           : d->many    ? score_matrix(d, part, y, dim)
                        : score_classes(d, part, y, dim);
}
