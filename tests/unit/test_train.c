// Training on the CPU: gradients against finite differences of the float64
// reference, which shares no code with it.
#include "train_fixture.h"

// Of one parameter.
static int64_t most_slopes(void)
{
    return test_is_slow() ? 60 : 30;
}

// Directed; self loops, a duplicate, a hub (node 2), an isolated last node.
static struct fixture_graph hard_graph(bool loops)
{
    static const int32_t pairs[][2] = {
        {0, 0}, {0, 1}, {1, 2}, {1, 2}, {2, 0}, {2, 1}, {2, 3}, {2, 4},
        {2, 5}, {2, 6}, {3, 2}, {4, 2}, {5, 1}, {5, 5}, {6, 0}};
    int32_t kept[15][2];
    int n = 0;
    for (int i = 0; i < 15; i++)
        if (loops || pairs[i][0] != pairs[i][1]) {
            kept[n][0] = pairs[i][0];
            kept[n++][1] = pairs[i][1];
        }
    return fixture_graph_of(8, (const int32_t(*)[2])kept, n);
}

// ---- gradients --------------------------------------------------------------

// d loss / d w by a central difference; the float that w becomes counts.
static double slope(struct training *t, float *w)
{
    const float before = *w, h = 0x1p-16F;
    volatile float up = before + h, down = before - h;
    *w = up;
    double above = reference_loss(t);
    *w = down;
    double below = reference_loss(t);
    *w = before;
    return (above - below) / ((double)up - (double)down);
}

// The step's gradients of every parameter against slopes. A ReLU's kink within
// the difference may spoil a slope, so a few may be off; an error of the
// backward spoils whole tensors.
static void check_gradients(struct training *t, const char *what)
{
    const struct program *p = t->f.program;
    train_forward(t->trainer, true);
    train_loss(t->trainer, t->labels, t->nodes, t->n_nodes);
    train_backward(t->trainer);
    t->f.ctx.n_threads = 1; // of the reference: its work here is small
    for (int32_t i = 0; i < p->n_params; i++) {
        int64_t n = param_elems(&p->params[i]);
        int64_t stride = n > most_slopes() ? n / most_slopes() : 1;
        double worst = 0, size = 1e-3;
        int off = 0;
        for (int64_t k = 0; k < n; k += stride) {
            double got = (double)t->trainer->grad.of[i][k];
            double want = slope(t, &t->f.model.params[i][k]);
            size = fmax(size, fabs(want));
            if (fabs(got - want) > 2e-4 * size) {
                off++;
                worst = fmax(worst, fabs(got - want));
            }
        }
        if (off > n / stride / 30)
            TEST__FAIL("%s: %s: %d of %lld differ, by up to %g of %g", what,
                       p->params[i].name, off, (long long)n, worst, size);
    }
}

static void check_case(const struct training_case *c,
                       const struct fixture_graph *g)
{
    char what[128];
    struct training t;
    snprintf(what, sizeof(what), "%s mlp %d, %d -> %d -> %d, %s%s",
             c->model.name, (int)c->model.mlp, (int)c->model.dim,
             (int)c->model.hidden, (int)c->model.classes,
             c->sparse ? "sparse" : "dense", g->perm ? ", reordered" : "");
    if (!training_init(&t, c, g)) {
        TEST__FAIL("%s", what);
        return;
    }
    check_gradients(&t, what);
    training_finish(&t);
}

static bool attends(const char *model)
{
    return strcmp(model, "gat") == 0 || strcmp(model, "gatv2") == 0;
}

// Every width with every other, each dense or sparse, reordered or not; in the
// suite `slow` with both of both.
static void check_model(const char *name, int32_t mlp, int32_t layers)
{
    static const int32_t widths[] = {1, 3, 33}, heads[] = {18, 3, 1};
    for (int i = 0; i < 36; i++) {
        if (!test_is_slow() && (i % 9 + i / 9 + i / 18) % 2)
            continue;
        struct training_case c = {
            .model = {.name = name, .mlp = mlp, .layers = layers,
                      .dim = widths[i % 3], .hidden = widths[i / 3 % 3],
                      .heads = attends(name) ? heads[i / 3 % 3] : 0,
                      .classes = 1 + widths[(i + i / 9) % 3]},
            .options = {.learn_eps = 1},
            .sparse = i / 9 % 2 == 1,
            .n_threads = 1 + i % 3,
        };
        struct fixture_graph g =
            hard_graph(strcmp(name, "gcn") != 0 && !attends(name));
        if (i / 18 == 1)
            g = fixture_graph_shuffled(g, 3);
        check_case(&c, &g);
        fixture_graph_finish(&g);
    }
}

TEST(gradients_of_gcn_are_the_slopes_of_the_definition)
{
    check_model("gcn", 0, 2);
    check_model("gcn", 0, 3);
}

