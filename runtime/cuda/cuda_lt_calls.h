// The part of cuBLASLt's interface that is used: of the library that cuBLAS is
// linked with. NULL where it is not. A cuBLAS handle serves as one of its own.
// A part of cuda_calls.h.
#ifndef GNNAC_CUDA_LT_CALLS_H
#define GNNAC_CUDA_LT_CALLS_H

#include <stddef.h>
#include <stdint.h>

typedef struct lt_desc_st *lt_desc;
typedef struct lt_layout_st *lt_layout;
typedef struct lt_preference_st *lt_preference;
struct lt_algorithm {
    uint64_t opaque[8];
};
struct lt_heuristic {
    struct lt_algorithm algorithm;
    size_t workspace_bytes;
    int state; // 0: the rest is valid
    float waves;
    int reserved[4];
};

enum {
    // cublasLtMatmulDescAttributes_t, cublasLtMatmulPreferenceAttributes_t,
    // cublasLtEpilogue_t
    CUBLASLT_TRANSA = 3,
    CUBLASLT_EPILOGUE = 7,
    CUBLASLT_BIAS_POINTER = 8,
    CUBLASLT_MAX_WORKSPACE = 1,
    CUBLASLT_ALIGNMENT_A = 5, // then of B, C and D
    CUBLASLT_RELU = 2,
    CUBLASLT_BIAS = 4,
};

#define CUBLASLT_CALLS(CALL)                                                  \
    CALL(cublasLtMatmulDescCreate,                                            \
         (lt_desc * desc, int compute_type, int scale_type))                  \
    CALL(cublasLtMatmulDescDestroy, (lt_desc desc))                           \
    CALL(cublasLtMatmulDescSetAttribute,                                      \
         (lt_desc desc, int attribute, const void *value, size_t n_bytes))    \
    CALL(cublasLtMatrixLayoutCreate,                                          \
         (lt_layout * layout, int type, uint64_t rows, uint64_t columns,      \
          int64_t pitch))                                                     \
    CALL(cublasLtMatrixLayoutDestroy, (lt_layout layout))                     \
    CALL(cublasLtMatmulPreferenceCreate, (lt_preference * preference))        \
    CALL(cublasLtMatmulPreferenceDestroy, (lt_preference preference))         \
    CALL(cublasLtMatmulPreferenceSetAttribute,                                \
         (lt_preference preference, int attribute, const void *value,         \
          size_t n_bytes))                                                    \
    CALL(cublasLtMatmulAlgoGetHeuristic,                                      \
         (cublas_handle handle, lt_desc desc, lt_layout a, lt_layout b,       \
          lt_layout c, lt_layout d, lt_preference preference, int n_wanted,   \
          struct lt_heuristic * found, int *n))                               \
    CALL(cublasLtMatmul,                                                      \
         (cublas_handle handle, lt_desc desc, const void *alpha,              \
          const void *a, lt_layout layout_a, const void *b,                   \
          lt_layout layout_b, const void *beta, const void *c,                \
          lt_layout layout_c, void *d, lt_layout layout_d,                    \
          const struct lt_algorithm *algorithm, void *workspace,              \
          size_t workspace_bytes, cu_stream stream))

#endif
