#include "cuda/parts.h"
#include "rng.h"
#include "test.h"

enum { MAX_ROWS = 60 };

static const int64_t six_rows[] = {0, 0, 5, 5, 17, 18, 18};
static const struct part_limits groups = {.size = 4, .rows = 1, .per_block = 2};

TEST(every_row_has_a_group_and_groups_cover_the_edges)
{
    struct parts p;
    CHECK_INT(parts_build(6, six_rows, NULL, &groups, &p, NULL), GNNAC_OK);
    // 1 + 2 + 1 + 3 + 1 + 1
    static const int32_t rows[] = {0, 1, 1, 2, 3, 3, 3, 4, 5, 6};
    CHECK_INT(p.n_parts, 9);
    CHECK_INT(p.n_blocks, 5);
    CHECK_INT(p.part_ptr[0], 0);
    CHECK_INT(p.part_ptr[9], 18);
    for (int64_t g = 0; g < p.n_parts; g++)
        CHECK(p.part_ptr[g + 1] - p.part_ptr[g] <= 4);
    CHECK(memcmp(p.part_row, rows, sizeof(rows)) == 0);
    parts_finish(&p);
}

TEST(rows_that_cross_a_block_are_split)
{
    struct parts p;
    CHECK_INT(parts_build(6, six_rows, NULL, &groups, &p, NULL), GNNAC_OK);
    // blocks: {0,1} {1,2} {3,3} {3,4} {5}: rows 1 and 3 are split
    CHECK_INT(p.n_splits, 2);
    CHECK_INT(p.split_row[0], 1);
    CHECK_INT(p.split_first[0], 0);
    CHECK_INT(p.split_last[0], 1);
    CHECK_INT(p.split_row[1], 3);
    CHECK_INT(p.split_first[1], 2);
    CHECK_INT(p.split_last[1], 3);
    parts_finish(&p);
}

// Of split rows alone; slots of blocks that leave nothing are 0, 0.
TEST(slots_of_a_split_row_know_its_first_block_and_their_number)
{
    struct parts p;
    static const int32_t meets[] = {0, 0, 0, 2, 0, 2, 0, 0, 0, 0,
                                    2, 2, 2, 2, 0, 0, 0, 0, 0, 0};
    CHECK_INT(parts_build(6, six_rows, NULL, &groups, &p, NULL), GNNAC_OK);
    CHECK_INT(p.n_slots, 10);
    CHECK_INT(parts_list_meets(&p, NULL), GNNAC_OK);
    CHECK(memcmp(p.meets, meets, sizeof(meets)) == 0);
    parts_finish(&p);
}

TEST(a_graph_without_nodes_has_no_parts)
{
    const int64_t rowptr[] = {0};
    struct parts p;
    CHECK_INT(parts_build(0, rowptr, NULL, &groups, &p, NULL), GNNAC_OK);
    CHECK_INT(p.n_parts, 0);
    CHECK_INT(p.n_blocks, 0);
    CHECK_INT(p.part_ptr[0], 0);
    CHECK_INT(p.part_row[0], 0);
    parts_finish(&p);
}

TEST(ranges_end_with_a_row_unless_it_is_long)
{
    //                        3  2  1  20  0  4
    const int64_t rowptr[] = {0, 3, 5, 6, 26, 26, 30};
    const struct part_limits l = {.size = 8, .rows = 6, .per_block = 1};
    static const int64_t ptr[] = {0, 6, 14, 22, 30};
    static const int32_t row[] = {0, 3, 3, 3, 6};
    struct parts p;
    CHECK_INT(parts_build(6, rowptr, NULL, &l, &p, NULL), GNNAC_OK);
    CHECK_INT(p.n_parts, 4);
    CHECK(memcmp(p.part_ptr, ptr, sizeof(ptr)) == 0);
    CHECK(memcmp(p.part_row, row, sizeof(row)) == 0);
    CHECK_INT(p.n_splits, 1);
    CHECK_INT(p.split_row[0], 3);
    CHECK_INT(p.split_first[0], 1);
    CHECK_INT(p.split_last[0], 3);
    parts_finish(&p);
}

