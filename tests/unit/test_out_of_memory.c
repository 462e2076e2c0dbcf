// Every allocation of the runtime library fails once: linked with --wrap, so
// that malloc and its kin pass through here.
#include <jansson.h>
#include <unistd.h>

#include "bundle_fixture.h"
#include "test.h"

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
char *__real_strdup(const char *s);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
char *__wrap_strdup(const char *s);

// Allocations that still succeed; negative: all.
static long allowed = -1;
static bool refused_one;

static bool refuse(void)
{
    if (allowed < 0)
        return false;
    if (allowed > 0) {
        allowed--;
        return false;
    }
    refused_one = true;
    return true;
}

void *__wrap_malloc(size_t n)
{
    return refuse() ? NULL : __real_malloc(n);
}

void *__wrap_calloc(size_t n, size_t size)
{
    return refuse() ? NULL : __real_calloc(n, size);
}

char *__wrap_strdup(const char *s)
{
    return refuse() ? NULL : __real_strdup(s);
}

static char *bytes;
static size_t n_bytes;
static float x[20 * 4];
static _Alignas(16) char workspace[1 << 16];

static gnnac_status open_bundle(gnnac_error *err)
{
    gnnac_bundle *b = NULL;
    gnnac_status st = gnnac_bundle_open_memory(bytes, n_bytes, &b, err);
    CHECK((st == GNNAC_OK) == (b != NULL));
    gnnac_bundle_close(b);
    return st;
}

static gnnac_status with_model(gnnac_status (*work)(gnnac_model *,
                                                    gnnac_error *),
                               gnnac_error *err)
{
    gnnac_context_options o = {.struct_size = sizeof(o), .device = "cpu",
                               .n_threads = 1};
    gnnac_context *ctx = NULL;
    gnnac_bundle *b = NULL;
    gnnac_model *m = NULL;
    gnnac_status st = gnnac_context_create(&o, &ctx, err);
    if (st == GNNAC_OK)
        st = gnnac_bundle_open_memory(bytes, n_bytes, &b, err);
    if (st == GNNAC_OK)
        st = gnnac_model_create(ctx, b, &m, err);
    if (st == GNNAC_OK)
        st = gnnac_model_init_weights(m, 1, err);
    if (st == GNNAC_OK)
        st = work(m, err);
    gnnac_model_destroy(m);
    gnnac_bundle_close(b);
    gnnac_context_destroy(ctx);
    return st;
}

// Where weights and states go in between.
static const char *scratch_file(void)
{
    static char path[64];
    snprintf(path, sizeof(path), "/tmp/gnnac-oom-%ld", (long)getpid());
    return path;
}

static gnnac_status save_and_load(gnnac_model *m, gnnac_error *err)
{
    gnnac_status st = gnnac_model_save_weights(m, scratch_file(), err);
    if (st == GNNAC_OK)
        st = gnnac_model_load_weights(m, scratch_file(), err);
    unlink(scratch_file());
    return st;
}

static gnnac_status run_model(gnnac_model *m, gnnac_error *err)
{
    float y[20 * 3];
    double want[20 * 3], bound[20 * 3];
    gnnac_status st = save_and_load(m, err);
    if (st == GNNAC_OK)
        st = gnnac_model_set_math(m, GNNAC_MATH_TF32, err);
    if (st == GNNAC_OK)
        st = gnnac_model_run(m, x, y, err);
    CHECK(gnnac_model_workspace_size(m) <= sizeof(workspace));
    if (st == GNNAC_OK)
        st = gnnac_model_forward(m, x, y, workspace, sizeof(workspace), NULL,
                                 err);
    if (st == GNNAC_OK)
        st = gnnac_model_reference(m, x, want, bound, err);
    return st;
}

