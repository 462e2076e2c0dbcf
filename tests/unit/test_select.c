// What is chosen where nothing can be timed: by --set, by rules, by the cost
// model, and how that is reported. Explaining needs no compiler.
#include "cuda/cuda_context.h"
#include "tune/recall.h"
#include "tune/select_state.h"
#include "tune_fixture.h"

#define ALWAYS "when = function() return true end, "

static struct csr graph;

static struct tune_case *explain(const char *rules, gnnac_status want)
{
    struct tune_case *t = tune_new();
    t->request.explain = true;
    CHECK_INT(tune_run(t, &graph, rules), want);
    if (want == GNNAC_OK)
        CHECK_STR(err.msg, "");
    return t;
}

// The first aggregation of the case.
static int32_t aggregation(const struct tune_case *t)
{
    for (int32_t i = 0; i < t->program.n_steps; i++)
        if (t->program.steps[i].kind == STEP_AGGREGATE)
            return i;
    return -1;
}

TEST(a_rule_of_the_highest_priority_decides)
{
    struct tune_case *t = explain(
        "rule 'late' { " ALWAYS "choose = { template = 'row_split' }, why = "
        "'late', priority = 900 }\n"
        "rule 'mine' { " ALWAYS "choose = { template = 'neighbor_group', "
        "partSize = 7 }, why = 'seven', priority = 1000 }\n",
        GNNAC_OK);
    int32_t step = aggregation(t);
    const struct choice *c = choice_of(t, step);
    CHECK_INT(c->step, step);
    CHECK_STR(c->rule, "mine");
    CHECK_STR(c->why, "seven");
    CHECK_HAS(c->where, "rules.lua:2");
    CHECK_STR(c->level, "rules");
    CHECK_HAS(c->knobs, "partSize=7 ");
    CHECK(isnan(c->median_ns));
    CHECK_STR(chosen(t, step)->kernel.family, "neighbor_group");
    CHECK_INT(t->sel.report.n_timed, 0);
    CHECK_INT(t->sel.report.n_compiled, 0);
    CHECK(t->sel.decisions[step] != NULL);
    tune_finish(t);
}

TEST(a_cheaper_kernel_of_a_later_rule_does_not_win)
{
    struct tune_case *t = explain(
        "rule 'bad' { " ALWAYS "choose = { template = 'row_split', dimWorker = "
        "1, unroll = 1 }, why = 'x', priority = 1000 }\n",
        GNNAC_OK);
    int32_t step = aggregation(t);
    double least = INFINITY;
    CHECK_STR(choice_of(t, step)->rule, "bad");
    for (size_t i = 0; i < t->sel.n_variants; i++)
        if (t->sel.variants[i].kernel.dim == chosen(t, step)->kernel.dim)
            least = fmin(least, t->sel.variants[i].cost);
    CHECK(least < chosen(t, step)->cost);
    tune_finish(t);
}

TEST(the_candidates_of_one_rule_compete_by_cost)
{
    struct tune_case *t = explain(
        "rule 'mine' { " ALWAYS "choose = { template = 'row_split', dimWorker "
        "= 4, edgeWorker = {1, 8, 2}, unroll = {1, 2} }, why = 'x', priority = "
        "1000 }\n",
        GNNAC_OK);
    int32_t step = aggregation(t);
    const struct variant *best = chosen(t, step);
    const struct decision *d = t->sel.decisions[step < 0 ? 0 : step];
    CHECK_STR(choice_of(t, step)->rule, "mine");
    for (size_t i = 0, n = 0; i < t->sel.n_variants && n < 6; i++)
        if (t->sel.variants[i].kernel.dim == best->kernel.dim) {
            CHECK(best->cost <= t->sel.variants[i].cost);
            n++;
        }
    CHECK_STR(d->candidates[5].rule, "mine");
    CHECK(strcmp(d->candidates[6].rule, "mine") != 0);
    tune_finish(t);
}

