// The race on devices that are made up: known times under known noise. What is
// asked for are rates over many races, so that no single seed matters.
#include "rng.h"
#include "test.h"
#include "tune/race.h"

static gnnac_error err;

// ---- made-up devices --------------------------------------------------------

enum { N = 64, TRIALS = 300, EXHAUSTIVE = 32, BEST_NS = 200000 };

struct fake {
    size_t n;
    double ns[N];                          // the truth
    uint64_t seed, clock;                  // samples taken so far
    double (*noise)(const struct fake *f); // factor of the next sample
    size_t broken;                         // this candidate fails; N: none
    uint64_t lost_at, stop_at;             // clock; 0: never
};

static double normal(const struct fake *f, uint64_t stream)
{
    return rng_normal(f->seed + stream, f->clock);
}

static double quiet(const struct fake *f)
{
    (void)f;
    return 1;
}

static double gaussian(const struct fake *f)
{
    return exp(0.01 * normal(f, 0));
}

// The clock falls by 10 % in the first 400 samples and then swings by 3 %.
static double drift(const struct fake *f)
{
    double t = (double)f->clock;
    double fall = 0.10 * (1 - exp(-t / 130));
    return gaussian(f) * (1 + fall + 0.03 * sin(t / 40));
}

// Three samples of ten are 6 % slower.
static double bimodal(const struct fake *f)
{
    return gaussian(f) * (rng_unit(f->seed + 1, f->clock) < 0.3 ? 1.06 : 1);
}

// One of twenty takes up to ten times as long.
static double outliers(const struct fake *f)
{
    bool out = rng_unit(f->seed + 1, f->clock) < 0.05;
    return gaussian(f) * (out ? 1 + 9 * rng_unit(f->seed + 2, f->clock) : 1);
}

static double two_percent(const struct fake *f)
{
    return exp(0.02 * normal(f, 0));
}

static double loud(const struct fake *f)
{
    return exp(0.08 * normal(f, 0));
}

static gnnac_status measure(void *context, size_t candidate, double *ns,
                            gnnac_error *e)
{
    struct fake *f = context;
    f->clock++;
    if (f->lost_at && f->clock >= f->lost_at)
        return FAIL(e, GNNAC_EDRIVER, "the device went away");
    if (candidate == f->broken)
        return FAIL(e, GNNAC_EUNSUPPORTED, "this one cannot run");
    *ns = f->ns[candidate] * f->noise(f);
    return GNNAC_OK;
}

static bool stop(void *context)
{
    const struct fake *f = context;
    return f->stop_at && f->clock >= f->stop_at;
}

// A space as recorded on GPUs: the best BEST_NS, half of it up to `spread`
// times slower, the others up to four times as far.
static struct fake
fake_space(double spread, double (*noise)(const struct fake *), uint64_t seed)
{
    struct fake f = {.n = N, .seed = 1000 * seed, .noise = noise, .broken = N};
    size_t best = rng_below(seed, 999, N);
    for (size_t i = 0; i < N; i++) {
        double u = rng_unit(seed + 77, i);
        f.ns[i] = BEST_NS * pow(spread, u < 0.5 ? 2 * u : 1 + 6 * (u - 0.5));
    }
    f.ns[best] = BEST_NS;
    return f;
}

static struct race run(struct fake *f, size_t incumbent)
{
    const struct race_device d = {f, measure, stop, NULL};
    const struct race_options o = {f->n, 0, incumbent, f->seed, 0, false};
    struct race r = {0};
    err = (gnnac_error){{0}};
    CHECK_INT(race_run(&d, &o, &r, &err), GNNAC_OK);
    return r;
}

static double fastest(const struct fake *f)
{
    double best = INFINITY;
    for (size_t i = 0; i < f->n; i++)
        best = fmin(best, f->ns[i]);
    return best;
}

// ---- rates ------------------------------------------------------------------

struct rates {
    double cost;   // samples over EXHAUSTIVE for each candidate
    double wrong;  // winners that are more than 1 % slower than the best
    double regret; // mean
    double noisy;
};

