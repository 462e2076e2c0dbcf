#include "tune/hard_graphs.h"

#include <stdlib.h>

#include "checked.h"

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

static int compare_ids(const void *a, const void *b)
{
    int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
    return (x > y) - (x < y);
}

static void fill(const struct shape *s, struct csr *g)
{
    for (int32_t v = 0; v < s->n_nodes; v++) {
        int32_t *row = g->colidx + g->rowptr[v];
        int32_t n = degree(s, v);
        for (int32_t k = 0; k < n; k++)
            row[k] = (v + k * s->step) % s->n_nodes;
        qsort(row, (size_t)n, sizeof(*row), compare_ids);
        g->rowptr[v + 1] = g->rowptr[v] + n;
    }
}

gnnac_status hard_graph(size_t i, struct csr *out, gnnac_error *err)
{
    const struct shape *s = &shapes[i];
    struct csr g = {.n_nodes = s->n_nodes};
    for (int32_t v = 0; v < s->n_nodes; v++)
        g.n_edges += degree(s, v);
    g.rowptr = calloc((size_t)g.n_nodes + 1, sizeof(*g.rowptr));
    g.colidx = alloc_array(g.n_edges + 1, sizeof(*g.colidx));
    if (!g.rowptr || !g.colidx) {
        csr_finish(&g);
        return FAIL(err, GNNAC_ENOMEM, "out of memory");
    }
    fill(s, &g);
    *out = g;
    return GNNAC_OK;
}
