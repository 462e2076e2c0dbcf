// Local moving.
#include <string.h>

#include "order/leiden_tally.h"
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

// ---- who need not look further ----------------------------------------------

// Edges to where the node is, and to elsewhere.
struct ties {
    uint32_t own, other;
};

static struct ties count_ties(const struct leiden_run *r, int32_t u)
{
    const struct level *l = r->level;
    int32_t own = r->comm[u];
    int64_t begin = l->begin[u], end = l->end[u];
    struct ties t = {0};
    if (l->col) {
        for (int64_t e = begin; e < end; e++)
            t.own += r->comm[l->col[e]] == own;
        t.other = (uint32_t)(end - begin) - t.own;
        return t;
    }
    for (int64_t e = begin; e < end; e++) {
        uint32_t inside = r->comm[l->cell[e].id] == own;
        t.own += l->cell[e].weight & -inside;
        t.other += l->cell[e].weight & (inside - 1);
    }
    return t;
}

// Would it stay even if all its other edges led to one community, of no other
// strength?
static bool is_settled(const struct leiden_run *r, int32_t u, struct ties t)
{
    uint32_t k = r->level->strength[u];
    return leiden_score(r, t.own, k, r->sum[r->comm[u]] - k) >=
           leiden_score(r, t.other, 0, 0);
}

// Counting takes a fifth of the time that looking at every community does: it
// is left out, but for a try now and then, while less than a quarter of the
// nodes turn out to be settled. The choice is the same.
static struct choice choose_one(struct leiden_run *r, struct tally *t,
                                int32_t u)
{
    enum { WON = 3, MOST = 48, TRY = 16 };
    if (t->luck == 0 && ++t->turn % TRY > 0)
        return best_community(r, t, u);
    struct ties ties = count_ties(r, u);
    if (is_settled(r, u, ties)) {
        t->luck = t->luck + WON < MOST ? t->luck + WON : MOST;
        return (struct choice){r->comm[u], ties.own, ties.own};
    }
    t->luck -= t->luck > 0;
    return best_community(r, t, u);
}

static void choose(void *arg, int member, int64_t begin, int64_t end)
{
    struct leiden_run *r = arg;
    for (int64_t i = begin; i < end; i++) {
        leiden_fetch(r->level, r->comm, r->batch, i, r->n_batch);
        r->choice[i] = choose_one(r, &r->tally[member], r->batch[i]);
    }
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
static int64_t sweep(struct leiden_run *r, bool waking)
{
    int64_t at = 0, moves = 0;
    while (at < r->n_order) {
        int64_t n = 0, work = 0;
        for (; at < r->n_order && work < r->quota; at++) {
            int32_t u = r->order[at];
            if (!r->stale[u])
                continue;
            r->stale[u] = 0;
            work += visit_work(level_degree(r->level, u));
            r->batch[n++] = u;
        }
        r->n_batch = n;
        crew_each(&r->crew, n, work, choose, r);
        n = carry_out(r, n);
        if (waking)
            crew_each(&r->crew, n, work, wake, r);
        moves += n;
    }
    return moves;
}

static void wake_everyone(struct leiden_run *r)
{
    memset(r->stale, 1, (size_t)r->level->n);
}

void leiden_move(struct leiden_run *r, int n_sweeps)
{
    for (int i = 0; i < n_sweeps; i++) {
        wake_everyone(r);
        if (sweep(r, false) == 0)
            return;
    }
}

// Fewer moves than one in so many nodes are not worth another sweep.
enum { FEW = 200 };

void leiden_settle(struct leiden_run *r, int n_sweeps)
{
    wake_everyone(r);
    for (int i = 0; i < n_sweeps; i++)
        if (sweep(r, true) <= r->n_order / FEW)
            return;
}
