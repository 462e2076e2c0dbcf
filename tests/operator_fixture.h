// Graphs for operators: lists of edges, small and hard ones among them.
#ifndef GNNAC_OPERATOR_FIXTURE_H
#define GNNAC_OPERATOR_FIXTURE_H

#include <stdint.h>

#include <gnnac/gnnac.h>

#include "rng.h"
#include "test.h"

enum { MOST_EDGES = 400 };

struct edge_list {
    const char *name;
    int64_t n_nodes, n_edges;
    int64_t src[MOST_EDGES], dst[MOST_EDGES];
};

static inline void add(struct edge_list *g, int64_t u, int64_t v)
{
    g->src[g->n_edges] = u;
    g->dst[g->n_edges++] = v;
}

static inline void add_random(struct edge_list *g, int64_t n, int64_t n_sources,
                              int64_t n_targets)
{
    for (int64_t e = 0; e < n; e++)
        add(g, (int64_t)rng_below(3, 2 * (uint64_t)e, (uint64_t)n_sources),
            (int64_t)rng_below(3, 2 * (uint64_t)e + 1, (uint64_t)n_targets));
}

enum { N_GRAPHS = 7 };

// With self loops and duplicates where there is chance in it.
static inline struct edge_list graph_at(int i)
{
    static const char *const names[N_GRAPHS] = {"no nodes",
                                                "one node",
                                                "one loop",
                                                "no edges",
                                                "a hub",
                                                "an isolated last node",
                                                "a directed random graph"};
    static const int64_t nodes[N_GRAPHS] = {0, 1, 1, 5, 30, 9, 12};
    struct edge_list g = {.name = names[i], .n_nodes = nodes[i]};
    if (i == 2)
        add(&g, 0, 0);
    for (int64_t v = 1; i == 4 && v < 30; v++)
        for (int k = 0; k < 5; k++)
            add(&g, k == 4 ? 3 : v, k == 4 ? v : 3);
    if (i == 5)
        add_random(&g, 20, 8, 8);
    if (i == 6)
        add_random(&g, 40, 12, 10);
    return g;
}

static inline gnnac_graph *graph_of(gnnac_context *ctx,
                                    const struct edge_list *g, bool drop)
{
    const gnnac_edges edges = {.struct_size = sizeof(edges),
                               .n_nodes = g->n_nodes,
                               .n_edges = g->n_edges,
                               .src = g->src,
                               .dst = g->dst,
                               .drop_self_loops = drop};
    gnnac_graph *out = NULL;
    CHECK_INT(gnnac_graph_create(ctx, &edges, &out, NULL), GNNAC_OK);
    return out;
}

static inline gnnac_context *cpu_context(void)
{
    const gnnac_context_options o = {.struct_size = sizeof(o), .device = "cpu"};
    gnnac_context *ctx = NULL;
    CHECK_INT(gnnac_context_create(&o, &ctx, NULL), GNNAC_OK);
    return ctx;
}

#endif
