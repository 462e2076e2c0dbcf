// One aggregation or attention in float64 with its error bound: what the gate
// compares kernels with. Written from the definition in program.h, sharing
// nothing with the kernels.
#ifndef GNNAC_ORACLE_H
#define GNNAC_ORACLE_H

#include "graph/csr.h"
#include "plan/spec.h"

// Inputs on the host, as floats whatever they are stored as; attention's scores
// as self; rows as far apart as the spec says. NULL where the spec needs none.
struct operand_data {
    const float *x, *self, *dinv, *bias;
    float eps;
    const float *weight;      // of the tail's product, [tail_dim, dim]
    const float *tail_bias;   // [tail_dim]
    const float *edge_values; // [n_edges], or one for each head
    const int64_t *edge_of;   // [n_edges], for EDGES_MAPPED
};

// Row v of the result: spec_out_dim values, in room for dim + tail_dim, and
// bounds c u (in-degree + 2) sum|w x|, c = 4, u = 2^-24. Of attention
// (spec->heads > 0, edges without weights) the bound also grows with the
// scores, oracle.c says how; of one with a tail, by what that makes of the
// errors (oracle_tail.c); of a result that is stored in 16 bits, by that
// rounding.
void oracle_row(const struct csr *g, const struct kernel_spec *spec,
                const struct operand_data *d, int64_t v, double *y,
                double *bound);

// The largest |error| / bound over all elements of `y` (pitch as in the spec);
// infinite when an element is not a number. *worst_row says where: the first of
// equally wrong rows, -1 when there is no error at all.
double oracle_compare(const struct csr *g, const struct kernel_spec *spec,
                      const struct operand_data *d, const float *y,
                      int64_t *worst_row);

#endif
