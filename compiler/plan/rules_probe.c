// Rules asked about made-up graphs, so that a misspelt field in a branch that
// no test reaches is found by `rules check`.
#include <stdlib.h>

#include "plan/rules.h"
#include "plan/schema.h"

static const struct {
    int64_t nodes, edges, max_degree;
} graphs[] = {
    {0, 0, 0},
    {1, 0, 0},
    {1, 1, 1},
    {10, 5, 2},
    {2708, 10858, 169},
    {400000, 1200000, 8},
    {100000, 800000, 90000},
    {200000, 100000000, 21000},
    {2000000000, 10000000000, 5000000},
};

static const int64_t widths[] = {1, 2, 7, 16, 64, 602, 4096};

static void fill(size_t g, int64_t width, struct props props[3])
{
    double mean =
        graphs[g].nodes ? (double)graphs[g].edges / (double)graphs[g].nodes : 0;
    for (int i = 0; i < 3; i++)
        props[i].n = 0;
    props_int(&props[0], "graph.nodes", graphs[g].nodes);
    props_int(&props[0], "graph.edges", graphs[g].edges);
    props_real(&props[0], "graph.degree.mean", mean);
    props_int(&props[0], "graph.degree.max", graphs[g].max_degree);
    props_int(&props[1], "layer.in_dim", width);
    props_int(&props[1], "layer.agg_dim", width);
    schema_complete(&props[0], "graph");
    schema_complete(&props[1], "layer");
    schema_complete(&props[2], "device");
}

gnnac_status ruleset_probe(struct ruleset *rs, gnnac_error *err)
{
    const size_t n_widths = sizeof(widths) / sizeof(widths[0]);
    const size_t n = sizeof(graphs) / sizeof(graphs[0]) * n_widths;
    gnnac_status st = GNNAC_OK;
    struct props *props = calloc(3, sizeof(*props));
    struct decision *d = calloc(1, sizeof(*d));
    if (!props || !d)
        st = FAIL(err, GNNAC_ENOMEM, "out of memory");
    for (size_t i = 0; i < n && st == GNNAC_OK; i++) {
        gnnac_error mine = {{0}};
        fill(i / n_widths, widths[i % n_widths], props);
        st = ruleset_decide(rs, "aggregate", &props[0], &props[1], &props[2], d,
                            &mine);
        if (st == GNNAC_ENOENT) // proposing nothing is no mistake
            st = GNNAC_OK;
        if (st != GNNAC_OK)
            st = FAIL(err, st, "%s", mine.msg);
    }
    free(props);
    free(d);
    return st;
}