TEST(empty_rows_fill_ranges_too)
{
    const int64_t rowptr[11] = {0};
    const struct part_limits l = {.size = 8, .rows = 4, .per_block = 2};
    struct parts p;
    CHECK_INT(parts_build(10, rowptr, NULL, &l, &p, NULL), GNNAC_OK);
    CHECK_INT(p.n_parts, 3);
    CHECK_INT(p.part_row[1], 4);
    CHECK_INT(p.part_row[3], 10);
    CHECK_INT(p.n_splits, 0);
    parts_finish(&p);
}

// ---- parts sorted by length -------------------------------------------------

static const struct part_limits by_length = {.size = 8,
                                             .rows = 1,
                                             .per_block = 1,
                                             .packed_rows = 2,
                                             .packed_edges = 4,
                                             .packed_step = 2};

TEST(rows_are_sorted_into_cut_wide_and_packed_ones)
{
    //                        2  0  17  5  3  8  1
    const int64_t rowptr[] = {0, 2, 2, 19, 24, 27, 35, 36};
    // Three pieces of row 2; the octave of 8, that of 5; two steps, one, none.
    static const int32_t row[] = {2, 2, 2, 5, 3, 4, 0, 6, 1, 7};
    static const int64_t ptr[] = {2, 8, 14, 27, 19, 24, 0, 35, 2, 36};
    static const int64_t end[] = {8, 14, 19, 35, 24, 27, 2, 36, 2};
    struct parts p;
    CHECK_INT(parts_build(7, rowptr, NULL, &by_length, &p, NULL), GNNAC_OK);
    CHECK_INT(p.n_parts, 9);
    CHECK_INT(p.n_cut, 3);
    CHECK_INT(p.n_slots, 3);
    CHECK_INT(p.n_wide, 5);
    CHECK_INT(p.n_warps, 7);
    CHECK(memcmp(p.part_row, row, sizeof(row)) == 0);
    CHECK(memcmp(p.part_ptr, ptr, sizeof(ptr)) == 0);
    CHECK(memcmp(p.part_end, end, sizeof(end)) == 0);
    CHECK_INT(p.n_splits, 1);
    CHECK_INT(p.split_row[0], 2);
    CHECK_INT(p.split_first[0], 0);
    CHECK_INT(p.split_last[0], 2);
    parts_finish(&p);
}

TEST(a_graph_without_nodes_has_no_sorted_parts)
{
    const int64_t rowptr[] = {0};
    struct parts p;
    CHECK_INT(parts_build(0, rowptr, NULL, &by_length, &p, NULL), GNNAC_OK);
    CHECK_INT(p.n_parts, 0);
    CHECK_INT(p.n_warps, 0);
    CHECK_INT(p.n_slots, 0);
    parts_finish(&p);
}

// ---- properties -------------------------------------------------------------

static bool begins_within(const struct parts *p, const int64_t *rowptr,
                          int64_t g)
{
    return p->part_ptr[g] > rowptr[p->part_row[g]];
}

static void random_rows(uint64_t seed, int64_t n, int64_t *rowptr)
{
    for (int64_t v = 0; v < n; v++) {
        uint64_t kind = rng_below(seed, (uint64_t)(3 * v + 1), 4);
        uint64_t most = kind == 0 ? 1 : kind == 1 ? 200 : 9;
        rowptr[v + 1] =
            rowptr[v] + (int64_t)rng_below(seed, (uint64_t)(3 * v + 2), most);
    }
}

static void check_parts(const struct parts *p, const int64_t *rowptr,
                        const struct part_limits *l)
{
    for (int64_t g = 0; g < p->n_parts; g++) {
        int64_t edges = p->part_ptr[g + 1] - p->part_ptr[g];
        int64_t rows = p->part_row[g + 1] - p->part_row[g];
        bool cut = begins_within(p, rowptr, g + 1);
        CHECK(edges >= 0 && edges <= l->size && rows >= 0);
        CHECK(edges + rows > 0 && rows + cut <= l->rows);
        if (!cut)
            CHECK_INT(p->part_ptr[g + 1], rowptr[p->part_row[g + 1]]);
        if (!cut)
            continue;
        int64_t v = p->part_row[g + 1];
        CHECK_INT(edges, l->size);
        CHECK(p->part_ptr[g + 1] < rowptr[v + 1]);
        CHECK(2 * (rowptr[v + 1] - rowptr[v]) > l->size);
    }
}

