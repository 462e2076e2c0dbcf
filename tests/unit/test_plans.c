// Graphs and plans: what they take, what they refuse, who may share them.
#include <pthread.h>
#include <stddef.h>

#include "operator_fixture.h"

static gnnac_context *ctx;

// ---- graphs -----------------------------------------------------------------

TEST(rows_and_lists_of_the_same_edges_give_the_same_bits)
{
    struct edge_list g = {.n_nodes = 4};
    const int64_t rowptr[] = {0, 2, 2, 5, 6};
    const int32_t colidx[] = {3, 1, 2, 0, 0, 3};
    for (int64_t v = 0; v < 4; v++)
        for (int64_t e = rowptr[v]; e < rowptr[v + 1]; e++)
            add(&g, colidx[e], v);
    const gnnac_edges rows = {.struct_size = sizeof(rows),
                              .n_nodes = 4,
                              .n_edges = 6,
                              .rowptr = rowptr,
                              .colidx = colidx};
    const gnnac_plan_options o = {
        .struct_size = sizeof(o), .dim = 3, .weighted = 1};
    const float weight[] = {1, -2, 3, 0.5F, 7, 9};
    float x[12], out[2][12];
    rng_fill_normal(1, x, 12);
    const gnnac_operands in = {
        .struct_size = sizeof(in), .x = x, .weight = weight};
    for (int i = 0; i < 2; i++) {
        gnnac_graph *graph = i ? graph_of(ctx, &g, false) : NULL;
        gnnac_plan *plan = NULL;
        if (!i)
            CHECK_INT(gnnac_graph_create(ctx, &rows, &graph, NULL), GNNAC_OK);
        CHECK_INT(gnnac_plan_create(graph, &o, &plan, NULL), GNNAC_OK);
        CHECK_INT(gnnac_plan_workspace_size(plan), 0);
        CHECK_INT(gnnac_plan_forward(plan, &in, out[i], NULL, 0, NULL, NULL),
                  GNNAC_OK);
        gnnac_plan_destroy(plan);
        gnnac_graph_destroy(graph);
    }
    CHECK(memcmp(out[0], out[1], sizeof(out[0])) == 0);
}

static void refuse_edges(gnnac_edges edges, const char *why)
{
    gnnac_error err = {""};
    gnnac_graph *graph = NULL;
    if (!edges.struct_size)
        edges.struct_size = sizeof(edges);
    CHECK_INT(gnnac_graph_create(ctx, &edges, &graph, &err), GNNAC_EUSAGE);
    CHECK(!graph);
    CHECK_HAS(err.msg, why);
}

TEST(edges_that_are_not_a_graph_are_refused)
{
    const int64_t up[] = {0, 1}, outside[] = {0, 2}, below[] = {-1, 0};
    const int64_t falls[] = {0, 2, 1}, short_[] = {0, 1, 1};
    const int32_t columns[] = {0, 5};
#define EDGES(...) (gnnac_edges){.n_nodes = 2, .n_edges = 2, __VA_ARGS__}
    refuse_edges(EDGES(.src = up, .dst = outside),
                 "edge 1: destination 2 is not one of 2 nodes");
    refuse_edges(EDGES(.src = below, .dst = up), "edge 0: source -1");
    refuse_edges(EDGES(.src = up), "edges need");
    refuse_edges(EDGES(.rowptr = short_, .colidx = columns),
                 "rowptr goes from 0 to 1: expected 0 to 2");
    refuse_edges(
        (gnnac_edges){
            .n_nodes = 2, .n_edges = 1, .rowptr = falls, .colidx = columns},
        "rowptr falls behind row 1");
    refuse_edges(EDGES(.rowptr = up, .colidx = columns, .struct_size = 8),
                 "struct_size");
    refuse_edges(EDGES(.src = up, .dst = up, .reserved = 1), "options");
    refuse_edges((gnnac_edges){.n_nodes = INT64_C(1) << 31}, "2147483647");
#undef EDGES
}

// ---- refusals ---------------------------------------------------------------

static void refuse_plan(gnnac_graph *g, gnnac_plan_options o, int status,
                        const char *why)
{
    gnnac_error err = {""};
    gnnac_plan *plan = NULL;
    if (!o.struct_size)
        o.struct_size = sizeof(o);
    CHECK_INT(gnnac_plan_create(g, &o, &plan, &err), status);
    CHECK(!plan);
    CHECK_HAS(err.msg, why);
}

