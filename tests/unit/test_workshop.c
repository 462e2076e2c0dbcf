// What judges rules by recorded timings and learns them from it. The timings
// are made up (timings_fixture.h), so that what must come out is known.
#include "timings_fixture.h"
#include "test.h"
#include "tune/subjects.h"
#include "workshop/fit_write.h"
#include "workshop/judge.h"
#include "workshop/separate.h"
#include "workshop/tree.h"

static gnnac_error err;

// ---- databases --------------------------------------------------------------

static struct tunedb *database_of(const struct timings_request *rq)
{
    struct tunedb *db = NULL;
    err = (gnnac_error){{0}};
    CHECK_INT(tunedb_open(":memory:", &db, &err), GNNAC_OK);
    CHECK_INT(timings_fill(db, rq, &err), GNNAC_OK);
    CHECK_STR(err.msg, "");
    return db;
}

static struct evidence evidence_of(const struct timings_request *rq)
{
    struct evidence e = {0};
    struct tunedb *db = database_of(rq);
    CHECK_INT(evidence_load(db, &e, &err), GNNAC_OK);
    tunedb_close(db);
    return e;
}

// One run of one question, with the medians given; negative: it failed.
static void put_run(struct tunedb *db, const char *op, const char *toolchain,
                    const char *const *knobs, const double *ns, size_t n)
{
    struct measurement_row rows[8];
    const struct decision_key key = {"0123456789abcdef0123456789abcdef", op,
                                     SYNTHETIC_DEVICE, toolchain, "space"};
    for (size_t i = 0; i < n; i++)
        rows[i] = (struct measurement_row){.family = "row_split",
                                           .knobs = knobs[i],
                                           .status = ns[i] < 0 ? "compile_error"
                                                               : "ok",
                                           .n_samples = 1,
                                           .median_ns = ns[i] < 0 ? NAN : ns[i],
                                           .p20_ns = NAN,
                                           .p80_ns = NAN,
                                           .max_error = NAN,
                                           .registers = -1,
                                           .spill_bytes = -1};
    CHECK_INT(tunedb_put_measurements(db, &key, rows, n, &err), GNNAC_OK);
}

static const char width_8[] =
    "v1 aggregate f32 layer=0/gcn in=8 out=8 dim=8 pitch=8,8,8 norm=gcn "
    "self=gcn bias=1 act=relu offset=32 forward";

// ---- evidence ---------------------------------------------------------------

TEST(every_timed_question_becomes_a_workload_with_its_properties)
{
    struct evidence e = evidence_of(&(struct timings_request){.n_graphs = 6});
    CHECK_INT(e.n, 6 * N_TIMINGS_WIDTHS);
    CHECK_INT(e.n_graphs, 6);
    for (size_t i = 0; i < e.n; i++) {
        const struct workload *w = &e.items[i];
        CHECK(workload_is_known(w));
        CHECK(w->n_timed == w->n_points && w->n_points > 9);
        CHECK_INT(workload_number(w, "layer.agg_dim"), w->op.spec.dim);
        CHECK(workload_number(w, "graph.edges") > 1000);
        CHECK_INT(workload_number(w, "device.arch"), 90);
        CHECK(isnan(workload_number(w, "graph.nonsense")));
        for (size_t p = 1; p < w->n_timed; p++)
            CHECK(w->points[p - 1].ns <= w->points[p].ns);
    }
    evidence_finish(&e);
}

TEST(graphs_without_recorded_properties_are_unknown_not_forgotten)
{
    struct evidence e = evidence_of(
        &(struct timings_request){.n_graphs = 2, .no_properties = true});
    CHECK_INT(e.n, 2 * N_TIMINGS_WIDTHS);
    for (size_t i = 0; i < e.n; i++)
        CHECK(!workload_is_known(&e.items[i]));
    evidence_finish(&e);
}

TEST(points_are_sorted_and_failures_stand_last)
{
    static const char *const knobs[] = {"a=1", "a=2", "a=3"};
    static const double ns[] = {500, -1, 400};
    struct evidence e = {0};
    struct tunedb *db = NULL;
    CHECK_INT(tunedb_open(":memory:", &db, &err), GNNAC_OK);
    put_run(db, width_8, "t", knobs, ns, 3);
    CHECK_INT(evidence_load(db, &e, &err), GNNAC_OK);
    CHECK_INT(e.n, 1);
    CHECK_INT(e.items[0].n_points, 3);
    CHECK_INT(e.items[0].n_timed, 2);
    CHECK_STR(workload_best(&e.items[0])->knobs, "a=3");
    CHECK(isnan(workload_point(&e.items[0], "row_split", "a=2")->ns));
    CHECK(!workload_point(&e.items[0], "row_split", "a=4"));
    CHECK(!workload_point(&e.items[0], "narrow", "a=1"));
    evidence_finish(&e);
    tunedb_close(db);
}

