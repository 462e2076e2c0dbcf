#include "graph/symmetry.h"

#include <omp.h>
#include <stdlib.h>

#include "checked.h"

// Memory for the tables of all threads.
static const int64_t table_bytes_max = INT64_C(4) << 30;

// Threads take runs of rows with equal shares of the edges.
static int count_ranges(const struct csr *g)
{
    int64_t affordable = table_bytes_max / (8 * (g->n_nodes + 1)) + 1;
    int64_t worth = g->n_edges / (g->n_nodes + 1) + 1;
    int64_t n = omp_get_max_threads();
    n = n < affordable ? n : affordable;
    return (int)(n < worth ? n : worth);
}

// First row that has `share` of `n` shares of the edges before it.
static int64_t range_row(const struct csr *g, int64_t share, int64_t n)
{
    int64_t low = 0, high = g->n_nodes;
    int64_t before = g->n_edges / n * share + g->n_edges % n * share / n;
    if (share == n)
        return g->n_nodes;
    while (low < high) {
        int64_t mid = (low + high) / 2;
        if (g->rowptr[mid] < before)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

// First entry of row v with a column of at least `col`.
static int64_t find_entry(const struct csr *g, int64_t v, int64_t col)
{
    int64_t low = g->rowptr[v], high = g->rowptr[v + 1];
    while (low < high) {
        int64_t mid = low + (high - low) / 2;
        if (g->colidx[mid] < col)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

// ---- symmetry ---------------------------------------------------------------

// As v grows, so do the entries of row u that name v: a cursor in each row
// finds them all. next[u] is one more than the entry, 0 before the first.
// Returns whether each (u, v) of row v with u < v has its own (v, u) in row u;
// *balance counts the ones that need one up and those that could be one down.
static bool match_row(const struct csr *g, int64_t v, int64_t *next,
                      int64_t *balance)
{
    for (int64_t e = g->rowptr[v]; e < g->rowptr[v + 1]; e++) {
        int32_t u = g->colidx[e];
        *balance += (u < v) - (u > v);
        if (u >= v)
            continue;
        int64_t at = next[u] ? next[u] - 1 : find_entry(g, u, v);
        if (at == g->rowptr[u + 1] || g->colidx[at] != v)
            return false;
        next[u] = at + 2;
    }
    return true;
}

gnnac_status csr_is_symmetric(const struct csr *g, bool *out, gnnac_error *err)
{
    bool ok = true, differ = false;
    int64_t balance = 0;
    int n = count_ranges(g);
#pragma omp parallel for num_threads(n) schedule(static, 1)                    \
    reduction(&& : ok) reduction(+ : balance)
    for (int i = 0; i < n; i++) {
        int64_t end = range_row(g, i + 1, n);
        int64_t *next = calloc_array(g->n_nodes, sizeof(*next));
        ok = next != NULL;
        for (int64_t v = range_row(g, i, n); ok && v < end; v++) {
            bool stop;
#pragma omp atomic read
            stop = differ;
            if (stop)
                break;
            if (!match_row(g, v, next, &balance)) {
#pragma omp atomic write
                differ = true;
            }
        }
        free(next);
    }
    if (!ok)
        return FAIL(err, GNNAC_ENOMEM, "out of memory");
    *out = !differ && balance == 0;
    return GNNAC_OK;
}

// ---- columns ----------------------------------------------------------------

gnnac_status csr_column_starts(const struct csr *g, int64_t **out,
                               gnnac_error *err)
{
    int n = count_ranges(g);
    int64_t n_nodes = g->n_nodes;
    int64_t *start = alloc_array(n_nodes + 1, sizeof(*start));
    int64_t *count = calloc_array(n_nodes * n, sizeof(*count));
    if (!start || !count) {
        free(start);
        free(count);
        return FAIL(err, GNNAC_ENOMEM, "out of memory");
    }
#pragma omp parallel for num_threads(n) schedule(static, 1)
    for (int i = 0; i < n; i++) {
        int64_t *mine = count + i * n_nodes;
        int64_t end = g->n_edges * (i + 1) / n;
        for (int64_t e = g->n_edges * i / n; e < end; e++)
            mine[g->colidx[e]]++;
    }
    start[0] = 0;
    for (int64_t u = 0; u < n_nodes; u++) {
        start[u + 1] = start[u];
        for (int i = 0; i < n; i++)
            start[u + 1] += count[i * n_nodes + u];
    }
    free(count);
    *out = start;
    return GNNAC_OK;
}
