// How long graph files take to load: each form of one generated graph, or the
// files named. Prints a table; judges nothing.
//
// usage: load_speed [--edges N] [--threads N] [FILE...]
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "graph/generate.h"
#include "graph/load.h"

static double now_s(void)
{
    return omp_get_wtime();
}

// Best of three: the file is in the page cache then.
static int time_load(const char *path, int n_threads)
{
    const struct graph_options opt = {.n_threads = n_threads};
    double best_read = 1e9, best_build = 1e9;
    struct stat sb = {0};
    struct rusage usage;
    int64_t n_edges = 0;
    gnnac_error err = {{0}};
    for (int i = 0; i < 3; i++) {
        struct coo edges;
        struct csr g;
        double t0 = now_s();
        if (graph_load_coo(path, &opt, &edges, &err) != GNNAC_OK)
            return fprintf(stderr, "%s\n", err.msg), 1;
        double t1 = now_s();
        if (csr_from_coo(&edges, &opt, &g, &err) != GNNAC_OK)
            return fprintf(stderr, "%s\n", err.msg), 1;
        double t2 = now_s();
        best_read = t1 - t0 < best_read ? t1 - t0 : best_read;
        best_build = t2 - t1 < best_build ? t2 - t1 : best_build;
        n_edges = g.n_edges;
        coo_finish(&edges);
        csr_finish(&g);
    }
    stat(path, &sb);
    getrusage(RUSAGE_SELF, &usage);
    printf("%-28s %12lld %9.1f %8.3f %8.3f %10.2f %8.2f\n",
           strrchr(path, '/') ? strrchr(path, '/') + 1 : path,
           (long long)n_edges, (double)sb.st_size / 1e6, best_read, best_build,
           (double)n_edges / (best_read + best_build) / 1e6,
           (double)usage.ru_maxrss / (1 << 20));
    fflush(stdout);
    return 0;
}

static int time_every_form(int64_t n_edges, int n_threads)
{
    static const char *const forms[] = {"npy", "npz", "mtx", "txt", "txt.gz"};
    const struct generate_options make = {.kind = "rmat",
                                          .nodes = n_edges / 10 + 1,
                                          .edges = n_edges,
                                          .seed = 1};
    const struct graph_options opt = {0};
    char folder[] = "/tmp/gnnac-load-XXXXXX", path[64];
    gnnac_error err = {{0}};
    struct coo edges;
    struct csr g;
    int bad = 0;
    if (!mkdtemp(folder) ||
        graph_generate(&make, &edges, &err) != GNNAC_OK ||
        csr_from_coo(&edges, &opt, &g, &err) != GNNAC_OK)
        return fprintf(stderr, "%s\n", err.msg), 1;
    coo_finish(&edges);
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        snprintf(path, sizeof(path), "%s/graph.%s", folder, forms[i]);
        if (graph_save(path, &g, &err) != GNNAC_OK)
            bad = fprintf(stderr, "%s\n", err.msg);
        else
            bad |= time_load(path, n_threads);
        unlink(path);
    }
    csr_finish(&g);
    rmdir(folder);
    return bad != 0;
}

int main(int argc, char **argv)
{
    int64_t n_edges = 5000000;
    int n_threads = 0, at = 1, bad = 0;
    for (; at + 1 < argc && strncmp(argv[at], "--", 2) == 0; at += 2)
        if (strcmp(argv[at], "--edges") == 0)
            n_edges = atoll(argv[at + 1]);
        else
            n_threads = atoi(argv[at + 1]);
    printf("%-28s %12s %9s %8s %8s %10s %8s\n", "file", "edges", "MB", "read s",
           "build s", "Medges/s", "peak GiB");
    if (at == argc)
        return time_every_form(n_edges, n_threads);
    for (; at < argc; at++)
        bad |= time_load(argv[at], n_threads);
    return bad;
}
