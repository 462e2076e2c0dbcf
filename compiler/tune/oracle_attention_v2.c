// The backward of GATv2's attention in float64. The gradient of an edge's score
// is c = w d - a D; with z its sum of rows and s the LeakyReLU's slope at z a
// row gets sum c s att, att sum c s z, a source sum w g + c s att.
#include <math.h>

#include "tune/oracle_edge.h"

static const double unit = 0x1p-24, tiny = 0x1p-126;

static double slope_at(double sum)
{
    return sum < 0 ? ATTENTION_SLOPE : 1;
}

// c of an edge, and its bound; `dot` is D, which may err by dot_bound.
struct change {
    double value, bound;
};

static struct change change_of(const struct edge_terms *t, double dot,
                               double dot_bound)
{
    double q = 2 * unit * t->roundings;
    return (struct change){t->w * t->d - t->a * dot,
                           q * (t->w * t->d_size + t->a * fabs(dot)) +
                               t->a * dot_bound + tiny};
}

// ---- rows -------------------------------------------------------------------

// One head of a row. `att` [dim] is what the row adds to att's gradient.
struct row_sums {
    double *rows, *rows_bound, *att, *att_bound;
};

static void add_edge(const struct oracle_job *j, int64_t v, int64_t u,
                     int32_t head, const struct change *c,
                     const struct row_sums *to)
{
    const struct kernel_spec *s = j->spec;
    for (int32_t k = head * s->channels; k < (head + 1) * s->channels; k++) {
        double z = oracle_row_sum(j, u, v, k), slope = slope_at(z);
        double by = slope * j->d->weight[k];
        to->rows[k] += c->value * by;
        to->rows_bound[k] += c->bound * fabs(by) + tiny;
        to->att[k] += c->value * slope * z;
        to->att_bound[k] += c->bound * slope * fabs(z) + tiny;
    }
}

// The error of D, which comes first.
static double row_head(const struct oracle_job *j, int64_t v, int32_t head,
                       const struct row_sums *to)
{
    double dot = 0, dot_bound = tiny;
    int64_t n = oracle_n_edges(j, v);
    for (int64_t i = 0; i < n; i++) {
        struct edge_terms t = oracle_edge_terms(j, v, i, head);
        dot += t.w * t.d;
        dot_bound += 2 * unit * t.roundings * t.w * t.d_size;
    }
    for (int64_t i = 0; i < n; i++) {
        struct edge_terms t = oracle_edge_terms(j, v, i, head);
        struct change c = change_of(&t, dot, dot_bound);
        add_edge(j, v, oracle_neighbour(j, v, i), head, &c, to);
    }
    return oracle_kept_error(j, v, KEPT_DOT, head, dot, dot_bound);
}

static double att_errors(const struct oracle_job *j, int64_t v,
                         const struct row_sums *want)
{
    const float *got = j->got->sums + v * j->spec->out_pitch;
    double worst = 0;
    for (int32_t c = 0; c < j->spec->dim; c++)
        worst = fmax(worst,
                     oracle_error(got[c], want->att[c], want->att_bound[c]));
    return worst;
}

double oracle_attention_v2_rows_grad(const struct oracle_job *j, int64_t v,
                                     double *y, double *bound)
{
    const struct kernel_spec *s = j->spec;
    const struct row_sums sums = {y, bound, y + s->dim, bound + s->dim};
    double worst = oracle_kept_rest(j, v);
    oracle_clear(s, sums.rows, sums.rows_bound);
    oracle_clear(s, sums.att, sums.att_bound);
    for (int32_t head = 0; head < s->heads; head++)
        worst = fmax(worst, row_head(j, v, head, &sums));
    worst = fmax(worst, att_errors(j, v, &sums));
    return fmax(worst, oracle_errors(j, v, y, bound));
}

// ---- sources ----------------------------------------------------------------

static void receive(const struct oracle_job *j, int64_t u, int64_t i,
                    int32_t head, double *y, double *bound)
{
    const struct kernel_spec *s = j->spec;
    int64_t v = oracle_neighbour(j, u, i);
    struct edge_terms t = oracle_edge_terms(j, u, i, head);
    struct change c = change_of(&t, oracle_kept(j, v, KEPT_DOT, head), 0);
    for (int32_t k = head * s->channels; k < (head + 1) * s->channels; k++) {
        double part = t.w * j->d->grad[v * s->grad_pitch + k];
        double by = slope_at(oracle_row_sum(j, u, v, k)) * j->d->weight[k];
        y[k] += part + c.value * by;
        bound[k] += 2 * unit * t.roundings * fabs(part) +
                    c.bound * fabs(by) + tiny;
    }
}

double oracle_attention_v2_grad(const struct oracle_job *j, int64_t u,
                                double *y, double *bound)
{
    double worst = oracle_kept_rest(j, u);
    oracle_clear(j->spec, y, bound);
    for (int32_t head = 0; head < j->spec->heads; head++)
        for (int64_t i = 0; i < oracle_n_edges(j, u); i++)
            receive(j, u, i, head, y, bound);
    return fmax(worst, oracle_errors(j, u, y, bound));
}
