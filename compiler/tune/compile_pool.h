// Compiles in worker processes, so that a compilation that hangs or crashes the
// compiler costs one job.
#ifndef GNNAC_COMPILE_POOL_H
#define GNNAC_COMPILE_POOL_H

#include "jit/nvrtc.h"

enum { COMPILE_SECONDS = 20 };

// As nvrtc_compile, by `n_workers` (0: one a core) processes of `program`; a
// job may take so many seconds. One that took longer, or over which two workers
// ended, has status GNNAC_ECOMPILE. Once `stop` (NULL: never) says so no job is
// begun; those that are left have no image, no log and status GNNAC_OK.
// GNNAC_EIO when no worker can be started, GNNAC_ENOENT without a compiler.
gnnac_status compile_in_workers(const char *program, struct compile_job *jobs,
                                size_t n_jobs, int n_workers, double seconds,
                                bool (*stop)(void), gnnac_error *err);

// What such a worker does (worker_serve's answer); the context is a
// struct nvrtc *, opened at the first job.
struct message;
bool compile_worker_answer(void *nvrtc, struct message *in,
                           struct message *out);

#endif
