#include "workshop/lint_state.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plan/schema.h"

enum { WALKS = 40, WALK_STEPS = 60, OTHER_OPS_EVERY = 63 };

static const struct {
    const char *name;
    bool warning;
} kinds[N_LINT_KINDS] = {
    [LINT_UNREACHABLE] = {"unreachable", true},
    [LINT_SHADOWED] = {"shadowed", true},
    [LINT_NEVER_VALID] = {"never-valid", true},
    [LINT_SILENT] = {"silent", true},
    [LINT_UNTESTED] = {"untested", true},
    [LINT_UNUSED_VALUE] = {"unused-value", true},
    [LINT_UNUSED_KNOB] = {"unused-knob", true},
    [LINT_NEVER_FIRST] = {"never-first", false},
};

const char *lint_kind_name(enum lint_kind k)
{
    return kinds[k].name;
}

bool lint_is_warning(enum lint_kind k)
{
    return kinds[k].warning;
}

// ---- the report -------------------------------------------------------------

void lint_add(struct lint_report *r, const struct sight *s, enum lint_kind kind,
              const char *fmt, ...)
{
    va_list ap;
    struct finding *grown = realloc(r->items, (r->n + 1) * sizeof(*grown));
    if (!grown) {
        r->incomplete = true;
        return;
    }
    r->items = grown;
    struct finding *f = &grown[r->n++];
    f->kind = kind;
    snprintf(f->rule, sizeof(f->rule), "%s", s->name);
    snprintf(f->where, sizeof(f->where), "%s", s->where);
    va_start(ap, fmt);
    vsnprintf(f->text, sizeof(f->text), fmt, ap);
    va_end(ap);
    r->n_warnings += kinds[kind].warning;
}

void lint_report_finish(struct lint_report *r)
{
    free(r->items);
    *r = (struct lint_report){0};
}

// ---- looking ----------------------------------------------------------------

struct sight *linter_find(struct linter *l, const char *rule)
{
    for (size_t i = 0; i < l->n; i++)
        if (strcmp(l->rules[i].name, rule) == 0)
            return &l->rules[i];
    return NULL;
}

static void see_read(struct sight *s, const char *name)
{
    for (size_t i = 0; i < s->n_reads; i++)
        if (strcmp(s->reads[i], name) == 0)
            return;
    if (s->n_reads < MAX_READS)
        snprintf(s->reads[s->n_reads++], sizeof(s->reads[0]), "%s", name);
}

// *first: no rule before this one has proposed anything.
static void see_trace(struct sight *s, const struct rule_trace *t, bool first)
{
    int valid = t->n_points - t->n_rejected;
    for (size_t i = 0; i < t->n_compared; i++)
        see_read(s, t->compared[i].name);
    s->n_matched += t->matched;
    s->n_fired += t->fired;
    s->n_with_points += t->n_points > 0;
    s->n_rejected += t->n_points > 0 && valid == 0;
    s->n_valid += valid > 0;
    s->n_taken += trace_n_taken(t) > 0;
    s->n_first += first && trace_n_taken(t) > 0;
}

static void see_decision(struct linter *l)
{
    bool first = true;
    for (size_t i = 0; i < l->decision->n_traces; i++) {
        const struct rule_trace *t = &l->decision->traces[i];
        struct sight *s = linter_find(l, t->rule);
        if (s)
            see_trace(s, t, first);
        first = first && trace_n_taken(t) == 0;
    }
}

// Ask about the probe. Where nothing is proposed, see the traces all the same.
static gnnac_status look(struct linter *l, const char *op, gnnac_error *err)
{
    gnnac_error mine = {{0}};
    l->n_probes++;
    gnnac_status st =
        ruleset_decide(l->whole, op, &l->probe->graph, &l->probe->layer,
                       &l->probe->device, l->decision, &mine);
    if (st != GNNAC_OK && st != GNNAC_ENOENT)
        return FAIL(err, st, "%s", mine.msg);
    see_decision(l);
    lint_try_queued(l);
    return GNNAC_OK;
}

// Every operation that some template serves, but for aggregations.
static gnnac_status look_at_other_ops(struct linter *l, gnnac_error *err)
{
    const struct family_list *f = catalog_families(l->catalog);
    gnnac_status st = GNNAC_OK;
    for (size_t i = 0; i < f->n && st == GNNAC_OK; i++)
        if (strcmp(f->items[i].op, "aggregate") != 0)
            st = look(l, f->items[i].op, err);
    return st;
}

static gnnac_status look_along_grid(struct linter *l, gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    for (size_t i = 0; st == GNNAC_OK && probe_at(i, l->probe); i++) {
        st = look(l, "aggregate", err);
        if (st == GNNAC_OK && i % OTHER_OPS_EVERY == 0)
            st = look_at_other_ops(l, err);
    }
    return st;
}

// ---- walks ------------------------------------------------------------------

// How many properties the rule read, and whether it held: `and` reads on.
static size_t depth_of(const struct linter *l, const char *rule, bool *matched)
{
    *matched = false;
    for (size_t i = 0; i < l->decision->n_traces; i++) {
        const struct rule_trace *t = &l->decision->traces[i];
        if (strcmp(t->rule, rule) != 0)
            continue;
        *matched = t->matched;
        return t->n_compared;
    }
    return 0;
}

