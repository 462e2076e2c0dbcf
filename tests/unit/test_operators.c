// Operators for those who bring their own model, against their definitions in
// float64 and, backward, against finite differences of those.
#include "operator_fixture.h"

static gnnac_context *ctx;

// ---- definitions ------------------------------------------------------------

// An operator on a graph with its operands; y and weight may be unused.
struct problem {
    const struct edge_list *g;
    gnnac_plan_options o;
    bool drop; // self loops
    int64_t n_x, n_y, n_weight, n_out;
    double *x, *y, *weight;
};

static bool has_part(const struct problem *p, int64_t e)
{
    return !p->drop || p->g->src[e] != p->g->dst[e];
}

static int64_t in_degree(const struct problem *p, int64_t v)
{
    int64_t n = 0;
    for (int64_t e = 0; e < p->g->n_edges; e++)
        n += p->g->dst[e] == v && has_part(p, e);
    return n;
}

static void sum_of(const struct problem *p, double *out)
{
    int32_t d = p->o.dim;
    bool gcn = p->o.reduce == GNNAC_GCN;
    for (int64_t e = 0; e < p->g->n_edges; e++) {
        int64_t u = p->g->src[e], v = p->g->dst[e];
        double f = p->o.weighted ? p->weight[e] : 1;
        int64_t degree = in_degree(p, v);
        if (p->o.reduce == GNNAC_MEAN)
            f /= (double)(degree > 1 ? degree : 1);
        if (gcn)
            f /= sqrt((double)(degree + 1) * (double)(in_degree(p, u) + 1));
        for (int32_t j = 0; j < d && has_part(p, e); j++)
            out[v * d + j] += f * p->x[u * d + j];
    }
    for (int64_t v = 0; gcn && v < p->g->n_nodes; v++)
        for (int32_t j = 0; j < d; j++)
            out[v * d + j] += p->x[v * d + j] / (double)(in_degree(p, v) + 1);
}

static void extreme_of(const struct problem *p, double *out)
{
    int32_t d = p->o.dim;
    double sign = p->o.reduce == GNNAC_MAX ? 1 : -1;
    for (int64_t v = 0; v < p->g->n_nodes; v++)
        for (int32_t j = 0; j < d; j++) {
            double best = -INFINITY;
            for (int64_t e = 0; e < p->g->n_edges; e++)
                if (p->g->dst[e] == v && has_part(p, e))
                    best = fmax(best, sign * p->x[p->g->src[e] * d + j]);
            out[v * d + j] = isinf(best) ? 0 : sign * best;
        }
}

static void sddmm_of(const struct problem *p, double *out)
{
    int32_t d = p->o.dim, h = p->o.heads ? p->o.heads : 1;
    for (int64_t e = 0; e < p->g->n_edges; e++)
        for (int32_t j = 0; j < d && has_part(p, e); j++)
            out[e * h + j / (d / h)] +=
                p->x[p->g->dst[e] * d + j] * p->y[p->g->src[e] * d + j];
}

static double score(const struct problem *p, int64_t u, int64_t v, int32_t k)
{
    int32_t h = p->o.heads ? p->o.heads : 1;
    double s = p->y[u * 2 * h + k] + p->y[v * 2 * h + h + k];
    return exp(s < 0 ? 0.2 * s : s);
}

// What u adds to v's sum and to its softmax's.
static void attend(const struct problem *p, int64_t u, int64_t v, double *out,
                   double *whole)
{
    int32_t d = p->o.dim, h = p->o.heads ? p->o.heads : 1;
    for (int32_t k = 0; k < h; k++) {
        double a = score(p, u, v, k);
        whole[v * h + k] += a;
        for (int32_t j = k * (d / h); j < (k + 1) * (d / h); j++)
            out[v * d + j] += a * p->x[u * d + j];
    }
}

static void attention_of(const struct problem *p, double *out)
{
    int32_t d = p->o.dim, h = p->o.heads ? p->o.heads : 1;
    int64_t n = p->g->n_nodes;
    double *whole = calloc((size_t)(n * h) + 1, sizeof(*whole));
    for (int64_t v = 0; v < n; v++)
        attend(p, v, v, out, whole);
    for (int64_t e = 0; e < p->g->n_edges; e++)
        if (has_part(p, e))
            attend(p, p->g->src[e], p->g->dst[e], out, whole);
    for (int64_t i = 0; i < n * d; i++)
        out[i] /= whole[i / d * h + i % d / (d / h)];
    free(whole);
}

