// How fast communities are found, by Rabbit Order and by Leiden, with one
// thread and with two, and how good they are. Medians; judges nothing.
//
// usage: order_speed [--turns N] [FILE...]
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "graph/generate.h"
#include "graph/load.h"
#include "order/leiden.h"
#include "order/rabbit.h"
#include "order/simple_graph.h"

enum { MAX_TURNS = 31 };

static int n_turns = 5;

static gnnac_status run_rabbit(const struct csr *g, int n_threads,
                               struct partition *out, gnnac_error *err)
{
    struct rabbit r = {0};
    gnnac_status st = rabbit_order(g, n_threads, &r, err);
    *out = r.top;
    r.top = (struct partition){0};
    rabbit_finish(&r);
    return st;
}

static const struct {
    const char *name;
    gnnac_status (*run)(const struct csr *g, int n_threads,
                        struct partition *out, gnnac_error *err);
} methods[] = {{"rabbit", run_rabbit}, {"leiden", leiden}};

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static gnnac_status time_method(size_t m, const struct csr *g, int n_threads,
                                double *median, double *modularity,
                                gnnac_error *err)
{
    double t[MAX_TURNS];
    for (int i = 0; i < n_turns; i++) {
        struct partition p = {0};
        struct partition_quality q = {0};
        double t0 = omp_get_wtime();
        gnnac_status st = methods[m].run(g, n_threads, &p, err);
        t[i] = omp_get_wtime() - t0;
        if (st == GNNAC_OK && i == 0)
            st = partition_measure(g, p.of, p.n_communities, &q, err);
        partition_finish(&p);
        if (st != GNNAC_OK)
            return st;
        if (i == 0)
            *modularity = q.modularity;
    }
    qsort(t, (size_t)n_turns, sizeof(*t), ascending);
    *median = t[n_turns / 2];
    return GNNAC_OK;
}

static gnnac_status measure(const char *name, const struct csr *read,
                            gnnac_error *err)
{
    struct csr owned = {0}, g = {0};
    gnnac_status st = simple_graph_of(read, &owned, &g, err);
    for (size_t m = 0; st == GNNAC_OK && m < 2; m++) {
        double one = 0, two = 0, q = 0;
        st = time_method(m, &g, 1, &one, &q, err);
        if (st == GNNAC_OK)
            st = time_method(m, &g, 2, &two, &q, err);
        printf("%-24s %-7s %11lld %8.4f %8.4f %6.2f %8.1f %8.4f\n", name,
               methods[m].name, (long long)g.n_edges, one, two, one / two,
               (double)g.n_edges / one / 1e6, q);
        fflush(stdout);
    }
    csr_finish(&owned);
    return st;
}

static gnnac_status measure_file(const char *path, gnnac_error *err)
{
    const struct graph_options opt = {0};
    const char *slash = strrchr(path, '/');
    struct csr g = {0};
    gnnac_status st = graph_load(path, &opt, &g, err);
    if (st == GNNAC_OK)
        st = measure(slash ? slash + 1 : path, &g, err);
    csr_finish(&g);
    return st;
}

static gnnac_status measure_generated(gnnac_error *err)
{
    const struct generate_options make = {
        .kind = "rmat", .nodes = 1 << 20, .edges = 1 << 24, .seed = 1};
    const struct graph_options opt = {0};
    struct coo list = {0};
    struct csr g = {0};
    gnnac_status st = graph_generate(&make, &list, err);
    if (st == GNNAC_OK)
        st = csr_from_coo(&list, &opt, &g, err);
    coo_finish(&list);
    if (st == GNNAC_OK)
        st = measure("rmat, 2^20 nodes", &g, err);
    csr_finish(&g);
    return st;
}

static int report(gnnac_status st, const gnnac_error *err)
{
    if (st != GNNAC_OK)
        fprintf(stderr, "%s\n", err->msg);
    return st != GNNAC_OK;
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
        return report(measure_generated(&err), &err);
    for (; at < argc; at++)
        bad |= report(measure_file(argv[at], &err), &err);
    return bad;
}