static struct rates rates_of(double spread,
                             double (*noise)(const struct fake *))
{
    struct rates s = {0};
    for (uint64_t t = 0; t < TRIALS; t++) {
        struct fake f = fake_space(spread, noise, t + 1);
        struct race r = run(&f, NO_RACER);
        double regret = f.ns[r.winner] / fastest(&f) - 1;
        s.cost += (double)(r.n_samples + r.n_warm_up) / (N * EXHAUSTIVE);
        s.wrong += regret > 0.01;
        s.regret += regret;
        s.noisy += r.noisy;
        race_finish(&r);
    }
    s.cost /= TRIALS;
    s.wrong /= TRIALS;
    s.regret /= TRIALS;
    s.noisy /= TRIALS;
    printf("# cost %.1f %%, wrong %.1f %%, regret %.3f %%, noisy %.0f %%\n",
           100 * s.cost, 100 * s.wrong, 100 * s.regret, 100 * s.noisy);
    return s;
}

static const double flat = 1.07, rugged = 3.3;

// `cost` and `wrong` are what both kinds of space may come to in the mean.
static struct rates check_rates(double (*noise)(const struct fake *),
                                double cost, double wrong)
{
    struct rates a = rates_of(flat, noise), b = rates_of(rugged, noise);
    CHECK((a.cost + b.cost) / 2 <= cost);
    CHECK((a.wrong + b.wrong) / 2 <= wrong);
    return a;
}

TEST(plain_noise_of_a_percent_hides_no_winner)
{
    struct rates s = check_rates(gaussian, 0.11, 0.01);
    CHECK(s.noisy < 0.05);
}

TEST(a_drifting_clock_hides_no_winner)
{
    struct rates s = check_rates(drift, 0.11, 0.01);
    CHECK(s.noisy < 0.05);
}

TEST(outliers_hide_no_winner)
{
    check_rates(outliers, 0.12, 0.01);
}

TEST(two_modes_cost_more_and_are_called_noisy)
{
    struct rates s = check_rates(bimodal, 0.16, 0.03);
    CHECK(s.noisy > 0.9);
}

// Choosing by medians, which need more samples, was wrong in more of them.
TEST(what_runs_to_the_end_is_told_apart_by_pairs)
{
    struct rates a = rates_of(flat, two_percent);
    struct rates b = rates_of(rugged, two_percent);
    CHECK((a.wrong + b.wrong) / 2 <= 0.015);
}

TEST(without_noise_the_fastest_wins_at_once)
{
    struct rates s = rates_of(flat, quiet);
    CHECK(s.regret < 0.003); // ties within this keep the order of the rules
    CHECK(s.noisy == 0);
}

// ---- who stays --------------------------------------------------------------

// All alike but for one, which is faster by `gain`.
static struct fake fake_ties(size_t odd, double gain, uint64_t seed)
{
    struct fake f = {
        .n = 16, .seed = 1000 * seed, .noise = gaussian, .broken = N};
    for (size_t i = 0; i < f.n; i++)
        f.ns[i] = i == odd ? BEST_NS / (1 + gain) : BEST_NS;
    return f;
}

// How often `of` wins.
static double share_of(size_t of, size_t odd, double gain, size_t incumbent)
{
    double won = 0;
    for (uint64_t t = 1; t <= TRIALS; t++) {
        struct fake f = fake_ties(odd, gain, t);
        struct race r = run(&f, incumbent);
        won += r.winner == of;
        race_finish(&r);
    }
    return won / TRIALS;
}

TEST(an_incumbent_among_equals_stays)
{
    CHECK(share_of(11, 3, 0, 11) >= 0.99);
}

TEST(an_incumbent_stays_though_something_is_one_percent_faster)
{
    CHECK(share_of(11, 3, 0.01, 11) >= 0.95);
}

TEST(an_incumbent_goes_when_something_is_five_percent_faster)
{
    CHECK(share_of(3, 3, 0.05, 11) >= 0.99);
}

TEST(equals_are_ties_and_what_is_slower_is_none)
{
    size_t ties = 0, slow = 0;
    for (uint64_t t = 1; t <= 50; t++) {
        struct fake f = fake_ties(N, 0, t);
        f.ns[5] = 1.06 * BEST_NS;
        struct race r = run(&f, NO_RACER);
        for (size_t i = 0; i < f.n; i++)
            ties += r.racers[i].tied;
        slow += r.racers[5].tied;
        CHECK(r.racers[r.winner].tied);
        race_finish(&r);
    }
    CHECK(ties >= 100);
    CHECK_INT(slow, 0);
}

