#include "training/train_watch.h"

#include <math.h>
#include <stdio.h>

struct watch watch_begin(enum watch_rule rule)
{
    return (struct watch){.rule = rule,
                          .best = {NAN, NAN},
                          .metric = -INFINITY,
                          .loss = INFINITY};
}

static bool is_best(const struct watch *w, struct score s)
{
    if (isnan(s.metric) || w->best_epoch == 0)
        return true;
    switch (w->rule) {
    case WATCH_LOSS:
        return s.loss < w->best.loss;
    case WATCH_BOTH:
        return s.metric >= w->metric && s.loss <= w->loss;
    default:
        return s.metric > w->best.metric ||
               (s.metric == w->best.metric && s.loss < w->best.loss);
    }
}

bool watch_epoch(struct watch *w, int64_t epoch, struct score s)
{
    bool best = is_best(w, s);
    bool either = s.metric >= w->metric || s.loss <= w->loss;
    if (best || (w->rule == WATCH_BOTH && either))
        w->last_rise = epoch;
    if (best) {
        w->best_epoch = epoch;
        w->best = s;
    }
    w->metric = fmax(w->metric, s.metric); // NaN changes nothing
    w->loss = fmin(w->loss, s.loss);
    return best;
}

// Hexadecimal floats keep every bit.
void watch_write(const struct watch *w, char *text, size_t n_bytes)
{
    snprintf(text, n_bytes, "watch %lld %a %a", (long long)w->last_rise,
             w->metric, w->loss);
}

// By other rules than both, the best epoch is the last one worth waiting for.
bool watch_read(struct watch *w, const char *text, int64_t epochs)
{
    long long rise;
    double metric, loss;
    int end = 0;
    if (sscanf(text, "watch %lld %la %la%n", &rise, &metric, &loss, &end) !=
            3 ||
        text[end] || rise < 0 || rise > epochs || isnan(metric) ||
        isnan(loss))
        return false;
    w->metric = fmax(w->metric, metric);
    w->loss = fmin(w->loss, loss);
    if (w->rule == WATCH_BOTH && rise > w->last_rise)
        w->last_rise = rise;
    return true;
}

int64_t watch_waited(const struct watch *w, int64_t epoch)
{
    return epoch - w->last_rise;
}