TEST(gradients_of_gin_are_the_slopes_of_the_definition)
{
    check_model("gin", 1, 2);
    check_model("gin", 2, 2);
}

TEST(gradients_of_sage_are_the_slopes_of_the_definition)
{
    check_model("sage", 0, 2);
    check_model("sage", 0, 3);
}

TEST(gradients_of_gat_are_the_slopes_of_the_definition)
{
    check_model("gat", 0, 2);
    check_model("gat", 0, 3);
}

TEST(gradients_of_gatv2_are_the_slopes_of_the_definition)
{
    check_model("gatv2", 0, 2);
    check_model("gatv2", 0, 3);
}

TEST(gradients_of_residual_layers_are_the_slopes_of_the_definition)
{
    static const char *const models[] = {"gcn", "gin", "sage", "gat", "gatv2"};
    struct fixture_graph g = hard_graph(false);
    for (int i = 0; i < 10; i++) {
        const struct training_case c = {
            .model = {.name = models[i % 5], .layers = 3 + i / 5, .dim = 3,
                      .hidden = 5, .mlp = i % 5 == 1 ? 1 + i / 5 : 0,
                      .heads = attends(models[i % 5]) ? 2 : 0, .classes = 3,
                      .residual = true},
            .options = {.learn_eps = 1},
            .n_threads = 1 + i / 5};
        check_case(&c, &g);
    }
    fixture_graph_finish(&g);
}

TEST(epsilon_has_a_gradient_only_when_it_learns)
{
    struct fixture_graph g = hard_graph(true);
    for (int32_t learn = 0; learn <= 1; learn++) {
        struct training_case c = {
            .model = {.name = "gin", .layers = 2, .dim = 3, .hidden = 5,
                      .classes = 3},
            .options = {.learn_eps = learn}};
        struct training t;
        CHECK(training_init(&t, &c, &g));
        int32_t eps = program_param(t.f.program, "convs.0.eps");
        float before = t.f.model.params[eps][0];
        training_steps(&t, 3);
        CHECK((t.f.model.params[eps][0] != before) == (learn == 1));
        training_finish(&t);
    }
    fixture_graph_finish(&g);
}

TEST(a_label_counts_as_often_as_its_node_is_named)
{
    struct fixture_graph g = hard_graph(false);
    struct training_case c = {
        .model = {.name = "gcn", .dim = 3, .hidden = 4, .classes = 3}};
    struct training t;
    CHECK(training_init(&t, &c, &g));
    t.n_nodes = 5;
    memcpy(t.nodes, (const int32_t[]){2, 2, 7, 2, 0}, 5 * sizeof(int32_t));
    check_gradients(&t, "repeated nodes");
    training_finish(&t);
    fixture_graph_finish(&g);
}

TEST(gradients_of_binary_cross_entropy_are_the_slopes_of_the_definition)
{
    static const char *const models[] = {"gcn", "gin", "sage", "gat", "gatv2"};
    struct fixture_graph g = hard_graph(false);
    for (int i = 0; i < 10; i++) {
        const struct training_case c = {
            .model = {.name = models[i / 2], .layers = 2, .dim = 3, .hidden = 5,
                      .classes = i % 2 ? 7 : 1, .logits = true},
            .options = {.loss = GNNAC_BCE, .learn_eps = 1}};
        check_case(&c, &g);
    }
    fixture_graph_finish(&g);
}

// Nodes that are named twice count twice; rows that are not named not at all.
TEST(binary_cross_entropy_is_a_mean_over_nodes_and_classes)
{
    struct fixture_graph g = hard_graph(false);
    const struct training_case c = {
        .model = {.name = "gcn", .dim = 3, .hidden = 4, .classes = 3,
                  .logits = true},
        .options = {.loss = GNNAC_BCE}};
    struct training t;
    CHECK(training_init(&t, &c, &g));
    t.n_nodes = 5;
    memcpy(t.nodes, (const int32_t[]){2, 2, 7, 2, 0}, 5 * sizeof(int32_t));
    double want = reference_loss(&t);
    CHECK(fabs((double)training_steps(&t, 1) - want) < 1e-6 * want);
    check_gradients(&t, "binary, repeated nodes");
    training_finish(&t);
    fixture_graph_finish(&g);
}

TEST(binary_cross_entropy_survives_large_logits)
{
    struct fixture_graph g = hard_graph(false);
    const struct training_case c = {
        .model = {.name = "gcn", .dim = 3, .hidden = 4, .classes = 2,
                  .logits = true},
        .options = {.loss = GNNAC_BCE}};
    struct training t;
    CHECK(training_init(&t, &c, &g));
    float *bias = t.f.model.params[program_param(t.f.program, "convs.1.bias")];
    bias[0] = 3e4F;
    bias[1] = -3e4F;
    for (int64_t v = 0; v < t.n_rows; v++) {
        t.labels[2 * v] = 0; // wrong by 3e4; the other is right
        t.labels[2 * v + 1] = 0;
    }
    CHECK(fabs((double)training_steps(&t, 1) - 1.5e4) < 10);
    training_finish(&t);
    fixture_graph_finish(&g);
}

