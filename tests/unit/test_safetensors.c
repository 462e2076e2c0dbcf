#include "bundle/safetensors.h"
#include "safetensors_fixture.h"
#include "test.h"

static gnnac_status parse(const char *header, size_t n_data,
                          struct safetensors *out, char **bytes,
                          gnnac_error *err)
{
    size_t n;
    *bytes = safetensors_file(header, n_data, &n);
    return safetensors_parse(*bytes, n, "f", out, err);
}

// The header must be refused with a message that has this part.
static void refused(const char *header, size_t n_data, const char *part)
{
    struct safetensors st;
    gnnac_error err = {{0}};
    char *bytes;
    if (parse(header, n_data, &st, &bytes, &err) == GNNAC_OK) {
        TEST__FAIL("accepted: %.60s", header);
        safetensors_finish(&st);
    }
    CHECK_HAS(err.msg, part);
    CHECK(strchr(err.msg, '\n') == NULL);
    free(bytes);
}

TEST(tensors_come_in_file_order_with_their_bytes)
{
    struct safetensors st;
    char *bytes;
    CHECK_INT(
        parse("{\"b\":{\"dtype\":\"I32\",\"shape\":[1],\"data_offsets\":[2,6]},"
              "\"a\":{\"dtype\":\"U8\",\"shape\":[2,1],\"data_offsets\":[0,2]},"
              "\"__metadata__\":{\"k\":\"v\"}}   ",
              6, &st, &bytes, NULL),
        GNNAC_OK);
    CHECK_INT(st.n_tensors, 2);
    CHECK_STR(st.tensors[0].name, "a");
    CHECK_INT(st.tensors[0].rank, 2);
    CHECK_STR(st.tensors[1].name, "b");
    CHECK_INT(st.tensors[1].data[0], 3);
    CHECK(safetensors_find(&st, "b") == &st.tensors[1]);
    CHECK(safetensors_find(&st, "c") == NULL);
    CHECK_STR(safetensors_meta(&st, "k"), "v");
    CHECK(safetensors_meta(&st, "x") == NULL);
    safetensors_finish(&st);
    free(bytes);
}

TEST(empty_and_scalar_tensors_are_legal)
{
    struct safetensors st;
    char *bytes;
    CHECK_INT(
        parse("{\"s\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[0,4]},"
              "\"e\":{\"dtype\":\"F64\",\"shape\":[3,0],"
              "\"data_offsets\":[0,0]},"
              "\"z\":{\"dtype\":\"F64\",\"shape\":[0],"
              "\"data_offsets\":[4,4]}}",
              4, &st, &bytes, NULL),
        GNNAC_OK);
    CHECK_INT(st.n_tensors, 3);
    CHECK_STR(st.tensors[0].name, "e");
    CHECK_STR(st.tensors[1].name, "s");
    CHECK_INT(st.tensors[1].rank, 0);
    safetensors_finish(&st);
    free(bytes);
    CHECK_INT(parse("{}", 0, &st, &bytes, NULL), GNNAC_OK);
    free(bytes);
    safetensors_finish(&st);
}

#define ONE(dtype, shape, offsets)                                             \
    "{\"a\":{\"dtype\":" dtype ",\"shape\":" shape                             \
    ",\"data_offsets\":" offsets "}}"

TEST(entries_that_do_not_fit_are_refused)
{
    refused(ONE("\"U8\"", "[2]", "[0,3]"), 3, "does not fill its bytes");
    refused(ONE("\"U8\"", "[4]", "[0,4]"), 3, "do not lie in the file");
    refused(ONE("\"U8\"", "[0]", "[3,2]"), 3, "do not lie in the file");
    refused(ONE("\"U8\"", "[-1]", "[0,1]"), 1, "bad shape");
    refused(ONE("\"U8\"", "[1.0]", "[0,1]"), 1, "bad shape");
    refused(ONE("\"U8\"", "[1,1,1,1,1,1,1,1,1]", "[0,1]"), 1, "bad shape");
    refused(ONE("\"I64\"", "[4611686018427387904]", "[0,0]"), 0, "bad shape");
    refused(ONE("\"U8\"", "[4294967296,4294967296]", "[0,0]"), 0, "bad shape");
    refused(ONE("\"U8\"", "{}", "[0,1]"), 1, "bad shape");
    refused(ONE("\"U8\"", "[1]", "[0,1,1]"), 1, "do not lie in the file");
    refused(ONE("\"U8\"", "[1]", "[-1,0]"), 1, "do not lie in the file");
    refused(ONE("\"U8\"", "[1]", "[0,99999999999999999999]"), 1, "f: byte");
    refused(ONE("\"Q4\"", "[1]", "[0,1]"), 1, "unknown dtype");
    refused(ONE("7", "[1]", "[0,1]"), 1, "unknown dtype");
    refused("{\"a\":{\"dtype\":\"U8\",\"shape\":[1]}}", 1, "and no more");
    refused("{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1],"
            "\"more\":1}}",
            1, "and no more");
    refused("{\"a\":[]}", 0, "and no more");
}

