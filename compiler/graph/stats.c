#include "graph/stats.h"

#include <omp.h>
#include <stdlib.h>
#include <string.h>

#include "checked.h"
#include "graph/degree_stats.h"
#include "graph/locality.h"

// ---- components -------------------------------------------------------------

static int32_t find_root(int32_t *parent, int32_t v)
{
    while (parent[v] != v) {
        parent[v] = parent[parent[v]];
        v = parent[v];
    }
    return v;
}

// Weak components by union-find; the smaller id becomes the root.
static void unite_edges(const struct csr *g, int32_t *parent)
{
    for (int64_t v = 0; v < g->n_nodes; v++)
        for (int64_t e = g->rowptr[v]; e < g->rowptr[v + 1]; e++) {
            int32_t a = find_root(parent, (int32_t)v);
            int32_t b = find_root(parent, g->colidx[e]);
            if (a < b)
                parent[b] = a;
            else
                parent[a] = b;
        }
}

static gnnac_status components(const struct csr *g, struct props *out,
                               gnnac_error *err)
{
    int64_t n = g->n_nodes, count = 0, largest = 0;
    int32_t *parent = alloc_array(n, sizeof(*parent));
    int32_t *size = calloc_array(n, sizeof(*size));
    if (!parent || !size) {
        free(parent);
        free(size);
        return FAIL(err, GNNAC_ENOMEM, "out of memory");
    }
    for (int64_t v = 0; v < n; v++)
        parent[v] = (int32_t)v;
    unite_edges(g, parent);
    for (int64_t v = 0; v < n; v++) {
        int32_t root = find_root(parent, (int32_t)v);
        count += root == v;
        if (++size[root] > largest)
            largest = size[root];
    }
    props_int(out, "graph.components", count);
    props_int(out, "graph.largest_component", largest);
    free(parent);
    free(size);
    return GNNAC_OK;
}

// ---- the rest ---------------------------------------------------------------

static bool same_arrays(const struct csr *a, const struct csr *b)
{
    if (a->n_nodes == 0) // then there may be no arrays
        return true;
    return memcmp(a->rowptr, b->rowptr,
                  (size_t)(a->n_nodes + 1) * sizeof(*a->rowptr)) == 0 &&
           memcmp(a->colidx, b->colidx,
                  (size_t)a->n_edges * sizeof(*a->colidx)) == 0;
}

static int64_t count_isolated(const struct csr *in, const struct csr *out)
{
    int64_t n = 0;
#pragma omp parallel for schedule(static) reduction(+ : n)
    for (int64_t v = 0; v < in->n_nodes; v++)
        n += in->rowptr[v] == in->rowptr[v + 1] &&
             out->rowptr[v] == out->rowptr[v + 1];
    return n;
}

static void counts(const struct csr *g, const struct csr *transpose,
                   const struct locality *l, struct props *out)
{
    double n = (double)g->n_nodes, e = (double)g->n_edges;
    props_int(out, "graph.nodes", g->n_nodes);
    props_int(out, "graph.edges", g->n_edges);
    props_int(out, "graph.self_loops", l->self_loops);
    props_int(out, "graph.duplicates", l->duplicates);
    props_int(out, "graph.isolated", count_isolated(g, transpose));
    props_bool(out, "graph.symmetric", same_arrays(g, transpose));
    props_real(out, "graph.density", n > 0 ? e / (n * n) : 0);
}

static double ratio(int64_t a, int64_t b)
{
    return b ? (double)a / (double)b : 0;
}

static void locality(const struct csr *g, const struct locality *l,
                     struct props *out)
{
    props_real(out, "graph.locality.avg_edge_span", l->avg_edge_span);
    props_real(out, "graph.locality.avg_log2_span", l->avg_log2_span);
    props_int(out, "graph.locality.bandwidth", l->bandwidth);
    props_real(out, "graph.locality.window_reuse_8",
               ratio(g->n_edges, l->window_cols_8));
    props_real(out, "graph.locality.window_reuse_16",
               ratio(g->n_edges, l->window_cols_16));
    props_real(out, "graph.locality.cache_lines_per_edge",
               ratio(l->cache_lines, g->n_edges));
}

gnnac_status graph_stats(const struct csr *g, int n_threads, struct props *out,
                         gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    struct csr transpose = {0};
    struct locality l;
    char hex[33];
    if (n_threads)
        omp_set_num_threads(n_threads);
    TRY(csr_transpose(g, &transpose, err));
    TRY(locality_measure(g, &l, err));
    out->n = 0;
    counts(g, &transpose, &l, out);
    TRY(degree_stats(g->rowptr, g->n_nodes, "graph.degree", out, err));
    TRY(degree_stats(transpose.rowptr, g->n_nodes, "graph.out_degree", out,
                     err));
    TRY(components(g, out, err));
    locality(g, &l, out);
    csr_fingerprint(g, hex);
    props_text(out, "graph.fingerprint", hex);
out:
    csr_finish(&transpose);
    return st;
}
