// The kernels of operators on edges, those of tests/kernel/cases.txt, on the
// GPU: products of rows, the largest and smallest of neighbours and what goes
// back through them, against the CPU's loops, on a quarter of the mini graphs
// each (in the suite `slow` on all). Weighted sums are among test_gpu_kernels.
#include "cpu/cpu_edges.h"
#include "cuda/cuda_kernel.h"
#include "gpu_cases.h"

enum { CANARIES = 64 };
static const float canary = -7.25e20F;

static struct cuda_context *gpu;
static struct mini_graph graphs[N_MINI_GRAPHS];
static struct csr large;
static struct case_list cases;

static bool is_wanted(const char *op)
{
    return strcmp(op, "sddmm") == 0 || strncmp(op, "extreme", 7) == 0;
}

// ---- operands ---------------------------------------------------------------

// A kernel's operands on both sides. Matrices are floats that x_type can hold.
struct trial {
    const struct case_run *r;
    const struct csr *g;
    const char *graph;
    bool products; // values of edges come out
    float *x, *self, *grad, *want, *got;
    int64_t *number;
    int64_t n_out;
    struct cuda_graph on_gpu;
    struct operands device;
    cu_ptr out_base;
};

// Whole numbers, of which many are equal; in some rows infinities and NaN.
static void make_ties(float *m, int64_t n, int32_t pitch)
{
    for (int64_t i = 0; i < n * pitch; i++)
        m[i] = i / pitch % 7 == 3   ? NAN
               : i / pitch % 5 == 4 ? -INFINITY
                                    : roundf(m[i]);
}

static float *values(const struct trial *t, int32_t pitch, uint64_t seed)
{
    int64_t n = t->g->n_nodes;
    float *m = gpu_features(n * pitch, seed);
    if (!t->products && seed < 3)
        make_ties(m, n, pitch);
    for (int64_t i = 0; i < n * pitch; i++)
        m[i] = dtype_round(t->r->kc.spec.x_type, m[i]);
    return m;
}

static void make_host(struct trial *t)
{
    const struct kernel_spec *s = &t->r->kc.spec;
    int64_t n = t->g->n_edges;
    t->products = strcmp(t->r->kc.point.family->op, "sddmm") == 0;
    t->n_out = t->products ? n * s->heads : t->g->n_nodes * s->out_pitch;
    t->x = values(t, s->x_pitch, 1);
    t->self = values(t, s->self_pitch, 2);
    t->grad = values(t, s->grad_pitch, 3);
    t->number = malloc((size_t)(n + 1) * sizeof(*t->number));
    for (int64_t e = 0; e < n; e++)
        t->number[e] = (n - e + 4) % n; // backwards, and moved on
    size_t room = (size_t)t->n_out + 2 * CANARIES;
    t->want = malloc(room * sizeof(*t->want));
    t->got = malloc(room * sizeof(*t->got));
    for (size_t i = 0; i < room; i++)
        t->want[i] = t->got[i] = canary;
}

static gnnac_status upload(const float *m, int64_t n, enum dtype type,
                           cu_ptr *out, gnnac_error *err)
{
    size_t bytes = (size_t)n * dtype_bytes(type);
    void *stored = malloc(bytes + 1);
    dtype_store(type, m, n, stored);
    gnnac_status st = cuda_upload(gpu, stored, bytes, "a trial", out, err);
    free(stored);
    return st;
}

