// How nearly the tail of a distribution of whole numbers is a power law,
// P(x) ~ x^-alpha from x_min on. After Clauset, Shalizi, Newman: "Power-Law
// Distributions in Empirical Data", SIAM Review 51, 2009: alpha is the discrete
// maximum-likelihood exponent, and x_min the value that brings the fit nearest
// to the data in the Kolmogorov-Smirnov distance.
#ifndef GNNAC_POWER_LAW_H
#define GNNAC_POWER_LAW_H

#include <stdbool.h>
#include <stdint.h>

struct power_law {
    double alpha, x_min;
    double ks; // largest difference of the distribution functions in the tail
};

// count[i] things have value[i] > 0; values ascend. Tails of fewer than 10
// things, of a single value or without an alpha up to 64 are not fitted; where
// that leaves none, all figures are NaN. Among equal distances the smallest
// x_min wins. False: out of memory.
bool power_law_fit(const int64_t *value, const int64_t *count, int64_t n,
                   struct power_law *out);

// sum over k >= 0 of (a + k)^-s, for s > 1, a >= 1, to 1e-12 of itself. With
// `log_mean`, also the mean of ln(a + k) under those weights.
double hurwitz_zeta(double s, double a, double *log_mean);

#endif
