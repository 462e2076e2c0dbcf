// From candidates to images: what the databases save, and what a template that
// does not compile costs. Needs NVRTC.
#include "plan/opspec.h"
#include "tune/build.h"
#include "tune/content.h"
#include "tune/quarantine.h"
#include "tune/recall.h"
#include "tune_fixture.h"
#include "tunedb_records.h"

#define ALWAYS "when = function() return true end, "
#define TWO_RULES                                                              \
    "rule 'mine' { " ALWAYS "choose = { template = 'row_split', unroll = "     \
    "{1, 2} }, why = 'x', priority = 1000 }\n"                                 \
    "rule 'next' { " ALWAYS "choose = { template = 'neighbor_group' }, why = " \
    "'y', priority = 900 }\n"

static struct csr graph;
static bool has_nvrtc;

#define NEEDS_NVRTC()                                                          \
    do {                                                                       \
        if (!has_nvrtc)                                                        \
            SKIP("no NVRTC");                                                  \
    } while (0)

static struct tune_case *with_databases(void)
{
    static char folder[256];
    struct tune_case *t = tune_new();
    snprintf(folder, sizeof(folder), "%s", scratch_path("db"));
    t->request.no_db = false;
    t->request.db = folder;
    return t;
}

// A case that is built with databases, of `layers` equal GIN layers.
static struct tune_case *build_gin(int32_t layers, const char *rules)
{
    struct tune_case *t = with_databases();
    t->model_request = (struct model_request){
        .name = "gin", .dim = 16, .hidden = 16, .classes = 16,
        .layers = layers};
    CHECK_INT(tune_run(t, &graph, rules), GNNAC_OK);
    CHECK_STR(err.msg, "");
    return t;
}

static struct tune_case *build(const char *rules)
{
    struct tune_case *t = with_databases();
    CHECK_INT(tune_run(t, &graph, rules), GNNAC_OK);
    CHECK_STR(err.msg, "");
    return t;
}

static void check_images(const struct tune_case *t)
{
    for (int32_t i = 0; i < t->program.n_steps; i++) {
        const struct variant *v = chosen(t, i);
        if (!v->source)
            continue;
        for (size_t k = 0; k <= t->wb.n_archs; k++)
            CHECK(v->images[k].image && v->images[k].n_bytes > 0);
        CHECK_STR(v->images[0].arch, "sm_90");
        CHECK_STR(v->images[t->wb.n_archs].arch, "compute_75");
        CHECK(v->registers > 0);
        CHECK_HAS(v->source, v->kernel.name);
    }
}

static void check_same_choices(const struct tune_case *a,
                               const struct tune_case *b)
{
    CHECK_INT(a->program.n_steps, b->program.n_steps);
    for (int32_t i = 0; i < a->program.n_steps; i++) {
        CHECK_STR(chosen(a, i)->kernel.name, chosen(b, i)->kernel.name);
        CHECK_STR(a->sel.choices[i].rule, b->sel.choices[i].rule);
        CHECK_STR(a->sel.choices[i].why, b->sel.choices[i].why);
        CHECK_STR(a->sel.choices[i].where, b->sel.choices[i].where);
        CHECK_STR(a->sel.choices[i].knobs, b->sel.choices[i].knobs);
    }
}

TEST(the_second_build_emits_and_compiles_nothing)
{
    NEEDS_NVRTC();
    struct tune_case *a = build(TWO_RULES), *b = build(TWO_RULES);
    const struct select_report *r = &b->sel.report;
    CHECK(a->sel.report.n_compiled > 0);
    CHECK_INT(a->sel.report.n_recalled, 0);
    CHECK_INT(r->n_recalled, r->n_steps);
    CHECK_INT(r->n_emitted + r->n_compiled + r->n_timed, 0);
    CHECK(b->wb.nvrtc == NULL); // not even opened
    check_images(a);
    check_images(b);
    check_same_choices(a, b);
    for (int32_t i = 0; i < b->program.n_steps; i++)
        if (chosen(b, i)->source) {
            CHECK_STR(a->sel.choices[i].level, "rules");
            CHECK_STR(b->sel.choices[i].level, "tune.db");
            CHECK_STR(chosen(b, i)->source, chosen(a, i)->source);
        }
    tune_finish(a);
    tune_finish(b);
    scratch_empty("db");
}

