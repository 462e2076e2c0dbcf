#include "training/train_watch.h"

#include <math.h>

struct watch watch_begin(enum watch_rule rule)
{
    return (struct watch){.rule = rule,
                          .best = {NAN, NAN},
                          .accuracy = -INFINITY,
                          .loss = INFINITY};
}

static bool is_best(const struct watch *w, struct score s)
{
    if (isnan(s.accuracy) || w->best_epoch == 0)
        return true;
    switch (w->rule) {
    case WATCH_LOSS:
        return s.loss < w->best.loss;
    case WATCH_BOTH:
        return s.accuracy >= w->accuracy && s.loss <= w->loss;
    default:
        return s.accuracy > w->best.accuracy ||
               (s.accuracy == w->best.accuracy && s.loss < w->best.loss);
    }
}

bool watch_epoch(struct watch *w, int64_t epoch, struct score s)
{
    bool best = is_best(w, s);
    bool either = s.accuracy >= w->accuracy || s.loss <= w->loss;
    if (best || (w->rule == WATCH_BOTH && either))
        w->last_rise = epoch;
    if (best) {
        w->best_epoch = epoch;
        w->best = s;
    }
    w->accuracy = fmax(w->accuracy, s.accuracy); // NaN changes nothing
    w->loss = fmin(w->loss, s.loss);
    return best;
}

int64_t watch_waited(const struct watch *w, int64_t epoch)
{
    return epoch - w->last_rise;
}
