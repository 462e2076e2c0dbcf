#include <jansson.h>

#include "bundle/offsets.h"
#include "bundle/manifest.h"
#include "manifest_example.h"
#include "test.h"

// Replace the first `from` in the example's text and parse it.
static gnnac_status parse_changed(const char *from, const char *to,
                                  gnnac_error *err)
{
    struct manifest *m = example();
    char *text = text_of(m), *at = strstr(text, from), *changed = NULL;
    gnnac_status st = GNNAC_EINTERNAL;
    if (!at)
        TEST__FAIL("the manifest has no %s", from);
    else if (asprintf(&changed, "%.*s%s%s", (int)(at - text), text, to,
                      at + strlen(from)) > 0)
        st = manifest_parse(changed, strlen(changed), m, err);
    free(changed);
    free(text);
    free(m);
    return st;
}

// What the example asks of its readers.
static const char asks[] =
    "\"requires\":[\"products\",\"fused\",\"fused_bias\"]";

static void refused(const char *from, const char *to, const char *part)
{
    gnnac_error err = {{0}};
    CHECK_INT(parse_changed(from, to, &err), GNNAC_EFORMAT);
    CHECK_HAS(err.msg, part);
}

TEST(a_manifest_survives_the_way_through_text)
{
    struct manifest *m = example(), *back = calloc(1, sizeof(*back));
    m->choices[0].median_ns = 1234.5;
    m->program.steps[0].act = ACT_NONE;
    m->model.layers[0].eps = 0.1f;
    char *text = text_of(m);
    gnnac_error err = {{0}};
    CHECK_INT(manifest_parse(text, strlen(text), back, &err), GNNAC_OK);
    CHECK_STR(err.msg, "");
    char *again = text_of(back);
    CHECK_STR(again, text);
    CHECK(back->model.layers[0].eps == 0.1f);
    CHECK(memcmp(&back->program, &m->program, sizeof(m->program)) == 0);
    CHECK(memcmp(&back->kernels[1], &m->kernels[1], sizeof(m->kernels[1])) ==
          0);
    CHECK_NEAR(back->choices[0].median_ns, 1234.5, 0);
    free(text);
    free(again);
    free(m);
    free(back);
}

TEST(types_and_ranges_are_checked_where_they_stand)
{
    refused("\"n_nodes\":3", "\"n_nodes\":3.0",
            "manifest.graph.n_nodes: expected an integer");
    refused("\"n_nodes\":3", "\"n_nodes\":-3", "expected an integer from 0");
    refused("\"n_nodes\":3", "\"n_nodes\":true", "expected an integer");
    refused("\"n_nodes\":3", "\"nodes\":3", "expected it to be there");
    refused("\"op\":\"gin\"", "\"op\":\"gan\"",
            "manifest.model.layers[0].op: unknown name");
    refused("\"log_softmax\":true", "\"log_softmax\":1", "true or false");
    refused("\"block\":128", "\"block\":1025",
            "manifest.kernels[0].launches[0].block: expected an integer from 1 "
            "to 1024");
    refused("\"shared_bytes\":0", "\"shared_bytes\":232449", "from 0 to");
    refused("\"grid_y\":1", "\"grid_y\":0", "from 1 to");
    refused("\"per_block\":4", "\"per_block\":0", "from 1 to");
    refused("\"eps\":0.0", "\"eps\":1e999", "manifest: byte");
    refused("\"eps\":0.0", "\"eps\":1e99", "expected a number");
    refused("\"archs\":[\"sm_90\"", "\"archs\":[\"sm_90_and_much_more\"",
            "manifest.archs[0]: expected text of less than 16 bytes");
    refused("\"buffers\":[", "\"buffers\":{},\"x\":[", "expected an array");
}

TEST(newer_members_are_skipped)
{
    CHECK_INT(parse_changed("\"op\":", "\"later\":[1,{}],\"op\":", NULL),
              GNNAC_OK);
    CHECK_INT(parse_changed("\"format_minor\":0", "\"format_minor\":7", NULL),
              GNNAC_OK);
}

