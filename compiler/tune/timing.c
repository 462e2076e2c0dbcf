#include "tune/timing.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "tune/bench.h"

// Untimed runs of each variant, which load what is loaded late, and the
// shortest sample worth believing: an event's resolution is about half a
// microsecond.
enum { N_WARM_UP = 3 };
static const float sample_ms_min = 0.1f;
// How long the GPU is kept busy before anything counts: power needs that long
// to settle.
static const double load_seconds = 0.05;

struct stopwatch {
    struct bench *bench;
    cu_event begin, end;
};

// stopwatch_finish is due in either case.
static gnnac_status stopwatch_init(struct bench *b, struct stopwatch *out,
                                   gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    *out = (struct stopwatch){.bench = b};
    TRY(CU(b->c, cuEventCreate, (&out->begin, 0), err));
    TRY(CU(b->c, cuEventCreate, (&out->end, 0), err));
out:
    return st;
}

static void stopwatch_finish(struct stopwatch *w)
{
    if (w->begin)
        w->bench->c->cu.cuEventDestroy_v2(w->begin);
    if (w->end)
        w->bench->c->cu.cuEventDestroy_v2(w->end);
}

// Milliseconds of `repeat` launches in a row.
static gnnac_status sample(struct stopwatch *w, const struct cuda_kernel *k,
                           int repeat, float *ms, gnnac_error *err)
{
    struct bench *b = w->bench;
    gnnac_status st = GNNAC_OK;
    TRY(CU(b->c, cuEventRecord, (w->begin, b->stream), err));
    for (int i = 0; i < repeat; i++)
        TRY(bench_launch(b, k, err));
    TRY(CU(b->c, cuEventRecord, (w->end, b->stream), err));
    TRY(CU(b->c, cuEventSynchronize, (w->end), err));
    TRY(CU(b->c, cuEventElapsedTime, (ms, w->begin, w->end), err));
out:
    return st;
}

// ---- who races --------------------------------------------------------------

struct runner {
    struct variant *v;
    int32_t variant; // its index
    struct cuda_kernel k;
    int repeat;
};

struct field {
    struct stopwatch watch;
    bool (*stop)(void);
    double begun; // the race, now_seconds()
    size_t n;
    struct runner *runners; // owned
};

static void enter_race(struct bench *b, const struct contest_request *rq,
                       struct field *f)
{
    const struct variant *not_run = NULL;
    for (size_t i = 0; i < rq->n; i++) {
        struct variant *v = &rq->variants[rq->options[i]];
        struct runner *r = &f->runners[f->n];
        if (rq->stop && rq->stop())
            break;
        if (strcmp(v->status, "ok") != 0 || !v->images[0].image)
            continue;
        if (bench_gate(b, v, &r->k)) {
            r->v = v;
            r->variant = rq->options[i];
            f->n++;
        } else if (strcmp(v->status, "ok") != 0) {
            log_warn("%s", v->reason);
        } else {
            not_run = v;
        }
    }
    if (not_run)
        log_warn("not timed: %s", not_run->reason);
}

static gnnac_status warm_up(struct stopwatch *w, struct runner *r,
                            gnnac_error *err)
{
    float ms = 0;
    gnnac_status st = GNNAC_OK;
    r->repeat = 1;
    for (int i = 0; i < N_WARM_UP && st == GNNAC_OK; i++)
        st = sample(w, &r->k, 1, &ms, err);
    if (ms < sample_ms_min)
        r->repeat = ms > 1e-4f ? (int)(sample_ms_min / ms) + 1 : 1000;
    return st;
}

// Every variant a few times, and then in turns until the load was long enough.
static gnnac_status warm_up_all(struct field *f, gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    float ms;
    double begin = now_seconds();
    for (size_t i = 0; i < f->n; i++)
        TRY(warm_up(&f->watch, &f->runners[i], err));
    for (size_t i = 0; now_seconds() - begin < load_seconds; i = (i + 1) % f->n)
        TRY(sample(&f->watch, &f->runners[i].k, f->runners[i].repeat, &ms,
                   err));
out:
    return st;
}

// ---- the race ---------------------------------------------------------------

static gnnac_status measure(void *context, size_t candidate, double *ns,
                            gnnac_error *err)
{
    struct field *f = context;
    const struct runner *r = &f->runners[candidate];
    float ms;
    gnnac_status st = sample(&f->watch, &r->k, r->repeat, &ms, err);
    if (st == GNNAC_OK)
        *ns = (double)ms * 1e6 / r->repeat;
    return st;
}

