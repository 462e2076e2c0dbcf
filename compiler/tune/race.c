#include "tune/race.h"

#include <math.h>
#include <stdlib.h>

#include "checked.h"
#include "rng.h"

enum {
    // The reference is warmed up until two windows agree.
    WARM_UP_WINDOW = 4,
    WARM_UP_WINDOWS_MAX = 8,
    // Before this round no interval at 99 % has an end.
    FIRST_VERDICT = 9,
    // Rounds in which the reference runs twice; then it is done with, unless it
    // is still in the race itself.
    NOISE_FROM = 2,
    NOISE_PAIRS = 8,
};
static const double warm_up_agreement = 0.015;
static const double noise_limit = 0.02;
// What comes and goes with a launch: kernels that take less time than starting
// them cannot be told apart any better, and waiting would not help.
static const double launch_ns = 1000;
static const double tie_limit = 0.01;      // slower than this is no tie
static const double tie_choice = 0.003;    // within this the order decides
static const double loud = 0.035; // a spread that asks for a larger field
static const double settled =
    0.01; // an interval no further from its centre will do

// Who is further behind than `margin` after so many rounds leaves, and all
// beyond the first max(least, n / share).
static const struct cut {
    size_t rounds;
    double margin;
    size_t least, share;
} cuts[] = {{2, 1.25, 8, 8}, {4, 1.08, 5, 16}, {9, 1.04, 4, 32}};

struct running {
    const struct race_device *device;
    const struct race_options *options;
    struct race *race;
    size_t round, rounds; // that are over, and at most
    bool stop;
    double *score;        // owned; of the last standing
    size_t *order, *live; // owned; n + 1 and n
    size_t n_live;
    double centres[RACE_ROUNDS]; // of the rounds; see round_centre
    double again[NOISE_PAIRS];   // second samples of the reference
    size_t n_again;
};

void race_finish(struct race *r)
{
    free(r->racers);
    *r = (struct race){0};
}

// ---- samples ----------------------------------------------------------------

static bool is_over(struct running *r)
{
    const struct race_device *d = r->device;
    r->stop = r->stop || (d->stop && d->stop(d->context));
    return r->stop;
}

static bool ends_race(gnnac_status st)
{
    return st == GNNAC_EDRIVER || st == GNNAC_ENODEVICE;
}

// *ns is NaN when the candidate failed.
static gnnac_status sample(struct running *r, size_t candidate, double *ns,
                           gnnac_error *err)
{
    gnnac_error mine = {{0}};
    gnnac_status st =
        r->device->measure(r->device->context, candidate, ns, &mine);
    if (st == GNNAC_OK && isfinite(*ns) && *ns > 0)
        return GNNAC_OK;
    *ns = NAN;
    r->race->racers[candidate].state = RACE_FAILED;
    return ends_race(st) ? FAIL(err, st, "%s", mine.msg) : GNNAC_OK;
}

static gnnac_status window(struct running *r, double *median, gnnac_error *err)
{
    double ns[WARM_UP_WINDOW];
    *median = NAN;
    for (size_t i = 0; i < WARM_UP_WINDOW; i++) {
        if (is_over(r))
            return GNNAC_OK;
        gnnac_status st = sample(r, r->options->reference, &ns[i], err);
        if (st != GNNAC_OK || isnan(ns[i]))
            return st;
        r->race->n_warm_up++;
    }
    *median = sorted_quantile(ns, WARM_UP_WINDOW, 0.5);
    return GNNAC_OK;
}

// Clocks rise at first and then fall: run until it shows in no two windows.
static gnnac_status warm_up(struct running *r, gnnac_error *err)
{
    double before = NAN, now;
    for (int i = 0; i < WARM_UP_WINDOWS_MAX; i++) {
        gnnac_status st = window(r, &now, err);
        if (st != GNNAC_OK || isnan(now))
            return st;
        if (fabs(log(now / before)) < warm_up_agreement)
            return GNNAC_OK;
        before = now;
    }
    return GNNAC_OK;
}

// ---- a round ----------------------------------------------------------------

// The reference needs pairs with itself and with the winner, even if it is out.
static bool runs_on(const struct running *r, size_t i)
{
    enum race_state s = r->race->racers[i].state;
    bool owed = i == r->options->reference && s != RACE_FAILED &&
                r->n_again < NOISE_PAIRS && r->race->racers[i].n == r->round;
    return s == RACE_RUN || owed;
}

