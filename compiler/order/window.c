#include "order/window.h"

#include <stdlib.h>
#include <string.h>

#include "checked.h"
#include "order/perm.h"
#include "order/rcm.h"
#include "order/unit_heap.h"

// Rows in the window; and looking beyond neighbours costs at most so much for
// each entry of the graph, so that time stays linear.
enum { WINDOW = 5, MAX_LOOKS = 256 };

struct window {
    const struct csr *g;
    struct unit_heap heap;
    // Rows again, which lose nodes that are placed: open[rowptr[v] .. end[v]).
    int32_t *open;
    int64_t *end;
    int32_t *order;     // [n_nodes]: what is placed, so far
    int32_t *newly;     // [largest degree]
    int64_t max_degree;
    int64_t max_beyond; // nodes of a higher degree are not looked beyond
};

// ---- the window moves -------------------------------------------------------

// `u` is no longer, or newly, a neighbour of what stands in the window: one
// less, or more, for it and for its own neighbours.
static void forget(struct window *w, int32_t u)
{
    heap_less(&w->heap, u);
    if (csr_degree(w->g, u) <= w->max_beyond)
        for (int64_t e = w->g->rowptr[u]; e < w->end[u]; e++)
            heap_less(&w->heap, w->open[e]);
}

static void notice(struct window *w, int32_t u)
{
    heap_more(&w->heap, u);
    if (csr_degree(w->g, u) > w->max_beyond)
        return;
    int64_t n = w->g->rowptr[u];
    for (int64_t e = n; e < w->end[u]; e++) {
        int32_t v = w->open[e];
        w->open[n] = v;
        n += !heap_is_taken(&w->heap, v);
        heap_more(&w->heap, v);
    }
    w->end[u] = n;
}

// Node `in` enters and `out` leaves (-1: nobody). What both are neighbours of,
// in a good order most, sees no difference. Losses come first: what is lost and
// won again then does not move in the heap.
static void slide(struct window *w, int32_t out, int32_t in)
{
    const struct csr *g = w->g;
    int64_t e = g->rowptr[in], e_end = g->rowptr[in + 1], n = 0;
    int64_t f = out < 0 ? 0 : g->rowptr[out];
    int64_t f_end = out < 0 ? 0 : g->rowptr[out + 1];
    while (e < e_end || f < f_end) {
        if (f == f_end || (e < e_end && g->colidx[e] < g->colidx[f])) {
            w->newly[n++] = g->colidx[e++];
        } else if (e == e_end || g->colidx[f] < g->colidx[e]) {
            forget(w, g->colidx[f++]);
        } else {
            e++;
            f++;
        }
    }
    for (int64_t i = 0; i < n; i++)
        notice(w, w->newly[i]);
}

static void place_all(struct window *w)
{
    int32_t next = 0;
    for (int64_t i = 0; i < w->g->n_nodes; i++) {
        int32_t v = heap_pop(&w->heap);
        if (v < 0) {
            while (heap_is_taken(&w->heap, next))
                next++;
            v = next;
            heap_take(&w->heap, v);
        }
        w->order[i] = v;
        slide(w, i < WINDOW ? -1 : w->order[i - WINDOW], v);
    }
}

// ---- before and after -------------------------------------------------------

// The largest degree up to sqrt(n) (the paper's) that is not too much work.
static gnnac_status choose_beyond(struct window *w, gnnac_error *err)
{
    const struct csr *g = w->g;
    uint128 work = 0, most = (uint128)g->n_edges * MAX_LOOKS;
    int64_t *count = calloc_array(w->max_degree + 1, sizeof(*count));
    if (!count)
        return FAIL(err, GNNAC_ENOMEM, "out of memory for %lld nodes",
                    (long long)g->n_nodes);
    for (int64_t v = 0; v < g->n_nodes; v++)
        count[csr_degree(g, v)]++;
    for (int64_t d = 1; d <= w->max_degree && d * d <= g->n_nodes; d++) {
        work += (uint128)count[d] * (uint128)(d * d);
        if (work > most)
            break;
        w->max_beyond = d;
    }
    free(count);
    return GNNAC_OK;
}

static bool allocate(struct window *w)
{
    const struct csr *g = w->g;
    for (int64_t v = 0; v < g->n_nodes; v++)
        if (csr_degree(g, v) > w->max_degree)
            w->max_degree = csr_degree(g, v);
    w->open = alloc_array(g->n_edges, sizeof(*w->open));
    w->end = alloc_array(g->n_nodes, sizeof(*w->end));
    w->order = alloc_array(g->n_nodes, sizeof(*w->order));
    w->newly = alloc_array(w->max_degree, sizeof(*w->newly));
    return w->open && w->end && w->order && w->newly &&
           heap_init(&w->heap, g->n_nodes, WINDOW * (w->max_degree + 1));
}

static void finish(struct window *w)
{
    heap_finish(&w->heap);
    free(w->open);
    free(w->end);
    free(w->order);
    free(w->newly);
}

// perm[v] of nodes in the order that they come in.
static gnnac_status place(const struct csr *g, int32_t *perm, gnnac_error *err)
{
    struct window w = {.g = g};
    gnnac_status st = GNNAC_OK;
    if (allocate(&w))
        st = choose_beyond(&w, err);
    else
        st = FAIL(err, GNNAC_ENOMEM, "out of memory for %lld edges",
                  (long long)g->n_edges);
    if (st == GNNAC_OK && g->n_nodes > 0) {
        memcpy(w.open, g->colidx, (size_t)g->n_edges * sizeof(*w.open));
        memcpy(w.end, g->rowptr + 1, (size_t)g->n_nodes * sizeof(*w.end));
        place_all(&w);
        perm_invert(w.order, g->n_nodes, perm);
    }
    finish(&w);
    return st;
}

gnnac_status window_order(const struct csr *g, int n_threads, int32_t *perm,
                          gnnac_error *err)
{
    struct csr near = {0}; // g in RCM order, whose rows share the caches
    gnnac_status st = GNNAC_OK;
    int32_t *placed = alloc_array(g->n_nodes, sizeof(*placed));
    if (!placed)
        return FAIL(err, GNNAC_ENOMEM, "out of memory for %lld nodes",
                    (long long)g->n_nodes);
    TRY(rcm_order(g, n_threads, perm, err));
    TRY(csr_permute(g, perm, &near, err));
    TRY(place(&near, placed, err));
    perm_compose(perm, placed, g->n_nodes, perm);
out:
    csr_finish(&near);
    free(placed);
    return st;
}
