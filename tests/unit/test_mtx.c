// Matrix Market files: the cases of another project, by hand, and what is
// refused with its line.
#include <ctype.h>
#include <dirent.h>

#include "graph/matrix.h"
#include "graph/mtx.h"
#include "graph_fixture.h"
#include "test.h"

#define BANNER "%%MatrixMarket matrix coordinate "

// ---- graphs -----------------------------------------------------------------

TEST(entries_are_edges_from_row_to_column)
{
    CHECK_STR(read_as("a.mtx", BANNER "pattern general\n% c\n4 4 2\n"
                                      "1 2\n3 1\n"),
              "4: 0>1 2>0");
    CHECK_STR(read_as("a.mtx", BANNER "real general\n2 2 2\n1 2 .5\n2 2 1\n"),
              "2: 0>1*0.5 1>1*1");
    CHECK_STR(read_as("a.mtx", BANNER "integer general\n2 2 1\n1 2 -7\n"),
              "2: 0>1*-7");
    CHECK_STR(read_as("a.mtx", BANNER "complex general\n2 2 1\n1 2 3 4\n"),
              "2: 0>1*3");
}

TEST(symmetry_adds_the_other_triangle_behind_each_entry)
{
    CHECK_STR(read_as("a.mtx", BANNER "pattern symmetric\n3 3 3\n2 1\n3 3\n"
                                      "3 2\n"),
              "3: 1>0 0>1 2>2 2>1 1>2");
    CHECK_STR(read_as("a.mtx", BANNER "real skew-symmetric\n2 2 1\n2 1 4\n"),
              "2: 1>0*4 0>1*-4");
    CHECK_STR(read_as("a.mtx", BANNER "complex hermitian\n2 2 1\n2 1 4 1\n"),
              "2: 1>0*4 0>1*4");
}

TEST(matrices_without_entries_are_read)
{
    CHECK_STR(read_as("a.mtx", BANNER "pattern general\n0 0 0\n"), "0:");
    CHECK_STR(read_as("a.mtx", BANNER "pattern symmetric\n3 3 0"), "3:");
}

TEST(words_of_any_case_blanks_and_old_names_are_read)
{
    CHECK_STR(read_as("a.mtx", " %%matrixmarket  MATRIX\tCoordinate Double "
                               "General\r\n\r\n  % c\r\n 2  2 1 \r\n\r\n"
                               "  1\t2  3e0 \r\n\r\n"),
              "2: 0>1*3");
    CHECK_STR(read_as("a.mtx", "%MatrixMarket matrix coordinate "
                               "unsigned-integer general\n1 1 1\n1 1 2"),
              "1: 0>0*2");
}

TEST(only_square_coordinate_matrices_are_graphs)
{
    CHECK_STR(read_as("a.mtx", BANNER "pattern general\n2 3 0\n"),
              "a.mtx:1: a graph is a square matrix, this is 2 x 3");
    CHECK_STR(read_as("a.mtx", "%%MatrixMarket matrix array real general\n"
                               "1 1\n2\n"),
              "a.mtx:1: a graph is a matrix in coordinate form");
    CHECK_STR(read_as("a.mtx", "%%MatrixMarket vector coordinate pattern "
                               "general\n1 1\n1\n"),
              "a.mtx:1: a graph is a matrix in coordinate form");
}

struct refused {
    const char *text, *want;
};

static void check_cases(const struct refused *cases, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        char want[160];
        snprintf(want, sizeof(want), "a.mtx:%s", cases[i].want);
        CHECK_STR(read_as("a.mtx", cases[i].text), want);
    }
}

TEST(bad_heads_are_named_with_their_line)
{
    static const struct refused cases[] = {
        {"", "1: expected the banner %%MatrixMarket"},
        {"1 1 0\n", "1: expected the banner %%MatrixMarket"},
        {"%%MatrixMarkets matrix coordinate real general\n",
         "1: expected the banner %%MatrixMarket"},
        {"%%MatrixMarket tensor coordinate real general\n",
         "1: the object must be matrix or vector"},
        {"%%MatrixMarket matrix sparse real general\n",
         "1: the format must be coordinate or array"},
        {BANNER "quaternion general\n",
         "1: the field must be real, integer, pattern or complex"},
        {BANNER "real antisymmetric\n",
         "1: the symmetry must be general, symmetric, skew-symmetric or "
         "hermitian"},
        {BANNER "real\n", "1: the symmetry must be general, symmetric, "
                          "skew-symmetric or hermitian"},
        {"%%MatrixMarket matrix array pattern general\n",
         "1: an array has values, so it cannot be a pattern"},
        {"%%MatrixMarket vector array real symmetric\n",
         "1: a vector has no symmetry"},
        {BANNER "real general\n% only this\n",
         "3: the file ends before the size line"},
        {BANNER "real general\n2 2\n", "2: the size line is too short"},
        {BANNER "real general\n2 2 0 0\n", "2: the size line is too long"},
        {BANNER "real general\n-2 2 0\n", "2: a size is negative"},
        {BANNER "real general\n2 2 -1\n", "2: a size is negative"},
        {BANNER "real general\n2 x 0\n", "2: expected a size"},
        {BANNER "real general\n2.0 2 0\n", "2: expected a size"},
        {BANNER "real general\n2 9223372036854775808 0\n",
         "2: a size is too large"},
        {BANNER "real general\n2147483648 2147483648 0\n",
         "2: the matrix is larger than 2^31 - 1"},
        {BANNER "pattern symmetric\n2 3 0\n",
         "2: a symmetric matrix must be square"},
    };
    check_cases(cases, sizeof(cases) / sizeof(cases[0]));
}

