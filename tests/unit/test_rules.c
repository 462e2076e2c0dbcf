// The rule host: what rule files may say, what they propose, and how every
// mistake in one is reported.
#include <unistd.h>

#include "unit/rules_fixture.h"

#define ALWAYS "when = function() return true end, why = 'because'"

static struct decision d;

// Ask the rules of `text` about the properties set.
static gnnac_status decide(const char *text)
{
    return decide_by(text, &d);
}

// The message without the file's name.
static const char *message(void)
{
    const char *m = strstr(err.msg, ".lua:");
    return m ? m + 5 : err.msg;
}

static void expect_error(const char *text, const char *want)
{
    default_props();
    CHECK_INT(decide(text), GNNAC_EFORMAT);
    CHECK_STR(message(), want);
}

TEST(a_rule_proposes_the_product_of_its_lists)
{
    default_props();
    CHECK_INT(decide("rule 'a' { " ALWAYS ", choose = { template = "
                     "'neighbor_group', partSize = {8, 16}, warpPerBlock = "
                     "{2, 4, 8} } }"),
              GNNAC_OK);
    CHECK_INT(d.n_candidates, 6);
    static const int want[6][3] = {{8, 32, 2},  {8, 32, 4},  {8, 32, 8},
                                   {16, 32, 2}, {16, 32, 4}, {16, 32, 8}};
    for (size_t i = 0; i < 6; i++)
        for (size_t k = 0; k < 3; k++)
            CHECK_INT(d.candidates[i].values[k], want[i][k]);
    CHECK_STR(d.candidates[0].rule, "a");
    CHECK_STR(d.candidates[0].why, "because");
    CHECK_STR(d.candidates[0].where, "test.lua:1");
    CHECK_INT(candidate_get(&d.candidates[5], "partSize", -1), 16);
    CHECK_INT(candidate_get(&d.candidates[5], "nothing", -1), -1);
}

TEST(the_trace_says_what_was_read_and_what_happened)
{
    default_props();
    props_int(&graph, "graph.degree.max", 9000);
    CHECK_INT(
        decide(
            "rule 'hubs' {\n"
            "  when = function(g) return g.degree.max > 64 * g.degree.mean "
            "end,\n"
            "  choose = function(g, l) return { template = 'row_split', "
            "dimWorker = math.min(32, l.agg_dim), vec = {1, 2, 4} } end,\n"
            "  limit = function(p, g, l, dev) return p.vec > 1 and "
            "p.dimWorker * 8 <= dev.max_threads end,\n"
            "  why = 'hubs', priority = 5 }\n"
            "rule 'even' { when = function(g) return g.degree.cv < 0.1 end,\n"
            "  choose = { template = 'row_split' }, why = 'even' }\n"),
        GNNAC_OK);
    CHECK_INT(d.n_candidates, 2);
    CHECK_INT(d.n_traces, 2);
    const struct rule_trace *t = &d.traces[0];
    CHECK_STR(t->rule, "hubs");
    CHECK(t->fired);
    CHECK_INT(t->priority, 5);
    CHECK_STR(t->note, "limit rejected 1 of 3 points");
    CHECK_INT(t->n_compared, 4);
    CHECK_STR(t->compared[0].name, "graph.degree.max");
    CHECK_STR(t->compared[0].value, "9000");
    CHECK_STR(t->compared[1].value, "10");
    CHECK_STR(t->compared[2].name, "layer.agg_dim");
    CHECK_STR(t->compared[3].name, "device.max_threads");
    CHECK(!d.traces[1].fired);
    CHECK_HAS(d.traces[1].where, ".lua:6");
    CHECK_STR(d.traces[1].compared[0].value, "0.2");
}

TEST(rules_are_asked_by_priority_and_points_appear_once)
{
    default_props();
    CHECK_INT(decide("rule 'low' { " ALWAYS ", choose = { template = "
                     "'row_split', vec = {1, 2} } }"
                     "rule 'high' { " ALWAYS ", priority = 1.5, choose = { "
                     "template = 'row_split', vec = {2, 4} } }"),
              GNNAC_OK);
    CHECK_INT(d.n_candidates, 3);
    CHECK_STR(d.candidates[0].rule, "high");
    CHECK_INT(candidate_get(&d.candidates[0], "vec", 0), 2);
    CHECK_INT(candidate_get(&d.candidates[1], "vec", 0), 4);
    CHECK_STR(d.candidates[2].rule, "low");
    CHECK_STR(d.traces[1].note, "already proposed: 1 of 2 points");
}

