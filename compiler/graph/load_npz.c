#include <stdio.h>
#include <string.h>

#include "graph/coo_build.h"
#include "graph/load_binary.h"
#include "graph/npz.h"

// What the arrays of a layout are for.
enum slot { FIRST, SECOND, SIZE, FORMAT, WEIGHT, N_SLOTS };

// The arrays found; NULL where there is none.
struct source {
    const char *path;
    const struct npy_array *a[N_SLOTS];
    const struct graph_options *opt;
    int64_t declared; // nodes; -1: not known
};

// ---- how many nodes ---------------------------------------------------------

// One number, or the two equal ones of a square matrix.
static gnnac_status read_size(const struct npy_array *a, int64_t *out,
                              gnnac_error *err)
{
    int64_t n = a->h.n_elems, size[2] = {0};
    if (n != 1 && n != 2)
        return FAIL(err, GNNAC_EFORMAT,
                    "%s: byte 10: expected a node count or a shape", a->name);
    for (int64_t i = 0; i < n; i++) {
        gnnac_status st = npy_read_int(a, i, &size[i], err);
        if (st != GNNAC_OK)
            return st;
    }
    if (n == 2 && size[0] != size[1])
        return FAIL(err, GNNAC_EFORMAT,
                    "%s: byte %zu: a graph is a square matrix, this is %lld x "
                    "%lld",
                    a->name, a->h.data_at, (long long)size[0],
                    (long long)size[1]);
    if (size[0] < 0)
        return FAIL(err, GNNAC_EFORMAT, "%s: byte %zu: node count %lld",
                    a->name, a->h.data_at, (long long)size[0]);
    *out = size[0];
    return GNNAC_OK;
}

// ---- layouts ----------------------------------------------------------------

static gnnac_status from_lists(const struct source *s, struct coo *out,
                               gnnac_error *err)
{
    const struct npy_array *a = s->a[FIRST], *b = s->a[SECOND];
    if (a->h.rank != 1 || b->h.rank != 1 || a->h.n_elems != b->h.n_elems)
        return FAIL(err, GNNAC_EFORMAT,
                    "%s: byte 10: sources and destinations must be two lists "
                    "of one length",
                    a->name);
    return coo_from_runs(s->path, (struct id_run){a, 0, 1},
                         (struct id_run){b, 0, 1}, a->h.n_elems, s->declared,
                         s->opt, out, err);
}

static gnnac_status from_edge_index(const struct source *s, struct coo *out,
                                    gnnac_error *err)
{
    return edges_of_array(s->path, s->a[FIRST], s->declared, s->opt, out, err);
}

// SciPy's `format` member, bytes or unicode; "csr" when absent.
static void read_format(const struct npy_array *a, char *out, size_t n_bytes)
{
    snprintf(out, n_bytes, "csr");
    if (!a || a->h.n_elems != 1 || !strchr("SU", a->h.kind))
        return;
    size_t step = a->h.kind == 'U' ? 4 : 1, n = 0;
    for (size_t i = 0; i < (size_t)a->h.item_bytes && n + 1 < n_bytes;
         i += step)
        if (a->data[i] > ' ' && a->data[i] < 127)
            out[n++] = (char)a->data[i];
    out[n] = '\0';
}

// Rows are sources, but columns are compressed where the format is CSC.
static gnnac_status from_compressed(const struct source *s, struct coo *out,
                                    gnnac_error *err)
{
    char format[16];
    read_format(s->a[FORMAT], format, sizeof(format));
    bool csc = strcmp(format, "csc") == 0;
    if (!csc && strcmp(format, "csr") != 0)
        return FAIL(err, GNNAC_EFORMAT,
                    "%s: byte 0: SciPy format '%s' is not read (csr, csc and "
                    "coo are)",
                    s->path, format);
    return coo_from_compressed(s->a[FIRST], s->a[SECOND], csc, s->declared,
                               s->opt, out, err);
}

// In order of precedence. The first array, and the second where there is one,
// decide whether a layout matches; the others are read where they are.
static const struct layout {
    const char *arrays[N_SLOTS];
    gnnac_status (*read)(const struct source *s, struct coo *out,
                         gnnac_error *err);
} layouts[] = {
    // GNNAdvisor
    {{"src_li", "dst_li", "num_nodes", NULL, "edge_weight"}, from_lists},
    // scipy.sparse.save_npz of CSR and CSC
    {{"indptr", "indices", "shape", "format", "data"}, from_compressed},
    // attributed graphs of Shchur et al. (2018)
    {{"adj_indptr", "adj_indices", "adj_shape", NULL, "adj_data"},
     from_compressed},
    // GNNAdvisor's own CSR
    {{"row_pointers", "column_index", "num_nodes"}, from_compressed},
    // scipy.sparse.save_npz of COO
    {{"row", "col", "shape", NULL, "data"}, from_lists},
    // PyG, OGB
    {{"edge_index", NULL, "num_nodes", NULL, "edge_weight"}, from_edge_index},
};

static const struct layout *find_layout(const struct npz *z)
{
    for (size_t i = 0; i < sizeof(layouts) / sizeof(layouts[0]); i++) {
        const char *const *names = layouts[i].arrays;
        if (npz_has(z, names[FIRST]) &&
            (!names[SECOND] || npz_has(z, names[SECOND])))
            return &layouts[i];
    }
    return NULL;
}

static gnnac_status read_graph(const struct layout *l, struct source *s,
                               struct coo *out, gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    struct coo g = {0};
    if (s->a[SIZE])
        TRY(read_size(s->a[SIZE], &s->declared, err));
    TRY(l->read(s, &g, err));
    if (s->a[WEIGHT])
        TRY(coo_set_weights(&g, s->a[WEIGHT], err));
    *out = g;
    g = (struct coo){0};
out:
    coo_finish(&g);
    return st;
}

static gnnac_status read_layout(const struct npz *z, const struct layout *l,
                                const struct graph_options *opt,
                                struct coo *out, gnnac_error *err)
{
    const char *names[N_SLOTS];
    struct npy_array arrays[N_SLOTS];
    struct source s = {.path = z->path, .opt = opt, .declared = -1};
    size_t n = 0;
    for (int k = 0; k < N_SLOTS; k++)
        if (l->arrays[k] && npz_has(z, l->arrays[k])) {
            s.a[k] = &arrays[n];
            names[n++] = l->arrays[k];
        }
    gnnac_status st = npz_read(z, names, n, arrays, err);
    if (st != GNNAC_OK)
        return st;
    st = read_graph(l, &s, out, err);
    npz_free(arrays, n);
    return st;
}

gnnac_status load_npz(const char *path, const struct graph_options *opt,
                      struct coo *out, gnnac_error *err)
{
    struct npz z;
    gnnac_status st = npz_open(path, &z, err);
    if (st != GNNAC_OK)
        return st;
    z.progress = opt->progress;
    const struct layout *l = find_layout(&z);
    if (l)
        st = read_layout(&z, l, opt, out, err);
    else
        st = FAIL(err, GNNAC_EFORMAT,
                  "%s: byte 0: no graph in it: expected src_li and dst_li, "
                  "indptr and indices, row and col, or edge_index",
                  path);
    npz_close(&z);
    return st;
}
