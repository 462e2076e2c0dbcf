// One operation in float64 with its error bound: what the gate compares kernels
// with. Written from the definitions in program.h, sharing nothing with the
// kernels.
#ifndef GNNAC_ORACLE_H
#define GNNAC_ORACLE_H

#include "graph/csr.h"
#include "plan/spec.h"

struct train_state;

// Inputs on the host, as floats whatever they are stored as; attention's scores
// as self, in training with what is kept behind them before the kernel runs;
// rows as far apart as the spec says. NULL where the spec needs none.
struct operand_data {
    const float *x, *self, *dinv, *bias;
    float eps;
    const float *weight;      // [dim, depth]; of the tail's, [tail_dim, dim];
                              // of ATTENTION_V2* att, [dim]
    const float *tail_bias;   // [spec_out_dim]
    const float *residual;    // what is added last of all
    const float *before;      // what out holds, where a kernel adds to it
    const float *edge_values; // [n_edges], or one for each head
    const int64_t *edge_of;   // [n_edges], for EDGES_MAPPED; of ATTENTION_GRAD
    const float *grad;        // of attention's backward and extreme_*, g
    const float *att_src, *att_dst; // [dim], of the scores' backward
    const struct train_state *state; // in training: dropout of attention's
    int32_t place;                   // coefficients, where that is in a step,
    int32_t tail_place;              // and where that of the result is
};

// What a kernel wrote, as floats.
struct kernel_results {
    const float *out; // rows, or of SDDMM the edges' values
    const float *kept; // of attention in training: self as it is afterwards
    const float *sums; // [2 dim], of the scores' backward: the gradients of
                       // att_src, then of att_dst. Of
                       // ATTENTION_V2_ROWS_GRAD what each row adds to att's
                       // gradient, laid out as out
};

// Whether there is an oracle for the operation.
bool oracle_knows(enum step_kind kind);

// Row v of an aggregation: spec_out_dim values, in room for dim + tail_dim, and
// bounds c u (in-degree + 2) sum|w x|, c = 4, u = 2^-24; of one with a tail
// also by what that makes of the errors (oracle_tail.c); of a result that is
// stored in 16 bits, by that rounding.
void oracle_row(const struct csr *g, const struct kernel_spec *spec,
                const struct operand_data *d, int64_t v, double *y,
                double *bound);

// The largest |error| / bound over all that the kernel had to write; infinite
// where that is not the number it must be, or where what was kept and not to be
// written has changed. Bounds of attention grow with the scores
// (oracle_attention.c says how), those of products of rows with the columns;
// what only compares must be exact (oracle_edges.c); sums over all rows are
// judged by chance (oracle_scores.c). Of more work than ORACLE_LIMIT the rows
// of a sample are compared (oracle_sample.h), and of all others it is asked
// whether they were written. *worst_row says where: the first of equally wrong
// rows, n_nodes for a sum over them, -1 when there is no error at all.
double oracle_compare(const struct csr *g, const struct kernel_spec *spec,
                      const struct operand_data *d,
                      const struct kernel_results *got, int64_t *worst_row);

// The same, of which the first call leaves what later ones of the same graph,
// spec and operands need not compute (oracle_memory.h).
struct oracle_memory;
double oracle_compare_again(struct oracle_memory *memory, const struct csr *g,
                            const struct kernel_spec *spec,
                            const struct operand_data *d,
                            const struct kernel_results *got,
                            int64_t *worst_row);

// The same of a sample. It is of this graph, and of this spec.
struct oracle_sample;
double oracle_compare_sample(const struct oracle_sample *sample,
                             const struct kernel_spec *spec,
                             const struct operand_data *d,
                             const struct kernel_results *got,
                             int64_t *worst_row);

#endif
