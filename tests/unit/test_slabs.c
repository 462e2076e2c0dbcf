// Which matrices lie slab after slab, what a manifest may say of them, and the
// texts that tell such questions apart.
#include "plan/slabs.h"

#include "manifest_example.h"
#include "plan/opspec.h"
#include "same_spec.h"
#include "test.h"

// ---- which ------------------------------------------------------------------

static struct device h200(void)
{
    struct device d;
    device_typical(90, &d);
    d.l2_bytes = 50 << 20;
    return d;
}

// "KIND:x,out,self" of each step in slabs: their columns. Of a model whose wide
// products are ours when `claims`.
static const char *laid(const struct model_request *rq,
                        const struct slab_request *slabs, bool claims,
                        struct program *out)
{
    static char text[512];
    static struct model m;
    static struct program p;
    size_t n = 0;
    CHECK_INT(model_build(rq, &m, NULL), GNNAC_OK);
    CHECK_INT(lower_model(&m, 1000, 50000, &p, NULL), GNNAC_OK);
    for (int32_t i = 0; i < p.n_steps; i++)
        p.steps[i].claimed = claims && p.steps[i].kind == STEP_LINEAR;
    program_scale_rows(&p);
    program_fuse(&p, false);
    program_lay_slabs(&p, slabs);
    text[0] = '\0';
    for (int32_t i = 0; i < p.n_steps; i++) {
        const struct kernel_spec k = kernel_spec_of(&p, &p.steps[i], 10, 10);
        if (!p.steps[i].fused && spec_has_slabs(&k))
            n += (size_t)snprintf(text + n, sizeof(text) - n, "%s:%d,%d,%d ",
                                  step_kind_name(p.steps[i].kind),
                                  (int)k.x_slab, (int)k.out_slab,
                                  (int)k.self_slab);
    }
    if (out)
        *out = p;
    return text;
}

static const struct model_request gcn = {
    .name = "gcn", .dim = 100, .hidden = 41, .classes = 7};

TEST(a_product_of_ours_writes_the_slabs_that_a_sum_reads)
{
    struct program p;
    const struct slab_request rq = {.bytes = 32, .n_nodes = 1, .n_edges = 1};
    CHECK_STR(laid(&gcn, &rq, true, &p), "linear:0,8,0 aggregate:8,0,8 ");
    const struct buffer *b = &p.buffers[p.steps[0].out];
    CHECK_INT(b->dim, 41);
    CHECK_INT(b->pitch, 48);
    CHECK_INT(b->slab, 8);
    const struct slab_request wider = {.bytes = 128, .n_nodes = 1};
    CHECK_STR(laid(&gcn, &wider, true, NULL),
              "linear:0,32,0 aggregate:32,0,32 ");
}

TEST(what_blas_writes_and_features_are_copied)
{
    const struct slab_request rq = {.bytes = 32, .n_nodes = 1};
    struct program p;
    CHECK_STR(laid(&gcn, &rq, false, &p), "bias_act:0,8,0 aggregate:8,0,0 ");
    CHECK_INT(p.steps[1].x, p.steps[0].out);
    CHECK_INT(p.steps[2].self, p.steps[0].out);
    const struct model_request first = {
        .name = "gin", .dim = 20, .hidden = 50, .classes = 7, .layers = 2};
    CHECK_STR(laid(&first, &rq, true, &p),
              "bias_act:0,8,0 aggregate:8,0,0 ");
    CHECK_INT(p.steps[0].x, 0);
}

TEST(a_sum_writes_slabs_for_the_next)
{
    // One that shrinks nothing sums what the layer before it wrote.
    const struct model_request rq = {.name = "gin", .dim = 200, .hidden = 24,
                                     .classes = 50, .layers = 2};
    const struct slab_request slabs = {.bytes = 64, .n_nodes = 1};
    CHECK_STR(laid(&rq, &slabs, true, NULL),
              "linear:0,16,0 aggregate:16,16,16 aggregate:16,0,16 ");
}

TEST(rows_that_others_read_are_copied)
{
    // sage reads what it sums as its own term, too, behind another weight.
    const struct model_request rq = {.name = "sage", .dim = 200, .hidden = 24,
                                     .classes = 50, .layers = 2};
    const struct slab_request slabs = {.bytes = 32, .n_nodes = 1};
    CHECK_STR(laid(&rq, &slabs, true, NULL),
              "linear:0,8,0 aggregate:8,0,0 bias_act:0,8,0 aggregate:8,0,0 ");
}

TEST(products_of_features_that_may_be_sparse_write_rows)
{
    const struct slab_request rq = {.bytes = 32, .sparse = true};
    CHECK_STR(laid(&gcn, &rq, true, NULL),
              "bias_act:0,8,0 aggregate:8,0,0 ");
}