TEST(compilers_are_kept_apart_and_what_was_not_timed_is_left_out)
{
    static const char *const knobs[] = {"a=1"};
    static const double ns[] = {500}, failed[] = {-1};
    struct evidence e = {0};
    struct tunedb *db = NULL;
    CHECK_INT(tunedb_open(":memory:", &db, &err), GNNAC_OK);
    put_run(db, width_8, "nvrtc 1", knobs, ns, 1);
    put_run(db, width_8, "nvrtc 2", knobs, ns, 1);
    put_run(db, width_8, "nvrtc 3", knobs, failed, 1);
    put_run(db, "v2 something of another time", "nvrtc 1", knobs, ns, 1);
    CHECK_INT(evidence_load(db, &e, &err), GNNAC_OK);
    CHECK_INT(e.n, 2);
    evidence_finish(&e);
    tunedb_close(db);
}

TEST(a_recorded_device_is_taken_before_the_datasheet)
{
    static const char *const knobs[] = {"a=1"};
    static const double ns[] = {500};
    struct evidence e = {0};
    struct tunedb *db = NULL;
    struct device d;
    struct props p = {0};
    device_typical(90, &d);
    strcpy(d.name, "synthetic");
    d.sm_count = 77;
    device_props(&d, &p);
    CHECK_INT(tunedb_open(":memory:", &db, &err), GNNAC_OK);
    put_run(db, width_8, "t", knobs, ns, 1);
    CHECK_INT(
        analysis_remember(db, "subject v1 device=" SYNTHETIC_DEVICE, &p, &err),
        GNNAC_OK);
    CHECK_INT(evidence_load(db, &e, &err), GNNAC_OK);
    CHECK_INT(e.n, 1);
    CHECK(e.items[0].device->measured);
    CHECK_INT(e.items[0].device->device.sm_count, 77);
    CHECK_INT(workload_number(&e.items[0], "device.sm_count"), 77);
    evidence_finish(&e);
    p.n--;
    CHECK(!device_from_props(&p, &d));
    tunedb_close(db);
}

// ---- judging ----------------------------------------------------------------

static struct catalog *open_catalog(void)
{
    char path[600];
    const char *dirs[] = {path};
    struct catalog *c = NULL;
    snprintf(path, sizeof(path), "%s/templates", getenv("GNNAC_SOURCE_ROOT"));
    CHECK_INT(catalog_open(dirs, 1, &c, &err), GNNAC_OK);
    return c;
}

static struct verdict *judge_text(struct catalog *c, const struct evidence *e,
                                  const char *text)
{
    struct ruleset *rs = NULL;
    struct verdict *v = calloc(e->n, sizeof(*v));
    CHECK_INT(ruleset_create(catalog_families(c), &rs, &err), GNNAC_OK);
    CHECK_INT(ruleset_load_text(rs, "t.lua", text, strlen(text), &err),
              GNNAC_OK);
    CHECK_INT(judge_all(rs, c, e, v, &err), GNNAC_OK);
    ruleset_destroy(rs);
    return v;
}

TEST(regret_is_the_time_lost_against_the_fastest_point)
{
    struct catalog *c = open_catalog();
    struct evidence e = evidence_of(&(struct timings_request){.n_graphs = 3});
    struct verdict *v = judge_text(
        c, &e,
        "rule 'one' { when = function() return true end, choose = { template "
        "= 'row_split', dimWorker = 4, edgeWorker = 4 }, why = 'x' }");
    for (size_t i = 0; i < e.n; i++) {
        const struct timed_point *p =
            workload_point(&e.items[i], "row_split",
                           "dimWorker=4 edgeWorker=4 vec=1 coarsen=1 unroll=4 "
                           "warpPerBlock=4");
        CHECK(p && v[i].pick_ns == p->ns && v[i].reach_ns == p->ns);
        CHECK_NEAR(regret_of(&e.items[i], v[i].pick_ns),
                   p->ns / workload_best(&e.items[i])->ns - 1, 1e-12);
        CHECK_INT(v[i].n_proposed, 1);
    }
    free(v);
    evidence_finish(&e);
    catalog_close(c);
}

