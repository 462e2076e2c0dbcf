// New ids, from the forest of who merged into whom.
#include "order/rabbit_state.h"

// Children in the order in which they came; a stack of nodes, since a forest
// can be as deep as it has nodes.
static int64_t number_tree(const struct merging *m, int32_t root, int64_t next,
                           int32_t *stack, int32_t *perm)
{
    int64_t n = 0;
    stack[n++] = root;
    while (n > 0) {
        int32_t v = stack[--n];
        perm[v] = (int32_t)next++;
        for (int32_t c = m->of[v].newest; c >= 0; c = m->of[c].older)
            stack[n++] = c;
    }
    return next;
}

static int64_t number_trees(struct rabbit_run *r, const int32_t *nodes,
                            int64_t n, int64_t next, int32_t *stack)
{
    for (int64_t i = 0; i < n; i++) {
        int32_t v = nodes ? nodes[i] : (int32_t)i;
        if (r->m.strength[v] > 0 && r->out.perm[v] < 0 &&
            (nodes || !r->pieces.root || r->pieces.root[v] < 0))
            next = number_tree(&r->m, rabbit_root(r->m.dest, v), next, stack,
                               r->out.perm);
    }
    return next;
}

static void number_pieces(void *arg, int member, int64_t begin, int64_t end)
{
    struct rabbit_run *r = arg;
    int64_t first = r->pieces.begin[begin], n = r->pieces.begin[end] - first;
    (void)member;
    number_trees(r, r->pieces.nodes + first, n, r->n_visit + first,
                 r->batch + first);
}

void rabbit_number_nodes(struct rabbit_run *r)
{
    int64_t n = r->m.g->n_nodes;
    int64_t next = number_trees(r, NULL, n, 0, r->batch);
    r->n_visit = next;
    if (r->pieces.n > 0) {
        crew_each(&r->crew, r->pieces.n, n, number_pieces, r);
        next += r->pieces.begin[r->pieces.n];
    }
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
