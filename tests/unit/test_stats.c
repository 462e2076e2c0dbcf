// Properties of small graphs, against figures worked out by hand.
#include "graph/generate.h"
#include "graph/locality.h"
#include "graph/stats.h"
#include "graph_fixture.h"
#include "test.h"

struct want {
    const char *name;
    double value; // NAN: not a number
};

static void check_props(const struct props *p, const struct want *want,
                        size_t n)
{
    for (size_t i = 0; i < n; i++) {
        char name[80];
        snprintf(name, sizeof(name), "graph.%s", want[i].name);
        double got = props_number(p, name);
        bool same = isnan(want[i].value)
                        ? isnan(got)
                        : fabs(got - want[i].value) <=
                              1e-12 * fabs(want[i].value) + 1e-15;
        if (!props_find(p, name) || !same)
            TEST__FAIL("%s is %.17g, expected %.17g", name, got, want[i].value);
    }
}

// Takes the graph.
static void check_stats(struct csr g, const struct want *want, size_t n)
{
    static struct props p;
    gnnac_error err = {{0}};
    if (graph_stats(&g, 0, &p, &err) != GNNAC_OK)
        TEST__FAIL("%s", err.msg);
    check_props(&p, want, n);
    csr_finish(&g);
}

#define CHECK_STATS(g, ...)                                                    \
    check_stats(g, (struct want[]){__VA_ARGS__},                               \
                sizeof((struct want[]){__VA_ARGS__}) / sizeof(struct want))
#define EDGES(n_nodes, ...)                                                    \
    csr_of(coo_of(n_nodes, sizeof((int32_t[]){__VA_ARGS__}) / 8,               \
                  (int32_t[]){__VA_ARGS__}),                                   \
           NULL)

static struct csr generated(const char *kind, int64_t nodes)
{
    struct coo g = {0};
    CHECK_INT(graph_generate(&(struct generate_options){.kind = kind,
                                                        .nodes = nodes},
                             &g, NULL),
              GNNAC_OK);
    return csr_of(g, NULL);
}

#define NOTHING                                                                \
    {"nodes", 0}, {"edges", 0}, {"self_loops", 0}, {"duplicates", 0},          \
        {"isolated", 0}, {"symmetric", 1}, {"density", 0},                     \
        {"degree.min", 0}, {"degree.max", 0}, {"degree.mean", 0},              \
        {"degree.std", 0}, {"degree.cv", 0}, {"degree.p50", 0},                \
        {"degree.p99", 0}, {"degree.gini", 0}, {"degree.skew", 0},             \
        {"degree.top1_share", 0}, {"degree.power_law_alpha", (double)NAN},     \
        {"degree.power_law_xmin", (double)NAN},                                \
        {"degree.power_law_ks", (double)NAN}, {"locality.tiles_16x8", 0},      \
        {"locality.sgt_blocks_16x8", 0}, {"locality.window_cols_64", 0},       \
        {"locality.window_cols_128", 0}, {"locality.lru_miss_1k", 0},          \
        {"locality.lru_miss_8k", 0},                                           \
        {"out_degree.max", 0}, {"components", 0}, {"largest_component", 0},    \
        {"locality.avg_edge_span", 0}, {"locality.avg_log2_span", 0},          \
        {"locality.bandwidth", 0}, {"locality.window_reuse_8", 0},             \
        {"locality.window_reuse_16", 0},                                       \
    {                                                                          \
        "locality.cache_lines_per_edge", 0                                     \
    }

TEST(the_empty_graph_has_no_figures)
{
    CHECK_STATS(csr_of((struct coo){0}, NULL), NOTHING);
    CHECK_STATS((struct csr){0}, NOTHING); // without arrays
}

TEST(one_node_is_isolated_unless_it_has_a_loop)
{
    CHECK_STATS(csr_of(coo_of(1, 0, NULL), NULL), {"nodes", 1}, {"edges", 0},
                {"isolated", 1}, {"symmetric", 1}, {"components", 1},
                {"largest_component", 1}, {"degree.max", 0},
                {"degree.gini", 0}, {"degree.top1_share", 0});
    CHECK_STATS(EDGES(1, 0, 0), {"edges", 1}, {"isolated", 0},
                {"self_loops", 1}, {"density", 1}, {"symmetric", 1},
                {"degree.mean", 1}, {"degree.p50", 1}, {"degree.p99", 1},
                {"degree.std", 0}, {"degree.skew", 0},
                {"degree.top1_share", 1}, {"components", 1},
                {"locality.bandwidth", 0}, {"locality.avg_log2_span", 0},
                {"locality.window_reuse_8", 1},
                {"locality.cache_lines_per_edge", 1});
}

