#include <jansson.h>
#include <math.h>
#include <unistd.h>

#include "bundle_fixture.h"
#include "bundle/manifest.h"
#include "test.h"

static const int32_t tiny_edges[][2] = {{0, 1}, {0, 2}, {1, 0}, {1, 2},
                                        {1, 2}, {3, 0}, {4, 3}};

static struct fixture_graph tiny_graph(void)
{
    return fixture_graph_of(5, tiny_edges, 7);
}

static const struct model_request tiny_gcn = {
    .name = "gcn", .dim = 4, .hidden = 4, .classes = 2};

// The bytes of a small valid bundle.
static char *tiny_bundle(size_t *n)
{
    gnnac_error err = {{0}};
    struct fixture_graph g = tiny_graph();
    struct manifest *m = fixture_manifest(&tiny_gcn, &g);
    char *bytes = fixture_write(m, &g, n, &err);
    CHECK_STR(err.msg, "");
    free(m);
    fixture_graph_finish(&g);
    return bytes;
}

static struct fixture_graph tiny_reordered(void)
{
    return fixture_graph_shuffled(tiny_graph(), 3);
}

static char *tiny_reordered_bundle(size_t *n)
{
    gnnac_error err = {{0}};
    struct fixture_graph g = tiny_reordered();
    struct manifest *m = fixture_manifest(&tiny_gcn, &g);
    char *bytes = fixture_write(m, &g, n, &err);
    CHECK_STR(err.msg, "");
    free(m);
    fixture_graph_finish(&g);
    return bytes;
}

// The message that a changed manifest is refused with, by the writer's check.
// `g` is finished.
static const char *refusal_of(const struct model_request *rq,
                              struct fixture_graph g,
                              void (*change)(struct manifest *))
{
    static gnnac_error err;
    err.msg[0] = '\0';
    struct manifest *m = fixture_manifest(rq, &g);
    change(m);
    size_t n;
    char *bytes = fixture_write(m, &g, &n, &err);
    CHECK(bytes == NULL);
    free(bytes);
    free(m);
    fixture_graph_finish(&g);
    return err.msg;
}

static const char *refusal(void (*change)(struct manifest *))
{
    return refusal_of(&tiny_gcn, tiny_graph(), change);
}

// The message that changed bytes are refused with.
static const char *open_error(const char *bytes, size_t n)
{
    static gnnac_error err;
    gnnac_bundle *b = NULL;
    gnnac_status st = gnnac_bundle_open_memory(bytes, n, &b, &err);
    CHECK(st != GNNAC_OK);
    gnnac_bundle_close(b);
    return err.msg;
}

TEST(what_was_written_is_read_back)
{
    size_t n;
    gnnac_error err;
    gnnac_bundle *b = NULL;
    gnnac_bundle_info info;
    char *bytes = tiny_bundle(&n);
    CHECK_INT(gnnac_bundle_open_memory(bytes, n, &b, &err), GNNAC_OK);
    CHECK_STR(err.msg, "");
    free(bytes);
    if (!b)
        return;
    gnnac_bundle_get_info(b, &info);
    CHECK_INT(info.n_nodes, 5);
    CHECK_INT(info.n_edges, 7);
    CHECK_INT(info.in_dim, 4);
    CHECK_INT(info.out_dim, 2);
    CHECK_INT(info.n_layers, 2);
    CHECK_STR(info.model, "gcn");
    CHECK_INT(strlen(info.fingerprint), 32);
    CHECK_HAS(info.manifest, "\"generator\":\"gnnac test\"");
    CHECK_INT(b->rowptr[5], 7);
    CHECK_INT(b->colidx[6], 3);
    CHECK(isnan(b->manifest->choices[0].median_ns));
    gnnac_bundle_close(b);
}

