// From one level to the next, and back.
#include <string.h>

#include "order/leiden_tally.h"

static void follow_parts(void *arg, int member, int64_t begin, int64_t end)
{
    const struct leiden_run *r = arg;
    (void)member;
    for (int64_t v = begin; v < end; v++)
        r->level->up[v] = r->node[r->part[v]];
}

// The way up becomes the new id of a node's part: parts are numbered in the
// order of the nodes that they are named after, r->ids.
static int64_t number_parts(struct leiden_run *r)
{
    const struct level *l = r->level;
    int64_t n = 0;
    for (int64_t v = 0; v < l->n; v++) { // no branch: hard to guess
        r->ids[n] = (int32_t)v;
        r->node[v] = (int32_t)n;
        n += r->part[v] == v;
    }
    crew_each(&r->crew, l->n, l->n, follow_parts, r);
    return n;
}

// Parts keep their community, which is named after its first part from now on.
static void keep_communities(struct leiden_run *r, const struct level *next)
{
    int32_t *first = r->node;
    memset(first, 0xff, (size_t)r->level->n * sizeof(*first));
    for (int32_t u = 0; u < next->n; u++) {
        int32_t v = r->ids[u], c = r->comm[v]; // u <= v
        uint32_t sum = r->sum[c];
        next->strength[u] = r->part_sum[v];
        if (first[c] < 0)
            first[c] = u;
        r->part_sum[u] = first[c] == u ? sum : 0;
        r->comm[u] = first[c];
    }
}

// Members of part p are members[start[p] .. start[p + 1]); a row of the next
// level has room for all their entries.
static void list_members(const struct level *l, const int32_t *node, int64_t n,
                         int64_t *start, int64_t *begin, int32_t *members)
{
    memset(start, 0, (size_t)(n + 1) * sizeof(*start));
    memset(begin, 0, (size_t)(n + 1) * sizeof(*begin));
    for (int64_t v = 0; v < l->n; v++) {
        start[node[v]]++;
        begin[node[v] + 1] += level_degree(l, v);
    }
    for (int64_t p = 0; p < n; p++) {
        start[p + 1] += start[p];
        begin[p + 1] += begin[p];
    }
    for (int64_t v = l->n; v-- > 0;)
        members[--start[node[v]]] = (int32_t)v;
}

// Entries of the part, those inside it left out; returns how many.
static int64_t write_row(struct tally *t, int32_t part, struct cell *cells)
{
    int64_t n = 0;
    for (int64_t i = 0; i < t->n_found; i++) {
        int32_t id = t->found[i];
        cells[n] = (struct cell){id, t->weight[id]};
        n += id != part;
        t->weight[id] = 0;
    }
    return n;
}

// A run of parts, the first of which is `part`: they have room in `cell`.
struct merging {
    struct leiden_run *r;
    const int64_t *begin; // rows are as far apart
    int64_t *n_cells;     // of a row
    struct cell *cell;
    int64_t part;
};

static void merge_rows(void *arg, int member, int64_t begin, int64_t end)
{
    const struct merging *m = arg;
    const struct level *l = m->r->level;
    struct tally *t = &m->r->tally[member];
    for (int64_t p = m->part + begin; p < m->part + end; p++) {
        t->n_found = 0;
        for (int64_t i = m->r->start[p]; i < m->r->start[p + 1]; i++) {
            leiden_fetch(l, l->up, m->r->batch, i, l->n);
            tally_row(l, t, l->up, m->r->batch[i]);
        }
        m->n_cells[p] = write_row(t, (int32_t)p, m->cell + m->begin[p] -
                                                     m->begin[m->part]);
    }
}

static int64_t end_of_run(const struct level *next, int64_t part)
{
    enum { CACHED_CELLS = 1 << 16 };
    int64_t end = part + 1;
    while (end < next->n &&
           next->begin[end + 1] - next->begin[part] <= CACHED_CELLS)
        end++;
    return end;
}

// The rows of a run, that lie from `at` on, one directly after the other.
static int64_t pack_rows(struct level *next, int64_t part, int64_t end,
                         int64_t at)
{
    int64_t *begin = next->rows, *last = begin + next->n + 1;
    int64_t from = at - begin[part];
    for (int64_t p = part; p < end; p++) {
        int64_t n = last[p];
        memmove(next->cell + at, next->cell + from + begin[p],
                (size_t)n * sizeof(*next->cell));
        begin[p] = at;
        last[p] = at += n;
    }
    return at;
}

// Rows may have far fewer cells than there is room for: a run of them at a time
// is packed while it is in the cache, so that no more memory is touched than
// remains in use.
static void fill_rows(struct leiden_run *r, struct level *next)
{
    int64_t *begin = next->rows, *n_cells = begin + next->n + 1, at = 0;
    for (int64_t part = 0, end; part < next->n; part = end) {
        struct merging m = {r, begin, n_cells, next->cell + at, part};
        end = end_of_run(next, part);
        crew_each(&r->crew, end - part, begin[end] - begin[part], merge_rows,
                  &m);
        at = pack_rows(next, part, end, at);
    }
    arena_return(&r->arena, next->cell + at);
}

// What is above the level that is worked on.
static bool make_level(struct leiden_run *r, struct level *next)
{
    int64_t n = next->n;
    struct arena *a = &r->arena;
    next->rows = arena_take(a, 2 * n + 1, sizeof(*next->rows));
    next->strength = arena_take(a, n, sizeof(*next->strength));
    if (!next->rows || !next->strength)
        return false;
    next->begin = next->rows;
    next->end = next->rows + n + 1;
    list_members(r->level, r->level->up, n, r->start, next->rows, r->batch);
    next->cell = arena_take(a, next->begin[n], sizeof(*next->cell));
    if (next->cell)
        fill_rows(r, next);
    return next->cell != NULL;
}

bool leiden_ascend(struct leiden_run *r)
{
    int32_t *node = arena_take(&r->arena, r->level->n, sizeof(*node));
    if (!node)
        return false;
    r->level->up = node;
    struct level next = {.n = number_parts(r)};
    if (!make_level(r, &next))
        return false;
    keep_communities(r, &next);
    uint32_t *sum = r->sum;
    r->sum = r->part_sum;
    r->part_sum = sum;
    r->level = &r->levels[r->n_levels++];
    *r->level = next;
    return true;
}

static void take_over(void *arg, int member, int64_t begin, int64_t end)
{
    struct leiden_run *r = arg;
    (void)member;
    for (int64_t v = begin; v < end; v++)
        r->node[v] = r->comm[r->level->up[v]];
}

// Ids of communities and their sums stay as they are.
void leiden_descend(struct leiden_run *r)
{
    int64_t above = r->level->n;
    r->level = &r->levels[--r->n_levels - 1];
    crew_each(&r->crew, r->level->n, r->level->n, take_over, r);
    int32_t *comm = r->comm;
    r->comm = r->node;
    r->node = comm;
    memset(r->sum + above, 0,
           (size_t)(r->level->n - above) * sizeof(*r->sum));
}
