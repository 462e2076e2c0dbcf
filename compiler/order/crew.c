#include "order/crew.h"

#include <omp.h>
#include <sched.h>

#include "apart.h"
#include "checked.h"

// Work that is done before another thread has noticed it; the least worth
// taking as a part; parts for each thread, at most; how often to look before
// the core is offered to others.
enum { WORTH_HELP = 3000, PART_WORK = 500, MOST_PARTS = 128, LOOKS = 2000 };

int crew_size(int n_threads)
{
    int n = omp_get_num_procs();
    if (n_threads == 0)
        n_threads = omp_get_max_threads();
    return n_threads < n ? n_threads : n;
}

static void rest(int *looks)
{
    if (*looks == LOOKS) {
        sched_yield();
        return;
    }
    ++*looks;
#ifdef __x86_64__
    __builtin_ia32_pause();
#endif
}

// Take a part of the open job and do it. The job is read only then: before this
// part is finished the leader opens no other one.
static bool do_part(struct crew *c, int member)
{
    uint64_t open = __atomic_load_n(&c->open, __ATOMIC_RELAXED);
    do
        if ((uint32_t)open == 0)
            return false;
    while (!__atomic_compare_exchange_n(&c->open, &open, open - 1, true,
                                        __ATOMIC_ACQUIRE, __ATOMIC_RELAXED));
    int64_t begin = (int64_t)(c->n_parts - (uint32_t)open) * c->size;
    int64_t end = begin + c->size < c->n ? begin + c->size : c->n;
    c->body(c->arg, member, begin, end);
    return true;
}

static void help(struct crew *c, int member)
{
    int looks = 0;
    apart_join(&c->apart);
    while (!__atomic_load_n(&c->over, __ATOMIC_ACQUIRE)) {
        if (do_part(c, member)) {
            __atomic_fetch_add(&c->helped, 1, __ATOMIC_RELEASE);
            looks = 0;
        } else {
            rest(&looks);
        }
    }
}

void crew_run(struct crew *c, int n_threads, void (*lead)(void *arg), void *arg)
{
    *c = (struct crew){.n_threads = n_threads};
    if (n_threads == 1) {
        lead(arg);
        return;
    }
    apart_begin(&c->apart);
#pragma omp parallel num_threads(n_threads)
    if (omp_get_thread_num() > 0) {
        help(c, omp_get_thread_num());
    } else {
        lead(arg);
        __atomic_store_n(&c->over, true, __ATOMIC_RELEASE);
    }
}

static int64_t count_parts(const struct crew *c, int64_t n, int64_t work)
{
    int64_t parts = work / PART_WORK, most = MOST_PARTS * c->n_threads;
    parts = parts < most ? parts : most;
    return parts < n ? parts : n;
}

// ---- is help worth it? ------------------------------------------------------

// Jobs of a kind go with help four times, then alone four times, then as the
// better of the two for a while, longer where help is clearly better. Of each
// the best counts, the first left out: jobs differ by more than their work, and
// memory that is touched for the first time makes them slow. What is done
// between jobs counts, too: it waits for what helpers have in their caches.
enum { WITH_HELP = 4, TRIED = 8, CYCLE = 64, LONG_CYCLE = 256 };

// How many times as long jobs take alone.
static double worth_of_help(const struct crew_trial *t)
{
    return t->cost[1] / t->cost[0];
}

static int64_t cycle_of(const struct crew_trial *t)
{
    const double clearly = 1.3;
    bool tried = t->step >= TRIED;
    return tried && worth_of_help(t) > clearly ? LONG_CYCLE : CYCLE;
}

static struct crew_trial *trial_of(struct crew *c, crew_body *body)
{
    for (int i = 0; i < CREW_KINDS; i++) {
        if (!c->trials[i].body)
            c->trials[i].body = body;
        if (c->trials[i].body == body)
            return &c->trials[i];
    }
    return NULL;
}

static void end_trial(struct crew *c)
{
    if (!c->timed)
        return;
    double cost = (omp_get_wtime() - c->since) / (double)c->work;
    double *best = &c->timed->cost[c->timed->alone];
    *best = *best == 0 || cost < *best ? cost : *best;
    c->timed = NULL;
}

static void take_trial(struct crew_trial *t)
{
    if (t->step == 0)
        t->cost[0] = t->cost[1] = 0;
    if (t->step == TRIED)
        t->alone = worth_of_help(t) < 0.95;
    else if (t->step < TRIED)
        t->alone = t->step >= WITH_HELP;
}

static bool goes_alone(struct crew *c, crew_body *body, int64_t work)
{
    struct crew_trial *t = trial_of(c, body);
    if (!t)
        return false;
    take_trial(t);
    if (t->step < TRIED && t->step % WITH_HELP > 0) {
        c->timed = t;
        c->work = work;
        c->since = omp_get_wtime();
    }
    bool alone = t->alone;
    if (++t->step >= cycle_of(t))
        t->step = 0;
    return alone;
}

static void open_job(struct crew *c, int64_t n, int64_t parts, crew_body *body,
                     void *arg)
{
    c->size = ceil_div(n, parts);
    c->n_parts = (uint32_t)ceil_div(n, c->size);
    c->n = n;
    c->body = body;
    c->arg = arg;
    __atomic_store_n(&c->helped, 0, __ATOMIC_RELAXED);
    uint64_t job = __atomic_load_n(&c->open, __ATOMIC_RELAXED) >> 32;
    __atomic_store_n(&c->open, (job + 1) << 32 | c->n_parts, __ATOMIC_RELEASE);
}

void crew_each(struct crew *c, int64_t n, int64_t work, crew_body *body,
               void *arg)
{
    int64_t parts = count_parts(c, n, work);
    end_trial(c);
    if (c->n_threads < 2 || work < WORTH_HELP || parts < 2 ||
        goes_alone(c, body, work)) {
        body(arg, 0, 0, n);
        return;
    }
    open_job(c, n, parts, body, arg);
    uint64_t mine = 0;
    while (do_part(c, 0))
        mine++;
    int looks = 0;
    while (mine + __atomic_load_n(&c->helped, __ATOMIC_ACQUIRE) < c->n_parts)
        rest(&looks);
}