TEST(a_row_that_is_one_slab_stays_one)
{
    const struct slab_request rq = {.bytes = 256};
    CHECK_STR(laid(&gcn, &rq, true, NULL), "");
    const struct slab_request none = {.bytes = SLABS_NONE};
    CHECK_STR(laid(&gcn, &none, true, NULL), "");
}

TEST(attention_knows_rows_alone)
{
    const struct model_request gat = {.name = "gat", .dim = 200, .classes = 90};
    const struct slab_request rq = {.bytes = 32};
    CHECK_STR(laid(&gat, &rq, true, NULL), "");
}

static int32_t automatic(int64_t nodes, double degree, int64_t row_bytes)
{
    const struct device d = h200();
    const struct slab_request rq = {
        .bytes = SLABS_AUTO,
        .n_nodes = nodes,
        .n_edges = (int64_t)(degree * (double)nodes),
        .device = &d};
    return slab_bytes_for(&rq, row_bytes);
}

TEST(slabs_are_chosen_where_lines_of_all_nodes_do_not_fit_but_they_do)
{
    const double usable = 0.6 * (50 << 20);
    const int64_t lines = (int64_t)usable / 128, half = (int64_t)usable / 64;
    const int64_t sectors = (int64_t)usable / 32;
    CHECK_INT(automatic(lines, 20, 1024), SLABS_NONE);
    CHECK_INT(automatic(lines + 1, 20, 1024), 64);
    CHECK_INT(automatic(half, 20, 1024), 64);
    CHECK_INT(automatic(half + 1, 20, 1024), 32);
    CHECK_INT(automatic(sectors, 20, 1024), 32);
    CHECK_INT(automatic(sectors + 1, 20, 1024), SLABS_NONE);
    CHECK_INT(automatic(sectors, 3.9, 1024), SLABS_NONE);
    CHECK_INT(automatic(sectors, 20, 32), SLABS_NONE);
}

TEST(a_copy_is_made_where_edges_are_many)
{
    const struct device d = h200();
    struct slab_request rq = {.bytes = SLABS_AUTO, .n_nodes = 500000,
                              .n_edges = 500000 * 15, .device = &d};
    CHECK_STR(laid(&gcn, &rq, true, NULL), "linear:0,8,0 aggregate:8,0,8 ");
    CHECK_STR(laid(&gcn, &rq, false, NULL), "");
    rq.n_edges = 500000 * 16;
    CHECK_STR(laid(&gcn, &rq, false, NULL),
              "bias_act:0,8,0 aggregate:8,0,0 ");
}

TEST(a_program_without_room_for_a_copy_keeps_rows)
{
    struct model m;
    struct program p;
    const struct slab_request rq = {.bytes = 32};
    CHECK_INT(model_build(&gcn, &m, NULL), GNNAC_OK);
    CHECK_INT(lower_model(&m, 1000, 50000, &p, NULL), GNNAC_OK);
    int32_t n_steps = p.n_steps;
    p.n_buffers = MAX_BUFFERS;
    program_lay_slabs(&p, &rq);
    CHECK_INT(p.n_steps, n_steps);
    CHECK(!program_has_slabs(&p));
}

TEST(elements_of_a_slab_major_matrix_are_all_there_once)
{
    enum { N = 5, PITCH = 24, SLAB = 8 };
    bool seen[N * PITCH] = {false};
    for (int64_t v = 0; v < N; v++)
        for (int32_t c = 0; c < PITCH; c++) {
            int64_t at = slab_element(N, PITCH, SLAB, v, c);
            CHECK(at >= 0 && at < N * PITCH && !seen[at]);
            seen[at] = true;
        }
    CHECK_INT(slab_element(N, PITCH, SLAB, 2, 0), 2 * SLAB);
    CHECK_INT(slab_element(N, PITCH, SLAB, 2, 9), (N + 2) * SLAB + 1);
    CHECK_INT(slab_element(N, PITCH, 0, 2, 9), 2 * PITCH + 9);
}

// ---- questions --------------------------------------------------------------

