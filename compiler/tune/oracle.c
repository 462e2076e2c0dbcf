#include "tune/oracle.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bundle/dtype.h"
#include "tune/oracle_kinds.h"
#include "tune/oracle_memory.h"
#include "tune/oracle_sample.h"
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

static void sum_values(const struct oracle_job *j, int64_t v, double *y,
                       double *bound)
{
    oracle_row(j->g, j->spec, j->d, v, y, bound);
}

static oracle_values *const values[N_STEP_KINDS] = {
    [STEP_LINEAR] = oracle_linear,
    [STEP_AGGREGATE] = sum_values,
    [STEP_ATTENTION] = oracle_attention,
    [STEP_ATTENTION_V2] = oracle_attention,
};

static oracle_check *const checks[N_STEP_KINDS] = {
    [STEP_ATTENTION_KEEP] = oracle_attention_keep,
    [STEP_ATTENTION_ROWS_GRAD] = oracle_attention_rows_grad,
    [STEP_ATTENTION_GRAD] = oracle_attention_grad,
    [STEP_ATTENTION_SCORES_GRAD] = oracle_scores_grad,
    [STEP_ATTENTION_V2_KEEP] = oracle_attention_keep,
    [STEP_ATTENTION_V2_ROWS_GRAD] = oracle_attention_v2_rows_grad,
    [STEP_ATTENTION_V2_GRAD] = oracle_attention_v2_grad,
    [STEP_SDDMM] = oracle_sddmm,
    [STEP_EXTREME] = oracle_extreme,
    [STEP_EXTREME_SHARE] = oracle_extreme_share,
    [STEP_EXTREME_GRAD] = oracle_extreme_grad,
};