TEST(settings_overrule_the_rules)
{
    static const char *settings[] = {"template=row_split", "unroll=3"};
    struct tune_case *t = tune_new();
    t->request.explain = true;
    t->request.settings = settings;
    t->request.n_settings = 2;
    CHECK_INT(tune_run(t, &graph, NULL), GNNAC_OK);
    int32_t step = aggregation(t);
    CHECK_STR(choice_of(t, step)->rule, "--set");
    CHECK_STR(choice_of(t, step)->level, "settings");
    CHECK_HAS(choice_of(t, step)->knobs, "unroll=3 ");
    CHECK_INT(t->graph.props.n, 0); // nobody asked what the graph is like
    // ... but only for what has these knobs.
    CHECK_STR(choice_of(t, kernel_step(t, 1))->rule, "built-in");
    tune_finish(t);
}

TEST(steps_without_a_kernel_get_none)
{
    struct tune_case *t = tune_new();
    t->request.explain = true;
    t->model_request = (struct model_request){
        .name = "gcn", .dim = 8, .hidden = 32, .classes = 4};
    CHECK_INT(tune_run(t, &graph, NULL), GNNAC_OK);
    size_t n = 0;
    for (int32_t i = 0; i < t->program.n_steps; i++) {
        const struct step *s = &t->program.steps[i];
        bool wide = s->kind == STEP_LINEAR &&
                    t->program.buffers[s->out].dim > 16;
        CHECK_INT(t->sel.chosen[i] < 0, wide);
        n += !wide;
    }
    CHECK_INT(t->sel.report.n_steps, n);
    CHECK(n > 0 && n < (size_t)t->program.n_steps);
    tune_finish(t);
}

TEST(equal_points_of_several_steps_are_one_variant)
{
    struct tune_case *t = tune_new();
    t->request.explain = true;
    t->model_request = (struct model_request){
        .name = "gin", .dim = 64, .hidden = 64, .classes = 64, .layers = 5};
    CHECK_INT(tune_run(t, &graph, NULL), GNNAC_OK);
    CHECK(t->sel.n_variants < t->sel.report.n_emitted);
    for (size_t i = 0; i < t->sel.n_variants; i++)
        for (size_t j = 0; j < i; j++)
            CHECK(strcmp(t->sel.variants[i].kernel.name,
                         t->sel.variants[j].kernel.name) != 0);
    tune_finish(t);
}

TEST(steps_that_share_a_variant_keep_their_own_rules)
{
    struct tune_case *t = tune_new();
    t->request.explain = true;
    t->model_request = (struct model_request){
        .name = "gin", .dim = 64, .hidden = 64, .classes = 64, .layers = 3};
    CHECK_INT(
        tune_run(t, &graph,
                 "rule 'first' { when = function(g, l) return l.index == 0 "
                 "end, choose = { template = 'row_split', unroll = 2 }, why = "
                 "'it is the first', priority = 1000 }\n"
                 "rule 'other' { when = function(g, l) return l.index > 0 "
                 "end, choose = { template = 'row_split', unroll = 2 }, why = "
                 "'it is another', priority = 1000 }\n"),
        GNNAC_OK);
    for (int32_t i = 0; i < t->program.n_steps; i++) {
        const struct step *s = &t->program.steps[i];
        if (s->kind != STEP_AGGREGATE)
            continue;
        CHECK_STR(choice_of(t, i)->rule, s->layer ? "other" : "first");
        CHECK_STR(choice_of(t, i)->why,
                  s->layer ? "it is another" : "it is the first");
    }
    tune_finish(t);
}