TEST(an_order_is_read_back_with_its_inverse)
{
    size_t n;
    gnnac_error err = {{0}};
    gnnac_bundle *b = NULL;
    char *bytes = tiny_reordered_bundle(&n);
    struct fixture_graph g = tiny_reordered();
    CHECK_INT(gnnac_bundle_open_memory(bytes, n, &b, &err), GNNAC_OK);
    CHECK_STR(err.msg, "");
    if (b) {
        CHECK(memcmp(b->perm, g.perm, 5 * sizeof(int32_t)) == 0);
        CHECK(memcmp(b->inverse, g.inverse, 5 * sizeof(int32_t)) == 0);
        CHECK(memcmp(b->perm, b->inverse, 5 * sizeof(int32_t)) != 0);
        CHECK_STR(b->manifest->reorder.method, "fixture");
    }
    gnnac_bundle_close(b);
    free(bytes);
    bytes = tiny_bundle(&n);
    CHECK_INT(gnnac_bundle_open_memory(bytes, n, &b, &err), GNNAC_OK);
    CHECK(b && b->perm == NULL && b->inverse == NULL);
    gnnac_bundle_close(b);
    free(bytes);
    fixture_graph_finish(&g);
}

TEST(images_are_found_by_architecture)
{
    size_t n, bytes_n = 0;
    gnnac_bundle *b = NULL;
    char *bytes = tiny_bundle(&n);
    CHECK_INT(gnnac_bundle_open_memory(bytes, n, &b, NULL), GNNAC_OK);
    CHECK(bundle_kernel_image(b, 0, "sm_90", &bytes_n) != NULL);
    CHECK(bundle_kernel_image(b, 0, "sm_80", &bytes_n) != NULL);
    CHECK(bundle_kernel_image(b, 1, "ptx", &bytes_n) != NULL);
    CHECK(bundle_kernel_image(b, 1, "sm_75", &bytes_n) == NULL);
    const char *source = bundle_kernel_image(b, 1, "source", &bytes_n);
    CHECK(source && memcmp(source, "extern", 6) == 0);
    CHECK_INT(bytes_n, 37);
    gnnac_bundle_close(b);
    free(bytes);
}

TEST(the_same_input_gives_the_same_bytes)
{
    size_t n1, n2;
    char *a = tiny_bundle(&n1), *b = tiny_bundle(&n2);
    CHECK(n1 == n2 && memcmp(a, b, n1) == 0);
    free(a);
    free(b);
}

TEST(cubins_and_graph_arrays_are_aligned_to_64_bytes)
{
    size_t n;
    char *bytes = tiny_reordered_bundle(&n);
    uint64_t header;
    struct safetensors st;
    memcpy(&header, bytes, 8);
    CHECK_INT((8 + header) % 64, 0);
    CHECK_INT(safetensors_parse(bytes, n, "x", &st, NULL), GNNAC_OK);
    for (size_t i = 0; i < st.n_tensors; i++) {
        const struct st_tensor *t = &st.tensors[i];
        if (strstr(t->name, "/cubin") || strstr(t->name, "graph/"))
            CHECK_INT((t->data - (unsigned char *)bytes) % 64, 0);
    }
    safetensors_finish(&st);
    free(bytes);
}

TEST(a_file_cut_anywhere_is_refused)
{
    size_t n;
    char *bytes = tiny_reordered_bundle(&n);
    for (size_t k = 0; k < n; k++) {
        gnnac_bundle *b = NULL;
        char *cut = malloc(k ? k : 1); // its own block: reads beyond are seen
        memcpy(cut, bytes, k);
        if (gnnac_bundle_open_memory(cut, k, &b, NULL) == GNNAC_OK)
            TEST__FAIL("%zu of %zu bytes open as a bundle", k, n);
        gnnac_bundle_close(b);
        free(cut);
    }
    free(bytes);
}

