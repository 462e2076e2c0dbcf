// The model's definition in float64, one layer after the other, one node after
// the other: no program, no buffers, nothing shared with the backends but the
// graph and the parameters. Beside every value h it carries e, the absolute
// error that a correct float32 computation may have made so far.
//
// A row's float32 result is a sum over neighbours u and inputs k of a_u W_k
// x_uk. Whichever of the two sums is done first, with T = degree + inputs + 4
// roundings on any path from an operand to the result, its error is at most
//     sum |W_k| (sum |a_u| e_uk + c u T sum |a_u| (|h_uk| + e_uk)) + c u T |b|.
// ReLU does not enlarge errors. FLT_MIN enters where products may underflow.
#include <float.h>
#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

#include "backend.h"
#include "checked.h"
#include "model_params.h"

static const double C_U = 4 * 0x1p-24;

// Values and their errors, [n_nodes, dim], packed.
struct field64 {
    int32_t dim;
    double *h, *e;
};

static void field64_finish(struct field64 *f)
{
    free(f->h);
    free(f->e);
    *f = (struct field64){0};
}

static gnnac_status field64_init(struct field64 *f, int64_t n, int32_t dim,
                                 gnnac_error *err)
{
    // manifest_check made sure that n * dim * 8 fits.
    *f = (struct field64){.dim = dim,
                          .h = alloc_array(n * dim, sizeof(double)),
                          .e = alloc_array(n * dim, sizeof(double))};
    if (f->h && f->e)
        return GNNAC_OK;
    field64_finish(f);
    return FAIL(err, GNNAC_ENOMEM, "out of memory for the reference");
}

// One layer: its parameters, its graph, what it reads and writes.
struct conv {
    const struct layer *l;
    const float *param[N_PARAM_ROLES]; // NULL where the layer has none
    const struct gnnac_bundle *b;
    const double *dinv; // GCN
    struct field64 in, out;
};

// One thread's scratch, for one row.
struct row {
    double *z, *w; // aggregate and its error [in_dim]
    double *own, *own_w; // the node's own term [in_dim]
    double *y, *y_e;     // first linear layer [out_dim]
    double terms;        // roundings, times c u
    double tiny;         // what underflow may lose
};

// ---- aggregation ------------------------------------------------------------

// z += a h[u]; w collects the inherited error, mag the magnitude.
static void gather(const struct conv *c, int64_t u, double a, double *z,
                   double *w, double *mag)
{
    const double *h = c->in.h + u * c->in.dim, *e = c->in.e + u * c->in.dim;
    for (int32_t k = 0; k < c->in.dim; k++) {
        z[k] += a * h[k];
        w[k] += fabs(a) * e[k];
        mag[k] += fabs(a) * (fabs(h[k]) + e[k]);
    }
}

// Turn magnitudes into errors.
static void settle(const struct row *r, int32_t dim, double *w,
                   const double *mag)
{
    for (int32_t k = 0; k < dim; k++)
        w[k] += r->terms * mag[k] + r->tiny;
}

static bool is_own_loop(const struct conv *c, int64_t v, int64_t e)
{
    return c->l->op == CONV_GCN && c->b->colidx[e] == v;
}

static double edge_weight(const struct conv *c, int64_t v, int64_t u,
                          double degree)
{
    if (c->l->op == CONV_GCN)
        return c->dinv[v] * c->dinv[u];
    return c->l->op == CONV_SAGE ? 1 / degree : 1;
}

static void aggregate(const struct conv *c, int64_t v, struct row *r,
                      double *mag)
{
    int64_t begin = c->b->rowptr[v], end = c->b->rowptr[v + 1];
    double degree = (double)(end - begin);
    size_t bytes = (size_t)c->in.dim * sizeof(double);
    memset(r->z, 0, bytes);
    memset(r->w, 0, bytes);
    memset(mag, 0, bytes);
    r->terms = C_U * (degree + c->in.dim + 4);
    r->tiny = FLT_MIN * (degree + 2);
    for (int64_t e = begin; e < end; e++) {
        int64_t u = c->b->colidx[e];
        if (!is_own_loop(c, v, e))
            gather(c, u, edge_weight(c, v, u, degree), r->z, r->w, mag);
    }
    if (c->l->op == CONV_GCN)
        gather(c, v, c->dinv[v] * c->dinv[v], r->z, r->w, mag);
    if (c->l->op == CONV_GIN)
        gather(c, v, 1 + (double)c->param[PARAM_EPS][0], r->z, r->w, mag);
    settle(r, c->in.dim, r->w, mag);
}

