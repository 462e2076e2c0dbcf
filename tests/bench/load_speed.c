// How long graph files take to load: each form of one generated graph, or the
// files named. Medians, and the most memory that was in use, also as a multiple
// of what the CSR takes. Judges nothing.
//
// usage: load_speed [--edges N] [--threads N] [FILE...]
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench_fixture.h"

enum { TURNS = 7 };

static int measure(const char *path, int n_threads)
{
    const struct graph_options opt = {.n_threads = n_threads};
    double read[TURNS], build[TURNS];
    struct stat sb = {0};
    struct rusage usage;
    struct csr g = {0};
    gnnac_error err = {{0}};
    for (int i = 0; i < TURNS; i++) {
        struct coo edges;
        csr_finish(&g);
        double t0 = omp_get_wtime();
        if (graph_load_coo(path, &opt, &edges, &err) != GNNAC_OK)
            return fprintf(stderr, "%s\n", err.msg), 1;
        double t1 = omp_get_wtime();
        if (csr_take_coo(&edges, &opt, &g, &err) != GNNAC_OK)
            return fprintf(stderr, "%s\n", err.msg), 1;
        read[i] = t1 - t0;
        build[i] = omp_get_wtime() - t1;
        if (i == 0) // later, malloc may keep what was freed
            getrusage(RUSAGE_SELF, &usage);
    }
    stat(path, &sb);
    double mb = (double)sb.st_size / 1e6, n = (double)g.n_edges;
    double read_s = bench_median(read, TURNS);
    double build_s = bench_median(build, TURNS);
    double csr_kib = (n * (g.weight ? 8 : 4) + (double)g.n_nodes * 8) / 1024;
    printf("%-20s %10lld %9.1f %2d %8.4f %8.0f %8.4f %8.1f %8.2f %6.2f\n",
           bench_file_name(path),
           (long long)g.n_edges, mb, omp_get_max_threads(), read_s,
           mb / read_s, build_s,
           n / (read_s + build_s) / 1e6,
           (double)usage.ru_maxrss / (1 << 20),
           (double)usage.ru_maxrss / csr_kib);
    csr_finish(&g);
    return 0;
}

// What a process of its own returned. Threads and the most memory used are its
// own, too.
static int wait_for(pid_t child)
{
    int status = 1;
    if (child < 0 || waitpid(child, &status, 0) != child)
        perror("load_speed");
    return status != 0;
}

// The file is in the page cache but for the first time.
static int time_load(const char *path, int n_threads)
{
    fflush(stdout);
    pid_t child = fork();
    if (child == 0)
        exit(measure(path, n_threads));
    return wait_for(child);
}

static const char *const forms[] = {"npy", "npz", "mtx", "txt", "txt.gz"};
enum { N_FORMS = sizeof(forms) / sizeof(forms[0]) };

static char folder[] = "/tmp/gnnac-load-XXXXXX";

static const char *form_path(int i)
{
    static char path[64];
    snprintf(path, sizeof(path), "%s/graph.%s", folder, forms[i]);
    return path;
}

static int save_forms(int64_t n_edges)
{
    const struct generate_options make = {.kind = "rmat",
                                          .nodes = n_edges / 10 + 1,
                                          .edges = n_edges,
                                          .seed = 1};
    const struct graph_options opt = {0};
    gnnac_error err = {{0}};
    struct csr g;
    if (bench_generate(&make, &opt, &g, &err) != GNNAC_OK)
        return fprintf(stderr, "%s\n", err.msg), 1;
    for (int i = 0; i < N_FORMS; i++)
        if (graph_save(form_path(i), &g, &err) != GNNAC_OK)
            return fprintf(stderr, "%s\n", err.msg), 1;
    csr_finish(&g);
    return 0;
}

static int time_every_form(int64_t n_edges, int n_threads)
{
    int bad = 0;
    if (!mkdtemp(folder))
        return perror(folder), 1;
    fflush(stdout);
    pid_t child = fork();
    if (child == 0)
        exit(save_forms(n_edges));
    bad = wait_for(child);
    for (int i = 0; i < N_FORMS; i++) {
        bad |= time_load(form_path(i), n_threads);
        unlink(form_path(i));
    }
    rmdir(folder);
    return bad;
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
    printf("%-20s %10s %9s %2s %8s %8s %8s %8s %8s %6s\n", "file", "edges",
           "MB", "t", "read s", "MB/s", "build s", "Medges/s", "peak GiB",
           "x CSR");
    if (at == argc)
        return time_every_form(n_edges, n_threads);
    for (; at < argc; at++)
        bad |= time_load(argv[at], n_threads);
    return bad;
}
