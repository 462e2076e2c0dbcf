#include "tune/search_state.h"

#include <math.h>
#include <stdlib.h>

#include "checked.h"

enum {
    PROBE_ROUNDS = 4,
    PATIENCE = 3, // waves without something better
    FINALISTS = 24,
};
static const double better = 0.995; // than the best: less is no progress
static const double final_margin = 1.08; // who is further behind is no finalist

const char *search_end_name(enum search_end end)
{
    static const char *const names[] = {[SEARCH_SETTLED] = "settled",
                                        [SEARCH_FULL] = "full",
                                        [SEARCH_ALL] = "all",
                                        [SEARCH_STOPPED] = "stopped"};
    return names[end];
}

void search_finish(struct search *s)
{
    race_finish(&s->race);
    free(s->points);
    *s = (struct search){0};
}

// ---- its race ---------------------------------------------------------------

static gnnac_status measure(void *context, size_t candidate, double *ns,
                            gnnac_error *err)
{
    const struct seeker *s = context;
    const struct race_device *d = &s->device->race;
    return d->measure(d->context, s->field[candidate], ns, err);
}

static bool stop(void *context)
{
    const struct seeker *s = context;
    const struct race_device *d = &s->device->race;
    return d->stop && d->stop(d->context);
}

static void tell(void *context, const struct race_news *news)
{
    const struct seeker *s = context;
    const struct race_device *d = &s->device->race;
    if (d->tell)
        d->tell(d->context, news);
}

// Of s->field.
static gnnac_status race_field(struct seeker *s, struct race_options *o,
                               struct race *out, gnnac_error *err)
{
    const struct race_device device = {s, measure, stop,
                                       o->rounds ? NULL : tell};
    o->n = s->n_field;
    o->seed = s->options->seed + s->n_waves;
    gnnac_status st = race_run(&device, o, out, err);
    if (st != GNNAC_OK)
        return st;
    for (size_t i = 0; i < out->n; i++)
        out->racers[i].heat = s->n_waves;
    s->n_samples += out->n_samples;
    s->n_warm_up += out->n_warm_up;
    s->stopped = s->stopped || out->stopped;
    return GNNAC_OK;
}

// Times of different waves are compared by what the best so far did in both.
static void take_scores(struct seeker *s, const struct race *race, bool known)
{
    const struct racer *r = race->racers;
    double scale = race->winner == NO_RACER ? NAN : r[race->winner].median;
    if (known && r[0].to_winner.centre > 0)
        scale = s->score[s->field[0]] / r[0].to_winner.centre;
    for (size_t i = known; i < s->n_field; i++) {
        size_t at = s->field[i];
        s->score[at] = scale * r[i].to_winner.centre;
        s->racers[s->n] = r[i];
        s->points[s->n++] = at;
        if (s->score[at] > 0 &&
            (s->best == NO_RACER || s->score[at] < s->score[s->best]))
            s->best = at;
    }
}

// Who is ready, behind the best so far.
static gnnac_status make_ready(struct seeker *s, gnnac_error *err)
{
    bool ready[SEARCH_WAVE] = {false};
    s->n_field = 0;
    if (s->best != NO_RACER)
        s->field[s->n_field++] = s->best;
    gnnac_status st = s->device->prepare(s->device->race.context, s->wave,
                                         s->n_wave, ready, err);
    for (size_t i = 0; i < s->n_wave && st == GNNAC_OK; i++)
        if (ready[i])
            s->field[s->n_field++] = s->wave[i];
    return st;
}

static void tell_wave(const struct seeker *s)
{
    const struct search_news news = {
        .n_space = s->options->n,
        .n_tried = s->n_tried,
        .n_waves = s->n_waves,
        .best_ns = s->best == NO_RACER ? NAN : s->score[s->best]};
    if (s->device->tell)
        s->device->tell(s->device->race.context, &news);
}

