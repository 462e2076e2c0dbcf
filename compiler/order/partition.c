#include "order/partition.h"

#include <stdlib.h>

#include "checked.h"

void partition_finish(struct partition *p)
{
    free(p->of);
    *p = (struct partition){0};
}

static int64_t count_intra(const struct csr *g, const int32_t *of)
{
    int64_t n = 0;
#pragma omp parallel for schedule(dynamic, 4096) reduction(+ : n)
    for (int64_t v = 0; v < g->n_nodes; v++)
        for (int64_t e = g->rowptr[v]; e < g->rowptr[v + 1]; e++)
            n += of[g->colidx[e]] == of[v];
    return n;
}

// intra / W - sum of (strength / W)^2 over one denominator. With fewer than
// 2^62 entries neither product leaves 128 bits, and their difference has the
// exact sign.
static double modularity(int64_t intra, uint128 squares, int64_t n_entries)
{
    uint128 w = (uint128)n_entries, inside = (uint128)intra * w;
    double scale = (double)n_entries * (double)n_entries;
    return inside >= squares ? (double)(inside - squares) / scale
                             : -((double)(squares - inside) / scale);
}

gnnac_status partition_measure(const struct csr *g, const int32_t *of,
                               int64_t n_communities,
                               struct partition_quality *out, gnnac_error *err)
{
    int64_t *strength = calloc_array(n_communities, sizeof(*strength));
    int64_t *size = calloc_array(n_communities, sizeof(*size));
    if (!strength || !size) {
        free(strength);
        free(size);
        return FAIL(err, GNNAC_ENOMEM, "out of memory for %lld communities",
                    (long long)n_communities);
    }
    for (int64_t v = 0; v < g->n_nodes; v++) {
        strength[of[v]] += csr_degree(g, v);
        size[of[v]]++;
    }
    struct partition_quality q = {0};
    uint128 squares = 0;
    for (int64_t c = 0; c < n_communities; c++) {
        squares += (uint128)strength[c] * (uint128)strength[c];
        q.largest = size[c] > q.largest ? size[c] : q.largest;
    }
    if (g->n_edges > 0) {
        int64_t intra = count_intra(g, of);
        q.intra_edge_share = (double)intra / (double)g->n_edges;
        q.modularity = modularity(intra, squares, g->n_edges);
    }
    *out = q;
    free(strength);
    free(size);
    return GNNAC_OK;
}
