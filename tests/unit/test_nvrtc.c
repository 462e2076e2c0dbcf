#include "test.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "jit/cubin.h"
#include "jit/nvrtc.h"
#include "jit/nvrtc_lib.h"
#include "kcache.h"

#define HEAD "#line 11 \"/gnnac/templates/row_split.cu.lua\"\n"
static const char good[] = HEAD "extern \"C\" __global__ void k(float *x)\n"
                                "{\n"
                                "    __shared__ float s[64];\n"
                                "    s[threadIdx.x] = x[threadIdx.x];\n"
                                "    __syncthreads();\n"
                                "    x[threadIdx.x] = s[63 - threadIdx.x];\n"
                                "}\n";
static const char bad[] = HEAD "extern \"C\" __global__ void k(float *x)\n"
                               "{\n"
                               "    x[0] = undefined_thing;\n"
                               "}\n";
// Compiles, but ptxas refuses it: too much shared memory.
static const char too_big[] = HEAD "extern \"C\" __global__ void k(float *x)\n"
                                   "{\n"
                                   "    __shared__ float s[100000];\n"
                                   "    s[threadIdx.x] = x[threadIdx.x];\n"
                                   "    __syncthreads();\n"
                                   "    x[threadIdx.x] = s[63 - threadIdx.x];\n"
                                   "}\n";

static const char no_instruction[] =
    HEAD "extern \"C\" __global__ void k(float *x) { asm(\"bogus;\"); }\n";

static struct nvrtc *nvrtc;
#define NEED_NVRTC                 \
    do {                           \
        if (!nvrtc)                \
            SKIP("no NVRTC here"); \
    } while (0)

static struct compile_job job_of(const char *source, const char *arch)
{
    struct compile_job j = {.source = source, .name = "the_kernel"};
    snprintf(j.arch, sizeof(j.arch), "%s", arch);
    return j;
}

static bool is_cubin(const struct compile_job *j)
{
    return j->n_bytes > 4 && memcmp(j->image, "\177ELF", 4) == 0;
}

static bool is_ptx(const struct compile_job *j)
{
    return j->n_bytes > 4 && j->image[j->n_bytes] == '\0' &&
           strstr((const char *)j->image, ".version") != NULL;
}

// ---- logs: no library needed ------------------------------------------------

TEST(ptxas_statistics_are_read_from_the_log)
{
    int registers, spills, shared;
    nvrtc_parse_log(
        "ptxas info    : 0 bytes gmem\n"
        "ptxas info    : Compiling entry function 'a' for 'sm_90'\n"
        "ptxas info    : Function properties for a\n"
        "ptxas         .     48 bytes stack frame, 40 bytes spill stores, 44 "
        "bytes spill loads\n"
        "ptxas info    : Used 255 registers, used 1 barriers, 48 bytes "
        "cumulative stack size, 256 bytes smem, 8 bytes cmem[2]\n"
        "ptxas info    : Compiling entry function 'b' for 'sm_90'\n"
        "    0 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads\n"
        "ptxas info    : Used 12 registers, 368 bytes cmem[0]\n",
        &registers, &spills, &shared);
    CHECK_INT(registers, 255);
    CHECK_INT(spills, 84);
    CHECK_INT(shared, 256);
}

TEST(a_log_without_statistics_says_unknown)
{
    int registers, spills, shared;
    nvrtc_parse_log("x.cu(1): warning: unused\n", &registers, &spills, &shared);
    CHECK_INT(registers, -1);
    CHECK_INT(spills, -1);
    CHECK_INT(shared, -1);
    nvrtc_parse_log("ptxas info    : Used 7 registers", &registers, NULL,
                    &shared);
    CHECK_INT(registers, 7);
    CHECK_INT(shared, 0);
}

TEST(logs_lose_compile_times_and_the_pseudo_folder)
{
    char log[] = "/gnnac/templates/x.cu.lua(3): warning: w\n"
                 "  see /gnnac/y\n"
                 "ptxas info    : Compile time = 6.486 ms\n"
                 "end";
    nvrtc_clean_log(log);
    CHECK_STR(log, "templates/x.cu.lua(3): warning: w\n"
                   "  see /gnnac/y\nend");
}

