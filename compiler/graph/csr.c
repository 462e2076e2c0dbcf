#include "graph/csr.h"

#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "checked.h"
#include "graph_fingerprint.h"

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

static gnnac_status no_memory(gnnac_error *err, int64_t n_edges)
{
    return FAIL(err, GNNAC_ENOMEM, "out of memory for a graph of %lld edges",
                (long long)n_edges);
}

// ---- counting sort ----------------------------------------------------------

// Edges as parallel arrays to be grouped by `key`. `value2` may be NULL.
struct pairs {
    int64_t n;
    const int32_t *key, *value;
    const float *weight;
};

// Threads take equal runs of edges; each counts its own keys, so that writing
// keeps file order within a key whatever the number of threads.
static int sort_threads(int64_t n_keys, int64_t n)
{
    // One table of counters per thread: no more of them than edges pay for.
    int64_t worth = n / (n_keys + 1) + 1;
    int64_t most = omp_get_max_threads();
    return (int)(worth < most ? worth : most);
}

static void count_keys(const struct pairs *p, int n_threads, int64_t n_keys,
                       int64_t *count)
{
#pragma omp parallel for num_threads(n_threads) schedule(static, 1)
    for (int t = 0; t < n_threads; t++) {
        int64_t *mine = count + (int64_t)t * n_keys;
        int64_t begin = p->n * t / n_threads, end = p->n * (t + 1) / n_threads;
        for (int64_t e = begin; e < end; e++)
            mine[p->key[e]]++;
    }
}

// Counters become the places where each thread writes its share of each key.
static void counts_to_offsets(int64_t n_keys, int n_threads, int64_t *count,
                              int64_t *start)
{
    int64_t sum = 0;
    for (int64_t k = 0; k < n_keys; k++) {
        start[k] = sum;
        for (int t = 0; t < n_threads; t++) {
            int64_t *c = &count[(int64_t)t * n_keys + k];
            int64_t n = *c;
            *c = sum;
            sum += n;
        }
    }
    start[n_keys] = sum;
}

static void scatter(const struct pairs *p, int n_threads, int64_t n_keys,
                    int64_t *place, int32_t *value, float *weight)
{
#pragma omp parallel for num_threads(n_threads) schedule(static, 1)
    for (int t = 0; t < n_threads; t++) {
        int64_t *mine = place + (int64_t)t * n_keys;
        int64_t begin = p->n * t / n_threads, end = p->n * (t + 1) / n_threads;
        for (int64_t e = begin; e < end; e++) {
            int64_t at = mine[p->key[e]]++;
            value[at] = p->value[e];
            if (weight)
                weight[at] = p->weight[e];
        }
    }
}

// Group by key, keeping order within a key. start[n_keys + 1] is allocated by
// the caller, as are value and weight.
static bool group(const struct pairs *p, int64_t n_keys, int64_t *start,
                  int32_t *value, float *weight)
{
    int n_threads = sort_threads(n_keys, p->n);
    int64_t *count = calloc_array(n_keys * n_threads, sizeof(*count));
    if (!count)
        return false;
    count_keys(p, n_threads, n_keys, count);
    counts_to_offsets(n_keys, n_threads, count, start);
    scatter(p, n_threads, n_keys, count, value, weight);
    free(count);
    return true;
}

// ---- rows -------------------------------------------------------------------

struct cell {
    int32_t col;
    float weight;
};

static int compare_ids(const void *a, const void *b)
{
    int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
    return (x > y) - (x < y);
}

static bool row_is_sorted(const int32_t *col, int64_t n)
{
    for (int64_t i = 1; i < n; i++)
        if (col[i - 1] > col[i])
            return false;
    return true;
}

static void insertion_sort(int32_t *col, float *weight, int64_t n)
{
    for (int64_t i = 1; i < n; i++) {
        struct cell c = {col[i], weight ? weight[i] : 0};
        int64_t j = i;
        for (; j > 0 && col[j - 1] > c.col; j--) {
            col[j] = col[j - 1];
            if (weight)
                weight[j] = weight[j - 1];
        }
        col[j] = c.col;
        if (weight)
            weight[j] = c.weight;
    }
}

