// How many feature rows a pass over the edges fetches from memory: what an
// order of the nodes can change.
//
// One figure for an order: the mean of the misses of caches of LRU_SMALL and
// LRU_LARGE rows (graph/locality.h), for one multiprocessor's share of a cache
// and for one that all share. Absolute, in rows per pass.
#ifndef GNNAC_ROW_MISSES_H
#define GNNAC_ROW_MISSES_H

#include "graph/csr.h"

// Of the order that the nodes have; exact, the same at any thread count.
// GNNAC_ENOMEM.
gnnac_status row_misses_measure(const struct csr *g, double *out,
                                gnnac_error *err);

// What can be said of orders without computing any.
struct row_misses_range {
    double floor;    // distinct columns: each row is fetched once at least
    double shuffled; // expected after shuffling the nodes
};

// `shuffled` takes each access to fall on a column with a chance of its share
// of the entries, whatever was accessed before (Che, Tung, Wang, "Hierarchical
// Web caching systems", JSAC 2002): within 10 % of real shuffles of the shared
// graphs of more than LRU_LARGE nodes, mostly too few. O(nodes).
// GNNAC_ENOMEM.
gnnac_status row_misses_bound(const struct csr *g, struct row_misses_range *out,
                              gnnac_error *err);

#endif
