// Products of rows for every edge, and the largest and smallest of neighbours,
// in float64.
#include <math.h>
#include <stdbool.h>

#include "tune/oracle_kinds.h"

static const double unit = 0x1p-24, tiny = 0x1p-126;

// ---- products of rows -------------------------------------------------------

// A product of so many terms, each rounded, and their sum; then the mean's
// factor, which is rounded, and what it multiplies.
static double product_error(const struct oracle_job *j, int64_t v, int64_t e,
                            int32_t head)
{
    const struct kernel_spec *s = j->spec;
    const float *at = j->d->self + v * s->self_pitch;
    const float *from = j->d->x + j->g->colidx[e] * (int64_t)s->x_pitch;
    int64_t degree = j->g->rowptr[v + 1] - j->g->rowptr[v];
    double scale = s->norm == NORM_MEAN ? 1 / (double)degree : 1;
    double sum = 0, size = 0;
    for (int32_t c = head * s->channels; c < (head + 1) * s->channels; c++) {
        sum += (double)at[c] * from[c];
        size += fabs((double)at[c] * from[c]);
    }
    int64_t number = s->edges == EDGES_MAPPED ? j->d->edge_of[e] : e;
    return oracle_error(j->got->out[number * s->heads + head], scale * sum,
                        unit * (s->channels + 4) * scale * size + tiny);
}

double oracle_sddmm(const struct oracle_job *j, int64_t v, double *y,
                    double *bound)
{
    double worst = 0;
    (void)y;
    (void)bound;
    for (int64_t e = j->g->rowptr[v]; e < j->g->rowptr[v + 1]; e++)
        for (int32_t head = 0; head < j->spec->heads; head++)
            worst = fmax(worst, product_error(j, v, e, head));
    return worst;
}

// ---- largest and smallest ---------------------------------------------------

static double x_at(const struct oracle_job *j, int64_t e, int32_t c)
{
    return j->d->x[j->g->colidx[e] * (int64_t)j->spec->x_pitch + c];
}

static double grad_at(const struct oracle_job *j, int64_t v, int32_t c)
{
    return j->d->grad[v * j->spec->grad_pitch + c];
}

// A NaN wins; 0 where there are none.
static double best_of(const struct oracle_job *j, int64_t v, int32_t c)
{
    double sign = j->spec->smallest ? -1 : 1, best = -INFINITY;
    int64_t e = j->g->rowptr[v], end = j->g->rowptr[v + 1];
    if (e == end)
        return 0;
    for (; e < end; e++) {
        double x = sign * x_at(j, e, c);
        if (isnan(x))
            return x;
        best = x > best ? x : best;
    }
    return sign * best;
}

// Whatever is stored wider than it came is the very number.
static double storage_bound(const struct kernel_spec *s, double value)
{
    bool exact = s->out_type == DTYPE_F32 || s->out_type == s->x_type;
    return exact ? 0
                 : dtype_unit(s->out_type) * fabs(value) +
                       dtype_tiny(s->out_type);
}

double oracle_extreme(const struct oracle_job *j, int64_t v, double *y,
                      double *bound)
{
    const struct kernel_spec *s = j->spec;
    const float *got = j->got->out + v * s->out_pitch;
    double worst = 0;
    (void)y;
    (void)bound;
    for (int32_t c = 0; c < s->dim; c++) {
        double want = best_of(j, v, c);
        if (!(isnan(want) && isnan(got[c])))
            worst = fmax(worst,
                         oracle_error(got[c], want, storage_bound(s, want)));
    }
    return worst;
}

// A division of a number by a whole one.
double oracle_extreme_share(const struct oracle_job *j, int64_t v, double *y,
                            double *bound)
{
    const float *self = j->d->self + v * j->spec->self_pitch;
    for (int32_t c = 0; c < j->spec->dim; c++) {
        int64_t ties = 0;
        for (int64_t e = j->g->rowptr[v]; e < j->g->rowptr[v + 1]; e++)
            ties += x_at(j, e, c) == self[c];
        y[c] = ties ? grad_at(j, v, c) / (double)ties : 0;
        bound[c] = 4 * unit * fabs(y[c]) + tiny;
    }
    return oracle_errors(j, v, y, bound);
}

// Rows of the graph are sources: it is the transposed one.
double oracle_extreme_grad(const struct oracle_job *j, int64_t u, double *y,
                           double *bound)
{
    const struct kernel_spec *s = j->spec;
    const float *mine = j->d->x + u * s->x_pitch;
    int64_t begin = j->g->rowptr[u], end = j->g->rowptr[u + 1];
    for (int32_t c = 0; c < s->dim; c++) {
        y[c] = bound[c] = 0;
        for (int64_t e = begin; e < end; e++) {
            int64_t v = j->g->colidx[e];
            bool equal = j->d->self[v * s->self_pitch + c] == mine[c];
            y[c] += equal ? grad_at(j, v, c) : 0;
            bound[c] += equal ? fabs(grad_at(j, v, c)) : 0;
        }
        bound[c] = 4 * unit * (double)(end - begin + 2) * bound[c] + tiny;
    }
    return oracle_errors(j, u, y, bound);
}