// In the suite `slow` each bit, else one of each byte.
TEST(a_file_with_any_bit_flipped_is_refused)
{
    size_t n;
    char *bytes = tiny_reordered_bundle(&n);
    for (size_t k = 0; k < 8 * n; k++) {
        gnnac_bundle *b = NULL;
        if (!test_is_slow() && k / 8 % 8 != k % 8)
            continue;
        bytes[k / 8] = (char)(bytes[k / 8] ^ (1 << k % 8));
        if (gnnac_bundle_open_memory(bytes, n, &b, NULL) == GNNAC_OK)
            TEST__FAIL("bit %zu of byte %zu is not looked at", k % 8, k / 8);
        gnnac_bundle_close(b);
        bytes[k / 8] = (char)(bytes[k / 8] ^ (1 << k % 8));
    }
    free(bytes);
}

TEST(a_file_with_bytes_behind_it_is_refused)
{
    size_t n;
    char *bytes = tiny_bundle(&n);
    bytes = realloc(bytes, n + 1);
    bytes[n] = 0;
    CHECK_HAS(open_error(bytes, n + 1), "1 bytes behind the last tensor");
    free(bytes);
}

// gcn.bin was written by the first version of the format.
TEST(bundles_of_the_first_version_still_open)
{
    const char *root = getenv("GNNAC_SOURCE_ROOT");
    char path[4096];
    gnnac_error err = {{0}};
    gnnac_bundle *b = NULL;
    if (!root)
        SKIP("GNNAC_SOURCE_ROOT does not name the source tree");
    snprintf(path, sizeof(path), "%s/tests/fuzz/corpus/bundle/gcn.bin", root);
    CHECK_INT(gnnac_bundle_open(path, &b, &err), GNNAC_OK);
    CHECK_STR(err.msg, "");
    if (b)
        CHECK_INT(b->manifest->model.layers[0].op, CONV_GCN);
    gnnac_bundle_close(b);
}

TEST(messages_name_the_file)
{
    gnnac_error err;
    gnnac_bundle *b = NULL;
    CHECK_INT(gnnac_bundle_open("no/such.gnnb", &b, &err), GNNAC_EIO);
    CHECK_HAS(err.msg, "no/such.gnnb: ");
    CHECK_INT(gnnac_bundle_open("/", &b, &err), GNNAC_EIO);
    CHECK_HAS(err.msg, "not a regular file");
    CHECK(b == NULL);
}

// ---- contradictions in the manifest -----------------------------------------

static void read_early(struct manifest *m)
{
    m->program.steps[0].x = 3;
}
static void write_input(struct manifest *m)
{
    m->program.steps[0].out = 0;
}
static void wrong_weight(struct manifest *m)
{
    m->program.steps[0].weight = 1;
}
static void no_kernel(struct manifest *m)
{
    m->program.steps[1].kernel = -1;
}
static void far_kernel(struct manifest *m)
{
    m->program.steps[1].kernel = m->n_kernels;
}
static void wide_kernel(struct manifest *m)
{
    m->kernels[0].dim = 99;
}
static void param_name(struct manifest *m)
{
    strcpy(m->program.params[0].name, "convs.7.lin.weight");
}
static void param_shape(struct manifest *m)
{
    m->program.params[0].rows++;
}
static void layer_chain(struct manifest *m)
{
    m->model.layers[1].in_dim++;
}
static void no_groups(struct manifest *m)
{
    m->kernels[0].launches[0].count = GRID_PARTS;
}
static void no_epsilon(struct manifest *m)
{
    m->kernels[0].launches[0].args[0] = ARG_EPS;
}
static void edges_lost(struct manifest *m)
{
    m->n_edges++;
}
static void odd_entry(struct manifest *m)
{
    strcpy(m->kernels[0].launches[0].entry, "../x");
}
static void odd_arch(struct manifest *m)
{
    strcpy(m->archs[0], "sm_/../");
}
static void pitch_too_small(struct manifest *m)
{
    m->program.buffers[2].pitch = 1;
}
static void small_offsets(struct manifest *m)
{
    m->n_edges = m->n_stored_edges = INT64_C(1) << 33;
}
static void in_place(struct manifest *m)
{
    m->program.steps[1].out = m->program.steps[1].x;
}
static void no_output(struct manifest *m)
{
    m->program.n_steps = 1;
}

