// Oddities of rule files, each made on purpose; and files without any.
#include "graph_fixture.h"

#include "plan/opspec.h"
#include "plan/schema.h"
#include "tune/select.h"
#include "workshop/lint.h"
#include "workshop/probes.h"

static gnnac_error err;
static struct catalog *catalog;

static struct ruleset *set_of(const char *first, const char *second)
{
    struct ruleset *rs = NULL;
    err = (gnnac_error){{0}};
    CHECK_INT(ruleset_create(catalog_families(catalog), &rs, &err), GNNAC_OK);
    if (first)
        CHECK_INT(ruleset_load_text(rs, "base.lua", first, strlen(first), &err),
                  GNNAC_OK);
    CHECK_INT(ruleset_load_text(rs, "t.lua", second, strlen(second), &err),
              GNNAC_OK);
    CHECK_STR(err.msg, "");
    return rs;
}

// What is found in `text` behind `base` (NULL: nothing).
static struct lint_report lint_text(const char *base, const char *text)
{
    struct lint_report r = {0};
    struct ruleset *alone = set_of(NULL, text), *whole = set_of(base, text);
    CHECK_INT(lint(alone, whole, catalog, text, &r, &err), GNNAC_OK);
    CHECK_STR(err.msg, "");
    ruleset_destroy(alone);
    ruleset_destroy(whole);
    return r;
}

static bool has(const struct lint_report *r, enum lint_kind kind,
                const char *part)
{
    for (size_t i = 0; i < r->n; i++)
        if (r->items[i].kind == kind && strstr(r->items[i].text, part))
            return true;
    return false;
}

// The text has this finding and no warning of another kind.
static void expect(const char *base, const char *text, enum lint_kind kind,
                   const char *part)
{
    struct lint_report r = lint_text(base, text);
    CHECK(has(&r, kind, part));
    for (size_t i = 0; i < r.n; i++)
        if (lint_is_warning(r.items[i].kind) && r.items[i].kind != kind)
            TEST__FAIL("%s: %s", lint_kind_name(r.items[i].kind),
                       r.items[i].text);
    lint_report_finish(&r);
}

static void expect_clean(const char *base, const char *text)
{
    struct lint_report r = lint_text(base, text);
    for (size_t i = 0; i < r.n; i++)
        TEST__FAIL("%s: %s: %s", r.items[i].rule,
                   lint_kind_name(r.items[i].kind), r.items[i].text);
    lint_report_finish(&r);
}

#define RULE(when, choose, more)                                              \
    "rule 'r' { when = function(graph, layer, device) return " when           \
    " end, choose = " choose ", why = 'x'" more " }\n"
#define TESTED "test 't' { expect = { rule = 'r' } }\n"
#define ROWS "{ template = 'row_split' }"
#define ALWAYS                                                                \
    "rule 'always' { when = function() return true end, choose = " ROWS       \
    ", why = 'x', priority = 9 }\n"

TEST(a_plain_rule_with_a_test_is_clean)
{
    expect_clean(NULL, RULE("true", ROWS, "") TESTED);
    expect_clean(NULL, RULE("graph.degree.mean > 3",
                            "{ template = 'row_split', dimWorker = { 4, 8 } }",
                            "") TESTED);
}

TEST(a_rule_that_never_holds_is_unreachable)
{
    static const char *const never[] = {
        RULE("false", ROWS, ""),
        RULE("graph.nodes > 100 and graph.nodes < 50", ROWS, ""),
        RULE("layer.op == 'gcnn'", ROWS, " , priority = 1"),
        RULE("graph.degree.max < graph.degree.max", ROWS, ""),
    };
    for (size_t i = 0; i < 4; i++) {
        struct lint_report r = lint_text(NULL, never[i]);
        CHECK(has(&r, i == 2 ? LINT_UNTESTED : LINT_UNREACHABLE, ""));
        CHECK(has(&r, LINT_UNTESTED, "no test"));
        lint_report_finish(&r);
    }
}

