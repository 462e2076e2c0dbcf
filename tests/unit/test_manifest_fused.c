// Steps that the kernel of the one before does as well, in manifests.
#include "bundle/manifest.h"
#include "manifest_example.h"
#include "test.h"

// gcn with a product and log-softmax that kernels of sums do.
static struct manifest *fused_example(void)
{
    struct fixture_graph g = fixture_graph_of(3, NULL, 0);
    struct manifest *m = fixture_manifest(
        &(struct model_request){.name = "gcn", .dim = 20, .classes = 4}, &g);
    fixture_graph_finish(&g);
    return m;
}

TEST(steps_that_one_kernel_does_are_a_feature_that_readers_must_have)
{
    struct manifest *m = fused_example(), *back = calloc(1, sizeof(*back));
    char *text = text_of(m);
    CHECK_HAS(text, "\"requires\":[\"products\",\"fused\"]");
    CHECK_INT(manifest_parse(text, strlen(text), back, NULL), GNNAC_OK);
    CHECK(memcmp(&back->program, &m->program, sizeof(m->program)) == 0);
    free(text);
    for (int32_t i = 0; i < m->program.n_steps; i++)
        m->program.steps[i].fused = false;
    text = text_of(m);
    CHECK(!strstr(text, "fused"));
    free(text);
    free(back);
    free(m);
}

static void fuse_first(struct manifest *m) { m->program.steps[0].fused = true; }
static void fuse_sum(struct manifest *m) { m->program.steps[3].fused = true; }
static void give_kernel(struct manifest *m) { m->program.steps[4].kernel = 0; }
static void take_kernel(struct manifest *m) { m->program.steps[3].kernel = -1; }
static void overwrite(struct manifest *m)
{
    m->program.steps[2].out = m->program.steps[1].x;
}
static void train(struct manifest *m) { strcpy(m->training.rules, "2"); }
static void read_what_is_not_stored(struct manifest *m)
{
    m->program.steps[3].self = m->program.steps[1].out;
}

// Kernels of steps with something fused do the step alone.
static void forget(struct manifest *m, enum launch_arg a)
{
    for (int32_t i = 0; i < m->n_kernels; i++) {
        struct launch *l = &m->kernels[i].launches[0];
        for (int32_t j = 0; j < l->n_args; j++)
            if (l->args[j] == a)
                l->args[j] = ARG_N_ROWS;
    }
}

static void refused_kernel(struct manifest *m, enum launch_arg forgotten,
                           const char *said)
{
    gnnac_error err = {{0}};
    CHECK_INT(manifest_check(m, &err), GNNAC_OK);
    CHECK_STR(err.msg, "");
    forget(m, forgotten);
    CHECK_INT(manifest_check(m, &err), GNNAC_EFORMAT);
    CHECK_STR(err.msg, said);
    free(m);
}

TEST(a_kernel_takes_what_is_fused_with_its_step)
{
    refused_kernel(fused_example(), ARG_WEIGHT,
                   "manifest: step 1 (aggregate): its kernel multiplies by no "
                   "weight");
    refused_kernel(example(), ARG_TAIL_BIAS,
                   "manifest: step 1 (aggregate): its kernel adds no bias");
}

static void forget_fused_bias(struct manifest *m)
{
    for (int32_t i = 0; i < m->program.n_steps; i++)
        if (m->program.steps[i].fused &&
            m->program.steps[i].kind == STEP_BIAS_ACT)
            m->program.steps[i].bias = -1;
}

TEST(a_kernel_adds_no_bias_that_is_not_fused_with_its_step)
{
    struct manifest *m = example();
    gnnac_error err = {{0}};
    forget_fused_bias(m);
    CHECK_INT(manifest_check(m, &err), GNNAC_EFORMAT);
    CHECK_HAS(err.msg, "asks for an operand that the step does not have");
    free(m);
}

TEST(steps_are_fused_with_a_sum_that_has_a_kernel_and_is_read_once)
{
    static const struct {
        void (*spoil)(struct manifest *m);
        const char *message;
    } cases[] = {{fuse_first, "cannot be fused"},
                 {fuse_sum, "cannot be fused"},
                 {give_kernel, "cannot be fused"},
                 {take_kernel, "its kernel is not there"},
                 {overwrite, ""},
                 {read_what_is_not_stored, "before it is written"},
                 {train, "training with the fused step 2"}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct manifest *m = fused_example();
        gnnac_error err = {{0}};
        cases[i].spoil(m);
        CHECK_INT(manifest_check(m, &err), GNNAC_EFORMAT);
        CHECK_HAS(err.msg, cases[i].message);
        free(m);
    }
}

int main(void)
{
    RUN(steps_that_one_kernel_does_are_a_feature_that_readers_must_have);
    RUN(a_kernel_takes_what_is_fused_with_its_step);
    RUN(a_kernel_adds_no_bias_that_is_not_fused_with_its_step);
    RUN(steps_are_fused_with_a_sum_that_has_a_kernel_and_is_read_once);
    return test_done();
}
