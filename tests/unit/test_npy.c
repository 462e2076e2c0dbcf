// .npy files: element types, orders, header versions, and what is refused.
#include <math.h>

#include "graph/matrix.h"
#include "npy_fixture.h"
#include "test.h"

// ---- what is read -----------------------------------------------------------

TEST(ids_of_every_integer_type_are_read)
{
    static const char *const types[] = {"|i1", "|u1", "<i1", "<u1", "<i2",
                                        "<u2", "<i4", "<u4", "<i8", "<u8",
                                        "=i4", "=u8"};
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
        CHECK_STR(npy_read_as(NPY(types[i], "(2, 3)", 0, 1, 2, 1, 2, 100)),
                  "101: 0>1 1>2 2>100");
}

TEST(large_ids_of_unsigned_types_are_not_negative)
{
    CHECK_STR(npy_read_as(NPY("|u1", "(2, 1)", 200, 255)), "256: 200>255");
    CHECK_STR(npy_read_as(NPY("<u2", "(2, 1)", 65535, 0)), "65536: 65535>0");
}

TEST(rows_and_pairs_are_read_in_both_orders)
{
    static const char want[] = "6: 0>3 1>4 2>5";
    CHECK_STR(npy_read_as(NPY("<i4", "(2, 3)", 0, 1, 2, 3, 4, 5)), want);
    CHECK_STR(npy_read_as(NPY_FORTRAN("<i4", "(2, 3)", 0, 3, 1, 4, 2, 5)),
              want);
    CHECK_STR(npy_read_as(NPY("<i4", "(3, 2)", 0, 3, 1, 4, 2, 5)), want);
    CHECK_STR(npy_read_as(NPY_FORTRAN("<i4", "(3, 2)", 0, 1, 2, 3, 4, 5)),
              want);
}

TEST(two_by_two_is_two_rows)
{
    CHECK_STR(npy_read_as(NPY("<i4", "(2, 2)", 0, 1, 2, 3)), "4: 0>2 1>3");
    CHECK_STR(npy_read_as(NPY_FORTRAN("<i4", "(2, 2)", 0, 2, 1, 3)),
              "4: 0>2 1>3");
}

TEST(arrays_without_edges_are_graphs_without_nodes)
{
    CHECK_STR(npy_read_as(npy_of("<i8", false, "(2, 0)", NULL, 0)), "0:");
    CHECK_STR(npy_read_as(npy_of("<i8", true, "(0, 2)", NULL, 0)), "0:");
}

TEST(the_node_count_comes_from_the_option_where_given)
{
    const struct graph_options nine = {.n_nodes = 9}, two = {.n_nodes = 2};
    struct blob x = NPY("<i4", "(2, 2)", 0, 1, 2, 0);
    CHECK_STR(bytes_read_as("a.npy", x.b, x.n, &nine), "9: 0>2 1>0");
    CHECK_STR(bytes_read_as("a.npy", x.b, x.n, &two),
              "a.npy: byte 136: node id 2 is not below the node count 2");
}

TEST(headers_of_three_versions_are_read)
{
    static const char head[] =
        "{'descr': '|u1', 'fortran_order': False, 'shape': (2, 1), }\n";
    for (int version = 1; version <= 3; version++) {
        struct blob x = npy_head(version, head);
        blob_add(&x, "\1\2", 2);
        CHECK_STR(npy_read_as(x), "3: 1>2");
    }
}

// Whatever a Python literal may look like.
TEST(headers_may_be_written_in_many_ways)
{
    static const char *const heads[] = {
        "{'shape':(2,1),'fortran_order':False,'descr':'|u1'}",
        "{\"descr\":\"|u1\",\"fortran_order\":False,\"shape\":(2,1,)}",
        " { 'descr' : '|u1' ,\n'fortran_order' :False, 'shape' : ( 2 , 1 ), } ",
        "{'descr': '|u1', 'fortran_order': False, 'shape': (2, 1), }        \n",
    };
    for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
        struct blob x = npy_head(1, heads[i]);
        blob_add(&x, "\1\2", 2);
        CHECK_STR(npy_read_as(x), "3: 1>2");
    }
}

