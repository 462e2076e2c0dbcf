// cuBLAS is column-major: the same memory read by columns holds the transposes,
// so out = x w^T is computed as out^T = w x^T, and so on.
#include "cuda/cuda_blas.h"

gnnac_status cuda_blas_open(const struct cuda_context *c, struct cuda_blas *out,
                            gnnac_error *err)
{
    struct cuda_blas b = {.c = c};
    gnnac_status st = cublas_status("cublasCreate_v2",
                                    c->blas.cublasCreate_v2(&b.handle), err);
    if (st == GNNAC_OK)
        st = cuda_alloc(c, BLAS_WORKSPACE_BYTES, "cuBLAS's workspace",
                        &b.workspace, err);
    if (st == GNNAC_OK)
        *out = b;
    else
        cuda_blas_close(&b);
    return st;
}

void cuda_blas_close(struct cuda_blas *b)
{
    if (b->handle)
        b->c->blas.cublasDestroy_v2(b->handle);
    if (b->c)
        cuda_free(b->c, b->workspace);
    *b = (struct cuda_blas){0};
}

// Setting the stream forgets the workspace.
gnnac_status cuda_blas_on(const struct cuda_blas *b, cu_stream stream,
                          gnnac_error *err)
{
    const struct cublas_calls *blas = &b->c->blas;
    gnnac_status st = cublas_status(
        "cublasSetStream_v2", blas->cublasSetStream_v2(b->handle, stream), err);
    if (st != GNNAC_OK)
        return st;
    int result = blas->cublasSetWorkspace_v2(
        b->handle, (void *)(uintptr_t)b->workspace,
        BLAS_WORKSPACE_BYTES);
    return cublas_status("cublasSetWorkspace_v2", result, err);
}

static void *at(cu_ptr p)
{
    return (void *)(uintptr_t)p;
}

static int data_type(enum dtype t)
{
    return t == DTYPE_F16    ? CUDA_R_16F
           : t == DTYPE_BF16 ? CUDA_R_16BF
                             : CUDA_R_32F;
}

static gnnac_status linear_of_halves(const struct cuda_blas *b,
                                     const struct product *p, cu_ptr w,
                                     struct device_matrix x,
                                     struct device_matrix out, gnnac_error *err)
{
    const float one = 1, beta = p->accumulate ? 1 : 0;
    int type = data_type(x.dtype);
    int result = b->c->blas.cublasGemmEx(
        b->handle, CUBLAS_T, CUBLAS_N, p->rows, (int)p->n, p->cols, &one, at(w),
        type, p->cols, at(x.data), type, x.pitch, &beta, at(out.data),
        data_type(out.dtype), out.pitch, CUBLAS_COMPUTE_32F,
        CUBLAS_GEMM_DEFAULT);
    return cublas_status("cublasGemmEx", result, err);
}

gnnac_status cuda_blas_linear(const struct cuda_blas *b,
                              const struct product *p, cu_ptr w,
                              struct device_matrix x, struct device_matrix out,
                              gnnac_error *err)
{
    if (x.dtype != DTYPE_F32)
        return linear_of_halves(b, p, w, x, out, err);
    const float one = 1, beta = p->accumulate ? 1 : 0;
    int result = b->c->blas.cublasSgemm_v2(
        b->handle, CUBLAS_T, CUBLAS_N, p->rows, (int)p->n, p->cols, &one, at(w),
        p->cols, at(x.data), x.pitch, &beta, at(out.data), out.pitch);
    return cublas_status("cublasSgemm_v2", result, err);
}

gnnac_status cuda_blas_input_grad(const struct cuda_blas *b,
                                  const struct product *p, cu_ptr w,
                                  struct device_matrix g,
                                  struct device_matrix out, gnnac_error *err)
{
    const float one = 1, beta = p->accumulate ? 1 : 0;
    int result = b->c->blas.cublasSgemm_v2(
        b->handle, CUBLAS_N, CUBLAS_N, p->cols, (int)p->n, p->rows, &one, at(w),
        p->cols, at(g.data), g.pitch, &beta, at(out.data), out.pitch);
    return cublas_status("cublasSgemm_v2", result, err);
}

gnnac_status cuda_blas_weight_grad(const struct cuda_blas *b,
                                   const struct product *p,
                                   struct device_matrix g,
                                   struct device_matrix x, cu_ptr grad,
                                   gnnac_error *err)
{
    const float one = 1, beta = 0;
    int result = b->c->blas.cublasSgemm_v2(
        b->handle, CUBLAS_N, CUBLAS_T, p->cols, p->rows, (int)p->n, &one,
        at(x.data), x.pitch, at(g.data), g.pitch, &beta, at(grad), p->cols);
    return cublas_status("cublasSgemm_v2", result, err);
}
