#include "order/rcm.h"

#include <stdbool.h>
#include <stdlib.h>

#include "checked.h"

// A better start is looked for at most so often, so that time stays linear.
enum { MAX_TRIES = 8 };

struct rcm {
    const struct csr *g;
    bool *seen;       // [n_nodes]
    int32_t *queue;   // [n_nodes]: finished components, then the one at hand
    struct child *children; // [largest degree]
    int64_t begin, end;     // of the component at hand
};

struct child {
    int64_t degree;
    int32_t id;
};

// What a search found: its depth, and a node of least degree in the last level.
struct rim {
    int64_t depth;
    int32_t node;
};

static int32_t least_degree(const struct rcm *r, int64_t from)
{
    int32_t best = r->queue[from];
    for (int64_t i = from + 1; i < r->end; i++) {
        int32_t v = r->queue[i];
        int64_t d = csr_degree(r->g, v), least = csr_degree(r->g, best);
        if (d < least || (d == least && v < best))
            best = v;
    }
    return best;
}

static void begin_search(struct rcm *r, int32_t root)
{
    for (int64_t i = r->begin; i < r->end; i++)
        r->seen[r->queue[i]] = false;
    r->queue[r->begin] = root;
    r->end = r->begin + 1;
    r->seen[root] = true;
}

static struct rim search(struct rcm *r, int32_t root)
{
    const struct csr *g = r->g;
    int64_t level = r->begin, next = r->begin + 1;
    struct rim rim = {0};
    begin_search(r, root);
    for (int64_t i = r->begin; i < r->end; i++) {
        if (i == next) {
            level = next;
            next = r->end;
            rim.depth++;
        }
        int32_t v = r->queue[i];
        for (int64_t e = g->rowptr[v]; e < g->rowptr[v + 1]; e++)
            if (!r->seen[g->colidx[e]]) {
                r->seen[g->colidx[e]] = true;
                r->queue[r->end++] = g->colidx[e];
            }
    }
    rim.node = least_degree(r, level);
    return rim;
}

// A node from which the component is about as deep as from any.
static int32_t pseudo_peripheral(struct rcm *r, int32_t any)
{
    int32_t best = any;
    struct rim rim = search(r, any);
    for (int i = 0; i < MAX_TRIES; i++) {
        struct rim deeper = search(r, rim.node);
        if (deeper.depth <= rim.depth)
            return rim.node;
        best = rim.node;
        rim = deeper;
    }
    return best;
}

static int compare_children(const void *a, const void *b)
{
    const struct child *x = a, *y = b;
    if (x->degree != y->degree)
        return x->degree < y->degree ? -1 : 1;
    return (x->id > y->id) - (x->id < y->id);
}

static void append_children(struct rcm *r, int32_t v)
{
    const struct csr *g = r->g;
    int64_t n = 0;
    for (int64_t e = g->rowptr[v]; e < g->rowptr[v + 1]; e++) {
        int32_t u = g->colidx[e];
        if (r->seen[u])
            continue;
        r->seen[u] = true;
        r->children[n++] = (struct child){csr_degree(g, u), u};
    }
    if (n > 1)
        qsort(r->children, (size_t)n, sizeof(*r->children), compare_children);
    for (int64_t i = 0; i < n; i++)
        r->queue[r->end++] = r->children[i].id;
}

// The new ids of the component of `any`, from r->begin on.
static void number_component(struct rcm *r, int32_t any, int32_t *perm)
{
    r->end = r->begin;
    begin_search(r, pseudo_peripheral(r, any));
    for (int64_t i = r->begin; i < r->end; i++)
        append_children(r, r->queue[i]);
    for (int64_t i = r->begin; i < r->end; i++)
        perm[r->queue[i]] = (int32_t)(r->begin + r->end - 1 - i);
    r->begin = r->end;
}

static bool start(struct rcm *r, const struct csr *g)
{
    *r = (struct rcm){.g = g,
                      .seen = calloc_array(g->n_nodes, sizeof(*r->seen)),
                      .queue = alloc_array(g->n_nodes, sizeof(*r->queue)),
                      .children = alloc_array(csr_max_degree(g),
                                              sizeof(*r->children))};
    return r->seen && r->queue && r->children;
}

static void finish(struct rcm *r)
{
    free(r->seen);
    free(r->queue);
    free(r->children);
}

gnnac_status rcm_order(const struct csr *g, int n_threads, int32_t *perm,
                       gnnac_error *err)
{
    struct rcm r;
    (void)n_threads;
    if (!start(&r, g)) {
        finish(&r);
        return FAIL(err, GNNAC_ENOMEM, "out of memory for %lld nodes",
                    (long long)g->n_nodes);
    }
    for (int64_t v = 0; v < g->n_nodes; v++)
        if (!r.seen[v] && csr_degree(g, v) > 0)
            number_component(&r, (int32_t)v, perm);
    for (int64_t v = 0, next = r.begin; v < g->n_nodes; v++)
        if (!r.seen[v])
            perm[v] = (int32_t)next++;
    finish(&r);
    return GNNAC_OK;
}
