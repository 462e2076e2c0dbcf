// One pass over the edges in row order: what depends on which columns stand
// near which rows.
#ifndef GNNAC_LOCALITY_H
#define GNNAC_LOCALITY_H

#include "graph/csr.h"

struct locality {
    int64_t self_loops, duplicates;
    double avg_edge_span;  // mean |src - dst|
    double avg_log2_span;  // mean log2(1 + |src - dst|)
    int64_t bandwidth;     // max |src - dst|
    int64_t window_cols_8; // distinct columns summed over windows of 8 rows
    int64_t window_cols_16;
    // Distinct 128-byte lines of a float vector over the nodes (32 consecutive
    // ids) that each row touches, summed over the rows.
    int64_t cache_lines;
};

// The same at any number of threads. GNNAC_ENOMEM.
gnnac_status locality_measure(const struct csr *g, struct locality *out,
                              gnnac_error *err);

#endif
