// Timing in worker processes: a kernel that faults or hangs, or a worker that
// is killed, costs no more than that kernel. argv[1] is gnnac, argv[2] the
// folder of the templates.
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "cuda/cuda_kernel.h"
#include "emit/tmpl.h"
#include "gpu_fixture.h"
#include "jit/nvrtc.h"
#include "kernel/kernel_case.h"
#include "tune/bench_data.h"
#include "tune/time_worker.h"

static const char *program;
static struct cuda_context *gpu;
static struct catalog *catalog;
static struct nvrtc *nvrtc;
static struct csr graph;
static struct kernel_case kc;

static gnnac_status read_case(const char *line, gnnac_error *err)
{
    return kernel_case_parse(catalog_families(catalog), line, &kc, err);
}

// The case, or row_split with `ids += begin;` replaced. Owned.
static struct variant make_variant(const char *planted)
{
    struct emitted e = {0};
    gnnac_error err = {{0}};
    const char line[] = "ids += begin;";
    CHECK_INT(tmpl_emit(catalog, &kc.point, &kc.spec, &e, &err), GNNAC_OK);
    struct variant v = {.kernel = e.kernel, .status = "ok"};
    v.source = planted ? gpu_replaced(e.source, line, planted)
                       : strdup(e.source);
    struct compile_job job = {.source = v.source, .name = v.kernel.name};
    snprintf(job.arch, sizeof(job.arch), "sm_%d", (int)gpu->cc);
    CHECK_INT(nvrtc_compile(nvrtc, &job, 1, 1, &err), GNNAC_OK);
    CHECK_STR(job.error.msg, "");
    v.images[0].image = job.image;
    v.images[0].n_bytes = job.n_bytes;
    job.image = NULL;
    compile_job_finish(&job);
    emitted_finish(&e);
    return v;
}

static struct far_stand *open_stand(double gate_seconds, bool cold)
{
    struct far_stand *s = NULL;
    gnnac_error err = {{0}};
    const struct far_stand_request rq = {program,      0, &graph, &kc.spec,
                                         gate_seconds, 60, cold};
    CHECK_INT(far_stand_open(&rq, &s, &err), GNNAC_OK);
    CHECK_STR(err.msg, "");
    return s;
}

static void check_sample(struct far_stand *s, size_t i)
{
    double ns = 0;
    gnnac_error err = {{0}};
    CHECK_INT(far_stand_sample(s, i, &ns, &err), GNNAC_OK);
    CHECK_STR(err.msg, "");
    CHECK(ns > 0);
}

// What the device says of planted kernels is no news.
static int hush(void)
{
    int kept = dup(STDERR_FILENO), null = open("/dev/null", O_WRONLY);
    dup2(null, STDERR_FILENO);
    close(null);
    unsetenv("RIG_LOG");
    return kept;
}

static void unhush(int kept, const char *log)
{
    dup2(kept, STDERR_FILENO);
    close(kept);
    if (log)
        setenv("RIG_LOG", log, 1);
}

// The good one, then a planted one, then the good one again.
static void check_planted(const char *planted, double gate_seconds,
                          const char *verdict, const char *reason)
{
    const char *log = getenv("RIG_LOG");
    char *log_kept = log ? strdup(log) : NULL;
    int kept = hush();
    struct variant good = make_variant(NULL), bad = make_variant(planted);
    struct far_stand *s = open_stand(gate_seconds, false);
    if (s) {
        CHECK(far_stand_enter(s, &good));
        CHECK(!far_stand_enter(s, &bad));
        CHECK_STR(bad.status, "launch_error");
        CHECK_HAS(bad.reason, reason);
        CHECK_STR(bad.verdict ? bad.verdict : "", verdict);
        CHECK(good.verdict == NULL);
        CHECK_STR(good.status, "ok");
        check_sample(s, 0);
        check_sample(s, 0);
    }
    far_stand_close(s);
    variant_finish(&good);
    variant_finish(&bad);
    unhush(kept, log_kept);
    free(log_kept);
}

