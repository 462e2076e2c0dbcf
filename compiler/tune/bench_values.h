// Random operands of a bench, made what some operations need to be told apart
// from wrong ones, and to stay finite. Matrices have n rows.
#ifndef GNNAC_BENCH_VALUES_H
#define GNNAC_BENCH_VALUES_H

#include "plan/spec.h"

// Of what only compares. Whole numbers where ties count, for many are equal.
// One of those that win, NaN or an infinity, hides all of a row's other edges:
// odd columns have none, and of the even ones few but every eighth.
void bench_make_ties(const struct kernel_spec *s, float *m, int64_t n,
                     int32_t pitch);

// What the kernels before left behind the scores, of the size that it has:
// maxima beyond most scores, some share of one, D. The rest is not there yet.
void bench_fill_kept(const struct kernel_spec *s, float *self, int64_t n);

// Scores of a few units, however many columns a head has: nothing but the
// maximum, which backward here makes up, keeps their exponentials finite.
void bench_shrink_att(const struct kernel_spec *s, float *att);

#endif
