// The public interface of training: optimisers against their definitions in
// float64, what is refused, files.
#include <float.h>
#include <unistd.h>

#include "train_fixture.h"

static gnnac_error err;

// ---- optimisers -------------------------------------------------------------

// One weight as PyTorch's documentation defines its optimisers, in float64.
struct scalar {
    double w, m, v;
};

static void define_step(struct scalar *s, double g,
                        const gnnac_train_options *o, int t)
{
    double decay = (double)o->weight_decay, lr = (double)o->lr;
    double b1 = (double)o->beta1, b2 = (double)o->beta2;
    if (o->optimizer == GNNAC_SGD) {
        s->m = (double)o->momentum * s->m + g + decay * s->w;
        s->w -= lr * s->m;
        return;
    }
    if (o->optimizer == GNNAC_ADAMW)
        s->w -= lr * decay * s->w;
    else
        g += decay * s->w;
    s->m = b1 * s->m + (1 - b1) * g;
    s->v = b2 * s->v + (1 - b2) * g * g;
    double m_hat = s->m / (1 - pow(b1, t)), v_hat = s->v / (1 - pow(b2, t));
    s->w -= lr * m_hat / (sqrt(v_hat) + (double)o->epsilon);
}

// Every weight of a small network over ten steps with the gradients that the
// trainer itself found.
static void check_optimizer(const gnnac_train_options *o)
{
    enum { STEPS = 10 };
    struct fixture_graph g = fixture_graph_random(30, 2, false, 4);
    struct training_case c = {
        .model = {.name = "gcn", .dim = 5, .hidden = 4, .classes = 3},
        .options = *o};
    struct training t;
    if (!training_init(&t, &c, &g))
        return;
    for (int32_t i = 0; i < t.f.program->n_params; i++) {
        int64_t n = param_elems(&t.f.program->params[i]);
        for (int64_t k = 0; k < n; k++) {
            // From the same start each time: the state of before is put back.
            struct scalar s = {.w = (double)t.f.model.params[i][k]};
            t.trainer->first.of[i][k] = t.trainer->second.of[i][k] = 0;
            gnnac_train_options full = t.trainer->o;
            if (o->decay_layers && t.trainer->plan.param_layer[i] > 0)
                full.weight_decay = 0;
            for (int step = 1; step <= STEPS; step++) {
                t.trainer->n_steps = step - 1;
                training_steps(&t, 1);
                define_step(&s, (double)t.trainer->grad.of[i][k], &full, step);
            }
            CHECK(fabs((double)t.f.model.params[i][k] - s.w) <
                  1e-5 * (0.1 + fabs(s.w)));
        }
    }
    training_finish(&t);
    fixture_graph_finish(&g);
}

TEST(adam_is_pytorchs_adam)
{
    check_optimizer(&(gnnac_train_options){.optimizer = GNNAC_ADAM});
    check_optimizer(&(gnnac_train_options){
        .optimizer = GNNAC_ADAM, .weight_decay = 0.1F, .beta1 = 0.8F,
        .beta2 = 0.99F, .epsilon = 1e-3F, .lr = 0.05F});
    check_optimizer(&(gnnac_train_options){
        .optimizer = GNNAC_ADAM, .weight_decay = 0.1F, .decay_layers = 1});
}

TEST(adamw_decays_apart_from_the_gradient)
{
    check_optimizer(&(gnnac_train_options){.optimizer = GNNAC_ADAMW,
                                           .weight_decay = 0.1F});
}

TEST(sgd_has_momentum_and_decay)
{
    check_optimizer(&(gnnac_train_options){.optimizer = GNNAC_SGD});
    check_optimizer(&(gnnac_train_options){.optimizer = GNNAC_SGD,
                                           .momentum = 0.9F,
                                           .weight_decay = 0.1F,
                                           .decay_layers = 1});
}

// ---- what is refused --------------------------------------------------------

// A trained little GCN on 8 nodes.
static struct training_case little = {
    .model = {.name = "gcn", .dim = 3, .hidden = 4, .classes = 3},
    .options = {.dropout = 0.5F, .seed = 3}};

