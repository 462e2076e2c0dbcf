// Small graphs for tests of bundles, in the input's order or another.
#ifndef GNNAC_FIXTURE_GRAPH_H
#define GNNAC_FIXTURE_GRAPH_H

#include <stdint.h>
#include <stdlib.h>

#include "bundle/graph_fingerprint.h"
#include "rng.h"

// CSR with sorted rows; arrays owned.
struct fixture_graph {
    int64_t n_nodes, n_edges;
    int64_t *rowptr;
    int32_t *colidx;
    int32_t *perm, *inverse; // NULL: not reordered
    char fingerprint[33];    // of the graph before it was
};

static inline void fixture_graph_finish(struct fixture_graph *g)
{
    free(g->rowptr);
    free(g->colidx);
    free(g->perm);
    free(g->inverse);
}

static inline int fixture_by_id(const void *a, const void *b)
{
    return *(const int32_t *)a - *(const int32_t *)b;
}

// From `n` pairs (dst, src), ascending by dst.
static inline struct fixture_graph
fixture_graph_of(int64_t n_nodes, const int32_t (*pairs)[2], int64_t n)
{
    struct fixture_graph g = {.n_nodes = n_nodes, .n_edges = n};
    g.rowptr = calloc((size_t)n_nodes + 1, sizeof(int64_t));
    g.colidx = malloc((size_t)n * sizeof(int32_t) + 1);
    for (int64_t e = 0; e < n; e++) {
        g.rowptr[pairs[e][0] + 1]++;
        g.colidx[e] = pairs[e][1];
    }
    for (int64_t v = 0; v < n_nodes; v++)
        g.rowptr[v + 1] += g.rowptr[v];
    return g;
}

// Every node draws up to 2 * degree in-neighbours; every 7th has none, and node
// 1 is a hub. Duplicates happen; self loops only with `loops`.
static inline struct fixture_graph
fixture_graph_random(int64_t n_nodes, int degree, bool loops, uint64_t seed)
{
    struct fixture_graph g = {.n_nodes = n_nodes};
    g.rowptr = calloc((size_t)n_nodes + 1, sizeof(int64_t));
    g.colidx = malloc(sizeof(int32_t) *
                      (size_t)(n_nodes * (2 * degree + 1) + 100 * degree + 1));
    for (int64_t v = 0; v < n_nodes; v++) {
        uint64_t d = rng_below(seed, (uint64_t)v, 2 * (uint64_t)degree + 1);
        if (v % 7 == 0)
            d = 0;
        if (v == 1)
            d = 100 * (uint64_t)degree;
        for (uint64_t k = 0; k < d; k++) {
            uint64_t u =
                rng_below(seed + 1 + (uint64_t)v, k, (uint64_t)n_nodes);
            if ((int64_t)u != v || loops)
                g.colidx[g.n_edges++] = (int32_t)u;
        }
        qsort(g.colidx + g.rowptr[v], (size_t)(g.n_edges - g.rowptr[v]),
              sizeof(int32_t), fixture_by_id);
        g.rowptr[v + 1] = g.n_edges;
    }
    return g;
}

// The same graph with node v as node perm[v]; what a compiler would store.
static inline struct fixture_graph
fixture_graph_reordered(const struct fixture_graph *g, const int32_t *perm)
{
    size_t n = (size_t)g->n_nodes, m = (size_t)g->n_edges;
    struct fixture_graph r = {.n_nodes = g->n_nodes, .n_edges = g->n_edges};
    r.rowptr = calloc(n + 1, sizeof(int64_t));
    r.colidx = malloc(m * sizeof(int32_t) + 1);
    r.perm = malloc(n * sizeof(int32_t) + 1);
    r.inverse = malloc(n * sizeof(int32_t) + 1);
    graph_fingerprint(g->n_nodes, g->n_edges, g->rowptr, g->colidx,
                      r.fingerprint);
    for (size_t v = 0; v < n; v++) {
        r.perm[v] = perm[v];
        r.inverse[perm[v]] = (int32_t)v;
    }
    for (size_t row = 0; row < n; row++) {
        int32_t v = r.inverse[row];
        int64_t at = r.rowptr[row];
        for (int64_t e = g->rowptr[v]; e < g->rowptr[v + 1]; e++)
            r.colidx[at++] = perm[g->colidx[e]];
        qsort(r.colidx + r.rowptr[row], (size_t)(at - r.rowptr[row]),
              sizeof(int32_t), fixture_by_id);
        r.rowptr[row + 1] = at;
    }
    return r;
}

// A permutation that is not its own inverse where there are three nodes or
// more: a shuffle, then one place on.
static inline int32_t *fixture_perm(int64_t n, uint64_t seed)
{
    int32_t *perm = malloc((size_t)n * sizeof(int32_t) + 1);
    for (int64_t v = 0; v < n; v++)
        perm[v] = (int32_t)((v + 1) % n);
    for (int64_t v = n - 1; v > 2; v--) {
        int64_t u = (int64_t)rng_below(seed, (uint64_t)v, (uint64_t)v + 1);
        int32_t p = perm[v];
        perm[v] = perm[u];
        perm[u] = p;
    }
    return perm;
}

// The same with such a permutation; takes `g` over.
static inline struct fixture_graph
fixture_graph_shuffled(struct fixture_graph g, uint64_t seed)
{
    int32_t *perm = fixture_perm(g.n_nodes, seed);
    struct fixture_graph r = fixture_graph_reordered(&g, perm);
    free(perm);
    fixture_graph_finish(&g);
    return r;
}

#endif
