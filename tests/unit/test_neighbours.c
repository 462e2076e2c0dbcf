// Transfer: where nothing can be timed, what was timed on the nearest graphs
// decides, and says so.
#include "tune/neighbours.h"
#include "plan/opspec.h"
#include "tune/subjects.h"
#include "tune_fixture.h"

#define OP(layer)                                                            \
    "v1 aggregate f32 layer=" layer " in=8 out=4 dim=8 pitch=8,8,8 norm=gcn" \
    " self=gcn bias=0 act=none offset=32 forward"
enum { N = 3 };

static struct tunedb *db;
static struct variant variants[N];
static const int32_t options[N] = {0, 1, 2};

static struct props graph_like(double nodes, double degree)
{
    struct props p = {0};
    props_real(&p, "graph.nodes", nodes);
    props_real(&p, "graph.edges", nodes * degree);
    props_real(&p, "graph.degree.mean", degree);
    props_real(&p, "graph.degree.max", 4 * degree);
    props_real(&p, "graph.degree.cv", 0.5);
    props_real(&p, "graph.degree.gini", 0.3);
    props_real(&p, "graph.locality.avg_log2_span", 5);
    props_real(&p, "graph.locality.window_reuse_16", 2);
    return p;
}

static const char *fingerprint(int digit)
{
    static char text[4][33];
    char *t = text[digit % 4];
    memset(t, '0' + digit, 32);
    t[32] = '\0';
    return t;
}

// A run on a graph, with the time of each variant; NaN: not measured.
static void record(const char *graph, const char *op, const char *device,
                   const double ns[N])
{
    struct measurement_row rows[N];
    size_t n = 0;
    for (size_t i = 0; i < N; i++)
        if (!isnan(ns[i]))
            rows[n++] =
                (struct measurement_row){.family = variants[i].kernel.family,
                                         .status = "ok",
                                         .knobs = variants[i].knobs,
                                         .n_samples = 9,
                                         .median_ns = ns[i],
                                         .p20_ns = ns[i],
                                         .p80_ns = ns[i],
                                         .max_error = NAN,
                                         .registers = -1,
                                         .spill_bytes = -1};
    const struct decision_key key = {graph, op, device, "t", "s"};
    CHECK_INT(tunedb_put_measurements(db, &key, rows, n, &err), GNNAC_OK);
}

static void learn(const char *graph, double nodes, double degree)
{
    struct props p = graph_like(nodes, degree);
    CHECK_INT(subject_graph_keep(db, graph, &p, &err), GNNAC_OK);
}

static void begin(void)
{
    CHECK_INT(tunedb_open(":memory:", &db, &err), GNNAC_OK);
    for (int i = 0; i < N; i++) {
        variants[i] = (struct variant){.status = "ok"};
        strcpy(variants[i].kernel.family, "row_split");
        snprintf(variants[i].knobs, sizeof(variants[i].knobs), "unroll=%d", i);
    }
}

static bool ask(struct neighbours_choice *c, double nodes, double degree)
{
    struct props p = graph_like(nodes, degree);
    const struct neighbours_request rq = {
        &p, OP("1/gcn"), "sm_90", false, variants, options, N, 0};
    return neighbours_choose(db, &rq, c);
}

static const double second_wins[N] = {200, 100, 150};
static const char gpu[] = "NVIDIA H200 sm_90 compute_75";

TEST(a_graph_like_a_measured_one_gets_its_winner)
{
    struct neighbours_choice c;
    begin();
    record(fingerprint(1), OP("0/gcn"), gpu, second_wins);
    learn(fingerprint(1), 1000, 8);
    CHECK(ask(&c, 1100, 8));
    CHECK_INT(c.option, 1);
    CHECK_INT(c.n_graphs, 1);
    CHECK_STR(c.nearest, fingerprint(1));
    CHECK_NEAR(c.slowdown, 1, 1e-12);
    CHECK_NEAR(c.of_reference, 2, 1e-12);
    tunedb_close(db);
}

