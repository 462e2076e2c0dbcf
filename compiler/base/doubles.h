// Arrays of doubles in order.
#ifndef GNNAC_DOUBLES_H
#define GNNAC_DOUBLES_H

#include <stdlib.h>

static inline int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

// Ascending. None may be NaN.
static inline void sort_doubles(double *x, size_t n)
{
    qsort(x, n, sizeof(*x), compare_doubles);
}

#endif
