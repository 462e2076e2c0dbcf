#include "order/leiden.h"

#include <stdlib.h>
#include <string.h>

#include "checked.h"
#include "order/leiden_state.h"
#include "order/visit_order.h"

// On the way up what a sweep leaves undone, one on the way back finds as well;
// there few nodes move after the first. Above levels that were only joined, all
// is small.
enum { SWEEPS_UP = 1, SWEEPS_ABOVE_JOINED = 2, SWEEPS_DOWN = 8 };

static bool allocate_tally(struct leiden_run *r, struct tally *t)
{
    int64_t n = r->g->n_nodes;
    t->weight = arena_take_zero(&r->arena, n, sizeof(*t->weight));
    t->found = arena_take(&r->arena, n + 1, sizeof(*t->found));
    return t->weight && t->found;
}

static bool allocate(struct leiden_run *r)
{
    int64_t n = r->g->n_nodes;
    struct arena *a = &r->arena;
    r->tally = arena_take_zero(a, r->n_threads, sizeof(*r->tally));
    r->level->strength = arena_take(a, n, sizeof(*r->level->strength));
    r->comm = arena_take(a, n, sizeof(*r->comm));
    r->sum = arena_take(a, n, sizeof(*r->sum));
    r->part = arena_take(a, n, sizeof(*r->part));
    r->part_sum = arena_take(a, n, sizeof(*r->part_sum));
    r->visit = arena_take(a, n, sizeof(*r->visit));
    r->ids = arena_take(a, n, sizeof(*r->ids));
    r->batch = arena_take(a, n, sizeof(*r->batch));
    r->node = arena_take(a, n, sizeof(*r->node));
    r->start = arena_take(a, n + 1, sizeof(*r->start));
    r->stale = arena_take_zero(a, n, sizeof(*r->stale));
    r->choice = arena_take(a, n, sizeof(*r->choice));
    r->left = arena_take_zero(a, n, sizeof(*r->left));
    r->joined = arena_take_zero(a, n, sizeof(*r->joined));
    r->result = alloc_array(n, sizeof(*r->result));
    bool ok = r->tally && r->level->strength && r->comm && r->sum && r->part &&
              r->part_sum && r->visit && r->ids && r->batch && r->node &&
              r->start && r->stale && r->choice && r->left && r->joined &&
              r->result;
    for (int t = 0; ok && t < r->n_threads; t++)
        ok = allocate_tally(r, &r->tally[t]);
    return ok;
}

static void set_single(void *arg, int member, int64_t begin, int64_t end)
{
    struct leiden_run *r = arg;
    (void)member;
    for (int64_t v = begin; v < end; v++) {
        r->comm[v] = (int32_t)v;
        r->sum[v] = r->level->strength[v] = (uint32_t)level_degree(r->level, v);
    }
}

static void merge_pieces(struct leiden_run *r)
{
    const struct pieces *p = &r->pieces;
    for (int64_t i = 0; p->n > 0 && i < p->begin[p->n]; i++) {
        int32_t v = p->nodes[i], root = p->root[v];
        if (v == root)
            continue;
        r->comm[v] = root;
        r->sum[root] += r->sum[v];
        r->sum[v] = 0;
    }
}

// Each node is a community, and each small component.
static bool start(struct leiden_run *r)
{
    const struct csr *g = r->g;
    struct level *l = r->level;
    if (!allocate(r) || !pieces_find(g, &r->crew, &r->arena, &r->pieces))
        return false;
    l->n = g->n_nodes;
    l->begin = g->rowptr;
    l->end = g->rowptr + 1;
    l->col = g->colidx;
    crew_each(&r->crew, l->n, l->n, set_single, r);
    merge_pieces(r);
    return visit_order(g, r->pieces.root, &r->arena, r->visit, &r->n_visit);
}

// At first as rabbit.c does; above, the ids are in such an order already.
static void order_nodes(struct leiden_run *r)
{
    int64_t work = 0;
    r->order = r->level->col ? r->visit : r->ids;
    r->n_order = r->level->col ? r->n_visit : 0;
    for (int64_t v = 0; !r->level->col && v < r->level->n; v++)
        if (level_degree(r->level, v) > 0)
            r->ids[r->n_order++] = (int32_t)v;
    for (int64_t i = 0; i < r->n_order; i++)
        work += visit_work(level_degree(r->level, r->order[i]));
    r->quota = visit_quota(work);
}

