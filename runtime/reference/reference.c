// The model's definition in float64, one layer after the other, one node after
// the other: no program, no buffers, nothing shared with the backends but the
// graph and the parameters. Beside the values it finds the error that a correct
// float32 computation may have.
//
// One layer by itself: a row's result is a sum over neighbours u and inputs k
// of a_u W_k x_uk. Whichever of the two sums is done first, at most
// T = degree + inputs + 4 roundings lie between an operand and the result, so
//     |error| <= B = u T (sum |a_u W_k x_uk| + |bias|).
//
// Several layers: bounding the inherited error by absolute values, layer by
// layer, grows so fast that after five layers anything would pass. Instead the
// network is evaluated three times more, with every layer's result moved by
// +B or -B: twice with random signs, once with a sign per column, as happens
// where all nodes compute alike. These perturbations pass through the true
// network, cancellations, correlations and ReLU included. The bound of the last
// layer is C times the sum of its own B and the largest deviation seen. B is a
// worst case, many times the usual error, so this is safe without being blind.
//
// What is stored in 16 bits is rounded by up to s(v) = u16 |v|. Such roundings
// are far larger than float32's and there are many in a row's sums, so their
// worst case would let a missing edge pass. They are independent of each other;
// B grows by the root of the sum of their squares, where each is as large as it
// can be (twice a rounding's usual size): of a_u s(W x_u), stored if the layer
// transforms first; of W_k s(z_k), z = sum a_u x_u, if it aggregates first, and
// as much again for W_k itself; of the layer's input, if it is cast; and by the
// s() of what is written. Both orders count, whichever the program has. As all
// that is so much more than usual, C is then 1. Operands that cuBLAS may round
// (gnnac_math) are treated alike, by the |a_u x_uk|, with C as it is; but what
// underflow takes from them goes one way, and is added up.
#include <float.h>
#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

#include "backend.h"
#include "checked.h"
#include "reference/reference.h"
#include "rng.h"

static const double U = REFERENCE_U, C = REFERENCE_C;

// One thread's scratch, for one row.
struct row {
    double *z, *mag;       // aggregate [in_dim, RUNS], its magnitude [in_dim]
    double *own, *own_mag; // the node's own term, likewise
    double *hidden, *hidden_mag; // between two linear layers, likewise
    double *local;               // B [out_dim]
    double *spread, *own_spread; // squares of the errors that storage makes in
                                 // z and in own [in_dim]
    double *hidden_spread;       // and in hidden [out_dim]
    double *squares;             // of the errors of the a_u W x_u [out_dim]
    double roundings;            // u T
    double tiny;                 // what underflow may lose
    double lost, weight_lost;    // likewise of BLAS's operands: of z, by |w|,
                                 // and of w, by |z|
};

static size_t row_doubles(const struct layer *l)
{
    return 2 * (RUNS + 2) * (size_t)l->in_dim + (RUNS + 4) * (size_t)l->out_dim;
}

static struct row row_in(double *s, const struct layer *l)
{
    size_t in = (size_t)l->in_dim, out = (size_t)l->out_dim;
    struct row r = {.z = s};
    r.own = r.z + RUNS * in;
    r.hidden = r.own + RUNS * in;
    r.mag = r.hidden + RUNS * out;
    r.own_mag = r.mag + in;
    r.hidden_mag = r.own_mag + in;
    r.local = r.hidden_mag + out;
    r.squares = r.local + out;
    r.hidden_spread = r.squares + out;
    r.spread = r.hidden_spread + out;
    r.own_spread = r.spread + in;
    return r;
}

// ---- storage ----------------------------------------------------------------

// a h[u], the layer's input, was cast where h is the caller's x.
static void spread_cast(const struct conv *c, int64_t u, double a,
                        double *spread)
{
    for (int32_t k = 0; c->x && k < c->l->in_dim; k++)
        spread[k] += square(a * stored(c, c->x[u * c->l->in_dim + k]));
}

