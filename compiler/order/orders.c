#include "order/orders.h"

#include <omp.h>
#include <string.h>

#include "base/nearest.h"
#include "graph/text.h"
#include "order/community.h"
#include "order/degree_orders.h"
#include "order/rabbit.h"
#include "order/rcm.h"
#include "order/simple_graph.h"
#include "order/window.h"

static gnnac_status none(const struct csr *g, int n_threads, int32_t *perm,
                         gnnac_error *err)
{
    (void)n_threads;
    (void)err;
    for (int64_t v = 0; v < g->n_nodes; v++)
        perm[v] = (int32_t)v;
    return GNNAC_OK;
}

static gnnac_status rabbit(const struct csr *g, int n_threads, int32_t *perm,
                           gnnac_error *err)
{
    struct rabbit r = {0};
    gnnac_status st = rabbit_order(g, n_threads, &r, err);
    if (st == GNNAC_OK && g->n_nodes > 0)
        memcpy(perm, r.perm, (size_t)g->n_nodes * sizeof(*perm));
    rabbit_finish(&r);
    return st;
}

// Communities as Rabbit Order finds and numbers them; a node without edges is
// one, behind the others.
static gnnac_status community(const struct csr *g, int n_threads,
                              int32_t *perm, gnnac_error *err)
{
    struct partition p = {0};
    gnnac_status st = community_find(g, "rabbit", n_threads, &p, err);
    if (st == GNNAC_OK)
        st = perm_by_key(p.of, g->n_nodes, p.n_communities, perm, err);
    partition_finish(&p);
    return st;
}

const struct order_method order_methods[] = {
    {"none", "the nodes as they are", none},
    {"rabbit", "communities inside communities (Rabbit Order)", rabbit},
    {"rcm", "neighbours near each other (Reverse Cuthill-McKee)", rcm_order},
    {"degree", "descending degree", degree_order},
    {"dbg", "eight groups of like degree, old order inside", dbg_order},
    {"hub", "nodes above the mean degree first, descending", hub_order},
    {"community", "one community after the other, old order inside",
     community},
    {"window", "rows that share columns side by side, for tiles (Gorder)",
     window_order},
    {.name = NULL},
};

static const struct order_method *find(const char *name, struct nearest *n)
{
    n->wanted = name;
    for (const struct order_method *m = order_methods; m->name; m++) {
        if (strcmp(m->name, name) == 0)
            return m;
        nearest_offer(n, m->name);
    }
    return NULL;
}

const struct order_method *order_find(const char *name, gnnac_error *err)
{
    struct nearest n = {0};
    char hint[96];
    const struct order_method *m = find(name, &n);
    if (!m)
        gnnac__set_error(err, "no order '%s'%s", name,
                         nearest_hint(&n, hint, sizeof(hint)));
    return m;
}

gnnac_status order_compute_simple(const struct csr *simple, const char *name,
                                  int n_threads, int32_t *perm,
                                  gnnac_error *err)
{
    if (n_threads)
        omp_set_num_threads(n_threads);
    if (path_has_suffix(name, ".npy"))
        return perm_load(name, simple->n_nodes, perm, err);
    const struct order_method *m = order_find(name, err);
    return m ? m->compute(simple, n_threads, perm, err) : GNNAC_EUSAGE;
}

gnnac_status order_compute(const struct csr *g, const char *name,
                           int n_threads, int32_t *perm, gnnac_error *err)
{
    struct csr owned = {0}, simple = {0};
    if (path_has_suffix(name, ".npy") || strcmp(name, "none") == 0)
        return order_compute_simple(g, name, n_threads, perm, err);
    if (!order_find(name, err))
        return GNNAC_EUSAGE;
    if (n_threads)
        omp_set_num_threads(n_threads);
    gnnac_status st = simple_graph_of(g, &owned, &simple, err);
    if (st == GNNAC_OK)
        st = order_compute_simple(&simple, name, n_threads, perm, err);
    csr_finish(&owned);
    return st;
}
