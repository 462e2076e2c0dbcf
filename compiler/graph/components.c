#include "graph/components.h"

#include <stdlib.h>

#include "checked.h"

// Trees over the nodes, joined until each is a component. A parent is never
// larger than its child, so that the root is the smallest node of its tree.
// After Sutton, Ben-Nun, Barak: "Optimizing Parallel Graph Connectivity
// Computation via Subgraph Sampling", IPDPS 2018: a few entries of each row
// join most of the largest component, whose other edges then tell nothing.

enum { FIRST_ENTRIES = 2, SAMPLES = 1024 };

static int32_t get(const int32_t *parent, int32_t v)
{
    return __atomic_load_n(&parent[v], __ATOMIC_RELAXED);
}

// Hook the larger of two roots under the smaller, or climb and try again.
static void join(int32_t *parent, int32_t u, int32_t v)
{
    int32_t a = get(parent, u), b = get(parent, v);
    while (a != b) {
        int32_t high = a > b ? a : b, low = a > b ? b : a;
        int32_t above = get(parent, high);
        if (above == low)
            return;
        if (above == high &&
            __atomic_compare_exchange_n(&parent[high], &above, low, false,
                                        __ATOMIC_RELAXED, __ATOMIC_RELAXED))
            return;
        a = get(parent, get(parent, high));
        b = get(parent, low);
    }
}

// Every node's parent becomes its root. None is hooked meanwhile.
static void flatten(int32_t *parent, int64_t n)
{
#pragma omp parallel for schedule(dynamic, 16384)
    for (int64_t v = 0; v < n; v++) {
        int32_t root = get(parent, (int32_t)v), above;
        while ((above = get(parent, root)) != root)
            root = above;
        __atomic_store_n(&parent[v], root, __ATOMIC_RELAXED);
    }
}

// Entries [from, to) of each row, `to` -1: to its end, but not of those rows
// whose root is `skip`.
static void join_rows(const struct csr *g, int32_t *parent, int64_t from,
                      int64_t to, int32_t skip)
{
#pragma omp parallel for schedule(dynamic, 4096)
    for (int64_t v = 0; v < g->n_nodes; v++) {
        int64_t begin = g->rowptr[v], end = g->rowptr[v + 1];
        if (to >= 0 && begin + to < end)
            end = begin + to;
        if (begin + from >= end || get(parent, (int32_t)v) == skip)
            continue;
        for (int64_t e = begin + from; e < end; e++)
            join(parent, (int32_t)v, g->colidx[e]);
    }
}

static int compare_ids(const void *a, const void *b)
{
    int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
    return (x > y) - (x < y);
}

// The root that most of some nodes have. Any answer is right; this one is
// quick.
static int32_t common_root(const int32_t *parent, int64_t n)
{
    int32_t roots[SAMPLES], best = 0;
    int64_t n_samples = n < SAMPLES ? n : SAMPLES, longest = 0, run = 0;
    for (int64_t i = 0; i < n_samples; i++)
        roots[i] = parent[n / n_samples * i];
    qsort(roots, (size_t)n_samples, sizeof(*roots), compare_ids);
    for (int64_t i = 0; i < n_samples; i++) {
        run = i && roots[i] == roots[i - 1] ? run + 1 : 1;
        if (run > longest) {
            longest = run;
            best = roots[i];
        }
    }
    return best;
}

static void join_all(const struct csr *g, bool symmetric, int32_t *parent)
{
    int32_t skip = -1;
#pragma omp parallel for schedule(static)
    for (int64_t v = 0; v < g->n_nodes; v++)
        parent[v] = (int32_t)v;
    join_rows(g, parent, 0, FIRST_ENTRIES, -1);
    flatten(parent, g->n_nodes);
    // The edge from outside into the component stands in the other row, too.
    if (symmetric && g->n_nodes > 0)
        skip = common_root(parent, g->n_nodes);
    join_rows(g, parent, FIRST_ENTRIES, -1, skip);
    flatten(parent, g->n_nodes);
}

gnnac_status components_count(const struct csr *g, bool symmetric,
                              struct components *out, gnnac_error *err)
{
    struct components c = {0};
    int32_t *parent = alloc_array(g->n_nodes, sizeof(*parent));
    int32_t *size = calloc_array(g->n_nodes, sizeof(*size));
    if (!parent || !size) {
        free(parent);
        free(size);
        return FAIL(err, GNNAC_ENOMEM, "out of memory");
    }
    join_all(g, symmetric, parent);
    for (int64_t v = 0; v < g->n_nodes; v++) {
        int32_t n = ++size[parent[v]];
        c.count += parent[v] == v;
        if (n > c.largest)
            c.largest = n;
    }
    free(parent);
    free(size);
    *out = c;
    return GNNAC_OK;
}
