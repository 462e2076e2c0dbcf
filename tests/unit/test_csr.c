// Edge lists into CSR: by hand, and random graphs against a plain oracle.
#include "graph/csr.h"
#include "graph_fixture.h"
#include "rng.h"
#include "test.h"

// The text of the graph that the options make of n pairs.
static const char *built(int64_t n_nodes, int64_t n, const int32_t *pairs,
                         const struct graph_options *opt)
{
    struct csr g = csr_of(coo_of(n_nodes, n, pairs), opt);
    CHECK_INT(g.rowptr[0], 0);
    CHECK_INT(g.rowptr[n_nodes], g.n_edges);
    csr_text(&g);
    csr_finish(&g);
    return graph_text;
}

#define BUILT(n_nodes, opt, ...)                                               \
    built(n_nodes, sizeof((int32_t[]){__VA_ARGS__}) / 8,                       \
          (int32_t[]){__VA_ARGS__}, opt)

// ---- by hand ----------------------------------------------------------------

TEST(rows_are_destinations_and_columns_sorted_sources)
{
    CHECK_STR(BUILT(4, NULL, 3, 0, 1, 2, 0, 2, 2, 0, 3, 2),
              "4: 2>0 3>0 0>2 1>2 3>2");
}

TEST(target_to_source_swaps_the_ends)
{
    const struct graph_options opt = {.target_to_source = true};
    CHECK_STR(BUILT(3, &opt, 0, 1, 0, 2), "3: 1>0 2>0");
}

TEST(duplicates_stay_unless_asked_otherwise)
{
    const struct graph_options opt = {.dedupe = true};
    CHECK_STR(BUILT(2, NULL, 0, 1, 0, 1, 1, 1, 0, 1), "2: 0>1 0>1 0>1 1>1");
    CHECK_STR(BUILT(2, &opt, 0, 1, 0, 1, 1, 1, 0, 1), "2: 0>1 1>1");
}

TEST(self_loops_are_added_only_where_they_are_missing)
{
    const struct graph_options opt = {.self_loops = true};
    CHECK_STR(BUILT(3, &opt, 1, 1, 1, 1, 2, 0, 0, 2),
              "3: 0>0 2>0 1>1 1>1 0>2 2>2");
}

TEST(symmetrize_adds_the_missing_reverse_edges)
{
    const struct graph_options opt = {.symmetrize = true};
    CHECK_STR(BUILT(3, &opt, 0, 1, 1, 0, 0, 2, 2, 2), "3: 1>0 2>0 0>1 0>2 2>2");
}

// As many as in the direction that has more of them.
TEST(symmetrize_balances_duplicates)
{
    const struct graph_options opt = {.symmetrize = true};
    CHECK_STR(BUILT(2, &opt, 0, 1, 0, 1, 0, 1, 1, 0),
              "2: 1>0 1>0 1>0 0>1 0>1 0>1");
}

TEST(graphs_without_edges_or_nodes_are_legal)
{
    const struct graph_options all = {.symmetrize = true, .dedupe = true,
                                      .self_loops = true};
    CHECK_STR(built(0, 0, NULL, NULL), "0:");
    CHECK_STR(built(0, 0, NULL, &all), "0:");
    CHECK_STR(built(1, 0, NULL, NULL), "1:");
    CHECK_STR(built(1, 0, NULL, &all), "1: 0>0");
    CHECK_STR(BUILT(1, NULL, 0, 0), "1: 0>0");
}

TEST(nodes_behind_the_last_edge_are_kept)
{
    struct csr g = csr_of(coo_of(5, 1, (int32_t[]){1, 0}), NULL), t;
    CHECK_INT(g.n_nodes, 5);
    CHECK_INT(g.rowptr[5], 1);
    CHECK_INT(csr_transpose(&g, &t, NULL), GNNAC_OK);
    CHECK_INT(t.n_nodes, 5);
    CHECK_INT(t.rowptr[1], 0);
    CHECK_INT(t.rowptr[5], 1);
    csr_finish(&t);
    csr_finish(&g);
}

TEST(finishing_twice_and_finishing_nothing_are_harmless)
{
    struct csr g = csr_of(coo_of(2, 1, (int32_t[]){0, 1}), NULL);
    struct coo c = {0};
    csr_finish(&g);
    csr_finish(&g);
    coo_finish(&c);
}

// ---- fingerprint ------------------------------------------------------------

static const char *fingerprint_of(int64_t n_nodes, int64_t n,
                                  const int32_t *pairs, char hex[33])
{
    struct csr g = csr_of(coo_of(n_nodes, n, pairs), NULL);
    csr_fingerprint(&g, hex);
    csr_finish(&g);
    return hex;
}