static struct tune_case *build_with_ptx(bool ptx)
{
    struct tune_case *t = with_databases();
    t->request.no_ptx = !ptx;
    CHECK_INT(tune_run(t, &graph, TWO_RULES), GNNAC_OK);
    CHECK_STR(err.msg, "");
    return t;
}

TEST(whether_there_is_ptx_decides_nothing)
{
    NEEDS_NVRTC();
    struct tune_case *without = build_with_ptx(false);
    struct tune_case *with = build_with_ptx(true);
    struct tune_case *again = build_with_ptx(false);
    const size_t n = without->sel.report.n_compiled; // one image a kernel
    CHECK(n > 0);
    CHECK_INT(with->sel.report.n_recalled, with->sel.report.n_steps);
    CHECK_INT(with->sel.report.n_compiled, n);
    check_images(with);
    CHECK_INT(again->sel.report.n_recalled, again->sel.report.n_steps);
    CHECK_INT(again->sel.report.n_compiled, 0);
    check_same_choices(without, with);
    check_same_choices(without, again);
    tune_finish(without);
    tune_finish(with);
    tune_finish(again);
    scratch_empty("db");
}

TEST(a_comment_in_a_rule_file_asks_again_but_compiles_nothing)
{
    NEEDS_NVRTC();
    struct tune_case *a = build(TWO_RULES);
    struct tune_case *b = build(TWO_RULES "-- a comment\n");
    const struct select_report *r = &b->sel.report;
    CHECK_INT(r->n_recalled, 0);
    CHECK_INT(r->n_emitted, a->sel.report.n_emitted);
    CHECK_INT(r->n_compiled, 0);
    CHECK_INT(r->n_cached, a->sel.report.n_compiled);
    CHECK(b->wb.nvrtc == NULL);
    check_images(b);
    check_same_choices(a, b);
    tune_finish(a);
    tune_finish(b);
    scratch_empty("db");
}

TEST(a_lost_kernel_cache_is_filled_again)
{
    NEEDS_NVRTC();
    struct tune_case *a = build(TWO_RULES);
    CHECK_INT(unlink(scratch_path("db/kcache.db")), 0);
    struct tune_case *b = build(TWO_RULES);
    CHECK_INT(b->sel.report.n_recalled, 0);
    CHECK_INT(b->sel.report.n_compiled, a->sel.report.n_compiled);
    check_images(b);
    check_same_choices(a, b);
    tune_finish(a);
    tune_finish(b);
    struct tune_case *c = build(TWO_RULES);
    CHECK_INT(c->sel.report.n_recalled, c->sel.report.n_steps);
    tune_finish(c);
    scratch_empty("db");
}

// The first layer is known, the others share its kernel: what is recalled must
// not weigh more or less than it did.
TEST(a_deeper_model_chooses_as_if_nothing_were_known)
{
    NEEDS_NVRTC();
    static const char rules[] =
        "rule 'mine' { " ALWAYS "choose = { template = 'row_split', dimWorker "
        "= {1, 4}, unroll = 1 }, why = 'x', priority = 1000 }\n"
        "rule 'one' { when = function(g, l) return l.index < 2 end, choose = { "
        "template = 'row_split', dimWorker = 1, unroll = 1 }, why = 'z', "
        "priority = 2000 }\n";
    struct tune_case *known = build_gin(2, rules), *some = build_gin(4, rules);
    CHECK(some->sel.report.n_recalled > 0);
    CHECK(some->sel.report.n_recalled < some->sel.report.n_steps);
    scratch_empty("db");
    struct tune_case *none = build_gin(4, rules);
    CHECK_INT(none->sel.report.n_recalled, 0);
    check_same_choices(some, none);
    check_images(some);
    tune_finish(known);
    tune_finish(some);
    tune_finish(none);
    scratch_empty("db");
}

