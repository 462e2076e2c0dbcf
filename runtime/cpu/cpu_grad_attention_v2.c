// Backward of GATv2's attention. With a, w, d and D as in cpu_grad_attention.c
// the gradient of an edge's score is c = w d - a D. A score is <att, s z> of
// z = x[u] + r[v] with s the LeakyReLU's slope at each column of z, so
//
//     grad x[u] += w g[v] + c s att,  grad r[v] += c s att,  grad att += c s z.
//
// Two walks over a row's edges give D, then the row's gradient and its part of
// att's; one over A^T gives the sources'.
#include <string.h>

#include "cpu/cpu_attention.h"
#include "cpu/cpu_chunks.h"
#include "cpu/cpu_partition.h"

struct block {
    const struct attention_grad_job *j;
    struct heads h;
    int32_t n_heads, channels;
};

static struct block block_from(const struct attention_grad_job *j,
                               int32_t first)
{
    return (struct block){j, heads_from(first, j->att.heads), j->att.heads,
                          j->x.dim / j->att.heads};
}

static float *dots_of(const struct block *b, int64_t v)
{
    const struct view *softmax = &b->j->softmax;
    return softmax->data + v * softmax->pitch + (size_t)2 * b->n_heads +
           b->h.first;
}

// Edge `i` of row v, the last of which is its own loop: where from, and its row
// in the coefficients' mask.
static int64_t source_of(const struct attention_grad_job *j, int64_t v,
                         int64_t i, int64_t *row)
{
    int64_t e = j->rowptr[v] + i;
    bool own = e == j->rowptr[v + 1];
    *row = own ? j->rowptr[j->n_rows] + v : e;
    return own ? v : j->colidx[e];
}

// c of every head.
static void find_changes(const struct block *b, const struct edge_terms *t,
                         const float *dots, float *changes)
{
    for (int32_t k = 0; k < b->h.n; k++)
        changes[k] = t->kept[k] * t->dot[k] - t->softmax[k] * dots[k];
}

// ---- rows -------------------------------------------------------------------

static void find_dots(const struct block *b, int64_t v)
{
    const struct attention_grad_job *j = b->j;
    double dots[HEADS_AT_ONCE] = {0};
    struct edge_terms t;
    for (int64_t i = 0; i <= j->rowptr[v + 1] - j->rowptr[v]; i++) {
        int64_t row, u = source_of(j, v, i, &row);
        cpu_edge_terms(j, b->h, u, v, row, &t);
        for (int32_t k = 0; k < b->h.n; k++)
            dots[k] += (double)t.kept[k] * (double)t.dot[k];
    }
    for (int32_t k = 0; k < b->h.n; k++)
        dots_of(b, v)[k] = (float)dots[k];
}

// `att` [x.dim] is added to.
static void add_edge(const struct block *b, int64_t u, int64_t v,
                     const float *changes, double *att)
{
    const struct attention_grad_job *j = b->j;
    const float *x = j->x.data + u * j->x.pitch;
    const float *r = j->scores.data + v * j->scores.pitch;
    float *to = j->grad_scores.data + v * j->grad_scores.pitch;
    for (int32_t k = 0; k < b->h.n; k++) {
        int32_t at = (b->h.first + k) * b->channels;
        for (int32_t c = at; c < at + b->channels; c++) {
            float z = x[c] + r[c], sloped = attention_slope(z) * changes[k];
            to[c] += sloped * j->att.data[c];
            att[c] += (double)sloped * (double)z;
        }
    }
}

static void row_heads(const struct block *b, int64_t v, double *att)
{
    const struct attention_grad_job *j = b->j;
    float changes[HEADS_AT_ONCE];
    struct edge_terms t;
    find_dots(b, v);
    for (int64_t i = 0; i <= j->rowptr[v + 1] - j->rowptr[v]; i++) {
        int64_t row, u = source_of(j, v, i, &row);
        cpu_edge_terms(j, b->h, u, v, row, &t);
        find_changes(b, &t, dots_of(b, v), changes);
        add_edge(b, u, v, changes, att);
    }
}

// Chunks, so that att's gradient is the same at any number of threads.
static void all_rows(const struct attention_grad_job *j, int n_threads)
{
    int64_t n_chunks = row_chunks(j->n_rows);
#pragma omp parallel for schedule(dynamic, 1) num_threads(n_threads)
    for (int64_t i = 0; i < n_chunks; i++) {
        double *att = j->scratch + i * j->x.dim;
        int64_t end = chunk_row(j->n_rows, i + 1, n_chunks);
        memset(att, 0, (size_t)j->x.dim * sizeof(*att));
        for (int64_t v = chunk_row(j->n_rows, i, n_chunks); v < end; v++)
            for (int32_t k = 0; k < j->att.heads; k += HEADS_AT_ONCE) {
                struct block b = block_from(j, k);
                row_heads(&b, v, att);
            }
    }
    cpu_add_chunks(n_chunks, j->x.dim, j->scratch, j->grad_att);
}

// ---- sources ----------------------------------------------------------------

// What source u receives through its edge to v.
static void receive(const struct block *b, int64_t u, int64_t v, int64_t row)
{
    const struct attention_grad_job *j = b->j;
    const float *g = j->g.data + v * j->g.pitch;
    const float *x = j->x.data + u * j->x.pitch;
    const float *r = j->scores.data + v * j->scores.pitch;
    float *to = j->grad_x.data + u * j->grad_x.pitch, changes[HEADS_AT_ONCE];
    struct edge_terms t;
    cpu_edge_terms(j, b->h, u, v, row, &t);
    find_changes(b, &t, dots_of(b, v), changes);
    for (int32_t k = 0; k < b->h.n; k++) {
        int32_t at = (b->h.first + k) * b->channels;
        for (int32_t c = at; c < at + b->channels; c++)
            to[c] += t.kept[k] * g[c] + attention_slope(x[c] + r[c]) *
                                            changes[k] * j->att.data[c];
    }
}

static void source_heads(const struct block *b, int64_t u)
{
    const struct attention_grad_job *j = b->j;
    receive(b, u, u, j->rowptr[j->n_rows] + u);
    for (int64_t i = j->by_source.rowptr[u]; i < j->by_source.rowptr[u + 1];
         i++)
        receive(b, u, j->by_source.colidx[i],
                j->drop ? j->by_source.edge[i] : 0);
}

static void sources(const void *job, int64_t first, int64_t end)
{
    const struct attention_grad_job *j = job;
    for (int64_t u = first; u < end; u++)
        for (int32_t k = 0; k < j->att.heads; k += HEADS_AT_ONCE) {
            struct block b = block_from(j, k);
            source_heads(&b, u);
        }
}

void cpu_attention_v2_grad(const struct attention_grad_job *j, int n_threads)
{
    all_rows(j, n_threads);
    partition_walk(j->by_source.rowptr, j->n_rows, n_threads, sources, j);
}
