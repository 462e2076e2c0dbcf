// Whole models as one kernel whose blocks meet between the steps: right, twice
// the same, as a graph, among others; and not started where it cannot be. Of
// clusters a software device runs what meets in memory, as PTX does, and those
// of one block.
#include "cuda/cuda_capture.h"
#include "cuda/cuda_model.h"
#include "gpu_fixture.h"

static gnnac_context *ctx;

enum { CANARIES = 64 };

// How a model is compiled to one kernel. The kernel's knobs, as a rule has
// them; NULL: the first that is proposed.
struct way {
    const char *knobs, *arch;
};
static const struct way usual;

// The file of a rule that proposes these knobs alone.
static const char *rule_of(const struct way *way)
{
    static char path[512];
    snprintf(path, sizeof(path), "%s/point.lua", gpu_folder());
    FILE *f = way->knobs ? fopen(path, "w") : NULL;
    if (!f)
        return NULL;
    fprintf(f,
            "rule \"point\" { when = function() return true end,\n"
            "  choose = { template = \"whole_model\", %s },\n"
            "  why = \"a test's\", priority = 1000 }\n",
            way->knobs);
    fclose(f);
    return path;
}

// A model, and what it works on; `y` has canaries before and behind it.
struct subject {
    gnnac_bundle *bundle;
    gnnac_model *m;
    gnnac_bundle_info info;
    float *x, *y;
    cu_ptr device_x, device_y, workspace;
    cu_stream stream;
};

static size_t n_out(const struct subject *s)
{
    return (size_t)(s->info.n_nodes * s->info.out_dim);
}

static gnnac_status open_subject(const struct csr *g,
                                 const struct model_request *rq,
                                 const struct way *way, struct subject *s,
                                 gnnac_error *err)
{
    const struct gpu_build build = {
        .whole = true, .arch = way->arch, .rules = rule_of(way)};
    gnnac_status st = GNNAC_OK;
    const struct cuda_context *c = ctx->cuda;
    *s = (struct subject){.bundle = gpu_bundle(g, rq, &build, err)};
    if (!s->bundle)
        return GNNAC_EINTERNAL;
    gnnac_bundle_get_info(s->bundle, &s->info);
    s->x = gpu_features(s->info.n_nodes * s->info.in_dim, 5);
    s->y = gpu_features((int64_t)n_out(s) + 2 * CANARIES, 6);
    TRY(gnnac_model_create(ctx, s->bundle, &s->m, err));
    TRY(gnnac_model_init_weights(s->m, 7, err));
    TRY(cuda_upload(c, s->x,
                    (size_t)(s->info.n_nodes * s->info.in_dim) * sizeof(float),
                    "x", &s->device_x, err));
    TRY(cuda_alloc(c, (n_out(s) + 2 * CANARIES) * sizeof(float), "y",
                   &s->device_y, err));
    TRY(cuda_alloc(c, gnnac_model_workspace_size(s->m), "workspace",
                   &s->workspace, err));
    TRY(CU(c, cuStreamCreate, (&s->stream, CU_STREAM_NON_BLOCKING), err));
out:
    return st;
}

static void close_subject(struct subject *s)
{
    const struct cuda_context *c = ctx->cuda;
    if (s->stream)
        c->cu.cuStreamDestroy_v2(s->stream);
    cuda_free(c, s->device_x);
    cuda_free(c, s->device_y);
    cuda_free(c, s->workspace);
    gnnac_model_destroy(s->m);
    gnnac_bundle_close(s->bundle);
    free(s->x);
    free(s->y);
}

static bool starts_whole(const struct subject *s)
{
    return s->m->cuda->whole.kernel.lib != NULL;
}

static gnnac_status queue(void *work, cu_stream stream, gnnac_error *err)
{
    struct subject *s = work;
    cu_ptr y = s->device_y + CANARIES * sizeof(float);
    return gnnac_model_forward(
        s->m, (const float *)(uintptr_t)s->device_x, (float *)(uintptr_t)y,
        (void *)(uintptr_t)s->workspace, gnnac_model_workspace_size(s->m),
        stream, err);
}

static gnnac_status poison(const struct subject *s, gnnac_error *err)
{
    return CU(ctx->cuda, cuMemsetD32Async,
              (s->device_y, 0xffffffffu, n_out(s) + 2 * CANARIES, s->stream),
              err);
}

