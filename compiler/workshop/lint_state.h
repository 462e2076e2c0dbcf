// What the parts of lint share. Not for its users.
#ifndef GNNAC_LINT_STATE_H
#define GNNAC_LINT_STATE_H

#include "workshop/lint.h"
#include "workshop/probes.h"

enum { MAX_READS = 24, MAX_VALUES = 512, MAX_QUEUED = 256 };

// One value of a knob that a rule proposes.
struct seen_value {
    const struct family *family;
    int knob;
    int64_t value;
    int n_tries;   // points with it that were given to the template
    bool accepted; // and it took one
};

// One knob of a template that a rule gives several values.
struct seen_knob {
    const struct family *family;
    int knob;
    int n_tries;
    bool has_effect; // two of its values made different kernels
};

// What was seen of one rule, over all probes.
struct sight {
    const char *name, *where;
    bool tested;
    size_t n_matched, n_fired;
    size_t n_with_points, n_rejected; // had points; all were rejected
    size_t n_valid, n_taken, n_first; // some passed; some were new; and first
    bool emitted;                     // a template took one of its points
    size_t n_reads;
    char reads[MAX_READS][64];
    size_t n_values, n_knobs;
    struct seen_value values[MAX_VALUES];
    struct seen_knob knobs[4 * MAX_KNOBS];
};

// A point that the template is to be asked about, once the rules' own time is
// no longer running.
struct queued {
    struct sight *sight;
    struct candidate point;
};

struct linter {
    struct ruleset *alone, *whole;
    struct catalog *catalog;
    size_t n, n_probes;
    struct sight *rules; // those of `alone`
    struct probe *probe;
    struct decision *decision;
    size_t n_queued;
    struct queued queue[MAX_QUEUED];
};

struct sight *linter_find(struct linter *l, const char *rule);

// Points of the rules while the probe is asked; for ruleset_watch_points.
void lint_see_point(void *context, const struct rule_trace *t,
                    const struct candidate *c, enum point_fate fate);

// The template's word on them, for the probe that was asked about.
void lint_try_queued(struct linter *l);

// Findings about values and knobs of one rule, through `add`.
void lint_values(const struct sight *s, struct lint_report *r);

// Appends; without memory the report becomes incomplete.
void lint_add(struct lint_report *r, const struct sight *s, enum lint_kind kind,
              const char *fmt, ...) __attribute__((format(printf, 4, 5)));

#endif
