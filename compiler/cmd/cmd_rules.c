// gnnac rules ACTION: find mistakes in rule files, and judge them by what was
// timed.
#include "cmd/cmd_rules.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/action.h"
#include "cli/requests.h"
#include "base/file.h"
#include "base/log.h"
#include "cmd/cmd_db.h"
#include "tune/paths.h"
#include "tune/variant.h"

static const struct action actions[] = {
    {"check", " FILE...", 1, CLI_MAX_ARGS, rules_check},
    {"test", " FILE...", 1, CLI_MAX_ARGS, rules_run_tests},
    {"lint", " FILE...", 1, CLI_MAX_ARGS, rules_lint},
    {"regret", " [FILE...]", 0, CLI_MAX_ARGS, rules_regret},
    {"diff", " OLD NEW", 2, 2, rules_diff},
    {"suggest", " [FILE...]", 0, CLI_MAX_ARGS, rules_suggest},
    {"fit", "", 0, 0, rules_fit},
    {"watch", " FILE -- GRAPH --model M ...", 2, CLI_MAX_ARGS, rules_watch},
};

gnnac_status cmd_rules(const struct options *o, gnnac_error *err)
{
    const struct action *a;
    size_t n = sizeof(actions) / sizeof(actions[0]);
    gnnac_status st = action_find("rules", actions, n, o, &a, err);
    if (st != GNNAC_OK)
        return st;
    return a->run(o, err);
}

// ---- rule sets --------------------------------------------------------------

gnnac_status rules_open_catalog(struct catalog **out, gnnac_error *err)
{
    char *dirs[16];
    size_t n = data_dirs("templates", dirs, 16);
    gnnac_status st = catalog_open((const char *const *)dirs, n, out, err);
    for (size_t i = 0; i < n; i++)
        free(dirs[i]);
    return st;
}

gnnac_status rules_open(const struct catalog *c, const char *const *files,
                        size_t n, struct ruleset **out, gnnac_error *err)
{
    struct ruleset *rs = NULL;
    gnnac_status st = ruleset_create(catalog_families(c), &rs, err);
    for (size_t i = 0; i < n && st == GNNAC_OK; i++) {
        char *found = rules_find(files[i]);
        st = ruleset_load(rs, found ? found : files[i], err);
        free(found);
    }
    if (st == GNNAC_OK)
        *out = rs;
    else
        ruleset_destroy(rs);
    return st;
}

size_t rules_files_or_default(const struct options *o,
                              const char *const **files)
{
    static const char *const shipped[] = {"default"};
    *files = o->n_args > 1 ? o->args + 1 : shipped;
    return o->n_args > 1 ? o->n_args - 1 : 1;
}

// ---- evidence ---------------------------------------------------------------

static gnnac_status load_evidence(const struct options *o, struct evidence *out,
                                  gnnac_error *err)
{
    struct tunedb *db = NULL;
    char *path = NULL;
    gnnac_status st = GNNAC_OK;
    if (o->no_db)
        return FAIL(err, GNNAC_EUSAGE,
                    "rules %s judges by the database: not with --no-db",
                    o->args[0]);
    TRY(db_existing(o, "tune.db", &path, err));
    if (!path) {
        st = FAIL(err, GNNAC_EDB,
                  "there is no tuning database yet: gnnac "
                  "compile fills one where there is a GPU");
        goto out;
    }
    TRY(db_open_tune(o, &db, err));
    TRY(evidence_load(db, out, err));
out:
    tunedb_close(db);
    free(path);
    return st;
}

gnnac_status court_open(const struct options *o, struct court_room *out,
                        gnnac_error *err)
{
    struct court_room r = {0};
    gnnac_status st = load_evidence(o, &r.evidence, err);
    if (st == GNNAC_OK)
        st = rules_open_catalog(&r.catalog, err);
    for (size_t i = 0; i < r.evidence.n; i++)
        r.n_known += workload_is_known(&r.evidence.items[i]);
    if (st == GNNAC_OK && r.n_known < r.evidence.n)
        log_info("%zu of %zu timed workloads are left out: the properties of "
                 "their graphs are not recorded (gnnac analyze --cached GRAPH "
                 "records them)",
                 r.evidence.n - r.n_known, r.evidence.n);
    if (st == GNNAC_OK)
        *out = r;
    else
        court_close(&r);
    return st;
}

void court_close(struct court_room *r)
{
    evidence_finish(&r->evidence);
    catalog_close(r->catalog);
    *r = (struct court_room){0};
}

gnnac_status court_hear(const struct court_room *r, const char *const *files,
                        size_t n, struct verdict **out, gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    struct ruleset *rs = NULL;
    struct verdict *v = calloc(r->evidence.n + 1, sizeof(*v));
    if (!v)
        return FAIL(err, GNNAC_ENOMEM, "out of memory");
    TRY(rules_open(r->catalog, files, n, &rs, err));
    TRY(judge_all(rs, r->catalog, &r->evidence, v, err));
    *out = v;
    v = NULL;
out:
    ruleset_destroy(rs);
    free(v);
    return st;
}

// ---- printing ---------------------------------------------------------------

json_t *point_json(const struct candidate *c, double ns)
{
    char knobs[256];
    if (!c->family)
        return json_null();
    candidate_text(c, knobs, sizeof(knobs));
    return json_pack("{s:s, s:s, s:s, s:o}", "rule", c->rule, "template",
                     c->family->name, "knobs", knobs, "median_ns",
                     real_json(ns));
}

json_t *workload_json(const struct workload *w)
{
    return json_pack("{s:s, s:s, s:s}", "graph", w->graph->fingerprint, "op",
                     w->op.key, "device", w->device->text);
}

void print_point(const struct candidate *c, double ns)
{
    char knobs[256];
    if (!c->family) {
        printf("no rule proposes a kernel\n");
        return;
    }
    candidate_text(c, knobs, sizeof(knobs));
    printf("%s: %s %s, ", c->rule, c->family->name, knobs);
    if (isfinite(ns))
        printf("%.2f us\n", ns / 1e3);
    else
        printf("not timed\n");
}

const char *percent_text(double share, char out[32])
{
    if (isfinite(share))
        snprintf(out, 32, "%.1f %%", 100 * share);
    else
        snprintf(out, 32, "unknown");
    return out;
}
