// The local search on spaces that are made up: what it finds and how much of
// the space that takes, over many seeds.
#include "rng.h"
#include "test.h"
#include "tune/search.h"

static gnnac_error err;

// ---- made-up spaces ---------------------------------------------------------

// Three families of five knobs with 2, 3, 4, 6 and 8 values, and one of two.
enum {
    N_WIDE = 2 * 3 * 4 * 6 * 8,
    N_NARROW = 8 * 8,
    N_SPACE = 3 * N_WIDE + N_NARROW,
    TRIALS = 60,
};
static const int sizes[5] = {2, 3, 4, 6, 8};
static const char families[4];

struct space {
    struct search_point points[N_SPACE];
    double ns[N_SPACE];
    uint64_t seed, clock;
    double noise, drift; // the latter of each sample
    size_t n_measured, n_to_5;
    double best;
    bool seen[N_SPACE];
    uint64_t stop_at, lost_at; // clock; 0: never
    size_t broken;             // every so many-th point is not ready; 0: none
};

static void set_knobs(struct search_point *p, size_t at)
{
    p->n_knobs = 5;
    for (size_t k = 0; k < 5; k++) {
        p->values[k] = (int64_t)1 << (at % (size_t)sizes[k]);
        at /= (size_t)sizes[k];
    }
}

static void fill_points(struct space *s)
{
    for (size_t i = 0; i < 3 * N_WIDE; i++) {
        s->points[i].family = &families[i / N_WIDE];
        set_knobs(&s->points[i], i % N_WIDE);
    }
    for (size_t i = 0; i < N_NARROW; i++) {
        struct search_point *p = &s->points[3 * N_WIDE + i];
        *p = (struct search_point){.family = &families[3], .n_knobs = 2};
        p->values[0] = (int64_t)(i % 8);
        p->values[1] = (int64_t)(i / 8);
    }
}

// What each knob's value costs by itself, up to 40 %, what it costs beside
// another knob's, up to 8 %, and up to 4 % that follow nothing.
static double time_of(const struct space *s, size_t i)
{
    const struct search_point *p = &s->points[i];
    uint64_t family = (uint64_t)((const char *)p->family - families);
    uint64_t of = s->seed * 8 + family;
    double ns = 5000 * (1 + 0.3 * rng_unit(of, 0));
    for (size_t k = 0; k < p->n_knobs; k++) {
        uint64_t v = (uint64_t)p->values[k] * 16 + k;
        ns *= 1 + 0.4 * rng_unit(of, 1000 + v);
        for (size_t j = 0; j < k; j++)
            ns *= 1 + 0.08 * rng_unit(of, 100000 + v * 4096 +
                                              (uint64_t)p->values[j] * 8 + j);
    }
    return ns * (1 + 0.04 * rng_unit(of, 10000000 + i));
}

static void make_space(uint64_t seed, struct space *s)
{
    *s = (struct space){.seed = seed, .noise = 0.008, .best = INFINITY};
    fill_points(s);
    for (size_t i = 0; i < N_SPACE; i++) {
        s->ns[i] = time_of(s, i);
        s->best = fmin(s->best, s->ns[i]);
    }
}

static gnnac_status measure(void *context, size_t point, double *ns,
                            gnnac_error *e)
{
    struct space *s = context;
    s->clock++;
    if (s->lost_at && s->clock >= s->lost_at)
        return FAIL(e, GNNAC_EDRIVER, "the device went away");
    if (!s->seen[point]) {
        s->seen[point] = true;
        s->n_measured++;
        if (!s->n_to_5 && s->ns[point] <= 1.05 * s->best)
            s->n_to_5 = s->n_measured;
    }
    *ns = s->ns[point] * exp(s->noise * rng_normal(s->seed, s->clock) +
                             s->drift * (double)s->clock);
    return GNNAC_OK;
}

static bool stop(void *context)
{
    const struct space *s = context;
    return s->stop_at && s->clock >= s->stop_at;
}

static gnnac_status prepare(void *context, const size_t *wave, size_t n,
                            bool *ready, gnnac_error *e)
{
    const struct space *s = context;
    (void)e;
    for (size_t i = 0; i < n; i++)
        ready[i] = !s->broken || wave[i] % s->broken != 0;
    return GNNAC_OK;
}

static const size_t seeds[] = {7, 300, 3 * N_WIDE + 5};