TEST(where_the_reference_stands_all_is_told_against_it)
{
    struct fake f = fake_ties(3, 0.05, 1);
    struct race r = run(&f, NO_RACER);
    CHECK_INT(r.winner, 3);
    CHECK(r.racers[0].to_winner.centre > 1.02);
    race_overrule(&r, 0, RACE_SLOWER);
    CHECK_INT(r.winner, 0);
    CHECK_INT(r.racers[3].state, RACE_SLOWER);
    CHECK(r.racers[3].to_winner.centre < 0.98);
    CHECK(fabs(r.racers[0].to_winner.centre - 1) < 1e-12);
    CHECK(fabs(r.gain.centre - 1) < 1e-12);
    for (size_t i = 0; i < r.n; i++)
        CHECK(r.racers[i].tied == (i == 0));
    race_finish(&r);
}

TEST(the_gain_over_the_reference_lies_in_its_interval)
{
    double inside = 0;
    for (uint64_t t = 1; t <= TRIALS; t++) {
        struct fake f = fake_ties(3, 0.2, t);
        struct race r = run(&f, NO_RACER);
        CHECK_INT(r.winner, 3);
        inside += r.gain.low <= 1.2 && 1.2 <= r.gain.high;
        race_finish(&r);
    }
    CHECK(inside / TRIALS >= 0.92);
}

TEST(a_device_that_is_too_loud_is_called_noisy)
{
    CHECK(rates_of(flat, loud).noisy > 0.95);
}

// Launches vary by a microsecond or so whatever they start.
TEST(what_a_launch_varies_by_is_no_noise_of_a_short_kernel)
{
    struct fake f = fake_space(flat, bimodal, 1);
    for (size_t i = 0; i < f.n; i++)
        f.ns[i] *= 1000.0 / BEST_NS;
    struct race r = run(&f, NO_RACER);
    CHECK(!r.noisy);
    race_finish(&r);
}

// ---- when things go wrong ---------------------------------------------------

TEST(a_candidate_that_fails_is_out_and_the_others_race_on)
{
    for (size_t broken = 0; broken < 4; broken++) {
        struct fake f = fake_ties(3, 0.2, 1);
        f.broken = broken;
        struct race r = run(&f, NO_RACER);
        CHECK_INT(r.racers[broken].state, RACE_FAILED);
        CHECK_INT(r.racers[broken].n, 0);
        CHECK(isnan(r.racers[broken].median));
        CHECK(broken == 3 || r.winner == 3);
        CHECK(r.winner != broken);
        race_finish(&r);
    }
}

TEST(nobody_wins_where_all_fail)
{
    struct fake f = {.n = 1, .noise = quiet, .ns = {5}, .broken = 0};
    struct race r = run(&f, NO_RACER);
    CHECK(r.winner == NO_RACER);
    race_finish(&r);
}

TEST(a_lost_device_ends_the_race)
{
    for (uint64_t at = 1; at < 76; at += 5) {
        struct fake f = fake_ties(3, 0.2, 1);
        const struct race_device d = {&f, measure, NULL, NULL};
        const struct race_options o = {f.n, 0, NO_RACER, 1, 0, false};
        struct race r = {.n = 99};
        f.lost_at = at;
        err = (gnnac_error){{0}};
        CHECK_INT(race_run(&d, &o, &r, &err), GNNAC_EDRIVER);
        CHECK_STR(err.msg, "the device went away");
        CHECK_INT(r.n, 99);
    }
}

TEST(a_race_that_is_stopped_keeps_what_it_has)
{
    for (uint64_t at = 1; at < 76; at += 5) {
        struct fake f = fake_ties(3, 0.2, 1);
        f.stop_at = at;
        struct race r = run(&f, NO_RACER);
        CHECK(r.stopped);
        CHECK_INT(r.n_samples + r.n_warm_up, at);
        CHECK(at < 60 || r.winner == 3);
        race_finish(&r);
    }
}

TEST(the_same_samples_give_the_same_result)
{
    struct fake a = fake_space(flat, drift, 9), b = a;
    struct race x = run(&a, NO_RACER), y = run(&b, NO_RACER);
    CHECK_INT(x.winner, y.winner);
    CHECK_INT(x.n_samples, y.n_samples);
    for (size_t i = 0; i < N; i++)
        CHECK(memcmp(x.racers[i].ns, y.racers[i].ns, sizeof(x.racers[i].ns)) ==
              0);
    race_finish(&x);
    race_finish(&y);
}

