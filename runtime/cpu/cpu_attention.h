// What the forward and the backward of attention share: heads in blocks, and
// the score of an edge.
#ifndef GNNAC_CPU_ATTENTION_H
#define GNNAC_CPU_ATTENTION_H

#include "cpu/cpu_dropout.h"
#include "cpu/cpu_grad.h"
#include "cpu/cpu_kernels.h"

// Heads that share one walk over a row's edges; a multiple of 4, as dropout
// wants it.
enum { HEADS_AT_ONCE = 16 };

// Heads first .. first + n - 1.
struct heads {
    int32_t first, n;
};

// The block at `first` of all `n_heads`.
static inline struct heads heads_from(int32_t first, int32_t n_heads)
{
    int32_t left = n_heads - first;
    return (struct heads){first, left < HEADS_AT_ONCE ? left : HEADS_AT_ONCE};
}

// In the order of the columns, so that all who need it get the same bits.
static inline float dot(const float *a, const float *b, int32_t n)
{
    float sum = 0;
    for (int32_t i = 0; i < n; i++)
        sum += a[i] * b[i];
    return sum;
}

// Before the LeakyReLU: what source u and row v add up to in head k.
static inline float attention_sum(const struct const_view *scores, int64_t u,
                                  int64_t v, int32_t k)
{
    return scores->data[u * scores->pitch + k] +
           scores->data[v * scores->pitch + scores->dim / 2 + k];
}

static inline float attention_slope(float sum)
{
    return sum < 0 ? (float)ATTENTION_SLOPE : 1;
}

static inline int32_t attention_heads(const struct const_view *scores,
                                      const struct att *att)
{
    return att->data ? att->heads : scores->dim / 2;
}

// GATv2's score of one head, whose columns these are.
static inline float attention_v2_score(const float *att, const float *source,
                                       const float *row, int32_t n)
{
    float sum = 0;
    for (int32_t c = 0; c < n; c++) {
        float z = source[c] + row[c];
        sum += att[c] * (attention_slope(z) * z);
    }
    return sum;
}

// One edge of one block of heads, as backward needs it.
struct edge_terms {
    float softmax[HEADS_AT_ONCE]; // a
    float kept[HEADS_AT_ONCE];    // w, what dropout left of it
    float slope[HEADS_AT_ONCE];   // not of GATv2
    float dot[HEADS_AT_ONCE];     // d = <g, x>
};

// Of the edge from u to v, in row `row` of the coefficients' mask
// (cpu_grad_attention.c).
void cpu_edge_terms(const struct attention_grad_job *j, struct heads h,
                    int64_t u, int64_t v, int64_t row, struct edge_terms *t);

#endif
