// Windows, tiles and caches against programs that do what the words say; the
// parts of graph_stats that do without a transpose against the transpose.
#include <omp.h>

#include "graph/components.h"
#include "graph/generate.h"
#include "graph/locality.h"
#include "graph/lru.h"
#include "graph/symmetry.h"
#include "graph_fixture.h"
#include "rng.h"

static struct csr generated(const char *kind, int64_t nodes, int64_t edges,
                            uint64_t seed)
{
    struct coo g = {0};
    CHECK_INT(graph_generate(&(struct generate_options){.kind = kind,
                                                        .nodes = nodes,
                                                        .edges = edges,
                                                        .seed = seed},
                             &g, NULL),
              GNNAC_OK);
    return csr_of(g, NULL);
}

// Columns cluster near the row, so that windows and caches see repetition.
static struct csr random_graph(int64_t nodes, int64_t edges, uint64_t seed)
{
    struct coo g = {nodes, edges, malloc((size_t)edges * 4 + 1),
                    malloc((size_t)edges * 4 + 1), NULL};
    uint64_t n = (uint64_t)nodes, near = n / 8 + 1;
    for (int64_t e = 0; e < edges; e++) {
        uint64_t at = 3 * (uint64_t)e, v = rng_below(seed, at, n);
        uint64_t u = rng_unit(seed, at + 1) < 0.7
                         ? (v + rng_below(seed, at + 2, near)) % n
                         : rng_below(seed, at + 2, n);
        g.dst[e] = (int32_t)v;
        g.src[e] = (int32_t)u;
    }
    return csr_of(g, NULL);
}

// ---- windows and tiles ------------------------------------------------------

// Distinct values of column / `cols` in each window of `rows` rows: their sum,
// each rounded up to a multiple of `unit` and divided by it.
static int64_t count_cells(const struct csr *g, int64_t rows, int64_t cols,
                           int64_t unit)
{
    int64_t sum = 0, n_cells = g->n_nodes / cols + 1;
    bool *seen = malloc((size_t)n_cells);
    for (int64_t v = 0; v < g->n_nodes; v += rows) {
        int64_t end = v + rows < g->n_nodes ? v + rows : g->n_nodes, here = 0;
        memset(seen, 0, (size_t)n_cells);
        for (int64_t e = g->rowptr[v]; e < g->rowptr[end]; e++) {
            here += !seen[g->colidx[e] / cols];
            seen[g->colidx[e] / cols] = true;
        }
        sum += (here + unit - 1) / unit;
    }
    free(seen);
    return sum;
}

static void check_windows(const struct csr *g)
{
    struct locality l;
    CHECK_INT(locality_measure(g, &l, NULL), GNNAC_OK);
    CHECK_INT(l.window_cols_8, count_cells(g, 8, 1, 1));
    CHECK_INT(l.window_cols_16, count_cells(g, 16, 1, 1));
    CHECK_INT(l.window_cols_64, count_cells(g, 64, 1, 1));
    CHECK_INT(l.window_cols_128, count_cells(g, 128, 1, 1));
    CHECK_INT(l.tiles_16x8, count_cells(g, 16, 8, 1));
    CHECK_INT(l.sgt_blocks_16x8, count_cells(g, 16, 1, 8));
}

TEST(windows_and_tiles_of_random_graphs_are_counted_right)
{
    static const int64_t sizes[] = {1, 7, 8, 9, 16, 17, 63, 129, 1000, 4095};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
        for (int64_t per_node = 0; per_node <= 20; per_node += 5) {
            struct csr g = random_graph(sizes[i], sizes[i] * per_node, i);
            check_windows(&g);
            csr_finish(&g);
        }
}

// Many chunks, and rows that are longer than one.
TEST(windows_are_whole_where_chunks_meet)
{
    struct csr g = random_graph(3000, 2000000, 5);
    check_windows(&g);
    csr_finish(&g);
    g = generated("star", 700001, 0, 1);
    check_windows(&g);
    csr_finish(&g);
}

// Rows 0 to 15 see columns 0, 7, 8 and 40: tiles 0, 1 and 5. Row 16 sees 0.
TEST(a_block_of_hand_made_tiles)
{
    struct csr g = csr_of(coo_of(41, 6, (int32_t[]){0, 0, 7, 0, 8, 3, 40, 15,
                                                    7, 15, 0, 16}),
                          NULL);
    struct locality l;
    CHECK_INT(locality_measure(&g, &l, NULL), GNNAC_OK);
    CHECK_INT(l.tiles_16x8, 4);
    CHECK_INT(l.sgt_blocks_16x8, 2);
    CHECK_INT(l.window_cols_64, 4);
    csr_finish(&g);
}

// ---- caches -----------------------------------------------------------------