static gnnac_status run(struct space *s, uint64_t seed, size_t incumbent,
                        struct search *out)
{
    const struct search_device device = {
        .race = {.context = s, .measure = measure, .stop = stop},
        .prepare = prepare};
    const struct search_options options = {.n = N_SPACE,
                                           .points = s->points,
                                           .n_seeds = 3,
                                           .seeds = seeds,
                                           .incumbent = incumbent,
                                           .most = 512,
                                           .seed = seed};
    err = (gnnac_error){{0}};
    return search_run(&device, &options, out, &err);
}

static size_t winner_of(const struct search *s)
{
    return s->race.winner == NO_RACER ? NO_RACER : s->points[s->race.winner];
}

// ---- what it finds ----------------------------------------------------------

TEST(a_tenth_of_the_space_is_enough_to_come_near_the_best)
{
    static struct space s;
    double to_5 = 0, tried = 0, samples = 0, regret = 0, missed = 0;
    for (uint64_t t = 0; t < TRIALS; t++) {
        struct search found = {0};
        make_space(t, &s);
        CHECK_INT(run(&s, t, NO_RACER, &found), GNNAC_OK);
        double behind = s.ns[winner_of(&found)] / s.best - 1;
        missed += behind > 0.05;
        to_5 += (double)(s.n_to_5 ? s.n_to_5 : N_SPACE);
        tried += (double)found.n_tried;
        samples += (double)(found.race.n_samples + found.race.n_warm_up);
        regret += behind;
        search_finish(&found);
    }
    printf("# of %d: tried %.0f, within 5 %% after %.0f, %.2f %% behind the "
           "best in the mean, more than 5 %% in %.1f %%; cost %.2f %%\n",
           N_SPACE, tried / TRIALS, to_5 / TRIALS, 100 * regret / TRIALS,
           100 * missed / TRIALS, 100 * samples / TRIALS / (32.0 * N_SPACE));
    CHECK(tried / TRIALS < 0.10 * N_SPACE);
    CHECK(to_5 / TRIALS < 0.05 * N_SPACE);
    CHECK(regret / TRIALS < 0.02);
    CHECK(missed / TRIALS < 0.10);
    CHECK(samples / TRIALS < 0.03 * 32 * N_SPACE);
}

// Every knob that is right saves a tenth.
static void plant(struct space *s, size_t best)
{
    for (size_t i = 0; i < N_SPACE; i++) {
        const struct search_point *p = &s->points[i], *b = &s->points[best];
        s->ns[i] = 9000;
        if (p->family == b->family)
            for (size_t k = 0; k < p->n_knobs; k++)
                s->ns[i] *= p->values[k] == b->values[k] ? 0.9 : 1;
    }
    s->best = s->ns[best];
}

TEST(a_planted_best_is_found)
{
    static struct space s;
    size_t n_found = 0;
    for (uint64_t t = 0; t < TRIALS; t++) {
        struct search found = {0};
        make_space(t, &s);
        size_t best = rng_below(99, t, 3 * N_WIDE);
        plant(&s, best);
        CHECK_INT(run(&s, t, NO_RACER, &found), GNNAC_OK);
        n_found += winner_of(&found) == best;
        search_finish(&found);
    }
    CHECK_INT(n_found, TRIALS);
}

TEST(the_same_seed_gives_the_same_search_and_another_one_another)
{
    static struct space s;
    struct search found[3] = {{.n_tried = 0}};
    for (size_t i = 0; i < 3; i++) {
        make_space(4, &s);
        CHECK_INT(run(&s, i == 2 ? 8 : 7, NO_RACER, &found[i]), GNNAC_OK);
    }
    CHECK_INT(found[0].race.n, found[1].race.n);
    CHECK(memcmp(found[0].points, found[1].points,
                 found[0].race.n * sizeof(*found[0].points)) == 0);
    CHECK_INT(winner_of(&found[0]), winner_of(&found[1]));
    CHECK_INT(found[0].race.n_samples, found[1].race.n_samples);
    CHECK(found[0].race.n != found[2].race.n ||
          memcmp(found[0].points, found[2].points,
                 found[0].race.n * sizeof(*found[0].points)) != 0);
    for (size_t i = 0; i < 3; i++)
        search_finish(&found[i]);
}

// ---- what it does with what it is told --------------------------------------

TEST(seeds_are_tried_first_and_the_first_is_the_reference)
{
    static struct space s;
    struct search found = {0};
    make_space(1, &s);
    CHECK_INT(run(&s, 1, NO_RACER, &found), GNNAC_OK);
    for (size_t i = 0; i < 3; i++)
        CHECK_INT(found.points[i], seeds[i]);
    double gain = s.ns[seeds[0]] / s.ns[winner_of(&found)];
    CHECK(fabs(found.race.gain.centre / gain - 1) < 0.02);
    search_finish(&found);
}

