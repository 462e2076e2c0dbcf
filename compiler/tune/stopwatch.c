#include "tune/stopwatch.h"

#include "base/clock.h"
#include "tune/gpu_lock.h"
#include "tune/paired.h"

// An event's resolution is about half a microsecond, which bounds a sample from
// below. A tape is half of one: the other half's launch has arrived by then.
enum { N_SAMPLES = 21, N_WARM_UP = 3, MOST_ON_TAPE = 64, MOST_TURNS = 1000 };
static const double sample_ns_min = 1e5, tape_ns = 5e4;

// A cold run is timed by itself, behind a write of twice the cache, which takes
// long enough for the run's launch to arrive meanwhile.
enum { MOST_COLD_TURNS = 16, LITTER_CACHES = 2 };
static const double cold_sample_seconds = 0.02; // writes and all

// The time from a sample's begin to its first run is noticed below this.
static const double lead_ns_max = 1e6;

static gnnac_status make_litter(struct stopwatch *w, gnnac_error *err)
{
    int bytes = 0;
    gnnac_status st = CU(w->c, cuDeviceGetAttribute,
                         (&bytes, CU_ATTR_L2_BYTES, w->c->device), err);
    if (st != GNNAC_OK)
        return st;
    w->litter_bytes = LITTER_CACHES * (size_t)bytes;
    return cuda_alloc(w->c, w->litter_bytes, "a cold cache", &w->litter, err);
}

gnnac_status stopwatch_init(const struct cuda_context *c, cu_stream stream,
                            bool cold, struct stopwatch *out, gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    *out = (struct stopwatch){.c = c, .stream = stream};
    if (cold)
        TRY(make_litter(out, err));
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
    if (w->litter)
        cuda_free(w->c, w->litter);
    *w = (struct stopwatch){0};
}

static gnnac_status turn(struct stopwatch *w, const struct timed *t,
                         gnnac_error *err)
{
    return t->tape ? CU(w->c, cuGraphLaunch, (t->tape, w->stream), err)
                   : t->queue(t->work, w->stream, err);
}

static gnnac_status time_turns(struct stopwatch *w, const struct timed *t,
                               int turns, double *ns, gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    float ms = 0;
    TRY(CU(w->c, cuEventRecord, (w->begin, w->stream), err));
    for (int i = 0; i < turns; i++)
        TRY(turn(w, t, err));
    TRY(CU(w->c, cuEventRecord, (w->end, w->stream), err));
    TRY(CU(w->c, cuEventSynchronize, (w->end), err));
    TRY(CU(w->c, cuEventElapsedTime, (&ms, w->begin, w->end), err));
    *ns = (double)ms * 1e6 / turns / t->on_tape;
out:
    return st;
}

static gnnac_status sample_cold(struct stopwatch *w, const struct timed *t,
                                double *ns, gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    double sum = 0, one;
    for (int i = 0; i < t->turns; i++) {
        TRY(CU(w->c, cuMemsetD32Async,
               (w->litter, (unsigned)i, w->litter_bytes / 4, w->stream), err));
        TRY(time_turns(w, t, 1, &one, err));
        sum += one;
    }
    *ns = sum / t->turns;
out:
    return st;
}

gnnac_status stopwatch_sample(struct stopwatch *w, const struct timed *t,
                              double *ns, gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    if (w->litter)
        return sample_cold(w, t, ns, err);
    if (t->lead)
        TRY(turn(w, t, err));
    TRY(time_turns(w, t, t->turns, ns, err));
out:
    return st;
}

static int clamp(double n, int most)
{
    return n < 1 ? 1 : n < most ? (int)n : most;
}

// Leaves `t` as it is where that is impossible.
static void record(struct stopwatch *w, struct timed *t, double ns)
{
    int runs = clamp(tape_ns / ns, MOST_ON_TAPE);
    if (runs > 1 && cuda_capture(w->c, w->stream, t->queue, t->work, runs,
                                 &t->tape, NULL) == GNNAC_OK)
        t->on_tape = runs;
}

gnnac_status stopwatch_prepare(struct stopwatch *w, queue_run queue, void *work,
                               struct timed *out, gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    double ns = 0, begun = 0;
    *out =
        (struct timed){.queue = queue, .work = work, .on_tape = 1, .turns = 1};
    for (int i = 0; i < N_WARM_UP; i++) {
        begun = now_seconds();
        TRY(stopwatch_sample(w, out, &ns, err));
    }
    if (!w->litter)
        record(w, out, ns);
    int most = w->litter ? clamp(cold_sample_seconds / (now_seconds() - begun),
                                 MOST_COLD_TURNS)
                         : MOST_TURNS;
    for (int i = 0; out->tape && i < 2; i++) // the first one uploads it
        TRY(stopwatch_sample(w, out, &ns, err));
    out->turns = clamp(sample_ns_min / ns / out->on_tape + 1, most);
    out->lead = ns < lead_ns_max;
out:
    if (st != GNNAC_OK)
        stopwatch_forget(w, out);
    return st;
}

void stopwatch_forget(struct stopwatch *w, struct timed *t)
{
    if (t->tape)
        w->c->cu.cuGraphExecDestroy(t->tape);
    *t = (struct timed){0};
}

static gnnac_status measure(struct stopwatch *w, queue_run queue, void *work,
                            struct run_time *out, gnnac_error *err)
{
    struct timed t = {0};
    double ns[N_SAMPLES];
    gnnac_status st = stopwatch_prepare(w, queue, work, &t, err);
    for (int i = 0; i < N_SAMPLES && st == GNNAC_OK; i++)
        st = stopwatch_sample(w, &t, &ns[i], err);
    stopwatch_forget(w, &t);
    if (st != GNNAC_OK)
        return st;
    *out = (struct run_time){.median_ns = sorted_quantile(ns, N_SAMPLES, 0.5),
                             .p20_ns = sorted_quantile(ns, N_SAMPLES, 0.2),
                             .p80_ns = sorted_quantile(ns, N_SAMPLES, 0.8),
                             .n_samples = N_SAMPLES};
    return GNNAC_OK;
}

gnnac_status stopwatch_time(const struct cuda_context *c, cu_stream stream,
                            bool cold, queue_run queue, void *work,
                            struct run_time *out, gnnac_error *err)
{
    struct stopwatch w;
    int lock = gpu_lock_take(c, NULL);
    gnnac_status st = stopwatch_init(c, stream, cold, &w, err);
    if (st == GNNAC_OK)
        st = measure(&w, queue, work, out, err);
    stopwatch_finish(&w);
    gpu_lock_release(lock);
    return st;
}
