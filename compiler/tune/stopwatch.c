#include "tune/stopwatch.h"

#include "tune/gpu_lock.h"
#include "tune/paired.h"

// The shortest sample worth believing: an event's resolution is about half a
// microsecond.
enum { N_SAMPLES = 21, N_WARM_UP = 3, MAX_IN_A_ROW = 1000 };
static const double sample_ns_min = 1e5;

gnnac_status stopwatch_init(const struct cuda_context *c, cu_stream stream,
                            struct stopwatch *out, gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    *out = (struct stopwatch){.c = c, .stream = stream};
    TRY(CU(c, cuEventCreate, (&out->begin, 0), err));
    TRY(CU(c, cuEventCreate, (&out->end, 0), err));
out:
    return st;
}

void stopwatch_finish(struct stopwatch *w)
{
    if (w->begin)
        w->c->cu.cuEventDestroy_v2(w->begin);
    if (w->end)
        w->c->cu.cuEventDestroy_v2(w->end);
    *w = (struct stopwatch){0};
}

gnnac_status stopwatch_sample(struct stopwatch *w, queue_run queue, void *work,
                              int repeat, double *ns, gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    float ms = 0;
    TRY(CU(w->c, cuEventRecord, (w->begin, w->stream), err));
    for (int i = 0; i < repeat; i++)
        TRY(queue(work, w->stream, err));
    TRY(CU(w->c, cuEventRecord, (w->end, w->stream), err));
    TRY(CU(w->c, cuEventSynchronize, (w->end), err));
    TRY(CU(w->c, cuEventElapsedTime, (&ms, w->begin, w->end), err));
    *ns = (double)ms * 1e6 / repeat;
out:
    return st;
}

gnnac_status stopwatch_warm_up(struct stopwatch *w, queue_run queue, void *work,
                               int *repeat, gnnac_error *err)
{
    double ns = 0;
    gnnac_status st = GNNAC_OK;
    for (int i = 0; i < N_WARM_UP && st == GNNAC_OK; i++)
        st = stopwatch_sample(w, queue, work, 1, &ns, err);
    if (st == GNNAC_OK)
        *repeat = ns > sample_ns_min / MAX_IN_A_ROW
                      ? (int)(sample_ns_min / ns) + 1
                      : MAX_IN_A_ROW;
    return st;
}

static gnnac_status measure(struct stopwatch *w, queue_run queue, void *work,
                            struct run_time *out, gnnac_error *err)
{
    int repeat = 0;
    double ns[N_SAMPLES];
    gnnac_status st = stopwatch_warm_up(w, queue, work, &repeat, err);
    for (int i = 0; i < N_SAMPLES && st == GNNAC_OK; i++)
        st = stopwatch_sample(w, queue, work, repeat, &ns[i], err);
    if (st != GNNAC_OK)
        return st;
    *out = (struct run_time){.median_ns = sorted_quantile(ns, N_SAMPLES, 0.5),
                             .p20_ns = sorted_quantile(ns, N_SAMPLES, 0.2),
                             .p80_ns = sorted_quantile(ns, N_SAMPLES, 0.8),
                             .n_samples = N_SAMPLES};
    return GNNAC_OK;
}

gnnac_status stopwatch_time(const struct cuda_context *c, cu_stream stream,
                            queue_run queue, void *work, struct run_time *out,
                            gnnac_error *err)
{
    struct stopwatch w;
    int lock = gpu_lock_take(c, NULL);
    gnnac_status st = stopwatch_init(c, stream, &w, err);
    if (st == GNNAC_OK)
        st = measure(&w, queue, work, out, err);
    stopwatch_finish(&w);
    gpu_lock_release(lock);
    return st;
}