static gnnac_status run_input(gnnac_model *m, gnnac_form form,
                              gnnac_error *err)
{
    const gnnac_features f = {
        .struct_size = sizeof(f), .dense = x, .form = form};
    gnnac_input *in = NULL;
    float y[20 * 3];
    double want[20 * 3];
    gnnac_status st = gnnac_input_create(m, &f, &in, err);
    CHECK((st == GNNAC_OK) == (in != NULL));
    if (st == GNNAC_OK)
        st = gnnac_input_run(in, y, err);
    CHECK(!in || gnnac_input_workspace_size(in) <= sizeof(workspace));
    if (st == GNNAC_OK)
        st = gnnac_input_forward(in, y, workspace, sizeof(workspace), NULL,
                                 err);
    if (st == GNNAC_OK)
        st = gnnac_input_reference(in, want, NULL, err);
    gnnac_input_destroy(in);
    return st;
}

static gnnac_status run_inputs(gnnac_model *m, gnnac_error *err)
{
    gnnac_status st = run_input(m, GNNAC_FORM_SPARSE, err);
    return st == GNNAC_OK ? run_input(m, GNNAC_FORM_DENSE, err) : st;
}

static gnnac_status input_all(gnnac_error *err)
{
    return with_model(run_inputs, err);
}

static gnnac_status run_all(gnnac_error *err)
{
    return with_model(run_model, err);
}

static gnnac_status train_one(gnnac_model *m, bool sparse, gnnac_error *err)
{
    static const int64_t rowptr[21];
    static const int32_t colidx[1], labels[20], nodes[] = {1, 2};
    static const float values[1];
    gnnac_train_options o = {.struct_size = sizeof(o), .dropout = 0.5F};
    const gnnac_features f = {.struct_size = sizeof(f),
                              .dense = sparse ? NULL : x,
                              .rowptr = rowptr, .colidx = colidx,
                              .values = values};
    gnnac_trainer *t = NULL;
    float y[20 * 3];
    gnnac_status st = gnnac_trainer_create(m, &f, &o, &t, err);
    CHECK((st == GNNAC_OK) == (t != NULL));
    if (st == GNNAC_OK)
        st = gnnac_trainer_step(t, labels, nodes, 2, NULL, err);
    if (st == GNNAC_OK)
        st = gnnac_trainer_predict(t, y, err);
    if (st == GNNAC_OK)
        gnnac_trainer_keep(t);
    if (st == GNNAC_OK)
        st = gnnac_trainer_save(t, scratch_file(), err);
    if (st == GNNAC_OK)
        st = gnnac_trainer_load(t, scratch_file(), err);
    if (st == GNNAC_OK)
        st = gnnac_trainer_recall(t, err);
    gnnac_trainer_destroy(t);
    unlink(scratch_file());
    return st;
}

static gnnac_status train_model(gnnac_model *m, gnnac_error *err)
{
    gnnac_status st = train_one(m, false, err);
    return st == GNNAC_OK ? train_one(m, true, err) : st;
}

static gnnac_status train_all(gnnac_error *err)
{
    return with_model(train_model, err);
}

static gnnac_status use_plan(gnnac_graph *g, gnnac_error *err)
{
    const gnnac_plan_options o = {.struct_size = sizeof(o), .dim = 4,
                                  .reduce = GNNAC_GCN, .backward = 1};
    const gnnac_operands in = {.struct_size = sizeof(in), .x = x};
    float y[20 * 4], x_grad[20 * 4];
    const gnnac_gradients grads = {.struct_size = sizeof(grads), .x = x_grad};
    gnnac_plan *plan = NULL;
    gnnac_status st = gnnac_plan_create(g, &o, &plan, err);
    CHECK((st == GNNAC_OK) == (plan != NULL));
    if (st == GNNAC_OK)
        st = gnnac_plan_forward(plan, &in, y, workspace, sizeof(workspace),
                                NULL, err);
    if (st == GNNAC_OK)
        st = gnnac_plan_backward(plan, &in, y, y, &grads, workspace,
                                 sizeof(workspace), NULL, err);
    gnnac_plan_destroy(plan);
    return st;
}

