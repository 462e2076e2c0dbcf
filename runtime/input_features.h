// What a model reads, in the form in which its steps take it: a matrix
// [n_nodes, in_dim], dense or by sparse rows (CSR), such as bags of words.
#ifndef GNNAC_INPUT_FEATURES_H
#define GNNAC_INPUT_FEATURES_H

#include "backend.h"
#include "cpu/cpu_kernels.h"

struct features {
    bool sparse;
    struct sparse_rows rows; // sparse; the caller's, or what own_ has
    const float *dense;      // else; the same
    int64_t *own_rowptr;
    int32_t *own_colidx;
    float *own_values;
};

// Up to how many entries the program's products move fewer bytes by sparse rows
// than by a dense matrix; -1 where another step than a product reads the
// features. By rows an entry is 8 bytes and a row of W^T that is gathered; a
// dense matrix is read whole, and computes: FLOPS_PER_BYTE of it take as long
// as a byte (float32 on an H100, 67e12 / 3.35e12 a second).
enum { FLOPS_PER_BYTE = 20 };
int64_t features_most_entries(const struct program *p, int64_t n_rows);

// Checks the caller's struct and arrays, and makes the other form where that is
// wanted. `lack`: why what executes cannot read sparse features, the message of
// GNNAC_EUNSUPPORTED where the caller insists on them; NULL: it can.
// GNNAC_EUSAGE, GNNAC_ENOMEM.
gnnac_status features_init(const gnnac_features *given,
                           const struct gnnac_model *model, const char *lack,
                           struct features *out, gnnac_error *err);
void features_finish(struct features *f);

// Whether memory is shared with what inferences from them read. The matrix is
// [n_rows, dim].
bool features_overlap(const struct features *f, int64_t n_rows, int32_t dim,
                      const void *p, size_t n_bytes);

// The same as a dense matrix of `dim` columns; the caller frees *out.
// GNNAC_ENOMEM.
gnnac_status features_fill(const struct sparse_rows *x, int32_t dim,
                           float **out, gnnac_error *err);

#endif
