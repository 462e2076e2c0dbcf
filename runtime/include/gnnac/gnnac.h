// gnnac: load a kernel bundle and run the graph neural network inside it.
//
// Life cycle:  context -> bundle -> model -> weights -> forward.
//
//     gnnac_context *ctx;  gnnac_bundle *bundle;  gnnac_model *model;
//     gnnac_context_create(NULL, &ctx, &err);
//     gnnac_bundle_open("cora.gin.gnnb", &bundle, &err);
//     gnnac_model_create(ctx, bundle, &model, &err);
//     gnnac_model_init_weights(model, 1, &err);
//     gnnac_model_run(model, x, y, &err);            // host arrays
//
// Rules that hold everywhere:
// - Matrices are float32, row-major, packed: row v is node v in the order of
//   the input graph file.
// - Every call that can fail returns a gnnac_status and takes a caller-owned
//   gnnac_error last; NULL is allowed. On failure outputs are not touched.
// - Destroy and close functions return nothing and accept NULL.
// - The library never prints, exits, aborts or changes the caller's current
//   CUDA context beyond the call.
// - Strings are UTF-8; a returned pointer belongs to the object it came from.
#ifndef GNNAC_GNNAC_H
#define GNNAC_GNNAC_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(GNNAC_BUILDING)
#define GNNAC_API __attribute__((visibility("default")))
#else
#define GNNAC_API
#endif

#define GNNAC_VERSION "0.1.0"

typedef enum gnnac_status {
    GNNAC_OK = 0,
    GNNAC_EUSAGE,       // the caller's arguments make no sense
    GNNAC_EIO,          // a file cannot be read or written
    GNNAC_EFORMAT,      // a file's content is damaged, unsafe or inconsistent
    GNNAC_ENOMEM,       // out of host or device memory
    GNNAC_ENOENT,       // a named thing does not exist
    GNNAC_EUNSUPPORTED, // valid, but not implemented or not possible here
    GNNAC_ENODEVICE,    // no such GPU, or no driver
    GNNAC_EDRIVER,      // a CUDA or cuBLAS call was refused
    GNNAC_ECOMPILE,     // a kernel does not compile
    GNNAC_EWRONG,       // a result is outside its error bound
    GNNAC_ENOISY,       // a measurement is too noisy to use
    GNNAC_EDB,          // the tuning database cannot be used
    GNNAC_EINTERNAL     // a bug in gnnac
} gnnac_status;

// One line of text for people: `file:line: what is wrong`. Zero it (or let the
// first call do so) before use; the message of the first failure is kept.
typedef struct gnnac_error {
    char msg[1024];
} gnnac_error;

// A constant English name of `st`, e.g. "bad input". Never NULL.
GNNAC_API const char *gnnac_status_string(gnnac_status st);

// ---- contexts ---------------------------------------------------------------

// A device and what is shared by everything on it. Thread-safety: safe to
// share; each model is used by one thread at a time.
typedef struct gnnac_context gnnac_context;

// Zero-initialise, set struct_size = sizeof(gnnac_context_options).
typedef struct gnnac_context_options {
    size_t struct_size;
    const char *device; // "auto" (NULL): a GPU if there is one, else the CPU;
                        // "cpu"; "cuda:N"
    int32_t n_threads;  // CPU backend; 0: as many as OpenMP gives
    int32_t reserved;   // must be 0
} gnnac_context_options;

// `options` may be NULL for all defaults. Errors: GNNAC_EUSAGE,
// GNNAC_ENODEVICE (asked for a GPU that is not there), GNNAC_EDRIVER.
GNNAC_API gnnac_status
gnnac_context_create(const gnnac_context_options *options, gnnac_context **out,
                     gnnac_error *err);
GNNAC_API void gnnac_context_destroy(gnnac_context *ctx);

// "cpu" or "cuda:0 (NVIDIA H200)".
GNNAC_API const char *gnnac_context_device(const gnnac_context *ctx);
// 1 on a GPU, 0 on the CPU.
GNNAC_API int gnnac_context_is_cuda(const gnnac_context *ctx);

// ---- bundles ----------------------------------------------------------------

// One loaded bundle file, wholly validated. Thread-safety: safe to share once
// opened. A bundle holds native GPU code: open only files you trust.
typedef struct gnnac_bundle gnnac_bundle;