// ---- what is refused --------------------------------------------------------

TEST(big_endian_and_other_types_are_refused_by_name)
{
    static const char *const types[] = {">i4", ">i8", ">u2", ">f4", "|O",
                                        "<c8", "<M8", "<i3", "<i16", "<f1",
                                        "|i4", "|b2", "<V4", "i4", "", "<",
                                        "<i", "<i-4", "<i4x", "<S99999"};
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
        CHECK_STR(npy_read_as(npy_of(types[i], false, "(2, 0)", NULL, 0)),
                  "a.npy: byte 10: arrays of this type are not read "
                  "(little-endian numbers are)");
}

TEST(ids_must_be_integers)
{
    CHECK_STR(npy_read_as(NPY("<f4", "(2, 1)", 0, 1)),
              "a.npy: byte 10: node ids must be integers, not type 'f4'");
    CHECK_STR(npy_read_as(NPY("<f8", "(2, 1)", 0, 1)),
              "a.npy: byte 10: node ids must be integers, not type 'f8'");
    CHECK_STR(npy_read_as(NPY("|b1", "(2, 1)", 0, 1)),
              "a.npy: byte 10: node ids must be integers, not type 'b1'");
    CHECK_STR(npy_read_as(NPY("|S1", "(2, 1)", 48, 49)),
              "a.npy: byte 10: node ids must be integers, not type 'S1'");
}

TEST(ids_out_of_range_are_named_with_their_byte)
{
    CHECK_STR(npy_read_as(NPY("<i4", "(2, 2)", 0, 1, 2, -1)),
              "a.npy: byte 140: node id -1 is negative");
    CHECK_STR(npy_read_as(NPY("<i8", "(2, 1)", -9e18, 1)),
              "a.npy: byte 128: node id -9000000000000000000 is negative");
    CHECK_STR(npy_read_as(NPY("<u8", "(2, 1)", 0, 0x1p63)),
              "a.npy: byte 136: a node id does not fit 63 bits");
    CHECK_STR(npy_read_as(NPY("<i8", "(2, 1)", 0, 0x1p62)),
              "unsupported: a.npy: node id 4611686018427387904; ids below "
              "2^31 - 1 are supported");
    CHECK_STR(npy_read_as(NPY("<u4", "(2, 1)", 0, 2147483647)),
              "unsupported: a.npy: node id 2147483647; ids below 2^31 - 1 are "
              "supported");
}

TEST(only_two_rows_or_columns_are_edges)
{
    static const char want[] =
        "a.npy: byte 10: an edge array has the shape [2, E] or [E, 2]";
    CHECK_STR(npy_read_as(NPY("<i4", "(2,)", 0, 1)), want);
    CHECK_STR(npy_read_as(NPY("<i4", "()", 0)), want);
    CHECK_STR(npy_read_as(NPY("<i4", "(1, 3)", 0, 1, 2)), want);
    CHECK_STR(npy_read_as(NPY("<i4", "(2, 1, 1)", 0, 1)), want);
}

TEST(files_of_another_length_are_refused)
{
    struct blob x = NPY("<i4", "(2, 2)", 0, 1, 2, 3);
    x.n -= 1;
    CHECK_STR(npy_read_as(x),
              "a.npy: byte 128: the shape needs 16 bytes, there are 15");
    x.n += 2;
    CHECK_STR(npy_read_as(x),
              "a.npy: byte 128: the shape needs 16 bytes, there are 17");
}

