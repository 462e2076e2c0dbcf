// Refinement: which parts a community consists of.
#include <string.h>

#include "order/leiden_tally.h"
#include "order/visit_order.h"

static void tally_inside(const struct leiden_run *r, struct tally *t, int32_t u)
{
    const struct level *l = r->level;
    int32_t own = r->comm[u];
    int64_t n = t->n_found;
    for (int64_t e = l->begin[u]; e < l->end[u]; e++) {
        int32_t v = level_neighbour(l, e);
        if (r->comm[v] == own)
            n = tally_add(t->weight, t->found, n, r->part[v],
                          l->col ? 1 : l->cell[e].weight);
    }
    t->n_found = n;
}

static bool is_single(const struct leiden_run *r, int32_t u)
{
    return r->part[u] == u && r->part_sum[u] == r->level->strength[u];
}

// The part of its community that single node u gains most from joining, the
// smallest id of equals; -1: none. A node that the rest of its community does
// not hold stays alone.
static int32_t best_part(const struct leiden_run *r, struct tally *t, int32_t u)
{
    uint32_t k = r->level->strength[u], inside = 0;
    int32_t best = -1;
    int64_t most = 0;
    t->n_found = 0;
    if (r->joining)
        tally_row(r->level, t, r->part, u);
    else
        tally_inside(r, t, u);
    for (int64_t i = 0; i < t->n_found; i++) {
        int32_t id = t->found[i];
        uint32_t weight = t->weight[id];
        t->weight[id] = 0;
        inside += weight;
        int64_t score = leiden_score(r, weight, k, r->part_sum[id]);
        if (score > most || (score == most && best >= 0 && id < best)) {
            most = score;
            best = id;
        }
    }
    if (r->joining)
        return best;
    return leiden_score(r, inside, k, r->sum[r->comm[u]] - k) >= 0 ? best : -1;
}

static void choose(void *arg, int member, int64_t begin, int64_t end)
{
    struct leiden_run *r = arg;
    for (int64_t i = begin; i < end; i++) {
        leiden_fetch(r->level, r->part, r->batch, i, r->n_batch);
        r->choice[i].target = best_part(r, &r->tally[member], r->batch[i]);
    }
}

// Only single nodes move, and what others have joined stays: a part grows by
// its neighbours alone, so it is connected. Where the target has itself joined
// a part, that one is as near.
static void carry_out(struct leiden_run *r, int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        int32_t u = r->batch[i];
        if (r->choice[i].target < 0 || !is_single(r, u))
            continue;
        int32_t to = r->part[r->choice[i].target];
        if (to == u)
            continue;
        r->part[u] = to;
        r->part_sum[to] += r->level->strength[u];
        r->part_sum[u] = 0;
    }
}

// Small components are parts already.
static void set_single(struct leiden_run *r)
{
    const struct level *l = r->level;
    const struct pieces *p = &r->pieces;
    for (int64_t v = 0; v < l->n; v++) {
        r->part[v] = (int32_t)v;
        r->part_sum[v] = l->strength[v];
    }
    for (int64_t i = 0; l->col && p->n > 0 && i < p->begin[p->n]; i++) {
        int32_t v = p->nodes[i], root = p->root[v];
        r->part[v] = root;
        r->part_sum[v] = v == root ? r->sum[root] : 0;
    }
}

void leiden_refine(struct leiden_run *r)
{
    int64_t at = 0;
    set_single(r);
    while (at < r->n_order) {
        int64_t n = 0, work = 0;
        for (; at < r->n_order && work < r->quota; at++) {
            int32_t u = r->order[at];
            if (!is_single(r, u))
                continue;
            work += visit_work(level_degree(r->level, u));
            r->batch[n++] = u;
        }
        r->n_batch = n;
        crew_each(&r->crew, n, work, choose, r);
        carry_out(r, n);
    }
}

void leiden_join(struct leiden_run *r)
{
    size_t n = (size_t)r->level->n;
    r->joining = true;
    leiden_refine(r);
    r->joining = false;
    memcpy(r->comm, r->part, n * sizeof(*r->comm));
    memcpy(r->sum, r->part_sum, n * sizeof(*r->sum));
}

// A part is named after its first node.
void leiden_take_whole(struct leiden_run *r)
{
    int32_t *first = r->node;
    memset(first, 0xff, (size_t)r->level->n * sizeof(*first));
    for (int64_t v = 0; v < r->level->n; v++) {
        int32_t c = r->comm[v];
        if (first[c] < 0) {
            first[c] = (int32_t)v;
            r->part_sum[v] = r->sum[c];
        }
        r->part[v] = first[c];
    }
}