TEST(every_other_circumstance_asks_again)
{
    NEEDS_NVRTC();
    static const char *settings[] = {"unroll=2"};
    struct tune_case *a = build(NULL), *b = with_databases();
    b->request.arch = "sm_80";
    CHECK_INT(tune_run(b, &graph, NULL), GNNAC_OK);
    CHECK_INT(b->sel.report.n_recalled, 0);
    CHECK(b->sel.report.n_compiled > 0);
    struct tune_case *c = with_databases();
    c->request.settings = settings;
    c->request.n_settings = 1;
    CHECK_INT(tune_run(c, &graph, NULL), GNNAC_OK);
    CHECK_INT(c->sel.report.n_recalled, 0);
    // Another graph: decided anew, though its kernels may be the same.
    struct csr other = csr_of(coo_of(3, 2, (int32_t[]){0, 1, 1, 2}), NULL);
    struct tune_case *d = with_databases();
    CHECK_INT(tune_run(d, &other, NULL), GNNAC_OK);
    CHECK_INT(d->sel.report.n_recalled, 0);
    tune_finish(a);
    tune_finish(b);
    tune_finish(c);
    tune_finish(d);
    csr_finish(&other);
    scratch_empty("db");
}

// ---- templates that do not compile ------------------------------------------

// Whether it compiles is up to the knob.
static const char moody[] =
    "//% family { op = \"aggregate\", doc = [[Sometimes wrong.]] }\n"
    "//% knob { name = \"wrong\", tag = \"w\", min = 0, max = 1, default = 0,\n"
    "//%        doc = \"whether\" }\n"
    "\n"
    "//% local p = launch { entry = kernel, grid = { \"n_rows\" },\n"
    "//%   block = 32, args = { \"out\", \"n_rows\" } }\n"
    "extern \"C\" __global__ void ${kernel}(${p})\n"
    "{\n"
    "//% if wrong == 1 then\n"
    "    out[0] = nothing_of_this_name;\n"
    "//% end\n"
    "}\n";

static const struct variant *variant_like(const struct tune_case *t,
                                          const char *knobs)
{
    static const struct variant none = {.status = "missing"};
    for (size_t i = 0; i < t->sel.n_variants; i++)
        if (strstr(t->sel.variants[i].knobs, knobs))
            return &t->sel.variants[i];
    return &none;
}

TEST(a_candidate_that_does_not_compile_does_not_stop_the_others)
{
    NEEDS_NVRTC();
    scratch_text("templates/moody.cu.lua", moody);
    struct tune_case *t = build(
        "rule 'mine' { " ALWAYS "choose = { template = 'moody', wrong = {1, 0} "
        "}, why = 'x', priority = 1000 }\n");
    int32_t step = kernel_step(t, 0);
    const struct variant *bad = variant_like(t, "wrong=1");
    CHECK_STR(choice_of(t, step)->knobs, ""); // wrong=0: it is off
    CHECK_STR(bad->status, "compile_error");
    CHECK_HAS(bad->reason, "templates/moody.cu.lua(10): error");
    CHECK_HAS(bad->reason, "nothing_of_this_name");
    CHECK_HAS(bad->reason, "; source kept in ");
    CHECK(t->sel.report.n_rejected > 0);
    CHECK_STR(chosen(t, step)->status, "ok");
    CHECK(scratch_empty("kept") > 0);
    tune_finish(t);
    scratch_unlink("templates/moody.cu.lua");
    scratch_empty("db");
}

// Sixty sums at once in 32 registers, which its threads leave it, or one.
static const char greedy[] =
    "//% family { op = \"aggregate\", doc = [[Many sums at once.]] }\n"
    "//% knob { name = \"sums\", tag = \"s\", min = 1, max = 60, default = 1,\n"
    "//%        doc = \"how many\" }\n"
    "\n"
    "//% local p = launch { entry = kernel, grid = { \"n_rows\" },\n"
    "//%   block = 1024, args = { \"out\", \"n_rows\" } }\n"
    "extern \"C\" __global__ void __launch_bounds__(1024, 2) ${kernel}(${p})\n"
    "{\n"
    "    float sum[${sums}];\n"
    "    #pragma unroll\n"
    "    for (int i = 0; i < ${sums}; i++)\n"
    "        sum[i] = ((volatile float *)out)[i];\n"
    "    __syncthreads();\n"
    "    #pragma unroll\n"
    "    for (int i = 0; i < ${sums}; i++)\n"
    "        ((volatile float *)out)[i] = sum[i];\n"
    "}\n";

