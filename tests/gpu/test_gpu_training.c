// Training on the GPU beside training on the CPU: the same bundle, weights and
// options. SGD shows gradients as they are; Adam would blow roundings up.
#include "gpu_fixture.h"
#include "train/trainer.h"

enum { GPU, CPU, N_SIDES, N_STEPS = 3 };

static gnnac_context *contexts[N_SIDES];

// ---- two trainers of one network --------------------------------------------

struct pair {
    gnnac_bundle *bundle;
    gnnac_bundle_info info;
    gnnac_model *model[N_SIDES];
    gnnac_trainer *trainer[N_SIDES];
    float *x, *values, *y[N_SIDES];
    int64_t *rowptr;
    int32_t *colidx, *labels, *nodes;
    size_t n_labels;
    int32_t n_values; // that a label may have
    int64_t n;        // nodes in the loss
    gnnac_error err;
};

// What of the features is not zero.
enum pattern {
    A_THIRD,
    NOTHING,
    ALL,
    A_COLUMN,      // of all rows, and a third of the last row
    HALF_THE_ROWS, // a third of them, in every second column
    N_PATTERNS
};

static bool is_filled(enum pattern pattern, int64_t row, int64_t column,
                      int64_t n_rows, int64_t i)
{
    bool third = rng_below(6, (uint64_t)i, 3) == 0;
    switch (pattern) {
    case NOTHING:
        return false;
    case ALL:
        return true;
    case A_COLUMN:
        return column == 0 || (row == n_rows - 1 && third);
    case HALF_THE_ROWS:
        return row % 2 == 1 && column % 2 == 0 && third;
    default:
        return third;
    }
}

// The same dense and by rows, where every fifth stands there in two halves.
static void make_features(struct pair *p, enum pattern pattern)
{
    int64_t n = p->info.n_nodes * p->info.in_dim, e = 0;
    p->x = gpu_features(n, 5);
    p->rowptr = calloc((size_t)p->info.n_nodes + 1, sizeof(int64_t));
    p->colidx = malloc((size_t)(2 * n + 1) * sizeof(int32_t));
    p->values = malloc((size_t)(2 * n + 1) * sizeof(float));
    for (int64_t i = 0; i < n; i++) {
        int64_t row = i / p->info.in_dim, column = i % p->info.in_dim;
        if (!is_filled(pattern, row, column, p->info.n_nodes, i))
            p->x[i] = 0;
        for (int half = i % 5 == 0; p->x[i] != 0 && half >= 0; half--) {
            p->colidx[e] = (int32_t)column;
            p->values[e++] = i % 5 ? p->x[i] : p->x[i] / 2;
        }
        p->rowptr[row + 1] = e;
    }
}

// A class of each node, or of each class whether the node has it.
static void make_targets(struct pair *p, bool binary)
{
    size_t n = (size_t)p->info.n_nodes, classes = (size_t)p->info.out_dim;
    size_t end = binary ? 2 : classes;
    p->n_labels = n * (binary ? classes : 1);
    p->n_values = (int32_t)end;
    p->labels = malloc((p->n_labels + 1) * sizeof(int32_t));
    p->nodes = malloc((n + 1) * sizeof(int32_t));
    for (size_t i = 0; i < p->n_labels; i++)
        p->labels[i] = (int32_t)rng_below(9, i, end);
    for (size_t v = 0; v < n; v++)
        if (v % 3 != 1 || n < 4)
            p->nodes[p->n++] = (int32_t)v;
}

static gnnac_status open_side(struct pair *p, int side,
                              const gnnac_train_options *o, bool sparse)
{
    gnnac_status st = GNNAC_OK;
    const gnnac_features x = {.struct_size = sizeof(x),
                              .dense = sparse ? NULL : p->x,
                              .rowptr = p->rowptr,
                              .colidx = p->colidx,
                              .values = p->values,
                              .form = sparse ? GNNAC_FORM_SPARSE
                                             : GNNAC_FORM_DENSE};
    TRY(gnnac_model_create(contexts[side], p->bundle, &p->model[side],
                           &p->err));
    TRY(gnnac_model_init_weights(p->model[side], 7, &p->err));
    TRY(gnnac_trainer_create(p->model[side], &x, o, &p->trainer[side],
                             &p->err));
    p->y[side] = gpu_features(p->info.n_nodes * p->info.out_dim, 1);
out:
    return st;
}

struct setting {
    struct model_request model;
    struct gpu_build build;
    gnnac_train_options options;
    bool sparse; // on the GPU; the CPU's are dense
    enum pattern features;
};

static bool pair_open(struct pair *p, const struct csr *g,
                      const struct setting *s)
{
    struct gpu_build build = s->build;
    gnnac_train_options o = s->options;
    o.struct_size = sizeof(o);
    build.train = true;
    *p = (struct pair){.n = 0};
    p->bundle = gpu_bundle(g, &s->model, &build, &p->err);
    if (!p->bundle)
        return false;
    gnnac_bundle_get_info(p->bundle, &p->info);
    make_features(p, s->features);
    make_targets(p, o.loss == GNNAC_BCE);
    return open_side(p, GPU, &o, s->sparse) == GNNAC_OK &&
           open_side(p, CPU, &o, false) == GNNAC_OK;
}

