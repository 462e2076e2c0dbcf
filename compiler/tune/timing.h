// The stopwatch: times variants of one operation against each other on a
// GPU, on the graph itself, those that pass the gate (bench.h), by a race.
#ifndef GNNAC_TIMING_H
#define GNNAC_TIMING_H

#include "graph/csr.h"
#include "plan/spec.h"
#include "tune/search.h"
#include "tune/variant.h"

struct cuda_context;

// What is timed where there is more than can be variants at once (search.h).
struct contest_search {
    struct search_options options;
    void *context;
    // Compiles points: made[i] is the variant of wave[i], or -1 where there is
    // none to time. No variant may move.
    gnnac_status (*make)(void *context, const size_t *wave, size_t n,
                         int32_t *made, gnnac_error *err);
};

// What is timed: variants[options[i]], i < n, or what `search` makes of them.
struct contest_request {
    const struct csr *graph;
    const struct kernel_spec *spec;
    struct variant *variants;
    const int32_t *options;
    size_t n;
    int32_t reference; // the variant that gains are told against; -1: the first
    int32_t incumbent; // the variant chosen earlier, or -1
    uint64_t seed;
    const char *program; // gnnac, to time in a worker; NULL: in this process
    int ordinal;         // of the GPU, for the worker
    bool cold;           // every run finds the L2 cache cold
    bool whole;          // nobody leaves the race
    bool (*stop)(void);  // asked before every sample; NULL: never
    const struct contest_search *search; // NULL: all race
};

// How the race went.
struct contest_entry {
    int32_t variant;
    enum race_state state;
    bool tied;
    double median_ns;
    struct interval to_winner; // ratio of times
};

struct contest {
    int32_t winner; // a variant; -1: there was no race, or nobody finished
    size_t n;
    struct contest_entry *entries; // owned; those that passed the gate
    struct interval gain, noise;   // as in struct race
    bool noisy, stopped;
    size_t n_samples;
    double gate_seconds, race_seconds; // by the clock; the former with what
                                       // the operands took to be made
    size_t n_space, n_tried, n_waves; // of a search; all 0 without one
    enum search_end end;
};
void contest_finish(struct contest *c);
gnnac_status contest_copy(const struct contest *c, struct contest *out,
                          gnnac_error *err);

// Each option goes through the gate; what fails gets its status and reason
// there, and what this GPU cannot run is warned of. What passes races and gets
// median_ns, p20_ns, p80_ns. GNNAC_ENOMEM when graph and matrices do not fit
// (nothing is timed then), GNNAC_EDRIVER when the GPU is lost.
gnnac_status time_variants(const struct cuda_context *c,
                           const struct contest_request *rq,
                           struct contest *out, gnnac_error *err);

#endif
