// The candidates for one step of a program: what the command line sets, else
// what the rules want, and behind it the shipped way where there is one.
#ifndef GNNAC_PROPOSE_H
#define GNNAC_PROPOSE_H

#include "plan/opspec.h"
#include "tune/workbench.h"

// Best first, into *out; its traces say which rules were asked. Operations with
// a template of their own name (bias_act, log_softmax, permute_rows) get its
// defaults as the last candidate, so that rules need not speak of them.
// GNNAC_ENOENT when nobody proposes anything, GNNAC_EUSAGE from --set,
// GNNAC_EFORMAT from a rule.
gnnac_status propose(struct workbench *wb, const struct opspec *op,
                     const struct props *graph, struct decision *out,
                     gnnac_error *err);

// Whether the command line fixes the knobs of `op`, by --set or by --whole.
bool propose_is_told(const struct workbench *wb, const char *op);
// The faults of the latter. GNNAC_EUSAGE.
gnnac_status propose_check_whole(const struct workbench *wb, gnnac_error *err);
// What --whole sets, into *out, of whole_model. GNNAC_EUSAGE.
gnnac_status propose_whole_knobs(const struct workbench *wb,
                                 struct candidate *out, gnnac_error *err);

// False in manual mode, which needs no `graph`.
bool propose_asks_rules(const struct workbench *wb);

#endif