static void begin(struct training *t)
{
    struct fixture_graph g = fixture_graph_random(8, 2, false, 4);
    CHECK(training_init(t, &little, &g));
    fixture_graph_finish(&g);
}

TEST(options_out_of_range_are_refused)
{
    struct training t;
    begin(&t);
    training_end(&t);
    static const struct {
        gnnac_train_options o;
        const char *what;
    } bad[] = {
        {{.dropout = 1}, "dropout"},       {{.dropout = -0.1F}, "dropout"},
        {{.lr = -1}, "lr"},                {{.lr = INFINITY}, "lr"},
        {{.weight_decay = NAN}, "weight_decay"}, {{.beta1 = 1}, "beta1"},
        {{.momentum = 1.5F}, "momentum"},  {{.decay_layers = -1}, "decay"},
        {{.optimizer = (gnnac_optimizer)7}, "optimizer 7"},
        {{.loss = (gnnac_loss)2}, "loss 2"},
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        gnnac_train_options o = bad[i].o;
        gnnac_trainer *out = NULL;
        o.struct_size = sizeof(o);
        CHECK_INT(gnnac_trainer_create(&t.f.model, &t.features, &o, &out, &err),
                  GNNAC_EUSAGE);
        CHECK_HAS(err.msg, bad[i].what);
        CHECK(!out);
    }
    gnnac_train_options o = {.struct_size = 8};
    gnnac_trainer *out = NULL;
    CHECK_INT(gnnac_trainer_create(&t.f.model, &t.features, &o, &out, &err),
              GNNAC_EUSAGE);
    training_finish(&t);
}

TEST(options_of_later_versions_are_refused_unless_they_are_zero)
{
    struct training t;
    begin(&t);
    training_end(&t);
    struct {
        gnnac_train_options o;
        int64_t later;
    } options = {{.struct_size = sizeof(options)}, 0};
    struct {
        gnnac_features f;
        int64_t later;
    } features = {t.features, 0};
    gnnac_trainer *out = NULL;
    features.f.struct_size = sizeof(features);
    CHECK_INT(gnnac_trainer_create(&t.f.model, &features.f, &options.o, &out,
                                   &err),
              GNNAC_OK);
    gnnac_trainer_destroy(out);
    out = NULL;
    options.later = 1;
    CHECK_INT(gnnac_trainer_create(&t.f.model, &features.f, &options.o, &out,
                                   &err),
              GNNAC_EUSAGE);
    CHECK_HAS(err.msg, "gnnac_train_options has options that");
    options.later = 0;
    features.later = 1;
    CHECK_INT(gnnac_trainer_create(&t.f.model, &features.f, &options.o, &out,
                                   &err),
              GNNAC_EUSAGE);
    CHECK_HAS(err.msg, "gnnac_features has options that");
    CHECK(!out);
    training_finish(&t);
}

// A trainer that could not be made is none.
TEST(a_model_has_one_trainer_at_a_time)
{
    struct training t;
    begin(&t);
    gnnac_trainer *out = NULL;
    const gnnac_train_options bad = {.struct_size = sizeof(bad), .lr = -1};
    CHECK_INT(gnnac_trainer_create(&t.f.model, &t.features, NULL, &out, &err),
              GNNAC_EUSAGE);
    CHECK_HAS(err.msg, "the model has a trainer already");
    CHECK(!out);
    training_steps(&t, 1); // unharmed
    training_end(&t);
    CHECK_INT(gnnac_trainer_create(&t.f.model, &t.features, &bad, &out, &err),
              GNNAC_EUSAGE);
    CHECK_INT(gnnac_trainer_create(&t.f.model, &t.features, NULL, &t.trainer,
                                   &err),
              GNNAC_OK);
    training_steps(&t, 1);
    training_finish(&t);
}

