// Tiny layers worked out by hand, from PyTorch Geometric's definitions.
#include "model_fixture.h"
#include "test.h"

// (dst, src): directed, node 1 has a doubled in-edge, node 2 none.
static const int32_t edges[][2] = {{0, 1}, {0, 2}, {1, 0}, {1, 2}, {1, 2}};
// The same with self loops, which GIN and SAGE treat as edges.
static const int32_t looped[][2] = {{0, 0}, {0, 1}, {1, 1}, {1, 1}};
static const float x[] = {1, -1, 2, 0, -3, 5};

// One layer without log-softmax, 2 -> 1 columns.
static bool one_layer(struct fixture_model *f, const char *name, int32_t mlp,
                      const int32_t (*pairs)[2], int64_t n_edges,
                      int32_t classes)
{
    gnnac_error err = {{0}};
    struct fixture_graph g = fixture_graph_of(3, pairs, n_edges);
    bool ok = fixture_model_init(f,
                                 &(struct model_request){.name = name,
                                                         .dim = 2,
                                                         .layers = 1,
                                                         .mlp = mlp,
                                                         .classes = classes},
                                 &g, 1, 1, &err);
    CHECK_STR(err.msg, "");
    fixture_graph_finish(&g);
    if (ok)
        f->bundle->manifest->model.log_softmax = false;
    return ok;
}

TEST(gcn_normalises_with_one_self_loop_per_node)
{
    struct fixture_model f;
    double y[3], bound[3];
    if (!one_layer(&f, "gcn", 0, edges, 5, 1))
        return;
    CHECK(fixture_set(&f, "convs.0.lin.weight", (float[]){1, 0.5}));
    CHECK(fixture_set(&f, "convs.0.bias", (float[]){0.25}));
    CHECK_INT(reference_forward(&f.model, x, y, bound, NULL), GNNAC_OK);
    // xW = .5, 2, -.5; degrees with loop 3, 4, 1
    CHECK_NEAR(y[0], 0.25 + .5 / 3 + 2 / sqrt(12) - .5 / sqrt(3), 1e-12);
    CHECK_NEAR(y[1], 0.25 + .5 / sqrt(12) - 2 * .5 / sqrt(4) + 2 / 4.0, 1e-12);
    CHECK_NEAR(y[2], 0.25 - .5, 1e-12);
    CHECK(bound[0] > 0 && bound[0] < 1e-4);
    fixture_model_finish(&f);
}

TEST(gin_adds_the_node_and_applies_its_mlp)
{
    struct fixture_model f;
    double y[3];
    if (!one_layer(&f, "gin", 1, looped, 4, 1))
        return;
    CHECK(fixture_set(&f, "convs.0.nn.lins.0.weight", (float[]){1, 1}));
    CHECK(fixture_set(&f, "convs.0.nn.lins.0.bias", (float[]){0.5}));
    CHECK(fixture_set(&f, "convs.0.eps", (float[]){0.25}));
    CHECK_INT(reference_forward(&f.model, x, y, NULL, NULL), GNNAC_OK);
    // row sums of x: 0, 2, 2
    CHECK_NEAR(y[0], 0.5 + 0 * 1.25 + 0 + 2, 1e-12);
    CHECK_NEAR(y[1], 0.5 + 2 * 1.25 + 2 + 2, 1e-12);
    CHECK_NEAR(y[2], 0.5 + 2 * 1.25, 1e-12);
    fixture_model_finish(&f);
}

TEST(gin_with_two_linear_layers_has_relu_between)
{
    struct fixture_model f;
    double y[6];
    if (!one_layer(&f, "gin", 2, looped, 4, 2))
        return;
    CHECK(fixture_set(&f, "convs.0.nn.lins.0.weight",
                      (float[]){1, 0, -1, 0}));
    CHECK(fixture_set(&f, "convs.0.nn.lins.0.bias", (float[]){0, 1}));
    CHECK(fixture_set(&f, "convs.0.nn.lins.1.weight", (float[]){1, 10, 2, 3}));
    CHECK(fixture_set(&f, "convs.0.nn.lins.1.bias", (float[]){0, 100}));
    CHECK(fixture_set(&f, "convs.0.eps", (float[]){0}));
    CHECK_INT(reference_forward(&f.model, x, y, NULL, NULL), GNNAC_OK);
    // first column summed: 4, 6, -3; hidden (4, 0), (6, 0), (0, 4)
    CHECK_NEAR(y[0], 4, 1e-12);
    CHECK_NEAR(y[1], 108, 1e-12);
    CHECK_NEAR(y[4], 40, 1e-12);
    CHECK_NEAR(y[5], 112, 1e-12);
    fixture_model_finish(&f);
}