static size_t draw_order(struct running *r)
{
    size_t n = 0;
    for (size_t i = 0; i < r->race->n; i++)
        if (runs_on(r, i))
            r->order[n++] = i;
    if (r->round >= NOISE_FROM && r->n_again < NOISE_PAIRS &&
        runs_on(r, r->options->reference))
        r->order[n++] = r->options->reference;
    for (size_t i = n; i > 1; i--) {
        size_t k =
            rng_below(r->options->seed, r->round * (r->race->n + 1) + i, i);
        size_t moved = r->order[i - 1];
        r->order[i - 1] = r->order[k];
        r->order[k] = moved;
    }
    return n;
}

static void keep_sample(struct running *r, size_t candidate, double ns)
{
    struct racer *c = &r->race->racers[candidate];
    r->race->n_samples++;
    if (c->n == r->round)
        c->ns[c->n++] = ns;
    else
        r->again[r->n_again++] = ns;
}

static gnnac_status run_round(struct running *r, gnnac_error *err)
{
    size_t n = draw_order(r);
    for (size_t i = 0; i < n; i++) {
        double ns;
        size_t at = r->order[i];
        if (is_over(r))
            return GNNAC_OK;
        if (r->race->racers[at].state == RACE_FAILED)
            continue;
        gnnac_status st = sample(r, at, &ns, err);
        if (st != GNNAC_OK)
            return st;
        if (!isnan(ns))
            keep_sample(r, at, ns);
    }
    r->round++;
    return GNNAC_OK;
}

// ---- standings --------------------------------------------------------------

static void find_live(struct running *r)
{
    r->n_live = 0;
    for (size_t i = 0; i < r->race->n; i++)
        if (r->race->racers[i].state == RACE_RUN && r->race->racers[i].n > 0)
            r->live[r->n_live++] = i;
}

// The middle of a round, which takes out what the clock did in it.
static double round_centre(struct running *r, size_t round)
{
    for (size_t i = 0; i < r->n_live; i++)
        r->score[i] = log(r->race->racers[r->live[i]].ns[round]);
    return sorted_quantile(r->score, r->n_live, 0.5);
}

// log of how a racer does against its rounds' centres: the better of a few
// samples, as outliers are slow, and the median of more.
static double standing(const struct racer *c, const double *centres)
{
    double d[RACE_ROUNDS];
    for (size_t k = 0; k < c->n; k++)
        d[k] = log(c->ns[k]) - centres[k];
    return sorted_quantile(d, c->n, c->n <= RACE_FEW_SAMPLES ? 0 : 0.5);
}

struct place {
    size_t racer;
    double standing;
};

static int compare_places(const void *a, const void *b)
{
    const struct place *x = a, *y = b;
    if (x->standing != y->standing)
        return x->standing < y->standing ? -1 : 1;
    return (x->racer > y->racer) - (x->racer < y->racer);
}

// Live racers, the best first, into `places`; fills r->centres.
static void stand(struct running *r, struct place *places)
{
    size_t rounds = RACE_ROUNDS;
    find_live(r);
    for (size_t i = 0; i < r->n_live; i++)
        if (r->race->racers[r->live[i]].n < rounds)
            rounds = r->race->racers[r->live[i]].n;
    for (size_t k = 0; k < rounds; k++)
        r->centres[k] = round_centre(r, k);
    for (size_t i = 0; i < r->n_live; i++) {
        struct racer part = r->race->racers[r->live[i]];
        part.n = rounds;
        places[i] = (struct place){r->live[i], standing(&part, r->centres)};
    }
    qsort(places, r->n_live, sizeof(*places), compare_places);
}

// ---- who leaves -------------------------------------------------------------

static bool is_kept(const struct running *r, size_t racer)
{
    return racer == r->options->incumbent;
}

// How far apart samples of one racer lie, in the middle of the field: the range
// of four normal samples is about twice their standard deviation.
static double spread(struct running *r)
{
    for (size_t i = 0; i < r->n_live; i++) {
        const struct racer *c = &r->race->racers[r->live[i]];
        double least = INFINITY, most = -INFINITY;
        for (size_t k = 0; k < c->n; k++) {
            double x = log(c->ns[k]) - r->centres[k];
            least = fmin(least, x);
            most = fmax(most, x);
        }
        r->score[i] = most - least;
    }
    return sorted_quantile(r->score, r->n_live, 0.5);
}

