// The kernels of tests/kernel/cases.txt that are tuned and no aggregations:
// products of matrices and of rows, the largest and smallest of neighbours and
// what goes back through them, attention in training and its backward; on the
// GPU, on a quarter of the mini graphs each (in the suite `slow` on all),
// through the gate that tuning uses. Of each family one that is wrong must not
// pass it.
#include "gpu_gate.h"
#include "plan/opspec.h"

static struct cuda_context *gpu;
static struct mini_graph graphs[N_MINI_GRAPHS];
static struct csr large, dense; // dense: of up to 60 edges a row
static struct case_list cases;

static const struct {
    const char *family;
    int at_least;
    const char *line, *from, *to; // one that is wrong
} families[] = {
    {"linear", 35, "linear dim=7 depth=33 out=8 adds=1 rowsPerLane=4",
     "sum[i][j] += held;", ";"},
    // tf32's accuracy instead of float32's
    {"linear_mma", 11, "linear_mma dim=64 depth=64",
     "multiply(d[i][j], small[i], b0, b1);", ";"},
    {"sddmm", 13, "sddmm heads=1 channels=16 dimWorker=4 edges=stored",
     "__ldg(part_row + part)", "__ldg(part_row + 0)"},
    {"extreme", 9, "extreme dim=16 dimWorker=4", "v > best || v != v",
     "v > best"},
    {"extreme_share", 7, "extreme_share dim=16 dimWorker=4",
     "whole[i] / sum[i]", "whole[i]"},
    {"extreme_grad", 7, "extreme_grad dim=16 dimWorker=4",
     "mine[i] == v[k][i]", "mine[i] <= v[k][i]"},
    // right but with dropout
    {"attention_keep", 4, "attention_keep heads=2 channels=8",
     "left_of(state, stream, number, head, p)", "p"},
    {"attention_rows_grad", 4, "attention_rows_grad heads=2 channels=8",
     "sum[1] - sum[0] * sum[2]", "sum[1]"},
    {"attention_grad", 4, "attention_grad heads=2 channels=8",
     "w * d - a * theirs", "w * d + a * theirs"},
    {"attention_v2", 8, "attention_v2 heads=2 channels=8",
     "fmaxf(both, 0.2f * both)", "both"},
    {"attention_v2_keep", 6, "attention_v2_keep heads=2 channels=8",
     "left_of(state, stream, number, head, p)", "p"},
    {"attention_v2_rows_grad", 6, "attention_v2_rows_grad heads=2 channels=8",
     "fmaf(a, leaky,", "fmaf(a, slope,"},
    {"attention_v2_grad", 6, "attention_v2_grad heads=2 channels=8",
     "w * d - a * theirs", "w * d + a * theirs"},
    // right but for a sum over the rows
    {"attention_scores_grad", 4, "attention_scores_grad heads=2 channels=8",
     "sources = fmaf(source, v, sources);",
     "sources = fmaf(source, v, row == 39 ? 0 : sources);"},
};
enum { N_FAMILIES = sizeof(families) / sizeof(families[0]) };

static bool is_wanted(const char *op)
{
    for (int i = 0; i < N_FAMILIES; i++)
        if (strcmp(families[i].family, op) == 0)
            return is_tuned_op(op);
    return false;
}

static const struct case_check *check(void)
{
    static struct case_check c;
    c = (struct case_check){gpu, &cases, graphs, &large, gpu_gate_case};
    return &c;
}

TEST(every_family_passes_the_gate_on_every_mini_graph)
{
    for (int i = 0; i < N_FAMILIES; i++)
        gpu_check_family(check(), families[i].family, families[i].at_least);
}

TEST(the_gate_refuses_a_wrong_kernel_of_every_family)
{
    for (int i = 0; i < N_FAMILIES; i++)
        gpu_check_refused(check(), families[i].line, families[i].from,
                          families[i].to);
}

// Where rows are long, too, what wins is a number that one edge has.
TEST(the_gate_refuses_an_extreme_without_a_long_rows_last_edge)
{
    static const char *const lines[] = {
        "extreme dim=16 dimWorker=4",
        "extreme dim=16 dimWorker=4 smallest=1",
        "extreme dim=1 dimWorker=1",
    };
    struct case_check c = *check();
    c.large = &dense;
    for (int i = 0; i < 3; i++)
        gpu_check_refused(&c, lines[i], "ids += begin;",
                          "ids += begin; degree -= degree > 40;");
}

// All that it must write is right, but so is not what it must leave alone.
TEST(the_gate_refuses_a_kernel_that_writes_what_is_anothers)
{
    gpu_check_refused(check(), "attention_rows_grad heads=2 channels=8",
                      "to[8] = sum[0];", "to[8] = to[10] = sum[0];");
}

// As the tuner races it, in kernels' place.
TEST(blas_passes_the_gate_for_products_and_for_those_that_add)
{
    for (int i = 0; i < 4; i++) {
        struct case_run r = {0};
        gnnac_error err = {{0}};
        const char *line = i & 1 ? "linear_mma dim=33 depth=20 out=36 adds=1"
                                 : "linear_mma dim=24 depth=31 x=32";
        CHECK_OK(gpu_read_case(cases.catalog, line, &r, &err), err);
        struct variant v = variant_of_blas(&r.kc.spec);
        struct csr g = gpu_csr(&graphs[i & 2 ? N_MINI_GRAPHS - 2 : 0]);
        CHECK_OK(cuda_enter(gpu, &err), err);
        CHECK(gpu_passes_gate(gpu, &r.kc.spec, &g, &v));
        CHECK_STR(v.reason, "");
        cuda_leave(gpu);
        emitted_finish(&r.emitted);
    }
}

int main(int argc, char **argv)
{
    const char *templates = argc > 1 ? argv[1] : "templates";
    const char *list = argc > 2 ? argv[2] : "tests/kernel/cases.txt";
    gpu = gpu_open();
    if (!gpu)
        return 0;
    mini_graphs(graphs);
    large = gpu_random_graph(1001, 6, 1);
    dense = gpu_random_graph(1001, 30, 2);
    if (!gpu_cases_open(&cases, templates, list, is_wanted, gpu->cc))
        return 1;
    RUN(every_family_passes_the_gate_on_every_mini_graph);
    RUN(the_gate_refuses_a_wrong_kernel_of_every_family);
    RUN(the_gate_refuses_an_extreme_without_a_long_rows_last_edge);
    RUN(the_gate_refuses_a_kernel_that_writes_what_is_anothers);
    RUN(blas_passes_the_gate_for_products_and_for_those_that_add);
    gpu_cases_close(&cases);
    csr_finish(&large);
    csr_finish(&dense);
    cuda_context_destroy(gpu);
    return test_done();
}
