// The public functions, used as a stranger would: right, wrong, and too early.

#include "bundle_fixture.h"
#include "test.h"

static gnnac_context *cpu_context(int32_t n_threads)
{
    gnnac_context *ctx = NULL;
    gnnac_context_options o = {
        .struct_size = sizeof(o), .device = "cpu", .n_threads = n_threads};
    CHECK_INT(gnnac_context_create(&o, &ctx, NULL), GNNAC_OK);
    return ctx;
}

static gnnac_status create_with(gnnac_context_options o, gnnac_error *err)
{
    gnnac_context *ctx = NULL;
    gnnac_status st = gnnac_context_create(&o, &ctx, err);
    CHECK(st == GNNAC_OK || ctx == NULL);
    gnnac_context_destroy(ctx);
    return st;
}

enum { NODES = 40, IN = 6, OUT = 3 };

// A small bundle of a random graph.
static gnnac_bundle *small_bundle(void)
{
    gnnac_error err = {{0}};
    struct fixture_graph g = fixture_graph_random(NODES, 3, true, 1);
    gnnac_bundle *b =
        fixture_bundle(&(struct model_request){.name = "gin", .dim = IN,
                                               .hidden = 8, .classes = OUT,
                                               .layers = 2},
                       &g, &err);
    CHECK_STR(err.msg, "");
    fixture_graph_finish(&g);
    return b;
}

// Context, bundle and model with weights, and a workspace and matrices for it.
struct session {
    gnnac_context *ctx;
    gnnac_bundle *bundle;
    gnnac_model *model;
    size_t n_workspace;
    void *workspace;
    float *x, *y;
};

static struct session open_session(void)
{
    struct session s = {.ctx = cpu_context(2), .bundle = small_bundle()};
    CHECK_INT(gnnac_model_create(s.ctx, s.bundle, &s.model, NULL), GNNAC_OK);
    CHECK_INT(gnnac_model_init_weights(s.model, 3, NULL), GNNAC_OK);
    s.n_workspace = gnnac_model_workspace_size(s.model);
    s.workspace = aligned_alloc(256, (s.n_workspace + 511) / 256 * 256);
    s.x = aligned_alloc(16, NODES * 8 * sizeof(float));
    s.y = aligned_alloc(16, NODES * 8 * sizeof(float));
    for (int i = 0; i < NODES * 8; i++) {
        s.x[i] = (float)rng_normal(1, (uint64_t)i);
        s.y[i] = -7;
    }
    return s;
}

static void close_session(struct session *s)
{
    free(s->x);
    free(s->y);
    free(s->workspace);
    gnnac_model_destroy(s->model);
    gnnac_bundle_close(s->bundle);
    gnnac_context_destroy(s->ctx);
}

TEST(every_status_has_a_name)
{
    for (int st = GNNAC_OK; st <= GNNAC_EINTERNAL; st++)
        CHECK(strlen(gnnac_status_string((gnnac_status)st)) > 1);
    CHECK_STR(gnnac_status_string((gnnac_status)99), "unknown status");
}

TEST(destroying_nothing_is_fine)
{
    gnnac_context_destroy(NULL);
    gnnac_bundle_close(NULL);
    gnnac_model_destroy(NULL);
}

TEST(options_are_checked)
{
    gnnac_error err;
    size_t size = sizeof(gnnac_context_options);
    CHECK_INT(create_with((gnnac_context_options){.device = "cpu"}, &err),
              GNNAC_EUSAGE);
    CHECK_HAS(err.msg, "struct_size is 0");
    CHECK_INT(create_with((gnnac_context_options){.struct_size = size,
                                                  .device = "gpu"},
                          &err),
              GNNAC_EUSAGE);
    CHECK_HAS(err.msg, "\"gpu\": expected auto, cpu or cuda:N");
    const char *const bad[] = {"cuda:", "cuda:-1", "cuda:1x", "cuda:99999",
                               "cpu ", ""};
    for (int i = 0; i < 6; i++)
        CHECK_INT(create_with((gnnac_context_options){.struct_size = size,
                                                      .device = bad[i]},
                              NULL),
                  GNNAC_EUSAGE);
    CHECK_INT(create_with((gnnac_context_options){.struct_size = size,
                                                  .device = "cpu",
                                                  .n_threads = -1},
                          NULL),
              GNNAC_EUSAGE);
    CHECK_INT(create_with((gnnac_context_options){.struct_size = size,
                                                  .device = "cpu",
                                                  .reserved = 1},
                          NULL),
              GNNAC_EUSAGE);
}

TEST(a_longer_options_struct_is_accepted_while_its_rest_is_zero)
{
    struct {
        gnnac_context_options o;
        int64_t later;
    } longer = {{.struct_size = sizeof(longer), .device = "cpu"}, 0};
    gnnac_context *ctx = NULL;
    CHECK_INT(gnnac_context_create(&longer.o, &ctx, NULL), GNNAC_OK);
    gnnac_context_destroy(ctx);
    ctx = NULL;
    longer.later = 1;
    CHECK_INT(gnnac_context_create(&longer.o, &ctx, NULL), GNNAC_EUSAGE);
    CHECK(ctx == NULL);
}

