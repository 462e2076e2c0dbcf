#include "order/rabbit.h"

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

static void finish_run(struct rabbit_run *r)
{
    for (int t = 0; r->scratch && t < r->n_threads; t++)
        scratch_finish(&r->scratch[t]);
    free(r->m.parent);
    arena_finish(&r->arena);
}

static bool allocate(struct rabbit_run *r)
{
    int64_t n = r->m.g->n_nodes;
    struct arena *a = &r->arena;
    r->scratch = arena_take_zero(a, r->n_threads, sizeof(*r->scratch));
    r->m.dest = arena_take(a, n, sizeof(*r->m.dest));
    r->m.strength = arena_take(a, n, sizeof(*r->m.strength));
    r->m.of = arena_take(a, n, sizeof(*r->m.of));
    r->visit = arena_take(a, n, sizeof(*r->visit));
    r->batch = arena_take(a, n, sizeof(*r->batch));
    r->proposal = arena_take(a, n, sizeof(*r->proposal));
    r->roots = arena_take(a, n, sizeof(*r->roots));
    r->m.parent = alloc_array(n, sizeof(*r->m.parent));
    r->out.perm = alloc_array(n, sizeof(*r->out.perm));
    r->out.top.of = alloc_array(n, sizeof(*r->out.top.of));
    r->out.top.n_nodes = n;
    bool ok = r->scratch && r->m.dest && r->m.parent && r->m.strength &&
              r->m.of && r->visit && r->batch && r->proposal &&
              r->roots && r->out.perm && r->out.top.of;
    for (int t = 0; ok && t < r->n_threads; t++)
        ok = scratch_init(&r->scratch[t], a, n);
    return ok;
}

static void set_single(void *arg, int member, int64_t begin, int64_t end)
{
    struct rabbit_run *r = arg;
    (void)member;
    for (int64_t v = begin; v < end; v++) {
        r->m.dest[v] = (int32_t)v;
        r->m.parent[v] = -1;
        r->m.strength[v] = (uint32_t)csr_degree(r->m.g, v);
        r->m.of[v] = (struct member){
            .newest = -1, .older = -1, .gathered = -1, .size = 1};
        r->out.perm[v] = -1;
    }
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

static void propose(void *arg, int member, int64_t begin, int64_t end)
{
    struct rabbit_run *r = arg;
    struct scratch *s = &r->scratch[member];
    for (int64_t i = begin; i < end; i++) {
        fetch_ahead(r, i, r->n_batch);
        if (!rabbit_propose(&r->m, s, r->batch[i], &r->proposal[i]))
            s->failed = true;
    }
}

static bool anyone_failed(const struct rabbit_run *r)
{
    bool failed = false;
    for (int t = 0; t < r->n_threads; t++)
        failed = failed || r->scratch[t].failed;
    return failed;
}

static bool propose_all(struct rabbit_run *r, int64_t n, int64_t work)
{
    r->n_batch = n;
    crew_each(&r->crew, n, work, propose, r);
    return !anyone_failed(r);
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
    m->of[u].before = m->of[root].size;
    m->of[root].size += m->of[u].size;
    m->of[u].older = m->of[root].newest;
    m->of[root].newest = u;
    return true;
}

// Leaves in batch[0 .. result) who has to choose again.
static int64_t carry_out(struct rabbit_run *r, int64_t n)
{
    int64_t again = 0;
    for (int64_t i = 0; i < n; i++) {
        int32_t u = r->batch[i];
        if (i + FAR < n && r->proposal[i + FAR].target >= 0) {
            __builtin_prefetch(&r->m.of[r->batch[i + FAR]]);
            fetch_target(&r->m, r->proposal[i + FAR].target);
        }
        if (r->proposal[i].target < 0)
            continue;
        if (!merge(&r->m, u, r->proposal[i]))
            r->batch[again++] = u;
    }
    return again;
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
        int64_t work = 0;
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
        n = carry_out(r, n);
    }
    return true;
}

// ---- small components -------------------------------------------------------

// Counting sort by degree; stable.
static void sort_piece(const struct csr *g, const int32_t *ids, int64_t n,
                       uint32_t *count, int32_t *sorted)
{
    int64_t most = 0;
    uint32_t sum = 0;
    for (int64_t i = 0; i < n; i++) {
        int64_t d = csr_degree(g, ids[i]);
        count[d]++;
        most = d > most ? d : most;
    }
    for (int64_t d = 0; d <= most; d++) {
        uint32_t here = count[d];
        count[d] = sum;
        sum += here;
    }
    for (int64_t i = 0; i < n; i++)
        sorted[count[csr_degree(g, ids[i])]++] = ids[i];
    memset(count, 0, (size_t)(most + 1) * sizeof(*count));
}

