// The idea of Rabbit Order (Arai et al., IPDPS 2016) as the plainest program
// of one thread: each node, by ascending degree, merges at once into the
// neighbouring community that gains most. A yardstick that is as fast or slow
// as the machine is.
#ifndef GNNAC_PLAIN_RABBIT_H
#define GNNAC_PLAIN_RABBIT_H

#include "checked.h"
#include "graph/csr.h"

struct plain_cell {
    int32_t id, weight;
};

struct plain_rabbit {
    const struct csr *g;
    int32_t *dest, *child, *sibling;
    int64_t *strength, *weight; // weight: 0 between nodes
    struct plain_cell **cells;  // of the neighbours, once visited
    int64_t *n_cells;
    int32_t *visit, *found, *stack;
    bool out_of_memory;
};

static bool plain_allocate(struct plain_rabbit *r)
{
    int64_t n = r->g->n_nodes;
    r->dest = alloc_array(n, sizeof(*r->dest));
    r->child = alloc_array(n, sizeof(*r->child));
    r->sibling = alloc_array(n, sizeof(*r->sibling));
    r->strength = alloc_array(n, sizeof(*r->strength));
    r->weight = calloc_array(n, sizeof(*r->weight));
    r->cells = calloc_array(n, sizeof(struct plain_cell *));
    r->n_cells = calloc_array(n, sizeof(*r->n_cells));
    r->visit = alloc_array(n, sizeof(*r->visit));
    r->found = alloc_array(n, sizeof(*r->found));
    r->stack = alloc_array(n, sizeof(*r->stack));
    return r->dest && r->child && r->sibling && r->strength && r->weight &&
           r->cells && r->n_cells && r->visit && r->found && r->stack;
}

static void plain_finish(struct plain_rabbit *r)
{
    for (int64_t v = 0; r->cells && v < r->g->n_nodes; v++)
        free(r->cells[v]);
    free(r->dest);
    free(r->child);
    free(r->sibling);
    free(r->strength);
    free(r->weight);
    free(r->cells);
    free(r->n_cells);
    free(r->visit);
    free(r->found);
    free(r->stack);
}

// Counting sort; weight is as long as there are degrees, and zero.
static void plain_sort(struct plain_rabbit *r)
{
    int64_t n = r->g->n_nodes, sum = 0;
    for (int64_t v = 0; v < n; v++)
        r->weight[csr_degree(r->g, v)]++;
    for (int64_t d = 0; d < n; d++) {
        int64_t count = r->weight[d];
        r->weight[d] = sum;
        sum += count;
    }
    for (int64_t v = 0; v < n; v++)
        r->visit[r->weight[csr_degree(r->g, v)]++] = (int32_t)v;
    memset(r->weight, 0, (size_t)n * sizeof(*r->weight));
}

static void plain_add(struct plain_rabbit *r, int32_t v, int32_t weight,
                      int64_t *n)
{
    while (r->dest[v] != v) {
        r->dest[v] = r->dest[r->dest[v]];
        v = r->dest[v];
    }
    if (r->weight[v] == 0)
        r->found[(*n)++] = v;
    r->weight[v] += weight;
}

static int64_t plain_gather(struct plain_rabbit *r, int32_t u)
{
    int64_t n = 0;
    for (int64_t e = r->g->rowptr[u]; e < r->g->rowptr[u + 1]; e++)
        plain_add(r, r->g->colidx[e], 1, &n);
    for (int32_t c = r->child[u]; c >= 0; c = r->sibling[c]) {
        for (int64_t i = 0; i < r->n_cells[c]; i++)
            plain_add(r, r->cells[c][i].id, r->cells[c][i].weight, &n);
        free(r->cells[c]);
        r->cells[c] = NULL;
    }
    return n;
}

static int32_t plain_choose(struct plain_rabbit *r, int32_t u, int64_t n)
{
    double most = 0, all = (double)r->g->n_edges, mine = (double)r->strength[u];
    int32_t best = -1;
    r->cells[u] = alloc_array(n, sizeof(struct plain_cell));
    r->out_of_memory |= !r->cells[u];
    for (int64_t i = 0; i < n; i++) {
        int32_t v = r->found[i], weight = (int32_t)r->weight[v];
        r->weight[v] = 0;
        if (v == u || !r->cells[u])
            continue;
        r->cells[u][r->n_cells[u]++] = (struct plain_cell){v, weight};
        double gain = weight * all - mine * (double)r->strength[v];
        if (gain > most) {
            most = gain;
            best = v;
        }
    }
    return best;
}

static int64_t plain_number(struct plain_rabbit *r, int32_t root, int64_t next,
                            int32_t *perm)
{
    int64_t n = 0;
    for (r->stack[n++] = root; n > 0;) {
        int32_t v = r->stack[--n];
        perm[v] = (int32_t)next++;
        for (int32_t c = r->child[v]; c >= 0; c = r->sibling[c])
            r->stack[n++] = c;
    }
    return next;
}

static void plain_run(struct plain_rabbit *r, int32_t *perm)
{
    int64_t n = r->g->n_nodes, next = 0;
    for (int64_t v = 0; v < n; v++) {
        r->dest[v] = (int32_t)v;
        r->child[v] = r->sibling[v] = -1;
        r->strength[v] = csr_degree(r->g, v);
    }
    plain_sort(r);
    for (int64_t i = 0; i < n; i++) {
        int32_t u = r->visit[i];
        int32_t v = plain_choose(r, u, plain_gather(r, u));
        if (v < 0)
            continue;
        r->dest[u] = v;
        r->strength[v] += r->strength[u];
        r->sibling[u] = r->child[v];
        r->child[v] = u;
    }
    for (int64_t i = 0; i < n; i++)
        if (r->dest[r->visit[i]] == r->visit[i])
            next = plain_number(r, r->visit[i], next, perm);
}

// Of a simple graph (order/simple_graph.h). perm[n_nodes] receives perm[old] =
// new. GNNAC_ENOMEM.
static gnnac_status plain_rabbit(const struct csr *g, int32_t *perm,
                                 gnnac_error *err)
{
    struct plain_rabbit r = {.g = g};
    bool ok = plain_allocate(&r);
    if (ok)
        plain_run(&r, perm);
    ok = ok && !r.out_of_memory;
    plain_finish(&r);
    return ok ? GNNAC_OK : FAIL(err, GNNAC_ENOMEM, "out of memory");
}

#endif
