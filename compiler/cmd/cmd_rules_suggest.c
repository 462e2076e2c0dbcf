// gnnac rules suggest: where rules lose most by what was timed, and what tells
// those workloads from the ones that the same rule serves well.
#include "cmd/cmd_rules.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "cli/requests.h"
#include "workshop/separate.h"

enum { N_WORST = 10, N_SEPARATIONS = 3 };
static const double bad_regret = 0.05; // more than noise and its 2 % rule

// A workload with a known regret.
struct case_at {
    const struct workload *w;
    const struct verdict *v;
    double regret;
};

struct docket {
    size_t n;
    struct case_at *cases; // the largest regret first
};

static int by_regret(const void *pa, const void *pb)
{
    const struct case_at *a = pa, *b = pb;
    if (a->regret != b->regret)
        return a->regret > b->regret ? -1 : 1;
    return (a->w > b->w) - (a->w < b->w);
}

static gnnac_status open_docket(const struct evidence *e,
                                const struct verdict *v, struct docket *out,
                                gnnac_error *err)
{
    *out = (struct docket){.cases = calloc(e->n + 1, sizeof(*out->cases))};
    if (!out->cases)
        return FAIL(err, GNNAC_ENOMEM, "out of memory");
    for (size_t i = 0; i < e->n; i++) {
        double regret = regret_of(&e->items[i], v[i].pick_ns);
        if (!isnan(regret))
            out->cases[out->n++] =
                (struct case_at){&e->items[i], &v[i], regret};
    }
    qsort(out->cases, out->n, sizeof(*out->cases), by_regret);
    return GNNAC_OK;
}

// ---- what separates ---------------------------------------------------------

// The cases of one rule: which it serves badly, and by what they are told.
struct complaint {
    const char *rule;
    size_t n, n_bad;
    double mean_bad;
    const char *instead; // template that is best on most of the bad ones
    size_t n_instead;
    struct separation by[N_SEPARATIONS];
    size_t n_by;
};

static void count_instead(const struct docket *d, struct complaint *c)
{
    for (size_t i = 0; i < d->n; i++) {
        const char *family = workload_best(d->cases[i].w)->family;
        size_t n = 0;
        for (size_t k = 0; k < d->n; k++)
            n += d->cases[k].regret > bad_regret &&
                 strcmp(d->cases[k].v->pick.rule, c->rule) == 0 &&
                 strcmp(workload_best(d->cases[k].w)->family, family) == 0;
        if (n > c->n_instead) {
            c->n_instead = n;
            c->instead = family;
        }
    }
}

static gnnac_status complain(const struct docket *d, const char *rule,
                             struct complaint *out, gnnac_error *err)
{
    gnnac_status st = GNNAC_ENOMEM;
    const struct workload **w = calloc(d->n + 1, sizeof(*w));
    bool *bad = calloc(d->n + 1, sizeof(*bad));
    struct regrets mean = {0};
    *out = (struct complaint){.rule = rule};
    for (size_t i = 0; w && bad && i < d->n; i++) {
        const struct case_at *c = &d->cases[i];
        if (strcmp(c->v->pick.rule, rule) != 0)
            continue;
        w[out->n] = c->w;
        bad[out->n] = c->regret > bad_regret;
        if (bad[out->n++])
            regrets_add(&mean, c->regret);
    }
    out->n_bad = mean.n;
    out->mean_bad = regrets_mean(&mean);
    if (w && bad)
        out->n_by = separate(w, bad, out->n, out->by, N_SEPARATIONS, &st);
    count_instead(d, out);
    free(w);
    free(bad);
    return st == GNNAC_OK ? st : FAIL(err, st, "out of memory");
}

static bool is_first_of_rule(const struct docket *d, size_t i)
{
    for (size_t k = 0; k < i; k++)
        if (strcmp(d->cases[k].v->pick.rule, d->cases[i].v->pick.rule) == 0)
            return false;
    return true;
}

// ---- printing ---------------------------------------------------------------

static void print_case(const struct case_at *c)
{
    char name[640], regret[32];
    const struct timed_point *best = workload_best(c->w);
    workload_name(c->w, name, sizeof(name));
    printf("%s slower than the best: %s\n    picks ",
           percent_text(c->regret, regret), name);
    print_point(&c->v->pick, c->v->pick_ns);
    printf("    best  %s %s, %.2f us%s\n", best->family, best->knobs,
           best->ns / 1e3,
           c->v->reach_ns <= best->ns ? " (a rule proposes it)" : "");
}