// ---- compiling --------------------------------------------------------------

TEST(the_library_tells_version_and_architectures)
{
    NEED_NVRTC;
    const struct nvrtc_info *i = nvrtc_get_info(nvrtc);
    CHECK(i->path[0] == '/');
    CHECK(i->major >= 12);
    CHECK(i->n_archs > 0 && i->archs[0] >= 50);
}

// As a wheel or a toolkit in a folder of its own, which the loader does not
// know.
TEST(the_builtins_beside_the_library_are_loaded_with_it)
{
    NEED_NVRTC;
    const struct nvrtc_info *i = nvrtc_get_info(nvrtc);
    char name[64], file[600];
    snprintf(name, sizeof(name), "libnvrtc-builtins.so.%d.%d", i->major,
             i->minor);
    snprintf(file, sizeof(file), "%.*s/%s",
             (int)(strrchr(i->path, '/') - i->path), i->path, name);
    if (access(file, R_OK) != 0)
        SKIP("no builtins beside NVRTC");
    void *handle = dlopen(name, RTLD_NOW | RTLD_NOLOAD);
    CHECK(handle != NULL);
    if (handle)
        dlclose(handle);
}

TEST(sm_gives_a_cubin_with_statistics_and_compute_gives_ptx)
{
    NEED_NVRTC;
    struct compile_job jobs[] = {job_of(good, "sm_90"),
                                 job_of(good, "compute_75")};
    CHECK_INT(nvrtc_compile(nvrtc, jobs, 2, 0, NULL), GNNAC_OK);
    CHECK_INT(jobs[0].status, GNNAC_OK);
    CHECK_STR(jobs[0].error.msg, "");
    // The software device's NVRTC hands PTX out for both.
    CHECK(is_cubin(&jobs[0]) || is_ptx(&jobs[0]));
    CHECK(jobs[0].registers > 0 && jobs[0].registers < 64);
    CHECK_INT(jobs[0].spill_bytes, 0);
    CHECK_INT(jobs[0].static_shared, 256);
    CHECK(jobs[0].seconds > 0 && jobs[0].seconds < 60);
    CHECK_INT(jobs[1].status, GNNAC_OK);
    CHECK(is_ptx(&jobs[1]));
    CHECK(jobs[1].registers == -1 && jobs[1].log != NULL);
    compile_job_finish(&jobs[0]);
    compile_job_finish(&jobs[1]);
}

TEST(a_cubin_tells_what_its_kernels_need)
{
    NEED_NVRTC;
    struct cubin_needs needs = {1, 2, 3};
    struct compile_job j = job_of(good, "sm_90");
    CHECK_INT(nvrtc_compile(nvrtc, &j, 1, 1, NULL), GNNAC_OK);
    CHECK(cubin_needs(j.image, j.n_bytes, &needs) == is_cubin(&j));
    CHECK_INT(needs.registers, is_cubin(&j) ? j.registers : 1);
    CHECK_INT(needs.stack, is_cubin(&j) ? 0 : 2);
    CHECK_INT(needs.shared, is_cubin(&j) ? 256 : 3);
    // What is cut short tells what is left of it, or nothing.
    for (size_t n = 0; n < j.n_bytes; n += 1 + n / 64) {
        void *part = malloc(n ? n : 1);
        memcpy(part, j.image, n);
        needs.registers = -1;
        CHECK(!cubin_needs(part, n, &needs) || needs.registers >= 0);
        free(part);
    }
    compile_job_finish(&j);
}

TEST(an_error_names_the_templates_file_and_line)
{
    NEED_NVRTC;
    struct compile_job j = job_of(bad, "sm_90");
    CHECK_INT(nvrtc_compile(nvrtc, &j, 1, 1, NULL), GNNAC_OK);
    CHECK_INT(j.status, GNNAC_ECOMPILE);
    CHECK(j.image == NULL);
    CHECK_INT(strncmp(j.error.msg, "templates/row_split.cu.lua(13): error: ",
                      strlen("templates/row_split.cu.lua(13): error: ")),
              0);
    CHECK_HAS(j.error.msg, "undefined_thing");
    CHECK(strchr(j.error.msg, '\n') == NULL);
    CHECK_HAS(j.log, "1 error detected");
    compile_job_finish(&j);
}

