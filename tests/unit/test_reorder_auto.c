// Which order `auto` takes: for graphs whose best order is known, for few runs
// and many, and on real graphs against every order there is. Skipped where
// those are absent.
#include "order/reorder_auto.h"

#include "graph/generate.h"
#include "order/graph_ball.h"
#include "order/orders.h"
#include "order/row_misses.h"
#include "order_fixture.h"

// ---- graphs -----------------------------------------------------------------

static struct csr generated(const char *kind, int64_t nodes, int64_t edges)
{
    gnnac_error err = {{0}};
    struct coo coo = {0};
    const struct generate_options o = {
        .kind = kind, .nodes = nodes, .edges = edges, .seed = 9};
    const struct graph_options symmetric = {.symmetrize = true};
    if (graph_generate(&o, &coo, &err) != GNNAC_OK)
        TEST__FAIL("%s", err.msg);
    return csr_of(coo, &symmetric);
}

// Finishes `g`.
static struct csr shuffled(struct csr g)
{
    int32_t *perm = malloc((size_t)g.n_nodes * sizeof(*perm) + 1);
    for (int64_t v = 0; v < g.n_nodes; v++)
        perm[v] = (int32_t)v;
    for (int64_t v = g.n_nodes - 1; v > 0; v--) {
        int64_t u = (int64_t)rng_below(3, (uint64_t)v, (uint64_t)v + 1);
        int32_t old = perm[v];
        perm[v] = perm[u];
        perm[u] = old;
    }
    struct csr r = permuted(&g, perm);
    csr_finish(&g);
    free(perm);
    return r;
}

static double misses_of(const struct csr *g)
{
    gnnac_error err = {{0}};
    double misses = 0;
    if (row_misses_measure(g, &misses, &err) != GNNAC_OK)
        TEST__FAIL("%s", err.msg);
    return misses;
}

static double misses_after(const struct csr *g, const int32_t *perm)
{
    struct csr r = permuted(g, perm);
    double misses = misses_of(&r);
    csr_finish(&r);
    return misses;
}

// ---- choices ----------------------------------------------------------------

static const struct reorder_request usual = {.runs = REORDER_RUNS};

static struct reorder_choice choose(const struct csr *g,
                                    const struct reorder_request *rq)
{
    gnnac_error err = {{0}};
    struct reorder_choice c = {0};
    if (reorder_choose(g, rq, &c, &err) != GNNAC_OK) {
        TEST__FAIL("%s", err.msg);
        c.method = "";
    }
    return c;
}

static double chosen_misses(const struct csr *g, const struct reorder_choice *c)
{
    return c->perm ? misses_after(g, c->perm) : misses_of(g);
}

static bool is_one_of(const char *name, const char *const *names)
{
    while (*names && strcmp(*names, name) != 0)
        names++;
    return *names != NULL;
}

// Finishes `g`.
static void check_choice(struct csr g, const struct reorder_request *rq,
                         const char *const *allowed, double most_of_given)
{
    struct reorder_choice c = choose(&g, rq);
    double share = chosen_misses(&g, &c) / misses_of(&g);
    if (!is_one_of(c.method, allowed))
        TEST__FAIL("chose %s: %s", c.method, c.why);
    if (share > most_of_given)
        TEST__FAIL("%s leaves %.3f of the misses: %s", c.method, share, c.why);
    reorder_choice_finish(&c);
    csr_finish(&g);
}

static const char *const by_community[] = {"rabbit", "community", "window",
                                           NULL};
static const char *const by_nearness[] = {"rabbit", "rcm", "community",
                                          "window", NULL};
static const char *const nothing[] = {"none", NULL};

TEST(shuffled_communities_are_brought_together)
{
    check_choice(shuffled(generated("sbm", 40000, 0)), &usual, by_community,
                 0.5);
}

TEST(a_shuffled_mesh_is_laid_out_again)
{
    check_choice(shuffled(generated("mesh", 40000, 0)), &usual, by_nearness,
                 0.5);
}

TEST(what_is_local_already_stays)
{
    check_choice(generated("mesh", 10000, 0), &usual, nothing, 1);
    check_choice(generated("ring", 30000, 0), &usual, nothing, 1);
    check_choice(generated("batch", 30000, 0), &usual, nothing, 1);
}