TEST(where_atomics_are_barred_points_with_them_are_not_proposed)
{
    static struct family_list with_atomics;
    struct ruleset *rs = NULL;
    default_props();
    with_atomics = families;
    struct knob *last = &with_atomics.items[0].knobs[2];
    last->min = last->dflt = 0;
    last->atomics = INT64_MAX; // all values
    CHECK_INT(ruleset_create(&with_atomics, &rs, &err), GNNAC_OK);
    CHECK_INT(load_text(rs, "rule 'r' { " ALWAYS ", choose = { template = "
                            "'neighbor_group', warpPerBlock = {1, 0, 2} } }"),
              GNNAC_OK);
    CHECK_INT(
        ruleset_decide(rs, "aggregate", &graph, &layer, &device, &d, NULL),
        GNNAC_OK);
    CHECK_INT(d.n_candidates, 3);
    ruleset_bar_atomics(rs);
    CHECK_INT(
        ruleset_decide(rs, "aggregate", &graph, &layer, &device, &d, NULL),
        GNNAC_OK);
    CHECK_INT(d.n_candidates, 1);
    CHECK_INT(candidate_get(&d.candidates[0], "warpPerBlock", 9), 0);
    CHECK_STR(d.traces[0].note, "results would not repeat: 2 of 3 points");
    CHECK_INT(trace_n_taken(&d.traces[0]), 1);
    ruleset_destroy(rs);
}

TEST(a_choice_may_be_a_list_of_tables)
{
    default_props();
    CHECK_INT(decide("rule 'a' { " ALWAYS ", choose = { { template = "
                     "'row_split' }, { template = 'neighbor_group', partSize = "
                     "7.0 } } }"),
              GNNAC_OK);
    CHECK_INT(d.n_candidates, 2);
    CHECK_STR(d.candidates[1].family->name, "neighbor_group");
    CHECK_INT(d.candidates[1].values[0], 7);
}

TEST(families_of_other_operations_are_left_out)
{
    default_props();
    const char *text = "rule 'a' { " ALWAYS ", choose = { template = "
                       "'bias_act', warpPerBlock = 8 } }";
    CHECK_INT(decide(text), GNNAC_ENOENT);
    struct ruleset *rs = load_all(&text, 1);
    CHECK_INT(ruleset_decide(rs, "bias_act", &graph, &layer, &device, &d, &err),
              GNNAC_OK);
    CHECK_INT(d.n_candidates, 1);
    ruleset_destroy(rs);
}

TEST(nothing_proposed_is_not_found)
{
    default_props();
    d.n_candidates = 77;
    CHECK_INT(decide("rule 'a' { when = function() return false end, why = 'x',"
                     " choose = { template = 'row_split' } }"),
              GNNAC_ENOENT);
    CHECK_STR(err.msg, "no rule proposes a kernel for 'aggregate'");
    CHECK_INT(d.n_candidates, 0);
    CHECK_INT(d.n_traces, 1); // who was asked is told all the same
    CHECK_STR(d.traces[0].rule, "a");
    CHECK_INT(decide(""), GNNAC_ENOENT);
    CHECK_INT(decide("rule 'a' { " ALWAYS ", choose = {} }"), GNNAC_ENOENT);
}

TEST(rules_vote_on_reordering)
{
    default_props();
    CHECK_INT(decide("rule 'k' { " ALWAYS ", choose = { template = "
                     "'row_split' } }"
                     "rule 'v' { " ALWAYS ", choose = { reorder = 'rcm' } }"
                     "rule 'w' { " ALWAYS ", choose = { reorder = true } }"
                     "rule 'x' { " ALWAYS ", choose = { reorder = false } }"),
              GNNAC_OK);
    CHECK_STR(d.reorder, "rcm");
    CHECK_STR(d.traces[0].reorder, "");
    CHECK_STR(d.traces[2].reorder, "rabbit");
    CHECK_STR(d.traces[3].reorder, "none");
    CHECK_INT(decide("rule 'v' { " ALWAYS ", choose = { reorder = 'auto' } }"
                     "rule 'w' { " ALWAYS ", choose = { reorder = 'window' } }"
                     "rule 'x' { " ALWAYS ", choose = { template = 'row_split',"
                     " reorder = 'gnnadvisor' } }"),
              GNNAC_OK);
    CHECK_STR(d.reorder, "auto");
    CHECK_STR(d.traces[1].reorder, "window");
    CHECK_STR(d.traces[2].reorder, "gnnadvisor");
    expect_error("rule 'v' { " ALWAYS ", choose = { reorder = 'rabit' } }",
                 "1: reorder: there is no order 'rabit' (did you mean "
                 "'rabbit'?)");
}

