// A stopwatch of CUDA events for work that is queued on a stream.
#ifndef GNNAC_STOPWATCH_H
#define GNNAC_STOPWATCH_H

#include "cuda_context.h"

// Queue one run of `work` on `stream`; nothing is waited for.
typedef gnnac_status (*queue_run)(void *work, cu_stream stream,
                                  gnnac_error *err);

// Nanoseconds of one run, caches as the run before left them.
struct run_time {
    double median_ns, p20_ns, p80_ns;
    int n_samples;
};

// Warms up, then takes samples of as many runs in a row as an event's
// resolution asks for. Inside cuda_enter/cuda_leave. GNNAC_EDRIVER, and what
// `queue` reports.
gnnac_status stopwatch_time(const struct cuda_context *c, cu_stream stream,
                            queue_run queue, void *work, struct run_time *out,
                            gnnac_error *err);

#endif