// The splits, found anew: for each row, the blocks that hold its edges.
static void check_splits(const struct parts *p, int64_t n_rows,
                         const int64_t *rowptr, int32_t per_block)
{
    int64_t n = 0;
    for (int64_t v = 0; v < n_rows; v++) {
        int64_t first = -1, last = -1;
        for (int64_t g = 0; g < p->n_parts; g++) {
            if (p->part_ptr[g] >= rowptr[v + 1] ||
                p->part_ptr[g + 1] <= rowptr[v])
                continue;
            first = first < 0 ? g / per_block : first;
            last = g / per_block;
        }
        if (first == last)
            continue;
        CHECK_INT(p->split_row[n], v);
        CHECK_INT(p->split_first[n], first);
        CHECK_INT(p->split_last[n], last);
        n++;
    }
    CHECK_INT(p->n_splits, n);
}

// Every slot that a block of a split row writes names the row's first block.
static void check_meets(const struct parts *p)
{
    int64_t named = 0, written = 0;
    for (int64_t s = 0; s < p->n_splits; s++)
        for (int64_t b = p->split_first[s]; b <= p->split_last[s]; b++) {
            int64_t slot = 2 * b + (b == p->split_first[s]);
            CHECK_INT(p->meets[2 * slot], p->split_first[s]);
            CHECK_INT(p->meets[2 * slot + 1],
                      p->split_last[s] - p->split_first[s] + 1);
            written++;
        }
    for (int64_t slot = 0; slot < p->n_slots; slot++)
        named += p->meets[2 * slot + 1] > 0;
    CHECK_INT(named, written);
}

TEST(parts_of_random_graphs_keep_their_limits_and_name_the_split_rows)
{
    for (uint64_t seed = 0; seed < 300; seed++) {
        int64_t rowptr[MAX_ROWS + 1] = {0}, n = (int64_t)rng_below(seed, 0, 60);
        random_rows(seed, n, rowptr);
        struct part_limits l = {.size = 1 + (int32_t)rng_below(seed, 1000, 40),
                                .rows = 1 + (int32_t)rng_below(seed, 1001, 12),
                                .per_block =
                                    1 + (int32_t)rng_below(seed, 1002, 5)};
        struct parts p;
        CHECK_INT(parts_build(n, rowptr, NULL, &l, &p, NULL), GNNAC_OK);
        CHECK_INT(p.part_ptr[0], 0);
        CHECK_INT(p.part_ptr[p.n_parts], rowptr[n]);
        CHECK_INT(p.part_row[p.n_parts], n);
        check_parts(&p, rowptr, &l);
        check_splits(&p, n, rowptr, l.per_block);
        CHECK_INT(parts_list_meets(&p, NULL), GNNAC_OK);
        check_meets(&p);
        parts_finish(&p);
    }
}

// What a kernel relies on: no piece is too long, no row is in the wrong kind,
// none needs more steps than one that stands before it in its warp.
static void check_kinds(const struct parts *p, const int64_t *rowptr,
                        const struct part_limits *l)
{
    for (int64_t i = 0; i < p->n_parts; i++) {
        int64_t v = p->part_row[i], n = p->part_end[i] - p->part_ptr[i];
        int64_t degree = rowptr[v + 1] - rowptr[v];
        int64_t steps = (n + l->packed_step - 1) / l->packed_step;
        CHECK(n <= l->size && (i < p->n_cut) == (degree > l->size));
        CHECK((i < p->n_wide) == (degree > l->packed_edges));
        if (i < p->n_cut)
            CHECK(2 * n > l->size - 1);
        if (i > p->n_cut && i < p->n_wide)
            CHECK(n < 2 * (p->part_end[i - 1] - p->part_ptr[i - 1]));
        if (i > p->n_wide)
            CHECK(steps <= (p->part_end[i - 1] - p->part_ptr[i - 1] +
                            l->packed_step - 1) /
                               l->packed_step);
    }
}

