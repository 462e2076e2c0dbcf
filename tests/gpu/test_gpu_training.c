// Training on the GPU beside training on the CPU: the same bundle, weights and
// options. SGD shows gradients as they are; Adam would blow roundings up.
#include "gpu_training.h"

// ---- tests ------------------------------------------------------------------

TEST(steps_are_the_cpus_on_every_mini_graph)
{
    static struct mini_graph graphs[N_MINI_GRAPHS];
    mini_graphs(graphs);
    for (int i = 0; i < N_SHAPES; i++)
        for (int k = 0; k < N_MINI_GRAPHS; k++) {
            if (!test_is_slow() && k % N_SHAPES != i)
                continue;
            const struct setting s = {.model = shapes[i], .options = sgd};
            struct csr g = gpu_csr(&graphs[k]);
            check_steps(&g, graphs[k].name, &s, 1e-4);
        }
}

TEST(steps_are_the_cpus_on_a_reordered_graph)
{
    struct csr g = gpu_random_graph(150, 3, 6);
    for (int i = 0; i < N_SHAPES; i += test_is_slow() ? 1 : 2) {
        const struct setting s = {
            .model = shapes[i], .build = {.reorder = "rabbit"}, .options = sgd};
        check_steps(&g, "random", &s, 1e-4);
    }
    csr_finish(&g);
}

TEST(steps_of_every_width_are_the_cpus)
{
    static const int32_t widths[] = {1, 3, 33, 602};
    struct csr g = gpu_random_graph(150, 3, 7);
    for (int i = 0; i < N_SHAPES; i += 2)
        for (int w = 0; w < 4; w++) {
            if (!test_is_slow() && w % 3 != i / 2)
                continue;
            struct setting s = {.model = shapes[i], .options = sgd};
            s.model.dim = widths[w];
            s.model.hidden = widths[3 - w] % 100;
            s.model.classes = widths[(w + 1) % 3];
            check_steps(&g, "random", &s, 1e-4);
        }
    csr_finish(&g);
}

TEST(binary_losses_are_the_cpus_on_every_mini_graph)
{
    static struct mini_graph graphs[N_MINI_GRAPHS];
    static const int32_t widths[] = {1, 3, 33};
    mini_graphs(graphs);
    for (int k = 0; k < N_MINI_GRAPHS; k++)
        for (int w = 0; w < 3; w++) {
            if (!test_is_slow() && k % 3 != w)
                continue;
            struct csr g = gpu_csr(&graphs[k]);
            struct setting s = {.model = shapes[(k + w) % N_SHAPES],
                                .options = sgd};
            s.model.classes = widths[w];
            s.model.logits = true;
            s.options.loss = GNNAC_BCE;
            check_steps(&g, graphs[k].name, &s, 1e-4);
        }
}

TEST(either_loss_of_logits_is_the_cpus_on_a_reordered_graph)
{
    struct csr g = gpu_random_graph(150, 3, 16);
    struct setting s = {
        .model = shapes[1], .build = {.reorder = "rabbit"}, .options = sgd};
    s.model.logits = true;
    for (int loss = GNNAC_CROSS_ENTROPY; loss <= GNNAC_BCE; loss++) {
        s.options.loss = (gnnac_loss)loss;
        check_steps(&g, "random", &s, 1e-4);
    }
    csr_finish(&g);
}

TEST(every_optimizer_is_the_cpus)
{
    struct csr g = gpu_random_graph(150, 3, 8);
    for (int o = GNNAC_ADAM; o <= GNNAC_SGD; o++)
        for (int drops = 0; drops < 2; drops++) {
            const struct setting s = {
                .model = shapes[2],
                .options = {.optimizer = (gnnac_optimizer)o,
                            .weight_decay = 1e-2f,
                            .dropout = drops ? 0.5f : 0,
                            .seed = 3}};
            check_steps(&g, "random", &s, 2e-3);
        }
    csr_finish(&g);
}

