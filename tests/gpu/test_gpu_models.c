// Whole models on the GPU against the float64 reference.
#include "gpu_fixture.h"
#include "order/orders.h"

static gnnac_context *ctx;
static const char *const models[] = {"gcn", "gin", "sage", "gat", "gatv2"};
enum { N_ATTENTION_FREE = 3 };

// Compile, run on random features, compare.
static void check_model(const struct csr *g, const char *graph_name,
                        const struct model_request *rq,
                        const struct gpu_build *build)
{
    gnnac_error err = {{0}};
    gnnac_model *m = NULL;
    gnnac_bundle_info info = {0};
    gnnac_bundle *b = gpu_bundle(g, rq, build, &err);
    if (b)
        gnnac_bundle_get_info(b, &info);
    float *x = gpu_features(info.n_nodes * info.in_dim, 5);
    float *y = gpu_features(info.n_nodes * info.out_dim, 6);
    double error = -1;
    if (b && gnnac_model_create(ctx, b, &m, &err) == GNNAC_OK &&
        gnnac_model_init_weights(m, 7, &err) == GNNAC_OK &&
        gnnac_model_run(m, x, y, &err) == GNNAC_OK)
        error = gpu_error(m, &info, x, y, &err);
    if (!(error >= 0 && error <= 1))
        TEST__FAIL("%s, %d -> %d columns, on \"%s\": %g times the allowed "
                   "error. %s", rq->name, (int)rq->dim, (int)rq->classes,
                   graph_name, error, err.msg);
    else
        CHECK_STR(gnnac_model_load_level(m), gpu_level());
    gnnac_model_destroy(m);
    gnnac_bundle_close(b);
    free(x);
    free(y);
}

TEST(every_width_is_right)
{
    static const int32_t widths[] = {1, 3, 33, 1433, 16, 64, 100};
    const size_t n = test_is_slow() ? 7 : 4;
    const struct gpu_build build = {0};
    struct csr g = gpu_random_graph(200, 3, 1);
    for (size_t i = 0; i < sizeof(models) / sizeof(models[0]); i++)
        for (size_t w = 0; w < n; w++) {
            struct model_request rq = {
                .name = models[i], .dim = widths[w], .hidden = 16,
                .classes = widths[(w + 2) % n] % 1000, .layers = 2};
            check_model(&g, "random", &rq, &build);
        }
    csr_finish(&g);
}

TEST(every_mini_graph_is_right)
{
    static struct mini_graph graphs[N_MINI_GRAPHS];
    const struct gpu_build build = {0};
    mini_graphs(graphs);
    for (size_t i = 0; i < sizeof(models) / sizeof(models[0]); i++)
        for (int k = 0; k < N_MINI_GRAPHS; k++) {
            if (!test_is_slow() && (i + (size_t)k) % 2)
                continue;
            struct model_request rq = {.name = models[i], .dim = 10,
                                       .hidden = 8, .classes = 5, .layers = 2};
            struct csr g = gpu_csr(&graphs[k]);
            check_model(&g, graphs[k].name, &rq, &build);
        }
}

TEST(deep_models_are_right)
{
    const struct gpu_build build = {0};
    struct csr g = gpu_random_graph(300, 4, 2);
    for (size_t i = 0; i < sizeof(models) / sizeof(models[0]); i++) {
        struct model_request rq = {.name = models[i], .dim = 24, .hidden = 32,
                                   .classes = 9, .layers = 6};
        check_model(&g, "random", &rq, &build);
    }
    csr_finish(&g);
}

TEST(a_gin_with_two_linear_layers_is_right)
{
    const struct gpu_build build = {0};
    struct csr g = gpu_random_graph(300, 4, 3);
    struct model_request rq = {.name = "gin", .dim = 24, .hidden = 32,
                               .classes = 9, .layers = 3, .mlp = 2};
    check_model(&g, "random", &rq, &build);
    csr_finish(&g);
}

// Behind sums, behind products of ours and of BLAS, behind attention.
TEST(layers_that_add_their_input_are_right)
{
    static const int32_t widths[] = {16, 33, 40};
    struct csr g = gpu_random_graph(300, 4, 10);
    for (int i = 0; i < 15; i++) {
        const struct gpu_build build = {.no_fuse = i % 3 == 2,
                                        .reorder = i % 4 ? NULL : "degree"};
        struct model_request rq = {
            .name = models[i % 5], .dim = 24, .hidden = widths[i / 5],
            .classes = 9, .layers = 4, .mlp = i % 5 == 1 ? 1 + i / 5 % 2 : 0,
            .dtype = i % 5 < N_ATTENTION_FREE ? i / 5 : DTYPE_F32,
            .residual = true};
        check_model(&g, "random", &rq, &build);
    }
    csr_finish(&g);
}

TEST(models_of_timed_kernels_are_right)
{
    const struct gpu_build build = {.timed = true};
    struct csr g = gpu_random_graph(120, 3, 4);
    for (size_t i = test_is_slow() ? 0 : 2; i < 3; i++) {
        struct model_request rq = {.name = models[i], .dim = 16, .hidden = 16,
                                   .classes = 7, .layers = 2};
        check_model(&g, "random", &rq, &build);
    }
    csr_finish(&g);
}

static void check_models_of(const struct gpu_build *build)
{
    struct csr g = gpu_random_graph(500, 5, 5);
    for (size_t i = 0; i < sizeof(models) / sizeof(models[0]); i++) {
        struct model_request rq = {.name = models[i], .dim = 40, .hidden = 16,
                                   .classes = 7, .layers = 2};
        check_model(&g, "random", &rq, build);
    }
    csr_finish(&g);
}