// Every edge is in one part of its row, and pieces lie in the order of edges.
static void check_cover(const struct parts *p, int64_t n_rows,
                        const int64_t *rowptr)
{
    int64_t n_splits = 0;
    for (int64_t v = 0; v < n_rows; v++) {
        int64_t at = rowptr[v], n = 0, first = -1;
        for (int64_t i = 0; i < p->n_parts; i++) {
            if (p->part_row[i] != v)
                continue;
            CHECK_INT(p->part_ptr[i], at);
            first = n++ ? first : i;
            at = p->part_end[i];
        }
        CHECK_INT(at, rowptr[v + 1]);
        CHECK(n >= 1);
        if (first >= p->n_cut)
            continue;
        CHECK_INT(p->split_row[n_splits], v);
        CHECK_INT(p->split_first[n_splits], first);
        CHECK_INT(p->split_last[n_splits++], first + n - 1);
    }
    CHECK_INT(p->n_splits, n_splits);
}

TEST(sorted_parts_of_random_graphs_cover_every_row_once)
{
    for (uint64_t seed = 0; seed < 300; seed++) {
        int64_t rowptr[MAX_ROWS + 1] = {0}, n = (int64_t)rng_below(seed, 0, 60);
        random_rows(seed, n, rowptr);
        struct part_limits l = {
            .rows = 1,
            .per_block = 1,
            .packed_rows = 1 + (int32_t)rng_below(seed, 1000, 8),
            .packed_edges = 1 + (int32_t)rng_below(seed, 1001, 20),
            .packed_step = 1 + (int32_t)rng_below(seed, 1002, 8)};
        l.size = l.packed_edges * (1 + (int32_t)rng_below(seed, 1003, 6));
        struct parts p;
        CHECK_INT(parts_build(n, rowptr, NULL, &l, &p, NULL), GNNAC_OK);
        CHECK(p.n_cut <= p.n_wide && p.n_wide <= p.n_parts);
        CHECK_INT(p.n_slots, p.n_cut);
        int64_t packed = p.n_parts - p.n_wide;
        CHECK_INT(p.n_warps,
                  p.n_wide + (packed + l.packed_rows - 1) / l.packed_rows);
        check_kinds(&p, rowptr, &l);
        check_cover(&p, n, rowptr);
        parts_finish(&p);
    }
}

// ---- tiles ------------------------------------------------------------------

enum { MAX_EDGES = 6000 };

static int by_column(const void *a, const void *b)
{
    return (*(const int32_t *)a > *(const int32_t *)b) -
           (*(const int32_t *)a < *(const int32_t *)b);
}

// Rows of columns below n, sorted or not, with doubles.
static void random_columns(uint64_t seed, int64_t n, const int64_t *rowptr,
                           int32_t *colidx)
{
    uint64_t most = 1 + rng_below(seed, 2000, (uint64_t)n);
    for (int64_t e = 0; e < rowptr[n]; e++)
        colidx[e] = (int32_t)rng_below(seed, 3000 + (uint64_t)e, most);
    for (int64_t v = 0; v < n && seed % 2; v++)
        qsort(&colidx[rowptr[v]], (size_t)(rowptr[v + 1] - rowptr[v]),
              sizeof(*colidx), by_column);
}

// How often the masks of a tile say that row r has the column, and how often
// the column stands there with any row at all.
static int64_t times_in_tile(const struct tiles *t, int64_t tile, int64_t r,
                             int32_t column, int64_t *listed)
{
    int64_t n = 0;
    const int32_t *numbers = &t->tile[TILE_NUMBERS * tile];
    for (int64_t at = (int64_t)numbers[1] * TILE_COLUMNS;
         at < (int64_t)numbers[TILE_NUMBERS + 1] * TILE_COLUMNS; at++) {
        const uint32_t *mask = &t->masks[at / TILE_COLUMNS * 2];
        int64_t c = at % TILE_COLUMNS;
        bool any = false;
        if (t->columns[at] != column)
            continue;
        for (int row = 0; row < TILE_ROWS; row++)
            any |= mask[c % 2] >> (4 * row + c / 2) & 1;
        n += mask[c % 2] >> (4 * r + c / 2) & 1;
        *listed += any;
    }
    return n;
}