TEST(a_graph_that_fits_every_cache_stays)
{
    check_choice(shuffled(generated("sbm", 900, 0)), &usual, nothing, 1);
}

TEST(no_run_pays_for_no_order)
{
    for (int64_t runs = 0; runs < 2; runs++) {
        struct reorder_request rq = {.runs = runs};
        check_choice(shuffled(generated("sbm", 40000, 0)), &rq, nothing, 1);
        check_choice(shuffled(generated("mesh", 40000, 0)), &rq, nothing, 1);
    }
}

TEST(narrow_rows_and_fast_memory_take_more_runs_to_pay)
{
    struct reorder_request narrow = usual, fast = usual, patient = usual;
    narrow.columns = 1;
    narrow.runs = 50;
    fast.bytes_per_s = 5e12;
    patient.bytes_per_s = 5e12;
    patient.runs = 1000000;
    check_choice(shuffled(generated("sbm", 40000, 0)), &narrow, nothing, 1);
    check_choice(shuffled(generated("sbm", 40000, 0)), &fast, nothing, 1);
    check_choice(shuffled(generated("sbm", 40000, 0)), &patient, by_community,
                 0.5);
}

TEST(rows_moved_in_each_run_count_against_an_order)
{
    struct reorder_request rq = usual;
    rq.rows_moved = 1e6;
    check_choice(shuffled(generated("sbm", 40000, 0)), &rq, nothing, 1);
}

// Whatever the graph: as many estimates as orders, figures that are true, a
// permutation or none, never more misses than before.
static void check_figures(const char *name, const struct csr *g,
                          const struct reorder_choice *c)
{
    double before = misses_of(g), after = chosen_misses(g, c);
    CHECK_NEAR(c->given, before, 0);
    if (c->floor > before || after > before || after < c->floor)
        TEST__FAIL("%s: %g of %g misses, at least %g", name, after, before,
                   c->floor);
    if (!c->perm != (strcmp(c->method, "none") == 0))
        TEST__FAIL("%s: %s and its permutation", name, c->method);
    if (c->perm)
        check_permutation(name, c->perm, g->n_nodes);
    for (int i = 0; c->perm && i < c->n_estimates; i++)
        if (strcmp(c->estimates[i].method, c->method) == 0) {
            CHECK(c->estimates[i].computed);
            CHECK_NEAR(c->estimates[i].misses, after, 0);
        }
}

TEST(a_choice_is_never_worse_than_what_was_given)
{
    for (int i = 0; i < N_ORDER_GRAPHS; i++)
        for (int64_t runs = 1; runs <= 1000000; runs *= 100) {
            struct csr g;
            const struct reorder_request rq = {.runs = runs};
            const char *name = order_graph(i, &g);
            struct reorder_choice c = choose(&g, &rq);
            check_figures(name, &g, &c);
            CHECK(strlen(c.why) > 0 && !strchr(c.why, '\n'));
            reorder_choice_finish(&c);
            reorder_choice_finish(&c);
            csr_finish(&g);
        }
}

TEST(the_choice_does_not_depend_on_the_threads)
{
    struct csr g = shuffled(generated("sbm", 40000, 0));
    struct reorder_choice first = choose(&g, &usual);
    for (int threads = 1; threads <= 8; threads *= 2) {
        struct reorder_request rq = usual;
        rq.n_threads = threads;
        struct reorder_choice c = choose(&g, &rq);
        CHECK_STR(c.method, first.method);
        CHECK_STR(c.why, first.why);
        CHECK(c.perm && first.perm &&
              memcmp(c.perm, first.perm, (size_t)g.n_nodes * sizeof(*c.perm)) ==
                  0);
        reorder_choice_finish(&c);
    }
    reorder_choice_finish(&first);
    csr_finish(&g);
}

TEST(many_entries_are_tried_on_a_sample_first)
{
    struct csr g = generated("sbm", 300000, 0);
    CHECK(g.n_edges >= 1 << 22);
    struct reorder_choice c = choose(&g, &usual);
    CHECK(c.sample_low > 0 && c.sample_low < c.sample_high);
    CHECK(c.sample_high < 1);
    check_figures("sbm", &g, &c);
    reorder_choice_finish(&c);
    csr_finish(&g);
}

