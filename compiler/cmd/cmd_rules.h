// gnnac rules: what its actions share. cmd_rules.c has the table of them.
#ifndef GNNAC_CMD_RULES_H
#define GNNAC_CMD_RULES_H

#include <jansson.h>

#include "cli/cli.h"
#include "workshop/judge.h"

// args[0] is the action's name.
gnnac_status rules_check(const struct options *o, gnnac_error *err);
gnnac_status rules_run_tests(const struct options *o, gnnac_error *err);
gnnac_status rules_lint(const struct options *o, gnnac_error *err);
gnnac_status rules_regret(const struct options *o, gnnac_error *err);
gnnac_status rules_diff(const struct options *o, gnnac_error *err);
gnnac_status rules_suggest(const struct options *o, gnnac_error *err);
gnnac_status rules_fit(const struct options *o, gnnac_error *err);
gnnac_status rules_watch(const struct options *o, gnnac_error *err);

gnnac_status rules_open_catalog(struct catalog **out, gnnac_error *err);

// One set of these files in order, each found as for --rules.
gnnac_status rules_open(const struct catalog *c, const char *const *files,
                        size_t n, struct ruleset **out, gnnac_error *err);

// The files that the arguments name, or the shipped default alone.
size_t rules_files_or_default(const struct options *o,
                              const char *const **files);

// The templates, and what the database of --db recorded. Workloads that no rule
// can be asked about are counted in one line on stderr. GNNAC_EDB where there
// is no database.
struct court_room {
    struct catalog *catalog;
    struct evidence evidence;
    size_t n_known; // workloads of graphs whose properties are recorded
};
gnnac_status court_open(const struct options *o, struct court_room *out,
                        gnnac_error *err);
void court_close(struct court_room *r);

// One verdict a workload of the evidence, for the set of these files. Owned.
gnnac_status court_hear(const struct court_room *r, const char *const *files,
                        size_t n, struct verdict **out, gnnac_error *err);

// {"rule", "template", "knobs", "median_ns"}; null without a template.
json_t *point_json(const struct candidate *c, double ns);
// Graph, operation, device of a workload.
json_t *workload_json(const struct workload *w);

// "rule: template knobs, 12.34 us"; "not timed" for a NaN.
void print_point(const struct candidate *c, double ns);
// "12.3 %", or "unknown" for a NaN.
const char *percent_text(double share, char out[32]);

#endif
