// What a manifest may say of kernels beside those of its steps: one for all of
// them, and those of the programs that follow from the model's.
#include "bundle/manifest.h"
#include "bundle/whole_layout.h"
#include "manifest_example.h"
#include "test.h"

// A kernel for all steps of the example, its last.
static struct manifest *whole_example(void)
{
    static const enum launch_arg args[] = {
        ARG_OUT,     ARG_X,      ARG_WEIGHTS, ARG_BUFFERS,
        ARG_BARRIER, ARG_ROWPTR, ARG_COLIDX,  ARG_N_ROWS};
    struct manifest *m = example();
    struct kernel *k = &m->kernels[m->n_kernels];
    m->whole.kernel = m->n_kernels++;
    strcpy(m->whole.rule, "small_graph");
    *k = (struct kernel){.name = "all",
                         .family = "whole_model",
                         .dim = 2,
                         .offset_bits = 32,
                         .n_launches = 1};
    struct launch *l = &k->launches[0];
    *l = (struct launch){.entry = "all",
                         .count = GRID_ROWS,
                         .per_block = 8,
                         .grid_y = 1,
                         .block = 256,
                         .cooperative = true,
                         .n_args = 8};
    memcpy(l->args, args, sizeof(args));
    return m;
}

static struct kernel *whole_kernel(struct manifest *m)
{
    return &m->kernels[m->whole.kernel];
}

TEST(a_kernel_for_all_steps_comes_back_as_it_was_written)
{
    struct manifest *m = whole_example(), *back = calloc(1, sizeof(*back));
    gnnac_error err = {{0}};
    char *text = text_of(m);
    CHECK_HAS(text, "\"whole\"]");
    CHECK_INT(manifest_parse(text, strlen(text), back, &err), GNNAC_OK);
    CHECK_STR(err.msg, "");
    CHECK_INT(back->whole.kernel, m->whole.kernel);
    CHECK(memcmp(whole_kernel(back), whole_kernel(m), sizeof(struct kernel)) ==
          0);
    free(text);
    free(back);
    free(m);
}

TEST(a_kernel_of_one_cluster_is_for_readers_that_know_them)
{
    struct manifest *m = whole_example(), *back = calloc(1, sizeof(*back));
    gnnac_error err = {{0}};
    whole_kernel(m)->launches[0].cluster = 16;
    char *text = text_of(m);
    CHECK_HAS(text, "\"whole\",\"cluster\"]");
    CHECK_INT(manifest_parse(text, strlen(text), back, &err), GNNAC_OK);
    CHECK_STR(err.msg, "");
    CHECK_INT(whole_kernel(back)->launches[0].cluster, 16);
    free(text);
    free(back);
    free(m);
}

static void index_beyond(struct manifest *m) { m->whole.kernel = m->n_kernels; }
static void two_launches(struct manifest *m)
{
    struct kernel *k = whole_kernel(m);
    k->launches[k->n_launches++] = k->launches[0];
}
static void not_together(struct manifest *m)
{
    whole_kernel(m)->launches[0].cooperative = false;
}
static void no_barrier(struct manifest *m)
{
    whole_kernel(m)->launches[0].args[4] = ARG_OUT;
}
static void other_count(struct manifest *m)
{
    whole_kernel(m)->launches[0].count = GRID_WEIGHTS;
}
static void more_blocks(struct manifest *m)
{
    whole_kernel(m)->launches[0].grid_y = 2;
}
static void of_heads(struct manifest *m) { whole_kernel(m)->heads = 2; }
static void of_halves(struct manifest *m)
{
    whole_kernel(m)->x_type = DTYPE_F16;
}
static void other_width(struct manifest *m) { whole_kernel(m)->dim = 3; }
static void narrow_offsets(struct manifest *m)
{
    m->n_edges = m->n_stored_edges = INT64_C(1) << 40;
}
static void scratch(struct manifest *m)
{
    whole_kernel(m)->launches[0].args[0] = ARG_SCRATCH;
}
static void dinv_of_gin(struct manifest *m)
{
    whole_kernel(m)->launches[0].args[0] = ARG_DINV;
}
static void of_a_reordered_graph(struct manifest *m)
{
    m->reorder = (struct reordering){.method = "rabbit"};
    memset(m->reorder.fingerprint, 'a', 32);
}
static void for_one_step(struct manifest *m)
{
    m->kernels[0].launches[0].cooperative = true;
}
static void cluster_for_one_step(struct manifest *m)
{
    m->kernels[0].launches[0].cluster = 8;
}
static void as_a_step(struct manifest *m)
{
    int32_t i = 0;
    while (m->program.steps[i].kernel < 0)
        i++;
    m->program.steps[i].kernel = m->whole.kernel;
}