TEST(contradictions_in_the_manifest_are_refused)
{
    CHECK_HAS(refusal(read_early), "reads a buffer before it is written");
    CHECK_HAS(refusal(write_input), "writes the caller's input");
    CHECK_HAS(refusal(wrong_weight), "its weight does not fit");
    CHECK_HAS(refusal(no_kernel), "its kernel is not there");
    CHECK_HAS(refusal(far_kernel), "its kernel is not there");
    CHECK_HAS(refusal(wide_kernel), "made for another width");
    CHECK_HAS(refusal(param_name), "params[0] should be convs.0.lin.weight");
    CHECK_HAS(refusal(param_shape), "its layer needs 4 x 4");
    CHECK_HAS(refusal(layer_chain), "layer 1 reads 5 columns");
    CHECK_HAS(refusal(no_groups), "counts groups");
    CHECK_HAS(refusal(no_epsilon), "asks for an operand");
    CHECK_HAS(refusal(edges_lost), "7 of 8 edges are stored");
    CHECK_HAS(refusal(odd_entry), "not an identifier");
    CHECK_HAS(refusal(odd_arch), "not like \"sm_90\"");
    CHECK_HAS(refusal(pitch_too_small), "pitch 1");
    CHECK_HAS(refusal(small_offsets), "32-bit offsets, which overflow");
    CHECK_HAS(refusal(in_place), "cannot work in place");
    CHECK_HAS(refusal(no_output), "no step writes the output");
}

static const char *reordered_refusal(void (*change)(struct manifest *))
{
    return refusal_of(&tiny_gcn, tiny_reordered(), change);
}

// One layer of more columns than it reads: a sum, its product, their bias.
static const char *growing_refusal(void (*change)(struct manifest *))
{
    static const struct model_request growing = {
        .name = "gcn", .dim = 3, .layers = 1, .classes = 16};
    return refusal_of(&growing, tiny_graph(), change);
}

static void bias_of_a_sum(struct manifest *m)
{
    m->kernels[0].launches[0].args[3] = ARG_N_ROWS; // no weight
    struct step *s = &m->program.steps[1];
    *s = m->program.steps[2];
    s->x = s->out = m->program.steps[0].out;
    s->bias = -1;
}
static void bias_by_two(struct manifest *m)
{
    m->program.steps[2].kernel = 0;
}
static void bias_of_blas(struct manifest *m)
{
    m->kernels[0].launches[0].n_args = 3; // neither weight nor bias
    m->program.steps[1].fused = false;
}
static void bias_without_one(struct manifest *m)
{
    m->kernels[0].launches[0].args[1] = ARG_TAIL_BIAS;
    m->program.steps[2].bias = -1;
}
static void train_with_fused_product(struct manifest *m)
{
    strcpy(m->training.rules, "1");
}

TEST(a_fused_bias_belongs_to_a_product_of_ours)
{
    CHECK_HAS(growing_refusal(bias_of_a_sum), "step 1 (bias_act): cannot be");
    CHECK_HAS(growing_refusal(bias_by_two), "step 2 (bias_act): cannot be");
    CHECK_HAS(growing_refusal(bias_of_blas), "step 2 (bias_act): cannot be");
    CHECK_HAS(growing_refusal(bias_without_one), "asks for an operand");
    CHECK_HAS(growing_refusal(train_with_fused_product), "fused step 1");
}

static void enter_twice(struct manifest *m)
{
    m->program.steps[m->program.n_steps - 2].kind = STEP_GRAPH_ORDER;
}
static void never_enter(struct manifest *m)
{
    m->program.steps[0].kind = STEP_BIAS_ACT;
}
static void never_leave(struct manifest *m)
{
    m->program.steps[m->program.n_steps - 2].kind = STEP_BIAS_ACT;
}
static void order_with_bias(struct manifest *m)
{
    m->program.steps[0].bias = 1;
}
static void order_in_place(struct manifest *m)
{
    struct step *s = &m->program.steps[m->program.n_steps - 2];
    s->x = s->out;
    m->program.steps[m->program.n_steps - 3].out = s->out;
}
static void odd_fingerprint(struct manifest *m)
{
    m->reorder.fingerprint[31] = 'X';
}
static void source_row_elsewhere(struct manifest *m)
{
    m->kernels[1].launches[0].args[1] = ARG_SOURCE_ROW;
}
static void forgotten_order(struct manifest *m)
{
    m->reorder.method[0] = '\0';
}

