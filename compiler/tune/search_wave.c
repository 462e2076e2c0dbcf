// Which points of the space a search tries next.
#include "tune/search_state.h"

#include <math.h>

#include "rng.h"

enum {
    LATER_WAVE = 32, // points, after the first
    WAVE_DRAWN = 4,  // of these, from anywhere: the best may be no neighbour
    DRAWS = 64,      // for a point of the family that was drawn
};
// Who is further behind the best has no neighbours worth a try.
static const double reach = 1.10;

static size_t room(const struct seeker *s)
{
    size_t most = s->n_waves ? LATER_WAVE : SEARCH_WAVE;
    size_t left = s->options->most - s->n_tried;
    return left < most ? left : most;
}

static void try_point(struct seeker *s, size_t point)
{
    if (s->tried[point] || s->n_wave == room(s))
        return;
    s->tried[point] = true;
    s->wave[s->n_wave++] = point;
}

static size_t draw(struct seeker *s, size_t n)
{
    return rng_below(s->options->seed, s->n_drawn++, n);
}

// Every family is as likely, however many points it has.
static void try_any(struct seeker *s)
{
    const struct search_options *o = s->options;
    const void *family = s->families[draw(s, s->n_families)];
    for (int i = 0; i < DRAWS; i++) {
        size_t at = draw(s, o->n);
        if (s->tried[at] || o->points[at].family != family)
            continue;
        try_point(s, at);
        return;
    }
}

static bool are_neighbours(const struct search_point *a,
                           const struct search_point *b)
{
    size_t n = 0;
    if (a->family != b->family)
        return false;
    for (size_t i = 0; i < MAX_KNOBS && n < 2; i++)
        n += a->values[i] != b->values[i];
    return n == 1;
}

static size_t untried_neighbours(struct seeker *s, size_t centre)
{
    const struct search_point *points = s->options->points;
    size_t n = 0;
    for (size_t i = 0; i < s->options->n; i++)
        if (!s->tried[i] && are_neighbours(&points[centre], &points[i]))
            s->near[n++] = i;
    return n;
}

// In an order that is drawn; up to `most` in the wave.
static void try_neighbours(struct seeker *s, size_t centre, size_t most)
{
    size_t n = untried_neighbours(s, centre);
    for (size_t i = n; i > 0 && s->n_wave < most; i--) {
        size_t k = draw(s, i), point = s->near[k];
        s->near[k] = s->near[i - 1];
        try_point(s, point);
    }
    s->explored[centre] = s->n_wave < most;
}

// The best, of a family (NULL: of any), whose neighbours were not all tried;
// NO_RACER: none that is better than `most`.
static size_t next_centre(const struct seeker *s, const void *family,
                          double most)
{
    size_t best = NO_RACER;
    for (size_t i = 0; i < s->n; i++) {
        size_t at = s->points[i];
        bool wanted = !family || s->options->points[at].family == family;
        if (wanted && !s->explored[at] && s->score[at] <= most &&
            (best == NO_RACER || s->score[at] < s->score[best]))
            best = at;
    }
    return best;
}

// Until the wave has `most` points.
static void climb(struct seeker *s, const void *family, double within,
                  size_t most)
{
    while (s->n_wave < most) {
        size_t centre = next_centre(s, family, within);
        if (centre == NO_RACER)
            return;
        try_neighbours(s, centre, most);
    }
}

// A family whose first points were unlucky would never be looked at again.
static void climb_everywhere(struct seeker *s, size_t most)
{
    for (size_t i = 0; i < s->n_families; i++)
        climb(s, s->families[i], INFINITY, most * (i + 1) / s->n_families);
}

void search_choose_wave(struct seeker *s)
{
    size_t all = room(s);
    size_t most = all > WAVE_DRAWN ? all - WAVE_DRAWN : all;
    s->n_wave = 0;
    if (s->n_waves == 0)
        for (size_t i = 0; i < s->options->n_seeds; i++)
            try_point(s, s->options->seeds[i]);
    else if (s->n_waves <= SEARCH_FAIR_WAVES)
        climb_everywhere(s, most);
    if (s->best != NO_RACER)
        climb(s, NULL, s->score[s->best] * reach, most);
    for (size_t i = 0; i < 2 * all && s->n_wave < all; i++)
        try_any(s);
    s->n_tried += s->n_wave;
}