TEST(a_kernel_that_spills_gives_way_to_one_that_does_not)
{
    NEEDS_NVRTC();
    scratch_text("templates/greedy.cu.lua", greedy);
    struct tune_case *t = build(
        "rule 'mine' { " ALWAYS "choose = { template = 'greedy', sums = "
        "{60, 1} }, why = 'x', priority = 1000 }\n");
    CHECK(variant_like(t, "sums=60")->spill_bytes > 0);
    CHECK_STR(choice_of(t, kernel_step(t, 0))->knobs, "sums=1");
    tune_finish(t);
    scratch_unlink("templates/greedy.cu.lua");
    scratch_empty("db");
}

TEST(where_nothing_is_timed_only_what_is_chosen_is_compiled)
{
    NEEDS_NVRTC();
    struct tune_case *t = build(TWO_RULES);
    size_t n = 0;
    for (size_t i = 0; i < t->sel.n_variants; i++)
        n += t->sel.variants[i].images[0].image != NULL;
    CHECK(t->sel.n_variants > n);
    CHECK_INT(t->sel.report.n_compiled, n * (t->wb.n_archs + 1));
    check_images(t);
    tune_finish(t);
    scratch_empty("db");
}

static struct tune_case *build_product(void)
{
    struct tune_case *t = with_databases();
    t->claim = t->fuse = true;
    t->model_request = (struct model_request){
        .name = "gin", .dim = 16, .classes = 48, .mlp = 2, .hidden = 40,
        .layers = 1};
    CHECK_INT(tune_run(t, &graph,
                       "rule 'mine' { " ALWAYS "choose = { template = "
                       "'bias_act', warpPerBlock = {2, 4, 8} }, why = 'x' }\n"),
              GNNAC_OK);
    CHECK_STR(err.msg, "");
    return t;
}

// All products by BLAS, as if a race had said so.
static void decide_for_blas(struct tune_case *t)
{
    const struct origin from = {.rule = "blas", .why = "faster"};
    for (int32_t i = 0; i < t->program.n_steps; i++) {
        struct opspec op;
        if (t->program.steps[i].kind != STEP_LINEAR ||
            !opspec_of_step(&t->model, &t->program, &t->program.steps[i],
                            graph.n_nodes, graph.n_edges, &op))
            continue;
        const struct recall_key key = {t->graph.fingerprint, op.key};
        const struct variant v = variant_of_blas(&op.spec);
        remember(&t->wb, &key, &v, &from, 1500, EFFORT_RACE);
    }
}

TEST(what_ends_a_product_that_blas_won_is_compiled_once_it_is_chosen)
{
    NEEDS_NVRTC();
    struct tune_case *t = build_product();
    decide_for_blas(t);
    tune_finish(t);
    t = build_product();
    size_t n_compiled = 0, n_proposed = 0;
    for (size_t i = 0; i < t->sel.n_variants; i++) {
        const struct variant *v = &t->sel.variants[i];
        bool ends = strcmp(v->kernel.family, "bias_act") == 0;
        n_proposed += ends;
        n_compiled += ends && v->images[0].image;
    }
    CHECK_INT(t->sel.report.n_compiled, n_compiled * (t->wb.n_archs + 1));
    CHECK(n_compiled > 0);
    CHECK_INT(n_proposed, 3 * n_compiled);
    check_images(t);
    tune_finish(t);
    t = build_product();
    CHECK_INT(t->sel.report.n_recalled, t->sel.report.n_steps);
    CHECK_INT(t->sel.report.n_emitted, 0);
    tune_finish(t);
    scratch_empty("db");
}

TEST(when_nothing_of_the_first_rule_compiles_the_next_is_taken)
{
    NEEDS_NVRTC();
    scratch_text("templates/moody.cu.lua", moody);
    struct tune_case *t = build(
        "rule 'mine' { " ALWAYS "choose = { template = 'moody', wrong = 1 }, "
        "why = 'x', priority = 1000 }\n"
        "rule 'next' { " ALWAYS "choose = { template = 'row_split' }, why = "
        "'y', priority = 900 }\n");
    CHECK_STR(choice_of(t, kernel_step(t, 0))->rule, "next");
    tune_finish(t);
    scratch_unlink("templates/moody.cu.lua");
    scratch_empty("kept");
    scratch_empty("db");
}