TEST(a_kernel_that_faults_costs_itself)
{
    check_planted("ids += begin + (1LL << 40);", 120, "fault", "");
}

TEST(a_kernel_that_hangs_is_killed_in_time)
{
    check_planted("ids += begin; for (;;) __threadfence();", 8,
                  "hang", "no answer within 8 s");
}

TEST(a_kernel_that_is_wrong_on_other_graphs_alone_is_out)
{
    struct variant bad =
        make_variant("ids += begin; if (n_rows == 67 && begin > 0) ids -= 1;");
    struct far_stand *s = open_stand(120, false);
    int kept = hush();
    CHECK(s && !far_stand_enter(s, &bad));
    unhush(kept, NULL);
    CHECK_STR(bad.status, "wrong_result");
    CHECK_HAS(bad.reason, "wrong result on empty rows");
    CHECK_STR(bad.verdict ? bad.verdict : "", "wrong_result");
    far_stand_close(s);
    variant_finish(&bad);
}

// The child of this process, or 0.
static pid_t find_worker(void)
{
    char path[64];
    int pid = 0;
    snprintf(path, sizeof(path), "/proc/self/task/%d/children", (int)getpid());
    FILE *f = fopen(path, "r");
    if (f && fscanf(f, "%d", &pid) != 1)
        pid = 0;
    if (f)
        fclose(f);
    return pid;
}

TEST(workers_that_are_killed_cost_nothing)
{
    struct variant a = make_variant(NULL), b = make_variant(NULL);
    struct far_stand *s = open_stand(120, false);
    CHECK(s && far_stand_enter(s, &a) && far_stand_enter(s, &b));
    for (int i = 0; s && i < 10; i++) {
        pid_t worker = find_worker();
        if (worker > 0 && i % 2 == 0)
            kill(worker, SIGKILL);
        check_sample(s, (size_t)i % 2);
    }
    CHECK_STR(a.status, "ok");
    CHECK_STR(b.status, "ok");
    far_stand_close(s);
    variant_finish(&a);
    variant_finish(&b);
}

static void check_renewed(void)
{
    struct variant a = make_variant(NULL);
    struct far_stand *s = open_stand(120, false);
    gnnac_error err = {{0}};
    CHECK(s && far_stand_enter(s, &a));
    if (s) {
        CHECK_INT(far_stand_warm(s, &err), GNNAC_OK);
        check_sample(s, 0);
        far_stand_renew(s);
        CHECK_INT(find_worker(), 0);
        check_sample(s, 0);
    }
    far_stand_close(s);
    variant_finish(&a);
}

TEST(a_fresh_worker_times_what_passed_before)
{
    check_renewed();
}

// The gate fills it before every run, but a fresh worker has no gate: then the
// device would object to what is read.
TEST(what_a_kernel_adds_to_is_filled_without_a_gate)
{
    const struct kernel_case kept = kc;
    struct bench b = {0};
    gnnac_error err = {{0}};
    CHECK_OK(read_case("linear_mma dim=48 depth=40 adds=1", &err), err);
    CHECK_OK(cuda_enter(gpu, &err), err);
    CHECK_OK(bench_init(gpu, &graph, &kc.spec, &b, &err), err);
    CHECK_OK(output_fetch(&b, &b.out, &err), err);
    CHECK(output_is_inside(&b.out));
    for (int64_t i = 0; i < b.out.n; i++)
        CHECK(output_values(&b.out)[i] == b.before[i]);
    bench_finish(&b);
    cuda_leave(gpu);
    check_renewed();
    kc = kept;
}