// Dropout's elements included.
TEST(steps_with_sparse_features_are_those_with_dense_ones)
{
    struct csr g = gpu_random_graph(150, 3, 9);
    for (int i = 0; i < N_SHAPES; i++)
        for (int reordered = 0; reordered < 2; reordered++) {
            if (!test_is_slow() && (i / 2 + i + reordered) % 2)
                continue;
            struct setting s = {
                .model = shapes[i], .options = sgd, .sparse = true};
            s.build.reorder = reordered ? "rabbit" : NULL;
            check_steps(&g, "random", &s, 1e-4);
        }
    csr_finish(&g);
}

TEST(sparse_features_of_every_width_and_pattern_are_the_dense_ones)
{
    static const int32_t widths[] = {33, 1433, 130};
    static const int32_t hidden[] = {1, 3, 16, 33};
    struct csr g = gpu_random_graph(150, 3, 18);
    for (int pattern = 0; pattern < N_PATTERNS; pattern++)
        for (int k = 0; k < 12; k++) {
            if (!test_is_slow() && k != 2 * pattern)
                continue;
            struct setting s = {.model = shapes[k % 4 == 3 ? 6 : k % 4 * 2],
                                .options = sgd,
                                .sparse = true,
                                .features = (enum pattern)pattern};
            s.model.dim = widths[k % 3];
            s.model.hidden = hidden[(k + pattern) % 4];
            check_steps(&g, "random", &s, 1e-4);
        }
    csr_finish(&g);
}

TEST(sparse_features_are_the_dense_ones_on_every_mini_graph)
{
    static struct mini_graph graphs[N_MINI_GRAPHS];
    mini_graphs(graphs);
    for (int k = 0; k < N_MINI_GRAPHS; k++) {
        struct csr g = gpu_csr(&graphs[k]);
        struct setting s = {
            .model = shapes[k % 2 * 6], .options = sgd, .sparse = true};
        s.model.dim = 50;
        s.options.dropout = k % 3 ? 0.5f : 0;
        check_steps(&g, graphs[k].name, &s, 1e-4);
    }
}

// Both sides on the GPU, step by step; the second goes on from a state.
TEST(a_state_goes_on_with_the_same_bits)
{
    struct pair p;
    char path[512];
    struct csr g = gpu_random_graph(150, 3, 10);
    const struct setting s = {.model = shapes[0],
                              .options = {.dropout = 0.5f, .seed = 4}};
    gnnac_context *cpu = contexts[CPU];
    contexts[CPU] = contexts[GPU];
    snprintf(path, sizeof(path), "%s/state.safetensors", gpu_folder());
    CHECK(pair_open(&p, &g, &s));
    gnnac_trainer **t = p.trainer;
    for (int i = 0; i < 2; i++)
        CHECK_OK(gnnac_trainer_step(t[0], p.labels, p.nodes, p.n, NULL, &p.err),
                 p.err);
    gnnac_trainer_keep(t[0]);
    CHECK_OK(gnnac_trainer_step(t[0], p.labels, p.nodes, p.n, NULL, &p.err),
             p.err);
    CHECK_OK(gnnac_trainer_save(t[0], path, &p.err), p.err);
    CHECK_OK(gnnac_trainer_load(t[1], path, &p.err), p.err);
    CHECK_INT(gnnac_trainer_n_steps(t[1]), 3);
    CHECK_INT(gnnac_trainer_kept_step(t[1]), 2);
    for (int turn = 0; turn < 2; turn++) {
        for (int side = 0; side < 2; side++) {
            if (turn == 0)
                CHECK_OK(gnnac_trainer_step(t[side], p.labels, p.nodes, p.n,
                                            NULL, &p.err),
                         p.err);
            else
                CHECK_OK(gnnac_trainer_recall(t[side], &p.err), p.err);
            CHECK_OK(gnnac_trainer_predict(t[side], p.y[side], &p.err), p.err);
        }
        CHECK(same_bits(p.y[0], p.y[1], p.info.n_nodes * p.info.out_dim));
    }
    pair_close(&p);
    contexts[CPU] = cpu;
    csr_finish(&g);
}

