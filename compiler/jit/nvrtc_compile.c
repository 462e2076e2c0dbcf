#include "jit/nvrtc_lib.h"

#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/cores.h"

enum {
    MAX_OPTIONS = 16,
    MAX_THREADS = 64,
    // The compiler recurses deeply on big kernels; untouched pages are free.
    STACK_BYTES = 64 << 20,
};

// Part of every key: text that is passed without fail, then options that not
// every version knows and that never change the code of one version.
static const char *const options_always[] = {
    "-default-device",
    "-std=c++17",
    "--ptxas-options=-v",
};
static const char *const options_if_known[] = {
    "--frandom-seed=gnnac",       // the same names every time
    "--modify-stack-limit=false", // else it changes the whole process
    "--no-cache",                 // our own cache is the only one
};
enum {
    N_ALWAYS = sizeof(options_always) / sizeof(options_always[0]),
    N_IF_KNOWN = sizeof(options_if_known) / sizeof(options_if_known[0]),
};

gnnac_status nvrtc_options_text(char *out, size_t n_bytes, gnnac_error *err)
{
    size_t used = 0;
    for (size_t i = 0; i < N_ALWAYS + N_IF_KNOWN && used < n_bytes; i++)
        used += (size_t)snprintf(
            out + used, n_bytes - used, "%s%s", i ? " " : "",
            i < N_ALWAYS ? options_always[i] : options_if_known[i - N_ALWAYS]);
    if (used >= n_bytes)
        return FAIL(err, GNNAC_EINTERNAL, "compiler options: text too long");
    return GNNAC_OK;
}

// ---- one job ----------------------------------------------------------------

// The number of "sm_90", "sm_90a", "compute_75"; -1 for anything else.
static int arch_number(const char *arch)
{
    static const char *const kinds[] = {"sm_", "compute_"};
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        size_t lead = strlen(kinds[i]);
        if (strncmp(arch, kinds[i], lead) != 0)
            continue;
        size_t digits = strspn(arch + lead, "0123456789");
        const char *tail = arch + lead + digits;
        if (digits > 0 && digits < 5 &&
            (!strcmp(tail, "") || !strcmp(tail, "a") || !strcmp(tail, "f")))
            return atoi(arch + lead);
    }
    return -1;
}

static gnnac_status check_arch(const struct nvrtc *n, const char *arch,
                               gnnac_error *err)
{
    char list[256] = "";
    size_t used = 0;
    int number = arch_number(arch);
    for (int i = 0; i < n->info.n_archs; i++) {
        if (n->info.archs[i] == number)
            return GNNAC_OK;
        if (used < sizeof(list))
            used += (size_t)snprintf(list + used, sizeof(list) - used, "%s%d",
                                     i ? " " : "", n->info.archs[i]);
    }
    return FAIL(err, GNNAC_EUSAGE,
                "%s: NVRTC %d.%d compiles for sm_N or compute_N, N one of %s",
                arch, n->info.major, n->info.minor, list);
}

static char *read_log(struct nvrtc *n, nvrtc_program p)
{
    size_t n_bytes = 0;
    if (n->call.nvrtcGetProgramLogSize(p, &n_bytes) != NVRTC_SUCCESS)
        n_bytes = 0;
    char *log = calloc(1, n_bytes + 1);
    if (log && n_bytes && n->call.nvrtcGetProgramLog(p, log) != NVRTC_SUCCESS)
        log[0] = '\0';
    if (log)
        nvrtc_clean_log(log);
    return log;
}

// Leave out the option that the log complains of, in this and all later jobs.
static bool leave_out_refused(struct nvrtc *n, const char *log)
{
    bool news = false;
    for (unsigned i = 0; i < N_IF_KNOWN; i++) {
        char name[64];
        snprintf(name, sizeof(name), "%.*s",
                 (int)strcspn(options_if_known[i], "="), options_if_known[i]);
        if (!strstr(log, name))
            continue;
        atomic_fetch_or(&n->refused_options, 1u << i);
        news = true;
    }
    return news;
}

static int list_options(unsigned refused, const char *arch, const char **list)
{
    int count = 0;
    list[count++] = arch;
    for (unsigned i = 0; i < N_ALWAYS; i++)
        list[count++] = options_always[i];
    for (unsigned i = 0; i < N_IF_KNOWN; i++)
        if (!(refused & (1u << i)))
            list[count++] = options_if_known[i];
    return count;
}

// Compile with what this version accepts; at most one try for each option that
// it may refuse. *log is NULL when out of memory.
static int compile_program(struct nvrtc *n, nvrtc_program p, const char *arch,
                           char **log)
{
    const char *list[MAX_OPTIONS];
    char arch_option[48];
    int result = NVRTC_INVALID_OPTION;
    snprintf(arch_option, sizeof(arch_option), "--gpu-architecture=%s", arch);
    for (unsigned tries = 0; tries <= N_IF_KNOWN; tries++) {
        unsigned refused = atomic_load(&n->refused_options);
        int count = list_options(refused, arch_option, list);
        free(*log);
        result = n->call.nvrtcCompileProgram(p, count, list);
        *log = read_log(n, p);
        if (result != NVRTC_INVALID_OPTION || !*log ||
            !leave_out_refused(n, *log))
            break;
    }
    return result;
}

