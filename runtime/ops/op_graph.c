#include "ops/op_graph.h"

#include <stdlib.h>
#include <string.h>

#include "checked.h"
#include "ops/op_cuda.h"
#include "options.h"

static const int64_t most_nodes = INT32_MAX;

// ---- the caller's edges -----------------------------------------------------

static gnnac_status check_rowptr(const gnnac_edges *in, gnnac_error *err)
{
    if (in->rowptr[0] != 0 || in->rowptr[in->n_nodes] != in->n_edges)
        return FAIL(err, GNNAC_EUSAGE,
                    "rowptr goes from %lld to %lld: expected 0 to %lld",
                    (long long)in->rowptr[0],
                    (long long)in->rowptr[in->n_nodes], (long long)in->n_edges);
    for (int64_t v = 0; v < in->n_nodes; v++)
        if (in->rowptr[v + 1] < in->rowptr[v])
            return FAIL(err, GNNAC_EUSAGE, "rowptr falls behind row %lld",
                        (long long)v);
    return GNNAC_OK;
}

static gnnac_status check_nodes(const gnnac_edges *in, gnnac_error *err)
{
    for (int64_t e = 0; e < in->n_edges; e++) {
        int64_t u = in->rowptr ? in->colidx[e] : in->src[e];
        int64_t v = in->rowptr ? 0 : in->dst[e];
        bool bad_source = u < 0 || u >= in->n_nodes;
        if (bad_source || v < 0 || v >= in->n_nodes)
            return FAIL(err, GNNAC_EUSAGE,
                        "edge %lld: %s %lld is not one of %lld nodes",
                        (long long)e, bad_source ? "source" : "destination",
                        (long long)(bad_source ? u : v),
                        (long long)in->n_nodes);
    }
    return GNNAC_OK;
}

static gnnac_status check_edges(const gnnac_edges *in, gnnac_error *err)
{
    static const char name[] = "gnnac_edges";
    gnnac_status st = options_check(in, sizeof(*in), name, err);
    if (st != GNNAC_OK)
        return st;
    if (in->reserved != 0)
        return options_unknown(name, err);
    if (in->n_nodes < 0 || in->n_nodes > most_nodes || in->n_edges < 0)
        return FAIL(err, GNNAC_EUSAGE,
                    "a graph has 0 to %lld nodes and no "
                    "fewer than 0 edges",
                    (long long)most_nodes);
    bool lacks = in->rowptr ? !in->colidx : !in->src || !in->dst;
    if (lacks && in->n_edges > 0)
        return FAIL(err, GNNAC_EUSAGE,
                    "edges need rowptr and colidx, or src and dst");
    if (in->rowptr && (st = check_rowptr(in, err)) != GNNAC_OK)
        return st;
    return check_nodes(in, err);
}

// ---- stored by destination --------------------------------------------------

// visit(g, e, u, v) for every edge that is to be stored, in the caller's order.
static void for_edges(const gnnac_edges *in, struct gnnac_graph *g,
                      void (*visit)(struct gnnac_graph *g, int64_t e, int64_t u,
                                    int64_t v))
{
    int64_t row = 0;
    for (int64_t e = 0; e < in->n_edges; e++) {
        while (in->rowptr && e >= in->rowptr[row + 1])
            row++;
        int64_t u = in->rowptr ? in->colidx[e] : in->src[e];
        int64_t v = in->rowptr ? row : in->dst[e];
        if (u != v || !in->drop_self_loops)
            visit(g, e, u, v);
    }
}

static void count(struct gnnac_graph *g, int64_t e, int64_t u, int64_t v)
{
    (void)e;
    g->n_edges++;
    g->rowptr[v + 1]++;
    g->has_loops |= u == v;
}

// rowptr[v] runs from the beginning of row v to its end.
static void store(struct gnnac_graph *g, int64_t e, int64_t u, int64_t v)
{
    int64_t at = g->rowptr[v]++;
    g->colidx[at] = (int32_t)u;
    g->edge[at] = e;
}

