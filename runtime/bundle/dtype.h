// How the values of matrices are stored. All arithmetic is in float32: a step
// converts what it reads and rounds what it writes. A linear step that reads 16
// bits takes its weight rounded to the same dtype; one that reads float32 has
// it in float32, and if BLAS computes it, writes that, too.
#ifndef GNNAC_DTYPE_H
#define GNNAC_DTYPE_H

#include <stddef.h>

#include "half.h"

enum dtype {
    DTYPE_F32,
    DTYPE_F16,  // IEEE binary16
    DTYPE_BF16, // the upper half of a float32
    N_DTYPES
};

// How a parameter lies on a device: as the x of the linear step that reads it,
// else in float32.
struct program;
enum dtype program_param_type(const struct program *p, int32_t param);

static inline size_t dtype_bytes(enum dtype t)
{
    return t == DTYPE_F32 ? sizeof(float) : sizeof(uint16_t);
}

// `v` as a matrix of that dtype holds it.
static inline float dtype_round(enum dtype t, float v)
{
    return t == DTYPE_F16    ? f16_to_float(f16_from_float(v))
           : t == DTYPE_BF16 ? bf16_to_float(bf16_from_float(v))
                             : v;
}

// `n` values as they lie in memory, at `to` [n * dtype_bytes(t)].
static inline void dtype_store(enum dtype t, const float *from, int64_t n,
                               void *to)
{
    uint16_t *halves = (uint16_t *)to;
    if (t == DTYPE_F32)
        memcpy(to, from, (size_t)n * sizeof(float));
    for (int64_t i = 0; t != DTYPE_F32 && i < n; i++)
        halves[i] =
            t == DTYPE_F16 ? f16_from_float(from[i]) : bf16_from_float(from[i]);
}

// The other way: `n` values at `from` as floats.
static inline void dtype_load(enum dtype t, const void *from, int64_t n,
                              float *to)
{
    const uint16_t *halves = (const uint16_t *)from;
    if (t == DTYPE_F32)
        memcpy(to, from, (size_t)n * sizeof(float));
    for (int64_t i = 0; t != DTYPE_F32 && i < n; i++)
        to[i] =
            t == DTYPE_F16 ? f16_to_float(halves[i]) : bf16_to_float(halves[i]);
}

// The most that rounding may move a value of size 1, and one of any size that
// is too small for its relative error to be bounded.
static inline double dtype_unit(enum dtype t)
{
    return t == DTYPE_F16 ? 0x1p-11 : t == DTYPE_BF16 ? 0x1p-8 : 0x1p-24;
}

static inline double dtype_tiny(enum dtype t)
{
    return t == DTYPE_F16 ? 0x1p-25 : 0x1p-126;
}

#endif
