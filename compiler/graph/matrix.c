#include "graph/matrix.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "checked.h"
#include "graph/mtx.h"
#include "graph/npy_file.h"
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

// ---- dense ------------------------------------------------------------------

static gnnac_status from_dense(const struct npy_array *a, struct matrix *out,
                               gnnac_error *err)
{
    const struct npy_header *h = &a->h;
    if (h->rank < 1 || h->rank > 2)
        return FAIL(err, GNNAC_EFORMAT, "%s: byte 10: features are a matrix",
                    a->name);
    int64_t rows = h->shape[0], cols = h->rank == 2 ? h->shape[1] : 1;
    struct matrix m;
    gnnac_status st = matrix_alloc(&m, rows, cols, a->name, err);
    if (st != GNNAC_OK)
        return st;
    if (!h->fortran || h->rank == 1)
        st = npy_read_floats(a, 0, 1, h->n_elems, m.data, err);
    else // no row holds anything when there are no columns
        for (int64_t r = 0; r < rows && cols && st == GNNAC_OK; r++)
            st = npy_read_floats(a, r, rows, cols, m.data + r * cols, err);
    if (st == GNNAC_OK)
        *out = m;
    else
        matrix_finish(&m);
    return st;
}

static gnnac_status load_npy_matrix(const char *path, struct matrix *out,
                                    gnnac_error *err)
{
    struct npy_file f;
    gnnac_status st = npy_file_open(path, &f, err);
    if (st != GNNAC_OK)
        return st;
    st = from_dense(&f.array, out, err);
    npy_file_close(&f);
    return st;
}

// ---- sparse rows in an archive ----------------------------------------------

enum { X_INDPTR, X_INDICES, X_DATA, X_SHAPE, N_SPARSE };

// Add row `row`, whose entries lie at begin..end of the lists.
static gnnac_status fill_row(const struct npy_array *a, const float *value,
                             struct matrix *m, int64_t row, gnnac_error *err)
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
        m->data[row * m->cols + col] += value[e];
    }
    return GNNAC_OK;
}

static gnnac_status check_sparse(const struct npy_array *a, int64_t rows,
                                 int64_t cols, gnnac_error *err)
{
    if (rows < 0 || cols < 0 || a[X_INDPTR].h.n_elems - 1 != rows ||
        a[X_DATA].h.n_elems != a[X_INDICES].h.n_elems)
        return FAIL(err, GNNAC_EFORMAT,
                    "%s: byte 10: sparse features do not fit their shape",
                    a[X_SHAPE].name);
    return GNNAC_OK;
}

static gnnac_status from_sparse(const struct npy_array *a, struct matrix *out,
                                gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    int64_t rows, cols, n = a[X_DATA].h.n_elems;
    struct matrix m = {0};
    float *value = alloc_array(n, sizeof(*value));
    if (!value)
        return FAIL(err, GNNAC_ENOMEM, "%s: out of memory", a[X_DATA].name);
    TRY(npy_read_int(&a[X_SHAPE], 0, &rows, err));
    TRY(npy_read_int(&a[X_SHAPE], 1, &cols, err));
    TRY(check_sparse(a, rows, cols, err));
    TRY(npy_read_floats(&a[X_DATA], 0, 1, n, value, err));
    TRY(matrix_alloc(&m, rows, cols, a[X_SHAPE].name, err));
    for (int64_t r = 0; r < rows; r++)
        TRY(fill_row(a, value, &m, r, err));
    *out = m;
    m = (struct matrix){0};
out:
    matrix_finish(&m);
    free(value);
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

// ---- Matrix Market ----------------------------------------------------------

static gnnac_status load_mtx_matrix(const char *path, struct matrix *out,
                                    gnnac_error *err)
{
    struct matrix m;
    struct mtx x;
    gnnac_status st = mtx_read(path, NULL, &x, err);
    if (st != GNNAC_OK)
        return st;
    st = matrix_alloc(&m, x.rows, x.cols, path, err);
    float mirrored = x.symmetry == MTX_SKEW ? -1 : 1;
    for (int64_t i = 0; i < x.entries.n && st == GNNAC_OK; i++) {
        int64_t r = x.entries.first[i], c = x.entries.second[i];
        float v = x.entries.weight ? x.entries.weight[i] : 1;
        m.data[r * x.cols + c] += v;
        if (r != c && x.symmetry != MTX_GENERAL)
            m.data[c * x.cols + r] += mirrored * v;
    }
    if (st == GNNAC_OK)
        *out = m;
    mtx_finish(&x);
    return st;
}

gnnac_status matrix_load(const char *path, struct matrix *out,
                         gnnac_error *err)
{
    static const struct {
        const char *suffix;
        gnnac_status (*load)(const char *path, struct matrix *out,
                             gnnac_error *err);
    } loaders[] = {
        {".npy", load_npy_matrix},
        {".npz", load_npz_matrix},
        {".mtx", load_mtx_matrix},
    };
    for (size_t i = 0; i < sizeof(loaders) / sizeof(loaders[0]); i++)
        if (path_has_suffix(path, loaders[i].suffix))
            return loaders[i].load(path, out, err);
    return FAIL(err, GNNAC_EFORMAT,
                "%s: features are a .npy, .npz or .mtx file", path);
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
