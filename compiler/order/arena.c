#include "order/arena.h"

#include <stdlib.h>
#include <string.h>

#include "checked.h"
#include "graph/pages.h"

#if ARENA_WATCHED
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(at, n) ((void)(at), (void)(n))
#define ASAN_UNPOISON_MEMORY_REGION(at, n) ((void)(at), (void)(n))
#endif

struct arena_block {
    _Alignas(64) struct arena_block *older;
    size_t n_bytes;
};

enum { ALIGNED = 64 };

static const size_t least_block = 1 << 16, large_page = 1 << 21;

static bool round_up(size_t n, size_t to, size_t *out)
{
    if (!size_add(n, to - 1, &n))
        return false;
    *out = n / to * to;
    return true;
}

// Blocks of 1, 2, 4 and 8 large pages that no arena has now: the next run finds
// its memory in place, as malloc's heap would have it. Of the smaller ones
// there is room for those of a few threads.
enum { N_SIZES = 4, N_SPARE = 8 };
static struct arena_block *spare[N_SPARE];
static const int first_spare[N_SIZES + 1] = {0, 4, 6, 7, N_SPARE};

// Blocks of `n` bytes are kept in spare[*begin .. *end).
static void spares_of(size_t n, int *begin, int *end)
{
    *begin = *end = 0;
    for (int i = 0; i < N_SIZES && !ARENA_WATCHED; i++)
        if (n == large_page << i) {
            *begin = first_spare[i];
            *end = first_spare[i + 1];
        }
}

// Blocks grow as more and more is asked for. A large page costs what 32 small
// ones do.
static bool block_bytes(const struct arena *a, size_t need, size_t *out)
{
    enum { WORTH_LARGE = 1 << 17 };
    size_t n = a->blocks ? 2 * a->blocks->n_bytes : least_block;
    n = n > need ? n : need;
    for (int i = 0; i < N_SIZES && n >= WORTH_LARGE; i++)
        if (n <= large_page << i) {
            *out = large_page << i;
            return true;
        }
    return round_up(n, n < WORTH_LARGE ? ALIGNED : large_page, out);
}

static struct arena_block *new_block(size_t n)
{
    struct arena_block *b = NULL;
    int at, end;
    for (spares_of(n, &at, &end); !b && at < end; at++)
        b = __atomic_exchange_n(&spare[at], NULL, __ATOMIC_ACQUIRE);
    if (b)
        return b;
    b = aligned_alloc(n % large_page ? ALIGNED : large_page, n);
    if (b)
        pages_prefer_large(b, n);
    return b;
}

// The last to come is the first to be taken; where there is no room, the first
// to have come goes.
static void free_block(struct arena_block *b)
{
    int at, end;
    ASAN_UNPOISON_MEMORY_REGION(b, b->n_bytes);
    for (spares_of(b->n_bytes, &at, &end); b && at < end; at++)
        b = __atomic_exchange_n(&spare[at], b, __ATOMIC_ACQ_REL);
    free(b);
}

static bool add_block(struct arena *a, size_t need)
{
    size_t n;
    if (!size_add(need, sizeof(struct arena_block), &need) ||
        !block_bytes(a, need, &n))
        return false;
    struct arena_block *b = new_block(n);
    if (!b && need < n)
        b = new_block(n = need); // where memory is short
    if (!b)
        return false;
    *b = (struct arena_block){a->blocks, n};
    a->blocks = b;
    a->next = (char *)(b + 1);
    a->left = n - sizeof(*b);
    ASAN_POISON_MEMORY_REGION(a->next, a->left);
    return true;
}

void *arena_take(struct arena *a, int64_t n, uint64_t elem_bytes)
{
    size_t asked, bytes;
    if (n < 0 || !size_mul((size_t)n, elem_bytes, &asked) ||
        !size_add(asked ? asked : 1, ARENA_GAP, &bytes) ||
        !round_up(bytes, ALIGNED, &bytes))
        return NULL;
    if (bytes > a->left && !add_block(a, bytes))
        return NULL;
    void *taken = a->next;
    a->next += bytes;
    a->left -= bytes;
    ASAN_UNPOISON_MEMORY_REGION(taken, asked);
    return taken;
}

void *arena_take_zero(struct arena *a, int64_t n, uint64_t elem_bytes)
{
    void *taken = arena_take(a, n, elem_bytes);
    if (taken)
        memset(taken, 0, (size_t)n * elem_bytes);
    return taken;
}

void arena_return(struct arena *a, void *end)
{
    uintptr_t at = ((uintptr_t)end + ALIGNED - 1) / ALIGNED * ALIGNED;
    uint64_t n = (uintptr_t)a->next - at - ARENA_GAP;
    a->next -= n;
    a->left += n;
    ASAN_POISON_MEMORY_REGION(end, (size_t)(a->next - (char *)end) + n);
}

bool arena_begin_within(struct arena *a, struct arena *outer, uint64_t n_bytes)
{
    void *room = arena_take(outer, 1, n_bytes);
    if (!room)
        return false;
    ASAN_POISON_MEMORY_REGION(room, n_bytes);
    *a = (struct arena){.next = room, .left = n_bytes / ALIGNED * ALIGNED};
    return true;
}

void arena_finish(struct arena *a)
{
    for (struct arena_block *b = a->blocks, *older; b; b = older) {
        older = b->older;
        free_block(b);
    }
    *a = (struct arena){0};
}
