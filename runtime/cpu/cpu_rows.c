// Steps that see one row at a time and no graph.
#include <math.h>
#include <string.h>

#include "bundle/dtype.h"
#include "cpu/cpu_kernels.h"

void cpu_bias_act(int64_t n_rows, struct const_view x, const float *bias,
                  enum activation act, struct view out, int n_threads)
{
#pragma omp parallel for schedule(static) num_threads(n_threads)
    for (int64_t v = 0; v < n_rows; v++) {
        const float *from = x.data + v * x.pitch;
        float *to = out.data + v * out.pitch;
        for (int32_t j = 0; j < out.dim; j++) {
            float y = bias ? from[j] + bias[j] : from[j];
            to[j] = act == ACT_RELU && y < 0 ? 0 : y; // keeps NaN
        }
    }
}

void cpu_add(int64_t n_rows, struct const_view x, struct const_view y,
             struct view out, int n_threads)
{
#pragma omp parallel for schedule(static) num_threads(n_threads)
    for (int64_t v = 0; v < n_rows; v++)
        for (int32_t j = 0; j < out.dim; j++)
            out.data[v * out.pitch + j] =
                x.data[v * x.pitch + j] + y.data[v * y.pitch + j];
}

static void log_softmax_row(const float *x, float *out, int32_t dim)
{
    float max = x[0], sum = 0;
    for (int32_t j = 1; j < dim; j++)
        max = x[j] > max ? x[j] : max;
    for (int32_t j = 0; j < dim; j++)
        sum += expf(x[j] - max);
    float log_sum = logf(sum);
    for (int32_t j = 0; j < dim; j++)
        out[j] = x[j] - max - log_sum;
}

void cpu_log_softmax(int64_t n_rows, struct const_view x, struct view out,
                     int n_threads)
{
#pragma omp parallel for schedule(static) num_threads(n_threads)
    for (int64_t v = 0; v < n_rows; v++)
        log_softmax_row(x.data + v * x.pitch, out.data + v * out.pitch,
                        out.dim);
}

void cpu_permute_rows(int64_t n_rows, struct const_view x,
                      const int32_t *source_row, struct view out, int n_threads)
{
#pragma omp parallel for schedule(static) num_threads(n_threads)
    for (int64_t v = 0; v < n_rows; v++)
        memcpy(out.data + v * out.pitch, x.data + source_row[v] * x.pitch,
               (size_t)out.dim * sizeof(float));
}

void cpu_round(int64_t n_rows, enum dtype dtype, struct view out, int n_threads)
{
#pragma omp parallel for schedule(static) num_threads(n_threads)
    for (int64_t v = 0; v < n_rows; v++)
        for (int32_t j = 0; j < out.dim; j++)
            out.data[v * out.pitch + j] =
                dtype_round(dtype, out.data[v * out.pitch + j]);
}

void cpu_multiply_rows(int64_t n_rows, const float *by, struct view m,
                       int n_threads)
{
#pragma omp parallel for schedule(static) num_threads(n_threads)
    for (int64_t v = 0; v < n_rows; v++)
        for (int32_t j = 0; j < m.dim; j++)
            m.data[v * m.pitch + j] *= by[v];
}