// ---- dropout ----------------------------------------------------------------

TEST(dropout_keeps_the_mean_and_the_wanted_share)
{
    enum { N = 1000, DIM = 33 };
    static float ones[N * DIM], out[N * DIM];
    for (int i = 0; i < N * DIM; i++)
        ones[i] = 1;
    for (int k = 1; k < 10; k++) {
        float p = (float)k / 10;
        struct dropout d = dropout_of(p, 7, 3, k);
        double sum = 0, kept = 0;
        cpu_dropout_rows(N, (struct const_view){ones, DIM, DIM}, d,
                         (struct view){out, DIM, DIM}, 2);
        for (int i = 0; i < N * DIM; i++) {
            sum += (double)out[i];
            kept += out[i] != 0;
            CHECK(out[i] == 0 || out[i] == d.scale);
        }
        double sigma = sqrt((double)p * (1 - (double)p) * N * DIM);
        CHECK(fabs(kept - (1 - (double)p) * N * DIM) < 5 * sigma);
        CHECK(fabs(sum / (N * DIM) - 1) < 5 * sigma / (N * DIM) *
                                              (double)d.scale + 1e-4);
    }
}

TEST(masks_of_other_steps_places_and_seeds_differ_by_half)
{
    enum { N = 64, DIM = 64 };
    static float ones[N * DIM], out[4][N * DIM];
    const struct dropout d[4] = {
        dropout_of(0.5F, 1, 1, 0), dropout_of(0.5F, 2, 1, 0),
        dropout_of(0.5F, 1, 2, 0), dropout_of(0.5F, 1, 1, 1)};
    for (int i = 0; i < N * DIM; i++)
        ones[i] = 1;
    for (int k = 0; k < 4; k++)
        cpu_dropout_rows(N, (struct const_view){ones, DIM, DIM}, d[k],
                         (struct view){out[k], DIM, DIM}, 1);
    for (int k = 1; k < 4; k++) {
        int differ = 0;
        for (int i = 0; i < N * DIM; i++)
            differ += out[0][i] != out[k][i];
        CHECK(abs(differ - N * DIM / 2) < 5 * 32);
    }
}

// With dropout the loss of one step is a function of the weights still: its
// slopes, taken in float, are the gradients.
static double dropped_loss(struct training *t)
{
    train_forward(t->trainer, true);
    return train_loss(t->trainer, t->labels, t->nodes, t->n_nodes);
}

// `step`: small enough that few ReLUs change over on the way.
static void check_dropped(struct training *t, float step, const char *what)
{
    const struct program *p = t->f.program;
    double error = 0, size = 0;
    dropped_loss(t);
    train_backward(t->trainer);
    for (int32_t i = 0; i < p->n_params; i++)
        for (int64_t k = 0; k < param_elems(&p->params[i]); k++) {
            float *w = &t->f.model.params[i][k], before = *w;
            double got = (double)t->trainer->grad.of[i][k];
            *w = before + step;
            double above = dropped_loss(t);
            *w = before - step;
            double below = dropped_loss(t);
            *w = before;
            double want = (above - below) / (2 * (double)step);
            error += (got - want) * (got - want);
            size += want * want;
        }
    if (!(error <= 1e-3 * size) || size == 0)
        TEST__FAIL("%s: error %g of %g", what, sqrt(error), sqrt(size));
}

TEST(gradients_pass_through_the_mask_of_their_step)
{
    static const char *const names[] = {"gcn", "gin", "sage", "gat", "gatv2"};
    for (int i = 0; i < 25; i++) {
        struct training_case c = {
            .model = {.name = names[i % 5], .dim = i < 20 ? 33 : 5,
                      .hidden = 16, .classes = 4, .layers = i < 20 ? 0 : 3,
                      .residual = i >= 20},
            .options = {.dropout = 0.4F, .attention_dropout = 0.4F, .seed = 9,
                        .learn_eps = 1},
            .sparse = i / 5 % 2 == 1};
        struct fixture_graph g = hard_graph(i % 5 == 1 || i % 5 == 2);
        if (i / 10 == 1)
            g = fixture_graph_shuffled(g, 3);
        struct training t;
        CHECK(training_init(&t, &c, &g));
        check_dropped(&t, i < 20 ? 4e-3F : 3e-4F, c.model.name);
        training_finish(&t);
        fixture_graph_finish(&g);
    }
}

// ---- learning ---------------------------------------------------------------