// A state says nothing of the features' form.
TEST(a_state_of_the_gpu_goes_on_on_the_cpu)
{
    struct pair p;
    char path[512];
    float loss[N_SIDES] = {0, 1};
    struct csr g = gpu_random_graph(150, 3, 12);
    const struct setting s = {
        .model = shapes[4], .options = sgd, .sparse = true};
    snprintf(path, sizeof(path), "%s/state.safetensors", gpu_folder());
    CHECK(pair_open(&p, &g, &s));
    CHECK(p.trainer[GPU]->sparse_x && !p.trainer[CPU]->sparse_x);
    CHECK_OK(gnnac_trainer_step(p.trainer[GPU], p.labels, p.nodes, p.n, NULL,
                                &p.err),
             p.err);
    CHECK_OK(gnnac_trainer_save(p.trainer[GPU], path, &p.err), p.err);
    CHECK_OK(gnnac_trainer_load(p.trainer[CPU], path, &p.err), p.err);
    for (int side = 0; side < N_SIDES; side++)
        CHECK_OK(gnnac_trainer_step(p.trainer[side], p.labels, p.nodes, p.n,
                                    &loss[side], &p.err),
                 p.err);
    CHECK(difference(&loss[GPU], &loss[CPU], 1) < 1e-4);
    pair_close(&p);
    csr_finish(&g);
}

TEST(the_model_runs_with_what_was_learnt)
{
    struct pair p;
    struct csr g = gpu_random_graph(150, 3, 13);
    const struct setting s = {.model = shapes[0], .options = sgd};
    CHECK(pair_open(&p, &g, &s));
    CHECK_OK(gnnac_trainer_step(p.trainer[GPU], p.labels, p.nodes, p.n, NULL,
                                &p.err),
             p.err);
    CHECK_OK(gnnac_model_run(p.model[GPU], p.x, p.y[CPU], &p.err), p.err);
    CHECK(gpu_error(p.model[GPU], &p.info, p.x, p.y[CPU], &p.err) <= 1);
    CHECK_OK(gnnac_trainer_predict(p.trainer[GPU], p.y[GPU], &p.err), p.err);
    CHECK(difference(p.y[GPU], p.y[CPU], p.info.n_nodes * p.info.out_dim) <
          1e-5);
    pair_close(&p);
    csr_finish(&g);
}

// Other nodes, other labels, a node twice: each step learns from its own.
static void check_changing_targets(const struct setting *s)
{
    struct pair p;
    double weights = -1;
    struct csr g = gpu_random_graph(150, 3, 14);
    CHECK(pair_open(&p, &g, s));
    CHECK(compare_steps(&p, 1, &weights) >= 0);
    p.n = 9;
    p.nodes[3] = p.nodes[2];
    double worst = compare_steps(&p, 1, &weights);
    CHECK(worst >= 0 && worst < 1e-4 && weights < 1e-4);
    for (size_t i = 0; i < p.n_labels; i++)
        p.labels[i] = (p.labels[i] + 1) % p.n_values;
    worst = compare_steps(&p, 2, &weights);
    CHECK(worst >= 0 && worst < 1e-4 && weights < 1e-4);
    pair_close(&p);
    csr_finish(&g);
}

TEST(targets_may_change_from_step_to_step)
{
    const struct setting s = {.model = shapes[0], .options = sgd};
    check_changing_targets(&s);
}

TEST(labels_of_many_classes_may_change_from_step_to_step)
{
    struct setting s = {.model = shapes[1], .options = sgd};
    s.model.logits = true;
    s.options.loss = GNNAC_BCE;
    check_changing_targets(&s);
}

// What was right in the step before is not taken for right once more.
TEST(a_label_that_goes_wrong_between_steps_is_found)
{
    struct pair p;
    struct csr g = gpu_random_graph(40, 2, 17);
    struct setting s = {.model = shapes[0], .options = sgd};
    s.model.logits = true;
    s.options.loss = GNNAC_BCE;
    CHECK(pair_open(&p, &g, &s));
    gnnac_trainer *t = p.trainer[GPU];
    for (int i = 0; i < 2; i++)
        CHECK_OK(gnnac_trainer_step(t, p.labels, p.nodes, p.n, NULL, &p.err),
                 p.err);
    int32_t *label = &p.labels[p.nodes[p.n - 1] * p.info.out_dim + 4];
    *label += 2;
    CHECK_INT(gnnac_trainer_step(t, p.labels, p.nodes, p.n, NULL, &p.err),
              GNNAC_EUSAGE);
    *label -= 2;
    CHECK_INT(gnnac_trainer_step(t, p.labels, p.nodes, -1, NULL, &p.err),
              GNNAC_EUSAGE);
    CHECK_INT(gnnac_trainer_n_steps(t), 2);
    pair_close(&p);
    csr_finish(&g);
}

