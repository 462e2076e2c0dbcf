// The CPU backend's operations: what the kinds of steps do. All work row by
// row: a row's result does not depend on how many threads share the rows.
#ifndef GNNAC_CPU_KERNELS_H
#define GNNAC_CPU_KERNELS_H

#include "bundle/program.h"

// A matrix [rows, dim]; row v begins at data + v * pitch.
struct view {
    float *data;
    int64_t pitch;
    int32_t dim;
};

struct const_view {
    const float *data;
    int64_t pitch;
    int32_t dim;
};

// A sparse matrix by rows.
struct sparse_rows {
    int64_t n_rows;
    const int64_t *rowptr; // [n_rows + 1]
    const int32_t *colidx;
    const float *value;
};

// out = x W^T, or out += x W^T; `weight` is [out.dim, x.dim], packed.
void cpu_linear(int64_t n_rows, struct const_view x, const float *weight,
                struct view out, bool accumulate, int n_threads);

// The same with W rounded to a dtype.
void cpu_linear_rounded(int64_t n_rows, struct const_view x,
                        const float *weight, enum dtype dtype, struct view out,
                        bool accumulate, int n_threads);

// The same of sparse x (cpu_sparse.c); `weight_t` is W^T, [columns of x,
// out.dim].
void cpu_sparse_linear(const struct sparse_rows *x, const float *weight_t,
                       struct view out, bool accumulate, int n_threads);

// out [cols, rows] = in [rows, cols], both packed (cpu_grad_linear.c).
void cpu_transpose(const float *in, int32_t rows, int32_t cols, float *out,
                   int n_threads);

// Round every value of `out` as its dtype would.
void cpu_round(int64_t n_rows, enum dtype dtype, struct view out,
               int n_threads);

// `self`, `bias`, `eps`, `dinv` may be NULL where the step does not use them.
// With `weight` the sum is that of weight[e] * x[colidx[e]]; norm is then none.
struct aggregate_job {
    int64_t n_rows;
    const int64_t *rowptr;
    const int32_t *colidx;
    const float *dinv, *bias, *eps;
    const float *weight; // [rowptr[n_rows]]
    struct const_view x, self;
    struct view out;
    enum norm norm;
    enum self_term self_term;
    enum activation act;
};
void cpu_aggregate(const struct aggregate_job *job, int n_threads);

// The scores of attention: `att_src`, `att_dst` are [heads, channels], out is
// [n, 2 * heads], the sources' scores first.
void cpu_attention_scores(int64_t n_rows, struct const_view x,
                          const float *att_src, const float *att_dst,
                          struct view out, int n_threads);

struct dropout; // cpu_dropout.h

// GATv2's att [heads, channels]; data NULL: none.
struct att {
    const float *data;
    int32_t heads;
};

// The attention of Velickovic et al. 2018 as in STEP_ATTENTION, or, with att,
// that of Brody et al. 2022 as in STEP_ATTENTION_V2; the graph has no self
// loops. `scores` is [n, 2 * heads], with att the rows' [n, heads * channels];
// bias may be NULL. What training adds: `drop` (may be NULL) drops coefficients
// after the softmax, as if they were a matrix [stored edges + n, heads], that
// of node v itself in row stored edges + v; `softmax` (data may be NULL)
// receives what backward needs.
struct attention_job {
    int64_t n_rows;
    const int64_t *rowptr;
    const int32_t *colidx;
    const float *bias;
    struct const_view x, scores;
    struct att att;
    struct view out;
    enum activation act;
    const struct dropout *drop;
    struct view softmax; // [n, 3 * heads], see cpu_grad.h
};
void cpu_attention(const struct attention_job *job, int n_threads);

// out = act(x + bias); out may be x.
void cpu_bias_act(int64_t n_rows, struct const_view x, const float *bias,
                  enum activation act, struct view out, int n_threads);

// out = x + y; out may be x.
void cpu_add(int64_t n_rows, struct const_view x, struct const_view y,
             struct view out, int n_threads);

// out may be x.
void cpu_log_softmax(int64_t n_rows, struct const_view x, struct view out,
                     int n_threads);

// Row v of m times by[v].
void cpu_multiply_rows(int64_t n_rows, const float *by, struct view m,
                       int n_threads);

// Row v of out is row source_row[v] of x.
void cpu_permute_rows(int64_t n_rows, struct const_view x,
                      const int32_t *source_row, struct view out,
                      int n_threads);

#endif
