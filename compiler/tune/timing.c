#include "tune/timing.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "tune/bench.h"

// Samples of one variant, and the shortest one worth believing: an event's
// resolution is about half a microsecond.
enum { N_SAMPLES = 21, N_WARM_UP = 3 };
static const float sample_ms_min = 0.1f;

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

// ---- the race ---------------------------------------------------------------

struct runner {
    struct variant *v;
    struct cuda_kernel k;
    int repeat;
    double ns[N_SAMPLES];
};

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

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void summarise(struct runner *r)
{
    qsort(r->ns, N_SAMPLES, sizeof(r->ns[0]), compare_doubles);
    r->v->n_samples = N_SAMPLES;
    r->v->median_ns = r->ns[N_SAMPLES / 2];
    r->v->p20_ns = r->ns[N_SAMPLES / 5];
    r->v->p80_ns = r->ns[N_SAMPLES - 1 - N_SAMPLES / 5];
}

// Round-robin, so that a drifting clock hits all alike.
static gnnac_status race(struct stopwatch *w, struct runner *runners, size_t n,
                         gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    for (size_t i = 0; i < n; i++)
        TRY(warm_up(w, &runners[i], err));
    for (int round = 0; round < N_SAMPLES; round++)
        for (size_t i = 0; i < n; i++) {
            float ms;
            TRY(sample(w, &runners[i].k, runners[i].repeat, &ms, err));
            runners[i].ns[round] = ms * 1e6 / runners[i].repeat;
        }
    for (size_t i = 0; i < n; i++)
        summarise(&runners[i]);
out:
    return st;
}

static size_t enter_race(struct bench *b, struct variant *variants,
                         const int32_t *options, size_t n_options,
                         struct runner *runners)
{
    size_t n = 0;
    const struct variant *not_run = NULL;
    for (size_t i = 0; i < n_options; i++) {
        struct variant *v = &variants[options[i]];
        if (strcmp(v->status, "ok") != 0 || !v->images[0].image)
            continue;
        if (bench_gate(b, v, &runners[n].k))
            runners[n++].v = v;
        else if (strcmp(v->status, "ok") != 0)
            log_warn("%s", v->reason);
        else
            not_run = v;
    }
    if (not_run)
        log_warn("not timed: %s", not_run->reason);
    return n;
}

static gnnac_status gate_and_race(struct bench *b, struct variant *variants,
                                  const int32_t *options, size_t n_options,
                                  struct runner *runners, size_t *n_timed,
                                  gnnac_error *err)
{
    struct stopwatch w;
    size_t n = enter_race(b, variants, options, n_options, runners);
    gnnac_status st = stopwatch_init(b, &w, err);
    if (st == GNNAC_OK && b->g->n_nodes)
        st = race(&w, runners, n, err);
    if (st == GNNAC_OK)
        *n_timed += n;
    stopwatch_finish(&w);
    for (size_t i = 0; i < n; i++)
        cuda_kernel_unload(b->c, &runners[i].k);
    return st;
}

gnnac_status time_variants(const struct cuda_context *c, const struct csr *g,
                           const struct kernel_spec *spec,
                           struct variant *variants, const int32_t *options,
                           size_t n_options, size_t *n_timed, gnnac_error *err)
{
    struct bench b;
    struct runner *runners = calloc(n_options, sizeof(*runners));
    if (!runners)
        return FAIL(err, GNNAC_ENOMEM, "out of memory");
    gnnac_status st = cuda_enter(c, err);
    if (st == GNNAC_OK) {
        st = bench_init(c, g, spec, &b, err);
        if (st == GNNAC_OK)
            st = gate_and_race(&b, variants, options, n_options, runners,
                               n_timed, err);
        bench_finish(&b);
        cuda_leave(c);
    }
    free(runners);
    return st;
}