TEST(a_kernel_for_all_steps_that_cannot_be_one_is_refused)
{
    static const struct {
        void (*spoil)(struct manifest *m);
        const char *message;
    } cases[] = {{index_beyond, "whole: its kernel is not there"},
                 {two_launches, "not one launch of blocks that meet"},
                 {not_together, "not one launch of blocks that meet"},
                 {no_barrier, "not one launch of blocks that meet"},
                 {other_count, "not one launch of blocks that meet"},
                 {more_blocks, "not one launch of blocks that meet"},
                 {of_heads, "not one of a model in f32"},
                 {of_halves, "not one of a model in f32"},
                 {other_width, "made for another width"},
                 {narrow_offsets, "32-bit offsets overflow"},
                 {scratch, "asks for scratch"},
                 {dinv_of_gin, "asks for dinv"},
                 {of_a_reordered_graph, "of no such model"},
                 {for_one_step, "blocks that meet, for a single step"},
                 {cluster_for_one_step, "blocks that meet, for a single step"},
                 {as_a_step, ""}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct manifest *m = whole_example();
        gnnac_error err = {{0}};
        cases[i].spoil(m);
        CHECK_INT(manifest_check(m, &err), GNNAC_EFORMAT);
        CHECK_HAS(err.msg, cases[i].message);
        free(m);
    }
}

// Each member of "whole", replaced by what it cannot be.
TEST(members_of_another_type_or_beyond_their_range_are_refused)
{
    static const struct {
        const char *member, *value;
    } cases[] = {{"rule", "7"},          {"why", "null"},
                 {"where", "[]"},        {"level", "{}"},
                 {"knobs", "true"},      {"median_ns", "\"1\""},
                 {"steps_ns", "[1]"},    {"kernel", "-1"},
                 {"kernel", "256"},      {"kernel", "1.5"},
                 {"kernel", "\"0\""},    {"kernel", "9223372036854775807"}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct manifest *m = whole_example(), *back = calloc(1, sizeof(*back));
        gnnac_error err = {{0}};
        json_t *j = manifest_to_json(m);
        json_t *v = json_loads(cases[i].value, JSON_DECODE_ANY, NULL);
        json_object_set_new(json_object_get(j, "whole"), cases[i].member, v);
        CHECK_INT(manifest_from_json(j, back, &err), GNNAC_EFORMAT);
        CHECK_HAS(err.msg, "manifest.whole.");
        CHECK_HAS(err.msg, cases[i].member);
        json_decref(j);
        free(back);
        free(m);
    }
}

TEST(kernels_for_sparse_features_are_there)
{
    struct manifest *m = example(), *back = calloc(1, sizeof(*back));
    gnnac_error err = {{0}};
    strcpy(m->sparse.rules, "9"); // of another version: kept, not used
    m->sparse.n_steps = 2;
    m->sparse.steps[0].kernel = -1;
    m->sparse.steps[1].kernel = m->n_kernels - 1;
    m->sparse.n_choices = 1;
    m->sparse.choices[0] = (struct choice){.step = 1, .rule = "short_rows"};
    char *text = text_of(m);
    CHECK_INT(manifest_parse(text, strlen(text), back, &err), GNNAC_OK);
    CHECK(memcmp(&back->sparse, &m->sparse, sizeof(m->sparse)) == 0);
    m->sparse.steps[1].kernel = m->n_kernels;
    CHECK_INT(manifest_check(m, &err), GNNAC_EFORMAT);
    CHECK_HAS(err.msg, "sparse.steps[1]: its kernel is not there");
    m->sparse.steps[1].kernel = -1;
    m->sparse.n_choices = 2;
    err.msg[0] = 0;
    m->sparse.choices[1].step = 2;
    CHECK_INT(manifest_check(m, &err), GNNAC_EFORMAT);
    CHECK_HAS(err.msg, "sparse.choices[1] is about a step that is not there");
    free(text);
    free(back);
    free(m);
}

// ---- kernels for sparse features --------------------------------------------

