// The properties of a graph that rules decide from (design section 5).
#ifndef GNNAC_STATS_H
#define GNNAC_STATS_H

#include "base/props.h"
#include "graph/csr.h"

// Fills every "graph." property (no graph.community yet), fingerprint
// included. O(edges) time, O(nodes) extra memory besides one transpose where
// needed; deterministic at any thread count (`n_threads` 0: all).
gnnac_status graph_stats(const struct csr *g, int n_threads, struct props *out,
                         gnnac_error *err);

#endif
