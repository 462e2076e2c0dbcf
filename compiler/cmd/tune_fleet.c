#include "cmd/tune_fleet.h"

#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "backend.h"
#include "base/clock.h"
#include "base/cores.h"
#include "base/log.h"
#include "cuda/cuda_props.h"

extern char **environ;

enum { NOISY = 5 }; // as main.c ends with
enum { MAX_GPUS = 64, MAX_WORDS = 512, MAX_OWN = 8, LOOK_MICROSECONDS = 20000 };
// What a tuner does between two looks at whether to end is shorter, unless a
// kernel hangs. What is killed ends at once, unless its driver does.
enum { GRACE_SECONDS = 60, DEATH_SECONDS = 5 };

struct fleet {
    size_t n;
    int ordinals[MAX_GPUS];
    pid_t tuners[MAX_GPUS]; // 0: has ended
    FILE *reports[MAX_GPUS]; // owned; what they print
    bool finished; // no tuner failed
    const struct fleet_request *rq;
    char openmp[32]; // OMP_NUM_THREADS of each
    char **environment; // owned
    size_t n_words;
    char *words[MAX_WORDS + 1]; // owned: this program's command line
};

bool fleet_is_meant(const char *device)
{
    return strcmp(device, "all") == 0 || strchr(device, ',') != NULL;
}

// ---- its GPUs ---------------------------------------------------------------

static gnnac_status ask_gpu(int ordinal, struct cuda_device_props *out,
                            gnnac_error *err)
{
    struct cuda_context *c = NULL;
    char name[128];
    gnnac_status st = cuda_context_create(ordinal, &c, name, sizeof(name), err);
    if (st == GNNAC_OK)
        st = cuda_device_get_props(c, out, err);
    cuda_context_destroy(c);
    return st;
}

// Times of two kinds of GPU are no answers to one question.
static gnnac_status check_kind(const struct fleet *f, gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    struct cuda_device_props first, other;
    for (size_t i = 0; i < f->n; i++) {
        TRY(ask_gpu(f->ordinals[i], i ? &other : &first, err));
        if (i && (strcmp(first.name, other.name) != 0 || first.cc != other.cc))
            return FAIL(err, GNNAC_EUSAGE,
                        "--device: cuda:%d is a %s, cuda:%d a %s: only GPUs "
                        "of one kind tune together",
                        f->ordinals[0], first.name, f->ordinals[i],
                        other.name);
    }
out:
    return st;
}

static gnnac_status find_all(struct fleet *f, gnnac_error *err)
{
    struct cuda_device_props ignored;
    gnnac_error none = {{0}};
    while (f->n < MAX_GPUS && ask_gpu((int)f->n, &ignored, &none) == GNNAC_OK) {
        f->ordinals[f->n] = (int)f->n;
        f->n++;
    }
    return f->n ? GNNAC_OK
                : FAIL(err, GNNAC_ENODEVICE, "--device all: %s", none.msg);
}

static gnnac_status read_list(const char *text, struct fleet *f,
                              gnnac_error *err)
{
    for (const char *at = text; f->n < MAX_GPUS;) {
        int ordinal, used = 0;
        if (sscanf(at, "cuda:%d%n", &ordinal, &used) != 1 || ordinal < 0)
            break;
        f->ordinals[f->n++] = ordinal;
        at += used;
        if (!*at)
            return GNNAC_OK;
        if (*at++ != ',')
            break;
    }
    return FAIL(err, GNNAC_EUSAGE,
                "--device %s: expected all, or a list such as cuda:0,cuda:1",
                text);
}

// ---- its tuners -------------------------------------------------------------

static gnnac_status read_command_line(struct fleet *f, gnnac_error *err)
{
    FILE *in = fopen("/proc/self/cmdline", "r");
    size_t room = 0;
    while (in && f->n_words < MAX_WORDS &&
           getdelim(&f->words[f->n_words], &room, '\0', in) > 0) {
        f->n_words++;
        room = 0;
    }
    bool whole = in && feof(in);
    if (in)
        fclose(in);
    return whole ? GNNAC_OK
                 : FAIL(err, GNNAC_EIO, "/proc/self/cmdline cannot be read");
}

