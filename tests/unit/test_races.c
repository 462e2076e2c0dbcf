// What threads share, on graphs where they meet most: everybody wants the same
// hub, or everybody's neighbours. tests/run.sh builds this program with
// ThreadSanitizer; on its own it compares with one thread.
#include <omp.h>

#include "order/leiden.h"
#include "order/orders.h"
#include "order/rabbit.h"
#include "order/triangles.h"
#include "order_fixture.h"

enum { N_THREADS = 4 };

// So many that a batch of Rabbit Order or Leiden is worth a second thread.
enum { MANY = 300000 };
static int32_t pairs[2 * MANY];
static int64_t n_pairs, n_nodes;

static void add(int64_t src, int64_t dst)
{
    if (n_pairs < MANY) {
        pairs[2 * n_pairs] = (int32_t)src;
        pairs[2 * n_pairs + 1] = (int32_t)dst;
        n_pairs++;
    }
}

static const char *meeting_pairs(int i)
{
    static const int64_t nodes[] = {775, MANY, 1100, 3000, MANY};
    n_nodes = nodes[i];
    n_pairs = 0;
    switch (i) {
    case 0:
        for (int u = 0; u < 775; u++)
            for (int v = 0; v < u; v++)
                add(u, v);
        return "a clique";
    case 1:
        for (int v = 1; v < MANY; v++)
            add(v % 2 ? 0 : v, v % 2 ? v : 0);
        return "a star";
    case 2:
        for (int u = 0; u < 500; u++)
            for (int v = 500; v < 1100; v++)
                add(u, v);
        return "a complete bipartite graph";
    case 4:
        for (int v = 0; v < MANY; v++)
            add(v, v % 30 == 29 ? v - 29 : v + 1);
        return "many rings";
    default:
        for (uint64_t e = 0; e < MANY; e++)
            add((int64_t)rng_below(7, 2 * e, 3000),
                (int64_t)rng_below(7, 2 * e + 1, 3000));
        return "a random graph with duplicates and loops";
    }
}

enum { N_MEETINGS = 5 };

// A new CSR of graph i, sorted and merged by `n_threads` threads.
static struct csr meeting(int i, int n_threads)
{
    const struct graph_options opt = {.n_threads = n_threads};
    meeting_pairs(i);
    return csr_of(coo_of(n_nodes, n_pairs, pairs), &opt);
}

// check(name, g, s) for all graphs, `s` being the simple graph of `g`.
static void for_every_graph(void (*check)(const char *name,
                                          const struct csr *g,
                                          const struct csr *s))
{
    for (int i = 0; i < N_MEETINGS; i++) {
        struct csr g = meeting(i, N_THREADS), s = simple_of(&g);
        check(meeting_pairs(i), &g, &s);
        csr_finish(&s);
        csr_finish(&g);
    }
}

TEST(edges_are_sorted_alike)
{
    for (int i = 0; i < N_MEETINGS; i++) {
        struct csr one = meeting(i, 1), many = meeting(i, N_THREADS), t, u;
        CHECK_INT(csr_transpose(&many, &t, NULL), GNNAC_OK);
        CHECK_INT(csr_transpose(&t, &u, NULL), GNNAC_OK);
        size_t n = (size_t)one.n_edges * sizeof(*one.colidx);
        CHECK(memcmp(one.colidx, many.colidx, n) == 0);
        CHECK(memcmp(one.colidx, u.colidx, n) == 0);
        csr_finish(&one);
        csr_finish(&many);
        csr_finish(&t);
        csr_finish(&u);
    }
}

static void check_rabbit(const char *name, const struct csr *g,
                         const struct csr *s)
{
    struct rabbit one = {0}, many = {0};
    size_t n = (size_t)g->n_nodes * sizeof(*one.perm);
    CHECK_INT(rabbit_order(s, 1, &one, NULL), GNNAC_OK);
    CHECK_INT(rabbit_order(s, N_THREADS, &many, NULL), GNNAC_OK);
    if (memcmp(one.perm, many.perm, n) != 0 ||
        memcmp(one.parent, many.parent, n) != 0 ||
        memcmp(one.top.of, many.top.of, n) != 0)
        TEST__FAIL("%s: threads change Rabbit Order", name);
    rabbit_finish(&one);
    rabbit_finish(&many);
}

