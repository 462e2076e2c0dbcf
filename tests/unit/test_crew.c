// A crew: whatever its size, each item of a job is done once, and the leader
// knows when all are.
#include "order/crew.h"

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
    RUN(a_crew_is_no_larger_than_asked_for_nor_empty);
    return test_done();
}
