// Inferences from features that are made once: dense, or by sparse rows.
#include "train_fixture.h"

enum { N_NODES = 40 };

static gnnac_error err;

static bool open_case(struct training *t, const char *model, bool reordered,
                      int32_t dim, int32_t hidden, bool sparse)
{
    const struct training_case c = {
        .model = {.name = model, .dim = dim, .hidden = hidden, .classes = 3},
        .sparse = sparse};
    struct fixture_graph g = fixture_graph_random(N_NODES, 3, false, 4);
    if (reordered)
        g = fixture_graph_shuffled(g, 5);
    bool ok = training_init(t, &c, &g);
    training_end(t);
    fixture_graph_finish(&g);
    return ok;
}

static gnnac_input *make_input(struct training *t, gnnac_form form)
{
    gnnac_input *in = NULL;
    t->features.form = form;
    if (gnnac_input_create(&t->f.model, &t->features, &in, &err) != GNNAC_OK)
        TEST__FAIL("%s", err.msg);
    return in;
}

// Of `y` within the bound of the model's definition, which reads dense
// features.
static void check_result(struct training *t, const float *y)
{
    double want[N_NODES * 3], bound[N_NODES * 3];
    CHECK_INT(gnnac_model_reference(&t->f.model, t->x, want, bound, &err),
              GNNAC_OK);
    for (int i = 0; i < N_NODES * 3; i++)
        if (!(fabs((double)y[i] - want[i]) <= bound[i]))
            TEST__FAIL("element %d is %g, not %g", i, (double)y[i], want[i]);
}

// In a workspace of exactly the size that is asked for, filled with NaN.
static void forward(const gnnac_input *in, float *y)
{
    size_t n = gnnac_input_workspace_size(in);
    void *workspace = malloc(n ? n : 1);
    memset(workspace, 0xff, n);
    CHECK_INT(gnnac_input_forward(in, y, workspace, n, NULL, &err), GNNAC_OK);
    free(workspace);
}

static void check_forms(struct training *t)
{
    _Alignas(16) float y[N_NODES * 3], again[N_NODES * 3];
    for (int form = GNNAC_FORM_AUTO; form <= GNNAC_FORM_SPARSE; form++) {
        gnnac_input *in = make_input(t, (gnnac_form)form);
        if (!in)
            return;
        CHECK_INT(gnnac_input_is_sparse(in) && form == GNNAC_FORM_DENSE, 0);
        CHECK(gnnac_input_is_sparse(in) || form != GNNAC_FORM_SPARSE);
        forward(in, y);
        check_result(t, y);
        CHECK_INT(gnnac_input_run(in, again, &err), GNNAC_OK);
        CHECK(memcmp(y, again, sizeof(y)) == 0);
        gnnac_input_destroy(in);
    }
}

TEST(every_model_infers_the_same_from_sparse_rows)
{
    static const char *const models[] = {"gcn", "gin", "sage", "gat"};
    for (int i = 0; i < 16; i++) {
        struct training t;
        if (open_case(&t, models[i % 4], i / 4 % 2, 37, 4, i / 8))
            check_forms(&t);
        training_finish(&t);
    }
}

// Twice the same steps: W^T is made anew each time.
TEST(an_input_reads_the_weights_as_they_are)
{
    struct training t;
    float before[N_NODES * 3], after[N_NODES * 3];
    CHECK(open_case(&t, "gcn", false, 37, 5, true));
    gnnac_input *in = make_input(&t, GNNAC_FORM_SPARSE);
    CHECK_INT(gnnac_input_run(in, before, &err), GNNAC_OK);
    CHECK_INT(gnnac_model_init_weights(&t.f.model, 99, &err), GNNAC_OK);
    CHECK_INT(gnnac_input_run(in, after, &err), GNNAC_OK);
    CHECK(memcmp(before, after, sizeof(before)) != 0);
    check_result(&t, after);
    gnnac_input_destroy(in);
    training_finish(&t);
}