TEST(sage_averages_neighbours_and_adds_the_node)
{
    struct fixture_model f;
    double y[3];
    if (!one_layer(&f, "sage", 0, edges, 5, 1))
        return;
    CHECK(fixture_set(&f, "convs.0.lin_l.weight", (float[]){1, 0}));
    CHECK(fixture_set(&f, "convs.0.lin_l.bias", (float[]){0.5}));
    CHECK(fixture_set(&f, "convs.0.lin_r.weight", (float[]){0, 2}));
    CHECK_INT(reference_forward(&f.model, x, y, NULL, NULL), GNNAC_OK);
    CHECK_NEAR(y[0], 0.5 - 0.5 - 2, 1e-12);
    CHECK_NEAR(y[1], 0.5 - 5 / 3.0, 1e-12);
    CHECK_NEAR(y[2], 0.5 + 10, 1e-12);
    fixture_model_finish(&f);
}

TEST(gat_weighs_neighbours_and_the_node_by_one_softmax)
{
    struct fixture_model f;
    double y[3], bound[3];
    if (!one_layer(&f, "gat", 0, edges, 5, 1))
        return;
    CHECK(fixture_set(&f, "convs.0.lin.weight", (float[]){1, 0.5}));
    CHECK(fixture_set(&f, "convs.0.att_src", (float[]){1}));
    CHECK(fixture_set(&f, "convs.0.att_dst", (float[]){0.5}));
    CHECK(fixture_set(&f, "convs.0.bias", (float[]){0.25}));
    CHECK_INT(reference_forward(&f.model, x, y, bound, NULL), GNNAC_OK);
    // h = .5, 2, -.5; node 0 scores .75, 2.25, LeakyReLU(-.25); node 1 scores
    // 3, 1.5 and .5 twice
    double p[] = {exp(.75), exp(2.25), exp(-.25 * (double)ATTENTION_SLOPE)};
    double q[] = {exp(1.5), exp(3), 2 * exp(.5)};
    CHECK_NEAR(y[0],
               .25 + (.5 * p[0] + 2 * p[1] - .5 * p[2]) / (p[0] + p[1] + p[2]),
               1e-12);
    CHECK_NEAR(y[1],
               .25 + (.5 * q[0] + 2 * q[1] - .5 * q[2]) / (q[0] + q[1] + q[2]),
               1e-12);
    CHECK_NEAR(y[2], 0.25 - .5, 1e-12);
    CHECK(bound[0] > 0 && bound[0] < 1e-4);
    fixture_model_finish(&f);
}

static double leaky(double z)
{
    return z < 0 ? ATTENTION_SLOPE * z : z;
}

// Two columns, so that a score is no function of a sum: the order of sources
// differs from row to row.
TEST(gatv2_scores_neighbours_by_a_layer_of_both)
{
    struct fixture_model f;
    double y[6], bound[6];
    if (!one_layer(&f, "gatv2", 0, edges, 5, 2))
        return;
    CHECK(fixture_set(&f, "convs.0.lin_l.weight", (float[]){1, 0, 0, 1}));
    CHECK(fixture_set(&f, "convs.0.lin_l.bias", (float[]){0.5, -0.25}));
    CHECK(fixture_set(&f, "convs.0.lin_r.weight", (float[]){0, 1, -1, 0}));
    CHECK(fixture_set(&f, "convs.0.lin_r.bias", (float[]){0.25, 1}));
    CHECK(fixture_set(&f, "convs.0.att", (float[]){0.5, -2}));
    CHECK(fixture_set(&f, "convs.0.bias", (float[]){0.125, 3}));
    CHECK_INT(reference_forward(&f.model, x, y, bound, NULL), GNNAC_OK);
    const double l[3][2] = {{1.5, -1.25}, {2.5, -.25}, {-2.5, 4.75}};
    const double r[3][2] = {{-.75, 0}, {.25, -1}, {5.25, 4}};
    const int from[3][4] = {{0, 1, 2, -1}, {1, 0, 2, 2}, {2, -1}};
    for (int v = 0; v < 3; v++) {
        double sum[2] = {0}, total = 0;
        for (int i = 0; i < 4 && from[v][i] >= 0; i++) {
            const double *u = l[from[v][i]];
            double p = exp(.5 * leaky(u[0] + r[v][0]) -
                           2 * leaky(u[1] + r[v][1]));
            total += p;
            sum[0] += p * u[0];
            sum[1] += p * u[1];
        }
        CHECK_NEAR(y[2 * v], .125 + sum[0] / total, 1e-12);
        CHECK_NEAR(y[2 * v + 1], 3 + sum[1] / total, 1e-12);
        CHECK(bound[2 * v] > 0 && bound[2 * v] < 1e-3);
    }
    fixture_model_finish(&f);
}

