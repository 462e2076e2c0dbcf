#include "order/rabbit.h"

#include <omp.h>
#include <stdlib.h>
#include <string.h>

#include "checked.h"
#include "order/rabbit_state.h"
#include "order/visit_order.h"

void rabbit_finish(struct rabbit *r)
{
    partition_finish(&r->top);
    free(r->perm);
    free(r->parent);
    *r = (struct rabbit){0};
}

struct rabbit_run {
    struct merging m;
    struct scratch *scratch; // [n_threads]
    int n_threads;
    int32_t *visit; // nodes, or roots of communities, still to choose
    int64_t n_visit;
    int32_t *batch; // of `visit`, and what is to be tried again
    struct proposal *proposal;
};

static void finish_run(struct rabbit_run *r)
{
    for (int t = 0; r->scratch && t < r->n_threads; t++)
        scratch_finish(&r->scratch[t]);
    free(r->scratch);
    free(r->m.dest);
    free(r->m.parent);
    free(r->m.strength);
    free(r->m.of);
    free(r->visit);
    free(r->batch);
    free(r->proposal);
}

static bool allocate(struct rabbit_run *r)
{
    int64_t n = r->m.g->n_nodes;
    r->scratch = calloc_array(r->n_threads, sizeof(*r->scratch));
    r->m.dest = alloc_array(n, sizeof(*r->m.dest));
    r->m.parent = alloc_array(n, sizeof(*r->m.parent));
    r->m.strength = alloc_array(n, sizeof(*r->m.strength));
    r->m.of = alloc_array(n, sizeof(*r->m.of));
    r->visit = alloc_array(n, sizeof(*r->visit));
    r->batch = alloc_array(n, sizeof(*r->batch));
    r->proposal = alloc_array(n, sizeof(*r->proposal));
    bool ok = r->scratch && r->m.dest && r->m.parent && r->m.strength &&
              r->m.of && r->visit && r->batch && r->proposal;
    for (int t = 0; ok && t < r->n_threads; t++)
        ok = scratch_init(&r->scratch[t], n);
    return ok;
}

static gnnac_status start(struct rabbit_run *r, gnnac_error *err)
{
    const struct csr *g = r->m.g;
    if (!allocate(r))
        return FAIL(err, GNNAC_ENOMEM, "out of memory for %lld nodes",
                    (long long)g->n_nodes);
#pragma omp parallel for schedule(static) num_threads(r->n_threads)
    for (int64_t v = 0; v < g->n_nodes; v++) {
        r->m.dest[v] = (int32_t)v;
        r->m.parent[v] = -1;
        r->m.strength[v] = (uint32_t)csr_degree(g, v);
        r->m.of[v] = (struct member){.newest = -1, .older = -1, .gathered = -1};
    }
    return visit_order(g, r->visit, &r->n_visit, err);
}

// ---- merging ----------------------------------------------------------------

static int64_t work_of(const struct merging *m, int32_t v)
{
    const struct member *u = &m->of[v];
    return visit_work(u->cells ? u->n_cells : csr_degree(m->g, v));
}

// How far ahead of its use a node's memory is asked for.
enum { FAR = 16, NEAR = 6 };

static void fetch_node(const struct merging *m, int32_t v)
{
    __builtin_prefetch(&m->of[v]);
    __builtin_prefetch(&m->g->rowptr[v]);
}

static void fetch_row(const struct merging *m, int32_t v)
{
    enum { FIRST = 4 };
    int64_t begin = m->g->rowptr[v], end = m->g->rowptr[v + 1];
    for (int64_t e = begin; e < end && e < begin + FIRST; e++) {
        __builtin_prefetch(&m->dest[m->g->colidx[e]]);
        __builtin_prefetch(&m->strength[m->g->colidx[e]]);
    }
}

// What batch[i] will look at soon, where nobody writes meanwhile.
static void fetch_ahead(const struct rabbit_run *r, int64_t i, int64_t n)
{
    const struct merging *m = &r->m;
    if (i + FAR < n) {
        int32_t v = r->batch[i + FAR], child = m->of[v].newest;
        __builtin_prefetch(&m->g->colidx[m->g->rowptr[v]]);
        if (child >= 0)
            fetch_node(m, child);
    }
    if (i + NEAR < n) {
        int32_t v = r->batch[i + NEAR], child = m->of[v].newest;
        fetch_row(m, v);
        if (child >= 0) {
            __builtin_prefetch(&m->g->colidx[m->g->rowptr[child]]);
            if (m->of[child].older >= 0)
                fetch_node(m, m->of[child].older);
        }
    }
}

