// Threads of a team on CPUs of their own. Beside threads that keep the other
// CPUs busy, a program's or a library's that waits by spinning, the kernel
// wakes a helper on the CPU of the thread that it is to help: both then wait
// for each other by whole ticks, 4 ms each.
#ifndef GNNAC_APART_H
#define GNNAC_APART_H

#include <stdint.h>

enum { APART_CPUS = 1024 };

// The CPUs that the team's threads have been seen on. One for each region.
struct apart {
    uint64_t taken[APART_CPUS / 64];
};

// Called by the thread that leads, before the others begin.
void apart_begin(struct apart *a);

// Called by each of the others as it begins: one that finds itself on a CPU
// that is taken moves to one of its affinity mask that is not, where there is
// one. The mask is as before when this returns, or as someone else has set it
// meanwhile, so nothing outlives the call but where the thread is; bound
// threads stay, and so does every thread where the kernel lets nobody choose.
// Thread-safe. Where nobody moves there is no system call.
void apart_join(struct apart *a);

#endif