TEST(steps_that_share_a_variant_keep_their_own_times)
{
    struct selection *sel = calloc(1, sizeof(*sel));
    struct variant shared = {.status = "ok", .median_ns = NAN};
    struct origin by = {.rule = "r"};
    struct contest_entry timed = {.variant = 0, .median_ns = 5};
    struct contest_entry stopped = {.variant = 0, .median_ns = NAN};
    struct question q[2] = {{.step = 0, .n_options = 1, .origins = &by},
                            {.step = 1, .n_options = 1, .origins = &by}};
    struct selector s = {.sel = sel, .n_questions = 2, .questions = q};
    sel->variants = &shared;
    sel->n_variants = 1;
    sel->contests[0] = (struct contest){.winner = 0, .n = 1, .entries = &timed};
    sel->contests[1] =
        (struct contest){.winner = -1, .n = 1, .entries = &stopped};
    for (int i = 0; i < 2; i++)
        CHECK_INT(question_decide(&s, &q[i], &err), GNNAC_OK);
    CHECK(q[0].median_ns == 5);
    CHECK(isnan(q[1].median_ns));
    free(sel);
}

TEST(points_that_a_template_refuses_are_dropped)
{
    struct tune_case *t = explain(
        "rule 'mine' { " ALWAYS "choose = { template = 'row_split', dimWorker "
        "= 32, edgeWorker = {2, 1} }, why = 'x', priority = 1000 }\n",
        GNNAC_OK);
    CHECK_HAS(choice_of(t, aggregation(t))->knobs, "edgeWorker=1 ");
    for (size_t i = 0; i < t->sel.n_variants; i++)
        CHECK(!strstr(t->sel.variants[i].knobs, "dimWorker=32 edgeWorker=2"));
    tune_finish(t);
}

TEST(when_every_point_is_refused_the_template_says_why)
{
    static const char *settings[] = {"dimWorker=32", "edgeWorker=2"};
    struct tune_case *t = tune_new();
    t->request.explain = true;
    t->request.settings = settings;
    t->request.n_settings = 2;
    CHECK_INT(tune_run(t, &graph, NULL), GNNAC_ENOENT);
    CHECK_HAS(err.msg, "no candidate fits step");
    CHECK_HAS(err.msg, "templates/walk.lib.lua:");
    CHECK_HAS(err.msg, "more than a warp's 32 lanes");
    tune_finish(t);
}

// A template of one's own that sums rows and stores them.
static const char plain[] =
    "//% family { op = 'aggregate', doc = 'sums' }\n\n"
    "//% local args = { 'out', 'x', 'n_rows' }\n"
    "//% local parameters = launch { entry = kernel, block = 32,\n"
    "//%   grid = { 'n_rows', per = 32 }, args = args }\n"
    "extern \"C\" __global__ void ${kernel}(${parameters}) {}\n";

TEST(steps_that_no_template_does_together_are_done_apart)
{
    scratch_text("templates/plain.cu.lua", plain);
    static const char *settings[] = {"template=plain"};
    for (int own = 0; own < 2; own++) {
        struct tune_case *t = tune_new();
        t->request.explain = t->fuse = true;
        t->request.settings = settings;
        t->request.n_settings = own;
        CHECK_INT(tune_run(t, &graph, NULL), GNNAC_OK);
        int32_t last = t->program.n_steps - 1;
        CHECK_INT(t->program.steps[last].fused, !own);
        CHECK_INT(t->sel.chosen[last] >= 0, own);
        CHECK(t->sel.chosen[last - 1] >= 0);
        tune_finish(t);
    }
    scratch_unlink("templates/plain.cu.lua");
}

// A product with a bias behind it, and what the database knows.
static struct tune_case *explain_product_of(const struct model_request *model)
{
    static char folder[256];
    struct tune_case *t = tune_new();
    t->request.explain = t->claim = t->fuse = true;
    t->request.no_db = false;
    snprintf(folder, sizeof(folder), "%s", scratch_path("db"));
    t->request.db = folder;
    t->model_request = *model;
    CHECK_INT(tune_run(t, &graph, NULL), GNNAC_OK);
    CHECK_STR(err.msg, "");
    return t;
}

static struct tune_case *explain_product(void)
{
    const struct model_request gin = {.name = "gin", .dim = 16, .classes = 48,
                                      .mlp = 2, .hidden = 40, .layers = 2};
    return explain_product_of(&gin);
}

