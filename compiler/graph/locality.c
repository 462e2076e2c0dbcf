#include "graph/locality.h"

#include <math.h>
#include <omp.h>
#include <stdlib.h>

#include "checked.h"

// Rows are taken in fixed chunks, whole windows each; sums of chunks are added
// in order, so floating-point results do not depend on the threads.
enum { WINDOW = 16, HALF = WINDOW / 2, CHUNK_ROWS = 1024 * WINDOW };

// Memory for the tables of last-seen windows, one per thread.
static const int64_t stamp_bytes_max = INT64_C(2) << 30;

struct sums {
    int64_t loops, duplicates, bandwidth, cols_8, cols_16, lines;
    uint128 span;
    double log2_span;
};

static void measure_row(const struct csr *g, int64_t v, struct sums *s)
{
    int64_t last = -1, last_line = -1;
    for (int64_t e = g->rowptr[v]; e < g->rowptr[v + 1]; e++) {
        int64_t u = g->colidx[e], span = u > v ? u - v : v - u;
        s->loops += u == v;
        s->duplicates += u == last;
        s->lines += u / 32 != last_line;
        s->span += (uint128)span;
        s->log2_span += log2(1 + (double)span);
        s->bandwidth = span > s->bandwidth ? span : s->bandwidth;
        last = u;
        last_line = u / 32;
    }
}

// Distinct columns of the window that begins at row v and of its two halves.
// stamp[u] tells in which half u was seen last: 2w + 1 or 2w + 2 for window w.
static void measure_window(const struct csr *g, int64_t v, int32_t *stamp,
                           struct sums *s)
{
    int32_t first = (int32_t)(2 * (v / WINDOW) + 1);
    for (int half = 0; half < 2; half++) {
        int64_t begin = v + half * HALF, end = begin + HALF;
        if (end > g->n_nodes)
            end = g->n_nodes;
        if (begin >= end)
            return;
        for (int64_t e = g->rowptr[begin]; e < g->rowptr[end]; e++) {
            int32_t *seen = &stamp[g->colidx[e]];
            s->cols_16 += *seen < first;
            s->cols_8 += *seen < first + half;
            *seen = first + half;
        }
    }
}

static void measure_chunk(const struct csr *g, int64_t chunk, int32_t *stamp,
                          struct sums *out)
{
    struct sums s = {0};
    int64_t begin = chunk * CHUNK_ROWS, end = begin + CHUNK_ROWS;
    if (end > g->n_nodes)
        end = g->n_nodes;
    for (int64_t v = begin; v < end; v++)
        measure_row(g, v, &s);
    for (int64_t v = begin; v < end; v += WINDOW)
        measure_window(g, v, stamp, &s);
    *out = s;
}

static bool measure_chunks(const struct csr *g, int64_t n_chunks,
                           struct sums *chunks)
{
    int64_t affordable = stamp_bytes_max / (4 * (g->n_nodes + 1)) + 1;
    int n_threads = omp_get_max_threads();
    bool ok = true;
    if (n_threads > affordable)
        n_threads = (int)affordable;
#pragma omp parallel num_threads(n_threads) reduction(&& : ok)
    {
        int32_t *stamp = calloc_array(g->n_nodes, sizeof(*stamp));
        ok = stamp != NULL;
#pragma omp for schedule(dynamic, 1)
        for (int64_t i = 0; i < n_chunks; i++)
            if (stamp)
                measure_chunk(g, i, stamp, &chunks[i]);
        free(stamp);
    }
    return ok;
}

static void add(struct sums *to, const struct sums *s)
{
    to->loops += s->loops;
    to->duplicates += s->duplicates;
    to->cols_8 += s->cols_8;
    to->cols_16 += s->cols_16;
    to->lines += s->lines;
    to->span += s->span;
    to->log2_span += s->log2_span;
    if (s->bandwidth > to->bandwidth)
        to->bandwidth = s->bandwidth;
}

gnnac_status locality_measure(const struct csr *g, struct locality *out,
                              gnnac_error *err)
{
    int64_t n_chunks = ceil_div(g->n_nodes, CHUNK_ROWS);
    struct sums *chunks = calloc_array(n_chunks, sizeof(*chunks)), s = {0};
    if (!chunks || !measure_chunks(g, n_chunks, chunks)) {
        free(chunks);
        return FAIL(err, GNNAC_ENOMEM, "out of memory");
    }
    for (int64_t i = 0; i < n_chunks; i++)
        add(&s, &chunks[i]);
    free(chunks);
    double edges = g->n_edges ? (double)g->n_edges : 1;
    *out = (struct locality){
        .self_loops = s.loops,
        .duplicates = s.duplicates,
        .avg_edge_span = (double)s.span / edges,
        .avg_log2_span = s.log2_span / edges,
        .bandwidth = s.bandwidth,
        .window_cols_8 = s.cols_8,
        .window_cols_16 = s.cols_16,
        .cache_lines = s.lines,
    };
    return GNNAC_OK;
}