TEST(sparse_features_are_checked)
{
    struct training t;
    begin(&t);
    training_end(&t);
    gnnac_trainer *out = NULL;
    gnnac_features f = t.features;
    f.dense = NULL;
    t.colidx[2] = 3; // of 3 columns
    CHECK_INT(gnnac_trainer_create(&t.f.model, &f, NULL, &out, &err),
              GNNAC_EUSAGE);
    CHECK_HAS(err.msg, "column 3 of 3");
    t.colidx[2] = 0;
    t.rowptr[4] = t.rowptr[5] + 1;
    CHECK_INT(gnnac_trainer_create(&t.f.model, &f, NULL, &out, &err),
              GNNAC_EUSAGE);
    CHECK_HAS(err.msg, "rowptr");
    f.rowptr = NULL;
    CHECK_INT(gnnac_trainer_create(&t.f.model, &f, NULL, &out, &err),
              GNNAC_EUSAGE);
    CHECK(!out);
    training_finish(&t);
}

TEST(a_step_with_a_bad_node_or_label_changes_nothing)
{
    struct training t;
    begin(&t);
    uint64_t before = training_hash(&t);
    int32_t nodes[] = {0, 8}, labels[8] = {0, 0, 3, -1};
    const struct {
        int32_t node;
        int64_t n;
        const char *what;
    } bad[] = {{8, 2, "node 8 of 8"}, {-1, 2, "node -1"},
               {2, 2, "label 3 of 3"}, {3, 2, "label -1"}, {0, 0, "no nodes"}};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        nodes[1] = bad[i].node;
        CHECK_INT(gnnac_trainer_step(t.trainer, labels, nodes, bad[i].n, NULL,
                                     &err),
                  GNNAC_EUSAGE);
        CHECK_HAS(err.msg, bad[i].what);
    }
    CHECK(training_hash(&t) == before);
    CHECK_INT(gnnac_trainer_n_steps(t.trainer), 0);
    CHECK_INT(gnnac_trainer_recall(t.trainer, &err), GNNAC_EUSAGE);
    training_finish(&t);
}

// They are the caller's memory, so they are checked each time.
TEST(a_step_without_targets_takes_those_of_the_step_before)
{
    struct training t, again;
    begin(&t);
    begin(&again);
    gnnac_trainer *a = again.trainer;
    CHECK_INT(gnnac_trainer_step(a, NULL, NULL, 0, NULL, &err), GNNAC_EUSAGE);
    CHECK_HAS(err.msg, "no step before");
    float last = training_steps(&t, 3), loss = NAN;
    training_steps(&again, 1);
    CHECK_INT(gnnac_trainer_step(a, again.labels, NULL, 0, NULL, &err),
              GNNAC_EUSAGE);
    for (int i = 0; i < 2; i++)
        CHECK_INT(gnnac_trainer_step(a, NULL, NULL, 0, &loss, &err), GNNAC_OK);
    CHECK(loss == last && training_hash(&again) == training_hash(&t));
    again.labels[again.nodes[0]] = 3;
    CHECK_INT(gnnac_trainer_step(a, NULL, NULL, 0, NULL, &err), GNNAC_EUSAGE);
    CHECK_HAS(err.msg, "label 3 of 3");
    training_finish(&t);
    training_finish(&again);
}

TEST(binary_cross_entropy_takes_logits_and_labels_of_0_and_1)
{
    struct training t;
    begin(&t);
    training_end(&t);
    gnnac_trainer *out = NULL;
    const gnnac_train_options o = {.struct_size = sizeof(o), .loss = GNNAC_BCE};
    CHECK_INT(gnnac_trainer_create(&t.f.model, &t.features, &o, &out, &err),
              GNNAC_EUNSUPPORTED);
    CHECK_HAS(err.msg, "--logits");
    training_finish(&t);

    struct training_case binary = little;
    binary.model.logits = true;
    binary.options.loss = GNNAC_BCE;
    struct fixture_graph g = fixture_graph_random(8, 2, false, 4);
    CHECK(training_init(&t, &binary, &g));
    t.labels[3 * t.nodes[1] + 2] = 2;
    CHECK_INT(gnnac_trainer_step(t.trainer, t.labels, t.nodes, 2, NULL, &err),
              GNNAC_EUSAGE);
    CHECK_HAS(err.msg, "label 2: expected 0 or 1");
    CHECK_INT(gnnac_trainer_n_steps(t.trainer), 0);
    training_finish(&t);
    fixture_graph_finish(&g);
}

