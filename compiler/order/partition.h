// Communities: which node is in which, and how good that is.
#ifndef GNNAC_PARTITION_H
#define GNNAC_PARTITION_H

#include "graph/csr.h"

// Owns `of`. All-zero is empty.
struct partition {
    int64_t n_nodes, n_communities;
    int32_t *of; // [n_nodes], each in [0, n_communities), none of them unused
};
void partition_finish(struct partition *p);

struct partition_quality {
    double modularity; // Newman and Girvan 2004; 0 without edges
    double intra_edge_share; // edges inside communities / edges; 0 without
    int64_t largest; // nodes of the largest community
};

// On a simple_graph. Counts in integers, one rounding at the end: exact, and
// the same at any thread count. GNNAC_ENOMEM.
gnnac_status partition_measure(const struct csr *g, const int32_t *of,
                               int64_t n_communities,
                               struct partition_quality *out,
                               gnnac_error *err);

#endif
