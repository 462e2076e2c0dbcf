// Operators on a GPU against the same on the CPU, which tests/unit holds
// against their definitions; what plans there refuse; the caller's stream.
#include <pthread.h>

#include "cuda/cuda_capture.h"
#include "gpu_fixture.h"

static struct cuda_context *gpu;
static gnnac_context *ctx, *cpu;
static gnnac_bundle *bundle; // of `operators`
static struct csr graph;

static const char operators[] = "sum:1,sum:20,mean:7,mean:64,gcn:3,gcn:16";

static gnnac_graph *graph_on(gnnac_context *on, const struct csr *g, bool drop)
{
    const gnnac_edges edges = {.struct_size = sizeof(edges),
                               .n_nodes = g->n_nodes,
                               .n_edges = g->n_edges,
                               .rowptr = g->rowptr,
                               .colidx = g->colidx,
                               .drop_self_loops = drop};
    gnnac_graph *out = NULL;
    gnnac_error err = {{0}};
    CHECK_OK(gnnac_graph_create(on, &edges, &out, &err), err);
    return out;
}

static gnnac_plan_options options_of(const char *key)
{
    gnnac_plan_options o = {0};
    CHECK_INT(operator_from_key(key, &o, NULL), GNNAC_OK);
    o.kernels = bundle;
    return o;
}

// ---- a plan and its memory --------------------------------------------------

// x, out, the gradient of out, that of x; [n] each, on the plan's device.
enum { X, OUT, OUT_GRAD, X_GRAD, N_MATRICES };

struct bench {
    gnnac_graph *graph;
    gnnac_plan *plan;
    size_t n_bytes;
    void *at[N_MATRICES], *workspace;
};

static void *device_copy(const void *host, size_t n_bytes)
{
    gnnac_error err = {{0}};
    cu_ptr p = 0;
    CHECK_OK(host ? cuda_upload(gpu, host, n_bytes, "a matrix", &p, &err)
                  : cuda_alloc(gpu, n_bytes, "a matrix", &p, &err),
             err);
    return (void *)(uintptr_t)p; // NOLINT: a device address
}

static void *host_copy(const void *host, size_t n_bytes)
{
    void *p = calloc(1, n_bytes + 1);
    if (host)
        memcpy(p, host, n_bytes);
    return p;
}

// Both devices read the same numbers.
static void open_bench(struct bench *b, bool on_gpu, const struct csr *g,
                       const gnnac_plan_options *o, const float *x,
                       const float *grad)
{
    void *(*copy)(const void *, size_t) = on_gpu ? device_copy : host_copy;
    gnnac_error err = {{0}};
    *b = (struct bench){
        .graph = graph_on(on_gpu ? ctx : cpu, g, o->reduce == GNNAC_GCN),
        .n_bytes = (size_t)g->n_nodes * (size_t)o->dim * sizeof(float)};
    CHECK_OK(gnnac_plan_create(b->graph, o, &b->plan, &err), err);
    if (!b->plan)
        return;
    const float *from[N_MATRICES] = {[X] = x, [OUT_GRAD] = grad};
    for (int i = 0; i < N_MATRICES; i++)
        b->at[i] = copy(from[i], b->n_bytes);
    b->workspace = copy(NULL, gnnac_plan_workspace_size(b->plan) + 1);
}

static void close_bench(struct bench *b, bool on_gpu)
{
    void *const all[] = {b->at[X], b->at[OUT], b->at[OUT_GRAD], b->at[X_GRAD],
                         b->workspace};
    for (int i = 0; i < 5; i++)
        if (on_gpu)
            cuda_free(gpu, (uintptr_t)all[i]);
        else
            free(all[i]);
    gnnac_plan_destroy(b->plan);
    gnnac_graph_destroy(b->graph);
}

static gnnac_status run_forward(const struct bench *b, cu_stream stream,
                                gnnac_error *err)
{
    const gnnac_operands in = {.struct_size = sizeof(in), .x = b->at[X]};
    return gnnac_plan_forward(b->plan, &in, b->at[OUT], b->workspace,
                              gnnac_plan_workspace_size(b->plan), stream, err);
}

