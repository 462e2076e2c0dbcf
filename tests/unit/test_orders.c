// Orders by name: what must hold of every one, on any graph, and of each.
#include "order/orders.h"

#include "cli/cli.h"
#include "graph/locality.h"
#include "order/rabbit.h"
#include "order_fixture.h"

static int32_t *order_of(const struct csr *g, const char *name, int n_threads)
{
    gnnac_error err = {{0}};
    int32_t *perm = malloc((size_t)g->n_nodes * 4 + 1);
    if (order_compute(g, name, n_threads, perm, &err) != GNNAC_OK)
        TEST__FAIL("%s: %s", name, err.msg);
    return perm;
}

static struct csr ordered(const struct csr *g, const char *name)
{
    int32_t *perm = order_of(g, name, 0);
    struct csr out = permuted(g, perm);
    free(perm);
    return out;
}

typedef void checker(const char *what, const struct csr *g,
                     const int32_t *perm, const char *method);

// Graphs as they are read: directed, with loops and duplicates.
static void for_every_order(checker *check)
{
    char what[128];
    for (int i = 0; i < N_ORDER_GRAPHS; i++) {
        struct csr g;
        const char *name = order_graph(i, &g);
        for (const struct order_method *m = order_methods; m->name; m++) {
            int32_t *perm = order_of(&g, m->name, 0);
            snprintf(what, sizeof(what), "%s of %s", m->name, name);
            check(what, &g, perm, m->name);
            free(perm);
        }
        csr_finish(&g);
    }
}

static int64_t degree(const struct csr *g, int64_t v)
{
    return g->rowptr[v + 1] - g->rowptr[v];
}

// ---- every order ------------------------------------------------------------

static void check_is_permutation(const char *what, const struct csr *g,
                                 const int32_t *perm, const char *method)
{
    (void)method;
    check_permutation(what, perm, g->n_nodes);
}

TEST(every_order_is_a_permutation)
{
    for_every_order(check_is_permutation);
}

static void check_isolated(const char *what, const struct csr *g,
                           const int32_t *perm, const char *method)
{
    struct csr s = simple_of(g);
    int64_t n = 0;
    if (strcmp(method, "none") == 0)
        n = g->n_nodes;
    for (int64_t v = 0; v < s.n_nodes && n < g->n_nodes; v++)
        n += degree(&s, v) > 0;
    for (int64_t v = 0; v < s.n_nodes; v++)
        if (n < g->n_nodes && (perm[v] < n) != (degree(&s, v) > 0))
            TEST__FAIL("%s: node %lld becomes %d of %lld with neighbours",
                       what, (long long)v, (int)perm[v], (long long)n);
    csr_finish(&s);
}

TEST(nodes_without_neighbours_come_last)
{
    for_every_order(check_isolated);
}

TEST(no_order_is_the_identity)
{
    struct csr g;
    order_graph(17, &g);
    int32_t *perm = order_of(&g, "none", 0);
    for (int64_t v = 0; v < g.n_nodes; v++)
        CHECK_INT(perm[v], v);
    free(perm);
    csr_finish(&g);
}

TEST(the_graph_of_zeros_has_every_order)
{
    const struct csr empty = {0};
    int32_t perm;
    for (const struct order_method *m = order_methods; m->name; m++)
        CHECK_INT(order_compute(&empty, m->name, 0, &perm, NULL), GNNAC_OK);
}

// An edge as it must come out, and its place among equal ones.
struct edge {
    int32_t row, col;
    float weight;
    int64_t place;
};

static int compare_edges(const void *a, const void *b)
{
    const struct edge *x = a, *y = b;
    if (x->row != y->row)
        return x->row < y->row ? -1 : 1;
    if (x->col != y->col)
        return x->col < y->col ? -1 : 1;
    return (x->place > y->place) - (x->place < y->place);
}

static struct edge *renamed_edges(const struct csr *g, const int32_t *perm)
{
    struct edge *e = malloc((size_t)g->n_edges * sizeof(*e) + 1);
    for (int64_t v = 0; v < g->n_nodes; v++)
        for (int64_t i = g->rowptr[v]; i < g->rowptr[v + 1]; i++)
            e[i] = (struct edge){perm[v], perm[g->colidx[i]], g->weight[i], i};
    if (g->n_edges)
        qsort(e, (size_t)g->n_edges, sizeof(*e), compare_edges);
    return e;
}

