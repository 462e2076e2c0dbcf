#include "tune/reorder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "checked.h"
#include "graph/text.h"
#include "order/orders.h"
#include "order/reorder_auto.h"

void graph_order_finish(struct graph_order *o)
{
    free(o->perm);
    free(o->inverse);
    *o = (struct graph_order){0};
}

static bool stays(const char *reorder)
{
    return !reorder || strcmp(reorder, "none") == 0;
}

static bool is_file(const char *reorder)
{
    return path_has_suffix(reorder, ".npy");
}

gnnac_status graph_order_check(const char *reorder, gnnac_error *err)
{
    gnnac_error mine = {{0}};
    if (stays(reorder) || reorder_check(reorder, &mine) == GNNAC_OK)
        return GNNAC_OK;
    return FAIL(err, GNNAC_EUSAGE, "--reorder: %s", mine.msg);
}

// Not where the file lies: a bundle has the same bytes wherever it was made.
static void explain(const char *reorder, struct graph_order *o)
{
    const char *slash = strrchr(reorder, '/');
    bool file = is_file(reorder);
    snprintf(o->method, sizeof(o->method), "%s", file ? "file" : reorder);
    if (file)
        snprintf(o->why, sizeof(o->why), "the permutation of %s",
                 slash ? slash + 1 : reorder);
    else
        snprintf(o->why, sizeof(o->why), "--reorder asks for it");
}

static gnnac_status compute(const struct csr *g,
                            const struct graph_order_request *rq,
                            struct graph_order *o, gnnac_error *err)
{
    o->perm = alloc_array(g->n_nodes, sizeof(*o->perm));
    if (!o->perm)
        return FAIL(err, GNNAC_ENOMEM, "out of memory for the order");
    gnnac_status st =
        order_compute(g, rq->reorder, rq->n_threads, o->perm, err);
    explain(rq->reorder, o);
    return st;
}

// A node's rows are moved by a read and a write; what one pass moves is spread
// over its aggregations, which are what the rule counts in.
static gnnac_status choose(const struct csr *g,
                           const struct graph_order_request *rq,
                           struct graph_order *o, gnnac_error *err)
{
    struct reorder_choice c;
    int32_t n = rq->n_aggregates > 0 ? rq->n_aggregates : 1;
    double rows = rq->columns > 0 ? rq->columns_moved / rq->columns : 0;
    const struct reorder_request r = {
        .rule = rq->reorder,
        .runs = (rq->runs ? rq->runs : REORDER_RUNS) * n,
        .columns = (int64_t)(rq->columns + 0.5),
        .bytes_per_s = rq->bytes_per_s,
        .rows_moved = 2 * rows * (double)g->n_nodes / n,
        .n_threads = rq->n_threads,
    };
    gnnac_status st = reorder_choose(g, &r, &c, err);
    if (st != GNNAC_OK)
        return st;
    snprintf(o->method, sizeof(o->method), "%s", c.method);
    snprintf(o->why, sizeof(o->why), "%s: %s", rq->reorder, c.why);
    o->perm = c.perm;
    c.perm = NULL;
    reorder_choice_finish(&c);
    return GNNAC_OK;
}

static gnnac_status invert(int64_t n, struct graph_order *o, gnnac_error *err)
{
    if (!o->perm)
        return GNNAC_OK;
    if (!(o->inverse = alloc_array(n, sizeof(*o->inverse))))
        return FAIL(err, GNNAC_ENOMEM, "out of memory for the order");
    perm_invert(o->perm, n, o->inverse);
    return GNNAC_OK;
}

gnnac_status graph_order_find(const struct csr *g,
                              const struct graph_order_request *rq,
                              struct graph_order *out, gnnac_error *err)
{
    struct graph_order o = {0};
    gnnac_status st = graph_order_check(rq->reorder, err);
    if (st == GNNAC_OK && !stays(rq->reorder))
        st = reorder_is_rule(rq->reorder) ? choose(g, rq, &o, err)
                                          : compute(g, rq, &o, err);
    if (st == GNNAC_OK)
        st = invert(g->n_nodes, &o, err);
    if (st == GNNAC_OK)
        *out = o;
    else
        graph_order_finish(&o);
    return st;
}
