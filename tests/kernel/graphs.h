// Small graphs that are hard on index arithmetic.
#ifndef GNNAC_GRAPHS_H
#define GNNAC_GRAPHS_H

#include <string>
#include <vector>

#include <stdint.h>

#include "rng.h"

struct mini_graph {
    std::string name;
    int n;
    std::vector<int64_t> rowptr;
    std::vector<int> colidx;
};

// From in-degrees; neighbours are drawn at random, duplicates and self loops
// included.
inline mini_graph graph_of(const char *name, const std::vector<int> &degrees,
                           uint64_t seed)
{
    mini_graph g{name, (int)degrees.size(), {0}, {}};
    for (int d : degrees) {
        for (int i = 0; i < d; i++)
            g.colidx.push_back(
                (int)rng_below(seed, g.colidx.size(), degrees.size()));
        g.rowptr.push_back((int64_t)g.colidx.size());
    }
    return g;
}

inline std::vector<int> degrees_up_to(int n, int most, uint64_t seed)
{
    std::vector<int> d(n);
    for (int v = 0; v < n; v++)
        d[v] = (int)rng_below(seed, v, most + 1);
    return d;
}

inline std::vector<mini_graph> mini_graphs()
{
    std::vector<int> hub(40, 2), hubs(9, 0), skewed(70);
    hub[17] = 333;
    hubs[0] = 129, hubs[4] = 64, hubs[8] = 257;
    for (int v = 0; v < 70; v++)
        skewed[v] = 90 / (1 + (v * 37) % 70);
    mini_graph loops = graph_of("self loops and duplicates",
                                std::vector<int>(13, 5), 1);
    for (int v = 0; v < 13; v++)
        for (int i = 0; i < 5; i++)
            loops.colidx[5 * v + i] = i < 3 ? v : (v + 1) % 13;
    mini_graph chain = graph_of("directed chain", {0, 1, 1, 1, 1, 1, 1}, 1);
    for (int v = 1; v < 7; v++)
        chain.colidx[v - 1] = v - 1;
    return {
        graph_of("no nodes", {}, 1),
        graph_of("one node", {0}, 1),
        graph_of("one node with itself", {1}, 1),
        graph_of("isolated last node", {3, 2, 0}, 2),
        graph_of("empty rows first, middle and last",
                 {0, 0, 7, 0, 33, 0, 0, 1, 0}, 3),
        graph_of("no edges", std::vector<int>(35, 0), 1),
        loops,
        chain,
        graph_of("a hub", hub, 4),
        graph_of("hubs first, middle and last", hubs, 5),
        graph_of("skewed", skewed, 6),
        graph_of("random", degrees_up_to(33, 12, 7), 8),
        graph_of("dense", degrees_up_to(17, 70, 9), 10),
    };
}

#endif