TEST(programs_that_mix_two_orders_are_refused)
{
    CHECK_HAS(reordered_refusal(enter_twice), "in another order");
    CHECK_HAS(reordered_refusal(never_enter), "in another order");
    CHECK_HAS(reordered_refusal(never_leave),
              "not in the input's order");
    CHECK_HAS(reordered_refusal(order_with_bias), "does not take");
    CHECK_HAS(reordered_refusal(order_in_place),
              "cannot work in place");
    CHECK_HAS(reordered_refusal(odd_fingerprint), "a fingerprint");
    CHECK_HAS(reordered_refusal(source_row_elsewhere),
              "asks for an operand");
    CHECK_HAS(reordered_refusal(forgotten_order),
              "step 0 (graph_order): the graph is not reordered");
}

// ---- graphs that do not fit -------------------------------------------------

// `g` is finished.
static const char *graph_refusal_of(struct fixture_graph g,
                                    void (*change)(struct fixture_graph *))
{
    struct manifest *m = fixture_manifest(&tiny_gcn, &g);
    change(&g);
    size_t n;
    char *bytes = fixture_write(m, &g, &n, NULL);
    const char *why = open_error(bytes, n);
    free(bytes);
    free(m);
    fixture_graph_finish(&g);
    return why;
}

static const char *graph_refusal(void (*change)(struct fixture_graph *))
{
    return graph_refusal_of(tiny_graph(), change);
}

static void falling_rows(struct fixture_graph *g)
{
    g->rowptr[1] = 6;
}
static void far_rows(struct fixture_graph *g)
{
    g->rowptr[5] = 8;
}
static void first_row(struct fixture_graph *g)
{
    g->rowptr[0] = 1;
}
static void far_column(struct fixture_graph *g)
{
    g->colidx[2] = 5;
}
static void negative_column(struct fixture_graph *g)
{
    g->colidx[2] = -1;
}
static void self_loop(struct fixture_graph *g)
{
    g->colidx[0] = 0;
}

TEST(graph_arrays_are_checked_before_use)
{
    CHECK_HAS(graph_refusal(falling_rows), "graph/rowptr: not ascending");
    CHECK_HAS(graph_refusal(far_rows), "graph/rowptr: not ascending");
    CHECK_HAS(graph_refusal(first_row), "graph/rowptr: not ascending");
    CHECK_HAS(graph_refusal(far_column), "a node that the graph");
    CHECK_HAS(graph_refusal(negative_column), "a node that the graph");
    CHECK_HAS(graph_refusal(self_loop), "self loops in the graph of a gcn");
}

static void doubled_id(struct fixture_graph *g)
{
    g->perm[0] = g->perm[1];
}
static void far_id(struct fixture_graph *g)
{
    g->perm[4] = 5;
}
static void negative_id(struct fixture_graph *g)
{
    g->perm[2] = -1;
}
static void other_inverse(struct fixture_graph *g)
{
    memcpy(g->inverse, g->perm, 5 * sizeof(int32_t));
}
static void far_inverse(struct fixture_graph *g)
{
    g->inverse[g->perm[3]] = INT32_MAX;
}

TEST(an_order_is_checked_before_use)
{
    static void (*const changes[])(struct fixture_graph *) = {
        doubled_id, far_id, negative_id, other_inverse, far_inverse};
    for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++)
        CHECK_HAS(graph_refusal_of(tiny_reordered(), changes[i]),
                  "graph/perm: not a permutation of the nodes");
}

