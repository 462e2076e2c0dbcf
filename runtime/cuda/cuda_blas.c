// cuBLAS is column-major: the same memory read by columns holds the transposes,
// so out = x w^T is computed as out^T = w x^T, and so on.
#include "cuda/cuda_blas.h"

int cuda_blas_compute(gnnac_math math)
{
    static const int types[] = {
        [GNNAC_MATH_F32] = CUBLAS_COMPUTE_32F,
        [GNNAC_MATH_TF32] = CUBLAS_COMPUTE_32F_FAST_TF32,
        [GNNAC_MATH_BF16] = CUBLAS_COMPUTE_32F_FAST_16BF,
        [GNNAC_MATH_F16] = CUBLAS_COMPUTE_32F_FAST_16F,
    };
    return types[math];
}

gnnac_status cuda_blas_open_bare(const struct cuda_context *c, gnnac_math math,
                                 struct cuda_blas *out, gnnac_error *err)
{
    struct cuda_blas b = {.c = c, .compute = cuda_blas_compute(math)};
    gnnac_status st = cublas_status("cublasCreate_v2",
                                    c->blas.cublasCreate_v2(&b.handle), err);
    if (st == GNNAC_OK)
        *out = b;
    return st;
}

gnnac_status cuda_blas_open(const struct cuda_context *c, gnnac_math math,
                            struct cuda_blas *out, gnnac_error *err)
{
    struct cuda_blas b;
    gnnac_status st = cuda_blas_open_bare(c, math, &b, err);
    if (st != GNNAC_OK)
        return st;
    st = cuda_alloc(c, BLAS_WORKSPACE_BYTES, "cuBLAS's workspace", &b.workspace,
                    err);
    b.owns = st == GNNAC_OK;
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
    if (b->owns)
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

gnnac_status cuda_blas_in(struct cuda_blas *b, cu_ptr workspace,
                          cu_stream stream, gnnac_error *err)
{
    b->workspace = workspace;
    return cuda_blas_on(b, stream, err);
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

// A matrix as cuBLAS sees it.
struct operand {
    cu_ptr data;
    int op, leading;
};

// c [m, n] = a b, of depth k, or added to what c holds; all float32.
static gnnac_status multiply(const struct cuda_blas *b, int m, int n, int k,
                             struct operand a, struct operand with, bool add,
                             cu_ptr c, int leading, gnnac_error *err)
{
    const float one = 1, beta = add ? 1 : 0;
    const struct cublas_calls *blas = &b->c->blas;
    if (b->compute == CUBLAS_COMPUTE_32F)
        return cublas_status(
            "cublasSgemm_v2",
            blas->cublasSgemm_v2(b->handle, a.op, with.op, m, n, k, &one,
                                 at(a.data), a.leading, at(with.data),
                                 with.leading, &beta, at(c), leading),
            err);
    return cublas_status(
        "cublasGemmEx",
        blas->cublasGemmEx(b->handle, a.op, with.op, m, n, k, &one, at(a.data),
                           CUDA_R_32F, a.leading, at(with.data), CUDA_R_32F,
                           with.leading, &beta, at(c), CUDA_R_32F, leading,
                           b->compute, CUBLAS_GEMM_DEFAULT),
        err);
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
    return multiply(b, p->rows, (int)p->n, p->cols,
                    (struct operand){w, CUBLAS_T, p->cols},
                    (struct operand){x.data, CUBLAS_N, x.pitch}, p->accumulate,
                    out.data, out.pitch, err);
}

gnnac_status cuda_blas_input_grad(const struct cuda_blas *b,
                                  const struct product *p, cu_ptr w,
                                  struct device_matrix g,
                                  struct device_matrix out, gnnac_error *err)
{
    return multiply(b, p->cols, (int)p->n, p->rows,
                    (struct operand){w, CUBLAS_N, p->cols},
                    (struct operand){g.data, CUBLAS_N, g.pitch}, p->accumulate,
                    out.data, out.pitch, err);
}

gnnac_status cuda_blas_weight_grad(const struct cuda_blas *b,
                                   const struct product *p,
                                   struct device_matrix g,
                                   struct device_matrix x, cu_ptr grad,
                                   gnnac_error *err)
{
    return multiply(b, p->cols, p->rows, (int)p->n,
                    (struct operand){x.data, CUBLAS_N, x.pitch},
                    (struct operand){g.data, CUBLAS_T, g.pitch}, false, grad,
                    p->cols, err);
}
