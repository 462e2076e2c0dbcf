// Backward of attention. Of row v and one head let a be the softmax over its
// edges, w what dropout left of it, x the sources' rows and g the gradient of
// sum w x. With d = <g[v], x[u]> the gradient of an edge's score is
//
//     a[u] (keep[u] d[u] - D),  D = sum a keep d = sum w d,
//
// times the slope of the LeakyReLU. Nothing is kept for an edge: a comes anew
// from the row's maximum and sum. One walk over the in-edges gives D and the
// rows' gradients, one over A^T the sources': no two threads write one row.
#include <math.h>
#include <string.h>

#include "cpu/cpu_attention.h"
#include "cpu/cpu_chunks.h"
#include "cpu/cpu_grad.h"
#include "cpu/cpu_partition.h"

// GATv2's of one head; `at` is its first column.
static float rows_score(const struct attention_grad_job *j, int64_t u,
                        int64_t v, int32_t at, int32_t channels)
{
    return attention_v2_score(j->att.data + at, j->x.data + u * j->x.pitch + at,
                              j->scores.data + v * j->scores.pitch + at,
                              channels);
}

void cpu_edge_terms(const struct attention_grad_job *j, struct heads h,
                    int64_t u, int64_t v, int64_t row, struct edge_terms *t)
{
    int32_t n_heads = attention_heads(&j->scores, &j->att);
    int32_t channels = j->x.dim / n_heads;
    const float *max = j->softmax.data + v * j->softmax.pitch + h.first;
    const float *sum = max + n_heads;
    for (int32_t k = 0; k < h.n; k++) {
        int32_t at = (h.first + k) * channels;
        float e = j->att.data ? rows_score(j, u, v, at, channels)
                              : attention_sum(&j->scores, u, v, h.first + k);
        t->slope[k] = j->att.data ? 1 : attention_slope(e);
        t->softmax[k] = expf(t->slope[k] * e - max[k]) / sum[k];
        t->dot[k] = dot(j->g.data + v * j->g.pitch + at,
                        j->x.data + u * j->x.pitch + at, channels);
    }
    if (j->drop)
        cpu_dropout_piece(j->drop, row, n_heads, h.first, h.n, t->softmax,
                          t->kept);
    else
        memcpy(t->kept, t->softmax, sizeof(t->kept));
}

// ---- rows -------------------------------------------------------------------

// Sums over a row's edges: w d, slope w d, slope a.
struct row_sums {
    double dot[HEADS_AT_ONCE];
    double sloped_dot[HEADS_AT_ONCE], slope[HEADS_AT_ONCE];
};

static void add_terms(struct row_sums *s, const struct edge_terms *t, int32_t n)
{
    for (int32_t k = 0; k < n; k++) {
        double part = (double)t->kept[k] * (double)t->dot[k];
        s->dot[k] += part;
        s->sloped_dot[k] += (double)t->slope[k] * part;
        s->slope[k] += (double)t->slope[k] * (double)t->softmax[k];
    }
}

static void row_heads(const struct attention_grad_job *j, int64_t v,
                      struct heads h)
{
    int32_t n_heads = j->scores.dim / 2;
    float *to = j->grad_scores.data + v * j->grad_scores.pitch + n_heads;
    float *dots = j->softmax.data + v * j->softmax.pitch + (size_t)2 * n_heads;
    struct row_sums s = {{0}, {0}, {0}};
    struct edge_terms t;
    cpu_edge_terms(j, h, v, v, j->rowptr[j->n_rows] + v, &t);
    add_terms(&s, &t, h.n);
    for (int64_t e = j->rowptr[v]; e < j->rowptr[v + 1]; e++) {
        cpu_edge_terms(j, h, j->colidx[e], v, e, &t);
        add_terms(&s, &t, h.n);
    }
    for (int32_t k = 0; k < h.n; k++) {
        to[h.first + k] += (float)(s.sloped_dot[k] - s.dot[k] * s.slope[k]);
        dots[h.first + k] = (float)s.dot[k];
    }
}

// ---- sources ----------------------------------------------------------------