TEST(a_question_about_slabs_is_another_and_comes_back)
{
    static struct model m;
    struct program p;
    struct opspec rows, slabs, back;
    const struct slab_request none = {.bytes = 0}, rq = {.bytes = 32};
    CHECK_INT(model_build(&gcn, &m, NULL), GNNAC_OK);
    laid(&gcn, &none, true, &p);
    CHECK(opspec_of_step(&m, &p, &p.steps[1], 50, 400, &rows));
    laid(&gcn, &rq, true, &p);
    CHECK(opspec_of_step(&m, &p, &p.steps[1], 50, 400, &slabs));
    CHECK(!strstr(rows.key, "slabs"));
    CHECK_HAS(slabs.key, " slabs=8,0,8");
    CHECK_INT(props_number(&slabs.layer, "layer.x_slab"), 32);
    CHECK_INT(props_number(&rows.layer, "layer.x_slab"), 0);
    for (int32_t i = 0; i < p.n_steps; i++) {
        if (!opspec_of_step(&m, &p, &p.steps[i], 50, 400, &slabs))
            continue;
        CHECK(opspec_parse(slabs.key, &back));
        CHECK(same_spec(&back.spec, &slabs.spec));
    }
}

TEST(slabs_of_no_matrix_make_no_question)
{
    static const char *const ends[] = {
        " slabs=7,0,0",  " slabs=0,0,0", " slabs=8,0",   " slabs=-8,0,0",
        " slabs=32,0,0", " slabs=2,0,0", " slabs=8,16,", " slabs=128,0,0"};
    static const char good[] =
        "v1 aggregate f32 layer=0/gcn in=8 out=40 dim=40 pitch=48,40,48 "
        "norm=gcn self=gcn bias=1 act=relu offset=32 forward";
    struct opspec op;
    char text[512];
    snprintf(text, sizeof(text), "%s slabs=8,0,16", good);
    CHECK(opspec_parse(text, &op));
    CHECK_INT(op.spec.self_slab, 16);
    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        snprintf(text, sizeof(text), "%s%s", good, ends[i]);
        CHECK(!opspec_parse(text, &op));
    }
}

// ---- manifests --------------------------------------------------------------

// Of a gcn whose narrow product writes slabs for its sum: a kernel for each.
static struct manifest *in_slabs(void)
{
    struct fixture_graph g = fixture_graph_of(3, NULL, 0);
    struct manifest *m = fixture_manifest(
        &(struct model_request){.name = "gcn", .dim = 37, .hidden = 16,
                                .classes = 3, .layers = 2},
        &g);
    const struct slab_request rq = {.bytes = 32};
    fixture_graph_finish(&g);
    if (!m)
        abort();
    struct program *p = &m->program;
    program_lay_slabs(p, &rq);
    for (int32_t i = 0; i < p->n_steps; i++) {
        const struct kernel_spec k = kernel_spec_of(p, &p->steps[i], 3, 9);
        if (p->steps[i].kernel < 0 || !spec_has_slabs(&k))
            continue;
        struct kernel *mine = &m->kernels[m->n_kernels];
        *mine = m->kernels[p->steps[i].kernel];
        snprintf(mine->name, NAME_LEN, "slabs_%d", (int)m->n_kernels);
        mine->x_slab = k.x_slab;
        mine->out_slab = k.out_slab;
        mine->self_slab = k.self_slab;
        p->steps[i].kernel = m->n_kernels++;
    }
    return m;
}

static struct step *first(struct manifest *m, enum step_kind kind)
{
    int32_t i = 0;
    while (m->program.steps[i].kind != kind)
        i++;
    return &m->program.steps[i];
}

static struct buffer *slab_matrix(struct manifest *m)
{
    return &m->program.buffers[first(m, STEP_AGGREGATE)->x];
}

static struct kernel *kernel_of(struct manifest *m, enum step_kind kind)
{
    return &m->kernels[first(m, kind)->kernel];
}

TEST(a_manifest_with_slabs_comes_back_and_asks_for_a_reader_that_knows_them)
{
    struct manifest *m = in_slabs(), *back = calloc(1, sizeof(*back));
    gnnac_error err = {{0}};
    char *text = text_of(m);
    CHECK_HAS(text, "\"slabs\"]");
    CHECK_INT(manifest_parse(text, strlen(text), back, &err), GNNAC_OK);
    CHECK_STR(err.msg, "");
    CHECK_INT(slab_matrix(back)->slab, 8);
    CHECK_INT(slab_matrix(back)->pitch, 16);
    CHECK_INT(kernel_of(back, STEP_AGGREGATE)->x_slab, 8);
    CHECK_INT(kernel_of(back, STEP_AGGREGATE)->self_slab, 8);
    CHECK_INT(kernel_of(back, STEP_LINEAR)->out_slab, 8);
    free(text);
    free(back);
    free(m);
    m = example();
    text = text_of(m);
    CHECK(!strstr(text, "slab"));
    free(text);
    free(m);
}

