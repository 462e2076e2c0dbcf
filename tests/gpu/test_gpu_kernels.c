// Every aggregation of tests/kernel/cases.txt on the GPU, on a quarter of the
// mini graphs each (in the suite `slow` on all), through the gate that tuning
// uses.
#include "emit/tmpl.h"
#include "gpu_fixture.h"
#include "jit/nvrtc.h"
#include "kernel/kernel_case.h"
#include "tune/bench.h"
#include "plan/opspec.h"

enum { MAX_CASES = 512 };

struct case_run {
    char line[512];
    struct kernel_case kc;
    struct emitted emitted;
};

static struct cuda_context *gpu;
static struct catalog *catalog;
static struct mini_graph graphs[N_MINI_GRAPHS];
static struct csr large;
static struct case_run cases[MAX_CASES];
static struct compile_job jobs[MAX_CASES];
static size_t n_cases;

static gnnac_status read_case(const char *line, struct case_run *r,
                              gnnac_error *err)
{
    snprintf(r->line, sizeof(r->line), "%s", line);
    gnnac_status st =
        kernel_case_parse(catalog_families(catalog), line, &r->kc, err);
    return st == GNNAC_OK
               ? tmpl_emit(catalog, &r->kc.point, &r->kc.spec, &r->emitted, err)
               : st;
}

static gnnac_status read_cases(const char *path, gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    char line[512];
    FILE *f = fopen(path, "r");
    if (!f)
        return FAIL(err, GNNAC_EIO, "%s: cannot open", path);
    while (st == GNNAC_OK && fgets(line, sizeof(line), f)) {
        line[strcspn(line, "\n")] = '\0';
        if (!line[0] || line[0] == '#')
            continue;
        if (n_cases == MAX_CASES) {
            st = FAIL(err, GNNAC_EUNSUPPORTED, "%s: too many cases", path);
            break;
        }
        struct case_run *r = &cases[n_cases];
        st = read_case(line, r, err);
        if (st == GNNAC_OK && is_tuned_op(r->kc.point.family->op))
            n_cases++;
        else
            emitted_finish(&r->emitted);
    }
    fclose(f);
    return st;
}

static gnnac_status compile_cases(gnnac_error *err)
{
    struct nvrtc *n = NULL;
    gnnac_status st = nvrtc_open(&n, err);
    if (st != GNNAC_OK)
        return st;
    for (size_t i = 0; i < n_cases; i++) {
        jobs[i].source = cases[i].emitted.source;
        jobs[i].name = cases[i].emitted.kernel.name;
        snprintf(jobs[i].arch, sizeof(jobs[i].arch), "sm_%d", (int)gpu->cc);
    }
    st = nvrtc_compile(n, jobs, n_cases, 0, err);
    nvrtc_close(n);
    return st;
}

// A case as the tuner would hand it to the gate.
static struct variant variant_of(const struct case_run *r,
                                 const struct compile_job *j)
{
    struct variant v = {.kernel = r->emitted.kernel, .status = "ok"};
    v.images[0].image = j->image;
    v.images[0].n_bytes = j->n_bytes;
    return v;
}

// Inside cuda_enter/leave.
static void check_on_graph(const struct case_run *r,
                           const struct compile_job *j, const char *name,
                           const struct csr *g)
{
    struct bench b;
    struct cuda_kernel k;
    gnnac_error err = {{0}};
    struct variant v = variant_of(r, j);
    gnnac_status st = bench_init(gpu, g, &r->kc.spec, &b, &err);
    if (st != GNNAC_OK)
        TEST__FAIL("%s on \"%s\": %s", r->line, name, err.msg);
    else if (bench_gate(&b, &v, &k))
        cuda_kernel_unload(gpu, &k);
    else
        TEST__FAIL("%s on \"%s\": %s", r->line, name, v.reason);
    bench_finish(&b);
}