TEST(what_a_reader_must_understand_is_asked_for_by_name)
{
    gnnac_error err = {{0}};
    CHECK_INT(parse_changed(asks, "\"requires\":[\"fp8\"]", &err),
              GNNAC_EUNSUPPORTED);
    CHECK_HAS(err.msg, "\"fp8\"");
    err.msg[0] = '\0';
    CHECK_INT(parse_changed("\"format_major\":1", "\"format_major\":2", &err),
              GNNAC_EUNSUPPORTED);
    CHECK_HAS(err.msg, "format version 2");
    refused(asks, "\"requires\":{}", "manifest.requires");
    refused(asks, "\"requires\":[1]", "manifest.requires");
}

static struct manifest *reordered_example(void)
{
    const int32_t pairs[][2] = {{0, 1}, {2, 0}};
    struct fixture_graph g =
        fixture_graph_shuffled(fixture_graph_of(3, pairs, 2), 1);
    struct manifest *m = fixture_manifest(
        &(struct model_request){.name = "sage", .dim = 6, .classes = 2}, &g);
    fixture_graph_finish(&g);
    return m;
}

// A reader of format 1.0 knows no feature, so it refuses.
TEST(a_reordered_graph_is_required_to_be_understood_and_no_other)
{
    struct manifest *m = reordered_example(), *back = calloc(1, sizeof(*back));
    struct manifest *plain = example();
    char *text = text_of(m), *plain_text = text_of(plain);
    CHECK_HAS(text, "\"requires\":[\"reorder\",\"products\"]");
    CHECK_HAS(text, "\"format_minor\":1");
    CHECK_HAS(text, "\"method\":\"fixture\"");
    CHECK_INT(manifest_parse(text, strlen(text), back, NULL), GNNAC_OK);
    CHECK(memcmp(&back->reorder, &m->reorder, sizeof(m->reorder)) == 0);
    CHECK_HAS(plain_text, asks);
    CHECK_HAS(plain_text, "\"format_minor\":0");
    CHECK(strstr(plain_text, "\"reorder\"") == NULL);
    free(text);
    free(plain_text);
    free(plain);
    free(m);
    free(back);
}

TEST(a_kernel_alone_survives_the_way_through_json)
{
    struct manifest *m = example();
    struct kernel back;
    struct kernel *k = &m->kernels[0];
    k->part_size = 32;
    k->part_rows = 16;
    k->parts_per_block = 4;
    k->partials = true;
    k->n_launches = 2;
    k->launches[1] = k->launches[0];
    k->launches[1].count = GRID_SPLITS;
    k->launches[1].args[1] = ARG_PARTIAL;
    json_t *j = manifest_kernel_to_json(k);
    CHECK_INT(manifest_kernel_from_json(j, &back, NULL), GNNAC_OK);
    CHECK(memcmp(&back, k, sizeof(back)) == 0);
    json_object_set_new(j, "name", json_string("a/b"));
    CHECK_INT(manifest_kernel_from_json(j, &back, NULL), GNNAC_EFORMAT);
    json_decref(j);
    free(m);
}

TEST(parts_of_several_rows_are_a_feature_that_readers_must_have)
{
    struct manifest *m = example(), *back = calloc(1, sizeof(*back));
    char *text = text_of(m);
    CHECK(!strstr(text, "part_rows"));
    free(text);
    m->kernels[0].part_size = 32;
    m->kernels[0].parts_per_block = 4;
    m->kernels[0].part_rows = 16;
    text = text_of(m);
    CHECK_HAS(text, "\"requires\":[\"part_rows\",\"products\",");
    CHECK_INT(manifest_parse(text, strlen(text), back, NULL), GNNAC_OK);
    CHECK_INT(back->kernels[0].part_rows, 16);
    m->kernels[0].part_size = m->kernels[0].parts_per_block = 0;
    CHECK_INT(kernel_check(&m->kernels[0], NULL), GNNAC_EFORMAT);
    free(text);
    free(back);
    free(m);
}

