#include "tune/compile_pool.h"

#include <errno.h>
#include <math.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/cores.h"
#include "base/worker.h"

// A worker may end for reasons of its own: its job gets a second one.
enum { MAX_WORKERS = 64, MAX_TRIES = 2 };
// For what takes no time: a message that is there.
static const double at_once = 10;

// ---- the worker's side ------------------------------------------------------

static void put_result(struct message *m, const struct compile_job *j)
{
    message_put_int(m, j->status);
    message_put_text(m, j->error.msg);
    message_put_text(m, j->log);
    message_put_int(m, j->registers);
    message_put_int(m, j->spill_bytes);
    message_put_int(m, j->static_shared);
    message_put_real(m, j->seconds);
    message_put_bytes(m, j->image, j->n_bytes);
}

bool compile_worker_answer(void *context, struct message *in,
                           struct message *out)
{
    struct nvrtc **nvrtc = context;
    struct compile_job j = {.status = GNNAC_EINTERNAL};
    snprintf(j.arch, sizeof(j.arch), "%s", message_get_text(in));
    j.name = message_get_text(in);
    j.source = message_get_text(in);
    if (!*nvrtc)
        j.status = nvrtc_open(nvrtc, &j.error);
    if (*nvrtc) {
        gnnac_status st = nvrtc_compile(*nvrtc, &j, 1, 1, &j.error);
        if (st != GNNAC_OK)
            j.status = st;
    }
    put_result(out, &j);
    compile_job_finish(&j);
    return true;
}

// ---- the owner's side -------------------------------------------------------

struct slot {
    struct worker w;         // none, and a job: its worker ended
    struct compile_job *job; // NULL: idle
    int tries;               // of the job, that were begun
    double deadline;
};

struct pool {
    const char *program;
    double seconds;
    bool (*stop)(void);
    struct compile_job *jobs;
    size_t n_jobs, next, n_slots;
    struct slot slots[MAX_WORKERS];
    struct message message;
};

// Text is kept with a NUL behind it, as nvrtc_compile does.
static bool take_image(struct message *m, struct compile_job *j)
{
    size_t n;
    const void *bytes = message_get_bytes(m, &n);
    j->image = n ? malloc(n + 1) : NULL;
    if (!j->image)
        return n == 0;
    memcpy(j->image, bytes, n);
    j->image[n] = '\0';
    j->n_bytes = n;
    return true;
}

static void take_result(struct message *m, struct compile_job *j)
{
    j->status = (gnnac_status)message_get_int(m);
    snprintf(j->error.msg, sizeof(j->error.msg), "%s", message_get_text(m));
    j->log = strdup(message_get_text(m));
    j->registers = (int)message_get_int(m);
    j->spill_bytes = (int)message_get_int(m);
    j->static_shared = (int)message_get_int(m);
    j->seconds = message_get_real(m);
    if (!take_image(m, j) || !j->log)
        j->status = FAIL(&j->error, GNNAC_ENOMEM, "out of memory");
    else if (m->bad)
        j->status = FAIL(&j->error, GNNAC_EINTERNAL,
                         "%s: a worker's answer makes no sense", j->name);
}

static void give_up(struct slot *s, const char *why)
{
    struct compile_job *j = s->job;
    j->log = calloc(1, 1);
    j->registers = j->spill_bytes = j->static_shared = -1;
    j->status =
        FAIL(&j->error, GNNAC_ECOMPILE, "%s: the compiler: %s", j->name, why);
    s->job = NULL;
    worker_stop(&s->w);
}

static void lose_worker(struct slot *s, const char *why)
{
    worker_stop(&s->w);
    if (s->tries == MAX_TRIES)
        give_up(s, why);
}

// False: there is none.
static bool take_job(struct pool *p, struct slot *s)
{
    if (s->job)
        return true;
    s->job = p->next < p->n_jobs ? &p->jobs[p->next++] : NULL;
    s->tries = 0;
    return s->job != NULL;
}

