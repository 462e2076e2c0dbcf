// Attention in float64, forward and backward. A row's own self loop is its last
// edge.
#include <math.h>
#include <stdbool.h>

#include "bundle/train_state.h"
#include "rng.h"
#include "tune/oracle_kinds.h"
#include "tune/oracle_tail.h"

static const double unit = 0x1p-24, tiny = 0x1p-126;

// ---- edges ------------------------------------------------------------------

static int64_t n_edges_of(const struct oracle_job *j, int64_t v)
{
    return j->g->rowptr[v + 1] - j->g->rowptr[v] + 1;
}

static int64_t neighbour(const struct oracle_job *j, int64_t v, int64_t i)
{
    return i + 1 < n_edges_of(j, v) ? j->g->colidx[j->g->rowptr[v] + i] : v;
}

// By which dropout draws: that among the edges by rows.
static int64_t number_of(const struct oracle_job *j, int64_t v, int64_t i)
{
    int64_t e = j->g->rowptr[v] + i;
    if (i + 1 == n_edges_of(j, v))
        return j->g->n_edges + v;
    return j->spec->kind == STEP_ATTENTION_GRAD ? j->d->edge_of[e] : e;
}

// Before the LeakyReLU.
static double score_sum(const struct oracle_job *j, int64_t source,
                        int64_t target, int32_t head)
{
    const struct kernel_spec *s = j->spec;
    return (double)j->d->self[source * s->self_pitch + head] +
           j->d->self[target * s->self_pitch + s->heads + head];
}

static double slope_at(double sum)
{
    return sum < 0 ? ATTENTION_SLOPE : 1;
}

// What is left of coefficient a of edge `number`; all but forward and backward
// of a model in training leave it whole.
static double left_of(const struct oracle_job *j, int64_t number, int32_t head,
                      double a)
{
    const struct train_state *t = j->d->state;
    if (!t || t->attention_threshold == 0)
        return a;
    uint64_t draws = (uint64_t)(j->spec->heads + 3) / 4;
    uint64_t stream = rng_at(rng_at(t->seed, (uint64_t)t->step),
                             (uint64_t)j->d->place);
    uint64_t bits = rng_at(stream, (uint64_t)number * draws +
                                       (uint64_t)head / 4) >>
                    (16 * (head % 4));
    return (bits & 0xffff) >= t->attention_threshold
               ? (double)t->attention_scale * a
               : 0;
}

// ---- forward ----------------------------------------------------------------

// What a row's edges say about one head's softmax.
struct softmax {
    double max, min, far, sum; // of the scores; far: the largest absolute one
};

static double edge_score(const struct oracle_job *j, int64_t v, int64_t i,
                         int32_t head)
{
    double sum = score_sum(j, neighbour(j, v, i), v, head);
    return slope_at(sum) * sum;
}

static struct softmax softmax_of(const struct oracle_job *j, int64_t v,
                                 int32_t head)
{
    struct softmax s = {-INFINITY, INFINITY, 0, 0};
    int64_t n = n_edges_of(j, v);
    for (int64_t i = 0; i < n; i++) {
        double e = edge_score(j, v, i, head);
        s.max = fmax(s.max, e);
        s.min = fmin(s.min, e);
        s.far = fmax(s.far, fabs(e));
    }
    for (int64_t i = 0; i < n; i++)
        s.sum += exp(edge_score(j, v, i, head) - s.max);
    return s;
}

// A score is rounded thrice before it is exponentiated, which moves the weights
// of a softmax by twice that; then come the exponentials' own roundings, the
// rescalings and the sums.
static double roundings(const struct softmax *s, int64_t n_edges)
{
    return 6 * s->far + 2 * (s->max - s->min) + 4 * (double)(n_edges + 4);
}

static void add_weighted(const struct oracle_job *j, int64_t v, int64_t i,
                         int32_t head, double top, double *y, double *size)
{
    const struct kernel_spec *s = j->spec;
    const float *x = j->d->x + neighbour(j, v, i) * s->x_pitch;
    double p = exp(edge_score(j, v, i, head) - top);
    double w = left_of(j, number_of(j, v, i), head, p);
    for (int32_t c = head * s->channels; c < (head + 1) * s->channels; c++) {
        y[c] += w * x[c];
        size[c] += (w > p ? w : p) * fabs((double)x[c]);
    }
}

