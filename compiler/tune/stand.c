#include "tune/stand.h"

#include <stdlib.h>

#include "base/clock.h"
#include "tune/bench.h"

// Untimed runs of each variant, which load what is loaded late, and the
// shortest sample worth believing: an event's resolution is about half a
// microsecond.
enum { N_WARM_UP = 3 };
static const float sample_ms_min = 0.1f;
// How long the GPU is kept busy before anything counts: power needs that long
// to settle.
static const double load_seconds = 0.05;

struct runner {
    struct cuda_kernel k;
    int repeat; // launches of one sample
};

struct stand {
    const struct cuda_context *c;
    struct bench bench;
    cu_event begin, end;
    size_t n;
    struct runner **runners; // owned, each: kernels borrow from them
};

static gnnac_status make_events(struct stand *s, gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    TRY(CU(s->c, cuEventCreate, (&s->begin, 0), err));
    TRY(CU(s->c, cuEventCreate, (&s->end, 0), err));
out:
    return st;
}

gnnac_status stand_open(const struct cuda_context *c, const struct csr *g,
                        const struct kernel_spec *spec, struct stand **out,
                        gnnac_error *err)
{
    struct stand *s = calloc(1, sizeof(*s));
    if (!s)
        return FAIL(err, GNNAC_ENOMEM, "out of memory");
    s->c = c;
    gnnac_status st = cuda_enter(c, err);
    if (st != GNNAC_OK) {
        free(s);
        return st;
    }
    st = bench_init(c, g, spec, &s->bench, err);
    if (st == GNNAC_OK)
        st = make_events(s, err);
    if (st == GNNAC_OK)
        *out = s;
    else
        stand_close(s);
    return st;
}

void stand_close(struct stand *s)
{
    if (!s)
        return;
    for (size_t i = 0; i < s->n; i++) {
        cuda_kernel_unload(s->c, &s->runners[i]->k);
        free(s->runners[i]);
    }
    free(s->runners);
    if (s->begin)
        s->c->cu.cuEventDestroy_v2(s->begin);
    if (s->end)
        s->c->cu.cuEventDestroy_v2(s->end);
    bench_finish(&s->bench);
    cuda_leave(s->c);
    free(s);
}

bool stand_enter(struct stand *s, struct variant *v, bool trusted)
{
    struct runner *r = calloc(1, sizeof(*r));
    struct runner **grown =
        r ? realloc(s->runners, (s->n + 1) * sizeof(struct runner *)) : NULL;
    if (grown)
        s->runners = grown;
    bool entered = grown && (trusted ? bench_load(&s->bench, v, &r->k)
                                     : bench_gate(&s->bench, v, &r->k));
    if (!entered) {
        free(r);
        return false;
    }
    s->runners[s->n++] = r;
    return true;
}

// Milliseconds of `repeat` launches in a row.
static gnnac_status time_launches(struct stand *s, const struct cuda_kernel *k,
                                  int repeat, float *ms, gnnac_error *err)
{
    struct bench *b = &s->bench;
    gnnac_status st = GNNAC_OK;
    TRY(CU(s->c, cuEventRecord, (s->begin, b->stream), err));
    for (int i = 0; i < repeat; i++)
        TRY(bench_launch(b, k, err));
    TRY(CU(s->c, cuEventRecord, (s->end, b->stream), err));
    TRY(CU(s->c, cuEventSynchronize, (s->end), err));
    TRY(CU(s->c, cuEventElapsedTime, (ms, s->begin, s->end), err));
out:
    return st;
}

static gnnac_status warm_up(struct stand *s, struct runner *r, gnnac_error *err)
{
    float ms = 0;
    gnnac_status st = GNNAC_OK;
    for (int i = 0; i < N_WARM_UP && st == GNNAC_OK; i++)
        st = time_launches(s, &r->k, 1, &ms, err);
    r->repeat = 1;
    if (ms < sample_ms_min)
        r->repeat = ms > 1e-4f ? (int)(sample_ms_min / ms) + 1 : 1000;
    return st;
}

gnnac_status stand_warm(struct stand *s, gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    double begin = now_seconds(), ns;
    for (size_t i = 0; s->n && now_seconds() - begin < load_seconds;
         i = (i + 1) % s->n)
        TRY(stand_sample(s, i, &ns, err));
out:
    return st;
}

gnnac_status stand_sample(struct stand *s, size_t i, double *ns,
                          gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    struct runner *r = s->runners[i];
    float ms;
    if (r->repeat == 0)
        TRY(warm_up(s, r, err));
    TRY(time_launches(s, &r->k, r->repeat, &ms, err));
    *ns = (double)ms * 1e6 / r->repeat;
out:
    return st;
}
