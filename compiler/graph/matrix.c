#include "graph/matrix.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "checked.h"
#include "graph/npy_write.h"
#include "graph/npz.h"
#include "graph/text.h"

void matrix_finish(struct matrix *m)
{
    free(m->data);
    *m = (struct matrix){0};
}

static gnnac_status matrix_alloc(struct matrix *m, int64_t rows, int64_t cols,
                                 const char *name, gnnac_error *err)
{
    size_t n;
    *m = (struct matrix){.rows = rows, .cols = cols};
    if (!size_mul((size_t)rows, (size_t)cols, &n) || n > INT64_MAX / 8 ||
        !(m->data = calloc_array((int64_t)n, sizeof(float))))
        return FAIL(err, GNNAC_ENOMEM, "%s: out of memory for %lld x %lld",
                    name, (long long)rows, (long long)cols);
    return GNNAC_OK;
}

static gnnac_status not_finite(const struct npy_array *a, int64_t index,
                               gnnac_error *err)
{
    return FAIL(err, GNNAC_EFORMAT, "%s: byte %zu: a feature is not finite",
                a->name,
                a->h.data_at + (size_t)(index * a->h.item_bytes));
}

// ---- dense ------------------------------------------------------------------

static gnnac_status from_dense(const struct npy_array *a, struct matrix *out,
                               gnnac_error *err)
{
    const struct npy_header *h = &a->h;
    if (h->rank < 1 || h->rank > 2 || !strchr("iufb", h->kind))
        return FAIL(err, GNNAC_EFORMAT,
                    "%s: byte 10: features are a matrix of numbers", a->name);
    int64_t rows = h->shape[0], cols = h->rank == 2 ? h->shape[1] : 1;
    struct matrix m;
    gnnac_status st = matrix_alloc(&m, rows, cols, a->name, err);
    if (st != GNNAC_OK)
        return st;
    int64_t bad = INT64_MAX;
#pragma omp parallel for schedule(static) reduction(min : bad)
    for (int64_t r = 0; r < rows; r++)
        for (int64_t c = 0; c < cols; c++) {
            int64_t index = h->fortran ? c * rows + r : r * cols + c;
            float v = (float)npy_number(a, index);
            m.data[r * cols + c] = v;
            if (!isfinite(v) && index < bad)
                bad = index;
        }
    if (bad != INT64_MAX) {
        matrix_finish(&m);
        return not_finite(a, bad, err);
    }
    *out = m;
    return GNNAC_OK;
}

static gnnac_status load_npy_matrix(const char *path, struct matrix *out,
                                    gnnac_error *err)
{
    struct text t;
    struct npy_array a = {.data = NULL};
    gnnac_status st = text_open(path, &t, err);
    if (st != GNNAC_OK)
        return st;
    snprintf(a.name, sizeof(a.name), "%s", path);
    st = npy_parse(t.data, t.n_bytes, path, &a.h, err);
    if (st == GNNAC_OK && t.n_bytes - a.h.data_at != npy_data_bytes(&a.h))
        st = FAIL(err, GNNAC_EFORMAT,
                  "%s: byte %zu: the shape needs %zu bytes, there are %zu",
                  path, a.h.data_at, npy_data_bytes(&a.h),
                  t.n_bytes - a.h.data_at);
    a.data = (const unsigned char *)t.data + a.h.data_at;
    if (st == GNNAC_OK)
        st = from_dense(&a, out, err);
    text_close(&t);
    return st;
}

// ---- sparse rows in an archive ----------------------------------------------

enum { X_INDPTR, X_INDICES, X_DATA, X_SHAPE, N_SPARSE };