TEST(what_nobody_timed_is_unknown_and_what_nobody_proposes_is_said)
{
    struct catalog *c = open_catalog();
    struct evidence e = evidence_of(&(struct timings_request){.n_graphs = 3});
    struct verdict *v = judge_text(
        c, &e,
        "rule 'odd' { when = function(g, l) return l.agg_dim == 16 end, choose "
        "= { template = 'row_split', unroll = 7 }, why = 'x' }");
    for (size_t i = 0; i < e.n; i++) {
        bool asked = e.items[i].op.spec.dim == 16;
        CHECK((v[i].pick.family != NULL) == asked);
        CHECK(isnan(v[i].pick_ns) && isnan(v[i].reach_ns));
        CHECK_INT(v[i].n_timed, 0);
    }
    free(v);
    evidence_finish(&e);
    catalog_close(c);
}

TEST(the_fastest_proposal_is_what_a_tuner_would_reach)
{
    struct catalog *c = open_catalog();
    struct evidence e = evidence_of(&(struct timings_request){.n_graphs = 3});
    struct verdict *v = judge_text(
        c, &e,
        "rule 'first' { when = function() return true end, choose = { template "
        "= 'row_split', dimWorker = 32, edgeWorker = 1 }, why = 'x', priority "
        "= 9 }\n"
        "rule 'second' { when = function() return true end, choose = { "
        "template = 'edge_balanced', edgesPerWarp = 128, dimWorker = {4, 16, "
        "32} }, why = 'x' }");
    for (size_t i = 0; i < e.n; i++) {
        CHECK_STR(v[i].pick.rule, "first");
        CHECK(v[i].reach_ns <= v[i].pick_ns);
        CHECK_INT(v[i].n_timed, 4);
    }
    CHECK_STR(v[N_TIMINGS_WIDTHS].reach.rule, "second"); // a graph with hubs
    free(v);
    evidence_finish(&e);
    catalog_close(c);
}

TEST(regrets_are_counted_known_and_unknown)
{
    struct regrets r = {0};
    CHECK(isnan(regrets_mean(&r)));
    regrets_add(&r, 0);
    regrets_add(&r, 0.21);
    regrets_add(&r, NAN);
    CHECK_INT(r.n, 3);
    CHECK_INT(r.n_known, 2);
    CHECK_INT(r.n_above_5, 1);
    CHECK_NEAR(regrets_mean(&r), 0.1, 1e-9);
    CHECK_NEAR(r.worst, 0.21, 1e-9);
}

// ---- separation -------------------------------------------------------------

TEST(a_cut_has_the_fewest_digits_that_tell_the_sides_apart)
{
    CHECK_NEAR(plain_between(1, 3), 2, 0);
    CHECK_NEAR(plain_between(16, 64), 40, 0);
    CHECK_NEAR(plain_between(0.31, 0.33), 0.32, 1e-12);
    CHECK_NEAR(plain_between(1000, 1000.25), 1000, 0);
    for (int i = 0; i < 2000; i++) {
        double low = exp(20 * sin(i)) * (i % 2 ? 1 : -1);
        double high = low + fabs(low) * exp(-20 - 15 * cos(i));
        if (!(low < high))
            continue;
        double t = plain_between(low, high);
        CHECK(low <= t && t < high);
    }
    CHECK_NEAR(plain_between(1, nextafter(1, 2)), 1, 0);
}

TEST(the_property_that_tells_hubs_from_the_rest_is_found)
{
    struct evidence e = evidence_of(&(struct timings_request){.n_graphs = 9});
    const struct workload **w = calloc(e.n, sizeof(*w));
    bool *marked = calloc(e.n, sizeof(*marked));
    struct separation by[3];
    gnnac_status st;
    for (size_t i = 0; i < e.n; i++) {
        w[i] = &e.items[i];
        marked[i] = workload_number(w[i], "graph.degree.cv") > 1;
    }
    CHECK_INT(separate(w, marked, e.n, by, 3, &st), 3);
    CHECK_INT(st, GNNAC_OK);
    CHECK_STR(by[0].cut.name, "graph.degree.max");
    CHECK(by[0].above);
    for (int i = 0; i < 3; i++) {
        CHECK_INT(by[i].n_marked, 3 * N_TIMINGS_WIDTHS);
        CHECK_INT(by[i].n_others, 0);
    }
    memset(marked, 0, e.n * sizeof(*marked));
    CHECK_INT(separate(w, marked, e.n, by, 3, &st), 0);
    free(w);
    free(marked);
    evidence_finish(&e);
}

