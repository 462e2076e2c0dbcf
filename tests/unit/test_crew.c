// A crew: whatever its size, each item of a job is done once, and the leader
// knows when all are.
#include "order/crew.h"

#include <omp.h>
#include <sched.h>
#include <stdlib.h>

#include "test.h"

enum { MOST_ITEMS = 20000, N_JOBS = 300 };

struct work {
    struct crew crew;
    int64_t n;
    int32_t times[MOST_ITEMS]; // an item was done
    bool wrong;
};

static void count(void *arg, int member, int64_t begin, int64_t end)
{
    struct work *w = arg;
    if (member < 0 || member >= w->crew.n_threads || begin < 0 || end > w->n)
        abort();
    for (int64_t i = begin; i < end; i++)
        w->times[i]++;
}

static void do_jobs(void *arg)
{
    struct work *w = arg;
    for (int job = 0; job < N_JOBS; job++) {
        w->n = job * 61 % MOST_ITEMS;
        crew_each(&w->crew, w->n, job % 3 ? 50 * w->n : w->n, count, w);
        for (int64_t i = 0; i < w->n; i++) {
            w->wrong = w->wrong || w->times[i] != 1;
            w->times[i] = 0;
        }
    }
}

TEST(every_item_of_every_job_is_done_once)
{
    static struct work w;
    for (int n = 1; n <= 4; n++) {
        w.wrong = false;
        crew_run(&w.crew, n, do_jobs, &w);
        CHECK(!w.wrong);
    }
}

static void do_one_item(void *arg)
{
    struct work *w = arg;
    w->n = 1;
    crew_each(&w->crew, 1, INT64_MAX, count, w);
    w->wrong = w->times[0] != 1;
    w->times[0] = 0;
    crew_each(&w->crew, w->n = 0, 0, count, w);
}

TEST(one_item_of_much_work_and_no_item_at_all_are_jobs_too)
{
    static struct work w;
    crew_run(&w.crew, 3, do_one_item, &w);
    CHECK(!w.wrong);
}

// ---- CPUs -------------------------------------------------------------------

enum { CPU_ITEMS = 4000 };

struct places {
    struct crew crew;
    cpu_set_t mask; // of the leader when it began
    bool differs;   // some member's mask did
    bool was[3];    // who did a part
};

static cpu_set_t mask_now(void)
{
    cpu_set_t m;
    CPU_ZERO(&m);
    sched_getaffinity(0, sizeof(m), &m);
    return m;
}

static void look_at_mask(void *arg, int member, int64_t begin, int64_t end)
{
    struct places *p = arg;
    cpu_set_t m = mask_now();
    (void)begin;
    (void)end;
    if (!CPU_EQUAL(&m, &p->mask))
        __atomic_store_n(&p->differs, true, __ATOMIC_RELAXED);
    __atomic_store_n(&p->was[member], true, __ATOMIC_RELAXED);
}

static void look_at_masks(void *arg)
{
    struct places *p = arg;
    for (int i = 0; i < 100; i++)
        crew_each(&p->crew, CPU_ITEMS, 500 * CPU_ITEMS, look_at_mask, p);
}

static int n_taken(const struct apart *a)
{
    int n = 0;
    for (int i = 0; i < APART_CPUS / 64; i++)
        n += __builtin_popcountll(a->taken[i]);
    return n;
}

// OMP_PROC_BIND gives each thread a mask of its own.
static bool threads_are_bound(void)
{
    return omp_get_proc_bind() != omp_proc_bind_false;
}

TEST(members_have_cpus_of_their_own_and_keep_their_masks)
{
    struct places p = {.mask = mask_now()};
    bool may_move = CPU_COUNT(&p.mask) >= 2 &&
                    sched_setaffinity(0, sizeof(p.mask), &p.mask) == 0;
    for (int n = 1; n <= 3 && !threads_are_bound(); n++) {
        crew_run(&p.crew, n, look_at_masks, &p);
        CHECK(p.was[0]);
        CHECK(!p.differs);
        if (n == 2 && may_move)
            CHECK_INT(n_taken(&p.crew.apart), 2);
        cpu_set_t after = mask_now();
        CHECK(CPU_EQUAL(&after, &p.mask));
    }
}

TEST(a_crew_on_a_single_cpu_does_its_jobs_and_stays_there)
{
    static struct work w;
    cpu_set_t before = mask_now(), one;
    int at = sched_getcpu();
    CPU_ZERO(&one);
    CPU_SET(at, &one);
    if (at < 0 || sched_setaffinity(0, sizeof(one), &one) != 0)
        return;
    w.wrong = false;
    crew_run(&w.crew, 2, do_jobs, &w);
    CHECK(!w.wrong);
    cpu_set_t after = mask_now();
    CHECK(CPU_EQUAL(&after, &one));
    CHECK_INT(sched_setaffinity(0, sizeof(before), &before), 0);
}

TEST(a_crew_is_no_larger_than_asked_for_nor_empty)
{
    CHECK_INT(crew_size(1), 1);
    CHECK(crew_size(2) >= 1 && crew_size(2) <= 2);
    CHECK(crew_size(0) >= 1);
}

int main(void)
{
    RUN(every_item_of_every_job_is_done_once);
    RUN(one_item_of_much_work_and_no_item_at_all_are_jobs_too);
    RUN(members_have_cpus_of_their_own_and_keep_their_masks);
    RUN(a_crew_on_a_single_cpu_does_its_jobs_and_stays_there);
    RUN(a_crew_is_no_larger_than_asked_for_nor_empty);
    return test_done();
}