static gnnac_status run_wave(struct seeker *s, gnnac_error *err)
{
    struct race race = {0};
    struct race_options o = {.incumbent = NO_RACER, .rounds = PROBE_ROUNDS};
    bool known = s->best != NO_RACER;
    double before = known ? s->score[s->best] : INFINITY;
    gnnac_status st = make_ready(s, err);
    if (st == GNNAC_OK && s->n_field > known)
        st = race_field(s, &o, &race, err);
    if (st != GNNAC_OK)
        return st;
    if (race.n)
        take_scores(s, &race, known);
    race_finish(&race);
    bool progress = s->best != NO_RACER && s->score[s->best] < before * better;
    s->n_idle = progress ? 0 : s->n_idle + 1;
    s->n_waves++;
    tell_wave(s);
    return GNNAC_OK;
}

static bool is_settled(const struct seeker *s)
{
    return s->n_waves > SEARCH_FAIR_WAVES && s->n_idle >= PATIENCE;
}

static gnnac_status run_waves(struct seeker *s, enum search_end *end,
                              gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    *end = SEARCH_SETTLED;
    while (st == GNNAC_OK && !is_settled(s)) {
        s->stopped = s->stopped || stop(s);
        *end = s->stopped ? SEARCH_STOPPED : SEARCH_FULL;
        if (s->stopped || s->n_tried == s->options->most)
            return GNNAC_OK;
        search_choose_wave(s);
        *end = SEARCH_ALL;
        if (s->n_wave == 0)
            return GNNAC_OK;
        st = run_wave(s, err);
        *end = SEARCH_SETTLED;
    }
    return st;
}

// ---- the race at the end ----------------------------------------------------

static size_t racer_of(const struct seeker *s, size_t point)
{
    for (size_t i = 0; i < s->n; i++)
        if (s->points[i] == point)
            return i;
    return NO_RACER;
}

static bool is_needed(const struct seeker *s, size_t racer)
{
    return racer == 0 || s->points[racer] == s->options->incumbent;
}

// How many have a better score; equal ones by their order.
static size_t rank_of(const struct seeker *s, size_t racer)
{
    double mine = s->score[s->points[racer]];
    size_t n = 0;
    for (size_t i = 0; i < s->n; i++) {
        double x = s->score[s->points[i]];
        n += x < mine || (x == mine && i < racer);
    }
    return n;
}

// In the order they were tried; the reference, which is the first of all, and
// the incumbent whatever their score.
static void choose_finalists(struct seeker *s)
{
    double most = s->score[s->best] * final_margin;
    s->n_field = 0;
    for (size_t i = 0; i < s->n; i++) {
        bool able = s->racers[i].state != RACE_FAILED;
        bool good = s->score[s->points[i]] <= most && rank_of(s, i) < FINALISTS;
        if (able && (good || is_needed(s, i)))
            s->field[s->n_field++] = s->points[i];
    }
}

static size_t finalist_of(const struct seeker *s, size_t point)
{
    for (size_t i = 0; i < s->n_field; i++)
        if (s->field[i] == point)
            return i;
    return NO_RACER;
}

static gnnac_status run_final(struct seeker *s, struct race *out,
                              gnnac_error *err)
{
    size_t reference = finalist_of(s, s->points[0]);
    struct race_options o = {
        .reference = reference == NO_RACER ? 0 : reference,
        .incumbent = finalist_of(s, s->options->incumbent),
    };
    return race_field(s, &o, out, err);
}

// Samples of different races are in no pairs: all there is is a ratio.
static struct interval score_ratio(const struct seeker *s, size_t a, size_t b)
{
    return (struct interval){
        NAN, s->score[s->points[a]] / s->score[s->points[b]], NAN};
}

static void place_rest(struct seeker *s, size_t winner)
{
    for (size_t i = 0; i < s->n; i++) {
        struct racer *r = &s->racers[i];
        if (r->state != RACE_FAILED)
            r->state = i == winner ? RACE_RUN : RACE_BEHIND;
        r->to_winner = score_ratio(s, i, winner);
        r->tied = false;
    }
}

static void take_final(struct seeker *s, const struct race *final)
{
    for (size_t i = 0; i < final->n; i++)
        if (final->racers[i].n > 0 || final->racers[i].state == RACE_FAILED)
            s->racers[racer_of(s, s->field[i])] = final->racers[i];
}

