#include "order/row_misses.h"

#include <math.h>
#include <stdlib.h>

#include "checked.h"
#include "graph/locality.h"
#include "graph/symmetry.h"

gnnac_status row_misses_measure(const struct csr *g, double *out,
                                gnnac_error *err)
{
    struct locality l;
    gnnac_status st = locality_measure(g, &l, err);
    if (st == GNNAC_OK)
        *out = (double)(l.lru_misses_small + l.lru_misses_large) / 2;
    return st;
}

// Columns that so many entries name.
struct popularity {
    double entries, columns;
};

struct popularities {
    struct popularity *items;
    int64_t n;
    double entries, columns; // in all
};

static int64_t most_entries(const int64_t *starts, int64_t n)
{
    int64_t most = 0;
    for (int64_t v = 0; v < n; v++)
        if (starts[v + 1] - starts[v] > most)
            most = starts[v + 1] - starts[v];
    return most;
}

// From counts by number of entries, [most + 1].
static bool list_popularities(const int64_t *count, int64_t most,
                              struct popularities *p)
{
    int64_t n = 0;
    for (int64_t k = 1; k <= most; k++)
        n += count[k] > 0;
    p->items = alloc_array(n, sizeof(*p->items));
    for (int64_t k = 1; p->items && k <= most; k++) {
        if (count[k] == 0)
            continue;
        p->items[p->n++] = (struct popularity){(double)k, (double)count[k]};
        p->columns += (double)count[k];
        p->entries += (double)k * (double)count[k];
    }
    return p->items != NULL;
}

static gnnac_status find_popularities(const struct csr *g,
                                      struct popularities *p, gnnac_error *err)
{
    int64_t *starts = NULL, *count = NULL;
    gnnac_status st = csr_column_starts(g, &starts, err);
    if (st != GNNAC_OK)
        return st;
    int64_t most = most_entries(starts, g->n_nodes);
    count = calloc_array(most + 1, sizeof(*count));
    for (int64_t v = 0; count && v < g->n_nodes; v++)
        count[starts[v + 1] - starts[v]]++;
    if (!count || !list_popularities(count, most, p))
        st = FAIL(err, GNNAC_ENOMEM, "out of memory");
    free(starts);
    free(count);
    return st;
}

// Of the columns that are likely in a cache, which `time` accesses fill; and
// how many accesses miss it.
static double cached(const struct popularities *p, double time)
{
    double sum = 0;
    for (int64_t i = 0; i < p->n; i++)
        sum -= p->items[i].columns *
               expm1(-p->items[i].entries * time / p->entries);
    return sum;
}

static double missed(const struct popularities *p, double time)
{
    double sum = 0;
    for (int64_t i = 0; i < p->n; i++)
        sum += p->items[i].columns * p->items[i].entries *
               exp(-p->items[i].entries * time / p->entries);
    return sum;
}

static double shuffled_misses(const struct popularities *p, double capacity)
{
    enum { HALVINGS = 60 };
    double low = 0, high = p->entries;
    if (p->columns <= capacity)
        return p->columns;
    while (cached(p, high) < capacity)
        high *= 2;
    for (int i = 0; i < HALVINGS; i++) {
        double mid = (low + high) / 2;
        *(cached(p, mid) < capacity ? &low : &high) = mid;
    }
    return fmax(missed(p, high), p->columns);
}

gnnac_status row_misses_bound(const struct csr *g, struct row_misses_range *out,
                              gnnac_error *err)
{
    struct popularities p = {0};
    gnnac_status st = find_popularities(g, &p, err);
    if (st == GNNAC_OK)
        *out = (struct row_misses_range){.floor = p.columns,
                                         .shuffled =
                                             (shuffled_misses(&p, LRU_SMALL) +
                                              shuffled_misses(&p, LRU_LARGE)) /
                                             2};
    free(p.items);
    return st;
}
