// The largest and the smallest of the neighbours.
#include <string.h>

#include "cpu/cpu_edges.h"
#include "cpu/cpu_partition.h"

// What is done to a row.
typedef void row_work(const struct extreme_job *job, struct const_view in,
                      struct view out, int64_t v);

struct walk {
    const struct extreme_job *job;
    row_work *work;
    struct const_view in;
    struct view out;
};

static void visit_rows(const void *context, int64_t first, int64_t end)
{
    const struct walk *w = context;
    for (int64_t v = first; v < end; v++)
        w->work(w->job, w->in, w->out, v);
}

static void for_rows(const struct extreme_job *job, row_work *work,
                     struct const_view in, struct view out, int n_threads)
{
    const struct walk w = {job, work, in, out};
    partition_walk(job->rowptr, job->n_rows, n_threads, visit_rows, &w);
}

// A NaN wins and stays, as nothing compares to it.
static void keep_larger(const float *x, float *best, int32_t dim)
{
#pragma omp simd
    for (int32_t j = 0; j < dim; j++)
        best[j] = x[j] > best[j] || x[j] != x[j] ? x[j] : best[j];
}

static void keep_smaller(const float *x, float *best, int32_t dim)
{
#pragma omp simd
    for (int32_t j = 0; j < dim; j++)
        best[j] = x[j] < best[j] || x[j] != x[j] ? x[j] : best[j];
}

static void extreme_row(const struct extreme_job *job, struct const_view x,
                        struct view out, int64_t v)
{
    int64_t e = job->rowptr[v], end = job->rowptr[v + 1];
    float *best = out.data + v * out.pitch;
    size_t n_bytes = (size_t)out.dim * sizeof(float);
    if (e == end) {
        memset(best, 0, n_bytes);
        return;
    }
    memcpy(best, x.data + job->colidx[e] * x.pitch, n_bytes);
    while (++e < end) {
        const float *from = x.data + job->colidx[e] * x.pitch;
        if (job->smallest)
            keep_smaller(from, best, out.dim);
        else
            keep_larger(from, best, out.dim);
    }
}

void cpu_extreme(const struct extreme_job *job, int n_threads)
{
    for_rows(job, extreme_row, job->x, job->out, n_threads);
}

static void share_row(const struct extreme_job *job, struct const_view g,
                      struct view share, int64_t v)
{
    const float *best = job->out.data + v * job->out.pitch;
    const float *from = g.data + v * g.pitch;
    float *to = share.data + v * share.pitch; // first how many tie
    memset(to, 0, (size_t)share.dim * sizeof(float));
    for (int64_t e = job->rowptr[v]; e < job->rowptr[v + 1]; e++) {
        const float *x = job->x.data + job->colidx[e] * job->x.pitch;
#pragma omp simd
        for (int32_t j = 0; j < share.dim; j++)
            to[j] += x[j] == best[j] ? 1 : 0;
    }
    for (int32_t j = 0; j < share.dim; j++)
        to[j] = to[j] > 0 ? from[j] / to[j] : 0;
}

void cpu_extreme_share(const struct extreme_job *job, struct const_view g,
                       struct view share, int n_threads)
{
    for_rows(job, share_row, g, share, n_threads);
}

static void grad_row(const struct extreme_job *job, struct const_view share,
                     struct view grad, int64_t u)
{
    const float *x = job->x.data + u * job->x.pitch;
    float *to = grad.data + u * grad.pitch;
    memset(to, 0, (size_t)grad.dim * sizeof(float));
    for (int64_t e = job->rowptr[u]; e < job->rowptr[u + 1]; e++) {
        int64_t v = job->colidx[e];
        const float *best = job->out.data + v * job->out.pitch;
        const float *from = share.data + v * share.pitch;
#pragma omp simd
        for (int32_t j = 0; j < grad.dim; j++)
            to[j] += x[j] == best[j] ? from[j] : 0;
    }
}

void cpu_extreme_grad(const struct extreme_job *job, struct const_view share,
                      struct view grad, int n_threads)
{
    for_rows(job, grad_row, share, grad, n_threads);
}