static void pair_close(struct pair *p)
{
    for (int side = 0; side < N_SIDES; side++) {
        gnnac_trainer_destroy(p->trainer[side]);
        gnnac_model_destroy(p->model[side]);
        free(p->y[side]);
    }
    gnnac_bundle_close(p->bundle);
    free(p->x);
    free(p->values);
    free(p->rowptr);
    free(p->colidx);
    free(p->labels);
    free(p->nodes);
}

// ---- comparing --------------------------------------------------------------

static double difference(const float *a, const float *b, int64_t n)
{
    double far = 0, size = 0.1;
    for (int64_t i = 0; i < n; i++) {
        // Three sums over "dense" leave float32's range, on both sides.
        bool same = a[i] == b[i] || (isnan(a[i]) && isnan(b[i]));
        double d = same ? 0 : fabs((double)a[i] - (double)b[i]);
        far = !(d <= far) ? (isnan(d) ? INFINITY : d) : far;
        if (isfinite(b[i]))
            size = fmax(size, fabs((double)b[i]));
    }
    return far / size;
}

// Of all parameters, beside each one's largest.
static double weight_difference(struct pair *p)
{
    const struct program *q = &p->bundle->manifest->program;
    double worst = 0;
    if (cuda_model_download(p->model[GPU]->cuda, &p->err) != GNNAC_OK)
        return INFINITY;
    for (int32_t i = 0; i < q->n_params; i++)
        worst = fmax(worst, difference(p->model[GPU]->params[i],
                                       p->model[CPU]->params[i],
                                       param_elems(&q->params[i])));
    return worst;
}

// The largest difference of losses, predictions and weights over some steps;
// -1 with a message when something fails.
static double compare_steps(struct pair *p, int n_steps, double *weights)
{
    double worst = 0;
    float loss[N_SIDES];
    for (int i = 0; i < n_steps; i++) {
        for (int side = 0; side < N_SIDES; side++)
            if (gnnac_trainer_step(p->trainer[side], p->labels, p->nodes, p->n,
                                   &loss[side], &p->err) != GNNAC_OK)
                return -1;
        worst = fmax(worst, difference(&loss[GPU], &loss[CPU], 1));
    }
    for (int side = 0; side < N_SIDES; side++)
        if (gnnac_trainer_predict(p->trainer[side], p->y[side], &p->err) !=
            GNNAC_OK)
            return -1;
    *weights = weight_difference(p);
    return fmax(worst, difference(p->y[GPU], p->y[CPU],
                                  p->info.n_nodes * p->info.out_dim));
}

static void check_steps(const struct csr *g, const char *graph_name,
                        const struct setting *s, double tolerance)
{
    struct pair p;
    double weights = -1, worst = -1;
    bool open = pair_open(&p, g, s);
    if (open && p.n > 0)
        worst = compare_steps(&p, N_STEPS, &weights);
    if (!open ||
        (p.n > 0 && !(worst >= 0 && worst < tolerance && weights < tolerance)))
        TEST__FAIL("%s %d -> %d of %d layers on \"%s\": losses or output "
                   "differ by %g, weights by %g. %s",
                   s->model.name, (int)s->model.dim, (int)s->model.classes,
                   (int)s->model.layers, graph_name, worst, weights, p.err.msg);
    pair_close(&p);
}

// Each way in which a gradient goes back, once.
static const struct model_request shapes[] = {
    {.name = "gcn", .dim = 10, .hidden = 8, .classes = 5, .layers = 2},
    {.name = "gcn", .dim = 3, .hidden = 16, .classes = 33, .layers = 3},
    {.name = "gin", .dim = 10, .hidden = 8, .classes = 5, .layers = 2},
    {.name = "gin", .dim = 5, .hidden = 9, .classes = 4, .layers = 3, .mlp = 2},
    {.name = "sage", .dim = 10, .hidden = 8, .classes = 5, .layers = 2},
    {.name = "sage", .dim = 3, .hidden = 16, .classes = 1, .layers = 3},
    {.name = "gat", .dim = 10, .hidden = 4, .classes = 5, .layers = 2},
    {.name = "gat",
     .dim = 3,
     .hidden = 7,
     .classes = 9,
     .layers = 3,
     .heads = 3},
};
enum { N_SHAPES = sizeof(shapes) / sizeof(shapes[0]) };

static const gnnac_train_options sgd = {.optimizer = GNNAC_SGD,
                                        .lr = 0.02f,
                                        .momentum = 0.5f,
                                        .weight_decay = 1e-2f,
                                        .decay_layers = 1,
                                        .learn_eps = 1,
                                        .dropout = 0.3f,
                                        .attention_dropout = 0.4f,
                                        .seed = 11};

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

static bool same_bits(const float *a, const float *b, int64_t n)
{
    return memcmp(a, b, (size_t)n * sizeof(float)) == 0;
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

static bool open_contexts(void)
{
    static const char *const devices[N_SIDES] = {"cuda:0", "cpu"};
    gnnac_error err = {{0}};
    for (int side = 0; side < N_SIDES; side++) {
        const gnnac_context_options o = {.struct_size = sizeof(o),
                                         .device = devices[side]};
        if (gnnac_context_create(&o, &contexts[side], &err) != GNNAC_OK) {
            printf("not ok 1 - %s\n1..1\n", err.msg);
            return false;
        }
    }
    return true;
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
