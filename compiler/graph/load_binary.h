// Readers of the NumPy forms; see load.h for what they have in common.
#ifndef GNNAC_LOAD_BINARY_H
#define GNNAC_LOAD_BINARY_H

#include "graph/csr.h"
#include "graph/npy.h"

gnnac_status load_npy(const char *path, const struct graph_options *opt,
                      struct coo *out, gnnac_error *err);
gnnac_status load_npz(const char *path, const struct graph_options *opt,
                      struct coo *out, gnnac_error *err);

// The edges of an array [2, E] (sources, then destinations) or [E, 2] (pairs);
// [2, 2] is taken as the first. `declared` nodes, -1: not known.
gnnac_status edges_of_array(const char *path, const struct npy_array *a,
                            int64_t declared, const struct graph_options *opt,
                            struct coo *out, gnnac_error *err);

#endif
