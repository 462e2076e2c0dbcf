// Cores that this process may run on.
#ifndef GNNAC_CORES_H
#define GNNAC_CORES_H

#include <sched.h>

// `wanted` threads; 0 or less: as many as there are cores. At least 1.
static inline int core_count(int wanted)
{
    cpu_set_t cores;
    if (wanted > 0)
        return wanted;
    return sched_getaffinity(0, sizeof(cores), &cores) == 0 ? CPU_COUNT(&cores)
                                                            : 1;
}

#endif
