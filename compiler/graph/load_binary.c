#include "graph/load_binary.h"

#include <stdio.h>
#include <string.h>

#include "graph/coo_build.h"
#include "graph/npz.h"
#include "graph/text.h"

// An edge array [2, E] (sources, then destinations) or [E, 2] (pairs). [2, 2]
// is taken as the first.
static gnnac_status edges_of_array(const char *path, const struct npy_array *a,
                                   int64_t declared,
                                   const struct graph_options *opt,
                                   struct coo *out, gnnac_error *err)
{
    const struct npy_header *h = &a->h;
    bool rows = h->rank == 2 && h->shape[0] == 2;
    bool pairs = h->rank == 2 && h->shape[1] == 2 && !rows;
    if (!rows && !pairs)
        return FAIL(err, GNNAC_EFORMAT,
                    "%s: byte 10: an edge array has the shape [2, E] or [E, 2]",
                    a->name);
    int64_t n = h->shape[rows ? 1 : 0];
    // Sources lie side by side when the array is rows in C order or pairs in
    // Fortran order; else every other element is one.
    bool apart = rows != h->fortran;
    struct id_run src = {a, 0, apart ? 1 : 2};
    struct id_run dst = {a, apart ? n : 1, apart ? 1 : 2};
    return coo_from_runs(path, src, dst, n, declared, opt, out, err);
}

gnnac_status load_npy(const char *path, const struct graph_options *opt,
                      struct coo *out, gnnac_error *err)
{
    struct text t;
    struct npy_array a = {.data = NULL};
    gnnac_status st = text_open(path, &t, err);
    if (st != GNNAC_OK)
        return st;
    snprintf(a.name, sizeof(a.name), "%s", path);
    TRY(npy_parse(t.data, t.n_bytes, path, &a.h, err));
    if (t.n_bytes - a.h.data_at != npy_data_bytes(&a.h)) {
        st = FAIL(err, GNNAC_EFORMAT,
                  "%s: byte %zu: the shape needs %zu bytes, there are %zu",
                  path, a.h.data_at, npy_data_bytes(&a.h),
                  t.n_bytes - a.h.data_at);
        goto out;
    }
    a.data = (const unsigned char *)t.data + a.h.data_at;
    TRY(edges_of_array(path, &a, -1, opt, out, err));
out:
    text_close(&t);
    return st;
}

// ---- .npz layouts -----------------------------------------------------------

enum { MAX_ARRAYS = 6 };

// Node count of a 0-d or 1-element array.
static gnnac_status read_count(const struct npy_array *a, int64_t *out,
                               gnnac_error *err)
{
    int64_t v;
    if (a->h.n_elems != 1)
        return FAIL(err, GNNAC_EFORMAT, "%s: byte 10: expected one number",
                    a->name);
    gnnac_status st = npy_read_int(a, 0, &v, err);
    if (st == GNNAC_OK && (v < 0 || v > INT32_MAX))
        st = FAIL(err, GNNAC_EFORMAT, "%s: byte %zu: node count %lld", a->name,
                  a->h.data_at, (long long)v);
    if (st == GNNAC_OK)
        *out = v;
    return st;
}

static gnnac_status edges_of_lists(const char *path, const struct npy_array *a,
                                   const struct npy_array *b, int64_t declared,
                                   const struct graph_options *opt,
                                   struct coo *out, gnnac_error *err)
{
    if (a->h.rank != 1 || b->h.rank != 1 || a->h.n_elems != b->h.n_elems)
        return FAIL(err, GNNAC_EFORMAT,
                    "%s: byte 10: sources and destinations must be two lists "
                    "of one length",
                    a->name);
    return coo_from_runs(path, (struct id_run){a, 0, 1},
                         (struct id_run){b, 0, 1}, a->h.n_elems, declared, opt,
                         out, err);
}

// src_li, dst_li[, num_nodes]: GNNAdvisor.
static gnnac_status from_lists(const char *path, const struct npy_array *a,
                               const bool *have,
                               const struct graph_options *opt,
                               struct coo *out, gnnac_error *err)
{
    int64_t declared = -1;
    gnnac_status st = have[2] ? read_count(&a[2], &declared, err) : GNNAC_OK;
    if (st != GNNAC_OK)
        return st;
    return edges_of_lists(path, &a[0], &a[1], declared, opt, out, err);
}

// edge_index[, num_nodes]: PyG, OGB.
static gnnac_status from_edge_index(const char *path, const struct npy_array *a,
                                    const bool *have,
                                    const struct graph_options *opt,
                                    struct coo *out, gnnac_error *err)
{
    int64_t declared = -1;
    gnnac_status st = have[1] ? read_count(&a[1], &declared, err) : GNNAC_OK;
    if (st != GNNAC_OK)
        return st;
    return edges_of_array(path, &a[0], declared, opt, out, err);
}

// row_pointers, column_index[, num_nodes]: rows are sources.
static gnnac_status from_pointers(const char *path, const struct npy_array *a,
                                  const bool *have,
                                  const struct graph_options *opt,
                                  struct coo *out, gnnac_error *err)
{
    int64_t declared = -1;
    gnnac_status st = have[2] ? read_count(&a[2], &declared, err) : GNNAC_OK;
    (void)path;
    if (st != GNNAC_OK)
        return st;
    return coo_from_compressed(&a[0], &a[1], false, declared, opt, out, err);
}

