#include <string.h>

#include "order/rabbit_state.h"

// ---- a thread's memory ------------------------------------------------------

bool scratch_init(struct scratch *s, struct arena *run, int64_t n_nodes)
{
    const uint64_t lists = 1 << 17; // as many bytes as most helpers need
    *s = (struct scratch){.capacity = 1024};
    if (!arena_begin_within(&s->arena, run,
                            (uint64_t)n_nodes * sizeof(*s->weight) + lists))
        return false;
    s->weight = arena_take_zero(&s->arena, n_nodes, sizeof(*s->weight));
    s->found = arena_take(&s->arena, s->capacity, sizeof(*s->found));
    return s->weight && s->found;
}

void scratch_finish(struct scratch *s)
{
    arena_finish(&s->arena);
    *s = (struct scratch){0};
}

// Room for `n` cells that live as long as `s`.
static struct neighbour *new_cells(struct scratch *s, int64_t n)
{
    enum { AT_ONCE = 4096 };
    if (!s->cells || n > s->n_cells) {
        int64_t room = n > AT_ONCE ? n : AT_ONCE;
        s->cells = arena_take(&s->arena, room, sizeof(*s->cells));
        s->n_cells = s->cells ? room : 0;
        if (!s->cells)
            return NULL;
    }
    struct neighbour *cells = s->cells;
    s->cells += n;
    s->n_cells -= n;
    return cells;
}

static bool make_room(struct scratch *s, int64_t n)
{
    if (s->n_found + n < s->capacity)
        return true;
    int64_t capacity = 2 * (s->n_found + n);
    struct neighbour *found =
        arena_take(&s->arena, capacity, sizeof(*s->found));
    if (!found)
        return false;
    memcpy(found, s->found, (size_t)s->n_found * sizeof(*found));
    s->found = found;
    s->capacity = capacity;
    return true;
}

// ---- neighbours of a community ----------------------------------------------

// Halves the path on the way.
int32_t rabbit_far_root(int32_t *dest, int32_t v)
{
    int32_t p = __atomic_load_n(&dest[v], __ATOMIC_RELAXED);
    while (p != v) {
        int32_t q = __atomic_load_n(&dest[p], __ATOMIC_RELAXED);
        if (q == p)
            return p;
        __atomic_store_n(&dest[v], q, __ATOMIC_RELAXED);
        v = q;
        p = __atomic_load_n(&dest[v], __ATOMIC_RELAXED);
    }
    return v;
}

// Without a branch: there is room for one id more than needed. Returns how many
// have been found.
static inline int64_t add(uint32_t *sum, struct neighbour *found,
                          int64_t n_found, int32_t id, uint32_t weight)
{
    uint32_t before = sum[id];
    found[n_found].id = id;
    sum[id] = before + weight;
    return n_found + (before == 0);
}

// Lookups miss the cache; how far ahead they are asked for.
enum { AHEAD = 24 };

static bool add_row(const struct merging *m, struct scratch *s, int32_t v)
{
    const int32_t *col = m->g->colidx + m->g->rowptr[v];
    int64_t n = m->g->rowptr[v + 1] - m->g->rowptr[v];
    if (!make_room(s, n))
        return false;
    int64_t n_found = s->n_found;
    for (int64_t i = 0; i < n; i++) {
        if (i + AHEAD < n)
            __builtin_prefetch(&m->dest[col[i + AHEAD]]);
        n_found = add(s->weight, s->found, n_found,
                      rabbit_root(m->dest, col[i]), 1);
    }
    s->n_found = n_found;
    return true;
}

static bool add_cells(const struct merging *m, struct scratch *s, int32_t v)
{
    const struct member *u = &m->of[v];
    if (!make_room(s, u->n_cells))
        return false;
    int64_t n_found = s->n_found;
    for (int32_t i = 0; i < u->n_cells; i++) {
        if (i + AHEAD < u->n_cells)
            __builtin_prefetch(&m->dest[u->cells[i + AHEAD].id]);
        n_found = add(s->weight, s->found, n_found,
                      rabbit_root(m->dest, u->cells[i].id),
                      u->cells[i].weight);
    }
    s->n_found = n_found;
    return true;
}

// A walk over `top` and all that merged into it since it last gathered, and
// into those since they did. Needs no stack: down to the newest of a node,
// along to the older ones, up to the parent.
static int32_t next_of_community(const struct merging *m, int32_t top,
                                 int32_t v)
{
    if (m->of[v].newest != m->of[v].gathered)
        return m->of[v].newest;
    while (v != top) {
        int32_t parent = m->parent[v];
        v = m->of[v].older;
        if (v != m->of[parent].gathered)
            return v;
        v = parent;
    }
    return top;
}

static bool add_community(const struct merging *m, struct scratch *s,
                          int32_t top)
{
    int32_t v = top;
    do {
        if (!(m->of[v].cells ? add_cells(m, s, v) : add_row(m, s, v)))
            return false;
        v = next_of_community(m, top, v);
    } while (v != top);
    return true;
}

// Leave found[0 .. n_found) with its weights and without `u` itself, and the
// counters 0.
static struct proposal pick_best(const struct merging *m, struct scratch *s,
                                 int32_t u)
{
    struct proposal best = {.target = -1};
    int64_t best_gain = 0;
    int64_t n = 0;
    uint32_t strength = m->strength[u];
    for (int64_t i = 0; i < s->n_found; i++) {
        int32_t id = s->found[i].id;
        uint32_t weight = s->weight[id];
        s->weight[id] = 0;
        if (id == u)
            continue;
        s->found[n++] = (struct neighbour){id, weight};
        int64_t gain = merge_gain(m, weight, strength, m->strength[id]);
        if (gain > best_gain ||
            (gain == best_gain && gain > 0 && id < best.target)) {
            best_gain = gain;
            best = (struct proposal){id, weight};
        }
    }
    s->n_found = n;
    return best;
}

// What was found stands for `u` from now on. A single node whose neighbours are
// all different would only copy its row.
static bool keep_cells(const struct merging *m, struct scratch *s, int32_t u)
{
    struct member *v = &m->of[u];
    if (v->newest < 0 &&
        s->n_found == m->g->rowptr[u + 1] - m->g->rowptr[u])
        return true;
    struct neighbour *cells = new_cells(s, s->n_found);
    if (!cells)
        return false;
    memcpy(cells, s->found, (size_t)s->n_found * sizeof(*cells));
    v->cells = cells;
    v->n_cells = (int32_t)s->n_found;
    v->gathered = v->newest;
    return true;
}

bool rabbit_propose(struct merging *m, struct scratch *s, int32_t u,
                    struct proposal *out)
{
    s->n_found = 0;
    if (!add_community(m, s, u))
        return false;
    *out = pick_best(m, s, u);
    return keep_cells(m, s, u);
}