// One head of a row of attention; y and bound are 0.
static struct softmax attend(const struct oracle_job *j, int64_t v,
                             int32_t head, double *y, double *bound)
{
    const struct kernel_spec *spec = j->spec;
    struct softmax s = softmax_of(j, v, head);
    int64_t n = n_edges_of(j, v);
    for (int64_t i = 0; i < n; i++)
        add_weighted(j, v, i, head, s.max, y, bound);
    double q = roundings(&s, n);
    for (int32_t c = head * spec->channels; c < (head + 1) * spec->channels;
         c++) {
        double bias = spec->bias ? j->d->bias[c] : 0;
        y[c] = y[c] / s.sum + bias;
        bound[c] = unit * (q * bound[c] / s.sum + fabs(bias) +
                           4 * fabs(y[c])) + tiny;
        if (y[c] < 0 && spec->act != ACT_NONE)
            y[c] = spec->act == ACT_ELU ? expm1(y[c]) : 0;
    }
    return s;
}

static void clear(const struct kernel_spec *s, double *y, double *bound)
{
    for (int32_t c = 0; c < s->dim; c++)
        y[c] = bound[c] = 0;
}

double oracle_attention(const struct oracle_job *j, int64_t v, double *y,
                        double *bound)
{
    clear(j->spec, y, bound);
    for (int32_t head = 0; head < j->spec->heads; head++)
        attend(j, v, head, y, bound);
    return oracle_errors(j, v, y, bound);
}

// ---- what is kept -----------------------------------------------------------

// The numbers of a head that forward finds and leaves behind the scores; see
// ATTENTION_KEPT.
enum { TOP = 2, PART = 3, DOT = 4, GRAD_SOURCE = 5, GRAD_TARGET = 6 };

static double kept_error(const struct oracle_job *j, int64_t v, int which,
                         int32_t head, double want, double bound)
{
    const struct kernel_spec *s = j->spec;
    int64_t at = v * s->self_pitch + which * s->heads + head;
    return oracle_error(j->got->kept[at], want, bound);
}

static double kept_before(const struct oracle_job *j, int64_t v, int which,
                          int32_t head)
{
    const struct kernel_spec *s = j->spec;
    return j->d->self[v * s->self_pitch + which * s->heads + head];
}

// Which of a head's numbers a kernel writes.
static bool writes(enum step_kind kind, int32_t which)
{
    static const unsigned written[N_STEP_KINDS] = {
        [STEP_ATTENTION_KEEP] = 1u << TOP | 1u << PART,
        [STEP_ATTENTION_ROWS_GRAD] = 1u << DOT | 1u << GRAD_TARGET,
        [STEP_ATTENTION_GRAD] = 1u << GRAD_SOURCE,
    };
    return which < ATTENTION_KEPT && written[kind] >> which & 1;
}

double oracle_kept_rest(const struct oracle_job *j, int64_t v)
{
    const struct kernel_spec *s = j->spec;
    const float *was = j->d->self + v * s->self_pitch;
    const float *is = j->got->kept + v * s->self_pitch;
    for (int32_t c = 0; c < s->self_pitch; c++)
        if (!writes(s->kind, c / s->heads) && was[c] != is[c] &&
            !(isnan(was[c]) && isnan(is[c])))
            return INFINITY;
    return 0;
}

double oracle_kept_left(const struct oracle_job *j, int64_t v)
{
    const struct kernel_spec *s = j->spec;
    if (!j->got->kept)
        return 0;
    const float *is = j->got->kept + v * s->self_pitch;
    for (int32_t c = 0; c < s->self_pitch; c++)
        if (writes(s->kind, c / s->heads) && !isfinite(is[c]))
            return INFINITY;
    return oracle_kept_rest(j, v);
}

// The maximum is in units of log2.
static double softmax_error(const struct oracle_job *j, int64_t v, int32_t head,
                            const struct softmax *s)
{
    double far = s->far / log(2.0), q = roundings(s, n_edges_of(j, v));
    double top = kept_error(j, v, TOP, head, s->max / log(2.0),
                            8 * unit * far + tiny);
    double part =
        kept_error(j, v, PART, head, 1 / s->sum, unit * q / s->sum + tiny);
    return fmax(top, part);
}

double oracle_attention_keep(const struct oracle_job *j, int64_t v, double *y,
                             double *bound)
{
    double worst = oracle_kept_rest(j, v);
    clear(j->spec, y, bound);
    for (int32_t head = 0; head < j->spec->heads; head++) {
        struct softmax s = attend(j, v, head, y, bound);
        worst = fmax(worst, softmax_error(j, v, head, &s));
    }
    oracle_tail(j->spec, j->d, v, y, bound);
    return fmax(worst, oracle_errors(j, v, y, bound));
}

