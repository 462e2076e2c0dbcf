// The vendor's library as a yardstick: cuSPARSE's ways of summing over the
// in-neighbours, found at run time, checked like our kernels, then timed.
#ifndef GNNAC_CUSPARSE_H
#define GNNAC_CUSPARSE_H

#include "graph/csr.h"
#include "plan/spec.h"
#include "tune/stopwatch.h"

enum { N_CUSPARSE_WAYS = 4 };

struct cusparse_way {
    const char *name;     // "CSR_ALG1" ...
    struct run_time time; // NaN where it did not run
    char reason[256];     // why it did not
};

// Each way with descriptors and, for CSR, the preprocessing made once, the
// output's zeroing (beta = 0) inside the time. `spec` is a bare sum, `cold` the
// stopwatch's.
// GNNAC_ENOENT where there is no cuSPARSE, GNNAC_EUNSUPPORTED where it does not
// start, GNNAC_ENOMEM, GNNAC_EDRIVER. What one way lacks is said in its reason.
gnnac_status cusparse_time(const struct cuda_context *c, const struct csr *g,
                           const struct kernel_spec *spec, bool cold,
                           struct cusparse_way out[N_CUSPARSE_WAYS],
                           gnnac_error *err);

#endif