TEST(self_loops_of_gin_and_sage_are_edges_like_others)
{
    struct fixture_model f;
    double y[3];
    if (!one_layer(&f, "sage", 0, looped, 4, 1))
        return;
    CHECK(fixture_set(&f, "convs.0.lin_l.weight", (float[]){1, 0}));
    CHECK(fixture_set(&f, "convs.0.lin_l.bias", (float[]){0}));
    CHECK(fixture_set(&f, "convs.0.lin_r.weight", (float[]){0, 0}));
    CHECK_INT(reference_forward(&f.model, x, y, NULL, NULL), GNNAC_OK);
    CHECK_NEAR(y[0], 1.5, 1e-12);
    CHECK_NEAR(y[1], 2, 1e-12);
    CHECK_NEAR(y[2], 0, 0);
    fixture_model_finish(&f);
}

// test_cpu shows that float32 stays inside; here, that little else does.
TEST(bounds_are_small_beside_the_values)
{
    gnnac_error err = {{0}};
    struct fixture_graph g = fixture_graph_random(60, 4, false, 3);
    struct fixture_model f;
    struct model_request rq = {.name = "gcn", .dim = 30, .classes = 5};
    enum { N = 60 * 5 };
    float in[60 * 30];
    double y[N], bound[N], value = 0, error = 0;
    for (int i = 0; i < 60 * 30; i++)
        in[i] = (float)rng_normal(1, (uint64_t)i);
    CHECK(fixture_model_init(&f, &rq, &g, 1, 1, &err));
    CHECK_INT(reference_forward(&f.model, in, y, bound, NULL), GNNAC_OK);
    for (int i = 0; i < N; i++) {
        value = fmax(value, fabs(y[i]));
        error = fmax(error, bound[i]);
    }
    CHECK(error < 1e-2 * value);
    fixture_model_finish(&f);
    fixture_graph_finish(&g);
}

// The largest deviation, in bounds, of a run on a graph that lacks one edge, or
// on the whole one.
static double noticed_in(const char *name, enum dtype dtype, bool whole_graph)
{
    enum { N = 60, DIM = 30, OUT = 5 };
    struct fixture_graph g = fixture_graph_random(N, 4, false, 3);
    struct model_request rq = {
        .name = name, .dim = DIM, .classes = OUT, .dtype = dtype};
    struct fixture_model whole, damaged;
    float in[N * DIM], got[N * OUT];
    double want[N * OUT], bound[N * OUT], worst = 0;
    for (int i = 0; i < N * DIM; i++)
        in[i] = (float)rng_normal(1, (uint64_t)i);
    CHECK(fixture_model_init(&whole, &rq, &g, 1, 1, NULL));
    for (int64_t v = N; !whole_graph && g.rowptr[v] == g.n_edges; v--)
        g.rowptr[v]--;
    g.n_edges -= !whole_graph;
    CHECK(fixture_model_init(&damaged, &rq, &g, 1, 1, NULL));
    fixture_forward(&damaged, in, got);
    CHECK_INT(reference_forward(&whole.model, in, want, bound, NULL), GNNAC_OK);
    for (int i = 0; i < N * OUT; i++) {
        double error = fabs((double)got[i] - want[i]) / bound[i];
        worst = isnan(error) ? INFINITY : fmax(worst, error);
    }
    fixture_model_finish(&whole);
    fixture_model_finish(&damaged);
    fixture_graph_finish(&g);
    return worst;
}

