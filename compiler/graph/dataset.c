#include "graph/dataset.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "checked.h"
#include "graph/matrix.h"
#include "graph/npz.h"
#include "graph/text.h"
#include "rng.h"

enum { MAX_CLASSES = 1 << 20 };

void dataset_finish(struct dataset *d)
{
    free(d->dense);
    free(d->rowptr);
    free(d->colidx);
    free(d->values);
    free(d->labels);
    for (int i = 0; i < N_SPLITS; i++)
        free(d->split[i].nodes);
    *d = (struct dataset){0};
}

static gnnac_status out_of_memory(const struct npz *z, gnnac_error *err)
{
    return FAIL(err, GNNAC_ENOMEM, "%s: out of memory", z->path);
}

// ---- features ---------------------------------------------------------------

enum { X_INDPTR, X_INDICES, X_DATA, X_SHAPE, N_SPARSE };

static gnnac_status read_shape(const struct npy_array *a, struct dataset *d,
                               gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    int64_t cols;
    if (a[X_SHAPE].h.n_elems != 2)
        return FAIL(err, GNNAC_EFORMAT, "%s: byte 10: expected two sizes",
                    a[X_SHAPE].name);
    TRY(npy_read_int(&a[X_SHAPE], 0, &d->n_nodes, err));
    TRY(npy_read_int(&a[X_SHAPE], 1, &cols, err));
    if (d->n_nodes < 0 || cols < 1 || cols > INT32_MAX ||
        a[X_INDPTR].h.n_elems - 1 != d->n_nodes ||
        a[X_DATA].h.n_elems != a[X_INDICES].h.n_elems)
        return FAIL(err, GNNAC_EFORMAT,
                    "%s: byte 10: sparse features do not fit their shape",
                    a[X_SHAPE].name);
    d->dim = (int32_t)cols;
out:
    return st;
}

static gnnac_status read_rowptr(const struct npy_array *a, struct dataset *d,
                                int64_t n_entries, gnnac_error *err)
{
    int64_t before = 0;
    for (int64_t v = 0; v <= d->n_nodes; v++) {
        gnnac_status st = npy_read_int(a, v, &d->rowptr[v], err);
        if (st != GNNAC_OK)
            return st;
        bool last = v == d->n_nodes;
        if (d->rowptr[v] < before || (v == 0 && d->rowptr[v] != 0) ||
            (last && d->rowptr[v] != n_entries))
            return FAIL(err, GNNAC_EFORMAT,
                        "%s: byte 10: row pointer %lld is out of order",
                        a->name, (long long)d->rowptr[v]);
        before = d->rowptr[v];
    }
    return GNNAC_OK;
}

static gnnac_status read_columns(const struct npy_array *a, int64_t n_entries,
                                 struct dataset *d, gnnac_error *err)
{
    for (int64_t e = 0; e < n_entries; e++) {
        int64_t column;
        gnnac_status st = npy_read_int(a, e, &column, err);
        if (st != GNNAC_OK)
            return st;
        if (column < 0 || column >= d->dim)
            return FAIL(err, GNNAC_EFORMAT,
                        "%s: byte 10: column %lld is outside the matrix",
                        a->name, (long long)column);
        d->colidx[e] = (int32_t)column;
    }
    return GNNAC_OK;
}

static gnnac_status from_sparse(const struct npz *z, const struct npy_array *a,
                                struct dataset *d, gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    int64_t n = a[X_DATA].h.n_elems;
    TRY(read_shape(a, d, err));
    d->rowptr = alloc_array(d->n_nodes + 1, sizeof(*d->rowptr));
    d->colidx = alloc_array(n, sizeof(*d->colidx));
    d->values = alloc_array(n, sizeof(*d->values));
    if (!d->rowptr || !d->colidx || !d->values)
        return out_of_memory(z, err);
    TRY(read_rowptr(&a[X_INDPTR], d, n, err));
    TRY(read_columns(&a[X_INDICES], n, d, err));
    TRY(npy_read_floats(&a[X_DATA], 0, 1, n, d->values, err));
out:
    return st;
}

static gnnac_status load_dense(const char *path, struct dataset *d,
                               gnnac_error *err)
{
    struct matrix m;
    gnnac_status st = matrix_load(path, &m, err);
    if (st != GNNAC_OK)
        return st;
    d->dense = m.data;
    d->n_nodes = m.rows;
    d->dim = (int32_t)m.cols;
    if (m.cols < 1 || m.cols > INT32_MAX)
        return FAIL(err, GNNAC_EFORMAT, "%s: features of %lld columns", path,
                    (long long)m.cols);
    return GNNAC_OK;
}