static void define(const struct problem *p, double *out)
{
    memset(out, 0, (size_t)p->n_out * sizeof(*out));
    if (p->o.op == GNNAC_SDDMM)
        sddmm_of(p, out);
    else if (p->o.op == GNNAC_ATTENTION)
        attention_of(p, out);
    else if (p->o.reduce == GNNAC_MAX || p->o.reduce == GNNAC_MIN)
        extreme_of(p, out);
    else
        sum_of(p, out);
}

// ---- problems ---------------------------------------------------------------

static double *normals(int64_t n, uint64_t seed)
{
    double *x = malloc((size_t)n * sizeof(*x) + 1);
    for (int64_t i = 0; i < n; i++)
        x[i] = (double)(float)rng_normal(seed, (uint64_t)i);
    return x;
}

static struct problem problem_of(const struct edge_list *g,
                                 gnnac_plan_options o, bool drop)
{
    int32_t h = o.heads ? o.heads : 1;
    struct problem p = {.g = g, .o = o, .drop = drop};
    p.o.struct_size = sizeof(p.o);
    p.n_x = g->n_nodes * o.dim;
    p.n_y = o.op == GNNAC_SDDMM       ? p.n_x
            : o.op == GNNAC_ATTENTION ? g->n_nodes * 2 * h
                                      : 0;
    p.n_weight = o.weighted ? g->n_edges : 0;
    p.n_out = o.op == GNNAC_SDDMM ? g->n_edges * h : p.n_x;
    p.x = normals(p.n_x, 1);
    p.y = normals(p.n_y, 2);
    p.weight = normals(p.n_weight, 3);
    return p;
}

static void problem_finish(struct problem *p)
{
    free(p->x);
    free(p->y);
    free(p->weight);
}

static float *narrowed(const double *from, int64_t n)
{
    float *to = malloc((size_t)n * sizeof(*to) + 1);
    for (int64_t i = 0; i < n; i++)
        to[i] = (float)from[i];
    return to;
}

static void *workspace_of(const gnnac_plan *p, size_t *n)
{
    *n = gnnac_plan_workspace_size(p);
    void *w = malloc(*n + 1);
    memset(w, 0xff, *n); // NaN
    return w;
}

// `size` is what rounding errors are a share of; NULL: 1 + |want|.
static void check_close(const struct problem *p, const char *what,
                        const float *got, const double *want,
                        const double *size, int64_t n, double tolerance)
{
    for (int64_t i = 0; i < n; i++)
        if (!(fabs((double)got[i] - want[i]) <=
              tolerance * (size ? size[i] : 1 + fabs(want[i])))) {
            TEST__FAIL("%s: op %d reduce %d dim %d heads %d: %s[%lld] is %g, "
                       "expected %g",
                       p->g->name, (int)p->o.op, (int)p->o.reduce,
                       (int)p->o.dim, (int)p->o.heads, what, (long long)i,
                       (double)got[i], want[i]);
            return;
        }
}

// The operands as the library takes them.
struct arrays {
    float *x, *y, *weight, *out;
    gnnac_operands in;
};

static struct arrays arrays_of(const struct problem *p)
{
    struct arrays a = {.x = narrowed(p->x, p->n_x),
                       .y = narrowed(p->y, p->n_y),
                       .weight = narrowed(p->weight, p->n_weight),
                       .out = malloc((size_t)p->n_out * sizeof(float) + 1)};
    a.in = (gnnac_operands){.struct_size = sizeof(a.in),
                            .x = a.x,
                            .y = p->n_y ? a.y : NULL,
                            .weight = p->n_weight ? a.weight : NULL};
    return a;
}

static void arrays_finish(struct arrays *a)
{
    free(a->x);
    free(a->y);
    free(a->weight);
    free(a->out);
}

static void make_positive(double *x, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        x[i] = fabs(x[i]);
}

// The sum of the absolute values of what an element is the sum of.
static double *sizes_of(const struct problem *p)
{
    struct problem q = problem_of(p->g, p->o, p->drop);
    double *size = malloc((size_t)p->n_out * sizeof(*size) + 1);
    make_positive(q.x, q.n_x);
    make_positive(q.weight, q.n_weight);
    if (p->o.op == GNNAC_SDDMM)
        make_positive(q.y, q.n_y);
    define(&q, size);
    problem_finish(&q);
    return size;
}

