// A product by cuBLAS that ends with a bias and an activation: one pass over
// its result less. It takes cuBLASLt, which cuBLAS brings along; where that, or
// a way to compute this product, is lacking, both steps are run apart.
#ifndef GNNAC_CUDA_EPILOGUE_H
#define GNNAC_CUDA_EPILOGUE_H

#include "bundle/program.h"
#include "cuda/cuda_blas.h"

struct cuda_epilogue {
    lt_desc desc; // NULL: there is none
    lt_layout w, x, out;
    struct lt_algorithm algorithm;
    bool accumulate;
};

// Whether `next` is what an epilogue may do: bias and activation, in place, of
// what `s`, a product by BLAS, has written, and no more. In float32.
bool step_ends_product(const struct program *p, const struct step *s,
                       const struct step *next);

// Whether cuBLASLt is here, and the environment does not say
// GNNAC_EPILOGUES=0.
bool cuda_has_epilogues(const struct cuda_context *c);

// Plans the product: of pitches and dtypes, as addresses come with each call,
// but for the bias (0: none). Leaves *out empty where it cannot be done so.
// This and what follows runs inside cuda_enter/cuda_leave.
void cuda_epilogue_plan(const struct cuda_blas *b, const struct product *p,
                        int32_t x_pitch, int32_t out_pitch, cu_ptr bias,
                        enum activation act, struct cuda_epilogue *out);
void cuda_epilogue_finish(const struct cuda_blas *b, struct cuda_epilogue *e);

// act(x w^T + bias), or with what `out` holds added, on `stream`.
gnnac_status cuda_epilogue_run(const struct cuda_blas *b,
                               const struct cuda_epilogue *e, cu_ptr w,
                               cu_ptr x, cu_ptr out, cu_stream stream,
                               gnnac_error *err);

#endif
