// .npz archives: every layout, the order of precedence, damage and bombs.
#include "graph/dataset.h"
#include "npy_fixture.h"
#include "test.h"

#define LIST(...) NPY("<i4", length_of(COUNT(__VA_ARGS__)), __VA_ARGS__)
#define SCALAR(v) NPY("<i8", "()", v)

static const char *length_of(size_t n)
{
    static char shapes[4][16];
    static int next;
    char *s = shapes[next++ % 4];
    snprintf(s, sizeof(shapes[0]), "(%d,)", (int)n);
    return s;
}

// A 0-d array of bytes or, as Python's own text, of code points.
static struct blob text_of(const char *text, bool unicode)
{
    char descr[16];
    snprintf(descr, sizeof(descr), unicode ? "<U%d" : "|S%d",
             (int)strlen(text));
    struct blob x = npy_of(descr, false, "()", NULL, 0);
    for (const char *p = text; *p; p++)
        blob_add(&x, (unsigned char[]){(unsigned char)*p, 0, 0, 0},
                 unicode ? 4 : 1);
    return x;
}

// ---- layouts ----------------------------------------------------------------

TEST(two_lists_and_a_node_count_are_gnnadvisors_form)
{
    CHECK_STR(NPZ({"src_li.npy", LIST(2, 0)}, {"dst_li.npy", LIST(1, 3)},
                  {"num_nodes.npy", SCALAR(6)}),
              "6: 2>1 0>3");
    CHECK_STR(NPZ({"dst_li.npy", NPY("<i8", "(2,)", 1, 3)},
                  {"src_li.npy", NPY("<u2", "(2,)", 2, 0)}),
              "4: 2>1 0>3");
    CHECK_STR(NPZ({"src_li.npy", LIST(2, 0)}, {"dst_li.npy", LIST(1, 3)},
                  {"edge_weight.npy", NPY("<f4", "(2,)", 1, 0.25)}),
              "4: 2>1*1 0>3*0.25");
}

#define SCIPY(format, unicode, cols)                                           \
    {"indptr.npy", LIST(0, 2, 2, 3)}, {"indices.npy", LIST(1, 2, 0)},          \
        {"data.npy", NPY("<f8", "(3,)", 1, 2, 3)},                             \
        {"shape.npy", NPY("<i8", "(2,)", 3, cols)},                            \
    {                                                                          \
        "format.npy", text_of(format, unicode)                                 \
    }

TEST(scipy_rows_are_sources)
{
    static const char want[] = "3: 0>1*1 0>2*2 2>0*3";
    CHECK_STR(NPZ(SCIPY("csr", false, 3)), want);
    CHECK_STR(NPZ(SCIPY("csr", true, 3)), want);
    CHECK_STR(NPZ({"indptr.npy", LIST(0, 2, 2, 3)},
                  {"indices.npy", LIST(1, 2, 0)}),
              "3: 0>1 0>2 2>0");
}

TEST(scipy_columns_are_destinations)
{
    CHECK_STR(NPZ(SCIPY("csc", false, 3)),
              "3: 1>0*1 2>0*2 0>2*3");
}

TEST(other_scipy_formats_are_refused_by_name)
{
    CHECK_STR(NPZ(SCIPY("bsr", false, 3)),
              "a.npz: byte 0: SciPy format 'bsr' is not read (csr, csc and coo "
              "are)");
    CHECK_STR(NPZ({"data.npy", LIST(1)}, {"offsets.npy", LIST(0)},
                  {"format.npy", text_of("dia", false)}),
              "a.npz: byte 0: no graph in it: expected src_li and dst_li, "
              "indptr and indices, row and col, or edge_index");
}

TEST(scipy_coordinates_are_read)
{
    CHECK_STR(NPZ({"row.npy", LIST(2, 0)}, {"col.npy", LIST(1, 2)},
                  {"data.npy", NPY("<f4", "(2,)", 1, 1)},
                  {"shape.npy", LIST(5, 5)},
                  {"format.npy", text_of("coo", true)}),
              "5: 2>1 0>2");
}

TEST(attributed_graphs_are_read)
{
    CHECK_STR(NPZ({"adj_indptr.npy", LIST(0, 1, 1)},
                  {"adj_indices.npy", LIST(1)},
                  {"adj_shape.npy", LIST(2, 2)},
                  {"adj_data.npy", NPY("<f4", "(1,)", 3)},
                  {"labels.npy", NPY("|O", "(1,)", 0)}),
              "2: 0>1*3");
}