TEST(damaged_beginnings_are_refused)
{
    struct blob x = NPY("<i4", "(2, 1)", 0, 1);
    CHECK_STR(bytes_read_as("a.npy", x.b, 0, NULL),
              "a.npy: byte 0: not a .npy array");
    CHECK_STR(bytes_read_as("a.npy", x.b, 9, NULL),
              "a.npy: byte 0: not a .npy array");
    CHECK_STR(bytes_read_as("a.npy", x.b, 10, NULL),
              "a.npy: byte 10: truncated .npy header");
    CHECK_STR(bytes_read_as("a.npy", x.b, 40, NULL),
              "a.npy: byte 10: truncated .npy header");
    x.b[6] = 2;
    CHECK_STR(bytes_read_as("a.npy", x.b, 11, NULL),
              "a.npy: byte 12: truncated .npy header");
    x.b[6] = 4;
    CHECK_STR(npy_read_as(x), "a.npy: byte 6: .npy version 4");
    x.b[6] = 0;
    CHECK_STR(npy_read_as(x), "a.npy: byte 6: .npy version 0");
    x.b[0] = 'x';
    CHECK_STR(npy_read_as(x), "a.npy: byte 0: not a .npy array");
}

TEST(bad_headers_are_refused_with_what_is_bad)
{
#define GOOD "'descr':'|u1','fortran_order':False,"
    static const struct {
        const char *head, *want;
    } cases[] = {
        {"", "bad .npy header"},
        {"('descr',)", "bad .npy header"},
        {"{'descr':'|u1'", "bad .npy header"},
        {"{'descr' '|u1'}", "bad .npy header"},
        {"{descr:'|u1'}", "bad .npy header"},
        {"{'descr':'|u1' 'shape':(2,0)}", "bad .npy header"},
        {"{}", "the .npy header lacks a field"},
        {"{" GOOD "}", "the .npy header lacks a field"},
        {"{'descr':'|u1','shape':(2,0)}", "the .npy header lacks a field"},
        {"{" GOOD "'shape':[2,0]}", "bad 'shape' in the .npy header"},
        {"{" GOOD "'shape':(2,-1)}", "bad 'shape' in the .npy header"},
        {"{" GOOD "'shape':(2,0x1)}", "bad 'shape' in the .npy header"},
        {"{" GOOD "'shape':(2,", "bad 'shape' in the .npy header"},
        {"{" GOOD "'shape':(1,1,1,1,1,1,1,1,1)}",
         "bad 'shape' in the .npy header"},
        {"{" GOOD "'shape':(2,99999999999999999999)}",
         "bad 'shape' in the .npy header"},
        {"{" GOOD "'shape':(2,0),'shape':(2,0)}",
         "bad 'shape' in the .npy header"},
        {"{'descr':'|u1','fortran_order':0,'shape':(2,0)}",
         "bad 'fortran_order' in the .npy header"},
        {"{" GOOD "'shape':(2,0),'more':1}", "bad 'more' in the .npy header"},
        {"{" GOOD "'shape':(2,4611686018427387904)}",
         "the shape is impossibly large"},
        {"{'descr':'<i8','fortran_order':False,'shape':(2,"
         "1152921504606846976)}",
         "the shape is impossibly large"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char want[128];
        snprintf(want, sizeof(want), "a.npy: byte 10: %s", cases[i].want);
        CHECK_STR(npy_read_as(npy_head(1, cases[i].head)), want);
    }
}

TEST(a_huge_shape_is_refused_before_anything_is_allocated)
{
    CHECK_HAS(npy_read_as(npy_of("|u1", false, "(2, 4000000000000000000)",
                                 NULL, 0)),
              "the shape needs 8000000000000000000 bytes, there are 0");
}

TEST(files_that_cannot_be_opened_are_no_format_errors)
{
    CHECK_STR(load_text_of(scratch_path("none.npy"), NULL),
              "io: none.npy: No such file or directory");
    CHECK_HAS(load_text_of("/dev/null.npy", NULL), "io: /dev/null.npy: ");
}

// ---- features ---------------------------------------------------------------

// "2x2: 1 2 3 4", or the refusal.
static const char *matrix_as(struct blob x)
{
    struct matrix m = {0};
    gnnac_error err = {{0}};
    scratch_write("x.npy", x.b, x.n);
    gnnac_status st = matrix_load(scratch_path("x.npy"), &m, &err);
    scratch_unlink("x.npy");
    if (st != GNNAC_OK)
        return refusal_text(st, &err);
    int n = snprintf(graph_text, GRAPH_TEXT, "%lldx%lld:", (long long)m.rows,
                     (long long)m.cols);
    for (int64_t i = 0; i < m.rows * m.cols; i++)
        n += snprintf(graph_text + n, (size_t)(GRAPH_TEXT - n), " %g",
                      (double)m.data[i]);
    matrix_finish(&m);
    return graph_text;
}

TEST(features_of_every_type_and_order_are_read)
{
    static const char *const types[] = {"<f4", "<f8", "|i1", "<u2", "<i8",
                                        "<u8"};
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        CHECK_STR(matrix_as(NPY(types[i], "(2, 3)", 1, 2, 3, 4, 5, 6)),
                  "2x3: 1 2 3 4 5 6");
        CHECK_STR(matrix_as(NPY_FORTRAN(types[i], "(2, 3)", 1, 4, 2, 5, 3, 6)),
                  "2x3: 1 2 3 4 5 6");
    }
    CHECK_STR(matrix_as(NPY("|b1", "(3,)", 0, 1, 1)), "3x1: 0 1 1");
    CHECK_STR(matrix_as(NPY("<f8", "(1, 2)", -0.5, 1e-3)), "1x2: -0.5 0.001");
    CHECK_STR(matrix_as(npy_of("<f4", true, "(3, 0)", NULL, 0)), "3x0:");
}

