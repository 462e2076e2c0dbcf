#include "reference/reference.h"

// log_softmax moves by at most e_i + max e. Its own roundings: those of x - max
// inside the exponentials, weighted by their share of the sum; of the sum; of
// the logarithm; of the two subtractions.
void reference_log_softmax(double *x, double *e, int32_t dim)
{
    double max = x[0], max_e = e[0], sum = 0, spread = 0;
    for (int32_t j = 1; j < dim; j++) {
        max = fmax(max, x[j]);
        max_e = fmax(max_e, e[j]);
    }
    for (int32_t j = 0; j < dim; j++) {
        sum += exp(x[j] - max);
        spread += exp(x[j] - max) * (max - x[j]);
    }
    double log_sum = log(sum);
    for (int32_t j = 0; j < dim; j++) {
        double own = dim + 4 + fabs(x[j]) + fabs(max) + log_sum + spread / sum;
        e[j] += max_e + REFERENCE_C * REFERENCE_U * own;
        x[j] = x[j] - max - log_sum;
    }
}
