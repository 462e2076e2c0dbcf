// The CPU backend's operations for callers who bring their own model: products
// by edge, largest and smallest neighbours. As all others, a result's bits do
// not depend on how many threads share the work.
#ifndef GNNAC_CPU_EDGES_H
#define GNNAC_CPU_EDGES_H

#include "cpu/cpu_kernels.h"

// ---- values of edges (cpu_edges.c) ------------------------------------------

// out[i][k] = <at[v], from[u]> over the columns of head k, for the stored edge
// e from u to v; i is edge[e]. The sampled dense-dense matrix product (SDDMM).
struct edge_dot_job {
    int64_t n_rows;
    const int64_t *rowptr;
    const int32_t *colidx;
    const int64_t *edge; // NULL: i is e
    struct const_view at, from;
    int32_t heads;
    bool mean; // divided by max(1, in-degree)
    float *out;
};
void cpu_edge_dot(const struct edge_dot_job *job, int n_threads);

// to[e] = from[edge[e] * stride]; edge may be NULL: from[e * stride].
void cpu_gather(int64_t n, const float *from, int64_t stride,
                const int64_t *edge, float *to, int n_threads);

// ---- largest and smallest (cpu_extreme.c) -----------------------------------

// out[v] = the largest (smallest) x[u] of row v, column by column; 0 where the
// row is empty, NaN where one is.
struct extreme_job {
    int64_t n_rows;
    const int64_t *rowptr;
    const int32_t *colidx;
    struct const_view x;
    bool smallest;
    struct view out;
};
void cpu_extreme(const struct extreme_job *job, int n_threads);

// share[v] = g[v] / how many x[u] of row v equal out[v], column by column.
void cpu_extreme_share(const struct extreme_job *job, struct const_view g,
                       struct view share, int n_threads);

// grad[u] = the sum of share[v] where x[u] equals out[v], over the nodes that u
// sends to: `rowptr` and `colidx` are the transposed graph's.
void cpu_extreme_grad(const struct extreme_job *job, struct const_view share,
                      struct view grad, int n_threads);

#endif