// The output and its canaries, once all is done.
static gnnac_status fetch(struct subject *s, gnnac_error *err)
{
    gnnac_status st =
        CU(ctx->cuda, cuStreamSynchronize, (s->stream), err);
    return st == GNNAC_OK
               ? CU(ctx->cuda, cuMemcpyDtoH_v2,
                    (s->y, s->device_y,
                     (n_out(s) + 2 * CANARIES) * sizeof(float)),
                    err)
               : st;
}

static gnnac_status run_once(struct subject *s, gnnac_error *err)
{
    gnnac_status st = poison(s, err);
    if (st == GNNAC_OK)
        st = queue(s, s->stream, err);
    return st == GNNAC_OK ? fetch(s, err) : st;
}

static bool canaries_live(const struct subject *s)
{
    const float *behind = s->y + CANARIES + n_out(s);
    for (int i = 0; i < CANARIES; i++)
        if (!isnan(s->y[i]) || !isnan(behind[i]))
            return false;
    return true;
}

static void check_output(const struct subject *s, const char *what,
                         const char *graph)
{
    gnnac_error err = {{0}};
    double error = gpu_error(s->m, &s->info, s->x, s->y + CANARIES, &err);
    if (!(error >= 0 && error <= 1) || !canaries_live(s))
        TEST__FAIL("%s, %d -> %d columns, on \"%s\": %g times the allowed "
                   "error%s. %s",
                   what, (int)s->info.in_dim, (int)s->info.out_dim, graph,
                   error, canaries_live(s) ? "" : ", outside the output",
                   err.msg);
}

// By the one kernel, again, and by the steps.
static void check_way(const struct csr *g, const char *graph,
                      const struct model_request *rq, const struct way *way)
{
    gnnac_error err = {{0}};
    struct subject s;
    CHECK_OK(open_subject(g, rq, way, &s, &err), err);
    CHECK_INT(starts_whole(&s), g->n_nodes > 0);
    CHECK_OK(run_once(&s, &err), err);
    check_output(&s, rq->name, graph);
    size_t n_bytes = n_out(&s) * sizeof(float);
    float *first = malloc(n_bytes + 1);
    memcpy(first, s.y + CANARIES, n_bytes);
    CHECK_OK(run_once(&s, &err), err);
    CHECK(memcmp(first, s.y + CANARIES, n_bytes) == 0);
    s.m->cuda->whole.off = true;
    CHECK_OK(run_once(&s, &err), err);
    check_output(&s, "by steps", graph);
    free(first);
    close_subject(&s);
}

static void check_model(const struct csr *g, const char *graph,
                        const struct model_request *rq)
{
    check_way(g, graph, rq, &usual);
}

static void check_mini_graphs(const struct way *way)
{
    static struct mini_graph graphs[N_MINI_GRAPHS];
    static const char *const models[] = {"gcn", "sage", "gin"};
    mini_graphs(graphs);
    for (int k = 0; k < N_MINI_GRAPHS; k++) {
        struct model_request rq = {.name = models[k % 3], .dim = 10,
                                   .hidden = 8, .classes = 5, .layers = 2};
        struct csr g = gpu_csr(&graphs[k]);
        check_way(&g, graphs[k].name, &rq, way);
    }
}

TEST(every_mini_graph_is_right)
{
    check_mini_graphs(&usual);
}

TEST(every_width_is_right)
{
    static const int32_t widths[][3] = {
        {1, 1, 1},    {3, 3, 1},    {33, 33, 7}, {1433, 16, 7},
        {128, 64, 3}, {64, 64, 64}, {100, 17, 2}, {3, 16, 7},
        {1, 8, 5}};
    struct csr g = gpu_random_graph(60, 3, 1);
    for (size_t i = 0; i < sizeof(widths) / sizeof(widths[0]); i++) {
        struct model_request rq = {.name = "gcn", .dim = widths[i][0],
                                   .hidden = widths[i][1],
                                   .classes = widths[i][2], .layers = 2};
        check_model(&g, "random", &rq);
    }
    csr_finish(&g);
}

// Teams of few lanes leave long rows to the whole warp. One node has 300
// neighbours; in the wider graph all have many.
TEST(rows_of_several_teams_in_a_warp_are_right)
{
    static const struct way ways[] = {
        {"edgeWorker = 1, coarsen = 1, unroll = 1", NULL},
        {"edgeWorker = 2, coarsen = 2, unroll = 4, warpPerBlock = 1", NULL},
        {"edgeWorker = 4, coarsen = 4, unroll = 2, warpPerBlock = 3", NULL}};
    static const char *const models[] = {"gin", "gcn", "sage"};
    struct csr sparse = gpu_random_graph(60, 3, 1);
    struct csr dense = gpu_random_graph(50, 20, 2);
    for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
        struct model_request rq = {.name = models[i], .dim = 20,
                                   .hidden = 16, .classes = 7, .layers = 2};
        check_way(&sparse, "random", &rq, &ways[i]);
        check_way(&dense, "dense", &rq, &ways[i]);
    }
    csr_finish(&sparse);
    csr_finish(&dense);
}