TEST(row_pointers_and_columns_are_read)
{
    CHECK_STR(NPZ({"row_pointers.npy", LIST(0, 1, 1, 2)},
                  {"column_index.npy", LIST(2, 1)},
                  {"num_nodes.npy", SCALAR(3)}),
              "3: 0>2 2>1");
}

TEST(edge_index_is_two_rows_or_pairs)
{
    CHECK_STR(NPZ({"edge_index.npy", NPY("<i8", "(2, 3)", 0, 1, 2, 3, 4, 5)},
                  {"num_nodes.npy", SCALAR(8)}),
              "8: 0>3 1>4 2>5");
    CHECK_STR(NPZ({"edge_index.npy", NPY("<i8", "(3, 2)", 0, 3, 1, 4, 2, 5)}),
              "6: 0>3 1>4 2>5");
    CHECK_STR(NPZ({"edge_index.npy", NPY("<i8", "(2, 1)", 0, 1)},
                  {"edge_weight.npy", NPY("<i8", "(1,)", 7)}),
              "2: 0>1*7");
}

TEST(the_first_layout_that_matches_is_taken)
{
    CHECK_STR(NPZ({"edge_index.npy", NPY("<i8", "(2, 1)", 5, 5)},
                  {"row.npy", LIST(4)}, {"col.npy", LIST(4)},
                  {"src_li.npy", LIST(0)}, {"dst_li.npy", LIST(1)}),
              "2: 0>1");
    CHECK_STR(NPZ({"edge_index.npy", NPY("<i8", "(2, 1)", 0, 1)},
                  {"src_li.npy", LIST(5)}), // without the other list
              "2: 0>1");
}

TEST(members_may_be_stored_and_lack_the_suffix)
{
    const struct npz_part parts[] = {{"src_li", LIST(2, 0)},
                                     {"dst_li", LIST(1, 3)}};
    scratch_npz("a.npz", parts, 2, ZIP_CM_STORE);
    CHECK_STR(load_text_of(scratch_path("a.npz"), NULL), "4: 2>1 0>3");
    scratch_unlink("a.npz");
}

TEST(graphs_without_edges_are_read)
{
    CHECK_STR(NPZ({"src_li.npy", npy_of("<i4", false, "(0,)", NULL, 0)},
                  {"dst_li.npy", npy_of("<i4", false, "(0,)", NULL, 0)},
                  {"num_nodes.npy", SCALAR(3)}),
              "3:");
    CHECK_STR(NPZ({"indptr.npy", LIST(0)},
                  {"indices.npy", npy_of("<i4", false, "(0,)", NULL, 0)}),
              "0:");
}

TEST(the_option_for_nodes_goes_before_the_file)
{
    const struct graph_options nine = {.n_nodes = 9};
    const struct npz_part lists[] = {{"src_li.npy", LIST(2, 0)},
                                     {"dst_li.npy", LIST(1, 3)},
                                     {"num_nodes.npy", SCALAR(6)}};
    const struct npz_part rows[] = {{"indptr.npy", LIST(0, 1)},
                                    {"indices.npy", LIST(0)}};
    CHECK_STR(npz_read_as(lists, 3, &nine), "9: 2>1 0>3");
    CHECK_STR(npz_read_as(rows, 2, &nine), "9: 0>0");
}

// ---- what does not fit together ---------------------------------------------

TEST(lists_that_do_not_fit_are_refused)
{
    static const char lists[] =
        "a.npz:src_li: byte 10: sources and destinations must be two lists of "
        "one length";
    CHECK_STR(NPZ({"src_li.npy", LIST(2, 0)}, {"dst_li.npy", LIST(1)}), lists);
    CHECK_STR(NPZ({"src_li.npy", NPY("<i4", "(1, 2)", 0, 1)},
                  {"dst_li.npy", NPY("<i4", "(1, 2)", 0, 1)}),
              lists);
    CHECK_STR(NPZ({"src_li.npy", LIST(2, 0)}, {"dst_li.npy", LIST(1, 6)},
                  {"num_nodes.npy", SCALAR(6)}),
              "a.npz:dst_li: byte 132: node id 6 is not below the node count "
              "6");
    CHECK_STR(NPZ({"edge_index.npy", LIST(0, 1)}),
              "a.npz:edge_index: byte 10: an edge array has the shape [2, E] "
              "or [E, 2]");
}