TEST(a_gpu_that_is_not_there_is_reported)
{
    gnnac_error err;
    CHECK_INT(create_with((gnnac_context_options){
                              .struct_size = sizeof(gnnac_context_options),
                              .device = "cuda:1023"},
                          &err),
              GNNAC_ENODEVICE);
    CHECK(err.msg[0]);
}

TEST(null_arguments_are_refused)
{
    gnnac_context *ctx = cpu_context(1);
    gnnac_bundle *b = NULL;
    gnnac_model *m = NULL;
    CHECK_INT(gnnac_context_create(NULL, NULL, NULL), GNNAC_EUSAGE);
    CHECK_INT(gnnac_bundle_open(NULL, &b, NULL), GNNAC_EUSAGE);
    CHECK_INT(gnnac_bundle_open_memory(NULL, 8, &b, NULL), GNNAC_EUSAGE);
    CHECK_INT(gnnac_model_create(ctx, NULL, &m, NULL), GNNAC_EUSAGE);
    CHECK_INT(gnnac_model_create(NULL, NULL, &m, NULL), GNNAC_EUSAGE);
    CHECK_INT(gnnac_model_init_weights(NULL, 1, NULL), GNNAC_EUSAGE);
    CHECK_INT(gnnac_model_load_weights(NULL, "x", NULL), GNNAC_EUSAGE);
    CHECK_INT(gnnac_model_run(NULL, NULL, NULL, NULL), GNNAC_EUSAGE);
    gnnac_context_destroy(ctx);
}

TEST(a_context_says_what_it_is)
{
    gnnac_context *ctx = cpu_context(0);
    CHECK_STR(gnnac_context_device(ctx), "cpu");
    CHECK_INT(gnnac_context_is_cuda(ctx), 0);
    gnnac_context_destroy(ctx);
}

TEST(forward_and_run_give_the_same_bits)
{
    struct session s = open_session();
    float *again = malloc(NODES * OUT * sizeof(float));
    CHECK_STR(gnnac_model_load_level(s.model), "cpu");
    CHECK_INT(gnnac_model_forward(s.model, s.x, s.y, s.workspace,
                                  s.n_workspace, NULL, NULL),
              GNNAC_OK);
    CHECK_INT(gnnac_model_run(s.model, s.x, again, NULL), GNNAC_OK);
    CHECK(memcmp(again, s.y, NODES * OUT * sizeof(float)) == 0);
    free(again);
    close_session(&s);
}

TEST(results_lie_within_the_reference_bounds)
{
    struct session s = open_session();
    double want[NODES * OUT], bound[NODES * OUT];
    CHECK_INT(gnnac_model_run(s.model, s.x, s.y, NULL), GNNAC_OK);
    CHECK_INT(gnnac_model_reference(s.model, s.x, want, bound, NULL), GNNAC_OK);
    for (int i = 0; i < NODES * OUT; i++)
        CHECK(fabs((double)s.y[i] - want[i]) <= bound[i]);
    CHECK_INT(gnnac_model_reference(s.model, s.x, want, NULL, NULL), GNNAC_OK);
    close_session(&s);
}

// Each wrong call is refused with this message and leaves y alone.
static void refused(struct session *s, const float *x, float *y, void *w,
                    size_t n, const char *part)
{
    gnnac_error err;
    float before = s->y[0];
    CHECK_INT(gnnac_model_forward(s->model, x, y, w, n, NULL, &err),
              GNNAC_EUSAGE);
    CHECK_HAS(err.msg, part);
    CHECK(s->y[0] == before);
}

TEST(memory_that_does_not_fit_is_refused)
{
    struct session s = open_session();
    size_t n = s.n_workspace;
    refused(&s, s.x, s.y, s.workspace, n - 1, "the model needs");
    refused(&s, s.x, s.y, NULL, n, "the model needs");
    refused(&s, s.x + 1, s.y, s.workspace, n, "aligned to 16 bytes");
    refused(&s, s.x, s.y, (char *)s.workspace + 8, n, "aligned to 16 bytes");
    refused(&s, s.y, s.y, s.workspace, n, "overlap");
    refused(&s, s.x, s.workspace, s.workspace, n, "overlap");
    refused(&s, NULL, s.y, s.workspace, n, "NULL argument");
    close_session(&s);
}

TEST(a_run_whose_result_would_lie_over_its_features_is_refused)
{
    struct session s = open_session();
    gnnac_error err;
    float before = s.y[0];
    CHECK_INT(gnnac_model_run(s.model, s.y, s.y, &err), GNNAC_EUSAGE);
    CHECK_STR(err.msg, "x and y overlap");
    CHECK(s.y[0] == before);
    CHECK_INT(gnnac_model_run(s.model, s.x, s.y, &err), GNNAC_OK);
    close_session(&s);
}