TEST(bad_entries_are_named_with_their_line)
{
    static const struct refused cases[] = {
        {BANNER "pattern general\n2 2 2\n1 1\n",
         "2: the size line promises 2 entries, there are 1"},
        {BANNER "pattern general\n2 2 1\n1 1\n\n2 2\n",
         "2: the size line promises 1 entries, there are 2"},
        {BANNER "pattern general\n2 2 1\n0 1\n",
         "3: an index is outside the matrix"},
        {BANNER "pattern general\n2 2 1\n3 1\n",
         "3: an index is outside the matrix"},
        {BANNER "pattern general\n2 2 1\n1 -1\n", "3: an index is negative"},
        {BANNER "pattern general\n2 2 1\n1 9223372036854775808\n",
         "3: an index is too large"},
        {BANNER "pattern general\n2 2 1\n1 1.5\n", "3: expected an index"},
        {BANNER "pattern general\n2 2 1\n1,1\n", "3: expected an index"},
        {BANNER "pattern general\n2 2 1\n1 1 1\n",
         "3: more on the line than expected"},
        {BANNER "real general\n2 2 1\n1 1\n", "3: expected a number"},
        {BANNER "real general\n2 2 1\n1 1 x\n", "3: expected a number"},
        {BANNER "complex general\n2 2 1\n1 1 1\n", "3: expected a number"},
        {BANNER "complex general\n2 2 1\n1 1 1 x\n", "3: expected a number"},
        {BANNER "real general\n2 2 1\n1 1 1e400\n",
         "3: a number is too large"},
        {BANNER "real general\n2 2 1\n% late\n1 1 1\n",
         "3: expected an index"},
    };
    check_cases(cases, sizeof(cases) / sizeof(cases[0]));
}

TEST(the_option_for_nodes_goes_before_the_size)
{
    const struct graph_options nine = {.n_nodes = 9}, one = {.n_nodes = 1};
    static const char text[] = BANNER "pattern general\n4 4 1\n1 2\n";
    CHECK_STR(bytes_read_as("a.mtx", text, strlen(text), &nine), "9: 0>1");
    CHECK_STR(bytes_read_as("a.mtx", text, strlen(text), &one),
              "a.mtx: node id 1 is not below the node count 1");
}

// ---- dense matrices ---------------------------------------------------------

static const char *matrix_text(const struct matrix *m)
{
    int n = snprintf(graph_text, GRAPH_TEXT, "%lldx%lld:", (long long)m->rows,
                     (long long)m->cols);
    for (int64_t i = 0; i < m->rows * m->cols; i++)
        n += snprintf(graph_text + n, (size_t)(GRAPH_TEXT - n), " %g",
                      (double)m->data[i]);
    return graph_text;
}

static const char *matrix_of(const char *text)
{
    struct matrix m = {0};
    gnnac_error err = {{0}};
    scratch_write("a.mtx", text, strlen(text));
    gnnac_status st = matrix_load(scratch_path("a.mtx"), &m, &err);
    scratch_unlink("a.mtx");
    if (st != GNNAC_OK)
        return refusal_text(st, &err);
    matrix_text(&m);
    matrix_finish(&m);
    return graph_text;
}

TEST(arrays_go_down_the_columns)
{
    CHECK_STR(matrix_of("%%MatrixMarket matrix array real general\n2 3\n"
                        "1\n2\n3\n4\n5\n6\n"),
              "2x3: 1 3 5 2 4 6");
    CHECK_STR(matrix_of("%%MatrixMarket matrix array integer symmetric\n2 2\n"
                        "1\n2\n3\n"),
              "2x2: 1 2 2 3");
    CHECK_STR(matrix_of("%%MatrixMarket matrix array real skew-symmetric\n2 2\n"
                        "5\n"),
              "2x2: 0 -5 5 0");
    CHECK_STR(matrix_of("%%MatrixMarket vector array real general\n2\n1\n2\n"),
              "2x1: 1 2");
}

