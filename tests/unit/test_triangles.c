// Triangles against counting by hand. Real graphs: test_facts.c.
#include "order/triangles.h"

#include "order_fixture.h"

static struct props triangles_of(const struct csr *g, int n_threads)
{
    gnnac_error err = {{0}};
    struct props p = {0};
    if (triangle_props(g, n_threads, &p, &err) != GNNAC_OK)
        TEST__FAIL("%s", err.msg);
    return p;
}

// An entry of the adjacency matrix.
static bool is_edge(const char *adj, int64_t n, int64_t u, int64_t v)
{
    return adj[u * n + v] != 0;
}

static char *adjacency(const struct csr *s)
{
    char *adj = calloc((size_t)(s->n_nodes * s->n_nodes) + 1, 1);
    for (int64_t v = 0; v < s->n_nodes; v++)
        for (int64_t e = s->rowptr[v]; e < s->rowptr[v + 1]; e++)
            adj[v * s->n_nodes + s->colidx[e]] = 1;
    return adj;
}

// Pairs of neighbours of every node: all of them, and those that are edges,
// which counts a triangle at each of its corners.
static void count_pairs(const struct csr *s, double *all, double *closed)
{
    char *adj = adjacency(s);
    *all = *closed = 0;
    for (int64_t v = 0; v < s->n_nodes; v++)
        for (int64_t a = s->rowptr[v]; a < s->rowptr[v + 1]; a++)
            for (int64_t b = s->rowptr[v]; b < a; b++) {
                ++*all;
                *closed += is_edge(adj, s->n_nodes, s->colidx[a], s->colidx[b]);
            }
    free(adj);
}

TEST(figures_are_what_their_definitions_say)
{
    for (int i = 0; i < N_ORDER_GRAPHS; i++) {
        struct csr g = {0};
        const char *name = order_graph(i, &g);
        struct csr s = simple_of(&g);
        struct props p = triangles_of(&g, 0);
        double all, closed;
        count_pairs(&s, &all, &closed);
        if (props_number(&p, "graph.triangles") * 3 != closed)
            TEST__FAIL("%s: %g triangles, expected %g", name,
                       props_number(&p, "graph.triangles"), closed / 3);
        CHECK_NEAR(props_number(&p, "graph.transitivity"),
                   all > 0 ? closed / all : 0, 1e-12);
        csr_finish(&s);
        csr_finish(&g);
    }
}

TEST(a_clique_is_all_triangles_and_a_star_has_none)
{
    struct csr g = {0};
    CHECK_STR(order_graph(8, &g), "a clique");
    struct props p = triangles_of(&g, 0);
    CHECK_INT(props_number(&p, "graph.triangles"), 40 * 39 * 38 / 6);
    CHECK_NEAR(props_number(&p, "graph.transitivity"), 1, 0);
    csr_finish(&g);
    CHECK_STR(order_graph(7, &g), "a star");
    p = triangles_of(&g, 0);
    CHECK_INT(props_number(&p, "graph.triangles"), 0);
    CHECK_INT(props_number(&p, "graph.transitivity"), 0);
    csr_finish(&g);
}

TEST(any_number_of_threads_gives_the_same_bytes)
{
    struct csr g = {0};
    CHECK_STR(order_graph(17, &g), "rmat");
    struct props one = triangles_of(&g, 1);
    CHECK(props_number(&one, "graph.triangles") > 0);
    for (int n = 2; n <= 8; n *= 2) {
        struct props p = triangles_of(&g, n);
        CHECK(p.n == one.n &&
              memcmp(p.items, one.items, p.n * sizeof(*p.items)) == 0);
    }
    csr_finish(&g);
}

int main(void)
{
    RUN(figures_are_what_their_definitions_say);
    RUN(a_clique_is_all_triangles_and_a_star_has_none);
    RUN(any_number_of_threads_gives_the_same_bytes);
    return test_done();
}