TEST(deep_models_are_right)
{
    struct csr g = gpu_random_graph(100, 4, 2);
    for (int32_t layers = 3; layers <= 5; layers += 2) {
        struct model_request rq = {.name = "gcn", .dim = 24, .hidden = 16,
                                   .classes = 9, .layers = layers};
        check_model(&g, "random", &rq);
    }
    csr_finish(&g);
}

static void check_capture(const struct way *way)
{
    gnnac_error err = {{0}};
    struct subject s;
    cu_graph_exec graph = NULL;
    struct csr g = gpu_random_graph(150, 3, 3);
    const struct model_request rq = {.name = "gcn", .dim = 40, .hidden = 16,
                                     .classes = 7, .layers = 2};
    CHECK_OK(open_subject(&g, &rq, way, &s, &err), err);
    CHECK_OK(cuda_capture(ctx->cuda, s.stream, queue, &s, 2, &graph, &err),
             err);
    for (int i = 0; i < 3; i++) {
        CHECK_OK(poison(&s, &err), err);
        CHECK_OK(CU(ctx->cuda, cuGraphLaunch, (graph, s.stream), &err), err);
        CHECK_OK(fetch(&s, &err), err);
        check_output(&s, "captured", "random");
    }
    ctx->cuda->cu.cuGraphExecDestroy(graph);
    close_subject(&s);
    csr_finish(&g);
}

TEST(a_captured_inference_is_right_each_time)
{
    check_capture(&usual);
}

// Several inferences at once, each on a stream and in a workspace of its own.
static void check_company(const struct way *way)
{
    enum { N = 3, TIMES = 4 };
    static struct subject s[N];
    gnnac_error err = {{0}};
    struct csr g = gpu_random_graph(150, 3, 3);
    const struct model_request rq = {.name = "sage", .dim = 24, .hidden = 16,
                                     .classes = 7, .layers = 2};
    for (int i = 0; i < N; i++) {
        CHECK_OK(open_subject(&g, &rq, way, &s[i], &err), err);
        CHECK(starts_whole(&s[i]));
        CHECK_OK(poison(&s[i], &err), err);
    }
    for (int k = 0; k < TIMES * N; k++) {
        struct subject with = s[k % N];
        with.m = s[0].m; // one model
        CHECK_OK(queue(&with, with.stream, &err), err);
    }
    for (int i = 0; i < N; i++) {
        CHECK_OK(fetch(&s[i], &err), err);
        check_output(&s[i], "in company", "random");
    }
    for (int i = 0; i < N; i++)
        close_subject(&s[i]);
    csr_finish(&g);
}

TEST(several_inferences_at_once_are_right)
{
    check_company(&usual);
}

TEST(with_more_workspaces_than_barriers_steps_are_run)
{
    gnnac_error err = {{0}};
    struct subject s;
    struct csr g = gpu_random_graph(60, 3, 4);
    const struct model_request rq = {.name = "gcn", .dim = 8, .hidden = 4,
                                     .classes = 3, .layers = 2};
    CHECK_OK(open_subject(&g, &rq, &usual, &s, &err), err);
    struct cuda_whole *w = &s.m->cuda->whole;
    CHECK(cuda_whole_takes(w, s.workspace));
    for (cu_ptr other = 16; w->n_barriers < MAX_BARRIERS; other += 16)
        CHECK(cuda_whole_takes(w, other));
    CHECK(!cuda_whole_takes(w, 8));
    CHECK(cuda_whole_takes(w, s.workspace));
    CHECK_OK(run_once(&s, &err), err);
    check_output(&s, "the last barrier", "random");
    w->workspaces[0] = 8; // now it is a stranger's
    CHECK_OK(run_once(&s, &err), err);
    check_output(&s, "without a barrier", "random");
    close_subject(&s);
    csr_finish(&g);
}

static int refuse(cu_function function, unsigned gx, unsigned gy, unsigned gz,
                  unsigned bx, unsigned by, unsigned bz, unsigned shared,
                  cu_stream stream, void **params)
{
    (void)function, (void)gx, (void)gy, (void)gz, (void)bx, (void)by, (void)bz;
    (void)shared, (void)stream, (void)params;
    return CU_COOPERATIVE_TOO_LARGE;
}

