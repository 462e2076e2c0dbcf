// Matrices that lie slab-major: slabs of so many columns one behind another,
// each with all rows, so that a slab's part of a row is whole sectors and rows
// share the lines of the L2 cache.
#ifndef GNNAC_SLAB_H
#define GNNAC_SLAB_H

#include <stdbool.h>
#include <stdint.h>

#include "bundle/dtype.h"

// Of a row in a slab. Less is no sector; slabs of rows are whole lines, too,
// where they are wider than that.
enum { SLAB_MIN_BYTES = 32, SLAB_MAX_BYTES = 256 };

// Whether a matrix of that pitch can have slabs of so many columns: a power of
// two, so that none cuts a vector; or none at all, 0.
bool slab_fits(int32_t slab, int32_t pitch, enum dtype dtype);

// Where element (v, c) of a matrix of n rows lies; by rows if slab is 0.
static inline int64_t slab_element(int64_t n, int32_t pitch, int32_t slab,
                                   int64_t v, int32_t c)
{
    return slab ? (c / slab * n + v) * slab + c % slab : v * pitch + c;
}

#endif
