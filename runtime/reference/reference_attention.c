// The reference of attention (Velickovic et al. 2018, as GATConv of PyTorch
// Geometric; Brody et al. 2022, as GATv2Conv): h = W x, scores from h, then
// every row's softmax over its in-neighbours and itself. GATv2 has another
// product for rows, r = W' x, and scores <att, LeakyReLU(h[u] + r[v])>.
//
// The errors, beside those that h inherits (h is perturbed like every matrix):
// a score <h, att> errs by at most d = u (channels + 4) sum |h att|, its
// LeakyReLU argument e by the d of both ends and two roundings. Shifting every
// e by at most D moves each weight of the softmax by a factor of e^(2D), and
// its exponentials, rescalings and sums round at most u (4 degree + 16) plus,
// since arguments are rounded before they are exponentiated, u times twice the
// spread of the e. So with q = 2 D + u (2 spread + 4 degree + 16)
//     |error| <= B = q sum a |h| + u (|bias| + 4 |y|).
// Of GATv2 D is the largest error of a row's scores: their terms round at most
// four times, the sum's own roundings aside, and no rounding of h + r changes
// its sign, so it is u (channels + 8) sum |att LeakyReLU(h + r)|.
#include <float.h>
#include <math.h>
#include <omp.h>
#include <stdlib.h>

#include "checked.h"
#include "reference/reference.h"

static const double U = REFERENCE_U;

enum { SOURCE, TARGET, N_ENDS };

// What is known of all nodes before any row's softmax.
struct attention {
    const struct conv *c;
    int32_t heads, channels;
    double *h;       // [n_nodes, out_dim, RUNS]
    double *rows;    // the same of GATv2's rows; else NULL
    double *scores;  // [n_nodes, heads, N_ENDS, RUNS]; NULL of GATv2
    double *spreads; // [n_nodes, heads, N_ENDS]: their errors; NULL of GATv2
};

// A product that every node has, with a bias or none.
struct product {
    enum param_role weight, bias; // bias N_PARAM_ROLES: none
    int32_t stage;
    double *out; // [n_nodes, out_dim, RUNS]
};

static void transform(const struct attention *a, const struct product *p,
                      int64_t v, double *local)
{
    const struct conv *c = a->c;
    int32_t in = c->l->in_dim, dim = c->l->out_dim;
    double *h = p->out + v * dim * RUNS;
    const float *bias = p->bias < N_PARAM_ROLES ? c->param[p->bias] : NULL;
    for (int32_t j = 0; j < dim; j++) {
        const float *w = c->param[p->weight] + (int64_t)j * in;
        double b = bias ? (double)bias[j] : 0;
        double size = fabs(b), squares = 0, lost = FLT_MIN * in;
        for (int r = 0; r < RUNS; r++)
            h[j * RUNS + r] = b;
        for (int32_t k = 0; k < in; k++) {
            for (int r = 0; r < RUNS; r++)
                h[j * RUNS + r] += (double)w[k] * conv_input(c, v, k, r);
            double term = fabs((double)w[k] * conv_input(c, v, k, 0));
            size += term;
            squares += multiplied(c, term);
            lost += c->tiny * (fabs((double)w[k]) +
                               fabs(conv_input(c, v, k, 0)));
        }
        local[j] = U * (in + 4) * size + lost + sqrt(squares);
    }
    reference_perturb(p->stage, v, dim, local, h);
}

// Stages of the network's matrices end before those of GATv2's rows.
static void transform_node(const struct attention *a, int64_t v, double *local)
{
    const int32_t index = a->c->index;
    const struct product sources = {
        PARAM_WEIGHT, a->rows ? PARAM_LEFT_BIAS : N_PARAM_ROLES, 2 * index,
        a->h};
    const struct product rows = {PARAM_WEIGHT2, PARAM_BIAS2,
                                 2 * MAX_LAYERS + index, a->rows};
    transform(a, &sources, v, local);
    if (a->rows)
        transform(a, &rows, v, local);
}

