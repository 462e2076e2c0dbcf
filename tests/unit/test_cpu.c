
#include "cpu/cpu_kernels.h"
#include "model_fixture.h"
#include "test.h"

static float *random_floats(int64_t n, uint64_t seed)
{
    float *x = malloc((size_t)n * sizeof(float) + 1);
    for (int64_t i = 0; i < n; i++)
        x[i] = (float)rng_normal(seed, (uint64_t)i);
    return x;
}

// ---- linear -----------------------------------------------------------------

// out[v][j] against the plain double loop.
static void check_linear(int64_t n, int32_t in, int32_t out, bool accumulate)
{
    int64_t x_pitch = in + 3, out_pitch = out + 1;
    float *x = random_floats(n * x_pitch, 1), *w = random_floats(in * out, 2);
    float *y = random_floats(n * out_pitch, 3);
    float *before = random_floats(n * out_pitch, 3);
    cpu_linear(n, (struct const_view){x, x_pitch, in}, w,
               (struct view){y, out_pitch, out}, accumulate, 2);
    for (int64_t v = 0; v < n; v++) {
        for (int32_t j = 0; j < out; j++) {
            double want = accumulate ? (double)before[v * out_pitch + j] : 0;
            double size = fabs(want);
            for (int32_t k = 0; k < in; k++) {
                double p = (double)x[v * x_pitch + k] * (double)w[j * in + k];
                want += p;
                size += fabs(p);
            }
            double got = (double)y[v * out_pitch + j];
            if (!(fabs(got - want) <= (in + 2) * 0x1p-24 * size))
                TEST__FAIL("%d x %d: [%d][%d] is %g, expected %g", (int)in,
                           (int)out, (int)v, (int)j, got, want);
        }
        CHECK(y[v * out_pitch + out] == before[v * out_pitch + out]);
    }
    free(x);
    free(w);
    free(y);
    free(before);
}

TEST(linear_layers_of_any_shape_are_products)
{
    const int32_t widths[] = {1, 3, 8, 9, 16, 33, 513, 1025};
    for (int i = 0; i < 8; i++)
        for (int j = 0; j < 8; j++)
            check_linear(7, widths[i], widths[j], (i + j) % 2 == 1);
    check_linear(130, 20, 11, false);
    check_linear(1, 1, 1, true);
}

TEST(a_result_does_not_depend_on_the_number_of_threads)
{
    enum { N = 400, IN = 700, OUT = 33 };
    float *x = random_floats(N * IN, 1), *w = random_floats(IN * OUT, 2);
    float *one = random_floats(N * OUT, 3), *many = random_floats(N * OUT, 4);
    cpu_linear(N, (struct const_view){x, IN, IN}, w,
               (struct view){one, OUT, OUT}, false, 1);
    cpu_linear(N, (struct const_view){x, IN, IN}, w,
               (struct view){many, OUT, OUT}, false, 5);
    CHECK(memcmp(one, many, N * OUT * sizeof(float)) == 0);
    free(x);
    free(w);
    free(one);
    free(many);
}

// ---- steps by hand ----------------------------------------------------------

// Row 0: {1, 2}; row 1: {0, 2, 2}; row 2: none.
static const int64_t rowptr[] = {0, 2, 5, 5};
static const int32_t colidx[] = {1, 2, 0, 2, 2};
static const float features[] = {1, 10, 2, 20, 4, 40};

static struct aggregate_job job_of(float *out)
{
    return (struct aggregate_job){
        .n_rows = 3,
        .rowptr = rowptr,
        .colidx = colidx,
        .x = {features, 2, 2},
        .self = {features, 2, 2},
        .out = {out, 2, 2},
    };
}

TEST(sums_count_duplicates_and_leave_lonely_rows_zero)
{
    float out[6];
    struct aggregate_job job = job_of(out);
    cpu_aggregate(&job, 1);
    const float want[] = {6, 60, 9, 90, 0, 0};
    CHECK(memcmp(out, want, sizeof(want)) == 0);
}

