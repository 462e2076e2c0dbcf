// A stopwatch of CUDA events for work that is queued on a stream, with the L2
// cache as the run before left it, or cold: filled with something else.
#ifndef GNNAC_STOPWATCH_H
#define GNNAC_STOPWATCH_H

#include "cuda/cuda_capture.h"

// All calls happen inside cuda_enter/cuda_leave and report GNNAC_EDRIVER, and
// what `queue` reports.
struct stopwatch {
    const struct cuda_context *c; // borrowed
    cu_stream stream;             // borrowed
    cu_event begin, end;
    cu_ptr litter; // owned; written before every run that is cold; 0: hot
    size_t litter_bytes;
};

// stopwatch_finish is due in either case. GNNAC_ENOMEM, of a cold one.
gnnac_status stopwatch_init(const struct cuda_context *c, cu_stream stream,
                            bool cold, struct stopwatch *out, gnnac_error *err);
void stopwatch_finish(struct stopwatch *w);

// What is timed, and how a sample of it is taken. All-zero until prepared.
struct timed {
    queue_run queue;
    void *work;         // borrowed
    cu_graph_exec tape; // owned; `on_tape` runs. NULL: queued one by one
    int on_tape;
    int turns; // of the tape, or runs, in a sample
    bool lead; // one untimed turn goes before
};

// A few untimed runs, which load what is loaded late. Then as many runs as
// the resolution of an event asks for are a sample; those of short work are
// recorded, or the CPU's launches would be timed instead. What cannot be
// recorded is launched. Owned by the caller until stopwatch_forget; all-zero
// on failure.
gnnac_status stopwatch_prepare(struct stopwatch *w, queue_run queue, void *work,
                               struct timed *out, gnnac_error *err);
void stopwatch_forget(struct stopwatch *w, struct timed *t);

// ns of one run, in the mean of a sample.
gnnac_status stopwatch_sample(struct stopwatch *w, const struct timed *t,
                              double *ns, gnnac_error *err);

// Nanoseconds of one run.
struct run_time {
    double median_ns, p20_ns, p80_ns;
    int n_samples;
};

// Warms up and takes samples, while no other gnnac times on this GPU
// (gpu_lock.h).
gnnac_status stopwatch_time(const struct cuda_context *c, cu_stream stream,
                            bool cold, queue_run queue, void *work,
                            struct run_time *out, gnnac_error *err);

#endif
