// A learnt tree as a rule file that people can read, with its evidence in
// comments and a test for every rule.
#ifndef GNNAC_FIT_WRITE_H
#define GNNAC_FIT_WRITE_H

#include <stdio.h>

#include "workshop/judge.h"
#include "workshop/tree.h"

// What is said of the tree as a whole.
struct fit_report {
    size_t n_leaves;
    double losses[MAX_LEAVES]; // cross-validated, see tree_cross_validate
    struct regrets learnt;     // on what it was learnt from
    struct regrets shipped;    // of the default rules' picks on the same
};

// Mean log loss as a regret: 0.05 is 5 %.
double loss_to_regret(double loss);

// Errors of writing show at `out`. The same lesson and tree give the same
// bytes.
void fit_write(const struct lesson *l, const struct tree *t,
               const struct fit_report *r, FILE *out);

#endif
