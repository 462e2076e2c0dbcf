// What is odd about a rule file though it loads and its tests pass: rules that
// never hold, never count or are never tested, knobs and values without use.
// Found by asking the rules about made-up workloads, so "never" means: on none
// of those.
#ifndef GNNAC_LINT_H
#define GNNAC_LINT_H

#include "emit/tmpl.h"
#include "plan/rules.h"

enum lint_kind {
    LINT_UNREACHABLE,    // its `when` holds nowhere
    LINT_SHADOWED,       // rules before it have proposed all its points
    LINT_NEVER_VALID,    // its limit, or the template, refuses all its points
    LINT_SILENT,         // holds, and has nothing to say of any operation
    LINT_UNTESTED,       // no test of the file makes it fire
    LINT_UNUSED_VALUE,   // a knob's value that is always refused
    LINT_UNUSED_KNOB,    // a list whose values all give one kernel
    LINT_NEVER_FIRST, // always behind another rule: it counts with a GPU only
    N_LINT_KINDS
};
const char *lint_kind_name(enum lint_kind k); // "never-valid"
// The last is a remark, not a warning.
bool lint_is_warning(enum lint_kind k);

struct finding {
    enum lint_kind kind;
    char rule[64], where[256], text[256];
};

struct lint_report {
    size_t n, n_warnings, n_rules, n_probes;
    bool incomplete; // a finding was lost for want of memory
    struct finding *items; // in the order of rules, then of kinds
};
void lint_report_finish(struct lint_report *r);

// `alone` is the file by itself, `whole` the set that a compile with it would
// ask (behind default.lua), `text` the file's. Rules of `whole` that `alone`
// lacks are asked but not reported. GNNAC_EFORMAT when a rule or a template
// fails, as `rules check` would say.
gnnac_status lint(struct ruleset *alone, struct ruleset *whole,
                  struct catalog *catalog, const char *text,
                  struct lint_report *out, gnnac_error *err);

#endif