static gnnac_status run_backward(const struct bench *b, cu_stream stream,
                                 gnnac_error *err)
{
    const gnnac_operands in = {.struct_size = sizeof(in)};
    const gnnac_gradients to = {.struct_size = sizeof(to), .x = b->at[X_GRAD]};
    return gnnac_plan_backward(b->plan, &in, NULL, b->at[OUT_GRAD], &to,
                               b->workspace,
                               gnnac_plan_workspace_size(b->plan), stream, err);
}

static gnnac_status run_both(void *work, cu_stream stream, gnnac_error *err)
{
    gnnac_status st = run_forward(work, stream, err);
    return st == GNNAC_OK ? run_backward(work, stream, err) : st;
}

// ---- against the CPU --------------------------------------------------------

static int64_t most_neighbours(const struct csr *g)
{
    struct csr t = {0};
    int64_t most = 0;
    CHECK_INT(csr_transpose(g, &t, NULL), GNNAC_OK);
    for (int64_t v = 0; v < g->n_nodes; v++) {
        int64_t in = g->rowptr[v + 1] - g->rowptr[v];
        int64_t out = t.rowptr[v + 1] - t.rowptr[v];
        most = in > most ? in : most;
        most = out > most ? out : most;
    }
    csr_finish(&t);
    return most;
}

// `sum` has what the CPU makes of the operands' magnitudes: the roundings of
// two sums in any order are below a share of it.
static void check_near(const char *what, const float *got, const float *want,
                       const float *sum, size_t n, double share)
{
    for (size_t i = 0; i < n; i++)
        if (!(fabs((double)got[i] - want[i]) <= share * sum[i])) {
            TEST__FAIL("%s: element %zu is %g, on the CPU %g", what, i, got[i],
                       want[i]);
            return;
        }
}

static void fetch(const struct bench *b, int matrix, float *to)
{
    gnnac_error err = {{0}};
    CHECK_OK(CU(gpu, cuMemcpyDtoH_v2,
                (to, (uintptr_t)b->at[matrix], b->n_bytes), &err),
             err);
}

static float *magnitudes(const float *x, size_t n)
{
    float *out = malloc((n + 1) * sizeof(*out));
    for (size_t i = 0; i < n; i++)
        out[i] = fabsf(x[i]);
    return out;
}

static void compare(const char *name, const char *key, const struct csr *g)
{
    const gnnac_plan_options o = options_of(key);
    size_t n = (size_t)g->n_nodes * (size_t)o.dim;
    double share = 8 * 0x1p-24 * (double)(most_neighbours(g) + 4);
    float *x = gpu_features((int64_t)n, 1), *grad = gpu_features((int64_t)n, 2);
    float *x_abs = magnitudes(x, n), *grad_abs = magnitudes(grad, n);
    float *got = malloc((n + 1) * sizeof(*got));
    struct bench on_gpu, on_cpu, sums;
    gnnac_error err = {{0}};
    char what[128];
    open_bench(&on_gpu, true, g, &o, x, grad);
    open_bench(&on_cpu, false, g, &o, x, grad);
    open_bench(&sums, false, g, &o, x_abs, grad_abs);
    if (on_gpu.plan) {
        CHECK_OK(run_both(&on_gpu, NULL, &err), err);
        CHECK_OK(run_both(&on_cpu, NULL, &err), err);
        CHECK_OK(run_both(&sums, NULL, &err), err);
        for (int i = OUT; i < N_MATRICES; i += X_GRAD - OUT) {
            snprintf(what, sizeof(what), "%s of %s, %s", key, name,
                     i == OUT ? "forward" : "backward");
            fetch(&on_gpu, i, got);
            check_near(what, got, on_cpu.at[i], sums.at[i], n, share);
        }
    }
    close_bench(&on_gpu, true);
    close_bench(&on_cpu, false);
    close_bench(&sums, false);
    float *const all[] = {x, grad, x_abs, grad_abs, got};
    for (int i = 0; i < 5; i++)
        free(all[i]);
}

static void compare_all(const char *name, const struct csr *g)
{
    char list[sizeof(operators)];
    strcpy(list, operators);
    for (char *key = strtok(list, ","); key; key = strtok(NULL, ","))
        compare(name, key, g);
}

TEST(operators_give_what_they_give_on_the_cpu)
{
    compare_all("the bundle's graph", &graph);
}

