// A cache of the most recently gathered feature rows, simulated exactly in O(1)
// per access and without a list: a column is in a cache of C rows while fewer
// than C others were gathered since, so it is enough to know when each column
// was gathered last and where the C-th most recent of those times lies.
#ifndef GNNAC_LRU_H
#define GNNAC_LRU_H

#include "graph/csr.h"

// A time is the number of the entry in the CSR. In the cache is what was
// gathered last at `oldest` or later.
struct lru {
    int64_t capacity, size, oldest, misses;
};

// Fills the caches as all entries before `begin` leave them, looking back only
// as far as the largest reaches; ascending capacities. last[u] must be the time
// of any earlier access to u, or -1, and is the latest one afterwards where
// that matters. Keeps `misses`.
void lru_warm(struct lru *caches, int n, const int32_t *colidx, int64_t begin,
              int64_t *last);

// Entry `now` gathers a column last gathered at `before`; last[] is up to date.
static inline void lru_touch(struct lru *l, const int32_t *colidx,
                             const int64_t *last, int64_t before)
{
    if (before >= l->oldest)
        return;
    l->misses++;
    if (l->size < l->capacity) {
        l->size++;
        return;
    }
    // Times that a later access made void lie between; they are passed once.
    while (last[colidx[l->oldest]] != l->oldest)
        l->oldest++;
    l->oldest++;
}

#endif
