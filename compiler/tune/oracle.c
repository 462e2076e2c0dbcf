#include "tune/oracle.h"

#include <math.h>
#include <stdlib.h>

#include "bundle/dtype.h"
#include "tune/oracle_tail.h"

static double row_scale(const struct kernel_spec *spec,
                        const struct operand_data *d, int64_t v,
                        int64_t degree)
{
    switch (spec->norm) {
    case NORM_MEAN:
        return 1.0 / (double)(degree > 0 ? degree : 1);
    case NORM_GCN:
    case NORM_SCALED:
        return d->dinv[v];
    default:
        return 1;
    }
}

static double self_weight(const struct kernel_spec *spec,
                          const struct operand_data *d, int64_t v)
{
    switch (spec->self_term) {
    case SELF_ONE:
        return 1;
    case SELF_EPS:
        return 1 + (double)d->eps;
    case SELF_GCN:
        return (double)d->dinv[v] * d->dinv[v];
    case SELF_SCALED:
        return d->dinv[v];
    default:
        return 0;
    }
}

// What multiplies column c of the neighbour that edge e leads from.
static double edge_weight(const struct csr *g, const struct kernel_spec *spec,
                          const struct operand_data *d, int64_t e, int32_t c)
{
    double w = spec->norm == NORM_GCN ? d->dinv[g->colidx[e]] : 1;
    if (spec->edges == EDGES_NONE)
        return w;
    int64_t number = spec->edges == EDGES_MAPPED ? d->edge_of[e] : e;
    return spec->heads ? w * d->edge_values[number * spec->heads +
                                            c / spec->channels]
                       : w * d->edge_values[number];
}

// What a row's edges, and its own self loop, say about one head's softmax.
struct softmax {
    double max, min, far, sum; // of the scores; far: the largest absolute one
};

static double edge_score(const struct kernel_spec *spec,
                         const struct operand_data *d, int64_t v, int64_t u,
                         int32_t head)
{
    double e = (double)d->self[u * spec->self_pitch + head] +
               d->self[v * spec->self_pitch + spec->heads + head];
    return e < 0 ? 0.2 * e : e;
}

static void meet(struct softmax *s, double e)
{
    s->max = fmax(s->max, e);
    s->min = fmin(s->min, e);
    s->far = fmax(s->far, fabs(e));
}

static void add_weighted(const struct kernel_spec *spec,
                         const struct operand_data *d, int64_t v, int64_t u,
                         int32_t head, struct softmax *s, double *y,
                         double *bound)
{
    double p = exp(edge_score(spec, d, v, u, head) - s->max);
    s->sum += p;
    for (int32_t c = head * spec->channels; c < (head + 1) * spec->channels;
         c++) {
        double x = d->x[u * spec->x_pitch + c];
        y[c] += p * x;
        bound[c] += p * fabs(x);
    }
}

// One head of a row of attention. A score is rounded thrice before it is
// exponentiated, which moves the weights of a softmax by twice that; then come
// the exponentials' own roundings, the rescalings and the sums.
static void attend(const struct csr *g, const struct kernel_spec *spec,
                   const struct operand_data *d, int64_t v, int32_t head,
                   double *y, double *bound)
{
    int64_t begin = g->rowptr[v], end = g->rowptr[v + 1];
    double own = edge_score(spec, d, v, v, head);
    struct softmax s = {own, own, fabs(own), 0};
    for (int64_t e = begin; e < end; e++)
        meet(&s, edge_score(spec, d, v, g->colidx[e], head));
    add_weighted(spec, d, v, v, head, &s, y, bound);
    for (int64_t e = begin; e < end; e++)
        add_weighted(spec, d, v, g->colidx[e], head, &s, y, bound);
    double q = 6 * s.far + 2 * (s.max - s.min) + 4 * (double)(end - begin + 5);
    for (int32_t c = head * spec->channels; c < (head + 1) * spec->channels;
         c++) {
        double bias = spec->bias ? d->bias[c] : 0;
        y[c] = y[c] / s.sum + bias;
        bound[c] = 0x1p-24 * (q * bound[c] / s.sum + fabs(bias) +
                              4 * fabs(y[c])) + 0x1p-126;
        if (y[c] < 0 && spec->act != ACT_NONE)
            y[c] = spec->act == ACT_ELU ? expm1(y[c]) : 0;
    }
}

