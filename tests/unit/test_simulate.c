// Replaying recorded runs: what is drawn is what was recorded, and the search
// is as cheap and as right as it is said to be.
#include "rng.h"
#include "test.h"
#include "tune/simulate.h"

enum { N = 64, RUNS = 40 };

static gnnac_error err;

struct recorded {
    struct measurement_row rows[N];
    struct run_record run;
};

// One run in three is flat, half of its candidates within 7 % of the best; the
// others are rugged, up to ten times slower. Samples scatter by 0.8 % below
// the median and by 1.2 % above, as those of recorded GPUs do.
static void record_run(uint64_t seed, struct recorded *r)
{
    for (size_t i = 0; i < N; i++) {
        double u = rng_unit(seed, i), spread = seed % 3 ? 3.3 : 1.07;
        double ns = 5000 * pow(spread, u < 0.5 ? 2 * u : 1 + 6 * (u - 0.5));
        r->rows[i] = (struct measurement_row){.family = "f",
                                              .knobs = "k",
                                              .status = "ok",
                                              .n_samples = 21,
                                              .median_ns = ns,
                                              .p20_ns = ns * exp(-0.0067),
                                              .p80_ns = ns * exp(0.0101),
                                              .max_error = NAN};
    }
    r->run = (struct run_record){.n_rows = N, .rows = r->rows};
}

static struct simulated replay(const struct recorded *r, uint64_t seed)
{
    struct simulated out = {0};
    err = (gnnac_error){{0}};
    CHECK_INT(simulate_run(&r->run, seed, &out, &err), GNNAC_OK);
    CHECK_STR(err.msg, "");
    return out;
}

// Spreads that the percentiles claim and the samples have not.
TEST(where_single_samples_were_kept_they_are_drawn)
{
    static struct recorded r;
    static float kept[N][21];
    size_t noisy = 0, wrong = 0;
    for (uint64_t seed = 0; seed < RUNS; seed++) {
        record_run(seed, &r);
        for (size_t i = 0; i < N; i++) {
            struct measurement_row *m = &r.rows[i];
            m->p20_ns = 0.5 * m->median_ns;
            m->p80_ns = 2 * m->median_ns;
            for (size_t k = 0; k < 21; k++)
                kept[i][k] = (float)m->median_ns;
            m->samples_ns = kept[i];
            m->n_kept = 21;
        }
        struct simulated p = replay(&r, seed);
        noisy += p.noisy;
        wrong += p.regret > 0.003; // else a tie, which the order decides
    }
    CHECK_INT(noisy, 0);
    CHECK_INT(wrong, 0);
}

TEST(the_search_costs_a_ninth_and_is_seldom_wrong)
{
    static struct recorded r;
    double samples = 0, wrong = 0, to_5 = 0;
    for (uint64_t i = 0; i < RUNS * 5; i++) {
        record_run(i / 5, &r);
        struct simulated p = replay(&r, i);
        samples += p.cost / (RUNS * 5);
        wrong += p.regret > 0.01 ? 1.0 / (RUNS * 5) : 0;
        to_5 += (double)p.n_to_5 / (RUNS * 5);
    }
    printf("# cost %.1f %%, wrong %.2f %%, within 5 %% after %.1f\n",
           100 * samples, 100 * wrong, to_5);
    CHECK(samples <= 0.11);
    CHECK(wrong <= 0.01);
    CHECK(to_5 <= 20);
}

TEST(the_same_seed_gives_the_same_race_and_another_one_another)
{
    static struct recorded r;
    record_run(3, &r);
    struct simulated a = replay(&r, 7), b = replay(&r, 7), c = replay(&r, 8);
    CHECK_INT(a.winner, b.winner);
    CHECK_INT(a.n_samples, b.n_samples);
    CHECK(a.n_samples != c.n_samples || a.n_to_5 != c.n_to_5);
}

TEST(candidates_without_a_time_do_not_race)
{
    static struct recorded r;
    record_run(1, &r);
    for (size_t i = 0; i < N; i++)
        if (i % 8 != 5)
            r.rows[i].median_ns = NAN;
    struct simulated a = replay(&r, 1);
    CHECK_INT(a.n, N / 8);
    CHECK_INT(a.winner % 8, 5);
    CHECK_INT(a.best % 8, 5);
}

