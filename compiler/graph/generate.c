#include "graph/generate.h"

#include <math.h>
#include <omp.h>
#include <string.h>

#include "checked.h"
#include "graph/coo_build.h"
#include "rng.h"

// A kind at work: edge i of the graph is a function of the sizes, the seed and
// i alone, so any thread may draw it. Floating point enters only through
// correctly rounded operations (sqrt, + - * /).
struct plan {
    int64_t nodes, edges, blocks;
    uint64_t seed;
    int bits;     // rmat: levels of the recursion
    int64_t side; // mesh: columns of the grid
};

typedef void edge_maker(const struct plan *p, int64_t i, int64_t *src,
                        int64_t *dst);

static gnnac_status bad_size(const char *kind, const char *what,
                             gnnac_error *err)
{
    return FAIL(err, GNNAC_EUSAGE, "generate %s: %s", kind, what);
}

// ---- kinds ------------------------------------------------------------------

// R-MAT (Chakrabarti, Zhan, Faloutsos, SDM 2004) with Graph500's quadrant
// probabilities 0.57, 0.19, 0.19, 0.05; drawn again until both ends are nodes.
static void rmat_edge(const struct plan *p, int64_t i, int64_t *src,
                      int64_t *dst)
{
    uint64_t try = 0;
    do {
        uint64_t at = ((uint64_t)i * 64 + try++) * 64;
        *src = *dst = 0;
        for (int b = 0; b < p->bits; b++) {
            uint64_t r = rng_below(p->seed, at + (uint64_t)b, 100);
            *src = *src * 2 + (r >= 76);
            *dst = *dst * 2 + ((r >= 57 && r < 76) || r >= 95);
        }
    } while ((*src >= p->nodes || *dst >= p->nodes) && try < 64);
    *src %= p->nodes;
    *dst %= p->nodes;
}

static int64_t block_begin(const struct plan *p, int64_t block)
{
    return (int64_t)((uint128)p->nodes * (uint128)block / (uint128)p->blocks);
}

// The block that node v is in.
static int64_t block_of(const struct plan *p, int64_t v)
{
    int64_t b = (int64_t)((uint128)v * (uint128)p->blocks / (uint128)p->nodes);
    while (b + 1 < p->blocks && block_begin(p, b + 1) <= v)
        b++;
    while (block_begin(p, b) > v)
        b--;
    return b;
}

static int64_t draw_in_block(const struct plan *p, int64_t block, uint64_t at)
{
    int64_t begin = block_begin(p, block), end = block_begin(p, block + 1);
    return begin + (int64_t)rng_below(p->seed, at, (uint64_t)(end - begin));
}

// Nine edges in ten stay inside the block of their source.
static void sbm_edge(const struct plan *p, int64_t i, int64_t *src,
                     int64_t *dst)
{
    uint64_t at = (uint64_t)i * 4;
    *src = (int64_t)rng_below(p->seed, at, (uint64_t)p->nodes);
    if (rng_below(p->seed, at + 1, 10) == 0)
        *dst = (int64_t)rng_below(p->seed, at + 2, (uint64_t)p->nodes);
    else
        *dst = draw_in_block(p, block_of(p, *src), at + 3);
}

// Both ends inside one of many small graphs.
static void batch_edge(const struct plan *p, int64_t i, int64_t *src,
                       int64_t *dst)
{
    uint64_t at = (uint64_t)i * 2;
    *src = (int64_t)rng_below(p->seed, at, (uint64_t)p->nodes);
    *dst = draw_in_block(p, block_of(p, *src), at + 1);
}

// In-degrees that fall off like a power law: node v is drawn with a density
// proportional to 1 / sqrt(v), by the square of a uniform number; sources are
// uniform. Ids are spread so that hubs do not stand side by side.
static void powerlaw_edge(const struct plan *p, int64_t i, int64_t *src,
                          int64_t *dst)
{
    uint64_t at = (uint64_t)i * 2, n = (uint64_t)p->nodes;
    double u = rng_unit(p->seed, at);
    uint64_t rank = (uint64_t)(u * u * (double)p->nodes);
    uint64_t step = 2654435761u % n;
    *src = (int64_t)rng_below(p->seed, at + 1, n);
    *dst = (int64_t)((uint128)(rank < n ? rank : n - 1) * (step | 1) % n);
}

static void ring_edge(const struct plan *p, int64_t i, int64_t *src,
                      int64_t *dst)
{
    int64_t v = i / 2;
    *src = v;
    *dst = i % 2 ? (v + p->nodes - 1) % p->nodes : (v + 1) % p->nodes;
}

// Node 0 and each other node, both ways.
static void star_edge(const struct plan *p, int64_t i, int64_t *src,
                      int64_t *dst)
{
    (void)p;
    *src = i % 2 ? i / 2 + 1 : 0;
    *dst = i % 2 ? 0 : i / 2 + 1;
}

// A grid of `side` columns; edge i is the k-th direction of a node, and points
// back to the node itself where the grid ends (dropped afterwards).
static void mesh_edge(const struct plan *p, int64_t i, int64_t *src,
                      int64_t *dst)
{
    int64_t v = i / 4, x = v % p->side, to = v;
    switch (i % 4) {
    case 0:
        to = x > 0 ? v - 1 : v;
        break;
    case 1:
        to = x + 1 < p->side && v + 1 < p->nodes ? v + 1 : v;
        break;
    case 2:
        to = v >= p->side ? v - p->side : v;
        break;
    default:
        to = v + p->side < p->nodes ? v + p->side : v;
        break;
    }
    *src = v;
    *dst = to;
}

