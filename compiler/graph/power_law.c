#include "graph/power_law.h"

#include <math.h>
#include <stddef.h>
#include <stdlib.h>

#include "checked.h"

static const double alpha_max = 64;
enum { FEWEST = 10, STRIDE = 16 };

// ---- the zeta function ------------------------------------------------------

// From where the Euler-Maclaurin series below is right to 1e-12.
static inline double series_from(double s)
{
    return 5 * s + 20;
}

// Without the factor a^-s; a >= series_from(s).
static inline double series(double s, double a)
{
    double r = 1 / (a * a), c1 = s / 12, c2 = (s + 1) * (s + 2) / 60,
           c3 = (s + 3) * (s + 4) / 42;
    return a / (s - 1) + 0.5 + c1 / a * (1 - c2 * r * (1 - c3 * r));
}

// -d/ds of a^-s * series(s, a), divided by a^-s.
static double series_log(double s, double a)
{
    double ln = log(a), c1 = s / 12, c2 = (s + 1) * (s + 2) / 60,
           c3 = (s + 3) * (s + 4) / 42, r = 1 / (a * a);
    double d1 = ln - 1 / s, d2 = d1 - 1 / (s + 1) - 1 / (s + 2),
           d3 = d2 - 1 / (s + 3) - 1 / (s + 4);
    return a / (s - 1) * (ln + 1 / (s - 1)) + 0.5 * ln +
           c1 / a * (d1 - c2 * r * (d2 - c3 * r * d3));
}

double hurwitz_zeta(double s, double a, double *log_mean)
{
    double sum = 0, logs = 0, power = pow(a, -s);
    while (a < series_from(s) && power * a > 1e-18 * sum) {
        sum += power;
        logs += power * log(a);
        power = pow(++a, -s);
    }
    sum += power * series(s, a);
    if (log_mean)
        *log_mean = (logs + power * series_log(s, a)) / sum;
    return sum;
}

// ---- one tail ---------------------------------------------------------------

struct sample {
    int64_t n;
    const int64_t *value, *count;
    int64_t *tail;    // [n + 1] things from here on
    double *log_tail; // [n + 1] sum of their logarithms
    double *log, *log_next; // [n] of value, of value + 1
};

// (s - 1) times the model's mean logarithm less the data's: nearly a straight
// line, falling, whose root is the most likely exponent.
static double slope(double s, double x_min, double mean)
{
    double model;
    hurwitz_zeta(s, x_min, &model);
    return (s - 1) * (model - mean);
}

// NaN where the tail falls faster than alpha_max.
static double fit_alpha(const struct sample *d, int64_t first)
{
    double x = (double)d->value[first];
    double mean = d->log_tail[first] / (double)d->tail[first];
    double low = 1, high = alpha_max, f_low = 1, f = 1;
    double f_high = slope(high, x, mean);
    if (!(f_high < 0))
        return NAN;
    double s = 1 + 1 / (mean - log(x - 0.5)); // their eq. 3.7
    for (int i = 0; i < 100 && fabs(f) > 1e-13; i++) {
        bool was_low = f > 0;
        s = s > low && s < high ? s : (low + high) / 2;
        f = slope(s, x, mean);
        // An end that stays twice counts half, or the other would creep.
        if (f > 0) {
            low = s;
            f_low = f;
            f_high /= was_low ? 2 : 1;
        } else {
            high = s;
            f_high = f;
            f_low /= was_low ? 1 : 2;
        }
        if (fabs(f) > 1e-13)
            s = low + (high - low) * f_low / (f_low - f_high);
    }
    return s;
}

struct model {
    double alpha, whole; // zeta at x_min
    double from;         // series_from(alpha)
};

// The share that the fit expects at `a` and above.

static inline double share_from(const struct model *m, double a, double log_a)
{
    double z = a >= m->from
                   ? exp(-m->alpha * log_a) * series(m->alpha, a)
                   : hurwitz_zeta(m->alpha, a, NULL);
    return z / m->whole;
}

// Largest difference at value i and at the last number before the next one.
static inline double distance_at(const struct sample *d, const struct model *m,
                                 int64_t first, int64_t i)
{
    double data = (double)d->tail[i + 1] / (double)d->tail[first];
    double a = (double)d->value[i] + 1;
    double here = fabs(data - share_from(m, a, d->log_next[i]));
    if (i + 1 == d->n || d->value[i + 1] == d->value[i] + 1)
        return here;
    double before_next = fabs(
        data - share_from(m, (double)d->value[i + 1], d->log[i + 1]));
    return here > before_next ? here : before_next;
}

// Kolmogorov-Smirnov distance, or anything above `enough` if it is above.
static double distance(const struct sample *d, int64_t first, double alpha,
                       double enough)
{
    struct model m = {alpha,
                      hurwitz_zeta(alpha, (double)d->value[first], NULL),
                      series_from(alpha)};
    double most = 0;
    // Here and there first: most tails are then seen to be no match.
    for (int64_t step = STRIDE; step > 0; step -= STRIDE - 1)
        for (int64_t i = first; i < d->n; i += step) {
            double x = distance_at(d, &m, first, i);
            most = x > most ? x : most;
            if (most > enough)
                return most;
        }
    return most;
}

// ---- all tails --------------------------------------------------------------

static bool sample_init(struct sample *d, const int64_t *value,
                        const int64_t *count, int64_t n)
{
    *d = (struct sample){.n = n,
                         .value = value,
                         .count = count,
                         .tail = alloc_array(n + 1, sizeof(*d->tail)),
                         .log_tail = alloc_array(n + 1, sizeof(double)),
                         .log = alloc_array(n, sizeof(double)),
                         .log_next = alloc_array(n, sizeof(double))};
    if (!d->tail || !d->log_tail || !d->log || !d->log_next)
        return false;
    d->tail[n] = 0;
    d->log_tail[n] = 0;
    for (int64_t i = n - 1; i >= 0; i--) {
        d->log[i] = log((double)value[i]);
        d->log_next[i] = log((double)value[i] + 1);
        d->tail[i] = d->tail[i + 1] + count[i];
        d->log_tail[i] = d->log_tail[i + 1] + (double)count[i] * d->log[i];
    }
    return true;
}

static void sample_finish(struct sample *d)
{
    free(d->tail);
    free(d->log_tail);
    free(d->log);
    free(d->log_next);
}

static void try_tail(const struct sample *d, int64_t first,
                     struct power_law *best)
{
    double x = (double)d->value[first];
    double alpha = fit_alpha(d, first);
    if (isnan(alpha))
        return;
    double enough = isnan(best->ks) ? INFINITY : best->ks;
    double ks = distance(d, first, alpha, enough);
    if (ks < enough || (ks == enough && x < best->x_min))
        *best = (struct power_law){alpha, x, ks};
}

bool power_law_fit(const int64_t *value, const int64_t *count, int64_t n,
                   struct power_law *out)
{
    struct sample d;
    struct power_law best = {NAN, NAN, NAN};
    if (!sample_init(&d, value, count, n)) {
        sample_finish(&d);
        return false;
    }
    // A few all over the range first: a good fit makes the others short.
    for (int64_t turn = 0; turn < 2; turn++)
        for (int64_t i = 0; i + 1 < n && d.tail[i] >= FEWEST; i++)
            if ((i % STRIDE == 0) == (turn == 0))
                try_tail(&d, i, &best);
    sample_finish(&d);
    *out = best;
    return true;
}