static void give_weights(struct csr *g)
{
    g->weight = malloc((size_t)g->n_edges * 4 + 1);
    for (int64_t e = 0; e < g->n_edges; e++)
        g->weight[e] = (float)(rng_at(1, (uint64_t)e) % 1000);
}

static void check_isomorphic(const char *what, const struct csr *g,
                             const int32_t *perm, const char *method)
{
    struct csr w = *g;
    (void)method;
    give_weights(&w);
    struct csr p = permuted(&w, perm);
    struct edge *want = renamed_edges(&w, perm);
    bool same = p.n_nodes == g->n_nodes && p.n_edges == g->n_edges;
    for (int64_t r = 0; same && r < p.n_nodes; r++)
        for (int64_t e = p.rowptr[r]; e < p.rowptr[r + 1]; e++)
            same = same && want[e].row == r && want[e].col == p.colidx[e] &&
                   want[e].weight == p.weight[e];
    if (!same)
        TEST__FAIL("%s: the edges are not the renamed ones", what);
    free(want);
    free(w.weight);
    csr_finish(&p);
}

TEST(the_reordered_graph_has_the_renamed_edges_with_their_weights)
{
    for_every_order(check_isomorphic);
}

// Integers, so that the order of summing does not matter.
static int64_t gathered(const struct csr *g, int64_t v, const int32_t *feature)
{
    int64_t sum = 0;
    for (int64_t e = g->rowptr[v]; e < g->rowptr[v + 1]; e++)
        sum += (int64_t)g->weight[e] * feature[g->colidx[e]];
    return sum;
}

static void check_product(const char *what, const struct csr *g,
                          const int32_t *perm, const char *method)
{
    struct csr w = *g;
    int32_t *x = malloc((size_t)g->n_nodes * 4 + 1);
    int32_t *moved = malloc((size_t)g->n_nodes * 4 + 1);
    (void)method;
    give_weights(&w);
    struct csr p = permuted(&w, perm);
    for (int64_t v = 0; v < g->n_nodes; v++)
        x[v] = moved[perm[v]] = (int32_t)rng_below(2, (uint64_t)v, 1000);
    for (int64_t v = 0; v < g->n_nodes; v++)
        if (gathered(&w, v, x) != gathered(&p, perm[v], moved)) {
            TEST__FAIL("%s: node %lld gathers another sum", what,
                       (long long)v);
            break;
        }
    free(x);
    free(moved);
    free(w.weight);
    csr_finish(&p);
}

TEST(the_product_with_features_is_the_permuted_one)
{
    for_every_order(check_product);
}

static void check_threads(const char *what, const struct csr *g,
                          const int32_t *perm, const char *method)
{
    for (int n = 1; n <= 8; n *= 2) {
        int32_t *again = order_of(g, method, n);
        if (memcmp(perm, again, (size_t)g->n_nodes * 4) != 0)
            TEST__FAIL("%s: %d threads give another order", what, n);
        free(again);
    }
}

TEST(any_number_of_threads_gives_the_same_bytes)
{
    for_every_order(check_threads);
}

static void check_simple(const char *what, const struct csr *g,
                         const int32_t *perm, const char *method)
{
    gnnac_error err = {{0}};
    struct csr s = simple_of(g);
    int32_t *again = malloc((size_t)g->n_nodes * 4 + 1);
    if (order_compute_simple(&s, method, 0, again, &err) != GNNAC_OK)
        TEST__FAIL("%s", err.msg);
    if (memcmp(perm, again, (size_t)g->n_nodes * 4) != 0)
        TEST__FAIL("%s: the simple graph has another order", what);
    free(again);
    csr_finish(&s);
}

TEST(directions_loops_and_duplicates_do_not_count)
{
    for_every_order(check_simple);
}

// One figure for every compiler and machine.
TEST(a_generated_graph_has_fixed_orders)
{
    static const struct {
        const char *method;
        uint32_t hash;
    } known[] = {
        {"rcm", 2539376290}, {"degree", 2373912580}, {"dbg", 3045004158},
        {"hub", 708352644},  {"window", 3664769850},
    };
    struct csr g;
    CHECK_STR(order_graph(17, &g), "rmat");
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        int32_t *perm = order_of(&g, known[i].method, 0);
        uint32_t hash = 0;
        for (int64_t v = 0; v < g.n_nodes; v++)
            hash = hash * 31 + (uint32_t)perm[v];
        if (hash != known[i].hash)
            TEST__FAIL("%s: %u", known[i].method, (unsigned)hash);
        free(perm);
    }
    csr_finish(&g);
}

