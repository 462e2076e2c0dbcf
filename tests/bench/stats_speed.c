// How long the properties of a graph take, stage by stage: of a generated
// R-MAT graph, or of the files named. Prints a table; judges nothing.
//
// usage: stats_speed [--nodes N] [--edges N] [--threads N] [FILE...]
#include <sys/resource.h>

#include "bench_fixture.h"
#include "graph/components.h"
#include "graph/degree_stats.h"
#include "graph/locality.h"
#include "graph/stats.h"
#include "graph/symmetry.h"

static gnnac_status stage_locality(const struct csr *g, gnnac_error *err)
{
    struct locality l;
    return locality_measure(g, &l, err);
}

static gnnac_status stage_symmetry(const struct csr *g, gnnac_error *err)
{
    bool symmetric;
    return csr_is_symmetric(g, &symmetric, err);
}

static gnnac_status stage_columns(const struct csr *g, gnnac_error *err)
{
    int64_t *starts;
    gnnac_status st = csr_column_starts(g, &starts, err);
    if (st == GNNAC_OK)
        free(starts);
    return st;
}

static gnnac_status stage_degrees(const struct csr *g, gnnac_error *err)
{
    struct degree_figures f;
    return degree_measure(g->rowptr, g->n_nodes, &f, err);
}

static gnnac_status stage_components(const struct csr *g, gnnac_error *err)
{
    struct components c;
    return components_count(g, false, &c, err);
}

static gnnac_status stage_fingerprint(const struct csr *g, gnnac_error *err)
{
    char hex[33];
    (void)err;
    csr_fingerprint(g, hex);
    return GNNAC_OK;
}

static gnnac_status stage_all(const struct csr *g, gnnac_error *err)
{
    static struct props p;
    return graph_stats(g, 0, &p, err);
}

static const struct {
    const char *name;
    gnnac_status (*run)(const struct csr *g, gnnac_error *err);
} stages[] = {
    {"locality", stage_locality},     {"symmetry", stage_symmetry},
    {"columns", stage_columns},       {"degrees", stage_degrees},
    {"components", stage_components}, {"fingerprint", stage_fingerprint},
    {"graph_stats", stage_all},
};

// Best of three.
static int time_stages(const char *name, const struct csr *g)
{
    struct rusage usage;
    gnnac_error err = {{0}};
    double csr_gib = ((double)g->n_edges * 4 + (double)g->n_nodes * 8) /
                     (1 << 30);
    printf("%s: %lld nodes, %lld edges\n", name, (long long)g->n_nodes,
           (long long)g->n_edges);
    for (size_t i = 0; i < sizeof(stages) / sizeof(stages[0]); i++) {
        double best = 1e9;
        for (int turn = 0; turn < 3; turn++) {
            double t0 = omp_get_wtime();
            if (stages[i].run(g, &err) != GNNAC_OK)
                return fprintf(stderr, "%s\n", err.msg), 1;
            double t = omp_get_wtime() - t0;
            best = t < best ? t : best;
        }
        printf("  %-12s %8.4f s %10.1f Medges/s\n", stages[i].name, best,
               (double)g->n_edges / best / 1e6);
        fflush(stdout);
    }
    getrusage(RUSAGE_SELF, &usage);
    printf("  CSR %.3f GiB, most memory so far %.3f GiB\n", csr_gib,
           (double)usage.ru_maxrss / (1 << 20));
    return 0;
}

static int time_file(const char *path, int n_threads)
{
    const struct graph_options opt = {.n_threads = n_threads};
    struct csr g;
    gnnac_error err = {{0}};
    double t0 = omp_get_wtime();
    if (graph_load(path, &opt, &g, &err) != GNNAC_OK)
        return fprintf(stderr, "%s\n", err.msg), 1;
    printf("loaded in %.3f s\n", omp_get_wtime() - t0);
    int bad = time_stages(path, &g);
    csr_finish(&g);
    return bad;
}

static int time_generated(int64_t nodes, int64_t edges, int n_threads)
{
    const struct generate_options make = {
        .kind = "rmat", .nodes = nodes, .edges = edges, .seed = 1};
    const struct graph_options opt = {.symmetrize = true,
                                      .n_threads = n_threads};
    struct csr g;
    gnnac_error err = {{0}};
    if (bench_generate(&make, &opt, &g, &err) != GNNAC_OK)
        return fprintf(stderr, "%s\n", err.msg), 1;
    int bad = time_stages("rmat, symmetric", &g);
    csr_finish(&g);
    return bad;
}

int main(int argc, char **argv)
{
    int64_t nodes = 524288, edges = 2500000, n_threads = 0;
    const struct {
        const char *name;
        int64_t *value;
    } options[] = {
        {"--nodes", &nodes}, {"--edges", &edges}, {"--threads", &n_threads}};
    int at = 1, bad = 0;
    for (; at + 1 < argc && strncmp(argv[at], "--", 2) == 0; at += 2)
        for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
            if (strcmp(argv[at], options[i].name) == 0)
                *options[i].value = atoll(argv[at + 1]);
    if (at == argc)
        return time_generated(nodes, edges, (int)n_threads);
    for (; at < argc; at++)
        bad |= time_file(argv[at], (int)n_threads);
    return bad;
}
