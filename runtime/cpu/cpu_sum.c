// Sums over neighbours, and all that a step does to them before they are
// stored. Built once for each instruction set.
#include "cpu/cpu_lanes.h"

enum {
    AHEAD = 16, // edges between a row's prefetch and its use
    LINE = 16,  // floats of a cache line
    MAX_SUMS = 4,
};

// What a neighbour's columns are multiplied with.
enum weighting { BY_NOTHING, BY_SOURCE, BY_EDGE };

// The neighbours' columns and their weights, beside the sums the only things
// that are looked at once per edge.
struct edges {
    const int32_t *colidx;
    int64_t last; // of all edges
    const float *x, *dinv, *weight;
    int64_t pitch;
};

static struct edges edges_of(const struct aggregate_job *a, int32_t first_col)
{
    return (struct edges){.colidx = a->colidx,
                          .last = a->rowptr[a->n_rows] - 1,
                          .x = a->x.data + first_col,
                          .dinv = a->dinv,
                          .weight = a->weight,
                          .pitch = a->x.pitch};
}

// Neighbours lie anywhere, but which ones come next is known.
ALWAYS_INLINE void prefetch(struct edges g, int64_t e, const int n_floats)
{
    int64_t ahead = e + AHEAD < g.last ? e + AHEAD : g.last;
    const float *from = g.x + g.colidx[ahead] * g.pitch;
    UNROLL
    for (int j = 0; j < n_floats; j += LINE)
        __builtin_prefetch(from + j);
}

ALWAYS_INLINE float edge_weight(struct edges g, int64_t e,
                                const enum weighting by)
{
    return by == BY_SOURCE ? g.dinv[g.colidx[e]] : g.weight[e];
}

struct row_scales {
    float sum, self;
};

ALWAYS_INLINE struct row_scales row_scales(const struct aggregate_job *a,
                                           int64_t v)
{
    struct row_scales s = {1, 1};
    int64_t degree = a->rowptr[v + 1] - a->rowptr[v];
    if (a->norm == NORM_GCN || a->norm == NORM_SCALED)
        s.sum = a->dinv[v];
    else if (a->norm == NORM_MEAN && degree > 1)
        s.sum = 1 / (float)degree;
    if (a->self_term == SELF_EPS)
        s.self = 1 + a->eps[0];
    else if (a->self_term == SELF_GCN)
        s.self = a->dinv[v] * a->dinv[v];
    else if (a->self_term == SELF_SCALED)
        s.self = a->dinv[v];
    return s;
}

#define LANES_ 1
#define MAX_VECS_ 1
#include "cpu/cpu_sum_lanes.h"
#define LANES_ 2
#define MAX_VECS_ 2
#include "cpu/cpu_sum_lanes.h"
#if LANES > 4
#define LANES_ 4
#define MAX_VECS_ 2
#include "cpu/cpu_sum_lanes.h"
#endif
#if LANES > 8
#define LANES_ 8
#define MAX_VECS_ 2
#include "cpu/cpu_sum_lanes.h"
#endif
#define LANES_ LANES
#define MAX_VECS_ SUM_VECS
#include "cpu/cpu_sum_lanes.h"

void ISA(cpu_sum)(const struct aggregate_job *a, struct sum_block b)
{
    if (b.n_cols >= LANES)
        PASTE(aggregate, LANES)(a, b);
#if LANES > 8
    else if (b.n_cols >= 8)
        aggregate8(a, b);
#endif
#if LANES > 4
    else if (b.n_cols >= 4)
        aggregate4(a, b);
#endif
    else if (b.n_cols >= 2)
        aggregate2(a, b);
    else
        aggregate1(a, b);
}
