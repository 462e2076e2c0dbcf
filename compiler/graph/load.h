// Reads every graph file form (design section 3) into an edge list, and writes
// it. Knows nothing of what the graph is for.
#ifndef GNNAC_LOAD_H
#define GNNAC_LOAD_H

#include "graph/csr.h"

// The suffixes, for messages.
#define GRAPH_FORMS                                                            \
    ".npy .npz .mtx .txt .tsv .csv .el .edges; text also with .gz"

// By suffix. The error message is `FILE:LINE: what` (`FILE: byte N: what` for
// binary forms). GNNAC_EIO, GNNAC_EFORMAT, GNNAC_ENOMEM, GNNAC_EUNSUPPORTED.
gnnac_status graph_load_coo(const char *path, const struct graph_options *opt,
                            struct coo *out, gnnac_error *err);

// Load, then build the CSR.
gnnac_status graph_load(const char *path, const struct graph_options *opt,
                        struct csr *out, gnnac_error *err);

// Writes the form the suffix names (.npy .npz .mtx .txt/.tsv/.csv/.el[.gz]):
// to a temporary file, fsync, rename. Edges in CSR order (by dst, then src).
// A .npy file holds the edges alone: no weights, no nodes behind the last edge.
gnnac_status graph_save(const char *path, const struct csr *g,
                        gnnac_error *err);

#endif
