// Values of edges.
#include "cpu/cpu_edges.h"
#include "cpu/cpu_partition.h"

static float dot(const float *a, const float *b, int32_t n)
{
    float sum = 0;
#pragma omp simd reduction(+ : sum)
    for (int32_t j = 0; j < n; j++)
        sum += a[j] * b[j];
    return sum;
}

static void dot_row(const struct edge_dot_job *job, int64_t v)
{
    int32_t channels = job->at.dim / job->heads;
    int64_t degree = job->rowptr[v + 1] - job->rowptr[v];
    float scale = job->mean && degree > 1 ? 1 / (float)degree : 1;
    const float *at = job->at.data + v * job->at.pitch;
    for (int64_t e = job->rowptr[v]; e < job->rowptr[v + 1]; e++) {
        const float *from = job->from.data + job->colidx[e] * job->from.pitch;
        float *to = job->out + (job->edge ? job->edge[e] : e) * job->heads;
        for (int32_t k = 0; k < job->heads; k++)
            to[k] =
                scale * dot(at + k * channels, from + k * channels, channels);
    }
}

static void dot_rows(const void *job, int64_t first, int64_t end)
{
    for (int64_t v = first; v < end; v++)
        dot_row(job, v);
}

void cpu_edge_dot(const struct edge_dot_job *job, int n_threads)
{
    partition_walk(job->rowptr, job->n_rows, n_threads, dot_rows, job);
}

void cpu_gather(int64_t n, const float *from, int64_t stride,
                const int64_t *edge, float *to, int n_threads)
{
#pragma omp parallel for schedule(static) num_threads(n_threads)
    for (int64_t e = 0; e < n; e++)
        to[e] = from[(edge ? edge[e] : e) * stride];
}
