#include "graph/stats.h"

#include <omp.h>
#include <stdlib.h>

#include "checked.h"
#include "graph/components.h"
#include "graph/degree_stats.h"
#include "graph/locality.h"
#include "graph/symmetry.h"

static int64_t count_isolated(const struct csr *g, const int64_t *out_start)
{
    int64_t n = 0;
#pragma omp parallel for schedule(static) reduction(+ : n)
    for (int64_t v = 0; v < g->n_nodes; v++)
        n += g->rowptr[v] == g->rowptr[v + 1] &&
             out_start[v] == out_start[v + 1];
    return n;
}

static void counts(const struct csr *g, const struct locality *l,
                   int64_t isolated, bool symmetric, struct props *out)
{
    double n = (double)g->n_nodes, e = (double)g->n_edges;
    props_int(out, "graph.nodes", g->n_nodes);
    props_int(out, "graph.edges", g->n_edges);
    props_int(out, "graph.self_loops", l->self_loops);
    props_int(out, "graph.duplicates", l->duplicates);
    props_int(out, "graph.isolated", isolated);
    props_bool(out, "graph.symmetric", symmetric);
    props_real(out, "graph.density", n > 0 ? e / (n * n) : 0);
}

static double ratio(int64_t a, int64_t b)
{
    return b ? (double)a / (double)b : 0;
}

// Mean over windows of so many rows.
static double per_window(int64_t sum, const struct csr *g, int64_t rows)
{
    return ratio(sum, ceil_div(g->n_nodes, rows));
}

static void locality(const struct csr *g, const struct locality *l,
                     struct props *out)
{
    int64_t edges = g->n_edges;
    const struct {
        const char *name;
        double value;
    } reals[] = {
        {"window_reuse_8", ratio(edges, l->window_cols_8)},
        {"window_reuse_16", ratio(edges, l->window_cols_16)},
        {"window_cols_64", per_window(l->window_cols_64, g, 64)},
        {"window_cols_128", per_window(l->window_cols_128, g, 128)},
        {"lru_miss_1k", ratio(l->lru_misses_small, edges)},
        {"lru_miss_8k", ratio(l->lru_misses_large, edges)},
        {"cache_lines_per_edge", ratio(l->cache_lines, edges)},
    };
    props_real(out, "graph.locality.avg_edge_span", l->avg_edge_span);
    props_real(out, "graph.locality.avg_log2_span", l->avg_log2_span);
    props_int(out, "graph.locality.bandwidth", l->bandwidth);
    props_int(out, "graph.locality.tiles_16x8", l->tiles_16x8);
    props_int(out, "graph.locality.sgt_blocks_16x8", l->sgt_blocks_16x8);
    for (size_t i = 0; i < sizeof(reals) / sizeof(reals[0]); i++) {
        char name[64];
        snprintf(name, sizeof(name), "graph.locality.%s", reals[i].name);
        props_real(out, name, reals[i].value);
    }
}

// What is in and what is out of each node. In a symmetric graph they are one.
static gnnac_status degrees(const struct csr *g, bool symmetric,
                            const struct locality *l, struct props *out,
                            gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    static const int64_t no_rows[1];
    const int64_t *in = g->rowptr ? g->rowptr : no_rows;
    int64_t *starts = NULL;
    struct degree_figures f;
    if (!symmetric)
        TRY(csr_column_starts(g, &starts, err));
    counts(g, l, count_isolated(g, starts ? starts : in), symmetric, out);
    TRY(degree_measure(in, g->n_nodes, &f, err));
    degree_props(&f, "graph.degree", out);
    if (!symmetric)
        TRY(degree_measure(starts, g->n_nodes, &f, err));
    degree_props(&f, "graph.out_degree", out);
out:
    free(starts);
    return st;
}

gnnac_status graph_stats(const struct csr *g, int n_threads, struct props *out,
                         gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    struct locality l;
    struct components c;
    bool symmetric;
    char hex[33];
    if (n_threads)
        omp_set_num_threads(n_threads);
    TRY(locality_measure(g, &l, err));
    TRY(csr_is_symmetric(g, &symmetric, err));
    out->n = 0;
    TRY(degrees(g, symmetric, &l, out, err));
    TRY(components_count(g, symmetric, &c, err));
    props_int(out, "graph.components", c.count);
    props_int(out, "graph.largest_component", c.largest);
    locality(g, &l, out);
    csr_fingerprint(g, hex);
    props_text(out, "graph.fingerprint", hex);
out:
    return st;
}