// A program whose values are overwritten before backward needs them.
TEST(programs_that_forget_are_refused)
{
    struct training t;
    begin(&t);
    struct program *p = malloc(sizeof(*p));
    struct train_plan *plan = malloc(sizeof(*plan));
    *p = *t.f.program;
    CHECK_INT(train_plan_build(p, plan, &err), GNNAC_OK);
    p->steps[1].out = p->steps[0].out; // an aggregate over its own input
    gnnac__clear(&err);
    p->steps[1].x = 0;
    CHECK_INT(train_plan_build(p, plan, &err), GNNAC_EUNSUPPORTED);
    CHECK_HAS(err.msg, "step 1 overwrites a buffer");
    *p = *t.f.program;
    int32_t last = p->n_steps - 1; // log_softmax, in the place of its weight
    p->steps[last].weight = 0;
    gnnac__clear(&err);
    CHECK_INT(train_plan_build(p, plan, &err), GNNAC_EUNSUPPORTED);
    CHECK_HAS(err.msg, "shares a parameter");
    free(p);
    free(plan);
    training_finish(&t);
}

// ---- predictions and files --------------------------------------------------

TEST(predictions_are_those_of_the_model)
{
    struct training t;
    begin(&t);
    float y[8 * 3], z[8 * 3];
    training_steps(&t, 5);
    CHECK_INT(gnnac_trainer_predict(t.trainer, y, &err), GNNAC_OK);
    fixture_forward(&t.f, t.x, z);
    CHECK(memcmp(y, z, sizeof(y)) == 0);
    training_finish(&t);
}

TEST(what_was_kept_comes_back)
{
    struct training t;
    begin(&t);
    training_steps(&t, 3);
    uint64_t kept = training_hash(&t);
    gnnac_trainer_keep(t.trainer);
    training_steps(&t, 3);
    CHECK(training_hash(&t) != kept);
    CHECK_INT(gnnac_trainer_kept_step(t.trainer), 3);
    CHECK_INT(gnnac_trainer_recall(t.trainer, &err), GNNAC_OK);
    CHECK(training_hash(&t) == kept);
    CHECK_INT(gnnac_trainer_n_steps(t.trainer), 6);
    training_finish(&t);
}

static char path[64];

TEST(a_state_goes_on_with_the_same_bits)
{
    struct training a, b;
    begin(&a);
    begin(&b);
    training_steps(&a, 4);
    gnnac_trainer_keep(a.trainer);
    training_steps(&a, 2);
    CHECK_INT(gnnac_trainer_save(a.trainer, path, &err), GNNAC_OK);
    training_steps(&a, 5);
    training_steps(&b, 1);
    CHECK_INT(gnnac_trainer_load(b.trainer, path, &err), GNNAC_OK);
    CHECK_INT(gnnac_trainer_n_steps(b.trainer), 6);
    CHECK_INT(gnnac_trainer_kept_step(b.trainer), 4);
    training_steps(&b, 5);
    CHECK(training_hash(&a) == training_hash(&b));
    CHECK_INT(gnnac_trainer_recall(a.trainer, &err), GNNAC_OK);
    CHECK_INT(gnnac_trainer_recall(b.trainer, &err), GNNAC_OK);
    CHECK(training_hash(&a) == training_hash(&b));
    training_finish(&a);
    training_finish(&b);
}