// ---- by degree --------------------------------------------------------------

// Neighbours: node 2 has three, 0 and 3 two, 1 one.
TEST(perm_tells_the_new_id_of_an_old_node)
{
    static const int32_t pairs[] = {2, 0, 1, 2, 2, 3, 0, 3, 3, 0, 1, 1};
    struct csr g = csr_of(coo_of(4, 6, pairs), NULL);
    int32_t *perm = order_of(&g, "degree", 0);
    CHECK(memcmp(perm, (int32_t[]){1, 3, 0, 2}, 16) == 0);
    free(perm);
    csr_finish(&g);
}

// Smaller stands in front. By their definitions, in floating point.
static double degree_rank(double d, double mean)
{
    (void)mean;
    return -d;
}

static double hub_rank(double d, double mean)
{
    return d > mean ? -d : d > 0 ? 0 : 1;
}

static double dbg_rank(double d, double mean)
{
    static const double from[] = {32, 16, 8, 4, 2, 1, 0.5};
    for (int i = 0; i < 7; i++)
        if (d > 0 && d >= from[i] * mean)
            return i;
    return d > 0 ? 7 : 8;
}

static void check_rank(const char *what, const struct csr *g,
                       const char *method, double (*rank)(double, double))
{
    struct csr s = simple_of(g);
    int64_t n = g->n_nodes;
    double mean = n ? (double)s.n_edges / (double)n : 0;
    int32_t *perm = order_of(g, method, 0);
    int32_t *old = malloc((size_t)n * 4 + 1);
    perm_invert(perm, n, old);
    for (int64_t i = 1; i < n; i++) {
        double a = rank((double)degree(&s, old[i - 1]), mean);
        double b = rank((double)degree(&s, old[i]), mean);
        if (a > b || (a == b && old[i - 1] > old[i]))
            TEST__FAIL("%s: %s: node %d stands before %d", what, method,
                       (int)old[i - 1], (int)old[i]);
    }
    free(perm);
    free(old);
    csr_finish(&s);
}

TEST(degree_orders_are_what_their_papers_define)
{
    for (int i = 0; i < N_ORDER_GRAPHS; i++) {
        struct csr g;
        const char *name = order_graph(i, &g);
        check_rank(name, &g, "degree", degree_rank);
        check_rank(name, &g, "hub", hub_rank);
        check_rank(name, &g, "dbg", dbg_rank);
        csr_finish(&g);
    }
}

// ---- communities ------------------------------------------------------------

TEST(communities_stand_side_by_side_in_their_old_order)
{
    struct csr g;
    CHECK_STR(simple_order_graph(18, &g), "sbm");
    struct rabbit r = {0};
    int32_t *perm = order_of(&g, "community", 0);
    int32_t *old = malloc((size_t)g.n_nodes * 4);
    CHECK_INT(rabbit_order(&g, 0, &r, NULL), GNNAC_OK);
    CHECK(r.top.n_communities > 1);
    perm_invert(perm, g.n_nodes, old);
    for (int64_t i = 1; i < g.n_nodes; i++) {
        int32_t a = r.top.of[old[i - 1]], b = r.top.of[old[i]];
        CHECK(a < b || (a == b && old[i - 1] < old[i]));
    }
    rabbit_finish(&r);
    free(perm);
    free(old);
    csr_finish(&g);
}

// ---- nearness ---------------------------------------------------------------

// The graph with its nodes in a random order.
static struct csr shuffled(const struct csr *g, uint64_t seed)
{
    int32_t *perm = malloc((size_t)g->n_nodes * 4 + 1);
    for (int64_t v = 0; v < g->n_nodes; v++) {
        uint64_t i = rng_below(seed, (uint64_t)v, (uint64_t)v + 1);
        perm[v] = perm[i];
        perm[i] = (int32_t)v;
    }
    struct csr out = permuted(g, perm);
    free(perm);
    return out;
}

static struct locality locality_of(const struct csr *g)
{
    struct locality l = {0};
    CHECK_INT(locality_measure(g, &l, NULL), GNNAC_OK);
    return l;
}

// Of a shuffled graph of the fixture, ordered.
static struct locality locality_after(int graph, const char *method,
                                      uint64_t seed)
{
    struct csr g;
    simple_order_graph(graph, &g);
    struct csr s = shuffled(&g, seed);
    struct csr p = ordered(&s, method);
    struct locality l = locality_of(&p);
    csr_finish(&g);
    csr_finish(&s);
    csr_finish(&p);
    return l;
}