static gnnac_status make_device(struct trial *t, gnnac_error *err)
{
    const struct kernel_spec *s = &t->r->kc.spec;
    const struct kernel *k = &t->r->emitted.kernel;
    struct operands *d = &t->device;
    int64_t n = t->g->n_nodes;
    gnnac_status st = GNNAC_OK;
    TRY(cuda_graph_init(gpu, n, t->g->n_edges, t->g->rowptr, t->g->colidx, NULL,
                        &t->on_gpu, err));
    TRY(cuda_graph_prepare(&t->on_gpu, k, err));
    TRY(upload(t->x, n * s->x_pitch, s->x_type, &d->x, err));
    TRY(upload(t->self, n * s->self_pitch, s->self_type, &d->self, err));
    TRY(upload(t->grad, n * s->grad_pitch, DTYPE_F32, &d->g, err));
    TRY(cuda_upload(gpu, t->number, (size_t)t->g->n_edges * sizeof(int64_t),
                    "a trial", &d->edge_of, err));
    TRY(upload(t->got, t->n_out + 2 * CANARIES, s->out_type, &t->out_base,
               err));
    d->out = d->edge_out =
        t->out_base + CANARIES * dtype_bytes(s->out_type);
out:
    return st;
}

static void close_trial(struct trial *t)
{
    const cu_ptr device[] = {t->device.x, t->device.self, t->device.g,
                             t->device.edge_of, t->out_base};
    void *const host[] = {t->x, t->self, t->grad, t->want, t->got, t->number};
    for (int i = 0; i < 5; i++)
        cuda_free(gpu, device[i]);
    cuda_graph_finish(&t->on_gpu);
    for (int i = 0; i < 6; i++)
        free(host[i]);
}

// ---- what must come out -----------------------------------------------------

static struct const_view rows_of(const struct trial *t, const float *m,
                                 int32_t pitch)
{
    return (struct const_view){m, pitch, t->r->kc.spec.dim};
}

// `self` is what forward gave, with neither more nor fewer ties for that. The
// graph is the transposed one of the share's where that is meant.
static void expect_extreme(const struct trial *t)
{
    const struct kernel_spec *s = &t->r->kc.spec;
    const char *op = t->r->kc.point.family->op;
    struct view out = {t->want + CANARIES, s->out_pitch, s->dim};
    struct extreme_job job = {.n_rows = t->g->n_nodes,
                              .rowptr = t->g->rowptr,
                              .colidx = t->g->colidx,
                              .x = rows_of(t, t->x, s->x_pitch),
                              .smallest = s->smallest,
                              .out = out};
    struct const_view grad = rows_of(t, t->grad, s->grad_pitch);
    if (strcmp(op, "extreme") == 0) {
        cpu_extreme(&job, 1);
        return;
    }
    job.out = (struct view){t->self, s->self_pitch, s->dim};
    if (strcmp(op, "extreme_share") == 0)
        cpu_extreme_share(&job, grad, out, 1);
    else
        cpu_extreme_grad(&job, grad, out, 1);
}

static void expect(const struct trial *t)
{
    const struct kernel_spec *s = &t->r->kc.spec;
    const struct edge_dot_job job = {
        .n_rows = t->g->n_nodes,
        .rowptr = t->g->rowptr,
        .colidx = t->g->colidx,
        .edge = s->edges == EDGES_MAPPED ? t->number : NULL,
        .at = rows_of(t, t->self, s->self_pitch),
        .from = rows_of(t, t->x, s->x_pitch),
        .heads = s->heads,
        .mean = s->norm == NORM_MEAN,
        .out = t->want + CANARIES};
    if (t->products)
        cpu_edge_dot(&job, 1);
    else
        expect_extreme(t);
}

// Roundings of sums of as many terms, each of them and all together below 64.
static bool agree(const struct trial *t, float got, float want)
{
    double share = 0x1p-24 * (t->r->kc.spec.dim + 4) * 64;
    return (isnan(got) && isnan(want)) || got == want ||
           fabs((double)got - want) <= share * (1 + fabs(want));
}

static void compare(const struct trial *t)
{
    for (int64_t i = 0; i < t->n_out + 2 * CANARIES; i++)
        if (!agree(t, t->got[i], t->want[i])) {
            TEST__FAIL("%s on \"%s\": element %lld is %g, not %g", t->r->line,
                       t->graph, (long long)(i - CANARIES), t->got[i],
                       t->want[i]);
            return;
        }
}

