// A recorded run of tune.db as if it were the GPU: the same race on samples
// that are drawn from what was recorded, and the same local search where there
// are more than may be timed, so that both can be judged without a device.
// Deterministic.
#ifndef GNNAC_SIMULATE_H
#define GNNAC_SIMULATE_H

#include "tunedb_records.h"

// What a candidate costs that is timed without a race, to compare with.
enum { SIMULATE_EXHAUSTIVE_SAMPLES = 32 };

struct simulated {
    size_t n;            // candidates with a recorded time
    size_t n_tried;      // all of them, or those that a search chose
    size_t n_waves;      // of a search; 0: all raced at once
    size_t winner, best; // rows of the run: chosen, and of the least median
    size_t n_samples;    // warm-up included
    size_t n_to_5; // candidates tried until one was within 5 % of the best
    double cost;   // n_samples over what exhaustive timing takes
    double regret; // winner's recorded median over the best, less 1
    bool noisy;
};

// Samples are drawn from those that were kept, with replacement; where fewer
// than 9 were, they are log-normal on either side of the recorded median, as
// wide as the recorded 20th and 80th percentiles say.
// GNNAC_ENOENT when fewer than two candidates have a time, GNNAC_ENOMEM.
gnnac_status simulate_run(const struct run_record *run, uint64_t seed,
                          struct simulated *out, gnnac_error *err);

#endif