// ---- learning ---------------------------------------------------------------

static struct lesson lesson_from(const struct evidence *e, struct catalog *c)
{
    struct lesson l = {0};
    CHECK_INT(lesson_of(e, catalog_families(c), &l, &err), GNNAC_OK);
    return l;
}

TEST(the_tree_finds_what_the_formula_hides)
{
    struct catalog *c = open_catalog();
    struct evidence e = evidence_of(&(struct timings_request){.n_graphs = 18});
    struct lesson l = lesson_from(&e, c);
    struct tree t = {0};
    CHECK_INT(l.n, e.n);
    CHECK_INT(l.n_graphs, 18);
    CHECK_INT(tree_grow(&l, NULL, &t, &err), GNNAC_OK);
    CHECK(t.n_leaves > 3);
    for (size_t i = 0; i < l.n; i++) {
        const struct tree_node *leaf = tree_find(&t, t.n_leaves, l.w[i]);
        const char *family = l.points[leaf->point].family->name;
        bool hubs = workload_number(l.w[i], "graph.degree.cv") > 1;
        bool dense = workload_number(l.w[i], "graph.degree.mean") > 50;
        CHECK_STR(family, hubs    ? "edge_balanced"
                          : dense ? "neighbor_group"
                                  : "row_split");
    }
    CHECK(tree_loss(&t, t.n_leaves, &l, NULL, true) <
          tree_loss(&t, 2, &l, NULL, true));
    tree_finish(&t);
    lesson_finish(&l);
    evidence_finish(&e);
    catalog_close(c);
}

TEST(every_leaf_rests_on_several_graphs_and_every_workload_has_one)
{
    struct catalog *c = open_catalog();
    struct evidence e = evidence_of(&(struct timings_request){.n_graphs = 12});
    struct lesson l = lesson_from(&e, c);
    struct tree t = {0};
    CHECK_INT(tree_grow(&l, NULL, &t, &err), GNNAC_OK);
    for (size_t k = 1; k <= t.n_leaves; k++) {
        size_t n = 0, leaves = 0;
        for (size_t i = 0; i < t.n_nodes; i++) {
            const struct tree_node *node = &t.nodes[i];
            CHECK(node->n >= 4);
            CHECK(lesson_graphs(&l, node->members, node->n) >= 2);
        }
        for (size_t i = 0; i < l.n; i++)
            n += tree_find(&t, k, l.w[i]) != NULL;
        for (size_t i = 0; i < t.n_nodes; i++)
            for (size_t p = 0; p < l.n; p++)
                if (tree_find(&t, k, l.w[p]) == &t.nodes[i]) {
                    leaves++;
                    break;
                }
        CHECK_INT(n, l.n);
        CHECK_INT(leaves, k);
    }
    tree_finish(&t);
    lesson_finish(&l);
    evidence_finish(&e);
    catalog_close(c);
}

TEST(cross_validation_never_sees_the_graph_it_is_judged_by)
{
    struct catalog *c = open_catalog();
    struct evidence e = evidence_of(&(struct timings_request){.n_graphs = 12});
    struct lesson l = lesson_from(&e, c);
    struct tree t = {0};
    double losses[MAX_LEAVES];
    CHECK_INT(tree_cross_validate(&l, losses, &err), GNNAC_OK);
    CHECK_INT(tree_grow(&l, NULL, &t, &err), GNNAC_OK);
    size_t k = tree_fewest_leaves(losses);
    CHECK(k >= 1 && k <= MAX_LEAVES);
    // What was seen is never judged worse than what was not.
    CHECK(tree_loss(&t, MAX_LEAVES, &l, NULL, true) <=
          losses[MAX_LEAVES - 1] + 1e-12);
    CHECK(losses[k - 1] < losses[0]);
    tree_finish(&t);
    lesson_finish(&l);
    evidence_finish(&e);
    catalog_close(c);
}

TEST(the_simplest_tree_that_is_nearly_the_best_is_taken)
{
    double losses[MAX_LEAVES] = {0.2, 0.1, 0.05, 0.0495, 0.06, 0.07, 0.08, 0.1};
    CHECK_INT(tree_fewest_leaves(losses), 3);
    losses[0] = 0.05;
    CHECK_INT(tree_fewest_leaves(losses), 1);
    losses[0] = losses[7] = 0;
    CHECK_INT(tree_fewest_leaves(losses), 1);
}

