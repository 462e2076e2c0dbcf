// New ids, from the forest of who merged into whom: a tree is numbered from its
// root on, children in the order in which they came, so an id is that of the
// parent and the nodes which that had when the child came.
#include "order/rabbit_state.h"

// The next ids for the tree that `v` is in, unless it has some; returns how
// many.
static int32_t number_root(struct rabbit_run *r, int32_t v, int64_t next)
{
    int32_t root = rabbit_root(r->m.dest, v);
    if (r->out.perm[root] >= 0)
        return 0;
    r->out.perm[root] = (int32_t)next;
    return r->m.of[root].size;
}

// Trees in the order of their first nodes, until all of `end` nodes have ids.
static void number_roots(struct rabbit_run *r, int64_t end)
{
    const int32_t *piece = r->pieces.root;
    int64_t next = 0;
    for (int32_t v = 0; next < end; v++)
        if (r->m.strength[v] > 0 && (!piece || piece[v] < 0))
            next += number_root(r, v, next);
}

// A small component is a tree.
static void number_pieces(void *arg, int member, int64_t begin, int64_t end)
{
    struct rabbit_run *r = arg;
    const struct pieces *p = &r->pieces;
    (void)member;
    for (int64_t i = p->begin[begin]; i < p->begin[end]; i++)
        if (p->root[p->nodes[i]] == p->nodes[i])
            number_root(r, p->nodes[i], r->n_linked + i);
}

// Up to who has an id, and the same way again. Others may be under way on the
// same path: they write the same.
static void number_path(struct rabbit_run *r, int32_t v)
{
    int32_t *perm = r->out.perm, above, at = v, sum = 0;
    while ((above = __atomic_load_n(&perm[at], __ATOMIC_RELAXED)) < 0) {
        sum += r->m.of[at].before;
        at = r->m.parent[at];
    }
    for (int32_t id = above + sum; v != at; v = r->m.parent[v]) {
        __atomic_store_n(&perm[v], id, __ATOMIC_RELAXED);
        id -= r->m.of[v].before;
    }
}

static void number_paths(void *arg, int member, int64_t begin, int64_t end)
{
    struct rabbit_run *r = arg;
    (void)member;
    for (int64_t v = begin; v < end; v++)
        if (r->m.strength[v] > 0)
            number_path(r, (int32_t)v);
}

void rabbit_number_nodes(struct rabbit_run *r)
{
    int64_t n = r->m.g->n_nodes, next = r->n_linked;
    number_roots(r, next);
    if (r->pieces.n > 0) {
        crew_each(&r->crew, r->pieces.n, n, number_pieces, r);
        next += r->pieces.begin[r->pieces.n];
    }
    crew_each(&r->crew, n, n, number_paths, r);
    for (int64_t v = 0; next < n && v < n; v++)
        if (r->out.perm[v] < 0)
            r->out.perm[v] = (int32_t)next++;
}

static void invert(void *arg, int member, int64_t begin, int64_t end)
{
    struct rabbit_run *r = arg;
    (void)member;
    for (int64_t v = begin; v < end; v++)
        r->batch[r->out.perm[v]] = (int32_t)v;
}

// visit[i]: does a community begin with new id i?
static void find_begins(void *arg, int member, int64_t begin, int64_t end)
{
    struct rabbit_run *r = arg;
    const int32_t *root = r->out.top.of, *inverse = r->batch;
    (void)member;
    for (int64_t i = begin; i < end; i++)
        r->visit[i] = i == 0 || root[inverse[i]] != root[inverse[i - 1]];
}

static void take_numbers(void *arg, int member, int64_t begin, int64_t end)
{
    struct rabbit_run *r = arg;
    (void)member;
    for (int64_t v = begin; v < end; v++)
        r->out.top.of[v] = r->visit[r->out.perm[v]];
}

void rabbit_number_communities(struct rabbit_run *r)
{
    int64_t n = r->m.g->n_nodes;
    int32_t count = 0;
    crew_each(&r->crew, n, n, invert, r);
    crew_each(&r->crew, n, n, find_begins, r);
    for (int64_t i = 0; i < n; i++) {
        count += r->visit[i];
        r->visit[i] = count - 1;
    }
    crew_each(&r->crew, n, n, take_numbers, r);
    r->out.top.n_communities = count;
}
