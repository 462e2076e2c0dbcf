// Memory for the length of a run: taken piece by piece, given back as a whole.
// Comes by large pages, of which one is had for the price of a few dozen small
// ones: asked for array by array, first touches take a quarter of the time that
// communities do. Up to 40 MiB stay with the process for the next run. Under
// AddressSanitizer none do, and touching what no piece has is found.
#ifndef GNNAC_ARENA_H
#define GNNAC_ARENA_H

#include <stdbool.h>
#include <stdint.h>

#if defined(__SANITIZE_ADDRESS__)
#define ARENA_WATCHED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ARENA_WATCHED 1
#endif
#endif
#ifndef ARENA_WATCHED
#define ARENA_WATCHED 0
#endif

// Bytes between pieces.
enum { ARENA_GAP = ARENA_WATCHED ? 64 : 0 };

// All-zero is empty. One thread's at a time, an outer one's and those within it
// apart.
struct arena {
    struct arena_block *blocks; // newest first
    char *next;                 // within the newest
    uint64_t left;
};

// Room for `n` elements, aligned to 64 bytes, never NULL for want of n; its
// contents are undefined. NULL: out of memory.
void *arena_take(struct arena *a, int64_t n, uint64_t elem_bytes);

// The same, all-zero.
void *arena_take_zero(struct arena *a, int64_t n, uint64_t elem_bytes);

// What was taken last ends at `end`; what is behind it may be taken again.
void arena_return(struct arena *a, void *end);

// Begin `a`, which is empty, with room for `n_bytes` in `outer`: a thread that
// needs little has no page of its own to touch. It ends before `outer` does.
// False: out of memory.
bool arena_begin_within(struct arena *a, struct arena *outer, uint64_t n_bytes);

void arena_finish(struct arena *a);

#endif
