// As in cuda_blas.c, the same memory read by columns holds the transposes: the
// bias of a column of ours is that of a row, as cuBLASLt has it.
#include "cuda/cuda_epilogue.h"

#include <stdlib.h>
#include <string.h>

bool step_ends_product(const struct program *p, const struct step *s,
                       const struct step *next)
{
    return step_by_blas(s) && s->kind == STEP_LINEAR &&
           next->kind == STEP_BIAS_ACT && !next->fused && next->x == s->out &&
           next->out == s->out && next->act != ACT_ELU &&
           !step_residual(p, next) &&
           p->buffers[s->x].dtype == DTYPE_F32 &&
           p->buffers[s->out].dtype == DTYPE_F32;
}

bool cuda_has_epilogues(const struct cuda_context *c)
{
#define CALL(name, parameters) &&c->blas.name
    bool all = true CUBLASLT_CALLS(CALL);
#undef CALL
    const char *wanted = getenv("GNNAC_EPILOGUES");
    return all && !(wanted && strcmp(wanted, "0") == 0);
}

// What ends the product: cublasLtEpilogue_t's bits.
static bool describe(const struct cuda_blas *b, cu_ptr bias,
                     enum activation act, struct cuda_epilogue *e)
{
    const struct cublas_calls *blas = &b->c->blas;
    const int transposed = CUBLAS_T;
    const uint32_t epilogue = (bias ? CUBLASLT_BIAS : 0u) |
                              (act == ACT_RELU ? CUBLASLT_RELU : 0u);
    const void *address = (const void *)(uintptr_t)bias;
    if (blas->cublasLtMatmulDescCreate(&e->desc, b->compute, CUDA_R_32F) != 0)
        return false;
    return blas->cublasLtMatmulDescSetAttribute(e->desc, CUBLASLT_TRANSA,
                                                &transposed,
                                                sizeof(transposed)) == 0 &&
           blas->cublasLtMatmulDescSetAttribute(e->desc, CUBLASLT_EPILOGUE,
                                                &epilogue,
                                                sizeof(epilogue)) == 0 &&
           (!bias || blas->cublasLtMatmulDescSetAttribute(
                         e->desc, CUBLASLT_BIAS_POINTER, &address,
                         sizeof(address)) == 0);
}

static bool lay_out(const struct cublas_calls *blas, const struct product *p,
                    int32_t x_pitch, int32_t out_pitch, struct cuda_epilogue *e)
{
    const struct {
        lt_layout *layout;
        int64_t rows, columns, pitch;
    } all[] = {{&e->w, p->cols, p->rows, p->cols},
               {&e->x, p->cols, p->n, x_pitch},
               {&e->out, p->rows, p->n, out_pitch}};
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        if (blas->cublasLtMatrixLayoutCreate(
                all[i].layout, CUDA_R_32F, (uint64_t)all[i].rows,
                (uint64_t)all[i].columns, all[i].pitch) != 0)
            return false;
    return true;
}

// Matrices are as aligned as kernels of ours need them.
static bool prefer(const struct cublas_calls *blas, lt_preference preference)
{
    const uint64_t workspace = BLAS_WORKSPACE_BYTES;
    const uint32_t alignment = 16;
    bool all = blas->cublasLtMatmulPreferenceSetAttribute(
                   preference, CUBLASLT_MAX_WORKSPACE, &workspace,
                   sizeof(workspace)) == 0;
    for (int i = 0; i < 4; i++) // of A, B, C and D
        all = all && blas->cublasLtMatmulPreferenceSetAttribute(
                         preference, CUBLASLT_ALIGNMENT_A + i, &alignment,
                         sizeof(alignment)) == 0;
    return all;
}

static bool pick(const struct cuda_blas *b, struct cuda_epilogue *e)
{
    const struct cublas_calls *blas = &b->c->blas;
    lt_preference preference = NULL;
    struct lt_heuristic best = {.state = -1};
    int n = 0;
    if (blas->cublasLtMatmulPreferenceCreate(&preference) != 0)
        return false;
    bool found = prefer(blas, preference) &&
                 blas->cublasLtMatmulAlgoGetHeuristic(
                     b->handle, e->desc, e->w, e->x, e->out, e->out, preference,
                     1, &best, &n) == 0 &&
                 n == 1 && best.state == 0;
    blas->cublasLtMatmulPreferenceDestroy(preference);
    e->algorithm = best.algorithm;
    return found;
}

void cuda_epilogue_plan(const struct cuda_blas *b, const struct product *p,
                        int32_t x_pitch, int32_t out_pitch, cu_ptr bias,
                        enum activation act, struct cuda_epilogue *out)
{
    const struct cublas_calls *blas = &b->c->blas;
    *out = (struct cuda_epilogue){.accumulate = p->accumulate};
    if (cuda_has_epilogues(b->c) &&
        !(describe(b, bias, act, out) &&
          lay_out(blas, p, x_pitch, out_pitch, out) && pick(b, out)))
        cuda_epilogue_finish(b, out);
}

void cuda_epilogue_finish(const struct cuda_blas *b, struct cuda_epilogue *e)
{
    const lt_layout layouts[] = {e->w, e->x, e->out};
    for (size_t i = 0; i < sizeof(layouts) / sizeof(layouts[0]); i++)
        if (layouts[i])
            b->c->blas.cublasLtMatrixLayoutDestroy(layouts[i]);
    if (e->desc)
        b->c->blas.cublasLtMatmulDescDestroy(e->desc);
    *e = (struct cuda_epilogue){0};
}

static void *at(cu_ptr p)
{
    return (void *)(uintptr_t)p;
}

gnnac_status cuda_epilogue_run(const struct cuda_blas *b,
                               const struct cuda_epilogue *e, cu_ptr w,
                               cu_ptr x, cu_ptr out, cu_stream stream,
                               gnnac_error *err)
{
    const float one = 1, beta = e->accumulate ? 1 : 0;
    int result = b->c->blas.cublasLtMatmul(
        b->handle, e->desc, &one, at(w), e->w, at(x), e->x, &beta, at(out),
        e->out, at(out), e->out, &e->algorithm, at(b->workspace),
        BLAS_WORKSPACE_BYTES, stream);
    return cublas_status("cublasLtMatmul", result, err);
}
