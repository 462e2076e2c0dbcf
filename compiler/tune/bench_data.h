// A bench's operands on both sides, and what a kernel writes; of bench.c.
#ifndef GNNAC_BENCH_DATA_H
#define GNNAC_BENCH_DATA_H

#include "tune/bench.h"

// Before a run: what it held before, or NaN, between canaries. GNNAC_EDRIVER.
gnnac_status output_reset(const struct bench *b, struct output *o,
                          gnnac_error *err);
// After it, to the host.
gnnac_status output_fetch(const struct bench *b, struct output *o,
                          gnnac_error *err);
// The values between the canaries; NULL where there are none.
const float *output_values(const struct output *o);
// Whether the canaries are as they were.
bool output_is_inside(const struct output *o);

// Whether kernels of the operation read if there is dropout; from then on the
// state says so of attention's coefficients, and the contrary of results: timed
// is, after both, what trainers mostly do.
bool bench_can_drop(const struct bench *b);
gnnac_status bench_set_dropout(struct bench *b, bool on, gnnac_error *err);

#endif
