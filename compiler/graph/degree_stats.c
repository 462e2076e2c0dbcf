#include "graph/degree_stats.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "checked.h"

// count[d] rows have degree d, d in [min, max].
struct histogram {
    int64_t n, total, min, max;
    int64_t *count;
};

static gnnac_status histogram_init(struct histogram *h, const int64_t *rowptr,
                                   int64_t n, gnnac_error *err)
{
    int64_t min = n ? INT64_MAX : 0, max = 0;
#pragma omp parallel for schedule(static) reduction(min : min)                 \
    reduction(max : max)
    for (int64_t v = 0; v < n; v++) {
        int64_t d = rowptr[v + 1] - rowptr[v];
        min = d < min ? d : min;
        max = d > max ? d : max;
    }
    *h = (struct histogram){.n = n, .total = n ? rowptr[n] : 0, .min = min,
                            .max = max,
                            .count = calloc_array(max + 1, sizeof(int64_t))};
    if (!h->count)
        return FAIL(err, GNNAC_ENOMEM, "out of memory");
    for (int64_t v = 0; v < n; v++)
        h->count[rowptr[v + 1] - rowptr[v]]++;
    return GNNAC_OK;
}

static double mean(const struct histogram *h)
{
    return h->n ? (double)h->total / (double)h->n : 0;
}

// Central moment of order k.
static double moment(const struct histogram *h, int k)
{
    long double sum = 0, m = h->n ? (long double)h->total / h->n : 0;
    for (int64_t d = h->min; d <= h->max; d++)
        if (h->count[d])
            sum += h->count[d] * powl((long double)d - m, k);
    return h->n ? (double)(sum / h->n) : 0;
}

// The i-th smallest degree, from 0.
static int64_t order_statistic(const struct histogram *h, int64_t i)
{
    int64_t d = h->min, seen = h->count[d];
    while (seen <= i && d < h->max)
        seen += h->count[++d];
    return d;
}

static double percentile(const struct histogram *h, double q)
{
    if (h->n == 0)
        return 0;
    double at = q * (double)(h->n - 1);
    int64_t low = (int64_t)floor(at);
    double a = (double)order_statistic(h, low);
    if (low + 1 == h->n)
        return a;
    double b = (double)order_statistic(h, low + 1);
    return a + (b - a) * (at - (double)low);
}

// 2 sum i d_i / (n sum d) - (n + 1) / n over degrees in ascending order.
static double gini(const struct histogram *h)
{
    uint128 sum = 0;
    int64_t rank = 0;
    if (h->n == 0 || h->total == 0)
        return 0;
    for (int64_t d = h->min; d <= h->max; d++) {
        uint128 c = (uint128)h->count[d];
        sum += (uint128)d * (c * (uint128)rank +
                                       c * (c + 1) / 2);
        rank += h->count[d];
    }
    long double n = h->n;
    return (double)(2 * (long double)sum / (n * h->total) - (n + 1) / n);
}

// Share of the edges in the longest 1 % of the rows, one row at least.
static double top1_share(const struct histogram *h)
{
    int64_t left = ceil_div(h->n, 100), edges = 0;
    for (int64_t d = h->max; d >= h->min && left > 0; d--) {
        int64_t here = h->count[d] < left ? h->count[d] : left;
        edges += here * d;
        left -= here;
    }
    return h->total ? (double)edges / (double)h->total : 0;
}

// The degrees that occur, but 0.
static gnnac_status fit_power_law(const struct histogram *h,
                                  struct power_law *out, gnnac_error *err)
{
    int64_t n = 0, n_max = 0;
    for (int64_t d = h->min; d <= h->max; d++)
        n_max += d > 0 && h->count[d] > 0;
    int64_t *value = alloc_array(n_max, sizeof(*value));
    int64_t *count = alloc_array(n_max, sizeof(*count));
    bool ok = value && count;
    for (int64_t d = h->min; ok && d <= h->max; d++)
        if (d > 0 && h->count[d] > 0) {
            value[n] = d;
            count[n++] = h->count[d];
        }
    ok = ok && power_law_fit(value, count, n, out);
    free(value);
    free(count);
    return ok ? GNNAC_OK : FAIL(err, GNNAC_ENOMEM, "out of memory");
}

static double skewness(const struct histogram *h, double std)
{
    return std > 0 ? moment(h, 3) / (std * std * std) : 0;
}

gnnac_status degree_measure(const int64_t *rowptr, int64_t n,
                            struct degree_figures *out, gnnac_error *err)
{
    struct histogram h;
    struct power_law law;
    gnnac_status st = histogram_init(&h, rowptr, n, err);
    if (st == GNNAC_OK)
        st = fit_power_law(&h, &law, err);
    if (st == GNNAC_OK) {
        double m = mean(&h), std = sqrt(moment(&h, 2));
        *out = (struct degree_figures){.min = h.min,
                                       .max = h.max,
                                       .mean = m,
                                       .std = std,
                                       .cv = m > 0 ? std / m : 0,
                                       .p50 = percentile(&h, 0.50),
                                       .p90 = percentile(&h, 0.90),
                                       .p99 = percentile(&h, 0.99),
                                       .gini = gini(&h),
                                       .skew = skewness(&h, std),
                                       .top1_share = top1_share(&h),
                                       .law = law};
    }
    free(h.count);
    return st;
}

void degree_props(const struct degree_figures *f, const char *prefix,
                  struct props *out)
{
    char name[64];
    const struct {
        const char *name;
        double value;
    } reals[] = {
        {"mean", f->mean},
        {"std", f->std},
        {"cv", f->cv},
        {"p50", f->p50},
        {"p90", f->p90},
        {"p99", f->p99},
        {"gini", f->gini},
        {"skew", f->skew},
        {"top1_share", f->top1_share},
        {"power_law_alpha", f->law.alpha},
        {"power_law_xmin", f->law.x_min},
        {"power_law_ks", f->law.ks},
    };
    snprintf(name, sizeof(name), "%s.min", prefix);
    props_int(out, name, f->min);
    snprintf(name, sizeof(name), "%s.max", prefix);
    props_int(out, name, f->max);
    for (size_t i = 0; i < sizeof(reals) / sizeof(reals[0]); i++) {
        snprintf(name, sizeof(name), "%s.%s", prefix, reals[i].name);
        props_real(out, name, reals[i].value);
    }
}