static bool propose(struct rabbit_run *r, int64_t i, int64_t n,
                    struct scratch *s)
{
    fetch_ahead(r, i, n);
    return rabbit_propose(&r->m, s, r->batch[i], &r->proposal[i]);
}

static bool propose_alone(struct rabbit_run *r, int64_t n)
{
    bool ok = true;
    for (int64_t i = 0; i < n; i++)
        ok = propose(r, i, n, &r->scratch[0]) && ok;
    return ok;
}

// Most batches of small graphs are done before a second thread is awake, and
// before OpenMP has looked whether there is one.
static bool propose_all(struct rabbit_run *r, int64_t n, int64_t work)
{
    bool ok = true;
    if (r->n_threads == 1 || work <= VISIT_WORTH_THREADS)
        return propose_alone(r, n);
    int64_t chunk = n / (8 * r->n_threads);
    chunk = chunk > 64 ? 64 : chunk < 1 ? 1 : chunk;
#pragma omp parallel for schedule(dynamic, chunk) reduction(&& : ok) \
    num_threads(r->n_threads)
    for (int64_t i = 0; i < n; i++)
        ok = propose(r, i, n, &r->scratch[omp_get_thread_num()]) && ok;
    return ok;
}

static void fetch_target(const struct merging *m, int32_t v)
{
    __builtin_prefetch(&m->dest[v]);
    __builtin_prefetch(&m->strength[v]);
    __builtin_prefetch(&m->of[v]);
}

// Carry a proposal out unless earlier ones of the batch made it void. Where the
// target has merged, its community is as good: at least as many edges go there.
static bool merge(struct merging *m, int32_t u, struct proposal p)
{
    int32_t root = rabbit_root(m->dest, p.target);
    if (root == u ||
        merge_gain(m, p.weight, m->strength[u], m->strength[root]) <= 0)
        return false;
    m->dest[u] = root;
    m->parent[u] = root;
    m->strength[root] += m->strength[u];
    m->of[u].older = m->of[root].newest;
    m->of[root].newest = u;
    return true;
}

// The first of a batch always gets what it wants, so this ends.
static bool merge_all(struct rabbit_run *r)
{
    struct merging *m = &r->m;
    int64_t total = 0, n = 0, at = 0;
    for (int64_t i = 0; i < r->n_visit; i++)
        total += work_of(m, r->visit[i]);
    int64_t quota = visit_quota(total);
    while (at < r->n_visit || n > 0) {
        int64_t work = 0, again = 0;
        for (int64_t i = 0; i < n; i++)
            work += work_of(m, r->batch[i]);
        for (; at < r->n_visit && work < quota; at++) {
            if (at + FAR < r->n_visit)
                fetch_node(m, r->visit[at + FAR]);
            work += work_of(m, r->visit[at]);
            r->batch[n++] = r->visit[at];
        }
        if (!propose_all(r, n, work))
            return false;
        for (int64_t i = 0; i < n; i++) {
            if (i + FAR < n && r->proposal[i + FAR].target >= 0)
                fetch_target(m, r->proposal[i + FAR].target);
            if (r->proposal[i].target >= 0 &&
                !merge(m, r->batch[i], r->proposal[i]))
                r->batch[again++] = r->batch[i];
        }
        n = again;
    }
    return true;
}

// ---- communities of communities ---------------------------------------------

struct root {
    uint32_t strength;
    int32_t id;
};

static int compare_roots(const void *a, const void *b)
{
    const struct root *x = a, *y = b;
    if (x->strength != y->strength)
        return x->strength < y->strength ? -1 : 1;
    return (x->id > y->id) - (x->id < y->id);
}

// A whole connected component has nobody left to merge with.
static bool is_component(const struct member *u)
{
    return u->cells && u->n_cells == 0 && u->newest == u->gathered;
}