static gnnac_status store_edges(const gnnac_edges *in, struct gnnac_graph *g,
                                gnnac_error *err)
{
    g->rowptr = calloc_array(g->n_nodes + 1, sizeof(*g->rowptr));
    if (!g->rowptr)
        return FAIL(err, GNNAC_ENOMEM, "out of memory for a graph");
    for_edges(in, g, count);
    g->colidx = alloc_array(g->n_edges, sizeof(*g->colidx));
    g->edge = alloc_array(g->n_edges, sizeof(*g->edge));
    if (!g->colidx || !g->edge)
        return FAIL(err, GNNAC_ENOMEM, "out of memory for a graph");
    for (int64_t v = 0; v < g->n_nodes; v++)
        g->rowptr[v + 1] += g->rowptr[v];
    for_edges(in, g, store);
    memmove(g->rowptr + 1, g->rowptr, (size_t)g->n_nodes * sizeof(*g->rowptr));
    g->rowptr[0] = 0;
    return GNNAC_OK;
}

// Edges that came sorted need no map.
static void drop_identity(struct gnnac_graph *g)
{
    for (int64_t e = 0; e < g->n_edges; e++)
        if (g->edge[e] != e)
            return;
    free(g->edge);
    g->edge = NULL;
}

gnnac_status gnnac_graph_create(gnnac_context *ctx, const gnnac_edges *edges,
                                gnnac_graph **out, gnnac_error *err)
{
    gnnac__clear(err);
    if (!ctx || !edges || !out)
        return FAIL(err, GNNAC_EUSAGE, "gnnac_graph_create: NULL argument");
    gnnac_status st = check_edges(edges, err);
    if (st != GNNAC_OK)
        return st;
    struct gnnac_graph *g = calloc(1, sizeof(*g));
    if (!g || pthread_mutex_init(&g->lock, NULL) != 0) {
        free(g);
        return FAIL(err, GNNAC_ENOMEM, "out of memory for a graph");
    }
    g->ctx = ctx;
    g->n_nodes = edges->n_nodes;
    g->n_given = edges->n_edges;
    st = store_edges(edges, g, err);
    if (st != GNNAC_OK) {
        gnnac_graph_destroy(g);
        return st;
    }
    drop_identity(g);
    *out = g;
    return GNNAC_OK;
}

void gnnac_graph_destroy(gnnac_graph *g)
{
    if (!g)
        return;
    op_graph_cuda_free(g);
    pthread_mutex_destroy(&g->lock);
    transposed_finish(&g->by_source);
    free(g->source_edge);
    free(g->dinv);
    free(g->edge);
    free(g->colidx);
    free(g->rowptr);
    free(g);
}

// ---- what plans share -------------------------------------------------------

static gnnac_status make_dinv(struct gnnac_graph *g, gnnac_error *err)
{
    if (g->dinv)
        return GNNAC_OK;
    if (!(g->dinv = alloc_array(g->n_nodes, sizeof(*g->dinv))))
        return FAIL(err, GNNAC_ENOMEM, "out of memory for a graph's norms");
    graph_dinv(g->n_nodes, g->rowptr, g->dinv);
    return GNNAC_OK;
}

static gnnac_status make_transposed(struct gnnac_graph *g, gnnac_error *err)
{
    struct transposed t;
    if (g->source_edge)
        return GNNAC_OK;
    int64_t *edge = alloc_array(g->n_edges, sizeof(*edge));
    if (!edge)
        return FAIL(err, GNNAC_ENOMEM, "out of memory for a transposed graph");
    gnnac_status st = transpose_rows(g->n_nodes, g->n_nodes, g->rowptr,
                                     g->colidx, true, &t, err);
    if (st != GNNAC_OK) {
        free(edge);
        return st;
    }
    for (int64_t e = 0; e < g->n_edges; e++)
        edge[t.position[e]] = g->edge ? g->edge[e] : e;
    free(t.position);
    t.position = NULL;
    g->by_source = t;
    g->source_edge = edge;
    return GNNAC_OK;
}

static gnnac_status make_once(struct gnnac_graph *g,
                              gnnac_status (*make)(struct gnnac_graph *,
                                                   gnnac_error *),
                              gnnac_error *err)
{
    pthread_mutex_lock(&g->lock);
    gnnac_status st = make(g, err);
    pthread_mutex_unlock(&g->lock);
    return st;
}

gnnac_status op_graph_need_dinv(struct gnnac_graph *g, gnnac_error *err)
{
    return make_once(g, make_dinv, err);
}

gnnac_status op_graph_need_transposed(struct gnnac_graph *g, gnnac_error *err)
{
    return make_once(g, make_transposed, err);
}