TEST(the_loss_falls_for_every_model_and_optimiser)
{
    static const char *const names[] = {"gcn", "gin", "sage", "gat", "gatv2"};
    struct fixture_graph g = fixture_graph_random(60, 2, false, 4);
    for (int i = 0; i < 15; i++) {
        struct training_case c = {
            .model = {.name = names[i % 5], .layers = 2, .dim = 8,
                      .hidden = 16, .classes = 3},
            .options = {.optimizer = (gnnac_optimizer)(i / 5),
                        .lr = i / 5 == 2 ? 0.1F : 0.01F, .momentum = 0.5F}};
        struct training t;
        CHECK(training_init(&t, &c, &g));
        float first = training_steps(&t, 1);
        float last = training_steps(&t, 120);
        if (!(last < 0.8F * first))
            TEST__FAIL("%s: loss %g became %g", names[i % 5], (double)first,
                       (double)last);
        training_finish(&t);
    }
    fixture_graph_finish(&g);
}

static uint64_t weights_after(const char *model, int n_threads, int n_steps,
                              bool sparse)
{
    struct fixture_graph g = fixture_graph_random(1500, 3, false, 4);
    struct training_case c = {
        .model = {.name = model, .dim = 40, .hidden = 4, .classes = 5},
        .options = {.dropout = 0.5F, .attention_dropout = 0.5F, .seed = 3,
                    .weight_decay = 5e-4F},
        .n_threads = n_threads, .sparse = sparse};
    struct training t;
    CHECK(training_init(&t, &c, &g));
    training_steps(&t, n_steps);
    uint64_t hash = training_hash(&t);
    training_finish(&t);
    fixture_graph_finish(&g);
    return hash;
}

TEST(the_same_seed_gives_the_same_bits_at_any_number_of_threads)
{
    static const char *const names[] = {"gcn", "gat", "gatv2"};
    for (int i = 0; i < 6; i++) {
        const char *name = names[i / 2];
        uint64_t one = weights_after(name, 1, 20, i % 2);
        CHECK(one == weights_after(name, 1, 20, i % 2));
        CHECK(one == weights_after(name, 2, 20, i % 2));
        CHECK(one == weights_after(name, 4, 20, i % 2));
        CHECK(one != weights_after(name, 4, 19, i % 2));
    }
}

// Old programs pass the options without attention_dropout.
TEST(options_of_the_first_version_are_taken)
{
    struct fixture_graph g = hard_graph(false);
    struct training_case c = {
        .model = {.name = "gat", .dim = 3, .hidden = 4, .classes = 3}};
    struct training t;
    gnnac_error err;
    gnnac_trainer *out = NULL;
    gnnac_train_options o = {
        .struct_size = offsetof(gnnac_train_options, attention_dropout),
        .lr = 0.5F, .attention_dropout = 7}; // nobody may read it
    CHECK(training_init(&t, &c, &g));
    training_end(&t);
    CHECK_INT(gnnac_trainer_create(&t.f.model, &t.features, &o, &out, &err),
              GNNAC_OK);
    CHECK(out && out->o.attention_dropout == 0 && out->o.lr == 0.5F);
    gnnac_trainer_destroy(out);
    out = NULL;
    o.struct_size = sizeof(o);
    CHECK_INT(gnnac_trainer_create(&t.f.model, &t.features, &o, &out, &err),
              GNNAC_EUSAGE);
    CHECK_HAS(err.msg, "attention_dropout 7");
    training_finish(&t);
    fixture_graph_finish(&g);
}

int main(void)
{
    RUN(gradients_of_gcn_are_the_slopes_of_the_definition);
    RUN(gradients_of_gin_are_the_slopes_of_the_definition);
    RUN(gradients_of_sage_are_the_slopes_of_the_definition);
    RUN(gradients_of_gat_are_the_slopes_of_the_definition);
    RUN(gradients_of_gatv2_are_the_slopes_of_the_definition);
    RUN(gradients_of_residual_layers_are_the_slopes_of_the_definition);
    RUN(epsilon_has_a_gradient_only_when_it_learns);
    RUN(a_label_counts_as_often_as_its_node_is_named);
    RUN(gradients_of_binary_cross_entropy_are_the_slopes_of_the_definition);
    RUN(binary_cross_entropy_is_a_mean_over_nodes_and_classes);
    RUN(binary_cross_entropy_survives_large_logits);
    RUN(dropout_keeps_the_mean_and_the_wanted_share);
    RUN(masks_of_other_steps_places_and_seeds_differ_by_half);
    RUN(gradients_pass_through_the_mask_of_their_step);
    RUN(the_loss_falls_for_every_model_and_optimiser);
    RUN(the_same_seed_gives_the_same_bits_at_any_number_of_threads);
    RUN(options_of_the_first_version_are_taken);
    return test_done();
}
