// Small components: found whole, and only they.
#include "order/pieces.h"

#include "order_fixture.h"

struct search {
    const struct csr *g;
    struct crew crew;
    struct arena *arena;
    struct pieces found;
};

static void lead(void *arg)
{
    struct search *s = arg;
    if (!pieces_find(s->g, &s->crew, s->arena, &s->found))
        TEST__FAIL("%s", "out of memory");
}

static struct pieces pieces_of(const struct csr *g, int n_threads,
                               struct arena *a)
{
    struct search s = {.g = g, .arena = a};
    crew_run(&s.crew, n_threads, lead, &s);
    return s.found;
}

// Paths of 1 .. 40 nodes in turn, each node's id far from its neighbours', and
// one path much longer.
enum { PATHS = 400, LONG = 3000 };

static struct csr paths(int64_t long_path, int64_t *n_short)
{
    static int32_t pairs[2 * ORDER_PAIRS], id[ORDER_PAIRS];
    int64_t n = 0, at = 0, e = 0;
    for (int64_t p = 0; p < PATHS; p++)
        n += p % 40 + 1;
    *n_short = n;
    n += long_path;
    for (int64_t i = 0; i < n; i++)
        id[i] = (int32_t)(i * 11 % n); // n is no multiple of 11
    for (int64_t p = 0; p <= PATHS; p++) {
        int64_t size = p < PATHS ? p % 40 + 1 : long_path;
        for (int64_t i = 0; i + 1 < size; i++) {
            pairs[2 * e] = id[at + i];
            pairs[2 * e++ + 1] = id[at + i + 1];
        }
        at += size;
    }
    struct csr read = csr_of(coo_of(n, e, pairs), NULL), g = simple_of(&read);
    csr_finish(&read);
    return g;
}

// Edges stay inside a component and a piece, whose root is its smallest node.
static void check_pieces(const struct csr *g, const struct pieces *p)
{
    CHECK_INT(p->begin[0], 0);
    for (int64_t i = 0; i < p->n; i++) {
        const int32_t *nodes = p->nodes;
        bool complete = true;
        for (int64_t at = p->begin[i]; at < p->begin[i + 1]; at++) {
            int32_t v = nodes[at], root = p->root[v];
            complete = complete && root >= 0 && root <= v &&
                       p->root[root] == root &&
                       (at == p->begin[i] ? root == v
                                          : root == v ||
                                                root == p->root[nodes[at - 1]]);
            for (int64_t e = g->rowptr[v]; e < g->rowptr[v + 1]; e++)
                complete = complete && p->root[g->colidx[e]] == root;
        }
        CHECK(complete);
    }
}

TEST(short_paths_are_found_and_the_long_one_is_not)
{
    int64_t n_short, n_single = PATHS / 40;
    struct csr g = paths(LONG, &n_short);
    struct arena a = {0};
    struct pieces p = pieces_of(&g, 2, &a);
    CHECK(p.n > 0);
    if (p.n > 0) {
        CHECK_INT(p.begin[p.n], n_short - n_single);
        check_pieces(&g, &p);
    }
    arena_finish(&a);
    csr_finish(&g);
}

TEST(small_components_fill_several_pieces)
{
    int64_t n_short;
    struct csr g = paths(0, &n_short);
    struct arena a = {0};
    struct pieces p = pieces_of(&g, 2, &a);
    CHECK(p.n > 1);
    check_pieces(&g, &p);
    arena_finish(&a);
    csr_finish(&g);
}

static bool same_pieces(const struct pieces *a, const struct pieces *b,
                        int64_t n_nodes)
{
    size_t n = (size_t)a->n;
    return a->n == b->n &&
           memcmp(a->root, b->root, (size_t)n_nodes * sizeof(*a->root)) == 0 &&
           memcmp(a->begin, b->begin, (n + 1) * sizeof(*a->begin)) == 0 &&
           memcmp(a->nodes, b->nodes,
                  (size_t)a->begin[n] * sizeof(*a->nodes)) == 0;
}

TEST(the_pieces_are_the_same_at_any_number_of_threads)
{
    int64_t n_short;
    struct csr g = paths(LONG, &n_short);
    struct arena a = {0};
    struct pieces one = pieces_of(&g, 1, &a);
    for (int n = 2; n <= 4; n++) {
        struct pieces several = pieces_of(&g, n, &a);
        CHECK(same_pieces(&one, &several, g.n_nodes));
    }
    arena_finish(&a);
    csr_finish(&g);
}

// Only where most nodes are in small components are they worth looking for.
TEST(a_connected_graph_has_no_pieces)
{
    for (int i = 15; i < 17; i++) { // a long ring, a binary tree
        struct csr g;
        simple_order_graph(i, &g);
        struct arena a = {0};
        struct pieces p = pieces_of(&g, 2, &a);
        CHECK_INT(p.n, 0);
        CHECK(!p.root);
        arena_finish(&a);
        csr_finish(&g);
    }
}

// k entries inside, W in all: every cut a + b = k gains if 4 W > k^2.
TEST(a_component_is_small_while_any_two_parts_of_it_gain)
{
    struct pair_list *l = calloc(1, sizeof(*l));
    for (int size = 2; size <= 40; size++) {
        l->n_nodes = 4 * size;
        l->n = 0;
        for (int v = 0; v + 1 < size; v++) {
            pair(l, v, v + 1);
            pair(l, size + v, size + v + 1);
            pair(l, 2 * size + v, 2 * size + v + 1);
            pair(l, 3 * size + v, 3 * size + v + 1);
        }
        struct csr read = csr_of(coo_of(l->n_nodes, l->n, l->pairs), NULL);
        struct csr g = simple_of(&read);
        struct arena a = {0};
        struct pieces p = pieces_of(&g, 2, &a);
        int64_t k = 2 * (size - 1); // W = 4 k
        CHECK_INT(p.n > 0, k * k < 16 * k);
        arena_finish(&a);
        csr_finish(&g);
        csr_finish(&read);
    }
    free(l);
}

int main(void)
{
    RUN(short_paths_are_found_and_the_long_one_is_not);
    RUN(small_components_fill_several_pieces);
    RUN(the_pieces_are_the_same_at_any_number_of_threads);
    RUN(a_connected_graph_has_no_pieces);
    RUN(a_component_is_small_while_any_two_parts_of_it_gain);
    return test_done();
}
