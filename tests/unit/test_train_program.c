// A step of training as a program: which kernels drop what they have made, and
// what goes back through it.
#include "train/train_program.h"

#include "bundle/manifest.h"
#include "plan/fuse.h"
#include "plan/lower.h"
#include "plan/opspec.h"
#include "plan/products.h"
#include "plan/scaled_rows.h"
#include "same_spec.h"
#include "test.h"

static const char *const names[] = {"gcn", "gin", "sage", "gat"};
enum { N_NAMES = 4 };

// A bundle's program for training; all its kernels are number 0.
static void lowered(const char *name, int32_t hidden, struct model *m,
                    struct program *p)
{
    const struct model_request rq = {
        .name = name, .dim = 20, .hidden = hidden, .classes = 5, .layers = 3};
    struct device d;
    CHECK_INT(model_build(&rq, m, NULL), GNNAC_OK);
    CHECK_INT(lower_model(m, 1000, 4000, p, NULL), GNNAC_OK);
    device_typical(90, &d);
    program_claim_products(p, &d, 1000);
    program_scale_rows(p);
    program_fuse(p, true);
    for (int32_t i = 0; i < p->n_steps; i++)
        if (!p->steps[i].fused && (p->steps[i].kind != STEP_LINEAR ||
                                   is_own_product(p, &p->steps[i])))
            p->steps[i].kernel = 0;
}

static void derive(const struct program *p, struct program *out)
{
    CHECK_INT(train_program_build(p, out, NULL), GNNAC_OK);
}

static int32_t count(const struct program *p, int32_t first, int32_t past,
                     enum step_kind kind, bool fused)
{
    int32_t n = 0;
    for (int32_t i = first; i < past; i++)
        n += p->steps[i].kind == kind && p->steps[i].fused == fused;
    return n;
}

TEST(the_kernel_that_ends_a_hidden_layer_drops_the_layers_result)
{
    static const int32_t widths[] = {4, 16, 48, 100};
    struct model m;
    struct program p, q;
    for (int i = 0; i < 4 * N_NAMES; i++) {
        lowered(names[i % N_NAMES], widths[i / N_NAMES], &m, &p);
        derive(&p, &q);
        int32_t loss = train_program_loss(&q);
        CHECK_INT(count(&q, 0, loss, STEP_DROPOUT, false), 3);
        program_fuse_dropout(&q);
        CHECK_INT(count(&q, 0, loss, STEP_DROPOUT, false), 1); // the features'
        CHECK_INT(count(&q, 0, loss, STEP_DROPOUT, true), 2);
        for (int32_t k = 0; k < loss; k++)
            if (step_drops_result(&q, &q.steps[k]) && !q.steps[k].fused)
                CHECK_INT(q.steps[k].kernel, -1); // is to be found anew
    }
}

TEST(one_step_goes_back_through_dropout_activation_and_bias)
{
    struct model m;
    struct program p, q;
    for (int i = 0; i < N_NAMES; i++) {
        lowered(names[i], 16, &m, &p);
        derive(&p, &q);
        int32_t loss = train_program_loss(&q), dropped = 0;
        CHECK_INT(count(&q, loss, q.n_steps, STEP_DROPOUT, false), 0);
        for (int32_t k = loss; k < q.n_steps; k++)
            dropped += q.steps[k].kind == STEP_BIAS_ACT_GRAD &&
                       q.steps[k].dropped;
        CHECK_INT(dropped, 2);
    }
}

// Nothing but a copy, or a product, ends its layer.
TEST(what_has_no_bias_goes_back_through_a_dropout_of_its_own)
{
    struct model m;
    struct program p, q;
    lowered("gcn", 4, &m, &p);
    for (int32_t i = 0; i < p.n_steps; i++)
        if (p.steps[i].kind == STEP_AGGREGATE && p.steps[i].layer == 0) {
            p.steps[i].bias = -1;
            p.steps[i].act = ACT_NONE;
        }
    derive(&p, &q);
    int32_t loss = train_program_loss(&q);
    CHECK_INT(count(&q, loss, q.n_steps, STEP_DROPOUT, false), 1);
}

TEST(a_product_that_ends_a_layer_leaves_dropout_to_another_kernel)
{
    struct model m;
    struct program p, q;
    lowered("gin", 48, &m, &p);
    for (int32_t i = 0; i + 1 < p.n_steps; i++)
        if (p.steps[i + 1].kind == STEP_BIAS_ACT &&
            p.steps[i + 2].layer == 1) {
            memmove(&p.steps[i + 1], &p.steps[i + 2],
                    (size_t)(--p.n_steps - i - 1) * sizeof(p.steps[0]));
            break;
        }
    derive(&p, &q);
    program_fuse_dropout(&q);
    CHECK_INT(count(&q, 0, train_program_loss(&q), STEP_DROPOUT, false), 2);
}

TEST(the_text_of_a_question_says_that_the_result_is_dropped)
{
    struct model m;
    struct program p, q;
    struct opspec op, back;
    int n_sums = 0, n_products = 0;
    for (int i = 0; i < 3 * N_NAMES; i++) {
        lowered(names[i % N_NAMES], i < N_NAMES ? 4 : 48, &m, &p);
        derive(&p, &q);
        program_fuse_dropout(&q);
        for (int32_t k = 0; k < train_program_loss(&q); k++) {
            const struct step *s = &q.steps[k];
            if (!step_drops_result(&q, s) ||
                !opspec_of_step(&m, &q, s, 1000, 4000, &op))
                continue;
            CHECK(op.spec.drops && spec_goes_on(&op.spec));
            CHECK_HAS(op.key, " drops");
            if (s->kind != STEP_AGGREGATE && s->kind != STEP_LINEAR)
                continue;
            n_sums += s->kind == STEP_AGGREGATE;
            n_products += s->kind == STEP_LINEAR;
            CHECK(opspec_parse(op.key, &back));
            CHECK(same_spec(&back.spec, &op.spec));
        }
    }
    CHECK(n_sums > 0 && n_products > 0);
}

int main(void)
{
    RUN(the_kernel_that_ends_a_hidden_layer_drops_the_layers_result);
    RUN(one_step_goes_back_through_dropout_activation_and_bias);
    RUN(what_has_no_bias_goes_back_through_a_dropout_of_its_own);
    RUN(a_product_that_ends_a_layer_leaves_dropout_to_another_kernel);
    RUN(the_text_of_a_question_says_that_the_result_is_dropped);
    return test_done();
}