TEST(an_error_of_ptxas_names_the_kernel)
{
    NEED_NVRTC;
    struct compile_job j = job_of(no_instruction, "sm_90");
    CHECK_INT(nvrtc_compile(nvrtc, &j, 1, 1, NULL), GNNAC_OK);
    CHECK_INT(j.status, GNNAC_ECOMPILE);
    CHECK_HAS(j.error.msg, "the_kernel: ptxas");
    CHECK_HAS(j.error.msg, "bogus");
    compile_job_finish(&j);
}

TEST(too_much_shared_memory_is_told_with_the_amount)
{
    NEED_NVRTC;
    struct compile_job j = job_of(too_big, "sm_90");
    CHECK_INT(nvrtc_compile(nvrtc, &j, 1, 1, NULL), GNNAC_OK);
    CHECK_INT(j.status, GNNAC_ECOMPILE);
    CHECK_HAS(j.error.msg, "the_kernel: ");
    CHECK_HAS(j.error.msg, "400000 bytes smem");
    CHECK_INT(j.static_shared, 400000);
    compile_job_finish(&j);
}

TEST(an_unknown_architecture_is_refused_with_the_known_ones)
{
    static const char *const archs[] = {"sm_30",  "sm_",     "90",     "sm90",
                                        "SM_90",  "sm_90x",  "sm_90 ", "--help",
                                        "lto_90", "sm_90aa", "sm_-90", ""};
    NEED_NVRTC;
    for (size_t i = 0; i < sizeof(archs) / sizeof(archs[0]); i++) {
        struct compile_job j = job_of(good, archs[i]);
        CHECK_INT(nvrtc_compile(nvrtc, &j, 1, 1, NULL), GNNAC_OK);
        CHECK_INT(j.status, GNNAC_EUSAGE);
        CHECK_HAS(j.error.msg, archs[i]);
        CHECK_HAS(j.error.msg, " 90");
        CHECK_STR(j.log, "");
        compile_job_finish(&j);
    }
}

TEST(jobs_fail_one_by_one)
{
    NEED_NVRTC;
    struct compile_job jobs[] = {job_of(good, "compute_80"),
                                 job_of(bad, "compute_80"),
                                 job_of(good, "compute_80")};
    CHECK_INT(nvrtc_compile(nvrtc, jobs, 3, 3, NULL), GNNAC_OK);
    CHECK_INT(jobs[0].status, GNNAC_OK);
    CHECK_INT(jobs[1].status, GNNAC_ECOMPILE);
    CHECK_INT(jobs[2].status, GNNAC_OK);
    for (int i = 0; i < 3; i++)
        compile_job_finish(&jobs[i]);
}

TEST(nothing_to_compile_is_fine)
{
    NEED_NVRTC;
    CHECK_INT(nvrtc_compile(nvrtc, NULL, 0, 4, NULL), GNNAC_OK);
}

TEST(many_threads_give_the_images_of_one)
{
    enum { N = 12 };
    static char sources[N][400];
    struct compile_job one[N], many[N];
    NEED_NVRTC;
    for (int i = 0; i < N; i++) {
        snprintf(sources[i], sizeof(sources[i]),
                 "extern \"C\" __global__ void k%d(float *x)\n"
                 "{ x[threadIdx.x] = x[threadIdx.x + %d] * %d.0f; }\n",
                 i, i, i + 2);
        one[i] = many[i] = job_of(sources[i], i % 2 ? "sm_80" : "sm_90");
    }
    CHECK_INT(nvrtc_compile(nvrtc, one, N, 1, NULL), GNNAC_OK);
    CHECK_INT(nvrtc_compile(nvrtc, many, N, 6, NULL), GNNAC_OK);
    for (int i = 0; i < N; i++) {
        CHECK_INT(many[i].status, GNNAC_OK);
        CHECK_INT(many[i].n_bytes, one[i].n_bytes);
        CHECK(one[i].image && many[i].image &&
              memcmp(many[i].image, one[i].image, one[i].n_bytes) == 0);
        CHECK_STR(many[i].log, one[i].log);
        compile_job_finish(&one[i]);
        compile_job_finish(&many[i]);
    }
}

