// When 32 bits hold every index of edges.
#ifndef GNNAC_OFFSETS_H
#define GNNAC_OFFSETS_H

#include <stdbool.h>
#include <stdint.h>

// A kernel's index may pass a row's end by what the row's teams take in one
// turn; no template takes as many.
enum { MOST_EDGES_PAST_END = 1 << 16 };

static inline bool edges_fit_32_bits(int64_t n_edges)
{
    return n_edges < INT32_MAX - MOST_EDGES_PAST_END;
}

#endif