// One of another optimizer, one of another loss, of the same network.
TEST(a_state_of_another_optimizer_or_loss_changes_nothing)
{
    static const char *const messages[] = {
        "a state of optimizer adam, the trainer's is sgd",
        "a state of loss cross_entropy, the trainer's is bce"};
    struct fixture_graph g = fixture_graph_random(8, 2, false, 4);
    struct training_case c = little;
    struct training a, b;
    c.model.logits = true;
    CHECK(training_init(&a, &c, &g));
    training_steps(&a, 2);
    CHECK_INT(gnnac_trainer_save(a.trainer, path, &err), GNNAC_OK);
    for (int i = 0; i < 2; i++) {
        c.options.optimizer = i == 0 ? GNNAC_SGD : GNNAC_ADAM;
        c.options.loss = i == 0 ? GNNAC_CROSS_ENTROPY : GNNAC_BCE;
        CHECK(training_init(&b, &c, &g));
        uint64_t before = training_hash(&b);
        CHECK_INT(gnnac_trainer_load(b.trainer, path, &err), GNNAC_EFORMAT);
        CHECK_HAS(err.msg, messages[i]);
        CHECK(training_hash(&b) == before);
        CHECK_INT(gnnac_trainer_n_steps(b.trainer), 0);
        training_finish(&b);
    }
    training_finish(&a);
    fixture_graph_finish(&g);
}

TEST(saved_weights_load_into_a_model)
{
    struct training a, b;
    begin(&a);
    begin(&b);
    training_steps(&a, 4);
    CHECK_INT(gnnac_model_save_weights(&a.f.model, path, &err), GNNAC_OK);
    CHECK(training_hash(&a) != training_hash(&b));
    CHECK_INT(gnnac_model_load_weights(&b.f.model, path, &err), GNNAC_OK);
    CHECK(training_hash(&a) == training_hash(&b));
    CHECK_INT(gnnac_trainer_load(a.trainer, path, &err), GNNAC_EFORMAT);
    CHECK_HAS(err.msg, "no training state");
    CHECK_INT(gnnac_model_save_weights(&a.f.model, "/proc/none/w", &err),
              GNNAC_EIO);
    training_finish(&a);
    training_finish(&b);
}

// Every cut of a state is refused and changes nothing.
TEST(damaged_states_change_nothing)
{
    struct training t;
    begin(&t);
    training_steps(&t, 2);
    CHECK_INT(gnnac_trainer_save(t.trainer, path, &err), GNNAC_OK);
    training_steps(&t, 2);
    uint64_t before = training_hash(&t);
    FILE *f = fopen(path, "rb");
    char bytes[8192];
    size_t n = fread(bytes, 1, sizeof(bytes), f);
    fclose(f);
    for (size_t cut = 0; cut < n; cut += 1 + n / 50) {
        f = fopen(path, "wb");
        fwrite(bytes, 1, cut, f);
        fclose(f);
        CHECK_INT(gnnac_trainer_load(t.trainer, path, &err), GNNAC_EFORMAT);
        CHECK(training_hash(&t) == before);
    }
    CHECK_INT(gnnac_trainer_n_steps(t.trainer), 4);
    training_finish(&t);
}

int main(void)
{
    snprintf(path, sizeof(path), "/tmp/gnnac-trainer-%ld", (long)getpid());
    RUN(adam_is_pytorchs_adam);
    RUN(adamw_decays_apart_from_the_gradient);
    RUN(sgd_has_momentum_and_decay);
    RUN(options_out_of_range_are_refused);
    RUN(options_of_later_versions_are_refused_unless_they_are_zero);
    RUN(a_model_has_one_trainer_at_a_time);
    RUN(sparse_features_are_checked);
    RUN(a_step_with_a_bad_node_or_label_changes_nothing);
    RUN(a_step_without_targets_takes_those_of_the_step_before);
    RUN(binary_cross_entropy_takes_logits_and_labels_of_0_and_1);
    RUN(programs_that_forget_are_refused);
    RUN(predictions_are_those_of_the_model);
    RUN(what_was_kept_comes_back);
    RUN(a_state_goes_on_with_the_same_bits);
    RUN(a_state_of_another_optimizer_or_loss_changes_nothing);
    RUN(saved_weights_load_into_a_model);
    RUN(damaged_states_change_nothing);
    unlink(path);
    return test_done();
}
