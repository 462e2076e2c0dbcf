// Every aggregation of tests/kernel/cases.txt on the GPU, on a quarter of the
// mini graphs each (in the suite `slow` on all), through the gate that tuning
// uses.
#include "gpu_cases.h"
#include "plan/opspec.h"
#include "tune/bench.h"

static struct cuda_context *gpu;
static struct mini_graph graphs[N_MINI_GRAPHS];
static struct csr large;
static struct case_list cases;

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
    const struct case_check c = {gpu, &cases, graphs, &large, check_on_graph};
    gpu_check_family(&c, family, at_least);
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

TEST(tile_mma_is_right_on_every_mini_graph)
{
    check_family("tile_mma", 30);
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
    if (gpu_read_case(cases.catalog, "row_split dim=16 dimWorker=4 vec=4", &r,
                      &err) != GNNAC_OK ||
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
    const char *templates = argc > 1 ? argv[1] : "templates";
    const char *list = argc > 2 ? argv[2] : "tests/kernel/cases.txt";
    gpu = gpu_open();
    if (!gpu)
        return 0;
    mini_graphs(graphs);
    large = gpu_random_graph(3001, 6, 1);
    if (!gpu_cases_open(&cases, templates, list, is_tuned_op, gpu->cc))
        return 1;
    RUN(row_split_is_right_on_every_mini_graph);
    RUN(neighbor_group_is_right_on_every_mini_graph);
    RUN(edge_balanced_is_right_on_every_mini_graph);
    RUN(hybrid_is_right_on_every_mini_graph);
    RUN(tile_mma_is_right_on_every_mini_graph);
    RUN(narrow_is_right_on_every_mini_graph);
    RUN(attention_is_right_on_every_mini_graph);
    RUN(the_gate_refuses_a_kernel_that_reads_the_wrong_row);
    gpu_cases_close(&cases);
    csr_finish(&large);
    cuda_context_destroy(gpu);
    return test_done();
}
