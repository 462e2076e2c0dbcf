// Refinement: which parts a community consists of.
#include "order/leiden_state.h"
#include "order/visit_order.h"

static void tally_inside(const struct leiden_run *r, struct tally *t, int32_t u)
{
    const struct level *l = r->level;
    int32_t own = r->comm[u];
    for (int64_t e = l->begin[u]; e < l->end[u]; e++) {
        int32_t v = level_neighbour(l, e);
        if (r->comm[v] == own)
            tally_add(t, r->part[v], l->col ? 1 : l->cell[e].weight);
    }
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
    return leiden_score(r, inside, k, r->sum[r->comm[u]] - k) >= 0 ? best : -1;
}

static void choose(void *arg, int member, int64_t begin, int64_t end)
{
    struct leiden_run *r = arg;
    for (int64_t i = begin; i < end; i++)
        r->choice[i].target = best_part(r, &r->tally[member], r->batch[i]);
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

void leiden_refine(struct leiden_run *r)
{
    const struct level *l = r->level;
    int64_t total = 0, at = 0;
    for (int64_t v = 0; v < l->n; v++) {
        r->part[v] = (int32_t)v;
        r->part_sum[v] = l->strength[v];
        total += visit_work(level_degree(l, v));
    }
    int64_t quota = visit_quota(total);
    while (at < r->n_order) {
        int64_t n = 0, work = 0;
        for (; at < r->n_order && work < quota; at++) {
            int32_t u = r->order[at];
            if (!is_single(r, u))
                continue;
            work += visit_work(level_degree(l, u));
            r->batch[n++] = u;
        }
        crew_each(&r->crew, n, work, choose, r);
        carry_out(r, n);
    }
}