TEST(the_fingerprint_does_not_depend_on_the_order_of_edges)
{
    enum { N = 50, E = 300 };
    int32_t pairs[2 * E];
    char first[33], hex[33];
    for (uint64_t i = 0; i < 2 * E; i++)
        pairs[i] = (int32_t)rng_below(1, i, N);
    fingerprint_of(N, E, pairs, first);
    for (uint64_t round = 0; round < 20; round++) {
        for (uint64_t i = E - 1; i > 0; i--) {
            uint64_t j = rng_below(2 + round, i, i + 1);
            for (uint64_t k = 0; k < 2; k++) {
                int32_t kept = pairs[2 * i + k];
                pairs[2 * i + k] = pairs[2 * j + k];
                pairs[2 * j + k] = kept;
            }
        }
        CHECK_STR(fingerprint_of(N, E, pairs, hex), first);
    }
}

TEST(every_other_graph_has_another_fingerprint)
{
    static const struct {
        int64_t n_nodes, n_edges;
        int32_t pairs[8];
    } graphs[] = {
        {3, 2, {0, 1, 1, 2}},       {4, 2, {0, 1, 1, 2}}, // one more node
        {3, 2, {1, 0, 2, 1}}, // the other way round
        {3, 3, {0, 1, 0, 1, 1, 2}}, {3, 3, {0, 1, 1, 2, 2, 2}},
        {3, 1, {0, 1}},             {3, 0, {0}},
        {0, 0, {0}},                {1, 0, {0}},
        {1, 1, {0, 0}},
    };
    enum { N = sizeof(graphs) / sizeof(graphs[0]) };
    char hex[N][33];
    for (int i = 0; i < N; i++) {
        fingerprint_of(graphs[i].n_nodes, graphs[i].n_edges, graphs[i].pairs,
                       hex[i]);
        CHECK_INT(strlen(hex[i]), 32);
        CHECK_INT(strspn(hex[i], "0123456789abcdef"), 32);
        for (int j = 0; j < i; j++)
            CHECK(strcmp(hex[i], hex[j]) != 0);
    }
}

// Bundles and databases of earlier days must go on matching.
TEST(fingerprints_never_change)
{
    char hex[33];
    struct csr empty = {0};
    csr_fingerprint(&empty, hex);
    CHECK_STR(hex, "1c4c7ec4d1e070a633df7f80cfe766c5");
    fingerprint_of(0, 0, NULL, hex);
    CHECK_STR(hex, "1c4c7ec4d1e070a633df7f80cfe766c5");
    fingerprint_of(3, 3, (int32_t[]){0, 1, 1, 2, 2, 0}, hex);
    CHECK_STR(hex, "b97cca45cddb1b125f7f93ed8bbfc503");
}

TEST(weights_are_not_part_of_the_fingerprint)
{
    float weights[] = {2, 3};
    int32_t rows[] = {0, 1};
    int64_t rowptr[] = {0, 1, 2};
    struct csr g = {2, 2, rowptr, rows, NULL};
    char plain[33], weighted[33];
    csr_fingerprint(&g, plain);
    g.weight = weights;
    csr_fingerprint(&g, weighted);
    CHECK_STR(weighted, plain);
}

// ---- against an oracle ------------------------------------------------------

enum { MOST_NODES = 12, MOST_EDGES = 600 };

struct drawn {
    uint64_t seed, at;
};

static int64_t draw(struct drawn *d, uint64_t n)
{
    return (int64_t)rng_below(d->seed, d->at++, n);
}

// Small enough that duplicates, loops and long rows are common.
static struct coo random_coo(struct drawn *d, bool weighted)
{
    int32_t pairs[2 * MOST_EDGES];
    int64_t nodes = 1 + draw(d, MOST_NODES);
    int64_t edges = draw(d, 2) ? draw(d, 20) : draw(d, MOST_EDGES);
    for (int64_t i = 0; i < 2 * edges; i++)
        pairs[i] = (int32_t)draw(d, (uint64_t)nodes);
    struct coo g = coo_of(nodes, edges, pairs);
    if (weighted)
        g.weight = malloc((size_t)edges * sizeof(float) + 1);
    for (int64_t e = 0; weighted && e < edges; e++)
        g.weight[e] = (float)e + 2;
    return g;
}

// Positions of the edges from `src` to `dst`, in file order.
static int64_t find_edges(const struct coo *g, bool swap, int64_t src,
                          int64_t dst, int64_t *at)
{
    int64_t n = 0;
    for (int64_t e = 0; e < g->n_edges; e++)
        if ((swap ? g->dst : g->src)[e] == src &&
            (swap ? g->src : g->dst)[e] == dst)
            at[n++] = e;
    return n;
}

// The edges u -> v that the options ask for, as positions in the edge list (-1:
// a loop that was added): all there are, then those that only the reverse
// direction has.
static int64_t expected_edges(const struct coo *g,
                              const struct graph_options *opt, int64_t u,
                              int64_t v, int64_t *at)
{
    int64_t reverse[MOST_EDGES];
    int64_t n = find_edges(g, opt->target_to_source, u, v, at);
    int64_t m = find_edges(g, opt->target_to_source, v, u, reverse);
    for (; opt->symmetrize && n < m; n++)
        at[n] = reverse[n];
    if (opt->self_loops && u == v && n == 0)
        at[n++] = -1;
    return opt->dedupe && n > 1 ? 1 : n;
}