static void store_canaries(const struct trial *t)
{
    enum dtype type = t->r->kc.spec.out_type;
    for (int64_t i = 0; i < t->n_out + 2 * CANARIES; i++)
        t->want[i] = dtype_round(type, t->want[i]);
}

// ---- runs -------------------------------------------------------------------

static gnnac_status run(struct trial *t, const struct compile_job *j,
                        gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    enum dtype type = t->r->kc.spec.out_type;
    size_t n = (size_t)t->n_out + 2 * CANARIES;
    void *stored = malloc(n * sizeof(float));
    struct cuda_kernel k = {0};
    const struct image_view image = {j->image, j->n_bytes, false};
    TRY(make_device(t, err));
    TRY(cuda_kernel_load(gpu, &t->r->emitted.kernel, &image, 1, &k, err));
    TRY(cuda_kernel_launch(&t->on_gpu, &k, &t->device, NULL, err));
    TRY(CU(gpu, cuMemcpyDtoH_v2, (stored, t->out_base, n * dtype_bytes(type)),
           err));
    dtype_load(type, stored, (int64_t)n, t->got);
out:
    cuda_kernel_unload(gpu, &k);
    free(stored);
    return st;
}

static void check_on_graph(const struct case_run *r,
                           const struct compile_job *j, const char *name,
                           const struct csr *g)
{
    struct trial t = {.r = r, .g = g, .graph = name};
    gnnac_error err = {{0}};
    make_host(&t);
    expect(&t);
    store_canaries(&t);
    if (run(&t, j, &err) == GNNAC_OK)
        compare(&t);
    else
        TEST__FAIL("%s on \"%s\": %s", r->line, name, err.msg);
    close_trial(&t);
}

static void check_family(const char *family, int at_least)
{
    const struct case_check c = {gpu, &cases, graphs, &large, check_on_graph};
    gpu_check_family(&c, family, at_least);
}

TEST(products_of_rows_are_the_cpus)
{
    check_family("sddmm", 13);
}

TEST(the_largest_and_smallest_of_neighbours_are_the_cpus)
{
    check_family("extreme", 9);
}

TEST(shares_of_a_gradient_are_the_cpus)
{
    check_family("extreme_share", 7);
}

TEST(gradients_of_the_largest_are_the_cpus)
{
    check_family("extreme_grad", 7);
}

// What is compared with must be what can be told from anything else.
TEST(another_neighbour_is_found_out)
{
    struct trial t = {.r = &cases.all[0], .g = &large, .graph = "large"};
    make_host(&t);
    expect(&t);
    memcpy(t.got, t.want, (size_t)t.n_out * sizeof(*t.got));
    int64_t at = CANARIES + t.n_out / 2;
    CHECK(agree(&t, t.got[at], t.want[at]));
    CHECK(!agree(&t, t.got[at], t.got[at] * 1.01F + 0.01F));
    CHECK(!agree(&t, canary, 0) && !agree(&t, NAN, 0));
    close_trial(&t);
}

int main(int argc, char **argv)
{
    const char *templates = argc > 1 ? argv[1] : "templates";
    const char *list = argc > 2 ? argv[2] : "tests/kernel/cases.txt";
    gpu = gpu_open();
    if (!gpu)
        return 0;
    mini_graphs(graphs);
    large = gpu_random_graph(1001, 6, 1);
    if (!gpu_cases_open(&cases, templates, list, is_wanted, gpu->cc))
        return 1;
    RUN(products_of_rows_are_the_cpus);
    RUN(the_largest_and_smallest_of_neighbours_are_the_cpus);
    RUN(shares_of_a_gradient_are_the_cpus);
    RUN(gradients_of_the_largest_are_the_cpus);
    RUN(another_neighbour_is_found_out);
    gpu_cases_close(&cases);
    csr_finish(&large);
    cuda_context_destroy(gpu);
    return test_done();
}
