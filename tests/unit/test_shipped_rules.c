// The rule files that come with gnnac: their own tests pass, and no graph or
// width makes them propose a point that a template refuses.
#include "base/file.h"
#include "emit/tmpl.h"
#include "plan/rules.h"
#include "plan/schema.h"
#include "test.h"
#include "tune/cost.h"

static struct catalog *catalog;
static gnnac_error err;
static struct decision d;
static struct props graph, layer, device;

static char *source_path(const char *folder, const char *name)
{
    static char path[1024];
    const char *root = getenv("GNNAC_SOURCE_ROOT");
    snprintf(path, sizeof(path), "%s/%s/%s", root ? root : ".", folder, name);
    return path;
}

static struct ruleset *load(const char *name)
{
    struct ruleset *rs = NULL;
    err = (gnnac_error){{0}};
    if (ruleset_create(catalog_families(catalog), &rs, &err) != GNNAC_OK ||
        ruleset_load(rs, source_path("rules", name), &err) != GNNAC_OK) {
        TEST__FAIL("%s", err.msg);
        ruleset_destroy(rs);
        return NULL;
    }
    return rs;
}

static void run_own_tests(const char *name, int at_least)
{
    struct rule_test_result r;
    struct ruleset *rs = load(name);
    if (!rs)
        return;
    CHECK_INT(ruleset_test(rs, &r, &err), GNNAC_OK);
    CHECK_STR(r.report, "");
    CHECK_INT(r.n_failed, 0);
    CHECK(r.n_passed >= at_least);
    CHECK_INT(ruleset_probe(rs, &err), GNNAC_OK);
    CHECK_STR(err.msg, "");
    ruleset_destroy(rs);
}

TEST(the_tests_in_the_files_pass)
{
    run_own_tests("default.lua", 20);
    run_own_tests("gnnadvisor.lua", 68);
    run_own_tests("exhaustive.lua", 6);
    run_own_tests("atomics.lua", 3);
}

// ---- what they propose can be emitted ---------------------------------------

static const struct {
    int64_t nodes, edges, max_degree;
    double top1_share;
} shapes[] = {
    {1, 0, 0, 0},
    {10, 90, 9, 0.1},
    {2708, 10858, 169, 0.1},
    {1889542, 3946402, 10, 0.03},
    {410236, 4878875, 2800, 0.1},
    {232965, 114615892, 21657, 0.08},
    {2000000000, 9000000000, 5000000, 0.3},
};

static void set_shape(size_t i, int32_t width)
{
    graph.n = layer.n = device.n = 0;
    double mean = (double)shapes[i].edges / (double)shapes[i].nodes;
    props_int(&graph, "graph.nodes", shapes[i].nodes);
    props_int(&graph, "graph.edges", shapes[i].edges);
    props_real(&graph, "graph.degree.mean", mean);
    props_int(&graph, "graph.degree.max", shapes[i].max_degree);
    props_real(&graph, "graph.degree.top1_share", shapes[i].top1_share);
    props_int(&layer, "layer.agg_dim", width);
    props_int(&layer, "layer.in_dim", width);
    schema_complete(&graph, "graph");
    schema_complete(&layer, "layer");
    schema_complete(&device, "device");
}

// As the compiler lays out rows: from 3 columns on, 16-byte aligned.
static struct kernel_spec spec_of_width(int32_t width)
{
    int32_t pitch = width <= 2 ? width : (width + 3) / 4 * 4;
    return (struct kernel_spec){.dim = width,
                                .x_pitch = pitch,
                                .out_pitch = pitch,
                                .self_pitch = pitch,
                                .offset_bits = 64};
}

static void emit_all(const char *file, int32_t width)
{
    struct kernel_spec spec = spec_of_width(width);
    for (size_t i = 0; i < d.n_candidates; i++) {
        struct emitted e = {0};
        err = (gnnac_error){{0}};
        if (tmpl_emit(catalog, &d.candidates[i], &spec, &e, &err) != GNNAC_OK)
            TEST__FAIL("%s, width %d, rule %s: %s", file, (int)width,
                       d.candidates[i].rule, err.msg);
        emitted_finish(&e);
    }
}

