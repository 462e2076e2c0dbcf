// What a set of rules would have done with a recorded workload, and what that
// cost: no GPU is asked, only what one told earlier.
#ifndef GNNAC_JUDGE_H
#define GNNAC_JUDGE_H

#include "emit/tmpl.h"
#include "plan/rules.h"
#include "workshop/evidence.h"

// How one set of rules does on one workload.
struct verdict {
    size_t n_proposed, n_timed; // its points; those with a recorded time
    // What is compiled where nothing is timed: the first rule's points ranked
    // by the cost model. No family: nothing is proposed that fits.
    struct candidate pick;
    double pick_ns; // NaN: never timed
    // The fastest of all proposals: what a tuner would find. NaN: none is
    // known.
    struct candidate reach;
    double reach_ns;
};

// GNNAC_EFORMAT when a rule or a template fails. A set that proposes nothing is
// no failure.
gnnac_status judge(struct ruleset *rules, struct catalog *catalog,
                   const struct workload *w, struct verdict *out,
                   gnnac_error *err);

// One verdict a workload, in order; those of unknown graphs propose nothing.
gnnac_status judge_all(struct ruleset *rules, struct catalog *catalog,
                       const struct evidence *e, struct verdict *out,
                       gnnac_error *err);

// ns / best - 1 of the workload; NaN as `ns`.
double regret_of(const struct workload *w, double ns);

// Many regrets in few numbers.
struct regrets {
    size_t n, n_known; // all; those whose time is recorded
    size_t n_above_5;  // above 5 %
    double sum_log;    // of 1 + regret
    double worst;
};
void regrets_add(struct regrets *r, double regret); // NaN counts in `n` only
double regrets_mean(const struct regrets *r); // geometric; NaN without any

#endif
