// How fast edges become a CSR: shuffled, skewed and sorted lists, with and
// without weights, and transposes. Medians; judges nothing.
//
// usage: csr_speed [--nodes N] [--edges N] [--threads N]
#include "bench_fixture.h"
#include "rng.h"

enum { TURNS = 5 };

static void report(const char *what, int64_t n_edges, double *seconds)
{
    double median = bench_median(seconds, TURNS);
    printf("%-28s %12lld %7d %9.4f %10.1f\n", what, (long long)n_edges,
           omp_get_max_threads(), median, (double)n_edges / median / 1e6);
    fflush(stdout);
}

static bool time_build(const char *what, const struct coo *edges)
{
    const struct graph_options opt = {0};
    double seconds[TURNS];
    for (int i = 0; i < TURNS; i++) {
        struct csr g;
        gnnac_error err;
        double t0 = omp_get_wtime();
        if (csr_from_coo(edges, &opt, &g, &err) != GNNAC_OK)
            return fprintf(stderr, "%s\n", err.msg), false;
        seconds[i] = omp_get_wtime() - t0;
        csr_finish(&g);
    }
    report(what, edges->n_edges, seconds);
    return true;
}

static bool time_transpose(const char *what, const struct csr *g)
{
    double seconds[TURNS];
    for (int i = 0; i < TURNS; i++) {
        struct csr t;
        gnnac_error err;
        double t0 = omp_get_wtime();
        if (csr_transpose(g, &t, &err) != GNNAC_OK)
            return fprintf(stderr, "%s\n", err.msg), false;
        seconds[i] = omp_get_wtime() - t0;
        csr_finish(&t);
    }
    report(what, g->n_edges, seconds);
    return true;
}

// The edges of *g in CSR order replace those of *edges.
static bool sort_edges(struct coo *edges)
{
    const struct graph_options opt = {0};
    struct csr g;
    gnnac_error err;
    if (csr_from_coo(edges, &opt, &g, &err) != GNNAC_OK)
        return fprintf(stderr, "%s\n", err.msg), false;
    memcpy(edges->src, g.colidx, (size_t)g.n_edges * sizeof(*edges->src));
    for (int64_t v = 0; v < g.n_nodes; v++)
        for (int64_t e = g.rowptr[v]; e < g.rowptr[v + 1]; e++)
            edges->dst[e] = (int32_t)v;
    bool ok = time_transpose("transpose", &g);
    csr_finish(&g);
    return ok;
}

static bool add_weights(struct coo *edges)
{
    edges->weight = malloc((size_t)edges->n_edges * sizeof(float) + 1);
    for (int64_t e = 0; edges->weight && e < edges->n_edges; e++)
        edges->weight[e] = (float)e;
    return edges->weight != NULL;
}

static bool make_uniform(int64_t nodes, int64_t n, struct coo *out)
{
    *out = (struct coo){nodes, n, malloc((size_t)n * sizeof(int32_t) + 1),
                        malloc((size_t)n * sizeof(int32_t) + 1), NULL};
    if (!out->src || !out->dst)
        return false;
#pragma omp parallel for schedule(static)
    for (int64_t e = 0; e < n; e++) {
        uint64_t at = 2 * (uint64_t)e;
        out->src[e] = (int32_t)rng_below(1, at, (uint64_t)nodes);
        out->dst[e] = (int32_t)rng_below(1, at + 1, (uint64_t)nodes);
    }
    return true;
}

static bool make_rmat(int64_t nodes, int64_t n, struct coo *out)
{
    const struct generate_options make = {
        .kind = "rmat", .nodes = nodes, .edges = n, .seed = 1};
    gnnac_error err;
    return graph_generate(&make, out, &err) == GNNAC_OK;
}

static bool run(const char *name, struct coo *edges)
{
    char what[64];
    snprintf(what, sizeof(what), "%s, as drawn", name);
    bool ok = time_build(what, edges) && sort_edges(edges);
    snprintf(what, sizeof(what), "%s, sorted", name);
    return ok && time_build(what, edges);
}

int main(int argc, char **argv)
{
    int64_t nodes = 1 << 20, edges = 1 << 24;
    struct coo list = {0}, weighted = {0}, rmat = {0};
    for (int at = 1; at + 1 < argc; at += 2)
        if (strcmp(argv[at], "--nodes") == 0)
            nodes = atoll(argv[at + 1]);
        else if (strcmp(argv[at], "--edges") == 0)
            edges = atoll(argv[at + 1]);
        else
            omp_set_num_threads(atoi(argv[at + 1]));
    printf("%-28s %12s %7s %9s %10s\n", "edges", "n", "threads", "median s",
           "Medges/s");
    bool ok = make_uniform(nodes, edges, &list) && run("uniform", &list);
    coo_finish(&list);
    ok = ok && make_uniform(nodes, edges, &weighted) &&
         add_weights(&weighted) && run("weighted", &weighted);
    coo_finish(&weighted);
    ok = ok && make_rmat(nodes, edges, &rmat) && run("rmat", &rmat);
    coo_finish(&rmat);
    return !ok;
}