static gnnac_status load_features(const struct npz *z, struct dataset *d,
                                  gnnac_error *err)
{
    static const char *const names[N_SPARSE] = {"x_indptr", "x_indices",
                                                "x_data", "x_shape"};
    struct npy_array a[N_SPARSE];
    if (npz_has(z, "x") || npz_has(z, "features") || !npz_has(z, names[0]))
        return load_dense(z->path, d, err); // or refuses, where there are none
    gnnac_status st = npz_read(z, names, N_SPARSE, a, err);
    if (st != GNNAC_OK)
        return st;
    st = from_sparse(z, a, d, err);
    npz_free(a, N_SPARSE);
    return st;
}

// ---- labels -----------------------------------------------------------------

static const char *label_name(const struct npz *z)
{
    return npz_has(z, "y") ? "y" : npz_has(z, "labels") ? "labels" : NULL;
}

static gnnac_status read_class_labels(const struct npy_array *a,
                                      struct dataset *d, gnnac_error *err)
{
    if (a->h.n_elems != d->n_nodes)
        return FAIL(err, GNNAC_EFORMAT,
                    "%s: byte 10: %lld labels for %lld rows of features",
                    a->name, (long long)a->h.n_elems, (long long)d->n_nodes);
    if (!(d->labels = alloc_array(d->n_nodes, sizeof(*d->labels))))
        return FAIL(err, GNNAC_ENOMEM, "%s: out of memory", a->name);
    for (int64_t v = 0; v < d->n_nodes; v++) {
        int64_t label;
        gnnac_status st = npy_read_int(a, v, &label, err);
        if (st != GNNAC_OK)
            return st;
        if (label < -1 || label >= MAX_CLASSES)
            return FAIL(err, GNNAC_EFORMAT,
                        "%s: byte 10: label %lld of row %lld", a->name,
                        (long long)label, (long long)v);
        d->labels[v] = (int32_t)label;
        if (label >= d->n_classes)
            d->n_classes = (int32_t)label + 1;
    }
    return GNNAC_OK;
}

// `row` [n_classes] is scratch.
static gnnac_status read_label_row(const struct npy_array *a, int64_t v,
                                   const struct dataset *d, float *row,
                                   gnnac_error *err)
{
    int64_t n = d->n_classes;
    int32_t *labels = d->labels + v * n;
    gnnac_status st =
        a->h.fortran ? npy_read_floats(a, v, d->n_nodes, n, row, err)
                     : npy_read_floats(a, v * n, 1, n, row, err);
    for (int64_t c = 0; c < n && st == GNNAC_OK; c++) {
        labels[c] = row[c] != 0;
        if (row[c] != 0 && row[c] != 1)
            st = FAIL(err, GNNAC_EFORMAT,
                      "%s: byte 10: label %g of row %lld, column %lld: "
                      "expected 0 or 1",
                      a->name, (double)row[c], (long long)v, (long long)c);
    }
    return st;
}

static gnnac_status check_label_shape(const struct npy_header *h,
                                      const char *name, int64_t n_nodes,
                                      gnnac_error *err)
{
    if (h->rank != 2 || h->shape[1] < 1 || h->shape[1] > MAX_CLASSES)
        return FAIL(err, GNNAC_EFORMAT,
                    "%s: byte 10: labels are no matrix [nodes, classes] of 0 "
                    "and 1, which --loss bce takes",
                    name);
    return h->shape[0] == n_nodes
               ? GNNAC_OK
               : FAIL(err, GNNAC_EFORMAT,
                      "%s: byte 10: labels of %lld rows for %lld rows of "
                      "features",
                      name, (long long)h->shape[0], (long long)n_nodes);
}

static gnnac_status read_label_matrix(const struct npy_array *a,
                                      struct dataset *d, gnnac_error *err)
{
    gnnac_status st = check_label_shape(&a->h, a->name, d->n_nodes, err);
    if (st != GNNAC_OK)
        return st;
    d->many = true;
    d->n_classes = (int32_t)a->h.shape[1];
    d->labels = alloc_array(a->h.n_elems, sizeof(*d->labels));
    float *row = alloc_array(d->n_classes, sizeof(*row));
    if (!d->labels || !row)
        st = FAIL(err, GNNAC_ENOMEM, "%s: out of memory", a->name);
    for (int64_t v = 0; v < d->n_nodes && st == GNNAC_OK; v++)
        st = read_label_row(a, v, d, row, err);
    free(row);
    return st;
}

