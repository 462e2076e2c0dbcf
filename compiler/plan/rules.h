// The rule host: loads Lua rule files into a sandbox, asks them which kernels
// to try for one layer of one graph on one device, and records why. Knows
// nothing of CUDA; a rule's choice is only ever a proposal.
#ifndef GNNAC_RULES_H
#define GNNAC_RULES_H

#include "base/props.h"
#include "fail.h"
#include "plan/family.h"

struct ruleset; // opaque; one thread at a time

// `families` must outlive the set.
gnnac_status ruleset_create(const struct family_list *families,
                            struct ruleset **out, gnnac_error *err);
void ruleset_destroy(struct ruleset *rs);

// Later files override earlier ones by rule name. `path` may be FILE#RULE: only
// that rule (and the tests of it) is taken. Reports syntax errors, unknown
// templates, knobs and fields with file:line and the nearest name. After a
// failure the set must not be used further.
// GNNAC_EFORMAT (bad file, limit hit), GNNAC_EIO, GNNAC_ENOENT (no such rule).
gnnac_status ruleset_load(struct ruleset *rs, const char *path,
                          gnnac_error *err);

// The same for a text in memory; `name` stands for the file in messages. All of
// its rules are taken.
gnnac_status ruleset_load_text(struct ruleset *rs, const char *name,
                               const char *text, size_t n_bytes,
                               gnnac_error *err);

// XXH3-128 of the loaded files' bytes in order, 32 hex digits and a NUL.
void ruleset_hash(const struct ruleset *rs, char hex[33]);

// One property that a rule read, and what it saw.
struct compared {
    char name[64];
    char value[48];
};

// What happened to one rule.
struct rule_trace {
    char rule[64], where[256], why[256];
    double priority;
    bool matched; // its `when` held
    bool fired;   // and it had something to say of the operation
    // Of its points: all; those its limit rejected; those that an earlier rule
    // (or it itself) had proposed; those for which there was no room.
    int n_points, n_rejected, n_repeated, n_left_out;
    int n_barred; // and of those whose results would not repeat
    char note[160]; // e.g. "limit rejected 4 of 12 points"
    char reorder[16]; // its vote: "none", "rabbit", ...; empty: none given
    size_t n_compared;
    struct compared compared[24];
};

enum { MAX_CANDIDATES = 512, MAX_TRACES = 128 };

// Candidates in order of preference: by rule priority (high first), then file
// order, then the order of the lists. Duplicated points appear once.
struct decision {
    size_t n_candidates, n_traces;
    char reorder[16]; // the vote of the first rule that gave one, else empty
    struct candidate candidates[MAX_CANDIDATES];
    struct rule_trace traces[MAX_TRACES];
};

// Evaluate every rule. `graph`, `layer` and `device` hold properties named
// "graph.*", "layer.*", "device.*". `op` is the operation whose families may
// be proposed ("aggregate"). GNNAC_EFORMAT with file:line when a rule raises an
// error or exceeds its limits; GNNAC_ENOENT when nothing was proposed: `out`
// then has the traces alone.
gnnac_status ruleset_decide(struct ruleset *rs, const char *op,
                            const struct props *graph,
                            const struct props *layer,
                            const struct props *device, struct decision *out,
                            gnnac_error *err);

// Points with atomics (candidate_repeats) are not proposed from now on.
void ruleset_bar_atomics(struct ruleset *rs);

// How often a rule proposed something new.
int trace_n_taken(const struct rule_trace *t);

// What became of one point of a rule.
enum point_fate {
    POINT_TAKEN,
    POINT_REJECTED,
    POINT_REPEATED,
    POINT_LEFT_OUT,
    POINT_BARRED
};

// Called for every point of every rule that fires while decisions are made;
// `c` has family and values only. It must not use the set.
struct point_watcher {
    void *context;
    void (*point)(void *context, const struct rule_trace *t,
                  const struct candidate *c, enum point_fate fate);
};
// NULL: nobody. `w` must outlive its use.
void ruleset_watch_points(struct ruleset *rs, const struct point_watcher *w);

// The `i`-th rule in the order of definition: its name and `FILE:LINE`. False
// beyond the last.
bool ruleset_rule_at(const struct ruleset *rs, size_t i, const char **name,
                     const char **where);

void ruleset_counts(const struct ruleset *rs, size_t *n_rules, size_t *n_tests);

// Ask every rule about a few dozen small, large, empty, even and skewed graphs
// and layers, to find mistakes that show only when a rule runs. GNNAC_EFORMAT.
gnnac_status ruleset_probe(struct ruleset *rs, gnnac_error *err);

// One `test` block that was run.
struct test_run {
    const char *name, *where;
    const char *op;
    const struct props *graph, *layer, *device; // as completed by the schema
    const struct decision *decision; // every rule by itself: points repeat
    const char *failure;             // "": passed
};
// Run the `test` blocks of the loaded files, in order.
gnnac_status ruleset_visit_tests(struct ruleset *rs,
                                 void (*visit)(void *context,
                                               const struct test_run *t),
                                 void *context, gnnac_error *err);

// Run the `test` blocks of the loaded files. Each failure is one line in the
// caller's buffer. Counts are always set.
struct rule_test_result {
    int n_passed, n_failed;
    char report[8192];
};
gnnac_status ruleset_test(struct ruleset *rs, struct rule_test_result *out,
                          gnnac_error *err);

// Manual mode: `settings` like "template=row_split" or "partSize=32", each
// naming a knob of the family; the first family (of `op`) that has all knobs if
// no template is named. GNNAC_EUSAGE with the nearest name or the range.
gnnac_status candidate_from_settings(const struct family_list *families,
                                     const char *op,
                                     const char *const *settings, size_t n,
                                     struct candidate *out, gnnac_error *err);

#endif
