// Attention over in-neighbours: scores, and sums weighted by their softmax.
#include <math.h>

#include "cpu/cpu_attention.h"
#include "cpu/cpu_partition.h"

void cpu_attention_scores(int64_t n_rows, struct const_view x,
                          const float *att_src, const float *att_dst,
                          struct view out, int n_threads)
{
    int32_t heads = out.dim / 2, channels = x.dim / heads;
#pragma omp parallel for schedule(static) num_threads(n_threads)
    for (int64_t v = 0; v < n_rows; v++) {
        const float *from = x.data + v * x.pitch;
        float *to = out.data + v * out.pitch;
        for (int32_t k = 0; k < heads; k++) {
            int32_t at = k * channels;
            to[k] = dot(from + at, att_src + at, channels);
            to[heads + k] = dot(from + at, att_dst + at, channels);
        }
    }
}

// One row's softmax, of one block of heads.
struct head_block {
    const struct attention_job *a;
    int64_t v;
    struct heads h;
    int32_t n_heads, channels;
    float max[HEADS_AT_ONCE], sum[HEADS_AT_ONCE];
};

static float edge_score(const struct head_block *b, int64_t u, int32_t k)
{
    const struct attention_job *a = b->a;
    int32_t at = (b->h.first + k) * b->channels;
    if (a->att.data)
        return attention_v2_score(a->att.data + at,
                                  a->x.data + u * a->x.pitch + at,
                                  a->scores.data + b->v * a->scores.pitch + at,
                                  b->channels);
    float e = attention_sum(&a->scores, u, b->v, b->h.first + k);
    return attention_slope(e) * e;
}

static void find_max(struct head_block *b)
{
    const struct attention_job *a = b->a;
    for (int32_t k = 0; k < b->h.n; k++)
        b->max[k] = edge_score(b, b->v, k);
    for (int64_t e = a->rowptr[b->v]; e < a->rowptr[b->v + 1]; e++)
        for (int32_t k = 0; k < b->h.n; k++) {
            float score = edge_score(b, a->colidx[e], k);
            b->max[k] = score > b->max[k] ? score : b->max[k];
        }
}

// `row`: of the coefficients' mask.
static void add_neighbour(struct head_block *b, int64_t u, int64_t row,
                          float *out)
{
    const struct attention_job *a = b->a;
    const float *x = a->x.data + u * a->x.pitch;
    float p[HEADS_AT_ONCE];
    for (int32_t k = 0; k < b->h.n; k++) {
        p[k] = expf(edge_score(b, u, k) - b->max[k]);
        b->sum[k] += p[k];
    }
    if (a->drop)
        cpu_dropout_piece(a->drop, row, b->n_heads, b->h.first, b->h.n, p, p);
    for (int32_t k = 0; k < b->h.n; k++) {
        int32_t at = (b->h.first + k) * b->channels;
        for (int32_t c = at; c < at + b->channels; c++)
            out[c] += p[k] * x[c];
    }
}

static void finish_heads(const struct head_block *b, float *out)
{
    const float *bias = b->a->bias;
    for (int32_t k = 0; k < b->h.n; k++) {
        int32_t at = (b->h.first + k) * b->channels;
        for (int32_t c = at; c < at + b->channels; c++) {
            float y = out[c] / b->sum[k] + (bias ? bias[c] : 0);
            if (b->a->act == ACT_RELU)
                y = y < 0 ? 0 : y;
            else if (b->a->act == ACT_ELU)
                y = y < 0 ? expm1f(y) : y;
            out[c] = y;
        }
    }
}

static void keep_softmax(const struct head_block *b)
{
    const struct view *kept = &b->a->softmax;
    if (!kept->data)
        return;
    float *to = kept->data + b->v * kept->pitch + b->h.first;
    for (int32_t k = 0; k < b->h.n; k++) {
        to[k] = b->max[k];
        to[b->n_heads + k] = b->sum[k];
    }
}

static void attend_heads(struct head_block *b, float *out)
{
    const struct attention_job *a = b->a;
    int32_t end = (b->h.first + b->h.n) * b->channels;
    find_max(b);
    for (int32_t k = 0; k < b->h.n; k++)
        b->sum[k] = 0;
    for (int32_t c = b->h.first * b->channels; c < end; c++)
        out[c] = 0;
    add_neighbour(b, b->v, a->rowptr[a->n_rows] + b->v, out);
    for (int64_t e = a->rowptr[b->v]; e < a->rowptr[b->v + 1]; e++)
        add_neighbour(b, a->colidx[e], e, out);
    finish_heads(b, out);
    keep_softmax(b);
}

static void attend_row(const struct attention_job *a, int64_t v)
{
    struct head_block b = {.a = a, .v = v};
    b.n_heads = attention_heads(&a->scores, &a->att);
    b.channels = a->x.dim / b.n_heads;
    for (int32_t k = 0; k < b.n_heads; k += b.h.n) {
        b.h = heads_from(k, b.n_heads);
        attend_heads(&b, a->out.data + v * a->out.pitch);
    }
}

static void attend_rows(const void *job, int64_t first, int64_t end)
{
    for (int64_t v = first; v < end; v++)
        attend_row(job, v);
}

void cpu_attention(const struct attention_job *a, int n_threads)
{
    partition_walk(a->rowptr, a->n_rows, n_threads, attend_rows, a);
}
