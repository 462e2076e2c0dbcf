#include "order/unit_heap.h"

#include <stdlib.h>
#include <string.h>

#include "checked.h"

bool heap_init(struct unit_heap *h, int64_t n, int64_t max_key)
{
    *h = (struct unit_heap){
        .node = calloc_array(n, sizeof(*h->node)),
        .first = alloc_array(max_key + 1, sizeof(*h->first))};
    if (!h->node || !h->first) {
        heap_finish(h);
        return false;
    }
    memset(h->first, 0xff, (size_t)(max_key + 1) * sizeof(*h->first)); // -1
    return true;
}

void heap_finish(struct unit_heap *h)
{
    free(h->node);
    free(h->first);
    *h = (struct unit_heap){0};
}

int32_t heap_pop(struct unit_heap *h)
{
    while (h->top > 0) {
        int32_t v = h->first[h->top];
        if (v < 0) {
            h->top--;
        } else if (h->node[v].key < h->top) {
            heap_unlink(h, v);
            heap_link(h, v);
        } else {
            heap_take(h, v);
            return v;
        }
    }
    return -1;
}