// A version that does not know an option refuses it by name.
TEST(an_option_that_this_version_refuses_is_left_out)
{
    NEED_NVRTC;
    char text[256];
    CHECK_INT(nvrtc_options_text(text, sizeof(text), NULL), GNNAC_OK);
    CHECK_HAS(text, "--modify-stack-limit=false");
    CHECK_INT(nvrtc_options_text(text, 10, NULL), GNNAC_EINTERNAL);

    struct compile_job with = job_of(good, "sm_90"), without = with;
    CHECK_INT(nvrtc_compile(nvrtc, &with, 1, 1, NULL), GNNAC_OK);
    unsigned refused = atomic_exchange(&nvrtc->refused_options, ~0u);
    CHECK_INT(nvrtc_compile(nvrtc, &without, 1, 1, NULL), GNNAC_OK);
    atomic_store(&nvrtc->refused_options, refused);
    CHECK_INT(without.status, GNNAC_OK);
    CHECK(with.n_bytes == without.n_bytes && with.image && without.image &&
          memcmp(with.image, without.image, with.n_bytes) == 0);
    compile_job_finish(&with);
    compile_job_finish(&without);
}

// ---- a stand-in that refuses options, as an old version does ---------------

static int fake_tries;

static int fake_create(nvrtc_program *p, const char *source, const char *name,
                       int n, const char *const *h, const char *const *i)
{
    (void)source, (void)name, (void)n, (void)h, (void)i;
    *p = NULL;
    return NVRTC_SUCCESS;
}

static const char *fake_refused;

static int fake_compile(nvrtc_program p, int n, const char *const *options)
{
    (void)p;
    fake_tries++;
    fake_refused = NULL;
    for (int i = 0; i < n; i++)
        if (strncmp(options[i], "--no-cache", 10) == 0 ||
            strncmp(options[i], "--frandom-seed", 14) == 0)
            fake_refused = options[i];
    return fake_refused ? NVRTC_INVALID_OPTION : NVRTC_SUCCESS;
}

static int fake_log_size(nvrtc_program p, size_t *n)
{
    (void)p;
    *n = 100;
    return NVRTC_SUCCESS;
}

static int fake_log(nvrtc_program p, char *log)
{
    (void)p;
    snprintf(log, 100, "nvrtc: error: unrecognized option %s found\n",
             fake_refused ? fake_refused : "");
    return NVRTC_SUCCESS;
}

static int fake_image_size(nvrtc_program p, size_t *n)
{
    (void)p;
    *n = 4;
    return NVRTC_SUCCESS;
}

static int fake_image(nvrtc_program p, char *image)
{
    (void)p;
    memcpy(image, "abc", 4);
    return NVRTC_SUCCESS;
}

static int fake_destroy(nvrtc_program *p)
{
    (void)p;
    return NVRTC_SUCCESS;
}

static const char *fake_error(int result)
{
    (void)result;
    return "an error";
}

TEST(each_refused_option_costs_one_more_try_and_only_once)
{
    struct nvrtc old = {
        .call = {.nvrtcCreateProgram = fake_create,
                 .nvrtcCompileProgram = fake_compile,
                 .nvrtcGetProgramLogSize = fake_log_size,
                 .nvrtcGetProgramLog = fake_log,
                 .nvrtcGetCUBINSize = fake_image_size,
                 .nvrtcGetCUBIN = fake_image,
                 .nvrtcDestroyProgram = fake_destroy,
                 .nvrtcGetErrorString = fake_error},
        .info = {.major = 12, .n_archs = 1, .archs = {90}},
    };
    for (int i = 0; i < 2; i++) {
        struct compile_job j = job_of("", "sm_90");
        fake_tries = 0;
        CHECK_INT(nvrtc_compile(&old, &j, 1, 1, NULL), GNNAC_OK);
        CHECK_INT(j.status, GNNAC_OK);
        CHECK_INT(fake_tries, i == 0 ? 3 : 1);
        compile_job_finish(&j);
    }
}

// ---- the same bytes everywhere ----------------------------------------------

