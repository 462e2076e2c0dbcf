// A graph of communities at one level of Leiden: what its phases share.
#ifndef GNNAC_LEIDEN_STATE_H
#define GNNAC_LEIDEN_STATE_H

#include <stdbool.h>

#include "graph/csr.h"
#include "order/arena.h"
#include "order/crew.h"
#include "order/partition.h"
#include "order/pieces.h"
#include "order/visit_order.h"

struct cell {
    int32_t id;
    uint32_t weight;
};

// Row v is [begin[v], end[v]); rows do not touch. The first level is the graph
// itself, whose weights are 1: it borrows `col` and has no cells.
struct level {
    int64_t n;
    const int64_t *begin, *end;
    const int32_t *col;
    struct cell *cell;
    uint32_t *strength; // [n], edges inside a node counted twice
    int64_t *rows;      // what begin and end are in, but at the first level
    int32_t *up;        // [n]: node of the level above; NULL at the top
};

static inline int64_t level_degree(const struct level *l, int64_t v)
{
    return l->end[v] - l->begin[v];
}

static inline int32_t level_neighbour(const struct level *l, int64_t e)
{
    return l->col ? l->col[e] : l->cell[e].id;
}

// A thread's own memory.
struct tally {
    uint32_t *weight; // [nodes of the graph], 0 between calls
    int32_t *found;   // [nodes of the graph + 1]
    int64_t n_found;
    int luck;      // how often nodes were settled lately
    unsigned turn; // since that was too seldom
    char apart[64]; // no line of memory is shared with the next thread's
};

// Where a node wants to be, and its edges there and to where it is.
struct choice {
    int32_t target;
    uint32_t weight, own;
};

enum { LEIDEN_MAX_LEVELS = 64 };

// Arrays have room for every node of the graph; those of a level use its n.
struct leiden_run {
    const struct csr *g; // borrowed
    int n_threads;
    struct crew crew;
    struct arena arena; // what all the pointers below are in
    struct pieces pieces; // known from the start: each is a community
    struct tally *tally;                  // [n_threads]
    struct level levels[LEIDEN_MAX_LEVELS]; // from the graph upwards
    int n_levels;
    struct level *level; // the one being worked on
    int32_t *comm;       // community of a node: any id below n
    uint32_t *sum;       // of strengths, by community; 0: nobody is there
    int32_t *part;       // refined community: the id of one of its nodes
    uint32_t *part_sum;
    const int32_t *order; // how nodes are visited
    int64_t n_order;
    int64_t quota;       // work of a batch of the level being worked on
    int32_t *visit;      // that of the graph itself
    int64_t n_visit;
    int32_t *ids;        // that of the levels above: ids that have edges
    bool joining;        // parts are built before there are communities
    int32_t *batch;      // who chooses,
    int64_t n_batch;
    struct choice *choice; // and what
    int32_t *node;       // of the level above or below
    int64_t *start;      // [n + 1]: of a part's members in `batch`
    char *stale;         // a neighbour moved since the node last chose
    int32_t *left, *joined; // by community: the last batch in which one did
    int32_t n_batches;   // so far
    int32_t *result;     // [nodes of the graph]: number of a community
    int64_t n_communities;
    bool done;
};

// ---- gains ------------------------------------------------------------------

// How good it is for a node of strength `k` with `weight` edges to a community
// to be in it; `sum` is of the others in there; 0 is to be alone. Exact: with W
// < 2^32 entries, weight <= W / 2 and k + sum <= W, so both products stay below
// 2^63.
static inline int64_t leiden_score(const struct leiden_run *r, uint32_t weight,
                                   uint32_t k, uint32_t sum)
{
    return (int64_t)((uint64_t)r->g->n_edges * weight) -
           (int64_t)((uint64_t)k * sum);
}

// ---- phases -----------------------------------------------------------------

// Every node to the community that gains most, `n_sweeps` times over.
void leiden_move(struct leiden_run *r, int n_sweeps);

// The same once; then those whose neighbours moved, until few did or `n_sweeps`
// are over.
void leiden_settle(struct leiden_run *r, int n_sweeps);

// Build every community anew from single nodes: fills part and part_sum.
void leiden_refine(struct leiden_run *r);

// The same as if all nodes were one community; then the parts are communities.
void leiden_join(struct leiden_run *r);

// Every community as one part.
void leiden_take_whole(struct leiden_run *r);

// The parts become the nodes of a level above, which is the one being worked on
// from now; their communities stay. False: out of memory.
bool leiden_ascend(struct leiden_run *r);

// Back to the level below, whose nodes take over the communities.
void leiden_descend(struct leiden_run *r);

#endif