static bool incumbent_stays(const struct seeker *s)
{
    size_t at = s->options->incumbent;
    return racer_of(s, at) != NO_RACER &&
           s->score[at] <= s->score[s->best] * RACE_INCUMBENT_BAND;
}

// Of the whole field; `final` may have no winner, as there was no time.
static void conclude(struct seeker *s, const struct race *final,
                     struct race *out)
{
    bool decided = final->winner != NO_RACER;
    size_t point = incumbent_stays(s) ? s->options->incumbent : s->best;
    if (decided)
        point = s->field[final->winner];
    *out = *final;
    out->winner = racer_of(s, point);
    place_rest(s, out->winner);
    take_final(s, final);
    if (!decided)
        out->gain = score_ratio(s, 0, out->winner);
    out->n = s->n;
    out->racers = s->racers;
    out->stopped = s->stopped;
    out->n_samples = s->n_samples;
    out->n_warm_up = s->n_warm_up;
    s->racers = NULL;
}

static gnnac_status finish_search(struct seeker *s, struct race *out,
                                  gnnac_error *err)
{
    const struct interval unknown = {NAN, NAN, NAN};
    struct race final = {
        .winner = NO_RACER, .gain = unknown, .noise = unknown};
    gnnac_status st = GNNAC_OK;
    final.stopped = s->stopped;
    s->n_field = 0;
    if (s->best != NO_RACER)
        choose_finalists(s);
    if (s->best != NO_RACER && !s->stopped)
        st = run_final(s, &final, err);
    if (st == GNNAC_OK && s->best != NO_RACER)
        conclude(s, &final, out);
    else
        *out = final;
    if (st == GNNAC_OK && out->racers != final.racers)
        free(final.racers);
    return st;
}

// ---- the whole --------------------------------------------------------------

static void find_families(struct seeker *s)
{
    const struct search_options *o = s->options;
    for (size_t i = 0; i < o->n; i++) {
        size_t k = 0;
        while (k < s->n_families && s->families[k] != o->points[i].family)
            k++;
        if (k == s->n_families && k < MAX_FAMILIES)
            s->families[s->n_families++] = o->points[i].family;
    }
}

static gnnac_status seeker_init(struct seeker *s, gnnac_error *err)
{
    int64_t n = (int64_t)s->options->n, most = (int64_t)s->options->most;
    if (n == 0 || most == 0)
        return FAIL(err, GNNAC_EUSAGE, "a search without points");
    s->tried = calloc_array(n, sizeof(*s->tried));
    s->explored = calloc_array(n, sizeof(*s->explored));
    s->score = calloc_array(n, sizeof(*s->score));
    s->near = calloc_array(n, sizeof(*s->near));
    s->points = calloc_array(most, sizeof(*s->points));
    s->racers = calloc_array(most, sizeof(*s->racers));
    if (!s->tried || !s->explored || !s->score || !s->near || !s->points ||
        !s->racers)
        return FAIL(err, GNNAC_ENOMEM, "out of memory");
    for (int64_t i = 0; i < n; i++)
        s->score[i] = NAN;
    find_families(s);
    return GNNAC_OK;
}

static void seeker_finish(struct seeker *s)
{
    free(s->tried);
    free(s->explored);
    free(s->score);
    free(s->near);
    free(s->points);
    free(s->racers);
}

gnnac_status search_run(const struct search_device *device,
                        const struct search_options *options,
                        struct search *out, gnnac_error *err)
{
    struct search found = {0};
    struct seeker s = {
        .device = device, .options = options, .best = NO_RACER};
    gnnac_status st = seeker_init(&s, err);
    if (st == GNNAC_OK)
        st = run_waves(&s, &found.end, err);
    if (st == GNNAC_OK)
        st = finish_search(&s, &found.race, err);
    if (st == GNNAC_OK) {
        found.points = s.points;
        found.n_tried = s.n_tried;
        found.n_waves = s.n_waves;
        s.points = NULL;
        *out = found;
    }
    seeker_finish(&s);
    return st;
}
