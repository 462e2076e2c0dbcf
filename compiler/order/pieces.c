#include "order/pieces.h"

#include <stdlib.h>

#include "checked.h"
#include "order/visit_order.h"

void pieces_finish(struct pieces *p)
{
    free(p->root);
    free(p->nodes);
    free(p->begin);
    *p = (struct pieces){0};
}

// What is known of so much work fits a core's second cache.
enum { PIECE_WORK = 16384 };

static gnnac_status allocate(const struct csr *g, struct pieces *p,
                             gnnac_error *err)
{
    int64_t n = g->n_nodes;
    int64_t most = (g->n_edges + visit_work(0) * n) / PIECE_WORK + 2;
    p->root = alloc_array(n, sizeof(*p->root));
    p->nodes = alloc_array(n, sizeof(*p->nodes));
    p->begin = alloc_array(most, sizeof(*p->begin));
    if (p->root && p->nodes && p->begin)
        return GNNAC_OK;
    pieces_finish(p);
    return FAIL(err, GNNAC_ENOMEM, "out of memory for %lld nodes",
                (long long)n);
}

enum { UNSEEN = -2, NOT_SMALL = -1 };

// List the component of `v`, its smallest node, behind nodes[0 .. begin), and
// return where it ends. `begin`: it is not small. Then only what was seen of it
// is known, but the next of it to be tried is likely to be its neighbour.
static int64_t search(const struct csr *g, int32_t v, struct pieces *p,
                      int64_t begin, uint64_t *strength)
{
    int64_t at = begin, end = begin;
    bool small = true;
    *strength = 0;
    p->root[v] = v;
    for (p->nodes[end++] = v; small && at < end; at++) {
        int32_t u = p->nodes[at];
        *strength += (uint64_t)csr_degree(g, u);
        small = *strength * *strength < 4 * (uint64_t)g->n_edges;
        for (int64_t e = g->rowptr[u]; small && e < g->rowptr[u + 1]; e++) {
            int32_t w = g->colidx[e];
            small = p->root[w] != NOT_SMALL;
            if (p->root[w] == UNSEEN) {
                p->root[w] = v;
                p->nodes[end++] = w;
            }
        }
    }
    if (small)
        return end;
    for (at = begin; at < end; at++)
        p->root[p->nodes[at]] = NOT_SMALL;
    return begin;
}

// Are most nodes in small components? Asks a few.
static bool mostly_small(const struct csr *g, struct pieces *p)
{
    enum { ASKED = 16 };
    int64_t n = g->n_nodes, n_small = 0, n_asked = n < ASKED ? n : ASKED;
    for (int64_t i = 0; i < n_asked; i++) {
        uint64_t strength;
        int32_t v = (int32_t)(n / n_asked * i);
        n_small += p->root[v] >= 0 ||
                   (p->root[v] == UNSEEN &&
                    search(g, v, p, 0, &strength) > 0);
    }
    return n_small > n_asked / 2;
}

static void set_unseen(const struct csr *g, struct pieces *p)
{
    for (int64_t v = 0; v < g->n_nodes; v++)
        p->root[v] = csr_degree(g, v) > 0 ? UNSEEN : NOT_SMALL;
}

static void find_all(const struct csr *g, struct pieces *p)
{
    int64_t at = 0, work = 0;
    for (int64_t v = 0; v < g->n_nodes; v++) {
        uint64_t strength;
        if (p->root[v] != UNSEEN)
            continue;
        int64_t end = search(g, (int32_t)v, p, at, &strength);
        if (end == at)
            continue;
        if (p->n == 0 || work > PIECE_WORK) {
            p->begin[p->n++] = at;
            work = 0;
        }
        work += (int64_t)strength + visit_work(0) * (end - at);
        at = end;
    }
    p->begin[p->n] = at;
}

gnnac_status pieces_find(const struct csr *g, struct pieces *out,
                         gnnac_error *err)
{
    struct pieces p = {0};
    gnnac_status st = GNNAC_OK;
    if (rows_are_short(g)) {
        st = allocate(g, &p, err);
        if (st == GNNAC_OK) {
            set_unseen(g, &p);
            if (mostly_small(g, &p)) {
                set_unseen(g, &p);
                find_all(g, &p);
            }
        }
        if (p.n == 0)
            pieces_finish(&p);
    }
    *out = p;
    return st;
}