TEST(gaps_overlaps_and_rests_are_refused)
{
    refused(ONE("\"U8\"", "[1]", "[1,2]"), 2, "leaves a gap");
    refused(ONE("\"U8\"", "[1]", "[0,1]"), 2, "1 bytes behind the last");
    refused("{}", 1, "1 bytes behind the last");
    refused("{\"a\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[0,2]},"
            "\"b\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[1,3]}}",
            3, "overlaps");
    refused("{\"a\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[0,2]},"
            "\"b\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[0,2]}}",
            2, "overlaps");
}

TEST(json_that_parsers_read_differently_is_refused)
{
    refused("", 0, "does not begin with '{'");
    refused(" {}", 0, "does not begin with '{'");
    refused("{} x", 0, "f: byte");
    refused("{}{}", 0, "f: byte");
    refused("{\"a\":1,}", 0, "f: byte");
    refused("{\"__metadata__\":{\"a\":\"1\",\"a\":\"2\"}}", 0, "duplicate");
    refused("{\"__metadata__\":{\"a\":1}}", 0, "not text");
    refused("{\"__metadata__\":[]}", 0, "not a map");
    refused("{\"__metadata__\":{\"a\":\"\xff\"}}", 0, "f: byte");
    refused("{\"__metadata__\":{\"a\":\"\\u0000\"}}", 0, "f: byte");
    refused("{\"a\nb\":1}", 0, "f: byte");
}

TEST(nesting_is_bounded_but_brackets_in_text_are_not_counted)
{
    char deep[3000] = "{\"a\":";
    for (int i = 0; i < 1000; i++)
        strcat(deep, "[");
    refused(deep, 0, "nested deeper than 32");
    char flat[3000] = "{\"__metadata__\":{\"k\":\"\\\"";
    for (int i = 0; i < 100; i++)
        strcat(flat, "[{");
    strcat(flat, "\"}}");
    struct safetensors st;
    char *bytes;
    CHECK_INT(parse(flat, 0, &st, &bytes, NULL), GNNAC_OK);
    safetensors_finish(&st);
    free(bytes);
}

TEST(header_lengths_that_do_not_fit_are_refused)
{
    struct safetensors st;
    gnnac_error err = {{0}};
    uint64_t n = UINT64_MAX;
    CHECK_INT(safetensors_parse("1234567", 7, "f", &st, &err), GNNAC_EFORMAT);
    CHECK_HAS(err.msg, "shorter than 8 bytes");
    err.msg[0] = '\0';
    CHECK_INT(safetensors_parse(&n, 8, "f", &st, &err), GNNAC_EFORMAT);
    CHECK_HAS(err.msg, "does not fit");
    n = 1;
    CHECK_INT(safetensors_parse(&n, 8, "f", &st, NULL), GNNAC_EFORMAT);
}

TEST(too_many_tensors_are_refused)
{
    char *header = malloc(1 << 20);
    size_t used = 1;
    strcpy(header, "{");
    for (int i = 0; i <= ST_MAX_TENSORS + 1; i++)
        used += (size_t)sprintf(header + used,
                                "%s\"t%d\":{\"dtype\":\"U8\",\"shape\":[0],"
                                "\"data_offsets\":[0,0]}",
                                i ? "," : "", i);
    strcat(header, "}");
    refused(header, 0, "more than 4096 tensors");
    free(header);
}

TEST(names_may_be_long_but_not_endless)
{
    char header[6000] = "{\"";
    memset(header + 2, 'n', 4097);
    strcpy(header + 2 + 4097, "\":{\"dtype\":\"U8\",\"shape\":[0],"
                              "\"data_offsets\":[0,0]}}");
    refused(header, 0, "its name is too long");
}

int main(void)
{
    RUN(tensors_come_in_file_order_with_their_bytes);
    RUN(empty_and_scalar_tensors_are_legal);
    RUN(entries_that_do_not_fit_are_refused);
    RUN(gaps_overlaps_and_rests_are_refused);
    RUN(json_that_parsers_read_differently_is_refused);
    RUN(nesting_is_bounded_but_brackets_in_text_are_not_counted);
    RUN(header_lengths_that_do_not_fit_are_refused);
    RUN(too_many_tensors_are_refused);
    RUN(names_may_be_long_but_not_endless);
    return test_done();
}
