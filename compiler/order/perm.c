#include "order/perm.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "checked.h"
#include "graph/npy_file.h"
#include "graph/npy_write.h"

int64_t perm_first_bad(const int32_t *perm, int64_t n)
{
    int64_t v = 0;
    char *taken = calloc_array(n, sizeof(*taken));
    if (!taken)
        return -1;
    for (; v < n && perm[v] >= 0 && perm[v] < n && !taken[perm[v]]; v++)
        taken[perm[v]] = 1;
    free(taken);
    return v;
}

void perm_invert(const int32_t *perm, int64_t n, int32_t *inverse)
{
#pragma omp parallel for schedule(static)
    for (int64_t v = 0; v < n; v++)
        inverse[perm[v]] = (int32_t)v;
}

void perm_compose(const int32_t *first, const int32_t *then, int64_t n,
                  int32_t *out)
{
#pragma omp parallel for schedule(static)
    for (int64_t v = 0; v < n; v++)
        out[v] = then[first[v]];
}

static gnnac_status no_memory(gnnac_error *err, int64_t n)
{
    return FAIL(err, GNNAC_ENOMEM, "out of memory for an order of %lld nodes",
                (long long)n);
}

gnnac_status perm_by_key(const int32_t *key, int64_t n, int64_t n_keys,
                         int32_t *perm, gnnac_error *err)
{
    int32_t *next = calloc_array(n_keys, sizeof(*next)), sum = 0;
    if (!next)
        return no_memory(err, n);
    for (int64_t v = 0; v < n; v++)
        next[key[v]]++;
    for (int64_t k = 0; k < n_keys; k++) {
        int32_t count = next[k];
        next[k] = sum;
        sum += count;
    }
    for (int64_t v = 0; v < n; v++)
        perm[v] = next[key[v]]++;
    free(next);
    return GNNAC_OK;
}

// ---- files ------------------------------------------------------------------

static gnnac_status check_file(const struct npy_array *a, const int32_t *perm,
                               int64_t n, gnnac_error *err)
{
    int64_t bad = perm_first_bad(perm, n), first = 0;
    if (bad == n)
        return GNNAC_OK;
    if (bad < 0)
        return no_memory(err, n);
    while (perm[first] != perm[bad])
        first++;
    return FAIL(err, GNNAC_EFORMAT,
                "%s: byte %zu: nodes %lld and %lld both become %d", a->name,
                a->h.data_at + (size_t)bad * (size_t)a->h.item_bytes,
                (long long)first, (long long)bad, (int)perm[bad]);
}

static gnnac_status read_perm(const struct npy_array *a, int64_t n,
                              int32_t *perm, gnnac_error *err)
{
    if (a->h.rank != 1 || a->h.n_elems != n)
        return FAIL(err, GNNAC_EFORMAT,
                    "%s: byte 10: an order of the graph's %lld nodes has the "
                    "shape [%lld]; this has %lld elements in %d dimensions",
                    a->name, (long long)n, (long long)n,
                    (long long)a->h.n_elems, a->h.rank);
    gnnac_status st = npy_read_ids(a, 0, 1, n, n, perm, err);
    return st == GNNAC_OK ? check_file(a, perm, n, err) : st;
}

gnnac_status perm_load(const char *path, int64_t n, int32_t *perm,
                       gnnac_error *err)
{
    struct npy_file f;
    gnnac_status st = npy_file_open(path, &f, err);
    if (st != GNNAC_OK)
        return st;
    st = read_perm(&f.array, n, perm, err);
    npy_file_close(&f);
    return st;
}

void perm_write(FILE *out, const int32_t *perm, int64_t n)
{
    npy_write_header(out, "<i4", &n, 1);
    fwrite(perm, sizeof(*perm), (size_t)n, out);
}

gnnac_status perm_save(const char *path, const int32_t *perm, int64_t n,
                       gnnac_error *err)
{
    struct atomic_file f;
    gnnac_status st = atomic_open(path, &f, err);
    if (st != GNNAC_OK)
        return st;
    perm_write(f.out, perm, n);
    return atomic_commit(&f, err);
}

// ---- graphs -----------------------------------------------------------------

// Edges row by new row; `from` is where each begins.
static void rename_edges(const struct csr *g, const int32_t *perm,
                         const int32_t *inverse, const int64_t *from,
                         struct coo *out)
{
#pragma omp parallel for schedule(dynamic, 1024)
    for (int64_t r = 0; r < g->n_nodes; r++) {
        int64_t at = from[r], end = g->rowptr[inverse[r] + 1];
        for (int64_t e = g->rowptr[inverse[r]]; e < end; e++, at++) {
            out->dst[at] = (int32_t)r;
            out->src[at] = perm[g->colidx[e]];
            if (g->weight)
                out->weight[at] = g->weight[e];
        }
    }
}

static bool edges_of(const struct csr *g, const int32_t *perm, struct coo *out)
{
    int64_t n = g->n_nodes, m = g->n_edges;
    int32_t *inverse = alloc_array(n, sizeof(*inverse));
    int64_t *from = alloc_array(n + 1, sizeof(*from));
    *out = (struct coo){.n_nodes = n, .n_edges = m,
                        .src = alloc_array(m, sizeof(*out->src)),
                        .dst = alloc_array(m, sizeof(*out->dst))};
    if (g->weight)
        out->weight = alloc_array(m, sizeof(*out->weight));
    bool ok = inverse && from && out->src && out->dst &&
              (!g->weight || out->weight);
    if (ok) {
        perm_invert(perm, n, inverse);
        from[0] = 0;
        for (int64_t r = 0; r < n; r++)
            from[r + 1] = from[r] + g->rowptr[inverse[r] + 1] -
                          g->rowptr[inverse[r]];
        rename_edges(g, perm, inverse, from, out);
    }
    free(inverse);
    free(from);
    return ok;
}

// By column first, where edges come with ascending rows, then by row with
// ascending columns: no row is ever sorted.
gnnac_status csr_permute(const struct csr *g, const int32_t *perm,
                         struct csr *out, gnnac_error *err)
{
    const struct graph_options by_column = {.target_to_source = true};
    struct coo edges = {0};
    struct csr columns = {0};
    gnnac_status st = GNNAC_OK;
    if (!edges_of(g, perm, &edges)) {
        st = FAIL(err, GNNAC_ENOMEM, "out of memory for %lld edges",
                  (long long)g->n_edges);
        goto out;
    }
    TRY(csr_take_coo(&edges, &by_column, &columns, err));
    TRY(csr_transpose(&columns, out, err));
out:
    coo_finish(&edges);
    csr_finish(&columns);
    return st;
}