// ---- linear layers ----------------------------------------------------------

// A row times a weight [out_dim, in_dim], added to y and its error.
static void add_product(const float *weight, int32_t out_dim, int32_t in_dim,
                        const double *z, const double *w, double *y,
                        double *y_e)
{
    for (int32_t j = 0; j < out_dim; j++) {
        const float *p = weight + (int64_t)j * in_dim;
        double sum = 0, error = 0;
#pragma omp simd reduction(+ : sum, error)
        for (int32_t k = 0; k < in_dim; k++) {
            sum += (double)p[k] * z[k];
            error += fabs((double)p[k]) * w[k];
        }
        y[j] += sum;
        y_e[j] += error;
    }
}

static void start_with_bias(const float *bias, const struct row *r, int32_t dim,
                            int32_t in_dim, double *y, double *y_e)
{
    for (int32_t j = 0; j < dim; j++) {
        y[j] = bias ? (double)bias[j] : 0;
        y_e[j] = r->terms * fabs(y[j]) + r->tiny * in_dim;
    }
}

static void relu(double *y, int32_t dim)
{
    for (int32_t j = 0; j < dim; j++)
        y[j] = y[j] < 0 ? 0 : y[j];
}

// SAGE's W_r x.
static void add_own(const struct conv *c, int64_t v, struct row *r, double *y,
                    double *y_e, double *mag)
{
    size_t bytes = (size_t)c->in.dim * sizeof(double);
    memset(r->own, 0, bytes);
    memset(r->own_w, 0, bytes);
    memset(mag, 0, bytes);
    gather(c, v, 1, r->own, r->own_w, mag);
    settle(r, c->in.dim, r->own_w, mag);
    add_product(c->param[PARAM_WEIGHT2], c->out.dim, c->in.dim, r->own,
                r->own_w, y, y_e);
}

// GIN's second linear layer reads what the first wrote, a matrix of its own.
static void second_linear(const struct conv *c, struct row *r, double *y,
                          double *y_e)
{
    int32_t dim = c->out.dim;
    relu(r->y, dim);
    r->terms = C_U * (dim + 4);
    r->tiny = 2 * FLT_MIN;
    for (int32_t k = 0; k < dim; k++)
        r->y_e[k] += r->terms * (fabs(r->y[k]) + r->y_e[k]) + r->tiny;
    start_with_bias(c->param[PARAM_BIAS2], r, dim, dim, y, y_e);
    add_product(c->param[PARAM_WEIGHT2], dim, dim, r->y, r->y_e, y, y_e);
}

static void compute_row(const struct conv *c, int64_t v, struct row *r)
{
    bool two = c->l->mlp == 2;
    int32_t dim = c->out.dim;
    double *y = c->out.h + v * dim, *y_e = c->out.e + v * dim;
    double *first = two ? r->y : y, *first_e = two ? r->y_e : y_e;
    // The own term's scratch doubles as the magnitudes'.
    aggregate(c, v, r, r->own);
    start_with_bias(c->param[PARAM_BIAS], r, dim, c->in.dim, first, first_e);
    add_product(c->param[PARAM_WEIGHT], dim, c->in.dim, r->z, r->w, first,
                first_e);
    if (c->l->op == CONV_SAGE)
        add_own(c, v, r, y, y_e, r->z);
    if (two)
        second_linear(c, r, y, y_e);
    if (c->l->act == ACT_RELU)
        relu(y, dim);
}

// ---- layers -----------------------------------------------------------------

static void find_params(const struct gnnac_model *m, int32_t index,
                        struct conv *c)
{
    struct param_spec specs[MAX_LAYER_PARAMS];
    int n = layer_params(c->l, index, specs);
    for (int i = 0; i < n; i++)
        c->param[specs[i].role] =
            m->params[program_param(&m->bundle->manifest->program,
                                    specs[i].name)];
}

