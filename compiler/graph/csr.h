// Graphs in memory. An edge (src, dst) carries a message from src to dst; CSR
// row v lists the in-neighbours of v (design: same results as PyG). Column ids
// are sorted within a row; duplicates stay unless asked for.
#ifndef GNNAC_CSR_H
#define GNNAC_CSR_H

#include <stdbool.h>
#include <stdint.h>

#include "fail.h"
#include "graph/progress.h"

// Edge list as read. Owns src, dst and (may be NULL) weight, each [n_edges].
// Every id is in [0, n_nodes). All-zero is empty.
struct coo {
    int64_t n_nodes, n_edges;
    int32_t *src, *dst;
    float *weight;
};
void coo_finish(struct coo *g);

// Row v is colidx[rowptr[v] .. rowptr[v+1]). Owns its arrays. All-zero is empty
// (n_nodes 0; rowptr may then be NULL).
struct csr {
    int64_t n_nodes, n_edges;
    int64_t *rowptr; // [n_nodes + 1]
    int32_t *colidx; // [n_edges]
    float *weight;   // [n_edges] or NULL
};
void csr_finish(struct csr *g);

// Entries of row v.
static inline int64_t csr_degree(const struct csr *g, int64_t v)
{
    return g->rowptr[v + 1] - g->rowptr[v];
}

// 0 for a graph without nodes.
int64_t csr_max_degree(const struct csr *g);

// How to turn a file's edges into the graph to compile. All-zero = defaults.
struct graph_options {
    bool symmetrize; // add the missing reverse edges
    bool dedupe;     // keep one of equal edges
    bool self_loops; // add the missing self loops
    bool target_to_source; // --flow target_to_source: swap src and dst
    int64_t n_nodes; // --nodes; 0: from the file, else max id + 1
    int n_threads;   // 0: all
    progress_teller *progress; // of long loads; may be NULL
};

// Parallel radix sort by dst, then src within each row (edge_sort.h); stable
// and the same at any thread count. Edges that are in order already are found
// out and only copied. Applies `opt` (but n_nodes, which readers apply).
// GNNAC_ENOMEM only.
gnnac_status csr_from_coo(const struct coo *g, const struct graph_options *opt,
                          struct csr *out, gnnac_error *err);

// The same, but takes the edges: *g is empty afterwards, whatever happened. Its
// memory is given back while the CSR grows, so that at most the two together
// are in use.
gnnac_status csr_take_coo(struct coo *g, const struct graph_options *opt,
                          struct csr *out, gnnac_error *err);

// Row u of the result lists the out-neighbours of u (CSC of `g`), sorted.
gnnac_status csr_transpose(const struct csr *g, struct csr *out,
                           gnnac_error *err);

// Copy without self loops (GCN adds exactly one per node itself).
gnnac_status csr_drop_self_loops(const struct csr *g, struct csr *out,
                                 gnnac_error *err);

// XXH3-128 over a domain tag, sizes, rowptr and colidx, in fixed chunks: the
// same at any thread count. `hex` receives 32 digits and a NUL.
void csr_fingerprint(const struct csr *g, char hex[33]);

#endif