TEST(options_that_make_no_operator_are_refused)
{
    struct edge_list g = graph_at(6); // has self loops
    gnnac_graph *graph = graph_of(ctx, &g, false);
#define REFUSE(why, ...) \
    refuse_plan(graph, (gnnac_plan_options){__VA_ARGS__}, GNNAC_EUSAGE, why)
    REFUSE("dim is 0", .heads = 1);
    REFUSE("2 heads do not divide dim 3", .op = GNNAC_SDDMM, .dim = 3,
           .heads = 2);
    REFUSE("no such operator", .op = (gnnac_op)9, .dim = 3);
    REFUSE("no such operator", .reduce = (gnnac_reduce)-1, .dim = 3);
    REFUSE("aggregate takes no heads", .dim = 4, .heads = 2);
    REFUSE("sddmm takes no weights", .op = GNNAC_SDDMM, .dim = 4,
           .weighted = 1);
    REFUSE("weights are for sums and means", .reduce = GNNAC_MAX, .dim = 4,
           .weighted = 1);
    REFUSE("drop them", .reduce = GNNAC_GCN, .dim = 4);
    REFUSE("drop them", .op = GNNAC_ATTENTION, .dim = 4);
    REFUSE("0 or 1", .dim = 4, .backward = 2);
    REFUSE("struct_size", .struct_size = 4, .dim = 4);
#undef REFUSE
    gnnac_graph_destroy(graph);
}

TEST(options_of_an_older_caller_are_taken)
{
    struct edge_list g = graph_at(6);
    gnnac_graph *graph = graph_of(ctx, &g, false);
    gnnac_plan *plan = NULL;
    const gnnac_plan_options o = {
        .struct_size = offsetof(gnnac_plan_options, kernels), .dim = 3};
    CHECK_INT(gnnac_plan_create(graph, &o, &plan, NULL), GNNAC_OK);
    gnnac_plan_destroy(plan);
    gnnac_graph_destroy(graph);
}

TEST(only_attention_that_goes_backward_keeps_something)
{
    struct edge_list g = graph_at(6);
    gnnac_graph *graph = graph_of(ctx, &g, true);
    float x[256] = {0}, y[256] = {0}, out[256], kept[256];
    _Alignas(16) char scratch[4096];
    gnnac_operands in = {
        .struct_size = sizeof(in), .x = x, .y = y, .kept = kept};
    for (int i = 0; i < 3; i++) {
        const gnnac_plan_options o = {.struct_size = sizeof(o),
                                      .op = i ? GNNAC_ATTENTION : GNNAC_SDDMM,
                                      .dim = 1,
                                      .backward = i != 1};
        gnnac_error err = {""};
        gnnac_plan *plan = NULL;
        CHECK_INT(gnnac_plan_create(graph, &o, &plan, &err), GNNAC_OK);
        CHECK_INT(gnnac_plan_forward(plan, &in, out, scratch, sizeof(scratch),
                                     NULL, &err),
                  i == 2 ? GNNAC_OK : GNNAC_EUSAGE);
        CHECK(i == 2 || strstr(err.msg, "kept is for attention"));
        gnnac_plan_destroy(plan);
    }
    gnnac_graph_destroy(graph);
}

TEST(operands_of_a_caller_that_knows_of_nothing_kept_are_taken)
{
    struct edge_list g = graph_at(6);
    gnnac_graph *graph = graph_of(ctx, &g, true);
    gnnac_plan *plan = NULL;
    const gnnac_plan_options o = {.struct_size = sizeof(o), .dim = 1};
    CHECK_INT(gnnac_plan_create(graph, &o, &plan, NULL), GNNAC_OK);
    float x[256] = {0}, out[256];
    gnnac_operands in = {.struct_size = offsetof(gnnac_operands, kept),
                         .x = x,
                         .kept = out}; // what lies behind is not looked at
    CHECK_INT(gnnac_plan_forward(plan, &in, out, NULL, 0, NULL, NULL),
              GNNAC_OK);
    in.struct_size = offsetof(gnnac_operands, weight);
    CHECK_INT(gnnac_plan_forward(plan, &in, out, NULL, 0, NULL, NULL),
              GNNAC_EUSAGE);
    gnnac_plan_destroy(plan);
    gnnac_graph_destroy(graph);
}