// What remains of `visit`, by ascending strength.
static bool keep_roots(struct rabbit_run *r)
{
    int64_t n = 0;
    struct root *root = alloc_array(r->n_visit, sizeof(*root));
    if (!root)
        return false;
    for (int64_t i = 0; i < r->n_visit; i++) {
        int32_t v = r->visit[i];
        if (r->m.parent[v] < 0 && !is_component(&r->m.of[v]))
            root[n++] = (struct root){r->m.strength[v], v};
    }
    qsort(root, (size_t)n, sizeof(*root), compare_roots);
    for (int64_t i = 0; i < n; i++)
        r->visit[i] = root[i].id;
    r->n_visit = n;
    free(root);
    return true;
}

// At the last resolution every merge gains, so components are what remains.
static bool merge_communities(struct rabbit_run *r)
{
    if (!keep_roots(r))
        return false;
    while (r->n_visit > 0 && r->m.shift < RABBIT_MAX_SHIFT) {
        r->m.shift++;
        if (!merge_all(r) || !keep_roots(r))
            return false;
    }
    return true;
}

// ---- numbering --------------------------------------------------------------

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

// Trees in the order of their smallest node; nodes without edges last.
static void number_nodes(const struct merging *m, int32_t *stack, int32_t *perm)
{
    int64_t n = m->g->n_nodes, next = 0;
    memset(perm, 0xff, (size_t)n * sizeof(*perm));
    for (int64_t v = 0; v < n; v++)
        if (m->strength[v] > 0 && perm[v] < 0)
            next = number_tree(m, rabbit_root(m->dest, (int32_t)v), next, stack,
                               perm);
    for (int64_t v = 0; v < n; v++)
        if (perm[v] < 0)
            perm[v] = (int32_t)next++;
}

// root[v] becomes the number of v's community, in the order of perm.
static int64_t number_communities(const int32_t *perm, int64_t n,
                                  int32_t *inverse, int32_t *root)
{
    int64_t count = 0;
    int32_t last = -1;
    for (int64_t v = 0; v < n; v++)
        inverse[perm[v]] = (int32_t)v;
    for (int64_t i = 0; i < n; i++) {
        int32_t v = inverse[i], mine = root[v];
        count += mine != last;
        last = mine;
        root[v] = (int32_t)(count - 1);
    }
    return count;
}

// Which root every node is under, before communities merge further.
static gnnac_status take_roots(struct rabbit_run *r, struct partition *out,
                               gnnac_error *err)
{
    int64_t n = r->m.g->n_nodes;
    out->n_nodes = n;
    out->of = alloc_array(n, sizeof(*out->of));
    if (!out->of)
        return FAIL(err, GNNAC_ENOMEM, "out of memory for %lld nodes",
                    (long long)n);
#pragma omp parallel for schedule(static) num_threads(r->n_threads)
    for (int64_t v = 0; v < n; v++)
        out->of[v] = rabbit_root(r->m.dest, (int32_t)v);
    return GNNAC_OK;
}

static gnnac_status out_of_memory(const struct csr *g, gnnac_error *err)
{
    return FAIL(err, GNNAC_ENOMEM, "out of memory for %lld edges",
                (long long)g->n_edges);
}

static gnnac_status run(struct rabbit_run *r, struct rabbit *out,
                        gnnac_error *err)
{
    const struct csr *g = r->m.g;
    gnnac_status st = start(r, err);
    if (st != GNNAC_OK)
        return st;
    if (!merge_all(r))
        return out_of_memory(g, err);
    st = take_roots(r, &out->top, err);
    if (st != GNNAC_OK)
        return st;
    out->perm = alloc_array(g->n_nodes, sizeof(*out->perm));
    if (!out->perm || !merge_communities(r))
        return out_of_memory(g, err);
    number_nodes(&r->m, r->batch, out->perm);
    out->top.n_communities =
        number_communities(out->perm, g->n_nodes, r->batch, out->top.of);
    out->parent = r->m.parent;
    r->m.parent = NULL;
    return GNNAC_OK;
}

gnnac_status rabbit_order(const struct csr *g, int n_threads,
                          struct rabbit *out, gnnac_error *err)
{
    struct rabbit_run r = {.m.g = g, .n_threads = visit_threads(g, n_threads)};
    struct rabbit result = {0};
    if (g->n_edges > UINT32_MAX)
        return FAIL(err, GNNAC_EUNSUPPORTED,
                    "communities of more than 2^32 - 1 edges");
    gnnac_status st = run(&r, &result, err);
    finish_run(&r);
    if (st == GNNAC_OK)
        *out = result;
    else
        rabbit_finish(&result);
    return st;
}