// From a probe of the grid on, change what the rule reads, and stay where it
// reads more, until it holds.
static gnnac_status walk(struct linter *l, struct sight *s,
                         const struct dictionary *d, struct dice *dice,
                         gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    bool matched = false;
    size_t deepest = 0;
    struct probe *here = malloc(sizeof(*here));
    if (!here)
        return FAIL(err, GNNAC_ENOMEM, "out of memory");
    while (!probe_at(dice_roll(dice, 1024), here))
        ;
    for (int i = 0; i < WALK_STEPS && st == GNNAC_OK && !matched; i++) {
        *l->probe = *here;
        for (size_t k = 0; s->n_reads && k <= dice_roll(dice, 3); k++)
            probe_change(l->probe, s->reads[dice_roll(dice, s->n_reads)], d,
                         dice);
        st = look(l, "aggregate", err);
        size_t depth = depth_of(l, s->name, &matched);
        if (depth >= deepest)
            *here = *l->probe;
        deepest = depth > deepest ? depth : deepest;
    }
    free(here);
    return st;
}

static gnnac_status walk_to_unreached(struct linter *l, const char *text,
                                      gnnac_error *err)
{
    struct dictionary d;
    struct dice dice = {1};
    gnnac_status st = dictionary_of(text, &d, err);
    if (st != GNNAC_OK)
        return st;
    for (size_t i = 0; i < l->n; i++)
        for (int k = 0; k < WALKS && st == GNNAC_OK; k++)
            if (l->rules[i].n_matched == 0)
                st = walk(l, &l->rules[i], &d, &dice, err);
    dictionary_finish(&d);
    return st;
}

// ---- tests as probes --------------------------------------------------------

struct test_probes {
    struct linter *l;
    gnnac_status st;
    gnnac_error *err;
};

static void see_test(void *context, const struct test_run *t)
{
    struct test_probes *p = context;
    struct linter *l = p->l;
    for (size_t i = 0; i < t->decision->n_traces; i++) {
        const struct rule_trace *trace = &t->decision->traces[i];
        struct sight *s = linter_find(l, trace->rule);
        if (s)
            s->tested = s->tested || trace->fired;
    }
    *l->probe = (struct probe){*t->graph, *t->layer, *t->device};
    if (p->st == GNNAC_OK)
        p->st = look(l, t->op, p->err);
}

static gnnac_status look_at_tests(struct linter *l, gnnac_error *err)
{
    struct test_probes p = {l, GNNAC_OK, err};
    gnnac_status st = ruleset_visit_tests(l->alone, see_test, &p, err);
    return st == GNNAC_OK ? p.st : st;
}

// ---- judging ----------------------------------------------------------------

static void judge_counts(const struct sight *s, size_t n_probes,
                         struct lint_report *r)
{
    if (s->n_matched == 0)
        lint_add(r, s, LINT_UNREACHABLE,
                 "its 'when' holds on none of %zu probed workloads", n_probes);
    else if (s->n_fired == 0)
        lint_add(r, s, LINT_SILENT,
                 "it holds and proposes nothing, for no operation");
    else if (s->n_with_points > 0 && s->n_rejected == s->n_with_points)
        lint_add(r, s, LINT_NEVER_VALID, "its limit rejects every point");
    else if (s->n_valid > 0 && !s->emitted)
        lint_add(r, s, LINT_NEVER_VALID, "its template refuses every point");
    else if (s->n_valid > 0 && s->n_taken == 0)
        lint_add(r, s, LINT_SHADOWED,
                 "rules before it have proposed all of its points");
    else if (s->n_valid > 0 && s->n_first == 0)
        lint_add(r, s, LINT_NEVER_FIRST,
                 "a rule before it always proposes, too: without a GPU it "
                 "decides nothing");
}

static void judge_rule(const struct sight *s, size_t n_probes,
                       struct lint_report *r)
{
    judge_counts(s, n_probes, r);
    if (!s->tested)
        lint_add(r, s, LINT_UNTESTED, "no test of the file makes it fire");
    lint_values(s, r);
}

// ---- the whole --------------------------------------------------------------

static gnnac_status open_linter(struct linter *l, gnnac_error *err)
{
    size_t n_tests;
    ruleset_counts(l->alone, &l->n, &n_tests);
    l->rules = calloc(l->n + 1, sizeof(*l->rules));
    l->probe = calloc(1, sizeof(*l->probe));
    l->decision = calloc(1, sizeof(*l->decision));
    if (!l->rules || !l->probe || !l->decision)
        return FAIL(err, GNNAC_ENOMEM, "out of memory");
    for (size_t i = 0; i < l->n; i++)
        ruleset_rule_at(l->alone, i, &l->rules[i].name, &l->rules[i].where);
    return GNNAC_OK;
}

gnnac_status lint(struct ruleset *alone, struct ruleset *whole,
                  struct catalog *catalog, const char *text,
                  struct lint_report *out, gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    struct linter *l = calloc(1, sizeof(*l));
    const struct point_watcher watcher = {l, lint_see_point};
    *out = (struct lint_report){0};
    if (!l)
        return FAIL(err, GNNAC_ENOMEM, "out of memory");
    l->alone = alone;
    l->whole = whole;
    l->catalog = catalog;
    ruleset_watch_points(whole, &watcher);
    TRY(open_linter(l, err));
    TRY(look_along_grid(l, err));
    TRY(look_at_tests(l, err));
    TRY(walk_to_unreached(l, text, err));
    for (size_t i = 0; i < l->n; i++)
        judge_rule(&l->rules[i], l->n_probes, out);
    out->n_rules = l->n;
    out->n_probes = l->n_probes;
    if (out->incomplete)
        st = FAIL(err, GNNAC_ENOMEM, "out of memory");
out:
    ruleset_watch_points(whole, NULL);
    free(l->rules);
    free(l->probe);
    free(l->decision);
    free(l);
    return st;
}
