#include "tune/reorder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "checked.h"
#include "graph/text.h"
#include "order/orders.h"

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
    if (stays(reorder) || is_file(reorder) || order_find(reorder, &mine))
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

static gnnac_status compute(const struct csr *g, const char *reorder,
                            int n_threads, struct graph_order *o,
                            gnnac_error *err)
{
    o->perm = alloc_array(g->n_nodes, sizeof(*o->perm));
    o->inverse = alloc_array(g->n_nodes, sizeof(*o->inverse));
    if (!o->perm || !o->inverse)
        return FAIL(err, GNNAC_ENOMEM, "out of memory for the order");
    gnnac_status st = order_compute(g, reorder, n_threads, o->perm, err);
    if (st != GNNAC_OK)
        return st;
    perm_invert(o->perm, g->n_nodes, o->inverse);
    explain(reorder, o);
    return GNNAC_OK;
}

gnnac_status graph_order_find(const struct csr *g, const char *reorder,
                              int n_threads, struct graph_order *out,
                              gnnac_error *err)
{
    struct graph_order o = {0};
    gnnac_status st = graph_order_check(reorder, err);
    if (st == GNNAC_OK && !stays(reorder))
        st = compute(g, reorder, n_threads, &o, err);
    if (st == GNNAC_OK)
        *out = o;
    else
        graph_order_finish(&o);
    return st;
}