TEST(entries_that_stand_twice_add_up)
{
    CHECK_STR(matrix_of(BANNER "real general\n1 2 3\n1 2 1\n1 2 2\n1 1 5\n"),
              "1x2: 5 3");
}

// No index is inside, however it wraps.
TEST(matrices_without_rows_have_no_entries)
{
    CHECK_STR(matrix_of(BANNER "real general\n0 5 0\n"), "0x5:");
    CHECK_STR(matrix_of(BANNER "pattern general\n0 0 1\n1 1\n"),
              "a.mtx:3: an index is outside the matrix");
    CHECK_STR(matrix_of(BANNER "pattern general\n0 0 1\n"
                               "2147483647 2147483647\n"),
              "a.mtx:3: an index is outside the matrix");
    CHECK_STR(matrix_of(BANNER "pattern general\n5 0 1\n1 2147483647\n"),
              "a.mtx:3: an index is outside the matrix");
}

TEST(arrays_of_another_length_are_refused)
{
    CHECK_STR(matrix_of("%%MatrixMarket matrix array real general\n2 2\n1\n"),
              "a.mtx:2: the size line promises 4 entries, there are 1");
    CHECK_STR(matrix_of("%%MatrixMarket matrix array real general\n"
                        "2147483647 2147483647\n1\n"),
              "a.mtx:2: the size line promises 4611686014132420609 entries, "
              "there are 1");
}

// ---- cases of another project -----------------------------------------------

// One line of expected.csv.
struct expected {
    const char *file, *format, *verdict; // point into the line
    long long rows, cols, entries;
    double sum;
};

static bool parse_expected(char *line, struct expected *e)
{
    char *cell[7] = {line};
    line[strcspn(line, "\r\n")] = '\0';
    for (int i = 1; i < 7; i++) {
        if (!(cell[i] = strchr(cell[i - 1], ',')))
            return false;
        *cell[i]++ = '\0';
    }
    e->file = cell[0];
    e->format = cell[1];
    e->verdict = cell[6];
    e->rows = atoll(cell[2]);
    e->cols = atoll(cell[3]);
    e->entries = atoll(cell[4]);
    e->sum = atof(cell[5] + (cell[5][0] == '(')); // (204+0j)
    return true;
}

static void check_expected(const struct expected *e)
{
    char name[600];
    struct mtx m;
    struct matrix dense;
    gnnac_error err = {{0}};
    double sum = 0;
    snprintf(name, sizeof(name), "mtx_cases/%s", e->file);
    const char *path = shared_graph(name);
    if (!path || mtx_read(path, NULL, &m, &err) != GNNAC_OK) {
        TEST__FAIL("%s: %s", e->file, err.msg);
        return;
    }
    CHECK_INT(matrix_load(path, &dense, NULL), GNNAC_OK);
    for (int64_t i = 0; i < dense.rows * dense.cols; i++)
        sum += (double)dense.data[i];
    if (strcmp(e->verdict, "ok") == 0) {
        CHECK_INT(m.rows, e->rows);
        CHECK_INT(m.cols, e->cols);
        CHECK_INT(m.array, strcmp(e->format, "array") == 0);
        CHECK_INT(m.array ? m.rows * m.cols : mtx_expanded(&m), e->entries);
        CHECK_NEAR(sum, e->sum, 1e-6);
    }
    matrix_finish(&dense);
    mtx_finish(&m);
}

TEST(files_that_scipy_reads_give_the_same_matrix)
{
    const char *path = shared_graph("mtx_cases/expected.csv");
    char line[512];
    struct expected e;
    int n = 0;
    FILE *f = path ? fopen(path, "r") : NULL;
    if (!f || !fgets(line, sizeof(line), f))
        SKIP("no mtx_cases: set GNNAC_TEST_GRAPHS to the folder of graphs");
    for (; fgets(line, sizeof(line), f); n++)
        if (parse_expected(line, &e))
            check_expected(&e);
        else
            TEST__FAIL("expected.csv: %s", line);
    fclose(f);
    CHECK(n > 50);
    printf("# %d files\n", n);
}

