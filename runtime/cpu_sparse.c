// Products with sparse features, such as bags of words: the first layer of a
// citation graph has a few dozen entries in a row of thousands.
#include "cpu_grad.h"

#include <string.h>

enum { ROWS = 64, COLUMNS = 16 }; // that a thread takes at a time

// to += value * from
static inline void add_row(float value, const float *from, float *to,
                           int32_t dim)
{
#pragma omp simd
    for (int32_t j = 0; j < dim; j++)
        to[j] += value * from[j];
}

void cpu_sparse_linear(const struct sparse_rows *x, const float *weight_t,
                       struct view out, bool accumulate, int n_threads)
{
#pragma omp parallel for schedule(dynamic, ROWS) num_threads(n_threads)        \
    if (x->n_rows > ROWS)
    for (int64_t v = 0; v < x->n_rows; v++) {
        float *to = out.data + v * out.pitch;
        if (!accumulate)
            memset(to, 0, (size_t)out.dim * sizeof(float));
        for (int64_t e = x->rowptr[v]; e < x->rowptr[v + 1]; e++)
            add_row(x->value[e], weight_t + (int64_t)x->colidx[e] * out.dim,
                    to, out.dim);
    }
}

void cpu_sparse_weight_grad(const struct sparse_columns *x, const float *value,
                            struct const_view g, float *grad_t, int n_threads)
{
#pragma omp parallel for schedule(dynamic, COLUMNS) num_threads(n_threads)     \
    if (x->n_cols > COLUMNS)
    for (int32_t c = 0; c < x->n_cols; c++) {
        float *to = grad_t + (int64_t)c * g.dim;
        memset(to, 0, (size_t)g.dim * sizeof(float));
        for (int64_t e = x->colptr[c]; e < x->colptr[c + 1]; e++)
            add_row(value[x->entry[e]], g.data + x->row[e] * g.pitch, to,
                    g.dim);
    }
}