static void propose_everything(const char *file, const int32_t *widths,
                               size_t n_widths, size_t most)
{
    struct ruleset *rs = load(file);
    bool speaks_of_all = strcmp(file, "default.lua") == 0 ||
                         strcmp(file, "exhaustive.lua") == 0;
    for (size_t s = 0; rs && s < sizeof(shapes) / sizeof(shapes[0]); s++)
        for (size_t w = 0; w < n_widths; w++) {
            set_shape(s, widths[w]);
            err = (gnnac_error){{0}};
            gnnac_status st = ruleset_decide(rs, "aggregate", &graph, &layer,
                                             &device, &d, &err);
            if (st == GNNAC_ENOENT && shapes[s].edges == 0 && !speaks_of_all)
                continue;
            CHECK_INT(st, GNNAC_OK);
            CHECK_STR(err.msg, "");
            CHECK(d.n_candidates >= 1 && d.n_candidates <= most);
            for (size_t t = 0; t < d.n_traces; t++)
                CHECK(!strstr(d.traces[t].note, "too many"));
            emit_all(file, widths[w]);
        }
    ruleset_destroy(rs);
}

TEST(default_proposes_one_to_twenty_valid_points_for_every_width)
{
    static const int32_t widths[] = {1,   2,   3,   4,   5,   6,   7,    8,
                                     9,   12,  13,  15,  16,  17,  22,   29,
                                     31,  32,  33,  41,  47,  64,  100,  121,
                                     128, 129, 256, 257, 500, 602, 1433, 3703};
    propose_everything("default.lua", widths,
                       sizeof(widths) / sizeof(widths[0]), 20);
}

TEST(gnnadvisor_proposes_valid_points_for_every_width)
{
    static const int32_t widths[] = {1, 2, 16, 29, 33, 64, 602, 3703, 12000};
    propose_everything("gnnadvisor.lua", widths,
                       sizeof(widths) / sizeof(widths[0]), 3);
}

// No rules but those of the file that is about them ask for atomics.
TEST(shipped_rules_propose_what_repeats)
{
    static const char *const files[] = {"default.lua", "gnnadvisor.lua",
                                        "exhaustive.lua"};
    for (size_t f = 0; f < 3; f++) {
        struct ruleset *rs = load(files[f]);
        for (int32_t width = 8; rs && width <= 128; width *= 2) {
            set_shape(4, width);
            CHECK_INT(ruleset_decide(rs, "aggregate", &graph, &layer, &device,
                                     &d, NULL),
                      GNNAC_OK);
            for (size_t i = 0; i < d.n_candidates; i++)
                CHECK(candidate_repeats(&d.candidates[i]));
        }
        ruleset_destroy(rs);
    }
}

TEST(atomics_proposes_valid_points_only)
{
    static const int32_t widths[] = {1, 7, 16, 64, 602};
    propose_everything("atomics.lua", widths,
                       sizeof(widths) / sizeof(widths[0]), MAX_CANDIDATES);
}

TEST(exhaustive_proposes_valid_points_only)
{
    static const int32_t widths[] = {1, 7, 16, 602};
    propose_everything("exhaustive.lua", widths,
                       sizeof(widths) / sizeof(widths[0]), MAX_CANDIDATES);
}

TEST(exhaustive_fits_the_list_of_candidates_for_every_width)
{
    struct ruleset *rs = load("exhaustive.lua");
    for (int32_t width = 1; rs && width < 300; width++) {
        set_shape(4, width);
        CHECK_INT(
            ruleset_decide(rs, "aggregate", &graph, &layer, &device, &d, NULL),
            GNNAC_OK);
        CHECK(d.n_candidates >= 60);
        for (size_t t = 0; t < d.n_traces; t++)
            if (strstr(d.traces[t].note, "too many"))
                TEST__FAIL("width %d: %s", (int)width, d.traces[t].note);
    }
    ruleset_destroy(rs);
}

// ---- the artifact's decider -------------------------------------------------

// Bytes of shared memory per block that the artifact's kernel asks for in GIN's
// first layer: ids and sums of every warp.
TEST(gnnadvisor_compat_asks_for_the_artifacts_shared_memory)
{
    static const struct {
        int64_t nodes, edges;
        int32_t dim, bytes;
    } rows[] = {
        {3327, 9228, 3703, 29640},      {2708, 10858, 1433, 34488},
        {19717, 88676, 500, 16128},     {56944, 818716, 50, 2048},
        {43466, 162088, 29, 1024},      {1889542, 3946402, 66, 2176},
        {1710902, 3636546, 74, 2432},   {334925, 1686092, 89, 3008},
        {580768, 1435116, 1323, 37100}, {1888584, 3944206, 66, 2176},
        {410236, 4878875, 96, 3424},    {50515, 1638396, 100, 4224},
        {334863, 1851744, 96, 3232},    {88784, 2093195, 128, 4832},
        {403394, 3387388, 96, 3328},
    };
    struct ruleset *rs = load("gnnadvisor.lua#gnnadvisor_compat");
    for (size_t i = 0; rs && i < sizeof(rows) / sizeof(rows[0]); i++) {
        set_shape(0, rows[i].dim);
        props_int(&graph, "graph.nodes", rows[i].nodes);
        props_int(&graph, "graph.edges", rows[i].edges);
        CHECK_INT(
            ruleset_decide(rs, "aggregate", &graph, &layer, &device, &d, &err),
            GNNAC_OK);
        CHECK_INT(d.n_candidates, 1);
        const struct candidate *c = &d.candidates[0];
        CHECK_INT(candidate_get(c, "warpPerBlock", 0) *
                      (4 * candidate_get(c, "partSize", 0) + 4 * rows[i].dim),
                  rows[i].bytes);
    }
    ruleset_destroy(rs);
}