// ---- aggregation ------------------------------------------------------------

static void gather_input(const float *x, int32_t dim, double a, double *z,
                         double *mag)
{
    for (int32_t k = 0; k < dim; k++) {
        for (int r = 0; r < RUNS; r++)
            z[k * RUNS + r] += a * (double)x[k];
        mag[k] += fabs(a * (double)x[k]);
    }
}

static void gather_values(const double *h, int32_t dim, double a, double *z,
                          double *mag)
{
    for (int32_t k = 0; k < dim; k++) {
        for (int r = 0; r < RUNS; r++)
            z[k * RUNS + r] += a * h[k * RUNS + r];
        mag[k] += fabs(a * h[k * RUNS]);
    }
}

// z += a h[u].
static void gather(const struct conv *c, int64_t u, double a, double *z,
                   double *mag, double *spread)
{
    int64_t dim = c->l->in_dim;
    if (c->dtype != DTYPE_F32)
        spread_cast(c, u, a, spread);
    if (c->x)
        gather_input(c->x + u * dim, c->l->in_dim, a, z, mag);
    else
        gather_values(c->in + u * dim * RUNS, c->l->in_dim, a, z, mag);
}

static void clear(double *z, double *mag, int32_t dim)
{
    memset(z, 0, RUNS * (size_t)dim * sizeof(double));
    memset(mag, 0, (size_t)dim * sizeof(double));
}

static bool is_own_loop(const struct conv *c, int64_t v, int64_t e)
{
    return c->l->op == CONV_GCN && c->g->colidx[e] == v;
}

static double edge_weight(const struct conv *c, int64_t v, int64_t u,
                          double degree)
{
    if (c->l->op == CONV_GCN)
        return c->dinv[v] * c->dinv[u];
    return c->l->op == CONV_SAGE ? 1 / degree : 1;
}

// Of a sum over operands whose weights' magnitudes sum up to `reach`.
static void set_lost(const struct conv *c, double reach, struct row *r)
{
    r->lost = c->tiny * reach;
    r->weight_lost = c->tiny;
}

// a h[u] into a row's sum, also as it is if the layer transforms first.
static void add_neighbour(const struct conv *c, int64_t u, double a,
                          struct row *r)
{
    gather(c, u, a, r->z, r->mag, r->spread);
    r->lost += c->tiny * fabs(a);
    for (int32_t j = 0; c->transformed && j < c->l->out_dim; j++)
        r->squares[j] +=
            square(a * stored(c, c->transformed[u * c->l->out_dim + j]));
}

static void aggregate(const struct conv *c, int64_t v, struct row *r)
{
    int64_t begin = c->g->rowptr[v], end = c->g->rowptr[v + 1];
    double degree = (double)(end - begin);
    clear(r->z, r->mag, c->l->in_dim);
    memset(r->spread, 0, (size_t)c->l->in_dim * sizeof(double));
    memset(r->squares, 0, (size_t)c->l->out_dim * sizeof(double));
    r->roundings = U * (degree + c->l->in_dim + 4);
    r->tiny = FLT_MIN * (degree + 2);
    set_lost(c, 0, r);
    for (int64_t e = begin; e < end; e++) {
        int64_t u = c->g->colidx[e];
        if (!is_own_loop(c, v, e))
            add_neighbour(c, u, edge_weight(c, v, u, degree), r);
    }
    if (c->l->op == CONV_GCN)
        add_neighbour(c, v, c->dinv[v] * c->dinv[v], r);
    if (c->l->op == CONV_GIN)
        add_neighbour(c, v, 1 + (double)c->param[PARAM_EPS][0], r);
    reference_spread(c, c->l->in_dim, r->z, r->mag, r->spread);
}

// ---- linear layers ----------------------------------------------------------

