// The stopwatch: times variants of one aggregation against each other on a
// GPU, on the graph itself, those that pass the gate (bench.h).
#ifndef GNNAC_TIMING_H
#define GNNAC_TIMING_H

#include "graph/csr.h"
#include "plan/spec.h"
#include "tune/variant.h"

struct cuda_context;

// Each option goes through the gate; what fails gets its status and reason
// there, and what this GPU cannot run is warned of. What passes is timed,
// round-robin with the others, and gets median_ns, p20_ns, p80_ns. *n_timed
// grows by how many were. GNNAC_ENOMEM when graph and matrices do not fit
// (nothing is timed then), GNNAC_EDRIVER when the GPU is lost.
gnnac_status time_variants(const struct cuda_context *c, const struct csr *g,
                           const struct kernel_spec *spec,
                           struct variant *variants, const int32_t *options,
                           size_t n_options, size_t *n_timed,
                           gnnac_error *err);

#endif
