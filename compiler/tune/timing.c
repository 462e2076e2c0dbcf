#include "tune/timing.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "tune/gpu_lock.h"
#include "tune/oracle_sample.h"
#include "tune/stand.h"
#include "tune/time_worker.h"

// ---- who races --------------------------------------------------------------

struct runner {
    struct variant *v;
    int32_t variant; // its index
    size_t point;    // in the space that is searched
};

// Timed in a worker, or, without the program for one, here.
struct field {
    const struct contest_request *rq;
    struct far_stand *far;
    struct stand *near;
    double begun; // the race, now_seconds()
    double gate, made; // seconds in the gate, and until points were kernels
    size_t n;
    struct runner *runners;        // owned; room for all
    const struct variant *not_run; // what this GPU cannot run, the last of it
};

static bool enter(struct field *f, struct variant *v)
{
    return f->far ? far_stand_enter(f->far, v) : stand_enter(f->near, v, false);
}

static bool stop(void *context)
{
    const struct field *f = context;
    return f->rq->stop && f->rq->stop();
}

// Where nobody was done in time, the time is what was wrong.
static void forget_hangs(const struct contest_request *rq)
{
    for (size_t i = 0; i < rq->n; i++) {
        struct variant *v = &rq->variants[rq->options[i]];
        if (v->verdict && strcmp(v->verdict, "hang") == 0)
            v->verdict = NULL;
    }
}

// Through the gate. Whether it is a runner now.
static bool enter_variant(struct field *f, int32_t variant, size_t point)
{
    struct variant *v = &f->rq->variants[variant];
    bool there = v->images[0].image || variant_is_blas(v);
    if (strcmp(v->status, "ok") != 0 || !there)
        return false;
    double begun = now_seconds();
    bool entered = enter(f, v);
    f->gate += now_seconds() - begun;
    if (entered) {
        f->runners[f->n++] = (struct runner){v, variant, point};
        return true;
    }
    if (strcmp(v->status, "ok") != 0)
        log_warn("%s", v->reason);
    else
        f->not_run = v;
    return false;
}

static void enter_race(struct field *f)
{
    const struct contest_request *rq = f->rq;
    for (size_t i = 0; i < rq->n && !stop(f); i++)
        enter_variant(f, rq->options[i], i);
    if (f->n == 0)
        forget_hangs(rq);
}

// ---- the race ---------------------------------------------------------------

static gnnac_status measure(void *context, size_t candidate, double *ns,
                            gnnac_error *err)
{
    struct field *f = context;
    return f->far ? far_stand_sample(f->far, candidate, ns, err)
                  : stand_sample(f->near, candidate, ns, err);
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
    v->n_kept = c->n < MAX_KEPT_SAMPLES ? c->n : MAX_KEPT_SAMPLES;
    for (size_t i = 0; i < v->n_kept; i++)
        v->samples_ns[i] = (float)c->ns[i];
}

// ---- the winner once more ---------------------------------------------------

enum { CONFIRM_PAIRS = 12 };

// Winner and reference in turns, A B B A, in a new process.
static gnnac_status time_pairs(struct field *f, size_t winner, size_t reference,
                               double *a, double *b, gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    if (f->far)
        far_stand_renew(f->far);
    for (size_t i = 0; i < CONFIRM_PAIRS; i++) {
        bool first = i % 2 == 0;
        TRY(measure(f, first ? winner : reference, first ? &a[i] : &b[i], err));
        TRY(measure(f, first ? reference : winner, first ? &b[i] : &a[i], err));
    }
out:
    return st;
}

static bool is_usable(const struct field *f, size_t runner)
{
    return strcmp(f->runners[runner].v->status, "ok") == 0;
}

// A winner that is shown to be slower than the reference in other memory won by
// where it lay: the reference stands.
static void confirm(struct field *f, size_t reference, struct race *race)
{
    double a[CONFIRM_PAIRS], b[CONFIRM_PAIRS];
    gnnac_error e = {{0}};
    size_t winner = race->winner;
    if (winner == NO_RACER || winner == reference || race->stopped ||
        race->racers[reference].state == RACE_FAILED)
        return;
    if (time_pairs(f, winner, reference, a, b, &e) != GNNAC_OK) {
        log_warn("not confirmed: %s", e.msg);
        if (is_usable(f, reference))
            race_overrule(race, reference,
                          is_usable(f, winner) ? RACE_RUN : RACE_FAILED);
        return;
    }
    struct interval d = paired_ratio(a, b, CONFIRM_PAIRS, Z_95);
    if (d.low <= 1)
        return;
    log_warn("%s won, but in a new process takes %.1f %% longer than the "
             "default, which stays",
             f->runners[winner].v->kernel.name, 100 * (d.centre - 1));
    race_overrule(race, reference, RACE_SLOWER);
}

