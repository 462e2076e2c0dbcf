// What the benches of graphs share: medians, generated graphs, names, reports.
#ifndef GNNAC_BENCH_H
#define GNNAC_BENCH_H

#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "graph/generate.h"
#include "graph/load.h"

static inline int bench_ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

// The upper one of two in the middle; sorts.
static inline double bench_median(double *seconds, size_t n)
{
    qsort(seconds, n, sizeof(*seconds), bench_ascending);
    return seconds[n / 2];
}

static inline const char *bench_file_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static inline gnnac_status bench_generate(const struct generate_options *make,
                                          const struct graph_options *opt,
                                          struct csr *out, gnnac_error *err)
{
    struct coo edges = {0};
    gnnac_status st = graph_generate(make, &edges, err);
    if (st == GNNAC_OK)
        st = csr_take_coo(&edges, opt, out, err);
    return st;
}

// Prints an error; what main adds to its exit status.
static inline int bench_report(gnnac_status st, const gnnac_error *err)
{
    if (st != GNNAC_OK)
        fprintf(stderr, "%s\n", err->msg);
    return st != GNNAC_OK;
}

#endif
