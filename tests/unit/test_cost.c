// The cost model: never a number of use to people, but it must order what
// anybody could order.
#include "tune/cost.h"
#include "test.h"

static const struct family row_split = {.name = "row_split",
                                        .n_knobs = 4,
                                        .knobs = {{.name = "dimWorker"},
                                                  {.name = "edgeWorker"},
                                                  {.name = "vec"},
                                                  {.name = "unroll"}}};
static const struct family neighbor_group = {
    .name = "neighbor_group",
    .n_knobs = 3,
    .knobs = {{.name = "partSize"}, {.name = "dimWorker"}, {.name = "unroll"}}};
static const struct family edge_balanced = {.name = "edge_balanced",
                                            .n_knobs = 3,
                                            .knobs = {{.name = "edgesPerWarp"},
                                                      {.name = "dimWorker"},
                                                      {.name = "unroll"}}};
static const struct family narrow = {
    .name = "narrow",
    .n_knobs = 2,
    .knobs = {{.name = "edgesPerWarp"}, {.name = "unroll"}}};
static const struct family hybrid = {.name = "hybrid",
                                     .n_knobs = 4,
                                     .knobs = {{.name = "segmentEdges"},
                                               {.name = "packedEdges"},
                                               {.name = "dimWorker"},
                                               {.name = "unroll"}}};
static const struct family sliced = {.name = "hybrid",
                                     .n_knobs = 5,
                                     .knobs = {{.name = "segmentEdges"},
                                               {.name = "packedEdges"},
                                               {.name = "dimWorker"},
                                               {.name = "unroll"},
                                               {.name = "slab"}}};
static const struct family unknown = {.name = "unknown"};

// A question to the model, with one answer.
struct ask {
    struct candidate c;
    struct kernel_spec spec;
    int64_t nodes, edges, max_degree;
    int32_t arch;
    int64_t sm_count; // 0: as many as the architecture has
};

static struct ask typical(void)
{
    return (struct ask){
        .c = {.family = &row_split, .values = {8, 2, 4, 4}},
        .spec = {.dim = 32, .x_pitch = 32, .out_pitch = 32, .offset_bits = 32},
        .nodes = 100000,
        .edges = 1000000,
        .max_degree = 40,
        .arch = 90};
}

static double cost(const struct ask *a)
{
    struct props graph = {0};
    struct device device;
    props_int(&graph, "graph.nodes", a->nodes);
    props_int(&graph, "graph.edges", a->edges);
    props_int(&graph, "graph.degree.max", a->max_degree);
    device_typical(a->arch, &device);
    if (a->sm_count) {
        device.mem_bandwidth *= (double)a->sm_count / (double)device.sm_count;
        device.sm_count = a->sm_count;
    }
    return cost_estimate(&a->c, &a->spec, &graph, &device);
}

TEST(more_edges_cost_more)
{
    struct ask a = typical();
    double last = 0;
    for (int64_t e = 0; e <= 4000000000; e = 4 * e + 1000) {
        a.edges = e;
        CHECK(cost(&a) > last);
        last = cost(&a);
    }
}

TEST(wider_rows_cost_more)
{
    struct ask a = typical();
    a.edges = 100000000;
    double last = 0;
    for (int32_t d = 32; d <= 4096; d *= 2) {
        a.spec.dim = a.spec.x_pitch = a.spec.out_pitch = d;
        CHECK(cost(&a) > last);
        last = cost(&a);
    }
}

TEST(more_nodes_cost_more)
{
    struct ask a = typical();
    double last = 0;
    for (int64_t n = 1000; n <= 2000000000; n *= 10) {
        a.nodes = n;
        CHECK(cost(&a) > last);
        last = cost(&a);
    }
}

static double cost_by_slabs(int64_t nodes, int64_t lanes, int64_t slab)
{
    struct ask a = typical();
    a.c = (struct candidate){.family = &sliced,
                             .values = {512, 32, lanes, 4, slab}};
    a.spec.dim = a.spec.x_pitch = a.spec.out_pitch = 256;
    a.nodes = nodes;
    a.edges = 100000000;
    return cost(&a);
}

TEST(slabs_that_fit_the_cache_pay_where_rows_do_not_fit_it)
{
    CHECK(cost_by_slabs(200000, 8, 128) < cost_by_slabs(200000, 8, 0));
    CHECK(cost_by_slabs(10000, 8, 128) > cost_by_slabs(10000, 8, 0));
}