TEST(features_that_are_aggregated_first_are_made_dense)
{
    struct training t;
    float y[N_NODES * 3];
    CHECK(open_case(&t, "gin", false, 6, 50, true));
    gnnac_input *in = make_input(&t, GNNAC_FORM_SPARSE);
    CHECK(!gnnac_input_is_sparse(in));
    CHECK_INT(gnnac_input_run(in, y, &err), GNNAC_OK);
    check_result(&t, y);
    gnnac_input_destroy(in);
    training_finish(&t);
}

TEST(the_reference_of_an_input_is_that_of_its_matrix)
{
    struct training t;
    double want[N_NODES * 3], got[N_NODES * 3], bound[N_NODES * 3];
    CHECK(open_case(&t, "sage", true, 37, 5, true));
    gnnac_input *in = make_input(&t, GNNAC_FORM_SPARSE);
    CHECK_INT(gnnac_model_reference(&t.f.model, t.x, want, NULL, &err),
              GNNAC_OK);
    CHECK_INT(gnnac_input_reference(in, got, bound, &err), GNNAC_OK);
    CHECK(memcmp(want, got, sizeof(want)) == 0);
    gnnac_input_destroy(in);
    training_finish(&t);
}

// Bounds of the output where cuBLAS has the first layer, and may use tf32.
static void bounds_of(struct training *t, gnnac_form form, double *bound)
{
    double y[N_NODES * 3];
    gnnac_input *in = make_input(t, form);
    memset(t->f.model.blas_layers, 0, sizeof(t->f.model.blas_layers));
    t->f.model.blas_layers[0] = true;
    CHECK_INT(gnnac_input_reference(in, y, bound, &err), GNNAC_OK);
    CHECK(t->f.model.blas_layers[0]);
    gnnac_input_destroy(in);
}

TEST(sparse_features_are_bounded_as_float32_whatever_blas_may_round)
{
    enum { N = N_NODES * 3 };
    struct training t;
    double plain[N], dense[N], sparse[N];
    CHECK(open_case(&t, "gcn", false, 37, 5, true));
    bounds_of(&t, GNNAC_FORM_DENSE, plain);
    t.f.model.math = GNNAC_MATH_TF32;
    bounds_of(&t, GNNAC_FORM_DENSE, dense);
    bounds_of(&t, GNNAC_FORM_SPARSE, sparse);
    CHECK(memcmp(sparse, plain, sizeof(plain)) == 0);
    for (int i = 0; i < N; i++)
        CHECK(dense[i] >= sparse[i]);
    CHECK(dense[0] > sparse[0]);
    training_finish(&t);
}

TEST(a_second_product_of_the_layer_is_bounded_as_blas_rounds_it)
{
    enum { N = N_NODES * 3 };
    struct training t;
    const struct training_case c = {
        .model = {.name = "gin", .dim = 37, .hidden = 5, .classes = 3,
                  .mlp = 2},
        .sparse = true};
    struct fixture_graph g = fixture_graph_random(N_NODES, 3, false, 4);
    double dense[N], sparse[N];
    CHECK(training_init(&t, &c, &g));
    training_end(&t);
    CHECK(program_takes_sparse(&t.f.model.bundle->manifest->program));
    t.f.model.math = GNNAC_MATH_TF32;
    bounds_of(&t, GNNAC_FORM_DENSE, dense);
    bounds_of(&t, GNNAC_FORM_SPARSE, sparse);
    CHECK(memcmp(sparse, dense, sizeof(dense)) == 0);
    training_finish(&t);
    fixture_graph_finish(&g);
}

TEST(features_without_entries_need_no_arrays_of_them)
{
    struct training t;
    float y[N_NODES * 3];
    CHECK(open_case(&t, "gcn", false, 37, 5, true));
    memset(t.rowptr, 0, (N_NODES + 1) * sizeof(*t.rowptr));
    memset(t.x, 0, N_NODES * 37 * sizeof(*t.x));
    t.features.colidx = NULL;
    t.features.values = NULL;
    for (int form = GNNAC_FORM_DENSE; form <= GNNAC_FORM_SPARSE; form++) {
        gnnac_input *in = make_input(&t, (gnnac_form)form);
        CHECK_INT(gnnac_input_run(in, y, &err), GNNAC_OK);
        check_result(&t, y);
        gnnac_input_destroy(in);
    }
    t.rowptr[N_NODES] = 1;
    gnnac_input *in = NULL;
    err = (gnnac_error){{0}};
    CHECK_INT(gnnac_input_create(&t.f.model, &t.features, &in, &err),
              GNNAC_EUSAGE);
    CHECK_STR(err.msg, "features: 1 entries without colidx or values");
    CHECK(!in);
    training_finish(&t);
}

