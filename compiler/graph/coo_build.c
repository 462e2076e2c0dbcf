#include "graph/coo_build.h"

#include <stdlib.h>

#include "checked.h"
#include "graph/pages.h"

gnnac_status resolve_nodes(const char *path, int64_t declared, int64_t max_id,
                           const struct graph_options *opt, int64_t *out,
                           gnnac_error *err)
{
    if (max_id >= INT32_MAX)
        return FAIL(err, GNNAC_EUNSUPPORTED,
                    "%s: node id %lld; ids below 2^31 - 1 are supported", path,
                    (long long)max_id);
    int64_t n = opt->n_nodes ? opt->n_nodes
                : declared >= 0 ? declared
                                : max_id + 1;
    if (n > INT32_MAX)
        return FAIL(err, GNNAC_EUNSUPPORTED,
                    "%s: %lld nodes; at most 2^31 - 1 are supported", path,
                    (long long)n);
    if (max_id >= n)
        return FAIL(err, GNNAC_EFORMAT,
                    "%s: node id %lld is not below the node count %lld", path,
                    (long long)max_id, (long long)n);
    *out = n;
    return GNNAC_OK;
}

gnnac_status coo_alloc(struct coo *g, int64_t n_edges, bool weighted,
                       const char *path, gnnac_error *err)
{
    *g = (struct coo){.n_edges = n_edges,
                      .src = alloc_array(n_edges, sizeof(*g->src)),
                      .dst = alloc_array(n_edges, sizeof(*g->dst))};
    if (weighted)
        g->weight = alloc_array(n_edges, sizeof(*g->weight));
    if (g->src && g->dst && (!weighted || g->weight)) {
        size_t n_bytes = (size_t)n_edges * sizeof(*g->src);
        pages_prefer_large(g->src, n_bytes);
        pages_prefer_large(g->dst, n_bytes);
        return GNNAC_OK;
    }
    coo_finish(g);
    return FAIL(err, GNNAC_ENOMEM, "%s: out of memory for %lld edges", path,
                (long long)n_edges);
}

static gnnac_status max_of_runs(const char *path, struct id_run a,
                                struct id_run b, int64_t n, int64_t declared,
                                const struct graph_options *opt,
                                int64_t *n_nodes, gnnac_error *err)
{
    int64_t max_a = -1, max_b = -1;
    gnnac_status st = GNNAC_OK;
    // With a count at hand npy_read_ids finds the first bad id by itself.
    if (!opt->n_nodes && declared < 0) {
        st = npy_max_id(a.array, a.first, a.step, n, &max_a, err);
        if (st == GNNAC_OK)
            st = npy_max_id(b.array, b.first, b.step, n, &max_b, err);
    }
    if (st != GNNAC_OK)
        return st;
    return resolve_nodes(path, declared, max_a > max_b ? max_a : max_b, opt,
                         n_nodes, err);
}

gnnac_status coo_from_runs(const char *path, struct id_run src,
                           struct id_run dst, int64_t n, int64_t declared,
                           const struct graph_options *opt, struct coo *out,
                           gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    struct coo g = {0};
    int64_t n_nodes;
    TRY(max_of_runs(path, src, dst, n, declared, opt, &n_nodes, err));
    TRY(coo_alloc(&g, n, false, path, err));
    g.n_nodes = n_nodes;
    TRY(npy_read_ids(src.array, src.first, src.step, n, n_nodes, g.src, err));
    TRY(npy_read_ids(dst.array, dst.first, dst.step, n, n_nodes, g.dst, err));
    *out = g;
    g = (struct coo){0};
out:
    coo_finish(&g);
    return st;
}

// ---- compressed rows --------------------------------------------------------