// ---- what they say of their evidence ----------------------------------------

// The least modelled cost of a rule's points; infinite without any.
static double best_cost(const char *rule, int32_t width)
{
    struct device h200;
    struct kernel_spec spec = spec_of_width(width);
    double best = INFINITY;
    device_typical(90, &h200);
    for (size_t i = 0; i < d.n_candidates; i++)
        if (strcmp(d.candidates[i].rule, rule) == 0)
            best = fmin(best, cost_estimate(&d.candidates[i], &spec, &graph,
                                            &h200));
    return best;
}

// Ask default.lua about a graph whose longest row is as given.
static void ask_default(struct ruleset *rs, int64_t nodes, double mean,
                        int64_t longest, int32_t width)
{
    graph.n = layer.n = device.n = 0;
    props_int(&graph, "graph.nodes", nodes);
    props_real(&graph, "graph.degree.mean", mean);
    props_int(&graph, "graph.degree.max", longest);
    props_int(&layer, "layer.agg_dim", width);
    schema_complete(&graph, "graph");
    schema_complete(&layer, "layer");
    schema_complete(&device, "device");
    CHECK_INT(ruleset_decide(rs, "aggregate", &graph, &layer, &device, &d,
                             &err),
              GNNAC_OK);
}

TEST(what_rests_on_the_cost_model_is_what_it_says)
{
    static const int32_t wide[] = {128, 256, 602};
    struct ruleset *rs = load("default.lua");
    for (size_t i = 0; rs && i < sizeof(wide) / sizeof(wide[0]); i++) {
        ask_default(rs, 1000000, 20, 16, wide[i]);
        CHECK(best_cost("wide_rows", wide[i]) <=
              best_cost("even_rows", wide[i]));
    }
    ruleset_destroy(rs);
}

// A rule's comment says whether it was measured, modelled or reasoned.
TEST(every_shipped_rule_of_default_says_its_evidence)
{
    char *text = NULL;
    size_t n_bytes;
    int n = 0;
    CHECK_INT(file_read(source_path("rules", "default.lua"), 1 << 20, &text,
                        &n_bytes, &err),
              GNNAC_OK);
    for (char *at = text; at && (at = strstr(at, "\nrule \"")); n++) {
        *at++ = '\0'; // what stands before it, back to the last blank line
        const char *before = text, *p = text;
        while ((p = strstr(p, "\n\n")))
            before = p += 2;
        if (!strstr(before, "-- Evidence: measured") &&
            !strstr(before, "-- Evidence: modelled") &&
            !strstr(before, "-- Evidence: reasoned"))
            TEST__FAIL("no evidence: %.30s", at);
        at[-1] = '\n';
    }
    CHECK(n >= 6);
    free(text);
}

int main(void)
{
    const char *dirs[] = {source_path("templates", "")};
    if (catalog_open(dirs, 1, &catalog, &err) != GNNAC_OK) {
        printf("Bail out! %s\n", err.msg);
        return 1;
    }
    RUN(the_tests_in_the_files_pass);
    RUN(default_proposes_one_to_twenty_valid_points_for_every_width);
    RUN(gnnadvisor_proposes_valid_points_for_every_width);
    RUN(shipped_rules_propose_what_repeats);
    RUN(atomics_proposes_valid_points_only);
    RUN(exhaustive_proposes_valid_points_only);
    RUN(exhaustive_fits_the_list_of_candidates_for_every_width);
    RUN(gnnadvisor_compat_asks_for_the_artifacts_shared_memory);
    RUN(what_rests_on_the_cost_model_is_what_it_says);
    RUN(every_shipped_rule_of_default_says_its_evidence);
    catalog_close(catalog);
    return test_done();
}
