#include "order/simple_graph.h"

#include <stdlib.h>

#include "checked.h"
#include "graph/symmetry.h"

// Merge row v of both directions; with `col` NULL only count.
static int64_t merge_row(const struct csr *in, const struct csr *out, int64_t v,
                         int32_t *col)
{
    int64_t a = in->rowptr[v], b = out->rowptr[v], n = 0;
    int64_t a_end = in->rowptr[v + 1], b_end = out->rowptr[v + 1];
    int32_t last = -1;
    while (a < a_end || b < b_end) {
        bool left = b == b_end ||
                    (a < a_end && in->colidx[a] <= out->colidx[b]);
        int32_t u = left ? in->colidx[a++] : out->colidx[b++];
        if (u == v || u == last)
            continue;
        if (col)
            col[n] = u;
        last = u;
        n++;
    }
    return n;
}

static bool merge_rows(const struct csr *in, const struct csr *out,
                       struct csr *r)
{
    int64_t n = in->n_nodes;
    r->rowptr = alloc_array(n + 1, sizeof(*r->rowptr));
    if (!r->rowptr)
        return false;
    r->rowptr[0] = 0;
#pragma omp parallel for schedule(dynamic, 1024)
    for (int64_t v = 0; v < n; v++)
        r->rowptr[v + 1] = merge_row(in, out, v, NULL);
    for (int64_t v = 0; v < n; v++)
        r->rowptr[v + 1] += r->rowptr[v];
    r->colidx = alloc_array(r->rowptr[n], sizeof(*r->colidx));
    if (!r->colidx)
        return false;
#pragma omp parallel for schedule(dynamic, 1024)
    for (int64_t v = 0; v < n; v++)
        merge_row(in, out, v, r->colidx + r->rowptr[v]);
    r->n_nodes = n;
    r->n_edges = r->rowptr[n];
    return true;
}

gnnac_status simple_graph(const struct csr *g, struct csr *out,
                          gnnac_error *err)
{
    static int64_t no_rows[1];
    struct csr bare = *g, t = {0}, r = {0};
    bare.weight = NULL;
    if (!bare.rowptr)
        bare.rowptr = no_rows;
    gnnac_status st = csr_transpose(&bare, &t, err);
    if (st == GNNAC_OK && !merge_rows(&bare, &t, &r))
        st = FAIL(err, GNNAC_ENOMEM, "out of memory for %lld edges",
                  (long long)g->n_edges);
    csr_finish(&t);
    if (st == GNNAC_OK)
        *out = r;
    else
        csr_finish(&r);
    return st;
}

// Loops, duplicates and directions are all that a simple graph lacks.
static bool rows_are_simple(const struct csr *g)
{
    bool simple = true;
#pragma omp parallel for schedule(dynamic, 1024) reduction(&& : simple)
    for (int64_t v = 0; v < g->n_nodes; v++)
        for (int64_t e = g->rowptr[v]; e < g->rowptr[v + 1] && simple; e++)
            simple = g->colidx[e] != v && (e == g->rowptr[v] ||
                                           g->colidx[e - 1] < g->colidx[e]);
    return simple;
}

gnnac_status simple_graph_of(const struct csr *g, struct csr *owned,
                             struct csr *simple, gnnac_error *err)
{
    bool symmetric = false;
    gnnac_status st = GNNAC_OK;
    if (g->rowptr && rows_are_simple(g))
        st = csr_is_symmetric(g, &symmetric, err);
    if (st == GNNAC_OK && !symmetric)
        st = simple_graph(g, owned, err);
    *simple = symmetric ? *g : *owned;
    return st;
}
