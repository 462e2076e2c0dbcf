// Graphs that are hard on orders and communities, and what every permutation
// must be.
#ifndef GNNAC_ORDER_FIXTURE_H
#define GNNAC_ORDER_FIXTURE_H

#include "graph/generate.h"
#include "graph_fixture.h"
#include "order/perm.h"
#include "order/simple_graph.h"
#include "rng.h"

enum { N_ORDER_GRAPHS = 20, ORDER_PAIRS = 40000 };

struct pair_list {
    int64_t n_nodes, n;
    int32_t pairs[2 * ORDER_PAIRS];
};

static inline void pair(struct pair_list *l, int64_t src, int64_t dst)
{
    if (l->n >= ORDER_PAIRS) {
        TEST__FAIL("the fixture has no room for more edges");
        return;
    }
    l->pairs[2 * l->n] = (int32_t)src;
    l->pairs[2 * l->n + 1] = (int32_t)dst;
    l->n++;
}

static inline void clique(struct pair_list *l, int64_t first, int64_t n)
{
    for (int64_t u = first; u < first + n; u++)
        for (int64_t v = first; v < u; v++)
            pair(l, u, v);
}

static inline void random_pairs(struct pair_list *l, int64_t n, uint64_t seed)
{
    for (int64_t e = 0; e < n; e++)
        pair(l,
             (int64_t)rng_below(seed, (uint64_t)(2 * e), (uint64_t)l->n_nodes),
             (int64_t)rng_below(seed, (uint64_t)(2 * e + 1),
                                (uint64_t)l->n_nodes));
}

static inline const char *small_pairs(int i, struct pair_list *l)
{
    static const int64_t sizes[] = {0, 1, 1, 2, 7, 9, 40, 50, 40, 61};
    l->n_nodes = sizes[i];
    switch (i) {
    case 0: return "no nodes";
    case 1: return "one node";
    case 2: pair(l, 0, 0); return "one node with itself";
    case 3: pair(l, 1, 0); return "one directed edge";
    case 4:
        for (int e = 0; e < 9; e++)
            pair(l, e % 3, (e + 1) % 3);
        return "duplicates and isolated nodes";
    case 5: return "nodes without edges";
    case 6:
        for (int v = 0; v < 39; v++)
            pair(l, v, v + 1);
        return "a path";
    case 7:
        for (int v = 1; v < 50; v++)
            pair(l, 0, v);
        return "a star";
    case 8: clique(l, 0, 40); return "a clique";
    default:
        clique(l, 0, 30);
        clique(l, 31, 30);
        pair(l, 3, 40);
        return "two cliques with a bridge, and a node between";
    }
}

static inline const char *large_pairs(int i, struct pair_list *l)
{
    static const int64_t sizes[] = {120, 200, 300, 1000, 2000, 5000, 3000};
    l->n_nodes = sizes[i];
    switch (i) {
    case 0:
        for (int64_t c = 0; c < 10; c++)
            clique(l, 12 * c, 12);
        return "ten cliques";
    case 1:
        for (int u = 0; u < 100; u++)
            for (int v = 100; v < 200; v++)
                pair(l, u, v);
        return "a complete bipartite graph";
    case 2:
        for (int64_t u = 0; u < 300; u++)
            for (int64_t v = 0; v < 10; v++)
                pair(l, u, v);
        return "ten hubs";
    case 3: random_pairs(l, 3000, 1); return "random";
    case 4: random_pairs(l, 900, 2); return "random, many components";
    case 5:
        for (int v = 0; v < 5000; v++)
            pair(l, v, (v + 1) % 5000);
        return "a long ring";
    default:
        for (int v = 1; v < 3000; v++)
            pair(l, v, (v - 1) / 2);
        return "a binary tree";
    }
}

// Graph 0 .. N_ORDER_GRAPHS - 1 as it would be read from a file; the caller
// finishes it.
static inline const char *order_graph(int i, struct csr *out)
{
    static const char *const kinds[] = {"rmat", "sbm", "mesh"};
    static struct pair_list l;
    gnnac_error err = {{0}};
    struct coo coo = {0};
    if (i >= 17) {
        struct generate_options o = {.kind = kinds[i - 17], .nodes = 1600,
                                     .seed = 5};
        if (graph_generate(&o, &coo, &err) != GNNAC_OK)
            TEST__FAIL("%s", err.msg);
        *out = csr_of(coo, NULL);
        return kinds[i - 17];
    }
    l.n = 0;
    const char *name = i < 10 ? small_pairs(i, &l) : large_pairs(i - 10, &l);
    *out = csr_of(coo_of(l.n_nodes, l.n, l.pairs), NULL);
    return name;
}

static inline struct csr simple_of(const struct csr *g)
{
    gnnac_error err = {{0}};
    struct csr s = {0};
    if (simple_graph(g, &s, &err) != GNNAC_OK)
        TEST__FAIL("%s", err.msg);
    return s;
}

static inline const char *simple_order_graph(int i, struct csr *out)
{
    struct csr g = {0};
    const char *name = order_graph(i, &g);
    *out = simple_of(&g);
    csr_finish(&g);
    return name;
}

static inline struct csr permuted(const struct csr *g, const int32_t *perm)
{
    gnnac_error err = {{0}};
    struct csr out = {0};
    if (csr_permute(g, perm, &out, &err) != GNNAC_OK)
        TEST__FAIL("%s", err.msg);
    return out;
}

// Each of 0 .. n - 1 once.
static inline void check_permutation(const char *name, const int32_t *perm,
                                     int64_t n)
{
    char *seen = calloc((size_t)n + 1, 1);
    for (int64_t v = 0; v < n; v++) {
        if (perm[v] < 0 || perm[v] >= n || seen[perm[v]]) {
            TEST__FAIL("%s: node %lld becomes %d, not a free id", name,
                       (long long)v, (int)perm[v]);
            break;
        }
        seen[perm[v]] = 1;
    }
    free(seen);
}

#endif
