// Memory that callers hand over, and whether pieces of it overlap.
#ifndef GNNAC_SPANS_H
#define GNNAC_SPANS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

static inline bool spans_overlap(const void *a, size_t n_a, const void *b,
                                 size_t n_b)
{
    uintptr_t p = (uintptr_t)a, q = (uintptr_t)b;
    return p < q ? q - p < n_a : p - q < n_b;
}

#endif
