// A test stand: one operation on one GPU, variants that passed the gate, and
// a stopwatch. One sample at a time; what is timed when is the caller's affair.
// One thread; the GPU's context is current from open to close.
#ifndef GNNAC_STAND_H
#define GNNAC_STAND_H

#include "graph/csr.h"
#include "plan/spec.h"
#include "tune/variant.h"

struct cuda_context;
struct stand; // opaque

// Graph and spec are borrowed; `cold` is the stopwatch's. GNNAC_ENOMEM when
// graph and matrices do not fit, GNNAC_EDRIVER.
gnnac_status stand_open(const struct cuda_context *c, const struct csr *g,
                        const struct kernel_spec *spec, bool cold,
                        struct stand **out, gnnac_error *err);
void stand_close(struct stand *s);

// The variant, which is borrowed, passes the gate (bench.h) on this graph and
// on all of hard_graphs.h, or is trusted and only loaded: true, and it is the
// next number from 0 on. False as bench_gate.
bool stand_enter(struct stand *s, struct variant *v, bool trusted);

// Every variant a few times, and the GPU busy until its clocks have settled.
gnnac_status stand_warm(struct stand *s, gnnac_error *err);

// ns of one run of variant `i`, in the mean of as many as the clock resolves.
gnnac_status stand_sample(struct stand *s, size_t i, double *ns,
                          gnnac_error *err);

// False once a kernel faulted or the GPU is lost: nothing will run here again.
bool stand_is_sound(const struct stand *s);

#endif