static int32_t product_of(const struct tune_case *t)
{
    int32_t i = 0;
    while (i + 1 < t->program.n_steps &&
           !(t->program.steps[i].kind == STEP_LINEAR &&
             !t->program.steps[i].fused &&
             t->program.steps[i + 1].kind == STEP_BIAS_ACT))
        i++;
    CHECK(i + 1 < t->program.n_steps);
    return i;
}

TEST(a_product_that_blas_won_is_its_and_the_ending_gets_a_kernel)
{
    struct opspec op;
    struct tune_case *t = explain_product();
    int32_t i = product_of(t);
    CHECK_STR(chosen(t, i)->kernel.family, "linear_mma");
    CHECK(t->program.steps[i + 1].fused && t->sel.chosen[i + 1] < 0);
    CHECK(opspec_of_step(&t->model, &t->program, &t->program.steps[i],
                         graph.n_nodes, graph.n_edges, &op));
    const struct recall_key key = {t->graph.fingerprint, op.key};
    const struct variant won = variant_of_blas(&op.spec);
    const struct origin from = {.rule = "blas", .why = "faster"};
    remember(&t->wb, &key, &won, &from, 1500, EFFORT_RACE);
    tune_finish(t);

    t = explain_product();
    CHECK(variant_is_blas(chosen(t, i)));
    CHECK_STR(choice_of(t, i)->rule, "blas");
    CHECK_STR(choice_of(t, i)->level, "tune.db");
    CHECK(choice_of(t, i)->median_ns == 1500);
    CHECK(t->program.steps[i].left_to_blas);
    CHECK(!t->program.steps[i + 1].fused);
    CHECK_STR(chosen(t, i + 1)->kernel.family, "bias_act");
    CHECK_STR(choice_of(t, i + 1)->rule, "built-in");
    CHECK_INT(t->sel.report.n_recalled, 1);
    CHECK(t->sel.asked[i] && strcmp(t->sel.asked[i]->key, op.key) == 0);
    CHECK(t->sel.asked[i + 1] != NULL);
    tune_finish(t);
    scratch_empty("db");
}

// One with 16 columns at most is a kernel's of ours unless BLAS has won it.
TEST(a_narrow_product_that_blas_won_is_its_and_is_not_asked_about_again)
{
    struct opspec op;
    const struct model_request sage = {.name = "sage", .dim = 8, .classes = 48,
                                       .hidden = 12, .layers = 2};
    struct tune_case *t = explain_product_of(&sage);
    int32_t i = product_of(t);
    CHECK(is_narrow_product(&t->program, &t->program.steps[i]));
    CHECK_STR(chosen(t, i)->kernel.family, "linear");
    CHECK(opspec_of_step(&t->model, &t->program, &t->program.steps[i],
                         graph.n_nodes, graph.n_edges, &op));
    const struct recall_key key = {t->graph.fingerprint, op.key};
    const struct variant won = variant_of_blas(&op.spec);
    const struct origin from = {.rule = "blas", .why = "faster"};
    remember(&t->wb, &key, &won, &from, 1500, EFFORT_RACE);
    tune_finish(t);

    t = explain_product_of(&sage);
    CHECK(variant_is_blas(chosen(t, i)));
    CHECK_STR(choice_of(t, i)->rule, "blas");
    CHECK(!t->program.steps[i + 1].fused);
    CHECK_STR(chosen(t, i + 1)->kernel.family, "bias_act");
    CHECK(!is_own_product(&t->program, &t->program.steps[i]));
    CHECK(!opspec_of_step(&t->model, &t->program, &t->program.steps[i],
                          graph.n_nodes, graph.n_edges, &op));
    tune_finish(t);
    scratch_empty("db");
}

