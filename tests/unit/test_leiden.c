// Leiden: what must hold of any graph, and its quality on real ones against
// figures of an independent Louvain. Skipped where those are absent.
#include "order/leiden.h"

#include "facts_fixture.h"
#include "order_fixture.h"

static struct partition leiden_of(const struct csr *g, int n_threads)
{
    gnnac_error err = {{0}};
    struct partition p = {0};
    if (leiden(g, n_threads, &p, &err) != GNNAC_OK)
        TEST__FAIL("%s", err.msg);
    return p;
}

static void for_every_graph(void (*check)(const char *name,
                                          const struct csr *g,
                                          const struct partition *p))
{
    for (int i = 0; i < N_ORDER_GRAPHS; i++) {
        struct csr g;
        const char *name = simple_order_graph(i, &g);
        struct partition p = leiden_of(&g, 0);
        check(name, &g, &p);
        partition_finish(&p);
        csr_finish(&g);
    }
}

static void check_numbered(const char *name, const struct csr *g,
                           const struct partition *p)
{
    int64_t next = 0;
    CHECK_INT(p->n_nodes, g->n_nodes);
    for (int64_t v = 0; v < g->n_nodes; v++) {
        if (p->of[v] < 0 || p->of[v] > next)
            TEST__FAIL("%s: node %lld is in community %d, the next new one "
                       "being %lld", name, (long long)v, (int)p->of[v],
                       (long long)next);
        next += p->of[v] == next;
    }
    CHECK_INT(p->n_communities, next);
}

TEST(communities_are_numbered_by_their_smallest_nodes)
{
    for_every_graph(check_numbered);
}

static int32_t find(int32_t *up, int32_t v)
{
    while (up[v] != v)
        v = up[v] = up[up[v]];
    return v;
}

// Joining along the edges inside leaves one piece a community.
static void check_connected(const char *name, const struct csr *g,
                            const struct partition *p)
{
    int64_t n_pieces = g->n_nodes;
    int32_t *up = calloc((size_t)g->n_nodes + 1, sizeof(*up));
    for (int64_t v = 0; v < g->n_nodes; v++)
        up[v] = (int32_t)v;
    for (int64_t v = 0; v < g->n_nodes; v++)
        for (int64_t e = g->rowptr[v]; e < g->rowptr[v + 1]; e++) {
            if (p->of[g->colidx[e]] != p->of[v])
                continue;
            int32_t a = find(up, (int32_t)v), b = find(up, g->colidx[e]);
            n_pieces -= a != b;
            up[a] = b;
        }
    if (n_pieces != p->n_communities)
        TEST__FAIL("%s: %lld communities in %lld pieces", name,
                   (long long)p->n_communities, (long long)n_pieces);
    free(up);
}

// So none spans two components, and a node without edges is one.
TEST(every_community_is_connected)
{
    for_every_graph(check_connected);
}

static int64_t weight_to(const struct csr *g, const struct partition *p,
                         int64_t v, int32_t c)
{
    int64_t n = 0;
    for (int64_t e = g->rowptr[v]; e < g->rowptr[v + 1]; e++)
        n += p->of[g->colidx[e]] == c;
    return n;
}

// Nodes that would gain by being alone.
static void check_nobody_better_alone(const char *name, const struct csr *g,
                                      const struct partition *p)
{
    int64_t *sum = calloc((size_t)p->n_communities + 1, sizeof(*sum)), bad = 0;
    for (int64_t v = 0; v < g->n_nodes; v++)
        sum[p->of[v]] += g->rowptr[v + 1] - g->rowptr[v];
    for (int64_t v = 0; v < g->n_nodes; v++) {
        int64_t k = g->rowptr[v + 1] - g->rowptr[v];
        bad += g->n_edges * weight_to(g, p, v, p->of[v]) <
               k * (sum[p->of[v]] - k);
    }
    if (bad * 50 > g->n_nodes)
        TEST__FAIL("%s: %lld nodes had better be alone", name, (long long)bad);
    free(sum);
}

TEST(hardly_any_node_had_better_be_alone)
{
    for_every_graph(check_nobody_better_alone);
}

TEST(disjoint_cliques_are_the_communities)
{
    struct csr g;
    CHECK_STR(simple_order_graph(10, &g), "ten cliques");
    struct partition p = leiden_of(&g, 0);
    CHECK_INT(p.n_communities, 10);
    for (int64_t v = 0; v < g.n_nodes; v++)
        CHECK_INT(p.of[v], v / 12);
    partition_finish(&p);
    csr_finish(&g);
}

TEST(two_cliques_with_a_bridge_are_two_communities)
{
    struct csr g;
    simple_order_graph(9, &g);
    struct partition p = leiden_of(&g, 0);
    CHECK_INT(p.n_communities, 3); // one is the isolated node
    for (int64_t v = 0; v < g.n_nodes; v++)
        CHECK_INT(p.of[v], v < 30 ? 0 : v == 30 ? 1 : 2);
    partition_finish(&p);
    csr_finish(&g);
}

