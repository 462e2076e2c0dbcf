// The properties graph.community.* by every method, and communities in files.
#include "order/community.h"

#include "graph/npy_file.h"
#include "order_fixture.h"
#include "plan/schema.h"

static const char *const methods[] = {"rabbit", "leiden"};
enum { N_METHODS = 2 };

static void communities_of(const struct csr *g, const char *method,
                           int n_threads, struct props *p,
                           struct partition *out)
{
    gnnac_error err = {{0}};
    *p = (struct props){0};
    if (community_props(g, method, n_threads, p, out, &err) != GNNAC_OK)
        TEST__FAIL("%s", err.msg);
}

// check(name, graph, method) for all graphs and methods.
static void for_every_graph(void (*check)(const char *name,
                                          const struct csr *g,
                                          const char *method))
{
    for (int i = 0; i < N_ORDER_GRAPHS; i++) {
        struct csr g = {0};
        const char *name = order_graph(i, &g);
        for (int m = 0; m < N_METHODS; m++)
            check(name, &g, methods[m]);
        csr_finish(&g);
    }
}

// ---- figures ----------------------------------------------------------------

static void check_figure(const char *graph, const struct props *p,
                         const char *name, double want)
{
    double got = props_number(p, name);
    if (!(fabs(got - want) < 1e-9))
        TEST__FAIL("%s: %s is %.12g, expected %.12g", graph, name, got, want);
}

// By the definition, one community after the other.
static void check_by_definition(const char *name, const struct csr *g,
                                const char *method)
{
    struct props p;
    struct partition of = {0};
    struct csr s = simple_of(g);
    double inside = 0, squares = 0, largest = 0, w = (double)s.n_edges;
    communities_of(g, method, 0, &p, &of);
    int64_t n = of.n_communities;
    double *sum = calloc((size_t)n + 1, sizeof(*sum));
    double *size = calloc((size_t)n + 1, sizeof(*size));
    CHECK_INT(of.n_nodes, g->n_nodes);
    for (int64_t v = 0; v < s.n_nodes; v++) {
        size[of.of[v]]++;
        for (int64_t e = s.rowptr[v]; e < s.rowptr[v + 1]; e++) {
            sum[of.of[v]]++;
            inside += of.of[s.colidx[e]] == of.of[v];
        }
    }
    for (int64_t c = 0; c < n; c++) {
        squares += sum[c] * sum[c];
        largest = size[c] > largest ? size[c] : largest;
        CHECK(size[c] > 0);
    }
    check_figure(name, &p, "graph.community.count", (double)n);
    check_figure(name, &p, "graph.community.largest", largest);
    check_figure(name, &p, "graph.community.intra_edge_share",
                 w > 0 ? inside / w : 0);
    check_figure(name, &p, "graph.community.modularity",
                 w > 0 ? inside / w - squares / w / w : 0);
    const struct prop *m = props_find(&p, "graph.community.method");
    CHECK_STR(m ? m->text : "", method);
    free(sum);
    free(size);
    partition_finish(&of);
    csr_finish(&s);
}

TEST(figures_are_what_their_definitions_say)
{
    for_every_graph(check_by_definition);
}

static void check_without_result(const char *name, const struct csr *g,
                                 const char *method)
{
    struct props p, q;
    struct partition of = {0};
    communities_of(g, method, 0, &p, &of);
    communities_of(g, method, 0, &q, NULL);
    if (p.n != q.n || memcmp(p.items, q.items, p.n * sizeof(*p.items)) != 0)
        TEST__FAIL("%s: other properties without the communities", name);
    partition_finish(&of);
}

TEST(who_asks_for_properties_alone_gets_the_same)
{
    for_every_graph(check_without_result);
}

TEST(direction_loops_and_duplicates_do_not_matter)
{
    static const int32_t as_read[] = {1, 0, 1, 0, 2, 1, 0, 2, 2, 2, 3, 4};
    static const int32_t bare[] = {0, 1, 1, 0, 1, 2, 2, 1,
                                   0, 2, 2, 0, 3, 4, 4, 3};
    struct csr a = csr_of(coo_of(6, 6, as_read), NULL);
    struct csr b = csr_of(coo_of(6, 8, bare), NULL);
    for (int m = 0; m < N_METHODS; m++) {
        struct props p, q;
        struct partition of = {0};
        communities_of(&a, methods[m], 0, &p, &of);
        communities_of(&b, methods[m], 0, &q, NULL);
        CHECK_INT(of.n_communities, 3);
        CHECK(p.n == q.n &&
              memcmp(p.items, q.items, p.n * sizeof(*p.items)) == 0);
        partition_finish(&of);
    }
    csr_finish(&a);
    csr_finish(&b);
}

