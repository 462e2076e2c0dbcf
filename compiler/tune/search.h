// Local search: which of very many candidates is fastest, where only a few
// hundred can be compiled and timed. It begins with what others think best and
// some drawn at random, goes on with the neighbours of the best so far, wave by
// wave, and lets the best of all run a race (race.h). Knows no device and no
// compiler. How it moves, and what that finds: compiler/tune/README.md.
#ifndef GNNAC_SEARCH_H
#define GNNAC_SEARCH_H

#include "plan/family.h"
#include "tune/race.h"

// So many seeds are what rules think best; so many points are in a wave.
enum { SEARCH_RULED = 16, SEARCH_WAVE = 48 };

// A candidate's place in the space: two of one family are neighbours when they
// differ in one knob.
struct search_point {
    const void *family; // one address for each family
    size_t n_knobs;
    int64_t values[MAX_KNOBS]; // 0 beyond n_knobs
};

struct search_news {
    size_t n_space, n_tried, n_waves;
    double best_ns;
};

struct search_device {
    // What is raced on; its candidates are points of the space. `tell` is told
    // of the race at the end alone.
    struct race_device race;
    // Called once for every point, before it is measured: ready[i] says whether
    // wave[i] can be. What it fails with ends the search.
    gnnac_status (*prepare)(void *context, const size_t *wave, size_t n,
                            bool *ready, gnnac_error *err);
    // Told after every wave. NULL: nobody.
    void (*tell)(void *context, const struct search_news *news);
};

struct search_options {
    size_t n;
    const struct search_point *points; // each once
    size_t n_seeds;
    const size_t *seeds; // tried first; gains are told against the first one
    size_t incumbent;    // as in race_options
    size_t most;         // points that are tried at most
    uint64_t seed;
};

enum search_end {
    SEARCH_SETTLED, // three waves in a row brought nothing better
    SEARCH_FULL,    // as many were tried as may be
    SEARCH_ALL,     // there are no more
    SEARCH_STOPPED,
};

struct search {
    struct race race; // of those that were ready, in the order they were tried
    size_t *points;   // owned; parallel to race.racers
    size_t n_tried, n_waves;
    enum search_end end;
};

// As race_run; GNNAC_EUSAGE without points, too.
gnnac_status search_run(const struct search_device *device,
                        const struct search_options *options,
                        struct search *out, gnnac_error *err);
void search_finish(struct search *s);

// "settled", "full", ...
const char *search_end_name(enum search_end end);

#endif
