// Products of matrices in float64.
#include <math.h>

#include "tune/oracle_kinds.h"
#include "tune/oracle_tail.h"

static const double unit = 0x1p-24, tiny = 0x1p-126;

// Column c of a row: as many products and sums as it has terms, whatever their
// order; the row's factor; what is added to.
static void multiply(const struct oracle_job *j, int64_t v, int32_t c,
                     double *y, double *bound)
{
    const struct kernel_spec *s = j->spec;
    const float *x = j->d->x + v * s->x_pitch;
    const float *w = j->d->weight + (int64_t)c * s->depth;
    double scale = s->norm == NORM_GCN ? (double)j->d->dinv[v] : 1;
    double before = s->adds ? (double)j->d->before[v * s->out_pitch + c] : 0;
    double sum = 0, size = 0;
    for (int32_t i = 0; i < s->depth; i++) {
        sum += (double)w[i] * x[i];
        size += fabs((double)w[i] * x[i]);
    }
    *y = scale * sum + before;
    *bound = unit * ((s->depth + 4) * scale * size + fabs(before)) + tiny;
}

void oracle_linear(const struct oracle_job *j, int64_t v, double *y,
                   double *bound)
{
    for (int32_t c = 0; c < j->spec->dim; c++)
        multiply(j, v, c, &y[c], &bound[c]);
    oracle_tail(j->spec, j->d, v, y, bound);
    oracle_add_storage(j->spec, y, bound);
}
