// What the oracles of the operations share: oracle.c has the sums and chooses,
// oracle_attention.c, oracle_edges.c and oracle_linear.c have the rest.
#ifndef GNNAC_ORACLE_KINDS_H
#define GNNAC_ORACLE_KINDS_H

#include "tune/oracle.h"

struct oracle_job {
    const struct csr *g;
    const struct kernel_spec *spec;
    const struct operand_data *d;
    const struct kernel_results *got;
};

// Of what would take minutes, a product or attention, every so many rows are
// looked at, an odd number, so that all places in a block's rows come up; and
// the first and last 1024. 1: all.
int64_t oracle_step(const struct csr *g, const struct kernel_spec *s);

// |got - want| / bound; infinite where either is not a number.
double oracle_error(double got, double want, double bound);
// The largest of a row of out.
double oracle_errors(const struct oracle_job *j, int64_t v, const double *want,
                     const double *bound);

// The bounds' part of results that are stored in 16 bits: that rounding.
void oracle_add_storage(const struct kernel_spec *spec, const double *y,
                        double *bound);

// The largest |error| / bound of what the kernel had to write of row v (of
// ATTENTION_GRAD, of source v). `y` and `bound` have room for dim + tail_dim
// values each.
typedef double oracle_check(const struct oracle_job *j, int64_t v, double *y,
                            double *bound);
oracle_check oracle_linear, oracle_attention, oracle_attention_keep,
    oracle_attention_rows_grad, oracle_attention_grad, oracle_sddmm,
    oracle_extreme, oracle_extreme_share, oracle_extreme_grad;

#endif