static void check_forward(const struct problem *p, const gnnac_plan *plan,
                          struct arrays *a)
{
    size_t n;
    gnnac_error err = {""};
    void *workspace = workspace_of(plan, &n);
    double *want = malloc((size_t)p->n_out * sizeof(*want) + 1);
    define(p, want);
    CHECK_INT(
        gnnac_plan_forward(plan, &a->in, a->out, workspace, n, NULL, &err),
        GNNAC_OK);
    CHECK_STR(err.msg, "");
    double *size = sizes_of(p);
    bool chosen = p->o.op == GNNAC_AGGREGATE && p->o.reduce >= GNNAC_MAX;
    check_close(p, "out", a->out, want, chosen ? NULL : size, p->n_out,
                chosen ? 0 : 4e-6);
    free(size);
    free(want);
    free(workspace);
}

// ---- finite differences -----------------------------------------------------

static double loss(const struct problem *p, const double *out_grad, double *out)
{
    double sum = 0;
    define(p, out);
    for (int64_t i = 0; i < p->n_out; i++)
        sum += out_grad[i] * out[i];
    return sum;
}

// The slope of the loss along each of n operands.
static double *slopes(const struct problem *p, const double *out_grad,
                      double *operand, int64_t n)
{
    const double h = 1e-5;
    double *slope = malloc((size_t)n * sizeof(*slope) + 1);
    double *out = malloc((size_t)p->n_out * sizeof(*out) + 1);
    for (int64_t i = 0; i < n; i++) {
        double old = operand[i];
        operand[i] = old + h;
        double above = loss(p, out_grad, out);
        operand[i] = old - h;
        slope[i] = (above - loss(p, out_grad, out)) / (2 * h);
        operand[i] = old;
    }
    free(out);
    return slope;
}

static void check_slopes(const struct problem *p, const double *out_grad,
                         double *operand, int64_t n, const float *got,
                         const char *name)
{
    double *want = slopes(p, out_grad, operand, n);
    check_close(p, name, got, want, NULL, n, 2e-5);
    free(want);
}

static float *garbage(int64_t n)
{
    float *x = malloc((size_t)n * sizeof(*x) + 1);
    memset(x, 0xff, (size_t)n * sizeof(*x));
    return x;
}

static void check_backward(const struct problem *p, const gnnac_plan *plan,
                           struct arrays *a)
{
    size_t n;
    gnnac_error err = {""};
    void *workspace = workspace_of(plan, &n);
    double *out_grad = normals(p->n_out, 4);
    float *given = narrowed(out_grad, p->n_out);
    float *x = garbage(p->n_x), *y = garbage(p->n_y);
    float *weight = garbage(p->n_weight);
    const gnnac_gradients grads = {.struct_size = sizeof(grads),
                                   .x = x,
                                   .y = p->n_y ? y : NULL,
                                   .weight = p->n_weight ? weight : NULL};
    CHECK_INT(gnnac_plan_backward(plan, &a->in, a->out, given, &grads,
                                  workspace, n, NULL, &err),
              GNNAC_OK);
    CHECK_STR(err.msg, "");
    check_slopes(p, out_grad, p->x, p->n_x, x, "x's gradient");
    check_slopes(p, out_grad, p->y, p->n_y, y, "y's gradient");
    check_slopes(p, out_grad, p->weight, p->n_weight, weight,
                 "weight's gradient");
    free(out_grad);
    free(given);
    free(x);
    free(y);
    free(weight);
    free(workspace);
}

// With what forward keeps, forward and backward give the same once more.
static void check_kept(const struct problem *p, const gnnac_plan *plan,
                       struct arrays *a)
{
    size_t n;
    gnnac_error err = {""};
    void *workspace = workspace_of(plan, &n);
    float *out = garbage(p->n_out);
    a->in.kept = garbage(p->n_y);
    CHECK_INT(gnnac_plan_forward(plan, &a->in, out, workspace, n, NULL, &err),
              GNNAC_OK);
    CHECK_STR(err.msg, "");
    CHECK(memcmp(out, a->out, (size_t)p->n_out * sizeof(*out)) == 0);
    check_backward(p, plan, a);
    free(a->in.kept);
    a->in.kept = NULL;
    free(out);
    free(workspace);
}

static void check(const struct edge_list *g, gnnac_plan_options o, bool drop)
{
    struct problem p = problem_of(g, o, drop);
    struct arrays a = arrays_of(&p);
    gnnac_graph *graph = graph_of(ctx, g, drop);
    gnnac_plan *plan = NULL;
    gnnac_error err = {""};
    CHECK_INT(gnnac_plan_create(graph, &p.o, &plan, &err), GNNAC_OK);
    CHECK_STR(err.msg, "");
    if (plan)
        check_forward(&p, plan, &a);
    if (plan && o.backward)
        check_backward(&p, plan, &a);
    if (plan && o.backward && o.op == GNNAC_ATTENTION)
        check_kept(&p, plan, &a);
    gnnac_plan_destroy(plan);
    gnnac_graph_destroy(graph);
    arrays_finish(&a);
    problem_finish(&p);
}

