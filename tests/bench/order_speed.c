// How fast communities are found, by Rabbit Order and by Leiden, with one
// thread and with two, and how good they are; beside them the plainest program
// of Rabbit Order's idea. Medians; judges nothing.
//
// usage: order_speed [--turns N] [FILE...]
#include "bench_fixture.h"
#include "order/community.h"
#include "order/simple_graph.h"
#include "plain_rabbit.h"

enum { MAX_TURNS = 31, N_WAYS = 5 };

static int n_turns = 5;

static const struct way {
    const char *method;
    int n_threads;
} ways[N_WAYS] = {
    {"plain", 1}, {"rabbit", 1}, {"rabbit", 2}, {"leiden", 1}, {"leiden", 2},
};

static gnnac_status find_plain(const struct csr *g, gnnac_error *err)
{
    int32_t *perm = alloc_array(g->n_nodes, sizeof(*perm));
    if (!perm)
        return FAIL(err, GNNAC_ENOMEM, "out of memory");
    gnnac_status st = plain_rabbit(g, perm, err);
    free(perm);
    return st;
}

static gnnac_status find(const struct way *w, const struct csr *g,
                         double *modularity, gnnac_error *err)
{
    struct partition p = {0};
    struct partition_quality q = {0};
    if (strcmp(w->method, "plain") == 0)
        return find_plain(g, err);
    gnnac_status st = community_find(g, w->method, w->n_threads, &p, err);
    if (st == GNNAC_OK && modularity)
        st = partition_measure(g, p.of, p.n_communities, &q, err);
    if (st == GNNAC_OK && modularity)
        *modularity = q.modularity;
    partition_finish(&p);
    return st;
}

// All ways in turn, so that what slows the machine slows them all.
static gnnac_status time_ways(const struct csr *g, double median[N_WAYS],
                              gnnac_error *err)
{
    static double t[N_WAYS][MAX_TURNS];
    for (int i = 0; i < n_turns; i++)
        for (int w = 0; w < N_WAYS; w++) {
            double t0 = omp_get_wtime();
            gnnac_status st = find(&ways[w], g, NULL, err);
            if (st != GNNAC_OK)
                return st;
            t[w][i] = omp_get_wtime() - t0;
        }
    for (int w = 0; w < N_WAYS; w++)
        median[w] = bench_median(t[w], (size_t)n_turns);
    return GNNAC_OK;
}

static gnnac_status measure(const char *name, const struct csr *read,
                            gnnac_error *err)
{
    struct csr owned = {0}, g = {0};
    double t[N_WAYS], q = 0;
    gnnac_status st = simple_graph_of(read, &owned, &g, err);
    if (st == GNNAC_OK)
        st = time_ways(&g, t, err);
    for (int w = 1; st == GNNAC_OK && w < N_WAYS; w += 2) {
        st = find(&ways[w], &g, &q, err);
        printf("%-24s %-7s %11lld %8.4f %8.4f %6.2f %6.2f %8.1f %8.4f\n", name,
               ways[w].method, (long long)g.n_edges, t[w], t[w + 1],
               t[w] / t[w + 1], t[0] / t[w], (double)g.n_edges / t[w] / 1e6, q);
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
    printf("%-24s %-7s %11s %8s %8s %6s %6s %8s %8s\n", "graph", "method",
           "entries", "1 thread", "2", "1/2", "plain", "M/s, 1", "Q");
    if (at == argc)
        return bench_report(measure_generated(&err), &err);
    for (; at < argc; at++)
        bad |= bench_report(measure_file(argv[at], &err), &err);
    return bad;
}
