// Graph files made for a test in a folder of their own, and graphs as text:
// "3: 0>1 2>1*0.5" has 3 nodes and the edges 0 -> 1 and, of weight 0.5, 2 -> 1.
#ifndef GNNAC_GRAPH_FIXTURE_H
#define GNNAC_GRAPH_FIXTURE_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "graph/load.h"
#include "test.h"

// ---- files ------------------------------------------------------------------

static char scratch[64] = "/tmp/gnnac-test-XXXXXX";

// First and last of a program's main().
static inline void scratch_make(void)
{
    if (!mkdtemp(scratch)) {
        perror(scratch);
        exit(1);
    }
}

static inline void scratch_remove(void)
{
    if (rmdir(scratch) != 0)
        perror(scratch);
}

// The path of a file in the folder; valid until the next call.
static inline const char *scratch_path(const char *name)
{
    static char path[256];
    snprintf(path, sizeof(path), "%s/%s", scratch, name);
    return path;
}

static inline void scratch_write(const char *name, const void *bytes, size_t n)
{
    FILE *f = fopen(scratch_path(name), "wb");
    if (!f || fwrite(bytes, 1, n, f) != n || fclose(f) != 0) {
        perror(name);
        exit(1);
    }
}

static inline void scratch_unlink(const char *name)
{
    if (unlink(scratch_path(name)) != 0)
        perror(name);
}

// A file of the graphs that lie beside the checkout, or NULL.
static inline const char *shared_graph(const char *name)
{
    static char path[1024];
    const char *folder = getenv("GNNAC_TEST_GRAPHS");
    snprintf(path, sizeof(path), "%s/%s", folder ? folder : "", name);
    return folder && access(path, R_OK) == 0 ? path : NULL;
}

// ---- graphs as text ---------------------------------------------------------

enum { GRAPH_TEXT = 4096 };
static char graph_text[GRAPH_TEXT]; // valid until the next graph becomes text
static size_t graph_text_n;

static inline void put_head(int64_t n_nodes)
{
    graph_text_n = (size_t)snprintf(graph_text, GRAPH_TEXT, "%lld:",
                                    (long long)n_nodes);
}

static inline void put_edge(int64_t src, int64_t dst, const float *weight)
{
    if (graph_text_n + 64 > GRAPH_TEXT)
        return;
    graph_text_n += (size_t)snprintf(graph_text + graph_text_n, 64,
                                     " %lld>%lld", (long long)src,
                                     (long long)dst);
    if (weight)
        graph_text_n += (size_t)snprintf(graph_text + graph_text_n, 16, "*%g",
                                         (double)*weight);
}

static inline const char *coo_text(const struct coo *g)
{
    put_head(g->n_nodes);
    for (int64_t e = 0; e < g->n_edges; e++)
        put_edge(g->src[e], g->dst[e], g->weight ? &g->weight[e] : NULL);
    return graph_text;
}

static inline const char *csr_text(const struct csr *g)
{
    put_head(g->n_nodes);
    for (int64_t v = 0; v < g->n_nodes; v++)
        for (int64_t e = g->rowptr[v]; e < g->rowptr[v + 1]; e++)
            put_edge(g->colidx[e], v, g->weight ? &g->weight[e] : NULL);
    return graph_text;
}

// What a refusal says, without the folder; "io: " or so before it unless the
// file is at fault. It must be one line that begins with the file's path.
static inline const char *refusal_text(gnnac_status st, const gnnac_error *err)
{
    size_t n = strlen(scratch);
    bool ours = strncmp(err->msg, scratch, n) == 0;
    CHECK(strchr(err->msg, '\n') == NULL);
    CHECK(strlen(err->msg) > 0);
    snprintf(graph_text, GRAPH_TEXT, "%s%s",
             st == GNNAC_EFORMAT        ? ""
             : st == GNNAC_EIO          ? "io: "
             : st == GNNAC_EUNSUPPORTED ? "unsupported: "
                                        : "other: ",
             ours ? err->msg + n + 1 : err->msg);
    return graph_text;
}

// The edges of a file in its order, or why it was refused.
static inline const char *load_text_of(const char *path,
                                       const struct graph_options *opt)
{
    static const struct graph_options defaults;
    gnnac_error err = {{0}};
    struct coo g = {0};
    gnnac_status st = graph_load_coo(path, opt ? opt : &defaults, &g, &err);
    if (st != GNNAC_OK) {
        CHECK(!g.src && !g.dst && !g.weight); // written on success alone
        return refusal_text(st, &err);
    }
    coo_text(&g);
    coo_finish(&g);
    return graph_text;
}

// The same of a file that has these bytes.
static inline const char *bytes_read_as(const char *name, const void *bytes,
                                        size_t n,
                                        const struct graph_options *opt)
{
    scratch_write(name, bytes, n);
    load_text_of(scratch_path(name), opt);
    scratch_unlink(name);
    return graph_text;
}

static inline const char *read_as(const char *name, const char *text)
{
    return bytes_read_as(name, text, strlen(text), NULL);
}

// A graph of n_edges pairs src, dst; owned by the caller.
static inline struct coo coo_of(int64_t n_nodes, int64_t n_edges,
                                const int32_t *pairs)
{
    struct coo g = {n_nodes, n_edges, malloc((size_t)n_edges * 4 + 1),
                    malloc((size_t)n_edges * 4 + 1), NULL};
    for (int64_t e = 0; e < n_edges; e++) {
        g.src[e] = pairs[2 * e];
        g.dst[e] = pairs[2 * e + 1];
    }
    return g;
}

// The CSR that the options make of it; `g` is finished.
static inline struct csr csr_of(struct coo g, const struct graph_options *opt)
{
    static const struct graph_options defaults;
    struct csr out = {0};
    gnnac_error err = {{0}};
    if (csr_from_coo(&g, opt ? opt : &defaults, &out, &err) != GNNAC_OK)
        TEST__FAIL("%s", err.msg);
    coo_finish(&g);
    return out;
}

#endif