TEST(later_files_override_rules_by_name)
{
    static const char *const texts[] = {
        "rule 'a' { " ALWAYS ", choose = { template = 'row_split' } }"
        "rule 'b' { " ALWAYS ", choose = { template = 'row_split', vec = 2 } }",
        "rule 'a' { " ALWAYS ", choose = { template = 'neighbor_group' } }",
    };
    default_props();
    struct ruleset *rs = load_all(texts, 2);
    CHECK_INT(
        ruleset_decide(rs, "aggregate", &graph, &layer, &device, &d, &err),
        GNNAC_OK);
    CHECK_INT(d.n_traces, 2);
    CHECK_INT(d.n_candidates, 2);
    CHECK_STR(d.candidates[0].rule, "b");
    CHECK_STR(d.candidates[1].family->name, "neighbor_group");
    ruleset_destroy(rs);
}

static void write_file(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");
    CHECK(f && fputs(text, f) >= 0);
    CHECK(f && fclose(f) == 0);
}

TEST(one_rule_can_be_taken_out_of_a_file)
{
    char path[64], chosen[96];
    struct ruleset *rs = NULL;
    default_props();
    snprintf(path, sizeof(path), "rules-%d.lua", (int)getpid());
    write_file(path, "rule 'a' { " ALWAYS ", choose = { template = "
                     "'row_split' } }"
                     "rule 'b' { " ALWAYS ", choose = { template = "
                     "'row_split', vec = 2 } }"
                     "test 'of a' { expect = { rule = 'a' } }"
                     "test 'of b' { expect = { rule = 'b', vec = 2 } }");
    struct rule_test_result r;
    snprintf(chosen, sizeof(chosen), "%s#b", path);
    err = (gnnac_error){{0}};
    CHECK_INT(ruleset_create(&families, &rs, &err), GNNAC_OK);
    CHECK_INT(ruleset_load(rs, chosen, &err), GNNAC_OK);
    CHECK_INT(
        ruleset_decide(rs, "aggregate", &graph, &layer, &device, &d, &err),
        GNNAC_OK);
    CHECK_INT(d.n_traces, 1);
    CHECK_STR(d.candidates[0].rule, "b");
    CHECK_INT(ruleset_test(rs, &r, &err), GNNAC_OK);
    CHECK_INT(r.n_passed, 1);
    CHECK_INT(r.n_failed, 0);
    snprintf(chosen, sizeof(chosen), "%s#c", path);
    CHECK_INT(ruleset_load(rs, chosen, &err), GNNAC_ENOENT);
    CHECK_HAS(err.msg, "no rule 'c'");
    ruleset_destroy(rs);
    unlink(path);
}

TEST(the_hash_follows_the_text)
{
    static const char *const a[] = {"-- a", "-- b"};
    static const char *const b[] = {"-- b", "-- a"};
    char one[33], two[33], again[33];
    struct ruleset *rs = load_all(a, 2);
    ruleset_hash(rs, one);
    ruleset_destroy(rs);
    rs = load_all(b, 2);
    ruleset_hash(rs, two);
    ruleset_destroy(rs);
    rs = load_all(a, 2);
    ruleset_hash(rs, again);
    ruleset_destroy(rs);
    CHECK_INT(strlen(one), 32);
    CHECK_STR(one, again);
    CHECK(strcmp(one, two) != 0);
}

