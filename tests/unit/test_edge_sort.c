// The parallel radix sort against qsort: lists large enough for many buckets,
// of every shape that makes buckets uneven, at several numbers of threads.
#include <omp.h>

#include "graph/csr.h"
#include "graph/edge_sort.h"
#include "rng.h"
#include "test.h"

enum { EDGES = 150000 };

// Where the ends of edge e come from.
typedef int64_t draw_row(uint64_t seed, int64_t e, int64_t n_nodes);

static int64_t random_id(uint64_t seed, int64_t e, int64_t n)
{
    return (int64_t)rng_below(seed, (uint64_t)e, (uint64_t)n);
}

// Most of them small.
static int64_t skewed_id(uint64_t seed, int64_t e, int64_t n)
{
    int64_t id = random_id(seed, e, n);
    return id & random_id(seed + 1, e, n) & random_id(seed + 2, e, n);
}

static int64_t first_id(uint64_t seed, int64_t e, int64_t n)
{
    (void)seed, (void)e, (void)n;
    return 0;
}

static int64_t last_id(uint64_t seed, int64_t e, int64_t n)
{
    (void)seed, (void)e;
    return n - 1;
}

static int64_t ascending_id(uint64_t seed, int64_t e, int64_t n)
{
    (void)seed;
    return e * n / EDGES;
}

static int64_t descending_id(uint64_t seed, int64_t e, int64_t n)
{
    (void)seed;
    return (EDGES - 1 - e) * n / EDGES;
}

static const struct shape {
    const char *name;
    int64_t n_nodes;
    draw_row *src, *dst;
} shapes[] = {
    {"random", 40000, random_id, random_id},
    {"random, many nodes", 3000000, random_id, random_id},
    {"random, few nodes", 3, random_id, random_id},
    {"one node", 1, first_id, first_id},
    {"skewed", 65536, skewed_id, skewed_id},
    {"star in", 50000, random_id, first_id},
    {"star in, far end", 50000, random_id, last_id},
    {"star out", 50000, first_id, random_id},
    {"sorted", 40000, ascending_id, ascending_id},
    {"reversed", 40000, descending_id, descending_id},
    {"rows in order", 40000, random_id, ascending_id},
    {"columns in order", 40000, ascending_id, random_id},
    {"all alike", 40000, last_id, last_id},
};
enum { N_SHAPES = sizeof(shapes) / sizeof(shapes[0]) };

static struct coo make(const struct shape *s, bool weighted)
{
    struct coo g = {s->n_nodes, EDGES, malloc(EDGES * 4), malloc(EDGES * 4),
                    weighted ? malloc(EDGES * 4) : NULL};
    for (int64_t e = 0; e < EDGES; e++) {
        g.src[e] = (int32_t)s->src(11, e, s->n_nodes);
        g.dst[e] = (int32_t)s->dst(29, e, s->n_nodes);
        if (weighted)
            g.weight[e] = (float)e;
    }
    return g;
}

struct edge {
    int32_t dst, src;
    int64_t at;
};

static int compare(const void *a, const void *b)
{
    const struct edge *x = a, *y = b;
    if (x->dst != y->dst)
        return x->dst < y->dst ? -1 : 1;
    if (x->src != y->src)
        return x->src < y->src ? -1 : 1;
    return x->at < y->at ? -1 : x->at > y->at;
}

static bool agrees(const struct coo *g, const struct edge *want,
                   const struct csr *r)
{
    int64_t e = 0;
    bool ok = r->n_nodes == g->n_nodes && r->n_edges == g->n_edges &&
              r->rowptr[0] == 0 && r->rowptr[r->n_nodes] == r->n_edges;
    for (int64_t v = 0; ok && v < r->n_nodes; v++)
        for (; ok && e < r->rowptr[v + 1]; e++)
            ok = want[e].dst == v && want[e].src == r->colidx[e] &&
                 (!g->weight || g->weight[want[e].at] == r->weight[e]);
    return ok && e == r->n_edges;
}

static struct edge *sorted_by_qsort(const struct coo *g)
{
    struct edge *edges = malloc(EDGES * sizeof(*edges));
    for (int64_t e = 0; e < EDGES; e++)
        edges[e] = (struct edge){g->dst[e], g->src[e], e};
    qsort(edges, EDGES, sizeof(*edges), compare);
    return edges;
}

static const int thread_counts[] = {1, 2, 3, 8};

