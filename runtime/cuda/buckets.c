#include "cuda/buckets.h"

#include <stdlib.h>

#include "checked.h"

// Bucket 0 has the rows that are cut, then come those of wide rows, an octave
// of lengths each, then those of packed rows.
enum { FIRST_WIDE = 1, FIRST_PACKED = FIRST_WIDE + 64 };

static int64_t bucket_of(int64_t degree, const struct part_limits *l)
{
    if (degree > l->size)
        return 0;
    if (degree > l->packed_edges)
        return FIRST_WIDE + __builtin_clzll((unsigned long long)degree);
    return FIRST_PACKED + ceil_div(l->packed_edges, l->packed_step) -
           ceil_div(degree, l->packed_step);
}

static int64_t count_buckets(const struct part_limits *l)
{
    return FIRST_PACKED + ceil_div(l->packed_edges, l->packed_step) + 1;
}

// parts[b] = how many parts the rows of bucket b make.
static void count_parts(int64_t n_rows, const int64_t *rowptr,
                        const struct part_limits *l, int64_t *parts,
                        struct parts *out)
{
    for (int64_t v = 0; v < n_rows; v++) {
        if (tiles_have_row(&out->tiles, v)) {
            int64_t blocks = out->tiles.window_blocks[v / TILE_ROWS];
            out->n_splits += blocks > l->tile_blocks;
            continue;
        }
        int64_t degree = rowptr[v + 1] - rowptr[v];
        int64_t b = bucket_of(degree, l);
        parts[b] += b ? 1 : ceil_div(degree, l->size);
        out->n_splits += b == 0;
    }
}

// Turn counts into the first part of each bucket; fill in the totals.
static void lay_out(const struct part_limits *l, int64_t *parts,
                    struct parts *out)
{
    int64_t n_buckets = count_buckets(l), n = 0;
    for (int64_t b = 0; b < n_buckets; b++) {
        int64_t here = parts[b];
        if (b == FIRST_WIDE)
            out->n_cut = n;
        if (b == FIRST_PACKED)
            out->n_wide = n;
        parts[b] = n;
        n += here;
    }
    out->n_parts = n;
    out->n_slots = out->n_cut + out->tiles.n_cut * TILE_ROWS;
    out->n_warps = out->tiles.n_tiles + out->n_wide +
                   ceil_div(n - out->n_wide, (int64_t)l->packed_rows);
}

static gnnac_status alloc_parts(struct parts *p, gnnac_error *err)
{
    p->part_ptr = alloc_array(p->n_parts + 1, sizeof(*p->part_ptr));
    p->part_end = alloc_array(p->n_parts, sizeof(*p->part_end));
    p->part_row = alloc_array(p->n_parts + 1, sizeof(*p->part_row));
    p->split_row = alloc_array(p->n_splits, sizeof(*p->split_row));
    p->split_first = alloc_array(p->n_splits, sizeof(*p->split_first));
    p->split_last = alloc_array(p->n_splits, sizeof(*p->split_last));
    return p->part_ptr && p->part_end && p->part_row && p->split_row &&
                   p->split_first && p->split_last
               ? GNNAC_OK
               : FAIL(err, GNNAC_ENOMEM, "out of memory");
}

static void put_part(struct parts *p, int64_t at, int64_t row, int64_t begin,
                     int64_t end)
{
    p->part_ptr[at] = begin;
    p->part_end[at] = end;
    p->part_row[at] = (int32_t)row;
}

static void put_split(struct parts *p, int64_t split, int64_t row,
                      int64_t slot, int64_t n)
{
    p->split_row[split] = (int32_t)row;
    p->split_first[split] = (int32_t)slot;
    p->split_last[split] = (int32_t)(slot + n - 1);
}

// Pieces differ by one edge at most.
static void put_pieces(struct parts *p, int64_t split, int64_t at, int64_t row,
                       int64_t begin, int64_t degree, int64_t n)
{
    int64_t each = degree / n, longer = degree % n;
    for (int64_t i = 0; i < n; i++) {
        int64_t end = begin + each + (i < longer);
        put_part(p, at + i, row, begin, end);
        begin = end;
    }
    put_split(p, split, row, at, n);
}

// The rows of windows that are cut, behind those that sorted parts cut.
static void put_tile_splits(int64_t n_rows, int64_t split, struct parts *p)
{
    const int32_t *tile = p->tiles.tile;
    for (int64_t at = 0; at < p->tiles.n_cut; at += tile[TILE_NUMBERS * at + 3])
        for (int64_t r = 0; r < TILE_ROWS; r++) {
            int64_t row = tile[TILE_NUMBERS * at] + r;
            int64_t n = tile[TILE_NUMBERS * at + 3];
            int64_t slot = p->n_cut + TILE_ROWS * at + r * n;
            if (row < n_rows)
                put_split(p, split++, row, slot, n);
        }
}

static void fill(int64_t n_rows, const int64_t *rowptr,
                 const struct part_limits *l, int64_t *next, struct parts *p)
{
    int64_t split = 0;
    for (int64_t v = 0; v < n_rows; v++) {
        if (tiles_have_row(&p->tiles, v))
            continue;
        int64_t degree = rowptr[v + 1] - rowptr[v];
        int64_t b = bucket_of(degree, l);
        int64_t n = b ? 1 : ceil_div(degree, l->size);
        if (b)
            put_part(p, next[b], v, rowptr[v], rowptr[v + 1]);
        else
            put_pieces(p, split++, next[b], v, rowptr[v], degree, n);
        next[b] += n;
    }
    p->part_ptr[p->n_parts] = rowptr[n_rows];
    p->part_row[p->n_parts] = (int32_t)n_rows;
    put_tile_splits(n_rows, split, p);
}

// What makes fewer of them: a piece of a cut window has 8, one of a row has 1.
static const char *slots_knob(const struct parts *p)
{
    return p->tiles.n_cut * TILE_ROWS > p->n_slots / 2 ? "tileBlocks"
                                                       : "segmentEdges";
}

gnnac_status buckets_build(int64_t n_rows, const int64_t *rowptr,
                           const int32_t *colidx,
                           const struct part_limits *limits, struct parts *out,
                           gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    struct parts p = {0};
    int64_t *next = calloc((size_t)count_buckets(limits), sizeof(*next));
    if (!next)
        return FAIL(err, GNNAC_ENOMEM, "out of memory");
    TRY(tiles_build(n_rows, rowptr, colidx, limits, &p.tiles, err));
    count_parts(n_rows, rowptr, limits, next, &p);
    lay_out(limits, next, &p);
    TRY(parts_check_count(p.n_parts, "segmentEdges", err));
    TRY(parts_check_count(p.n_slots, slots_knob(&p), err));
    TRY(alloc_parts(&p, err));
    fill(n_rows, rowptr, limits, next, &p);
    *out = p;
    p = (struct parts){0};
out:
    free(next);
    parts_finish(&p);
    return st;
}