TEST(what_the_database_says_of_blas_counts_for_products_that_it_has_alone)
{
    struct opspec op;
    struct tune_case *t = explain_product();
    int32_t i = aggregation(t);
    CHECK(opspec_of_step(&t->model, &t->program, &t->program.steps[i],
                         graph.n_nodes, graph.n_edges, &op));
    const struct recall_key key = {t->graph.fingerprint, op.key};
    const struct variant wrong = variant_of_blas(&op.spec);
    const struct origin from = {.rule = "blas", .why = "faster"};
    remember(&t->wb, &key, &wrong, &from, 1, EFFORT_RACE);
    tune_finish(t);

    t = explain_product();
    CHECK(!variant_is_blas(chosen(t, i)));
    CHECK(chosen(t, i)->source != NULL);
    tune_finish(t);
    scratch_empty("db");
}

// A question about a product that is to be timed, in a selector of its own.
struct product_case {
    struct selection *sel;
    struct cuda_context *cuda;
    struct workbench wb;
    struct selector s;
    struct question q;
};

static void product_begin(struct product_case *c)
{
    *c = (struct product_case){.sel = calloc(1, sizeof(*c->sel)),
                               .cuda = calloc(1, sizeof(*c->cuda))};
    c->wb.cuda = c->cuda;
    c->wb.request.timed = true;
    c->s = (struct selector){
        .wb = &c->wb, .sel = c->sel, .n_questions = 1, .questions = &c->q};
    c->q = (struct question){
        .origins = calloc(MAX_CANDIDATES, sizeof(*c->q.origins)),
        .op = {.op = "linear",
               .spec = {.kind = STEP_LINEAR, .dim = 24, .depth = 20}}};
}

static void product_end(struct product_case *c)
{
    selection_finish(c->sel);
    free(c->sel);
    free(c->cuda);
    free(c->q.origins);
}

TEST(blas_enters_a_race_and_is_a_point_of_a_search_that_has_no_neighbours)
{
    static const struct family other = {.name = "linear", .n_knobs = 1};
    struct product_case c;
    product_begin(&c);
    CHECK_INT(question_add_blas(&c.s, &c.q, &err), GNNAC_OK);
    CHECK_INT(c.q.n_options, 1);
    CHECK_INT(c.q.space.n, 0);
    product_end(&c);
    product_begin(&c);
    struct point_watcher w = space_watcher(&c.q.space);
    for (int64_t i = 0; i < 3; i++) {
        const struct candidate point = {.family = &other, .values = {i}};
        w.point(w.context, &(struct rule_trace){.rule = "r", .why = "",
                                                .where = ""},
                &point, POINT_TAKEN);
    }
    CHECK_INT(space_end(&c.q.space, &err), GNNAC_OK);
    CHECK_INT(question_add_blas(&c.s, &c.q, &err), GNNAC_OK);
    CHECK_INT(c.q.n_options, 1);
    CHECK_INT(c.q.space.n, 4);
    CHECK_INT((long long)space_find(&c.q.space, "blas", ""), 3);
    CHECK(space_is_blas(&c.q.space, 3) && !space_is_blas(&c.q.space, 2));
    CHECK_INT((long long)space_find(&c.q.space, "linear", "i=2"), 2);
    space_finish(&c.q.space);
    product_end(&c);
}

static int version(int property, int *value)
{
    *value = property + 11;
    return property < 3 ? 0 : 1;
}

TEST(a_product_with_an_ending_races_blas_only_where_that_ends_products)
{
    struct product_case c;
    product_begin(&c);
    c.q.op.spec.tail = TAIL_BIAS_ACT;
    CHECK_INT(question_add_blas(&c.s, &c.q, &err), GNNAC_OK);
    CHECK_INT(c.q.n_options, 0);
    memset(&c.cuda->blas, 1, sizeof(c.cuda->blas)); // all calls are there
    setenv("GNNAC_EPILOGUES", "0", 1);
    CHECK_INT(question_add_blas(&c.s, &c.q, &err), GNNAC_OK);
    CHECK_INT(c.q.n_options, 0);
    unsetenv("GNNAC_EPILOGUES");
    CHECK_INT(question_add_blas(&c.s, &c.q, &err), GNNAC_OK);
    CHECK_INT(c.q.n_options, 1);
    product_end(&c);
}