// The row's edges are the bits of its window's tiles, each as often as it is
// there; a column stands no more often than the row or another needs it.
static void check_row_of_tiles(const struct parts *p, int64_t v, int64_t n,
                               const int64_t *rowptr, const int32_t *colidx)
{
    const struct tiles *t = &p->tiles;
    for (int32_t c = 0; c < n; c++) {
        int64_t want = 0, got = 0, listed = 0, most = 0;
        for (int64_t r = 0; r < TILE_ROWS; r++) {
            int64_t row = v / TILE_ROWS * TILE_ROWS + r, here = 0;
            for (int64_t e = row < n ? rowptr[row] : 0;
                 row < n && e < rowptr[row + 1]; e++)
                here += colidx[e] == c;
            most += here;
            want = row == v ? here : want;
        }
        for (int64_t i = 0; i < t->n_tiles; i++)
            if (t->tile[TILE_NUMBERS * i] == v / TILE_ROWS * TILE_ROWS)
                got += times_in_tile(t, i, v % TILE_ROWS, c, &listed);
        CHECK_INT(got, want);
        CHECK(listed <= most);
    }
}

// Pieces of cut windows first, of even length, then by octaves.
static void check_order_of_tiles(const struct tiles *t,
                                 const struct part_limits *l)
{
    for (int64_t i = 0; i < t->n_tiles; i++) {
        const int32_t *tile = &t->tile[TILE_NUMBERS * i];
        int64_t blocks = tile[TILE_NUMBERS + 1] - tile[1];
        CHECK(blocks >= 1 && blocks <= l->tile_blocks);
        CHECK((i < t->n_cut) == (tile[3] > 1));
        if (i < t->n_cut) {
            const int32_t *first = &t->tile[TILE_NUMBERS * tile[2]];
            CHECK(tile[2] <= i && i < tile[2] + tile[3]);
            CHECK_INT(first[0], tile[0]);
            CHECK(first[TILE_NUMBERS + 1] - first[1] - blocks <= 1);
        } else if (i > t->n_cut) {
            CHECK(blocks < 2 * (tile[1] - tile[1 - TILE_NUMBERS]));
        }
    }
    CHECK_INT(t->tile[TILE_NUMBERS * t->n_tiles + 1], t->n_blocks);
}

// Every row is in a tile or in parts, and slots belong to one sum each.
static void check_rows_and_slots(const struct parts *p, int64_t n,
                                 const struct part_limits *l)
{
    int64_t in_parts[MAX_ROWS] = {0}, splits[MAX_ROWS] = {0};
    char *used = calloc((size_t)p->n_slots + 1, 1);
    for (int64_t i = 0; i < p->n_parts; i++)
        in_parts[p->part_row[i]]++;
    for (int64_t i = 0; i < p->n_splits; i++) {
        splits[p->split_row[i]]++;
        for (int64_t s = p->split_first[i]; s <= p->split_last[i]; s++)
            CHECK(s < p->n_slots && !used[s]++);
    }
    for (int64_t v = 0; v < n; v++) {
        bool tiled = tiles_have_row(&p->tiles, v);
        CHECK(tiled ? in_parts[v] == 0 : in_parts[v] >= 1);
        if (tiled)
            CHECK_INT(splits[v], p->tiles.window_blocks[v / TILE_ROWS] >
                                     l->tile_blocks);
    }
    free(used);
}

TEST(tiles_of_random_graphs_have_every_edge_of_their_rows_once)
{
    static int32_t colidx[MAX_EDGES];
    int64_t n_tiles = 0, n_cut = 0, n_parts = 0;
    for (uint64_t seed = 0; seed < 200; seed++) {
        int64_t rowptr[MAX_ROWS + 1] = {0};
        int64_t n = 1 + (int64_t)rng_below(seed, 0, 59);
        random_rows(seed, n, rowptr);
        random_columns(seed, n, rowptr, colidx);
        struct part_limits l = by_length;
        l.tile_percent = 100 + (int32_t)rng_below(seed, 1001, 300);
        l.tile_blocks = 1 + (int32_t)rng_below(seed, 1002, 9);
        struct parts p;
        CHECK_INT(parts_build(n, rowptr, colidx, &l, &p, NULL), GNNAC_OK);
        CHECK_INT(p.n_slots, p.n_cut + TILE_ROWS * p.tiles.n_cut);
        for (int64_t v = 0; v < n; v++)
            if (tiles_have_row(&p.tiles, v))
                check_row_of_tiles(&p, v, n, rowptr, colidx);
        check_order_of_tiles(&p.tiles, &l);
        check_rows_and_slots(&p, n, &l);
        n_tiles += p.tiles.n_tiles;
        n_cut += p.tiles.n_cut;
        n_parts += p.n_parts;
        parts_finish(&p);
    }
    CHECK(n_tiles > 100 && n_cut > 100 && n_parts > 100);
}