// Index of the word behind which there are no options.
static size_t end_of_options(const struct fleet *f)
{
    size_t i = 0;
    while (i < f->n_words && strcmp(f->words[i], "--") != 0)
        i++;
    return i;
}

static int threads_of_each(const struct fleet *f)
{
    int n = core_count(f->rq->n_threads) / (int)f->n;
    return n ? n : 1;
}

// OpenMP's settings that the tuners get from here.
static bool is_replaced(const char *variable)
{
    static const char *const names[] = {"OMP_NUM_THREADS=", "OMP_WAIT_POLICY="};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (strncmp(variable, names[i], strlen(names[i])) == 0)
            return true;
    return false;
}

// Tuners that each have a thread on every core, and these wait busily, stand in
// each other's way: two GPUs then take longer than one.
static gnnac_status write_environment(struct fleet *f, gnnac_error *err)
{
    static char passive[] = "OMP_WAIT_POLICY=passive";
    size_t n = 0, at = 0;
    while (environ[n])
        n++;
    f->environment = calloc(n + 3, sizeof(*f->environment));
    if (!f->environment)
        return FAIL(err, GNNAC_ENOMEM, "out of memory");
    snprintf(f->openmp, sizeof(f->openmp), "OMP_NUM_THREADS=%d",
             threads_of_each(f));
    f->environment[at++] = f->openmp;
    f->environment[at++] = passive;
    for (size_t i = 0; i < n; i++)
        if (!is_replaced(environ[i]))
            f->environment[at++] = environ[i];
    return GNNAC_OK;
}

// What a tuner's command line has besides this program's: of options that are
// repeated the last counts.
struct own_options {
    char device[32], part[32], threads[16];
};

static void write_own_options(const struct fleet *f, size_t i,
                              struct own_options *own)
{
    snprintf(own->device, sizeof(own->device), "cuda:%d", f->ordinals[i]);
    snprintf(own->part, sizeof(own->part), "%zu/%zu", i + 1, f->n);
    snprintf(own->threads, sizeof(own->threads), "%d", threads_of_each(f));
}

static void write_command_line(const struct fleet *f,
                               const struct own_options *own,
                               char *argv[MAX_WORDS + MAX_OWN + 1])
{
    const char *more[MAX_OWN] = {"--device", own->device,  "--part",
                                 own->part,  "--threads", own->threads,
                                 "--json",   "-q"};
    size_t at = end_of_options(f), n = MAX_OWN - f->rq->verbose;
    memcpy(argv, f->words, at * sizeof(*argv));
    for (size_t k = 0; k < n; k++)
        argv[at + k] = (char *)(uintptr_t)more[k];
    memcpy(argv + at + n, f->words + at, (f->n_words - at) * sizeof(*argv));
}

// What the tuner prints goes to its report, or, where there can be no file,
// nowhere: the database has it, too. Other tuners do not inherit the report.
static int redirect(struct fleet *f, size_t i,
                    posix_spawn_file_actions_t *files)
{
    f->reports[i] = tmpfile();
    if (!f->reports[i])
        return posix_spawn_file_actions_addopen(files, STDOUT_FILENO,
                                                "/dev/null", O_WRONLY, 0);
    int fd = fileno(f->reports[i]);
    return fcntl(fd, F_SETFD, FD_CLOEXEC) == -1 ||
           posix_spawn_file_actions_adddup2(files, fd, STDOUT_FILENO);
}

// A group of its own, so that who interrupts this program does not interrupt
// its tuners twice.
static int spawn(struct fleet *f, size_t i, char *const argv[])
{
    posix_spawn_file_actions_t files;
    posix_spawnattr_t how;
    if (posix_spawn_file_actions_init(&files) != 0)
        return -1;
    int failed = posix_spawnattr_init(&how);
    if (failed == 0) {
        failed = redirect(f, i, &files) ||
                 posix_spawnattr_setflags(&how, POSIX_SPAWN_SETPGROUP) ||
                 posix_spawn(&f->tuners[i], "/proc/self/exe", &files, &how,
                             argv, f->environment);
        posix_spawnattr_destroy(&how);
    }
    posix_spawn_file_actions_destroy(&files);
    return failed;
}