bool oracle_knows(enum step_kind kind)
{
    return values[kind] || checks[kind];
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

// ---- rows that are not compared ---------------------------------------------

// What an output is filled with before a kernel runs, as it is read back.
static bool is_poison(enum dtype type, float v)
{
    const uint32_t ones = UINT32_MAX;
    float poison;
    dtype_load(type, &ones, 1, &poison);
    return memcmp(&v, &poison, sizeof(v)) == 0;
}

// No other operation gives what is no number.
static bool is_left(const struct kernel_spec *s, float v)
{
    return s->kind == STEP_EXTREME ? is_poison(s->out_type, v) : !isfinite(v);
}

static bool edges_are_left(const struct oracle_job *j, int64_t v)
{
    const struct kernel_spec *s = j->spec;
    for (int64_t e = j->g->rowptr[v]; e < j->g->rowptr[v + 1]; e++) {
        int64_t number = s->edges == EDGES_MAPPED ? j->d->edge_of[e] : e;
        for (int32_t h = 0; h < s->heads; h++)
            if (is_left(s, j->got->out[number * s->heads + h]))
                return true;
    }
    return false;
}

// A row to which nothing was added is as it was in every column.
static bool row_is_left(const struct oracle_job *j, int64_t v)
{
    const struct kernel_spec *s = j->spec;
    bool two = s->kind == STEP_ATTENTION_V2_ROWS_GRAD;
    const float *got = j->got->out + v * s->out_pitch;
    const float *other = two ? j->got->sums + v * s->out_pitch : got;
    const float *before =
        spec_adds_to_out(s) ? j->d->before + v * s->out_pitch : NULL;
    int32_t n_same = 0, n = spec_out_dim(s);
    for (int32_t c = 0; c < n; c++) {
        if (is_left(s, got[c]) || is_left(s, other[c]))
            return true;
        n_same += before && got[c] == before[c];
    }
    return n_same == n && n > 0;
}

static double left_error(const struct oracle_job *j, int64_t v)
{
    bool left = false;
    if (j->spec->kind == STEP_SDDMM)
        left = edges_are_left(j, v);
    else if (j->spec->kind != STEP_ATTENTION_ROWS_GRAD)
        left = row_is_left(j, v);
    return left ? INFINITY : oracle_kept_left(j, v);
}

// ---- all rows ---------------------------------------------------------------

size_t spec_room(const struct kernel_spec *s)
{
    bool two = s->kind == STEP_ATTENTION_V2_ROWS_GRAD;
    return (size_t)s->dim + (size_t)(two ? s->dim : s->tail_dim);
}

// A thread's part, and the room that it has for a row.
struct looking {
    const struct oracle_job *j;
    const struct oracle_sample *sample;
    struct oracle_memory *memory;
    double *want, *bound;
    struct worst worst;
};

// Of the rows that are looked at the special ones, which may be looked at
// twice, are remembered behind all others: `place` says where.
static double row_error(const struct looking *l, int64_t v, int64_t place)
{
    const struct oracle_job *j = l->j;
    struct oracle_memory *m = l->memory;
    oracle_values *of = values[j->spec->kind];
    if (!of)
        return checks[j->spec->kind](j, v, l->want, l->bound);
    if (!oracle_memory_recall(m, place, l->want, l->bound)) {
        of(j, v, l->want, l->bound);
        oracle_memory_keep(m, place, l->want, l->bound);
    }
    return oracle_errors(j, v, l->want, l->bound);
}

static void look_at(struct looking *l, int64_t v)
{
    double error = INFINITY;
    if (l->want)
        error = oracle_sample_has(l->sample, v) ? row_error(l, v, v)
                                                : left_error(l->j, v);
    keep_worse(&l->worst, error, v);
}

static void look_at_special(struct looking *l, int32_t i)
{
    int64_t v = l->sample->special[i];
    double error =
        l->want ? row_error(l, v, l->j->g->n_nodes + i) : INFINITY;
    keep_worse(&l->worst, error, v);
}

// The special rows first, which may be long.
static struct worst look_at_rows(const struct oracle_job *j,
                                 const struct oracle_sample *sample,
                                 struct oracle_memory *memory)
{
    struct worst all = {0, -1};
    size_t room = spec_room(j->spec);
#pragma omp parallel
    {
        double *want = malloc(2 * room * sizeof(*want));
        struct looking mine = {j, sample, memory, want,
                               want ? want + room : NULL, {0, -1}};
#pragma omp for schedule(dynamic) nowait
        for (int32_t i = 0; i < sample->n_special; i++)
            look_at_special(&mine, i);
#pragma omp for schedule(dynamic, 256)
        for (int64_t v = 0; v < j->g->n_nodes; v++)
            look_at(&mine, v);
        free(want);
#pragma omp critical
        keep_worse(&all, mine.worst.error, mine.worst.row);
    }
    return all;
}

static double compare(const struct oracle_sample *sample,
                      const struct oracle_job *j, struct oracle_memory *memory,
                      int64_t *worst_row)
{
    const struct kernel_spec *spec = j->spec;
    struct worst worst = look_at_rows(j, sample, memory);
    if (spec->kind == STEP_ATTENTION_SCORES_GRAD)
        keep_worse(&worst, oracle_scores_sums(j), sample->g->n_nodes);
    *worst_row = worst.row;
    return worst.error;
}

double oracle_compare_sample(const struct oracle_sample *sample,
                             const struct kernel_spec *spec,
                             const struct operand_data *d,
                             const struct kernel_results *got,
                             int64_t *worst_row)
{
    struct oracle_memory none = {0};
    return compare(sample, &(struct oracle_job){sample->g, spec, d, got}, &none,
                   worst_row);
}

double oracle_compare_again(struct oracle_memory *memory, const struct csr *g,
                            const struct kernel_spec *spec,
                            const struct operand_data *d,
                            const struct kernel_results *got,
                            int64_t *worst_row)
{
    struct oracle_sample sample;
    oracle_sample_rows(g, spec, ORACLE_LIMIT, &sample);
    if (values[spec->kind])
        oracle_memory_open(memory, g->n_nodes + sample.n_special,
                           spec_out_dim(spec));
    double error = compare(&sample, &(struct oracle_job){g, spec, d, got},
                           memory, worst_row);
    if (isfinite(error)) // else perhaps for want of room
        oracle_memory_fill(memory);
    return error;
}

double oracle_compare(const struct csr *g, const struct kernel_spec *spec,
                      const struct operand_data *d,
                      const struct kernel_results *got, int64_t *worst_row)
{
    struct oracle_sample sample;
    oracle_sample_rows(g, spec, ORACLE_LIMIT, &sample);
    return oracle_compare_sample(&sample, spec, d, got, worst_row);
}