static void check_threads(const char *name, const struct csr *g)
{
    struct partition one = leiden_of(g, 1);
    for (int n = 2; n <= 8; n *= 2) {
        struct partition p = leiden_of(g, n);
        if (p.n_communities != one.n_communities ||
            memcmp(p.of, one.of, (size_t)g->n_nodes * sizeof(*p.of)) != 0)
            TEST__FAIL("%s: %d threads give other communities", name, n);
        partition_finish(&p);
    }
    partition_finish(&one);
}

// Enough work for a batch to be shared, too.
TEST(any_number_of_threads_gives_the_same_bytes)
{
    struct generate_options o = {
        .kind = "rmat", .nodes = 1 << 15, .edges = 1 << 19, .seed = 3};
    gnnac_error err = {{0}};
    struct coo coo = {0};
    for (int i = 0; i < N_ORDER_GRAPHS; i++) {
        struct csr g;
        const char *name = simple_order_graph(i, &g);
        check_threads(name, &g);
        csr_finish(&g);
    }
    CHECK_INT(graph_generate(&o, &coo, &err), GNNAC_OK);
    struct csr read = csr_of(coo, NULL), g = simple_of(&read);
    check_threads("a large rmat", &g);
    csr_finish(&read);
    csr_finish(&g);
}

// Rows of four entries and one component: no community is known beforehand.
TEST(short_rows_give_the_same_bytes_at_any_number_of_threads)
{
    struct generate_options o = {.kind = "mesh", .nodes = 1 << 16, .seed = 3};
    gnnac_error err = {{0}};
    struct coo coo = {0};
    CHECK_INT(graph_generate(&o, &coo, &err), GNNAC_OK);
    struct csr read = csr_of(coo, NULL), g = simple_of(&read);
    check_threads("a large mesh", &g);
    csr_finish(&read);
    csr_finish(&g);
}

// Rings of so few nodes gain by being whole, however they are cut.
TEST(small_components_are_communities)
{
    enum { N = 30000, RING = 30 };
    static int32_t pairs[2 * N];
    for (int32_t v = 0; v < N; v++) {
        pairs[2 * v] = v;
        pairs[2 * v + 1] = v % RING == RING - 1 ? v - RING + 1 : v + 1;
    }
    struct csr read = csr_of(coo_of(N, N, pairs), NULL), g = simple_of(&read);
    struct partition p = leiden_of(&g, 0);
    CHECK_INT(p.n_communities, N / RING);
    for (int64_t v = 0; v < N; v++)
        CHECK_INT(p.of[v], v / RING);
    partition_finish(&p);
    csr_finish(&read);
    csr_finish(&g);
}

// One figure for every compiler and machine.
TEST(a_generated_graph_has_fixed_communities)
{
    struct csr g;
    CHECK_STR(simple_order_graph(17, &g), "rmat");
    struct partition p = leiden_of(&g, 0);
    uint32_t hash = 0;
    for (int64_t v = 0; v < g.n_nodes; v++)
        hash = hash * 31 + (uint32_t)p.of[v];
    CHECK_INT(hash, 2565827475u);
    partition_finish(&p);
    csr_finish(&g);
}

// ---- quality ----------------------------------------------------------------

static void check_modularity(const char *path, const struct facts_row *head,
                             const struct facts_row *r)
{
    gnnac_error err = {{0}};
    struct graph_options opt = {0};
    struct csr read = {0};
    const char *least = facts_cell(head, r, "louvain_modularity_min");
    CHECK(least != NULL);
    if (!least)
        return;
    if (graph_load(path, &opt, &read, &err) != GNNAC_OK)
        TEST__FAIL("%s", err.msg);
    struct csr g = simple_of(&read);
    struct partition p = leiden_of(&g, 0);
    struct partition_quality q = {0};
    CHECK_INT(partition_measure(&g, p.of, p.n_communities, &q, NULL),
              GNNAC_OK);
    // The file has nine digits.
    if (q.modularity < atof(least) - 5e-10)
        TEST__FAIL("%s: modularity %.6f, a Louvain's worst is %s", r->cells[0],
                   q.modularity, least);
    check_connected(r->cells[0], &g, &p);
    partition_finish(&p);
    csr_finish(&g);
    csr_finish(&read);
}

TEST(modularity_of_real_graphs_is_at_least_louvains)
{
    int n = facts_each(check_modularity);
    if (n < 0)
        SKIP("no facts.csv: set GNNAC_TEST_GRAPHS to the folder of graphs");
    CHECK(n > 0);
    printf("# %d graphs\n", n);
}

int main(void)
{
    RUN(communities_are_numbered_by_their_smallest_nodes);
    RUN(every_community_is_connected);
    RUN(hardly_any_node_had_better_be_alone);
    RUN(disjoint_cliques_are_the_communities);
    RUN(two_cliques_with_a_bridge_are_two_communities);
    RUN(any_number_of_threads_gives_the_same_bytes);
    RUN(short_rows_give_the_same_bytes_at_any_number_of_threads);
    RUN(small_components_are_communities);
    RUN(a_generated_graph_has_fixed_communities);
    RUN(modularity_of_real_graphs_is_at_least_louvains);
    return test_done();
}