static gnnac_status read_labels(const struct npy_array *a,
                                enum label_kind wanted, struct dataset *d,
                                gnnac_error *err)
{
    bool matrix = a->h.rank == 2 && a->h.shape[1] != 1;
    if (wanted == LABELS_CLASS && matrix)
        return FAIL(err, GNNAC_EFORMAT,
                    "%s: byte 10: labels are a matrix of %lld columns, but "
                    "--loss nll takes a class a node",
                    a->name, (long long)a->h.shape[1]);
    return matrix || wanted == LABELS_MATRIX ? read_label_matrix(a, d, err)
                                             : read_class_labels(a, d, err);
}

// num_classes may speak of more classes than there are labels.
static gnnac_status read_classes(const struct npz *z, struct dataset *d,
                                 gnnac_error *err)
{
    static const char *const name = "num_classes";
    struct npy_array a;
    int64_t n;
    if (!npz_has(z, name))
        return GNNAC_OK;
    gnnac_status st = npz_read(z, &name, 1, &a, err);
    if (st != GNNAC_OK)
        return st;
    st = npy_read_int(&a, 0, &n, err);
    if (st == GNNAC_OK && d->many && n != d->n_classes)
        st = FAIL(err, GNNAC_EFORMAT,
                  "%s: byte 10: %lld classes, but labels of %d columns", a.name,
                  (long long)n, (int)d->n_classes);
    if (st == GNNAC_OK && (n < d->n_classes || n > MAX_CLASSES))
        st = FAIL(err, GNNAC_EFORMAT,
                  "%s: byte 10: %lld classes, but labels up to %d", a.name,
                  (long long)n, (int)d->n_classes - 1);
    if (st == GNNAC_OK)
        d->n_classes = (int32_t)n;
    npz_free(&a, 1);
    return st;
}

static gnnac_status load_labels(const struct npz *z, enum label_kind wanted,
                                struct dataset *d, gnnac_error *err)
{
    struct npy_array a;
    const char *name = label_name(z);
    if (!name)
        return FAIL(err, GNNAC_EFORMAT,
                    "%s: byte 0: no labels in it (y or labels)", z->path);
    gnnac_status st = npz_read(z, &name, 1, &a, err);
    if (st != GNNAC_OK)
        return st;
    st = read_labels(&a, wanted, d, err);
    npz_free(&a, 1);
    return st == GNNAC_OK ? read_classes(z, d, err) : st;
}

// ---- splits -----------------------------------------------------------------

static const char *const index_names[N_SPLITS] = {"train_idx", "val_idx",
                                                  "test_idx"};
static const char *const mask_names[N_SPLITS] = {"train_mask", "val_mask",
                                                 "test_mask"};

static gnnac_status read_mask(const struct npy_array *a, struct dataset *d,
                              struct node_list *l, gnnac_error *err)
{
    if (a->h.n_elems != d->n_nodes)
        return FAIL(err, GNNAC_EFORMAT, "%s: byte 10: a mask of %lld rows",
                    a->name, (long long)a->h.n_elems);
    for (int64_t v = 0; v < d->n_nodes; v++) {
        float set;
        gnnac_status st = npy_read_floats(a, v, 1, 1, &set, err);
        if (st != GNNAC_OK)
            return st;
        if (set != 0)
            l->nodes[l->n++] = (int32_t)v;
    }
    return GNNAC_OK;
}

static bool is_labelled(const struct dataset *d, int64_t v)
{
    return d->many || d->labels[v] >= 0;
}

static gnnac_status check_labelled(const struct npy_array *a,
                                   const struct dataset *d,
                                   const struct node_list *l, gnnac_error *err)
{
    for (int64_t i = 0; i < l->n; i++)
        if (!is_labelled(d, l->nodes[i]))
            return FAIL(err, GNNAC_EFORMAT,
                        "%s: byte 10: node %d is in it but has no label",
                        a->name, (int)l->nodes[i]);
    return GNNAC_OK;
}

static gnnac_status read_split(const struct npz *z, const struct npy_array *a,
                               bool masks, struct dataset *d,
                               struct node_list *l, gnnac_error *err)
{
    l->nodes = alloc_array(a->h.n_elems, sizeof(*l->nodes));
    if (!l->nodes)
        return out_of_memory(z, err);
    gnnac_status st;
    if (masks) {
        st = read_mask(a, d, l, err);
    } else {
        l->n = a->h.n_elems;
        st = npy_read_ids(a, 0, 1, l->n, d->n_nodes, l->nodes, err);
    }
    return st == GNNAC_OK ? check_labelled(a, d, l, err) : st;
}

static gnnac_status load_splits(const struct npz *z, struct dataset *d,
                                gnnac_error *err)
{
    bool masks = npz_has(z, mask_names[0]);
    const char *const *names = masks ? mask_names : index_names;
    struct npy_array a[N_SPLITS];
    if (!npz_has(z, names[0]))
        return GNNAC_OK;
    gnnac_status st = npz_read(z, names, N_SPLITS, a, err);
    if (st != GNNAC_OK)
        return st;
    for (int i = 0; i < N_SPLITS && st == GNNAC_OK; i++)
        st = read_split(z, &a[i], masks, d, &d->split[i], err);
    npz_free(a, N_SPLITS);
    return st;
}