TEST(a_rule_that_does_not_exist_is_refused)
{
    struct csr g = generated("ring", 10, 0);
    struct reorder_choice c;
    gnnac_error err = {{0}};
    const struct reorder_request rq = {.rule = "best"};
    CHECK_INT(reorder_choose(&g, &rq, &c, &err), GNNAC_EUSAGE);
    CHECK_STR(err.msg, "no rule 'best' for an order");
    CHECK(reorder_is_rule("auto") && reorder_is_rule("gnnadvisor"));
    CHECK(!reorder_is_rule("rabbit"));
    csr_finish(&g);
}

// ---- GNNAdvisor's rule ------------------------------------------------------

// A path of n nodes whose edges lead `step` ids further.
static struct csr path_of(int64_t n, int64_t step)
{
    static struct pair_list l;
    l.n_nodes = n;
    l.n = 0;
    for (int64_t v = 0; v + step < n && v < ORDER_PAIRS; v++)
        pair(&l, v, v + step);
    return csr_of(coo_of(l.n_nodes, l.n, l.pairs), NULL);
}

TEST(gnnadvisors_rule_compares_span_and_nodes)
{
    static const struct {
        int64_t nodes, step;
        const char *method;
    } rows[] = {
        {9999, 1, "rabbit"}, // 1 > 0.99995
        {10000, 1, "none"},  // 1 > 1
        {30000, 1, "none"},   {30000, 3, "none"},
        {30000, 4, "rabbit"},                 // 2 > 1.73
        {30, 1, "rabbit"},    {5, 5, "none"}, // no edges
        {0, 1, "none"},
    };
    const struct reorder_request rq = {.rule = "gnnadvisor"};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct csr g = path_of(rows[i].nodes, rows[i].step);
        struct reorder_choice c = choose(&g, &rq);
        if (strcmp(c.method, rows[i].method) != 0)
            TEST__FAIL("%lld nodes, span %lld: %s", (long long)rows[i].nodes,
                       (long long)rows[i].step, c.why);
        CHECK(!c.perm == (strcmp(c.method, "none") == 0));
        if (c.perm)
            check_permutation(c.method, c.perm, g.n_nodes);
        reorder_choice_finish(&c);
        csr_finish(&g);
    }
}

// ---- what it judges by ------------------------------------------------------

TEST(the_misses_of_a_shuffled_graph_are_foreseen)
{
    static const char *const kinds[] = {"rmat", "sbm", "mesh", "powerlaw"};
    for (int i = 0; i < 4; i++) {
        gnnac_error err = {{0}};
        struct row_misses_range range = {0};
        struct csr g = shuffled(generated(kinds[i], 1 << 16, 0));
        CHECK(row_misses_bound(&g, &range, &err) == GNNAC_OK);
        CHECK_NEAR(range.shuffled, misses_of(&g), 0.06);
        csr_finish(&g);
    }
}

TEST(each_column_is_fetched_once_at_least)
{
    static struct pair_list l = {.n_nodes = 50};
    gnnac_error err = {{0}};
    struct row_misses_range range = {0};
    for (int v = 0; v < 49; v++)
        pair(&l, v % 7, v);
    struct csr g = csr_of(coo_of(l.n_nodes, l.n, l.pairs), NULL);
    CHECK(row_misses_bound(&g, &range, &err) == GNNAC_OK);
    CHECK_NEAR(range.floor, 7, 0);
    CHECK_NEAR(range.shuffled, 7, 0);
    CHECK_NEAR(misses_of(&g), 7, 0);
    csr_finish(&g);
}

TEST(a_ball_without_limits_is_the_graph)
{
    for (int i = 0; i < N_ORDER_GRAPHS; i++) {
        struct csr g;
        gnnac_error err = {{0}};
        struct graph_ball b = {{0}, 0};
        order_graph(i, &g);
        CHECK(graph_ball_cut(&g, INT64_MAX, INT64_MAX, &b, &err) == GNNAC_OK);
        CHECK_INT(b.g.n_nodes, g.n_nodes);
        CHECK_INT(b.g.n_edges, g.n_edges);
        CHECK(b.kept >= 1 && b.kept <= 1);
        for (int64_t e = 0; e < g.n_edges && e < b.g.n_edges; e++)
            CHECK_INT(b.g.colidx[e], g.colidx[e]);
        graph_ball_finish(&b);
        csr_finish(&g);
    }
}

