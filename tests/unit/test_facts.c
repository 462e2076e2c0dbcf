// Properties of real graphs against figures that independent tools computed
// (facts.csv beside the graphs). Skipped where the graphs are absent.
#include "facts_fixture.h"
#include "graph/load.h"
#include "graph/stats.h"
#include "order/triangles.h"

// facts.csv column, our property, relative tolerance (0: exactly). Its deg_*
// columns count entries per source, so they are our out-degrees.
static const struct {
    const char *column, *property;
    double rel;
} facts[] = {
    {"nodes", "graph.nodes", 0},
    {"edges", "graph.edges", 0},
    {"self_loops", "graph.self_loops", 0},
    {"duplicates", "graph.duplicates", 0},
    {"symmetric", "graph.symmetric", 0},
    {"isolated", "graph.isolated", 0},
    {"deg_mean", "graph.out_degree.mean", 1e-6},
    {"deg_max", "graph.out_degree.max", 0},
    {"deg_std", "graph.out_degree.std", 1e-6},
    {"deg_median", "graph.out_degree.p50", 1e-6},
    {"deg_p99", "graph.out_degree.p99", 1e-6},
    {"deg_gini", "graph.out_degree.gini", 1e-6},
    {"indeg_max", "graph.degree.max", 0},
    {"indeg_std", "graph.degree.std", 1e-6},
    {"indeg_median", "graph.degree.p50", 1e-6},
    {"indeg_p99", "graph.degree.p99", 1e-6},
    {"indeg_gini", "graph.degree.gini", 1e-6},
    {"components", "graph.components", 0},
    {"largest_component", "graph.largest_component", 0},
    {"avg_edge_span", "graph.locality.avg_edge_span", 1e-6},
    {"avg_log2_span", "graph.locality.avg_log2_span", 1e-6},
    {"bandwidth", "graph.locality.bandwidth", 0},
    {"triangles", "graph.triangles", 0},
    {"transitivity", "graph.transitivity", 1e-6},
};

static void check_number(const char *graph, const char *what, double got,
                         double want, double rel)
{
    if (!(fabs(got - want) <= rel * fabs(want)))
        TEST__FAIL("%s: %s is %.17g, expected %.17g", graph, what, got, want);
}

// window_cols_K_in is what window_reuse_K divides the edges by.
static void check_windows(const char *graph, const struct facts_row *head,
                          const struct facts_row *r, const struct props *p)
{
    const char *cols8 = facts_cell(head, r, "window_cols_8_in");
    const char *cols16 = facts_cell(head, r, "window_cols_16_in");
    double edges = props_number(p, "graph.edges");
    CHECK(cols8 && cols16);
    if (!cols8 || !cols16)
        return;
    check_number(graph, "window_reuse_8",
                 props_number(p, "graph.locality.window_reuse_8"),
                 edges / atof(cols8), 1e-12);
    check_number(graph, "window_reuse_16",
                 props_number(p, "graph.locality.window_reuse_16"),
                 edges / atof(cols16), 1e-12);
}

// Their rows are what an edge comes from.
static void check_tiles(const char *path, const struct facts_row *head,
                        const struct facts_row *r)
{
    static struct props p;
    struct csr g;
    gnnac_error err = {{0}};
    struct graph_options opt = {.target_to_source = true};
    const char *tiles = facts_cell(head, r, "tiles_16x8");
    const char *blocks = facts_cell(head, r, "sgt_blocks_16x8");
    CHECK(tiles && blocks);
    if (graph_load(path, &opt, &g, &err) != GNNAC_OK ||
        graph_stats(&g, 0, &p, &err) != GNNAC_OK) {
        TEST__FAIL("%s", err.msg);
        return;
    }
    if (tiles && blocks) {
        check_number(r->cells[0], "tiles_16x8",
                     props_number(&p, "graph.locality.tiles_16x8"),
                     atof(tiles), 0);
        check_number(r->cells[0], "sgt_blocks_16x8",
                     props_number(&p, "graph.locality.sgt_blocks_16x8"),
                     atof(blocks), 0);
    }
    csr_finish(&g);
}

static void check_graph(const char *path, const struct facts_row *head,
                        const struct facts_row *r)
{
    static struct props p;
    struct csr g;
    gnnac_error err = {{0}};
    struct graph_options opt = {0};
    if (graph_load(path, &opt, &g, &err) != GNNAC_OK ||
        graph_stats(&g, 0, &p, &err) != GNNAC_OK ||
        triangle_props(&g, 0, &p, &err) != GNNAC_OK) {
        TEST__FAIL("%s", err.msg);
        return;
    }
    for (size_t i = 0; i < sizeof(facts) / sizeof(facts[0]); i++) {
        const char *want = facts_cell(head, r, facts[i].column);
        CHECK(want != NULL);
        if (want)
            check_number(r->cells[0], facts[i].property,
                         props_number(&p, facts[i].property), atof(want),
                         facts[i].rel);
    }
    check_windows(r->cells[0], head, r, &p);
    csr_finish(&g);
    check_tiles(path, head, r);
}

TEST(every_property_agrees_with_independent_tools)
{
    int n = facts_each(check_graph);
    if (n < 0)
        SKIP("no facts.csv: set GNNAC_TEST_GRAPHS to the folder of graphs");
    CHECK(n > 0);
    printf("# %d graphs\n", n);
}

int main(void)
{
    RUN(every_property_agrees_with_independent_tools);
    return test_done();
}
