// Synthetic graphs, the same bytes on every machine for a kind, its sizes and a
// seed (integer arithmetic only).
#ifndef GNNAC_GENERATE_H
#define GNNAC_GENERATE_H

#include "graph/csr.h"

struct generate_options {
    const char *kind; // rmat sbm powerlaw batch ring star mesh
    int64_t nodes, edges; // 0: the kind's default
    int64_t blocks;       // sbm: communities; batch: member graphs
    uint64_t seed;
    int n_threads;
};

// GNNAC_EUSAGE for unknown kinds and impossible sizes, GNNAC_ENOMEM.
gnnac_status graph_generate(const struct generate_options *opt, struct coo *out,
                            gnnac_error *err);

#endif
