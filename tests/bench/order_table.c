// Every order of every graph named, or of generated ones: how long it takes,
// and how near things stand then. Prints a table; judges nothing.
//
// usage: order_table [--threads N] [--orders A,B,...] [FILE...]
#include "bench_fixture.h"
#include "graph/locality.h"
#include "order/orders.h"
#include "order/simple_graph.h"

struct request {
    const char *orders; // "rabbit,rcm"; NULL: all
    int n_threads;
};

static bool is_wanted(const char *list, const char *name)
{
    size_t n = strlen(name);
    for (const char *p = list; p; p = strchr(p, ',') ? strchr(p, ',') + 1
                                                     : NULL)
        if (strncmp(p, name, n) == 0 && (p[n] == ',' || p[n] == '\0'))
            return true;
    return list == NULL;
}

static void print_row(const char *graph, const char *order, double seconds,
                      const struct csr *g, const struct locality *l)
{
    double m = g->n_edges ? (double)g->n_edges : 1;
    printf("%-24s %-10s %9.4f %9.3f %10lld %11lld %8.4f %8.4f\n", graph, order,
           seconds, l->avg_log2_span, (long long)l->sgt_blocks_16x8,
           (long long)l->tiles_16x8, (double)l->lru_misses_small / m,
           (double)l->lru_misses_large / m);
    fflush(stdout);
}

// Median of three.
static gnnac_status time_order(const struct csr *simple,
                               const struct order_method *m, int n_threads,
                               int32_t *perm, double *seconds,
                               gnnac_error *err)
{
    double t[3];
    for (int turn = 0; turn < 3; turn++) {
        double t0 = omp_get_wtime();
        gnnac_status st = m->compute(simple, n_threads, perm, err);
        if (st != GNNAC_OK)
            return st;
        t[turn] = omp_get_wtime() - t0;
    }
    *seconds = bench_median(t, 3);
    return GNNAC_OK;
}

static gnnac_status measure_order(const char *name, const struct csr *simple,
                                  const struct order_method *m, int n_threads,
                                  gnnac_error *err)
{
    int32_t *perm = malloc((size_t)simple->n_nodes * sizeof(*perm) + 1);
    struct csr p = {0};
    struct locality l = {0};
    double seconds = 0;
    gnnac_status st = GNNAC_OK;
    if (!perm)
        return FAIL(err, GNNAC_ENOMEM, "out of memory");
    TRY(time_order(simple, m, n_threads, perm, &seconds, err));
    TRY(csr_permute(simple, perm, &p, err));
    TRY(locality_measure(&p, &l, err));
    print_row(name, m->name, seconds, &p, &l);
out:
    csr_finish(&p);
    free(perm);
    return st;
}

static gnnac_status measure_graph(const char *name, const struct csr *g,
                                  const struct request *r, gnnac_error *err)
{
    struct csr simple = {0};
    gnnac_status st = simple_graph(g, &simple, err);
    for (const struct order_method *m = order_methods;
         st == GNNAC_OK && m->name; m++)
        if (is_wanted(r->orders, m->name))
            st = measure_order(name, &simple, m, r->n_threads, err);
    csr_finish(&simple);
    return st;
}

static gnnac_status measure_file(const char *path, const struct request *r,
                                 gnnac_error *err)
{
    const struct graph_options opt = {.n_threads = r->n_threads};
    struct csr g = {0};
    gnnac_status st = graph_load(path, &opt, &g, err);
    if (st == GNNAC_OK)
        st = measure_graph(bench_file_name(path), &g, r, err);
    csr_finish(&g);
    return st;
}

static gnnac_status measure_generated(const char *kind,
                                      const struct request *r,
                                      gnnac_error *err)
{
    const struct generate_options make = {
        .kind = kind, .nodes = 50000, .seed = 1};
    const struct graph_options opt = {.n_threads = r->n_threads};
    struct csr g = {0};
    gnnac_status st = bench_generate(&make, &opt, &g, err);
    if (st == GNNAC_OK)
        st = measure_graph(kind, &g, r, err);
    csr_finish(&g);
    return st;
}

int main(int argc, char **argv)
{
    enum { N_KINDS = 4 };
    static const char *const kinds[N_KINDS] = {"rmat", "sbm", "mesh", "batch"};
    struct request r = {0};
    int at = 1, bad = 0;
    for (; at + 1 < argc && strncmp(argv[at], "--", 2) == 0; at += 2)
        if (strcmp(argv[at], "--orders") == 0)
            r.orders = argv[at + 1];
        else
            r.n_threads = atoi(argv[at + 1]);
    printf("%-24s %-10s %9s %9s %10s %11s %8s %8s\n", "graph", "order",
           "seconds", "log2 span", "sgt 16x8", "tiles 16x8", "lru 1k",
           "lru 8k");
    for (size_t i = 0; at == argc && i < N_KINDS; i++) {
        gnnac_error err = {{0}};
        bad |= bench_report(measure_generated(kinds[i], &r, &err), &err);
    }
    for (; at < argc; at++) {
        gnnac_error err = {{0}};
        bad |= bench_report(measure_file(argv[at], &r, &err), &err);
    }
    return bad;
}
