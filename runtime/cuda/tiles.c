#include "cuda/tiles.h"

#include <stdlib.h>

#include "checked.h"
#include "cuda/parts.h"

// Bucket 0 has the pieces of cut windows, then come octaves of lengths.
enum { N_BUCKETS = 1 + 64 };

// Kernels count a little beyond the last one.
enum { MAX_BLOCKS = INT32_MAX - 1024 };

// ---- one window -------------------------------------------------------------

// Its rows, merged.
struct merge {
    const int32_t *colidx;
    int64_t at[TILE_ROWS], end[TILE_ROWS];
};

static struct merge merge_begin(int64_t window, int64_t n_rows,
                                const int64_t *rowptr, const int32_t *colidx)
{
    struct merge m = {.colidx = colidx};
    for (int r = 0; r < TILE_ROWS && window * TILE_ROWS + r < n_rows; r++) {
        m.at[r] = rowptr[window * TILE_ROWS + r];
        m.end[r] = rowptr[window * TILE_ROWS + r + 1];
    }
    return m;
}

// The least column that comes next in any row, and which rows have it, a bit
// for each; 0 at the end. Takes one edge of each such row, so that every edge
// is taken once, in whatever order they are.
static unsigned merge_next(struct merge *m, int32_t *column)
{
    unsigned rows = 0;
    for (int r = 0; r < TILE_ROWS; r++) {
        if (m->at[r] == m->end[r])
            continue;
        int32_t c = m->colidx[m->at[r]];
        if (rows && c == *column)
            rows |= 1u << r;
        if (rows && c >= *column)
            continue;
        *column = c;
        rows = 1u << r;
    }
    for (int r = 0; r < TILE_ROWS; r++)
        m->at[r] += rows >> r & 1;
    return rows;
}

// How many blocks the window has if it is a tile, else 0.
static int64_t count_blocks(struct merge m, int32_t percent)
{
    int64_t n_edges = 0, n = 0;
    int32_t column;
    for (int r = 0; r < TILE_ROWS; r++)
        n_edges += m.end[r] - m.at[r];
    while (merge_next(&m, &column))
        n++;
    bool pays = (uint128)n_edges * 100 >= (uint128)n * (uint128)percent;
    return pays ? ceil_div(n, TILE_COLUMNS) : 0;
}

static void fill_blocks(struct merge m, int64_t block, struct tiles *t)
{
    int32_t column = 0;
    int64_t at = block * TILE_COLUMNS;
    for (unsigned rows; (rows = merge_next(&m, &column)); at++) {
        int64_t c = at % TILE_COLUMNS;
        uint32_t *mask = &t->masks[at / TILE_COLUMNS * 2 + c % 2];
        t->columns[at] = column;
        for (int r = 0; r < TILE_ROWS; r++)
            *mask |= (uint32_t)(rows >> r & 1) << (4 * r + c / 2);
    }
    for (; at % TILE_COLUMNS; at++)
        t->columns[at] = column;
}

// ---- all windows ------------------------------------------------------------

static int64_t pieces_of(int64_t n_blocks, const struct part_limits *l)
{
    return ceil_div(n_blocks, l->tile_blocks);
}

static int64_t bucket_of(int64_t n_blocks, const struct part_limits *l)
{
    return n_blocks > l->tile_blocks
               ? 0
               : 1 + __builtin_clzll((unsigned long long)n_blocks);
}

// Blocks of every window, and next[b], how many tiles bucket b has.
static gnnac_status measure(int64_t n_rows, const int64_t *rowptr,
                            const int32_t *colidx, const struct part_limits *l,
                            int64_t *next, struct tiles *t, gnnac_error *err)
{
    for (int64_t w = 0; w < ceil_div(n_rows, TILE_ROWS); w++) {
        int64_t n = count_blocks(merge_begin(w, n_rows, rowptr, colidx),
                                 l->tile_percent);
        t->n_blocks += n;
        if (t->n_blocks > MAX_BLOCKS)
            return FAIL(err, GNNAC_EUNSUPPORTED,
                        "tiles of this graph have about 2^31 blocks of "
                        "columns or more");
        t->window_blocks[w] = (int32_t)n;
        if (n)
            next[bucket_of(n, l)] += pieces_of(n, l);
    }
    t->n_cut = next[0];
    return GNNAC_OK;
}

// Turns counts into the first tile of each bucket.
static void lay_out(int64_t *next, struct tiles *t)
{
    for (int64_t b = 0; b < N_BUCKETS; b++) {
        int64_t here = next[b];
        next[b] = t->n_tiles;
        t->n_tiles += here;
    }
}

// A window's tiles, each with the number of its blocks, not yet the first one.
static void put_window(int64_t window, int64_t n_blocks, int64_t n, int64_t at,
                       struct tiles *t)
{
    for (int64_t i = 0; i < n; i++) {
        int32_t *tile = &t->tile[(at + i) * TILE_NUMBERS];
        tile[0] = (int32_t)(window * TILE_ROWS);
        tile[1] = (int32_t)(n_blocks / n + (i < n_blocks % n));
        tile[2] = n > 1 ? (int32_t)at : 0;
        tile[3] = n > 1 ? (int32_t)n : 0;
    }
}

static void fill(int64_t n_rows, const int64_t *rowptr, const int32_t *colidx,
                 const struct part_limits *l, int64_t *next, struct tiles *t)
{
    for (int64_t w = 0; w < ceil_div(n_rows, TILE_ROWS); w++) {
        int64_t blocks = t->window_blocks[w], n = pieces_of(blocks, l);
        if (!blocks)
            continue;
        int64_t *at = &next[bucket_of(blocks, l)];
        put_window(w, blocks, n, *at, t);
        *at += n;
    }
    int32_t first = 0;
    for (int64_t i = 0; i <= t->n_tiles; i++) {
        int32_t *tile = &t->tile[i * TILE_NUMBERS], here = tile[1];
        tile[1] = first;
        first += here;
        if (i < t->n_tiles && (!tile[3] || tile[2] == i))
            fill_blocks(merge_begin(tile[0] / TILE_ROWS, n_rows, rowptr,
                                    colidx),
                        tile[1], t);
    }
}

gnnac_status tiles_build(int64_t n_rows, const int64_t *rowptr,
                         const int32_t *colidx, const struct part_limits *l,
                         struct tiles *out, gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    struct tiles t = {0};
    int64_t next[N_BUCKETS] = {0};
    *out = t;
    if (!l->tile_percent)
        return GNNAC_OK;
    t.window_blocks = calloc_array(ceil_div(n_rows, TILE_ROWS),
                                   sizeof(*t.window_blocks));
    if (!t.window_blocks)
        return FAIL(err, GNNAC_ENOMEM, "out of memory");
    TRY(measure(n_rows, rowptr, colidx, l, next, &t, err));
    lay_out(next, &t);
    t.tile = calloc_array(t.n_tiles + 1, TILE_NUMBERS * sizeof(*t.tile));
    t.columns = calloc_array(t.n_blocks, TILE_COLUMNS * sizeof(*t.columns));
    t.masks = calloc_array(t.n_blocks, 2 * sizeof(*t.masks));
    if (!t.tile || !t.columns || !t.masks) {
        st = FAIL(err, GNNAC_ENOMEM, "out of memory");
        goto out;
    }
    fill(n_rows, rowptr, colidx, l, next, &t);
    *out = t;
    t = (struct tiles){0};
out:
    tiles_finish(&t);
    return st;
}

void tiles_finish(struct tiles *t)
{
    free(t->window_blocks);
    free(t->tile);
    free(t->columns);
    free(t->masks);
    *t = (struct tiles){0};
}