static gnnac_status start_tuner(struct fleet *f, size_t i, gnnac_error *err)
{
    struct own_options own;
    char *argv[MAX_WORDS + MAX_OWN + 1] = {NULL};
    write_own_options(f, i, &own);
    write_command_line(f, &own, argv);
    return spawn(f, i, argv) == 0
               ? GNNAC_OK
               : FAIL(err, GNNAC_EIO, "no tuner can be started for %s",
                      own.device);
}

static void tell_all(const struct fleet *f, int signal_number)
{
    for (size_t i = 0; i < f->n; i++)
        if (f->tuners[i])
            kill(f->tuners[i], signal_number);
}

// A GPU that is too noisy is asked again, so that its tuner says it is no
// failure of the fleet's.
static void note_end(struct fleet *f, size_t i, bool known, int status)
{
    f->tuners[i] = 0;
    if (known && WIFEXITED(status) &&
        (WEXITSTATUS(status) == 0 ||
         WEXITSTATUS(status) == NOISY))
        return;
    f->finished = false;
    if (known && WIFEXITED(status))
        log_warn("the tuner on cuda:%d did not come to its end: exit %d",
                 f->ordinals[i], WEXITSTATUS(status));
    else
        log_warn("the tuner on cuda:%d did not come to its end",
                 f->ordinals[i]);
}

static size_t n_running(struct fleet *f)
{
    size_t n = 0;
    for (size_t i = 0; i < f->n; i++) {
        int status = 0;
        pid_t ended =
            f->tuners[i] ? waitpid(f->tuners[i], &status, WNOHANG) : 0;
        if (ended)
            note_end(f, i, ended > 0, status);
        n += f->tuners[i] != 0;
    }
    return n;
}

static void abandon_all(struct fleet *f)
{
    for (size_t i = 0; i < f->n; i++)
        if (f->tuners[i])
            note_end(f, i, false, 0);
}

// A tuner that is told to end may hang in the driver: it is killed then, and
// left alone where not even that ends it. `told`: they are told already.
static void wait_for_all(struct fleet *f, bool (*stop)(void), bool told)
{
    double until = told ? now_seconds() + GRACE_SECONDS : INFINITY;
    while (n_running(f)) {
        double now = now_seconds();
        if (isinf(until) && stop()) {
            tell_all(f, SIGINT);
            until = now + GRACE_SECONDS;
        }
        if (now > until)
            tell_all(f, SIGKILL);
        if (now > until + DEATH_SECONDS)
            abandon_all(f);
        usleep(LOOK_MICROSECONDS);
    }
}

static gnnac_status start_all(struct fleet *f, gnnac_error *err)
{
    gnnac_status st = read_command_line(f, err);
    if (st == GNNAC_OK)
        st = write_environment(f, err);
    for (size_t i = 0; i < f->n && st == GNNAC_OK; i++)
        st = start_tuner(f, i, err);
    if (st != GNNAC_OK)
        tell_all(f, SIGTERM);
    return st;
}

// Of a tuner that was stopped there may be none.
static void take_reports(struct fleet *f, json_t *out)
{
    for (size_t i = 0; i < f->n; i++) {
        if (!f->reports[i])
            continue;
        rewind(f->reports[i]);
        json_t *report = json_loadf(f->reports[i], 0, NULL);
        if (report)
            json_array_append_new(out, report);
        fclose(f->reports[i]);
    }
}

gnnac_status fleet_run(const struct fleet_request *rq, struct fleet_result *out,
                       gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    struct fleet *f = calloc(1, sizeof(*f));
    if (!f)
        return FAIL(err, GNNAC_ENOMEM, "out of memory");
    f->rq = rq;
    TRY(strcmp(rq->device, "all") == 0 ? find_all(f, err)
                                       : read_list(rq->device, f, err));
    TRY(check_kind(f, err));
    snprintf(out->first, sizeof(out->first), "cuda:%d", f->ordinals[0]);
    if (f->n > 1) {
        log_info("tuning on %zu GPUs, every kernel on one of them", f->n);
        f->finished = true;
        st = start_all(f, err);
        wait_for_all(f, rq->stop, st != GNNAC_OK);
        take_reports(f, out->reports);
    }
    out->finished = f->finished;
out:
    for (size_t i = 0; i <= f->n_words; i++)
        free(f->words[i]); // the last is what the end was read into
    free(f->environment);
    free(f);
    return st;
}
