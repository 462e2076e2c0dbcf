#include "apart.h"

#include <sched.h>
#include <stdbool.h>

// False: another thread has it. Of a CPU that is not known nobody can tell.
static bool claim(struct apart *a, int cpu)
{
    if (cpu < 0 || cpu >= APART_CPUS)
        return true;
    uint64_t bit = UINT64_C(1) << (cpu % 64);
    return !(__atomic_fetch_or(&a->taken[cpu / 64], bit, __ATOMIC_RELAXED) &
             bit);
}

// Those of `mask` that are free; returns how many there are.
static int free_cpus(const struct apart *a, const cpu_set_t *mask,
                     cpu_set_t *out)
{
    CPU_ZERO(out);
    for (int cpu = 0; cpu < APART_CPUS; cpu++) {
        uint64_t of = __atomic_load_n(&a->taken[cpu / 64], __ATOMIC_RELAXED);
        if (CPU_ISSET(cpu, mask) && !(of >> (cpu % 64) & 1))
            CPU_SET(cpu, out);
    }
    return CPU_COUNT(out);
}

// False: there is nowhere to go, or the kernel does not let us, or someone else
// has set another mask meanwhile, which then stays.
static bool move(const struct apart *a)
{
    cpu_set_t mask, others, now;
    if (sched_getaffinity(0, sizeof(mask), &mask) != 0 ||
        free_cpus(a, &mask, &others) == 0 ||
        sched_setaffinity(0, sizeof(others), &others) != 0)
        return false;
    return sched_getaffinity(0, sizeof(now), &now) == 0 &&
           CPU_EQUAL(&now, &others) &&
           sched_setaffinity(0, sizeof(mask), &mask) == 0;
}

void apart_begin(struct apart *a)
{
    *a = (struct apart){0};
    claim(a, sched_getcpu());
}

void apart_join(struct apart *a)
{
    enum { MOVES = 3 }; // others may move to the same CPU at the same time
    for (int i = 0; !claim(a, sched_getcpu()) && i < MOVES; i++)
        if (!move(a))
            return;
}
