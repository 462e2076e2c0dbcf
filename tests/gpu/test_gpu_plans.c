// Operators on a GPU against the same on the CPU, which tests/unit holds
// against their definitions; what plans there refuse; the caller's stream.
#include <pthread.h>

#include "cuda/cuda_capture.h"
#include "gpu_fixture.h"

static struct cuda_context *gpu;
static gnnac_context *ctx, *cpu;
static gnnac_bundle *bundle; // of `operators`
static struct csr graph;

static const char operators[] =
    "sum:1,sum:20,mean:7,mean:64,gcn:3,gcn:16,max:1,max:33,min:3,min:100,"
    "wsum:1,wsum:33,wmean:3,wmean:100,sddmm:1,sddmm:33,sddmm:3x5,sddmm:8x8,"
    "attention:1,attention:33,attention:8x4,attention:3x11";

// How edges are handed over: sorted, or as a list from the last to the first;
// with their self loops, or told to drop them.
struct given {
    const struct csr *g;
    bool list, drop;
};

static void to_list(const struct csr *g, int64_t *src, int64_t *dst)
{
    for (int64_t v = 0; v < g->n_nodes; v++)
        for (int64_t e = g->rowptr[v]; e < g->rowptr[v + 1]; e++) {
            src[g->n_edges - 1 - e] = g->colidx[e];
            dst[g->n_edges - 1 - e] = v;
        }
}

static gnnac_graph *graph_on(gnnac_context *on, const struct given *as)
{
    const struct csr *g = as->g;
    size_t n = (size_t)g->n_edges + 1;
    int64_t *src = calloc(n, sizeof(*src)), *dst = calloc(n, sizeof(*dst));
    to_list(g, src, dst);
    const gnnac_edges edges = {.struct_size = sizeof(edges),
                               .n_nodes = g->n_nodes,
                               .n_edges = g->n_edges,
                               .rowptr = as->list ? NULL : g->rowptr,
                               .colidx = g->colidx,
                               .src = src,
                               .dst = dst,
                               .drop_self_loops = as->drop};
    gnnac_graph *out = NULL;
    gnnac_error err = {{0}};
    CHECK_OK(gnnac_graph_create(on, &edges, &out, &err), err);
    free(src);
    free(dst);
    return out;
}

static gnnac_plan_options options_of(const char *key)
{
    gnnac_plan_options o = {0};
    CHECK_INT(operator_from_key(key, &o, NULL), GNNAC_OK);
    o.kernels = bundle;
    return o;
}

static bool needs_no_loops(const gnnac_plan_options *o)
{
    return o->op == GNNAC_ATTENTION ||
           (o->op == GNNAC_AGGREGATE && o->reduce == GNNAC_GCN);
}

static bool is_extreme(const gnnac_plan_options *o)
{
    return o->op == GNNAC_AGGREGATE && o->reduce >= GNNAC_MAX;
}

// ---- a plan and its memory --------------------------------------------------

enum matrix { X, Y, WEIGHT, OUT, OUT_GRAD, X_GRAD, Y_GRAD, WEIGHT_GRAD, KEPT,
              N };

struct bench {
    gnnac_graph *graph;
    gnnac_plan *plan;
    size_t n[N]; // floats; 0: there is none
    void *at[N], *workspace;
    bool keeps; // forward for backward
};

static void measure(const struct csr *g, const gnnac_plan_options *o,
                    size_t n[N])
{
    size_t nodes = (size_t)g->n_nodes, edges = (size_t)g->n_edges;
    size_t heads = (size_t)o->heads;
    n[X] = n[X_GRAD] = nodes * (size_t)o->dim;
    n[Y] = n[Y_GRAD] = o->op == GNNAC_SDDMM       ? n[X]
                       : o->op == GNNAC_ATTENTION ? nodes * 2 * heads
                                                  : 0;
    n[KEPT] = o->op == GNNAC_ATTENTION ? n[Y] : 0;
    n[WEIGHT] = n[WEIGHT_GRAD] = o->weighted ? edges : 0;
    n[OUT] = n[OUT_GRAD] = o->op == GNNAC_SDDMM ? edges * heads : n[X];
}

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