static double noticed(const char *name)
{
    return noticed_in(name, DTYPE_F32, false);
}

TEST(one_missing_edge_is_outside_the_bounds_of_any_preset)
{
    CHECK(noticed("gcn") > 10);
    CHECK(noticed("sage") > 10);
    CHECK(noticed("gin") > 10); // five layers deep
    CHECK(noticed("gat") > 10);
    CHECK(noticed("gatv2") > 10);
}

TEST(with_16_bit_storage_results_are_inside_the_bounds_and_faults_outside)
{
    static const char *const names[] = {"gcn", "sage", "gin"};
    for (int i = 0; i < 3; i++)
        for (int t = DTYPE_F16; t < N_DTYPES; t++) {
            CHECK(noticed_in(names[i], (enum dtype)t, true) > 0);
            CHECK(noticed_in(names[i], (enum dtype)t, true) < 0.4);
            CHECK(noticed_in(names[i], (enum dtype)t, false) > 1);
        }
}

// ---- what BLAS rounds -------------------------------------------------------

// To the nearest half, by hand: 11 significant bits, but multiples of 2^-24.
static float half_of(float v)
{
    int exponent;
    frexp((double)v, &exponent);
    double unit = ldexp(1, exponent - 11 < -24 ? -24 : exponent - 11);
    return (float)(rint((double)v / unit) * unit);
}

// The largest error over its bound of a layer whose matrices and features, of
// these magnitudes, were rounded to halves.
static double error_of_halves(const char *name, double size, double weights,
                              gnnac_math math)
{
    enum { N = 60, DIM = 30, OUT = 5 };
    struct model_request rq = {.name = name, .dim = DIM, .classes = OUT,
                               .layers = 1};
    struct fixture_graph g = fixture_graph_random(N, 4, false, 3);
    struct fixture_model f;
    float in[N * DIM];
    double want[N * OUT], bound[N * OUT], got[N * OUT], worst = 0;
    CHECK(fixture_model_init(&f, &rq, &g, 1, 1, NULL));
    f.bundle->manifest->model.log_softmax = false;
    f.model.math = math;
    f.model.blas_layers[0] = true;
    for (int i = 0; i < N * DIM; i++)
        in[i] = (float)(size * rng_normal(1, (uint64_t)i));
    for (int32_t i = 0; i < f.program->n_params; i++)
        for (int64_t k = 0; k < param_elems(&f.program->params[i]); k++)
            f.model.params[i][k] *= (float)weights;
    CHECK_INT(reference_forward(&f.model, in, want, bound, NULL), GNNAC_OK);
    for (int i = 0; i < N * DIM; i++)
        in[i] = half_of(in[i]);
    for (int32_t i = 0; i < f.program->n_params; i++)
        for (int64_t k = 0; f.program->params[i].rows > 1 &&
                            k < param_elems(&f.program->params[i]); k++)
            f.model.params[i][k] = half_of(f.model.params[i][k]);
    CHECK_INT(reference_forward(&f.model, in, got, NULL, NULL), GNNAC_OK);
    for (int i = 0; i < N * OUT; i++)
        worst = fmax(worst, fabs(got[i] - want[i]) / bound[i]);
    fixture_model_finish(&f);
    fixture_graph_finish(&g);
    return worst;
}

// The smallest are nothing as halves.
TEST(operands_rounded_to_halves_are_within_the_bounds_of_f16_alone)
{
    static const char *const names[] = {"gcn", "gin", "sage", "gat", "gatv2"};
    static const double sizes[] = {1, 1e-4, 1e-6, 1e-7, 2e-8, 1e-9};
    for (int i = 0; i < 5; i++)
        for (int k = 0; k < 36; k++) {
            double x_size = sizes[k / 6], w_size = sizes[k % 6];
            double error =
                error_of_halves(names[i], x_size, w_size, GNNAC_MATH_F16);
            if (!(error > 0 && error <= 1))
                TEST__FAIL("%s, x of %g, w of %g: %g times the allowed error",
                           names[i], x_size, w_size, error);
            CHECK(error_of_halves(names[i], x_size, w_size, GNNAC_MATH_F32) >
                  1);
        }
}