struct tally {
    const char *status;
    int n;
};

static gnnac_status count_run(void *tally, const struct run_record *run,
                              gnnac_error *e)
{
    struct tally *t = tally;
    (void)e;
    for (size_t i = 0; i < run->n_rows; i++)
        t->n += strcmp(run->rows[i].status, t->status) == 0;
    return GNNAC_OK;
}

// Candidates of which tune.db says so.
static int count_recorded(const char *status)
{
    struct tally t = {.status = status};
    struct tunedb *db = NULL;
    const struct record_visitor v = {.context = &t, .run = count_run};
    CHECK_INT(tunedb_open(scratch_path("db/tune.db"), &db, &err), GNNAC_OK);
    CHECK_INT(tunedb_visit(db, "", &v, &err), GNNAC_OK);
    tunedb_close(db);
    return t.n;
}

TEST(when_nothing_compiles_the_compiler_is_quoted)
{
    NEEDS_NVRTC();
    static const char *settings[] = {"template=moody", "wrong=1"};
    scratch_text("templates/moody.cu.lua", moody);
    struct tune_case *t = with_databases();
    t->request.settings = settings;
    t->request.n_settings = 2;
    CHECK_INT(tune_run(t, &graph, NULL), GNNAC_ECOMPILE);
    CHECK_HAS(err.msg, "templates/moody.cu.lua(10): error");
    CHECK_INT(t->sel.n_variants, 0); // nothing is left half chosen
    tune_finish(t);
    // What failed was not remembered as a decision, but that it failed.
    CHECK_INT(count_recorded("compile_error"), 1);
    struct tune_case *again = with_databases();
    again->request.settings = settings;
    again->request.n_settings = 2;
    CHECK_INT(tune_run(again, &graph, NULL), GNNAC_ECOMPILE);
    tune_finish(again);
    scratch_unlink("templates/moody.cu.lua");
    CHECK(scratch_empty("kept") >= 2);
    scratch_empty("db");
}

TEST(an_edited_template_is_compiled_anew)
{
    NEEDS_NVRTC();
    static const char *settings[] = {"template=moody"};
    char edited[sizeof(moody)];
    strcpy(edited, moody);
    memcpy(strstr(edited, "Sometimes"), "SOMETIMES", 9);
    struct tune_case *t[2];
    for (int i = 0; i < 2; i++) {
        scratch_text("templates/moody.cu.lua", i ? edited : moody);
        t[i] = with_databases();
        t[i]->request.settings = settings;
        t[i]->request.n_settings = 1;
        CHECK_INT(tune_run(t[i], &graph, NULL), GNNAC_OK);
    }
    CHECK_INT(t[1]->sel.report.n_recalled, 0);
    CHECK_HAS(chosen(t[1], kernel_step(t[1], 0))->source, "SOMETIMES");
    tune_finish(t[0]);
    tune_finish(t[1]);
    scratch_unlink("templates/moody.cu.lua");
    scratch_empty("db");
}

// ---- quarantine -------------------------------------------------------------

// The chosen kernel of a step failed: by its key, or by what it executes alone.
static void condemn(const struct tune_case *t, int32_t step, bool by_content)
{
    char content[33];
    struct variant v = *chosen(t, step);
    variant_content(&v, content);
    const struct quarantine_row row = {
        .key = by_content ? "00000000000000000000000000000000" : v.keys[0],
        .driver = "cuda 12.4",
        .content = content,
        .arch = "sm_90",
        .kernel = by_content ? "gnnac_twin" : v.kernel.name,
        .verdict = "fault",
        .reason = "it ended its worker"};
    CHECK_INT(tunedb_put_quarantine(t->wb.db, &row, &err), GNNAC_OK);
}

static const struct variant *variant_called(const struct tune_case *t,
                                            const char *name)
{
    static const struct variant none = {.status = "none"};
    for (size_t i = 0; i < t->sel.n_variants; i++)
        if (strcmp(t->sel.variants[i].kernel.name, name) == 0)
            return &t->sel.variants[i];
    return &none;
}