// A row times a weight [out_dim, in_dim], added to y [out_dim, RUNS]; `local`
// grows by what rounding may do to it.
static void add_product(const struct row *r, const float *weight,
                        int32_t out_dim, int32_t in_dim, const double *z,
                        const double *mag, const double *spread, double *y,
                        double *local)
{
    for (int32_t j = 0; j < out_dim; j++) {
        const float *p = weight + (int64_t)j * in_dim;
        double sum[RUNS] = {0}, size = 0, squares = 0;
        for (int32_t k = 0; k < in_dim; k++) {
            double w = (double)p[k];
            for (int i = 0; i < RUNS; i++)
                sum[i] += w * z[k * RUNS + i];
            size += fabs(w) * (r->roundings * mag[k] + r->tiny + r->lost) +
                    r->weight_lost * mag[k];
            squares += w * w * spread[k];
        }
        for (int i = 0; i < RUNS; i++)
            y[j * RUNS + i] += sum[i];
        local[j] += size + sqrt(squares);
    }
}

static void start_with_bias(const float *bias, const struct row *r, int32_t dim,
                            int32_t in_dim, double *y, double *local)
{
    for (int32_t j = 0; j < dim; j++) {
        double b = bias ? (double)bias[j] : 0;
        for (int i = 0; i < RUNS; i++)
            y[j * RUNS + i] = b;
        local[j] = r->roundings * fabs(b) + r->tiny * in_dim;
    }
}

static void relu(double *y, int32_t dim)
{
    for (int32_t j = 0; j < dim * RUNS; j++)
        y[j] = y[j] < 0 ? 0 : y[j];
}

// What storing a row's sum, and its sum with the bias, may change.
static void store_row(const struct conv *c, const float *bias, int32_t dim,
                      const double *y, double *local)
{
    for (int32_t j = 0; c->dtype != DTYPE_F32 && j < dim; j++) {
        double b = bias ? (double)bias[j] : 0;
        local[j] += stored(c, y[j * RUNS] - b) + stored(c, y[j * RUNS]);
    }
}

// GIN's second linear layer reads what the first wrote, a matrix of its own.
static void second_linear(const struct conv *c, int64_t v, struct row *r,
                          double *y)
{
    int32_t dim = c->l->out_dim;
    store_row(c, c->param[PARAM_BIAS], dim, r->hidden, r->local);
    reference_perturb(2 * c->index, v, dim, r->local, r->hidden);
    relu(r->hidden, dim);
    r->roundings = U * (dim + 4);
    r->tiny = 2 * FLT_MIN;
    set_lost(c, 1, r);
    for (int32_t k = 0; k < dim; k++)
        r->hidden_mag[k] = fabs(r->hidden[k * RUNS]);
    memset(r->hidden_spread, 0, (size_t)dim * sizeof(double));
    reference_spread(c, dim, r->hidden, r->hidden_mag, r->hidden_spread);
    start_with_bias(c->param[PARAM_BIAS2], r, dim, dim, y, r->local);
    add_product(r, c->param[PARAM_WEIGHT2], dim, dim, r->hidden, r->hidden_mag,
                r->hidden_spread, y, r->local);
}

// SAGE's W_r x.
static void add_own(const struct conv *c, int64_t v, struct row *r, double *y)
{
    clear(r->own, r->own_mag, c->l->in_dim);
    set_lost(c, 1, r);
    memset(r->own_spread, 0, (size_t)c->l->in_dim * sizeof(double));
    gather(c, v, 1, r->own, r->own_mag, r->own_spread);
    reference_spread(c, c->l->in_dim, r->own, r->own_mag, r->own_spread);
    store_row(c, c->param[PARAM_BIAS], c->l->out_dim, y, r->local);
    add_product(r, c->param[PARAM_WEIGHT2], c->l->out_dim, c->l->in_dim, r->own,
                r->own_mag, r->own_spread, y, r->local);
}

// ---- rows and layers --------------------------------------------------------