// What source u receives through its edge to v.
static void receive(const struct attention_grad_job *j, struct heads h,
                    int64_t u, int64_t v, int64_t row)
{
    int32_t n_heads = j->scores.dim / 2, channels = j->x.dim / n_heads;
    const float *g = j->g.data + v * j->g.pitch;
    const float *dots = j->softmax.data + v * j->softmax.pitch + 2 * n_heads;
    float *to_scores = j->grad_scores.data + u * j->grad_scores.pitch;
    float *to_x = j->grad_x.data + u * j->grad_x.pitch;
    struct edge_terms t;
    cpu_edge_terms(j, h, u, v, row, &t);
    for (int32_t k = 0; k < h.n; k++) {
        int32_t head = h.first + k, end = (head + 1) * channels;
        to_scores[head] +=
            t.slope[k] * (t.kept[k] * t.dot[k] - t.softmax[k] * dots[head]);
        for (int32_t c = head * channels; c < end; c++)
            to_x[c] += t.kept[k] * g[c];
    }
}

static void source_heads(const struct attention_grad_job *j, int64_t u,
                         struct heads h)
{
    receive(j, h, u, u, j->rowptr[j->n_rows] + u);
    for (int64_t i = j->by_source.rowptr[u]; i < j->by_source.rowptr[u + 1];
         i++)
        receive(j, h, u, j->by_source.colidx[i],
                j->drop ? j->by_source.edge[i] : 0);
}

// ---- both -------------------------------------------------------------------

static void rows(const void *job, int64_t first, int64_t end)
{
    const struct attention_grad_job *j = job;
    int32_t n_heads = j->scores.dim / 2;
    for (int64_t v = first; v < end; v++)
        for (int32_t k = 0; k < n_heads; k += HEADS_AT_ONCE)
            row_heads(j, v, heads_from(k, n_heads));
}

static void sources(const void *job, int64_t first, int64_t end)
{
    const struct attention_grad_job *j = job;
    int32_t n_heads = j->scores.dim / 2;
    for (int64_t u = first; u < end; u++)
        for (int32_t k = 0; k < n_heads; k += HEADS_AT_ONCE)
            source_heads(j, u, heads_from(k, n_heads));
}

void cpu_attention_grad(const struct attention_grad_job *j, int n_threads)
{
    partition_walk(j->rowptr, j->n_rows, n_threads, rows, j);
    partition_walk(j->by_source.rowptr, j->n_rows, n_threads, sources, j);
}

// ---- scores -----------------------------------------------------------------

void cpu_scores_grad(int64_t n_rows, struct const_view g, const float *att_src,
                     const float *att_dst, struct view grad_x, int n_threads)
{
    int32_t n_heads = g.dim / 2, channels = grad_x.dim / n_heads;
#pragma omp parallel for schedule(static) num_threads(n_threads)
    for (int64_t v = 0; v < n_rows; v++) {
        const float *src = g.data + v * g.pitch, *dst = src + n_heads;
        float *to = grad_x.data + v * grad_x.pitch;
        for (int32_t k = 0; k < n_heads; k++)
            for (int32_t c = k * channels; c < (k + 1) * channels; c++)
                to[c] += src[k] * att_src[c] + dst[k] * att_dst[c];
    }
}

// Of rows first .. end: sum of g[v][head of c] * x[v][c].
static void sum_chunk(struct const_view g, struct const_view x, int64_t first,
                      int64_t end, double *sums)
{
    int32_t n_heads = g.dim, channels = x.dim / n_heads;
    memset(sums, 0, (size_t)x.dim * sizeof(*sums));
    for (int64_t v = first; v < end; v++) {
        const float *row = x.data + v * x.pitch;
        for (int32_t k = 0; k < n_heads; k++) {
            double factor = (double)g.data[v * g.pitch + k];
            for (int32_t c = k * channels; c < (k + 1) * channels; c++)
                sums[c] += factor * (double)row[c];
        }
    }
}

void cpu_head_sums(int64_t n_rows, struct const_view g, struct const_view x,
                   double *scratch, float *sums, int n_threads)
{
    int64_t n_chunks = row_chunks(n_rows);
#pragma omp parallel for schedule(static) num_threads(n_threads)
    for (int64_t i = 0; i < n_chunks; i++)
        sum_chunk(g, x, chunk_row(n_rows, i, n_chunks),
                  chunk_row(n_rows, i + 1, n_chunks), scratch + i * x.dim);
    cpu_add_chunks(n_chunks, x.dim, scratch, sums);
}
