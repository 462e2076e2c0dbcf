// How fast communities are found, by Rabbit Order and by Leiden, with one
// thread and with two, and how good they are. Medians; judges nothing.
//
// usage: order_speed [--turns N] [FILE...]
#include "bench_fixture.h"
#include "order/community.h"
#include "order/simple_graph.h"

enum { MAX_TURNS = 31 };

static int n_turns = 5;

static const char *const methods[] = {"rabbit", "leiden"};

static gnnac_status time_method(const char *method, const struct csr *g,
                                int n_threads, double *median,
                                double *modularity, gnnac_error *err)
{
    double t[MAX_TURNS];
    for (int i = 0; i < n_turns; i++) {
        struct partition p = {0};
        struct partition_quality q = {0};
        double t0 = omp_get_wtime();
        gnnac_status st = community_find(g, method, n_threads, &p, err);
        t[i] = omp_get_wtime() - t0;
        if (st == GNNAC_OK && i == 0)
            st = partition_measure(g, p.of, p.n_communities, &q, err);
        partition_finish(&p);
        if (st != GNNAC_OK)
            return st;
        if (i == 0)
            *modularity = q.modularity;
    }
    *median = bench_median(t, (size_t)n_turns);
    return GNNAC_OK;
}

static gnnac_status measure(const char *name, const struct csr *read,
                            gnnac_error *err)
{
    struct csr owned = {0}, g = {0};
    gnnac_status st = simple_graph_of(read, &owned, &g, err);
    for (size_t m = 0; st == GNNAC_OK && m < 2; m++) {
        double one = 0, two = 0, q = 0;
        st = time_method(methods[m], &g, 1, &one, &q, err);
        if (st == GNNAC_OK)
            st = time_method(methods[m], &g, 2, &two, &q, err);
        printf("%-24s %-7s %11lld %8.4f %8.4f %6.2f %8.1f %8.4f\n", name,
               methods[m], (long long)g.n_edges, one, two, one / two,
               (double)g.n_edges / one / 1e6, q);
        fflush(stdout);
    }
    csr_finish(&owned);
    return st;
}

static gnnac_status measure_file(const char *path, gnnac_error *err)
{
    const struct graph_options opt = {0};
    struct csr g = {0};
    gnnac_status st = graph_load(path, &opt, &g, err);
    if (st == GNNAC_OK)
        st = measure(bench_file_name(path), &g, err);
    csr_finish(&g);
    return st;
}

static gnnac_status measure_generated(gnnac_error *err)
{
    const struct generate_options make = {
        .kind = "rmat", .nodes = 1 << 20, .edges = 1 << 24, .seed = 1};
    const struct graph_options opt = {0};
    struct csr g = {0};
    gnnac_status st = bench_generate(&make, &opt, &g, err);
    if (st == GNNAC_OK)
        st = measure("rmat, 2^20 nodes", &g, err);
    csr_finish(&g);
    return st;
}

int main(int argc, char **argv)
{
    gnnac_error err = {{0}};
    int at = 1, bad = 0;
    if (argc > 2 && strcmp(argv[1], "--turns") == 0) {
        n_turns = atoi(argv[2]);
        n_turns = n_turns < 1 ? 1 : n_turns > MAX_TURNS ? MAX_TURNS : n_turns;
        at = 3;
    }
    printf("%-24s %-7s %11s %8s %8s %6s %8s %8s\n", "graph", "method",
           "entries", "1 thread", "2", "ratio", "M/s, 1", "Q");
    if (at == argc)
        return bench_report(measure_generated(&err), &err);
    for (; at < argc; at++)
        bad |= bench_report(measure_file(argv[at], &err), &err);
    return bad;
}
