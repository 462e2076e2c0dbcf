#include "order/pieces.h"

#include <string.h>

#include "checked.h"
#include "order/visit_order.h"

// What is known of so much work fits a core's second cache; nodes that one
// thread looks at by itself.
enum { PIECE_WORK = 16384, SPAN_NODES = 8192 };

// CROSSING: part of it is outside the span that was searched.
enum { UNSEEN = -2, NOT_SMALL = -1, CROSSING = -3 };

// What was found among the nodes [begin, end), whose `root` alone is written.
struct span {
    int64_t begin, end;
    int32_t unseen; // what the root of a node is that is still to be looked at
    int32_t *nodes; // of small components
    int64_t n_nodes;
    int64_t *first; // of each piece, in `nodes`
    int64_t n;
};

struct search {
    const struct csr *g;
    struct pieces *p;
    struct span *spans;
};

// What it is if not small, or `mark` as it is.
static int32_t visit_neighbours(const struct csr *g, int32_t u, int32_t root,
                                struct pieces *p, struct span *s, int64_t *end)
{
    for (int64_t e = g->rowptr[u]; e < g->rowptr[u + 1]; e++) {
        int32_t w = g->colidx[e];
        if (w < s->begin || w >= s->end)
            return CROSSING;
        if (p->root[w] == s->unseen) {
            p->root[w] = root;
            s->nodes[(*end)++] = w;
        } else if (p->root[w] < 0) {
            return p->root[w];
        }
    }
    return root;
}

// List the component of `v`, its smallest node, behind what the span has
// already; returns its strength. 0: it is not known to be small. Then only what
// was seen of it is marked, but the next of it to be tried is likely to be its
// neighbour.
static int64_t search(const struct csr *g, int32_t v, struct pieces *p,
                      struct span *s)
{
    int64_t at = s->n_nodes, end = at;
    uint64_t strength = 0;
    int32_t state = v;
    p->root[v] = v;
    for (s->nodes[end++] = v; state == v && at < end; at++) {
        int32_t u = s->nodes[at];
        strength += (uint64_t)csr_degree(g, u);
        if (strength * strength >= 4 * (uint64_t)g->n_edges)
            state = NOT_SMALL;
        else
            state = visit_neighbours(g, u, v, p, s, &end);
    }
    if (state == v) {
        s->n_nodes = end;
        return (int64_t)strength;
    }
    for (at = s->n_nodes; at < end; at++)
        p->root[s->nodes[at]] = state;
    return 0;
}

static void set_unseen(const struct csr *g, struct pieces *p, int64_t begin,
                       int64_t end)
{
    for (int64_t v = begin; v < end; v++)
        p->root[v] = csr_degree(g, v) > 0 ? UNSEEN : NOT_SMALL;
}

// Are most nodes in small components? Asks a few.
static bool mostly_small(const struct csr *g, struct pieces *p)
{
    enum { ASKED = 16 };
    int64_t n = g->n_nodes, n_small = 0, n_asked = n < ASKED ? n : ASKED;
    for (int64_t i = 0; i < n_asked; i++) {
        struct span all = {0, n, UNSEEN, p->nodes, 0, NULL, 0};
        int32_t v = (int32_t)(n / n_asked * i);
        n_small += p->root[v] >= 0 ||
                   (p->root[v] == UNSEEN && search(g, v, p, &all) > 0);
    }
    return n_small > n_asked / 2;
}

// ---- all of them ------------------------------------------------------------

static void search_span(const struct csr *g, struct pieces *p, struct span *s)
{
    int64_t work = 0;
    for (int64_t v = s->begin; v < s->end; v++) {
        int64_t begin = s->n_nodes;
        int64_t strength =
            p->root[v] == s->unseen ? search(g, (int32_t)v, p, s) : 0;
        if (strength == 0)
            continue;
        if (s->n == 0 || work > PIECE_WORK) {
            s->first[s->n++] = begin;
            work = 0;
        }
        work += strength + visit_work(0) * (s->n_nodes - begin);
    }
}

// There are no more pieces among the nodes before `v`, in so many spans.
static int64_t most_pieces(const struct csr *g, int64_t v, int64_t n_spans)
{
    return (g->rowptr[v] + visit_work(0) * v) / PIECE_WORK + 2 * n_spans;
}

static void search_spans(void *arg, int member, int64_t begin, int64_t end)
{
    struct search *f = arg;
    struct pieces *p = f->p;
    (void)member;
    for (int64_t i = begin; i < end; i++) {
        int64_t a = i * SPAN_NODES, n = f->g->n_nodes;
        int64_t b = a + SPAN_NODES < n ? a + SPAN_NODES : n;
        set_unseen(f->g, p, a, b);
        f->spans[i] = (struct span){a, b, UNSEEN, p->nodes + a, 0,
                                    p->begin + most_pieces(f->g, a, i), 0};
        search_span(f->g, p, &f->spans[i]);
    }
}

// Those of `s` behind the others.
static void append(struct pieces *p, const struct span *s)
{
    int64_t at = p->begin[p->n];
    memmove(p->nodes + at, s->nodes, (size_t)s->n_nodes * sizeof(*s->nodes));
    for (int64_t i = 0; i < s->n; i++)
        p->begin[p->n++] = s->first[i] + at;
    p->begin[p->n] = at + s->n_nodes;
}

// Spans of the same nodes, whoever searches them; then what is in several.
static void find_all(const struct search *f, int64_t n_spans)
{
    struct pieces *p = f->p;
    p->begin[0] = 0;
    for (int64_t i = 0; i < n_spans; i++)
        append(p, &f->spans[i]);
    int64_t at = p->begin[p->n], n = f->g->n_nodes;
    struct span rest = {0, n, CROSSING, p->nodes + at, 0,
                        p->begin + most_pieces(f->g, n, n_spans), 0};
    search_span(f->g, p, &rest);
    append(p, &rest);
}

static bool allocate(const struct csr *g, int64_t n_spans, struct arena *a,
                     struct pieces *p)
{
    p->root = arena_take(a, g->n_nodes, sizeof(*p->root));
    p->nodes = arena_take(a, g->n_nodes, sizeof(*p->nodes));
    p->begin = arena_take(a, 2 * most_pieces(g, g->n_nodes, n_spans) + 2,
                          sizeof(*p->begin));
    return p->root && p->nodes && p->begin;
}

bool pieces_find(const struct csr *g, struct crew *crew, struct arena *a,
                 struct pieces *out)
{
    int64_t n_spans = ceil_div(g->n_nodes, SPAN_NODES);
    struct pieces p = {0};
    *out = p;
    if (!rows_are_short(g))
        return true;
    struct search f = {g, &p, arena_take(a, n_spans, sizeof(*f.spans))};
    if (!f.spans || !allocate(g, n_spans, a, &p))
        return false;
    set_unseen(g, &p, 0, g->n_nodes);
    if (!mostly_small(g, &p))
        return true;
    crew_each(crew, n_spans, g->n_edges, search_spans, &f);
    find_all(&f, n_spans);
    if (p.n > 0)
        *out = p;
    return true;
}