static bool agrees(const struct coo *g, const struct graph_options *opt,
                   const struct csr *r)
{
    int64_t at[MOST_EDGES + 1], e = 0;
    for (int64_t v = 0; v < g->n_nodes; v++) {
        if (r->rowptr[v] != e)
            return false;
        for (int64_t u = 0; u < g->n_nodes; u++) {
            int64_t n = expected_edges(g, opt, u, v, at);
            for (int64_t i = 0; i < n; i++, e++)
                if (e >= r->n_edges || r->colidx[e] != u ||
                    (r->weight &&
                     r->weight[e] != (at[i] < 0 ? 1 : g->weight[at[i]])))
                    return false;
        }
    }
    return r->rowptr[g->n_nodes] == e && r->n_edges == e &&
           !r->weight == !g->weight;
}

TEST(random_graphs_agree_with_an_oracle_under_every_option)
{
    for (uint64_t seed = 0; seed < 400 && !test__this_failed; seed++) {
        struct drawn d = {seed, 0};
        int bits = (int)(seed % 32);
        const struct graph_options opt = {
            .symmetrize = bits & 1,        .dedupe = bits & 2,
            .self_loops = bits & 4,        .target_to_source = bits & 8,
            .n_threads = bits & 16 ? 3 : 1,
        };
        struct coo g = random_coo(&d, draw(&d, 2));
        struct csr r = {0};
        CHECK_INT(csr_from_coo(&g, &opt, &r, NULL), GNNAC_OK);
        if (!agrees(&g, &opt, &r))
            TEST__FAIL("seed %d: %s", (int)seed, csr_text(&r));
        csr_finish(&r);
        coo_finish(&g);
    }
}

static bool equal(const struct csr *a, const struct csr *b)
{
    size_t n = (size_t)a->n_edges * sizeof(int32_t);
    return a->n_nodes == b->n_nodes && a->n_edges == b->n_edges &&
           memcmp(a->rowptr, b->rowptr, ((size_t)a->n_nodes + 1) * 8) == 0 &&
           memcmp(a->colidx, b->colidx, n) == 0 &&
           (!a->weight || memcmp(a->weight, b->weight, n) == 0);
}

TEST(the_transpose_is_the_graph_of_the_other_flow)
{
    const struct graph_options swapped = {.target_to_source = true};
    for (uint64_t seed = 1000; seed < 1100; seed++) {
        struct drawn d = {seed, 0};
        struct csr g, t, back, other;
        struct coo c = random_coo(&d, draw(&d, 2));
        CHECK_INT(csr_from_coo(&c, &swapped, &other, NULL), GNNAC_OK);
        g = csr_of(c, NULL);
        CHECK_INT(csr_transpose(&g, &t, NULL), GNNAC_OK);
        CHECK_INT(csr_transpose(&t, &back, NULL), GNNAC_OK);
        CHECK(equal(&t, &other));
        CHECK(equal(&back, &g));
        csr_finish(&g);
        csr_finish(&t);
        csr_finish(&back);
        csr_finish(&other);
    }
}

TEST(dropping_self_loops_leaves_all_other_edges)
{
    for (uint64_t seed = 2000; seed < 2100; seed++) {
        struct drawn d = {seed, 0};
        struct coo c = random_coo(&d, draw(&d, 2));
        struct csr g, without, want;
        int64_t n = 0;
        CHECK_INT(csr_from_coo(&c, &(struct graph_options){0}, &g, NULL),
                  GNNAC_OK);
        for (int64_t e = 0; e < c.n_edges; e++)
            if (c.src[e] != c.dst[e]) {
                c.src[n] = c.src[e];
                c.dst[n] = c.dst[e];
                if (c.weight)
                    c.weight[n] = c.weight[e];
                n++;
            }
        c.n_edges = n;
        want = csr_of(c, NULL);
        CHECK_INT(csr_drop_self_loops(&g, &without, NULL), GNNAC_OK);
        CHECK(equal(&without, &want));
        csr_finish(&g);
        csr_finish(&without);
        csr_finish(&want);
    }
}

int main(void)
{
    RUN(rows_are_destinations_and_columns_sorted_sources);
    RUN(target_to_source_swaps_the_ends);
    RUN(duplicates_stay_unless_asked_otherwise);
    RUN(self_loops_are_added_only_where_they_are_missing);
    RUN(symmetrize_adds_the_missing_reverse_edges);
    RUN(symmetrize_balances_duplicates);
    RUN(graphs_without_edges_or_nodes_are_legal);
    RUN(nodes_behind_the_last_edge_are_kept);
    RUN(finishing_twice_and_finishing_nothing_are_harmless);
    RUN(the_fingerprint_does_not_depend_on_the_order_of_edges);
    RUN(every_other_graph_has_another_fingerprint);
    RUN(fingerprints_never_change);
    RUN(weights_are_not_part_of_the_fingerprint);
    RUN(random_graphs_agree_with_an_oracle_under_every_option);
    RUN(the_transpose_is_the_graph_of_the_other_flow);
    RUN(dropping_self_loops_leaves_all_other_edges);
    return test_done();
}
