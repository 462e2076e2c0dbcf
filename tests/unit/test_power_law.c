// The fit of a power law against one that tries everything and sums one by one.
#include "graph/power_law.h"
#include "rng.h"
#include "test.h"

enum { MAX_VALUES = 4000 };

struct tally {
    int64_t n;
    int64_t value[MAX_VALUES], count[MAX_VALUES];
};

// One by one, then what an integral says of the rest, to about 1e-13.
static double slow_zeta(double s, double a)
{
    double sum = 0, tail = a + 20000;
    for (double x = tail - 1; x >= a; x--)
        sum += pow(x, -s);
    return sum + pow(tail, 1 - s) / (s - 1) + pow(tail, -s) / 2 +
           s * pow(tail, -s - 1) / 12;
}

static int compare_values(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static void tally_of(int64_t *values, int64_t n, struct tally *t)
{
    qsort(values, (size_t)n, sizeof(*values), compare_values);
    t->n = 0;
    for (int64_t i = 0; i < n; i++) {
        if (i == 0 || values[i] != values[i - 1]) {
            t->value[t->n] = values[i];
            t->count[t->n++] = 0;
        }
        t->count[t->n - 1]++;
    }
}

// Draws from the law by going up until the distribution function is passed.
static void draw(double alpha, int64_t x_min, int64_t n, uint64_t seed,
                 int64_t *out)
{
    double whole = slow_zeta(alpha, (double)x_min);
    for (int64_t i = 0; i < n; i++) {
        double left = rng_unit(seed, (uint64_t)i) * whole;
        int64_t x = x_min;
        while ((left -= pow((double)x, -alpha)) > 0 && x < 3000)
            x++;
        out[i] = x;
    }
}

// ---- the zeta function ------------------------------------------------------

TEST(zeta_has_its_known_values)
{
    const double pi = acos(-1);
    CHECK_NEAR(hurwitz_zeta(2, 1, NULL), pi * pi / 6, 1e-12);
    CHECK_NEAR(hurwitz_zeta(4, 1, NULL), pow(pi, 4) / 90, 1e-12);
    CHECK_NEAR(hurwitz_zeta(3, 1, NULL), 1.2020569031595942, 1e-12);
    CHECK_NEAR(hurwitz_zeta(2, 3, NULL), pi * pi / 6 - 1.25, 1e-12);
    CHECK_NEAR(hurwitz_zeta(64, 1, NULL), 1 + pow(2, -64), 1e-15);
}

TEST(zeta_agrees_with_the_sum_and_its_logarithms_with_the_slope)
{
    static const double s[] = {1.2, 1.5, 2, 2.7, 4, 8, 20, 60};
    static const double a[] = {1, 2, 5, 29, 31, 80, 400, 10000};
    for (int i = 0; i < 8; i++)
        for (int j = 0; j < 8; j++) {
            double mean, h = 1e-5;
            double z = hurwitz_zeta(s[i], a[j], &mean);
            CHECK_NEAR(z, slow_zeta(s[i], a[j]), 1e-10);
            double slope = (log(hurwitz_zeta(s[i] + h, a[j], NULL)) -
                            log(hurwitz_zeta(s[i] - h, a[j], NULL))) /
                           (2 * h);
            CHECK(fabs(mean + slope) < 1e-5 * (1 + fabs(mean)));
        }
}

// ---- the fit ----------------------------------------------------------------

// Logarithm of the likelihood of the tail from value i on, per thing.
static double likelihood(const struct tally *t, int64_t first, double alpha)
{
    double logs = 0, n = 0;
    for (int64_t i = first; i < t->n; i++) {
        n += (double)t->count[i];
        logs += (double)t->count[i] * log((double)t->value[i]);
    }
    return -alpha * logs / n -
           log(hurwitz_zeta(alpha, (double)t->value[first], NULL));
}

static double climb(const struct tally *t, int64_t first)
{
    double low = 1.001, high = 64;
    for (int i = 0; i < 200; i++) {
        double a = low + (high - low) * 0.382, b = low + (high - low) * 0.618;
        if (likelihood(t, first, a) < likelihood(t, first, b))
            low = a;
        else
            high = b;
    }
    return low;
}

// Over every number from x_min to the largest.
static double slow_distance(const struct tally *t, int64_t first, double alpha)
{
    double whole = hurwitz_zeta(alpha, (double)t->value[first], NULL);
    double model = 0, data = 0, n = 0, most = 0;
    int64_t i = first;
    for (int64_t k = first; k < t->n; k++)
        n += (double)t->count[k];
    for (int64_t x = t->value[first]; x <= t->value[t->n - 1]; x++) {
        model += pow((double)x, -alpha) / whole;
        if (t->value[i] == x)
            data += (double)t->count[i++] / n;
        most = fabs(model - data) > most ? fabs(model - data) : most;
    }
    return most;
}

static struct power_law slow_fit(const struct tally *t)
{
    struct power_law best = {NAN, NAN, NAN};
    int64_t things = 0;
    for (int64_t i = 0; i < t->n; i++)
        things += t->count[i];
    for (int64_t i = 0; i + 1 < t->n && things >= 10; things -= t->count[i++]) {
        double alpha = climb(t, i), ks = slow_distance(t, i, alpha);
        if (alpha < 63.99 && !(ks >= best.ks))
            best = (struct power_law){alpha, (double)t->value[i], ks};
    }
    return best;
}

static void check_fit(const struct tally *t)
{
    struct power_law got, want = slow_fit(t);
    CHECK(power_law_fit(t->value, t->count, t->n, &got));
    CHECK_NEAR(got.x_min, want.x_min, 0);
    CHECK_NEAR(got.alpha, want.alpha, 1e-6); // a flat top: half the digits
    CHECK_NEAR(got.ks, want.ks, 1e-6);
}

TEST(the_fit_is_that_of_trying_everything)
{
    static struct tally t;
    int64_t values[400];
    for (uint64_t seed = 1; seed <= 20; seed++) {
        int64_t n = 30 + 18 * (int64_t)seed;
        draw(1.6 + 0.1 * (double)seed, 1 + (int64_t)seed % 5, n, seed, values);
        // The head is something else.
        for (int64_t i = 0; i < n / 3; i++)
            values[i] = 1 + (int64_t)rng_below(seed, (uint64_t)i, 6);
        tally_of(values, n, &t);
        check_fit(&t);
    }
}

TEST(a_law_is_found_again)
{
    static struct tally t;
    static int64_t values[20000];
    struct power_law fit;
    draw(2.5, 6, 20000, 9, values);
    for (int64_t i = 0; i < 8000; i++) // a head that decreases too slowly
        values[i] = 1 + (int64_t)rng_below(3, (uint64_t)i, 5);
    tally_of(values, 20000, &t);
    CHECK(power_law_fit(t.value, t.count, t.n, &fit));
    CHECK_NEAR(fit.alpha, 2.5, 0.03);
    CHECK(fit.x_min >= 5 && fit.x_min <= 12);
    CHECK(fit.ks < 0.01);
}

// Ten ones and five twos: the likelihood of alpha is greatest where
// ln zeta(alpha) falls by ln(2) / 3.
TEST(fifteen_things_by_hand)
{
    struct power_law fit;
    double mean;
    CHECK(power_law_fit((int64_t[]){1, 2}, (int64_t[]){10, 5}, 2, &fit));
    hurwitz_zeta(fit.alpha, 1, &mean);
    CHECK_NEAR(mean, log(2) / 3, 1e-9);
    CHECK_NEAR(fit.x_min, 1, 0);
    double p1 = 1 / hurwitz_zeta(fit.alpha, 1, NULL);
    double at_1 = fabs(10 / 15.0 - p1);
    double at_2 = fabs(1 - p1 - p1 * pow(2, -fit.alpha));
    CHECK_NEAR(fit.ks, at_1 > at_2 ? at_1 : at_2, 1e-9);
}

TEST(too_few_and_all_equal_things_follow_no_law)
{
    struct power_law fit;
    CHECK(power_law_fit(NULL, NULL, 0, &fit));
    CHECK(isnan(fit.alpha) && isnan(fit.x_min) && isnan(fit.ks));
    CHECK(power_law_fit((int64_t[]){4}, (int64_t[]){1000}, 1, &fit));
    CHECK(isnan(fit.alpha));
    CHECK(power_law_fit((int64_t[]){4, 9}, (int64_t[]){5, 4}, 2, &fit));
    CHECK(isnan(fit.alpha));
    CHECK(power_law_fit((int64_t[]){4, 9}, (int64_t[]){5, 5}, 2, &fit));
    CHECK(!isnan(fit.alpha));
}

int main(void)
{
    RUN(zeta_has_its_known_values);
    RUN(zeta_agrees_with_the_sum_and_its_logarithms_with_the_slope);
    RUN(the_fit_is_that_of_trying_everything);
    RUN(a_law_is_found_again);
    RUN(fifteen_things_by_hand);
    RUN(too_few_and_all_equal_things_follow_no_law);
    return test_done();
}