TEST(means_divide_by_the_number_of_edges)
{
    float out[6];
    struct aggregate_job job = job_of(out);
    job.norm = NORM_MEAN;
    job.self_term = SELF_ONE;
    cpu_aggregate(&job, 1);
    CHECK_NEAR(out[0], 3 + 1, 1e-6);
    CHECK_NEAR(out[2], 3 + 2, 1e-6);
    CHECK_NEAR(out[5], 40, 0);
}

TEST(gcn_norms_scale_both_ends_and_the_self_loop)
{
    float out[6], dinv[3];
    struct aggregate_job job = job_of(out);
    graph_dinv(3, rowptr, dinv);
    CHECK_NEAR(dinv[1], 0.5, 0);
    job.dinv = dinv;
    job.norm = NORM_GCN;
    job.self_term = SELF_GCN;
    cpu_aggregate(&job, 1);
    CHECK_NEAR(out[0], 1 / 3.0 + 2 / sqrt(12) + 4 / sqrt(3), 1e-6);
    CHECK_NEAR(out[4], 4, 0);
}

TEST(epsilon_bias_and_relu_follow_the_sum)
{
    float out[6];
    const float eps = 0.5, bias[] = {-8, 1};
    struct aggregate_job job = job_of(out);
    job.eps = &eps;
    job.bias = bias;
    job.self_term = SELF_EPS;
    job.act = ACT_RELU;
    cpu_aggregate(&job, 1);
    const float want[] = {0, 76, 4, 121, 0, 61};
    CHECK(memcmp(out, want, sizeof(want)) == 0);
}

TEST(log_softmax_neither_overflows_nor_loses_small_rows)
{
    float x[] = {1000, 1000, 1000, -1000, 0, 0};
    cpu_log_softmax(3, (struct const_view){x, 2, 2}, (struct view){x, 2, 2}, 1);
    CHECK_NEAR(x[0], -log(2), 1e-6);
    CHECK_NEAR(x[2], 0, 0);
    CHECK_NEAR(x[3], -2000, 1e-6);
    CHECK_NEAR(x[5], -log(2), 1e-6);
}

TEST(rows_are_taken_from_where_they_are_said_to_be)
{
    float out[] = {0, 0, 7, 0, 0, 7, 0, 0, 7};
    const int32_t source[] = {2, 0, 1};
    cpu_permute_rows(3, (struct const_view){features, 2, 2}, source,
                     (struct view){out, 3, 2}, 2);
    const float want[] = {4, 40, 7, 1, 10, 7, 2, 20, 7};
    CHECK(memcmp(out, want, sizeof(want)) == 0);
}

// ---- whole models -----------------------------------------------------------

// The program's result against the definition's, element by element.
static void check_model(const struct model_request *rq,
                        const struct fixture_graph *g)
{
    gnnac_error err = {{0}};
    struct fixture_model f;
    if (!fixture_model_init(&f, rq, g, 2, 7, &err)) {
        TEST__FAIL("%s", err.msg);
        return;
    }
    int64_t n = g->n_nodes * rq->classes;
    float *x = random_floats(g->n_nodes * rq->dim, 5);
    float *y = random_floats(n, 6);
    double *want = malloc((size_t)n * sizeof(double) + 1);
    double *bound = malloc((size_t)n * sizeof(double) + 1);
    for (int32_t i = 0; i < f.program->n_params; i++)
        for (int32_t k = 0; k < f.program->params[i].cols; k++)
            if (f.program->params[i].rows == 1)
                f.model.params[i][k] = (float)rng_normal(8, (uint64_t)k) / 4;
    fixture_forward(&f, x, y);
    CHECK_INT(reference_forward(&f.model, x, want, bound, &err), GNNAC_OK);
    double worst = 0;
    for (int64_t i = 0; i < n; i++)
        worst = fmax(worst, fabs((double)y[i] - want[i]) / bound[i]);
    if (!(worst <= 1))
        TEST__FAIL("%s %d -> %d -> %d: error is %g of its bound", rq->name,
                   (int)rq->dim, (int)rq->hidden, (int)rq->classes, worst);
    free(x);
    free(y);
    free(want);
    free(bound);
    fixture_model_finish(&f);
}

