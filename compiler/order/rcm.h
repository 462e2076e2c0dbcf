// Reverse Cuthill-McKee: the nodes of a component in breadth-first order from
// its rim, backwards, so that neighbours have near ids. For meshes, roads and
// molecules.
//
// Cuthill and McKee, "Reducing the bandwidth of sparse symmetric matrices",
// ACM 1969. Where to start: George and Liu, "An implementation of a
// pseudoperipheral node finder", ACM TOMS 1979.
#ifndef GNNAC_RCM_H
#define GNNAC_RCM_H

#include "graph/csr.h"

// `g` is a simple_graph. Fills perm[n_nodes], perm[old] = new. Children of a
// node stand by degree, then id; components by their smallest id; nodes without
// edges last. One thread. O(nodes + edges) but for sorting children, which are
// n_nodes in all. GNNAC_ENOMEM.
gnnac_status rcm_order(const struct csr *g, int n_threads, int32_t *perm,
                       gnnac_error *err);

#endif
