// The oracle's part behind an aggregated row, or one of a product or of
// attention: what a kernel does with it before it is stored (plan/fuse.h),
// dropout in training and a residual last.
#ifndef GNNAC_ORACLE_TAIL_H
#define GNNAC_ORACLE_TAIL_H

#include "tune/oracle.h"

// Row v, `y` with its bounds, becomes that of the result, in place. Both have
// room for dim + tail_dim values.
void oracle_tail(const struct kernel_spec *spec, const struct operand_data *d,
                 int64_t v, double *y, double *bound);

#endif