// On every graph, in several widths.
static void check_everywhere(gnnac_plan_options o, bool drop)
{
    static const int32_t dims[] = {1, 3, 33, 1433};
    for (int i = 0; i < N_GRAPHS; i++) {
        struct edge_list g = graph_at(i);
        for (int k = 0; k < 4; k++) {
            o.dim = dims[k] * (o.heads ? o.heads : 1);
            o.backward = o.dim <= 33;
            check(&g, o, drop);
        }
    }
}

// ---- operators --------------------------------------------------------------

TEST(sums_and_means_are_their_definitions)
{
    for (int drop = 0; drop < 2; drop++)
        for (int weighted = 0; weighted < 2; weighted++) {
            check_everywhere(
                (gnnac_plan_options){.reduce = GNNAC_SUM, .weighted = weighted},
                drop);
            check_everywhere((gnnac_plan_options){.reduce = GNNAC_MEAN,
                                                  .weighted = weighted},
                             drop);
        }
}

TEST(gcn_adds_a_self_loop_and_scales_by_both_degrees)
{
    check_everywhere((gnnac_plan_options){.reduce = GNNAC_GCN}, true);
}

TEST(largest_and_smallest_are_their_definitions)
{
    for (int drop = 0; drop < 2; drop++) {
        check_everywhere((gnnac_plan_options){.reduce = GNNAC_MAX}, drop);
        check_everywhere((gnnac_plan_options){.reduce = GNNAC_MIN}, drop);
    }
}

TEST(sddmm_is_a_dot_product_for_each_edge_and_head)
{
    for (int drop = 0; drop < 2; drop++)
        for (int32_t heads = 0; heads < 4; heads += 3)
            check_everywhere(
                (gnnac_plan_options){.op = GNNAC_SDDMM, .heads = heads}, drop);
}

TEST(attention_is_a_softmax_over_in_neighbours_and_oneself)
{
    for (int32_t heads = 0; heads < 20; heads += 19)
        check_everywhere(
            (gnnac_plan_options){.op = GNNAC_ATTENTION, .heads = heads}, true);
}

TEST(ties_of_the_largest_share_a_gradient_and_nan_wins)
{
    const struct edge_list g = {
        .n_nodes = 3, .n_edges = 3, .src = {1, 2, 1}, .dst = {0, 0, 2}};
    const gnnac_plan_options o = {
        .struct_size = sizeof(o), .dim = 1, .reduce = GNNAC_MAX, .backward = 1};
    gnnac_graph *graph = graph_of(ctx, &g, false);
    gnnac_plan *plan = NULL;
    CHECK_INT(gnnac_plan_create(graph, &o, &plan, NULL), GNNAC_OK);
    float x[] = {9, 5, 5}, out[3], grad[3];
    const float out_grad[] = {6, 1, 2};
    _Alignas(16) char workspace[256];
    CHECK(gnnac_plan_workspace_size(plan) <= sizeof(workspace));
    const gnnac_operands in = {.struct_size = sizeof(in), .x = x};
    const gnnac_gradients grads = {.struct_size = sizeof(grads), .x = grad};
    CHECK_INT(gnnac_plan_forward(plan, &in, out, workspace, sizeof(workspace),
                                 NULL, NULL),
              GNNAC_OK);
    CHECK_INT(gnnac_plan_backward(plan, &in, out, out_grad, &grads, workspace,
                                  sizeof(workspace), NULL, NULL),
              GNNAC_OK);
    CHECK(out[0] == 5 && out[1] == 0 && out[2] == 5);
    CHECK(grad[0] == 0 && grad[1] == 3 + 2 && grad[2] == 3);
    x[1] = NAN;
    CHECK_INT(gnnac_plan_forward(plan, &in, out, workspace, sizeof(workspace),
                                 NULL, NULL),
              GNNAC_OK);
    CHECK(isnan(out[0]) && isnan(out[2]));
    gnnac_plan_destroy(plan);
    gnnac_graph_destroy(graph);
}

int main(void)
{
    ctx = cpu_context();
    RUN(sums_and_means_are_their_definitions);
    RUN(gcn_adds_a_self_loop_and_scales_by_both_degrees);
    RUN(largest_and_smallest_are_their_definitions);
    RUN(sddmm_is_a_dot_product_for_each_edge_and_head);
    RUN(attention_is_a_softmax_over_in_neighbours_and_oneself);
    RUN(ties_of_the_largest_share_a_gradient_and_nan_wins);
    gnnac_context_destroy(ctx);
    return test_done();
}