// `g` is finished.
static void check_widths_on(struct fixture_graph g, const char *name,
                            int32_t mlp)
{
    const int32_t widths[] = {1, 3, 16, 33, 64, 100};
    for (int i = 0; i < 6; i++)
        for (int j = 0; j < 6; j++)
            check_model(&(struct model_request){.name = name, .mlp = mlp,
                                                .dim = widths[i],
                                                .hidden = widths[j],
                                                .classes =
                                                    widths[(i + j) % 6]},
                        &g);
    fixture_graph_finish(&g);
}

static void check_widths(const char *name, int32_t mlp, bool loops)
{
    check_widths_on(fixture_graph_random(150, 3, loops, 11), name, mlp);
}

TEST(gcn_programs_agree_with_the_definition)
{
    check_widths("gcn", 0, false);
}

TEST(gin_programs_agree_with_the_definition)
{
    check_widths("gin", 1, true);
    check_widths("gin", 2, true);
}

TEST(sage_programs_agree_with_the_definition)
{
    check_widths("sage", 0, true);
}

TEST(gat_programs_agree_with_the_definition)
{
    check_widths("gat", 0, false);
}

TEST(gatv2_programs_agree_with_the_definition)
{
    check_widths("gatv2", 0, false);
}

TEST(any_number_of_heads_agrees_with_the_definition)
{
    const int32_t heads[] = {1, 2, 3, 16, 17, 40};
    struct fixture_graph g = fixture_graph_random(150, 3, false, 11);
    for (int i = 0; i < 12; i++)
        for (int32_t hidden = 1; hidden < 10; hidden += 4)
            check_model(&(struct model_request){.name = i % 2 ? "gatv2" : "gat",
                                                .dim = 20, .hidden = hidden,
                                                .classes = 7, .layers = 3,
                                                .heads = heads[i / 2]},
                        &g);
    fixture_graph_finish(&g);
}

// Whatever the layer ends in, and however it is stored.
TEST(layers_that_add_their_input_agree_with_the_definition)
{
    const char *const names[] = {"gcn", "gin", "sage", "gat", "gatv2"};
    struct fixture_graph g = fixture_graph_random(150, 3, false, 11);
    struct fixture_graph shuffled =
        fixture_graph_shuffled(fixture_graph_random(150, 3, false, 11), 5);
    for (int i = 0; i < 60; i++)
        check_model(
            &(struct model_request){.name = names[i % 5], .dim = 20,
                                    .hidden = i / 5 % 3 ? 16 : 33,
                                    .classes = 7, .layers = 3 + i / 30 * 3,
                                    .mlp = i % 5 == 1 ? 1 + i / 5 % 2 : 0,
                                    .dtype = i % 5 < 3 ? i / 15 % 3 : DTYPE_F32,
                                    .residual = true},
            i / 5 % 2 ? &g : &shuffled);
    fixture_graph_finish(&g);
    fixture_graph_finish(&shuffled);
}

TEST(programs_of_reordered_graphs_agree_with_the_definition)
{
    const uint64_t seed = 5;
    check_widths_on(
        fixture_graph_shuffled(fixture_graph_random(150, 3, false, 11), seed),
        "gcn", 0);
    check_widths_on(
        fixture_graph_shuffled(fixture_graph_random(150, 3, false, 11), seed),
        "gat", 0);
    check_widths_on(
        fixture_graph_shuffled(fixture_graph_random(150, 3, false, 11), seed),
        "gatv2", 0);
    for (int32_t mlp = 1; mlp <= 2; mlp++)
        check_widths_on(fixture_graph_shuffled(
                            fixture_graph_random(150, 3, true, 11), seed),
                        "gin", mlp);
    check_widths_on(
        fixture_graph_shuffled(fixture_graph_random(150, 3, true, 11), seed),
        "sage", 0);
}