TEST(half_floats_are_exact)
{
    static const uint16_t bits[] = {0x0000, 0x3c00, 0xc000, 0x7bff,
                                    0x0001, 0x0400, 0x3555};
    struct blob x = npy_of("<f2", false, "(1, 7)", NULL, 0);
    blob_add(&x, bits, sizeof(bits));
    CHECK_STR(matrix_as(x), "1x7: 0 1 -2 65504 5.96046e-08 6.10352e-05 "
                            "0.333252");
}

TEST(features_that_are_not_finite_floats_are_refused)
{
    static const char want[] = "x.npy: byte 132: the number is not finite or "
                               "too large for a float";
    CHECK_STR(matrix_as(NPY("<f4", "(1, 2)", 0, (double)NAN)), want);
    CHECK_STR(matrix_as(NPY("<f4", "(1, 2)", 0, (double)INFINITY)), want);
    CHECK_STR(matrix_as(NPY("<f8", "(1, 1)", 1e300)),
              "x.npy: byte 128: the number is not finite or too large for a "
              "float");
    struct blob half = npy_of("<f2", false, "(1,)", NULL, 0);
    blob_add(&half, "\x00\x7c", 2);
    CHECK_HAS(matrix_as(half), "the number is not finite");
    CHECK_STR(matrix_as(NPY("|S1", "(2,)", 48, 49)),
              "x.npy: byte 10: expected numbers, not text");
    CHECK_STR(matrix_as(NPY("<f4", "()", 1)),
              "x.npy: byte 10: features are a matrix");
}

int main(void)
{
    scratch_make();
    RUN(ids_of_every_integer_type_are_read);
    RUN(large_ids_of_unsigned_types_are_not_negative);
    RUN(rows_and_pairs_are_read_in_both_orders);
    RUN(two_by_two_is_two_rows);
    RUN(arrays_without_edges_are_graphs_without_nodes);
    RUN(the_node_count_comes_from_the_option_where_given);
    RUN(headers_of_three_versions_are_read);
    RUN(headers_may_be_written_in_many_ways);
    RUN(big_endian_and_other_types_are_refused_by_name);
    RUN(ids_must_be_integers);
    RUN(ids_out_of_range_are_named_with_their_byte);
    RUN(only_two_rows_or_columns_are_edges);
    RUN(files_of_another_length_are_refused);
    RUN(damaged_beginnings_are_refused);
    RUN(bad_headers_are_refused_with_what_is_bad);
    RUN(a_huge_shape_is_refused_before_anything_is_allocated);
    RUN(files_that_cannot_be_opened_are_no_format_errors);
    RUN(features_of_every_type_and_order_are_read);
    RUN(half_floats_are_exact);
    RUN(features_that_are_not_finite_floats_are_refused);
    scratch_remove();
    return test_done();
}