TEST(the_key_of_a_product_that_is_timed_says_beside_which_blas)
{
    struct product_case c;
    product_begin(&c);
    c.cuda->blas.cublasGetProperty = version;
    question_name_blas(&c.s, &c.q);
    CHECK_STR(c.q.op.key, OPSPEC_BLAS "11.12.13");
    memset(&c.cuda->blas, 1, sizeof(c.cuda->blas));
    c.cuda->blas.cublasGetProperty = version;
    c.q.op.key[0] = '\0';
    question_name_blas(&c.s, &c.q);
    CHECK_STR(c.q.op.key, OPSPEC_BLAS "11.12.13+endings");
    c.q.op.key[0] = '\0';
    c.q.op.spec.norm = NORM_GCN; // BLAS multiplies no rows
    question_name_blas(&c.s, &c.q);
    c.q.op.spec.norm = NORM_NONE;
    c.wb.request.timed = false;
    question_name_blas(&c.s, &c.q);
    CHECK_STR(c.q.op.key, "");
    product_end(&c);
}

TEST(which_blas_is_a_rival_makes_another_key_of_one_question)
{
    static const char key[] =
        "v1 linear f32 layer=0/gcn in=20 out=24 dim=24 pitch=20,24,0 norm=none "
        "self=none bias=0 act=none offset=32 forward depth=20";
    char beside[sizeof(key) + 32];
    struct opspec op;
    snprintf(beside, sizeof(beside), "%s" OPSPEC_BLAS "13.1.0+endings", key);
    CHECK(opspec_parse(beside, &op));
    CHECK_INT(op.spec.depth, 20);
    CHECK_STR(op.key, beside);
    CHECK(opspec_same_class(key, beside) && opspec_same_class(beside, key));
}

TEST(a_question_has_room_for_its_options_and_no_more)
{
    struct product_case c;
    const struct candidate by = {.rule = "r", .why = "x", .where = "y"};
    product_begin(&c);
    for (int32_t i = 0; i <= MAX_CANDIDATES; i++)
        question_take(&c.q, i, &by);
    CHECK_INT(c.q.n_options, MAX_CANDIDATES);
    product_end(&c);
}

TEST(where_no_race_was_held_blas_is_no_answer)
{
    struct product_case c;
    product_begin(&c);
    struct variant ours = {.status = "compile_error", .reason = "no"};
    int32_t at;
    strcpy(ours.kernel.name, "ours");
    CHECK_INT(selection_add(c.sel, &ours, &at, &err), GNNAC_OK);
    question_take(&c.q, at, &(struct candidate){.rule = "r"});
    CHECK_INT(question_add_blas(&c.s, &c.q, &err), GNNAC_OK);
    CHECK_INT(question_rank(&c.s, &c.q), 2); // none
    CHECK_INT(question_decide(&c.s, &c.q, &err), GNNAC_ECOMPILE);

    struct contest_entry alone = {.variant = 1, .median_ns = 5};
    c.sel->contests[0] =
        (struct contest){.winner = 1, .n = 1, .entries = &alone};
    CHECK_INT(question_decide(&c.s, &c.q, &err), GNNAC_OK);
    CHECK_INT(c.q.answer, 1);
    CHECK_STR(c.q.from.why, "no kernel of ours was faster");
    c.sel->contests[0] = (struct contest){.n = 0};
    product_end(&c);
}

TEST(a_rule_that_raises_an_error_stops_with_its_place)
{
    struct tune_case *t = explain(
        "rule 'mine' {\n  when = function(g) return g.degree.maen > 3 end,\n"
        "  choose = { template = 'row_split' }, why = 'x' }\n",
        GNNAC_EFORMAT);
    CHECK_HAS(err.msg, "rules.lua:2: ");
    CHECK_HAS(err.msg, "'mean'");
    tune_finish(t);
}