TEST(slabs_of_less_than_a_line_hold_no_more_rows)
{
    CHECK(cost_by_slabs(200000, 4, 64) > cost_by_slabs(200000, 4, 128));
}

TEST(the_rows_own_term_is_not_free)
{
    struct ask a = typical(), b = typical();
    a.edges = b.edges = a.nodes = b.nodes = 100000000;
    b.spec.self_term = SELF_ONE;
    CHECK(cost(&b) > cost(&a));
}

TEST(a_longer_longest_row_costs_more_unless_it_is_cut)
{
    static const struct candidate cuts[] = {
        {.family = &neighbor_group, .values = {32, 8, 4}},
        {.family = &edge_balanced, .values = {128, 8, 4}},
        {.family = &narrow, .values = {128, 4}},
        {.family = &hybrid, .values = {32, 16, 8, 4}}};
    for (size_t i = 0; i < 4; i++) {
        struct ask whole = typical(), cut = typical();
        cut.c = cuts[i];
        double whole_before = cost(&whole), cut_before = cost(&cut);
        whole.max_degree = cut.max_degree = 500000;
        CHECK(cost(&whole) > 2 * whole_before);
        CHECK_NEAR(cost(&cut), cut_before, 1e-12);
        CHECK(cost(&cut) < cost(&whole));
    }
}

TEST(equal_edges_spare_short_rows_a_start_each)
{
    struct ask groups = typical(), ranges = typical();
    groups.edges = ranges.edges = 3 * groups.nodes;
    groups.max_degree = ranges.max_degree = 20000;
    groups.spec.dim = ranges.spec.dim = 8;
    groups.c =
        (struct candidate){.family = &neighbor_group, .values = {32, 2, 4}};
    ranges.c =
        (struct candidate){.family = &edge_balanced, .values = {512, 2, 4}};
    CHECK(cost(&ranges) < cost(&groups));
}

TEST(short_rows_that_share_a_warp_cost_less_than_a_warp_each)
{
    struct ask apart = typical(), shared = typical();
    apart.edges = shared.edges = 6 * apart.nodes;
    apart.c = (struct candidate){.family = &hybrid, .values = {256, 1, 8, 4}};
    shared.c = (struct candidate){.family = &hybrid, .values = {256, 16, 8, 4}};
    CHECK(cost(&shared) < cost(&apart));
}

TEST(longer_ranges_make_a_longer_end)
{
    struct ask a = typical();
    a.max_degree = 500000;
    a.edges = 10000000;
    double last = 0;
    for (int64_t n = 4096; n <= 8192; n *= 2) {
        a.c = (struct candidate){.family = &edge_balanced, .values = {n, 8, 4}};
        CHECK(cost(&a) > last);
        last = cost(&a);
    }
}

TEST(rows_that_are_alike_need_no_cutting)
{
    struct ask whole = typical(), cut = typical();
    whole.max_degree = cut.max_degree = whole.edges / whole.nodes;
    cut.c = (struct candidate){.family = &neighbor_group, .values = {1, 8, 4}};
    CHECK(cost(&whole) <= cost(&cut));
}

TEST(lanes_without_a_column_cost)
{
    struct ask a = typical(), b = typical();
    a.c = (struct candidate){.family = &row_split, .values = {8, 1, 1, 1}};
    b.c = (struct candidate){.family = &row_split, .values = {32, 1, 1, 1}};
    a.spec.dim = b.spec.dim = 8;
    CHECK(cost(&a) < cost(&b));
}

// Of rows of 8 neighbours on few SMs, where all that counts is instructions.
TEST(teams_without_a_neighbour_cost)
{
    struct ask few = typical(), many = typical();
    few.nodes = many.nodes = 4096;
    few.edges = many.edges = 32768;
    few.max_degree = many.max_degree = 20;
    few.c.values[1] = 1;
    many.c = (struct candidate){.family = &row_split, .values = {2, 16, 4, 4}};
    few.sm_count = many.sm_count = 8;
    CHECK(cost(&few) < cost(&many));
}

TEST(a_lane_for_every_edge_uses_all_lanes_of_a_warp)
{
    struct ask team = typical(), lane = typical();
    team.spec.dim = lane.spec.dim = 1;
    team.edges = lane.edges = 100000000;
    team.c =
        (struct candidate){.family = &edge_balanced, .values = {256, 32, 4}};
    lane.c = (struct candidate){.family = &narrow, .values = {256, 4}};
    CHECK(cost(&lane) < cost(&team));
}

