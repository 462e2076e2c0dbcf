// Layers that add their input: which, by which kernel, and what a bundle must
// say of them.
#include "manifest_example.h"
#include "model_fixture.h"
#include "plan/opspec.h"
#include "same_spec.h"
#include "test.h"
#include "train/train_program.h"

// Every way in which a layer ends: by a sum, by a product of ours, by what
// follows one of BLAS, by attention.
static const struct model_request ways[] = {
    {.name = "gcn", .hidden = 16},
    {.name = "gcn", .hidden = 33},
    {.name = "gin", .hidden = 16},
    {.name = "gin", .hidden = 12, .mlp = 2},
    {.name = "gin", .hidden = 33, .mlp = 2},
    {.name = "sage", .hidden = 7},
    {.name = "gat", .hidden = 5, .heads = 3},
    {.name = "gatv2", .hidden = 5, .heads = 3},
};
enum { N_WAYS = sizeof(ways) / sizeof(ways[0]) };

static struct model_request way(int i, int32_t layers)
{
    struct model_request rq = ways[i];
    rq.dim = 10;
    rq.classes = 4;
    rq.layers = layers;
    rq.residual = true;
    return rq;
}

static void lowered(const struct model_request *rq, struct model *m,
                    struct program *p)
{
    CHECK_INT(model_build(rq, m, NULL), GNNAC_OK);
    CHECK_INT(lower_model(m, 50, 400, p, NULL), GNNAC_OK);
}

// ---- planning ---------------------------------------------------------------

TEST(layers_between_the_first_and_the_last_add_their_input)
{
    struct model m;
    gnnac_error err = {{0}};
    for (int i = 0; i < N_WAYS; i++) {
        struct model_request rq = way(i, 5);
        CHECK_INT(model_build(&rq, &m, NULL), GNNAC_OK);
        for (int32_t k = 0; k < 5; k++)
            CHECK_INT(m.layers[k].residual, k > 0 && k < 4);
        rq.layers = 2;
        CHECK_INT(model_build(&rq, &m, &err), GNNAC_EUSAGE);
        CHECK_HAS(err.msg, "--layers must be 3 or more");
    }
}

// The step that the kernel of a residual begins with.
static const struct step *head_of(const struct step *s)
{
    while (s->fused)
        s--;
    return s;
}

TEST(the_kernel_that_ends_a_layer_adds_its_input)
{
    struct model m;
    struct program p;
    struct opspec op;
    for (int i = 0; i < N_WAYS; i++) {
        const struct model_request rq = way(i, 4);
        int32_t n = 0;
        lowered(&rq, &m, &p);
        program_fuse(&p, false);
        for (int32_t k = 0; k < p.n_steps; k++) {
            const struct step *s = &p.steps[k], *head = head_of(s);
            if (s->kind != STEP_RESIDUAL)
                continue;
            n++;
            CHECK(s->fused && head != s && step_residual(&p, head) == s);
            CHECK(opspec_of_step(&m, &p, head, 50, 400, &op));
            CHECK(spec_goes_on(&op.spec) && !op.spec.drops);
            CHECK_INT(op.spec.residual_pitch, p.buffers[s->self].pitch);
            CHECK_INT(op.spec.out_pitch, p.buffers[s->out].pitch);
            CHECK_HAS(op.key, " residual=");
        }
        CHECK_INT(n, 2);
    }
}

// A trainer keeps what the activation made: its slope follows from that alone.
TEST(in_training_a_residual_is_a_step_of_its_own)
{
    struct model m;
    struct program p;
    struct opspec op;
    for (int i = 0; i < N_WAYS; i++) {
        const struct model_request rq = way(i, 3);
        lowered(&rq, &m, &p);
        program_fuse(&p, true);
        for (int32_t k = 0; k < p.n_steps; k++) {
            if (p.steps[k].kind != STEP_RESIDUAL)
                continue;
            CHECK(!p.steps[k].fused);
            CHECK(opspec_of_step(&m, &p, &p.steps[k], 50, 400, &op));
            CHECK_STR(op.op, "residual");
            CHECK_INT(op.spec.residual_pitch, 0);
        }
    }
}

