// Local moving.
#include <string.h>

#include "order/leiden_state.h"
#include "order/visit_order.h"

// Where node u wants to be: the community of the best score, its own one of
// equals, then the smallest id. Alone again if every community is worse.
static struct choice best_community(const struct leiden_run *r, struct tally *t,
                                    int32_t u)
{
    uint32_t k = r->level->strength[u];
    int32_t own = r->comm[u], best = own, ahead_of = -1;
    t->n_found = 0;
    tally_row(r->level, t, r->comm, u);
    uint32_t weight = t->weight[own], most_weight = weight;
    int64_t most = leiden_score(r, weight, k, r->sum[own] - k);
    struct choice c = {.own = weight};
    t->weight[own] = 0; // seen again, it is worse than it was
    // No branches: which community is better is hard to guess.
    for (int64_t i = 0; i < t->n_found; i++) {
        int32_t id = t->found[i];
        weight = t->weight[id];
        t->weight[id] = 0;
        uint32_t others = r->sum[id] - (id == own ? k : 0);
        int64_t score = leiden_score(r, weight, k, others);
        bool better = (score > most) | ((score == most) & (id < ahead_of));
        most = better ? score : most;
        most_weight = better ? weight : most_weight;
        best = better ? id : best;
        ahead_of = better ? id : ahead_of;
    }
    c.target = best;
    c.weight = most_weight;
    if (most < 0 && r->sum[u] == 0) {
        c.target = u;
        c.weight = 0;
    }
    return c;
}

static void choose(void *arg, int member, int64_t begin, int64_t end)
{
    struct leiden_run *r = arg;
    for (int64_t i = begin; i < end; i++)
        r->choice[i] = best_community(r, &r->tally[member], r->batch[i]);
}

// The choice was made before the others of the batch moved. It may be carried
// out where all that could have changed speaks for it: so every move gains, and
// moving comes to an end.
static bool still_gains(const struct leiden_run *r, int32_t u, struct choice c)
{
    int32_t from = r->comm[u];
    uint32_t k = r->level->strength[u];
    if (r->left[c.target] == r->n_batches || r->joined[from] == r->n_batches)
        return false;
    return leiden_score(r, c.weight, k, r->sum[c.target]) >
           leiden_score(r, c.own, k, r->sum[from] - k);
}

// Leaves in batch[0 .. result) who moved. A choice that is void is made again
// in the next sweep.
static int64_t carry_out(struct leiden_run *r, int64_t n)
{
    int64_t moved = 0;
    r->n_batches++;
    for (int64_t i = 0; i < n; i++) {
        int32_t u = r->batch[i], to = r->choice[i].target, from = r->comm[u];
        if (to == from)
            continue;
        if (!still_gains(r, u, r->choice[i])) {
            r->stale[u] = 1;
            continue;
        }
        r->comm[u] = to;
        r->sum[from] -= r->level->strength[u];
        r->sum[to] += r->level->strength[u];
        r->left[from] = r->joined[to] = r->n_batches;
        r->batch[moved++] = u;
    }
    return moved;
}

// Those that are elsewhere may now want to move, too.
static void wake_neighbours(struct leiden_run *r, int32_t u)
{
    const struct level *l = r->level;
    int32_t own = r->comm[u];
    for (int64_t e = l->begin[u]; e < l->end[u]; e++) {
        int32_t v = level_neighbour(l, e);
        if (r->comm[v] != own)
            __atomic_store_n(&r->stale[v], 1, __ATOMIC_RELAXED);
    }
}

static void wake(void *arg, int member, int64_t begin, int64_t end)
{
    struct leiden_run *r = arg;
    (void)member;
    for (int64_t i = begin; i < end; i++)
        wake_neighbours(r, r->batch[i]);
}

// The stale ones choose; who moves wakes its neighbours if `waking`. The number
// of moves.
static int64_t sweep(struct leiden_run *r, int64_t quota, bool waking)
{
    int64_t at = 0, moves = 0;
    while (at < r->n_order) {
        int64_t n = 0, work = 0;
        for (; at < r->n_order && work < quota; at++) {
            int32_t u = r->order[at];
            if (!r->stale[u])
                continue;
            r->stale[u] = 0;
            work += visit_work(level_degree(r->level, u));
            r->batch[n++] = u;
        }
        crew_each(&r->crew, n, work, choose, r);
        n = carry_out(r, n);
        if (waking)
            crew_each(&r->crew, n, work, wake, r);
        moves += n;
    }
    return moves;
}

int64_t leiden_quota(const struct leiden_run *r)
{
    int64_t work = 0;
    for (int64_t i = 0; i < r->n_order; i++)
        work += visit_work(level_degree(r->level, r->order[i]));
    return visit_quota(work);
}

static void wake_everyone(struct leiden_run *r)
{
    memset(r->stale, 1, (size_t)r->level->n);
}

void leiden_move(struct leiden_run *r, int n_sweeps)
{
    int64_t quota = leiden_quota(r);
    for (int i = 0; i < n_sweeps; i++) {
        wake_everyone(r);
        if (sweep(r, quota, false) == 0)
            return;
    }
}

// Fewer moves than one in so many nodes are not worth another sweep.
enum { FEW = 200 };

void leiden_settle(struct leiden_run *r, int n_sweeps)
{
    int64_t quota = leiden_quota(r);
    wake_everyone(r);
    for (int i = 0; i < n_sweeps; i++)
        if (sweep(r, quota, true) <= r->n_order / FEW)
            return;
}