// <h, att> of one head in every run, and its own error.
static void score_head(const struct attention *a, const double *h,
                       const float *att, double *score, double *error)
{
    double size = 0;
    for (int r = 0; r < RUNS; r++)
        score[r] = 0;
    for (int32_t k = 0; k < a->channels; k++) {
        for (int r = 0; r < RUNS; r++)
            score[r] += (double)att[k] * h[k * RUNS + r];
        size += fabs((double)att[k] * h[k * RUNS]);
    }
    *error = U * (a->channels + 4) * size + FLT_MIN * a->channels;
}

static void score_node(const struct attention *a, int64_t v)
{
    static const enum param_role roles[N_ENDS] = {
        [SOURCE] = PARAM_ATT_SRC, [TARGET] = PARAM_ATT_DST};
    for (int32_t k = 0; k < a->heads; k++)
        for (int end = 0; end < N_ENDS; end++) {
            int64_t at = (v * a->heads + k) * N_ENDS + end;
            const double *h = a->h + (v * a->heads + k) * a->channels * RUNS;
            score_head(a, h, a->c->param[roles[end]] + k * a->channels,
                       a->scores + at * RUNS, a->spreads + at);
        }
}

static double leaky(double e)
{
    return e < 0 ? ATTENTION_SLOPE * e : e;
}

// One head's score of an edge; the error of run 0.
struct edge {
    double score[RUNS], error;
};

static struct edge edge_of_scores(const struct attention *a, int64_t v,
                                  int64_t u, int32_t k)
{
    int64_t from = (u * a->heads + k) * N_ENDS + SOURCE;
    int64_t to = (v * a->heads + k) * N_ENDS + TARGET;
    struct edge e;
    for (int r = 0; r < RUNS; r++)
        e.score[r] = leaky(a->scores[from * RUNS + r] +
                           a->scores[to * RUNS + r]);
    e.error = a->spreads[from] + a->spreads[to] + 2 * U * fabs(e.score[0]);
    return e;
}

static struct edge edge_of_rows(const struct attention *a, int64_t v, int64_t u,
                                int32_t k)
{
    const float *att = a->c->param[PARAM_ATT] + k * a->channels;
    const double *source = a->h + (u * a->heads + k) * a->channels * RUNS;
    const double *row = a->rows + (v * a->heads + k) * a->channels * RUNS;
    struct edge e = {.error = 0};
    double size = 0;
    for (int32_t i = 0; i < a->channels; i++) {
        for (int r = 0; r < RUNS; r++)
            e.score[r] += (double)att[i] *
                          leaky(source[i * RUNS + r] + row[i * RUNS + r]);
        size += fabs((double)att[i] * leaky(source[i * RUNS] + row[i * RUNS]));
    }
    e.error = U * (a->channels + 8) * size + FLT_MIN * a->channels;
    return e;
}

static struct edge edge_of(const struct attention *a, int64_t v, int64_t u,
                           int32_t k)
{
    return a->rows ? edge_of_rows(a, v, u, k) : edge_of_scores(a, v, u, k);
}

// One head of a row: the softmax's extremes, then its sums.
struct softmax {
    double max[RUNS], sum[RUNS], min, error; // min and error of run 0
    int64_t degree;                          // the self loop included
};

static void meet(const struct attention *a, int64_t v, int64_t u, int32_t k,
                 struct softmax *s)
{
    const struct edge e = edge_of(a, v, u, k);
    for (int r = 0; r < RUNS; r++)
        s->max[r] = fmax(s->max[r], e.score[r]);
    s->min = fmin(s->min, e.score[0]);
    s->error = fmax(s->error, e.error);
    s->degree++;
}

// y += e h[u]; size: of run 0.
static void add(const struct attention *a, int64_t v, int64_t u, int32_t k,
                struct softmax *s, double *y, double *size)
{
    const double *h = a->h + (u * a->heads + k) * a->channels * RUNS;
    const struct edge e = edge_of(a, v, u, k);
    for (int r = 0; r < RUNS; r++) {
        double p = exp(e.score[r] - s->max[r]);
        s->sum[r] += p;
        for (int32_t i = 0; i < a->channels; i++)
            y[i * RUNS + r] += p * h[i * RUNS + r];
        for (int32_t i = 0; r == 0 && i < a->channels; i++)
            size[i] += (p + FLT_MIN) * fabs(h[i * RUNS]);
    }
}

