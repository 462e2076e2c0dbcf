// From one level to the next, and back.
#include <stdlib.h>
#include <string.h>

#include "checked.h"
#include "order/leiden_state.h"

void level_finish(struct level *l)
{
    free(l->cell);
    free(l->strength);
    free(l->rows);
    free(l->up);
    *l = (struct level){0};
}

static void follow_parts(void *arg, int member, int64_t begin, int64_t end)
{
    const struct leiden_run *r = arg;
    int32_t *node = r->level->up;
    (void)member;
    for (int64_t v = begin; v < end; v++)
        if (r->part[v] != v)
            node[v] = node[r->part[v]];
}

// The way up becomes the new id of a node's part: parts are numbered in the
// order of the nodes that they are named after.
static int64_t number_parts(struct leiden_run *r)
{
    struct level *l = r->level;
    int64_t n = 0;
    for (int64_t v = 0; v < l->n; v++)
        if (r->part[v] == v)
            l->up[v] = (int32_t)n++;
    crew_each(&r->crew, l->n, l->n, follow_parts, r);
    return n;
}

// Parts keep their community, which is named after its first part from now on.
static void keep_communities(struct leiden_run *r, const int32_t *node,
                             int32_t *first, uint32_t *strength)
{
    memset(first, 0xff, (size_t)r->level->n * sizeof(*first));
    for (int64_t v = 0; v < r->level->n; v++)
        if (r->part[v] == v) {
            int32_t c = r->comm[v], u = node[v]; // u <= v
            uint32_t sum = r->sum[c];
            strength[u] = r->part_sum[v];
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

// Entries of the part, those inside it left out; returns where they end.
static int64_t write_row(struct tally *t, int32_t part, struct cell *cells,
                         int64_t at)
{
    for (int64_t i = 0; i < t->n_found; i++) {
        int32_t id = t->found[i];
        if (id != part)
            cells[at++] = (struct cell){id, t->weight[id]};
        t->weight[id] = 0;
    }
    return at;
}

struct merging {
    struct leiden_run *r;
    const struct level *next;
    const int64_t *start; // of a part's members in r->batch
};

static void merge_rows(void *arg, int member, int64_t begin, int64_t end)
{
    const struct merging *m = arg;
    const struct level *l = m->r->level, *next = m->next;
    struct tally *t = &m->r->tally[member];
    for (int64_t p = begin; p < end; p++) {
        t->n_found = 0;
        for (int64_t i = m->start[p]; i < m->start[p + 1]; i++)
            tally_row(l, t, l->up, m->r->batch[i]);
        next->rows[next->n + 1 + p] =
            write_row(t, (int32_t)p, next->cell, next->begin[p]);
    }
}

// What is above the level that is worked on.
static bool make_level(struct leiden_run *r, struct level *next)
{
    int64_t n = next->n, *start = alloc_array(n + 1, sizeof(*start));
    next->rows = alloc_array(2 * n + 1, sizeof(*next->rows));
    next->strength = alloc_array(n, sizeof(*next->strength));
    bool ok = start && next->rows && next->strength;
    if (ok) {
        int64_t *begin = next->rows;
        list_members(r->level, r->level->up, n, start, begin, r->batch);
        next->cell = alloc_array(begin[n], sizeof(*next->cell));
        next->begin = begin;
        next->end = next->rows + n + 1;
        ok = next->cell != NULL;
        if (ok)
            crew_each(&r->crew, n, begin[n], merge_rows,
                      &(struct merging){r, next, start});
    }
    free(start);
    return ok;
}

bool leiden_ascend(struct leiden_run *r)
{
    int32_t *node = alloc_array(r->level->n, sizeof(*node));
    if (!node)
        return false;
    r->level->up = node;
    struct level next = {.n = number_parts(r)};
    if (!make_level(r, &next)) {
        level_finish(&next);
        return false;
    }
    keep_communities(r, node, r->ids, next.strength);
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
    level_finish(r->level);
    r->level = &r->levels[--r->n_levels - 1];
    crew_each(&r->crew, r->level->n, r->level->n, take_over, r);
    int32_t *comm = r->comm;
    r->comm = r->node;
    r->node = comm;
    memset(r->sum + above, 0,
           (size_t)(r->level->n - above) * sizeof(*r->sum));
}