// Each choice is carried out at once: no batch, whose choices would be made by
// several threads, is needed where pieces are shared out.
static void merge_piece(struct rabbit_run *r, struct scratch *s, int64_t p)
{
    int64_t begin = r->pieces.begin[p], n = r->pieces.begin[p + 1] - begin;
    int32_t *visit = r->visit + begin;
    sort_piece(r->m.g, r->pieces.nodes + begin, n, s->weight, visit);
    for (int64_t i = 0; i < n; i++) {
        struct proposal best;
        if (!rabbit_propose(&r->m, s, visit[i], &best))
            s->failed = true;
        else if (best.target >= 0)
            merge(&r->m, visit[i], best);
    }
}

static void merge_pieces(void *arg, int member, int64_t begin, int64_t end)
{
    struct rabbit_run *r = arg;
    for (int64_t p = begin; p < end; p++)
        merge_piece(r, &r->scratch[member], p);
}

// ---- communities of communities ---------------------------------------------

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
static void keep_roots(struct rabbit_run *r)
{
    struct root *root = r->roots;
    int64_t n = 0;
    for (int64_t i = 0; i < r->n_visit; i++) {
        int32_t v = r->visit[i];
        if (r->m.parent[v] < 0 && !is_component(&r->m.of[v]))
            root[n++] = (struct root){r->m.strength[v], v};
    }
    qsort(root, (size_t)n, sizeof(*root), compare_roots);
    for (int64_t i = 0; i < n; i++)
        r->visit[i] = root[i].id;
    r->n_visit = n;
}

// At the last resolution every merge gains, so components are what remains.
static bool merge_communities(struct rabbit_run *r)
{
    keep_roots(r);
    while (r->n_visit > 0 && r->m.shift < RABBIT_MAX_SHIFT) {
        r->m.shift++;
        if (!merge_all(r))
            return false;
        keep_roots(r);
    }
    return true;
}

// Which root every node is under, before communities merge further.
static void take_roots(void *arg, int member, int64_t begin, int64_t end)
{
    struct rabbit_run *r = arg;
    (void)member;
    for (int64_t v = begin; v < end; v++)
        r->out.top.of[v] = rabbit_root(r->m.dest, (int32_t)v);
}

static bool merge_small_components(struct rabbit_run *r)
{
    const struct csr *g = r->m.g;
    if (!pieces_find(g, &r->crew, &r->arena, &r->pieces))
        return false;
    if (r->pieces.n > 0)
        crew_each(&r->crew, r->pieces.n, g->n_edges, merge_pieces, r);
    return !anyone_failed(r);
}

// False: out of memory.
static bool run(struct rabbit_run *r)
{
    const struct csr *g = r->m.g;
    int64_t n = g->n_nodes;
    if (!allocate(r))
        return false;
    crew_each(&r->crew, n, n, set_single, r);
    if (!merge_small_components(r) ||
        !visit_order(g, r->pieces.root, &r->arena, r->visit, &r->n_linked))
        return false;
    r->n_visit = r->n_linked;
    if (!merge_all(r))
        return false;
    crew_each(&r->crew, n, n, take_roots, r);
    if (!merge_communities(r))
        return false;
    rabbit_number_nodes(r);
    rabbit_number_communities(r);
    r->out.parent = r->m.parent;
    r->m.parent = NULL;
    return true;
}

static void lead(void *arg)
{
    struct rabbit_run *r = arg;
    r->done = run(r);
}

gnnac_status rabbit_order(const struct csr *g, int n_threads,
                          struct rabbit *out, gnnac_error *err)
{
    struct rabbit_run r = {.m.g = g, .n_threads = visit_threads(g, n_threads)};
    if (g->n_edges > UINT32_MAX)
        return FAIL(err, GNNAC_EUNSUPPORTED,
                    "communities of more than 2^32 - 1 edges");
    crew_run(&r.crew, r.n_threads, lead, &r);
    finish_run(&r);
    if (r.done) {
        *out = r.out;
        return GNNAC_OK;
    }
    rabbit_finish(&r.out);
    return FAIL(err, GNNAC_ENOMEM, "out of memory for %lld edges",
                (long long)g->n_edges);
}