// Of a GCN whose first step is a product, with one kernel for it.
static struct manifest *sparse_example(void)
{
    static const enum launch_arg args[] = {
        ARG_OUT,    ARG_EDGE_VALUES, ARG_WEIGHT,
        ARG_ROWPTR, ARG_COLIDX,      ARG_N_ROWS};
    struct fixture_graph g = fixture_graph_of(3, NULL, 0);
    struct manifest *m = fixture_manifest(
        &(struct model_request){.name = "gcn", .dim = 37, .hidden = 5,
                                .classes = 3, .layers = 2},
        &g);
    fixture_graph_finish(&g);
    if (!m || m->program.steps[0].kind != STEP_LINEAR)
        abort();
    struct kernel *k = &m->kernels[m->n_kernels];
    *k = (struct kernel){.name = "sparse",
                         .family = "sparse_linear",
                         .dim = m->program.buffers[m->program.steps[0].out].dim,
                         .offset_bits = 64,
                         .n_launches = 1};
    k->launches[0] = (struct launch){.entry = "sparse",
                                     .count = GRID_ROWS,
                                     .per_block = 8,
                                     .grid_y = 1,
                                     .block = 256,
                                     .n_args = 6};
    memcpy(k->launches[0].args, args, sizeof(args));
    strcpy(m->sparse.rules, SPARSE_RULES);
    m->sparse.n_steps = m->program.n_steps;
    for (int32_t i = 0; i < m->program.n_steps; i++)
        m->sparse.steps[i].kernel = i ? -1 : m->n_kernels;
    m->n_kernels++;
    return m;
}

static struct kernel *sparse_kernel(struct manifest *m)
{
    return &m->kernels[m->n_kernels - 1];
}

static void no_steps(struct manifest *m) { m->sparse.n_steps = 0; }
static void fewer_steps(struct manifest *m) { m->sparse.n_steps--; }
static void more_steps(struct manifest *m)
{
    m->sparse.steps[m->sparse.n_steps++].kernel = -1;
}
static void no_kernel(struct manifest *m) { m->sparse.steps[0].kernel = -1; }
static void aggregating_kernel(struct manifest *m)
{
    int32_t i = 0;
    while (m->program.steps[i].kind != STEP_AGGREGATE)
        i++;
    m->sparse.steps[0].kernel = m->program.steps[i].kernel;
    m->kernels[m->sparse.steps[0].kernel].offset_bits = 64;
}
static void of_another_width(struct manifest *m) { sparse_kernel(m)->dim++; }
static void into_halves(struct manifest *m)
{
    sparse_kernel(m)->out_type = DTYPE_F16;
}
static void asks_for_a_bias(struct manifest *m)
{
    sparse_kernel(m)->launches[0].args[0] = ARG_BIAS;
}

TEST(kernels_for_sparse_features_that_do_not_fit_are_refused)
{
    static const struct {
        void (*spoil)(struct manifest *m);
        const char *message;
    } cases[] = {{no_steps, "sparse: 0 steps, the model has"},
                 {fewer_steps, "steps, the model has"},
                 {more_steps, "steps, the model has"},
                 {no_kernel, "(sparse_linear): its kernel is not there"},
                 {aggregating_kernel, "(sparse_linear): its kernel "},
                 {of_another_width, "made for another width"},
                 {into_halves, "made for another dtype"},
                 {asks_for_a_bias, "asks for an operand"}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct manifest *m = sparse_example();
        gnnac_error err = {{0}};
        CHECK_INT(manifest_check(m, &err), GNNAC_OK);
        CHECK_STR(err.msg, "");
        cases[i].spoil(m);
        CHECK_INT(manifest_check(m, &err), GNNAC_EFORMAT);
        CHECK_HAS(err.msg, cases[i].message);
        free(m);
    }
}

TEST(kernels_for_features_that_are_aggregated_first_are_refused)
{
    struct manifest *m = example();
    gnnac_error err = {{0}};
    m->program.steps[0].kind = STEP_AGGREGATE;
    strcpy(m->sparse.rules, SPARSE_RULES);
    CHECK(!program_takes_sparse(&m->program));
    CHECK_INT(manifest_check_derived(m, &err), GNNAC_EFORMAT);
    CHECK_HAS(err.msg, "the model's steps read no sparse features");
    free(m);
}

// ---- all --------------------------------------------------------------------

int main(void)
{
    RUN(a_kernel_for_all_steps_comes_back_as_it_was_written);
    RUN(a_kernel_of_one_cluster_is_for_readers_that_know_them);
    RUN(a_kernel_for_all_steps_that_cannot_be_one_is_refused);
    RUN(members_of_another_type_or_beyond_their_range_are_refused);
    RUN(kernels_for_sparse_features_are_there);
    RUN(kernels_for_sparse_features_that_do_not_fit_are_refused);
    RUN(kernels_for_features_that_are_aggregated_first_are_refused);
    return test_done();
}
