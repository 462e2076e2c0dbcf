// Rows cut into chunks for sums over all rows. How many there are depends on
// the rows alone, and each chunk's sum is added in order: so the result has the
// same bits at any number of threads.
#ifndef GNNAC_CPU_CHUNKS_H
#define GNNAC_CPU_CHUNKS_H

#include <stdint.h>

enum { MOST_CHUNKS = 16, LEAST_CHUNK_ROWS = 512 };

static inline int64_t row_chunks(int64_t n_rows)
{
    int64_t n = n_rows / LEAST_CHUNK_ROWS;
    return n < 1 ? 1 : n > MOST_CHUNKS ? MOST_CHUNKS : n;
}

// The first row of chunk `i` of `n`; that of chunk n is n_rows.
static inline int64_t chunk_row(int64_t n_rows, int64_t i, int64_t n)
{
    int64_t rest = n_rows % n;
    return n_rows / n * i + (i < rest ? i : rest);
}

#endif