// What both devices read; columns of x repeat, where the largest is asked for.
struct inputs {
    float *of[N]; // NULL: what is written
};

static void make_inputs(const size_t n[N], bool ties, struct inputs *in)
{
    for (int i = 0; i < N; i++) {
        bool read = i == X || i == Y || i == WEIGHT || i == OUT_GRAD;
        in->of[i] = read ? gpu_features((int64_t)n[i], 1 + (uint64_t)i) : NULL;
    }
    for (size_t k = 0; ties && k < n[X]; k++)
        in->of[X][k] = roundf(in->of[X][k]);
}

static void free_inputs(struct inputs *in)
{
    for (int i = 0; i < N; i++)
        free(in->of[i]);
}

static void open_bench(struct bench *b, bool on_gpu, const struct given *as,
                       const gnnac_plan_options *o, const struct inputs *in)
{
    void *(*copy)(const void *, size_t) = on_gpu ? device_copy : host_copy;
    gnnac_error err = {{0}};
    *b = (struct bench){.graph = graph_on(on_gpu ? ctx : cpu, as)};
    measure(as->g, o, b->n);
    CHECK_OK(gnnac_plan_create(b->graph, o, &b->plan, &err), err);
    if (!b->plan)
        return;
    for (int i = 0; i < N; i++)
        b->at[i] = b->n[i] ? copy(in->of[i], b->n[i] * sizeof(float)) : NULL;
    b->workspace = copy(NULL, gnnac_plan_workspace_size(b->plan) + 1);
}

static void close_bench(struct bench *b, bool on_gpu)
{
    for (int i = 0; i <= N; i++) {
        void *p = i < N ? b->at[i] : b->workspace;
        on_gpu ? cuda_free(gpu, (uintptr_t)p) : free(p);
    }
    gnnac_plan_destroy(b->plan);
    gnnac_graph_destroy(b->graph);
}

static gnnac_operands operands_of(const struct bench *b)
{
    return (gnnac_operands){.struct_size = sizeof(gnnac_operands),
                            .x = b->at[X],
                            .y = b->at[Y],
                            .weight = b->at[WEIGHT],
                            .kept = b->keeps ? b->at[KEPT] : NULL};
}

static gnnac_status run_forward(const struct bench *b, cu_stream stream,
                                gnnac_error *err)
{
    const gnnac_operands in = operands_of(b);
    return gnnac_plan_forward(b->plan, &in, b->at[OUT], b->workspace,
                              gnnac_plan_workspace_size(b->plan), stream, err);
}

// The gradients of the operands that `wanted` has a bit for.
static gnnac_status run_back_to(const struct bench *b, unsigned wanted,
                                cu_stream stream, gnnac_error *err)
{
    const gnnac_operands in = operands_of(b);
    const gnnac_gradients to = {
        .struct_size = sizeof(to),
        .x = wanted >> X & 1 ? b->at[X_GRAD] : NULL,
        .y = wanted >> Y & 1 ? b->at[Y_GRAD] : NULL,
        .weight = wanted >> WEIGHT & 1 ? b->at[WEIGHT_GRAD] : NULL};
    return gnnac_plan_backward(b->plan, &in, b->at[OUT], b->at[OUT_GRAD], &to,
                               b->workspace,
                               gnnac_plan_workspace_size(b->plan), stream, err);
}

enum { ALL = 1 << X | 1 << Y | 1 << WEIGHT };

static gnnac_status run_backward(const struct bench *b, cu_stream stream,
                                 gnnac_error *err)
{
    return run_back_to(b, ALL, stream, err);
}

static gnnac_status run_both(void *work, cu_stream stream, gnnac_error *err)
{
    gnnac_status st = run_forward(work, stream, err);
    return st == GNNAC_OK ? run_backward(work, stream, err) : st;
}

static size_t bytes_of(const struct bench *b, enum matrix i)
{
    return b->n[i] * sizeof(float);
}