TEST(a_ball_stops_at_its_limits)
{
    gnnac_error err = {{0}};
    struct graph_ball b = {{0}, 0};
    struct csr g = generated("sbm", 20000, 0);
    CHECK(graph_ball_cut(&g, 500, INT64_MAX, &b, &err) == GNNAC_OK);
    CHECK_INT(b.g.n_nodes, 500);
    CHECK(b.kept > 0 && b.kept < 1);
    CHECK_INT(b.g.rowptr[500], b.g.n_edges);
    for (int64_t e = 0; e < b.g.n_edges; e++)
        CHECK(b.g.colidx[e] >= 0 && b.g.colidx[e] < 500);
    graph_ball_finish(&b);
    CHECK(graph_ball_cut(&g, INT64_MAX, 1000, &b, &err) == GNNAC_OK);
    CHECK(b.g.n_nodes < 1000 && b.g.n_edges < 2000);
    graph_ball_finish(&b);
    csr_finish(&g);
}

// ---- real graphs ------------------------------------------------------------

static const char *const real_graphs[] = {
    "amazon_computers", "as_caida",   "blogcatalog",   "ca_astroph",
    "cit_hepph",        "citeseer",   "cora",          "coauthor_physics",
    "cora_raw",         "deezer_hu",  "email_enron",   "facebook_combined",
    "facebook_pages",   "firstmm_db", "github_social", "karate",
    "mesh_4elt",        "mesh_wing",  "nci_sw620",     "nell",
    "proteins_full",    "pubmed",     "rgg_n_2_15",    "wiki_vote",
};
enum { N_REAL = sizeof(real_graphs) / sizeof(real_graphs[0]) };

static double least_misses(const struct csr *g)
{
    gnnac_error err = {{0}};
    double least = misses_of(g);
    int32_t *perm = malloc((size_t)g->n_nodes * sizeof(*perm) + 1);
    for (const struct order_method *m = order_methods; m->name; m++) {
        if (order_compute(g, m->name, 0, perm, &err) != GNNAC_OK)
            TEST__FAIL("%s", err.msg);
        least = fmin(least, misses_after(g, perm));
    }
    free(perm);
    return least;
}

TEST(auto_comes_within_5_percent_of_the_best_order_on_real_graphs)
{
    int near = 0;
    for (int i = 0; i < N_REAL; i++) {
        char file[64];
        struct csr g;
        gnnac_error err = {{0}};
        const struct graph_options opt = {0};
        snprintf(file, sizeof(file), "%s.npz", real_graphs[i]);
        const char *path = shared_graph(file);
        if (!path)
            SKIP("no real graphs here");
        if (graph_load(path, &opt, &g, &err) != GNNAC_OK) {
            TEST__FAIL("%s", err.msg);
            return;
        }
        struct reorder_choice c = choose(&g, &usual);
        double got = chosen_misses(&g, &c), least = least_misses(&g);
        near += got <= 1.05 * least;
        if (got > 1.05 * least)
            printf("# %s: %.3f times the least misses. %s\n", file, got / least,
                   c.why);
        reorder_choice_finish(&c);
        csr_finish(&g);
    }
    if (10 * near < 9 * N_REAL)
        TEST__FAIL("near the best on %d of %d graphs", near, N_REAL);
}

int main(void)
{
    RUN(shuffled_communities_are_brought_together);
    RUN(a_shuffled_mesh_is_laid_out_again);
    RUN(what_is_local_already_stays);
    RUN(a_graph_that_fits_every_cache_stays);
    RUN(no_run_pays_for_no_order);
    RUN(narrow_rows_and_fast_memory_take_more_runs_to_pay);
    RUN(rows_moved_in_each_run_count_against_an_order);
    RUN(a_choice_is_never_worse_than_what_was_given);
    RUN(the_choice_does_not_depend_on_the_threads);
    RUN(many_entries_are_tried_on_a_sample_first);
    RUN(a_rule_that_does_not_exist_is_refused);
    RUN(gnnadvisors_rule_compares_span_and_nodes);
    RUN(the_misses_of_a_shuffled_graph_are_foreseen);
    RUN(each_column_is_fetched_once_at_least);
    RUN(a_ball_without_limits_is_the_graph);
    RUN(a_ball_stops_at_its_limits);
    RUN(auto_comes_within_5_percent_of_the_best_order_on_real_graphs);
    return test_done();
}
