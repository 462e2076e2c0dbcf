// Which programs one kernel can run, and where its blocks have to meet.
#include "plan/fuse.h"
#include "plan/lower.h"
#include "plan/scaled_rows.h"
#include "plan/whole.h"
#include "test.h"

static bool has_whole_program(const struct model_request *rq,
                              struct program *out)
{
    struct model m;
    static struct program p;
    CHECK_INT(model_build(rq, &m, NULL), GNNAC_OK);
    CHECK_INT(lower_model(&m, 50, 400, &p, NULL), GNNAC_OK);
    program_scale_rows(&p);
    program_fuse(&p, false);
    return whole_program(&p, out);
}

// Product, sum with the next product, sum with the log-softmax.
TEST(a_whole_gcn_has_a_phase_for_each_kernel_and_meets_between_them)
{
    static struct program p;
    struct phase f[MAX_PHASES];
    const struct model_request rq = {.name = "gcn", .dim = 100, .classes = 7};
    CHECK(has_whole_program(&rq, &p));
    CHECK_INT(p.steps[p.n_steps - 1].kind, STEP_WHOLE_MODEL);
    CHECK_INT(whole_phases(&p, f), 3);
    CHECK_INT(f[0].kind, STEP_LINEAR);
    CHECK(!f[0].meets && !f[0].reads_made);
    CHECK(f[1].meets && f[1].reads_made);
    CHECK_INT(f[1].spec.tail, TAIL_SCALED_LINEAR);
    CHECK_INT(f[1].x, f[0].out);
    CHECK(f[2].meets);
    CHECK_INT(f[2].spec.tail, TAIL_LOG_SOFTMAX);
    CHECK_INT(f[2].out, 1);
}

// Two products of the same rows need not wait for each other.
TEST(a_whole_sage_meets_only_before_its_sums)
{
    static struct program p;
    struct phase f[MAX_PHASES];
    const struct model_request rq = {.name = "sage", .dim = 64, .hidden = 16,
                                     .classes = 7, .layers = 1};
    CHECK(has_whole_program(&rq, &p));
    CHECK_INT(whole_phases(&p, f), 3);
    CHECK(!f[0].meets && !f[1].meets && f[2].meets);
}

TEST(wide_deep_and_other_models_have_no_whole_program)
{
    static struct program p;
    static const struct model_request requests[] = {
        {.name = "gcn", .dim = 100, .hidden = 65, .classes = 7},
        {.name = "gcn", .dim = 100, .classes = 7, .layers = 17},
        {.name = "gcn", .dim = 100, .classes = 65},
        {.name = "gcn", .dim = 100, .classes = 7, .dtype = DTYPE_BF16},
        {.name = "gin", .dim = 100, .hidden = 16, .mlp = 2},
        {.name = "gat", .dim = 100, .classes = 7}};
    for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++)
        CHECK(!has_whole_program(&requests[i], &p));
}

// Whatever the kernel depends on is told by the question's key.
TEST(whole_models_that_differ_have_different_questions)
{
    static struct program p;
    static const struct model_request requests[] = {
        {.name = "gcn", .dim = 100, .classes = 7},
        {.name = "gcn", .dim = 101, .classes = 7},
        {.name = "gcn", .dim = 100, .hidden = 15, .classes = 7},
        {.name = "gcn", .dim = 100, .classes = 7, .layers = 3},
        {.name = "gcn", .dim = 100, .classes = 7, .logits = true}};
    enum { N = sizeof(requests) / sizeof(requests[0]) };
    char hex[N][33];
    for (size_t i = 0; i < N; i++) {
        CHECK(has_whole_program(&requests[i], &p));
        whole_hash(&p, hex[i]);
        for (size_t k = 0; k < i; k++)
            CHECK(strcmp(hex[k], hex[i]) != 0);
    }
}

int main(void)
{
    RUN(a_whole_gcn_has_a_phase_for_each_kernel_and_meets_between_them);
    RUN(a_whole_sage_meets_only_before_its_sums);
    RUN(wide_deep_and_other_models_have_no_whole_program);
    RUN(whole_models_that_differ_have_different_questions);
    return test_done();
}
