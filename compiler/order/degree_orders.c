#include "order/degree_orders.h"

#include <stdlib.h>

#include "checked.h"
#include "order/perm.h"

enum { DBG_GROUPS = 8 };

struct degrees {
    int64_t n_nodes, n_edges; // their ratio is the mean
    int64_t max;
};

// A node's place among the keys, from its degree.
typedef int64_t key_of_degree(const struct degrees *d, int64_t degree);

static int64_t descending(const struct degrees *d, int64_t degree)
{
    return d->max - degree;
}

static int64_t hubs_first(const struct degrees *d, int64_t degree)
{
    if (degree * d->n_nodes > d->n_edges)
        return d->max - degree;
    return degree > 0 ? d->max : d->max + 1;
}

// Twice all degrees, so that half the mean is an integer's multiple.
static int64_t dbg_group(const struct degrees *d, int64_t degree)
{
    int64_t group = 0, factor = INT64_C(1) << (DBG_GROUPS - 2);
    if (degree == 0)
        return DBG_GROUPS;
    while (factor > 0 && 2 * (uint128)degree * (uint128)d->n_nodes <
                             (uint128)factor * (uint128)d->n_edges) {
        factor /= 2;
        group++;
    }
    return group;
}

static gnnac_status order_by(const struct csr *g, key_of_degree *key_of,
                             int32_t *perm, gnnac_error *err)
{
    struct degrees d = {g->n_nodes, g->n_edges, csr_max_degree(g)};
    int64_t n_keys = (d.max > DBG_GROUPS ? d.max : DBG_GROUPS) + 2;
    int32_t *key = alloc_array(g->n_nodes, sizeof(*key));
    if (!key)
        return FAIL(err, GNNAC_ENOMEM, "out of memory for %lld nodes",
                    (long long)g->n_nodes);
#pragma omp parallel for schedule(static)
    for (int64_t v = 0; v < g->n_nodes; v++)
        key[v] = (int32_t)key_of(&d, csr_degree(g, v));
    gnnac_status st = perm_by_key(key, g->n_nodes, n_keys, perm, err);
    free(key);
    return st;
}

gnnac_status degree_order(const struct csr *g, int n_threads, int32_t *perm,
                          gnnac_error *err)
{
    (void)n_threads;
    return order_by(g, descending, perm, err);
}

gnnac_status hub_order(const struct csr *g, int n_threads, int32_t *perm,
                       gnnac_error *err)
{
    (void)n_threads;
    return order_by(g, hubs_first, perm, err);
}

gnnac_status dbg_order(const struct csr *g, int n_threads, int32_t *perm,
                       gnnac_error *err)
{
    (void)n_threads;
    return order_by(g, dbg_group, perm, err);
}
