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

// ---- archives ---------------------------------------------------------------

static gnnac_status load_npz_matrix(const char *path, struct matrix *out,
                                    gnnac_error *err)
{
    static const char *const names[] = {"x", "features"};
    struct npz z;
    struct npy_array a;
    gnnac_status st = npz_open(path, &z, err);
    if (st != GNNAC_OK)
        return st;
    bool has_x = npz_has(&z, names[0]);
    if (!has_x && !npz_has(&z, names[1]))
        st = FAIL(err, GNNAC_EFORMAT,
                  "%s: byte 0: no features in it (x, features or x_indptr)",
                  path);
    else
        st = npz_read(&z, &names[has_x ? 0 : 1], 1, &a, err);
    if (st == GNNAC_OK) {
        st = from_dense(&a, out, err);
        npz_free(&a, 1);
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
