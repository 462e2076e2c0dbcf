#include "graph/locality.h"

#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

#include "checked.h"
#include "graph/lru.h"

// Rows are taken in fixed chunks of about as many edges each, whole windows;
// sums of chunks are added in order, so floating-point results do not depend on
// the threads.
enum { WINDOW = 128, TILE_ROWS = 16, TILE_COLS = 8, HALF = TILE_ROWS / 2 };
static const int64_t chunk_edges = 1 << 18;

// Memory for the tables of all threads.
static const int64_t table_bytes_max = INT64_C(4) << 30;

struct sums {
    int64_t loops, duplicates, bandwidth, lines;
    int64_t cols_8, cols_16, cols_64, cols_128, tiles, blocks;
    uint128 span;
    double log2_span;
};

// A thread's own. When was each column gathered last, and when each run of
// TILE_COLS columns first in a window? Times are numbers of entries: what was
// seen before the window began is new to the window.
struct walk {
    const struct csr *g;
    int64_t *last, *tile_seen;
    struct lru lru[2];
};

static bool walk_init(struct walk *w, const struct csr *g)
{
    int64_t n_tiles = g->n_nodes / TILE_COLS + 1;
    *w = (struct walk){.g = g,
                       .last = alloc_array(g->n_nodes, sizeof(*w->last)),
                       .tile_seen = alloc_array(n_tiles, sizeof(*w->last)),
                       .lru = {{.capacity = LRU_SMALL},
                               {.capacity = LRU_LARGE}}};
    if (!w->last || !w->tile_seen)
        return false;
    memset(w->last, 0xff, (size_t)g->n_nodes * sizeof(*w->last)); // -1
    memset(w->tile_seen, 0xff, (size_t)n_tiles * sizeof(*w->tile_seen));
    return true;
}

static void walk_finish(struct walk *w)
{
    free(w->last);
    free(w->tile_seen);
}

// ---- spans ------------------------------------------------------------------

// Logarithms are dear: of a product of spans, one is enough.
struct log_sum {
    double product, sum;
};

static inline void log_add(struct log_sum *l, double factor)
{
    l->product *= factor;
    if (l->product > 0x1p960) { // factors are below 2^32
        l->sum += log2(l->product);
        l->product = 1;
    }
}

static void measure_spans(const struct csr *g, int64_t begin, int64_t end,
                          struct sums *s)
{
    struct log_sum logs = {1, 0};
    for (int64_t v = begin; v < end; v++) {
        int64_t last = -1, span_sum = 0;
        for (int64_t e = g->rowptr[v]; e < g->rowptr[v + 1]; e++) {
            int64_t u = g->colidx[e], span = u > v ? u - v : v - u;
            s->loops += u == v;
            s->duplicates += u == last;
            s->lines += last < 0 || u / 32 != last / 32;
            s->bandwidth = span > s->bandwidth ? span : s->bandwidth;
            span_sum += span;
            log_add(&logs, (double)(1 + span));
            last = u;
        }
        s->span += (uint128)span_sum;
    }
    s->log2_span += logs.sum + log2(logs.product);
}

// ---- windows and caches -----------------------------------------------------

// Where the windows that hold a row begin, as numbers of entries.
struct window_starts {
    int64_t of_8, of_16, of_64, of_128;
};

static struct window_starts starts_of(const struct csr *g, int64_t v)
{
    return (struct window_starts){
        g->rowptr[v & ~INT64_C(7)], g->rowptr[v & ~INT64_C(15)],
        g->rowptr[v & ~INT64_C(63)], g->rowptr[v & ~INT64_C(127)]};
}

// The HALF rows from v on.
static void measure_half(struct walk *w, int64_t v, struct sums *s)
{
    enum { AHEAD = 24 };
    const struct csr *g = w->g;
    const int32_t *colidx = g->colidx;
    const struct window_starts start = starts_of(g, v);
    int64_t *last = w->last;
    int64_t end = g->rowptr[v + HALF < g->n_nodes ? v + HALF : g->n_nodes];
    for (int64_t e = g->rowptr[v]; e < end; e++) {
        if (e + AHEAD < g->n_edges)
            __builtin_prefetch(&last[colidx[e + AHEAD]], 1);
        int64_t before = last[colidx[e]];
        s->cols_8 += before < start.of_8;
        s->cols_64 += before < start.of_64;
        s->cols_128 += before < start.of_128;
        if (before < start.of_16) {
            int64_t *tile = &w->tile_seen[colidx[e] / TILE_COLS];
            s->cols_16++;
            s->tiles += *tile < start.of_16;
            *tile = e;
        }
        last[colidx[e]] = e;
        lru_touch(&w->lru[0], colidx, last, before);
        lru_touch(&w->lru[1], colidx, last, before);
    }
}