TEST(rows_that_do_not_fit_are_refused)
{
#define ROWS(pointers, ...)                                                    \
    NPZ({"indptr.npy", pointers}, {"indices.npy", LIST(__VA_ARGS__)})
    CHECK_STR(ROWS(LIST(0, 2, 1, 2), 0, 1),
              "a.npz:indptr: byte 136: row pointer 1 is out of order");
    CHECK_STR(ROWS(LIST(1, 2), 0, 1),
              "a.npz:indptr: byte 128: row pointer 1 is out of order");
    CHECK_STR(ROWS(LIST(0, -1), 0, 1),
              "a.npz:indptr: byte 132: row pointer -1 is out of order");
    CHECK_STR(ROWS(LIST(0, 3), 0, 1),
              "a.npz:indptr: byte 132: row pointer 3 is out of order");
    CHECK_STR(ROWS(LIST(0, 1), 0, 0),
              "a.npz:indptr: byte 10: row pointers end at 1, there are 2 "
              "indices");
    CHECK_STR(ROWS(npy_of("<i4", false, "(0,)", NULL, 0), 0),
              "a.npz:indptr: byte 10: row pointers must be one-dimensional and "
              "not empty");
    CHECK_STR(ROWS(LIST(0, 1), 1),
              "a.npz:indices: byte 128: node id 1 is not below the node count "
              "1");
    CHECK_STR(ROWS(NPY("<f4", "(2,)", 0, 1), 0),
              "a.npz:indptr: byte 10: expected integers");
}

TEST(shapes_that_are_no_graph_are_refused)
{
    CHECK_STR(NPZ(SCIPY("csr", false, 4)),
              "a.npz:shape: byte 128: a graph is a square matrix, this is 3 x "
              "4");
#define SIZED(size)                                                            \
    NPZ({"src_li.npy", LIST(0)}, {"dst_li.npy", LIST(0)},                      \
        {"num_nodes.npy", size})
    CHECK_STR(SIZED(SCALAR(-1)), "a.npz:num_nodes: byte 128: node count -1");
    CHECK_STR(SIZED(SCALAR(0)), "a.npz:src_li: byte 128: node id 0 is not "
                                "below the node count 0");
    CHECK_STR(SIZED(LIST(1, 2, 3)),
              "a.npz:num_nodes: byte 10: expected a node count or a shape");
    CHECK_STR(SIZED(NPY("<f8", "()", 1)),
              "a.npz:num_nodes: byte 10: expected integers");
    CHECK_STR(SIZED(SCALAR(3e9)), "unsupported: a.npz: 3000000000 nodes; at "
                                  "most 2^31 - 1 are supported");
    CHECK_STR(NPZ({"row_pointers.npy", LIST(0, 1)},
                  {"column_index.npy", LIST(0)}, {"num_nodes.npy", SCALAR(2)}),
              "a.npz:row_pointers: byte 10: row pointers of 1 rows, but 2 "
              "nodes");
}

TEST(weights_must_be_finite_numbers_of_all_edges)
{
#define WEIGHTED(w)                                                            \
    NPZ({"src_li.npy", LIST(0, 1)}, {"dst_li.npy", LIST(0, 1)},                \
        {"edge_weight.npy", w})
    CHECK_STR(WEIGHTED(LIST(2)),
              "a.npz:edge_weight: byte 10: 1 weights for 2 edges");
    CHECK_STR(WEIGHTED(NPY("<f8", "(2,)", 0, 1e300)),
              "a.npz:edge_weight: byte 136: the number is not finite or too "
              "large for a float");
    CHECK_STR(WEIGHTED(NPY("|S1", "(2,)", 48, 48)),
              "a.npz:edge_weight: byte 10: expected numbers, not text");
    CHECK_STR(WEIGHTED(NPY("|b1", "(2,)", 0, 1)), "2: 0>0*0 1>1*1");
}

// ---- damage -----------------------------------------------------------------