static gnnac_status conclude(const struct field *f, const struct race *race,
                             struct contest *out, gnnac_error *err)
{
    out->entries = calloc(race->n + 1, sizeof(*out->entries));
    if (!out->entries)
        return FAIL(err, GNNAC_ENOMEM, "out of memory");
    out->n = race->n;
    for (size_t i = 0; i < race->n; i++) {
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

static gnnac_status warm(struct field *f, gnnac_error *err)
{
    return f->far ? far_stand_warm(f->far, err) : stand_warm(f->near, err);
}

static gnnac_status hold_race(struct field *f, struct contest *out,
                              gnnac_error *err)
{
    struct race race;
    const struct contest_request *rq = f->rq;
    const struct race_device device = {f, measure, stop, tell};
    const struct race_options options = {
        .n = f->n,
        .reference = runner_of(f, rq->reference, 0),
        .incumbent = runner_of(f, rq->incumbent, NO_RACER),
        .seed = rq->seed,
        .whole = rq->whole,
    };
    gnnac_status st = warm(f, err);
    f->begun = now_seconds();
    if (st == GNNAC_OK)
        st = race_run(&device, &options, &race, err);
    if (st != GNNAC_OK)
        return st;
    confirm(f, options.reference, &race);
    st = conclude(f, &race, out, err);
    race_finish(&race);
    return st;
}

// ---- the search -------------------------------------------------------------

static gnnac_status measure_point(void *context, size_t point, double *ns,
                                  gnnac_error *err)
{
    struct field *f = context;
    size_t i = 0;
    while (f->runners[i].point != point)
        i++;
    return measure(f, i, ns, err);
}

// Compiling takes a while, in which the GPU's clocks fall.
static gnnac_status prepare(void *context, const size_t *wave, size_t n,
                            bool *ready, gnnac_error *err)
{
    struct field *f = context;
    const struct contest_search *s = f->rq->search;
    int32_t made[SEARCH_WAVE];
    double begun = now_seconds();
    gnnac_status st = s->make(s->context, wave, n, made, err);
    f->made += now_seconds() - begun;
    for (size_t i = 0; st == GNNAC_OK && i < n && !stop(f); i++)
        ready[i] = made[i] >= 0 && enter_variant(f, made[i], wave[i]);
    f->begun = now_seconds();
    return st == GNNAC_OK && f->n ? warm(f, err) : st;
}

static void tell_search(void *context, const struct search_news *n)
{
    (void)context;
    log_status("searching: %zu of %zu points tried in %zu waves; best %.2f us",
               n->n_tried, n->n_space, n->n_waves, n->best_ns / 1e3);
}

// Racers are the runners, in the same order: the first is the reference.
static gnnac_status hold_search(struct field *f, struct contest *out,
                                gnnac_error *err)
{
    struct search search;
    const struct search_options *options = &f->rq->search->options;
    const struct search_device device = {
        .race = {f, measure_point, stop, tell},
        .prepare = prepare,
        .tell = tell_search};
    gnnac_status st = search_run(&device, options, &search, err);
    if (st != GNNAC_OK)
        return st;
    confirm(f, 0, &search.race);
    st = conclude(f, &search.race, out, err);
    out->n_space = options->n;
    out->n_tried = search.n_tried;
    out->n_waves = search.n_waves;
    out->end = search.end;
    search_finish(&search);
    return st;
}

// ---- the whole --------------------------------------------------------------

void contest_finish(struct contest *c)
{
    free(c->entries);
    *c = (struct contest){.winner = -1};
}

gnnac_status contest_copy(const struct contest *c, struct contest *out,
                          gnnac_error *err)
{
    struct contest_entry *entries = calloc(c->n + 1, sizeof(*entries));
    if (!entries)
        return FAIL(err, GNNAC_ENOMEM, "out of memory");
    if (c->n)
        memcpy(entries, c->entries, c->n * sizeof(*entries));
    *out = *c;
    out->entries = entries;
    return GNNAC_OK;
}

static gnnac_status open_stand(const struct cuda_context *c,
                               const struct contest_request *rq,
                               struct field *f, gnnac_error *err)
{
    const struct far_stand_request far = {.program = rq->program,
                                          .ordinal = rq->ordinal,
                                          .graph = rq->graph,
                                          .spec = rq->spec,
                                          .gate_seconds = GATE_SECONDS,
                                          .sample_seconds = SAMPLE_SECONDS,
                                          .cold = rq->cold};
    gnnac_error e = {{0}};
    gnnac_status st = GNNAC_EIO;
    if (rq->program)
        st = far_stand_open(&far, &f->far, &e);
    if (st == GNNAC_EIO)
        return stand_open(c, rq->graph, rq->spec, rq->cold, &f->near, err);
    return st == GNNAC_OK ? st : FAIL(err, st, "%s", e.msg);
}

static gnnac_status hold_contest(struct field *f, struct contest *out,
                                 gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    bool searches = f->rq->search != NULL;
    if (!searches)
        enter_race(f);
    if (f->rq->graph->n_nodes && (searches || f->n))
        st = searches ? hold_search(f, out, err) : hold_race(f, out, err);
    if (f->not_run)
        log_warn("not timed: %s", f->not_run->reason);
    return st;
}

static void tell_sample(const struct contest_request *rq)
{
    struct oracle_sample s;
    oracle_sample_rows(rq->graph, rq->spec, ORACLE_LIMIT, &s);
    if (s.step > 1)
        log_info("%s: the gate compares %lld of %lld rows with float64; of all "
                 "it sees whether they were written",
                 step_kind_name(rq->spec->kind), (long long)s.n_rows,
                 (long long)rq->graph->n_nodes);
}

gnnac_status time_variants(const struct cuda_context *c,
                           const struct contest_request *rq,
                           struct contest *out, gnnac_error *err)
{
    size_t most = rq->search ? rq->search->options.most : rq->n;
    struct field f = {.rq = rq,
                      .runners = calloc(most + 1, sizeof(*f.runners))};
    *out = (struct contest){.winner = -1};
    if (!f.runners)
        return FAIL(err, GNNAC_ENOMEM, "out of memory");
    tell_sample(rq);
    int lock = gpu_lock_take(c, rq->stop);
    double begun = now_seconds();
    gnnac_status st = open_stand(c, rq, &f, err);
    f.gate = now_seconds() - begun;
    if (st == GNNAC_OK)
        st = hold_contest(&f, out, err);
    out->gate_seconds = f.gate;
    out->race_seconds = now_seconds() - begun - f.gate - f.made;
    far_stand_close(f.far);
    stand_close(f.near);
    gpu_lock_release(lock);
    free(f.runners);
    return st;
}
