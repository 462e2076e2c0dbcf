// The end of a race whose winner did not hold what it promised.
#include "tune/race.h"

#include <math.h>

// Told until now against who had won.
static void compare_to_reference(struct race *r, size_t reference)
{
    double scale = r->racers[reference].to_winner.centre;
    for (size_t i = 0; i < r->n; i++) {
        struct racer *x = &r->racers[i];
        x->to_winner =
            x->heat == r->racers[reference].heat
                ? race_ratio(r, i, reference, Z_95)
                : (struct interval){NAN, x->to_winner.centre / scale, NAN};
    }
    r->gain = race_ratio(r, reference, reference, Z_95);
}

void race_overrule(struct race *r, size_t reference, enum race_state loser)
{
    r->racers[r->winner].state = loser;
    r->winner = reference;
    for (size_t i = 0; i < r->n; i++)
        r->racers[i].tied = i == reference;
    compare_to_reference(r, reference);
}