enum { PATH = 6, RING = 15, RMAT = 17, SBM = 18, MESH = 19 };

TEST(rcm_finds_the_path_in_a_shuffled_one)
{
    for (uint64_t seed = 1; seed <= 8; seed++)
        CHECK_INT(locality_after(PATH, "rcm", seed).bandwidth, 1);
}

TEST(rcm_folds_a_ring_once)
{
    CHECK_INT(locality_after(RING, "rcm", 1).bandwidth, 2);
}

TEST(rcm_gives_a_mesh_of_40_by_40_a_bandwidth_near_its_side)
{
    for (uint64_t seed = 1; seed <= 8; seed++) {
        int64_t bandwidth = locality_after(MESH, "rcm", seed).bandwidth;
        if (bandwidth > 60)
            TEST__FAIL("bandwidth %lld", (long long)bandwidth);
    }
}

TEST(rcm_puts_components_by_their_smallest_node_with_the_rim_last)
{
    // 1 - 4 - 2 and 0 - 3; node 5 has no edges.
    struct csr g = csr_of(coo_of(6, 3, (int32_t[]){1, 4, 4, 2, 0, 3}), NULL);
    int32_t *perm = order_of(&g, "rcm", 0);
    // From 3: 3 0, backwards 0 3. From 2, the far end of 1's: 2 4 1.
    CHECK(memcmp(perm, (int32_t[]){0, 2, 4, 1, 3, 5}, 24) == 0);
    free(perm);
    csr_finish(&g);
}

TEST(window_needs_fewer_tile_blocks_than_what_it_was_given)
{
    static const int graphs[] = {RMAT, SBM, MESH};
    for (int i = 0; i < 3; i++) {
        int64_t before = locality_after(graphs[i], "none", 1).sgt_blocks_16x8;
        int64_t rcm = locality_after(graphs[i], "rcm", 1).sgt_blocks_16x8;
        int64_t after = locality_after(graphs[i], "window", 1).sgt_blocks_16x8;
        printf("# blocks: %lld, rcm %lld, window %lld\n", (long long)before,
               (long long)rcm, (long long)after);
        CHECK(after < before);
        CHECK(after < rcm);
    }
}

TEST(a_shuffle_changes_little_of_what_an_order_gives)
{
    static const char *const methods[] = {"rabbit", "rcm", "window"};
    static const int graphs[] = {RMAT, SBM, MESH};
    for (int i = 0; i < 9; i++) {
        struct locality a = locality_after(graphs[i / 3], methods[i % 3], 1);
        struct locality b = locality_after(graphs[i / 3], methods[i % 3], 2);
        double span = a.avg_log2_span / b.avg_log2_span;
        double blocks = (double)a.sgt_blocks_16x8 / (double)b.sgt_blocks_16x8;
        printf("# %s: span %.3f blocks %.3f\n", methods[i % 3], span, blocks);
        CHECK(fabs(span - 1) < 0.05);
        CHECK(fabs(blocks - 1) < 0.05);
    }
}

// ---- real graphs ------------------------------------------------------------

// Of other programs, on the simple graph: blocks after Gorder (window 5), and
// the mean log2 span after SciPy's Reverse Cuthill-McKee.
static const struct {
    const char *file;
    int64_t gorder_blocks;
    double rcm_span;
} known[] = {
    {"cora.npz", 823, 7.135},
    {"pubmed.npz", 7264, 10.898},
    {"email_enron.npz", 24191, 10.709},
    {"amazon_computers.npz", 26463, 10.193},
    {"deezer_hu.npz", 39412, 12.148},
    {"github_social.npz", 49789, 12.342},
    {"coauthor_physics.npz", 32568, 10.486},
    {"fb100_cornell5.npz", 109939, 11.039},
    {"mesh_wing.npz", 20207, 8.446},
    {"ego_twitter.npz", 118517, 11.886},
    {"cnr2000.npz", 150581, 12.120},
    {"nci_all9.npz", 184975, 1.915},
};

