// Worker processes: the program itself, compiling; a job that hangs or a worker
// that dies costs that job alone. Needs NVRTC.
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/worker.h"
#include "test.h"
#include "tune/compile_pool.h"

static const char *program; // gnnac
static bool has_nvrtc;
static gnnac_error err;

#define NEEDS_NVRTC()         \
    do {                      \
        if (!has_nvrtc)       \
            SKIP("no NVRTC"); \
    } while (0)

static const char good[] =
    "extern \"C\" __global__ void k(float *x) { x[threadIdx.x] = 1; }\n";
static const char bad[] = "extern \"C\" __global__ void k() { oops; }\n";
// 2^40 instances of a template.
static const char endless[] =
    "template <int N, int M> struct T {\n"
    "  static const int v = T<N - 1, 2 * M>::v + T<N - 1, 2 * M + 1>::v;\n"
    "};\n"
    "template <int M> struct T<0, M> { static const int v = M; };\n"
    "extern \"C\" __global__ void k(int *x) { *x = T<40, 0>::v; }\n";

static struct compile_job job(const char *source)
{
    return (struct compile_job){.source = source, .name = "k", .arch = "sm_90"};
}

static void compile(struct compile_job *jobs, size_t n, int n_workers,
                    double seconds)
{
    err = (gnnac_error){{0}};
    CHECK_INT(
        compile_in_workers(program, jobs, n, n_workers, seconds, NULL, &err),
        GNNAC_OK);
    CHECK_STR(err.msg, "");
}

static void finish(struct compile_job *jobs, size_t n)
{
    for (size_t i = 0; i < n; i++)
        compile_job_finish(&jobs[i]);
}

TEST(workers_give_what_the_compiler_gives)
{
    NEEDS_NVRTC();
    struct nvrtc *n = NULL;
    struct compile_job a[] = {job(good), job(bad)}, b[] = {job(good), job(bad)};
    CHECK_INT(nvrtc_open(&n, &err), GNNAC_OK);
    CHECK_INT(nvrtc_compile(n, a, 2, 1, &err), GNNAC_OK);
    compile(b, 2, 2, 60);
    CHECK_INT(b[0].status, GNNAC_OK);
    CHECK_INT(b[0].registers, a[0].registers);
    CHECK_INT(b[0].n_bytes, a[0].n_bytes);
    CHECK(b[0].image && memcmp(b[0].image, a[0].image, a[0].n_bytes) == 0);
    CHECK_INT(b[1].status, a[1].status);
    CHECK_STR(b[1].error.msg, a[1].error.msg);
    CHECK_STR(b[1].log, a[1].log);
    finish(a, 2);
    finish(b, 2);
    nvrtc_close(n);
}

TEST(a_compilation_that_hangs_costs_one_job)
{
    NEEDS_NVRTC();
    struct compile_job jobs[] = {job(good), job(endless), job(good), job(good)};
    double begin = now_seconds();
    compile(jobs, 4, 2, 3);
    CHECK(now_seconds() - begin < 30);
    for (size_t i = 0; i < 4; i++)
        CHECK_INT(jobs[i].status, i == 1 ? GNNAC_ECOMPILE : GNNAC_OK);
    CHECK_HAS(jobs[1].error.msg, "k: the compiler: no end within 3 s");
    CHECK(jobs[1].log != NULL && jobs[1].image == NULL);
    finish(jobs, 4);
}

TEST(more_jobs_than_workers_all_get_done)
{
    NEEDS_NVRTC();
    struct compile_job jobs[9];
    for (size_t i = 0; i < 9; i++)
        jobs[i] = job(i % 3 ? good : bad);
    compile(jobs, 9, 2, 60);
    for (size_t i = 0; i < 9; i++)
        CHECK_INT(jobs[i].status, i % 3 ? GNNAC_OK : GNNAC_ECOMPILE);
    finish(jobs, 9);
}

static bool at_once(void)
{
    return true;
}

static int times_asked;

static bool at_the_second_question(void)
{
    return times_asked++ > 0;
}

TEST(a_pool_that_is_stopped_ends_what_it_began_and_begins_no_more)
{
    NEEDS_NVRTC();
    struct compile_job jobs[] = {job(good), job(good), job(good)};
    err = (gnnac_error){{0}};
    CHECK_INT(compile_in_workers(program, jobs, 3, 1, 60, at_once, &err),
              GNNAC_OK);
    CHECK(!jobs[0].image && jobs[0].status == GNNAC_OK);
    times_asked = 0;
    CHECK_INT(compile_in_workers(program, jobs, 3, 1, 60,
                                 at_the_second_question, &err),
              GNNAC_OK);
    CHECK(jobs[0].image != NULL);
    CHECK(!jobs[1].image && !jobs[2].image);
    finish(jobs, 3);
}

TEST(a_program_that_is_not_there_is_no_worker)
{
    struct compile_job j = job(good);
    CHECK_INT(compile_in_workers("/nowhere/gnnac", &j, 1, 1, 5, NULL, &err),
              GNNAC_EIO);
    CHECK_HAS(err.msg, "/nowhere/gnnac");
}

// Ends at once, having said nothing.
TEST(a_worker_that_ends_costs_its_job)
{
    struct compile_job jobs[] = {job(good), job(good)};
    err = (gnnac_error){{0}};
    CHECK_INT(compile_in_workers("/bin/true", jobs, 2, 1, 5, NULL, &err),
              GNNAC_OK);
    for (size_t i = 0; i < 2; i++) {
        CHECK_INT(jobs[i].status, GNNAC_ECOMPILE);
        CHECK_HAS(jobs[i].error.msg, "the worker process ended");
    }
    finish(jobs, 2);
}