TEST(a_rule_that_holds_rarely_is_reached)
{
    static const char *const rare[] = {
        "graph.nodes == 2708",
        "graph.nodes == 2708 and graph.edges == 10556",
        "graph.community.modularity > 0.93 and graph.isolated == 40",
        "layer.op == 'sage' and layer.agg_dim == 77 and not graph.symmetric",
        "graph.locality.bandwidth < 3 and graph.isolated > 1000000",
        "device.name == 'some card' and device.sm_count <= 20",
        "graph.degree.gini > 0.99",
    };
    for (size_t i = 0; i < sizeof(rare) / sizeof(rare[0]); i++) {
        char text[512];
        snprintf(text, sizeof(text),
                 "rule 'r' { when = function(graph, layer, device) return %s "
                 "end, choose = " ROWS ", why = 'x' }", rare[i]);
        struct lint_report r = lint_text(NULL, text);
        if (has(&r, LINT_UNREACHABLE, ""))
            TEST__FAIL("not reached: %s", rare[i]);
        lint_report_finish(&r);
    }
}

TEST(a_test_alone_can_prove_that_a_rule_holds)
{
    expect_clean(NULL,
                 RULE("graph.nodes * 3 + 1 == graph.edges and graph.nodes == "
                      "layer.agg_dim", ROWS, "")
                 "test 't' { graph = { nodes = 7, edges = 22 }, layer = { "
                 "agg_dim = 7 }, expect = { rule = 'r' } }");
}

TEST(a_rule_whose_points_all_come_earlier_is_shadowed)
{
    expect(ALWAYS, RULE("true", ROWS, "") TESTED, LINT_SHADOWED, "before it");
    expect(NULL, ALWAYS "test 'a' { expect = { rule = 'always' } }\n"
           RULE("graph.nodes > 5", ROWS, "") TESTED,
           LINT_SHADOWED, "before it");
    expect(ALWAYS,
           RULE("true", "{ template = 'row_split', unroll = 8 }", "") TESTED,
           LINT_NEVER_FIRST, "without a GPU");
    expect_clean(ALWAYS, RULE("true", ROWS, ", priority = 10") TESTED);
}

TEST(a_rule_whose_points_are_all_refused_is_never_valid)
{
    expect(NULL, RULE("true", ROWS, ", limit = function(p) return false end")
           TESTED, LINT_NEVER_VALID, "its limit rejects every point");
    // 32 lanes of 32 teams are more than a warp has.
    struct lint_report r = lint_text(
        NULL, RULE("true",
                   "{ template = 'row_split', dimWorker = 32, edgeWorker = 32 "
                   "}", "") TESTED);
    CHECK(has(&r, LINT_NEVER_VALID, "its template refuses every point"));
    lint_report_finish(&r);
}

TEST(values_that_are_always_refused_are_named)
{
    expect(NULL,
           RULE("true", "{ template = 'row_split', unroll = { 2, 4, 8 } }",
                ", limit = function(p) return p.unroll ~= 8 end") TESTED,
           LINT_UNUSED_VALUE, "row_split: unroll = 8 is refused everywhere");
    expect(NULL,
           RULE("true",
                "{ template = 'row_split', dimWorker = 32, edgeWorker = { 1, 4 "
                "} }", "") TESTED,
           LINT_UNUSED_VALUE, "edgeWorker = 4 is refused everywhere, by the "
                              "template");
}

TEST(a_list_that_changes_no_kernel_is_named)
{
    // More loads per lane than a row of one column can use.
    expect(NULL,
           RULE("layer.agg_dim == 1",
                "{ template = 'row_split', dimWorker = 1, coarsen = { 1, 2 } }",
                "")
           "test 't' { layer = { agg_dim = 1 }, expect = { rule = 'r' } }",
           LINT_UNUSED_KNOB, "all values of coarsen give the same kernel");
}

TEST(a_rule_without_a_word_is_silent)
{
    struct lint_report r = lint_text(NULL, RULE("true", "{}", ""));
    CHECK_INT(r.n, 2);
    CHECK(has(&r, LINT_SILENT, "proposes nothing"));
    CHECK(has(&r, LINT_UNTESTED, ""));
    lint_report_finish(&r);
}

// Operators' sums may have weights, so it tells cases apart.
TEST(a_rule_may_read_whether_edges_have_weights)
{
    expect_clean(NULL, RULE("not layer.weighted", ROWS, "") TESTED);
}

TEST(rules_of_other_operations_and_votes_are_not_silent)
{
    expect_clean(NULL, RULE("true", "{ template = 'bias_act' }", "")
                 "test 't' { op = 'bias_act', expect = { rule = 'r' } }");
    expect_clean(NULL, RULE("true", "{ reorder = 'rcm' }", "")
                 "test 't' { expect = { rule = 'r', reorder = 'rcm' } }");
}

