// Attention in float64, forward and backward. GATv2's has another score; its
// backward is in oracle_attention_v2.c. A row's own self loop is its last edge.
#include <math.h>
#include <stdbool.h>

#include "bundle/train_state.h"
#include "rng.h"
#include "tune/oracle_edge.h"
#include "tune/oracle_tail.h"

static const double unit = 0x1p-24, tiny = 0x1p-126;

// ---- edges ------------------------------------------------------------------

int64_t oracle_n_edges(const struct oracle_job *j, int64_t v)
{
    return j->g->rowptr[v + 1] - j->g->rowptr[v] + 1;
}

int64_t oracle_neighbour(const struct oracle_job *j, int64_t v, int64_t i)
{
    return i + 1 < oracle_n_edges(j, v) ? j->g->colidx[j->g->rowptr[v] + i] : v;
}

// By which dropout draws: that among the edges by rows.
static int64_t number_of(const struct oracle_job *j, int64_t v, int64_t i)
{
    int64_t e = j->g->rowptr[v] + i;
    bool by_sources = j->spec->kind == STEP_ATTENTION_GRAD ||
                      j->spec->kind == STEP_ATTENTION_V2_GRAD;
    if (i + 1 == oracle_n_edges(j, v))
        return j->g->n_edges + v;
    return by_sources ? j->d->edge_of[e] : e;
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

// GATv2's. A score's terms are rounded at most four times, then multiplied, and
// summed up.
static struct edge_score score_of_rows(const struct oracle_job *j,
                                       int64_t source, int64_t target,
                                       int32_t head)
{
    const struct kernel_spec *s = j->spec;
    struct edge_score e = {.slope = 1};
    double size = 0;
    for (int32_t c = head * s->channels; c < (head + 1) * s->channels; c++) {
        double z = oracle_row_sum(j, source, target, c);
        double term = j->d->weight[c] * slope_at(z) * z;
        e.value += term;
        size += fabs(term);
    }
    e.error = (s->channels + 8) * size;
    return e;
}

// Of the others it is rounded thrice before it is exponentiated.
struct edge_score oracle_edge_score(const struct oracle_job *j, int64_t source,
                                    int64_t target, int32_t head)
{
    if (step_is_attention_v2(j->spec->kind))
        return score_of_rows(j, source, target, head);
    double sum = score_sum(j, source, target, head), slope = slope_at(sum);
    double e = slope * sum;
    return (struct edge_score){e, slope, 3 * fabs(e)};
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
    double error;              // the largest, in units
};

static struct edge_score score_at(const struct oracle_job *j, int64_t v,
                                  int64_t i, int32_t head)
{
    return oracle_edge_score(j, oracle_neighbour(j, v, i), v, head);
}

static struct softmax softmax_of(const struct oracle_job *j, int64_t v,
                                 int32_t head)
{
    struct softmax s = {-INFINITY, INFINITY, 0, 0, 0};
    int64_t n = oracle_n_edges(j, v);
    for (int64_t i = 0; i < n; i++) {
        struct edge_score e = score_at(j, v, i, head);
        s.max = fmax(s.max, e.value);
        s.min = fmin(s.min, e.value);
        s.far = fmax(s.far, fabs(e.value));
        s.error = fmax(s.error, e.error);
    }
    for (int64_t i = 0; i < n; i++)
        s.sum += exp(score_at(j, v, i, head).value - s.max);
    return s;
}

// A score's error moves the weights of a softmax by twice that; then come the
// exponentials' own roundings, the rescalings and the sums.
static double roundings(const struct softmax *s, int64_t n_edges)
{
    return 2 * s->error + 2 * (s->max - s->min) + 4 * (double)(n_edges + 4);
}

static void add_weighted(const struct oracle_job *j, int64_t v, int64_t i,
                         int32_t head, double top, double *y, double *size)
{
    const struct kernel_spec *s = j->spec;
    const float *x = j->d->x + oracle_neighbour(j, v, i) * s->x_pitch;
    double p = exp(score_at(j, v, i, head).value - top);
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
    int64_t n = oracle_n_edges(j, v);
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

void oracle_clear(const struct kernel_spec *s, double *y, double *bound)
{
    for (int32_t c = 0; c < s->dim; c++)
        y[c] = bound[c] = 0;
}

void oracle_attention(const struct oracle_job *j, int64_t v, double *y,
                      double *bound)
{
    oracle_clear(j->spec, y, bound);
    for (int32_t head = 0; head < j->spec->heads; head++)
        attend(j, v, head, y, bound);
    oracle_tail(j->spec, j->d, v, y, bound);
}

// ---- what is kept -----------------------------------------------------------

int32_t oracle_kept_at(const struct kernel_spec *s, enum kept_number which)
{
    int32_t first = step_is_attention_v2(s->kind) ? s->channels : 2;
    return (first + (int32_t)which) * s->heads;
}

double oracle_kept_error(const struct oracle_job *j, int64_t v,
                         enum kept_number which, int32_t head, double want,
                         double bound)
{
    const struct kernel_spec *s = j->spec;
    int64_t at = v * s->self_pitch + oracle_kept_at(s, which) + head;
    return oracle_error(j->got->kept[at], want, bound);
}

double oracle_kept(const struct oracle_job *j, int64_t v,
                   enum kept_number which, int32_t head)
{
    const struct kernel_spec *s = j->spec;
    return j->d->self[v * s->self_pitch + oracle_kept_at(s, which) + head];
}

// Which of a head's numbers a kernel writes; column c of a row of kept.
static bool writes(const struct kernel_spec *s, int32_t c)
{
    static const unsigned written[N_STEP_KINDS] = {
        [STEP_ATTENTION_KEEP] = 1u << KEPT_TOP | 1u << KEPT_PART,
        [STEP_ATTENTION_ROWS_GRAD] = 1u << KEPT_DOT | 1u << KEPT_GRAD_TARGET,
        [STEP_ATTENTION_GRAD] = 1u << KEPT_GRAD_SOURCE,
        [STEP_ATTENTION_V2_KEEP] = 1u << KEPT_TOP | 1u << KEPT_PART,
        [STEP_ATTENTION_V2_ROWS_GRAD] = 1u << KEPT_DOT,
    };
    int32_t behind = c - oracle_kept_at(s, KEPT_TOP);
    return behind >= 0 && behind < N_KEPT * s->heads &&
           written[s->kind] >> behind / s->heads & 1;
}

double oracle_kept_rest(const struct oracle_job *j, int64_t v)
{
    const struct kernel_spec *s = j->spec;
    const float *was = j->d->self + v * s->self_pitch;
    const float *is = j->got->kept + v * s->self_pitch;
    for (int32_t c = 0; c < s->self_pitch; c++)
        if (!writes(s, c) && was[c] != is[c] &&
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
        if (writes(s, c) && !isfinite(is[c]))
            return INFINITY;
    return oracle_kept_rest(j, v);
}

// The maximum is in units of log2.
static double softmax_error(const struct oracle_job *j, int64_t v, int32_t head,
                            const struct softmax *s)
{
    double q = roundings(s, oracle_n_edges(j, v));
    double moved = unit * (s->error + 5 * s->far) / log(2.0);
    double top = oracle_kept_error(j, v, KEPT_TOP, head, s->max / log(2.0),
                                   moved + tiny);
    double part = oracle_kept_error(j, v, KEPT_PART, head, 1 / s->sum,
                                    unit * q / s->sum + tiny);
    return fmax(top, part);
}

double oracle_attention_keep(const struct oracle_job *j, int64_t v, double *y,
                             double *bound)
{
    double worst = oracle_kept_rest(j, v);
    oracle_clear(j->spec, y, bound);
    for (int32_t head = 0; head < j->spec->heads; head++) {
        struct softmax s = attend(j, v, head, y, bound);
        worst = fmax(worst, softmax_error(j, v, head, &s));
    }
    oracle_tail(j->spec, j->d, v, y, bound);
    return fmax(worst, oracle_errors(j, v, y, bound));
}

// ---- backward ---------------------------------------------------------------

struct edge_terms oracle_edge_terms(const struct oracle_job *j, int64_t at,
                                    int64_t i, int32_t head)
{
    const struct kernel_spec *s = j->spec;
    bool by_sources = s->kind == STEP_ATTENTION_GRAD ||
                      s->kind == STEP_ATTENTION_V2_GRAD;
    int64_t other = oracle_neighbour(j, at, i), n_edges = oracle_n_edges(j, at);
    int64_t source = by_sources ? at : other, target = by_sources ? other : at;
    const float *g = j->d->grad + target * s->grad_pitch;
    const float *x = j->d->x + source * s->x_pitch;
    struct edge_score score = oracle_edge_score(j, source, target, head);
    double top = oracle_kept(j, target, KEPT_TOP, head);
    struct edge_terms t = {.slope = score.slope};
    double e = score.value / log(2.0);
    double far = score.error / log(2.0) + fabs(e) + 4 * fabs(top);
    t.a = exp2(e - top) * oracle_kept(j, target, KEPT_PART, head);
    t.w = left_of(j, number_of(j, at, i), head, t.a);
    for (int32_t c = head * s->channels; c < (head + 1) * s->channels; c++) {
        t.d += (double)g[c] * x[c];
        t.d_size += fabs((double)g[c] * x[c]);
    }
    // Those of the exponent, which move a by as much, of the product, and of
    // the sum over the edges.
    t.roundings = far + s->channels + (double)n_edges + 16;
    return t;
}

// D = sum w d, then the gradient of the row's own score: sum slope w d, less
// D sum slope a.
static double row_grad_error(const struct oracle_job *j, int64_t v,
                             int32_t head)
{
    double dots = 0, sloped = 0, slopes = 0, size = 0, a = 0, a_size = 0;
    int64_t n = oracle_n_edges(j, v);
    for (int64_t i = 0; i < n; i++) {
        struct edge_terms t = oracle_edge_terms(j, v, i, head);
        double q = t.roundings;
        dots += t.w * t.d;
        sloped += t.slope * t.w * t.d;
        slopes += t.slope * t.a;
        size += q * t.w * t.d_size;
        a += t.a;
        a_size += q * t.a;
    }
    double bound = 2 * unit * size;
    double grad_bound = bound * (1 + a) + 2 * unit * a_size * fabs(dots);
    double dot_error =
        oracle_kept_error(j, v, KEPT_DOT, head, dots, bound + tiny);
    return fmax(dot_error, oracle_kept_error(j, v, KEPT_GRAD_TARGET, head,
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
    int64_t v = oracle_neighbour(j, u, i);
    struct edge_terms t = oracle_edge_terms(j, u, i, head);
    double q = 2 * unit * t.roundings;
    double dots = oracle_kept(j, v, KEPT_DOT, head);
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
    oracle_clear(j->spec, y, bound);
    for (int32_t head = 0; head < j->spec->heads; head++) {
        double grad[2] = {0, 0}; // of the score as a source, and its bound
        for (int64_t i = 0; i < oracle_n_edges(j, u); i++)
            receive(j, u, i, head, y, bound, grad);
        worst = fmax(worst, oracle_kept_error(j, u, KEPT_GRAD_SOURCE, head,
                                              grad[0], grad[1]));
    }
    return fmax(worst, oracle_errors(j, u, y, bound));
}