TEST(what_blas_took_elsewhere_is_nothing_to_choose_it_by)
{
    struct neighbours_choice c;
    begin();
    strcpy(variants[1].kernel.family, "blas");
    record(fingerprint(1), OP("0/gcn"), gpu, second_wins);
    learn(fingerprint(1), 1000, 8);
    CHECK(ask(&c, 1100, 8));
    CHECK_INT(c.option, 2);
    tunedb_close(db);
}

TEST(what_was_measured_with_another_cache_does_not_count)
{
    struct neighbours_choice c;
    struct favourite best[MAX_FAVOURITES];
    const struct props p = graph_like(1000, 8);
    struct neighbours_request rq = {
        .graph = &p, .op = OP("1/gcn"), .arch = "sm_90", .cold = true};
    begin();
    record(fingerprint(1), OP("0/gcn"), "NVIDIA H200 sm_90 compute_75 l2=cold",
           second_wins);
    learn(fingerprint(1), 1000, 8);
    CHECK(!ask(&c, 1000, 8));
    CHECK_INT(neighbours_favourites(db, &rq, best), 1);
    rq.cold = false;
    CHECK_INT(neighbours_favourites(db, &rq, best), 0);
    tunedb_close(db);
}

TEST(what_was_measured_elsewhere_or_on_something_else_does_not_count)
{
    struct neighbours_choice c;
    begin();
    record(fingerprint(1), OP("0/gcn"), "NVIDIA A100 sm_80 compute_75",
           second_wins);
    record(fingerprint(1), OP("0/gcn"), "ranked sm_90 compute_75", second_wins);
    record(fingerprint(1),
           "v1 aggregate f32 layer=0/gcn in=8 out=4 dim=64 pitch=64,64,64", gpu,
           second_wins);
    record(fingerprint(2), OP("0/gcn"), gpu,
           second_wins); // not known, what like
    record(fingerprint(3), OP("0/gcn"), gpu, second_wins);
    learn(fingerprint(1), 1000, 8);
    learn(fingerprint(3), 1e8, 300); // far away
    CHECK(!ask(&c, 1000, 8));
    tunedb_close(db);
}

TEST(the_nearer_graph_counts_more)
{
    struct neighbours_choice c;
    static const double third_wins[N] = {200, 150, 100};
    begin();
    record(fingerprint(1), OP("0/gcn"), gpu, second_wins);
    record(fingerprint(2), OP("0/gcn"), gpu, third_wins);
    learn(fingerprint(1), 1000, 8);
    learn(fingerprint(2), 3000, 14);
    CHECK(ask(&c, 1000, 8) && c.option == 1);
    CHECK(ask(&c, 3000, 14) && c.option == 2);
    CHECK_STR(c.nearest, fingerprint(2));
    CHECK_INT(c.n_graphs, 2);
    tunedb_close(db);
}

TEST(the_default_stays_unless_something_is_two_percent_faster_there)
{
    struct neighbours_choice c;
    static const double close[N] = {101, 100, 150};
    begin();
    record(fingerprint(1), OP("0/gcn"), gpu, close);
    learn(fingerprint(1), 1000, 8);
    CHECK(!ask(&c, 1000, 8));
    tunedb_close(db);
}

TEST(a_default_that_was_not_measured_there_gives_way)
{
    struct neighbours_choice c;
    static const double no_default[N] = {NAN, 100, 150};
    begin();
    record(fingerprint(1), OP("0/gcn"), gpu, no_default);
    learn(fingerprint(1), 1000, 8);
    CHECK(ask(&c, 1000, 8) && c.option == 1);
    CHECK(isnan(c.of_reference));
    tunedb_close(db);
}

TEST(of_many_graphs_the_nearest_eight_are_asked)
{
    struct neighbours_choice c;
    begin();
    for (int i = 0; i < 30; i++) {
        char graph[33];
        snprintf(graph, sizeof(graph), "%032d", i);
        record(graph, OP("0/gcn"), gpu, second_wins);
        learn(graph, 1000 + 10 * (29 - i), 8);
    }
    CHECK(ask(&c, 1000, 8));
    CHECK_INT(c.n_graphs, 8);
    CHECK_STR(c.nearest, "00000000000000000000000000000029");
    tunedb_close(db);
}

