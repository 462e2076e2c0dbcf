// Features by sparse rows: which form is taken, and that both learn the same.
#include "train_fixture.h"

static gnnac_error err;

// ---- which form -------------------------------------------------------------

static const struct training_case words = {
    .model = {.name = "gcn", .dim = 40, .hidden = 16, .classes = 3},
    .options = {.dropout = 0.4F, .lr = 0.02F, .seed = 5}};

// Features of 30 rows of 40 columns, of which the first `n` are not zero.
static void fill(struct training *t, int64_t n)
{
    for (int64_t i = 0; i < 30 * 40; i++)
        t->x[i] = i < n ? 1 : 0;
}

static bool takes_sparse(struct training *t, gnnac_form form)
{
    gnnac_trainer *out = NULL;
    const gnnac_features f = {
        .struct_size = sizeof(f), .dense = t->x, .form = form};
    CHECK_INT(gnnac_trainer_create(&t->f.model, &f, NULL, &out, &err),
              GNNAC_OK);
    bool sparse = out->x.form.sparse;
    gnnac_trainer_destroy(out);
    return sparse;
}

TEST(the_form_is_the_one_that_moves_fewer_bytes)
{
    struct training t;
    struct fixture_graph g = fixture_graph_random(30, 3, false, 4);
    CHECK(training_init(&t, &words, &g));
    training_end(&t);
    // 8 + 4 * 16 bytes an entry, 4 + 2 * 16 / 20 an element.
    int64_t most = features_most_entries(t.f.program, 30);
    CHECK_INT(most, (int64_t)(1200 * 5.6 / 72));
    fill(&t, most);
    CHECK(takes_sparse(&t, GNNAC_FORM_AUTO));
    CHECK(!takes_sparse(&t, GNNAC_FORM_DENSE));
    fill(&t, most + 1);
    CHECK(!takes_sparse(&t, GNNAC_FORM_AUTO));
    CHECK(takes_sparse(&t, GNNAC_FORM_SPARSE));
    training_finish(&t);
    fixture_graph_finish(&g);
}

TEST(features_that_are_aggregated_first_are_dense)
{
    struct training t;
    struct training_case c = words;
    struct fixture_graph g = fixture_graph_random(30, 3, false, 4);
    c.model.hidden = 100;
    CHECK(training_init(&t, &c, &g));
    training_end(&t);
    CHECK_INT(features_most_entries(t.f.program, 30), -1);
    CHECK(!takes_sparse(&t, GNNAC_FORM_SPARSE));
    training_finish(&t);
    fixture_graph_finish(&g);
}

// The first that is in the way.
TEST(a_program_says_why_its_features_are_dense)
{
    static struct program p = {
        .n_buffers = 3,
        .n_steps = 2,
        .steps = {{.kind = STEP_LINEAR, .x = 0, .self = -1, .out = 1},
                  {.kind = STEP_BIAS_ACT, .x = 1, .self = -1, .out = 1}}};
    CHECK(!program_needs_dense(&p));
    CHECK(program_takes_sparse(&p));
    p.steps[1].fused = true;
    CHECK_HAS(program_needs_dense(&p), "does what follows");
    CHECK(!program_takes_sparse(&p));
    p.buffers[1].dtype = DTYPE_F16;
    CHECK_HAS(program_needs_dense(&p), "stored in 16 bits");
    p.steps[1].self = 0;
    p.steps[0].x = 2;
    CHECK_HAS(program_needs_dense(&p), "not only products read");
    p.steps[1].self = -1;
    CHECK_HAS(program_needs_dense(&p), "no step reads");
}

TEST(a_struct_of_the_first_version_has_no_form)
{
    struct training t;
    struct fixture_graph g = fixture_graph_random(30, 3, false, 4);
    CHECK(training_init(&t, &words, &g));
    training_end(&t);
    gnnac_features f = {.struct_size = offsetof(gnnac_features, form),
                        .dense = t.x,
                        .form = (gnnac_form)99};
    fill(&t, 0);
    gnnac_trainer *out = NULL;
    CHECK_INT(gnnac_trainer_create(&t.f.model, &f, NULL, &out, &err), GNNAC_OK);
    CHECK(out->x.form.sparse);
    gnnac_trainer_destroy(out);
    out = NULL;
    f.struct_size = sizeof(f);
    CHECK_INT(gnnac_trainer_create(&t.f.model, &f, NULL, &out, &err),
              GNNAC_EUSAGE);
    CHECK_HAS(err.msg, "form is 99");
    CHECK(!out);
    training_finish(&t);
    fixture_graph_finish(&g);
}