static void cut_field(struct running *r, const struct cut *cut,
                      const struct place *places)
{
    size_t least = spread(r) > loud ? 2 * cut->least : cut->least;
    size_t most = r->race->n / cut->share;
    if (most < least)
        most = least;
    for (size_t i = 0; i < r->n_live; i++) {
        bool behind =
            places[i].standing > places[0].standing + log(cut->margin);
        if ((behind || i >= most) && !is_kept(r, places[i].racer))
            r->race->racers[places[i].racer].state = RACE_BEHIND;
    }
}

struct interval race_ratio(const struct race *r, size_t a, size_t b, double z)
{
    const struct racer *x = &r->racers[a], *y = &r->racers[b];
    return paired_ratio(x->ns, y->ns, x->n < y->n ? x->n : y->n, z);
}

// Shown slower by 99 %, so that many looks do not add up to many mistakes.
// Returns whether those that stay are told apart as far as it matters.
static bool judge(struct running *r, const struct place *places)
{
    bool decided = true;
    for (size_t i = 1; i < r->n_live; i++) {
        struct interval d =
            race_ratio(r->race, places[i].racer, places[0].racer, Z_99);
        double allowed = is_kept(r, places[i].racer) ? RACE_INCUMBENT_BAND : 1;
        if (d.low > allowed)
            r->race->racers[places[i].racer].state = RACE_SLOWER;
        else
            decided = decided && log(d.high / d.low) < 2 * settled;
    }
    return decided;
}

// After a round. True: the race is decided.
static bool thin_out(struct running *r, struct place *places)
{
    stand(r, places);
    if (r->n_live == 0)
        return true;
    if (r->options->whole)
        return false;
    for (size_t i = 0; i < sizeof(cuts) / sizeof(cuts[0]); i++)
        if (cuts[i].rounds == r->round)
            cut_field(r, &cuts[i], places);
    stand(r, places);
    bool decided = r->round >= FIRST_VERDICT && judge(r, places);
    bool owed = runs_on(r, r->options->reference) && r->n_again < NOISE_PAIRS;
    return decided && !owed;
}

static double quantile_of(const struct racer *c, double share)
{
    double sorted[RACE_ROUNDS];
    for (size_t i = 0; i < c->n; i++)
        sorted[i] = c->ns[i];
    return sorted_quantile(sorted, c->n, share);
}

// As `standing` sees it.
static double median_of(const struct racer *c)
{
    return quantile_of(c, c->n <= RACE_FEW_SAMPLES ? 0 : 0.5);
}

static void tell_news(const struct running *r, const struct place *places)
{
    if (!r->device->tell || r->n_live == 0)
        return;
    const struct race *race = r->race;
    size_t left = r->n_live * (r->rounds - r->round);
    struct race_news news = {
        .n = race->n,
        .n_live = r->n_live,
        .best_ns = median_of(&race->racers[places[0].racer]),
        .share_left =
            (double)left / (double)(race->n_samples + race->n_warm_up)};
    news.gain = median_of(&race->racers[r->options->reference]) / news.best_ns;
    for (size_t i = 0; i < race->n; i++)
        news.n_failed += race->racers[i].state == RACE_FAILED;
    r->device->tell(r->device->context, &news);
}

// ---- the end ----------------------------------------------------------------

static void summarise(struct racer *c)
{
    c->median = median_of(c);
    c->p20 = quantile_of(c, 0.2);
    c->p80 = quantile_of(c, 0.8);
}

// Of those left. Standings are medians, by which outliers do no harm early;
// ratios of pairs are told apart with fewer samples.
static size_t fastest_of(const struct running *r, const struct place *places)
{
    size_t best = places[0].racer;
    double least = 1;
    for (size_t i = 1; i < r->n_live; i++) {
        struct interval d =
            race_ratio(r->race, places[i].racer, places[0].racer, Z_95);
        if (d.centre < least) {
            least = d.centre;
            best = places[i].racer;
        }
    }
    return best;
}

