// What a GPU can hope for: the rate at which random rows of a matrix arrive,
// measured by templates/gather_roof.cu.lua.
#ifndef GNNAC_ROOF_H
#define GNNAC_ROOF_H

#include "tune/workbench.h"

// Bytes per second that come from random rows of a matrix [n_rows, dim] (rows
// `pitch` floats apart): from the L2 cache or from memory, whichever a matrix
// of that size lies in. The kernel's sums are compared with the host's before
// its time counts. Needs wb->cuda. GNNAC_ENOMEM, GNNAC_EDRIVER, GNNAC_ECOMPILE,
// GNNAC_EWRONG.
gnnac_status gather_roof(struct workbench *wb, int64_t n_rows, int32_t dim,
                         int32_t pitch, double *bytes_per_s, gnnac_error *err);

#endif
