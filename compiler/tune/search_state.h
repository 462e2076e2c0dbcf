// What search.c and search_wave.c share.
#ifndef GNNAC_SEARCH_STATE_H
#define GNNAC_SEARCH_STATE_H

#include "tune/search.h"

// The first waves, in which every family moves.
enum { SEARCH_FAIR_WAVES = 4 };

struct seeker {
    const struct search_device *device;
    const struct search_options *options;
    bool *tried, *explored; // owned; by point, as is:
    double *score;          // owned; ns as if timed beside the best; NaN: not
    size_t *near;           // owned; room for the neighbours of a point
    size_t n_families;
    const void *families[MAX_FAMILIES];
    size_t n_wave, wave[SEARCH_WAVE]; // points to try next
    size_t n_field, field[SEARCH_WAVE + 1]; // points that race now
    size_t n, *points;    // owned: those that were ready
    struct racer *racers; // owned; parallel
    size_t best;          // a point, or NO_RACER
    size_t n_tried, n_waves, n_idle;
    uint64_t n_drawn;
    size_t n_samples, n_warm_up;
    bool stopped;
};

// The points to try next, into s->wave; none when there are no more.
void search_choose_wave(struct seeker *s);

#endif
