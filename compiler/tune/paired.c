#include "tune/paired.h"

#include <math.h>

#include "base/doubles.h"

enum { MAX_WALSH = MAX_PAIRS * (MAX_PAIRS + 1) / 2 };

double sorted_quantile(double *x, size_t n, double share)
{
    if (n == 0)
        return NAN;
    sort_doubles(x, n);
    return x[(size_t)lround(share * (double)(n - 1))];
}

// The mean of every two numbers, each with itself as well; sorted.
static size_t walsh_averages(const double *d, size_t n, double *out)
{
    size_t count = 0;
    for (size_t i = 0; i < n; i++)
        for (size_t k = i; k < n; k++)
            out[count++] = (d[i] + d[k]) / 2;
    sort_doubles(out, count);
    return count;
}

// How many of the sorted averages lie outside the interval on either side, by
// the normal approximation of the rank sum; negative: n is too small for it.
static double averages_outside(size_t n, double z)
{
    double m = (double)n;
    double sigma = sqrt(m * (m + 1) * (2 * m + 1) / 24);
    return floor(m * (m + 1) / 4 - z * sigma - 0.5);
}

struct interval paired_ratio(const double *a, const double *b, size_t n,
                             double z)
{
    double d[MAX_PAIRS], averages[MAX_WALSH];
    if (n == 0 || n > MAX_PAIRS)
        return (struct interval){NAN, NAN, NAN};
    for (size_t i = 0; i < n; i++)
        d[i] = log(a[i] / b[i]);
    size_t count = walsh_averages(d, n, averages);
    double centre = (averages[(count - 1) / 2] + averages[count / 2]) / 2;
    double outside = averages_outside(n, z);
    if (outside < 0)
        return (struct interval){0, exp(centre), INFINITY};
    size_t k = (size_t)outside;
    return (struct interval){exp(averages[k]), exp(centre),
                             exp(averages[count - 1 - k])};
}
