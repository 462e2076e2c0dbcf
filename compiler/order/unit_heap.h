// A priority queue of nodes whose keys move by one: a list of nodes for each
// key. Wei et al. 2016, section 5.
//
// A node that loses priority stays in its list until it comes to the front, so
// that a loss regained costs nothing; it can only stand too far in front.
#ifndef GNNAC_UNIT_HEAP_H
#define GNNAC_UNIT_HEAP_H

#include <stdbool.h>
#include <stdint.h>

enum { HEAP_TAKEN = INT32_MAX };

// Keys are at least 0; a node of key 0 is in no list.
struct heap_node {
    int32_t key;
    int32_t list; // >= key; HEAP_TAKEN: its key means nothing any more
    int32_t before, after; // in its list; -1: none
};

// All-zero until heap_init.
struct unit_heap {
    struct heap_node *node; // [n]
    int32_t *first;         // [max_key + 1]: of each list; -1: empty
    int32_t top;            // no list above has nodes
};

// No node has priority. False: out of memory.
bool heap_init(struct unit_heap *h, int64_t n, int64_t max_key);
void heap_finish(struct unit_heap *h);

static inline bool heap_is_taken(const struct unit_heap *h, int32_t v)
{
    return h->node[v].list == HEAP_TAKEN;
}

static inline void heap_unlink(struct unit_heap *h, int32_t v)
{
    struct heap_node *n = &h->node[v];
    if (n->list == 0)
        return;
    if (n->before >= 0)
        h->node[n->before].after = n->after;
    else
        h->first[n->list] = n->after;
    if (n->after >= 0)
        h->node[n->after].before = n->before;
}

// To the front of the list of its key.
static inline void heap_link(struct unit_heap *h, int32_t v)
{
    struct heap_node *n = &h->node[v];
    n->list = n->key;
    if (n->key == 0)
        return;
    n->before = -1;
    n->after = h->first[n->key];
    if (n->after >= 0)
        h->node[n->after].before = v;
    h->first[n->key] = v;
    if (n->key > h->top)
        h->top = n->key;
}

static inline void heap_more(struct unit_heap *h, int32_t v)
{
    struct heap_node *n = &h->node[v];
    if (++n->key <= n->list) // taken nodes always
        return;
    heap_unlink(h, v);
    heap_link(h, v);
}

static inline void heap_less(struct unit_heap *h, int32_t v)
{
    h->node[v].key--;
}

// Take `v` out for good.
static inline void heap_take(struct unit_heap *h, int32_t v)
{
    heap_unlink(h, v);
    h->node[v].list = HEAP_TAKEN;
}

// The node of the largest key, of equals the one that came there last; it is
// taken. -1: no node has a key above 0.
int32_t heap_pop(struct unit_heap *h);

#endif
