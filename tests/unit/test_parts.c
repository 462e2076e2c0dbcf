#include "parts.h"
#include "test.h"

TEST(every_row_has_a_part_and_parts_cover_the_edges)
{
    const int64_t rowptr[] = {0, 0, 5, 5, 17, 18, 18};
    struct parts p;
    CHECK_INT(parts_build(6, rowptr, 4, 2, &p, NULL), GNNAC_OK);
    // 1 + 2 + 1 + 3 + 1 + 1
    CHECK_INT(p.n_parts, 9);
    CHECK_INT(p.n_blocks, 5);
    CHECK_INT(p.part_ptr[0], 0);
    CHECK_INT(p.part_ptr[9], 18);
    for (int64_t g = 0; g < p.n_parts; g++)
        CHECK(p.part_ptr[g + 1] - p.part_ptr[g] <= 4);
    parts_finish(&p);
}

TEST(rows_that_cross_a_block_are_split)
{
    const int64_t rowptr[] = {0, 0, 5, 5, 17, 18, 18};
    struct parts p;
    CHECK_INT(parts_build(6, rowptr, 4, 2, &p, NULL), GNNAC_OK);
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
    CHECK_INT(parts_build(0, rowptr, 4, 2, &p, NULL), GNNAC_OK);
    CHECK_INT(p.n_parts, 0);
    CHECK_INT(p.n_blocks, 0);
    CHECK_INT(p.part_ptr[0], 0);
    parts_finish(&p);
}

int main(void)
{
    RUN(every_row_has_a_part_and_parts_cover_the_edges);
    RUN(rows_that_cross_a_block_are_split);
    RUN(a_graph_without_nodes_has_no_parts);
    return test_done();
}
