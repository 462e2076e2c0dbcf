// The race: which of several candidates is fastest, from few and noisy samples.
// All run interleaved, in an order drawn anew every round; who is far behind
// after two rounds leaves, who is shown to be slower leaves soon after, and the
// rest are told apart by the ratios of samples of one round. Knows no device:
// it asks for one sample at a time, of a GPU or of a recording of one. How it
// decides, and what that costs: compiler/tune/README.md.
#ifndef GNNAC_RACE_H
#define GNNAC_RACE_H

#include <stdbool.h>
#include <stdint.h>

#include "fail.h"
#include "tune/paired.h"

// Of so many samples the least stands for all: outliers are slow, and one of
// so few may well be one.
enum { RACE_ROUNDS = 40, RACE_FEW_SAMPLES = 2 };
#define NO_RACER SIZE_MAX
// An earlier choice stays unless something is faster by so much.
#define RACE_INCUMBENT_BAND 1.02

// How a race stands after a round.
struct race_news {
    size_t n, n_live, n_failed;
    double best_ns;    // median of the leader
    double gain;       // the reference's median over it; NaN: not known
    double share_left; // at most, of the samples taken so far
};

// What is raced on. `context` goes to every call.
struct race_device {
    void *context;
    // One sample of a candidate, in ns, > 0. GNNAC_EDRIVER and GNNAC_ENODEVICE
    // end the race; any other failure costs this candidate alone.
    gnnac_status (*measure)(void *context, size_t candidate, double *ns,
                            gnnac_error *err);
    // Asked before every sample: true ends the race with what there is. NULL:
    // never.
    bool (*stop)(void *context);
    // Told after every round. NULL: nobody.
    void (*tell)(void *context, const struct race_news *news);
};

struct race_options {
    size_t n;         // candidates, the most promising first
    size_t reference; // what gains are told against; < n
    size_t incumbent; // what was chosen earlier and stays unless something is
                      // 2 % faster; NO_RACER: nothing
    uint64_t seed;    // of the orders within rounds
    size_t rounds;    // at most so many; 0: RACE_ROUNDS
    bool whole;       // nobody leaves: a recording that others can replay
};

enum race_state {
    RACE_RUN,    // told apart from the winner by nothing but chance, or the
                 // winner, or the race was stopped
    RACE_BEHIND, // left after the first rounds, far behind
    RACE_SLOWER, // shown to be slower
    RACE_FAILED, // could not be measured
};

struct racer {
    enum race_state state;
    size_t heat; // samples of one heat alone are pairs; 0, but in a search
    size_t n;    // samples: of rounds 0 to n - 1
    double ns[RACE_ROUNDS];
    double median, p20, p80;   // ns; NaN without samples; the median of few
                               // is the least
    struct interval to_winner; // ratio, 95 %
    bool tied; // less than 1 % slower than the fastest, as far as one can tell
};

struct race {
    size_t n;
    struct racer *racers;  // owned; race_finish
    size_t winner;         // NO_RACER when nothing could be measured
    struct interval gain;  // reference / winner, 95 %
    struct interval noise; // the reference / the reference, 95 %
    bool noisy;   // ... is wider than 2 % (or 1 us, as much as launches vary)
                  // to either side, or off by as much
    bool stopped; // before it was decided
    size_t n_samples, n_warm_up; // taken; the second not counted in the first
};

// GNNAC_ENOMEM, GNNAC_EUSAGE (a reference or incumbent that is none), and what
// `measure` ended the race with; *out is then empty. The same samples and seed
// give the same result.
gnnac_status race_run(const struct race_device *device,
                      const struct race_options *options, struct race *out,
                      gnnac_error *err);
void race_finish(struct race *r);

// a / b with its confidence interval (paired.h), from the rounds both ran in;
// of racers of one heat.
struct interval race_ratio(const struct race *r, size_t a, size_t b, double z);

// The reference stands after all: it is the winner, to which all are then
// compared, with no tie, and who had won gets the state `loser`. Of racers in
// another heat than the reference's there is the ratio, without an interval.
void race_overrule(struct race *r, size_t reference, enum race_state loser);

#endif
