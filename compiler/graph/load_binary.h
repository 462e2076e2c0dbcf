// Readers of the NumPy forms; see load.h for what they have in common.
#ifndef GNNAC_LOAD_BINARY_H
#define GNNAC_LOAD_BINARY_H

#include "graph/csr.h"

gnnac_status load_npy(const char *path, const struct graph_options *opt,
                      struct coo *out, gnnac_error *err);
gnnac_status load_npz(const char *path, const struct graph_options *opt,
                      struct coo *out, gnnac_error *err);

#endif