// Run the model on both graphs, which are the same but for their order.
static void check_same(const struct model_request *rq,
                       const struct fixture_graph *plain,
                       const struct fixture_graph *reordered)
{
    struct fixture_model a, b;
    int64_t n = plain->n_nodes * rq->classes;
    float *x = random_floats(plain->n_nodes * rq->dim, 5);
    float *y = random_floats(n, 6), *z = random_floats(n, 7);
    double *want = malloc((size_t)n * sizeof(double));
    double *bound = malloc((size_t)n * sizeof(double));
    CHECK(fixture_model_init(&a, rq, plain, 2, 7, NULL));
    CHECK(fixture_model_init(&b, rq, reordered, 2, 7, NULL));
    fixture_forward(&a, x, y);
    fixture_forward(&b, x, z);
    CHECK_INT(reference_forward(&a.model, x, want, bound, NULL), GNNAC_OK);
    double worst = 0;
    for (int64_t i = 0; i < n; i++)
        worst = fmax(worst, fabs((double)y[i] - (double)z[i]) / bound[i]);
    if (!(worst <= 1))
        TEST__FAIL("%s: orders differ by %g bounds", rq->name, worst);
    free(x);
    free(y);
    free(z);
    free(want);
    free(bound);
    fixture_model_finish(&a);
    fixture_model_finish(&b);
}

TEST(no_order_of_the_graph_shows_in_the_output)
{
    const char *const names[] = {"gcn", "gin", "sage", "gat", "gatv2"};
    struct fixture_graph g = fixture_graph_random(150, 3, false, 11);
    for (int i = 0; i < 15; i++) {
        int32_t *perm = fixture_perm(g.n_nodes, (uint64_t)i);
        struct fixture_graph r = fixture_graph_reordered(&g, perm);
        check_same(&(struct model_request){.name = names[i % 5],
                                           .dim = 3 + 20 * (i / 5),
                                           .hidden = 16, .classes = 9},
                   &g, &r);
        free(perm);
        fixture_graph_finish(&r);
    }
    fixture_graph_finish(&g);
}

TEST(graphs_without_edges_or_nodes_work)
{
    const char *const names[] = {"gcn", "gin", "sage", "gat", "gatv2"};
    for (int i = 0; i < 5; i++) {
        struct model_request rq = {.name = names[i], .dim = 5, .hidden = 4,
                                   .classes = 3};
        struct fixture_graph lonely = fixture_graph_of(4, NULL, 0);
        struct fixture_graph empty = fixture_graph_of(0, NULL, 0);
        check_model(&rq, &lonely);
        check_model(&rq, &empty);
        lonely = fixture_graph_shuffled(lonely, 1);
        empty = fixture_graph_shuffled(empty, 1);
        check_model(&rq, &lonely);
        check_model(&rq, &empty);
        fixture_graph_finish(&lonely);
        fixture_graph_finish(&empty);
    }
}

TEST(buffers_that_live_apart_share_memory)
{
    struct fixture_graph g = fixture_graph_random(64, 3, true, 1);
    struct fixture_model f;
    gnnac_error err = {{0}};
    CHECK(fixture_model_init(&f,
                             &(struct model_request){.name = "gin", .dim = 64,
                                                     .hidden = 64,
                                                     .classes = 64,
                                                     .layers = 20},
                             &g, 1, 1, &err));
    // Two live at a time, three where a step adds to what another wrote.
    CHECK(f.model.plan.n_bytes <= 3 * 64 * 64 * sizeof(float));
    fixture_model_finish(&f);
    fixture_graph_finish(&g);
}

int main(void)
{
    RUN(linear_layers_of_any_shape_are_products);
    RUN(a_result_does_not_depend_on_the_number_of_threads);
    RUN(sums_count_duplicates_and_leave_lonely_rows_zero);
    RUN(means_divide_by_the_number_of_edges);
    RUN(gcn_norms_scale_both_ends_and_the_self_loop);
    RUN(epsilon_bias_and_relu_follow_the_sum);
    RUN(log_softmax_neither_overflows_nor_loses_small_rows);
    RUN(rows_are_taken_from_where_they_are_said_to_be);
    RUN(gcn_programs_agree_with_the_definition);
    RUN(gin_programs_agree_with_the_definition);
    RUN(sage_programs_agree_with_the_definition);
    RUN(gat_programs_agree_with_the_definition);
    RUN(gatv2_programs_agree_with_the_definition);
    RUN(any_number_of_heads_agrees_with_the_definition);
    RUN(layers_that_add_their_input_agree_with_the_definition);
    RUN(programs_of_reordered_graphs_agree_with_the_definition);
    RUN(no_order_of_the_graph_shows_in_the_output);
    RUN(graphs_without_edges_or_nodes_work);
    RUN(buffers_that_live_apart_share_memory);
    return test_done();
}