TEST(what_an_inference_cannot_use_is_refused)
{
    struct training t;
    _Alignas(16) float y[N_NODES * 3 + 4];
    _Alignas(16) char workspace[1 << 16];
    CHECK(open_case(&t, "gcn", false, 37, 5, true));
    gnnac_input *in = make_input(&t, GNNAC_FORM_SPARSE);
    size_t n = gnnac_input_workspace_size(in);
    CHECK(n > gnnac_model_workspace_size(&t.f.model) && n < sizeof(workspace));
    CHECK_INT(gnnac_input_forward(in, y, workspace, n - 1, NULL, &err),
              GNNAC_EUSAGE);
    CHECK_INT(gnnac_input_forward(in, y + 1, workspace, n, NULL, &err),
              GNNAC_EUSAGE);
    CHECK_INT(gnnac_input_forward(in, NULL, workspace, n, NULL, &err),
              GNNAC_EUSAGE);
    CHECK_INT(gnnac_input_forward(in, (float *)(void *)workspace, workspace, n,
                                  NULL, &err),
              GNNAC_EUSAGE);
    CHECK_INT(gnnac_input_run(NULL, y, &err), GNNAC_EUSAGE);
    CHECK_INT(gnnac_input_create(NULL, &t.features, &in, &err), GNNAC_EUSAGE);
    t.f.model.has_weights = false;
    CHECK_INT(gnnac_input_run(in, y, &err), GNNAC_EUSAGE);
    gnnac_input_destroy(in);
    gnnac_input_destroy(NULL);
    training_finish(&t);
}

// What an inference reads, with room for what it would write: of the dense
// matrix, and of each array by sparse rows.
TEST(memory_that_overlaps_the_features_is_refused)
{
    struct training t;
    CHECK(open_case(&t, "gcn", false, 37, 5, true));
    void *const arrays[] = {t.x, t.rowptr, t.colidx, t.values};
    for (int i = 0; i < 4; i++) {
        _Alignas(16) float y[N_NODES * 3];
        _Alignas(16) char workspace[1 << 16];
        t.features.dense = i ? NULL : t.x;
        gnnac_input *in =
            make_input(&t, i ? GNNAC_FORM_SPARSE : GNNAC_FORM_DENSE);
        size_t n = gnnac_input_workspace_size(in);
        CHECK(n > 0);
        CHECK_INT(gnnac_input_forward(in, y, arrays[i], n, NULL, &err),
                  GNNAC_EUSAGE);
        CHECK_STR(err.msg, "workspace overlaps the features");
        CHECK_INT(gnnac_input_forward(in, arrays[i], workspace, n, NULL, &err),
                  GNNAC_EUSAGE);
        CHECK_STR(err.msg, "y overlaps the features");
        CHECK_INT(gnnac_input_run(in, arrays[i], &err), GNNAC_EUSAGE);
        CHECK_STR(err.msg, "y overlaps the features");
        CHECK_INT(gnnac_input_run(in, y, &err), GNNAC_OK);
        check_result(&t, y);
        gnnac_input_destroy(in);
    }
    training_finish(&t);
}

int main(void)
{
    RUN(every_model_infers_the_same_from_sparse_rows);
    RUN(an_input_reads_the_weights_as_they_are);
    RUN(features_that_are_aggregated_first_are_made_dense);
    RUN(the_reference_of_an_input_is_that_of_its_matrix);
    RUN(sparse_features_are_bounded_as_float32_whatever_blas_may_round);
    RUN(a_second_product_of_the_layer_is_bounded_as_blas_rounds_it);
    RUN(features_without_entries_need_no_arrays_of_them);
    RUN(what_an_inference_cannot_use_is_refused);
    RUN(memory_that_overlaps_the_features_is_refused);
    return test_done();
}