TEST(a_choice_by_neighbours_says_so)
{
    static char folder[256], path[300];
    struct csr g = tune_graph();
    struct tune_case *t = tune_new();
    snprintf(folder, sizeof(folder), "%s", scratch_path("db"));
    snprintf(path, sizeof(path), "%s/tune.db", folder);
    CHECK_INT(tunedb_open(path, &db, &err), GNNAC_OK);
    t->request.explain = true;
    t->request.no_db = false;
    t->request.db = folder;
    CHECK_INT(tune_run(t, &g, NULL), GNNAC_OK);
    int32_t step = kernel_step(t, 0);
    CHECK_STR(choice_of(t, step)->level, "rules");
    // The dearest variant for this width won on this very graph.
    struct opspec op;
    CHECK(opspec_of_step(&t->model, &t->program, &t->program.steps[step],
                         g.n_nodes, g.n_edges, &op));
    const struct variant *dear = chosen(t, step), *first = dear;
    for (size_t i = 0; i < t->sel.n_variants; i++)
        if (t->sel.variants[i].kernel.dim == first->kernel.dim &&
            t->sel.variants[i].cost > dear->cost)
            dear = &t->sel.variants[i];
    CHECK(dear != first);
    variants[0] = *first;
    variants[1] = *dear;
    static const double ns[N] = {200, 100, NAN};
    record(t->graph.fingerprint, op.key, gpu, ns);
    CHECK_INT(
        subject_graph_keep(db, t->graph.fingerprint, &t->graph.props, &err),
        GNNAC_OK);
    struct tune_case *again = tune_new();
    again->request = t->request;
    CHECK_INT(tune_run(again, &g, NULL), GNNAC_OK);
    CHECK_STR(choice_of(again, step)->level, "nearest");
    CHECK_STR(choice_of(again, step)->knobs, dear->knobs);
    CHECK_HAS(choice_of(again, step)->why, "ranked by nearest graph ");
    CHECK_HAS(choice_of(again, step)->why, ": 50 % less time there than ");
    CHECK(isnan(choice_of(again, step)->median_ns));
    tune_finish(again);
    tune_finish(t);
    tunedb_close(db);
    csr_finish(&g);
}

TEST(the_fastest_of_the_nearest_graphs_are_told_in_their_order)
{
    struct favourite best[MAX_FAVOURITES];
    const struct props p = graph_like(1000, 8);
    const struct neighbours_request rq = {
        .graph = &p, .op = OP("1/gcn"), .arch = "sm_90"};
    begin();
    CHECK_INT(neighbours_favourites(db, &rq, best), 0);
    record(fingerprint(1), OP("0/gcn"), gpu, second_wins);
    learn(fingerprint(1), 1400, 8);
    record(fingerprint(2), OP("0/gcn"), gpu, (const double[N]){9, 8, 7});
    learn(fingerprint(2), 1001, 8);
    CHECK_INT(neighbours_favourites(db, &rq, best), 2);
    CHECK_STR(best[0].family, "row_split");
    CHECK_STR(best[0].knobs, "unroll=2");
    CHECK_STR(best[1].knobs, "unroll=1");
    tunedb_close(db);
}

int main(void)
{
    tune_scratch_make();
    RUN(what_blas_took_elsewhere_is_nothing_to_choose_it_by);
    RUN(a_graph_like_a_measured_one_gets_its_winner);
    RUN(what_was_measured_elsewhere_or_on_something_else_does_not_count);
    RUN(the_nearer_graph_counts_more);
    RUN(the_default_stays_unless_something_is_two_percent_faster_there);
    RUN(a_default_that_was_not_measured_there_gives_way);
    RUN(of_many_graphs_the_nearest_eight_are_asked);
    RUN(a_choice_by_neighbours_says_so);
    tune_scratch_remove();
    RUN(the_fastest_of_the_nearest_graphs_are_told_in_their_order);
    RUN(what_was_measured_with_another_cache_does_not_count);
    return test_done();
}