// The first of two workers ends at once; a job of its own is lost by nobody.
TEST(a_job_whose_worker_was_killed_gets_a_second_one)
{
    NEEDS_NVRTC();
    char script[] = "/tmp/gnnac-test-XXXXXX", text[1024], marker[64];
    struct compile_job jobs[] = {job(good), job(bad)};
    int fd = mkstemp(script);
    snprintf(marker, sizeof(marker), "%s.once", script);
    snprintf(text, sizeof(text),
             "#!/bin/sh\n[ -e %s ] || { : > %s; kill -9 $$; }\n"
             "exec %s \"$@\"\n",
             marker, marker, program);
    CHECK(fd >= 0 && dprintf(fd, "%s", text) > 0 && fchmod(fd, 0700) == 0);
    close(fd);
    err = (gnnac_error){{0}};
    CHECK_INT(compile_in_workers(script, jobs, 2, 1, 60, NULL, &err), GNNAC_OK);
    CHECK_STR(jobs[0].error.msg, "");
    CHECK_INT(jobs[0].status, GNNAC_OK);
    CHECK_INT(jobs[1].status, GNNAC_ECOMPILE);
    CHECK_HAS(jobs[1].error.msg, "oops");
    CHECK_INT(unlink(marker), 0);
    unlink(script);
    finish(jobs, 2);
}

TEST(a_worker_does_not_outlive_its_owner)
{
    int ends[2];
    pid_t worker = 0;
    if (pipe(ends) != 0)
        SKIP("no pipe");
    pid_t owner = fork();
    if (owner == 0) {
        struct worker w;
        if (worker_start(program, "compile", &w, NULL) != GNNAC_OK)
            _exit(1);
        bool told = write(ends[1], &w.pid, sizeof(w.pid)) == sizeof(w.pid);
        usleep(300000);
        _exit(told ? 0 : 1);
    }
    CHECK_INT(read(ends[0], &worker, sizeof(worker)), sizeof(worker));
    waitpid(owner, NULL, 0);
    for (int i = 0; i < 100 && kill(worker, 0) == 0; i++) {
        char path[64], state = 0;
        snprintf(path, sizeof(path), "/proc/%d/stat", (int)worker);
        FILE *f = fopen(path, "r");
        if (f && fscanf(f, "%*d %*s %c", &state) != 1)
            state = 0;
        if (f)
            fclose(f);
        if (state == 'Z')
            worker = 0; // ended; its new parent has not looked yet
        if (!worker)
            break;
        usleep(100000);
    }
    CHECK(worker == 0 || kill(worker, 0) != 0);
    close(ends[0]);
    close(ends[1]);
}

// As sent to a whole group by a terminal or timeout(1); the owner ends in its
// own way. At any time, so also before the worker has begun.
TEST(signals_that_are_for_the_owner_do_not_end_a_worker)
{
    struct worker w;
    struct message m = {0};
    const struct compile_job j = job(bad);
    CHECK_INT(worker_start(program, "compile", &w, &err), GNNAC_OK);
    for (int i = 0; i < 20; i++) {
        kill(w.pid, i % 2 ? SIGTERM : SIGINT);
        usleep(2000);
    }
    message_put_text(&m, j.arch);
    message_put_text(&m, j.name);
    message_put_text(&m, j.source);
    CHECK_INT(worker_send(&w, &m, 10, &err), GNNAC_OK);
    CHECK_INT(worker_receive(&w, 60, &m, &err), GNNAC_OK);
    worker_stop(&w);
    message_finish(&m);
}

TEST(a_message_that_is_cut_short_is_bad)
{
    struct message m = {0};
    message_put_int(&m, -7);
    message_put_real(&m, 0.5);
    message_put_text(&m, "text");
    message_put_text(&m, NULL);
    message_put_bytes(&m, "ab", 2);
    for (size_t n = 0; n <= m.n; n++) {
        struct message part = m;
        size_t n_bytes;
        part.n = n;
        bool whole = message_get_int(&part) == -7 &&
                     message_get_real(&part) == 0.5 &&
                     strcmp(message_get_text(&part), "text") == 0 &&
                     strcmp(message_get_text(&part), "") == 0 &&
                     message_get_bytes(&part, &n_bytes) && n_bytes == 2;
        CHECK_INT(whole && !part.bad, n == m.n);
        CHECK_INT(part.bad, n != m.n);
    }
    message_finish(&m);
}

int main(int argc, char **argv)
{
    struct nvrtc *n = NULL;
    program = argc > 1 ? argv[1] : "compiler/gnnac";
    has_nvrtc = nvrtc_open(&n, NULL) == GNNAC_OK;
    nvrtc_close(n);
    RUN(workers_give_what_the_compiler_gives);
    RUN(a_compilation_that_hangs_costs_one_job);
    RUN(more_jobs_than_workers_all_get_done);
    RUN(a_pool_that_is_stopped_ends_what_it_began_and_begins_no_more);
    RUN(a_program_that_is_not_there_is_no_worker);
    RUN(a_worker_that_ends_costs_its_job);
    RUN(a_job_whose_worker_was_killed_gets_a_second_one);
    RUN(a_worker_does_not_outlive_its_owner);
    RUN(signals_that_are_for_the_owner_do_not_end_a_worker);
    RUN(a_message_that_is_cut_short_is_bad);
    return test_done();
}