// The text of SciPy's `format` member, bytes or unicode; "csr" when absent.
static void read_format(const struct npy_array *a, bool have, char *out,
                        size_t n_bytes)
{
    size_t step = have && a->h.kind == 'U' ? 4 : 1, n = 0;
    snprintf(out, n_bytes, "csr");
    if (!have || a->h.n_elems != 1 || !strchr("SU", a->h.kind))
        return;
    for (size_t i = 0; i < (size_t)a->h.item_bytes && n + 1 < n_bytes;
         i += step)
        if (a->data[i])
            out[n++] = (char)a->data[i];
    out[n] = '\0';
}

// SciPy's save_npz. `shape` must be square; an adjacency's row is a source.
static gnnac_status square_side(const struct npy_array *shape, int64_t *out,
                                gnnac_error *err)
{
    int64_t rows, cols;
    if (shape->h.n_elems != 2)
        return FAIL(err, GNNAC_EFORMAT, "%s: byte 10: expected two sizes",
                    shape->name);
    gnnac_status st = npy_read_int(shape, 0, &rows, err);
    if (st == GNNAC_OK)
        st = npy_read_int(shape, 1, &cols, err);
    if (st == GNNAC_OK && rows != cols)
        st = FAIL(err, GNNAC_EFORMAT,
                  "%s: byte %zu: a graph is a square matrix, this is %lld x "
                  "%lld",
                  shape->name, shape->h.data_at, (long long)rows,
                  (long long)cols);
    if (st == GNNAC_OK)
        *out = rows;
    return st;
}

static gnnac_status from_scipy(const char *path, const struct npy_array *a,
                               const bool *have,
                               const struct graph_options *opt,
                               struct coo *out, gnnac_error *err)
{
    char format[16];
    int64_t declared = -1;
    read_format(&a[3], have[3], format, sizeof(format));
    if (strcmp(format, "csr") != 0 && strcmp(format, "csc") != 0)
        return FAIL(err, GNNAC_EFORMAT,
                    "%s: byte 0: SciPy format '%s' is not read (csr, csc and "
                    "coo are)",
                    path, format);
    gnnac_status st = have[2] ? square_side(&a[2], &declared, err) : GNNAC_OK;
    if (st != GNNAC_OK)
        return st;
    return coo_from_compressed(&a[0], &a[1], format[2] == 'c', declared, opt,
                               out, err);
}

// row, col[, shape]: SciPy's coo.
static gnnac_status from_scipy_coo(const char *path, const struct npy_array *a,
                                   const bool *have,
                                   const struct graph_options *opt,
                                   struct coo *out, gnnac_error *err)
{
    int64_t declared = -1;
    gnnac_status st = have[2] ? square_side(&a[2], &declared, err) : GNNAC_OK;
    if (st != GNNAC_OK)
        return st;
    return edges_of_lists(path, &a[0], &a[1], declared, opt, out, err);
}

typedef gnnac_status layout_reader(const char *path, const struct npy_array *a,
                                   const bool *have,
                                   const struct graph_options *opt,
                                   struct coo *out, gnnac_error *err);

// In order of precedence; the first `n_needed` arrays decide whether a layout
// matches, the others are read where they are.
static const struct layout {
    int n_needed;
    const char *arrays[MAX_ARRAYS];
    layout_reader *read;
} layouts[] = {
    {2, {"src_li", "dst_li", "num_nodes"}, from_lists},
    {2, {"indptr", "indices", "shape", "format"}, from_scipy},
    {2, {"row_pointers", "column_index", "num_nodes"}, from_pointers},
    {2, {"row", "col", "shape"}, from_scipy_coo},
    {1, {"edge_index", "num_nodes"}, from_edge_index},
};

static const struct layout *find_layout(const struct npz *z)
{
    for (size_t i = 0; i < sizeof(layouts) / sizeof(layouts[0]); i++) {
        bool all = true;
        for (int k = 0; k < layouts[i].n_needed; k++)
            all = all && npz_has(z, layouts[i].arrays[k]);
        if (all)
            return &layouts[i];
    }
    return NULL;
}

static gnnac_status read_layout(const struct npz *z, const struct layout *l,
                                const struct graph_options *opt,
                                struct coo *out, gnnac_error *err)
{
    const char *names[MAX_ARRAYS];
    struct npy_array read[MAX_ARRAYS], a[MAX_ARRAYS];
    bool have[MAX_ARRAYS] = {false};
    size_t n = 0, slot[MAX_ARRAYS];
    for (size_t k = 0; k < MAX_ARRAYS && l->arrays[k]; k++)
        if (npz_has(z, l->arrays[k])) {
            slot[n] = k;
            names[n++] = l->arrays[k];
        }
    gnnac_status st = npz_read(z, names, n, read, err);
    if (st != GNNAC_OK)
        return st;
    for (size_t i = 0; i < n; i++) {
        a[slot[i]] = read[i];
        have[slot[i]] = true;
    }
    st = l->read(z->path, a, have, opt, out, err);
    npz_free(read, n);
    return st;
}

gnnac_status load_npz(const char *path, const struct graph_options *opt,
                      struct coo *out, gnnac_error *err)
{
    struct npz z;
    gnnac_status st = npz_open(path, &z, err);
    if (st != GNNAC_OK)
        return st;
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
