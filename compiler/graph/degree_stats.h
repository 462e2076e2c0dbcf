// Statistics of one degree sequence, all from its histogram, so that they are
// exact sums and do not depend on the number of threads.
#ifndef GNNAC_DEGREE_STATS_H
#define GNNAC_DEGREE_STATS_H

#include "base/props.h"
#include "fail.h"
#include "graph/power_law.h"

struct degree_figures {
    int64_t min, max;
    double mean, std, cv, skew, gini;
    double p50, p90, p99; // linear between order statistics, as NumPy's
    double top1_share;    // of the edges, in the longest 1 % of the rows
    struct power_law law; // of the rows that have edges
};

// `rowptr` [n + 1] gives the degrees. With no rows every figure but the law's,
// which are then NaN, is 0. GNNAC_ENOMEM.
gnnac_status degree_measure(const int64_t *rowptr, int64_t n,
                            struct degree_figures *out, gnnac_error *err);

// PREFIX.min .... JSON has null for NaN.
void degree_props(const struct degree_figures *f, const char *prefix,
                  struct props *out);

#endif
