// What the tuning database keeps of a decision: it comes back as it was, or is
// refused.
#include "tune/record_json.h"
#include "tune/variant.h"
#include "test.h"

static gnnac_error err;
static const struct origin from = {"mine", "a \"why\" with \\ and ü",
                                   "rules/mine.lua:7"};

static struct variant example(void)
{
    struct variant v = {.knobs = "partSize=32 dimWorker=8", .registers = 40,
                        .spill_bytes = 0, .status = "ok"};
    struct kernel *k = &v.kernel;
    snprintf(k->name, sizeof(k->name), "gnnac_neighbor_group_f32_d8");
    snprintf(k->family, sizeof(k->family), "neighbor_group");
    k->part_size = 32;
    k->parts_per_block = 4;
    k->partials = true;
    k->dim = 8;
    k->offset_bits = 64;
    k->n_launches = 1;
    k->launches[0] = (struct launch){
        .count = GRID_PARTS, .per_block = 4, .grid_y = 2, .block = 128,
        .shared_bytes = 512, .n_args = 3,
        .args = {ARG_OUT, ARG_PARTIAL, ARG_N_PARTS}};
    snprintf(k->launches[0].entry, NAME_LEN, "%s", k->name);
    for (int i = 0; i < 3; i++)
        memset(v.keys[i], 'a' + i, 32);
    return v;
}

static gnnac_status read_back(const char *json, const char *keys,
                              struct variant *out, struct origin *o)
{
    err = (gnnac_error){{0}};
    return variant_from_json(json, keys, 3, out, o, &err);
}

TEST(a_decision_comes_back_as_it_was)
{
    struct variant v = example(), w = {0};
    struct origin o;
    char *json = variant_to_json(&v, &from);
    char *keys = variant_keys_to_json(&v, 3);
    CHECK_INT(read_back(json, keys, &w, &o), GNNAC_OK);
    CHECK_STR(o.rule, from.rule);
    CHECK_STR(o.why, from.why);
    CHECK_STR(o.where, from.where);
    CHECK_STR(w.knobs, v.knobs);
    CHECK_STR(w.status, "ok");
    CHECK_INT(w.registers, 40);
    CHECK_INT(w.spill_bytes, 0);
    CHECK(memcmp(&w.kernel, &v.kernel, sizeof(v.kernel)) == 0);
    CHECK(memcmp(w.keys, v.keys, 3 * sizeof(v.keys[0])) == 0);
    CHECK(isnan(w.cost) && isnan(w.median_ns) && isnan(w.max_error));
    CHECK(!w.source && !w.images[0].image);
    free(json);
    free(keys);
}

TEST(a_decision_for_blas_comes_back_without_a_kernel_and_keys)
{
    const struct kernel_spec spec = {.kind = STEP_LINEAR, .dim = 24,
                                     .depth = 33, .x_pitch = 36,
                                     .out_pitch = 24, .offset_bits = 32};
    struct variant v = variant_of_blas(&spec), w = {0};
    struct origin o;
    char *json = variant_to_json(&v, &from);
    char *keys = variant_keys_to_json(&v, 3);
    CHECK(!variant_is_blas(&w));
    CHECK_STR(keys, "[]");
    CHECK_INT(read_back(json, keys, &w, &o), GNNAC_OK);
    CHECK(variant_is_blas(&w));
    CHECK_INT(read_back(json, "{}", &w, &o), GNNAC_EFORMAT);
    CHECK_INT(read_back(json, "[\"\",\"\",\"\"]", &w, &o), GNNAC_EFORMAT);
    CHECK_STR(w.kernel.name, v.kernel.name);
    CHECK_HAS(w.kernel.name, "_d24_k33_x36_y24");
    CHECK_INT(w.kernel.n_launches, 0);
    CHECK_STR(o.rule, from.rule);
    free(json);
    json = strdup("{\"rule\":\"\",\"why\":\"\",\"where\":\"\",\"knobs\":"
                  "\"\",\"registers\":-1,\"spill_bytes\":-1,\"kernel\":{"
                  "\"family\":\"blas\"}}");
    CHECK_INT(read_back(json, keys, &w, &o), GNNAC_EFORMAT);
    free(json);
    free(keys);
}

static gnnac_status read_record(const char *variant, const char *artifacts)
{
    char *text = NULL;
    struct parsed_record r;
    CHECK(asprintf(&text,
                   "{\"decision\":{\"graph\":\"%032d\",\"op\":\"o\","
                   "\"device\":\"d\",\"toolchain\":\"t\",\"space\":\"s\","
                   "\"time\":1,\"effort\":0,\"median_ns\":null,\"variant\":"
                   "%s,\"artifacts\":%s}}", 7, variant, artifacts) > 0);
    json_t *root = json_loads(text, 0, NULL), *again = NULL;
    gnnac_status st = record_from_json(root, &r, &err);
    if (st == GNNAC_OK) {
        again = decision_to_json(&r.decision);
        CHECK(json_equal(again, root));
        parsed_record_finish(&r);
    }
    json_decref(again);
    json_decref(root);
    free(text);
    return st;
}