TEST(archives_without_a_graph_are_refused)
{
    CHECK_STR(NPZ({"src_li.npy", LIST(0)}),
              "a.npz: byte 0: no graph in it: expected src_li and dst_li, "
              "indptr and indices, row and col, or edge_index");
    CHECK_HAS(read_as("a.npz", "PK not really"),
              "a.npz: byte 0: not a .npz archive: ");
    CHECK_HAS(load_text_of(scratch_path("none.npz"), NULL), "io: none.npz: ");
}

TEST(members_of_another_length_are_refused)
{
    struct blob shorter = LIST(0, 1), longer = LIST(0, 1);
    shorter.n -= 1;
    longer.n += 1;
    CHECK_STR(NPZ({"src_li.npy", shorter}, {"dst_li.npy", LIST(0, 1)}),
              "a.npz:src_li: byte 128: the shape needs 8 bytes, the member has "
              "135 with its header");
    CHECK_STR(NPZ({"src_li.npy", longer}, {"dst_li.npy", LIST(0, 1)}),
              "a.npz:src_li: byte 128: the shape needs 8 bytes, the member has "
              "137 with its header");
}

TEST(members_that_are_no_arrays_are_refused)
{
    struct blob x = LIST(0), no_magic = x, cut = x, head = x;
    no_magic.b[0] = 'x';
    cut.n = 5;
    head.n = 60;
    CHECK_STR(NPZ({"src_li.npy", no_magic}, {"dst_li.npy", x}),
              "a.npz:src_li: byte 0: not a .npy array");
    CHECK_STR(NPZ({"src_li.npy", cut}, {"dst_li.npy", x}),
              "a.npz:src_li: byte 0: truncated");
    CHECK_STR(NPZ({"src_li.npy", head}, {"dst_li.npy", x}),
              "a.npz:src_li: byte 10: truncated .npy header");
}

TEST(flipped_bytes_are_found_by_the_checksum)
{
    const struct npz_part parts[] = {{"src_li.npy", LIST(2, 0)},
                                     {"dst_li.npy", LIST(1, 3)}};
    char file[4096];
    scratch_npz("a.npz", parts, 2, ZIP_CM_STORE);
    FILE *f = fopen(scratch_path("a.npz"), "rb");
    size_t n = fread(file, 1, sizeof(file), f);
    fclose(f);
    scratch_unlink("a.npz");
    // A stored member lies in the file as it is: change its first element.
    char *at = memmem(file, n, "\x93NUMPY", 6);
    at[128] ^= 1;
    CHECK_HAS(bytes_read_as("a.npz", file, n, NULL),
              "a.npz:src_li: byte 128: damaged member: ");
    CHECK_HAS(bytes_read_as("a.npz", file, n / 2, NULL),
              "a.npz: byte 0: not a .npz archive: ");
}

TEST(compression_that_numpy_does_not_use_is_refused)
{
    const struct npz_part parts[] = {{"src_li.npy", LIST(2, 0)},
                                     {"dst_li.npy", LIST(1, 3)}};
    if (!zip_compression_method_supported(ZIP_CM_BZIP2, 1))
        SKIP("libzip was built without bzip2");
    scratch_npz("a.npz", parts, 2, ZIP_CM_BZIP2);
    CHECK_STR(load_text_of(scratch_path("a.npz"), NULL),
              "a.npz:src_li: byte 0: packed by method 12 (NumPy stores or "
              "deflates)");
    scratch_unlink("a.npz");
}

// ---- features ---------------------------------------------------------------

static const char *features(const struct npz_part *parts, size_t n)
{
    struct dataset d = {0};
    gnnac_error err = {{0}};
    scratch_npz("x.npz", parts, n, ZIP_CM_DEFLATE);
    gnnac_status st = dataset_load_features(scratch_path("x.npz"), &d, &err);
    scratch_unlink("x.npz");
    if (st != GNNAC_OK)
        return refusal_text(st, &err);
    int at = snprintf(graph_text, GRAPH_TEXT, "%lldx%d:",
                      (long long)d.n_nodes, (int)d.dim);
    int64_t n_values =
        d.dense ? d.n_nodes * d.dim : d.rowptr[d.n_nodes];
    for (int64_t i = 0; i < n_values; i++)
        at += d.dense ? snprintf(graph_text + at, (size_t)(GRAPH_TEXT - at),
                                 " %g", (double)d.dense[i])
                      : snprintf(graph_text + at, (size_t)(GRAPH_TEXT - at),
                                 " %d:%g", (int)d.colidx[i],
                                 (double)d.values[i]);
    dataset_finish(&d);
    return graph_text;
}

