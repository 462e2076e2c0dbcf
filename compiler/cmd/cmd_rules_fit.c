// gnnac rules fit: learn a small decision tree from what was timed and write it
// as a rule file.
#include "cmd/cmd_rules.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/log.h"
#include "cli/requests.h"
#include "workshop/fit_write.h"

enum { MIN_WORKLOADS = 12, MIN_GRAPHS = 4 };

static gnnac_status check_lesson(const struct lesson *l, gnnac_error *err)
{
    if (l->n >= MIN_WORKLOADS && l->n_graphs >= MIN_GRAPHS && l->n_points > 0)
        return GNNAC_OK;
    return FAIL(err, GNNAC_EDB,
                "too little to learn from: rules fit needs %d workloads of %d "
                "graphs, each with known properties and two timed points or "
                "more; there are %zu of %zu",
                MIN_WORKLOADS, MIN_GRAPHS, l->n, l->n_graphs);
}

static void measure_tree(const struct lesson *l, const struct tree *t,
                         struct fit_report *r)
{
    for (size_t i = 0; i < l->n; i++) {
        size_t point = tree_find(t, r->n_leaves, l->w[i])->point;
        regrets_add(&r->learnt, loss_to_regret(lesson_loss(l, i, point)));
    }
}

static gnnac_status measure_shipped(const struct court_room *room,
                                    const struct lesson *l,
                                    struct fit_report *r, gnnac_error *err)
{
    static const char *const shipped[] = {"default"};
    struct verdict *v = NULL;
    gnnac_status st = court_hear(room, shipped, 1, &v, err);
    for (size_t i = 0; st == GNNAC_OK && i < l->n; i++) {
        size_t at = (size_t)(l->w[i] - room->evidence.items);
        regrets_add(&r->shipped, regret_of(l->w[i], v[at].pick_ns));
    }
    free(v);
    return st;
}

// What is written must be a rule file without mistakes that passes its tests.
static gnnac_status check_text(const struct catalog *c, const char *path,
                               const char *text, size_t n_bytes,
                               gnnac_error *err)
{
    struct ruleset *rs = NULL;
    struct rule_test_result result = {0};
    gnnac_error mine = {{0}};
    gnnac_status st = ruleset_create(catalog_families(c), &rs, &mine);
    if (st == GNNAC_OK)
        st = ruleset_load_text(rs, path, text, n_bytes, &mine);
    if (st == GNNAC_OK)
        st = ruleset_test(rs, &result, &mine);
    ruleset_destroy(rs);
    if (st == GNNAC_OK && result.n_failed == 0)
        return GNNAC_OK;
    return FAIL(err, st == GNNAC_ENOMEM ? st : GNNAC_EINTERNAL,
                "the learnt rules are faulty: %s%s", mine.msg, result.report);
}

static gnnac_status save(const struct options *o, const struct catalog *c,
                         const struct lesson *l, const struct tree *t,
                         const struct fit_report *r, gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    struct atomic_file f = {0};
    char *text = NULL;
    size_t n_bytes = 0;
    FILE *m = open_memstream(&text, &n_bytes);
    if (m)
        fit_write(l, t, r, m);
    if (!m || fclose(m) != 0) {
        free(text);
        return FAIL(err, GNNAC_ENOMEM, "out of memory");
    }
    TRY(check_text(c, o->output, text, n_bytes, err));
    TRY(atomic_open(o->output, &f, err));
    fwrite(text, 1, n_bytes, f.out); // errors show at commit
    TRY(atomic_commit(&f, err));
out:
    atomic_abandon(&f);
    free(text);
    return st;
}

static gnnac_status print_fit(const struct options *o, const struct lesson *l,
                              const struct fit_report *r, gnnac_error *err)
{
    double crossed = loss_to_regret(r->losses[r->n_leaves - 1]);
    double learnt = regrets_mean(&r->learnt);
    double shipped = regrets_mean(&r->shipped);
    char a[32], b[32], c[32];
    if (o->json)
        return print_json_line(
            json_pack("{s:s, s:I, s:I, s:I, s:f, s:f, s:o}", "file", o->output,
                      "rules", (json_int_t)r->n_leaves, "workloads",
                      (json_int_t)l->n, "graphs", (json_int_t)l->n_graphs,
                      "regret", learnt, "cross_validated", crossed, "default",
                      real_json(shipped)),
            err);
    printf("%s: %zu rules from %zu workloads of %zu graphs\n"
           "time lost against the fastest timed point: %s; cross-validated "
           "%s; the default rules' picks %s\n",
           o->output, r->n_leaves, l->n, l->n_graphs, percent_text(learnt, a),
           percent_text(crossed, b), percent_text(shipped, c));
    return GNNAC_OK;
}

static gnnac_status learn(const struct options *o,
                          const struct court_room *room, const struct lesson *l,
                          gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    struct tree t = {0};
    struct fit_report r = {0};
    TRY(check_lesson(l, err));
    TRY(tree_cross_validate(l, r.losses, err));
    TRY(tree_grow(l, NULL, &t, err));
    r.n_leaves = tree_fewest_leaves(r.losses);
    if (r.n_leaves > t.n_leaves)
        r.n_leaves = t.n_leaves;
    measure_tree(l, &t, &r);
    TRY(measure_shipped(room, l, &r, err));
    TRY(save(o, room->catalog, l, &t, &r, err));
    TRY(print_fit(o, l, &r, err));
    if (loss_to_regret(r.losses[r.n_leaves - 1]) >= regrets_mean(&r.shipped))
        log_warn("by cross-validation the default rules do as well: keep them, "
                 "or time more graphs");
out:
    tree_finish(&t);
    return st;
}

gnnac_status rules_fit(const struct options *o, gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    struct court_room room = {0};
    struct lesson l = {0};
    if (!o->output)
        return FAIL(err, GNNAC_EUSAGE, "rules fit needs -o FILE.lua");
    TRY(court_open(o, &room, err));
    TRY(lesson_of(&room.evidence, catalog_families(room.catalog), &l, err));
    TRY(learn(o, &room, &l, err));
out:
    lesson_finish(&l);
    court_close(&room);
    return st;
}