// As on a GPU of which this process is given a few multiprocessors only.
TEST(where_blocks_cannot_all_run_at_once_steps_are_run)
{
    gnnac_error err = {{0}};
    struct subject s;
    struct csr g = gpu_random_graph(60, 3, 5);
    const struct model_request rq = {.name = "gcn", .dim = 8, .hidden = 4,
                                     .classes = 3, .layers = 2};
    struct driver_calls *cu = &ctx->cuda->cu, kept = *cu;
    cu->cuLaunchCooperativeKernel = refuse;
    CHECK_OK(open_subject(&g, &rq, &usual, &s, &err), err);
    *cu = kept;
    CHECK(!starts_whole(&s));
    CHECK_OK(run_once(&s, &err), err);
    check_output(&s, "refused", "random");
    close_subject(&s);
    csr_finish(&g);
}

TEST(what_one_kernel_cannot_run_has_none)
{
    static const struct model_request requests[] = {
        {.name = "gin", .dim = 8, .hidden = 4, .classes = 3, .layers = 2,
         .mlp = 2},
        {.name = "gcn", .dim = 8, .hidden = 128, .classes = 3, .layers = 2},
        {.name = "gcn", .dim = 8, .hidden = 4, .classes = 3, .layers = 2,
         .dtype = DTYPE_F16}};
    struct csr g = gpu_random_graph(60, 3, 6);
    for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
        gnnac_error err = {{0}};
        struct subject s;
        CHECK_OK(open_subject(&g, &requests[i], &usual, &s, &err), err);
        CHECK(!has_whole(s.bundle->manifest));
        CHECK(!starts_whole(&s));
        close_subject(&s);
    }
    csr_finish(&g);
}

// ---- clusters ---------------------------------------------------------------

static int no_attribute(int *value, int attribute, cu_device device)
{
    (void)device, (void)attribute;
    *value = 0;
    return 0;
}

// That of the device at hand; the driver's own, as tests replace it.
static int (*own_attribute)(int *value, int attribute, cu_device device);

static int has_clusters(int *value, int attribute, cu_device device)
{
    if (attribute != CU_ATTR_CLUSTERS)
        return own_attribute(value, attribute, device);
    *value = 1;
    return 0;
}

static int one_fits(int *n, cu_function function,
                    const struct cu_launch_config *config)
{
    (void)function;
    const struct cu_launch_attribute *a = config->attributes;
    *n = config->n_attributes == 1 && a->id == CU_LAUNCH_CLUSTER &&
         a->value.cluster[0] == config->grid[0];
    return 0;
}

static int none_fits(int *n, cu_function function,
                     const struct cu_launch_config *config)
{
    (void)function, (void)config;
    *n = 0;
    return 0;
}

static int no_such_size(int *n, cu_function function,
                        const struct cu_launch_config *config)
{
    (void)function, (void)config, (void)n;
    return CU_INVALID_CLUSTER;
}

static bool is_software(void)
{
    return !ctx->cuda->cu.cuOccupancyMaxActiveClusters;
}

static bool knows_clusters(void)
{
    int known = 0;
    ctx->cuda->cu.cuDeviceGetAttribute(&known, CU_ATTR_CLUSTERS,
                                       ctx->cuda->device);
    return !is_software() && known;
}

// A software device runs all blocks of a grid by turns, so also of a cluster.
static struct driver_calls lend_clusters(void)
{
    struct driver_calls *cu = &ctx->cuda->cu, kept = *cu;
    own_attribute = kept.cuDeviceGetAttribute;
    if (is_software()) {
        cu->cuDeviceGetAttribute = has_clusters;
        cu->cuOccupancyMaxActiveClusters = one_fits;
    }
    return kept;
}

#define REQUIRE_CLUSTERS()                  \
    do {                                    \
        if (!is_software() && !knows_clusters()) \
            SKIP("this GPU has no clusters"); \
    } while (0)

// From the PTX that every GPU takes, which has no barrier for them.
TEST(clusters_that_meet_in_memory_are_right)
{
    static const struct way ways[] = {
        {"cluster = 16, warpPerBlock = 2", "sm_80"},
        {"cluster = 8, warpPerBlock = 4, coarsen = 1, edgeWorker = 2, "
         "rowsPerLane = 4, depthWorker = 8",
         "sm_80"}};
    REQUIRE_CLUSTERS();
    struct driver_calls kept = lend_clusters();
    for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
        check_mini_graphs(&ways[i]);
    ctx->cuda->cu = kept;
}

