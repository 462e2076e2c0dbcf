// One GPU: its primary context, which is shared with whoever else uses it in
// this process, and the two libraries. Thread-safe once created.
#ifndef GNNAC_CUDA_CONTEXT_H
#define GNNAC_CUDA_CONTEXT_H

#include "backend.h"
#include "cuda/cuda_calls.h"

struct cuda_context {
    void *driver_handle, *cublas_handle;
    struct driver_calls cu;
    struct cublas_calls blas;
    cu_device device;
    cu_context ctx;
    int32_t cc; // compute capability, e.g. 90
    bool early; // launches may begin before those ahead of them have ended
};

// Make the context current for a piece of work; leave restores the caller's.
gnnac_status cuda_enter(const struct cuda_context *c, gnnac_error *err);
void cuda_leave(const struct cuda_context *c);

// Device memory inside enter/leave. The message of a failed allocation names
// `what` and the sizes. Zero bytes give a valid address too.
gnnac_status cuda_alloc(const struct cuda_context *c, size_t n_bytes,
                        const char *what, cu_ptr *out, gnnac_error *err);
// The same, of 0 bits, which work on `stream` sees. A multiple of 4 bytes.
gnnac_status cuda_alloc_zeros(const struct cuda_context *c, size_t n_bytes,
                              cu_stream stream, const char *what, cu_ptr *out,
                              gnnac_error *err);
// Copy from the host; when it returns, every stream sees the bytes.
gnnac_status cuda_copy_in(const struct cuda_context *c, cu_ptr to,
                          const void *from, size_t n_bytes, gnnac_error *err);
// Allocate and copy in.
gnnac_status cuda_upload(const struct cuda_context *c, const void *data,
                         size_t n_bytes, const char *what, cu_ptr *out,
                         gnnac_error *err);
void cuda_free(const struct cuda_context *c, cu_ptr p); // 0 is fine

// Check a driver call: CU(c, cuMemFree_v2, (p), err).
#define CU(c, call, arguments, err) \
    driver_status(&(c)->cu, #call, (c)->cu.call arguments, (err))

#endif
