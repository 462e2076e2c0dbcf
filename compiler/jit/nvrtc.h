// NVRTC, found at run time by dlopen. Source text in, cubin or PTX out.
#ifndef GNNAC_NVRTC_H
#define GNNAC_NVRTC_H

#include <stdbool.h>
#include <stddef.h>

#include "fail.h"

struct nvrtc; // opaque; safe to share between threads

// GNNAC_ENOENT when no library is found (the message lists where it looked and
// the remedy).
gnnac_status nvrtc_open(struct nvrtc **out, gnnac_error *err);
void nvrtc_close(struct nvrtc *n);

struct nvrtc_info {
    char path[512];     // the library file
    int major, minor;
    char build_id[64];  // from the PTX header of an empty program
    char lib_hash[33];  // XXH3-128 of the library file
    int n_archs;
    int archs[64];      // supported, e.g. 75, 80, 90
};
const struct nvrtc_info *nvrtc_get_info(const struct nvrtc *n);

// `arch` "sm_90" gives a cubin, "compute_75" gives PTX.
struct compile_job {
    const char *source; // NUL-terminated
    const char *name;   // for messages
    char arch[16];
    // results, owned by the job; free with compile_job_finish
    gnnac_status status;
    unsigned char *image;
    size_t n_bytes;
    char *log; // compiler messages, ptxas statistics included; never NULL
               // after a compile
    int registers, spill_bytes, static_shared; // -1 when unknown
    double seconds;
    gnnac_error error; // first error line, e.g. templates/x.cu.lua(12): ...
};
void compile_job_finish(struct compile_job *j);

// Compile all jobs on `n_threads` threads (0: all cores). Returns GNNAC_OK when
// every job ran, whatever its own status; jobs fail one by one.
gnnac_status nvrtc_compile(struct nvrtc *n, struct compile_job *jobs,
                           size_t n_jobs, int n_threads, gnnac_error *err);

#endif