TEST(a_run_without_two_times_is_no_race)
{
    static struct recorded r;
    struct simulated out = {.n = 99};
    record_run(1, &r);
    for (size_t i = 1; i < N; i++)
        r.rows[i].median_ns = NAN;
    CHECK_INT(simulate_run(&r.run, 1, &out, NULL), GNNAC_ENOENT);
    r.run.n_rows = 0;
    CHECK_INT(simulate_run(&r.run, 1, &out, NULL), GNNAC_ENOENT);
    CHECK_INT(out.n, 99);
}

TEST(percentiles_that_make_no_sense_are_no_scatter)
{
    static struct recorded r;
    record_run(1, &r);
    for (size_t i = 0; i < N; i++) {
        r.rows[i].p20_ns = i % 2 ? NAN : 2 * r.rows[i].median_ns;
        r.rows[i].p80_ns = i % 2 ? 0 : INFINITY;
    }
    struct simulated a = replay(&r, 1);
    CHECK(a.regret < 0.003);
}

// ---- more than may be timed -------------------------------------------------

enum { N_LARGE = 4 * 8 * 8 * 8 };

// Two knobs and the family each have a best value; knobs beside each other
// matter a little.
static void record_large(uint64_t seed, struct measurement_row *rows,
                         char knobs[][48], struct run_record *run)
{
    static const char *const families[] = {"a", "b", "c", "d"};
    for (size_t i = 0; i < N_LARGE; i++) {
        size_t f = i / 512, a = i / 64 % 8, b = i / 8 % 8, c = i % 8;
        snprintf(knobs[i], 48, "dimWorker=%zu unroll=%zu vec=%zu", a, b, c);
        double ns = 5000 * (1 + 0.2 * rng_unit(seed, f)) *
                    (1 + rng_unit(seed, 10 + a + 8 * f)) *
                    (1 + rng_unit(seed, 100 + b + 8 * f)) *
                    (1 + rng_unit(seed, 1000 + c + 8 * f)) *
                    (1 + 0.1 * rng_unit(seed, 10000 + i));
        rows[i] = (struct measurement_row){.family = families[f],
                                           .knobs = knobs[i],
                                           .status = "ok",
                                           .n_samples = 21,
                                           .median_ns = ns,
                                           .p20_ns = ns * exp(-0.0067),
                                           .p80_ns = ns * exp(0.0101)};
    }
    *run = (struct run_record){.n_rows = N_LARGE, .rows = rows};
}

TEST(a_large_space_is_searched_not_timed)
{
    static struct measurement_row rows[N_LARGE];
    static char knobs[N_LARGE][48];
    struct run_record run;
    double cost = 0, tried = 0, to_5 = 0, wrong = 0;
    for (uint64_t i = 0; i < RUNS; i++) {
        struct simulated a = {0}, b = {0};
        record_large(i, rows, knobs, &run);
        CHECK_INT(simulate_run(&run, i, &a, &err), GNNAC_OK);
        CHECK_INT(simulate_run(&run, i, &b, &err), GNNAC_OK);
        CHECK_INT(a.winner, b.winner);
        CHECK_INT(a.n_samples, b.n_samples);
        CHECK(a.n_waves > 1 && a.n_tried <= 512);
        cost += a.cost / RUNS;
        tried += (double)a.n_tried / RUNS;
        to_5 += (double)(a.n_to_5 ? a.n_to_5 : N_LARGE) / RUNS;
        wrong += a.regret > 0.05 ? 1.0 / RUNS : 0;
    }
    printf("# of %d: tried %.0f, cost %.2f %%, within 5 %% after %.1f, further "
           "behind in %.1f %%\n",
           N_LARGE, tried, 100 * cost, to_5, 100 * wrong);
    CHECK(cost <= 0.02);
    CHECK(to_5 <= 0.10 * N_LARGE);
    CHECK(wrong <= 0.05);
}

int main(void)
{
    RUN(where_single_samples_were_kept_they_are_drawn);
    RUN(the_search_costs_a_ninth_and_is_seldom_wrong);
    RUN(the_same_seed_gives_the_same_race_and_another_one_another);
    RUN(candidates_without_a_time_do_not_race);
    RUN(a_run_without_two_times_is_no_race);
    RUN(percentiles_that_make_no_sense_are_no_scatter);
    RUN(a_large_space_is_searched_not_timed);
    return test_done();
}