TEST(a_record_of_a_decision_without_artifacts_is_for_blas_or_refused)
{
    static const char blas[] = "{\"kernel\":{\"family\":\"blas\"}}";
    static const char ours[] = "{\"kernel\":{\"family\":\"linear\"}}";
    static const char key[] = "[\"00112233445566778899aabbccddeeff\"]";
    CHECK_INT(read_record(blas, "[]"), GNNAC_OK);
    CHECK_INT(read_record(ours, key), GNNAC_OK);
    CHECK_INT(read_record(blas, key), GNNAC_EFORMAT);
    CHECK_INT(read_record(blas, "{}"), GNNAC_EFORMAT);
    CHECK_INT(read_record(ours, "[]"), GNNAC_EFORMAT);
}

TEST(equal_decisions_are_equal_texts)
{
    struct variant v = example(), w = example();
    char *a = variant_to_json(&v, &from), *b = variant_to_json(&w, &from);
    CHECK_STR(a, b);
    free(a);
    free(b);
}

// The decision with the first `part` of its text replaced.
static char *damaged(const char *part, const char *by)
{
    struct variant v = example();
    char *json = variant_to_json(&v, &from);
    char *at = strstr(json, part), *out = malloc(strlen(json) + strlen(by) + 1);
    if (!at) {
        TEST__FAIL("%s is not in %s", part, json);
        at = json;
    }
    sprintf(out, "%.*s%s%s", (int)(at - json), json, by, at + strlen(part));
    free(json);
    return out;
}

TEST(damaged_decisions_are_refused)
{
    static const char *const cases[][2] = {
        {"{", "["},
        {"\"rule\"", "\"rul\""},
        {"\"mine\"", "7"},
        {"\"registers\":40", "\"registers\":\"40\""},
        {"\"knobs\":", "\"knob\":"},
        {"\"kernel\":{", "\"kernel\":{\"kernel\":"},
        {"\"rule\"", "\"why\""},
        {"gnnac_neighbor_group_f32_d8", "two words"},
        {"\"n_parts\"", "\"n_partz\""},
    };
    struct variant v = example();
    char *keys = variant_keys_to_json(&v, 3);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct variant w = {.registers = -7};
        struct origin o = {"untouched", "", ""};
        char *json = damaged(cases[i][0], cases[i][1]);
        if (read_back(json, keys, &w, &o) != GNNAC_EFORMAT)
            TEST__FAIL("taken: %s", json);
        CHECK(err.msg[0] && !strchr(err.msg, '\n'));
        CHECK_INT(w.registers, -7); // written on success alone
        CHECK_STR(o.rule, "untouched");
        free(json);
    }
    free(keys);
}

TEST(damaged_keys_are_refused)
{
    static const char *const cases[] = {
        "", "null", "{}", "[]", "[\"a\",\"b\",\"c\"]", "[1,2,3]",
        "[\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"]",
    };
    struct variant v = example(), w;
    struct origin o;
    char *json = variant_to_json(&v, &from);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        CHECK_INT(read_back(json, cases[i], &w, &o), GNNAC_EFORMAT);
    free(json);
}

TEST(knobs_read_as_the_command_line_takes_them)
{
    static const struct family f = {
        .n_knobs = 2, .knobs = {{.name = "partSize"}, {.name = "unroll"}}};
    static const struct family none;
    struct candidate c = {.family = &f, .values = {32, -4}};
    char text[64] = "x";
    candidate_text(&c, text, sizeof(text));
    CHECK_STR(text, "partSize=32 unroll=-4");
    char narrow[12];
    candidate_text(&c, narrow, sizeof(narrow));
    CHECK_STR(narrow, "partSize=32");
    c.family = &none;
    candidate_text(&c, text, sizeof(text));
    CHECK_STR(text, "");
}

int main(void)
{
    RUN(a_decision_comes_back_as_it_was);
    RUN(a_decision_for_blas_comes_back_without_a_kernel_and_keys);
    RUN(a_record_of_a_decision_without_artifacts_is_for_blas_or_refused);
    RUN(equal_decisions_are_equal_texts);
    RUN(damaged_decisions_are_refused);
    RUN(damaged_keys_are_refused);
    RUN(knobs_read_as_the_command_line_takes_them);
    return test_done();
}