static void check_shape(const struct shape *s, bool weighted)
{
    struct coo g = make(s, weighted);
    struct edge *want = sorted_by_qsort(&g);
    for (int i = 0; i < 4; i++) {
        struct graph_options opt = {.n_threads = thread_counts[i]};
        struct csr kept = {0}, taken = {0};
        struct coo lost = make(s, weighted);
        CHECK_INT(csr_from_coo(&g, &opt, &kept, NULL), GNNAC_OK);
        CHECK_INT(csr_take_coo(&lost, &opt, &taken, NULL), GNNAC_OK);
        CHECK(!lost.src && !lost.dst && !lost.weight);
        if (!agrees(&g, want, &kept) || !agrees(&g, want, &taken))
            TEST__FAIL("%s, weighted %d, %d threads", s->name, weighted,
                       opt.n_threads);
        csr_finish(&kept);
        csr_finish(&taken);
    }
    free(want);
    coo_finish(&g);
}

TEST(every_shape_of_list_is_sorted_as_qsort_does)
{
    for (int i = 0; i < N_SHAPES; i++)
        check_shape(&shapes[i], false);
}

TEST(weights_stay_with_their_edges_and_equal_edges_in_file_order)
{
    for (int i = 0; i < N_SHAPES; i++)
        check_shape(&shapes[i], true);
}

static bool same(const struct csr *a, const struct csr *b)
{
    size_t n = (size_t)a->n_edges * 4;
    return a->n_edges == b->n_edges &&
           memcmp(a->rowptr, b->rowptr, (size_t)(a->n_nodes + 1) * 8) == 0 &&
           memcmp(a->colidx, b->colidx, n) == 0 &&
           memcmp(a->weight, b->weight, n) == 0;
}

// As csr_take_coo does with lists that are worth it.
TEST(a_list_that_is_consumed_gives_the_same)
{
    for (int i = 0; i < N_SHAPES; i++) {
        for (int k = 0; k < 4; k++) {
            const struct graph_options opt = {.n_threads = thread_counts[k]};
            struct coo g = make(&shapes[i], true);
            struct csr want;
            CHECK_INT(csr_from_coo(&g, &opt, &want, NULL), GNNAC_OK);
            struct edge_list l = {EDGES, g.n_nodes, g.dst, g.src, g.weight,
                                  .consume = true};
            int64_t *rowptr = malloc((size_t)(g.n_nodes + 1) * 8);
            struct csr got = {g.n_nodes, EDGES, rowptr, malloc(EDGES * 4),
                              malloc(EDGES * 4)};
            CHECK(edge_sort(&l, got.rowptr, got.colidx, got.weight));
            if (!same(&got, &want))
                TEST__FAIL("%s, %d threads", shapes[i].name, opt.n_threads);
            csr_finish(&got);
            csr_finish(&want);
            coo_finish(&g);
        }
    }
}

// The rows of the transpose are those that the other flow makes. Of equal edges
// both keep the order of the file.
TEST(a_transpose_is_the_sort_of_the_swapped_edges)
{
    const struct graph_options swapped = {.target_to_source = true};
    const struct graph_options plain = {0};
    for (int i = 0; i < N_SHAPES; i++) {
        struct coo g = make(&shapes[i], true);
        struct csr a, t, want;
        CHECK_INT(csr_from_coo(&g, &plain, &a, NULL), GNNAC_OK);
        CHECK_INT(csr_from_coo(&g, &swapped, &want, NULL), GNNAC_OK);
        for (int k = 0; k < 4; k++) {
            omp_set_num_threads(thread_counts[k]);
            CHECK_INT(csr_transpose(&a, &t, NULL), GNNAC_OK);
            if (!same(&t, &want))
                TEST__FAIL("%s, %d threads", shapes[i].name, thread_counts[k]);
            csr_finish(&t);
        }
        csr_finish(&a);
        csr_finish(&want);
        coo_finish(&g);
    }
}

// One exchange of neighbours anywhere is seen, at the seams of threads too.
TEST(a_list_is_sorted_only_if_every_pair_of_neighbours_is)
{
    struct coo g = make(&shapes[8], false);
    const struct edge_list l = {.n = EDGES, .n_rows = g.n_nodes,
                                .row = g.dst, .col = g.src};
    CHECK(edge_list_is_sorted(&l));
    for (int64_t e = 1; e < EDGES; e += 7919) {
        int32_t kept = g.src[e];
        omp_set_num_threads(thread_counts[e % 4]);
        g.src[e] = g.src[e - 1] - 1;
        CHECK(edge_list_is_sorted(&l) == (g.dst[e] > g.dst[e - 1]));
        g.src[e] = kept;
        kept = g.dst[e];
        g.dst[e] = g.dst[e - 1] - 1;
        CHECK(!edge_list_is_sorted(&l));
        g.dst[e] = kept;
    }
    coo_finish(&g);
}

int main(void)
{
    RUN(every_shape_of_list_is_sorted_as_qsort_does);
    RUN(weights_stay_with_their_edges_and_equal_edges_in_file_order);
    RUN(a_list_that_is_consumed_gives_the_same);
    RUN(a_transpose_is_the_sort_of_the_swapped_edges);
    RUN(a_list_is_sorted_only_if_every_pair_of_neighbours_is);
    return test_done();
}