TEST(unknown_fields_name_the_nearest)
{
    expect_error("\nrule 'a' { when = function(graph)\n"
                 "  return graph.degre.max > 1 end,\n"
                 "  choose = { template = 'row_split' }, why = 'x' }",
                 "3: graph has no field 'degre' (did you mean 'degree'?)");
    expect_error("rule 'a' { when = function(g) return g.degree.men > 1 end,"
                 "  choose = { template = 'row_split' }, why = 'x' }",
                 "1: graph.degree has no field 'men' (did you mean 'mean'?)");
    expect_error("rule 'a' { when = function(g) return g.zzzzzz end,"
                 "  choose = { template = 'row_split' }, why = 'x' }",
                 "1: graph has no field 'zzzzzz'");
    expect_error("rule 'a' { when = function(g, l, d) return d.archs end,"
                 "  choose = { template = 'row_split' }, why = 'x' }",
                 "1: device has no field 'archs' (did you mean 'arch'?)");
    expect_error("rule 'a' { when = function(g) return g[1] end,"
                 "  choose = { template = 'row_split' }, why = 'x' }",
                 "1: graph has fields with names only");
}

TEST(a_property_that_was_not_measured_is_an_error)
{
    default_props();
    layer.n = 0;
    props_int(&layer, "layer.index", 0);
    CHECK_INT(decide("rule 'a' { when = function(g, l) return l.agg_dim end,"
                     "  choose = { template = 'row_split' }, why = 'x' }"),
              GNNAC_EFORMAT);
    CHECK_STR(message(), "1: layer.agg_dim was not measured");
}

TEST(properties_are_read_only)
{
    expect_error("rule 'a' { when = function(g) g.nodes = 1 end,"
                 "  choose = { template = 'row_split' }, why = 'x' }",
                 "1: graph is read-only");
    expect_error("rule 'a' { when = function(g) g.degree.max = 1 end,"
                 "  choose = { template = 'row_split' }, why = 'x' }",
                 "1: graph.degree is read-only");
    expect_error(
        "local keep rule 'a' { when = function(g) keep = g.nodes return"
        " true end, choose = { template = 'row_split' }, why = 'x' } "
        "count = 1",
        "1: global 'count' cannot be set; use 'local'");
}