static void give_job(struct pool *p, struct slot *s)
{
    gnnac_error e = {{0}};
    const struct compile_job *j = s->job;
    struct message *m = &p->message;
    s->tries++;
    m->n = 0;
    m->bad = false;
    message_put_text(m, j->arch);
    message_put_text(m, j->name);
    message_put_text(m, j->source);
    s->deadline = now_seconds() + p->seconds;
    if (worker_send(&s->w, m, at_once, &e) != GNNAC_OK)
        lose_worker(s, e.msg);
}

static bool is_busy(const struct slot *s)
{
    return s->job && s->w.pid;
}

// Slots that do nothing get a job, and a worker if they have none.
static gnnac_status give_jobs(struct pool *p, gnnac_error *err)
{
    if (p->stop && p->stop())
        p->n_jobs = p->next;
    for (size_t i = 0; i < p->n_slots; i++) {
        struct slot *s = &p->slots[i];
        if (is_busy(s) || !take_job(p, s))
            continue;
        gnnac_status st = s->w.pid
                              ? GNNAC_OK
                              : worker_start(p->program, "compile", &s->w, err);
        if (st != GNNAC_OK)
            return st;
        give_job(p, s);
    }
    return GNNAC_OK;
}

static size_t list_busy(const struct pool *p, struct pollfd *fds, double *first)
{
    size_t n = 0;
    *first = INFINITY;
    for (size_t i = 0; i < p->n_slots; i++) {
        const struct slot *s = &p->slots[i];
        fds[i] = (struct pollfd){is_busy(s) ? s->w.fd : -1, POLLIN, 0};
        n += is_busy(s);
        if (is_busy(s))
            *first = fmin(*first, s->deadline);
    }
    return n;
}

static void take_answer(struct pool *p, struct slot *s)
{
    gnnac_error e = {{0}};
    if (worker_receive(&s->w, at_once, &p->message, &e) != GNNAC_OK) {
        lose_worker(s, e.msg);
        return;
    }
    take_result(&p->message, s->job);
    s->job = NULL;
}

// Waits for the next answer or the next deadline.
static void wait_for_one(struct pool *p)
{
    struct pollfd fds[MAX_WORKERS];
    double first;
    char why[64];
    if (list_busy(p, fds, &first) == 0)
        return;
    double left = fmax(0, first - now_seconds());
    if (poll(fds, p->n_slots, (int)(left * 1e3) + 1) < 0)
        return;
    snprintf(why, sizeof(why), "no end within %.3g s", p->seconds);
    for (size_t i = 0; i < p->n_slots; i++) {
        struct slot *s = &p->slots[i];
        if (is_busy(s) && fds[i].revents)
            take_answer(p, s);
        else if (is_busy(s) && now_seconds() >= s->deadline)
            give_up(s, why);
    }
}

static bool has_work(const struct pool *p)
{
    bool any = p->next < p->n_jobs;
    for (size_t i = 0; i < p->n_slots; i++)
        any = any || p->slots[i].job;
    return any;
}

static size_t worker_count(size_t n_jobs, int wanted)
{
    size_t n = (size_t)core_count(wanted);
    n = n < MAX_WORKERS ? n : MAX_WORKERS;
    return n < n_jobs ? n : n_jobs;
}

gnnac_status compile_in_workers(const char *program, struct compile_job *jobs,
                                size_t n_jobs, int n_workers, double seconds,
                                bool (*stop)(void), gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    struct pool *p = calloc(1, sizeof(*p));
    if (!p)
        return FAIL(err, GNNAC_ENOMEM, "out of memory");
    *p = (struct pool){.program = program,
                       .seconds = seconds,
                       .stop = stop,
                       .jobs = jobs,
                       .n_jobs = n_jobs,
                       .n_slots = worker_count(n_jobs, n_workers)};
    while (st == GNNAC_OK && has_work(p)) {
        st = give_jobs(p, err);
        if (st == GNNAC_OK)
            wait_for_one(p);
    }
    for (size_t i = 0; i < p->n_slots; i++)
        worker_stop(&p->slots[i].w);
    if (st == GNNAC_OK && n_jobs && jobs[0].status == GNNAC_ENOENT)
        st = FAIL(err, GNNAC_ENOENT, "%s", jobs[0].error.msg);
    message_finish(&p->message);
    free(p);
    return st;
}