TEST(more_loads_in_flight_never_cost)
{
    struct ask a = typical();
    a.max_degree = 100000;
    for (int knob = 1; knob <= 3; knob += 2) {
        double last = INFINITY;
        for (int64_t v = 1; v <= 4; v *= 2) {
            a.c.values[knob] = v;
            CHECK(cost(&a) <= last);
            last = cost(&a);
        }
    }
}

TEST(a_faster_device_costs_no_more)
{
    struct ask slow = typical(), fast = typical();
    slow.arch = 75;
    fast.arch = 90;
    CHECK(cost(&fast) < cost(&slow));
}

// Templates of attention take lanes for a head's vectors where dimWorker is 0.
static double cost_of_attention(int64_t lanes, int32_t channels)
{
    struct ask a = typical();
    a.c.values[0] = lanes;
    a.spec = (struct kernel_spec){.dim = 4 * channels, .x_pitch = 4 * channels,
                                  .out_pitch = 4 * channels, .heads = 4,
                                  .channels = channels, .offset_bits = 32};
    return cost(&a);
}

TEST(lanes_that_the_template_chooses_cost_as_if_they_were_given)
{
    CHECK_NEAR(cost_of_attention(0, 1), cost_of_attention(1, 1), 0);
    CHECK_NEAR(cost_of_attention(0, 32), cost_of_attention(8, 32), 0);
    CHECK_NEAR(cost_of_attention(0, 36), cost_of_attention(16, 36), 0);
    CHECK_NEAR(cost_of_attention(0, 33), cost_of_attention(32, 33), 0);
    CHECK_NEAR(cost_of_attention(0, 4096), cost_of_attention(32, 4096), 0);
    CHECK(isfinite(cost_of_attention(0, 32)));
}

TEST(ids_that_are_read_early_change_no_cost)
{
    static const struct family ahead = {.name = "row_split",
                                        .n_knobs = 5,
                                        .knobs = {{.name = "dimWorker"},
                                                  {.name = "edgeWorker"},
                                                  {.name = "vec"},
                                                  {.name = "unroll"},
                                                  {.name = "ids"}}};
    struct ask a = typical(), b = typical();
    a.c = (struct candidate){.family = &ahead, .values = {8, 2, 4, 4, 0}};
    b.c = (struct candidate){.family = &ahead, .values = {8, 2, 4, 4, 2}};
    CHECK_NEAR(cost(&a), cost(&b), 0);
}

TEST(every_cost_is_a_positive_number)
{
    static const int64_t nodes[] = {0, 1, 7, 2000000000};
    static const int64_t edges[] = {0, 1, 9000000000};
    static const struct family *families[] = {&row_split,     &neighbor_group,
                                              &edge_balanced, &narrow,
                                              &hybrid,        &unknown};
    for (size_t n = 0; n < 4; n++)
        for (size_t e = 0; e < 3; e++)
            for (size_t f = 0; f < 6; f++)
                for (int32_t dim = 1; dim <= 100000; dim *= 10) {
                    struct ask a = typical();
                    a.c = (struct candidate){.family = families[f],
                                             .values = {1, 1, 1, 1}};
                    a.nodes = nodes[n];
                    a.edges = a.max_degree = edges[e];
                    a.spec.dim = dim;
                    double c = cost(&a);
                    CHECK(isfinite(c) && (c > 0 || !a.nodes));
                }
}

int main(void)
{
    RUN(more_edges_cost_more);
    RUN(wider_rows_cost_more);
    RUN(more_nodes_cost_more);
    RUN(slabs_that_fit_the_cache_pay_where_rows_do_not_fit_it);
    RUN(slabs_of_less_than_a_line_hold_no_more_rows);
    RUN(the_rows_own_term_is_not_free);
    RUN(a_longer_longest_row_costs_more_unless_it_is_cut);
    RUN(equal_edges_spare_short_rows_a_start_each);
    RUN(short_rows_that_share_a_warp_cost_less_than_a_warp_each);
    RUN(longer_ranges_make_a_longer_end);
    RUN(rows_that_are_alike_need_no_cutting);
    RUN(lanes_without_a_column_cost);
    RUN(teams_without_a_neighbour_cost);
    RUN(a_lane_for_every_edge_uses_all_lanes_of_a_warp);
    RUN(more_loads_in_flight_never_cost);
    RUN(a_faster_device_costs_no_more);
    RUN(lanes_that_the_template_chooses_cost_as_if_they_were_given);
    RUN(ids_that_are_read_early_change_no_cost);
    RUN(every_cost_is_a_positive_number);
    return test_done();
}