static struct row row_of_thread(double *scratch, int64_t in, int64_t out)
{
    double *s = scratch + omp_get_thread_num() * (4 * in + 2 * out);
    return (struct row){.z = s,
                        .w = s + in,
                        .own = s + 2 * in,
                        .own_w = s + 3 * in,
                        .y = s + 4 * in,
                        .y_e = s + 4 * in + out};
}

// `c->in` is ready; allocates and fills `c->out`.
static gnnac_status run_layer(struct conv *c, int n_threads, gnnac_error *err)
{
    int64_t n = c->b->manifest->n_nodes, in = c->l->in_dim, out = c->l->out_dim;
    double *scratch =
        alloc_array(n_threads * (4 * in + 2 * out), sizeof(double));
    if (!scratch)
        return FAIL(err, GNNAC_ENOMEM, "out of memory for the reference");
    gnnac_status st = field64_init(&c->out, n, c->l->out_dim, err);
    if (st == GNNAC_OK) {
#pragma omp parallel num_threads(n_threads)
        {
            struct row r = row_of_thread(scratch, in, out);
#pragma omp for schedule(dynamic, 16)
            for (int64_t v = 0; v < n; v++)
                compute_row(c, v, &r);
        }
    }
    free(scratch);
    return st;
}

// log_softmax moves by at most e_i + max e. Its own roundings: those of x - max
// inside the exponentials, weighted by their share of the sum; of the sum; of
// the logarithm; of the two subtractions.
static void log_softmax_row(double *x, double *e, int32_t dim)
{
    double max = x[0], max_e = e[0], sum = 0, spread = 0;
    for (int32_t j = 1; j < dim; j++) {
        max = fmax(max, x[j]);
        max_e = fmax(max_e, e[j]);
    }
    for (int32_t j = 0; j < dim; j++) {
        sum += exp(x[j] - max);
        spread += exp(x[j] - max) * (max - x[j]);
    }
    double log_sum = log(sum);
    for (int32_t j = 0; j < dim; j++) {
        double own = dim + 4 + fabs(x[j]) + fabs(max) + log_sum + spread / sum;
        e[j] += max_e + C_U * own;
        x[j] = x[j] - max - log_sum;
    }
}

static double *degree_norms(const struct gnnac_bundle *b)
{
    int64_t n = b->manifest->n_nodes;
    double *dinv = alloc_array(n, sizeof(double));
    for (int64_t v = 0; dinv && v < n; v++) {
        int64_t degree = 1; // the loop that every node gets
        for (int64_t e = b->rowptr[v]; e < b->rowptr[v + 1]; e++)
            degree += b->colidx[e] != v;
        dinv[v] = 1 / sqrt((double)degree);
    }
    return dinv;
}

static gnnac_status start(const struct gnnac_bundle *b, const float *x,
                          struct field64 *out, gnnac_error *err)
{
    int64_t n = b->manifest->n_nodes;
    int32_t dim = b->manifest->model.layers[0].in_dim;
    gnnac_status st = field64_init(out, n, dim, err);
    for (int64_t i = 0; st == GNNAC_OK && i < n * dim; i++) {
        out->h[i] = (double)x[i];
        out->e[i] = 0;
    }
    return st;
}

gnnac_status reference_forward(const struct gnnac_model *m, const float *x,
                               double *y, double *bound, gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    const struct model *g = &m->bundle->manifest->model;
    int64_t n = m->bundle->manifest->n_nodes;
    struct field64 now = {0};
    double *dinv = degree_norms(m->bundle);
    if (!dinv) {
        st = FAIL(err, GNNAC_ENOMEM, "out of memory for the reference");
        goto out;
    }
    TRY(start(m->bundle, x, &now, err));
    for (int32_t i = 0; i < g->n_layers; i++) {
        struct conv c = {
            .l = &g->layers[i], .b = m->bundle, .dinv = dinv, .in = now};
        find_params(m, i, &c);
        TRY(run_layer(&c, m->ctx->n_threads, err));
        field64_finish(&now);
        now = c.out;
    }
    for (int64_t v = 0; g->log_softmax && v < n; v++)
        log_softmax_row(now.h + v * now.dim, now.e + v * now.dim, now.dim);
    size_t bytes = (size_t)n * (size_t)now.dim * sizeof(double);
    memcpy(y, now.h, bytes);
    if (bound)
        memcpy(bound, now.e, bytes);

out:
    field64_finish(&now);
    free(dinv);
    return st;
}
