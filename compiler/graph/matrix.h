// Dense float32 matrices: features in (.npy .npz .mtx), outputs out (.npy).
#ifndef GNNAC_MATRIX_H
#define GNNAC_MATRIX_H

#include "fail.h"

// Row-major, owned. A 1-D file reads as one column.
struct matrix {
    int64_t rows, cols;
    float *data;
};
void matrix_finish(struct matrix *m);

// .npy of any float, integer or bool type, C or Fortran order; the array "x" or
// "features" of an .npz (dataset.h reads sparse rows); any Matrix Market file,
// where entries that stand twice add up. Values must be finite. Checks sizes
// against the file before allocating. GNNAC_EIO, GNNAC_EFORMAT, GNNAC_ENOMEM.
gnnac_status matrix_load(const char *path, struct matrix *out,
                         gnnac_error *err);

// .npy v1, f4, C order; temporary file + rename.
gnnac_status matrix_save(const char *path, const float *data, int64_t rows,
                         int64_t cols, gnnac_error *err);

#endif
