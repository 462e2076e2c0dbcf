// Which comes first in a layer, its sums or its product, by the bytes that the
// kernels move: counted here for a graph of 100 nodes and 200 edges.
#include "plan/lower.h"
#include "test.h"

enum { N_NODES = 100, N_EDGES = 200 };

static struct model model_of(struct model_request rq)
{
    struct model m;
    CHECK_INT(model_build(&rq, &m, NULL), GNNAC_OK);
    return m;
}

// Whether the program's first sum of the layer comes before its first product.
static bool sums_first(const struct model *m, int32_t layer)
{
    static struct program p;
    CHECK_INT(lower_model(m, N_NODES, N_EDGES, &p, NULL), GNNAC_OK);
    for (int32_t i = 0; i < p.n_steps; i++)
        if (p.steps[i].layer == layer && p.steps[i].kind <= STEP_AGGREGATE)
            return p.steps[i].kind == STEP_AGGREGATE;
    TEST__FAIL("layer %d has neither", (int)layer);
    return false;
}

// From 30 to 40 columns; a hidden layer where another follows.
static struct model growing(const char *name, int32_t layers)
{
    return model_of((struct model_request){.name = name,
                                           .dim = 30,
                                           .hidden = 40,
                                           .classes = 40,
                                           .layers = layers});
}

TEST(bytes_are_those_of_the_sum_and_of_passes_of_their_own)
{
    struct model m = growing("gcn", 2);
    CHECK(transform_first_bytes(&m, 0, N_NODES, N_EDGES) ==
          N_EDGES * (4 * 40 + 4) + N_NODES * 8 * 40);
    CHECK(aggregate_first_bytes(&m, 0, N_NODES, N_EDGES) ==
          N_EDGES * (4 * 30 + 4) + N_NODES * 8 * 30);
    // log-softmax behind a product
    CHECK(aggregate_first_bytes(&m, 1, N_NODES, N_EDGES) ==
          N_EDGES * (4 * 40 + 4) + N_NODES * (8 * 40 + 8 * 40));
    m = growing("sage", 2); // its other product reads what it adds to
    CHECK(aggregate_first_bytes(&m, 0, N_NODES, N_EDGES) ==
          N_EDGES * (4 * 30 + 4) + N_NODES * (4 * 30 + 4 * 40));
    m.dtype = DTYPE_BF16; // bias and activation behind BLAS's product
    CHECK(aggregate_first_bytes(&m, 0, N_NODES, N_EDGES) ==
          N_EDGES * (2 * 30 + 4) + N_NODES * (2 * 30 + 2 * 40 + 4 * 40));
}

TEST(a_product_that_ends_with_bias_and_activation_costs_no_pass)
{
    static const char *const names[] = {"gcn", "gin", "sage"};
    for (int i = 0; i < 3; i++) {
        struct model m = growing(names[i], 2);
        CHECK(sums_first(&m, 0));
        m.dtype = DTYPE_BF16; // there BLAS has no such end
        CHECK(!sums_first(&m, 0));
        m.layers[0].in_dim = 12; // but kernels of ours have
        m.layers[0].out_dim = m.layers[1].in_dim = 16;
        CHECK(sums_first(&m, 0));
    }
}

TEST(log_softmax_that_a_sum_takes_along_speaks_for_the_product_first)
{
    struct model m = growing("gcn", 1);
    CHECK(!sums_first(&m, 0));
    m.log_softmax = false;
    CHECK(sums_first(&m, 0));
}

TEST(log_softmax_that_no_sum_takes_along_counts_in_neither_order)
{
    struct model m = growing("gcn", 1);
    m.layers[0].in_dim = 60;
    m.layers[0].out_dim = 64;
    CHECK(!sums_first(&m, 0));
    m.layers[0].in_dim = 64;
    m.layers[0].out_dim = 65;
    CHECK(sums_first(&m, 0));
    m = growing("gin", 1); // it follows the second product
    CHECK(!sums_first(&m, 0));
    m.layers[0].mlp = 2;
    CHECK(sums_first(&m, 0));
}

TEST(equal_widths_transform_first)
{
    static const char *const names[] = {"gcn", "gin", "sage"};
    for (int i = 0; i < 3; i++) {
        struct model m = growing(names[i], 3);
        CHECK(!sums_first(&m, 1));
    }
}

int main(void)
{
    RUN(bytes_are_those_of_the_sum_and_of_passes_of_their_own);
    RUN(a_product_that_ends_with_bias_and_activation_costs_no_pass);
    RUN(log_softmax_that_a_sum_takes_along_speaks_for_the_product_first);
    RUN(log_softmax_that_no_sum_takes_along_counts_in_neither_order);
    RUN(equal_widths_transform_first);
    return test_done();
}
