#include "order/graph_ball.h"

#include <stdlib.h>

#include "checked.h"
#include "rng.h"

enum { N_SEEDS = 16, MAX_LED = 16 };

void graph_ball_finish(struct graph_ball *b)
{
    csr_finish(&b->g);
    *b = (struct graph_ball){0};
}

struct search {
    const struct csr *g;
    char *seen;
    int32_t *queue;
    int64_t head, tail, entries;
    uint64_t seeds;
};

static void reach(struct search *s, int32_t v)
{
    if (s->seen[v])
        return;
    s->seen[v] = 1;
    s->queue[s->tail++] = v;
}

// The first node from a random one on that was not seen.
static void reach_seed(struct search *s)
{
    uint64_t n = (uint64_t)s->g->n_nodes;
    uint64_t v = rng_below(1, s->seeds++, n);
    while (s->seen[v])
        v = v + 1 < n ? v + 1 : 0;
    reach(s, (int32_t)v);
}

static void expand(struct search *s)
{
    int32_t v = s->queue[s->head++];
    int64_t begin = s->g->rowptr[v], n = s->g->rowptr[v + 1] - begin;
    int64_t step = n > MAX_LED ? n / MAX_LED : 1;
    s->entries += n;
    for (int64_t i = 0; i < n; i += step)
        reach(s, s->g->colidx[begin + i]);
}

static void search(struct search *s, int64_t max_nodes, int64_t max_entries)
{
    int64_t n = s->g->n_nodes;
    for (int i = 0; i < N_SEEDS && s->tail < n; i++)
        reach_seed(s);
    while (s->head < max_nodes && s->entries < max_entries) {
        if (s->head == s->tail && s->tail == n)
            break;
        if (s->head == s->tail)
            reach_seed(s);
        expand(s);
    }
}

// New ids, -1 for nodes outside; returns how many are inside.
static int64_t number_nodes(const struct search *s, int32_t *id)
{
    int64_t n = 0;
    for (int64_t v = 0; v < s->g->n_nodes; v++)
        id[v] = -1;
    for (int64_t i = 0; i < s->head; i++)
        id[s->queue[i]] = 0;
    for (int64_t v = 0; v < s->g->n_nodes; v++)
        if (id[v] == 0)
            id[v] = (int32_t)n++;
    return n;
}

static bool cut(const struct csr *g, const int32_t *id, int64_t n,
                int64_t n_entries, struct csr *out)
{
    struct csr r = {.n_nodes = n,
                    .rowptr = calloc_array(n + 1, sizeof(*r.rowptr)),
                    .colidx = alloc_array(n_entries, sizeof(*r.colidx))};
    if (!r.rowptr || !r.colidx) {
        csr_finish(&r);
        return false;
    }
    for (int64_t v = 0; v < g->n_nodes; v++) {
        if (id[v] < 0)
            continue;
        for (int64_t e = g->rowptr[v]; e < g->rowptr[v + 1]; e++)
            if (id[g->colidx[e]] >= 0)
                r.colidx[r.n_edges++] = id[g->colidx[e]];
        r.rowptr[id[v] + 1] = r.n_edges;
    }
    *out = r;
    return true;
}

gnnac_status graph_ball_cut(const struct csr *g, int64_t max_nodes,
                            int64_t max_entries, struct graph_ball *out,
                            gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    struct graph_ball b = {.kept = 1};
    struct search s = {.g = g,
                       .seen = calloc_array(g->n_nodes, 1),
                       .queue = alloc_array(g->n_nodes, sizeof(*s.queue))};
    int32_t *id = alloc_array(g->n_nodes, sizeof(*id));
    if (!s.seen || !s.queue || !id) {
        st = FAIL(err, GNNAC_ENOMEM, "out of memory");
        goto out;
    }
    search(&s, max_nodes, max_entries);
    if (!cut(g, id, number_nodes(&s, id), s.entries, &b.g)) {
        st = FAIL(err, GNNAC_ENOMEM, "out of memory");
        goto out;
    }
    if (s.entries > 0)
        b.kept = (double)b.g.n_edges / (double)s.entries;
    *out = b;
out:
    free(s.seen);
    free(s.queue);
    free(id);
    return st;
}
