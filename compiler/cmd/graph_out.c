#include "cmd/graph_out.h"

#include "base/log.h"
#include "graph/load.h"
#include "graph/text.h"

// Nodes behind the last that has an edge.
static int64_t trailing_nodes(const struct csr *g)
{
    int64_t last = -1;
#pragma omp parallel for schedule(static) reduction(max : last)
    for (int64_t e = 0; e < g->n_edges; e++)
        last = g->colidx[e] > last ? g->colidx[e] : last;
    int64_t row = g->n_nodes;
    while (row > last + 1 && g->rowptr[row] == g->rowptr[row - 1])
        row--;
    return g->n_nodes - row;
}

static void warn_of_loss(const char *path, const struct csr *g)
{
    int64_t lost = trailing_nodes(g);
    if (g->weight)
        log_warn("%s: edge weights are left out: this form has no place for "
                 "them (all others have)",
                 path);
    if (lost > 0)
        log_warn("%s: the last %lld nodes have no edges and are left out: "
                 "read it with --nodes %lld",
                 path, (long long)lost, (long long)g->n_nodes);
}

gnnac_status graph_out(const char *path, const struct csr *g, gnnac_error *err)
{
    if (path_has_suffix(path, ".npy"))
        warn_of_loss(path, g);
    gnnac_status st = graph_save(path, g, err);
    if (st == GNNAC_OK)
        log_info("%s: %lld nodes, %lld edges", path, (long long)g->n_nodes,
                 (long long)g->n_edges);
    return st;
}
