// Synthetic graphs: the same on every machine, of the shape their name says.
#include "graph/generate.h"
#include "graph_fixture.h"
#include "test.h"

static struct csr generated(const struct generate_options *opt)
{
    struct coo g = {0};
    gnnac_error err = {{0}};
    if (graph_generate(opt, &g, &err) != GNNAC_OK)
        TEST__FAIL("%s", err.msg);
    return csr_of(g, NULL);
}

static int64_t degree(const struct csr *g, int64_t v)
{
    return g->rowptr[v + 1] - g->rowptr[v];
}

// Tests and timings elsewhere are told by kind, sizes and seed alone.
TEST(every_kind_gives_the_same_graph_forever)
{
    static const struct {
        struct generate_options opt;
        const char *fingerprint;
    } cases[] = {
        {{.kind = "rmat", .nodes = 1000, .seed = 1},
         "9d9797f863f33cf48327820ec41cdbb5"},
        {{.kind = "rmat", .nodes = 7, .edges = 50, .seed = 2},
         "d380b641975e74d89b34dffea7b71287"},
        {{.kind = "sbm", .nodes = 1000, .seed = 1},
         "8af34aff12d97ed8dd1e6846062a07c6"},
        {{.kind = "sbm", .nodes = 100, .edges = 77, .blocks = 3},
         "7358a51f1a7d021f52fd0263b439f284"},
        {{.kind = "powerlaw", .nodes = 1000, .seed = 1},
         "2d6ea59e045ebc5f9616d520778ff032"},
        {{.kind = "batch", .nodes = 1000, .seed = 1},
         "a438d23eafcd6b341087daae1f8e2753"},
        {{.kind = "batch", .nodes = 90, .blocks = 7, .seed = 5},
         "7838e5b715f878ae3cb7bdbe033b83c9"},
        {{.kind = "ring", .nodes = 40},
         "360c69403fde93465611f858a35de0c8"},
        {{.kind = "star", .nodes = 40},
         "6a37d8ca232a407a0ebf28bd2e32f041"},
        {{.kind = "mesh", .nodes = 41},
         "879c807561464cf1547c6be3c4430989"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        for (int threads = 1; threads <= 3; threads += 2) {
            struct generate_options opt = cases[i].opt;
            char hex[33];
            opt.n_threads = threads;
            struct csr g = generated(&opt);
            csr_fingerprint(&g, hex);
            csr_finish(&g);
            CHECK_STR(hex, cases[i].fingerprint);
        }
}

TEST(another_seed_is_another_graph)
{
    static const char *const kinds[] = {"rmat", "sbm", "powerlaw", "batch"};
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        char hex[2][33];
        for (uint64_t seed = 0; seed < 2; seed++) {
            struct csr g = generated(&(struct generate_options){
                .kind = kinds[i], .nodes = 100, .seed = seed});
            csr_fingerprint(&g, hex[seed]);
            csr_finish(&g);
        }
        CHECK(strcmp(hex[0], hex[1]) != 0);
    }
}

TEST(every_node_of_a_ring_has_two_neighbours)
{
    struct csr g = generated(&(struct generate_options){.kind = "ring",
                                                        .nodes = 11});
    CHECK_INT(g.n_edges, 22);
    for (int64_t v = 0; v < 11; v++)
        CHECK_INT(degree(&g, v), 2);
    CHECK_INT(g.colidx[0], 1);
    CHECK_INT(g.colidx[1], 10);
    csr_finish(&g);
}

TEST(a_star_has_one_hub_and_leaves)
{
    struct csr g = generated(&(struct generate_options){.kind = "star",
                                                        .nodes = 11});
    CHECK_INT(degree(&g, 0), 10);
    for (int64_t v = 1; v < 11; v++) {
        CHECK_INT(degree(&g, v), 1);
        CHECK_INT(g.colidx[g.rowptr[v]], 0);
    }
    csr_finish(&g);
}

TEST(a_mesh_is_a_grid_whose_last_row_may_be_short)
{
    struct csr g = generated(&(struct generate_options){.kind = "mesh",
                                                        .nodes = 5});
    CHECK_STR(csr_text(&g),
              "5: 1>0 2>0 0>1 3>1 0>2 3>2 4>2 1>3 2>3 2>4");
    csr_finish(&g);
}

TEST(graphs_of_a_batch_are_apart)
{
    struct csr g = generated(&(struct generate_options){
        .kind = "batch", .nodes = 100, .blocks = 5});
    CHECK_INT(g.n_edges, 400);
    for (int64_t v = 0; v < 100; v++)
        for (int64_t e = g.rowptr[v]; e < g.rowptr[v + 1]; e++)
            CHECK_INT(g.colidx[e] / 20, v / 20);
    csr_finish(&g);
}

TEST(most_edges_of_a_block_model_stay_inside)
{
    struct csr g = generated(&(struct generate_options){
        .kind = "sbm", .nodes = 1000, .edges = 20000, .blocks = 10});
    int64_t inside = 0;
    for (int64_t v = 0; v < 1000; v++)
        for (int64_t e = g.rowptr[v]; e < g.rowptr[v + 1]; e++)
            inside += g.colidx[e] / 100 == v / 100;
    CHECK_NEAR((double)inside / 20000, 0.91, 0.01); // 9 in 10, and by chance
    csr_finish(&g);
}

TEST(skewed_kinds_have_hubs)
{
    static const char *const kinds[] = {"rmat", "powerlaw"};
    for (size_t i = 0; i < 2; i++) {
        struct csr g = generated(&(struct generate_options){
            .kind = kinds[i], .nodes = 10000, .edges = 80000});
        int64_t max = 0;
        CHECK_INT(g.n_edges, 80000);
        for (int64_t v = 0; v < g.n_nodes; v++)
            max = degree(&g, v) > max ? degree(&g, v) : max;
        CHECK(max > 20 * 8);
        csr_finish(&g);
    }
}

TEST(sizes_have_defaults)
{
    static const struct {
        const char *kind;
        int64_t edges;
    } cases[] = {
        {"rmat", 8000}, {"sbm", 8000},  {"powerlaw", 8000}, {"batch", 4000},
        {"ring", 2000}, {"star", 1998}, {"mesh", 3872},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct csr g = generated(&(struct generate_options){
            .kind = cases[i].kind});
        CHECK_INT(g.n_nodes, 1000);
        CHECK_INT(g.n_edges, cases[i].edges);
        csr_finish(&g);
    }
}

TEST(graphs_of_one_node_are_possible)
{
    static const struct {
        const char *kind;
        int64_t edges;
    } cases[] = {
        {"rmat", 8}, {"sbm", 8},  {"powerlaw", 8}, {"batch", 4},
        {"ring", 2}, {"star", 0}, {"mesh", 0},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct csr g = generated(&(struct generate_options){
            .kind = cases[i].kind, .nodes = 1});
        CHECK_INT(g.n_nodes, 1);
        CHECK_INT(g.n_edges, cases[i].edges);
        csr_finish(&g);
    }
}

TEST(impossible_sizes_are_refused)
{
    static const struct {
        struct generate_options opt;
        const char *want;
    } cases[] = {
        {{.kind = "tree"}, "generate tree: the kinds are rmat, sbm, powerlaw, "
                           "batch, ring, star and mesh"},
        {{.kind = ""}, "generate : the kinds are rmat, sbm, powerlaw, batch, "
                       "ring, star and mesh"},
        {{.kind = "rmat", .nodes = -1},
         "generate rmat: --nodes must be from 0 to 2^31 - 1"},
        {{.kind = "rmat", .nodes = INT64_C(1) << 31},
         "generate rmat: --nodes must be from 0 to 2^31 - 1"},
        {{.kind = "sbm", .edges = -1},
         "generate sbm: --edges must be from 0 to 2^40"},
        {{.kind = "sbm", .edges = INT64_MAX},
         "generate sbm: --edges must be from 0 to 2^40"},
        {{.kind = "batch", .blocks = -1},
         "generate batch: --blocks must not be negative"},
        {{.kind = "batch", .nodes = 5, .blocks = 6},
         "generate batch: more blocks than nodes"},
        {{.kind = "ring", .edges = 5},
         "generate ring: --edges does not apply: --nodes decides"},
        {{.kind = "mesh", .edges = 5},
         "generate mesh: --edges does not apply: --nodes decides"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct coo g = {0};
        gnnac_error err = {{0}};
        CHECK_INT(graph_generate(&cases[i].opt, &g, &err), GNNAC_EUSAGE);
        CHECK_STR(err.msg, cases[i].want);
        CHECK(!g.src);
    }
}

int main(void)
{
    RUN(every_kind_gives_the_same_graph_forever);
    RUN(another_seed_is_another_graph);
    RUN(every_node_of_a_ring_has_two_neighbours);
    RUN(a_star_has_one_hub_and_leaves);
    RUN(a_mesh_is_a_grid_whose_last_row_may_be_short);
    RUN(graphs_of_a_batch_are_apart);
    RUN(most_edges_of_a_block_model_stay_inside);
    RUN(skewed_kinds_have_hubs);
    RUN(sizes_have_defaults);
    RUN(graphs_of_one_node_are_possible);
    RUN(impossible_sizes_are_refused);
    return test_done();
}