TEST(rabbit_order_is_alike)
{
    for_every_graph(check_rabbit);
}

static void check_leiden(const char *name, const struct csr *g,
                         const struct csr *s)
{
    struct partition one = {0}, many = {0};
    CHECK_INT(leiden(s, 1, &one, NULL), GNNAC_OK);
    CHECK_INT(leiden(s, N_THREADS, &many, NULL), GNNAC_OK);
    if (memcmp(one.of, many.of, (size_t)g->n_nodes * sizeof(*one.of)) != 0)
        TEST__FAIL("%s: threads change Leiden", name);
    partition_finish(&one);
    partition_finish(&many);
}

TEST(leiden_is_alike)
{
    for_every_graph(check_leiden);
}

static void check_orders(const char *name, const struct csr *g)
{
    int32_t *one = malloc((size_t)g->n_nodes * sizeof(*one));
    int32_t *many = malloc((size_t)g->n_nodes * sizeof(*many));
    for (const struct order_method *m = order_methods; m->name; m++) {
        CHECK_INT(order_compute(g, m->name, 1, one, NULL), GNNAC_OK);
        CHECK_INT(order_compute(g, m->name, N_THREADS, many, NULL), GNNAC_OK);
        if (memcmp(one, many, (size_t)g->n_nodes * sizeof(*one)) != 0)
            TEST__FAIL("%s: threads change the order %s", name, m->name);
    }
    free(one);
    free(many);
}

TEST(every_order_is_alike)
{
    for (int i = 1; i < N_MEETINGS; i += 2) { // the window order takes long
        struct csr g = meeting(i, N_THREADS);
        check_orders(meeting_pairs(i), &g);
        csr_finish(&g);
    }
}

static void check_triangles(const char *name, const struct csr *g,
                            const struct csr *s)
{
    struct props one = {0}, many = {0};
    (void)s;
    CHECK_INT(triangle_props(g, 1, &one, NULL), GNNAC_OK);
    CHECK_INT(triangle_props(g, N_THREADS, &many, NULL), GNNAC_OK);
    if (memcmp(one.items, many.items, one.n * sizeof(*one.items)) != 0)
        TEST__FAIL("%s: threads change the triangles", name);
}

TEST(triangles_are_alike)
{
    for_every_graph(check_triangles);
}

// Every thread parses its share of the lines, and sorts its share of the edges.
TEST(text_is_read_alike)
{
    scratch_make();
    FILE *f = fopen(scratch_path("t.txt"), "w");
    meeting_pairs(3);
    for (int64_t e = 0; f && e < n_pairs; e++)
        fprintf(f, "%d\t%d\n", pairs[2 * e], pairs[2 * e + 1]);
    CHECK(f && fclose(f) == 0);
    struct csr one = {0}, many = {0};
    struct graph_options opt = {.n_threads = 1, .symmetrize = true};
    CHECK_INT(graph_load(scratch_path("t.txt"), &opt, &one, NULL), GNNAC_OK);
    opt.n_threads = N_THREADS;
    CHECK_INT(graph_load(scratch_path("t.txt"), &opt, &many, NULL), GNNAC_OK);
    CHECK_INT(one.n_edges, many.n_edges);
    CHECK(one.n_edges == many.n_edges &&
          memcmp(one.colidx, many.colidx,
                 (size_t)one.n_edges * sizeof(*one.colidx)) == 0);
    csr_finish(&one);
    csr_finish(&many);
    scratch_unlink("t.txt");
    scratch_remove();
}

int main(void)
{
    RUN(edges_are_sorted_alike);
    RUN(rabbit_order_is_alike);
    RUN(leiden_is_alike);
    RUN(every_order_is_alike);
    RUN(triangles_are_alike);
    RUN(text_is_read_alike);
    return test_done();
}