// ---- the same results -------------------------------------------------------

TEST(entries_are_dropped_as_the_elements_are)
{
    enum { N = 50, DIM = 37 };
    static float x[N * DIM], dense[N * DIM], value[N * DIM], left[N * DIM];
    static int64_t rowptr[N + 1];
    static int32_t colidx[N * DIM];
    int64_t n = 0;
    for (int i = 0; i < N * DIM; i++) {
        x[i] = rng_below(3, (uint64_t)i, 4) ? 0 : (float)i + 1;
        if (x[i] != 0) {
            colidx[n] = i % DIM;
            value[n++] = x[i];
        }
        rowptr[i / DIM + 1] = n;
    }
    struct dropout d = dropout_of(0.5F, 7, 3, 0);
    const struct sparse_rows rows = {N, rowptr, colidx, value};
    cpu_dropout_rows(N, (struct const_view){x, DIM, DIM}, d,
                     (struct view){dense, DIM, DIM}, 2);
    cpu_dropout_entries(&rows, DIM, d, left, 2);
    int gone = 0;
    for (int v = 0; v < N; v++)
        for (int64_t e = rowptr[v]; e < rowptr[v + 1]; e++) {
            CHECK(left[e] == dense[v * DIM + colidx[e]]);
            gone += left[e] == 0;
        }
    CHECK(gone > 100 && gone < n - 100);
}

static double distance(const struct training *a, const struct training *b)
{
    double far = 0;
    for (int32_t i = 0; i < a->f.program->n_params; i++)
        for (int64_t k = 0; k < param_elems(&a->f.program->params[i]); k++)
            far = fmax(far, fabs((double)(a->f.model.params[i][k] -
                                          b->f.model.params[i][k])));
    return far;
}

// SGD shows gradients as they are.
static void check_forms(const struct training_case *c,
                        const struct fixture_graph *g)
{
    struct training side[2];
    float loss[2] = {0, 1};
    for (int s = 0; s < 2; s++) {
        struct training_case one = *c;
        one.sparse = s;
        CHECK(training_init(&side[s], &one, g));
        loss[s] = training_steps(&side[s], 4);
    }
    CHECK(side[1].trainer->x.form.sparse && !side[0].trainer->x.form.sparse);
    double far = distance(&side[0], &side[1]);
    if (!(far < 1e-5) || !(fabs((double)(loss[0] - loss[1])) < 1e-5))
        TEST__FAIL("%s of %d columns: weights differ by %g, losses %g and %g",
                   c->model.name, (int)c->model.dim, far, (double)loss[0],
                   (double)loss[1]);
    for (int s = 0; s < 2; s++)
        training_finish(&side[s]);
}

TEST(dense_and_sparse_features_learn_the_same_with_dropout)
{
    static const char *const names[] = {"gcn", "gin", "sage", "gat"};
    static const int32_t widths[] = {1, 3, 33, 300};
    struct fixture_graph g = fixture_graph_random(60, 2, false, 4);
    for (int i = 0; i < 16; i++) {
        const struct training_case c = {
            .model = {.name = names[i / 4], .dim = widths[i % 4],
                      .hidden = 1, .classes = 3, .layers = 2,
                      .heads = i / 4 == 3},
            .options = {.optimizer = GNNAC_SGD, .lr = 0.1F, .dropout = 0.5F,
                        .weight_decay = 1e-3F, .seed = 8},
            .n_threads = 1 + i % 3};
        check_forms(&c, &g);
    }
    fixture_graph_finish(&g);
}

int main(void)
{
    RUN(the_form_is_the_one_that_moves_fewer_bytes);
    RUN(features_that_are_aggregated_first_are_dense);
    RUN(a_program_says_why_its_features_are_dense);
    RUN(a_struct_of_the_first_version_has_no_form);
    RUN(entries_are_dropped_as_the_elements_are);
    RUN(dense_and_sparse_features_learn_the_same_with_dropout);
    return test_done();
}