static struct manifest *attention_example(const char *name)
{
    struct fixture_graph g = fixture_graph_of(3, NULL, 0);
    struct manifest *m = fixture_manifest(
        &(struct model_request){.name = name, .dim = 6, .hidden = 4,
                                .classes = 2, .layers = 2, .heads = 2},
        &g);
    fixture_graph_finish(&g);
    return m;
}

TEST(attention_has_the_scores_of_its_layers_heads)
{
    gnnac_error err = {{0}};
    struct manifest *m = attention_example("gat");
    CHECK_INT(manifest_check(m, &err), GNNAC_OK);
    CHECK_STR(err.msg, "");
    for (int32_t i = 0; i < m->program.n_steps; i++) {
        struct step *s = &m->program.steps[i];
        if (s->kind != STEP_ATTENTION && s->kind != STEP_ATTENTION_SCORES)
            continue;
        s->layer = 1 - s->layer; // which has another number of heads
        err.msg[0] = 0;
        CHECK_INT(manifest_check(m, &err), GNNAC_EFORMAT);
        CHECK_HAS(err.msg, "do not fit");
        s->layer = 1 - s->layer;
    }
    free(m);
}

// The first step of GATv2's attention.
static struct step *attention_v2_of(struct manifest *m)
{
    struct step *s = m->program.steps;
    while (s->kind != STEP_ATTENTION_V2)
        s++;
    return s;
}

static void refused_v2(void (*spoil)(struct manifest *m, struct step *s),
                       const char *said)
{
    gnnac_error err = {{0}};
    struct manifest *m = attention_example("gatv2");
    CHECK_INT(manifest_check(m, &err), GNNAC_OK);
    CHECK_STR(err.msg, "");
    spoil(m, attention_v2_of(m));
    CHECK_INT(manifest_check(m, &err), GNNAC_EFORMAT);
    CHECK_HAS(err.msg, said);
    free(m);
}

static void move_layer(struct manifest *m, struct step *s)
{
    (void)m;
    s->layer = 1; // which has another number of heads
}

static void take_bias_as_att(struct manifest *m, struct step *s)
{
    (void)m;
    s->weight = s->bias;
}

static void take_no_att(struct manifest *m, struct step *s)
{
    (void)m;
    s->weight = -1;
}

static void take_far_att(struct manifest *m, struct step *s)
{
    s->weight = m->program.n_params;
}

static void take_no_rows(struct manifest *m, struct step *s)
{
    (void)m;
    s->self = -1;
}

static void compare_features(struct manifest *m, struct step *s)
{
    (void)m;
    s->self = 0; // of another width
}

static void overwrite_rows(struct manifest *m, struct step *s)
{
    (void)m;
    s->out = s->self;
}

static void overwrite_sources(struct manifest *m, struct step *s)
{
    (void)m;
    s->out = s->x;
}

static void scale(struct manifest *m, struct step *s)
{
    (void)m;
    s->norm = NORM_GCN;
}

TEST(attention_v2_has_the_weight_and_the_rows_of_its_layer)
{
    refused_v2(move_layer, "does not fit its layer's heads");
    refused_v2(take_bias_as_att, "does not fit its layer's heads");
    refused_v2(take_no_att, "does not fit its layer's heads");
    refused_v2(take_far_att, "does not fit its layer's heads");
    refused_v2(take_no_rows, "differ in width");
    refused_v2(compare_features, "differ in width");
    refused_v2(overwrite_rows, "cannot work in place");
    refused_v2(overwrite_sources, "cannot work in place");
    refused_v2(scale, "has an operand that its kind does not take");
}

