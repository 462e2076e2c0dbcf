#include "tune/oracle.h"

#include <math.h>
#include <stdlib.h>

#include "bundle/dtype.h"
#include "tune/oracle_kinds.h"
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

void oracle_add_storage(const struct kernel_spec *spec, const double *y,
                        double *bound)
{
    if (spec->out_type == DTYPE_F32)
        return;
    double unit = dtype_unit(spec->out_type), tiny = dtype_tiny(spec->out_type);
    for (int32_t c = 0; c < spec_out_dim(spec); c++)
        bound[c] += unit * (fabs(y[c]) + bound[c]) + tiny;
}

void oracle_row(const struct csr *g, const struct kernel_spec *spec,
                const struct operand_data *d, int64_t v, double *y,
                double *bound)
{
    aggregate_row(g, spec, d, v, y, bound);
    oracle_tail(spec, d, v, y, bound);
    oracle_add_storage(spec, y, bound);
}

double oracle_error(double got, double want, double bound)
{
    double ratio = got == want ? 0 : fabs(got - want) / bound;
    return isnan(ratio) ? INFINITY : ratio;
}

double oracle_errors(const struct oracle_job *j, int64_t v, const double *want,
                     const double *bound)
{
    const float *got = j->got->out + v * j->spec->out_pitch;
    double worst = 0;
    for (int32_t c = 0; c < spec_out_dim(j->spec); c++)
        worst = fmax(worst, oracle_error(got[c], want[c], bound[c]));
    return worst;
}

static double check_sum(const struct oracle_job *j, int64_t v, double *room,
                        double *bound)
{
    oracle_row(j->g, j->spec, j->d, v, room, bound);
    return oracle_errors(j, v, room, bound);
}

static oracle_check *const checks[N_STEP_KINDS] = {
    [STEP_LINEAR] = oracle_linear,
    [STEP_AGGREGATE] = check_sum,
    [STEP_ATTENTION] = oracle_attention,
    [STEP_ATTENTION_KEEP] = oracle_attention_keep,
    [STEP_ATTENTION_ROWS_GRAD] = oracle_attention_rows_grad,
    [STEP_ATTENTION_GRAD] = oracle_attention_grad,
    [STEP_SDDMM] = oracle_sddmm,
    [STEP_EXTREME] = oracle_extreme,
    [STEP_EXTREME_SHARE] = oracle_extreme_share,
    [STEP_EXTREME_GRAD] = oracle_extreme_grad,
};

bool oracle_knows(enum step_kind kind)
{
    return checks[kind] != NULL;
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

static bool attends(enum step_kind kind)
{
    return kind == STEP_ATTENTION || kind == STEP_ATTENTION_KEEP ||
           kind == STEP_ATTENTION_ROWS_GRAD || kind == STEP_ATTENTION_GRAD;
}

// In terms of a product. What an edge costs a head before it comes to columns,
// exponentials and scores from all over memory, is worth so many.
static double work_of(const struct csr *g, const struct kernel_spec *s)
{
    enum { EXPONENTIALS = 64 };
    if (s->kind == STEP_LINEAR)
        return (double)g->n_nodes * s->dim * s->depth;
    if (attends(s->kind))
        return (double)(g->n_edges + g->n_nodes) * s->heads *
               (EXPONENTIALS + s->channels);
    return 0;
}

int64_t oracle_step(const struct csr *g, const struct kernel_spec *s)
{
    return (int64_t)(work_of(g, s) / 0x1p33) | 1;
}

static bool is_checked(int64_t v, int64_t n, int64_t step)
{
    return v % step == 0 || v < 1024 || v >= n - 1024;
}

double oracle_compare(const struct csr *g, const struct kernel_spec *spec,
                      const struct operand_data *d,
                      const struct kernel_results *got, int64_t *worst_row)
{
    const struct oracle_job j = {g, spec, d, got};
    struct worst all = {0, -1};
    int64_t step = oracle_step(g, spec);
#pragma omp parallel
    {
        struct worst mine = {0, -1};
        size_t room = (size_t)(spec->dim + spec->tail_dim);
        double *want = malloc(2 * room * sizeof(*want));
#pragma omp for schedule(dynamic, 256)
        for (int64_t v = 0; v < g->n_nodes; v++) {
            double error = 0;
            if (!want)
                error = INFINITY;
            else if (is_checked(v, g->n_nodes, step))
                error = checks[spec->kind](&j, v, want, want + room);
            keep_worse(&mine, error, v);
        }
        free(want);
#pragma omp critical
        keep_worse(&all, mine.error, mine.row);
    }
    *worst_row = all.row;
    return all.error;
}