// ---- backward ---------------------------------------------------------------

// One edge: its coefficient a, w which dropout left of it, d = <g[v], x[u]>,
// the LeakyReLU's slope.
struct terms {
    double a, w, d, slope;
    double d_size, far; // sum |g x|; how large the exponent's parts are
};

static struct terms terms_of(const struct oracle_job *j, int64_t source,
                             int64_t target, int64_t number, int32_t head)
{
    const struct kernel_spec *s = j->spec;
    const float *g = j->d->grad + target * s->grad_pitch;
    const float *x = j->d->x + source * s->x_pitch;
    double sum = score_sum(j, source, target, head);
    double top = kept_before(j, target, TOP, head);
    struct terms t = {.slope = slope_at(sum)};
    double e = t.slope * sum / log(2.0);
    t.far = fabs(e) + fabs(top);
    t.a = exp2(e - top) * kept_before(j, target, PART, head);
    t.w = left_of(j, number, head, t.a);
    for (int32_t c = head * s->channels; c < (head + 1) * s->channels; c++) {
        t.d += (double)g[c] * x[c];
        t.d_size += fabs((double)g[c] * x[c]);
    }
    return t;
}

// Roundings of an edge's terms: those of the exponent, which move a by as much,
// of the product, and of the sum over the edges.
static double edge_roundings(const struct oracle_job *j, const struct terms *t,
                             int64_t n_edges)
{
    return 4 * t->far + j->spec->channels + (double)n_edges + 16;
}

// D = sum w d, then the gradient of the row's own score: sum slope w d, less
// D sum slope a.
static double row_grad_error(const struct oracle_job *j, int64_t v,
                             int32_t head)
{
    double dots = 0, sloped = 0, slopes = 0, size = 0, a = 0, a_size = 0;
    int64_t n = n_edges_of(j, v);
    for (int64_t i = 0; i < n; i++) {
        struct terms t = terms_of(j, neighbour(j, v, i), v,
                                  number_of(j, v, i), head);
        double q = edge_roundings(j, &t, n);
        dots += t.w * t.d;
        sloped += t.slope * t.w * t.d;
        slopes += t.slope * t.a;
        size += q * t.w * t.d_size;
        a += t.a;
        a_size += q * t.a;
    }
    double bound = 2 * unit * size;
    double grad_bound = bound * (1 + a) + 2 * unit * a_size * fabs(dots);
    double dot_error = kept_error(j, v, DOT, head, dots, bound + tiny);
    return fmax(dot_error, kept_error(j, v, GRAD_TARGET, head,
                                      sloped - dots * slopes,
                                      grad_bound + tiny));
}

double oracle_attention_rows_grad(const struct oracle_job *j, int64_t v,
                                  double *y, double *bound)
{
    double worst = oracle_kept_rest(j, v);
    (void)y;
    (void)bound;
    for (int32_t head = 0; head < j->spec->heads; head++)
        worst = fmax(worst, row_grad_error(j, v, head));
    return worst;
}

// What source u gets from its edge to v, in one head.
static void receive(const struct oracle_job *j, int64_t u, int64_t i,
                    int32_t head, double *y, double *bound, double grad[2])
{
    const struct kernel_spec *s = j->spec;
    int64_t v = neighbour(j, u, i), n = n_edges_of(j, u);
    struct terms t = terms_of(j, u, v, number_of(j, u, i), head);
    double q = 2 * unit * edge_roundings(j, &t, n);
    double dots = kept_before(j, v, DOT, head);
    for (int32_t c = head * s->channels; c < (head + 1) * s->channels; c++) {
        double part = t.w * j->d->grad[v * s->grad_pitch + c];
        y[c] += part;
        bound[c] += q * fabs(part) + tiny;
    }
    grad[0] += t.slope * (t.w * t.d - t.a * dots);
    grad[1] += q * (t.w * t.d_size + t.a * fabs(dots)) + tiny;
}

double oracle_attention_grad(const struct oracle_job *j, int64_t u, double *y,
                             double *bound)
{
    double worst = oracle_kept_rest(j, u);
    clear(j->spec, y, bound);
    for (int32_t head = 0; head < j->spec->heads; head++) {
        double grad[2] = {0, 0}; // of the score as a source, and its bound
        for (int64_t i = 0; i < n_edges_of(j, u); i++)
            receive(j, u, i, head, y, bound, grad);
        worst = fmax(worst, kept_error(j, u, GRAD_SOURCE, head, grad[0],
                                       grad[1]));
    }
    return fmax(worst, oracle_errors(j, u, y, bound));
}
