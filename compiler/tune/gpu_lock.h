// One timing at a time on a GPU: two would both record wrong winners. A lock
// file per GPU that the kernel lets go of when its holder ends, however it
// ends. Between processes of one user.
#ifndef GNNAC_GPU_LOCK_H
#define GNNAC_GPU_LOCK_H

#include <stdbool.h>

struct cuda_context;

// Waits for the lock of this GPU, saying so once. Returns a descriptor for
// gpu_lock_release, or -1 where no lock can be had (the timing then goes on
// without), or where `stop` became true while waiting.
int gpu_lock_take(const struct cuda_context *c, bool (*stop)(void));
void gpu_lock_release(int fd); // -1 is fine

#endif
