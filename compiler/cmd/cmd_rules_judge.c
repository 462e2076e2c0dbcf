// gnnac rules regret|diff: what rules cost, by what was timed earlier.
#include "cmd/cmd_rules.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "cli/requests.h"
#include "tune/variant.h"

// ---- regret -----------------------------------------------------------------

// Two ways to use rules: without a GPU, and with a tuner behind them.
struct score {
    struct regrets pick, reach;
};

struct rule_score {
    const char *rule;
    struct score score;
};

struct scores {
    struct score all;
    size_t n_rules;
    struct rule_score rules[MAX_TRACES + 1]; // by the rule of the pick
};

static void add_verdict(struct score *s, const struct workload *w,
                        const struct verdict *v)
{
    regrets_add(&s->pick, regret_of(w, v->pick_ns));
    regrets_add(&s->reach, regret_of(w, v->reach_ns));
}

static struct score *score_of_rule(struct scores *s, const char *rule)
{
    size_t i = 0;
    while (i < s->n_rules && strcmp(s->rules[i].rule, rule) != 0)
        i++;
    if (i == s->n_rules)
        s->rules[s->n_rules++].rule = rule;
    return &s->rules[i].score;
}

static void add_all(struct scores *s, const struct evidence *e,
                    const struct verdict *v)
{
    for (size_t i = 0; i < e->n; i++) {
        if (!workload_is_known(&e->items[i]))
            continue;
        add_verdict(&s->all, &e->items[i], &v[i]);
        if (v[i].pick.family)
            add_verdict(score_of_rule(s, v[i].pick.rule), &e->items[i], &v[i]);
    }
}

static void print_regrets(const char *what, const struct regrets *r)
{
    char mean[32], worst[32];
    printf("%-22s %9zu %6zu %9s %9s %9zu\n", what, r->n, r->n_known,
           percent_text(regrets_mean(r), mean),
           percent_text(r->n_known ? r->worst : NAN, worst), r->n_above_5);
}

static void print_scores(const struct scores *s)
{
    printf("%-22s %9s %6s %9s %9s %9s\n", "", "workloads", "timed", "mean",
           "worst", "above 5 %");
    print_regrets("the rules' pick", &s->all.pick);
    print_regrets("best of all proposed", &s->all.reach);
    printf("the pick, by the rule that decides\n");
    for (size_t i = 0; i < s->n_rules; i++) {
        char name[70];
        snprintf(name, sizeof(name), "  %s", s->rules[i].rule);
        print_regrets(name, &s->rules[i].score.pick);
    }
}

static json_t *regrets_json(const struct regrets *r)
{
    return json_pack("{s:I, s:I, s:o, s:o, s:I}", "workloads", (json_int_t)r->n,
                     "timed", (json_int_t)r->n_known, "mean",
                     real_json(regrets_mean(r)), "worst",
                     real_json(r->n_known ? r->worst : NAN), "above_5_percent",
                     (json_int_t)r->n_above_5);
}

static json_t *verdict_json(const struct workload *w, const struct verdict *v)
{
    return json_pack("{s:o, s:{s:s, s:s, s:f}, s:o, s:o, s:o, s:o}", "workload",
                     workload_json(w), "best", "template",
                     workload_best(w)->family, "knobs", workload_best(w)->knobs,
                     "median_ns", workload_best(w)->ns, "pick",
                     point_json(&v->pick, v->pick_ns), "pick_regret",
                     real_json(regret_of(w, v->pick_ns)), "reach",
                     point_json(&v->reach, v->reach_ns), "reach_regret",
                     real_json(regret_of(w, v->reach_ns)));
}

static json_t *scores_json(const struct scores *s, const struct evidence *e,
                           const struct verdict *v)
{
    json_t *rules = json_object(), *list = json_array();
    for (size_t i = 0; i < s->n_rules; i++)
        json_object_set_new(rules, s->rules[i].rule,
                            regrets_json(&s->rules[i].score.pick));
    for (size_t i = 0; i < e->n; i++)
        if (workload_is_known(&e->items[i]))
            json_array_append_new(list, verdict_json(&e->items[i], &v[i]));
    return json_pack("{s:o, s:o, s:o, s:o}", "pick", regrets_json(&s->all.pick),
                     "reach", regrets_json(&s->all.reach), "rules", rules,
                     "workloads", list);
}

gnnac_status rules_regret(const struct options *o, gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    struct court_room room = {0};
    struct verdict *v = NULL;
    struct scores *s = calloc(1, sizeof(*s));
    const char *const *files;
    size_t n = rules_files_or_default(o, &files);
    if (!s)
        return FAIL(err, GNNAC_ENOMEM, "out of memory");
    TRY(court_open(o, &room, err));
    TRY(court_hear(&room, files, n, &v, err));
    add_all(s, &room.evidence, v);
    if (o->json)
        TRY(print_json_line(scores_json(s, &room.evidence, v), err));
    else if (room.n_known == 0)
        log_info("nothing was timed that rules could be judged by");
    else
        print_scores(s);
out:
    free(v);
    free(s);
    court_close(&room);
    return st;
}

// ---- diff -------------------------------------------------------------------

// What a change of rules does to the picks (or to what a tuner would reach).
struct change {
    size_t n, n_faster, n_slower, n_unknown; // n: of different points
    double sum_log; // of new / old, where both are known
};