static void tell(void *context, const struct race_news *n)
{
    const struct field *f = context;
    double elapsed = now_seconds() - f->begun;
    log_status("timing: %zu candidates, %zu left, %zu failed; best %.2f us, "
               "%.2f times as fast as the default; at most %.0f s left",
               n->n, n->n_live, n->n_failed, n->best_ns / 1e3, n->gain,
               elapsed * n->share_left);
}

static bool stop(void *context)
{
    const struct field *f = context;
    return f->stop && f->stop();
}

// The runner of a variant, or `otherwise`.
static size_t runner_of(const struct field *f, int32_t variant,
                        size_t otherwise)
{
    for (size_t i = 0; i < f->n; i++)
        if (f->runners[i].variant == variant)
            return i;
    return otherwise;
}

static void tell_variant(const struct racer *c, struct variant *v)
{
    v->n_samples = (int64_t)c->n;
    v->median_ns = c->median;
    v->p20_ns = c->p20;
    v->p80_ns = c->p80;
}

static gnnac_status conclude(const struct field *f, const struct race *race,
                             struct contest *out, gnnac_error *err)
{
    out->entries = calloc(f->n, sizeof(*out->entries));
    if (!out->entries)
        return FAIL(err, GNNAC_ENOMEM, "out of memory");
    out->n = f->n;
    for (size_t i = 0; i < f->n; i++) {
        const struct racer *c = &race->racers[i];
        tell_variant(c, f->runners[i].v);
        out->entries[i] = (struct contest_entry){
            f->runners[i].variant, c->state, c->tied, c->median, c->to_winner};
    }
    if (race->winner != NO_RACER)
        out->winner = f->runners[race->winner].variant;
    out->gain = race->gain;
    out->noise = race->noise;
    out->noisy = race->noisy;
    out->stopped = race->stopped;
    out->n_samples = race->n_samples + race->n_warm_up;
    return GNNAC_OK;
}

static gnnac_status hold_race(struct field *f, const struct contest_request *rq,
                              struct contest *out, gnnac_error *err)
{
    struct race race;
    const struct race_device device = {f, measure, stop, tell};
    const struct race_options options = {
        .n = f->n,
        .reference = runner_of(f, rq->reference, 0),
        .incumbent = runner_of(f, rq->incumbent, NO_RACER),
        .seed = rq->seed,
    };
    gnnac_status st = warm_up_all(f, err);
    f->begun = now_seconds();
    if (st == GNNAC_OK)
        st = race_run(&device, &options, &race, err);
    if (st != GNNAC_OK)
        return st;
    st = conclude(f, &race, out, err);
    race_finish(&race);
    return st;
}

// ---- the whole --------------------------------------------------------------

void contest_finish(struct contest *c)
{
    free(c->entries);
    *c = (struct contest){.winner = -1};
}

static gnnac_status gate_and_race(struct bench *b,
                                  const struct contest_request *rq,
                                  struct field *f, struct contest *out,
                                  gnnac_error *err)
{
    gnnac_status st = stopwatch_init(b, &f->watch, err);
    if (st == GNNAC_OK)
        enter_race(b, rq, f);
    if (st == GNNAC_OK && b->g->n_nodes && f->n)
        st = hold_race(f, rq, out, err);
    stopwatch_finish(&f->watch);
    for (size_t i = 0; i < f->n; i++)
        cuda_kernel_unload(b->c, &f->runners[i].k);
    return st;
}

gnnac_status time_variants(const struct cuda_context *c,
                           const struct contest_request *rq,
                           struct contest *out, gnnac_error *err)
{
    struct bench b;
    struct field f = {.stop = rq->stop,
                      .runners = calloc(rq->n + 1, sizeof(*f.runners))};
    *out = (struct contest){.winner = -1};
    if (!f.runners)
        return FAIL(err, GNNAC_ENOMEM, "out of memory");
    gnnac_status st = cuda_enter(c, err);
    if (st == GNNAC_OK) {
        st = bench_init(c, rq->graph, rq->spec, &b, err);
        if (st == GNNAC_OK)
            st = gate_and_race(&b, rq, &f, out, err);
        bench_finish(&b);
        cuda_leave(c);
    }
    free(f.runners);
    return st;
}