TEST(leiden_is_not_below_rabbit_where_communities_are_planted)
{
    struct csr g = {0};
    struct props p, q;
    CHECK_STR(order_graph(18, &g), "sbm");
    communities_of(&g, "rabbit", 0, &p, NULL);
    communities_of(&g, "leiden", 0, &q, NULL);
    CHECK(props_number(&q, "graph.community.modularity") >=
          props_number(&p, "graph.community.modularity"));
    csr_finish(&g);
}

// ---- threads ----------------------------------------------------------------

static void check_threads(const char *name, const struct csr *g,
                          const char *method)
{
    struct props p, q;
    struct partition one = {0};
    communities_of(g, method, 1, &p, &one);
    for (int n = 2; n <= 8; n *= 2) {
        struct partition many = {0};
        communities_of(g, method, n, &q, &many);
        if (memcmp(p.items, q.items, p.n * sizeof(*p.items)) != 0 ||
            memcmp(one.of, many.of, (size_t)g->n_nodes * 4) != 0)
            TEST__FAIL("%s: %d threads give something else", name, n);
        partition_finish(&many);
    }
    partition_finish(&one);
}

TEST(any_number_of_threads_gives_the_same_bytes)
{
    for_every_graph(check_threads);
}

// ---- names ------------------------------------------------------------------

TEST(rules_know_every_property)
{
    struct props p;
    struct csr g = {0};
    size_t known = 0;
    order_graph(8, &g);
    communities_of(&g, "rabbit", 0, &p, NULL);
    for (size_t i = 0; i < p.n; i++) {
        const struct prop *s = schema_find(p.items[i].name);
        if (!s || s->type != p.items[i].type)
            TEST__FAIL("rules do not know %s", p.items[i].name);
    }
    for (size_t i = 0; schema_at(i); i++)
        known += strncmp(schema_at(i)->name, "graph.community.", 16) == 0;
    CHECK_INT(known, p.n);
    csr_finish(&g);
}

TEST(an_unknown_method_is_refused_with_the_known_ones)
{
    struct props p = {0};
    struct csr g = {0};
    struct partition of = {0};
    gnnac_error err = {{0}};
    order_graph(8, &g);
    CHECK_INT(community_props(&g, "louvain", 0, &p, &of, &err), GNNAC_EUSAGE);
    CHECK_STR(err.msg, "communities by 'louvain': expected rabbit|leiden");
    CHECK_INT(p.n, 0);
    CHECK(of.of == NULL);
    csr_finish(&g);
}

// ---- files ------------------------------------------------------------------

TEST(communities_are_saved_as_an_array_of_int32)
{
    int32_t of[] = {0, 1, 0, 2}, back[4] = {0};
    struct partition p = {4, 3, of};
    struct npy_file f;
    CHECK_INT(communities_save(scratch_path("c.npy"), &p, NULL), GNNAC_OK);
    CHECK_INT(npy_file_open(scratch_path("c.npy"), &f, NULL), GNNAC_OK);
    CHECK_INT(f.array.h.kind, 'i');
    CHECK_INT(f.array.h.item_bytes, 4);
    CHECK_INT(f.array.h.rank, 1);
    CHECK_INT(f.array.h.shape[0], 4);
    CHECK_INT(npy_read_ids(&f.array, 0, 1, 4, 3, back, NULL), GNNAC_OK);
    CHECK(memcmp(of, back, sizeof(of)) == 0);
    npy_file_close(&f);
    scratch_unlink("c.npy");
}

// scratch_remove would complain of what is left.
TEST(a_place_that_cannot_be_written_is_named_and_stays_empty)
{
    int32_t of[] = {0};
    struct partition p = {1, 1, of};
    gnnac_error err = {{0}};
    CHECK_INT(communities_save(scratch_path("no/c.npy"), &p, &err), GNNAC_EIO);
    CHECK_HAS(err.msg, "no/c.npy");
    CHECK(access(scratch_path("no"), F_OK) != 0);
}

int main(void)
{
    scratch_make();
    RUN(figures_are_what_their_definitions_say);
    RUN(who_asks_for_properties_alone_gets_the_same);
    RUN(direction_loops_and_duplicates_do_not_matter);
    RUN(leiden_is_not_below_rabbit_where_communities_are_planted);
    RUN(any_number_of_threads_gives_the_same_bytes);
    RUN(rules_know_every_property);
    RUN(an_unknown_method_is_refused_with_the_known_ones);
    RUN(communities_are_saved_as_an_array_of_int32);
    RUN(a_place_that_cannot_be_written_is_named_and_stays_empty);
    scratch_remove();
    return test_done();
}