static gnnac_status read_image(struct nvrtc *n, nvrtc_program p,
                               struct compile_job *j, gnnac_error *err)
{
    bool ptx = j->arch[0] == 'c';
    int (*size)(nvrtc_program, size_t *) =
        ptx ? n->call.nvrtcGetPTXSize : n->call.nvrtcGetCUBINSize;
    int (*get)(nvrtc_program, char *) =
        ptx ? n->call.nvrtcGetPTX : n->call.nvrtcGetCUBIN;
    size_t n_bytes = 0;
    if (size(p, &n_bytes) != NVRTC_SUCCESS || n_bytes == 0)
        return FAIL(err, GNNAC_ECOMPILE, "%s: no code for %s came out", j->name,
                    j->arch);
    char *image = malloc(n_bytes);
    if (!image)
        return FAIL(err, GNNAC_ENOMEM, "out of memory");
    int result = get(p, image);
    if (result != NVRTC_SUCCESS) {
        free(image);
        return FAIL(err, GNNAC_ECOMPILE, "%s: %s", j->name,
                    n->call.nvrtcGetErrorString(result));
    }
    // NVRTC counts the NUL behind text; a cubin begins with ELF's 0x7f.
    if (image[0] != 0x7f && image[n_bytes - 1] == '\0')
        n_bytes--;
    j->image = (unsigned char *)image;
    j->n_bytes = n_bytes;
    return GNNAC_OK;
}

// ptxas names no file and no line, so the kernel's name stands in for it.
static gnnac_status compile_failure(struct nvrtc *n, struct compile_job *j,
                                    int result)
{
    char line[512] = "";
    if (!j->log)
        return FAIL(&j->error, GNNAC_ENOMEM, "out of memory");
    nvrtc_first_error(j->log, line, sizeof(line));
    if (line[0] == '\0') {
        // Too much shared memory is refused without a word; the last line then
        // has the amount.
        nvrtc_last_line(j->log, line, sizeof(line));
        return FAIL(&j->error, GNNAC_ECOMPILE, "%s: %s%s%s", j->name,
                    n->call.nvrtcGetErrorString(result),
                    line[0] ? " after: " : "", line);
    }
    if (strchr(line, '('))
        return FAIL(&j->error, GNNAC_ECOMPILE, "%s", line);
    return FAIL(&j->error, GNNAC_ECOMPILE, "%s: %s", j->name, line);
}

static gnnac_status compile_source(struct nvrtc *n, struct compile_job *j)
{
    nvrtc_program p = NULL;
    gnnac_status st = check_arch(n, j->arch, &j->error);
    if (st != GNNAC_OK)
        return st;
    // A constant program name: it would show in the names of local symbols.
    int result =
        n->call.nvrtcCreateProgram(&p, j->source, "kernel.cu", 0, NULL, NULL);
    if (result != NVRTC_SUCCESS)
        return FAIL(&j->error, GNNAC_ECOMPILE, "%s: %s", j->name,
                    n->call.nvrtcGetErrorString(result));
    result = compile_program(n, p, j->arch, &j->log);
    if (result == NVRTC_SUCCESS && j->log)
        st = read_image(n, p, j, &j->error);
    else
        st = compile_failure(n, j, result);
    if (j->log)
        nvrtc_parse_log(j->log, &j->registers, &j->spill_bytes,
                        &j->static_shared);
    n->call.nvrtcDestroyProgram(&p);
    return st;
}

static void run_job(struct nvrtc *n, struct compile_job *j)
{
    double begin = now_seconds();
    j->image = NULL;
    j->n_bytes = 0;
    j->log = NULL;
    j->registers = j->spill_bytes = j->static_shared = -1;
    j->error.msg[0] = '\0';
    j->status = compile_source(n, j);
    if (!j->log)
        j->log = calloc(1, 1);
    j->seconds = now_seconds() - begin;
}

void compile_job_finish(struct compile_job *j)
{
    free(j->image);
    free(j->log);
    j->image = NULL;
    j->n_bytes = 0;
    j->log = NULL;
}

// ---- many jobs --------------------------------------------------------------

struct queue {
    struct nvrtc *nvrtc;
    struct compile_job *jobs;
    size_t n_jobs;
    atomic_size_t next;
};

static void *work(void *argument)
{
    struct queue *q = argument;
    size_t i;
    while ((i = atomic_fetch_add(&q->next, 1)) < q->n_jobs)
        run_job(q->nvrtc, &q->jobs[i]);
    return NULL;
}

static int thread_count(size_t n_jobs, int wanted)
{
    wanted = core_count(wanted);
    if (wanted > MAX_THREADS)
        wanted = MAX_THREADS;
    return (size_t)wanted < n_jobs ? wanted : (int)n_jobs;
}

// As many threads as can be had: fewer only take longer.
static int start_threads(struct queue *q, pthread_t *threads, int wanted)
{
    pthread_attr_t attributes;
    int n = 0;
    if (pthread_attr_init(&attributes) != 0)
        return 0;
    if (pthread_attr_setstacksize(&attributes, STACK_BYTES) == 0)
        while (n < wanted &&
               pthread_create(&threads[n], &attributes, work, q) == 0)
            n++;
    pthread_attr_destroy(&attributes);
    return n;
}

gnnac_status nvrtc_compile(struct nvrtc *n, struct compile_job *jobs,
                           size_t n_jobs, int n_threads, gnnac_error *err)
{
    struct queue q = {.nvrtc = n, .jobs = jobs, .n_jobs = n_jobs};
    pthread_t threads[MAX_THREADS];
    int wanted = thread_count(n_jobs, n_threads);
    int started = start_threads(&q, threads, wanted);
    for (int i = 0; i < started; i++)
        pthread_join(threads[i], NULL);
    if (wanted > 0 && started == 0)
        return FAIL(err, GNNAC_ENOMEM, "no thread to compile on");
    return GNNAC_OK;
}