TEST(memory_that_is_not_right_is_refused)
{
    struct edge_list g = graph_at(6);
    gnnac_graph *graph = graph_of(ctx, &g, false);
    gnnac_plan *plan = NULL;
    const gnnac_plan_options o = {
        .struct_size = sizeof(o), .dim = 1, .weighted = 1};
    CHECK_INT(gnnac_plan_create(graph, &o, &plan, NULL), GNNAC_OK);
    float x[64] = {0}, out[64], weight[64] = {0};
    _Alignas(16) char scratch[512];
    gnnac_operands in = {.struct_size = sizeof(in), .x = x, .weight = weight};
    const gnnac_gradients grads = {.struct_size = sizeof(grads)};
    gnnac_error err;
#define REFUSE(why, to, memory, n)                                      \
    CHECK_INT(gnnac_plan_forward(plan, &in, to, memory, n, NULL, &err), \
              GNNAC_EUSAGE);                                            \
    CHECK_HAS(err.msg, why)
    REFUSE("the plan needs", out, scratch, 4);
    REFUSE("aligned to 16", out, scratch + 4, 508);
    REFUSE("x and out overlap", x + 3, scratch, 512);
    REFUSE("out is NULL", NULL, scratch, 512);
    REFUSE("out is not aligned", (float *)(void *)((char *)out + 1), scratch,
           512);
    in.weight = NULL;
    REFUSE("weight is NULL", out, scratch, 512);
#undef REFUSE
    CHECK_INT(gnnac_plan_backward(plan, &in, NULL, out, &grads, scratch, 512,
                                  NULL, &err),
              GNNAC_EUSAGE);
    CHECK_HAS(err.msg, "without the option backward");
    gnnac_plan_destroy(plan);
    gnnac_graph_destroy(graph);
}

// ---- threads ----------------------------------------------------------------

static struct edge_list shared_list;
static gnnac_graph *shared_graph;
static float shared_x[12 * 8];

// Makes a plan of the shared graph and runs it forward and backward.
static void *use_shared(void *to)
{
    float *out = to, *grad = out + 96;
    const gnnac_plan_options o = {
        .struct_size = sizeof(o), .dim = 8, .reduce = GNNAC_GCN, .backward = 1};
    const gnnac_operands in = {.struct_size = sizeof(in), .x = shared_x};
    const gnnac_gradients grads = {.struct_size = sizeof(grads), .x = grad};
    gnnac_plan *plan = NULL;
    if (gnnac_plan_create(shared_graph, &o, &plan, NULL) != GNNAC_OK ||
        gnnac_plan_forward(plan, &in, out, NULL, 0, NULL, NULL) != GNNAC_OK ||
        gnnac_plan_backward(plan, &in, NULL, shared_x, &grads, NULL, 0, NULL,
                            NULL) != GNNAC_OK)
        to = NULL;
    gnnac_plan_destroy(plan);
    return to;
}

TEST(threads_may_share_a_graph_from_its_first_plan_on)
{
    enum { N = 8 };
    static float results[N][2 * 96];
    pthread_t threads[N];
    shared_list = graph_at(6);
    shared_graph = graph_of(ctx, &shared_list, true);
    rng_fill_normal(5, shared_x, 96);
    for (int i = 0; i < N; i++)
        CHECK_INT(pthread_create(&threads[i], NULL, use_shared, results[i]), 0);
    for (int i = 0; i < N; i++) {
        void *done;
        CHECK_INT(pthread_join(threads[i], &done), 0);
        CHECK(done);
        CHECK(memcmp(results[i], results[0], sizeof(results[0])) == 0);
    }
    gnnac_graph_destroy(shared_graph);
}

int main(void)
{
    ctx = cpu_context();
    RUN(rows_and_lists_of_the_same_edges_give_the_same_bits);
    RUN(edges_that_are_not_a_graph_are_refused);
    RUN(options_that_make_no_operator_are_refused);
    RUN(options_of_an_older_caller_are_taken);
    RUN(only_attention_that_goes_backward_keeps_something);
    RUN(operands_of_a_caller_that_knows_of_nothing_kept_are_taken);
    RUN(memory_that_is_not_right_is_refused);
    RUN(threads_may_share_a_graph_from_its_first_plan_on);
    gnnac_context_destroy(ctx);
    return test_done();
}
