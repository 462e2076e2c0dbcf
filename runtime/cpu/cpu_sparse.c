// Products with sparse features, such as bags of words: the first layer of a
// citation graph has a few dozen entries in a row of thousands. A row of the
// product is a weighted sum of rows, as over neighbours, so the loops are the
// same.
#include "cpu/cpu_grad.h"

void cpu_sparse_linear(const struct sparse_rows *x, const float *weight_t,
                       struct view out, bool accumulate, int n_threads)
{
    const struct aggregate_job job = {
        .n_rows = x->n_rows,
        .rowptr = x->rowptr,
        .colidx = x->colidx,
        .weight = x->value,
        .x = {weight_t, out.dim, out.dim},
        .self = {out.data, out.pitch, out.dim},
        .out = out,
        .self_term = accumulate ? SELF_ONE : SELF_NONE,
    };
    cpu_aggregate(&job, n_threads);
}

void cpu_scatter(int64_t n, const float *from, const int64_t *position,
                 float *to, int n_threads)
{
#pragma omp parallel for schedule(static) num_threads(n_threads)
    for (int64_t e = 0; e < n; e++)
        to[position[e]] = from[e];
}

void cpu_sparse_weight_grad(const struct sparse_columns *x, struct const_view g,
                            float *grad_t, int n_threads)
{
    const struct aggregate_job job = {
        .n_rows = x->n_cols,
        .rowptr = x->colptr,
        .colidx = x->row,
        .weight = x->value,
        .x = g,
        .out = {grad_t, g.dim, g.dim},
    };
    cpu_aggregate(&job, n_threads);
}
