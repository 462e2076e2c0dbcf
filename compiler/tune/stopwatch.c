#include "tune/stopwatch.h"

#include <stdlib.h>

// The shortest sample worth believing: an event's resolution is about half a
// microsecond.
enum { N_SAMPLES = 21, N_WARM_UP = 3, MAX_IN_A_ROW = 1000 };
static const float sample_ms_min = 0.1f;

struct stopwatch {
    const struct cuda_context *c;
    cu_stream stream;
    cu_event begin, end;
    queue_run queue;
    void *work;
};

// Milliseconds of `repeat` runs in a row.
static gnnac_status sample(struct stopwatch *w, int repeat, float *ms,
                           gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    TRY(CU(w->c, cuEventRecord, (w->begin, w->stream), err));
    for (int i = 0; i < repeat; i++)
        TRY(w->queue(w->work, w->stream, err));
    TRY(CU(w->c, cuEventRecord, (w->end, w->stream), err));
    TRY(CU(w->c, cuEventSynchronize, (w->end), err));
    TRY(CU(w->c, cuEventElapsedTime, (ms, w->begin, w->end), err));
out:
    return st;
}

static gnnac_status warm_up(struct stopwatch *w, int *repeat, gnnac_error *err)
{
    float ms = 0;
    gnnac_status st = GNNAC_OK;
    for (int i = 0; i < N_WARM_UP && st == GNNAC_OK; i++)
        st = sample(w, 1, &ms, err);
    *repeat = ms > sample_ms_min / MAX_IN_A_ROW ? (int)(sample_ms_min / ms) + 1
                                                : MAX_IN_A_ROW;
    return st;
}

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static gnnac_status measure(struct stopwatch *w, struct run_time *out,
                            gnnac_error *err)
{
    int repeat;
    double ns[N_SAMPLES];
    gnnac_status st = warm_up(w, &repeat, err);
    for (int i = 0; i < N_SAMPLES && st == GNNAC_OK; i++) {
        float ms = 0;
        st = sample(w, repeat, &ms, err);
        ns[i] = ms * 1e6 / repeat;
    }
    if (st != GNNAC_OK)
        return st;
    qsort(ns, N_SAMPLES, sizeof(ns[0]), compare_doubles);
    *out = (struct run_time){.median_ns = ns[N_SAMPLES / 2],
                             .p20_ns = ns[N_SAMPLES / 5],
                             .p80_ns = ns[N_SAMPLES - 1 - N_SAMPLES / 5],
                             .n_samples = N_SAMPLES};
    return GNNAC_OK;
}

gnnac_status stopwatch_time(const struct cuda_context *c, cu_stream stream,
                            queue_run queue, void *work, struct run_time *out,
                            gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    struct stopwatch w = {
        .c = c, .stream = stream, .queue = queue, .work = work};
    TRY(CU(c, cuEventCreate, (&w.begin, 0), err));
    TRY(CU(c, cuEventCreate, (&w.end, 0), err));
    TRY(measure(&w, out, err));
out:
    if (w.begin)
        c->cu.cuEventDestroy_v2(w.begin);
    if (w.end)
        c->cu.cuEventDestroy_v2(w.end);
    return st;
}
