// Dropout of a layer's result by the kernel that ends the layer: the same
// elements, and the same bits, as by a kernel of its own.
#include "gpu_training.h"
#include "train/train_program.h"

// ---- beside a kernel of its own ---------------------------------------------

static int32_t count_kernels(const struct pair *p, enum step_kind kind)
{
    struct program q;
    int32_t n = 0;
    const struct manifest *m = p->bundle->manifest;
    CHECK_INT(train_program_build(&m->program, &q, NULL), GNNAC_OK);
    for (int32_t i = 0; i < q.n_steps; i++)
        n += q.steps[i].kind == kind && m->training.steps[i].kernel >= 0;
    return n;
}

// Steps and predictions of the two ways to compile, on the GPU.
static void check_fused(const struct csr *g, const struct setting *s)
{
    struct pair p[2];
    float loss[2];
    for (int i = 0; i < 2; i++) {
        struct setting way = *s;
        way.build.no_fuse = i;
        if (!pair_open(&p[i], g, &way))
            TEST__FAIL("%s: %s", s->model.name, p[i].err.msg);
        // The features', and without fusing each hidden layer's.
        CHECK_INT(count_kernels(&p[i], STEP_DROPOUT),
                  i ? s->model.layers : 1);
    }
    for (int step = 0; step < N_STEPS; step++) {
        for (int i = 0; i < 2; i++)
            CHECK_OK(gnnac_trainer_step(p[i].trainer[GPU], p[i].labels,
                                        p[i].nodes, p[i].n, &loss[i],
                                        &p[i].err),
                     p[i].err);
        CHECK(same_bits(&loss[0], &loss[1], 1));
    }
    for (int i = 0; i < 2; i++)
        CHECK_OK(gnnac_trainer_predict(p[i].trainer[GPU], p[i].y[GPU],
                                       &p[i].err),
                 p[i].err);
    if (!same_bits(p[0].y[GPU], p[1].y[GPU],
                   p[0].info.n_nodes * p[0].info.out_dim))
        TEST__FAIL("%s of %d layers, mlp %d: predictions differ by %g",
                   s->model.name, (int)s->model.layers, (int)s->model.mlp,
                   difference(p[0].y[GPU], p[1].y[GPU],
                              p[0].info.n_nodes * p[0].info.out_dim));
    for (int i = 0; i < 2; i++)
        pair_close(&p[i]);
}

TEST(fused_dropout_has_the_bits_of_a_kernel_of_its_own)
{
    struct csr g = gpu_random_graph(150, 3, 21);
    for (int i = 0; i < N_SHAPES; i++) {
        const struct setting s = {.model = shapes[i], .options = sgd};
        check_fused(&g, &s);
    }
    csr_finish(&g);
}

TEST(fused_dropout_has_those_bits_with_sparse_features)
{
    struct csr g = gpu_random_graph(150, 3, 22);
    for (int i = 0; i < N_SHAPES; i += 3) {
        const struct setting s = {
            .model = shapes[i], .options = sgd, .sparse = true};
        check_fused(&g, &s);
    }
    csr_finish(&g);
}

TEST(without_dropout_the_fused_kernels_drop_nothing)
{
    struct csr g = gpu_random_graph(150, 3, 23);
    for (int i = 0; i < N_SHAPES; i++) {
        struct setting s = {.model = shapes[i], .options = sgd};
        s.options.dropout = 0;
        check_fused(&g, &s);
        check_steps(&g, "random", &s, 1e-4);
    }
    csr_finish(&g);
}

TEST(wide_layers_drop_what_the_cpu_drops)
{
    static const int32_t widths[] = {5, 33, 130, 256};
    struct csr g = gpu_random_graph(150, 3, 24);
    for (int i = 0; i < N_SHAPES; i += 2)
        for (int w = i / 2 % 2; w < 4; w += test_is_slow() ? 1 : 2) {
            struct setting s = {.model = shapes[i], .options = sgd};
            s.model.hidden = widths[w];
            check_steps(&g, "random", &s, 1e-4);
        }
    csr_finish(&g);
}

// ---- manifests --------------------------------------------------------------

// A step of the training whose kernel drops what it made.
static int32_t find_dropping(const struct manifest *m)
{
    struct program q;
    CHECK_INT(train_program_build(&m->program, &q, NULL), GNNAC_OK);
    for (int32_t i = 0; i < q.n_steps; i++) {
        int32_t k = m->training.steps[i].kernel;
        if (k >= 0 && kernel_takes(&m->kernels[k], ARG_TAIL_PLACE))
            return i;
    }
    return -1;
}

// Of a bundle whose training has another kernel at that step.
static void refuse(struct pair *p, int32_t step, int32_t kernel,
                   const char *why)
{
    struct manifest *m = p->bundle->manifest;
    int32_t was = m->training.steps[step].kernel;
    const gnnac_features x = {.struct_size = sizeof(x), .dense = p->x};
    gnnac_train_options o = sgd;
    gnnac_trainer *t = NULL;
    o.struct_size = sizeof(o);
    m->training.steps[step].kernel = kernel;
    CHECK_INT(gnnac_trainer_create(p->model[GPU], &x, &o, &t, &p->err),
              GNNAC_EFORMAT);
    CHECK_HAS(p->err.msg, why);
    gnnac_trainer_destroy(t);
    m->training.steps[step].kernel = was;
}

TEST(a_manifest_must_say_who_drops)
{
    struct pair p;
    struct csr g = gpu_random_graph(40, 2, 25);
    const struct setting s = {.model = shapes[0], .options = sgd};
    CHECK(pair_open(&p, &g, &s));
    gnnac_trainer_destroy(p.trainer[GPU]);
    p.trainer[GPU] = NULL;
    const struct manifest *m = p.bundle->manifest;
    int32_t at = find_dropping(m), plain = -1, features = -1;
    for (int32_t i = 0; i < m->program.n_steps; i++)
        if (m->program.steps[i].kind == STEP_AGGREGATE && plain < 0)
            plain = m->program.steps[i].kernel;
    features = m->training.steps[0].kernel;
    CHECK(at > 0 && plain >= 0 && features >= 0);
    refuse(&p, at, plain, "drops nothing");
    refuse(&p, at, -1, "kernel is not there");
    refuse(&p, 0, -1, "kernel is not there"); // no kernel comes before
    refuse(&p, at + 1, features, "asks for an operand");
    pair_close(&p);
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
    RUN(fused_dropout_has_the_bits_of_a_kernel_of_its_own);
    RUN(fused_dropout_has_those_bits_with_sparse_features);
    RUN(without_dropout_the_fused_kernels_drop_nothing);
    RUN(wide_layers_drop_what_the_cpu_drops);
    RUN(a_manifest_must_say_who_drops);
    for (int side = 0; side < N_SIDES; side++)
        gnnac_context_destroy(contexts[side]);
    return test_done();
}