static gnnac_status operate(gnnac_error *err)
{
    static const int64_t src[] = {3, 0, 0}, dst[] = {1, 0, 2};
    const gnnac_edges edges = {.struct_size = sizeof(edges), .n_nodes = 20,
                               .n_edges = 3, .src = src, .dst = dst,
                               .drop_self_loops = 1};
    gnnac_context_options o = {.struct_size = sizeof(o), .device = "cpu"};
    gnnac_context *ctx = NULL;
    gnnac_graph *g = NULL;
    gnnac_status st = gnnac_context_create(&o, &ctx, err);
    if (st == GNNAC_OK)
        st = gnnac_graph_create(ctx, &edges, &g, err);
    CHECK((st == GNNAC_OK) == (g != NULL));
    if (st == GNNAC_OK)
        st = use_plan(g, err);
    gnnac_graph_destroy(g);
    gnnac_context_destroy(ctx);
    return st;
}

// Allow 0, 1, 2 ... allocations until nothing is refused any more.
static void starve(gnnac_status (*work)(gnnac_error *))
{
    long k = 0;
    gnnac_status st;
    do {
        gnnac_error err = {{0}};
        refused_one = false;
        allowed = k++;
        st = work(&err);
        allowed = -1;
        if (refused_one && st == GNNAC_OK)
            TEST__FAIL("allocation %ld failed unnoticed", k);
        if (st != GNNAC_OK && !err.msg[0])
            TEST__FAIL("allocation %ld failed without a message", k);
        // Jansson does not always tell a lack of memory from bad text.
        if (st != GNNAC_OK && st != GNNAC_ENOMEM && st != GNNAC_EFORMAT &&
            st != GNNAC_EIO)
            TEST__FAIL("allocation %ld: %s", k, err.msg);
    } while (refused_one && k < 100000);
    CHECK(k > 10);
    CHECK_INT(st, GNNAC_OK);
}

static struct fixture_graph reordered_graph(void)
{
    return fixture_graph_shuffled(fixture_graph_random(20, 2, false, 1), 1);
}

TEST(opening_a_bundle_survives_every_failed_allocation)
{
    starve(open_bundle);
}

TEST(running_a_model_survives_every_failed_allocation)
{
    starve(run_all);
}

TEST(inputs_survive_every_failed_allocation)
{
    starve(input_all);
}

TEST(training_survives_every_failed_allocation)
{
    starve(train_all);
}

TEST(operators_survive_every_failed_allocation)
{
    starve(operate);
}

TEST(writing_a_bundle_survives_every_failed_allocation)
{
    struct fixture_graph g = reordered_graph();
    struct model_request rq = {.name = "gcn", .dim = 4, .classes = 3};
    struct manifest *m = fixture_manifest(&rq, &g);
    const struct stored_graph stored = {g.rowptr, g.colidx, g.perm,
                                        g.inverse};
    FILE *sink = fopen("/dev/null", "wb");
    m->n_archs = 0;
    m->ptx_arch[0] = '\0';
    gnnac_status st = GNNAC_ENOMEM;
    for (long k = 0; st != GNNAC_OK && k < 100000; k++) {
        gnnac_error err = {{0}};
        allowed = k;
        st = bundle_write_stream(sink, m, &stored, NULL, 0, &err);
        allowed = -1;
        CHECK(st == GNNAC_OK || st == GNNAC_ENOMEM);
        CHECK(st == GNNAC_OK || err.msg[0]);
    }
    CHECK_INT(st, GNNAC_OK);
    fclose(sink);
    free(m);
    fixture_graph_finish(&g);
}

int main(void)
{
    struct fixture_graph g = reordered_graph();
    struct model_request rq = {.name = "gcn", .dim = 4, .classes = 3};
    struct manifest *m = fixture_manifest(&rq, &g);
    json_set_alloc_funcs(__wrap_malloc, free);
    bytes = fixture_write(m, &g, &n_bytes, NULL);
    free(m);
    RUN(opening_a_bundle_survives_every_failed_allocation);
    RUN(running_a_model_survives_every_failed_allocation);
    RUN(inputs_survive_every_failed_allocation);
    RUN(training_survives_every_failed_allocation);
    RUN(operators_survive_every_failed_allocation);
    RUN(writing_a_bundle_survives_every_failed_allocation);
    free(bytes);
    fixture_graph_finish(&g);
    return test_done();
}