static void add_change(struct change *c, const struct candidate *a,
                       double old_ns, const struct candidate *b, double new_ns)
{
    if (candidate_same_point(a, b))
        return;
    c->n++;
    if (isnan(old_ns) || isnan(new_ns)) {
        c->n_unknown++;
        return;
    }
    c->n_faster += new_ns < old_ns;
    c->n_slower += new_ns > old_ns;
    c->sum_log += log(new_ns / old_ns);
}

static double mean_change(const struct change *c)
{
    size_t known = c->n - c->n_unknown;
    return known ? expm1(c->sum_log / (double)known) : NAN;
}

static void print_effect(double old_ns, double new_ns)
{
    if (isnan(old_ns) || isnan(new_ns))
        printf("    gain or loss unknown: not both were timed\n");
    else
        printf("    %.1f %% %s\n", 100 * fabs(new_ns / old_ns - 1),
               new_ns <= old_ns ? "faster" : "slower");
}

static void print_changed(const struct workload *w, const struct verdict *a,
                          const struct verdict *b)
{
    char name[640];
    workload_name(w, name, sizeof(name));
    printf("%s\n  - ", name);
    print_point(&a->pick, a->pick_ns);
    printf("  + ");
    print_point(&b->pick, b->pick_ns);
    print_effect(a->pick_ns, b->pick_ns);
}

static void print_summary(const char *what, const struct change *c,
                          size_t n_known)
{
    char mean[32];
    double m = mean_change(c);
    printf("%s: %zu of %zu change, %zu faster, %zu slower, %zu unknown", what,
           c->n, n_known, c->n_faster, c->n_slower, c->n_unknown);
    if (isfinite(m))
        printf("; time of the known ones %s%s", m > 0 ? "+" : "",
               percent_text(m, mean));
    printf("\n");
}

static json_t *change_json(const struct change *c)
{
    return json_pack(
        "{s:I, s:I, s:I, s:I, s:o}", "changed", (json_int_t)c->n, "faster",
        (json_int_t)c->n_faster, "slower", (json_int_t)c->n_slower, "unknown",
        (json_int_t)c->n_unknown, "mean_change", real_json(mean_change(c)));
}

static json_t *changed_json(const struct workload *w, const struct verdict *a,
                            const struct verdict *b)
{
    return json_pack("{s:o, s:{s:o, s:o}, s:{s:o, s:o}}", "workload",
                     workload_json(w), "old", "pick",
                     point_json(&a->pick, a->pick_ns), "reach",
                     point_json(&a->reach, a->reach_ns), "new", "pick",
                     point_json(&b->pick, b->pick_ns), "reach",
                     point_json(&b->reach, b->reach_ns));
}

struct comparison {
    const struct court_room *room;
    const struct verdict *before, *after;
    struct change pick, reach;
    json_t *list; // of the changed ones; NULL: print them
};

static void compare(struct comparison *c)
{
    for (size_t i = 0; i < c->room->evidence.n; i++) {
        const struct workload *w = &c->room->evidence.items[i];
        const struct verdict *a = &c->before[i], *b = &c->after[i];
        if (!workload_is_known(w))
            continue;
        add_change(&c->pick, &a->pick, a->pick_ns, &b->pick, b->pick_ns);
        add_change(&c->reach, &a->reach, a->reach_ns, &b->reach, b->reach_ns);
        bool same = candidate_same_point(&a->pick, &b->pick);
        if (c->list && !(same && candidate_same_point(&a->reach, &b->reach)))
            json_array_append_new(c->list, changed_json(w, a, b));
        else if (!c->list && !same)
            print_changed(w, a, b);
    }
}

static gnnac_status print_comparison(const struct comparison *c,
                                     gnnac_error *err)
{
    if (c->list)
        return print_json_line(json_pack("{s:I, s:o, s:o, s:O}", "workloads",
                                         (json_int_t)c->room->n_known, "pick",
                                         change_json(&c->pick), "reach",
                                         change_json(&c->reach), "changes",
                                         c->list),
                               err);
    print_summary("the rules' pick", &c->pick, c->room->n_known);
    print_summary("best of all proposed", &c->reach, c->room->n_known);
    return GNNAC_OK;
}

// --rules, then one file. The result is the caller's.
static gnnac_status hear_behind_base(const struct court_room *room,
                                     const struct options *o, const char *file,
                                     struct verdict **out, gnnac_error *err)
{
    const char *files[CLI_MAX_LIST + 1];
    size_t n = o->rules.n;
    memcpy(files, o->rules.items, n * sizeof(files[0]));
    files[n] = file;
    return court_hear(room, files, n + 1, out, err);
}

gnnac_status rules_diff(const struct options *o, gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    struct court_room room = {0};
    struct verdict *before = NULL, *after = NULL;
    struct comparison c = {.room = &room,
                           .list = o->json ? json_array() : NULL};
    TRY(court_open(o, &room, err));
    TRY(hear_behind_base(&room, o, o->args[1], &before, err));
    TRY(hear_behind_base(&room, o, o->args[2], &after, err));
    c.before = before;
    c.after = after;
    compare(&c);
    TRY(print_comparison(&c, err));
out:
    json_decref(c.list);
    free(before);
    free(after);
    court_close(&room);
    return st;
}
