// Communities while they merge: what rabbit.c, rabbit_gather.c and
// rabbit_number.c share.
#ifndef GNNAC_RABBIT_STATE_H
#define GNNAC_RABBIT_STATE_H

#include <stdbool.h>

#include "order/arena.h"
#include "order/crew.h"
#include "order/pieces.h"
#include "order/rabbit.h"

// A community that another one has edges to, and how many.
struct neighbour {
    int32_t id;
    uint32_t weight;
};

// A node stands for the community of all that merged into it. What merged is a
// list, newest first; `gathered` is how much of it the node's neighbours in
// `cells` include. A node that never gathered, or would gain nothing from
// keeping what it found, has no cells: its row of the graph says the same.
struct member {
    struct neighbour *cells;
    int32_t n_cells;
    int32_t newest, older; // -1: none
    int32_t gathered;
    int32_t size;   // nodes: it and all that merged into it, and into those
    int32_t before; // size of what it merged into, just before
};

struct merging {
    const struct csr *g; // borrowed
    int32_t *dest;       // union-find towards the root of the community
    int32_t *parent;     // what the node itself merged into; -1: a root
    uint32_t *strength;  // sum of the degrees of a community's nodes; apart
                         // from the rest, since all neighbours' are looked at
    struct member *of;
    int shift; // resolution is 2^-shift
};

// A thread's own memory. All-zero until scratch_init.
struct scratch {
    uint32_t *weight;         // [n_nodes], 0 between calls
    struct neighbour *found;  // in order of first sight
    int64_t n_found, capacity;
    struct arena arena;
    struct neighbour *cells;  // room for more of them
    int64_t n_cells;
    bool failed; // out of memory
    char apart[64]; // no line of memory is shared with the next thread's
};
// Its memory begins within that of the run.
bool scratch_init(struct scratch *s, struct arena *run, int64_t n_nodes);
void scratch_finish(struct scratch *s);

// What a community wants to merge into, and the edges between them.
struct proposal {
    int32_t target; // -1: nothing gains
    uint32_t weight;
};

// Gathers the neighbours of community `u` and picks the one that gains most,
// the smallest id of equals. Writes to `s` and of[u] alone; other threads may
// propose for other communities meanwhile. False: out of memory.
bool rabbit_propose(struct merging *m, struct scratch *s, int32_t u,
                    struct proposal *out);

// The gain in modularity, up to a positive factor, if communities of these
// strengths with `weight` edges between them become one; rounded up to a whole
// number at lower resolutions, which leaves its sign as it is. With W < 2^32
// entries, weight <= W / 2 and a + b <= W, so both products are below 2^63.
enum { RABBIT_MAX_SHIFT = 34 };

static inline int64_t merge_gain(const struct merging *m, uint32_t weight,
                                 uint32_t a, uint32_t b)
{
    return (int64_t)((uint64_t)m->g->n_edges * weight) -
           (int64_t)(((uint64_t)a * b) >> m->shift);
}

// Threads that only look may shorten paths at the same time: the root that they
// find is the same, whichever shortcut they see.
int32_t rabbit_far_root(int32_t *dest, int32_t v);

// Hardly any path has more than two steps, so that is the one branch that has
// to be guessed while dest[v] is still on its way from memory.
static inline int32_t rabbit_root(int32_t *dest, int32_t v)
{
    int32_t p = __atomic_load_n(&dest[v], __ATOMIC_RELAXED);
    int32_t q = __atomic_load_n(&dest[p], __ATOMIC_RELAXED);
    if (__builtin_expect(__atomic_load_n(&dest[q], __ATOMIC_RELAXED) != q, 0))
        return rabbit_far_root(dest, v);
    return q;
}

struct root {
    uint32_t strength;
    int32_t id;
};

// ---- a run ------------------------------------------------------------------

struct rabbit_run {
    struct merging m;
    struct scratch *scratch; // [n_threads]
    int n_threads;
    struct crew crew;
    struct arena arena;
    struct pieces pieces; // merged by one thread each
    int32_t *visit; // nodes, or roots of communities, still to choose
    int64_t n_visit;
    int32_t *batch; // of `visit`, and what is to be tried again
    int64_t n_batch;
    struct proposal *proposal;
    struct root *roots; // of what is still to choose
    int64_t n_linked;   // nodes with edges, outside pieces
    struct rabbit out;
    bool done;
};

// Gives out.perm, trees in the order of their smallest node, small components
// after the others; nodes without edges last.
void rabbit_number_nodes(struct rabbit_run *r);

// Then out.top, from roots to numbers in the order of perm.
void rabbit_number_communities(struct rabbit_run *r);

#endif
