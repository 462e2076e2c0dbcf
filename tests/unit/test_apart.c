// Threads of a team move to CPUs of their own, and keep their masks: on a
// kernel of the test's own, which moves a thread as soon as its mask says so.
#include "apart.h"

#include <sched.h>
#include <string.h>

#include "test.h"

int __wrap_sched_getcpu(void);
int __wrap_sched_getaffinity(pid_t pid, size_t n, cpu_set_t *out);
int __wrap_sched_setaffinity(pid_t pid, size_t n, const cpu_set_t *mask);

static int cpu;          // where the thread is
static cpu_set_t mask;   // where it may be
static int n_sets;       // how often it asked for another mask
static bool refuses;     // the kernel does, every time
static uint64_t intrudes; // someone else then sets these CPUs; 0: nobody does
static uint64_t was_set; // CPUs 0 to 63 of the first mask that was asked for

int __wrap_sched_getcpu(void)
{
    return cpu;
}

int __wrap_sched_getaffinity(pid_t pid, size_t n, cpu_set_t *out)
{
    if (pid != 0 || n != sizeof(mask))
        return -1;
    *out = mask;
    return 0;
}

int __wrap_sched_setaffinity(pid_t pid, size_t n, const cpu_set_t *to)
{
    n_sets++;
    if (pid != 0 || n != sizeof(mask) || refuses || CPU_COUNT(to) == 0)
        return -1;
    for (int i = 0; n_sets == 1 && i < 64; i++)
        was_set |= (uint64_t)(CPU_ISSET(i, to) != 0) << i;
    mask = *to;
    for (int i = 0; !CPU_ISSET(cpu, to); i++)
        cpu = CPU_ISSET(i, to) ? i : cpu;
    for (int i = 0; intrudes && i < 64; i++)
        (intrudes >> i & 1) ? CPU_SET(i, &mask) : CPU_CLR(i, &mask);
    return 0;
}

static void on(int where, uint64_t may)
{
    cpu = where;
    n_sets = 0;
    refuses = false;
    intrudes = was_set = 0;
    CPU_ZERO(&mask);
    for (int i = 0; i < 64; i++)
        if (may >> i & 1)
            CPU_SET(i, &mask);
}

static uint64_t allowed(void)
{
    uint64_t may = 0;
    for (int i = 0; i < 64; i++)
        may |= (uint64_t)(CPU_ISSET(i, &mask) != 0) << i;
    return may;
}

static struct apart led_on(int where)
{
    struct apart a;
    on(where, 1);
    apart_begin(&a);
    return a;
}

TEST(a_helper_on_its_leaders_cpu_moves_within_its_mask_and_keeps_it)
{
    struct apart a = led_on(3);
    on(3, 0x2c); // CPUs 2, 3, 5
    apart_join(&a);
    CHECK(was_set == 0x24);
    CHECK_INT(cpu, 2);
    CHECK(allowed() == 0x2c);
    CHECK_INT(n_sets, 2);
}

TEST(a_helper_that_is_elsewhere_asks_for_nothing)
{
    struct apart a = led_on(0);
    on(1, 3);
    apart_join(&a);
    CHECK_INT(n_sets, 0);
    CHECK_INT(cpu, 1);
}

TEST(helpers_keep_off_each_others_cpus_too)
{
    struct apart a = led_on(0);
    for (int i = 1; i < 4; i++) {
        on(0, 0xf);
        apart_join(&a);
        CHECK_INT(cpu, i);
        CHECK(allowed() == 0xf);
    }
}

TEST(a_helper_stays_where_every_cpu_of_its_mask_is_taken)
{
    struct apart a = led_on(6);
    on(6, 1 << 6); // bound, or one of a single CPU
    apart_join(&a);
    CHECK_INT(n_sets, 0);
    CHECK_INT(cpu, 6);
}

TEST(what_the_kernel_refuses_is_left_alone)
{
    struct apart a = led_on(1);
    on(1, 3);
    refuses = true;
    apart_join(&a);
    CHECK_INT(n_sets, 1);
    CHECK_INT(cpu, 1);
    CHECK(allowed() == 3);
}

TEST(a_mask_that_someone_else_sets_meanwhile_stays)
{
    struct apart a = led_on(3);
    on(3, 0x2c);
    intrudes = 0xc0;
    apart_join(&a);
    CHECK(allowed() == 0xc0);
    CHECK_INT(n_sets, 1);
}

TEST(where_the_cpu_is_unknown_or_beyond_all_nothing_is_done)
{
    static const int none[] = {-1, APART_CPUS, 1 << 20};
    for (int i = 0; i < 3; i++) {
        struct apart a = led_on(none[i]);
        on(none[i], 3);
        apart_join(&a);
        CHECK_INT(n_sets, 0);
    }
}

int main(void)
{
    RUN(a_helper_on_its_leaders_cpu_moves_within_its_mask_and_keeps_it);
    RUN(a_helper_that_is_elsewhere_asks_for_nothing);
    RUN(helpers_keep_off_each_others_cpus_too);
    RUN(a_helper_stays_where_every_cpu_of_its_mask_is_taken);
    RUN(what_the_kernel_refuses_is_left_alone);
    RUN(a_mask_that_someone_else_sets_meanwhile_stays);
    RUN(where_the_cpu_is_unknown_or_beyond_all_nothing_is_done);
    return test_done();
}
