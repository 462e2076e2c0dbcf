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

static void finish_run(struct leiden_run *r)
{
    for (int t = 0; r->tally && t < r->n_threads; t++) {
        free(r->tally[t].weight);
        free(r->tally[t].found);
    }
    void *arrays[] = {r->tally, r->comm,   r->sum,  r->part,  r->part_sum,
                      r->visit, r->ids,  r->batch, r->node, r->stale,
                      r->choice, r->left, r->joined};
    for (size_t i = 0; i < sizeof(arrays) / sizeof(arrays[0]); i++)
        free(arrays[i]);
    pieces_finish(&r->pieces);
    for (int i = 0; i < r->n_levels; i++)
        level_finish(&r->levels[i]);
}

static bool allocate(struct leiden_run *r)
{
    int64_t n = r->g->n_nodes;
    r->tally = calloc_array(r->n_threads, sizeof(*r->tally));
    r->level->strength = alloc_array(n, sizeof(*r->level->strength));
    r->comm = alloc_array(n, sizeof(*r->comm));
    r->sum = alloc_array(n, sizeof(*r->sum));
    r->part = alloc_array(n, sizeof(*r->part));
    r->part_sum = alloc_array(n, sizeof(*r->part_sum));
    r->visit = alloc_array(n, sizeof(*r->visit));
    r->ids = alloc_array(n, sizeof(*r->ids));
    r->batch = alloc_array(n, sizeof(*r->batch));
    r->node = alloc_array(n, sizeof(*r->node));
    r->stale = calloc_array(n, sizeof(*r->stale));
    r->choice = alloc_array(n, sizeof(*r->choice));
    r->left = calloc_array(n, sizeof(*r->left));
    r->joined = calloc_array(n, sizeof(*r->joined));
    bool ok = r->tally && r->level->strength && r->comm && r->sum && r->part &&
              r->part_sum && r->visit && r->ids && r->batch && r->node &&
              r->stale && r->choice && r->left && r->joined;
    for (int t = 0; ok && t < r->n_threads; t++) {
        r->tally[t].weight = calloc_array(n, sizeof(*r->tally[t].weight));
        r->tally[t].found = alloc_array(n + 1, sizeof(*r->tally[t].found));
        ok = r->tally[t].weight && r->tally[t].found;
    }
    return ok;
}

static gnnac_status out_of_memory(const struct csr *g, gnnac_error *err)
{
    return FAIL(err, GNNAC_ENOMEM, "out of memory for %lld edges",
                (long long)g->n_edges);
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
static gnnac_status start(struct leiden_run *r)
{
    const struct csr *g = r->g;
    struct level *l = r->level;
    l->n = g->n_nodes;
    l->begin = g->rowptr;
    l->end = g->rowptr + 1;
    l->col = g->colidx;
    crew_each(&r->crew, l->n, l->n, set_single, r);
    merge_pieces(r);
    return visit_order(g, r->pieces.root, r->visit, &r->n_visit, r->err);
}

// At first as rabbit.c does; above, the ids are in such an order already.
static void order_nodes(struct leiden_run *r)
{
    r->order = r->level->col ? r->visit : r->ids;
    r->n_order = r->level->col ? r->n_visit : 0;
    for (int64_t v = 0; !r->level->col && v < r->level->n; v++)
        if (level_degree(r->level, v) > 0)
            r->ids[r->n_order++] = (int32_t)v;
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

static gnnac_status go_up(struct leiden_run *r)
{
    for (;;) {
        order_nodes(r);
        if (r->n_order == 0)
            return GNNAC_OK;
        build_parts(r);
        if (all_parts_single(r) || r->n_levels == LEIDEN_MAX_LEVELS)
            return GNNAC_OK;
        if (!leiden_ascend(r))
            return out_of_memory(r->g, r->err);
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

// A community in which some have no path to the others falls into pieces, which
// only gains. Every piece is named after its smallest node.
static void split_communities(const struct csr *g, const int32_t *comm,
                              int32_t *piece)
{
    for (int64_t v = 0; v < g->n_nodes; v++)
        piece[v] = (int32_t)v;
    for (int64_t v = 0; v < g->n_nodes; v++)
        for (int64_t e = g->rowptr[v]; e < g->rowptr[v + 1]; e++) {
            int32_t u = g->colidx[e];
            if (u > v)
                break;
            if (comm[u] != comm[v] || piece[u] == piece[v])
                continue;
            int32_t a = find(piece, u), b = find(piece, (int32_t)v);
            piece[a > b ? a : b] = a > b ? b : a;
        }
}

// Takes r->part over.
static void number_communities(struct leiden_run *r, struct partition *out)
{
    int32_t *of = r->part, n = 0;
    split_communities(r->g, r->comm, of);
    for (int64_t v = 0; v < r->g->n_nodes; v++)
        of[v] = of[v] == v ? n++ : of[of[v]];
    *out = (struct partition){r->g->n_nodes, n, of};
    r->part = NULL;
}

static void lead(void *arg)
{
    struct leiden_run *r = arg;
    r->status = start(r);
    if (r->status == GNNAC_OK)
        r->status = go_up(r);
    if (r->status != GNNAC_OK)
        return;
    go_down(r);
    number_communities(r, r->out);
}

gnnac_status leiden(const struct csr *g, int n_threads, struct partition *out,
                    gnnac_error *err)
{
    struct leiden_run r = {.g = g, .n_threads = visit_threads(g, n_threads),
                           .n_levels = 1, .level = r.levels, .out = out,
                           .err = err};
    if (g->n_edges > UINT32_MAX)
        return FAIL(err, GNNAC_EUNSUPPORTED,
                    "communities of more than 2^32 - 1 edges");
    r.status = pieces_find(g, &r.pieces, err);
    if (r.status == GNNAC_OK && !allocate(&r))
        r.status = out_of_memory(g, err);
    if (r.status == GNNAC_OK)
        crew_run(&r.crew, r.n_threads, lead, &r);
    finish_run(&r);
    return r.status;
}
