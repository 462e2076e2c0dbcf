// The backward of attention's scores in float64. Row v gets, in column c of
// head h, the gradient of its score as a source times att_src[c] and of that as
// a target times att_dst[c]; the gradients of att_src and att_dst are sums over
// all rows of those gradients times the row.
#include <math.h>
#include <stdlib.h>

#include "tune/oracle_kinds.h"

static const double unit = 0x1p-24, tiny = 0x1p-126;

enum { GRAD_SOURCE = 5, GRAD_TARGET = 6 }; // see ATTENTION_KEPT

static double score_grad(const struct oracle_job *j, int64_t v, int which,
                         int32_t c)
{
    const struct kernel_spec *s = j->spec;
    return j->d->self[v * s->self_pitch + which * s->heads + c / s->channels];
}

// Two products and two sums.
double oracle_scores_grad(const struct oracle_job *j, int64_t v, double *y,
                          double *bound)
{
    const struct kernel_spec *s = j->spec;
    for (int32_t c = 0; c < s->dim; c++) {
        double before = j->d->before[v * s->out_pitch + c];
        double source = score_grad(j, v, GRAD_SOURCE, c) * j->d->att_src[c];
        double target = score_grad(j, v, GRAD_TARGET, c) * j->d->att_dst[c];
        y[c] = before + source + target;
        bound[c] =
            4 * unit * (fabs(before) + fabs(source) + fabs(target)) + tiny;
    }
    return fmax(oracle_kept_rest(j, v), oracle_errors(j, v, y, bound));
}

// ---- sums over the rows -----------------------------------------------------

struct total {
    double sum, squares;
};

static void add_row(const struct oracle_job *j, int64_t v, struct total *t)
{
    const struct kernel_spec *s = j->spec;
    const float *x = j->d->x + v * s->x_pitch;
    for (int32_t i = 0; i < 2 * s->dim; i++) {
        int32_t c = i % s->dim;
        int which = i < s->dim ? GRAD_SOURCE : GRAD_TARGET;
        double term = score_grad(j, v, which, c) * x[c];
        t[i].sum += term;
        t[i].squares += term * term;
    }
}

// False where there is no memory.
static bool add_rows(const struct oracle_job *j, struct total *all)
{
    int32_t n = 2 * j->spec->dim;
    bool fits = true;
#pragma omp parallel reduction(&& : fits)
    {
        struct total *mine = calloc((size_t)n, sizeof(*mine));
        fits = mine != NULL;
#pragma omp for
        for (int64_t v = 0; v < j->g->n_nodes; v++)
            if (mine)
                add_row(j, v, mine);
#pragma omp critical
        for (int32_t i = 0; mine && i < n; i++) {
            all[i].sum += mine[i].sum;
            all[i].squares += mine[i].squares;
        }
        free(mine);
    }
    return fits;
}

// Roundings of a long sum in float32 are as good as random, whatever the order,
// and grow with its root; the bound for the worst of all orders, which grows
// with the rows, would let whole blocks of them be left out. In one chain of n
// random terms the error's deviation is 0.4 u n of a term's: this is ten of
// those. Terms of one sign add up to larger numbers on the way.
static double sum_bound(const struct oracle_job *j, const struct total *t)
{
    double root = sqrt((double)j->g->n_nodes);
    return 4 * unit * (root + 4) * (sqrt(t->squares) + fabs(t->sum)) + tiny;
}

double oracle_scores_sums(const struct oracle_job *j)
{
    int32_t n = 2 * j->spec->dim;
    double worst = 0;
    struct total *t = calloc((size_t)n, sizeof(*t));
    if (!t || !add_rows(j, t))
        worst = INFINITY;
    for (int32_t i = 0; t && i < n; i++)
        worst = fmax(worst, oracle_error(j->got->sums[i], t[i].sum,
                                         sum_bound(j, &t[i])));
    free(t);
    return worst;
}