TEST(an_order_without_its_arrays_is_not_written)
{
    gnnac_error err = {{0}};
    size_t n;
    struct fixture_graph g = tiny_reordered();
    struct manifest *m = fixture_manifest(&tiny_gcn, &g);
    free(g.inverse);
    g.inverse = NULL;
    CHECK(fixture_write(m, &g, &n, &err) == NULL);
    CHECK_HAS(err.msg, "contradicts the graph's order");
    free(m);
    fixture_graph_finish(&g);
}

TEST(an_image_that_is_no_code_is_not_written)
{
    gnnac_error err = {{0}};
    size_t n;
    char *bytes = NULL;
    struct fixture_graph g = tiny_graph();
    struct manifest *m = fixture_manifest(&tiny_gcn, &g);
    const struct stored_graph stored = {.rowptr = g.rowptr,
                                        .colidx = g.colidx};
    struct kernel_image image = {0, IMAGE_CUBIN, "sm_90", "MZ", 2};
    FILE *f = open_memstream(&bytes, &n);
    CHECK_INT(bundle_write_stream(f, m, &stored, &image, 1, &err),
              GNNAC_EFORMAT);
    CHECK_HAS(err.msg, "kernel/fake_d4/cubin: not code for an NVIDIA GPU");
    fclose(f);
    CHECK_INT(n, 0);
    free(bytes);
    free(m);
    fixture_graph_finish(&g);
}

TEST(a_bundle_lands_whole_or_not_at_all)
{
    gnnac_error err = {{0}};
    struct fixture_graph g = tiny_graph();
    struct manifest *m = fixture_manifest(&tiny_gcn, &g);
    const struct stored_graph stored = {.rowptr = g.rowptr,
                                        .colidx = g.colidx};
    m->n_archs = 0;
    m->ptx_arch[0] = '\0';
    char path[] = "/tmp/gnnac-test-XXXXXX";
    if (!mkdtemp(path))
        SKIP("no temporary folder");
    char file[64];
    snprintf(file, sizeof(file), "%s/a.gnnb", path);
    CHECK_INT(bundle_write(file, m, &stored, NULL, 0, &err),
              GNNAC_OK);
    m->n_edges++;
    CHECK(bundle_write(file, m, &stored, NULL, 0, NULL) != GNNAC_OK);
    gnnac_bundle *b = NULL; // the first is still there
    CHECK_INT(gnnac_bundle_open(file, &b, &err), GNNAC_OK);
    CHECK_STR(err.msg, "");
    gnnac_bundle_close(b);
    unlink(file);
    CHECK_INT(rmdir(path), 0); // nothing else was left behind
    CHECK(bundle_write("/no/such/folder/x", m, &stored, NULL, 0, &err) !=
          GNNAC_OK);
    free(m);
    fixture_graph_finish(&g);
}

int main(void)
{
    RUN(what_was_written_is_read_back);
    RUN(an_order_is_read_back_with_its_inverse);
    RUN(images_are_found_by_architecture);
    RUN(the_same_input_gives_the_same_bytes);
    RUN(cubins_and_graph_arrays_are_aligned_to_64_bytes);
    RUN(a_file_cut_anywhere_is_refused);
    RUN(a_file_with_any_bit_flipped_is_refused);
    RUN(a_file_with_bytes_behind_it_is_refused);
    RUN(bundles_of_the_first_version_still_open);
    RUN(messages_name_the_file);
    RUN(contradictions_in_the_manifest_are_refused);
    RUN(a_fused_bias_belongs_to_a_product_of_ours);
    RUN(programs_that_mix_two_orders_are_refused);
    RUN(graph_arrays_are_checked_before_use);
    RUN(an_order_is_checked_before_use);
    RUN(an_order_without_its_arrays_is_not_written);
    RUN(an_image_that_is_no_code_is_not_written);
    RUN(a_bundle_lands_whole_or_not_at_all);
    return test_done();
}