static void check_heads_of_kernels(struct manifest *m)
{
    gnnac_error err = {{0}};
    for (int32_t i = 0; i < m->program.n_steps; i++) {
        const struct step *s = &m->program.steps[i];
        int32_t heads = step_heads(&m->program, s);
        CHECK_INT(heads > 0, s->kind == STEP_ATTENTION ||
                                 s->kind == STEP_ATTENTION_V2 ||
                                 s->kind == STEP_ATTENTION_SCORES);
        if (!heads)
            continue;
        struct kernel *k = &m->kernels[s->kernel];
        k->heads = 2 * heads;
        CHECK_INT(manifest_check(m, &err), GNNAC_EFORMAT);
        CHECK_HAS(err.msg, "made for another number of heads");
        k->heads = 0;
        err.msg[0] = 0;
        CHECK_INT(manifest_check(m, &err), GNNAC_EFORMAT);
        CHECK_HAS(err.msg, "compile the bundle anew");
        k->heads = heads;
        err.msg[0] = 0;
    }
    CHECK_INT(manifest_check(m, &err), GNNAC_OK);
    free(m);
}

TEST(kernels_of_attention_are_of_the_steps_heads)
{
    check_heads_of_kernels(attention_example("gat"));
    check_heads_of_kernels(attention_example("gatv2"));
}

TEST(indices_of_edges_may_pass_the_last_edge)
{
    gnnac_error err = {{0}};
    struct manifest *m = example();
    m->n_edges = m->n_stored_edges = INT32_MAX - MOST_EDGES_PAST_END - 1;
    CHECK_INT(manifest_check(m, &err), GNNAC_OK);
    CHECK_STR(err.msg, "");
    m->n_edges = m->n_stored_edges = INT32_MAX - MOST_EDGES_PAST_END;
    CHECK_INT(manifest_check(m, &err), GNNAC_EFORMAT);
    CHECK_HAS(err.msg, "overflow");
    free(m);
}

// A gcn with f16 storage after `change`; the message says `part`.
static void refused_f16(void (*change)(struct manifest *), const char *part)
{
    struct fixture_graph g = fixture_graph_of(3, NULL, 0);
    struct manifest *m = fixture_manifest(
        &(struct model_request){.name = "gcn", .dim = 6, .hidden = 4,
                                .classes = 2, .dtype = DTYPE_F16},
        &g);
    gnnac_error err = {{0}};
    CHECK_INT(manifest_check(m, &err), GNNAC_OK);
    char *text = text_of(m);
    CHECK_HAS(text, "\"dtype\",\"fused\",\"rounded_products\"]");
    change(m);
    CHECK_INT(manifest_check(m, &err), GNNAC_EFORMAT);
    CHECK_HAS(err.msg, part);
    free(text);
    free(m);
    fixture_graph_finish(&g);
}

static void store_x(struct manifest *m)
{
    m->program.buffers[0].dtype = DTYPE_F16;
}

static void mix_dtypes(struct manifest *m)
{
    m->model.dtype = DTYPE_BF16;
}

static void swap_kernel(struct manifest *m)
{
    m->kernels[0].x_type = DTYPE_F16;
}

static void narrow_linear(struct manifest *m)
{
    m->program.steps[0].kernel = -1;
}

static void attend_to_halves(struct manifest *m)
{
    m->model.layers[0].op = CONV_GAT;
    m->model.layers[0].heads = 1;
}

TEST(dtypes_that_contradict_each_other_are_refused)
{
    refused_f16(store_x, "the caller's");
    refused_f16(mix_dtypes, "not the model's dtype");
    refused_f16(swap_kernel, "another dtype");
    refused_f16(narrow_linear, "reads float32 and does not write it");
    refused_f16(attend_to_halves, "float32");
    refused(asks, "\"requires\":[\"dtype\", 1]", "requires");
}

