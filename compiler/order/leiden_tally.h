// How many edges lead from a row of a level to each group of nodes.
#ifndef GNNAC_LEIDEN_TALLY_H
#define GNNAC_LEIDEN_TALLY_H

#include "order/leiden_state.h"

// Lookups miss the cache; how far ahead they are asked for.
enum { LEIDEN_AHEAD = 24 };

// Without a branch: there is room for one id more than there are. Returns how
// many have been found.
static inline int64_t tally_add(uint32_t *sum, int32_t *found, int64_t n_found,
                                int32_t id, uint32_t weight)
{
    uint32_t before = sum[id];
    found[n_found] = id;
    sum[id] = before + weight;
    return n_found + (before == 0);
}

static inline int64_t tally_edges(const int32_t *col, int64_t n_edges,
                                  const int32_t *of, struct tally *t)
{
    int64_t n = t->n_found;
    for (int64_t e = 0; e < n_edges; e++) {
        if (e + LEIDEN_AHEAD < n_edges)
            __builtin_prefetch(&of[col[e + LEIDEN_AHEAD]]);
        n = tally_add(t->weight, t->found, n, of[col[e]], 1);
    }
    return n;
}

static inline int64_t tally_cells(const struct cell *cell, int64_t n_cells,
                                  const int32_t *of, struct tally *t)
{
    int64_t n = t->n_found;
    for (int64_t e = 0; e < n_cells; e++) {
        if (e + LEIDEN_AHEAD < n_cells)
            __builtin_prefetch(&of[cell[e + LEIDEN_AHEAD].id]);
        n = tally_add(t->weight, t->found, n, of[cell[e].id], cell[e].weight);
    }
    return n;
}

// Adds to `t` the weight to every group that row v has edges to; the group of
// node u is of[u].
static inline void tally_row(const struct level *l, struct tally *t,
                             const int32_t *of, int64_t v)
{
    int64_t begin = l->begin[v], n = l->end[v] - begin;
    t->n_found = l->col ? tally_edges(l->col + begin, n, of, t)
                        : tally_cells(l->cell + begin, n, of, t);
}

// How far ahead of its use a node's memory is asked for: where its row is, the
// row, and what is known of the first of its neighbours.
enum { LEIDEN_FAR = 16, LEIDEN_MID = 10, LEIDEN_NEAR = 5 };

static inline void leiden_fetch_row(const struct level *l, const int32_t *of,
                                    int64_t v)
{
    enum { FIRST = 8 };
    int64_t end = l->end[v], begin = l->begin[v];
    end = end < begin + FIRST ? end : begin + FIRST;
    for (int64_t e = begin; e < end; e++)
        __builtin_prefetch(&of[level_neighbour(l, e)]);
}

// What nodes[i] of `n` will look at soon.
static inline void leiden_fetch(const struct level *l, const int32_t *of,
                                const int32_t *nodes, int64_t i, int64_t n)
{
    if (i + LEIDEN_FAR < n) {
        __builtin_prefetch(&l->begin[nodes[i + LEIDEN_FAR]]);
        __builtin_prefetch(&l->end[nodes[i + LEIDEN_FAR]]);
    }
    if (i + LEIDEN_MID < n) {
        int64_t e = l->begin[nodes[i + LEIDEN_MID]];
        __builtin_prefetch(l->col ? (const void *)&l->col[e] : &l->cell[e]);
    }
    if (i + LEIDEN_NEAR < n)
        leiden_fetch_row(l, of, nodes[i + LEIDEN_NEAR]);
}

#endif
