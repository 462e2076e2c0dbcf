#include "graph/load.h"

#include <omp.h>
#include <string.h>

#include "checked.h"
#include "graph/coo_build.h"
#include "graph/edge_lines.h"
#include "graph/load_binary.h"
#include "graph/mtx.h"
#include "graph/text.h"

// ---- text -------------------------------------------------------------------

// Node count, and the arrays change hands.
static gnnac_status lines_to_coo(const char *path, struct edge_lines *e,
                                 int64_t declared,
                                 const struct graph_options *opt,
                                 struct coo *out, gnnac_error *err)
{
    int64_t n_nodes;
    gnnac_status st =
        resolve_nodes(path, declared, e->max_id, opt, &n_nodes, err);
    if (st != GNNAC_OK)
        return st;
    *out = (struct coo){.n_nodes = n_nodes,
                        .n_edges = e->n,
                        .src = e->first,
                        .dst = e->second,
                        .weight = e->weight};
    *e = (struct edge_lines){0};
    return GNNAC_OK;
}

// The count behind EDGE_LINES_NODES at `at`; -1 where there is none.
static int64_t declared_nodes(const struct text *t, size_t at)
{
    const size_t n = strlen(EDGE_LINES_NODES);
    int64_t count = -1;
    if (t->n_bytes - at < n || memcmp(t->data + at, EDGE_LINES_NODES, n) != 0)
        return -1;
    for (at += n; at < t->n_bytes && count < INT32_MAX; at++) {
        if (t->data[at] < '0' || t->data[at] > '9')
            break;
        count = (count < 0 ? 0 : count * 10) + (t->data[at] - '0');
    }
    return count;
}

static gnnac_status load_text(const char *path, const struct graph_options *opt,
                              struct coo *out, gnnac_error *err)
{
    static const struct line_format format = {.n_ids = 2,
                                              .max_values = 1,
                                              .comments = true,
                                              .commas = true,
                                              .limit = {INT32_MAX, INT32_MAX}};
    struct text t;
    struct edge_lines e = {0};
    gnnac_status st = text_open(path, &t, err);
    if (st != GNNAC_OK)
        return st;
    t.progress = opt->progress;
    // Editors of one system begin UTF-8 with a mark.
    bool mark = t.n_bytes >= 3 && memcmp(t.data, "\xef\xbb\xbf", 3) == 0;
    size_t at = mark ? 3 : 0;
    int64_t declared = declared_nodes(&t, at);
    st = edge_lines_parse(&t, at, 1, &format, &e, err);
    st = text_blame(&t, st, err);
    text_close(&t);
    if (st == GNNAC_OK)
        st = lines_to_coo(path, &e, declared, opt, out, err);
    edge_lines_finish(&e);
    return st;
}

// ---- Matrix Market ----------------------------------------------------------

// Append the mirror image of each off-diagonal entry, in order.
static gnnac_status mirror(const char *path, const struct mtx *m,
                           struct edge_lines *e, gnnac_error *err)
{
    struct coo g;
    gnnac_status st =
        coo_alloc(&g, mtx_expanded(m), e->weight != NULL, path, err);
    if (st != GNNAC_OK)
        return st;
    float sign = m->symmetry == MTX_SKEW ? -1 : 1;
    int64_t at = 0;
    for (int64_t i = 0; i < e->n; i++) {
        int32_t r = e->first[i], c = e->second[i];
        for (int k = 0; k < 1 + (r != c); k++, at++) {
            g.src[at] = k ? c : r;
            g.dst[at] = k ? r : c;
            if (g.weight)
                g.weight[at] = k ? sign * e->weight[i] : e->weight[i];
        }
    }
    int64_t max_id = e->max_id;
    edge_lines_finish(e);
    *e = (struct edge_lines){at, g.src, g.dst, g.weight, max_id};
    return GNNAC_OK;
}

static gnnac_status check_is_graph(const char *path, const struct mtx *m,
                                   gnnac_error *err)
{
    if (m->vector || m->array)
        return FAIL(err, GNNAC_EFORMAT,
                    "%s:1: a graph is a matrix in coordinate form", path);
    if (m->rows != m->cols)
        return FAIL(err, GNNAC_EFORMAT,
                    "%s:1: a graph is a square matrix, this is %lld x %lld",
                    path, (long long)m->rows, (long long)m->cols);
    return GNNAC_OK;
}

static gnnac_status load_mtx(const char *path, const struct graph_options *opt,
                             struct coo *out, gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    struct mtx m = {0};
    TRY(mtx_read(path, opt->progress, &m, err));
    TRY(check_is_graph(path, &m, err));
    if (m.symmetry != MTX_GENERAL)
        TRY(mirror(path, &m, &m.entries, err));
    TRY(lines_to_coo(path, &m.entries, m.rows, opt, out, err));
out:
    mtx_finish(&m);
    return st;
}

// ---- by suffix --------------------------------------------------------------

typedef gnnac_status loader(const char *path, const struct graph_options *opt,
                            struct coo *out, gnnac_error *err);

static const struct {
    const char *suffix;
    loader *load;
    bool (*fits)(const char *path, const char *suffix);
} loaders[] = {
    {".npy", load_npy, path_has_suffix},
    {".npz", load_npz, path_has_suffix},
    {".mtx", load_mtx, text_has_suffix},
    {".txt", load_text, text_has_suffix},
    {".tsv", load_text, text_has_suffix},
    {".csv", load_text, text_has_suffix},
    {".el", load_text, text_has_suffix},
    {".edges", load_text, text_has_suffix},
};

gnnac_status graph_load_coo(const char *path, const struct graph_options *opt,
                            struct coo *out, gnnac_error *err)
{
    if (opt->n_threads)
        omp_set_num_threads(opt->n_threads);
    for (size_t i = 0; i < sizeof(loaders) / sizeof(loaders[0]); i++)
        if (loaders[i].fits(path, loaders[i].suffix))
            return loaders[i].load(path, opt, out, err);
    return FAIL(err, GNNAC_EFORMAT,
                "%s: the suffix names no graph form (" GRAPH_FORMS ")", path);
}

gnnac_status graph_load(const char *path, const struct graph_options *opt,
                        struct csr *out, gnnac_error *err)
{
    struct coo g = {0};
    gnnac_status st = graph_load_coo(path, opt, &g, err);
    if (st == GNNAC_OK)
        st = csr_take_coo(&g, opt, out, err);
    return st;
}