TEST(rows_that_share_a_warp_are_a_feature_that_readers_must_have)
{
    struct manifest *m = example(), *back = calloc(1, sizeof(*back));
    struct kernel *k = &m->kernels[0];
    k->part_size = 32;
    k->parts_per_block = 1;
    char *text = text_of(m);
    CHECK(!strstr(text, "packed"));
    free(text);
    k->packed_rows = 4;
    k->packed_edges = 16;
    k->packed_step = 2;
    text = text_of(m);
    CHECK_HAS(text, "\"requires\":[\"packed_rows\",\"products\",");
    CHECK_INT(manifest_parse(text, strlen(text), back, NULL), GNNAC_OK);
    CHECK(memcmp(&back->kernels[0], k, sizeof(*k)) == 0);
    k->packed_edges = 33; // more than a part has
    CHECK_INT(kernel_check(k, NULL), GNNAC_EFORMAT);
    k->packed_edges = 0;
    CHECK_INT(kernel_check(k, NULL), GNNAC_EFORMAT);
    k->packed_rows = k->packed_step = 0;
    k->launches[0].count = GRID_WARPS;
    CHECK_INT(kernel_check(k, NULL), GNNAC_EFORMAT);
    k->launches[0].count = GRID_PARTS;
    k->launches[0].args[0] = ARG_N_WIDE;
    CHECK_INT(kernel_check(k, NULL), GNNAC_EFORMAT);
    free(text);
    free(back);
    free(m);
}

TEST(tiles_are_a_feature_that_readers_must_have)
{
    static const enum launch_arg takes[] = {ARG_N_TILES, ARG_TILES};
    struct manifest *m = example(), *back = calloc(1, sizeof(*back));
    struct kernel *k = &m->kernels[0];
    k->part_size = 32;
    k->parts_per_block = 1;
    k->packed_rows = k->packed_edges = k->packed_step = 4;
    k->partials = true;
    char *text = text_of(m);
    CHECK(!strstr(text, "tile"));
    free(text);
    k->tile_percent = k->tile_blocks = 150;
    CHECK_INT(kernel_check(k, NULL), GNNAC_EFORMAT); // who would sum them?
    memcpy(k->launches[0].args, takes, sizeof(takes));
    text = text_of(m);
    CHECK_HAS(text, "\"tiles\",\"fused_bias\"]");
    CHECK_INT(manifest_parse(text, strlen(text), back, NULL), GNNAC_OK);
    CHECK(memcmp(&back->kernels[0], k, sizeof(*k)) == 0);
    k->tile_blocks = 0;
    CHECK_INT(kernel_check(k, NULL), GNNAC_EFORMAT);
    k->tile_percent = 0; // an argument without what it counts
    CHECK_INT(kernel_check(k, NULL), GNNAC_EFORMAT);
    k->launches[0].args[0] = k->launches[0].args[1] = ARG_N_WIDE;
    CHECK_INT(kernel_check(k, NULL), GNNAC_OK);
    k->tile_percent = k->tile_blocks = 4;
    memcpy(k->launches[0].args, takes, sizeof(takes));
    k->partials = false;
    CHECK_INT(kernel_check(k, NULL), GNNAC_EFORMAT);
    k->partials = true;
    k->packed_rows = k->packed_edges = k->packed_step = 0;
    CHECK_INT(kernel_check(k, NULL), GNNAC_EFORMAT);
    free(text);
    free(back);
    free(m);
}

TEST(a_bundle_requires_every_feature_that_it_uses)
{
    struct manifest *m = reordered_example();
    m->kernels[0].part_size = 32;
    m->kernels[0].parts_per_block = 4;
    m->kernels[0].part_rows = 16;
    char *text = text_of(m);
    CHECK_HAS(text, "\"requires\":[\"reorder\",\"part_rows\",\"products\"]");
    free(text);
    free(m);
}