TEST(a_window_is_a_tile_where_its_edges_share_columns)
{
    // Rows 0 to 7 have columns 3 and 5, row 8 column 3 twice, row 9 none.
    int64_t rowptr[11];
    int32_t colidx[18];
    for (int v = 0; v <= 10; v++)
        rowptr[v] = v < 9 ? 2 * v : 18;
    for (int e = 0; e < 18; e++)
        colidx[e] = e % 2 && e < 16 ? 5 : 3;
    static const int32_t tile[] = {0, 0, 0, 0, 0, 1, 0, 0};
    static const int32_t columns[] = {3, 5, 5, 5, 5, 5, 5, 5};
    struct part_limits l = by_length;
    l.tile_percent = 101;
    l.tile_blocks = 4;
    struct parts p;
    CHECK_INT(parts_build(10, rowptr, colidx, &l, &p, NULL), GNNAC_OK);
    CHECK_INT(p.tiles.n_tiles, 1);
    CHECK(memcmp(p.tiles.tile, tile, sizeof(tile)) == 0);
    CHECK(memcmp(p.tiles.columns, columns, sizeof(columns)) == 0);
    CHECK(p.tiles.masks[0] == 0x11111111 && p.tiles.masks[1] == 0x11111111);
    CHECK_INT(p.n_parts, 2);
    CHECK_INT(p.part_row[0], 8);
    CHECK_INT(p.n_warps, 2);
    parts_finish(&p);
}

TEST(too_many_pieces_are_refused_with_the_knob_that_makes_fewer)
{
    gnnac_error err = {{0}};
    CHECK_INT(parts_check_count(INT32_MAX, "tileBlocks", &err), GNNAC_OK);
    CHECK_INT(parts_check_count(INT64_C(1) << 31, "tileBlocks", &err),
              GNNAC_EUNSUPPORTED);
    CHECK_HAS(err.msg, "2147483648 pieces");
    CHECK_HAS(err.msg, "a larger tileBlocks");
}

TEST(a_graph_without_nodes_has_no_tiles)
{
    const int64_t rowptr[] = {0};
    struct part_limits l = by_length;
    l.tile_percent = 100;
    l.tile_blocks = 1;
    struct parts p;
    CHECK_INT(parts_build(0, rowptr, NULL, &l, &p, NULL), GNNAC_OK);
    CHECK_INT(p.tiles.n_tiles, 0);
    CHECK_INT(p.n_warps, 0);
    parts_finish(&p);
}

int main(void)
{
    RUN(every_row_has_a_group_and_groups_cover_the_edges);
    RUN(rows_that_cross_a_block_are_split);
    RUN(slots_of_a_split_row_know_its_first_block_and_their_number);
    RUN(a_graph_without_nodes_has_no_parts);
    RUN(ranges_end_with_a_row_unless_it_is_long);
    RUN(empty_rows_fill_ranges_too);
    RUN(parts_of_random_graphs_keep_their_limits_and_name_the_split_rows);
    RUN(rows_are_sorted_into_cut_wide_and_packed_ones);
    RUN(a_graph_without_nodes_has_no_sorted_parts);
    RUN(sorted_parts_of_random_graphs_cover_every_row_once);
    RUN(a_window_is_a_tile_where_its_edges_share_columns);
    RUN(too_many_pieces_are_refused_with_the_knob_that_makes_fewer);
    RUN(a_graph_without_nodes_has_no_tiles);
    RUN(tiles_of_random_graphs_have_every_edge_of_their_rows_once);
    return test_done();
}
