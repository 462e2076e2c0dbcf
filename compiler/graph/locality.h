// One pass over the edges in row order: what depends on which columns stand
// near which rows.
#ifndef GNNAC_LOCALITY_H
#define GNNAC_LOCALITY_H

#include "graph/csr.h"

enum { LRU_SMALL = 1024, LRU_LARGE = 8192 }; // feature rows

struct locality {
    int64_t self_loops, duplicates;
    double avg_edge_span; // mean |src - dst|
    double avg_log2_span; // mean log2(1 + |src - dst|)
    int64_t bandwidth;    // max |src - dst|
    // Distinct columns summed over windows of so many rows.
    int64_t window_cols_8, window_cols_16, window_cols_64, window_cols_128;
    int64_t tiles_16x8; // tiles of 16 rows and 8 columns that hold an edge
    // The same with the columns of each window pushed together: sum over
    // windows of 16 rows of ceil(distinct columns / 8).
    int64_t sgt_blocks_16x8;
    // Entries whose column is not among the LRU_SMALL (LRU_LARGE) most recently
    // gathered ones when the rows are taken in order, from an empty cache.
    int64_t lru_misses_small, lru_misses_large;
    // Distinct 128-byte lines of a float vector over the nodes (32 consecutive
    // ids) that each row touches, summed over the rows.
    int64_t cache_lines;
};

// Exact, and the same at any number of threads. O(edges) time; each thread
// needs 9 bytes a node. GNNAC_ENOMEM.
gnnac_status locality_measure(const struct csr *g, struct locality *out,
                              gnnac_error *err);

#endif
