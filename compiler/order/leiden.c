#include "order/leiden.h"

#include <stdlib.h>
#include <string.h>

#include "checked.h"
#include "order/leiden_state.h"
#include "order/visit_order.h"

// On the way up the second sweep still gains much, a third less than it costs;
// on the way back few nodes move.
enum { SWEEPS_UP = 2, SWEEPS_DOWN = 4 };

static void finish_run(struct leiden_run *r)
{
    for (int t = 0; r->tally && t < r->n_threads; t++) {
        free(r->tally[t].weight);
        free(r->tally[t].found);
    }
    void *arrays[] = {r->tally, r->comm,   r->sum,  r->part,  r->part_sum,
                      r->order, r->batch,  r->node, r->stale, r->choice,
                      r->left,  r->joined};
    for (size_t i = 0; i < sizeof(arrays) / sizeof(arrays[0]); i++)
        free(arrays[i]);
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
    r->order = alloc_array(n, sizeof(*r->order));
    r->batch = alloc_array(n, sizeof(*r->batch));
    r->node = alloc_array(n, sizeof(*r->node));
    r->stale = calloc_array(n, sizeof(*r->stale));
    r->choice = alloc_array(n, sizeof(*r->choice));
    r->left = calloc_array(n, sizeof(*r->left));
    r->joined = calloc_array(n, sizeof(*r->joined));
    bool ok = r->tally && r->level->strength && r->comm && r->sum && r->part &&
              r->part_sum && r->order && r->batch && r->node && r->stale &&
              r->choice && r->left && r->joined;
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

// Each node is a community.
static void start(struct leiden_run *r)
{
    const struct csr *g = r->g;
    struct level *l = r->level;
    l->n = g->n_nodes;
    l->begin = g->rowptr;
    l->end = g->rowptr + 1;
    l->col = g->colidx;
    crew_each(&r->crew, l->n, l->n, set_single, r);
}

// At first as rabbit.c does; above, the ids are in such an order already.
static gnnac_status order_nodes(struct leiden_run *r, gnnac_error *err)
{
    if (r->level->col)
        return visit_order(r->g, NULL, r->order, &r->n_order, err);
    r->n_order = 0;
    for (int64_t v = 0; v < r->level->n; v++)
        if (level_degree(r->level, v) > 0)
            r->order[r->n_order++] = (int32_t)v;
    return GNNAC_OK;
}

static bool all_parts_single(const struct leiden_run *r)
{
    for (int64_t v = 0; v < r->level->n; v++)
        if (r->part[v] != v)
            return false;
    return true;
}

static gnnac_status go_up(struct leiden_run *r, gnnac_error *err)
{
    for (;;) {
        gnnac_status st = order_nodes(r, err);
        if (st != GNNAC_OK)
            return st;
        leiden_move(r, SWEEPS_UP);
        leiden_refine(r);
        if (all_parts_single(r) || r->n_levels == LEIDEN_MAX_LEVELS)
            return GNNAC_OK;
        if (!leiden_ascend(r))
            return out_of_memory(r->g, err);
    }
}

static gnnac_status go_down(struct leiden_run *r, gnnac_error *err)
{
    leiden_settle(r, SWEEPS_DOWN);
    while (r->n_levels > 1) {
        leiden_descend(r);
        gnnac_status st = order_nodes(r, err);
        if (st != GNNAC_OK)
            return st;
        leiden_settle(r, SWEEPS_DOWN);
    }
    return GNNAC_OK;
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
            if (u > v || comm[u] != comm[v])
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
    start(r);
    r->status = go_up(r, r->err);
    if (r->status == GNNAC_OK)
        r->status = go_down(r, r->err);
    if (r->status == GNNAC_OK)
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
    if (allocate(&r))
        crew_run(&r.crew, r.n_threads, lead, &r);
    else
        r.status = out_of_memory(g, err);
    finish_run(&r);
    return r.status;
}