// Kernels know nothing of a graph but how many bits its offsets need.
TEST(kernels_are_right_on_other_graphs_too)
{
    static struct mini_graph mini[N_MINI_GRAPHS];
    mini_graphs(mini);
    for (int i = 0; i < N_MINI_GRAPHS; i++) {
        struct csr g = gpu_csr(&mini[i]);
        compare_all(mini[i].name, &g);
    }
}

// ---- threads ----------------------------------------------------------------

enum { N_THREADS = 4 };

// A plan of its own on everybody's graph, made while others run theirs.
struct sharer {
    pthread_t thread;
    gnnac_graph *shared;
    struct bench b;
    gnnac_plan_options o;
    gnnac_status st;
    gnnac_error err;
};

static void *share(void *work)
{
    struct sharer *s = work;
    for (int i = 0; i < 3 && s->st == GNNAC_OK; i++) {
        gnnac_plan_destroy(s->b.plan);
        s->b.plan = NULL;
        s->st = gnnac_plan_create(s->shared, &s->o, &s->b.plan, &s->err);
        if (s->st == GNNAC_OK)
            s->st = run_both(&s->b, NULL, &s->err);
    }
    return NULL;
}

TEST(threads_share_a_graph)
{
    static const char *const keys[N_THREADS] = {"sum:20", "mean:7", "sum:1",
                                                "mean:64"};
    static struct sharer all[N_THREADS];
    gnnac_graph *shared = graph_on(ctx, &graph, false);
    float *x = gpu_features(graph.n_nodes * 64, 1);
    float *alone = malloc((size_t)graph.n_nodes * 64 * sizeof(*alone));
    float *got = malloc((size_t)graph.n_nodes * 64 * sizeof(*got));
    for (int i = 0; i < N_THREADS; i++) {
        all[i] = (struct sharer){.shared = shared, .o = options_of(keys[i])};
        open_bench(&all[i].b, true, &graph, &all[i].o, x, x);
    }
    for (int i = 0; i < N_THREADS; i++)
        CHECK(pthread_create(&all[i].thread, NULL, share, &all[i]) == 0);
    for (int i = 0; i < N_THREADS; i++) {
        struct sharer *s = &all[i];
        pthread_join(s->thread, NULL);
        CHECK_OK(s->st, s->err);
        CHECK_OK(CU(gpu, cuStreamSynchronize, (NULL), &s->err), s->err);
        fetch(&s->b, X_GRAD, got);
        CHECK_OK(run_both(&s->b, NULL, &s->err), s->err);
        fetch(&s->b, X_GRAD, alone);
        CHECK(memcmp(got, alone, s->b.n_bytes) == 0);
        close_bench(&s->b, true);
    }
    gnnac_graph_destroy(shared);
    free(x);
    free(alone);
    free(got);
}

// ---- refusals ---------------------------------------------------------------

static void refuse(gnnac_plan_options o, int status, const char *why)
{
    gnnac_error err = {{0}};
    gnnac_plan *plan = NULL;
    gnnac_graph *g = graph_on(ctx, &graph, true);
    CHECK_INT(gnnac_plan_create(g, &o, &plan, &err), status);
    CHECK(!plan);
    CHECK_HAS(err.msg, why);
    gnnac_graph_destroy(g);
}

TEST(a_plan_without_kernels_is_refused_and_says_what_to_compile)
{
    gnnac_plan_options o = options_of("mean:7");
    o.kernels = NULL;
    refuse(o, GNNAC_EUSAGE, "gnnac compile GRAPH --ops mean:7");
    o.struct_size = offsetof(gnnac_plan_options, kernels); // an older caller's
    refuse(o, GNNAC_EUSAGE, "from a bundle");
    refuse(options_of("mean:8"), GNNAC_ENOENT, "compile it with --ops mean:8");
    o = options_of("sum:20");
    o.weighted = 1;
    refuse(o, GNNAC_EUNSUPPORTED, "runs on the CPU alone");
}

TEST(a_plan_forward_only_refuses_to_go_backward)
{
    gnnac_plan_options o = options_of("mean:7");
    struct bench b;
    gnnac_error err = {{0}};
    float *x = gpu_features(graph.n_nodes * o.dim, 1);
    o.backward = 0;
    open_bench(&b, true, &graph, &o, x, x);
    CHECK_OK(run_forward(&b, NULL, &err), err);
    CHECK_INT(run_backward(&b, NULL, &err), GNNAC_EUSAGE);
    close_bench(&b, true);
    free(x);
}

