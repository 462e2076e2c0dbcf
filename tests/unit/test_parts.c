#include "cuda/parts.h"
#include "rng.h"
#include "test.h"

enum { MAX_ROWS = 60 };

static const int64_t six_rows[] = {0, 0, 5, 5, 17, 18, 18};
static const struct part_limits groups = {.size = 4, .rows = 1, .per_block = 2};

TEST(every_row_has_a_group_and_groups_cover_the_edges)
{
    struct parts p;
    CHECK_INT(parts_build(6, six_rows, &groups, &p, NULL), GNNAC_OK);
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
    CHECK_INT(parts_build(6, six_rows, &groups, &p, NULL), GNNAC_OK);
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

TEST(a_graph_without_nodes_has_no_parts)
{
    const int64_t rowptr[] = {0};
    struct parts p;
    CHECK_INT(parts_build(0, rowptr, &groups, &p, NULL), GNNAC_OK);
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
    CHECK_INT(parts_build(6, rowptr, &l, &p, NULL), GNNAC_OK);
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
    CHECK_INT(parts_build(10, rowptr, &l, &p, NULL), GNNAC_OK);
    CHECK_INT(p.n_parts, 3);
    CHECK_INT(p.part_row[1], 4);
    CHECK_INT(p.part_row[3], 10);
    CHECK_INT(p.n_splits, 0);
    parts_finish(&p);
}

// ---- properties -------------------------------------------------------------

static bool begins_within(const struct parts *p, const int64_t *rowptr,
                          int64_t g)
{
    return p->part_ptr[g] > rowptr[p->part_row[g]];
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

TEST(parts_of_random_graphs_keep_their_limits_and_name_the_split_rows)
{
    for (uint64_t seed = 0; seed < 300; seed++) {
        int64_t rowptr[MAX_ROWS + 1] = {0}, n = (int64_t)rng_below(seed, 0, 60);
        for (int64_t v = 0; v < n; v++) {
            uint64_t kind = rng_below(seed, (uint64_t)(3 * v + 1), 4);
            uint64_t most = kind == 0 ? 1 : kind == 1 ? 200 : 9;
            rowptr[v + 1] =
                rowptr[v] +
                (int64_t)rng_below(seed, (uint64_t)(3 * v + 2), most);
        }
        struct part_limits l = {
            .size = 1 + (int32_t)rng_below(seed, 1000, 40),
            .rows = 1 + (int32_t)rng_below(seed, 1001, 12),
            .per_block = 1 + (int32_t)rng_below(seed, 1002, 5)};
        struct parts p;
        CHECK_INT(parts_build(n, rowptr, &l, &p, NULL), GNNAC_OK);
        CHECK_INT(p.part_ptr[0], 0);
        CHECK_INT(p.part_ptr[p.n_parts], rowptr[n]);
        CHECK_INT(p.part_row[p.n_parts], n);
        check_parts(&p, rowptr, &l);
        check_splits(&p, n, rowptr, l.per_block);
        parts_finish(&p);
    }
}

int main(void)
{
    RUN(every_row_has_a_group_and_groups_cover_the_edges);
    RUN(rows_that_cross_a_block_are_split);
    RUN(a_graph_without_nodes_has_no_parts);
    RUN(ranges_end_with_a_row_unless_it_is_long);
    RUN(empty_rows_fill_ranges_too);
    RUN(parts_of_random_graphs_keep_their_limits_and_name_the_split_rows);
    return test_done();
}
