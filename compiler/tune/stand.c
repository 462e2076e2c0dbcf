#include "tune/stand.h"

#include <stdlib.h>

#include "base/clock.h"
#include "tune/bench.h"
#include "tune/hard_graphs.h"

// How long the GPU is kept busy before anything counts: power needs that long
// to settle.
static const double load_seconds = 0.05;

struct runner {
    struct cuda_kernel k;
    struct kernel_run run; // of k
    struct timed timed;    // `run`; all-zero: not warm yet
};

struct stand {
    const struct cuda_context *c;
    struct bench bench;
    struct csr hard[N_HARD_GRAPHS]; // owned
    struct bench hard_benches[N_HARD_GRAPHS];
    struct stopwatch watch;
    size_t n;
    struct runner **runners; // owned, each: kernels borrow from them
};

static gnnac_status open_benches(struct stand *s, const struct csr *g,
                                 const struct kernel_spec *spec,
                                 gnnac_error *err)
{
    gnnac_status st = bench_init(s->c, g, spec, &s->bench, err);
    for (size_t i = 0; i < N_HARD_GRAPHS && st == GNNAC_OK; i++) {
        st = hard_graph(i, &s->hard[i], err);
        if (st == GNNAC_OK)
            st = bench_init(s->c, &s->hard[i], spec, &s->hard_benches[i], err);
    }
    return st;
}

gnnac_status stand_open(const struct cuda_context *c, const struct csr *g,
                        const struct kernel_spec *spec, bool cold,
                        struct stand **out, gnnac_error *err)
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
    st = open_benches(s, g, spec, err);
    if (st == GNNAC_OK)
        st = stopwatch_init(c, s->bench.stream, cold, &s->watch, err);
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
        stopwatch_forget(&s->watch, &s->runners[i]->timed);
        cuda_kernel_unload(s->c, &s->runners[i]->k);
        free(s->runners[i]);
    }
    free(s->runners);
    stopwatch_finish(&s->watch);
    bench_finish(&s->bench);
    for (size_t i = 0; i < N_HARD_GRAPHS; i++) {
        if (s->hard_benches[i].c)
            bench_finish(&s->hard_benches[i]);
        csr_finish(&s->hard[i]);
    }
    cuda_leave(s->c);
    free(s);
}

// On the graph itself first: most of what fails does so there.
static bool passes(struct stand *s, struct variant *v, struct cuda_kernel *k)
{
    bool right = bench_gate(&s->bench, v, k);
    for (size_t i = 0; i < N_HARD_GRAPHS && right; i++)
        right = bench_gate_also(&s->hard_benches[i], hard_graph_name(i), v, k);
    return right;
}

bool stand_enter(struct stand *s, struct variant *v, bool trusted)
{
    struct runner *r = calloc(1, sizeof(*r));
    struct runner **grown =
        r ? realloc(s->runners, (s->n + 1) * sizeof(struct runner *)) : NULL;
    if (grown)
        s->runners = grown;
    bool entered = grown && (trusted ? bench_load(&s->bench, v, &r->k)
                                     : passes(s, v, &r->k));
    if (!entered) {
        free(r);
        return false;
    }
    r->run = (struct kernel_run){&s->bench, &r->k};
    s->runners[s->n++] = r;
    return true;
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
    if (!r->timed.queue)
        TRY(stopwatch_prepare(&s->watch, bench_queue, &r->run, &r->timed, err));
    st = stopwatch_sample(&s->watch, &r->timed, ns, err);
out:
    return st;
}

bool stand_is_sound(const struct stand *s)
{
    return CU(s->c, cuStreamSynchronize, (NULL), NULL) == GNNAC_OK;
}