#define FEATURES(...)                                                          \
    features((struct npz_part[]){__VA_ARGS__},                                 \
             sizeof((struct npz_part[]){__VA_ARGS__}) /                        \
                 sizeof(struct npz_part))
#define SPARSE(pointers, indices, shape)                                       \
    FEATURES({"x_indptr.npy", pointers}, {"x_indices.npy", indices},           \
             {"x_data.npy", NPY("<f4", "(3,)", 1, 2, 3)},                      \
             {"x_shape.npy", shape})

TEST(features_are_dense_or_sparse)
{
    CHECK_STR(FEATURES({"x.npy", NPY("<f8", "(1, 2)", 0.5, 2)}), "1x2: 0.5 2");
    CHECK_STR(FEATURES({"features.npy", NPY("|u1", "(2,)", 3, 4)}),
              "2x1: 3 4");
    CHECK_STR(SPARSE(LIST(0, 1, 3), LIST(1, 0, 2), LIST(2, 3)),
              "2x3: 1:1 0:2 2:3");
    CHECK_STR(SPARSE(LIST(0, 3), LIST(1, 1, 0), LIST(1, 2)),
              "1x2: 1:1 1:2 0:3");
}

TEST(sparse_features_that_do_not_fit_are_refused)
{
    CHECK_STR(SPARSE(LIST(0, 3), LIST(0, 1, 2), LIST(1, 2)),
              "x.npz:x_indices: byte 10: column 2 is outside the matrix");
    CHECK_STR(SPARSE(LIST(0, 3), LIST(0, 1, -1), LIST(1, 2)),
              "x.npz:x_indices: byte 10: column -1 is outside the matrix");
    CHECK_STR(SPARSE(LIST(0, 4), LIST(0, 1, 1), LIST(1, 2)),
              "x.npz:x_indptr: byte 10: row pointer 4 is out of order");
    CHECK_STR(SPARSE(LIST(0, 3), LIST(0, 1, 1), LIST(2, 2)),
              "x.npz:x_shape: byte 10: sparse features do not fit their shape");
    CHECK_STR(SPARSE(LIST(0, 2), LIST(0, 1), LIST(1, 2)),
              "x.npz:x_shape: byte 10: sparse features do not fit their shape");
    CHECK_STR(SPARSE(LIST(0, 3), LIST(0, 1, 1), LIST(1)),
              "x.npz:x_shape: byte 10: expected two sizes");
    CHECK_STR(FEATURES({"x_indptr.npy", LIST(0)}),
              "x.npz: byte 0: no array 'x_indices'");
    CHECK_STR(FEATURES({"y.npy", LIST(0)}),
              "x.npz: byte 0: no features in it (x, features or x_indptr)");
}

int main(void)
{
    scratch_make();
    RUN(two_lists_and_a_node_count_are_gnnadvisors_form);
    RUN(scipy_rows_are_sources);
    RUN(scipy_columns_are_destinations);
    RUN(other_scipy_formats_are_refused_by_name);
    RUN(scipy_coordinates_are_read);
    RUN(attributed_graphs_are_read);
    RUN(row_pointers_and_columns_are_read);
    RUN(edge_index_is_two_rows_or_pairs);
    RUN(the_first_layout_that_matches_is_taken);
    RUN(members_may_be_stored_and_lack_the_suffix);
    RUN(graphs_without_edges_are_read);
    RUN(the_option_for_nodes_goes_before_the_file);
    RUN(lists_that_do_not_fit_are_refused);
    RUN(rows_that_do_not_fit_are_refused);
    RUN(shapes_that_are_no_graph_are_refused);
    RUN(weights_must_be_finite_numbers_of_all_edges);
    RUN(archives_without_a_graph_are_refused);
    RUN(members_of_another_length_are_refused);
    RUN(members_that_are_no_arrays_are_refused);
    RUN(flipped_bytes_are_found_by_the_checksum);
    RUN(compression_that_numpy_does_not_use_is_refused);
    RUN(features_are_dense_or_sparse);
    RUN(sparse_features_that_do_not_fit_are_refused);
    scratch_remove();
    return test_done();
}