// Labels that are spoilt behind its back are not looked at: it has its own.
TEST(a_step_without_targets_takes_those_that_the_device_has)
{
    struct pair p;
    struct csr g = gpu_random_graph(40, 2, 18);
    struct setting s = {.model = shapes[0], .options = sgd};
    s.model.logits = true;
    s.options.loss = GNNAC_BCE;
    CHECK(pair_open(&p, &g, &s));
    float loss[2][3];
    for (int i = 0; i < 3; i++)
        CHECK_OK(gnnac_trainer_step(p.trainer[CPU], p.labels, p.nodes, p.n,
                                    &loss[CPU][i], &p.err),
                 p.err);
    gnnac_trainer *t = p.trainer[GPU];
    CHECK_INT(gnnac_trainer_step(t, NULL, NULL, 0, NULL, &p.err), GNNAC_EUSAGE);
    CHECK_OK(gnnac_trainer_step(t, p.labels, p.nodes, p.n, &loss[GPU][0],
                                &p.err),
             p.err);
    p.labels[p.nodes[0] * p.info.out_dim] += 2;
    for (int i = 1; i < 3; i++)
        CHECK_OK(gnnac_trainer_step(t, NULL, NULL, 0, &loss[GPU][i], &p.err),
                 p.err);
    for (int i = 0; i < 3; i++)
        CHECK(fabsf(loss[GPU][i] - loss[CPU][i]) < 1e-4F);
    pair_close(&p);
    csr_finish(&g);
}

TEST(a_bundle_without_kernels_for_training_is_refused)
{
    gnnac_error err = {{0}};
    gnnac_model *m = NULL;
    gnnac_trainer *t = NULL;
    const struct gpu_build build = {0};
    struct csr g = gpu_random_graph(40, 2, 15);
    gnnac_bundle *b = gpu_bundle(&g, &shapes[0], &build, &err);
    float *x = gpu_features(400, 1);
    const gnnac_features f = {.struct_size = sizeof(f), .dense = x};
    CHECK_OK(gnnac_model_create(contexts[GPU], b, &m, &err), err);
    CHECK_OK(gnnac_model_init_weights(m, 1, &err), err);
    CHECK_INT(gnnac_trainer_create(m, &f, NULL, &t, &err), GNNAC_EUNSUPPORTED);
    CHECK(strstr(err.msg, "--train"));
    gnnac_model_destroy(m);
    gnnac_bundle_close(b);
    free(x);
    csr_finish(&g);
}

int main(void)
{
    struct cuda_context *gpu = gpu_open();
    if (!gpu)
        return 0;
    cuda_context_destroy(gpu);
    if (!open_contexts())
        return 1;
    RUN(steps_are_the_cpus_on_every_mini_graph);
    RUN(steps_are_the_cpus_on_a_reordered_graph);
    RUN(steps_of_every_width_are_the_cpus);
    RUN(binary_losses_are_the_cpus_on_every_mini_graph);
    RUN(either_loss_of_logits_is_the_cpus_on_a_reordered_graph);
    RUN(every_optimizer_is_the_cpus);
    RUN(steps_with_sparse_features_are_those_with_dense_ones);
    RUN(sparse_features_of_every_width_and_pattern_are_the_dense_ones);
    RUN(sparse_features_are_the_dense_ones_on_every_mini_graph);
    RUN(a_state_goes_on_with_the_same_bits);
    RUN(a_state_of_the_gpu_goes_on_on_the_cpu);
    RUN(the_model_runs_with_what_was_learnt);
    RUN(targets_may_change_from_step_to_step);
    RUN(labels_of_many_classes_may_change_from_step_to_step);
    RUN(a_label_that_goes_wrong_between_steps_is_found);
    RUN(a_step_without_targets_takes_those_that_the_device_has);
    RUN(a_bundle_without_kernels_for_training_is_refused);
    for (int side = 0; side < N_SIDES; side++)
        gnnac_context_destroy(contexts[side]);
    return test_done();
}