static json_t *case_json(const struct case_at *c)
{
    const struct timed_point *best = workload_best(c->w);
    return json_pack("{s:o, s:f, s:o, s:{s:s, s:s, s:f}, s:b}", "workload",
                     workload_json(c->w), "regret", c->regret, "pick",
                     point_json(&c->v->pick, c->v->pick_ns), "best", "template",
                     best->family, "knobs", best->knobs, "median_ns", best->ns,
                     "proposed", c->v->reach_ns <= best->ns);
}

static void print_complaint(const struct complaint *c)
{
    char mean[32];
    printf("rule %s: %zu of its %zu workloads lose more than 5 %% (mean %s); "
           "%s is best on %zu of them\n",
           c->rule, c->n_bad, c->n, percent_text(c->mean_bad, mean), c->instead,
           c->n_instead);
    for (size_t i = 0; i < c->n_by; i++) {
        const struct separation *s = &c->by[i];
        printf("    %s %s %.6g: %zu of %zu that lose, %zu of %zu others\n",
               s->cut.name, s->above ? ">" : "<=", s->cut.threshold,
               s->n_marked, c->n_bad, s->n_others, c->n - c->n_bad);
    }
    if (c->n_by == 0)
        printf("    no property tells them from the others\n");
}

static json_t *complaint_json(const struct complaint *c)
{
    json_t *by = json_array();
    for (size_t i = 0; i < c->n_by; i++)
        json_array_append_new(
            by, json_pack("{s:s, s:s, s:f, s:I, s:I}", "property",
                          c->by[i].cut.name, "side",
                          c->by[i].above ? ">" : "<=", "threshold",
                          c->by[i].cut.threshold, "losing",
                          (json_int_t)c->by[i].n_marked, "others",
                          (json_int_t)c->by[i].n_others));
    return json_pack("{s:s, s:I, s:I, s:f, s:s, s:o}", "rule", c->rule,
                     "workloads", (json_int_t)c->n, "losing",
                     (json_int_t)c->n_bad, "mean_regret", c->mean_bad,
                     "instead", c->instead, "separated_by", by);
}

// Each into its list; NULL: print.
static gnnac_status tell(const struct docket *d, json_t *worst,
                         json_t *complaints, gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    size_t n_bad = 0;
    while (n_bad < d->n && d->cases[n_bad].regret > bad_regret)
        n_bad++;
    for (size_t i = 0; i < n_bad && i < N_WORST; i++)
        if (worst)
            json_array_append_new(worst, case_json(&d->cases[i]));
        else
            print_case(&d->cases[i]);
    for (size_t i = 0; i < n_bad && st == GNNAC_OK; i++) {
        struct complaint c;
        if (!is_first_of_rule(d, i))
            continue;
        st = complain(d, d->cases[i].v->pick.rule, &c, err);
        if (st == GNNAC_OK && complaints)
            json_array_append_new(complaints, complaint_json(&c));
        else if (st == GNNAC_OK)
            print_complaint(&c);
    }
    if (n_bad == 0)
        log_info("of %zu timed picks none is more than 5 %% slower than the "
                 "best",
                 d->n);
    return st;
}

static gnnac_status tell_all(const struct docket *d, bool json,
                             gnnac_error *err)
{
    if (!json)
        return tell(d, NULL, NULL, err);
    json_t *worst = json_array(), *complaints = json_array();
    gnnac_status st = tell(d, worst, complaints, err);
    if (st == GNNAC_OK)
        st = print_json_line(json_pack("{s:I, s:O, s:O}", "workloads",
                                       (json_int_t)d->n, "worst", worst,
                                       "rules", complaints),
                             err);
    json_decref(worst);
    json_decref(complaints);
    return st;
}

gnnac_status rules_suggest(const struct options *o, gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    struct court_room room = {0};
    struct verdict *v = NULL;
    struct docket d = {0};
    const char *const *files;
    size_t n = rules_files_or_default(o, &files);
    TRY(court_open(o, &room, err));
    TRY(court_hear(&room, files, n, &v, err));
    TRY(open_docket(&room.evidence, v, &d, err));
    TRY(tell_all(&d, o->json, err));
out:
    free(d.cases);
    free(v);
    court_close(&room);
    return st;
}