TEST(a_kernel_in_quarantine_is_neither_recalled_nor_compiled_nor_chosen)
{
    NEEDS_NVRTC();
    for (int by_content = 0; by_content < 2; by_content++) {
        struct tune_case *a = build(TWO_RULES);
        int32_t step = kernel_step(a, 0);
        if (by_content) // its decision goes, so that all is asked again
            unlink(scratch_path("db/tune.db"));
        tune_finish(a);
        a = build(TWO_RULES);
        condemn(a, step, by_content);
        struct tune_case *b = build(by_content ? TWO_RULES " " : TWO_RULES);
        const struct variant *was =
            variant_called(b, chosen(a, step)->kernel.name);
        CHECK(strcmp(chosen(b, step)->kernel.name,
                     chosen(a, step)->kernel.name) != 0);
        CHECK_STR(was->status, "quarantined");
        CHECK_HAS(was->reason, "in quarantine (fault): it ended its worker");
        CHECK_INT(was->images[0].image != NULL, by_content);
        CHECK(b->sel.report.n_quarantined >= 1);
        CHECK(count_recorded("quarantined") >= 1);
        tune_finish(a);
        tune_finish(b);
        scratch_empty("db");
    }
}

TEST(the_twin_of_a_kernel_in_quarantine_is_then_known_by_its_own_key)
{
    NEEDS_NVRTC();
    struct quarantine_answer a;
    struct tune_case *t = build(TWO_RULES);
    int32_t step = kernel_step(t, 0);
    struct variant *v = &t->sel.variants[t->sel.chosen[step]];
    strcpy(t->wb.driver, "cuda 12.4");
    condemn(t, step, true);
    CHECK(!quarantine_has(&t->wb, v->keys[0], &a));
    CHECK_INT(quarantine_screen(&t->wb, v, 1), 1);
    CHECK_STR(v->status, "quarantined");
    CHECK(quarantine_has(&t->wb, v->keys[0], &a));
    CHECK(quarantine_has_text(&t->wb, v->source, &a));
    CHECK_STR(a.verdict, "fault");
    strcpy(t->wb.driver, "cuda 13.0");
    CHECK(!quarantine_has(&t->wb, v->keys[0], &a));
    tune_finish(t);
    scratch_empty("db");
}

TEST(where_all_is_in_quarantine_the_reason_is_told)
{
    NEEDS_NVRTC();
    static const char *settings[] = {"template=row_split", "unroll=2"};
    for (int round = 0; round < 2; round++) {
        struct tune_case *t = with_databases();
        t->request.settings = settings;
        t->request.n_settings = 2;
        CHECK_INT(tune_run(t, &graph, NULL),
                  round ? GNNAC_EWRONG : GNNAC_OK);
        if (round == 0)
            condemn(t, kernel_step(t, 0), false);
        tune_finish(t);
    }
    CHECK_HAS(err.msg, "in quarantine (fault)");
    scratch_empty("db");
}

int main(void)
{
    struct nvrtc *n = NULL;
    tune_scratch_make();
    graph = tune_graph();
    has_nvrtc = nvrtc_open(&n, NULL) == GNNAC_OK;
    nvrtc_close(n);
    RUN(the_second_build_emits_and_compiles_nothing);
    RUN(whether_there_is_ptx_decides_nothing);
    RUN(a_comment_in_a_rule_file_asks_again_but_compiles_nothing);
    RUN(a_lost_kernel_cache_is_filled_again);
    RUN(a_deeper_model_chooses_as_if_nothing_were_known);
    RUN(every_other_circumstance_asks_again);
    RUN(a_candidate_that_does_not_compile_does_not_stop_the_others);
    RUN(a_kernel_that_spills_gives_way_to_one_that_does_not);
    RUN(where_nothing_is_timed_only_what_is_chosen_is_compiled);
    RUN(what_ends_a_product_that_blas_won_is_compiled_once_it_is_chosen);
    RUN(when_nothing_of_the_first_rule_compiles_the_next_is_taken);
    RUN(when_nothing_compiles_the_compiler_is_quoted);
    RUN(an_edited_template_is_compiled_anew);
    RUN(a_kernel_in_quarantine_is_neither_recalled_nor_compiled_nor_chosen);
    RUN(the_twin_of_a_kernel_in_quarantine_is_then_known_by_its_own_key);
    RUN(where_all_is_in_quarantine_the_reason_is_told);
    csr_finish(&graph);
    tune_scratch_remove();
    return test_done();
}