TEST(where_blas_computes_nothing_the_bounds_are_those_of_float32)
{
    struct fixture_model f;
    double bound[3], rounded[3], y[3];
    if (!one_layer(&f, "gcn", 0, edges, 5, 1))
        return;
    CHECK_INT(reference_forward(&f.model, x, y, bound, NULL), GNNAC_OK);
    for (int math = GNNAC_MATH_TF32; math <= GNNAC_MATH_F16; math++) {
        f.model.math = (gnnac_math)math;
        f.model.blas_layers[0] = false;
        CHECK_INT(reference_forward(&f.model, x, y, rounded, NULL), GNNAC_OK);
        CHECK(memcmp(bound, rounded, sizeof(bound)) == 0);
        f.model.blas_layers[0] = true;
        CHECK_INT(reference_forward(&f.model, x, y, rounded, NULL), GNNAC_OK);
        CHECK(rounded[0] > 10 * bound[0]);
    }
    fixture_model_finish(&f);
}

// ---- storage, order ---------------------------------------------------------

// x is large, but its product with the first weights can be stored in bf16.
TEST(a_value_beyond_the_range_of_f16_does_not_pass)
{
    for (int t = DTYPE_F16; t < N_DTYPES; t++) {
        struct fixture_graph g = fixture_graph_of(3, edges, 5);
        struct fixture_model f;
        struct model_request rq = {.name = "gcn", .dim = 2, .classes = 2,
                                   .dtype = (enum dtype)t};
        const float large[] = {3e6f, 2e6f, 1e6f, 5e6f, 4e6f, 3e6f};
        float got[6];
        double want[6], bound[6], worst = 0;
        CHECK(fixture_model_init(&f, &rq, &g, 1, 1, NULL));
        fixture_forward(&f, large, got);
        CHECK_INT(reference_forward(&f.model, large, want, bound, NULL),
                  GNNAC_OK);
        for (int i = 0; i < 6; i++)
            if (!(fabs((double)got[i] - want[i]) <= worst * bound[i]))
                worst = isfinite(got[i])
                            ? fabs((double)got[i] - want[i]) / bound[i]
                            : INFINITY;
        CHECK(t == DTYPE_F16 ? worst > 1 : worst <= 1);
        fixture_model_finish(&f);
        fixture_graph_finish(&g);
    }
}

// A model on a reordered graph whose results differ from node to node.
static void init_reordered(struct fixture_model *f, const char *name)
{
    struct model_request rq = {.name = name, .dim = 30, .classes = 5};
    struct fixture_graph g =
        fixture_graph_shuffled(fixture_graph_random(60, 4, false, 3), 9);
    CHECK(fixture_model_init(f, &rq, &g, 1, 1, NULL));
    fixture_graph_finish(&g);
}

static double deviation(const struct fixture_model *f)
{
    enum { N = 60, DIM = 30, OUT = 5 };
    float in[N * DIM], got[N * OUT];
    double want[N * OUT], bound[N * OUT], worst = 0;
    for (int i = 0; i < N * DIM; i++)
        in[i] = (float)rng_normal(1, (uint64_t)i);
    fixture_forward(f, in, got);
    CHECK_INT(reference_forward(&f->model, in, want, bound, NULL), GNNAC_OK);
    for (int i = 0; i < N * OUT; i++)
        worst = fmax(worst, fabs((double)got[i] - want[i]) / bound[i]);
    return worst;
}

// Where rows enter the graph's order, leave it, or both, by the other of perm
// and inverse.
TEST(rows_moved_the_wrong_way_are_outside_the_bounds)
{
    const char *const names[] = {"gcn", "gin", "sage"};
    enum { ENTER = 1, LEAVE = 2 };
    for (int i = 0; i < 9; i++) {
        int wrong = 1 + i / 3;
        struct fixture_model f;
        init_reordered(&f, names[i % 3]);
        CHECK(deviation(&f) <= 1);
        for (int32_t k = 0; k < f.program->n_steps; k++) {
            struct step *s = &f.bundle->manifest->program.steps[k];
            if (s->kind == STEP_GRAPH_ORDER && (wrong & ENTER))
                s->kind = STEP_INPUT_ORDER;
            else if (s->kind == STEP_INPUT_ORDER && (wrong & LEAVE))
                s->kind = STEP_GRAPH_ORDER;
        }
        CHECK(deviation(&f) > 10);
        fixture_model_finish(&f);
    }
}

