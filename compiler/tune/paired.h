// Statistics of paired samples: how much one thing is slower than another when
// both were measured side by side, round by round, so that what a drifting
// clock does to both cancels. Works on log-ratios; knows no device.
#ifndef GNNAC_PAIRED_H
#define GNNAC_PAIRED_H

#include <stddef.h>

// A centre and what it lies between. Of ratios: 1.02 means 2 % slower. All NaN
// when nothing was paired, without end when there were too few for the level.
struct interval {
    double low, centre, high;
};

enum { MAX_PAIRS = 64 };

// Two-sided quantiles of the normal distribution.
#define Z_95 1.960
#define Z_99 2.576

// The ratio a[i] / b[i] of n <= MAX_PAIRS pairs of positive numbers: the
// Hodges-Lehmann estimate of its logarithm's centre and the interval of the
// Wilcoxon signed-rank test (Hodges and Lehmann, "Estimates of location based
// on rank tests", 1963; Lehmann, "Nonparametrics", 1975, section 4.3). Half of
// the pairs being outliers does less harm than to a mean.
struct interval paired_ratio(const double *a, const double *b, size_t n,
                             double z);

// The value below which a share of x[0..n) lies (nearest rank); x gets sorted.
// NaN of nothing.
double sorted_quantile(double *x, size_t n, double share);

#endif
