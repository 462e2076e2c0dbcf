#include "bundle/input_graph.h"

#include <stdlib.h>
#include <string.h>

#include "checked.h"
#include "bundle/graph_fingerprint.h"

static int by_id(const void *a, const void *b)
{
    const int32_t *s = a, *t = b;
    return (*s > *t) - (*s < *t);
}

// Node v of the input is node perm[v] of the bundle's arrays.
static void bring_back(const struct gnnac_bundle *b, const int32_t *input_id,
                       struct input_graph *g)
{
    g->own_rowptr[0] = 0;
    for (int64_t v = 0; v < g->n_nodes; v++) {
        int64_t row = b->perm[v], first = b->rowptr[row];
        int64_t degree = b->rowptr[row + 1] - first;
        int32_t *to = g->own_colidx + g->own_rowptr[v];
        for (int64_t i = 0; i < degree; i++)
            to[i] = input_id[b->colidx[first + i]];
        qsort(to, (size_t)degree, sizeof(*to), by_id);
        g->own_rowptr[v + 1] = g->own_rowptr[v] + degree;
    }
}

static gnnac_status check_fingerprint(const struct gnnac_bundle *b,
                                      const struct input_graph *g,
                                      gnnac_error *err)
{
    char hex[33];
    const struct manifest *m = b->manifest;
    graph_fingerprint(g->n_nodes, m->n_stored_edges, g->own_rowptr,
                      g->own_colidx, hex);
    if (strcmp(hex, m->reorder.fingerprint) != 0)
        return FAIL(err, GNNAC_EWRONG,
                    "wrong order: graph/perm does not lead back to the graph "
                    "that was compiled");
    return GNNAC_OK;
}

static gnnac_status undo_order(const struct gnnac_bundle *b,
                               struct input_graph *g, gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    const struct manifest *m = b->manifest;
    int32_t *input_id = alloc_array(g->n_nodes, sizeof(*input_id));
    g->own_rowptr = alloc_array(g->n_nodes + 1, sizeof(*g->own_rowptr));
    g->own_colidx = alloc_array(m->n_stored_edges, sizeof(*g->own_colidx));
    if (!input_id || !g->own_rowptr || !g->own_colidx) {
        st = FAIL(err, GNNAC_ENOMEM, "out of memory for the reference");
        goto out;
    }
    for (int64_t v = 0; v < g->n_nodes; v++)
        input_id[b->perm[v]] = (int32_t)v;
    bring_back(b, input_id, g);
    g->rowptr = g->own_rowptr;
    g->colidx = g->own_colidx;
    TRY(check_fingerprint(b, g, err));
out:
    free(input_id);
    return st;
}

gnnac_status input_graph_init(const struct gnnac_bundle *b,
                              struct input_graph *out, gnnac_error *err)
{
    struct input_graph g = {.n_nodes = b->manifest->n_nodes,
                            .rowptr = b->rowptr,
                            .colidx = b->colidx};
    gnnac_status st = b->perm ? undo_order(b, &g, err) : GNNAC_OK;
    if (st == GNNAC_OK)
        *out = g;
    else
        input_graph_finish(&g);
    return st;
}

void input_graph_finish(struct input_graph *g)
{
    free(g->own_rowptr);
    free(g->own_colidx);
    *g = (struct input_graph){0};
}