TEST(the_text_of_its_question_gives_the_question_back)
{
    struct model m;
    struct program p;
    struct opspec op, back;
    int n = 0;
    for (int i = 0; i < 6; i++) { // heads are not told in words
        const struct model_request rq = way(i, 3);
        lowered(&rq, &m, &p);
        program_fuse(&p, false);
        for (int32_t k = 0; k < p.n_steps; k++) {
            if (!opspec_of_step(&m, &p, &p.steps[k], 50, 400, &op))
                continue;
            CHECK(opspec_parse(op.key, &back));
            CHECK(same_spec(&back.spec, &op.spec));
            n += back.spec.residual_pitch > 0;
        }
    }
    CHECK_INT(n, 6);
    char narrow[512];
    snprintf(narrow, sizeof(narrow), "%s",
             "v1 aggregate f32 layer=1/gcn in=16 out=16 dim=16 pitch=16,16,16 "
             "norm=gcn self=gcn bias=1 act=relu offset=32 forward residual=16");
    CHECK(opspec_parse(narrow, &back));
    narrow[strlen(narrow) - 1] = '5'; // columns
    CHECK(!opspec_parse(narrow, &back));
    narrow[strlen(narrow) - 2] = '\0';
    CHECK(!opspec_parse(narrow, &back));
}

// ---- bundles ----------------------------------------------------------------

static struct manifest *adding(void)
{
    struct fixture_graph g = fixture_graph_of(3, NULL, 0);
    const struct model_request rq = way(3, 3);
    struct manifest *m = fixture_manifest(&rq, &g);
    fixture_graph_finish(&g);
    return m;
}

static struct step *residual_of(struct manifest *m)
{
    struct step *s = m->program.steps;
    while (s->kind != STEP_RESIDUAL)
        s++;
    return s;
}

TEST(a_layer_that_adds_its_input_is_a_feature_that_readers_must_have)
{
    struct manifest *m = adding(), *back = calloc(1, sizeof(*back));
    gnnac_error err = {{0}};
    char *text = text_of(m);
    CHECK_HAS(text, "\"residual\"]");
    CHECK_HAS(text, "\"residual\":true");
    CHECK_INT(manifest_parse(text, strlen(text), back, &err), GNNAC_OK);
    CHECK_STR(err.msg, "");
    CHECK(memcmp(&back->program, &m->program, sizeof(m->program)) == 0);
    CHECK(memcmp(&back->model, &m->model, sizeof(m->model)) == 0);
    free(text);
    free(back);
    free(m);
}

static void in_the_first_layer(struct manifest *m)
{
    m->model.layers[0].residual = true;
}
static void in_the_last_layer(struct manifest *m)
{
    m->model.layers[2].residual = true;
}
static void not_at_all(struct manifest *m)
{
    m->model.layers[1].residual = false;
}
static void of_another_layer(struct manifest *m) { residual_of(m)->layer = 0; }
static void before_the_end(struct manifest *m) { residual_of(m)[1].layer = 1; }
static void of_nothing(struct manifest *m) { residual_of(m)->self = -1; }
static void of_itself(struct manifest *m)
{
    residual_of(m)->self = residual_of(m)->x;
}
static void of_another_width(struct manifest *m) { residual_of(m)->self = 0; }
static void into_what_it_adds(struct manifest *m)
{
    residual_of(m)->out = residual_of(m)->self;
}
static void into_what_its_kernel_reads(struct manifest *m)
{
    residual_of(m)->out = head_of(residual_of(m))->x;
}
static void with_an_activation(struct manifest *m)
{
    residual_of(m)->act = ACT_RELU;
}
static void with_a_kernel_of_its_own(struct manifest *m)
{
    residual_of(m)->kernel = 0;
}
static void by_a_kernel_that_does_not(struct manifest *m)
{
    struct kernel *k = &m->kernels[head_of(residual_of(m))->kernel];
    k->launches[0].n_args--;
}
static void by_a_kernel_whose_step_has_none(struct manifest *m)
{
    struct launch *l = &m->kernels[m->program.steps[0].kernel].launches[0];
    l->args[l->n_args++] = ARG_RESIDUAL;
}
static void with_a_kernel_for_all_steps(struct manifest *m)
{
    strcpy(m->whole.rule, "fixture");
}
static void in_training(struct manifest *m) { strcpy(m->training.rules, "5"); }

TEST(a_residual_that_fits_nothing_is_refused)
{
    static const struct {
        void (*spoil)(struct manifest *m);
        const char *message;
    } cases[] = {{in_the_first_layer, "layer 0 adds its input"},
                 {in_the_last_layer, "layer 2 adds its input"},
                 {not_at_all, "layer 1: 1 steps add its input"},
                 {of_another_layer, "layer 0: 1 steps add its input"},
                 {before_the_end, "is not the last of its layer"},
                 {of_nothing, "what it adds does not fit"},
                 {of_itself, "adds what it changes"},
                 {of_another_width, "what it adds does not fit"},
                 {into_what_it_adds, "adds what it changes"},
                 {into_what_its_kernel_reads, "writes what that kernel reads"},
                 {with_an_activation, "does not take"},
                 {with_a_kernel_of_its_own, "cannot be fused"},
                 {by_a_kernel_that_does_not, "adds no residual"},
                 {by_a_kernel_whose_step_has_none, "an operand that"},
                 {with_a_kernel_for_all_steps, "of no such model"},
                 {in_training, "training with the fused step"}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct manifest *m = adding();
        gnnac_error err = {{0}};
        CHECK_INT(manifest_check(m, NULL), GNNAC_OK);
        cases[i].spoil(m);
        CHECK_INT(manifest_check(m, &err), GNNAC_EFORMAT);
        CHECK_HAS(err.msg, cases[i].message);
        free(m);
    }
}

