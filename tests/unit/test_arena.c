// Memory from an arena: room for what was asked for, aligned and to itself.
#include "order/arena.h"

#include <string.h>

#include "order/rabbit.h"
#include "order_fixture.h"

#if ARENA_WATCHED
#include <sanitizer/asan_interface.h>
#endif

// Linked with --wrap: the arena's blocks come through here.
void *__real_aligned_alloc(size_t alignment, size_t n);
void *__wrap_aligned_alloc(size_t alignment, size_t n);

static size_t most_bytes = SIZE_MAX; // of a block; memory is short of more
static int n_blocks;                 // asked for, by any thread

void *__wrap_aligned_alloc(size_t alignment, size_t n)
{
    __atomic_fetch_add(&n_blocks, 1, __ATOMIC_RELAXED);
    return n <= most_bytes ? __real_aligned_alloc(alignment, n) : NULL;
}

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
    CHECK_INT(q - p, 128 + ARENA_GAP);
    arena_return(&a, q);
    CHECK(arena_take(&a, 1, 1) == (void *)(q + ARENA_GAP));
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
    CHECK(arena_take(&a, 10, 1) == (void *)(p + 64 + ARENA_GAP));
    arena_finish(&a);
}

TEST(an_arena_within_another_grows_out_of_it_and_ends_before_it)
{
    enum { ROOM = 1000 };
    struct arena outer = {0}, a = {0};
    CHECK(arena_begin_within(&a, &outer, ROOM));
    int before = n_blocks;
    char *next = arena_take(&outer, 100, 1);
    char *p = arena_take(&a, 500, 1);
    CHECK_INT(n_blocks, before);
    CHECK(p + 500 <= next && p + ROOM > next - 64 - ARENA_GAP);
    char *q = arena_take(&a, 800, 1);
    CHECK_INT(n_blocks, before + 1);
    memset(p, 1, 500);
    memset(q, 2, 800);
    memset(next, 3, 100);
    arena_finish(&a);
    CHECK(ARENA_WATCHED || is_filled_with((unsigned char *)p, 500, 1));
    CHECK(is_filled_with((unsigned char *)next, 100, 3));
    arena_finish(&outer);
}

TEST(an_arena_does_not_begin_where_there_is_no_room)
{
    struct arena outer = {0}, a = {0};
    CHECK(!arena_begin_within(&a, &outer, UINT64_MAX));
    CHECK(!a.next && !a.blocks);
    arena_finish(&outer);
}

TEST(large_blocks_of_several_arenas_stay_for_the_next_ones)
{
    enum { LARGE = 1 << 20 };
    int before = 0;
    for (int turn = 0; turn < 2; turn++) {
        struct arena a = {0}, b = {0};
        before = n_blocks;
        CHECK(arena_take(&a, LARGE, 1) && arena_take(&b, LARGE, 1));
        arena_finish(&a);
        arena_finish(&b);
    }
    CHECK_INT(n_blocks - before, ARENA_WATCHED ? 2 : 0);
}

// On some virtual machines a large page costs more than all that a helper does.
TEST(helpers_of_rabbit_order_take_no_memory_of_their_own)
{
    enum { N_WAYS = 4 };
    struct generate_options o = {.kind = "mesh", .nodes = 60000, .seed = 3};
    gnnac_error err = {{0}};
    struct coo coo = {0};
    CHECK_INT(graph_generate(&o, &coo, &err), GNNAC_OK);
    struct csr g = csr_of(coo, NULL), simple = simple_of(&g);
    int blocks[N_WAYS];
    for (int n = 0; n < N_WAYS; n++) {
        struct rabbit r = {0};
        n_blocks = 0; // the first run keeps some for the others
        CHECK_INT(rabbit_order(&simple, n ? n : 1, &r, &err), GNNAC_OK);
        blocks[n] = n_blocks;
        rabbit_finish(&r);
    }
    for (int n = 2; n < N_WAYS; n++)
        CHECK_INT(blocks[n], blocks[1]);
    csr_finish(&simple);
    csr_finish(&g);
}

// A block twice as large as the one before it is too large, or a large page is.
TEST(where_memory_is_short_a_block_is_no_larger_than_it_must_be)
{
    enum { FIRST = 40 << 20, SECOND = 20 << 20 }; // none that is kept
    struct arena a = {0};
    char *p = arena_take(&a, FIRST, 1);
    most_bytes = SECOND + 1024;
    char *q = arena_take(&a, SECOND, 1);
    CHECK(p && q);
    if (p && q)
        p[FIRST - 1] = q[SECOND - 1] = 1;
    CHECK(!arena_take(&a, 2 * SECOND, 1));
    most_bytes = SIZE_MAX;
    arena_finish(&a);
}

// What AddressSanitizer is told: nothing is between pieces, behind them, or
// left once they are given back.
TEST(what_no_piece_has_is_watched)
{
#if ARENA_WATCHED
    struct arena a = {0};
    char *p = arena_take(&a, 100, 1), *q = arena_take(&a, 64, 1);
    CHECK(!__asan_region_is_poisoned(p, 100));
    CHECK(__asan_address_is_poisoned(p + 100));
    CHECK(!__asan_region_is_poisoned(q, 64));
    CHECK(__asan_address_is_poisoned(q - 1));
    CHECK(__asan_address_is_poisoned(q + 64));
    arena_return(&a, q + 8);
    CHECK(!__asan_region_is_poisoned(q, 8));
    CHECK(__asan_address_is_poisoned(q + 8));
    arena_finish(&a);
    CHECK(__asan_address_is_poisoned(p));
#else
    CHECK_INT(ARENA_GAP, 0);
#endif
}

int main(void)
{
    RUN(pieces_do_not_overlap_and_are_aligned);
    RUN(a_piece_that_is_to_be_zero_is_zero);
    RUN(what_is_returned_is_taken_again);
    RUN(an_arena_within_another_grows_out_of_it_and_ends_before_it);
    RUN(an_arena_does_not_begin_where_there_is_no_room);
    RUN(large_blocks_of_several_arenas_stay_for_the_next_ones);
    RUN(helpers_of_rabbit_order_take_no_memory_of_their_own);
    RUN(where_memory_is_short_a_block_is_no_larger_than_it_must_be);
    RUN(what_no_piece_has_is_watched);
    RUN(what_no_memory_can_hold_is_refused_and_the_rest_stays);
    return test_done();
}