// The bound of a row of the last layer. A deviation may be small by chance, so
// none counts for less than the row's mean.
static void bound_row(double c, const double *y, const double *local,
                      int32_t dim, double *bound)
{
    double mean = 0;
    for (int32_t j = 0; j < dim; j++) {
        bound[j] = 0;
        for (int i = 1; i < RUNS; i++)
            bound[j] = fmax(bound[j], fabs(y[j * RUNS + i] - y[j * RUNS]));
        mean += bound[j] / dim;
    }
    for (int32_t j = 0; j < dim; j++)
        bound[j] = c * (local[j] + fmax(bound[j], mean));
}

static void activate(enum activation act, double *y, int32_t dim)
{
    if (act == ACT_RELU)
        relu(y, dim);
    for (int32_t j = 0; act == ACT_ELU && j < dim * RUNS; j++)
        y[j] = y[j] < 0 ? expm1(y[j]) : y[j];
}

void reference_finish_row(const struct conv *c, int64_t v, const double *local,
                          double *y)
{
    int32_t dim = c->l->out_dim;
    if (c->last)
        bound_row(c->dtype == DTYPE_F32 ? C : 1, y, local, dim,
                  c->bound + v * dim);
    else
        reference_perturb(2 * c->index + 1, v, dim, local, y);
    activate(c->l->act, y, dim);
    if (c->l->residual)
        reference_add_input(c, v, y);
}

static void compute_row(const struct conv *c, int64_t v, struct row *r)
{
    bool two = c->l->mlp == 2;
    int32_t in = c->l->in_dim, dim = c->l->out_dim;
    double *y = c->out + v * dim * RUNS, *first = two ? r->hidden : y;
    aggregate(c, v, r);
    start_with_bias(c->param[PARAM_BIAS], r, dim, in, first, r->local);
    add_product(r, c->param[PARAM_WEIGHT], dim, in, r->z, r->mag, r->spread,
                first, r->local);
    for (int32_t j = 0; c->transformed && j < dim; j++)
        r->local[j] += sqrt(r->squares[j]);
    if (c->l->op == CONV_SAGE)
        add_own(c, v, r, y);
    if (two)
        second_linear(c, v, r, y);
    // The own term of the last layer is stored, though its result is not.
    if (!c->last || c->l->op == CONV_SAGE)
        store_row(c, c->param[two ? PARAM_BIAS2 : PARAM_BIAS], dim, y,
                  r->local);
    reference_finish_row(c, v, r->local, y);
}

// W x of every node, which a program that transforms first stores.
static gnnac_status transform(struct conv *c, int n_threads, gnnac_error *err)
{
    int64_t n = c->g->n_nodes;
    int32_t in = c->l->in_dim, dim = c->l->out_dim;
    if (c->dtype == DTYPE_F32)
        return GNNAC_OK;
    if (!(c->transformed = alloc_array(n * dim, sizeof(double))))
        return FAIL(err, GNNAC_ENOMEM, "out of memory for the reference");
#pragma omp parallel for schedule(static) num_threads(n_threads)
    for (int64_t v = 0; v < n; v++)
        for (int32_t j = 0; j < dim; j++) {
            const float *w = c->param[PARAM_WEIGHT] + (int64_t)j * in;
            double sum = 0;
            for (int32_t k = 0; k < in; k++)
                sum += (double)w[k] * conv_input(c, v, k, 0);
            c->transformed[v * dim + j] = sum;
        }
    return GNNAC_OK;
}

static void find_params(const struct gnnac_model *m, struct conv *c)
{
    struct param_spec specs[MAX_LAYER_PARAMS];
    int n = layer_params(c->l, c->index, specs);
    for (int i = 0; i < n; i++)
        c->param[specs[i].role] = m->params[program_param(
            &m->bundle->manifest->program, specs[i].name)];
}

