#include "order/community.h"

#include <omp.h>
#include <string.h>

#include "order/leiden.h"
#include "order/perm.h"
#include "order/rabbit.h"
#include "order/simple_graph.h"

// The communities are what the order is made of; the rest of it is not needed.
static gnnac_status find_by_rabbit(const struct csr *g, int n_threads,
                                   struct partition *out, gnnac_error *err)
{
    struct rabbit r = {0};
    gnnac_status st = rabbit_order(g, n_threads, &r, err);
    if (st != GNNAC_OK)
        return st;
    *out = r.top;
    r.top = (struct partition){0};
    rabbit_finish(&r);
    return GNNAC_OK;
}

static const struct {
    const char *name;
    gnnac_status (*find)(const struct csr *g, int n_threads,
                         struct partition *out, gnnac_error *err);
} methods[] = {{"rabbit", find_by_rabbit}, {"leiden", leiden}};

gnnac_status community_find(const struct csr *g, const char *method,
                            int n_threads, struct partition *out,
                            gnnac_error *err)
{
    for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
        if (strcmp(methods[i].name, method) == 0)
            return methods[i].find(g, n_threads, out, err);
    return FAIL(err, GNNAC_EUSAGE,
                "communities by '%s': expected rabbit|leiden", method);
}

gnnac_status community_props(const struct csr *g, const char *method,
                             int n_threads, struct props *props,
                             struct partition *out, gnnac_error *err)
{
    struct csr owned = {0}, simple;
    struct partition p = {0};
    struct partition_quality q;
    gnnac_status st = GNNAC_OK;
    if (n_threads)
        omp_set_num_threads(n_threads);
    TRY(simple_graph_of(g, &owned, &simple, err));
    TRY(community_find(&simple, method, n_threads, &p, err));
    TRY(partition_measure(&simple, p.of, p.n_communities, &q, err));
    props_int(props, "graph.community.count", p.n_communities);
    props_real(props, "graph.community.modularity", q.modularity);
    props_int(props, "graph.community.largest", q.largest);
    props_real(props, "graph.community.intra_edge_share", q.intra_edge_share);
    props_text(props, "graph.community.method", method);
    if (out) {
        *out = p;
        p = (struct partition){0};
    }
out:
    csr_finish(&owned);
    partition_finish(&p);
    return st;
}

// The file of an order is an int32 array [nodes], too.
gnnac_status communities_save(const char *path, const struct partition *p,
                              gnnac_error *err)
{
    return perm_save(path, p->of, p->n_nodes, err);
}