static void attention_row(const struct csr *g, const struct kernel_spec *spec,
                          const struct operand_data *d, int64_t v, double *y,
                          double *bound)
{
    for (int32_t c = 0; c < spec->dim; c++)
        y[c] = bound[c] = 0;
    for (int32_t head = 0; head < spec->heads; head++)
        attend(g, spec, d, v, head, y, bound);
}

static void aggregate_row(const struct csr *g, const struct kernel_spec *spec,
                          const struct operand_data *d, int64_t v, double *y,
                          double *bound)
{
    int64_t begin = g->rowptr[v], end = g->rowptr[v + 1];
    double scale = row_scale(spec, d, v, end - begin);
    double own = self_weight(spec, d, v);
    double u = 4 * 0x1p-24 * (double)(end - begin + 2);
    for (int32_t c = 0; c < spec->dim; c++)
        y[c] = bound[c] = 0;
    for (int64_t e = begin; e < end; e++) {
        const float *x = d->x + g->colidx[e] * (int64_t)spec->x_pitch;
        for (int32_t c = 0; c < spec->dim; c++) {
            double w = scale * edge_weight(g, spec, d, e, c);
            y[c] += w * x[c];
            bound[c] += fabs(w * x[c]);
        }
    }
    for (int32_t c = 0; c < spec->dim; c++) {
        double self =
            own != 0 ? own * d->self[v * spec->self_pitch + c] : 0;
        double bias = spec->bias ? d->bias[c] : 0;
        y[c] += self + bias;
        bound[c] = u * (bound[c] + fabs(self) + fabs(bias)) + 0x1p-126;
        if (spec->act == ACT_RELU && y[c] < 0)
            y[c] = 0;
    }
}

static void add_storage(const struct kernel_spec *spec, const double *y,
                        double *bound)
{
    double unit = dtype_unit(spec->out_type), tiny = dtype_tiny(spec->out_type);
    for (int32_t c = 0; c < spec_out_dim(spec); c++)
        bound[c] += unit * (fabs(y[c]) + bound[c]) + tiny;
}

void oracle_row(const struct csr *g, const struct kernel_spec *spec,
                const struct operand_data *d, int64_t v, double *y,
                double *bound)
{
    if (spec->heads && spec->edges == EDGES_NONE) {
        attention_row(g, spec, d, v, y, bound);
        return;
    }
    aggregate_row(g, spec, d, v, y, bound);
    oracle_tail(spec, d, v, y, bound);
    if (spec->out_type != DTYPE_F32)
        add_storage(spec, y, bound);
}

static double row_error(const struct kernel_spec *spec, const float *got,
                        const double *want, const double *bound)
{
    double worst = 0;
    for (int32_t c = 0; c < spec_out_dim(spec); c++) {
        double ratio = fabs(got[c] - want[c]) / bound[c];
        if (!(ratio <= worst))
            worst = isnan(ratio) ? INFINITY : ratio;
    }
    return worst;
}

// The worst row that one thread saw; the first of equal ones.
struct worst {
    double error;
    int64_t row;
};

static void keep_worse(struct worst *w, double error, int64_t row)
{
    if (error > w->error || (error == w->error && row < w->row))
        *w = (struct worst){error, row};
}

double oracle_compare(const struct csr *g, const struct kernel_spec *spec,
                      const struct operand_data *d, const float *y,
                      int64_t *worst_row)
{
    struct worst all = {0, -1};
#pragma omp parallel
    {
        struct worst mine = {0, -1};
        size_t room = (size_t)spec->dim + (size_t)spec->tail_dim;
        double *want = malloc(2 * room * sizeof(*want));
#pragma omp for schedule(dynamic, 256)
        for (int64_t v = 0; v < g->n_nodes; v++) {
            double error = INFINITY;
            if (want) {
                oracle_row(g, spec, d, v, want, want + room);
                error = row_error(spec, y + v * spec->out_pitch, want,
                                  want + room);
            }
            keep_worse(&mine, error, v);
        }
        free(want);
#pragma omp critical
        keep_worse(&all, mine.error, mine.row);
    }
    *worst_row = all.row;
    return all.error;
}
