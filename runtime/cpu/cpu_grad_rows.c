// Backward of steps that see one row at a time, and sums over all rows.
#include <math.h>
#include <string.h>

#include "cpu/cpu_chunks.h"
#include "cpu/cpu_grad.h"

void cpu_relu_grad(int64_t n_rows, struct const_view out, struct view g,
                   int n_threads)
{
#pragma omp parallel for schedule(static) num_threads(n_threads)
    for (int64_t v = 0; v < n_rows; v++) {
        const float *y = out.data + v * out.pitch;
        float *to = g.data + v * g.pitch;
#pragma omp simd
        for (int32_t j = 0; j < g.dim; j++)
            to[j] = y[j] > 0 ? to[j] : 0;
    }
}

void cpu_elu_grad(int64_t n_rows, struct const_view out, float scale,
                  struct view g, int n_threads)
{
    float factor = 1 / scale;
#pragma omp parallel for schedule(static) num_threads(n_threads)
    for (int64_t v = 0; v < n_rows; v++) {
        const float *y = out.data + v * out.pitch;
        float *to = g.data + v * g.pitch;
#pragma omp simd
        for (int32_t j = 0; j < g.dim; j++)
            to[j] *= y[j] < 0 ? factor * y[j] + 1 : 1;
    }
}

void cpu_log_softmax_grad(int64_t n_rows, struct const_view out, struct view g,
                          int n_threads)
{
#pragma omp parallel for schedule(static) num_threads(n_threads)
    for (int64_t v = 0; v < n_rows; v++) {
        const float *y = out.data + v * out.pitch;
        float *to = g.data + v * g.pitch, sum = 0;
        for (int32_t j = 0; j < g.dim; j++)
            sum += to[j];
        if (sum != 0) // rows outside the loss are zero
            for (int32_t j = 0; j < g.dim; j++)
                to[j] -= expf(y[j]) * sum;
    }
}

static float factor_of(const struct row_factor *f, int64_t v)
{
    float factor = f->factor;
    if (f->dinv)
        factor *= f->dinv[v] * f->dinv[v];
    if (f->rowptr && f->rowptr[v + 1] - f->rowptr[v] > 1)
        factor /= (float)(f->rowptr[v + 1] - f->rowptr[v]);
    return factor;
}

void cpu_scale_rows(int64_t n_rows, struct const_view from,
                    struct row_factor factor, struct view to, bool accumulate,
                    int n_threads)
{
#pragma omp parallel for schedule(static) num_threads(n_threads)
    for (int64_t v = 0; v < n_rows; v++) {
        const float *x = from.data + v * from.pitch;
        float *y = to.data + v * to.pitch, f = factor_of(&factor, v);
#pragma omp simd
        for (int32_t j = 0; j < to.dim; j++)
            y[j] = accumulate ? y[j] + f * x[j] : f * x[j];
    }
}

// ---- sums over rows ---------------------------------------------------------

void cpu_add_chunks(int64_t n_chunks, int32_t dim, const double *scratch,
                    float *sums)
{
    for (int32_t j = 0; j < dim; j++) {
        double sum = 0;
        for (int64_t c = 0; c < n_chunks; c++)
            sum += scratch[c * dim + j];
        sums[j] = (float)sum;
    }
}

void cpu_column_sums(int64_t n_rows, struct const_view g, double *scratch,
                     float *sums, int n_threads)
{
    int64_t n_chunks = row_chunks(n_rows);
#pragma omp parallel for schedule(static) num_threads(n_threads)
    for (int64_t c = 0; c < n_chunks; c++) {
        double *sum = scratch + c * g.dim;
        memset(sum, 0, (size_t)g.dim * sizeof(*sum));
        int64_t end = chunk_row(n_rows, c + 1, n_chunks);
        for (int64_t v = chunk_row(n_rows, c, n_chunks); v < end; v++)
            for (int32_t j = 0; j < g.dim; j++)
                sum[j] += (double)g.data[v * g.pitch + j];
    }
    cpu_add_chunks(n_chunks, g.dim, scratch, sums);
}

static double dot_row(const float *a, const float *b, int32_t dim)
{
    double sum = 0;
    for (int32_t j = 0; j < dim; j++)
        sum += (double)a[j] * (double)b[j];
    return sum;
}

double cpu_dot(int64_t n_rows, struct const_view a, struct const_view b,
               double *scratch, int n_threads)
{
    int64_t n_chunks = row_chunks(n_rows);
    double sum = 0;
#pragma omp parallel for schedule(static) num_threads(n_threads)
    for (int64_t c = 0; c < n_chunks; c++) {
        int64_t end = chunk_row(n_rows, c + 1, n_chunks);
        scratch[c] = 0;
        for (int64_t v = chunk_row(n_rows, c, n_chunks); v < end; v++)
            scratch[c] +=
                dot_row(a.data + v * a.pitch, b.data + v * b.pitch, a.dim);
    }
    for (int64_t c = 0; c < n_chunks; c++)
        sum += scratch[c];
    return sum;
}