// Allocates and fills c->out; the caller frees it.
static gnnac_status run_layer(struct conv *c, int n_threads, gnnac_error *err)
{
    int64_t n = c->g->n_nodes;
    size_t per_thread = row_doubles(c->l);
    double *scratch =
        alloc_array((int64_t)per_thread * n_threads, sizeof(double));
    // manifest_check made sure that this many elements can be counted.
    c->out = alloc_array(n * c->l->out_dim, RUNS * sizeof(double));
    if (!scratch || !c->out) {
        free(scratch);
        return FAIL(err, GNNAC_ENOMEM, "out of memory for the reference");
    }
    if (conv_attends(c->l->op)) {
        free(scratch);
        return reference_attention(c, n_threads, err);
    }
    gnnac_status st = transform(c, n_threads, err);
    if (st != GNNAC_OK) {
        free(scratch);
        return st;
    }
#pragma omp parallel num_threads(n_threads)
    {
        struct row r =
            row_in(scratch + per_thread * (size_t)omp_get_thread_num(), c->l);
#pragma omp for schedule(dynamic, 16)
        for (int64_t v = 0; v < n; v++)
            compute_row(c, v, &r);
    }
    free(scratch);
    free(c->transformed);
    c->transformed = NULL;
    return GNNAC_OK;
}

static double *degree_norms(const struct input_graph *g)
{
    int64_t n = g->n_nodes;
    double *dinv = alloc_array(n, sizeof(double));
    for (int64_t v = 0; dinv && v < n; v++) {
        int64_t degree = 1; // the loop that every node gets
        for (int64_t e = g->rowptr[v]; e < g->rowptr[v + 1]; e++)
            degree += g->colidx[e] != v;
        dinv[v] = 1 / sqrt((double)degree);
    }
    return dinv;
}

// All layers; the last one's values and bounds. `bound` is not NULL.
static gnnac_status run_layers(const struct gnnac_model *m,
                               const struct input_graph *graph, const float *x,
                               const double *dinv, double **out, double *bound,
                               gnnac_error *err)
{
    const struct model *g = &m->bundle->manifest->model;
    double *now = NULL;
    for (int32_t i = 0; i < g->n_layers; i++) {
        struct conv c = {.l = &g->layers[i],
                         .index = i,
                         .last = i == g->n_layers - 1,
                         .g = graph,
                         .dinv = dinv,
                         .x = i ? NULL : x,
                         .in = now,
                         .dtype = g->dtype,
                         .bound = bound};
        find_params(m, &c);
        reference_math(m, &c);
        gnnac_status st = run_layer(&c, m->ctx->n_threads, err);
        free(now);
        now = c.out;
        if (st != GNNAC_OK) {
            free(now);
            return st;
        }
    }
    *out = now;
    return GNNAC_OK;
}

gnnac_status reference_forward(const struct gnnac_model *m, const float *x,
                               double *y, double *bound, gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    const struct manifest *f = m->bundle->manifest;
    int64_t n = f->n_nodes;
    int32_t dim = f->program.buffers[1].dim;
    struct input_graph graph = {0};
    double *runs = NULL, *dinv = NULL;
    double *e = alloc_array(n * dim, sizeof(double));
    TRY(input_graph_init(m->bundle, &graph, err));
    dinv = degree_norms(&graph);
    if (!dinv || !e) {
        st = FAIL(err, GNNAC_ENOMEM, "out of memory for the reference");
        goto out;
    }
    TRY(run_layers(m, &graph, x, dinv, &runs, e, err));
    for (int64_t i = 0; i < n * dim; i++)
        y[i] = runs[i * RUNS];
    for (int64_t v = 0; f->model.log_softmax && v < n; v++)
        reference_log_softmax(y + v * dim, e + v * dim, dim);
    if (bound)
        memcpy(bound, e, (size_t)(n * dim) * sizeof(double));

out:
    free(runs);
    free(e);
    free(dinv);
    input_graph_finish(&graph);
    return st;
}
