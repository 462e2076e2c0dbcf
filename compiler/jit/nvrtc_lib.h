// The opened library and its calls. Shared by the nvrtc_*.c files only.
#ifndef GNNAC_NVRTC_LIB_H
#define GNNAC_NVRTC_LIB_H

#include <stdatomic.h>

#include "jit/nvrtc.h"

// NVRTC's C interface, as far as it is used.
typedef struct nvrtc_program *nvrtc_program;
enum { NVRTC_SUCCESS = 0, NVRTC_INVALID_OPTION = 5 };

#define NVRTC_CALLS(X)                                                         \
    X(nvrtcVersion, (int *major, int *minor))                                  \
    X(nvrtcGetNumSupportedArchs, (int *n))                                     \
    X(nvrtcGetSupportedArchs, (int *archs))                                    \
    X(nvrtcCreateProgram,                                                      \
      (nvrtc_program * p, const char *source, const char *name, int n_headers, \
       const char *const *headers, const char *const *include_names))          \
    X(nvrtcCompileProgram,                                                     \
      (nvrtc_program p, int n_options, const char *const *options))            \
    X(nvrtcGetPTXSize, (nvrtc_program p, size_t * n_bytes))                    \
    X(nvrtcGetPTX, (nvrtc_program p, char *out))                               \
    X(nvrtcGetCUBINSize, (nvrtc_program p, size_t * n_bytes))                  \
    X(nvrtcGetCUBIN, (nvrtc_program p, char *out))                             \
    X(nvrtcGetProgramLogSize, (nvrtc_program p, size_t * n_bytes))             \
    X(nvrtcGetProgramLog, (nvrtc_program p, char *out))                        \
    X(nvrtcDestroyProgram, (nvrtc_program * p))

struct nvrtc_calls {
#define X(name, arguments) int(*name) arguments;
    NVRTC_CALLS(X)
#undef X
    const char *(*nvrtcGetErrorString)(int result);
};

struct nvrtc {
    void *handle;
    struct nvrtc_calls call;
    struct nvrtc_info info;
    // Bit i: this version refused optional option i, so it is left out.
    atomic_uint refused_options;
};

// What NVRTC is looked for as.
struct dylib_request;
extern const struct dylib_request nvrtc_library;

// The options besides the architecture, joined by blanks, in a constant order.
gnnac_status nvrtc_options_text(char *out, size_t n_bytes, gnnac_error *err);

// The first error of a log as one line; empty when it holds none.
void nvrtc_first_error(const char *log, char *line, size_t n_bytes);
// The last line with text in it; empty when there is none.
void nvrtc_last_line(const char *log, char *line, size_t n_bytes);

// In place: drop what differs from run to run (compile times) and the pseudo
// folder that #line marks begin with.
void nvrtc_clean_log(char *log);

#endif