TEST(kernels_that_join_rows_say_how_many_tickets_they_take)
{
    struct manifest *m = example(), *back = calloc(1, sizeof(*back));
    struct kernel *k = &m->kernels[0];
    gnnac_error err = {{0}};
    k->part_size = 32;
    k->parts_per_block = 1;
    k->partials = true;
    k->launches[0].args[0] = ARG_MEETS;
    k->launches[0].args[1] = ARG_TICKETS;
    CHECK_INT(kernel_check(k, &err), GNNAC_EFORMAT);
    CHECK_HAS(err.msg, "0 tickets of a partial sum");
    k->tickets = k->launches[0].grid_y;
    CHECK_INT(kernel_check(k, NULL), GNNAC_OK);
    char *text = text_of(m);
    CHECK_HAS(text, "\"tickets\"]");
    CHECK_INT(manifest_parse(text, strlen(text), back, NULL), GNNAC_OK);
    CHECK(memcmp(&back->kernels[0], k, sizeof(*k)) == 0);
    k->partials = false;
    err = (gnnac_error){{0}};
    CHECK_INT(kernel_check(k, &err), GNNAC_EFORMAT);
    CHECK_HAS(err.msg, "tickets without partials");
    free(text);
    free(back);
    free(m);
}

TEST(a_promise_to_repeat_and_atomics_contradict)
{
    struct manifest *m = example(), *back = calloc(1, sizeof(*back));
    char *text = text_of(m);
    CHECK(!strstr(text, "atomics") && !strstr(text, "repeats"));
    free(text);
    m->kernels[0].atomics = true;
    text = text_of(m);
    CHECK_INT(manifest_parse(text, strlen(text), back, NULL), GNNAC_OK);
    CHECK(back->kernels[0].atomics && !back->repeats);
    free(text);
    gnnac_error err = {{0}};
    m->repeats = true;
    text = text_of(m);
    CHECK_INT(manifest_parse(text, strlen(text), back, &err), GNNAC_EFORMAT);
    CHECK_HAS(err.msg, "uses atomics, though results are to repeat");
    free(text);
    m->kernels[0].atomics = false;
    text = text_of(m);
    CHECK_INT(manifest_parse(text, strlen(text), back, NULL), GNNAC_OK);
    CHECK(back->repeats);
    free(text);
    free(back);
    free(m);
}

TEST(bytes_that_are_not_utf8_do_not_stop_the_writer)
{
    struct manifest *m = example();
    strcpy(m->choices[0].where, "caf\xe9.lua:3");
    char *text = text_of(m);
    CHECK_HAS(text, "caf?.lua:3");
    free(text);
    free(m);
}

TEST(every_name_reads_back_as_its_value)
{
    for (int v = 0; v < N_LAUNCH_ARGS; v++)
        CHECK_INT(launch_arg_from_name(launch_arg_name((enum launch_arg)v)), v);
    for (int v = 0; v < N_STEP_KINDS; v++)
        CHECK_INT(step_kind_from_name(step_kind_name((enum step_kind)v)), v);
    CHECK(conv_op_name(N_CONV_OPS) == NULL);
    CHECK_INT(conv_op_from_name("gatv3"), -1);
}

int main(void)
{
    RUN(a_manifest_survives_the_way_through_text);
    RUN(types_and_ranges_are_checked_where_they_stand);
    RUN(newer_members_are_skipped);
    RUN(what_a_reader_must_understand_is_asked_for_by_name);
    RUN(a_reordered_graph_is_required_to_be_understood_and_no_other);
    RUN(a_kernel_alone_survives_the_way_through_json);
    RUN(parts_of_several_rows_are_a_feature_that_readers_must_have);
    RUN(attention_has_the_scores_of_its_layers_heads);
    RUN(attention_v2_has_the_weight_and_the_rows_of_its_layer);
    RUN(kernels_of_attention_are_of_the_steps_heads);
    RUN(indices_of_edges_may_pass_the_last_edge);
    RUN(dtypes_that_contradict_each_other_are_refused);
    RUN(rows_that_share_a_warp_are_a_feature_that_readers_must_have);
    RUN(tiles_are_a_feature_that_readers_must_have);
    RUN(a_bundle_requires_every_feature_that_it_uses);
    RUN(kernels_that_join_rows_say_how_many_tickets_they_take);
    RUN(a_promise_to_repeat_and_atomics_contradict);
    RUN(bytes_that_are_not_utf8_do_not_stop_the_writer);
    RUN(every_name_reads_back_as_its_value);
    return test_done();
}
