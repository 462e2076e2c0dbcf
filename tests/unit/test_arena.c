// Memory from an arena: room for what was asked for, aligned and to itself.
#include "order/arena.h"

#include <string.h>

#include "test.h"

enum { N_PIECES = 200 };

static int64_t piece_size(int i)
{
    return i % 7 == 0 ? 0 : (int64_t)i * i * 37 + 1;
}

static bool is_filled_with(const unsigned char *p, int64_t n, int value)
{
    for (int64_t i = 0; i < n; i++)
        if (p[i] != value)
            return false;
    return true;
}

TEST(pieces_do_not_overlap_and_are_aligned)
{
    struct arena a = {0};
    unsigned char *piece[N_PIECES];
    for (int i = 0; i < N_PIECES; i++) {
        piece[i] = arena_take(&a, piece_size(i), 1);
        CHECK(piece[i] != NULL);
        CHECK_INT((uintptr_t)piece[i] % 64, 0);
        memset(piece[i], i, (size_t)piece_size(i));
    }
    for (int i = 0; i < N_PIECES; i++)
        CHECK(is_filled_with(piece[i], piece_size(i), i));
    arena_finish(&a);
}

// What an earlier arena wrote may still be there.
TEST(a_piece_that_is_to_be_zero_is_zero)
{
    enum { BYTES = 300000 };
    for (int turn = 0; turn < 3; turn++) {
        struct arena a = {0};
        unsigned char *p = arena_take_zero(&a, BYTES, 1);
        CHECK(p && is_filled_with(p, BYTES, 0));
        memset(p, 0xff, BYTES);
        arena_finish(&a);
    }
}

TEST(what_is_returned_is_taken_again)
{
    struct arena a = {0};
    char *p = arena_take(&a, 10000, 1);
    arena_return(&a, p + 100);
    char *q = arena_take(&a, 5000, 1);
    CHECK_INT(q - p, 128);
    arena_return(&a, q);
    CHECK(arena_take(&a, 1, 1) == (void *)q);
    arena_finish(&a);
}

TEST(what_no_memory_can_hold_is_refused_and_the_rest_stays)
{
    struct arena a = {0};
    char *p = arena_take(&a, 10, 1);
    CHECK(!arena_take(&a, INT64_MAX, 8));
    CHECK(!arena_take(&a, INT64_MAX, 2));
    CHECK(!arena_take(&a, -1, 1));
    CHECK(!arena_take_zero(&a, INT64_MAX, 2));
    p[9] = 1;
    CHECK(arena_take(&a, 10, 1) == (void *)(p + 64));
    arena_finish(&a);
}

int main(void)
{
    RUN(pieces_do_not_overlap_and_are_aligned);
    RUN(a_piece_that_is_to_be_zero_is_zero);
    RUN(what_is_returned_is_taken_again);
    RUN(what_no_memory_can_hold_is_refused_and_the_rest_stays);
    return test_done();
}
