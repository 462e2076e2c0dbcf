// A stopwatch of CUDA events for work that is queued on a stream.
#ifndef GNNAC_STOPWATCH_H
#define GNNAC_STOPWATCH_H

#include "cuda/cuda_context.h"

// Queue one run of `work` on `stream`; nothing is waited for.
typedef gnnac_status (*queue_run)(void *work, cu_stream stream,
                                  gnnac_error *err);

// All calls happen inside cuda_enter/cuda_leave and report GNNAC_EDRIVER, and
// what `queue` reports.
struct stopwatch {
    const struct cuda_context *c; // borrowed
    cu_stream stream;             // borrowed
    cu_event begin, end;
};

// stopwatch_finish is due in either case.
gnnac_status stopwatch_init(const struct cuda_context *c, cu_stream stream,
                            struct stopwatch *out, gnnac_error *err);
void stopwatch_finish(struct stopwatch *w);

// A few untimed runs, which load what is loaded late; then *repeat is the
// number of runs that a sample needs, by an event's resolution.
gnnac_status stopwatch_warm_up(struct stopwatch *w, queue_run queue, void *work,
                               int *repeat, gnnac_error *err);

// ns of one run, in the mean of `repeat` in a row.
gnnac_status stopwatch_sample(struct stopwatch *w, queue_run queue, void *work,
                              int repeat, double *ns, gnnac_error *err);

// Nanoseconds of one run, caches as the run before left them.
struct run_time {
    double median_ns, p20_ns, p80_ns;
    int n_samples;
};

// Warms up and takes samples, while no other gnnac times on this GPU
// (gpu_lock.h).
gnnac_status stopwatch_time(const struct cuda_context *c, cu_stream stream,
                            queue_run queue, void *work, struct run_time *out,
                            gnnac_error *err);

#endif