TEST(clusters_of_one_block_are_right)
{
    static const struct way way = {"cluster = 1, warpPerBlock = 4", NULL};
    REQUIRE_CLUSTERS();
    struct driver_calls kept = lend_clusters();
    check_mini_graphs(&way);
    check_capture(&way);
    check_company(&way);
    ctx->cuda->cu = kept;
}

TEST(clusters_are_right)
{
    static const struct way ways[] = {
        {"cluster = 2, warpPerBlock = 1", NULL},
        {"cluster = 8, warpPerBlock = 8", NULL},
        {"cluster = 8, warpPerBlock = 32, unroll = 2, coarsen = 1, "
         "edgeWorker = 2",
         NULL},
        {"cluster = 16, warpPerBlock = 16, coarsen = 1, edgeWorker = 2, "
         "rowsPerLane = 4, depthWorker = 8",
         NULL}};
    if (!knows_clusters())
        SKIP("no clusters of several blocks here");
    for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
        check_mini_graphs(&ways[i]);
        check_capture(&ways[i]);
        check_company(&ways[i]);
    }
}

TEST(where_no_cluster_fits_steps_are_run)
{
    static int (*const answers[])(int *n, cu_function function,
                                  const struct cu_launch_config *config) = {
        none_fits, no_such_size, NULL};
    struct csr g = gpu_random_graph(60, 3, 5);
    const struct model_request rq = {.name = "gcn", .dim = 8, .hidden = 4,
                                     .classes = 3, .layers = 2};
    const struct way way = {"cluster = 8", NULL};
    struct driver_calls *cu = &ctx->cuda->cu;
    for (size_t i = 0; i < 4; i++) {
        gnnac_error err = {{0}};
        struct subject s;
        struct driver_calls kept = lend_clusters();
        if (i < 3)
            cu->cuOccupancyMaxActiveClusters = answers[i];
        else
            cu->cuDeviceGetAttribute = no_attribute;
        CHECK_OK(open_subject(&g, &rq, &way, &s, &err), err);
        *cu = kept;
        CHECK(!starts_whole(&s));
        CHECK_OK(run_once(&s, &err), err);
        check_output(&s, "no cluster", "random");
        close_subject(&s);
    }
    csr_finish(&g);
}

static int sets_nothing(cu_function function, int attribute, int value)
{
    (void)function, (void)attribute, (void)value;
    return CU_INVALID_DEVICE;
}

TEST(a_call_for_clusters_that_fails_is_named)
{
    static const struct way way = {"cluster = 16, warpPerBlock = 2", "sm_80"};
    const struct model_request rq = {.name = "gcn", .dim = 8, .hidden = 4,
                                     .classes = 3, .layers = 2};
    struct csr g = gpu_random_graph(60, 3, 5);
    struct subject s;
    gnnac_error err = {{0}};
    REQUIRE_CLUSTERS();
    struct driver_calls kept = lend_clusters();
    ctx->cuda->cu.cuFuncSetAttribute = sets_nothing;
    CHECK(open_subject(&g, &rq, &way, &s, &err) != GNNAC_OK);
    CHECK_HAS(err.msg, "cuFuncSetAttribute");
    ctx->cuda->cu = kept;
    csr_finish(&g);
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
    if (gnnac_context_create(&options, &ctx, &err) != GNNAC_OK ||
        cuda_enter(ctx->cuda, &err) != GNNAC_OK) {
        printf("not ok 1 - %s\n1..1\n", err.msg);
        return 1;
    }
    RUN(every_mini_graph_is_right);
    RUN(every_width_is_right);
    RUN(rows_of_several_teams_in_a_warp_are_right);
    RUN(deep_models_are_right);
    RUN(a_captured_inference_is_right_each_time);
    RUN(several_inferences_at_once_are_right);
    RUN(with_more_workspaces_than_barriers_steps_are_run);
    RUN(where_blocks_cannot_all_run_at_once_steps_are_run);
    RUN(what_one_kernel_cannot_run_has_none);
    RUN(clusters_that_meet_in_memory_are_right);
    RUN(clusters_of_one_block_are_right);
    RUN(clusters_are_right);
    RUN(where_no_cluster_fits_steps_are_run);
    RUN(a_call_for_clusters_that_fails_is_named);
    cuda_leave(ctx->cuda);
    gnnac_context_destroy(ctx);
    return test_done();
}