// ---- sizes ------------------------------------------------------------------

static int64_t or_default(int64_t given, int64_t dflt)
{
    return given ? given : dflt;
}

static gnnac_status size_random(struct plan *p, const char *kind,
                                gnnac_error *err)
{
    p->edges = or_default(p->edges, 8 * p->nodes);
    if (p->nodes == 0 && p->edges)
        return bad_size(kind, "edges need nodes", err);
    while (((int64_t)1 << p->bits) < p->nodes)
        p->bits++;
    return GNNAC_OK;
}

static gnnac_status size_blocks(struct plan *p, const char *kind,
                                gnnac_error *err)
{
    bool batch = strcmp(kind, "batch") == 0;
    p->edges = or_default(p->edges, (batch ? 4 : 8) * p->nodes);
    int64_t dflt = batch ? ceil_div(p->nodes, 32) : ceil_div(p->nodes, 128);
    p->blocks = or_default(p->blocks, dflt ? dflt : 1);
    if (p->blocks > p->nodes && p->nodes)
        return bad_size(kind, "more blocks than nodes", err);
    if (p->nodes == 0 && p->edges)
        return bad_size(kind, "edges need nodes", err);
    return GNNAC_OK;
}

// These have as many edges as their shape says.
static gnnac_status size_fixed(struct plan *p, const char *kind,
                               gnnac_error *err)
{
    if (p->edges)
        return bad_size(kind, "--edges does not apply: --nodes decides", err);
    if (strcmp(kind, "ring") == 0)
        p->edges = 2 * p->nodes;
    else if (strcmp(kind, "star") == 0)
        p->edges = p->nodes ? 2 * (p->nodes - 1) : 0;
    else
        p->edges = 4 * p->nodes;
    p->side = (int64_t)sqrt((double)p->nodes);
    if (p->side < 1)
        p->side = 1;
    return GNNAC_OK;
}

static const struct kind {
    const char *name;
    gnnac_status (*size)(struct plan *p, const char *kind, gnnac_error *err);
    edge_maker *edge;
    bool drop_loops;
} kinds[] = {
    {"rmat", size_random, rmat_edge, false},
    {"sbm", size_blocks, sbm_edge, false},
    {"powerlaw", size_random, powerlaw_edge, false},
    {"batch", size_blocks, batch_edge, false},
    {"ring", size_fixed, ring_edge, false},
    {"star", size_fixed, star_edge, false},
    {"mesh", size_fixed, mesh_edge, true},
};

static const struct kind *find_kind(const char *name)
{
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if (strcmp(kinds[i].name, name) == 0)
            return &kinds[i];
    return NULL;
}

// ---- the graph --------------------------------------------------------------

static void drop_loops(struct coo *g)
{
    int64_t n = 0;
    for (int64_t i = 0; i < g->n_edges; i++)
        if (g->src[i] != g->dst[i]) {
            g->src[n] = g->src[i];
            g->dst[n++] = g->dst[i];
        }
    g->n_edges = n;
}

static gnnac_status plan_sizes(const struct generate_options *opt,
                               const struct kind *k, struct plan *p,
                               gnnac_error *err)
{
    const int64_t max_edges = INT64_C(1) << 40;
    if (opt->nodes < 0 || opt->nodes > INT32_MAX)
        return bad_size(k->name, "--nodes must be from 0 to 2^31 - 1", err);
    if (opt->edges < 0 || opt->edges > max_edges)
        return bad_size(k->name, "--edges must be from 0 to 2^40", err);
    if (opt->blocks < 0)
        return bad_size(k->name, "--blocks must not be negative", err);
    *p = (struct plan){.nodes = or_default(opt->nodes, 1000),
                       .edges = opt->edges,
                       .blocks = opt->blocks,
                       .seed = opt->seed};
    return k->size(p, k->name, err);
}

gnnac_status graph_generate(const struct generate_options *opt, struct coo *out,
                            gnnac_error *err)
{
    const struct kind *k = find_kind(opt->kind);
    struct plan p;
    struct coo g;
    if (!k)
        return FAIL(err, GNNAC_EUSAGE,
                    "generate %s: the kinds are rmat, sbm, powerlaw, batch, "
                    "ring, star and mesh",
                    opt->kind);
    gnnac_status st = plan_sizes(opt, k, &p, err);
    if (st == GNNAC_OK)
        st = coo_alloc(&g, p.edges, false, k->name, err);
    if (st != GNNAC_OK)
        return st;
    if (opt->n_threads)
        omp_set_num_threads(opt->n_threads);
#pragma omp parallel for schedule(static)
    for (int64_t i = 0; i < p.edges; i++) {
        int64_t src, dst;
        k->edge(&p, i, &src, &dst);
        g.src[i] = (int32_t)src;
        g.dst[i] = (int32_t)dst;
    }
    g.n_nodes = p.nodes;
    if (k->drop_loops)
        drop_loops(&g);
    *out = g;
    return GNNAC_OK;
}