static void no_power(struct manifest *m) { slab_matrix(m)->slab = 12; }
static void too_narrow(struct manifest *m) { slab_matrix(m)->slab = 4; }
static void too_wide(struct manifest *m) { slab_matrix(m)->slab = 128; }
static void negative(struct manifest *m) { slab_matrix(m)->slab = -8; }
static void ragged(struct manifest *m) { slab_matrix(m)->pitch = 20; }
static void other_slabs(struct manifest *m) { slab_matrix(m)->slab = 16; }
static void rows_for_slabs(struct manifest *m) { slab_matrix(m)->slab = 0; }
static void of_input(struct manifest *m) { m->program.buffers[0].slab = 1; }
static void of_output(struct manifest *m)
{
    m->program.buffers[1].slab = 8;
    m->program.buffers[1].pitch = 8;
}
static void reader_of_rows(struct manifest *m)
{
    kernel_of(m, STEP_AGGREGATE)->x_slab = 0;
}
static void self_by_rows(struct manifest *m)
{
    kernel_of(m, STEP_AGGREGATE)->self_slab = 0;
}
static void out_in_slabs(struct manifest *m)
{
    kernel_of(m, STEP_AGGREGATE)->out_slab = 8;
}
static void writer_of_rows(struct manifest *m)
{
    kernel_of(m, STEP_LINEAR)->out_slab = 0;
}
static void by_blas(struct manifest *m)
{
    struct step *s = first(m, STEP_LINEAR);
    s->kernel = -1;
    s->norm = NORM_NONE;
}
static void reader_that_cannot(struct manifest *m)
{
    struct step *s = first(m, STEP_AGGREGATE);
    s->kind = STEP_LOG_SOFTMAX;
    s->self = s->bias = s->eps = -1;
    s->self_term = SELF_NONE;
    s->norm = NORM_NONE;
    s->act = ACT_NONE;
    m->kernels[s->kernel].self_slab = 0;
    m->kernels[s->kernel].launches[0].n_args = 3; // it is fused no longer
    s[1].fused = false; // BLAS
    s[1].norm = NORM_NONE;
}
static void trained(struct manifest *m) { strcpy(m->training.rules, "1"); }
static void at_once(struct manifest *m) { strcpy(m->whole.rule, "small"); }

TEST(slabs_that_do_not_fit_are_refused)
{
    static const struct {
        void (*spoil)(struct manifest *m);
        const char *message;
    } cases[] = {{no_power, "slabs of 12 columns do not fit"},
                 {too_narrow, "slabs of 4 columns do not fit"},
                 {too_wide, "slabs of 128 columns do not fit"},
                 {negative, "slabs of -8 columns do not fit"},
                 {ragged, "slabs of 8 columns do not fit"},
                 {other_slabs, "made for other slabs"},
                 {rows_for_slabs, "made for other slabs"},
                 {of_input, "buffer 0: slabs of 1 columns do not fit"},
                 {of_output, "buffer 1: "},
                 {reader_of_rows, "made for other slabs"},
                 {self_by_rows, "made for other slabs"},
                 {out_in_slabs, "made for other slabs"},
                 {writer_of_rows, "made for other slabs"},
                 {by_blas, "knows matrices by rows alone"},
                 {reader_that_cannot, "knows matrices by rows alone"},
                 {trained, "training with a buffer that lies slab after slab"},
                 {at_once, "of no such model"}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct manifest *m = in_slabs();
        gnnac_error err = {{0}};
        CHECK_INT(manifest_check(m, &err), GNNAC_OK);
        CHECK_STR(err.msg, "");
        cases[i].spoil(m);
        CHECK_INT(manifest_check(m, &err), GNNAC_EFORMAT);
        CHECK_HAS(err.msg, cases[i].message);
        free(m);
    }
}

int main(void)
{
    RUN(a_product_of_ours_writes_the_slabs_that_a_sum_reads);
    RUN(what_blas_writes_and_features_are_copied);
    RUN(a_sum_writes_slabs_for_the_next);
    RUN(rows_that_others_read_are_copied);
    RUN(products_of_features_that_may_be_sparse_write_rows);
    RUN(a_row_that_is_one_slab_stays_one);
    RUN(attention_knows_rows_alone);
    RUN(slabs_are_chosen_where_lines_of_all_nodes_do_not_fit_but_they_do);
    RUN(a_copy_is_made_where_edges_are_many);
    RUN(a_program_without_room_for_a_copy_keeps_rows);
    RUN(elements_of_a_slab_major_matrix_are_all_there_once);
    RUN(a_question_about_slabs_is_another_and_comes_back);
    RUN(slabs_of_no_matrix_make_no_question);
    RUN(a_manifest_with_slabs_comes_back_and_asks_for_a_reader_that_knows_them);
    RUN(slabs_that_do_not_fit_are_refused);
    return test_done();
}