static void measure_windows(struct walk *w, int64_t begin, int64_t end,
                            struct sums *s)
{
    for (int64_t v = begin; v < end; v += TILE_ROWS) {
        int64_t before = s->cols_16;
        measure_half(w, v, s);
        if (v + HALF < end)
            measure_half(w, v + HALF, s);
        s->blocks += ceil_div(s->cols_16 - before, TILE_COLS);
    }
}

// ---- chunks -----------------------------------------------------------------

// First row of a chunk: that of the first window with all earlier chunks' edges
// before it.
static int64_t chunk_row(const struct csr *g, int64_t chunk)
{
    int64_t low = 0, high = ceil_div(g->n_nodes, WINDOW);
    while (low < high) {
        int64_t mid = (low + high) / 2;
        if (g->rowptr[mid * WINDOW] < chunk * chunk_edges)
            low = mid + 1;
        else
            high = mid;
    }
    return low * WINDOW < g->n_nodes ? low * WINDOW : g->n_nodes;
}

static void measure_chunk(struct walk *w, int64_t begin, int64_t end,
                          struct sums *out)
{
    struct sums s = {0};
    measure_spans(w->g, begin, end, &s);
    measure_windows(w, begin, end, &s);
    *out = s;
}

// Each thread takes consecutive chunks, so that its caches go on from one to
// the next.
static bool measure_chunks(const struct csr *g, int64_t n_chunks,
                           struct sums *chunks, struct locality *out)
{
    int64_t affordable = table_bytes_max / (9 * (g->n_nodes + 1)) + 1;
    int64_t n_threads = omp_get_max_threads(), small = 0, large = 0;
    bool ok = true;
    n_threads = n_threads < affordable ? n_threads : affordable;
    n_threads = n_threads < n_chunks ? n_threads : n_chunks;
#pragma omp parallel for num_threads((int)n_threads) schedule(static, 1)       \
    reduction(&& : ok) reduction(+ : small, large)
    for (int64_t t = 0; t < n_threads; t++) {
        int64_t i = n_chunks * t / n_threads, end = chunk_row(g, i);
        struct walk w;
        ok = walk_init(&w, g);
        if (ok)
            lru_warm(w.lru, 2, g->colidx, g->rowptr[end], w.last);
        for (; ok && i < n_chunks * (t + 1) / n_threads; i++) {
            int64_t begin = end;
            end = i + 1 < n_chunks ? chunk_row(g, i + 1) : g->n_nodes;
            measure_chunk(&w, begin, end, &chunks[i]);
        }
        small += w.lru[0].misses;
        large += w.lru[1].misses;
        walk_finish(&w);
    }
    out->lru_misses_small = small;
    out->lru_misses_large = large;
    return ok;
}

static void add(struct sums *to, const struct sums *s)
{
    to->loops += s->loops;
    to->duplicates += s->duplicates;
    to->lines += s->lines;
    to->cols_8 += s->cols_8;
    to->cols_16 += s->cols_16;
    to->cols_64 += s->cols_64;
    to->cols_128 += s->cols_128;
    to->tiles += s->tiles;
    to->blocks += s->blocks;
    to->span += s->span;
    to->log2_span += s->log2_span;
    if (s->bandwidth > to->bandwidth)
        to->bandwidth = s->bandwidth;
}

gnnac_status locality_measure(const struct csr *g, struct locality *out,
                              gnnac_error *err)
{
    int64_t n_chunks = g->n_edges / chunk_edges + 1;
    struct locality r = {0};
    if (g->n_edges == 0) {
        *out = r;
        return GNNAC_OK;
    }
    struct sums *chunks = calloc_array(n_chunks, sizeof(*chunks)), s = {0};
    if (!chunks || !measure_chunks(g, n_chunks, chunks, &r)) {
        free(chunks);
        return FAIL(err, GNNAC_ENOMEM, "out of memory");
    }
    for (int64_t i = 0; i < n_chunks; i++)
        add(&s, &chunks[i]);
    free(chunks);
    r.self_loops = s.loops;
    r.duplicates = s.duplicates;
    r.avg_edge_span = (double)s.span / (double)g->n_edges;
    r.avg_log2_span = s.log2_span / (double)g->n_edges;
    r.bandwidth = s.bandwidth;
    r.window_cols_8 = s.cols_8;
    r.window_cols_16 = s.cols_16;
    r.window_cols_64 = s.cols_64;
    r.window_cols_128 = s.cols_128;
    r.tiles_16x8 = s.tiles;
    r.sgt_blocks_16x8 = s.blocks;
    r.cache_lines = s.lines;
    *out = r;
    return GNNAC_OK;
}