// Twice the cache is written in more than 15 us on any GPU.
TEST(a_cold_cache_is_made_so_outside_of_the_time)
{
    struct variant v = make_variant(NULL);
    double ns[2] = {0, 0};
    gnnac_error err = {{0}};
    for (int cold = 0; cold < 2; cold++) {
        struct far_stand *s = open_stand(60, cold != 0);
        CHECK(far_stand_enter(s, &v));
        for (int i = 0; i < 3; i++)
            CHECK_INT(far_stand_sample(s, 0, &ns[cold], &err), GNNAC_OK);
        far_stand_close(s);
    }
    printf("# hot %.2f us, cold %.2f us\n", ns[0] / 1e3, ns[1] / 1e3);
    CHECK(ns[1] > 0.9 * ns[0]);
    CHECK(ns[1] < ns[0] + 15000);
    variant_finish(&v);
}

// Only a software device can be told to have less memory than before.
TEST(a_stand_that_finds_no_memory_costs_one_kernel)
{
    const char *memory = getenv("RIG_MEM");
    if (!memory)
        SKIP("no software device");
    char *kept = strdup(memory);
    struct variant a = make_variant(NULL), b = make_variant(NULL);
    struct far_stand *s = open_stand(120, false);
    gnnac_error err = {{0}};
    double ns;
    CHECK(s && far_stand_enter(s, &a) && far_stand_enter(s, &b));
    if (s) {
        far_stand_renew(s);
        setenv("RIG_MEM", "4096", 1);
        CHECK_INT(far_stand_warm(s, &err), GNNAC_OK);
        CHECK_INT(far_stand_sample(s, 0, &ns, &err), GNNAC_EUNSUPPORTED);
        CHECK_HAS(err.msg, "memory");
        CHECK_STR(a.status, "launch_error");
        CHECK_HAS(a.reason, "memory");
        CHECK(a.verdict == NULL);
        setenv("RIG_MEM", kept, 1);
        check_sample(s, 1);
    }
    far_stand_close(s);
    variant_finish(&a);
    variant_finish(&b);
    setenv("RIG_MEM", kept, 1);
    free(kept);
}

TEST(a_gpu_that_is_not_there_is_said_so)
{
    struct far_stand *s = NULL;
    gnnac_error err = {{0}};
    const struct far_stand_request rq = {program, 77, &graph, &kc.spec,
                                         60, 60, false};
    CHECK_INT(far_stand_open(&rq, &s, &err), GNNAC_ENODEVICE);
    CHECK_HAS(err.msg, "cuda:77");
    CHECK(s == NULL);
}

int main(int argc, char **argv)
{
    gnnac_error err = {{0}};
    const char *templates = argc > 2 ? argv[2] : "templates";
    program = argc > 1 ? argv[1] : "compiler/gnnac";
    gpu = gpu_open();
    if (!gpu)
        return 0;
    graph = gpu_random_graph(301, 4, 1);
    if (catalog_open(&templates, 1, &catalog, &err) != GNNAC_OK ||
        nvrtc_open(&nvrtc, &err) != GNNAC_OK ||
        read_case("row_split dim=16 dimWorker=4 vec=4", &err) != GNNAC_OK) {
        printf("not ok 1 - %s\n1..1\n", err.msg);
        return 1;
    }
    RUN(a_kernel_that_faults_costs_itself);
    RUN(a_kernel_that_hangs_is_killed_in_time);
    RUN(a_kernel_that_is_wrong_on_other_graphs_alone_is_out);
    RUN(workers_that_are_killed_cost_nothing);
    RUN(a_fresh_worker_times_what_passed_before);
    RUN(what_a_kernel_adds_to_is_filled_without_a_gate);
    RUN(a_cold_cache_is_made_so_outside_of_the_time);
    RUN(a_stand_that_finds_no_memory_costs_one_kernel);
    RUN(a_gpu_that_is_not_there_is_said_so);
    csr_finish(&graph);
    nvrtc_close(nvrtc);
    catalog_close(catalog);
    cuda_context_destroy(gpu);
    return test_done();
}