static bool all_parts_single(const struct leiden_run *r)
{
    for (int64_t v = 0; v < r->level->n; v++)
        if (r->part[v] != v)
            return false;
    return true;
}

// Rows are short, and there are still many.
static bool only_join(const struct leiden_run *r)
{
    enum { MANY = 8 };
    return rows_are_short(r->g) && r->level->n > r->g->n_nodes / MANY;
}

// Refinement keeps the graph large; where nodes cost little in comparison with
// their edges, it is worth that even at first.
static bool take_whole(const struct leiden_run *r)
{
    enum { LONG_ROWS = 32 };
    return r->level->col && r->g->n_edges < LONG_ROWS * r->g->n_nodes;
}

static void build_parts(struct leiden_run *r)
{
    if (r->level->col || only_join(r))
        leiden_join(r);
    if (only_join(r))
        return;
    leiden_move(r, rows_are_short(r->g) ? SWEEPS_ABOVE_JOINED : SWEEPS_UP);
    if (take_whole(r))
        leiden_take_whole(r);
    else
        leiden_refine(r);
}

static bool go_up(struct leiden_run *r)
{
    for (;;) {
        order_nodes(r);
        if (r->n_order == 0)
            return true;
        build_parts(r);
        if (all_parts_single(r) || r->n_levels == LEIDEN_MAX_LEVELS)
            return true;
        if (!leiden_ascend(r))
            return false;
    }
}

static void go_down(struct leiden_run *r)
{
    leiden_settle(r, SWEEPS_DOWN);
    while (r->n_levels > 1) {
        leiden_descend(r);
        order_nodes(r);
        leiden_settle(r, SWEEPS_DOWN);
    }
}

// ---- the result -------------------------------------------------------------

static int32_t find(int32_t *up, int32_t v)
{
    while (up[v] != v)
        v = up[v] = up[up[v]];
    return v;
}

// The neighbours of `v` with smaller ids that are in its community. Without a
// branch: which are is hard to guess.
static int64_t find_fellows(const struct csr *g, const int32_t *comm, int32_t v,
                            int32_t *fellow)
{
    int32_t own = comm[v];
    int64_t n = 0;
    for (int64_t e = g->rowptr[v]; e < g->rowptr[v + 1]; e++) {
        int32_t u = g->colidx[e];
        if (u > v)
            break;
        fellow[n] = u;
        n += comm[u] == own;
    }
    return n;
}

// A community in which some have no path to the others falls into pieces, which
// only gains. Every piece is named after its smallest node. `fellow` has room
// for every node.
static void split_communities(const struct csr *g, const int32_t *comm,
                              int32_t *piece, int32_t *fellow)
{
    for (int32_t v = 0; v < g->n_nodes; v++) {
        int64_t n = find_fellows(g, comm, v, fellow);
        piece[v] = n > 0 ? find(piece, fellow[0]) : v;
        for (int64_t i = 1; i < n; i++) {
            if (piece[fellow[i]] == piece[v])
                continue;
            int32_t a = find(piece, fellow[i]), b = find(piece, v);
            piece[a > b ? a : b] = a > b ? b : a;
        }
    }
}

static void number_communities(struct leiden_run *r)
{
    int32_t *of = r->result, n = 0;
    split_communities(r->g, r->comm, of, r->part);
    for (int64_t v = 0; v < r->g->n_nodes; v++)
        of[v] = of[v] == v ? n++ : of[of[v]];
    r->n_communities = n;
}

static void lead(void *arg)
{
    struct leiden_run *r = arg;
    if (!start(r) || !go_up(r))
        return;
    go_down(r);
    number_communities(r);
    r->done = true;
}

gnnac_status leiden(const struct csr *g, int n_threads, struct partition *out,
                    gnnac_error *err)
{
    struct leiden_run r = {.g = g, .n_threads = visit_threads(g, n_threads),
                           .n_levels = 1, .level = r.levels};
    if (g->n_edges > UINT32_MAX)
        return FAIL(err, GNNAC_EUNSUPPORTED,
                    "communities of more than 2^32 - 1 edges");
    crew_run(&r.crew, r.n_threads, lead, &r);
    arena_finish(&r.arena);
    if (r.done) {
        *out = (struct partition){g->n_nodes, r.n_communities, r.result};
        return GNNAC_OK;
    }
    free(r.result);
    return FAIL(err, GNNAC_ENOMEM, "out of memory for %lld edges",
                (long long)g->n_edges);
}
