// Which instruction set's loops this machine runs.
#include "cpu/cpu_micro.h"

#include <stdlib.h>
#include <string.h>

#define SET(isa) extern const struct cpu_micro cpu_micro_##isa;
CPU_ISAS(SET)
#undef SET

static bool has_base(void)
{
    return true;
}

#ifdef __x86_64__
static bool has_avx2(void)
{
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}

static bool has_avx512(void)
{
    return has_avx2() && __builtin_cpu_supports("avx512f") &&
           __builtin_cpu_supports("avx512vl") &&
           __builtin_cpu_supports("avx512dq") &&
           __builtin_cpu_supports("avx512bw");
}
#endif

// From the plainest to the widest.
static const struct {
    const struct cpu_micro *micro;
    bool (*is_there)(void);
} sets[] = {
#define SET(isa) {&cpu_micro_##isa, has_##isa},
    CPU_ISAS(SET)
#undef SET
};

static const struct cpu_micro *choose(void)
{
    const char *wanted = getenv("GNNAC_CPU_ISA");
    const struct cpu_micro *best = sets[0].micro;
    for (size_t i = 0; i < sizeof(sets) / sizeof(sets[0]); i++) {
        if (!sets[i].is_there())
            break;
        best = sets[i].micro;
        if (wanted && strcmp(wanted, best->name) == 0)
            break;
    }
    return best;
}

const struct cpu_micro *cpu_micro(void)
{
    // Threads that race here choose alike.
    static const struct cpu_micro *chosen;
    const struct cpu_micro *micro = __atomic_load_n(&chosen, __ATOMIC_ACQUIRE);
    if (!micro) {
        micro = choose();
        __atomic_store_n(&chosen, micro, __ATOMIC_RELEASE);
    }
    return micro;
}