static char *written(struct catalog *c, int n_graphs)
{
    struct evidence e =
        evidence_of(&(struct timings_request){.n_graphs = n_graphs});
    struct lesson l = lesson_from(&e, c);
    struct tree t = {0};
    struct fit_report r = {0};
    char *text = NULL;
    size_t n_bytes;
    FILE *out = open_memstream(&text, &n_bytes);
    CHECK_INT(tree_cross_validate(&l, r.losses, &err), GNNAC_OK);
    CHECK_INT(tree_grow(&l, NULL, &t, &err), GNNAC_OK);
    r.n_leaves = t.n_leaves;
    fit_write(&l, &t, &r, out);
    fclose(out);
    tree_finish(&t);
    lesson_finish(&l);
    evidence_finish(&e);
    return text;
}

TEST(what_is_learnt_is_a_rule_file_that_passes_its_own_tests)
{
    struct catalog *c = open_catalog();
    for (int n = 6; n <= 18; n += 6) {
        char *text = written(c, n), *again = written(c, n);
        struct ruleset *rs = NULL;
        struct rule_test_result result;
        CHECK_STR(text, again);
        CHECK_INT(ruleset_create(catalog_families(c), &rs, &err), GNNAC_OK);
        CHECK_INT(ruleset_load_text(rs, "fit.lua", text, strlen(text), &err),
                  GNNAC_OK);
        CHECK_STR(err.msg, "");
        CHECK_INT(ruleset_probe(rs, &err), GNNAC_OK);
        CHECK_INT(ruleset_test(rs, &result, &err), GNNAC_OK);
        CHECK_STR(result.report, "");
        CHECK(result.n_passed > 1);
        ruleset_destroy(rs);
        free(text);
        free(again);
    }
    catalog_close(c);
}

TEST(texts_of_a_database_cannot_write_rules)
{
    struct catalog *c = open_catalog();
    struct evidence e = evidence_of(&(struct timings_request){.n_graphs = 6});
    strcpy(e.devices[0]->text, "x\nrule 'evil' { } --");
    for (size_t i = 0; i < e.n_graphs; i++)
        strcpy(e.graphs[i]->fingerprint, "\"{}\nrule");
    struct lesson l = lesson_from(&e, c);
    struct tree t = {0};
    struct fit_report r = {.n_leaves = 2};
    char *text = NULL;
    size_t n_bytes;
    FILE *out = open_memstream(&text, &n_bytes);
    CHECK_INT(tree_grow(&l, NULL, &t, &err), GNNAC_OK);
    fit_write(&l, &t, &r, out);
    fclose(out);
    CHECK_HAS(text, "x?rule ?evil?");
    CHECK_HAS(text, "as on graph ????rule\" {");
    CHECK(!strstr(text, "\nrule 'evil'"));
    free(text);
    tree_finish(&t);
    lesson_finish(&l);
    evidence_finish(&e);
    catalog_close(c);
}

int main(void)
{
    RUN(every_timed_question_becomes_a_workload_with_its_properties);
    RUN(graphs_without_recorded_properties_are_unknown_not_forgotten);
    RUN(points_are_sorted_and_failures_stand_last);
    RUN(compilers_are_kept_apart_and_what_was_not_timed_is_left_out);
    RUN(a_recorded_device_is_taken_before_the_datasheet);
    RUN(regret_is_the_time_lost_against_the_fastest_point);
    RUN(what_nobody_timed_is_unknown_and_what_nobody_proposes_is_said);
    RUN(the_fastest_proposal_is_what_a_tuner_would_reach);
    RUN(regrets_are_counted_known_and_unknown);
    RUN(a_cut_has_the_fewest_digits_that_tell_the_sides_apart);
    RUN(the_property_that_tells_hubs_from_the_rest_is_found);
    RUN(the_tree_finds_what_the_formula_hides);
    RUN(every_leaf_rests_on_several_graphs_and_every_workload_has_one);
    RUN(cross_validation_never_sees_the_graph_it_is_judged_by);
    RUN(the_simplest_tree_that_is_nearly_the_best_is_taken);
    RUN(what_is_learnt_is_a_rule_file_that_passes_its_own_tests);
    RUN(texts_of_a_database_cannot_write_rules);
    return test_done();
}
