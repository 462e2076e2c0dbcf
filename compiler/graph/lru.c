#include "graph/lru.h"

void lru_warm(struct lru *caches, int n, const int32_t *colidx, int64_t begin,
              int64_t *last)
{
    int64_t found = 0;
    int filled = 0;
    for (int64_t t = begin - 1; t >= 0 && filled < n; t--) {
        int64_t *seen = &last[colidx[t]];
        if (*seen > t)
            continue;
        *seen = t;
        found++;
        if (found == caches[filled].capacity) {
            caches[filled].oldest = t;
            caches[filled++].size = found;
        }
    }
    for (; filled < n; filled++) {
        caches[filled].oldest = 0;
        caches[filled].size = found;
    }
}
