// The CPU backend's operations for training: what the backward of each kind of
// step does. As forward, a result's bits do not depend on how many threads
// share the work. `g` is the gradient of a step's output throughout.
#ifndef GNNAC_CPU_GRAD_H
#define GNNAC_CPU_GRAD_H

#include <stddef.h>

#include "cpu/cpu_kernels.h"

// ---- weights (cpu_grad_linear.c) --------------------------------------------

// grad [g.dim, x.dim] = g^T x, packed. `scratch` holds as many floats as
// cpu_weight_grad_scratch says.
void cpu_weight_grad(int64_t n_rows, struct const_view g, struct const_view x,
                     float *scratch, float *grad, int n_threads);
size_t cpu_weight_grad_scratch(int64_t n_rows, int32_t rows, int32_t cols);

// ---- sparse features (cpu_sparse.c) -----------------------------------------

// A sparse matrix by columns.
struct sparse_columns {
    int32_t n_cols;
    const int64_t *colptr; // [n_cols + 1]
    const int32_t *row;
    const float *value;
};

// grad_t [columns of x, g.dim] = x^T g.
void cpu_sparse_weight_grad(const struct sparse_columns *x, struct const_view g,
                            float *grad_t, int n_threads);

// to[position[e]] = from[e]: from one order of the entries to the other.
// Positions are distinct.
void cpu_scatter(int64_t n, const float *from, const int64_t *position,
                 float *to, int n_threads);

// ---- attention (cpu_grad_attention.c, cpu_grad_attention_v2.c) --------------

// `g` is the gradient of the sums, activation and bias left behind. `softmax`
// is what forward kept, of every row v: each head's maximum, each head's sum;
// then there is room for one more number a head. `drop` is forward's.
struct attention_grad_job {
    int64_t n_rows;
    const int64_t *rowptr; // by rows
    const int32_t *colidx;
    struct {
        const int64_t *rowptr;
        const int32_t *colidx;
        const int64_t *edge; // which of the edges by rows; needed for `drop`
    } by_source;
    const struct dropout *drop; // may be NULL
    struct const_view g, x, scores;
    struct att att;                  // data NULL: not GATv2's
    struct view softmax;             // [n, 3 * heads]
    struct view grad_x, grad_scores; // are added to; GATv2's grad_scores are
                                     // those of its rows
    // Of GATv2 alone: MOST_CHUNKS * x.dim doubles, and att's gradient.
    double *scratch;
    float *grad_att;
};
void cpu_attention_grad(const struct attention_grad_job *job, int n_threads);
void cpu_attention_v2_grad(const struct attention_grad_job *job, int n_threads);

// Scores' gradients g [n, 2 * heads], added to those of the rows that the
// scores are of.
void cpu_scores_grad(int64_t n_rows, struct const_view g, const float *att_src,
                     const float *att_dst, struct view grad_x, int n_threads);

// sums [heads * channels]: element c is the sum of g[v][head of c] * x[v][c]
// over v; g is [n, heads]. `scratch` has MOST_CHUNKS * x.dim doubles.
void cpu_head_sums(int64_t n_rows, struct const_view g, struct const_view x,
                   double *scratch, float *sums, int n_threads);

// ---- rows (cpu_grad_rows.c) -------------------------------------------------

// g = 0 where the ReLU's output is not positive.
void cpu_relu_grad(int64_t n_rows, struct const_view out, struct view g,
                   int n_threads);

// From the gradient of an ELU's output to that of its input, in place; `out`
// is the output times `scale`.
void cpu_elu_grad(int64_t n_rows, struct const_view out, float scale,
                  struct view g, int n_threads);

// From the gradient of log_softmax's output to that of its input, in place.
void cpu_log_softmax_grad(int64_t n_rows, struct const_view out, struct view g,
                          int n_threads);

// What row v is multiplied with: `factor`, times dinv[v]^2 if there is dinv,
// divided by max(1, in-degree) if there is rowptr.
struct row_factor {
    float factor;
    const float *dinv;
    const int64_t *rowptr;
};

// to = factor * from, or to += factor * from; to may be from.
void cpu_scale_rows(int64_t n_rows, struct const_view from,
                    struct row_factor factor, struct view to, bool accumulate,
                    int n_threads);

// sums [g.dim]: the columns' sums. `scratch` has MOST_CHUNKS * g.dim doubles.
void cpu_column_sums(int64_t n_rows, struct const_view g, double *scratch,
                     float *sums, int n_threads);

// The end of such sums: sums[j] = sum over c of scratch[c * dim + j].
void cpu_add_chunks(int64_t n_chunks, int32_t dim, const double *scratch,
                    float *sums);

// The sum of all products of elements. `scratch` has MOST_CHUNKS doubles.
double cpu_dot(int64_t n_rows, struct const_view a, struct const_view b,
               double *scratch, int n_threads);

#endif