TEST(math_is_what_there_is_and_nothing_to_the_cpu)
{
    struct session s = open_session();
    gnnac_error err;
    float again[NODES * OUT];
    CHECK_INT(gnnac_model_run(s.model, s.x, s.y, NULL), GNNAC_OK);
    for (int math = GNNAC_MATH_F32; math <= GNNAC_MATH_F16; math++) {
        CHECK_INT(gnnac_model_set_math(s.model, (gnnac_math)math, NULL),
                  GNNAC_OK);
        CHECK_INT(gnnac_model_run(s.model, s.x, again, NULL), GNNAC_OK);
        CHECK(memcmp(again, s.y, sizeof(again)) == 0);
    }
    CHECK_INT(gnnac_model_set_math(s.model, (gnnac_math)4, &err), GNNAC_EUSAGE);
    CHECK_HAS(err.msg, "math 4 is none");
    err.msg[0] = '\0';
    CHECK_INT(gnnac_model_set_math(NULL, GNNAC_MATH_F32, &err), GNNAC_EUSAGE);
    CHECK_STR(err.msg, "gnnac_model_set_math: NULL argument");
    const gnnac_features f = {.struct_size = sizeof(f), .dense = s.x};
    gnnac_trainer *t = NULL;
    CHECK_INT(gnnac_trainer_create(s.model, &f, NULL, &t, NULL), GNNAC_OK);
    CHECK_INT(gnnac_model_set_math(s.model, GNNAC_MATH_F32, &err),
              GNNAC_EUSAGE);
    CHECK_HAS(err.msg, "has a trainer");
    gnnac_trainer_destroy(t);
    close_session(&s);
}

TEST(a_model_without_weights_does_not_run)
{
    gnnac_error err;
    gnnac_context *ctx = cpu_context(1);
    gnnac_bundle *b = small_bundle();
    gnnac_model *m = NULL;
    float x[NODES * IN] = {0}, y[NODES * OUT];
    CHECK_INT(gnnac_model_create(ctx, b, &m, NULL), GNNAC_OK);
    CHECK_INT(gnnac_model_run(m, x, y, &err), GNNAC_EUSAGE);
    CHECK_HAS(err.msg, "no weights");
    CHECK_INT(gnnac_model_load_weights(m, "no/such/file", &err), GNNAC_EIO);
    CHECK_INT(gnnac_model_run(m, x, y, &err), GNNAC_EUSAGE);
    CHECK_INT(gnnac_model_init_weights(m, 1, &err), GNNAC_OK);
    CHECK_STR(err.msg, "");
    CHECK_INT(gnnac_model_run(m, x, y, &err), GNNAC_OK);
    gnnac_model_destroy(m);
    gnnac_bundle_close(b);
    gnnac_context_destroy(ctx);
}

TEST(a_failed_load_keeps_the_old_weights)
{
    struct session s = open_session();
    float again[NODES * OUT];
    CHECK_INT(gnnac_model_run(s.model, s.x, s.y, NULL), GNNAC_OK);
    CHECK_INT(gnnac_model_load_weights(s.model, "no/such/file", NULL),
              GNNAC_EIO);
    CHECK_INT(gnnac_model_run(s.model, s.x, again, NULL), GNNAC_OK);
    CHECK(memcmp(again, s.y, sizeof(again)) == 0);
    close_session(&s);
}

TEST(models_of_one_bundle_do_not_disturb_each_other)
{
    struct session s = open_session();
    gnnac_model *other = NULL;
    float again[NODES * OUT];
    CHECK_INT(gnnac_model_run(s.model, s.x, s.y, NULL), GNNAC_OK);
    CHECK_INT(gnnac_model_create(s.ctx, s.bundle, &other, NULL), GNNAC_OK);
    CHECK_INT(gnnac_model_init_weights(other, 99, NULL), GNNAC_OK);
    gnnac_model_destroy(other);
    CHECK_INT(gnnac_model_run(s.model, s.x, again, NULL), GNNAC_OK);
    CHECK(memcmp(again, s.y, sizeof(again)) == 0);
    close_session(&s);
}

int main(void)
{
    RUN(every_status_has_a_name);
    RUN(destroying_nothing_is_fine);
    RUN(options_are_checked);
    RUN(a_longer_options_struct_is_accepted_while_its_rest_is_zero);
    RUN(a_gpu_that_is_not_there_is_reported);
    RUN(null_arguments_are_refused);
    RUN(a_context_says_what_it_is);
    RUN(forward_and_run_give_the_same_bits);
    RUN(results_lie_within_the_reference_bounds);
    RUN(memory_that_does_not_fit_is_refused);
    RUN(a_run_whose_result_would_lie_over_its_features_is_refused);
    RUN(math_is_what_there_is_and_nothing_to_the_cpu);
    RUN(a_model_without_weights_does_not_run);
    RUN(a_failed_load_keeps_the_old_weights);
    RUN(models_of_one_bundle_do_not_disturb_each_other);
    return test_done();
}