// The clock falls by half while it goes on.
TEST(samples_of_different_waves_are_no_pairs_even_if_the_reference_stands)
{
    static struct space s;
    struct search found = {0};
    size_t n_apart = 0;
    make_space(1, &s);
    s.drift = 6e-4;
    CHECK_INT(run(&s, 1, NO_RACER, &found), GNNAC_OK);
    CHECK((double)s.clock * s.drift > 0.3);
    race_overrule(&found.race, 0, RACE_SLOWER);
    for (size_t i = 0; i < found.race.n; i++) {
        const struct interval *d = &found.race.racers[i].to_winner;
        double ratio = s.ns[found.points[i]] / s.ns[found.points[0]];
        CHECK(fabs(d->centre / ratio - 1) < 0.06);
        n_apart += isnan(d->low) && isnan(d->high);
    }
    CHECK(n_apart > found.race.n / 2 && n_apart < found.race.n);
    search_finish(&found);
}

TEST(an_incumbent_that_is_nearly_the_best_stays)
{
    static struct space s;
    struct search found = {0};
    make_space(2, &s);
    s.ns[seeds[1]] = 0.99 * s.best;
    s.ns[9] = 0.98 * s.best;
    CHECK_INT(run(&s, 1, seeds[1], &found), GNNAC_OK);
    CHECK_INT(winner_of(&found), seeds[1]);
    search_finish(&found);
}

TEST(no_point_is_tried_twice_and_none_beyond_the_bound)
{
    static struct space s;
    static size_t count[N_SPACE];
    struct search found = {0};
    make_space(3, &s);
    CHECK_INT(run(&s, 1, NO_RACER, &found), GNNAC_OK);
    memset(count, 0, sizeof(count));
    for (size_t i = 0; i < found.race.n; i++)
        CHECK_INT(count[found.points[i]]++, 0);
    CHECK(found.n_tried <= 512);
    CHECK_INT(found.race.n, found.n_tried);
    search_finish(&found);
}

TEST(what_is_not_ready_does_not_race)
{
    static struct space s;
    struct search found = {0};
    make_space(3, &s);
    s.broken = 2;
    CHECK_INT(run(&s, 1, NO_RACER, &found), GNNAC_OK);
    CHECK(found.race.n < found.n_tried);
    for (size_t i = 0; i < found.race.n; i++)
        CHECK_INT(found.points[i] % 2, 1);
    search_finish(&found);
    make_space(3, &s);
    s.broken = 1;
    CHECK_INT(run(&s, 1, NO_RACER, &found), GNNAC_OK);
    CHECK_INT(found.race.n, 0);
    CHECK_INT(found.race.winner, NO_RACER);
    search_finish(&found);
}

// ---- its end ----------------------------------------------------------------

TEST(who_stops_it_gets_the_best_so_far)
{
    static const uint64_t clocks[] = {1, 60, 130, 250, 350};
    static struct space s;
    for (size_t i = 0; i < 5; i++) {
        struct search found = {0};
        make_space(5, &s);
        s.stop_at = clocks[i];
        CHECK_INT(run(&s, 1, NO_RACER, &found), GNNAC_OK);
        CHECK(found.race.stopped);
        CHECK(found.race.n == 0 || found.race.winner < found.race.n);
        for (size_t k = 0; k < found.race.n; k++)
            CHECK(found.race.racers[k].n == 0 ||
                  s.ns[winner_of(&found)] <
                      1.1 * s.ns[found.points[k]]);
        search_finish(&found);
    }
}

TEST(a_device_that_is_lost_ends_it)
{
    static struct space s;
    struct search found = {.n_tried = 99};
    make_space(5, &s);
    s.lost_at = 300;
    CHECK_INT(run(&s, 1, NO_RACER, &found), GNNAC_EDRIVER);
    CHECK_STR(err.msg, "the device went away");
    CHECK_INT(found.n_tried, 99);
}

int main(void)
{
    RUN(a_tenth_of_the_space_is_enough_to_come_near_the_best);
    RUN(a_planted_best_is_found);
    RUN(the_same_seed_gives_the_same_search_and_another_one_another);
    RUN(seeds_are_tried_first_and_the_first_is_the_reference);
    RUN(samples_of_different_waves_are_no_pairs_even_if_the_reference_stands);
    RUN(an_incumbent_that_is_nearly_the_best_stays);
    RUN(no_point_is_tried_twice_and_none_beyond_the_bound);
    RUN(what_is_not_ready_does_not_race);
    RUN(who_stops_it_gets_the_best_so_far);
    RUN(a_device_that_is_lost_ends_it);
    return test_done();
}