TEST(a_race_ends_after_the_rounds_it_was_given)
{
    struct fake f = fake_ties(8, 0.001, 1);
    const struct race_device d = {&f, measure, NULL, NULL};
    const struct race_options o = {8, 0, NO_RACER, 1, 3, false};
    struct race r = {0};
    CHECK_INT(race_run(&d, &o, &r, NULL), GNNAC_OK);
    for (size_t i = 0; i < 8; i++)
        CHECK(r.racers[i].n <= 3);
    CHECK_INT(r.racers[0].n, 3);
    CHECK(!r.stopped);
    race_finish(&r);
}

TEST(nobody_leaves_a_race_that_is_recorded)
{
    struct fake f = fake_ties(16, 0.2, 1);
    const struct race_device d = {&f, measure, NULL, NULL};
    const struct race_options o = {16, 0, NO_RACER, 1, 0, true};
    struct race r = {0};
    CHECK_INT(race_run(&d, &o, &r, NULL), GNNAC_OK);
    for (size_t i = 0; i < 16; i++)
        CHECK_INT(r.racers[i].n, RACE_ROUNDS);
    race_finish(&r);
}

TEST(a_race_needs_its_reference)
{
    struct fake f = fake_ties(3, 0, 1);
    const struct race_device d = {&f, measure, NULL, NULL};
    const struct race_options wrong[] = {
        {0, 0, NO_RACER, 1, 0, false},
        {4, 4, NO_RACER, 1, 0, false},
        {4, 0, 4, 1, 0, false}};
    struct race r;
    for (size_t i = 0; i < 3; i++)
        CHECK_INT(race_run(&d, &wrong[i], &r, NULL), GNNAC_EUSAGE);
}

// ---- the statistics ---------------------------------------------------------

TEST(intervals_are_those_of_the_tables)
{
    // Wilcoxon's critical value for n = 10 at 95 % is 8: the ninth average from
    // either end.
    double a[10], b[10];
    for (int i = 0; i < 10; i++) {
        a[i] = exp(i);
        b[i] = 1;
    }
    struct interval d = paired_ratio(a, b, 10, Z_95);
    CHECK_NEAR(log(d.centre), 4.5, 1e-12);
    CHECK_NEAR(log(d.low) + log(d.high), 9, 1e-12);
    CHECK_NEAR(log(d.low), 2, 1e-12);
}

TEST(too_few_pairs_have_no_interval)
{
    const double a[] = {1.1, 1.1}, b[] = {1, 1};
    struct interval d = paired_ratio(a, b, 2, Z_95);
    CHECK_NEAR(d.centre, 1.1, 1e-12);
    CHECK(d.low == 0 && isinf(d.high));
    CHECK(isnan(paired_ratio(a, b, 0, Z_95).centre));
}

int main(void)
{
    RUN(plain_noise_of_a_percent_hides_no_winner);
    RUN(a_drifting_clock_hides_no_winner);
    RUN(outliers_hide_no_winner);
    RUN(two_modes_cost_more_and_are_called_noisy);
    RUN(what_runs_to_the_end_is_told_apart_by_pairs);
    RUN(without_noise_the_fastest_wins_at_once);
    RUN(an_incumbent_among_equals_stays);
    RUN(an_incumbent_stays_though_something_is_one_percent_faster);
    RUN(an_incumbent_goes_when_something_is_five_percent_faster);
    RUN(equals_are_ties_and_what_is_slower_is_none);
    RUN(where_the_reference_stands_all_is_told_against_it);
    RUN(the_gain_over_the_reference_lies_in_its_interval);
    RUN(a_device_that_is_too_loud_is_called_noisy);
    RUN(what_a_launch_varies_by_is_no_noise_of_a_short_kernel);
    RUN(a_candidate_that_fails_is_out_and_the_others_race_on);
    RUN(nobody_wins_where_all_fail);
    RUN(a_lost_device_ends_the_race);
    RUN(a_race_that_is_stopped_keeps_what_it_has);
    RUN(the_same_samples_give_the_same_result);
    RUN(a_race_ends_after_the_rounds_it_was_given);
    RUN(nobody_leaves_a_race_that_is_recorded);
    RUN(a_race_needs_its_reference);
    RUN(intervals_are_those_of_the_tables);
    RUN(too_few_pairs_have_no_interval);
    return test_done();
}
