// Permutations by themselves, in files, and of graphs.
#include "order/perm.h"

#include "npy_fixture.h"
#include "order_fixture.h"

// A cycle of three: its inverse is another permutation.
static const int32_t turn[] = {1, 2, 0};

TEST(a_permutation_has_each_id_once)
{
    CHECK_INT(perm_first_bad(NULL, 0), 0);
    CHECK_INT(perm_first_bad(turn, 3), 3);
    CHECK_INT(perm_first_bad((int32_t[]){0, 2, 1, 2}, 4), 3);
    CHECK_INT(perm_first_bad((int32_t[]){0, 4, 1, 2}, 4), 1);
    CHECK_INT(perm_first_bad((int32_t[]){-1, 0}, 2), 0);
}

TEST(the_inverse_tells_the_old_id)
{
    int32_t inverse[3], both[3];
    perm_invert(turn, 3, inverse);
    CHECK(memcmp(inverse, (int32_t[]){2, 0, 1}, sizeof(inverse)) == 0);
    perm_compose(turn, inverse, 3, both);
    CHECK(memcmp(both, (int32_t[]){0, 1, 2}, sizeof(both)) == 0);
}

TEST(two_orders_make_one_from_the_first_to_the_second)
{
    const int32_t swap[] = {1, 0, 2};
    int32_t both[3];
    perm_compose(turn, swap, 3, both);
    CHECK(memcmp(both, (int32_t[]){0, 2, 1}, sizeof(both)) == 0);
    memcpy(both, turn, sizeof(both));
    perm_compose(both, swap, 3, both);
    CHECK(memcmp(both, (int32_t[]){0, 2, 1}, sizeof(both)) == 0);
}

TEST(nodes_of_one_key_keep_their_order)
{
    int32_t perm[5];
    CHECK_INT(perm_by_key((int32_t[]){3, 0, 3, 1, 0}, 5, 4, perm, NULL),
              GNNAC_OK);
    CHECK(memcmp(perm, (int32_t[]){3, 0, 4, 2, 1}, sizeof(perm)) == 0);
}

// ---- graphs -----------------------------------------------------------------

TEST(an_old_node_becomes_what_perm_says_and_not_the_inverse)
{
    struct csr g = csr_of(coo_of(3, 1, (int32_t[]){0, 1}), NULL);
    struct csr p = permuted(&g, turn);
    CHECK_STR(csr_text(&p), "3: 1>2"); // by the inverse: 2>0
    csr_finish(&g);
    csr_finish(&p);
}

TEST(weights_go_with_their_edges_and_equal_edges_keep_their_order)
{
    static const float weight[] = {5, 3, 4, 1, 2};
    struct coo list = coo_of(3, 5, (int32_t[]){0, 2, 1, 2, 1, 2, 2, 2, 2, 0});
    list.weight = malloc(sizeof(weight));
    memcpy(list.weight, weight, sizeof(weight));
    struct csr g = csr_of(list, NULL);
    struct csr p = permuted(&g, turn);
    CHECK_STR(csr_text(&p), "3: 0>0*1 1>0*5 2>0*3 2>0*4 0>1*2");
    csr_finish(&g);
    csr_finish(&p);
}

TEST(an_empty_graph_is_permuted)
{
    struct csr g = {0};
    struct csr p = permuted(&g, NULL);
    CHECK_INT(p.n_nodes, 0);
    CHECK_INT(p.n_edges, 0);
    csr_finish(&p);
}

// ---- files ------------------------------------------------------------------

static const char *perm_text(struct blob x, int64_t n)
{
    int32_t perm[16];
    gnnac_error err = {{0}};
    scratch_write("p.npy", x.b, x.n);
    gnnac_status st = perm_load(scratch_path("p.npy"), n, perm, &err);
    scratch_unlink("p.npy");
    if (st != GNNAC_OK)
        return refusal_text(st, &err);
    put_head(n);
    for (int64_t v = 0; v < n; v++)
        put_edge(v, perm[v], NULL);
    return graph_text;
}

TEST(an_order_is_read_from_integers_of_any_size)
{
    CHECK_STR(perm_text(NPY("<i4", "(3,)", 1, 2, 0), 3), "3: 0>1 1>2 2>0");
    CHECK_STR(perm_text(NPY("<i8", "(3,)", 1, 2, 0), 3), "3: 0>1 1>2 2>0");
    CHECK_STR(perm_text(NPY("|u1", "(3,)", 1, 2, 0), 3), "3: 0>1 1>2 2>0");
}

TEST(what_is_no_permutation_is_refused_with_its_place)
{
    CHECK_STR(perm_text(NPY("<i4", "(3,)", 1, 2, 1), 3),
              "p.npy: byte 136: nodes 0 and 2 both become 1");
    CHECK_STR(perm_text(NPY("<i8", "(3,)", 1, 3, 0), 3),
              "p.npy: byte 136: node id 3 is not below the node count 3");
    CHECK_STR(perm_text(NPY("<i4", "(3,)", 1, -2, 0), 3),
              "p.npy: byte 132: node id -2 is negative");
    CHECK_STR(perm_text(NPY("<f4", "(3,)", 1, 2, 0), 3),
              "p.npy: byte 10: node ids must be integers, not type 'f4'");
}

TEST(an_order_of_other_many_nodes_is_refused)
{
    CHECK_STR(perm_text(NPY("<i4", "(3,)", 1, 2, 0), 4),
              "p.npy: byte 10: an order of the graph's 4 nodes has the shape "
              "[4]; this has 3 elements in 1 dimensions");
    CHECK_STR(perm_text(NPY("<i4", "(3, 1)", 1, 2, 0), 3),
              "p.npy: byte 10: an order of the graph's 3 nodes has the shape "
              "[3]; this has 3 elements in 2 dimensions");
}

TEST(a_file_that_ends_early_is_refused)
{
    struct blob x = NPY("<i4", "(3,)", 1, 2, 0);
    x.n -= 2;
    CHECK_STR(perm_text(x, 3),
              "p.npy: byte 128: the shape needs 12 bytes, there are 10");
}

TEST(what_is_saved_is_read_again)
{
    int32_t perm[3] = {0};
    CHECK_INT(perm_save(scratch_path("q.npy"), turn, 3, NULL), GNNAC_OK);
    CHECK_INT(perm_load(scratch_path("q.npy"), 3, perm, NULL), GNNAC_OK);
    CHECK(memcmp(perm, turn, sizeof(perm)) == 0);
    scratch_unlink("q.npy");
}

int main(void)
{
    scratch_make();
    RUN(a_permutation_has_each_id_once);
    RUN(the_inverse_tells_the_old_id);
    RUN(two_orders_make_one_from_the_first_to_the_second);
    RUN(nodes_of_one_key_keep_their_order);
    RUN(an_old_node_becomes_what_perm_says_and_not_the_inverse);
    RUN(weights_go_with_their_edges_and_equal_edges_keep_their_order);
    RUN(an_empty_graph_is_permuted);
    RUN(an_order_is_read_from_integers_of_any_size);
    RUN(what_is_no_permutation_is_refused_with_its_place);
    RUN(an_order_of_other_many_nodes_is_refused);
    RUN(a_file_that_ends_early_is_refused);
    RUN(what_is_saved_is_read_again);
    scratch_remove();
    return test_done();
}