TEST(matrices_that_are_not_aligned_to_16_bytes_are_refused)
{
    const gnnac_plan_options o = options_of("sum:20");
    struct bench b;
    gnnac_error err = {{0}};
    float *x = gpu_features(graph.n_nodes * o.dim, 1);
    open_bench(&b, true, &graph, &o, x, x);
    void *aligned = b.at[X];
    b.at[X] = (char *)aligned + 4;
    CHECK_INT(run_forward(&b, NULL, &err), GNNAC_EUSAGE);
    CHECK_HAS(err.msg, "x is not aligned to 16 bytes");
    b.at[X] = aligned;
    close_bench(&b, true);
    free(x);
}

TEST(a_bundle_of_operators_is_no_model)
{
    gnnac_error err = {{0}};
    gnnac_model *m = NULL;
    CHECK_INT(gnnac_model_create(ctx, bundle, &m, &err), GNNAC_EUSAGE);
    CHECK_HAS(err.msg, "operators, not a model");
}

// ---- the caller's stream ----------------------------------------------------

TEST(a_plan_can_be_captured_and_replayed)
{
    const gnnac_plan_options o = options_of("mean:7");
    int64_t n = graph.n_nodes * o.dim;
    float *x = gpu_features(n, 1), *first = malloc((size_t)n * sizeof(*first));
    float *second = malloc((size_t)n * sizeof(*second));
    struct bench b;
    gnnac_error err = {{0}};
    cu_stream stream = NULL;
    cu_graph_exec exec = NULL;
    open_bench(&b, true, &graph, &o, x, x);
    CHECK_OK(run_both(&b, NULL, &err), err);
    fetch(&b, X_GRAD, first);
    CHECK_OK(CU(gpu, cuMemsetD32Async,
                ((uintptr_t)b.at[X_GRAD], 0, (size_t)n, NULL), &err), err);
    CHECK_OK(CU(gpu, cuStreamSynchronize, (NULL), &err), err);
    CHECK_OK(CU(gpu, cuStreamCreate, (&stream, CU_STREAM_NON_BLOCKING), &err),
             err);
    CHECK_OK(cuda_capture(gpu, stream, run_both, &b, 1, &exec, &err), err);
    CHECK_OK(CU(gpu, cuGraphLaunch, (exec, stream), &err), err);
    CHECK_OK(CU(gpu, cuStreamSynchronize, (stream), &err), err);
    fetch(&b, X_GRAD, second);
    CHECK(memcmp(first, second, (size_t)n * sizeof(*first)) == 0);
    gpu->cu.cuGraphExecDestroy(exec);
    gpu->cu.cuStreamDestroy_v2(stream);
    close_bench(&b, true);
    free(x);
    free(first);
    free(second);
}

static gnnac_status open_all(gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    const struct gpu_build build = {.operators = operators};
    gnnac_context_options o = {.struct_size = sizeof(o), .device = "cuda:0"};
    TRY(gnnac_context_create(&o, &ctx, err));
    o.device = "cpu";
    TRY(gnnac_context_create(&o, &cpu, err));
    graph = gpu_random_graph(300, 4, 8);
    bundle = gpu_bundle(&graph, NULL, &build, err);
    st = bundle ? cuda_enter(gpu, err) : GNNAC_EINTERNAL;
out:
    return st;
}

int main(void)
{
    gnnac_error err = {{0}};
    gpu = gpu_open();
    if (!gpu)
        return 0;
    if (open_all(&err) != GNNAC_OK) {
        printf("not ok 1 - set up: %s\n1..1\n", err.msg);
        return 1;
    }
    RUN(operators_give_what_they_give_on_the_cpu);
    RUN(kernels_are_right_on_other_graphs_too);
    RUN(threads_share_a_graph);
    RUN(a_plan_without_kernels_is_refused_and_says_what_to_compile);
    RUN(a_plan_forward_only_refuses_to_go_backward);
    RUN(matrices_that_are_not_aligned_to_16_bytes_are_refused);
    RUN(a_bundle_of_operators_is_no_model);
    RUN(a_plan_can_be_captured_and_replayed);
    cuda_leave(gpu);
    gnnac_bundle_close(bundle);
    csr_finish(&graph);
    gnnac_context_destroy(cpu);
    gnnac_context_destroy(ctx);
    cuda_context_destroy(gpu);
    return test_done();
}