// Distance by distance: an access hits when fewer than `capacity` distinct
// columns lie between it and the last one to the same column.
static int64_t naive_misses(const struct csr *g, int64_t capacity)
{
    int32_t *order = malloc((size_t)g->n_nodes * 4 + 1); // latest first
    int64_t n = 0, misses = 0;
    for (int64_t e = 0; e < g->n_edges; e++) {
        int64_t at = 0;
        while (at < n && order[at] != g->colidx[e])
            at++;
        misses += at == n || at >= capacity;
        n += at == n;
        memmove(order + 1, order, (size_t)at * 4);
        order[0] = g->colidx[e];
    }
    free(order);
    return misses;
}

// Caches of `small` and `large` rows, filled anew at every `step`-th entry.
static void check_caches(const struct csr *g, int64_t small, int64_t large,
                         int64_t step)
{
    struct lru l[2] = {{.capacity = small}, {.capacity = large}};
    int64_t *last = malloc((size_t)g->n_nodes * 8 + 1);
    for (int64_t begin = 0; begin < g->n_edges; begin += step) {
        memset(last, 0xff, (size_t)g->n_nodes * 8);
        lru_warm(l, 2, g->colidx, begin, last);
        for (int64_t e = begin; e < begin + step && e < g->n_edges; e++) {
            int64_t before = last[g->colidx[e]];
            last[g->colidx[e]] = e;
            lru_touch(&l[0], g->colidx, last, before);
            lru_touch(&l[1], g->colidx, last, before);
        }
    }
    CHECK_INT(l[0].misses, naive_misses(g, small));
    CHECK_INT(l[1].misses, naive_misses(g, large));
    free(last);
}

TEST(a_small_cache_by_hand)
{
    // Gathered: 0 1 2 | 0 1 | 2 0 | 2. Two rows fit: only the last is a hit.
    struct csr g = csr_of(coo_of(4, 8, (int32_t[]){0, 0, 1, 0, 2, 0, 0, 1, 1,
                                                   1, 0, 2, 2, 2, 2, 3}),
                          NULL);
    CHECK_INT(naive_misses(&g, 1), 7);
    CHECK_INT(naive_misses(&g, 2), 6);
    CHECK_INT(naive_misses(&g, 3), 3);
    check_caches(&g, 1, 2, 100);
    check_caches(&g, 2, 3, 100);
    csr_finish(&g);
}

TEST(caches_of_any_size_agree_with_a_list)
{
    for (uint64_t seed = 0; seed < 6; seed++) {
        struct csr g = random_graph(200, 3000, seed);
        for (int64_t small = 1; small < 200; small = small * 3 + 1)
            check_caches(&g, small, small * 2, g.n_edges);
        csr_finish(&g);
    }
}

TEST(a_cache_may_be_filled_anew_anywhere)
{
    for (int64_t step = 1; step < 4000; step = step * 3 + 2) {
        struct csr g = random_graph(200, 3000, (uint64_t)step);
        check_caches(&g, 5, 60, step);
        check_caches(&g, 17, 1000, step); // more than there are nodes
        csr_finish(&g);
    }
}

TEST(both_caches_of_the_analysis_are_such_caches)
{
    struct csr g = random_graph(12000, 60000, 3);
    struct locality l;
    CHECK_INT(locality_measure(&g, &l, NULL), GNNAC_OK);
    CHECK_INT(l.lru_misses_small, naive_misses(&g, LRU_SMALL));
    CHECK_INT(l.lru_misses_large, naive_misses(&g, LRU_LARGE));
    CHECK(l.lru_misses_large < l.lru_misses_small);
    csr_finish(&g);
}

// ---- threads ----------------------------------------------------------------

TEST(any_number_of_threads_sees_the_same_locality)
{
    struct csr graphs[] = {generated("rmat", 40000, 3000000, 1),
                           generated("powerlaw", 100000, 2000000, 2),
                           generated("star", 700001, 0, 1)};
    for (int i = 0; i < 3; i++) {
        struct locality one, many;
        memset(&one, 0, sizeof(one));
        memset(&many, 0, sizeof(many));
        omp_set_num_threads(1);
        CHECK_INT(locality_measure(&graphs[i], &one, NULL), GNNAC_OK);
        for (int threads = 2; threads <= 8; threads++) {
            omp_set_num_threads(threads);
            CHECK_INT(locality_measure(&graphs[i], &many, NULL), GNNAC_OK);
            CHECK(memcmp(&one, &many, sizeof(one)) == 0);
        }
        csr_finish(&graphs[i]);
    }
}

// ---- symmetry, columns, components ------------------------------------------

static bool same_csr(const struct csr *a, const struct csr *b)
{
    return memcmp(a->rowptr, b->rowptr, (size_t)(a->n_nodes + 1) * 8) == 0 &&
           memcmp(a->colidx, b->colidx, (size_t)a->n_edges * 4) == 0;
}

