#include "cpu_kernels.h"

#include "backend.h"

#include <math.h>

void graph_dinv(int64_t n_nodes, const int64_t *rowptr, float *dinv)
{
    for (int64_t v = 0; v < n_nodes; v++)
        dinv[v] = (float)(1 / sqrt((double)(rowptr[v + 1] - rowptr[v] + 1)));
}

static void add_scaled(float *restrict to, const float *restrict from,
                       float scale, int32_t dim)
{
#pragma omp simd
    for (int32_t j = 0; j < dim; j++)
        to[j] += scale * from[j];
}

static void add(float *restrict to, const float *restrict from, int32_t dim)
{
#pragma omp simd
    for (int32_t j = 0; j < dim; j++)
        to[j] += from[j];
}

static void scale_row(float *row, float scale, int32_t dim)
{
#pragma omp simd
    for (int32_t j = 0; j < dim; j++)
        row[j] *= scale;
}

static void relu(float *row, int32_t dim)
{
#pragma omp simd
    for (int32_t j = 0; j < dim; j++)
        row[j] = row[j] < 0 ? 0 : row[j]; // keeps NaN
}

static void sum_neighbours(const struct aggregate_job *a, int64_t v,
                           float *row)
{
    int32_t dim = a->out.dim;
    for (int32_t j = 0; j < dim; j++)
        row[j] = 0;
    for (int64_t e = a->rowptr[v]; e < a->rowptr[v + 1]; e++) {
        int64_t u = a->colidx[e];
        const float *from = a->x.data + u * a->x.pitch;
        if (a->norm == NORM_GCN)
            add_scaled(row, from, a->dinv[u], dim);
        else
            add(row, from, dim);
    }
    int64_t degree = a->rowptr[v + 1] - a->rowptr[v];
    if (a->norm == NORM_GCN)
        scale_row(row, a->dinv[v], dim);
    else if (a->norm == NORM_MEAN && degree > 1)
        scale_row(row, 1 / (float)degree, dim);
}

static void add_self(const struct aggregate_job *a, int64_t v, float *row)
{
    if (a->self_term == SELF_NONE)
        return;
    const float *from = a->self.data + v * a->self.pitch;
    float scale = a->self_term == SELF_EPS   ? 1 + a->eps[0]
                  : a->self_term == SELF_GCN ? a->dinv[v] * a->dinv[v]
                                             : 1;
    add_scaled(row, from, scale, a->out.dim);
}

void cpu_aggregate(const struct aggregate_job *a, int n_threads)
{
    // Rows differ in length, so threads take small batches as they finish.
#pragma omp parallel for schedule(dynamic, 64) num_threads(n_threads)
    for (int64_t v = 0; v < a->n_rows; v++) {
        float *row = a->out.data + v * a->out.pitch;
        sum_neighbours(a, v, row);
        add_self(a, v, row);
        if (a->bias)
            add(row, a->bias, a->out.dim);
        if (a->act == ACT_RELU)
            relu(row, a->out.dim);
    }
}