TEST(models_of_neighbour_groups_are_right)
{
    check_models_of(&(struct gpu_build){
        .settings = {"template=neighbor_group", "partSize=5", "dimWorker=16",
                     "warpPerBlock=4"}});
}

TEST(models_of_rows_sorted_by_length_are_right)
{
    check_models_of(&(struct gpu_build){
        .settings = {"template=hybrid", "segmentEdges=50", "packedEdges=6",
                     "dimWorker=8"}});
}

// Windows of a random graph share few columns: all with edges are tiles, cut.
TEST(models_of_tiles_are_right)
{
    check_models_of(&(struct gpu_build){
        .settings = {"template=tile_mma", "tilePercent=100", "tileBlocks=2",
                     "dimWorker=8"}});
}

// Layers that transform first and such that aggregate first, and a MLP; odd
// widths have rows of padding. In the suite `slow` every width.
TEST(models_stored_in_16_bits_are_right)
{
    static const int32_t widths[] = {7, 33, 100, 1, 16};
    const size_t n = test_is_slow() ? 5 : 1;
    const struct gpu_build build = {0};
    struct csr g = gpu_random_graph(300, 4, 8);
    for (size_t i = 0; i < 2 * N_ATTENTION_FREE; i++)
        for (size_t w = i % 3; w < i % 3 + n; w++) {
            struct model_request rq = {
                .name = models[i / 2], .dim = widths[w % 5], .hidden = 16,
                .classes = widths[(w + 2) % 5], .layers = 2,
                .mlp = i / 2 == 1 ? 1 + (int)i % 2 : 0,
                .dtype = i % 2 ? DTYPE_BF16 : DTYPE_F16};
            check_model(&g, "random", &rq, &build);
        }
    csr_finish(&g);
}

TEST(reordered_16_bit_models_of_every_family_are_right)
{
    static const char *const families[] = {
        "template=row_split", "template=edge_balanced",
        "template=neighbor_group", "template=hybrid", "template=tile_mma"};
    struct csr g = gpu_random_graph(300, 4, 9);
    for (int k = 0; k < 5; k++) {
        const struct gpu_build build = {.reorder = "rabbit",
                                        .settings = {families[k]}};
        struct model_request rq = {.name = models[k % N_ATTENTION_FREE],
                                   .dim = 40, .hidden = 16, .classes = 7,
                                   .layers = 2,
                                   .dtype = k % 2 ? DTYPE_BF16 : DTYPE_F16};
        check_model(&g, "random", &rq, &build);
    }
    csr_finish(&g);
}

// Every way into and out of an order: through a product, of the features
// themselves, of two products; every order there is.
TEST(models_of_reordered_graphs_are_right)
{
    static const int32_t widths[] = {1, 3, 16, 33, 100};
    struct csr g = gpu_random_graph(300, 4, 6);
    for (size_t i = 0; i < sizeof(models) / sizeof(models[0]); i++)
        for (size_t w = 0; w < sizeof(widths) / sizeof(widths[0]); w++) {
            const struct gpu_build build = {.reorder = "rabbit"};
            if (!test_is_slow() && (i + w) % 2)
                continue;
            struct model_request rq = {
                .name = models[i], .dim = widths[w], .hidden = 16,
                .classes = widths[(w + 2) % 5], .layers = 1 + (int)w % 2};
            check_model(&g, "random", &rq, &build);
        }
    csr_finish(&g);
}

TEST(models_in_every_order_are_right)
{
    struct csr g = gpu_random_graph(300, 4, 7);
    for (size_t i = 0; order_methods[i].name; i++) {
        const struct gpu_build build = {.reorder = order_methods[i].name};
        struct model_request rq = {.name = models[i % 3], .dim = 40,
                                   .hidden = 16, .classes = 7, .layers = 2};
        check_model(&g, "random", &rq, &build);
    }
    csr_finish(&g);
}

TEST(reordered_mini_graphs_are_right)
{
    static struct mini_graph graphs[N_MINI_GRAPHS];
    const struct gpu_build build = {.reorder = "degree"};
    mini_graphs(graphs);
    for (int k = 0; k < N_MINI_GRAPHS; k++) {
        struct model_request rq = {.name = models[k % 3], .dim = 10,
                                   .hidden = 8, .classes = 5, .layers = 2};
        struct csr g = gpu_csr(&graphs[k]);
        check_model(&g, graphs[k].name, &rq, &build);
    }
}

int main(void)
{
    gnnac_error err = {{0}};
    struct cuda_context *gpu = gpu_open();
    const gnnac_context_options options = {.struct_size = sizeof(options),
                                           .device = "cuda:0"};
    if (!gpu)
        return 0;
    cuda_context_destroy(gpu);
    if (gnnac_context_create(&options, &ctx, &err) != GNNAC_OK) {
        printf("not ok 1 - %s\n1..1\n", err.msg);
        return 1;
    }
    RUN(every_width_is_right);
    RUN(every_mini_graph_is_right);
    RUN(deep_models_are_right);
    RUN(a_gin_with_two_linear_layers_is_right);
    RUN(layers_that_add_their_input_are_right);
    RUN(models_of_timed_kernels_are_right);
    RUN(models_of_neighbour_groups_are_right);
    RUN(models_of_rows_sorted_by_length_are_right);
    RUN(models_of_tiles_are_right);
    RUN(models_stored_in_16_bits_are_right);
    RUN(reordered_16_bit_models_of_every_family_are_right);
    RUN(models_of_reordered_graphs_are_right);
    RUN(models_in_every_order_are_right);
    RUN(reordered_mini_graphs_are_right);
    gnnac_context_destroy(ctx);
    return test_done();
}