// Stable merge sort of ids with their weights; `spare` holds n cells.
static void merge_sort(struct cell *c, struct cell *spare, int64_t n)
{
    if (n < 2)
        return;
    int64_t half = n / 2, i = 0, j = half;
    merge_sort(c, spare, half);
    merge_sort(c + half, spare, n - half);
    memcpy(spare, c, (size_t)n * sizeof(*c));
    for (int64_t k = 0; k < n; k++)
        c[k] = j == n || (i < half && spare[i].col <= spare[j].col)
                   ? spare[i++]
                   : spare[j++];
}

static bool sort_weighted_row(int32_t *col, float *weight, int64_t n)
{
    struct cell *c = alloc_array(2 * n, sizeof(*c));
    if (!c)
        return false;
    for (int64_t i = 0; i < n; i++)
        c[i] = (struct cell){col[i], weight[i]};
    merge_sort(c, c + n, n);
    for (int64_t i = 0; i < n; i++) {
        col[i] = c[i].col;
        weight[i] = c[i].weight;
    }
    free(c);
    return true;
}

static bool sort_row(int32_t *col, float *weight, int64_t n)
{
    if (row_is_sorted(col, n))
        return true;
    if (n <= 32)
        insertion_sort(col, weight, n);
    else if (weight)
        return sort_weighted_row(col, weight, n);
    else
        qsort(col, (size_t)n, sizeof(*col), compare_ids);
    return true;
}

static bool sort_rows(struct csr *g)
{
    bool ok = true;
#pragma omp parallel for schedule(dynamic, 256) reduction(&& : ok)
    for (int64_t v = 0; v < g->n_nodes; v++) {
        int64_t at = g->rowptr[v];
        ok = sort_row(g->colidx + at, g->weight ? g->weight + at : NULL,
                      g->rowptr[v + 1] - at) &&
             ok;
    }
    return ok;
}

static bool csr_alloc(struct csr *g, int64_t n_nodes, int64_t n_edges,
                      bool weighted)
{
    *g = (struct csr){.n_nodes = n_nodes,
                      .n_edges = n_edges,
                      .rowptr = calloc_array(n_nodes + 1, sizeof(*g->rowptr)),
                      .colidx = alloc_array(n_edges, sizeof(*g->colidx))};
    if (weighted)
        g->weight = alloc_array(n_edges, sizeof(*g->weight));
    return g->rowptr && g->colidx && (!weighted || g->weight);
}

static gnnac_status build(const struct pairs *p, int64_t n_nodes,
                          struct csr *out, gnnac_error *err)
{
    struct csr g;
    if (!csr_alloc(&g, n_nodes, p->n, p->weight != NULL) ||
        !group(p, n_nodes, g.rowptr, g.colidx, g.weight) || !sort_rows(&g)) {
        csr_finish(&g);
        return no_memory(err, p->n);
    }
    *out = g;
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

gnnac_status csr_from_coo(const struct coo *g, const struct graph_options *opt,
                          struct csr *out, gnnac_error *err)
{
    bool swap = opt->target_to_source;
    struct pairs p = {.n = g->n_edges,
                      .key = swap ? g->src : g->dst,
                      .value = swap ? g->dst : g->src,
                      .weight = g->weight};
    struct csr r = {0};
    if (opt->n_threads)
        omp_set_num_threads(opt->n_threads);
    gnnac_status st = build(&p, g->n_nodes, &r, err);
    if (st == GNNAC_OK && opt->symmetrize)
        st = symmetrize(&r, err);
    if (st == GNNAC_OK && opt->self_loops)
        st = rewrite_in_place(&r, NULL, write_with_loop, err);
    if (st == GNNAC_OK && opt->dedupe)
        st = rewrite_in_place(&r, NULL, write_distinct, err);
    if (st == GNNAC_OK)
        *out = r;
    else
        csr_finish(&r);
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
    int32_t *row = alloc_array(g->n_edges, sizeof(*row));
    if (!row)
        return no_memory(err, g->n_edges);
#pragma omp parallel for schedule(static)
    for (int64_t v = 0; v < g->n_nodes; v++)
        for (int64_t e = g->rowptr[v]; e < g->rowptr[v + 1]; e++)
            row[e] = (int32_t)v;
    struct pairs p = {.n = g->n_edges, .key = g->colidx, .value = row,
                      .weight = g->weight};
    gnnac_status st = build(&p, g->n_nodes, out, err);
    free(row);
    return st;
}

void csr_fingerprint(const struct csr *g, char hex[33])
{
    graph_fingerprint(g->n_nodes, g->n_edges, g->rowptr, g->colidx, hex);
}