static void fetch(const struct bench *b, enum matrix i, float *to)
{
    gnnac_error err = {{0}};
    if (b->n[i])
        CHECK_OK(CU(gpu, cuMemcpyDtoH_v2,
                    (to, (uintptr_t)b->at[i], bytes_of(b, i)), &err),
                 err);
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

// The same operator on the GPU and on the CPU, and on the CPU with magnitudes
// of what is summed: roundings of two sums in any order are below a share of
// what that gives.
struct comparison {
    const char *what;
    gnnac_plan_options o;
    struct given as;
    struct inputs in, sizes;
    struct bench on_gpu, on_cpu, sums;
    double share;
};

// Which of the largest wins, and how much it weighs, is for the values.
static void take_sizes(struct comparison *c, const size_t n[N])
{
    bool keeps_x = is_extreme(&c->o), keeps_y = c->o.op == GNNAC_ATTENTION;
    make_inputs(n, keeps_x, &c->sizes);
    for (int i = 0; i < N; i++)
        for (size_t k = 0; c->sizes.of[i] && k < n[i]; k++)
            if (!(i == X && keeps_x) && !(i == Y && keeps_y))
                c->sizes.of[i][k] = fabsf(c->sizes.of[i][k]);
}

static void open_comparison(struct comparison *c, const char *key,
                            const struct given *as)
{
    size_t n[N];
    c->what = key;
    c->o = options_of(key);
    c->as = *as;
    c->as.drop |= needs_no_loops(&c->o);
    c->share = 8 * 0x1p-24 *
               (double)(most_neighbours(as->g) + c->o.dim / c->o.heads + 20);
    measure(as->g, &c->o, n);
    make_inputs(n, is_extreme(&c->o), &c->in);
    take_sizes(c, n);
    open_bench(&c->on_gpu, true, &c->as, &c->o, &c->in);
    open_bench(&c->on_cpu, false, &c->as, &c->o, &c->in);
    open_bench(&c->sums, false, &c->as, &c->o, &c->sizes);
}

static void close_comparison(struct comparison *c)
{
    close_bench(&c->on_gpu, true);
    close_bench(&c->on_cpu, false);
    close_bench(&c->sums, false);
    free_inputs(&c->in);
    free_inputs(&c->sizes);
}

static float largest(const float *x, size_t n)
{
    float most = 0;
    for (size_t i = 0; i < n; i++)
        most = fmaxf(most, fabsf(x[i]));
    return most;
}

// Terms of opposite signs make the gradients of attention's scores: they are
// as large as what is summed in the largest row.
static double size_at(const struct comparison *c, enum matrix m, size_t i)
{
    if (m != Y_GRAD || c->o.op != GNNAC_ATTENTION)
        return fabs((double)((float *)c->sums.at[m])[i]);
    double x = largest(c->in.of[X], c->on_gpu.n[X]);
    double g = largest(c->in.of[OUT_GRAD], c->on_gpu.n[OUT_GRAD]);
    return x * g * c->o.dim / c->o.heads;
}

static void check_matrix(const struct comparison *c, const char *where,
                         enum matrix m, const char *which)
{
    size_t n = c->on_gpu.n[m];
    float *got = malloc((n + 1) * sizeof(*got));
    const float *want = c->on_cpu.at[m];
    fetch(&c->on_gpu, m, got);
    for (size_t i = 0; i < n; i++)
        if (!(fabs((double)got[i] - want[i]) <= c->share * size_at(c, m, i))) {
            TEST__FAIL("%s of %s, %s: element %zu is %g, on the CPU %g",
                       c->what, where, which, i, got[i], want[i]);
            break;
        }
    free(got);
}

static void check_all(const struct comparison *c, const char *where)
{
    check_matrix(c, where, OUT, "forward");
    check_matrix(c, where, X_GRAD, "the gradient of x");
    check_matrix(c, where, Y_GRAD, "the gradient of y");
    check_matrix(c, where, WEIGHT_GRAD, "the gradient of weight");
}

static void spoil(void *at, size_t n)
{
    CHECK(n == 0 ||
          gpu->cu.cuMemsetD32Async((uintptr_t)at, 0xffffffff, n, NULL) == 0);
}

// Once more with what forward keeps, on memory that holds nothing else of it.
static void compare_kept(struct comparison *c, const char *where)
{
    gnnac_error err = {{0}};
    struct bench *b = &c->on_gpu;
    for (int i = X_GRAD; i < N; i++)
        spoil(b->at[i], b->n[i]);
    spoil(b->at[OUT], b->n[OUT]);
    b->keeps = true;
    CHECK_OK(run_forward(b, NULL, &err), err);
    spoil(b->workspace, gnnac_plan_workspace_size(b->plan) / sizeof(float));
    CHECK_OK(run_backward(b, NULL, &err), err);
    check_all(c, where);
}

static void compare(const char *where, const char *key, const struct given *as)
{
    struct comparison c = {0};
    gnnac_error err = {{0}};
    open_comparison(&c, key, as);
    if (c.on_gpu.plan) {
        CHECK_OK(run_both(&c.on_gpu, NULL, &err), err);
        CHECK_OK(run_both(&c.on_cpu, NULL, &err), err);
        CHECK_OK(run_both(&c.sums, NULL, &err), err);
        check_all(&c, where);
        if (c.o.op == GNNAC_ATTENTION)
            compare_kept(&c, where);
    }
    close_comparison(&c);
}

static void each_operator(const char *where, const struct given *as,
                          void (*work)(const char *where, const char *key,
                                       const struct given *as))
{
    char list[sizeof(operators)], *rest = NULL;
    strcpy(list, operators);
    for (char *key = strtok_r(list, ",", &rest); key;
         key = strtok_r(NULL, ",", &rest))
        work(where, key, as);
}

TEST(operators_give_what_they_give_on_the_cpu)
{
    const struct given as = {&graph, false, false};
    each_operator("the bundle's graph", &as, compare);
}

// Kernels know nothing of a graph but how many bits its offsets need.
TEST(kernels_are_right_on_other_graphs_too)
{
    static struct mini_graph mini[N_MINI_GRAPHS];
    mini_graphs(mini);
    for (int i = 0; i < N_MINI_GRAPHS; i++) {
        struct csr g = gpu_csr(&mini[i]);
        const struct given as = {&g, i % 2, i % 3 == 2};
        each_operator(mini[i].name, &as, compare);
    }
}

TEST(what_is_given_by_edge_is_in_the_callers_order)
{
    const struct given as = {&graph, true, true};
    each_operator("a list without its loops", &as, compare);
}

// One gradient alone is what it is beside the others.
static void compare_alone(const char *where, const char *key,
                          const struct given *as)
{
    static const enum matrix grads[] = {X_GRAD, Y_GRAD, WEIGHT_GRAD};
    struct comparison c = {0};
    gnnac_error err = {{0}};
    open_comparison(&c, key, as);
    CHECK_OK(run_both(&c.on_cpu, NULL, &err), err);
    CHECK_OK(run_both(&c.sums, NULL, &err), err);
    CHECK_OK(run_forward(&c.on_gpu, NULL, &err), err);
    for (int i = 0; i < 3; i++)
        if (c.on_gpu.n[grads[i]]) {
            CHECK_OK(run_back_to(&c.on_gpu, 1U << i, NULL, &err), err);
            check_matrix(&c, where, grads[i], "one gradient");
        }
    CHECK_OK(run_back_to(&c.on_gpu, 0, NULL, &err), err);
    close_comparison(&c);
}

TEST(a_gradient_may_be_asked_for_alone)
{
    const struct given as = {&graph, true, false};
    each_operator("alone", &as, compare_alone);
}

// On the bundle's graph, on the GPU alone.
static void open_alone(struct bench *b, const gnnac_plan_options *o)
{
    const struct given as = {&graph, false, needs_no_loops(o)};
    struct inputs in;
    size_t n[N];
    measure(&graph, o, n);
    make_inputs(n, is_extreme(o), &in);
    open_bench(b, true, &as, o, &in);
    free_inputs(&in);
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
    static const char *const keys[N_THREADS] = {"wsum:33", "mean:7",
                                                "sddmm:8x8", "max:33"};
    static struct sharer all[N_THREADS];
    const struct given as = {&graph, false, false};
    gnnac_graph *shared = graph_on(ctx, &as);
    size_t n_bytes = (size_t)graph.n_nodes * 64 * sizeof(float);
    float *alone = malloc(n_bytes), *got = malloc(n_bytes);
    for (int i = 0; i < N_THREADS; i++) {
        all[i] = (struct sharer){.shared = shared, .o = options_of(keys[i])};
        open_alone(&all[i].b, &all[i].o);
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
        CHECK(memcmp(got, alone, bytes_of(&s->b, X_GRAD)) == 0);
        close_bench(&s->b, true);
    }
    gnnac_graph_destroy(shared);
    free(alone);
    free(got);
}

// ---- refusals ---------------------------------------------------------------

static void refuse(gnnac_plan_options o, int status, const char *why)
{
    gnnac_error err = {{0}};
    gnnac_plan *plan = NULL;
    const struct given as = {&graph, false, true};
    gnnac_graph *g = graph_on(ctx, &as);
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
    refuse(options_of("wsum:20"), GNNAC_ENOENT, "--ops wsum:20");
    refuse(options_of("attention:2x4"), GNNAC_ENOENT, "--ops attention:2x4");
}

TEST(a_plan_forward_only_refuses_to_go_backward)
{
    gnnac_plan_options o = options_of("mean:7");
    struct bench b;
    gnnac_error err = {{0}};
    o.backward = 0;
    open_alone(&b, &o);
    CHECK_OK(run_forward(&b, NULL, &err), err);
    CHECK_INT(run_backward(&b, NULL, &err), GNNAC_EUSAGE);
    close_bench(&b, true);
}

static void refuse_unaligned(const char *key, enum matrix m, const char *why)
{
    const gnnac_plan_options o = options_of(key);
    struct bench b;
    gnnac_error err = {{0}};
    open_alone(&b, &o);
    void *aligned = b.at[m];
    b.at[m] = (char *)aligned + 4;
    CHECK_INT(run_forward(&b, NULL, &err), GNNAC_EUSAGE);
    CHECK_HAS(err.msg, why);
    b.at[m] = aligned;
    close_bench(&b, true);
}

TEST(matrices_that_are_not_aligned_to_16_bytes_are_refused)
{
    refuse_unaligned("sum:20", X, "x is not aligned to 16 bytes");
    refuse_unaligned("wsum:33", WEIGHT, "weight is not aligned to 16 bytes");
    refuse_unaligned("sddmm:33", OUT, "out is not aligned to 16 bytes");
}

TEST(a_bundle_of_operators_is_no_model)
{
    gnnac_error err = {{0}};
    gnnac_model *m = NULL;
    CHECK_INT(gnnac_model_create(ctx, bundle, &m, &err), GNNAC_EUSAGE);
    CHECK_HAS(err.msg, "operators, not a model");
}

// ---- the caller's stream ----------------------------------------------------

static void capture(const char *key, enum matrix result)
{
    const gnnac_plan_options o = options_of(key);
    struct bench b;
    gnnac_error err = {{0}};
    cu_stream stream = NULL;
    cu_graph_exec exec = NULL;
    open_alone(&b, &o);
    float *first = malloc(bytes_of(&b, result) + 1);
    float *second = malloc(bytes_of(&b, result) + 1);
    CHECK_OK(run_both(&b, NULL, &err), err);
    fetch(&b, result, first);
    spoil(b.at[result], b.n[result]);
    CHECK_OK(CU(gpu, cuStreamSynchronize, (NULL), &err), err);
    CHECK_OK(CU(gpu, cuStreamCreate, (&stream, CU_STREAM_NON_BLOCKING), &err),
             err);
    CHECK_OK(cuda_capture(gpu, stream, run_both, &b, 1, &exec, &err), err);
    CHECK_OK(CU(gpu, cuGraphLaunch, (exec, stream), &err), err);
    CHECK_OK(CU(gpu, cuStreamSynchronize, (stream), &err), err);
    fetch(&b, result, second);
    CHECK(memcmp(first, second, bytes_of(&b, result)) == 0);
    gpu->cu.cuGraphExecDestroy(exec);
    gpu->cu.cuStreamDestroy_v2(stream);
    close_bench(&b, true);
    free(first);
    free(second);
}

TEST(a_plan_can_be_captured_and_replayed)
{
    capture("mean:7", X_GRAD);
    capture("wsum:33", WEIGHT_GRAD);
    capture("attention:8x4", Y_GRAD);
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
    RUN(what_is_given_by_edge_is_in_the_callers_order);
    RUN(a_gradient_may_be_asked_for_alone);
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
