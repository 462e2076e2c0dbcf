// NVRTC, found at run time by dlopen. Source text in, cubin or PTX out.
// Versions 12 and 13. How it is called and why: compiler/jit/README.md.
#ifndef GNNAC_NVRTC_H
#define GNNAC_NVRTC_H

#include <stdbool.h>
#include <stddef.h>

#include "fail.h"

struct nvrtc; // opaque; safe to share between threads
struct kcache;

// GNNAC_ENOENT when no library is found (the message lists where it looked and
// the remedy), GNNAC_EUNSUPPORTED when it is too old.
gnnac_status nvrtc_open(struct nvrtc **out, gnnac_error *err);
void nvrtc_close(struct nvrtc *n);

struct nvrtc_info {
    char path[512]; // the library file
    int major, minor;
    int n_archs;
    int archs[64]; // supported, e.g. 75, 80, 90
};
const struct nvrtc_info *nvrtc_get_info(const struct nvrtc *n);

// One line that names everything besides source text and architecture that can
// change what is compiled: version, build, hash of the library, options, e.g.
// "nvrtc 13.0 CL-36424714 V13.0.88 lib 8d1f... options 52c0...". For keys.
// Remembered in `kc` (may be NULL) by the library file's path, size and time:
// when known, the library is not even opened. 256 bytes suffice.
// GNNAC_ENOENT as nvrtc_open.
gnnac_status nvrtc_identify(struct kcache *kc, char *out, size_t n_bytes,
                            gnnac_error *err);

// `arch` "sm_90" gives a cubin, "compute_75" gives PTX. Zero what is not set.
struct compile_job {
    const char *source; // NUL-terminated
    const char *name;   // for messages
    char arch[16];
    // results, owned by the job; free with compile_job_finish
    gnnac_status status; // GNNAC_ECOMPILE, _EUSAGE (architecture), _ENOMEM
    unsigned char *image;
    size_t n_bytes; // text (PTX) has a NUL behind these
    char *log; // compiler messages, ptxas statistics included; never NULL
               // after a compile unless out of memory
    int registers, spill_bytes, static_shared; // -1 when unknown
    double seconds;
    gnnac_error error; // first error line, e.g. templates/x.cu.lua(12): ...
};
void compile_job_finish(struct compile_job *j);

// Compile all jobs on `n_threads` threads (0: all cores). Returns GNNAC_OK when
// every job ran, whatever its own status; jobs fail one by one.
gnnac_status nvrtc_compile(struct nvrtc *n, struct compile_job *jobs,
                           size_t n_jobs, int n_threads, gnnac_error *err);

// ptxas statistics of a log: the largest of each over all kernels, -1 where the
// log has none (PTX). Spills are bytes stored plus bytes loaded. Any may be
// NULL.
void nvrtc_parse_log(const char *log, int *registers, int *spill_bytes,
                     int *static_shared);

#endif