TEST(a_mistake_in_a_branch_is_an_error_as_in_check)
{
    const char *text =
        RULE("graph.nodes > 1e6 and graph.degree.maen > 2", ROWS, "");
    struct lint_report r = {0};
    struct ruleset *alone = set_of(NULL, text), *whole = set_of(NULL, text);
    CHECK_INT(lint(alone, whole, catalog, text, &r, &err), GNNAC_EFORMAT);
    CHECK_HAS(err.msg, "(did you mean 'mean'?)");
    lint_report_finish(&r);
    ruleset_destroy(alone);
    ruleset_destroy(whole);
}

TEST(the_same_text_gives_the_same_findings)
{
    const char *text = RULE("graph.nodes == 5 and graph.degree.cv > 3", ROWS,
                            "");
    struct lint_report a = lint_text(ALWAYS, text), b = lint_text(ALWAYS, text);
    CHECK_INT(a.n, b.n);
    CHECK_INT(a.n_probes, b.n_probes);
    for (size_t i = 0; i < a.n && i < b.n; i++)
        CHECK_STR(a.items[i].text, b.items[i].text);
    lint_report_finish(&a);
    lint_report_finish(&b);
}

TEST(numbers_and_texts_of_a_file_are_in_its_dictionary)
{
    struct dictionary d;
    bool number = false, below = false, word = false, part = false;
    CHECK_INT(dictionary_of("x2 = 2708.5e0 'one' \"two\" 'open", &d, &err),
              GNNAC_OK);
    for (size_t i = 0; i < d.n_numbers; i++) {
        number = number || d.numbers[i] == 2708.5;
        below = below || d.numbers[i] == 2707.5;
        part = part || d.numbers[i] == 708.5;
    }
    for (size_t i = 0; i < d.n_words; i++)
        word = word || strcmp(d.words[i], "two") == 0;
    CHECK(number && below && word && !part);
    dictionary_finish(&d);
    CHECK_INT(dictionary_of("", &d, &err), GNNAC_OK);
    dictionary_finish(&d);
}

// A field of the schema that no compile measures would be an error in every
// rule that reads it, though tests of rules give it a value.
TEST(every_property_that_rules_may_read_is_measured)
{
    static int32_t pairs[] = {0, 1, 1, 2, 2, 0, 3, 0};
    struct csr g = csr_of(coo_of(4, 4, pairs), NULL);
    struct graph_input in = {.full = &g, .stored = &g};
    const struct props *graph = NULL;
    struct props device = {0};
    struct device h200;
    struct opspec op;
    const struct prop *e;
    CHECK_INT(graph_input_props(&in, 1, &graph, &err), GNNAC_OK);
    device_typical(90, &h200);
    device_props(&h200, &device);
    CHECK(opspec_parse("v1 aggregate f32 layer=0/gcn in=8 out=4 dim=4 "
                       "pitch=4,4,4 norm=gcn self=gcn bias=1 act=relu "
                       "offset=32 forward", &op));
    for (size_t i = 0; graph && (e = schema_at(i)); i++)
        if (!props_find(graph, e->name) && !props_find(&op.layer, e->name) &&
            !props_find(&device, e->name))
            TEST__FAIL("%s is not measured", e->name);
    csr_finish(&g);
}

int main(void)
{
    char path[600];
    const char *dirs[] = {path};
    snprintf(path, sizeof(path), "%s/templates", getenv("GNNAC_SOURCE_ROOT"));
    CHECK_INT(catalog_open(dirs, 1, &catalog, &err), GNNAC_OK);
    RUN(a_plain_rule_with_a_test_is_clean);
    RUN(a_rule_that_never_holds_is_unreachable);
    RUN(a_rule_that_holds_rarely_is_reached);
    RUN(a_test_alone_can_prove_that_a_rule_holds);
    RUN(a_rule_whose_points_all_come_earlier_is_shadowed);
    RUN(a_rule_whose_points_are_all_refused_is_never_valid);
    RUN(values_that_are_always_refused_are_named);
    RUN(a_list_that_changes_no_kernel_is_named);
    RUN(a_rule_without_a_word_is_silent);
    RUN(a_rule_may_read_whether_edges_have_weights);
    RUN(rules_of_other_operations_and_votes_are_not_silent);
    RUN(a_mistake_in_a_branch_is_an_error_as_in_check);
    RUN(the_same_text_gives_the_same_findings);
    RUN(numbers_and_texts_of_a_file_are_in_its_dictionary);
    RUN(every_property_that_rules_may_read_is_measured);
    catalog_close(catalog);
    return test_done();
}
