// What --reorder means: names, files, and the permutation that comes of them.
#include "tune/reorder.h"

#include "graph_fixture.h"
#include "order/orders.h"
#include "test.h"

static gnnac_error err;

static struct csr path_graph(int32_t n)
{
    static int32_t pairs[2 * 64];
    for (int32_t v = 0; v + 1 < n; v++) {
        pairs[2 * v] = v;
        pairs[2 * v + 1] = v + 1;
    }
    return csr_of(coo_of(n, n - 1, pairs), NULL);
}

static gnnac_status find(const struct csr *g, const char *reorder,
                         struct graph_order *o)
{
    gnnac__clear(&err);
    *o = (struct graph_order){0};
    const struct graph_order_request rq = {.reorder = reorder, .n_threads = 2};
    return graph_order_find(g, &rq, o, &err);
}

// A vector of int32 as NumPy would write it.
static void write_ids(const char *name, const int32_t *ids, int n)
{
    char bytes[128 + 4 * 64];
    int used = snprintf(bytes + 10, 118,
                        "{'descr': '<i4', 'fortran_order': False, 'shape': "
                        "(%d,), }",
                        n);
    memcpy(bytes, "\x93NUMPY\1\0\x76\0", 10);
    memset(bytes + 10 + used, ' ', (size_t)(117 - used));
    bytes[127] = '\n';
    memcpy(bytes + 128, ids, (size_t)n * sizeof(*ids));
    scratch_write(name, bytes, 128 + (size_t)n * sizeof(*ids));
}

static void check_order(const struct graph_order *o, int32_t n)
{
    for (int32_t v = 0; v < n; v++) {
        CHECK(o->perm[v] >= 0 && o->perm[v] < n);
        CHECK_INT(o->inverse[o->perm[v]], v);
    }
}

TEST(nobody_who_asks_for_no_order_gets_one)
{
    static const char *const requests[] = {NULL, "none"};
    struct csr g = path_graph(9);
    for (int i = 0; i < 2; i++) {
        struct graph_order o;
        CHECK_INT(graph_order_check(requests[i], &err), GNNAC_OK);
        CHECK_INT(find(&g, requests[i], &o), GNNAC_OK);
        CHECK(!o.perm && !o.inverse);
        CHECK_STR(o.method, "");
        graph_order_finish(&o);
    }
    csr_finish(&g);
}

TEST(every_method_gives_a_permutation_its_name_and_a_reason)
{
    struct csr g = path_graph(40);
    for (const struct order_method *m = order_methods; m->name; m++) {
        struct graph_order o;
        if (strcmp(m->name, "none") == 0)
            continue;
        CHECK_INT(graph_order_check(m->name, &err), GNNAC_OK);
        CHECK_INT(find(&g, m->name, &o), GNNAC_OK);
        CHECK_STR(o.method, m->name);
        CHECK(o.why[0]);
        check_order(&o, 40);
        graph_order_finish(&o);
    }
    csr_finish(&g);
}

TEST(a_file_is_taken_as_it_is)
{
    const int32_t ids[] = {2, 0, 3, 1};
    struct csr g = path_graph(4);
    struct graph_order o;
    write_ids("p.npy", ids, 4);
    CHECK_INT(find(&g, scratch_path("p.npy"), &o), GNNAC_OK);
    CHECK_STR(err.msg, "");
    CHECK_STR(o.method, "file");
    CHECK_HAS(o.why, "p.npy");
    CHECK(strstr(o.why, "/") == NULL); // the same bundle wherever it lies
    CHECK(o.perm && memcmp(o.perm, ids, sizeof(ids)) == 0);
    check_order(&o, 4);
    graph_order_finish(&o);
    scratch_unlink("p.npy");
    csr_finish(&g);
}

TEST(a_file_that_is_no_permutation_is_named)
{
    static const struct {
        int n;
        int32_t ids[5];
    } bad[] = {
        {3, {0, 1, 2}},
        {5, {0, 1, 2, 3, 4}},
        {4, {0, 1, 1, 3}},
        {4, {0, 1, 2, 4}},
        {4, {0, -1, 2, 3}},
    };
    struct csr g = path_graph(4);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct graph_order o;
        write_ids("p.npy", bad[i].ids, bad[i].n);
        CHECK_INT(find(&g, scratch_path("p.npy"), &o), GNNAC_EFORMAT);
        CHECK_HAS(err.msg, "p.npy");
        CHECK(!o.perm);
    }
    scratch_unlink("p.npy");
    csr_finish(&g);
}

TEST(an_unknown_order_is_answered_with_the_nearest)
{
    struct csr g = path_graph(4);
    struct graph_order o;
    gnnac__clear(&err);
    CHECK_INT(graph_order_check("rabitt", &err), GNNAC_EUSAGE);
    CHECK_HAS(err.msg, "--reorder: no order 'rabitt'");
    CHECK_HAS(err.msg, "did you mean 'rabbit'?");
    CHECK_INT(find(&g, "npy", &o), GNNAC_EUSAGE);
    csr_finish(&g);
}

TEST(a_rule_gives_its_reason_and_perhaps_no_order)
{
    static const char *const rules[] = {"auto", "gnnadvisor"};
    struct csr g = path_graph(40);
    for (int i = 0; i < 2; i++) {
        struct graph_order o;
        CHECK_INT(graph_order_check(rules[i], &err), GNNAC_OK);
        CHECK_INT(find(&g, rules[i], &o), GNNAC_OK);
        CHECK_HAS(o.why, rules[i]);
        CHECK((o.perm != NULL) == (strcmp(o.method, "none") != 0));
        CHECK((o.perm != NULL) == (o.inverse != NULL));
        if (o.perm)
            check_order(&o, 40);
        graph_order_finish(&o);
    }
    csr_finish(&g);
}

TEST(a_graph_without_nodes_has_an_order)
{
    struct csr g = csr_of(coo_of(0, 0, NULL), NULL);
    for (const struct order_method *m = order_methods; m->name; m++) {
        struct graph_order o;
        CHECK_INT(find(&g, m->name, &o), GNNAC_OK);
        CHECK((o.perm != NULL) == (strcmp(m->name, "none") != 0));
        graph_order_finish(&o);
    }
    csr_finish(&g);
}

int main(void)
{
    scratch_make();
    RUN(nobody_who_asks_for_no_order_gets_one);
    RUN(every_method_gives_a_permutation_its_name_and_a_reason);
    RUN(a_file_is_taken_as_it_is);
    RUN(a_file_that_is_no_permutation_is_named);
    RUN(an_unknown_order_is_answered_with_the_nearest);
    RUN(a_rule_gives_its_reason_and_perhaps_no_order);
    RUN(a_graph_without_nodes_has_an_order);
    scratch_remove();
    return test_done();
}