// 0 = p[0] <= p[1] <= ... = n_edges.
static gnnac_status check_pointers(const struct npy_array *p, int64_t n_edges,
                                   gnnac_error *err)
{
    int64_t previous = 0;
    if (p->h.rank != 1 || p->h.n_elems < 1)
        return FAIL(err, GNNAC_EFORMAT,
                    "%s: byte 10: row pointers must be one-dimensional and "
                    "not empty",
                    p->name);
    for (int64_t i = 0; i < p->h.n_elems; i++) {
        int64_t v;
        gnnac_status st = npy_read_int(p, i, &v, err);
        if (st != GNNAC_OK)
            return st;
        if (v < previous || v > n_edges || (i == 0 && v != 0))
            return FAIL(err, GNNAC_EFORMAT,
                        "%s: byte %zu: row pointer %lld is out of order",
                        p->name,
                        p->h.data_at + (size_t)(i * p->h.item_bytes),
                        (long long)v);
        previous = v;
    }
    if (previous != n_edges)
        return FAIL(err, GNNAC_EFORMAT,
                    "%s: byte 10: row pointers end at %lld, there are %lld "
                    "indices",
                    p->name, (long long)previous, (long long)n_edges);
    return GNNAC_OK;
}

static void expand_rows(const struct npy_array *p, int32_t *row)
{
#pragma omp parallel for schedule(dynamic, 4096)
    for (int64_t v = 0; v < p->h.n_elems - 1; v++) {
        int64_t begin = 0, end = 0;
        (void)npy_read_int(p, v, &begin, NULL); // checked before
        (void)npy_read_int(p, v + 1, &end, NULL);
        for (int64_t e = begin; e < end; e++)
            row[e] = (int32_t)v;
    }
}

gnnac_status coo_from_compressed(const struct npy_array *pointers,
                                 const struct npy_array *indices,
                                 bool rows_are_dst, int64_t declared,
                                 const struct graph_options *opt,
                                 struct coo *out, gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    struct coo g = {0};
    int64_t n = indices->h.n_elems, n_rows = pointers->h.n_elems - 1, n_nodes;
    if (indices->h.rank != 1)
        return FAIL(err, GNNAC_EFORMAT,
                    "%s: byte 10: indices must be one-dimensional",
                    indices->name);
    TRY(check_pointers(pointers, n, err));
    if (declared >= 0 && declared != n_rows)
        return FAIL(err, GNNAC_EFORMAT,
                    "%s: byte 10: row pointers of %lld rows, but %lld nodes",
                    pointers->name, (long long)n_rows, (long long)declared);
    TRY(resolve_nodes(pointers->name, n_rows, n_rows - 1, opt, &n_nodes, err));
    TRY(coo_alloc(&g, n, false, indices->name, err));
    g.n_nodes = n_nodes;
    expand_rows(pointers, rows_are_dst ? g.dst : g.src);
    TRY(npy_read_ids(indices, 0, 1, n, n_nodes, rows_are_dst ? g.src : g.dst,
                     err));
    *out = g;
    g = (struct coo){0};
out:
    coo_finish(&g);
    return st;
}

// ---- weights ----------------------------------------------------------------

static bool all_ones(const float *w, int64_t n)
{
    bool ones = true;
#pragma omp parallel for schedule(static) reduction(&& : ones)
    for (int64_t i = 0; i < n; i++)
        ones = ones && w[i] == 1;
    return ones;
}

gnnac_status coo_set_weights(struct coo *g, const struct npy_array *weights,
                             gnnac_error *err)
{
    int64_t n = weights->h.n_elems;
    if (n != g->n_edges)
        return FAIL(err, GNNAC_EFORMAT,
                    "%s: byte 10: %lld weights for %lld edges", weights->name,
                    (long long)n, (long long)g->n_edges);
    float *w = alloc_array(n, sizeof(*w));
    if (!w)
        return FAIL(err, GNNAC_ENOMEM, "%s: out of memory for %lld weights",
                    weights->name, (long long)n);
    gnnac_status st = npy_read_floats(weights, 0, 1, n, w, err);
    if (st != GNNAC_OK || all_ones(w, n)) {
        free(w);
        return st;
    }
    free(g->weight);
    g->weight = w;
    return GNNAC_OK;
}