static void write_image(const char *directory, const char *file)
{
    struct compile_job j = job_of(good, "sm_90");
    struct nvrtc *n = NULL;
    FILE *f = fopen(file, "wb");
    if (f && chdir(directory) == 0 && nvrtc_open(&n, NULL) == GNNAC_OK &&
        nvrtc_compile(n, &j, 1, 1, NULL) == GNNAC_OK && j.image)
        fwrite(j.image, 1, j.n_bytes, f);
    if (f)
        fclose(f);
    compile_job_finish(&j);
    nvrtc_close(n);
}

static size_t image_from_process(const char *directory, unsigned char *image,
                                 size_t room)
{
    char file[] = "/tmp/gnnac-image-XXXXXX";
    int fd = mkstemp(file), status;
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        write_image(directory, file);
        _exit(0);
    }
    waitpid(pid, &status, 0);
    ssize_t n = read(fd, image, room);
    close(fd);
    unlink(file);
    return n < 0 ? 0 : (size_t)n;
}

TEST(two_processes_in_two_folders_make_the_same_image)
{
    static unsigned char a[1 << 18], b[1 << 18];
    NEED_NVRTC;
    size_t n_a = image_from_process("/", a, sizeof(a));
    size_t n_b = image_from_process("/tmp", b, sizeof(b));
    CHECK(n_a > 0);
    CHECK_INT(n_b, n_a);
    CHECK(memcmp(a, b, n_a) == 0);
}

// ---- identity ---------------------------------------------------------------

static double seconds_of_identify(struct kcache *kc, char *out, size_t n)
{
    struct timespec a, b;
    gnnac_error err = {0};
    clock_gettime(CLOCK_MONOTONIC, &a);
    CHECK_INT(nvrtc_identify(kc, out, n, &err), GNNAC_OK);
    clock_gettime(CLOCK_MONOTONIC, &b);
    CHECK_STR(err.msg, "");
    return (double)(b.tv_sec - a.tv_sec) +
           1e-9 * (double)(b.tv_nsec - a.tv_nsec);
}

TEST(the_identity_names_build_and_library_and_is_remembered)
{
    char first[256], again[256], without[256];
    struct kcache *kc = NULL;
    NEED_NVRTC;
    CHECK_INT(kcache_open(":memory:", &kc, NULL), GNNAC_OK);
    seconds_of_identify(kc, first, sizeof(first));
    double warm = seconds_of_identify(kc, again, sizeof(again));
    seconds_of_identify(NULL, without, sizeof(without));
    CHECK_HAS(first, "nvrtc 1");
    CHECK_HAS(first, " CL-");
    CHECK_HAS(first, " lib ");
    CHECK_HAS(first, " options ");
    CHECK_STR(again, first);
    CHECK_STR(without, first);
    printf("# known identity: %.1f ms\n", 1e3 * warm);
    CHECK(warm < 0.05);
    kcache_close(kc);
}

int main(void)
{
    gnnac_error err = {0};
    if (nvrtc_open(&nvrtc, &err) != GNNAC_OK)
        printf("# %s\n", err.msg);
    RUN(ptxas_statistics_are_read_from_the_log);
    RUN(a_log_without_statistics_says_unknown);
    RUN(logs_lose_compile_times_and_the_pseudo_folder);
    RUN(the_library_tells_version_and_architectures);
    RUN(the_builtins_beside_the_library_are_loaded_with_it);
    RUN(sm_gives_a_cubin_with_statistics_and_compute_gives_ptx);
    RUN(a_cubin_tells_what_its_kernels_need);
    RUN(an_error_names_the_templates_file_and_line);
    RUN(an_error_of_ptxas_names_the_kernel);
    RUN(too_much_shared_memory_is_told_with_the_amount);
    RUN(an_unknown_architecture_is_refused_with_the_known_ones);
    RUN(jobs_fail_one_by_one);
    RUN(nothing_to_compile_is_fine);
    RUN(many_threads_give_the_images_of_one);
    RUN(an_option_that_this_version_refuses_is_left_out);
    RUN(each_refused_option_costs_one_more_try_and_only_once);
    RUN(two_processes_in_two_folders_make_the_same_image);
    RUN(the_identity_names_build_and_library_and_is_remembered);
    nvrtc_close(nvrtc);
    return test_done();
}