typedef struct gnnac_bundle_info {
    int64_t n_nodes, n_edges; // of the graph the bundle was compiled for
    int64_t in_dim, out_dim;  // columns of the features and of the output
    int32_t n_layers;
    const char *model;       // "gcn", "gin", "sage"
    const char *fingerprint; // 32 hex digits of the canonical graph
    const char *manifest;    // the JSON text of the manifest
} gnnac_bundle_info;

// Needs no GPU. Errors: GNNAC_EIO, GNNAC_EFORMAT, GNNAC_EUNSUPPORTED (made by
// a newer gnnac; the message names the missing feature), GNNAC_ENOMEM.
GNNAC_API gnnac_status gnnac_bundle_open(const char *path, gnnac_bundle **out,
                                         gnnac_error *err);
// The bytes are copied; the caller may free them on return.
GNNAC_API gnnac_status gnnac_bundle_open_memory(const void *data,
                                                size_t n_bytes,
                                                gnnac_bundle **out,
                                                gnnac_error *err);
GNNAC_API void gnnac_bundle_close(gnnac_bundle *bundle);
GNNAC_API void gnnac_bundle_get_info(const gnnac_bundle *bundle,
                                     gnnac_bundle_info *info);

// ---- models -----------------------------------------------------------------

// A bundle's network on a context's device, with its weights. Keeps what it
// needs of the bundle and the context; both must outlive it.
typedef struct gnnac_model gnnac_model;

// Loads graph and kernels onto the device. On a GPU tries, in this order, the
// cubin, then the PTX. Errors: GNNAC_ENOMEM, GNNAC_EDRIVER, GNNAC_EUNSUPPORTED
// (no kernel image for this GPU).
GNNAC_API gnnac_status gnnac_model_create(gnnac_context *ctx,
                                          const gnnac_bundle *bundle,
                                          gnnac_model **out, gnnac_error *err);
GNNAC_API void gnnac_model_destroy(gnnac_model *model);

// Where the kernels came from: "cpu", "cubin" or "ptx".
GNNAC_API const char *gnnac_model_load_level(const gnnac_model *model);

// Weights from a safetensors file with PyTorch Geometric's parameter names
// (convs.0.lin.weight ...), float32. Every parameter must be there with its
// exact shape. Errors: GNNAC_EIO, GNNAC_EFORMAT, GNNAC_ENOENT (names the
// parameter).
GNNAC_API gnnac_status gnnac_model_load_weights(gnnac_model *model,
                                                const char *path,
                                                gnnac_error *err);
// Glorot-uniform matrices, zero biases; the same on every machine.
GNNAC_API gnnac_status gnnac_model_init_weights(gnnac_model *model,
                                                uint64_t seed,
                                                gnnac_error *err);

// Opaque here; the same type as CUDA's CUstream and cudaStream_t.
typedef struct CUstream_st *gnnac_stream;

// Bytes of scratch memory that gnnac_model_forward needs (device memory on a
// GPU), a constant of the model.
GNNAC_API size_t gnnac_model_workspace_size(const gnnac_model *model);

// One inference. On a GPU `x` [n_nodes, in_dim], `y` [n_nodes, out_dim] and
// `workspace` are device pointers, aligned to 16 bytes, and the work is queued
// on `stream`: no allocation, no synchronisation, legal under stream capture.
// On the CPU they are host pointers and the call returns when done.
// Errors: GNNAC_EUSAGE (no weights yet, workspace too small, misaligned),
// GNNAC_EDRIVER.
GNNAC_API gnnac_status gnnac_model_forward(gnnac_model *model, const float *x,
                                           float *y, void *workspace,
                                           size_t workspace_bytes,
                                           gnnac_stream stream,
                                           gnnac_error *err);

// The same with host arrays on either device: allocates, copies, waits.
GNNAC_API gnnac_status gnnac_model_run(gnnac_model *model, const float *x,
                                       float *y, gnnac_error *err);

// The same network in float64 on the CPU, layer by layer as its definition
// says (no fusing, no re-association). `y` [n_nodes, out_dim] receives values;
// `bound` (may be NULL) the absolute error that a correct float32 result may
// have, element by element: C (B + D), C = 4, where B = u (terms + 4)
// sum|w x| is the worst case of the last layer's own roundings, u = 2^-24, and
// D the deviation of its input's effect when earlier layers err by their B.
GNNAC_API gnnac_status gnnac_model_reference(gnnac_model *model, const float *x,
                                             double *y, double *bound,
                                             gnnac_error *err);

#ifdef __cplusplus
}
#endif

#endif
