#include "graph/csr.h"

#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "checked.h"
#include "graph/edge_sort.h"
#include "bundle/graph_fingerprint.h"

void coo_finish(struct coo *g)
{
    free(g->src);
    free(g->dst);
    free(g->weight);
    *g = (struct coo){0};
}

void csr_finish(struct csr *g)
{
    free(g->rowptr);
    free(g->colidx);
    free(g->weight);
    *g = (struct csr){0};
}

int64_t csr_max_degree(const struct csr *g)
{
    int64_t max = 0;
#pragma omp parallel for schedule(static) reduction(max : max)
    for (int64_t v = 0; v < g->n_nodes; v++)
        if (csr_degree(g, v) > max)
            max = csr_degree(g, v);
    return max;
}

static gnnac_status no_memory(gnnac_error *err, int64_t n_edges)
{
    return FAIL(err, GNNAC_ENOMEM, "out of memory for a graph of %lld edges",
                (long long)n_edges);
}

static void copy_array(void *to, const void *from, int64_t n)
{
    enum { ELEM = 4, CHUNK = 1 << 20 };
#pragma omp parallel for schedule(static)
    for (int64_t i = 0; i < n; i += CHUNK)
        memcpy((char *)to + i * ELEM, (const char *)from + i * ELEM,
               (size_t)(n - i < CHUNK ? n - i : CHUNK) * ELEM);
}

// ---- from edges -------------------------------------------------------------

static bool csr_alloc(struct csr *g, int64_t n_nodes, int64_t n_edges,
                      bool weighted)
{
    *g = (struct csr){.n_nodes = n_nodes,
                      .n_edges = n_edges,
                      .rowptr = alloc_array(n_nodes + 1, sizeof(*g->rowptr)),
                      .colidx = alloc_array(n_edges, sizeof(*g->colidx))};
    if (weighted)
        g->weight = alloc_array(n_edges, sizeof(*g->weight));
    return g->rowptr && g->colidx && (!weighted || g->weight);
}

static gnnac_status build(const struct edge_list *l, struct csr *out,
                          gnnac_error *err)
{
    struct csr g;
    if (!csr_alloc(&g, l->n_rows, l->n, l->weight != NULL) ||
        !edge_sort(l, g.rowptr, g.colidx, g.weight)) {
        csr_finish(&g);
        return no_memory(err, l->n);
    }
    *out = g;
    return GNNAC_OK;
}

// Of edges in order, which keep their places.
static gnnac_status build_sorted(const struct edge_list *l, struct csr *out,
                                 gnnac_error *err)
{
    struct csr g;
    if (!csr_alloc(&g, l->n_rows, l->n, l->weight != NULL)) {
        csr_finish(&g);
        return no_memory(err, l->n);
    }
    edge_list_starts(l, g.rowptr);
    copy_array(g.colidx, l->col, l->n);
    if (l->weight)
        copy_array(g.weight, l->weight, l->n);
    *out = g;
    return GNNAC_OK;
}

// The same, but the arrays of `g` change hands.
static gnnac_status take_sorted(const struct edge_list *l, struct coo *g,
                                struct csr *out, gnnac_error *err)
{
    int64_t *rowptr = alloc_array(l->n_rows + 1, sizeof(*rowptr));
    if (!rowptr)
        return no_memory(err, l->n);
    edge_list_starts(l, rowptr);
    bool swapped = l->col == g->dst;
    *out = (struct csr){.n_nodes = l->n_rows,
                        .n_edges = l->n,
                        .rowptr = rowptr,
                        .colidx = swapped ? g->dst : g->src,
                        .weight = g->weight};
    *(swapped ? &g->dst : &g->src) = NULL;
    g->weight = NULL;
    return GNNAC_OK;
}

// ---- options ----------------------------------------------------------------

// Rewrite every row by `keep`, which copies what stays (and what is added) of
// row v to `col`, `weight` (may be NULL) and returns how many; with NULL
// outputs it only counts.
typedef int64_t row_writer(const struct csr *g, const struct csr *other,
                           int64_t v, int32_t *col, float *weight);

static gnnac_status rewrite(const struct csr *g, const struct csr *other,
                            row_writer *write, struct csr *out,
                            gnnac_error *err)
{
    int64_t *rowptr = alloc_array(g->n_nodes + 1, sizeof(*rowptr));
    if (!rowptr)
        return no_memory(err, g->n_edges);
    rowptr[0] = 0;
#pragma omp parallel for schedule(dynamic, 1024)
    for (int64_t v = 0; v < g->n_nodes; v++)
        rowptr[v + 1] = write(g, other, v, NULL, NULL);
    for (int64_t v = 0; v < g->n_nodes; v++)
        rowptr[v + 1] += rowptr[v];

    struct csr r;
    if (!csr_alloc(&r, g->n_nodes, rowptr[g->n_nodes], g->weight != NULL)) {
        csr_finish(&r);
        free(rowptr);
        return no_memory(err, g->n_edges);
    }
    free(r.rowptr);
    r.rowptr = rowptr;
#pragma omp parallel for schedule(dynamic, 1024)
    for (int64_t v = 0; v < g->n_nodes; v++)
        write(g, other, v, r.colidx + rowptr[v],
              r.weight ? r.weight + rowptr[v] : NULL);
    *out = r;
    return GNNAC_OK;
}

static int64_t emit_cell(const struct csr *g, int64_t e, int64_t n,
                         int32_t *col, float *weight)
{
    if (col)
        col[n] = g->colidx[e];
    if (weight)
        weight[n] = g->weight[e];
    return n + 1;
}

static int64_t write_without_loops(const struct csr *g, const struct csr *other,
                                   int64_t v, int32_t *col, float *weight)
{
    (void)other;
    int64_t n = 0;
    for (int64_t e = g->rowptr[v]; e < g->rowptr[v + 1]; e++)
        if (g->colidx[e] != v)
            n = emit_cell(g, e, n, col, weight);
    return n;
}