static void attend(const struct attention *a, int64_t v, int32_t k, double *y,
                   double *local)
{
    const struct input_graph *g = a->c->g;
    const float *bias = a->c->param[PARAM_BIAS];
    struct softmax s = {.min = INFINITY};
    for (int r = 0; r < RUNS; r++)
        s.max[r] = -INFINITY;
    for (int32_t i = 0; i < a->channels * RUNS; i++)
        y[i] = 0;
    for (int32_t i = 0; i < a->channels; i++)
        local[i] = 0;
    meet(a, v, v, k, &s);
    for (int64_t e = g->rowptr[v]; e < g->rowptr[v + 1]; e++)
        if (g->colidx[e] != v)
            meet(a, v, g->colidx[e], k, &s);
    add(a, v, v, k, &s, y, local);
    for (int64_t e = g->rowptr[v]; e < g->rowptr[v + 1]; e++)
        if (g->colidx[e] != v)
            add(a, v, g->colidx[e], k, &s, y, local);

    double q =
        2 * s.error + U * (2 * (s.max[0] - s.min) + 4 * (double)s.degree + 16);
    for (int32_t i = 0; i < a->channels; i++) {
        double b = bias ? (double)bias[k * a->channels + i] : 0;
        for (int r = 0; r < RUNS; r++)
            y[i * RUNS + r] = y[i * RUNS + r] / s.sum[r] + b;
        local[i] = q * local[i] / s.sum[0] +
                   U * (fabs(b) + 4 * fabs(y[i * RUNS])) + FLT_MIN;
    }
}

static void attend_row(const struct attention *a, int64_t v, double *local)
{
    double *y = a->c->out + v * a->c->l->out_dim * RUNS;
    for (int32_t k = 0; k < a->heads; k++)
        attend(a, v, k, y + k * a->channels * RUNS, local + k * a->channels);
    reference_finish_row(a->c, v, local, y);
}

// Every thread's scratch `local` is [out_dim].
static void compute(const struct attention *a, double *scratch, int n_threads)
{
    int64_t n = a->c->g->n_nodes, dim = a->c->l->out_dim;
#pragma omp parallel for schedule(dynamic, 16) num_threads(n_threads)
    for (int64_t v = 0; v < n; v++) {
        transform_node(a, v, scratch + dim * omp_get_thread_num());
        if (!a->rows)
            score_node(a, v);
    }
#pragma omp parallel for schedule(dynamic, 16) num_threads(n_threads)
    for (int64_t v = 0; v < n; v++)
        attend_row(a, v, scratch + dim * omp_get_thread_num());
}

gnnac_status reference_attention(const struct conv *c, int n_threads,
                                 gnnac_error *err)
{
    int64_t n = c->g->n_nodes, dim = c->l->out_dim, heads = c->l->heads;
    struct attention a = {.c = c, .heads = c->l->heads};
    a.channels = (int32_t)(dim / heads);
    bool v2 = c->l->op == CONV_GATV2;
    a.h = alloc_array(n * dim, RUNS * sizeof(double));
    if (v2) {
        a.rows = alloc_array(n * dim, RUNS * sizeof(double));
    } else {
        a.scores = alloc_array(n * heads, N_ENDS * RUNS * sizeof(double));
        a.spreads = alloc_array(n * heads, N_ENDS * sizeof(double));
    }
    double *scratch = alloc_array(dim * n_threads, sizeof(double));
    gnnac_status st = GNNAC_OK;
    if (a.h && (v2 ? a.rows != NULL : a.scores && a.spreads) && scratch)
        compute(&a, scratch, n_threads);
    else
        st = FAIL(err, GNNAC_ENOMEM, "out of memory for the reference");
    free(a.h);
    free(a.rows);
    free(a.scores);
    free(a.spreads);
    free(scratch);
    return st;
}