// One row: entries begin..end of the lists.
static gnnac_status fill_row(const struct npy_array *a, struct matrix *m,
                             int64_t row, gnnac_error *err)
{
    int64_t begin, end, col;
    gnnac_status st = npy_read_int(&a[X_INDPTR], row, &begin, err);
    if (st == GNNAC_OK)
        st = npy_read_int(&a[X_INDPTR], row + 1, &end, err);
    if (st != GNNAC_OK)
        return st;
    if (begin < 0 || begin > end || end > a[X_INDICES].h.n_elems)
        return FAIL(err, GNNAC_EFORMAT,
                    "%s: byte 10: row pointer %lld is out of order",
                    a[X_INDPTR].name, (long long)end);
    for (int64_t e = begin; e < end; e++) {
        st = npy_read_int(&a[X_INDICES], e, &col, err);
        if (st != GNNAC_OK)
            return st;
        if (col < 0 || col >= m->cols)
            return FAIL(err, GNNAC_EFORMAT,
                        "%s: byte 10: column %lld is outside the matrix",
                        a[X_INDICES].name, (long long)col);
        float v = (float)npy_number(&a[X_DATA], e);
        if (!isfinite(v))
            return not_finite(&a[X_DATA], e, err);
        m->data[row * m->cols + col] += v;
    }
    return GNNAC_OK;
}

static gnnac_status from_sparse(const struct npy_array *a, struct matrix *out,
                                gnnac_error *err)
{
    int64_t rows = -1, cols = -1;
    gnnac_status st = npy_read_int(&a[X_SHAPE], 0, &rows, err);
    if (st == GNNAC_OK)
        st = npy_read_int(&a[X_SHAPE], 1, &cols, err);
    if (st != GNNAC_OK)
        return st;
    if (rows < 0 || cols < 0 || a[X_INDPTR].h.n_elems != rows + 1 ||
        a[X_DATA].h.n_elems != a[X_INDICES].h.n_elems ||
        !strchr("iufb", a[X_DATA].h.kind))
        return FAIL(err, GNNAC_EFORMAT,
                    "%s: byte 10: sparse features do not fit their shape",
                    a[X_SHAPE].name);
    struct matrix m;
    st = matrix_alloc(&m, rows, cols, a[X_SHAPE].name, err);
    for (int64_t r = 0; r < rows && st == GNNAC_OK; r++)
        st = fill_row(a, &m, r, err);
    if (st == GNNAC_OK)
        *out = m;
    else
        matrix_finish(&m);
    return st;
}

static gnnac_status load_npz_matrix(const char *path, struct matrix *out,
                                    gnnac_error *err)
{
    static const char *const sparse[N_SPARSE] = {"x_indptr", "x_indices",
                                                 "x_data", "x_shape"};
    static const char *const dense[] = {"x", "features"};
    struct npz z;
    struct npy_array a[N_SPARSE];
    gnnac_status st = npz_open(path, &z, err);
    if (st != GNNAC_OK)
        return st;
    int which = npz_has(&z, "x") ? 0 : npz_has(&z, "features") ? 1 : -1;
    size_t n = which >= 0 ? 1 : N_SPARSE;
    if (which < 0 && !npz_has(&z, "x_indptr"))
        st = FAIL(err, GNNAC_EFORMAT,
                  "%s: byte 0: no features in it (x, features or x_indptr)",
                  path);
    else
        st = npz_read(&z, which >= 0 ? &dense[which] : sparse, n, a, err);
    if (st == GNNAC_OK) {
        st = which >= 0 ? from_dense(a, out, err) : from_sparse(a, out, err);
        npz_free(a, n);
    }
    npz_close(&z);
    return st;
}

gnnac_status matrix_load(const char *path, struct matrix *out,
                         gnnac_error *err)
{
    if (path_has_suffix(path, ".npz"))
        return load_npz_matrix(path, out, err);
    if (path_has_suffix(path, ".npy"))
        return load_npy_matrix(path, out, err);
    return FAIL(err, GNNAC_EFORMAT, "%s: features are a .npy or .npz file",
                path);
}

gnnac_status matrix_save(const char *path, const float *data, int64_t rows,
                         int64_t cols, gnnac_error *err)
{
    struct atomic_file f;
    int64_t shape[2] = {rows, cols};
    gnnac_status st = atomic_open(path, &f, err);
    if (st != GNNAC_OK)
        return st;
    npy_write_header(f.out, "<f4", shape, 2);
    fwrite(data, sizeof(*data), (size_t)(rows * cols), f.out);
    return atomic_commit(&f, err);
}