// ---- meaning ----------------------------------------------------------------

static void copy_param(const struct fixture_model *from, const char *suffix,
                       int32_t layer, struct fixture_model *to, int32_t as)
{
    char name[64];
    snprintf(name, sizeof(name), "convs.%d.%s", (int)layer, suffix);
    int32_t i = program_param(from->program, name);
    snprintf(name, sizeof(name), "convs.%d.%s", (int)as, suffix);
    CHECK(fixture_set(to, name, from->model.params[i]));
}

// The layer in the middle weighs nothing, the others are those of `two`.
static void take_ends(const struct fixture_model *two,
                      struct fixture_model *three)
{
    for (int32_t i = 0; i < three->program->n_params; i++) {
        const struct param *q = &three->program->params[i];
        size_t n = (size_t)q->rows * (size_t)q->cols;
        int layer = q->name[6] - '0';
        if (layer == 1)
            memset(three->model.params[i], 0, n * sizeof(float));
        else
            copy_param(two, q->name + 8, layer / 2, three, layer);
    }
}

TEST(a_layer_that_weighs_nothing_passes_its_input_on)
{
    enum { N = 40, DIM = 10, CLASSES = 4 };
    float x[N * DIM], y[N * CLASSES], passed[N * CLASSES];
    double want[N * CLASSES], got[N * CLASSES];
    rng_fill_normal(3, x, N * DIM);
    for (int i = 0; i < N_WAYS; i++) {
        struct fixture_graph g = fixture_graph_random(N, 3, false, 11);
        struct fixture_model two, three;
        struct model_request rq = way(i, 3);
        CHECK(fixture_model_init(&three, &rq, &g, 1, 5, NULL));
        rq.layers = 2;
        rq.residual = false;
        CHECK(fixture_model_init(&two, &rq, &g, 1, 6, NULL));
        take_ends(&two, &three);
        fixture_forward(&two, x, y);
        fixture_forward(&three, x, passed);
        CHECK(memcmp(y, passed, sizeof(y)) == 0);
        CHECK_INT(reference_forward(&two.model, x, want, NULL, NULL), GNNAC_OK);
        CHECK_INT(reference_forward(&three.model, x, got, NULL, NULL),
                  GNNAC_OK);
        CHECK(memcmp(want, got, sizeof(want)) == 0);
        fixture_model_finish(&two);
        fixture_model_finish(&three);
        fixture_graph_finish(&g);
    }
}

// ---- training ---------------------------------------------------------------

// In the step of training: the gradient of the sum is both operands'. That of
// the activation is made beside it, and the layer's last product adds to it.
TEST(the_gradient_of_a_layers_input_is_added_by_its_products)
{
    struct model m;
    struct program p, q;
    gnnac_error err = {{0}};
    for (int i = 0; i < N_WAYS; i++) {
        const struct model_request rq = way(i, 4);
        int32_t n_beside = 0, n_added = 0, n_alone = 0;
        lowered(&rq, &m, &p);
        program_fuse(&p, true);
        CHECK_INT(train_program_build(&p, &q, &err), GNNAC_OK);
        CHECK_STR(err.msg, "");
        for (int32_t k = train_program_loss(&q); k < q.n_steps; k++) {
            const struct step *s = &q.steps[k];
            bool hidden = s->layer == 1 || s->layer == 2;
            n_beside += s->kind == STEP_BIAS_ACT_GRAD && s->out != s->x;
            n_added += hidden && s->kind == STEP_INPUT_GRAD && s->accumulate;
            n_alone += s->kind == STEP_RESIDUAL || s->kind == STEP_DROPOUT;
        }
        CHECK_INT(n_beside, 2);
        CHECK(n_added >= 2);
        CHECK_INT(n_alone, 0);
    }
}

int main(void)
{
    RUN(layers_between_the_first_and_the_last_add_their_input);
    RUN(the_kernel_that_ends_a_layer_adds_its_input);
    RUN(in_training_a_residual_is_a_step_of_its_own);
    RUN(the_text_of_its_question_gives_the_question_back);
    RUN(a_layer_that_adds_its_input_is_a_feature_that_readers_must_have);
    RUN(a_residual_that_fits_nothing_is_refused);
    RUN(a_layer_that_weighs_nothing_passes_its_input_on);
    RUN(the_gradient_of_a_layers_input_is_added_by_its_products);
    return test_done();
}
