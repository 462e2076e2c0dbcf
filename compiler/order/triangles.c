#include "order/triangles.h"

#include <omp.h>
#include <stdlib.h>

#include "checked.h"
#include "order/simple_graph.h"

static bool points_up(const struct csr *g, int64_t v, int64_t u)
{
    int64_t a = csr_degree(g, v), b = csr_degree(g, u);
    return a != b ? a < b : v < u;
}

// Each edge once, in the row of its lower end; rows stay ascending.
static gnnac_status orient(const struct csr *g, struct csr *out,
                           gnnac_error *err)
{
    int64_t n = g->n_nodes;
    out->n_nodes = n;
    out->n_edges = g->n_edges / 2;
    out->rowptr = calloc_array(n + 1, sizeof(*out->rowptr));
    out->colidx = alloc_array(out->n_edges, sizeof(*out->colidx));
    if (!out->rowptr || !out->colidx)
        return FAIL(err, GNNAC_ENOMEM, "out of memory for %lld edges",
                    (long long)g->n_edges);
#pragma omp parallel for schedule(dynamic, 1024)
    for (int64_t v = 0; v < n; v++)
        for (int64_t e = g->rowptr[v]; e < g->rowptr[v + 1]; e++)
            out->rowptr[v + 1] += points_up(g, v, g->colidx[e]);
    for (int64_t v = 0; v < n; v++)
        out->rowptr[v + 1] += out->rowptr[v];
#pragma omp parallel for schedule(dynamic, 1024)
    for (int64_t v = 0; v < n; v++) {
        int64_t at = out->rowptr[v];
        for (int64_t e = g->rowptr[v]; e < g->rowptr[v + 1]; e++)
            if (points_up(g, v, g->colidx[e]))
                out->colidx[at++] = g->colidx[e];
    }
    return GNNAC_OK;
}

// Pairs of marked successors of v: mark is 0 before and after.
static int64_t count_from(const struct csr *up, int64_t v, char *mark)
{
    int64_t n = 0, begin = up->rowptr[v], end = up->rowptr[v + 1];
    for (int64_t e = begin; e < end; e++)
        mark[up->colidx[e]] = 1;
    for (int64_t e = begin; e < end; e++) {
        int64_t u = up->colidx[e];
        for (int64_t f = up->rowptr[u]; f < up->rowptr[u + 1]; f++)
            n += mark[up->colidx[f]];
    }
    for (int64_t e = begin; e < end; e++)
        mark[up->colidx[e]] = 0;
    return n;
}

static gnnac_status count(const struct csr *up, int64_t *out, gnnac_error *err)
{
    int64_t n = 0;
    bool ok = true;
#pragma omp parallel reduction(+ : n) reduction(&& : ok)
    {
        char *mark = calloc_array(up->n_nodes, sizeof(*mark));
        ok = mark != NULL;
#pragma omp for schedule(dynamic, 256)
        for (int64_t v = 0; v < up->n_nodes; v++)
            n += mark ? count_from(up, v, mark) : 0;
        free(mark);
    }
    if (!ok)
        return FAIL(err, GNNAC_ENOMEM, "out of memory for %lld nodes",
                    (long long)up->n_nodes);
    *out = n;
    return GNNAC_OK;
}

static double paths(const struct csr *g)
{
    uint128 n = 0;
    for (int64_t v = 0; v < g->n_nodes; v++)
        n += (uint128)csr_degree(g, v) * (uint128)(csr_degree(g, v) - 1) / 2;
    return (double)n;
}

gnnac_status triangle_props(const struct csr *g, int n_threads,
                            struct props *props, gnnac_error *err)
{
    struct csr owned = {0}, simple, up = {0};
    gnnac_status st = GNNAC_OK;
    int64_t n;
    if (n_threads)
        omp_set_num_threads(n_threads);
    TRY(simple_graph_of(g, &owned, &simple, err));
    TRY(orient(&simple, &up, err));
    TRY(count(&up, &n, err));
    double all = paths(&simple);
    props_int(props, "graph.triangles", n);
    props_real(props, "graph.transitivity", all > 0 ? 3 * (double)n / all : 0);
out:
    csr_finish(&owned);
    csr_finish(&up);
    return st;
}