TEST(a_graph_that_perm_does_not_lead_back_to_is_refused)
{
    struct fixture_model f;
    gnnac_error err = {{0}};
    float in[60 * 30] = {0};
    double y[60 * 5];
    init_reordered(&f, "gcn");
    gnnac_bundle *b = f.bundle;
    const int32_t *perm = b->perm;
    b->perm = b->inverse;
    CHECK_INT(reference_forward(&f.model, in, y, NULL, &err), GNNAC_EWRONG);
    CHECK_HAS(err.msg, "graph/perm does not lead back");
    b->perm = perm;
    CHECK_INT(reference_forward(&f.model, in, y, NULL, NULL), GNNAC_OK);
    fixture_model_finish(&f);
}

TEST(the_reference_does_not_depend_on_the_order)
{
    struct fixture_graph g = fixture_graph_random(60, 4, false, 3);
    struct model_request rq = {.name = "sage", .dim = 30, .classes = 5};
    struct fixture_model plain, reordered;
    float in[60 * 30];
    double y[60 * 5], z[60 * 5];
    for (int i = 0; i < 60 * 30; i++)
        in[i] = (float)rng_normal(1, (uint64_t)i);
    CHECK(fixture_model_init(&plain, &rq, &g, 1, 1, NULL));
    g = fixture_graph_shuffled(g, 4);
    CHECK(fixture_model_init(&reordered, &rq, &g, 1, 1, NULL));
    CHECK_INT(reference_forward(&plain.model, in, y, NULL, NULL), GNNAC_OK);
    CHECK_INT(reference_forward(&reordered.model, in, z, NULL, NULL), GNNAC_OK);
    CHECK(memcmp(y, z, sizeof(y)) == 0);
    fixture_model_finish(&plain);
    fixture_model_finish(&reordered);
    fixture_graph_finish(&g);
}

TEST(log_softmax_rows_sum_to_one)
{
    gnnac_error err = {{0}};
    struct fixture_graph g = fixture_graph_random(20, 3, true, 3);
    struct fixture_model f;
    struct model_request rq = {.name = "sage", .dim = 4, .classes = 3};
    float in[20 * 4];
    double y[20 * 3];
    for (int i = 0; i < 20 * 4; i++)
        in[i] = (float)rng_normal(1, (uint64_t)i);
    CHECK(fixture_model_init(&f, &rq, &g, 1, 1, &err));
    CHECK_INT(reference_forward(&f.model, in, y, NULL, NULL), GNNAC_OK);
    for (int v = 0; v < 20; v++)
        CHECK_NEAR(exp(y[3 * v]) + exp(y[3 * v + 1]) + exp(y[3 * v + 2]), 1,
                   1e-12);
    fixture_model_finish(&f);
    fixture_graph_finish(&g);
}

int main(void)
{
    RUN(gcn_normalises_with_one_self_loop_per_node);
    RUN(gin_adds_the_node_and_applies_its_mlp);
    RUN(gin_with_two_linear_layers_has_relu_between);
    RUN(sage_averages_neighbours_and_adds_the_node);
    RUN(gat_weighs_neighbours_and_the_node_by_one_softmax);
    RUN(gatv2_scores_neighbours_by_a_layer_of_both);
    RUN(self_loops_of_gin_and_sage_are_edges_like_others);
    RUN(bounds_are_small_beside_the_values);
    RUN(one_missing_edge_is_outside_the_bounds_of_any_preset);
    RUN(with_16_bit_storage_results_are_inside_the_bounds_and_faults_outside);
    RUN(operands_rounded_to_halves_are_within_the_bounds_of_f16_alone);
    RUN(where_blas_computes_nothing_the_bounds_are_those_of_float32);
    RUN(a_value_beyond_the_range_of_f16_does_not_pass);
    RUN(rows_moved_the_wrong_way_are_outside_the_bounds);
    RUN(a_graph_that_perm_does_not_lead_back_to_is_refused);
    RUN(the_reference_does_not_depend_on_the_order);
    RUN(log_softmax_rows_sum_to_one);
    return test_done();
}