TEST(a_rule_may_choose_the_kernel_of_any_operation)
{
    struct tune_case *t = explain(
        "rule 'mine' { " ALWAYS "choose = { template = 'log_softmax', "
        "warpPerBlock = 3 }, why = 'x' }\n",
        GNNAC_OK);
    int32_t last = t->program.n_steps - 1;
    CHECK_INT(t->program.steps[last].kind, STEP_LOG_SOFTMAX);
    CHECK_STR(choice_of(t, last)->rule, "mine");
    CHECK_STR(choice_of(t, last)->knobs, "warpPerBlock=3");
    CHECK_INT(t->sel.decisions[last]->n_traces, 1);
    CHECK_STR(t->sel.decisions[last]->candidates[1].rule, "built-in");
    tune_finish(t);
}

TEST(graphs_without_edges_or_nodes_get_kernels_too)
{
    static const int64_t sizes[] = {1, 7};
    struct csr full = graph;
    for (size_t i = 0; i < 2; i++) {
        graph = csr_of(coo_of(sizes[i], 0, NULL), NULL);
        struct tune_case *t = explain(NULL, GNNAC_OK);
        CHECK(chosen(t, aggregation(t))->source != NULL);
        CHECK(isfinite(chosen(t, aggregation(t))->cost));
        tune_finish(t);
        csr_finish(&graph);
    }
    graph = full;
}

TEST(the_same_question_gets_the_same_answer)
{
    struct tune_case *a = explain(NULL, GNNAC_OK), *b = explain(NULL, GNNAC_OK);
    CHECK_INT(a->sel.n_variants, b->sel.n_variants);
    for (int32_t i = 0; i < a->program.n_steps; i++)
        if (chosen(a, i)->source) {
            CHECK_STR(chosen(a, i)->kernel.name, chosen(b, i)->kernel.name);
            CHECK_STR(chosen(a, i)->source, chosen(b, i)->source);
        }
    CHECK_STR(a->wb.space, b->wb.space);
    tune_finish(a);
    tune_finish(b);
}

int main(void)
{
    tune_scratch_make();
    graph = tune_graph();
    RUN(a_rule_of_the_highest_priority_decides);
    RUN(a_cheaper_kernel_of_a_later_rule_does_not_win);
    RUN(the_candidates_of_one_rule_compete_by_cost);
    RUN(settings_overrule_the_rules);
    RUN(steps_without_a_kernel_get_none);
    RUN(equal_points_of_several_steps_are_one_variant);
    RUN(steps_that_share_a_variant_keep_their_own_rules);
    RUN(steps_that_share_a_variant_keep_their_own_times);
    RUN(points_that_a_template_refuses_are_dropped);
    RUN(when_every_point_is_refused_the_template_says_why);
    RUN(steps_that_no_template_does_together_are_done_apart);
    RUN(a_product_that_blas_won_is_its_and_the_ending_gets_a_kernel);
    RUN(a_narrow_product_that_blas_won_is_its_and_is_not_asked_about_again);
    RUN(what_the_database_says_of_blas_counts_for_products_that_it_has_alone);
    RUN(blas_enters_a_race_and_is_a_point_of_a_search_that_has_no_neighbours);
    RUN(a_product_with_an_ending_races_blas_only_where_that_ends_products);
    RUN(the_key_of_a_product_that_is_timed_says_beside_which_blas);
    RUN(which_blas_is_a_rival_makes_another_key_of_one_question);
    RUN(a_question_has_room_for_its_options_and_no_more);
    RUN(where_no_race_was_held_blas_is_no_answer);
    RUN(a_rule_that_raises_an_error_stops_with_its_place);
    RUN(a_rule_may_choose_the_kernel_of_any_operation);
    RUN(graphs_without_edges_or_nodes_get_kernels_too);
    RUN(the_same_question_gets_the_same_answer);
    csr_finish(&graph);
    tune_scratch_remove();
    return test_done();
}
