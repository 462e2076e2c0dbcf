// Every aggregation of tests/kernel/cases.txt on the GPU, on a quarter of the
// mini graphs each (in the suite `slow` on all), through the gate that tuning
// uses.
#include "gpu_gate.h"

static struct cuda_context *gpu;
static struct mini_graph graphs[N_MINI_GRAPHS];
static struct csr large;
static struct case_list cases;

static bool is_wanted(const char *op)
{
    return strcmp(op, "aggregate") == 0 || strcmp(op, "attention") == 0;
}

static void check_family(const char *family, int at_least)
{
    const struct case_check c = {gpu, &cases, graphs, &large, gpu_gate_case};
    gpu_check_family(&c, family, at_least);
}

TEST(row_split_is_right_on_every_mini_graph)
{
    check_family("row_split", 30);
}

TEST(neighbor_group_is_right_on_every_mini_graph)
{
    check_family("neighbor_group", 20);
}

TEST(edge_balanced_is_right_on_every_mini_graph)
{
    check_family("edge_balanced", 20);
}

TEST(hybrid_is_right_on_every_mini_graph)
{
    check_family("hybrid", 25);
}

TEST(tile_mma_is_right_on_every_mini_graph)
{
    check_family("tile_mma", 30);
}

TEST(narrow_is_right_on_every_mini_graph)
{
    check_family("narrow", 10);
}

TEST(attention_is_right_on_every_mini_graph)
{
    check_family("attention", 15);
}

// Every row sums the neighbours of the first: in bounds, and wrong.
TEST(the_gate_refuses_a_kernel_that_reads_the_wrong_row)
{
    const struct case_check c = {gpu, &cases, graphs, &large, gpu_gate_case};
    gpu_check_refused(&c, "row_split dim=16 dimWorker=4 vec=4",
                      "ids += begin;", "ids += 0;");
}

TEST(the_gate_refuses_kernels_that_drop_other_elements)
{
    const struct case_check c = {gpu, &cases, graphs, &large, gpu_gate_case};
    static const char *const wrong[][3] = {
        {"hybrid dim=16 dimWorker=4 bias=1 drops=1", "bits >>= 16",
         "bits >>= 8"},
        {"linear dim=16 depth=20 tail=bias_act tail_bias=1 drops=1",
         "if (drops)", "if (false)"},
        {"linear_mma dim=64 depth=48 tail=bias_act tail_bias=1 drops=1",
         "bits >> 16 * c", "bits >> 8 * c"},
        {"attention_keep heads=2 channels=8 drops=1", "if (drops)",
         "if (column[0] > 0)"}};
    for (int i = 0; i < 4; i++)
        gpu_check_refused(&c, wrong[i][0], wrong[i][1], wrong[i][2]);
}

int main(int argc, char **argv)
{
    const char *templates = argc > 1 ? argv[1] : "templates";
    const char *list = argc > 2 ? argv[2] : "tests/kernel/cases.txt";
    gpu = gpu_open();
    if (!gpu)
        return 0;
    mini_graphs(graphs);
    large = gpu_random_graph(3001, 6, 1);
    if (!gpu_cases_open(&cases, templates, list, is_wanted, gpu->cc))
        return 1;
    RUN(row_split_is_right_on_every_mini_graph);
    RUN(neighbor_group_is_right_on_every_mini_graph);
    RUN(edge_balanced_is_right_on_every_mini_graph);
    RUN(hybrid_is_right_on_every_mini_graph);
    RUN(tile_mma_is_right_on_every_mini_graph);
    RUN(narrow_is_right_on_every_mini_graph);
    RUN(attention_is_right_on_every_mini_graph);
    RUN(the_gate_refuses_a_kernel_that_reads_the_wrong_row);
    RUN(the_gate_refuses_kernels_that_drop_other_elements);
    gpu_cases_close(&cases);
    csr_finish(&large);
    cuda_context_destroy(gpu);
    return test_done();
}