static void compare_known(size_t i, int *n)
{
    const struct graph_options opt = {0};
    const char *path = shared_graph(known[i].file);
    gnnac_error err = {{0}};
    struct csr read = {0};
    if (!path)
        return;
    if (graph_load(path, &opt, &read, &err) != GNNAC_OK)
        TEST__FAIL("%s", err.msg);
    struct csr g = simple_of(&read);
    struct csr rcm = ordered(&g, "rcm"), window = ordered(&g, "window");
    double span = locality_of(&rcm).avg_log2_span / known[i].rcm_span;
    double blocks = (double)locality_of(&window).sgt_blocks_16x8 /
                    (double)known[i].gorder_blocks;
    printf("# %s: rcm span %.3f, window blocks %.3f of the others'\n",
           known[i].file, span, blocks);
    CHECK(span < 1.05);
    CHECK(blocks < 1.03);
    csr_finish(&read);
    csr_finish(&g);
    csr_finish(&rcm);
    csr_finish(&window);
    ++*n;
}

TEST(real_graphs_are_ordered_as_well_as_by_scipy_and_gorder)
{
    int n = 0;
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        compare_known(i, &n);
    if (n == 0)
        SKIP("no real graphs: set GNNAC_TEST_GRAPHS");
}

// ---- by name ----------------------------------------------------------------

static const char *refused(const char *name, const struct csr *g)
{
    static gnnac_error err;
    int32_t perm[64];
    err = (gnnac_error){{0}};
    if (order_compute(g, name, 0, perm, &err) == GNNAC_OK)
        return "accepted";
    return err.msg;
}

TEST(an_unknown_order_is_refused_with_the_nearest)
{
    struct csr g = csr_of(coo_of(2, 1, (int32_t[]){0, 1}), NULL);
    CHECK_STR(refused("rabit", &g),
              "no order 'rabit' (did you mean 'rabbit'?)");
    CHECK_STR(refused("", &g), "no order ''");
    CHECK_INT(order_compute(&g, "random", 0, NULL, NULL), GNNAC_EUSAGE);
    csr_finish(&g);
}

TEST(help_names_every_order)
{
    const struct option_spec *o = cli_options;
    while (o->name && strcmp(o->name, "order") != 0)
        o++;
    for (const struct order_method *m = order_methods; m->name; m++)
        CHECK_HAS(o->doc, m->name);
}

TEST(a_file_is_an_order)
{
    static const int32_t turn[] = {1, 2, 0};
    struct csr g = csr_of(coo_of(3, 1, (int32_t[]){0, 1}), NULL);
    CHECK_INT(perm_save(scratch_path("p.npy"), turn, 3, NULL), GNNAC_OK);
    struct csr p = ordered(&g, scratch_path("p.npy"));
    CHECK_STR(csr_text(&p), "3: 1>2"); // by the inverse: 2>0
    csr_finish(&p);
    csr_finish(&g);
    g = csr_of(coo_of(4, 1, (int32_t[]){0, 1}), NULL);
    CHECK_HAS(refused(scratch_path("p.npy"), &g), "p.npy: byte 10: ");
    scratch_unlink("p.npy");
    CHECK_HAS(refused(scratch_path("p.npy"), &g), "No such file");
    csr_finish(&g);
}

int main(void)
{
    scratch_make();
    RUN(every_order_is_a_permutation);
    RUN(nodes_without_neighbours_come_last);
    RUN(no_order_is_the_identity);
    RUN(the_graph_of_zeros_has_every_order);
    RUN(the_reordered_graph_has_the_renamed_edges_with_their_weights);
    RUN(the_product_with_features_is_the_permuted_one);
    RUN(any_number_of_threads_gives_the_same_bytes);
    RUN(directions_loops_and_duplicates_do_not_count);
    RUN(a_generated_graph_has_fixed_orders);
    RUN(perm_tells_the_new_id_of_an_old_node);
    RUN(degree_orders_are_what_their_papers_define);
    RUN(communities_stand_side_by_side_in_their_old_order);
    RUN(rcm_finds_the_path_in_a_shuffled_one);
    RUN(rcm_folds_a_ring_once);
    RUN(rcm_gives_a_mesh_of_40_by_40_a_bandwidth_near_its_side);
    RUN(rcm_puts_components_by_their_smallest_node_with_the_rim_last);
    RUN(window_needs_fewer_tile_blocks_than_what_it_was_given);
    RUN(a_shuffle_changes_little_of_what_an_order_gives);
    RUN(real_graphs_are_ordered_as_well_as_by_scipy_and_gorder);
    RUN(an_unknown_order_is_refused_with_the_nearest);
    RUN(help_names_every_order);
    RUN(a_file_is_an_order);
    scratch_remove();
    return test_done();
}