// The fastest, unless the incumbent is not 2 % behind it; among those that are
// as good as equal, the reference and then the first of the order.
static size_t pick_winner(struct running *r, const struct place *places)
{
    const struct race_options *o = r->options;
    size_t best = fastest_of(r, places), first = best;
    bool stays = false;
    for (size_t i = 0; i < r->n_live; i++) {
        size_t at = places[i].racer;
        struct interval d = race_ratio(r->race, at, best, Z_95);
        stays = stays || (at == o->incumbent && d.centre < RACE_INCUMBENT_BAND);
        struct racer *c = &r->race->racers[at];
        c->tied =
            at == best || (d.low <= 1 && d.centre < 1 + tie_limit && c->n > 2);
        bool equal = c->tied && d.centre < 1 + tie_choice;
        if (equal && first != o->reference &&
            (at == o->reference || at < first))
            first = at;
    }
    return stays ? o->incumbent : first;
}

// `noise` is the ratio of a kernel of `ns` to itself.
static bool is_noisy(const struct interval *noise, double ns)
{
    double limit = fmax(noise_limit, launch_ns / ns);
    return isfinite(noise->high) &&
           (log(noise->high / noise->low) > 2 * limit ||
            fabs(log(noise->centre)) > limit);
}

static void compare_to_winner(struct race *r, size_t reference)
{
    const struct interval unknown = {NAN, NAN, NAN};
    bool any = r->winner != NO_RACER;
    for (size_t i = 0; i < r->n; i++)
        r->racers[i].to_winner =
            any ? race_ratio(r, i, r->winner, Z_95) : unknown;
    r->gain = any ? race_ratio(r, reference, r->winner, Z_95) : unknown;
}

static void conclude(struct running *r, struct place *places)
{
    struct race *race = r->race;
    size_t reference = r->options->reference;
    stand(r, places);
    race->winner = r->n_live ? pick_winner(r, places) : NO_RACER;
    for (size_t i = 0; i < race->n; i++)
        summarise(&race->racers[i]);
    compare_to_winner(race, reference);
    race->noise = paired_ratio(
        r->again, race->racers[reference].ns + NOISE_FROM, r->n_again, Z_95);
    race->noisy = is_noisy(&race->noise, race->racers[reference].median);
    race->stopped = r->stop;
}

// ---- the whole --------------------------------------------------------------

static gnnac_status run_all(struct running *r, struct place *places,
                            gnnac_error *err)
{
    gnnac_status st = warm_up(r, err);
    bool decided = false;
    while (st == GNNAC_OK && !decided && !r->stop && r->round < r->rounds) {
        st = run_round(r, err);
        if (st == GNNAC_OK && !r->stop) {
            decided = thin_out(r, places);
            tell_news(r, places);
        }
    }
    if (st == GNNAC_OK)
        conclude(r, places);
    return st;
}

static gnnac_status check_options(const struct race_options *o,
                                  gnnac_error *err)
{
    bool known = o->incumbent < o->n || o->incumbent == NO_RACER;
    if (o->n == 0 || o->reference >= o->n || !known)
        return FAIL(err, GNNAC_EUSAGE, "a race without its reference");
    return GNNAC_OK;
}

gnnac_status race_run(const struct race_device *device,
                      const struct race_options *options, struct race *out,
                      gnnac_error *err)
{
    gnnac_status st = check_options(options, err);
    if (st != GNNAC_OK)
        return st;
    int64_t n = (int64_t)options->n;
    struct race race = {.n = options->n, .winner = NO_RACER};
    struct running r = {.device = device, .options = options, .race = &race};
    r.rounds = RACE_ROUNDS;
    if (options->rounds && options->rounds < RACE_ROUNDS)
        r.rounds = options->rounds;
    struct place *places = calloc_array(n, sizeof(*places));
    race.racers = calloc_array(n, sizeof(*race.racers));
    r.order = calloc_array(n + 1, sizeof(*r.order));
    r.live = calloc_array(n, sizeof(*r.live));
    r.score = calloc_array(n, sizeof(*r.score));
    if (places && race.racers && r.order && r.live && r.score)
        st = run_all(&r, places, err);
    else
        st = FAIL(err, GNNAC_ENOMEM, "out of memory");
    free(places);
    free(r.order);
    free(r.live);
    free(r.score);
    if (st == GNNAC_OK)
        *out = race;
    else
        race_finish(&race);
    return st;
}