gnnac_status dataset_load(const char *path, enum label_kind labels,
                          struct dataset *out, gnnac_error *err)
{
    struct dataset d = {0};
    struct npz z;
    gnnac_status st = npz_open(path, &z, err);
    if (st != GNNAC_OK)
        return st;
    TRY(load_features(&z, &d, err));
    TRY(load_labels(&z, labels, &d, err));
    TRY(load_splits(&z, &d, err));
    *out = d;
    d = (struct dataset){0};
out:
    dataset_finish(&d);
    npz_close(&z);
    return st;
}

static gnnac_status load_npz_features(const char *path, struct dataset *d,
                                      gnnac_error *err)
{
    struct npz z;
    gnnac_status st = npz_open(path, &z, err);
    if (st != GNNAC_OK)
        return st;
    st = load_features(&z, d, err);
    npz_close(&z);
    return st;
}

gnnac_status dataset_load_features(const char *path, struct dataset *out,
                                   gnnac_error *err)
{
    struct dataset d = {0};
    gnnac_status st = path_has_suffix(path, ".npz")
                          ? load_npz_features(path, &d, err)
                          : load_dense(path, &d, err);
    if (st == GNNAC_OK)
        *out = d;
    else
        dataset_finish(&d);
    return st;
}

gnnac_features dataset_features(const struct dataset *d, gnnac_form form)
{
    return (gnnac_features){.struct_size = sizeof(gnnac_features),
                            .dense = d->dense,
                            .rowptr = d->rowptr,
                            .colidx = d->colidx,
                            .values = d->values,
                            .form = form};
}

bool dataset_has_labels(const char *path)
{
    struct npz z;
    if (npz_open(path, &z, NULL) != GNNAC_OK)
        return false;
    bool has = label_name(&z) != NULL;
    npz_close(&z);
    return has;
}

// ---- changes ----------------------------------------------------------------

static void divide_by_sum(float *x, int64_t n)
{
    double sum = 0;
    for (int64_t i = 0; i < n; i++)
        sum += (double)x[i];
    for (int64_t i = 0; i < n && sum != 0; i++)
        x[i] = (float)((double)x[i] / sum);
}

void dataset_normalize(struct dataset *d)
{
    for (int64_t v = 0; v < d->n_nodes; v++) {
        if (d->dense)
            divide_by_sum(d->dense + v * d->dim, d->dim);
        else
            divide_by_sum(d->values + d->rowptr[v],
                          d->rowptr[v + 1] - d->rowptr[v]);
    }
}

// All labelled nodes, shuffled (Fisher and Yates).
static int64_t shuffled_nodes(const struct dataset *d, uint64_t seed,
                              int32_t *nodes)
{
    int64_t n = 0;
    for (int64_t v = 0; v < d->n_nodes; v++)
        if (is_labelled(d, v))
            nodes[n++] = (int32_t)v;
    for (int64_t i = n - 1; i > 0; i--) {
        uint64_t j = rng_below(seed, (uint64_t)i, (uint64_t)i + 1);
        int32_t node = nodes[i];
        nodes[i] = nodes[j];
        nodes[j] = node;
    }
    return n;
}

gnnac_status dataset_draw_split(struct dataset *d, uint64_t seed,
                                gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    int32_t *nodes = alloc_array(d->n_nodes, sizeof(*nodes));
    if (!nodes)
        return FAIL(err, GNNAC_ENOMEM, "out of memory for a split");
    int64_t n = shuffled_nodes(d, seed, nodes), at = 0;
    const int64_t sizes[N_SPLITS] = {n * 6 / 10, n * 2 / 10,
                                     n - n * 6 / 10 - n * 2 / 10};
    if (n < 3)
        st = FAIL(err, GNNAC_EFORMAT, "%lld labelled nodes cannot be split",
                  (long long)n);
    for (int i = 0; i < N_SPLITS && st == GNNAC_OK; i++) {
        struct node_list *l = &d->split[i];
        free(l->nodes);
        l->n = sizes[i];
        l->nodes = alloc_array(l->n, sizeof(*nodes));
        if (!l->nodes)
            st = FAIL(err, GNNAC_ENOMEM, "out of memory for a split");
        else
            memcpy(l->nodes, nodes + at, (size_t)sizes[i] * sizeof(*nodes));
        at += sizes[i];
    }
    free(nodes);
    return st;
}
