// Statistics of one degree sequence, all from its histogram, so that they are
// exact sums and do not depend on the number of threads.
#ifndef GNNAC_DEGREE_STATS_H
#define GNNAC_DEGREE_STATS_H

#include "base/props.h"
#include "fail.h"

// `rowptr` [n + 1] gives the degrees; properties are named PREFIX.min ....
// With no rows every figure is 0. Percentiles interpolate linearly between
// order statistics (NumPy's default). power_law_alpha is the maximum-likelihood
// exponent 1 + n / sum ln(d / (d_min - 1/2)) of the rows with at least d_min
// edges (Clauset, Shalizi, Newman, SIAM Review 51, 2009, eq. 3.7), d_min the
// rounded-up mean degree but at least 2; not a number (JSON null) where fewer
// than 10 rows are that long.
gnnac_status degree_stats(const int64_t *rowptr, int64_t n, const char *prefix,
                          struct props *out, gnnac_error *err);

#endif