static void check_transposed(const struct csr *g)
{
    struct csr t = {0};
    int64_t *starts = NULL;
    bool symmetric = false;
    CHECK_INT(csr_transpose(g, &t, NULL), GNNAC_OK);
    CHECK_INT(csr_is_symmetric(g, &symmetric, NULL), GNNAC_OK);
    CHECK_INT(symmetric, same_csr(g, &t));
    CHECK_INT(csr_column_starts(g, &starts, NULL), GNNAC_OK);
    CHECK(memcmp(starts, t.rowptr, (size_t)(g->n_nodes + 1) * 8) == 0);
    free(starts);
    csr_finish(&t);
}

static struct csr symmetrized(int64_t nodes, int64_t edges, uint64_t seed)
{
    struct csr g = random_graph(nodes, edges, seed), t = {0};
    struct coo both = {nodes, 0, malloc((size_t)edges * 8 + 1),
                       malloc((size_t)edges * 8 + 1), NULL};
    CHECK_INT(csr_transpose(&g, &t, NULL), GNNAC_OK);
    for (int64_t v = 0; v < nodes; v++)
        for (int64_t e = g.rowptr[v]; e < g.rowptr[v + 1]; e++) {
            both.src[both.n_edges] = g.colidx[e];
            both.dst[both.n_edges++] = (int32_t)v;
            both.src[both.n_edges] = (int32_t)v;
            both.dst[both.n_edges++] = g.colidx[e];
        }
    csr_finish(&g);
    csr_finish(&t);
    return csr_of(both, NULL);
}

TEST(a_graph_is_symmetric_when_its_transpose_is_the_same)
{
    for (int threads = 1; threads <= 5; threads += 2) {
        omp_set_num_threads(threads);
        for (uint64_t seed = 0; seed < 30; seed++) {
            int64_t nodes = 2 + (int64_t)seed * 3;
            struct csr g = random_graph(nodes, nodes * 6, seed);
            check_transposed(&g);
            csr_finish(&g);
            g = symmetrized(nodes, nodes * 6, seed);
            check_transposed(&g);
            // One entry names another node: most often no longer symmetric.
            int64_t e = (int64_t)rng_below(seed, 0, (uint64_t)g.n_edges);
            if (e + 1 < g.n_edges && g.colidx[e] < g.colidx[e + 1])
                g.colidx[e]++;
            check_transposed(&g);
            csr_finish(&g);
        }
    }
}

// Label by label until nothing changes.
static struct components naive_components(const struct csr *g)
{
    int32_t *label = malloc((size_t)g->n_nodes * 4);
    struct components c = {0};
    bool changed = true;
    for (int64_t v = 0; v < g->n_nodes; v++)
        label[v] = (int32_t)v;
    while (changed) {
        changed = false;
        for (int64_t v = 0; v < g->n_nodes; v++)
            for (int64_t e = g->rowptr[v]; e < g->rowptr[v + 1]; e++) {
                int32_t *a = &label[v], *b = &label[g->colidx[e]];
                changed = changed || *a != *b;
                *a = *b = *a < *b ? *a : *b;
            }
    }
    for (int64_t v = 0; v < g->n_nodes; v++) {
        int64_t size = 0;
        for (int64_t u = v; label[v] == v && u < g->n_nodes; u++)
            size += label[u] == v;
        c.count += size > 0;
        c.largest = size > c.largest ? size : c.largest;
    }
    free(label);
    return c;
}

static void check_components(const struct csr *g, bool symmetric)
{
    struct components want = naive_components(g), got = {0};
    CHECK_INT(components_count(g, symmetric, &got, NULL), GNNAC_OK);
    CHECK_INT(got.count, want.count);
    CHECK_INT(got.largest, want.largest);
}

TEST(components_are_those_of_labels_that_spread)
{
    for (int threads = 1; threads <= 4; threads++) {
        omp_set_num_threads(threads);
        for (uint64_t seed = 0; seed < 40; seed++) {
            int64_t nodes = 1 + (int64_t)(seed * seed);
            struct csr g = random_graph(nodes, nodes * 2 / 3, seed);
            check_components(&g, false);
            csr_finish(&g);
            g = symmetrized(nodes, nodes * 2 / 3, seed);
            check_components(&g, false);
            check_components(&g, true);
            csr_finish(&g);
        }
    }
}

int main(void)
{
    RUN(windows_and_tiles_of_random_graphs_are_counted_right);
    RUN(windows_are_whole_where_chunks_meet);
    RUN(a_block_of_hand_made_tiles);
    RUN(a_small_cache_by_hand);
    RUN(caches_of_any_size_agree_with_a_list);
    RUN(a_cache_may_be_filled_anew_anywhere);
    RUN(both_caches_of_the_analysis_are_such_caches);
    RUN(any_number_of_threads_sees_the_same_locality);
    RUN(a_graph_is_symmetric_when_its_transpose_is_the_same);
    RUN(components_are_those_of_labels_that_spread);
    return test_done();
}