TEST(bad_bodies_are_reported_at_the_rule)
{
    static const struct {
        const char *body, *want;
    } cases[] = {
        {"chose = 1", "rule 'a' has no field 'chose' (did you mean 'choose'?)"},
        {"[1] = 2", "rule 'a': field names are text, not a number"},
        {"when = true, why = 'x', choose = {}",
         "'when' must be a function, not a boolean"},
        {"why = 'x', choose = {}", "'when' must be a function, not a nil"},
        {ALWAYS, "'choose' must be a table or a function, not a nil"},
        {"when = function() end, choose = {}", "'why' must be a text"},
        {"when = function() end, choose = {}, why = ''",
         "'why' must have 1 to 255 characters"},
        {"when = function() end, choose = {}, why = 'caf\\233'",
         "'why' is not UTF-8"},
        {ALWAYS ", choose = {}, priority = '5'", "'priority' must be a number"},
        {ALWAYS ", choose = {}, priority = 0/0", "'priority' must be a number"},
        {ALWAYS ", choose = {}, limit = 3",
         "'limit' must be a function, not a number"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[256], want[256];
        snprintf(text, sizeof(text), "\nrule 'a' { %s }", cases[i].body);
        snprintf(want, sizeof(want), "2: %s", cases[i].want);
        expect_error(text, want);
    }
}

TEST(bad_choices_are_reported_at_the_rule)
{
    static const struct {
        const char *choose, *want;
    } cases[] = {
        {"{ template = 'row_spilt' }", "there is no template 'row_spilt' (did "
                                       "you mean 'row_split'?)"},
        {"{ template = 5 }", "'template' must be a text, not a number"},
        {"{ vec = 2 }", "'choose' names no template"},
        {"{ vec = 2, reorder = true }", "'vec' is chosen without a template"},
        {"{ template = 'row_split', vector = 2 }",
         "template row_split has no knob 'vector' (did you mean 'vec'?)"},
        {"{ template = 'row_split', partSize = 2 }",
         "template row_split has no knob 'partSize'"},
        {"{ template = 'row_split', vec = 5 }", "vec = 5 is outside 1..4"},
        {"{ template = 'row_split', vec = {1, 0} }", "vec = 0 is outside 1..4"},
        {"{ template = 'row_split', vec = 1.5 }",
         "vec must be a whole number, not 1.5"},
        {"{ template = 'row_split', vec = true }",
         "vec must be a whole number, not boolean"},
        {"{ template = 'row_split', vec = '2' }",
         "vec must be a whole number, not string"},
        {"{ template = 'row_split', vec = 1/0 }",
         "vec must be a whole number, not inf"},
        {"{ template = 'row_split', vec = {} }",
         "vec must be a list of 1 to 64 numbers"},
        {"{ template = 'row_split', vec = {a = 1} }",
         "vec must be a list of 1 to 64 numbers"},
        {"{ template = 'row_split', vec = {1, x = 2} }",
         "vec must be a list of 1 to 64 numbers"},
        {"{ template = 'row_split', vec = {{1}} }",
         "vec must be a whole number, not table"},
        {"{ 5 }", "'choose' must give tables, not a number"},
        {"{ { template = 'row_split' }, template = 'row_split' }",
         "'choose' has fields with names only"},
        {"{ template = 'row_split', reorder = 5 }",
         "'reorder' must be true, false or an order's name"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[300], want[256];
        snprintf(want, sizeof(want), "2: %s", cases[i].want);
        snprintf(text, sizeof(text), "\nrule 'a' { " ALWAYS ",\nchoose = %s }",
                 cases[i].choose);
        expect_error(text, want);
        snprintf(text, sizeof(text),
                 "\nrule 'a' { " ALWAYS
                 ",\nchoose = function() return %s end }",
                 cases[i].choose);
        expect_error(text, want);
    }
    expect_error("rule 'a' { " ALWAYS ", choose = function() end }",
                 "1: 'choose' must return a table, not a nil");
}

TEST(too_many_points_are_an_error_or_a_note)
{
    default_props();
    CHECK_INT(decide("local n = {} for i = 1, 32 do n[i] = i end "
                     "rule 'a' { " ALWAYS ", choose = { template = "
                     "'neighbor_group', partSize = n, dimWorker = n } }"),
              GNNAC_OK);
    CHECK_INT(d.n_candidates, MAX_CANDIDATES);
    CHECK_STR(d.traces[0].note,
              "too many candidates, left out: 512 of 1024 points");
    expect_error("local n = {} for i = 1, 32 do n[i] = i end "
                 "rule 'a' { " ALWAYS ", choose = { template = 'row_split', "
                 "warpPerBlock = n, edgeWorker = n, dimWorker = n, vec = {1, 2,"
                 " 4} } }",
                 "1: 'choose' spans more than 65536 points");
}

TEST(names_must_be_new_within_a_file)
{
    default_props();
    CHECK_INT(decide("rule 'a' { " ALWAYS ", choose = {} }\n"
                     "rule 'a' { " ALWAYS ", choose = {} }"),
              GNNAC_EFORMAT);
    CHECK_HAS(message(), "2: rule 'a' is already defined at ");
    CHECK_HAS(message(), ".lua:1");
}

TEST(unfinished_rules_are_noticed)
{
    expect_error("rule 'a'", "1: a { body } is missing here");
    expect_error("rule 'a'\nrule 'b' { " ALWAYS ", choose = {} }",
                 "1: a { body } is missing here");
    expect_error("local f = rule 'a'\nrule 'b'",
                 "1: a { body } is missing here");
    expect_error("rule 'a' (5)", "1: rule 'a' needs a { body }");
    expect_error("rule ''", "1: a rule's name is a text of 1 to 63 characters");
    expect_error("rule {}", "1: a rule's name is a text of 1 to 63 characters");
    expect_error("rule 'a' { when = function() rule 'b' {} end, why = 'x', "
                 "choose = {} }",
                 "1: a rule cannot define a rule");
}

TEST(errors_of_rules_have_a_place)
{
    expect_error("rule 'a' { when = function()\n return nil + 1 end,\n"
                 "choose = {}, why = 'x' }",
                 "2: attempt to perform arithmetic on a nil value");
    expect_error("rule 'a' { when = function() error({}) end, choose = {}, "
                 "why = 'x' }",
                 "1: the error is not a text but a table");
    default_props();
    CHECK_INT(decide("rule 'a' { " ALWAYS ", choose = function() "
                     "while true do end end }"),
              GNNAC_EFORMAT);
    CHECK(strncmp(message(), "1: ran", 6) == 0); // too long or too much
    expect_error("rule 'a' { when = function()\n local s = 'x' while true do "
                 "s = s .. s end end, choose = {}, why = 'x' }",
                 "2: used more than 64 MiB of memory");
    expect_error("rule 'a' { " ALWAYS ", choose = { template = 'row_split', "
                 "warpPerBlock = {1, 2, 4, 8} }, limit = function(p)\n"
                 "return p.warps > 2 end }",
                 "2: attempt to compare number with nil");
}

TEST(a_missing_file_is_an_input_output_error)
{
    struct ruleset *rs = NULL;
    err = (gnnac_error){{0}};
    CHECK_INT(ruleset_create(&families, &rs, &err), GNNAC_OK);
    CHECK_INT(ruleset_load(rs, "no/such/file.lua", &err), GNNAC_EIO);
    CHECK_HAS(err.msg, "no/such/file.lua");
    ruleset_destroy(rs);
}

// The order of keys in Lua's tables differs from state to state.
TEST(results_do_not_depend_on_the_hash_seed)
{
    static struct decision first;
    default_props();
    for (int i = 0; i < 20; i++) {
        CHECK_INT(decide("rule 'a' { " ALWAYS ", choose = function() local t = "
                         "{ template = 'row_split' } for k, v in pairs({vec = "
                         "{1, 2}, unroll = {1, 2}, edgeWorker = {1, 2}, "
                         "warpPerBlock = {1, 2}}) do t[k] = v end return t end "
                         "}"),
                  GNNAC_OK);
        if (i == 0)
            first = d;
        CHECK_INT(d.n_candidates, 16);
        for (size_t c = 0; c < d.n_candidates; c++)
            CHECK(memcmp(d.candidates[c].values, first.candidates[c].values,
                         sizeof(first.candidates[c].values)) == 0);
    }
}

// ---- test blocks ------------------------------------------------------------

static const char hub_rule[] =
    "rule 'hubs' { when = function(g) return g.degree.max > 64 * g.degree.mean "
    "end, choose = { template = 'neighbor_group', partSize = {64, 128}, reorder"
    " = true }, why = 'hubs', priority = 10 }\n"
    "rule 'rest' { " ALWAYS ", choose = { template = 'row_split' } }\n";

static void run_tests(const char *tests, int n_passed, int n_failed,
                      const char *report)
{
    struct rule_test_result r;
    const char *texts[] = {hub_rule, tests};
    struct ruleset *rs = load_all(texts, 2);
    if (!rs) {
        TEST__FAIL("%s", err.msg);
        return;
    }
    CHECK_INT(ruleset_test(rs, &r, &err), GNNAC_OK);
    CHECK_INT(r.n_passed, n_passed);
    CHECK_INT(r.n_failed, n_failed);
    CHECK_HAS(r.report, report);
    ruleset_destroy(rs);
}

TEST(test_blocks_pass)
{
    run_tests(
        "test 'hub' { graph = {nodes = 1e5, degree = {mean = 8, max = "
        "9000}}, expect = {rule = 'hubs', partSize = 128} }"
        "test 'first' { graph = {degree = {mean = 8, max = 9000}}, expect "
        "= {partSize = 64, template = 'neighbor_group', reorder = "
        "'rabbit'} }"
        "test 'even' { expect = {rule = 'rest', silent = 'hubs', reorder "
        "= false} }"
        "test 'edges follow' { graph = {nodes = 100, edges = 300, degree ="
        " {max = 200}}, expect = {rule = 'hubs', reorder = true} }",
        4, 0, "");
}

TEST(test_blocks_say_why_they_fail)
{
    run_tests("test 't' { expect = {rule = 'hubs'} }", 0, 1,
              ".lua:1: test 't': rule 'hubs' did not fire (graph.degree.max = "
              "20, graph.degree.mean = 10)\n");
    run_tests("test 't' { expect = {rule = 'hub'} }", 0, 1,
              "there is no rule 'hub' (did you mean 'hubs'?)");
    run_tests("test 't' { expect = {silent = 'rest'} }", 0, 1,
              "rule 'rest' fired ()");
    run_tests("test 't' { expect = {vec = 2} }", 0, 1, "vec is 1, expected 2");
    run_tests("test 't' { expect = {silent = 'hubs', vec = 2} }", 0, 1,
              "vec is 1, expected 2");
    run_tests("test 't' { expect = {partSize = 2} }", 0, 1,
              "template row_split has no knob 'partSize'");
    run_tests("test 't' { expect = {template = 'neighbor_group'} }", 0, 1,
              "template is row_split, expected neighbor_group");
    run_tests("test 't' { expect = {rule = 'rest', reorder = true} }", 0, 1,
              "the vote on reordering is ''");
    run_tests("test 't' { op = 'bias_act', expect = {template = 'bias_act'} }",
              0, 1, "nothing was proposed");
    run_tests(
        "rule 'bad' { when = function(g) return g.x end, choose = {}, why "
        "= 'x' }\ntest 't' { expect = {} }\ntest 'u' { expect = {} }",
        0, 2, ".lua:2: test 't': ");
}

TEST(bad_test_blocks_are_found_on_loading)
{
    expect_error("test 't' {}", "1: a test needs expect = { ... }");
    expect_error("test 't' { grap = {} }",
                 "1: a test has no field 'grap' (did you mean 'graph'?)");
    expect_error("test 't' { graph = {degre = {mean = 1}}, expect = {} }",
                 "1: there is no property 'graph.degre' (did you mean "
                 "'graph.degree.min'?)");
    expect_error("test 't' { graph = {degree = {man = 1}}, expect = {} }",
                 "1: there is no property 'graph.degree.man' (did you mean "
                 "'graph.degree.mean'?)");
    expect_error("test 't' { graph = {nodes = 1.5}, expect = {} }",
                 "1: graph.nodes must be a whole number");
    expect_error("test 't' { graph = {symmetric = 1}, expect = {} }",
                 "1: graph.symmetric must be a boolean");
    expect_error("test 't' { layer = {op = 5}, expect = {} }",
                 "1: layer.op must be a text");
    expect_error("test 't' { device = {[1] = 5}, expect = {} }",
                 "1: device: properties have names");
    expect_error("test 't' { expect = {partsize = 1} }",
                 "1: 'expect' has no field 'partsize' (did you mean "
                 "'partSize'?)");
    expect_error("test 't' { expect = {partSize = {1}} }",
                 "1: expect.partSize must be a whole number");
    expect_error("test 't' { expect = {rule = 1} }",
                 "1: expect.rule must be a text");
    expect_error("test 't'", "1: a { body } is missing here");
    expect_error("local t = {} t.degree = t\ntest 't' { graph = t, expect = {} "
                 "}",
                 "2: there is no property 'graph.degree.degree' (did you mean "
                 "'graph.degree.mean'?)");
}

int main(void)
{
    RUN(a_rule_proposes_the_product_of_its_lists);
    RUN(the_trace_says_what_was_read_and_what_happened);
    RUN(rules_are_asked_by_priority_and_points_appear_once);
    RUN(where_atomics_are_barred_points_with_them_are_not_proposed);
    RUN(a_choice_may_be_a_list_of_tables);
    RUN(families_of_other_operations_are_left_out);
    RUN(nothing_proposed_is_not_found);
    RUN(rules_vote_on_reordering);
    RUN(later_files_override_rules_by_name);
    RUN(one_rule_can_be_taken_out_of_a_file);
    RUN(the_hash_follows_the_text);
    RUN(unknown_fields_name_the_nearest);
    RUN(a_property_that_was_not_measured_is_an_error);
    RUN(properties_are_read_only);
    RUN(bad_bodies_are_reported_at_the_rule);
    RUN(bad_choices_are_reported_at_the_rule);
    RUN(too_many_points_are_an_error_or_a_note);
    RUN(names_must_be_new_within_a_file);
    RUN(unfinished_rules_are_noticed);
    RUN(errors_of_rules_have_a_place);
    RUN(a_missing_file_is_an_input_output_error);
    RUN(results_do_not_depend_on_the_hash_seed);
    RUN(test_blocks_pass);
    RUN(test_blocks_say_why_they_fail);
    RUN(bad_test_blocks_are_found_on_loading);
    return test_done();
}