// The first of equal edges stays.
static int64_t write_distinct(const struct csr *g, const struct csr *other,
                              int64_t v, int32_t *col, float *weight)
{
    (void)other;
    int64_t n = 0;
    for (int64_t e = g->rowptr[v]; e < g->rowptr[v + 1]; e++)
        if (e == g->rowptr[v] || g->colidx[e] != g->colidx[e - 1])
            n = emit_cell(g, e, n, col, weight);
    return n;
}

// A loop of weight 1 where the row has none.
static int64_t write_with_loop(const struct csr *g, const struct csr *other,
                               int64_t v, int32_t *col, float *weight)
{
    (void)other;
    int64_t n = 0, e = g->rowptr[v], end = g->rowptr[v + 1];
    for (; e < end && g->colidx[e] < v; e++)
        n = emit_cell(g, e, n, col, weight);
    if (e == end || g->colidx[e] != v) {
        if (col)
            col[n] = (int32_t)v;
        if (weight)
            weight[n] = 1;
        n++;
    }
    for (; e < end; e++)
        n = emit_cell(g, e, n, col, weight);
    return n;
}

// Union of row v and of the transpose's row v: each id as often as in the one
// that has it more often.
static int64_t write_union(const struct csr *g, const struct csr *t, int64_t v,
                           int32_t *col, float *weight)
{
    int64_t n = 0, e = g->rowptr[v], f = t->rowptr[v];
    int64_t e_end = g->rowptr[v + 1], f_end = t->rowptr[v + 1];
    while (e < e_end || f < f_end) {
        if (f == f_end || (e < e_end && g->colidx[e] < t->colidx[f])) {
            n = emit_cell(g, e++, n, col, weight);
        } else if (e == e_end || t->colidx[f] < g->colidx[e]) {
            n = emit_cell(t, f++, n, col, weight);
        } else {
            n = emit_cell(g, e++, n, col, weight);
            f++;
        }
    }
    return n;
}

// Replace *g by its rewritten form.
static gnnac_status rewrite_in_place(struct csr *g, const struct csr *other,
                                     row_writer *write, gnnac_error *err)
{
    struct csr r;
    gnnac_status st = rewrite(g, other, write, &r, err);
    if (st != GNNAC_OK)
        return st;
    csr_finish(g);
    *g = r;
    return GNNAC_OK;
}

static gnnac_status symmetrize(struct csr *g, gnnac_error *err)
{
    struct csr t;
    gnnac_status st = csr_transpose(g, &t, err);
    if (st != GNNAC_OK)
        return st;
    st = rewrite_in_place(g, &t, write_union, err);
    csr_finish(&t);
    return st;
}

static struct edge_list list_of(const struct coo *g,
                                const struct graph_options *opt)
{
    bool swap = opt->target_to_source;
    return (struct edge_list){.n = g->n_edges,
                              .n_rows = g->n_nodes,
                              .row = swap ? g->src : g->dst,
                              .col = swap ? g->dst : g->src,
                              .weight = g->weight};
}

// What the options add to and drop from *g, which is lost on failure.
static gnnac_status apply(const struct graph_options *opt, struct csr *g,
                          gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    if (opt->symmetrize)
        st = symmetrize(g, err);
    if (st == GNNAC_OK && opt->self_loops)
        st = rewrite_in_place(g, NULL, write_with_loop, err);
    if (st == GNNAC_OK && opt->dedupe)
        st = rewrite_in_place(g, NULL, write_distinct, err);
    if (st != GNNAC_OK)
        csr_finish(g);
    return st;
}

gnnac_status csr_from_coo(const struct coo *g, const struct graph_options *opt,
                          struct csr *out, gnnac_error *err)
{
    struct edge_list l = list_of(g, opt);
    struct csr r;
    if (opt->n_threads)
        omp_set_num_threads(opt->n_threads);
    gnnac_status st = edge_list_is_sorted(&l) ? build_sorted(&l, &r, err)
                                              : build(&l, &r, err);
    if (st == GNNAC_OK)
        st = apply(opt, &r, err);
    if (st == GNNAC_OK)
        *out = r;
    return st;
}

// Below so many edges memory is not worth the calls that give it back.
enum { LARGE = 1 << 23 };

gnnac_status csr_take_coo(struct coo *g, const struct graph_options *opt,
                          struct csr *out, gnnac_error *err)
{
    struct edge_list l = list_of(g, opt);
    struct csr r;
    if (opt->n_threads)
        omp_set_num_threads(opt->n_threads);
    l.consume = l.n >= LARGE;
    gnnac_status st = edge_list_is_sorted(&l) ? take_sorted(&l, g, &r, err)
                                              : build(&l, &r, err);
    coo_finish(g);
    if (st == GNNAC_OK)
        st = apply(opt, &r, err);
    if (st == GNNAC_OK)
        *out = r;
    return st;
}

gnnac_status csr_drop_self_loops(const struct csr *g, struct csr *out,
                                 gnnac_error *err)
{
    return rewrite(g, NULL, write_without_loops, out, err);
}

gnnac_status csr_transpose(const struct csr *g, struct csr *out,
                           gnnac_error *err)
{
    const struct edge_list l = {.n = g->n_edges,
                                .n_rows = g->n_nodes,
                                .row = g->colidx,
                                .weight = g->weight,
                                .starts = g->rowptr,
                                .n_starts = g->n_nodes};
    return build(&l, out, err);
}

void csr_fingerprint(const struct csr *g, char hex[33])
{
    graph_fingerprint(g->n_nodes, g->n_edges, g->rowptr, g->colidx, hex);
}
