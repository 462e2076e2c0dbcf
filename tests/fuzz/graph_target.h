// What the fuzz targets of graph files share: any bytes become a file with a
// suffix, which must be read into a sound graph or refused with one line.
#ifndef GNNAC_GRAPH_TARGET_H
#define GNNAC_GRAPH_TARGET_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "graph/load.h"
#include "graph/dataset.h"

// One file per process and suffix, rewritten for every input.
static inline void target_path(const char *suffix, char *path, size_t n)
{
    const char *folder = getenv("TMPDIR");
    struct stat sb;
    if (!folder)
        folder = stat("/dev/shm", &sb) == 0 ? "/dev/shm" : "/tmp";
    snprintf(path, n, "%s/gnnac-fuzz-%ld%s", folder, (long)getpid(), suffix);
}

static inline void target_write(const char *path, const uint8_t *data,
                                size_t size)
{
    FILE *f = fopen(path, "wb");
    if (!f || fwrite(data, 1, size, f) != size || fclose(f) != 0) {
        perror(path);
        exit(1);
    }
}

static inline void target_check_refusal(const char *path,
                                        const gnnac_error *err)
{
    if (strncmp(err->msg, path, strlen(path)) != 0 || strchr(err->msg, '\n'))
        abort();
}

static inline void target_check_csr(const struct csr *g)
{
    if (g->rowptr[0] != 0 || g->rowptr[g->n_nodes] != g->n_edges)
        abort();
    for (int64_t v = 0; v < g->n_nodes; v++)
        for (int64_t e = g->rowptr[v]; e < g->rowptr[v + 1]; e++)
            if (g->colidx[e] < 0 || g->colidx[e] >= g->n_nodes ||
                (e > g->rowptr[v] && g->colidx[e - 1] > g->colidx[e]))
                abort();
}

static inline void target_check_graph(const struct coo *g)
{
    const struct graph_options opt = {.symmetrize = true, .self_loops = true};
    struct csr r;
    for (int64_t e = 0; e < g->n_edges; e++)
        if (g->src[e] < 0 || g->src[e] >= g->n_nodes || g->dst[e] < 0 ||
            g->dst[e] >= g->n_nodes)
            abort();
    if (g->n_nodes > 1 << 12 || csr_from_coo(g, &opt, &r, NULL) != GNNAC_OK)
        return;
    target_check_csr(&r);
    csr_finish(&r);
}

// Read the bytes as the graph form `suffix` names and, where such files can
// hold features, as those.
static inline int target_run(const char *suffix, bool features,
                             const uint8_t *data, size_t size)
{
    const struct graph_options opt = {.n_threads = 1};
    gnnac_error err = {{0}};
    struct coo g;
    struct dataset d;
    char path[4096];
    target_path(suffix, path, sizeof(path));
    target_write(path, data, size);
    if (graph_load_coo(path, &opt, &g, &err) == GNNAC_OK) {
        target_check_graph(&g);
        coo_finish(&g);
    } else {
        target_check_refusal(path, &err);
    }
    err.msg[0] = '\0';
    if (features && dataset_load_features(path, &d, &err) == GNNAC_OK)
        dataset_finish(&d);
    else if (features)
        target_check_refusal(path, &err);
    unlink(path);
    return 0;
}

#endif
