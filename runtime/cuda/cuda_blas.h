// Products of matrices by cuBLAS, in row-major terms. Scratch memory is given
// to it beforehand, so it allocates nothing and may be captured. Everything
// here runs inside cuda_enter/cuda_leave.
#ifndef GNNAC_CUDA_BLAS_H
#define GNNAC_CUDA_BLAS_H

#include "bundle/dtype.h"
#include "cuda/cuda_context.h"

// NVIDIA's documentation advises 32 MiB for Hopper.
enum { BLAS_WORKSPACE_BYTES = 32 << 20 };

struct cuda_blas {
    const struct cuda_context *c;
    cublas_handle handle;
    cu_ptr workspace; // owned; or of the work at hand (cuda_blas_in)
    bool owns;
    int compute; // cublasComputeType_t, of products of float32
};

// Without a workspace; with one of its own, for work that is never queued twice
// at a time.
gnnac_status cuda_blas_open_bare(const struct cuda_context *c, gnnac_math math,
                                 struct cuda_blas *out, gnnac_error *err);
gnnac_status cuda_blas_open(const struct cuda_context *c, gnnac_math math,
                            struct cuda_blas *out, gnnac_error *err);
int cuda_blas_compute(gnnac_math math);
void cuda_blas_close(struct cuda_blas *b); // all-zero is fine

// What follows is queued on `stream`; in BLAS_WORKSPACE_BYTES at `workspace`,
// aligned to 256.
gnnac_status cuda_blas_on(const struct cuda_blas *b, cu_stream stream,
                          gnnac_error *err);
gnnac_status cuda_blas_in(struct cuda_blas *b, cu_ptr workspace,
                          cu_stream stream, gnnac_error *err);

// A matrix on the device: rows of `pitch` values. Sizes come with the call.
struct device_matrix {
    cu_ptr data;
    int32_t pitch;
    enum dtype dtype;
};

// Rows of x are n; the weight w is [rows, cols], packed.
struct product {
    int64_t n;
    int32_t rows, cols;
    bool accumulate; // add to what the result holds
};
// out [n, rows] = x [n, cols] w^T; w is of x's dtype, sums are float32. The
// others want float32 throughout.
gnnac_status cuda_blas_linear(const struct cuda_blas *b,
                              const struct product *p, cu_ptr w,
                              struct device_matrix x, struct device_matrix out,
                              gnnac_error *err);
// out [n, cols] = g [n, rows] w
gnnac_status cuda_blas_input_grad(const struct cuda_blas *b,
                                  const struct product *p, cu_ptr w,
                                  struct device_matrix g,
                                  struct device_matrix out, gnnac_error *err);
// grad [rows, cols] = g^T x
gnnac_status cuda_blas_weight_grad(const struct cuda_blas *b,
                                   const struct product *p,
                                   struct device_matrix g,
                                   struct device_matrix x, cu_ptr grad,
                                   gnnac_error *err);

#endif