static void check_family(const char *family, int at_least)
{
    gnnac_error err = {{0}};
    int n = 0;
    CHECK_OK(cuda_enter(gpu, &err), err);
    for (size_t i = 0; i < n_cases; i++) {
        if (strcmp(cases[i].kc.point.family->name, family) != 0)
            continue;
        n++;
        if (jobs[i].status != GNNAC_OK)
            TEST__FAIL("%s: %s", cases[i].line, jobs[i].error.msg);
        for (int g = 0; g < N_MINI_GRAPHS && !jobs[i].status; g++) {
            if (!test_is_slow() && (i + (size_t)g) % 4)
                continue;
            struct csr mini = gpu_csr(&graphs[g]);
            check_on_graph(&cases[i], &jobs[i], graphs[g].name, &mini);
        }
        if (!jobs[i].status && cases[i].kc.spec.dim <= 128)
            check_on_graph(&cases[i], &jobs[i], "large", &large);
    }
    cuda_leave(gpu);
    CHECK(n >= at_least);
}

TEST(row_split_is_right_on_every_mini_graph)
{
    check_family("row_split", 30);
}

TEST(neighbor_group_is_right_on_every_mini_graph)
{
    check_family("neighbor_group", 20);
}

TEST(edge_balanced_is_right_on_every_mini_graph)
{
    check_family("edge_balanced", 20);
}

TEST(hybrid_is_right_on_every_mini_graph)
{
    check_family("hybrid", 25);
}

TEST(narrow_is_right_on_every_mini_graph)
{
    check_family("narrow", 10);
}

TEST(attention_is_right_on_every_mini_graph)
{
    check_family("attention", 15);
}

// Every row sums the neighbours of the first: in bounds, and wrong.
TEST(the_gate_refuses_a_kernel_that_reads_the_wrong_row)
{
    struct case_run r = {0};
    struct compile_job job = {.name = "broken"};
    struct bench b;
    struct cuda_kernel k;
    struct nvrtc *n = NULL;
    gnnac_error err = {{0}};
    if (read_case("row_split dim=16 dimWorker=4 vec=4", &r, &err) != GNNAC_OK ||
        nvrtc_open(&n, &err) != GNNAC_OK) {
        TEST__FAIL("%s", err.msg);
        return;
    }
    char *at = strstr(r.emitted.source, "ids += begin;");
    CHECK(at != NULL);
    if (at)
        memcpy(at, "ids += 0    ;", 13);
    job.source = r.emitted.source;
    snprintf(job.arch, sizeof(job.arch), "sm_%d", (int)gpu->cc);
    CHECK_OK(nvrtc_compile(n, &job, 1, 1, &err), err);
    CHECK_STR(job.error.msg, "");
    struct variant v = variant_of(&r, &job);
    struct csr g = gpu_csr(&graphs[N_MINI_GRAPHS - 2]);
    CHECK_OK(cuda_enter(gpu, &err), err);
    CHECK_OK(bench_init(gpu, &g, &r.kc.spec, &b, &err), err);
    CHECK(!bench_gate(&b, &v, &k));
    CHECK_STR(v.status, "wrong_result");
    CHECK_HAS(v.reason, "times the allowed error");
    bench_finish(&b);
    cuda_leave(gpu);
    compile_job_finish(&job);
    emitted_finish(&r.emitted);
    nvrtc_close(n);
}

int main(int argc, char **argv)
{
    gnnac_error err = {{0}};
    const char *templates = argc > 1 ? argv[1] : "templates";
    const char *list = argc > 2 ? argv[2] : "tests/kernel/cases.txt";
    gpu = gpu_open();
    if (!gpu)
        return 0;
    mini_graphs(graphs);
    large = gpu_random_graph(3001, 6, 1);
    if (catalog_open(&templates, 1, &catalog, &err) != GNNAC_OK ||
        read_cases(list, &err) != GNNAC_OK || compile_cases(&err) != GNNAC_OK) {
        printf("not ok 1 - %s\n1..1\n", err.msg);
        return 1;
    }
    RUN(row_split_is_right_on_every_mini_graph);
    RUN(neighbor_group_is_right_on_every_mini_graph);
    RUN(edge_balanced_is_right_on_every_mini_graph);
    RUN(hybrid_is_right_on_every_mini_graph);
    RUN(narrow_is_right_on_every_mini_graph);
    RUN(attention_is_right_on_every_mini_graph);
    RUN(the_gate_refuses_a_kernel_that_reads_the_wrong_row);
    for (size_t i = 0; i < n_cases; i++) {
        emitted_finish(&cases[i].emitted);
        compile_job_finish(&jobs[i]);
    }
    csr_finish(&large);
    catalog_close(catalog);
    cuda_context_destroy(gpu);
    return test_done();
}
