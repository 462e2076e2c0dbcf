// Properties of real graphs against figures that independent tools computed
// (facts.csv beside the graphs). Skipped where the graphs are absent.
#include "graph/load.h"
#include "graph/stats.h"
#include "test.h"

// One line of the file, cut at its commas.
struct row {
    char text[2048];
    char *cells[64];
    int n;
};

static bool read_row(FILE *f, struct row *r)
{
    if (!fgets(r->text, sizeof(r->text), f))
        return false;
    r->text[strcspn(r->text, "\r\n")] = '\0';
    r->n = 0;
    for (char *p = r->text; p && r->n < 64; p = strchr(p, ',')) {
        if (r->n)
            *p++ = '\0';
        r->cells[r->n++] = p;
    }
    return true;
}

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
};

static const char *cell(const struct row *head, const struct row *r,
                        const char *column)
{
    for (int i = 0; i < head->n && i < r->n; i++)
        if (strcmp(head->cells[i], column) == 0)
            return r->cells[i];
    return NULL;
}

static void check_number(const char *graph, const char *what, double got,
                         double want, double rel)
{
    if (!(fabs(got - want) <= rel * fabs(want)))
        TEST__FAIL("%s: %s is %.17g, expected %.17g", graph, what, got, want);
}

// window_cols_K_in is what window_reuse_K divides the edges by.
static void check_windows(const char *graph, const struct row *head,
                          const struct row *r, const struct props *p)
{
    const char *cols8 = cell(head, r, "window_cols_8_in");
    const char *cols16 = cell(head, r, "window_cols_16_in");
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

static void check_graph(const char *dir, const struct row *head,
                        const struct row *r)
{
    static struct props p;
    struct csr g;
    gnnac_error err = {{0}};
    struct graph_options opt = {0};
    char path[1024];
    snprintf(path, sizeof(path), "%s/%s.npz", dir, r->cells[0]);
    if (graph_load(path, &opt, &g, &err) != GNNAC_OK ||
        graph_stats(&g, 0, &p, &err) != GNNAC_OK) {
        TEST__FAIL("%s", err.msg);
        return;
    }
    for (size_t i = 0; i < sizeof(facts) / sizeof(facts[0]); i++) {
        const char *want = cell(head, r, facts[i].column);
        CHECK(want != NULL);
        if (want)
            check_number(r->cells[0], facts[i].property,
                         props_number(&p, facts[i].property), atof(want),
                         facts[i].rel);
    }
    check_windows(r->cells[0], head, r, &p);
    csr_finish(&g);
}

TEST(every_property_agrees_with_independent_tools)
{
    const char *dir = getenv("GNNAC_TEST_GRAPHS");
    char path[1024];
    static struct row head, r;
    int n = 0;
    snprintf(path, sizeof(path), "%s/facts.csv", dir ? dir : "");
    FILE *f = dir ? fopen(path, "r") : NULL;
    if (!f)
        SKIP("no facts.csv: set GNNAC_TEST_GRAPHS to the folder of graphs");
    CHECK(read_row(f, &head));
    while (read_row(f, &r)) {
        check_graph(dir, &head, &r);
        n++;
    }
    fclose(f);
    CHECK(n > 0);
    printf("# %d graphs\n", n);
}

int main(void)
{
    RUN(every_property_agrees_with_independent_tools);
    return test_done();
}
