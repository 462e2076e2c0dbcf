// What every reader ends with: node ids in arrays, a node count that fits them.
#ifndef GNNAC_COO_BUILD_H
#define GNNAC_COO_BUILD_H

#include "graph/csr.h"
#include "graph/npy.h"

// Node count from what the file declares (-1: nothing), the largest id and
// --nodes. Ids up to 2^31 - 2 are possible. GNNAC_EFORMAT, GNNAC_EUNSUPPORTED.
gnnac_status resolve_nodes(const char *path, int64_t declared, int64_t max_id,
                           const struct graph_options *opt, int64_t *out,
                           gnnac_error *err);

// Allocates src and dst (and weight) for n_edges. GNNAC_ENOMEM.
gnnac_status coo_alloc(struct coo *g, int64_t n_edges, bool weighted,
                       const char *path, gnnac_error *err);

// A run of `n` ids inside an array: elements first, first + step, ...
struct id_run {
    const struct npy_array *array;
    int64_t first, step;
};

// The edges src[i] -> dst[i]. `declared` as in resolve_nodes.
gnnac_status coo_from_runs(const char *path, struct id_run src,
                           struct id_run dst, int64_t n, int64_t declared,
                           const struct graph_options *opt, struct coo *out,
                           gnnac_error *err);

// The edges of compressed rows: `pointers` [n_rows + 1] into `indices`. Row ids
// become src, or dst when `rows_are_dst`. A declared count must equal n_rows.
gnnac_status coo_from_compressed(const struct npy_array *pointers,
                                 const struct npy_array *indices,
                                 bool rows_are_dst, int64_t declared,
                                 const struct graph_options *opt,
                                 struct coo *out, gnnac_error *err);

// Weights of the edges of `g`, in their order: as many numbers, each finite.
// All ones leave the graph without weights. GNNAC_EFORMAT, GNNAC_ENOMEM.
gnnac_status coo_set_weights(struct coo *g, const struct npy_array *weights,
                             gnnac_error *err);

#endif
