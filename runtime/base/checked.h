// Size arithmetic that reports overflow instead of wrapping.
#ifndef GNNAC_CHECKED_H
#define GNNAC_CHECKED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

// For exact sums of products of 64-bit counts.
__extension__ typedef unsigned __int128 uint128;

// Each returns false, leaving *out alone, when the exact result does not fit.
static inline bool size_mul(size_t a, size_t b, size_t *out)
{
    size_t r;
    if (__builtin_mul_overflow(a, b, &r))
        return false;
    *out = r;
    return true;
}

static inline bool size_add(size_t a, size_t b, size_t *out)
{
    size_t r;
    if (__builtin_add_overflow(a, b, &r))
        return false;
    *out = r;
    return true;
}

// malloc(n * elem_bytes) that is never NULL for want of n (0 gives one byte)
// and is NULL when the product overflows. `n` must not be negative.
static inline void *alloc_array(int64_t n, size_t elem_bytes)
{
    size_t bytes;
    if (n < 0 || !size_mul((size_t)n, elem_bytes, &bytes))
        return NULL;
    return malloc(bytes ? bytes : 1);
}

static inline void *calloc_array(int64_t n, size_t elem_bytes)
{
    return n < 0 ? NULL : calloc(n ? (size_t)n : 1, elem_bytes);
}

static inline int64_t ceil_div(int64_t a, int64_t b)
{
    return a / b + (a % b != 0);
}

#endif
