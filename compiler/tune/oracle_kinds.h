// What the oracles of the operations share: oracle.c has the sums and chooses,
// oracle_attention.c, oracle_scores.c, oracle_edges.c and oracle_linear.c have
// the rest.
#ifndef GNNAC_ORACLE_KINDS_H
#define GNNAC_ORACLE_KINDS_H

#include "tune/oracle.h"

struct oracle_job {
    const struct csr *g;
    const struct kernel_spec *spec;
    const struct operand_data *d;
    const struct kernel_results *got;
};

// Values that one result of a row needs: its columns, and the tail's or, of
// ATTENTION_V2_ROWS_GRAD, as many again.
size_t spec_room(const struct kernel_spec *s);

// |got - want| / bound; infinite where either is not a number.
double oracle_error(double got, double want, double bound);
// The largest of a row of out.
double oracle_errors(const struct oracle_job *j, int64_t v, const double *want,
                     const double *bound);

// The bounds' part of results that are stored in 16 bits: that rounding.
void oracle_add_storage(const struct kernel_spec *spec, const double *y,
                        double *bound);

// The largest |error| / bound of what the kernel had to write of row v (of
// ATTENTION_GRAD, of source v). `y` and `bound` have room for spec_room values
// each.
typedef double oracle_check(const struct oracle_job *j, int64_t v, double *y,
                            double *bound);
oracle_check oracle_attention_keep, oracle_attention_rows_grad,
    oracle_attention_grad, oracle_scores_grad, oracle_attention_v2_rows_grad,
    oracle_attention_v2_grad, oracle_sddmm, oracle_extreme,
    oracle_extreme_share, oracle_extreme_grad;

// What must be in row v of out and how far it may be off, of operations of
// which there is no more to say: it depends on the operands alone.
typedef void oracle_values(const struct oracle_job *j, int64_t v, double *y,
                           double *bound);
oracle_values oracle_linear, oracle_attention;

// Of attention in training: infinite where the kernel changed what it had only
// to read behind row v's scores. The second also where it left anything there
// that it had to write; 0 of other operations.
double oracle_kept_rest(const struct oracle_job *j, int64_t v);
double oracle_kept_left(const struct oracle_job *j, int64_t v);

// The largest |error| / bound of what the scores' backward sums over all rows.
double oracle_scores_sums(const struct oracle_job *j);

#endif