// The dense form of a file of mtx_cases/symmetry; owned.
static char *dense_of(const char *stem, const char *suffix)
{
    char name[200];
    struct matrix m = {0};
    gnnac_error err = {{0}};
    snprintf(name, sizeof(name), "mtx_cases/symmetry/%s%s.mtx", stem, suffix);
    const char *path = shared_graph(name);
    if (!path || matrix_load(path, &m, &err) != GNNAC_OK)
        TEST__FAIL("%s: %s", name, err.msg);
    char *text = strdup(matrix_text(&m));
    matrix_finish(&m);
    return text;
}

TEST(symmetric_files_equal_their_expanded_twins)
{
    static const char *const stems[] = {
        "array_hermitian",
        "array_skew-symmetric",
        "array_symmetric",
        "coordinate_hermitian_real_row",
        "coordinate_hermitian_row",
        "coordinate_pattern_symmetric_row",
        "coordinate_skew_symmetric_row",
        "coordinate_symmetric_row",
    };
    if (!shared_graph("mtx_cases/symmetry"))
        SKIP("no mtx_cases: set GNNAC_TEST_GRAPHS to the folder of graphs");
    for (size_t i = 0; i < sizeof(stems) / sizeof(stems[0]); i++) {
        char *half = dense_of(stems[i], ""), *all = dense_of(stems[i],
                                                             "_general");
        CHECK_STR(half, all);
        free(half);
        free(all);
    }
}

// "FILE:LINE: what", and nothing else.
static void check_refused(const char *path)
{
    struct matrix m;
    gnnac_error err = {{0}};
    size_t n = strlen(path);
    if (matrix_load(path, &m, &err) == GNNAC_OK) {
        TEST__FAIL("%s is read", path);
        matrix_finish(&m);
        return;
    }
    CHECK_INT(strncmp(err.msg, path, n), 0);
    CHECK(err.msg[n] == ':' && isdigit((unsigned char)err.msg[n + 1]));
    CHECK(!strchr(err.msg, '\n'));
}

TEST(files_made_to_be_invalid_are_refused_with_their_line)
{
    const char *folder = shared_graph("mtx_cases/invalid");
    char path[1400];
    int n = 0;
    DIR *d = folder ? opendir(folder) : NULL;
    if (!d)
        SKIP("no mtx_cases: set GNNAC_TEST_GRAPHS to the folder of graphs");
    for (struct dirent *e; (e = readdir(d));)
        if (strstr(e->d_name, ".mtx")) {
            snprintf(path, sizeof(path), "%s/%s", folder, e->d_name);
            check_refused(path);
            n++;
        }
    closedir(d);
    CHECK(n > 25);
    printf("# %d files\n", n);
}

// Values are floats here: what only overflows an integer is read.
TEST(numbers_that_overflow_are_refused)
{
    static const struct {
        const char *name;
        bool readable;
    } cases[] = {
        {"dim_gt_int64", false},        {"index_gt_int64", false},
        {"index_gt_int8", true},        {"value_gt_complex128", false},
        {"value_gt_float128", false},   {"value_gt_float64", false},
        {"value_gt_int32", true},       {"value_gt_int64", true},
    };
    if (!shared_graph("mtx_cases/overflow"))
        SKIP("no mtx_cases: set GNNAC_TEST_GRAPHS to the folder of graphs");
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char name[128];
        struct matrix m;
        snprintf(name, sizeof(name), "mtx_cases/overflow/overflow_%s.mtx",
                 cases[i].name);
        const char *path = shared_graph(name);
        CHECK(path != NULL);
        if (path && !cases[i].readable)
            check_refused(path);
        else if (path && matrix_load(path, &m, NULL) == GNNAC_OK)
            matrix_finish(&m);
        else
            TEST__FAIL("%s is refused", cases[i].name);
    }
}

int main(void)
{
    scratch_make();
    RUN(entries_are_edges_from_row_to_column);
    RUN(symmetry_adds_the_other_triangle_behind_each_entry);
    RUN(matrices_without_entries_are_read);
    RUN(words_of_any_case_blanks_and_old_names_are_read);
    RUN(only_square_coordinate_matrices_are_graphs);
    RUN(bad_heads_are_named_with_their_line);
    RUN(bad_entries_are_named_with_their_line);
    RUN(the_option_for_nodes_goes_before_the_size);
    RUN(arrays_go_down_the_columns);
    RUN(entries_that_stand_twice_add_up);
    RUN(matrices_without_rows_have_no_entries);
    RUN(arrays_of_another_length_are_refused);
    RUN(files_that_scipy_reads_give_the_same_matrix);
    RUN(symmetric_files_equal_their_expanded_twins);
    RUN(files_made_to_be_invalid_are_refused_with_their_line);
    RUN(numbers_that_overflow_are_refused);
    scratch_remove();
    return test_done();
}
