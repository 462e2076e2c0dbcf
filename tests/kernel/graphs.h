// Small graphs that are hard on index arithmetic: CSR rows of in-neighbours,
// duplicates and self loops included. C and C++.
#ifndef GNNAC_GRAPHS_H
#define GNNAC_GRAPHS_H

#include <stdint.h>

#include "rng.h"

enum { MINI_NODES = 80, MINI_EDGES = 1200, N_MINI_GRAPHS = 13 };

struct mini_graph {
    const char *name;
    int n_nodes, n_edges;
    int64_t rowptr[MINI_NODES + 1];
    int32_t colidx[MINI_EDGES];
};

// From in-degrees; neighbours are drawn at random.
static inline void mini_graph_of(struct mini_graph *g, const char *name,
                                 const int *degrees, int n_nodes, uint64_t seed)
{
    g->name = name;
    g->n_nodes = n_nodes;
    g->n_edges = 0;
    g->rowptr[0] = 0;
    for (int v = 0; v < n_nodes; v++) {
        for (int i = 0; i < degrees[v]; i++, g->n_edges++)
            g->colidx[g->n_edges] = (int32_t)rng_below(
                seed, (uint64_t)g->n_edges, (uint64_t)n_nodes);
        g->rowptr[v + 1] = g->n_edges;
    }
}

static inline void degrees_up_to(int *out, int n, int most, uint64_t seed)
{
    for (int v = 0; v < n; v++)
        out[v] = (int)rng_below(seed, (uint64_t)v, (uint64_t)most + 1);
}

static inline void mini_graphs_listed(struct mini_graph *out)
{
    static const struct {
        const char *name;
        int n_nodes, degrees[9];
        uint64_t seed;
    } listed[] = {
        {"no nodes", 0, {0}, 1},
        {"one node", 1, {0}, 1},
        {"one node with itself", 1, {1}, 1},
        {"isolated last node", 3, {3, 2, 0}, 2},
        {"empty rows first, middle and last", 9, {0, 0, 7, 0, 33, 0, 0, 1, 0},
         3},
        {"hubs first, middle and last", 9, {129, 0, 0, 0, 64, 0, 0, 0, 257}, 5},
        {"directed chain", 7, {0, 1, 1, 1, 1, 1, 1}, 1},
    };
    for (int i = 0; i < 7; i++)
        mini_graph_of(&out[i], listed[i].name, listed[i].degrees,
                      listed[i].n_nodes, listed[i].seed);
    for (int v = 1; v < 7; v++)
        out[6].colidx[v - 1] = v - 1;
}

static inline void mini_graphs_made(struct mini_graph *out)
{
    int d[MINI_NODES] = {0};
    mini_graph_of(&out[0], "no edges", d, 35, 1);
    for (int v = 0; v < 40; v++)
        d[v] = v == 17 ? 333 : 2;
    mini_graph_of(&out[1], "a hub", d, 40, 4);
    for (int v = 0; v < 70; v++)
        d[v] = 90 / (1 + (v * 37) % 70);
    mini_graph_of(&out[2], "skewed", d, 70, 6);
    degrees_up_to(d, 33, 12, 7);
    mini_graph_of(&out[3], "random", d, 33, 8);
    degrees_up_to(d, 17, 70, 9);
    mini_graph_of(&out[4], "dense", d, 17, 10);
    for (int v = 0; v < 13; v++)
        d[v] = 5;
    mini_graph_of(&out[5], "self loops and duplicates", d, 13, 1);
    for (int v = 0; v < 13; v++)
        for (int i = 0; i < 5; i++)
            out[5].colidx[5 * v + i] = i < 3 ? v : (v + 1) % 13;
}

// Fills out[N_MINI_GRAPHS].
static inline void mini_graphs(struct mini_graph *out)
{
    mini_graphs_listed(out);
    mini_graphs_made(out + 7);
}

#endif
