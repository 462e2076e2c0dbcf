#include "tune/hard_graphs.h"

#include "graph/coo_build.h"

// In-degrees repeat; the neighbours of a row are `step` apart, from itself on:
// 0 repeats the row itself.
static const struct shape {
    const char *name;
    int32_t n_nodes, step, period, degrees[5];
} shapes[N_HARD_GRAPHS] = {
    {"one node", 1, 0, 1, {0}},
    {"one node with itself, twice", 1, 0, 1, {2}},
    {"empty rows", 67, 5, 5, {0, 0, 7, 33, 0}},
    {"self loops and duplicates", 13, 0, 1, {5}},
    {"a hub", 40, 3, 40, {333, 2, 1}},
};

const char *hard_graph_name(size_t i)
{
    return shapes[i].name;
}

static int32_t degree(const struct shape *s, int32_t row)
{
    int32_t at = row % s->period;
    return at < 5 ? s->degrees[at] : 0;
}

static void list_edges(const struct shape *s, struct coo *g)
{
    int64_t e = 0;
    for (int32_t v = 0; v < s->n_nodes; v++) {
        int32_t n = degree(s, v);
        for (int32_t k = 0; k < n; k++, e++) {
            g->src[e] = (v + k * s->step) % s->n_nodes;
            g->dst[e] = v;
        }
    }
}

gnnac_status hard_graph(size_t i, struct csr *out, gnnac_error *err)
{
    const struct graph_options as_they_are = {0};
    const struct shape *s = &shapes[i];
    struct coo g;
    int64_t n_edges = 0;
    for (int32_t v = 0; v < s->n_nodes; v++)
        n_edges += degree(s, v);
    gnnac_status st = coo_alloc(&g, n_edges, false, s->name, err);
    if (st != GNNAC_OK)
        return st;
    g.n_nodes = s->n_nodes;
    list_edges(s, &g);
    return csr_take_coo(&g, &as_they_are, out, err);
}