// Degrees 4, 1, 1, 1, 1: deviations from 1.6 are 2.4 and four times -0.6.
TEST(a_star_of_four_leaves)
{
    CHECK_STATS(generated("star", 5), {"nodes", 5}, {"edges", 8},
                {"density", 0.32}, {"symmetric", 1}, {"components", 1},
                {"largest_component", 5}, {"degree.min", 1},
                {"degree.max", 4}, {"degree.mean", 1.6}, {"degree.std", 1.2},
                {"degree.cv", 0.75}, {"degree.p50", 1}, {"degree.p90", 2.8},
                {"degree.p99", 3.88}, {"degree.gini", 0.3},
                {"degree.skew", 1.5}, {"degree.top1_share", 0.5},
                {"degree.power_law_alpha", (double)NAN},
                {"out_degree.max", 4}, {"out_degree.gini", 0.3},
                {"locality.avg_edge_span", 2.5},
                {"locality.avg_log2_span", log2(120) / 4},
                {"locality.bandwidth", 4},
                {"locality.window_reuse_8", 8 / 5.0},
                {"locality.window_reuse_16", 8 / 5.0},
                {"locality.tiles_16x8", 1}, {"locality.sgt_blocks_16x8", 1},
                {"locality.window_cols_64", 5}, {"locality.window_cols_128", 5},
                {"locality.lru_miss_1k", 5 / 8.0},
                {"locality.lru_miss_8k", 5 / 8.0},
                {"locality.cache_lines_per_edge", 5 / 8.0});
}

// Eight rows of a ring see ten columns, sixteen see 18 in 2 + 2 tiles of eight.
// Rows 0, 31, 32 and 39 reach into the other line of 32 columns. Degrees that
// are all one follow no law.
TEST(a_ring_of_forty_nodes)
{
    CHECK_STATS(generated("ring", 40), {"edges", 80}, {"degree.min", 2},
                {"degree.max", 2}, {"degree.std", 0}, {"degree.gini", 0},
                {"degree.skew", 0}, {"degree.top1_share", 1 / 40.0},
                {"degree.power_law_alpha", (double)NAN},
                {"symmetric", 1}, {"components", 1},
                {"locality.avg_edge_span", (78 + 2 * 39) / 80.0},
                {"locality.bandwidth", 39},
                {"locality.window_reuse_8", 80 / 50.0},
                {"locality.window_reuse_16", 80 / 46.0},
                {"locality.tiles_16x8", 4 + 4 + 3},
                {"locality.sgt_blocks_16x8", 3 + 3 + 2},
                {"locality.window_cols_64", 40},
                {"locality.lru_miss_1k", 0.5},
                {"locality.cache_lines_per_edge", 44 / 80.0});
}

TEST(a_directed_graph_with_everything_odd)
{
    CHECK_STATS(EDGES(5, 0, 1, 2, 1, 0, 1, 3, 3), {"edges", 4},
                {"self_loops", 1}, {"duplicates", 1}, {"isolated", 1},
                {"symmetric", 0}, {"components", 3}, {"largest_component", 3},
                {"degree.min", 0}, {"degree.max", 3}, {"degree.mean", 0.8},
                {"degree.p50", 0}, {"degree.top1_share", 0.75},
                {"out_degree.max", 2}, {"out_degree.p50", 1},
                {"out_degree.top1_share", 0.5},
                {"locality.avg_edge_span", 0.75}, {"locality.bandwidth", 1},
                {"locality.window_reuse_8", 4 / 3.0},
                {"locality.cache_lines_per_edge", 0.5});
}

TEST(symmetry_counts_duplicates)
{
    CHECK_STATS(EDGES(2, 0, 1, 1, 0), {"symmetric", 1});
    CHECK_STATS(EDGES(2, 0, 1, 0, 1, 1, 0), {"symmetric", 0});
    CHECK_STATS(EDGES(3, 0, 1, 1, 2, 2, 0), {"symmetric", 0});
}

TEST(isolated_nodes_at_the_end_count)
{
    CHECK_STATS(EDGES(10, 1, 0), {"nodes", 10}, {"isolated", 8},
                {"components", 9}, {"largest_component", 2},
                {"degree.p99", 0.91}, {"degree.gini", 0.9});
}

// A window ends where the rows do, and each begins anew.
TEST(windows_count_distinct_columns)
{
    struct csr g = EDGES(18, 0, 0, 0, 7, 0, 8, 0, 15, 0, 16, 0, 17, 1, 17);
    struct locality l;
    CHECK_INT(locality_measure(&g, &l, NULL), GNNAC_OK);
    CHECK_INT(l.window_cols_8, 1 + 1 + 2);
    CHECK_INT(l.window_cols_16, 1 + 2);
    CHECK_INT(l.cache_lines, 6);
    CHECK_INT(l.self_loops, 1);
    csr_finish(&g);
}

// ---- the same whatever the threads ------------------------------------------

static char *stats_json(const struct csr *g, int threads)
{
    static struct props p;
    char *text = NULL;
    size_t n;
    FILE *f = open_memstream(&text, &n);
    CHECK_INT(graph_stats(g, threads, &p, NULL), GNNAC_OK);
    props_print_json(&p, f);
    fclose(f);
    return text;
}

TEST(the_number_of_threads_changes_no_bit)
{
    struct csr g = generated("rmat", 50000);
    char *one = stats_json(&g, 1);
    for (int threads = 2; threads <= 5; threads++) {
        char *many = stats_json(&g, threads);
        CHECK_STR(many, one);
        free(many);
    }
    free(one);
    csr_finish(&g);
}

int main(void)
{
    RUN(the_empty_graph_has_no_figures);
    RUN(one_node_is_isolated_unless_it_has_a_loop);
    RUN(a_star_of_four_leaves);
    RUN(a_ring_of_forty_nodes);
    RUN(a_directed_graph_with_everything_odd);
    RUN(symmetry_counts_duplicates);
    RUN(isolated_nodes_at_the_end_count);
    RUN(windows_count_distinct_columns);
    RUN(the_number_of_threads_changes_no_bit);
    return test_done();
}
