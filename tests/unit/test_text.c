// Edge lists as text: separators, comments, damage, and gzip.
#include <sys/stat.h>
#include <zlib.h>

#include "graph/text.h"
#include "graph_fixture.h"
#include "test.h"

// ---- what is read -----------------------------------------------------------

TEST(blanks_tabs_commas_and_semicolons_separate)
{
    CHECK_STR(read_as("a.txt", "0 1\n1\t2\n2,3\n3;4\n4 ,\t; 5\n"),
              "6: 0>1 1>2 2>3 3>4 4>5");
    CHECK_STR(read_as("a.txt", "  0 \t 1  \n\t1 0\t\n"), "2: 0>1 1>0");
}

TEST(every_text_suffix_is_read_the_same)
{
    static const char *const names[] = {"a.txt", "a.tsv", "a.csv", "a.el",
                                        "a.edges", "A.TXT", "a.b.Csv"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        CHECK_STR(read_as(names[i], "0 1\n1,2\n"), "3: 0>1 1>2");
}

TEST(comments_and_empty_lines_are_skipped)
{
    CHECK_STR(read_as("a.txt", "# one\n% two\n\n   \n  # three\n0 1\n#0 2\n"),
              "2: 0>1");
    CHECK_STR(read_as("a.txt", "# nothing else"), "0:");
    CHECK_STR(read_as("a.txt", ""), "0:");
    CHECK_STR(read_as("a.txt", "\n\n"), "0:");
}

TEST(lines_may_end_in_any_way)
{
    CHECK_STR(read_as("a.txt", "0 1\r\n1 2\r\n"), "3: 0>1 1>2");
    CHECK_STR(read_as("a.txt", "0 1\n\r\n1 2"), "3: 0>1 1>2");
}

TEST(a_byte_order_mark_is_skipped)
{
    CHECK_STR(read_as("a.txt", "\xef\xbb\xbf" "0 1\n"), "2: 0>1");
    CHECK_STR(read_as("a.txt", "\xef\xbb\xbf# c\n0 1\n"), "2: 0>1");
    CHECK_STR(read_as("a.txt", "0 1\n\xef\xbb\xbf" "1 2\n"),
              "a.txt:2: expected a node id");
}

TEST(a_third_column_is_the_weight)
{
    CHECK_STR(read_as("a.txt", "0 1\n1 2 0.5\n2 0 -1e2\n"),
              "3: 0>1*1 1>2*0.5 2>0*-100");
    CHECK_STR(read_as("a.csv", "0,1,+.25\n1,0,3.\n"), "2: 0>1*0.25 1>0*3");
}

TEST(weights_that_are_all_one_are_none)
{
    CHECK_STR(read_as("a.txt", "0 1 1\n1 2 1.0\n2 0 1e0\n"),
              "3: 0>1 1>2 2>0");
}

TEST(weights_round_to_the_nearest_float)
{
    CHECK_STR(read_as("a.txt", "0 1 0.1\n0 1 16777217\n0 1 1e-46\n"),
              "2: 0>1*0.1 0>1*1.67772e+07 0>1*0");
    CHECK_STR(read_as("a.txt", "0 1 3.4028234e38\n"), "2: 0>1*3.40282e+38");
    CHECK_STR(read_as("a.txt", "0 1 123456789012345678901234567890\n"),
              "2: 0>1*1.23457e+29");
}

TEST(the_first_comment_may_tell_the_node_count)
{
    const struct graph_options nine = {.n_nodes = 9};
    static const char text[] = "# gnnac nodes 5\n0 1\n";
    CHECK_STR(read_as("a.txt", text), "5: 0>1");
    CHECK_STR(bytes_read_as("a.txt", text, strlen(text), &nine), "9: 0>1");
    CHECK_STR(read_as("a.txt", "# gnnac nodes 0\n"), "0:");
    CHECK_STR(read_as("a.txt", "# gnnac nodes 1\n0 1\n"),
              "a.txt: node id 1 is not below the node count 1");
    CHECK_STR(read_as("a.txt", "0 1\n# gnnac nodes 5\n"), "2: 0>1");
    CHECK_STR(read_as("a.txt", "# gnnac nodes of a graph\n0 1\n"), "2: 0>1");
    CHECK_STR(read_as("a.txt", "# gnnac nodes 99999999999999999999\n0 1\n"),
              "unsupported: a.txt: 9999999999 nodes; at most 2^31 - 1 are "
              "supported");
}

// ---- what is refused --------------------------------------------------------

TEST(bad_lines_are_named_with_their_number)
{
    static const struct {
        const char *text, *want;
    } cases[] = {
        {"0 1\nx 2\n", "a.txt:2: expected a node id"},
        {"0 1\n\n# c\n1\n", "a.txt:4: expected a node id"},
        {"0 1.5\n", "a.txt:1: expected a node id"},
        {"0 1e3\n", "a.txt:1: expected a node id"},
        {"0 0x1\n", "a.txt:1: expected a node id"},
        {"+0 1\n", "a.txt:1: expected a node id"},
        {"0 - 1\n", "a.txt:1: expected a node id"},
        {"0|1\n", "a.txt:1: expected a node id"},
        {",0,1\n", "a.txt:1: expected a node id"},
        {"-1 0\n", "a.txt:1: a node id is negative"},
        {"0 -9223372036854775808\n", "a.txt:1: a node id is negative"},
        {"0 2147483647\n", "a.txt:1: a node id is too large"},
        {"0 4294967296\n", "a.txt:1: a node id is too large"},
        {"9223372036854775807 0\n", "a.txt:1: a node id is too large"},
        {"9223372036854775808 0\n", "a.txt:1: a node id is too large"},
        {"18446744073709551616 0\n", "a.txt:1: a node id is too large"},
        {"99999999999999999999999 0\n", "a.txt:1: a node id is too large"},
        {"0 1 x\n", "a.txt:1: expected a number"},
        {"0 1 nan\n", "a.txt:1: expected a number"},
        {"0 1 inf\n", "a.txt:1: expected a number"},
        {"0 1 0x1p3\n", "a.txt:1: expected a number"},
        {"0 1 1e\n", "a.txt:1: expected a number"},
        {"0 1 1e5x\n", "a.txt:1: expected a number"},
        {"0 1 --1\n", "a.txt:1: expected a number"},
        {"0 1 .\n", "a.txt:1: expected a number"},
        {"0 1 1e39\n", "a.txt:1: a number is too large"},
        {"0 1 -1e999\n", "a.txt:1: a number is too large"},
        {"0 1 2 3\n", "a.txt:1: more on the line than expected"},
        {"0 1 # c\n", "a.txt:1: expected a number"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        CHECK_STR(read_as("a.txt", cases[i].text), cases[i].want);
}

TEST(ids_just_below_the_limit_are_read)
{
    CHECK_STR(read_as("a.txt", "0 2147483646\n"), "2147483647: 0>2147483646");
    CHECK_STR(read_as("a.txt", "00 007\n"), "8: 0>7");
}

TEST(nul_bytes_are_no_text)
{
    static const char nul_id[] = "0 1\n1 \0 2\n";
    static const char nul_end[] = "0 1\0\n";
    static const char nul_weight[] = "0 1 2\0\n";
    static const char nul_line[] = "0 1\n\0\n";
    CHECK_STR(bytes_read_as("a.txt", nul_id, sizeof(nul_id) - 1, NULL),
              "a.txt:2: expected a node id");
    CHECK_STR(bytes_read_as("a.txt", nul_end, sizeof(nul_end) - 1, NULL),
              "a.txt:1: expected a node id");
    CHECK_STR(bytes_read_as("a.txt", nul_weight, sizeof(nul_weight) - 1, NULL),
              "a.txt:1: expected a number");
    CHECK_STR(bytes_read_as("a.txt", nul_line, sizeof(nul_line) - 1, NULL),
              "a.txt:2: expected a node id");
}

TEST(unknown_suffixes_are_refused)
{
    static const char want[] =
        ": the suffix names no graph form (.npy .npz .mtx .txt .tsv .csv .el "
        ".edges; text also with .gz)";
    static const char *const names[] = {"a.graph", "txt", "a.txt.bz2", "a.gz",
                                        "a.npz.gz", "a.npy.gz"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const char *got = read_as(names[i], "0 1\n");
        CHECK_INT(strncmp(got, names[i], strlen(names[i])), 0);
        CHECK_STR(got + strlen(names[i]), want);
    }
}

TEST(folders_and_missing_files_are_no_format_errors)
{
    CHECK_STR(load_text_of(scratch_path("none.txt"), NULL),
              "io: none.txt: No such file or directory");
    if (mkdir(scratch_path("folder.txt"), 0700) != 0)
        SKIP("cannot make a folder");
    CHECK_STR(load_text_of(scratch_path("folder.txt"), NULL),
              "io: folder.txt: not a regular file");
    rmdir(scratch_path("folder.txt"));
}

// ---- files that several threads share ---------------------------------------

enum { LINES = 40000 }; // beyond what one thread takes alone

// "i i+1 [weight]" each, line `bad` (from 1) replaced; owned.
static char *long_text(int bad, const char *replacement, bool weighted)
{
    char *text = NULL;
    size_t n;
    FILE *f = open_memstream(&text, &n);
    for (int i = 1; i <= LINES; i++)
        if (i == bad)
            fprintf(f, "%s\n", replacement);
        else
            fprintf(f, weighted && i > LINES / 2 ? "%d %d 2\n" : "%d %d\n",
                    i - 1, i);
    fclose(f);
    return text;
}

TEST(the_number_of_threads_changes_nothing)
{
    char *text = long_text(100, "# comment", true);
    scratch_write("a.txt", text, strlen(text));
    for (int threads = 1; threads <= 7; threads++) {
        const struct graph_options opt = {.n_threads = threads};
        struct coo g;
        CHECK_INT(graph_load_coo(scratch_path("a.txt"), &opt, &g, NULL),
                  GNNAC_OK);
        CHECK_INT(g.n_edges, LINES - 1);
        CHECK_INT(g.n_nodes, LINES + 1);
        int64_t wrong = 0;
        for (int32_t e = 0; e < LINES - 1; e++) {
            int32_t id = e < 99 ? e : e + 1;
            wrong += g.src[e] != id || g.dst[e] != id + 1 ||
                     g.weight[e] != (id >= LINES / 2 ? 2 : 1);
        }
        CHECK_INT(wrong, 0);
        coo_finish(&g);
    }
    scratch_unlink("a.txt");
    free(text);
}

TEST(the_first_bad_line_is_named_whatever_the_number_of_threads)
{
    static const int bad[] = {1, 777, LINES / 2, LINES - 1, LINES};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        char *text = long_text(bad[i], "1 2 3 4", false), want[80];
        snprintf(want, sizeof(want),
                 "a.txt:%d: more on the line than expected", bad[i]);
        for (int threads = 1; threads <= 7; threads += 3) {
            const struct graph_options opt = {.n_threads = threads};
            CHECK_STR(bytes_read_as("a.txt", text, strlen(text), &opt), want);
        }
        free(text);
    }
}

// ---- gzip -------------------------------------------------------------------

// Append the text as one gzip member.
static void add_member(const char *name, const char *text)
{
    gzFile gz = gzopen(scratch_path(name), "ab");
    if (!gz || gzwrite(gz, text, (unsigned)strlen(text)) < 0 ||
        gzclose(gz) != Z_OK)
        TEST__FAIL("%s cannot be written", name);
}

TEST(gzip_members_are_read_one_after_the_other)
{
    add_member("a.txt.gz", "0 1\n1 2\n2 ");
    add_member("a.txt.gz", "3\n");
    add_member("a.txt.gz", "3 0\n");
    CHECK_STR(load_text_of(scratch_path("a.txt.gz"), NULL),
              "4: 0>1 1>2 2>3 3>0");
    scratch_unlink("a.txt.gz");
    add_member("A.CSV.GZ", "0,1\n");
    CHECK_STR(load_text_of(scratch_path("A.CSV.GZ"), NULL), "2: 0>1");
    scratch_unlink("A.CSV.GZ");
    add_member("a.mtx.gz", "%%MatrixMarket matrix coordinate pattern general\n"
                           "2 2 1\n2 1\n");
    CHECK_STR(load_text_of(scratch_path("a.mtx.gz"), NULL), "2: 1>0");
    scratch_unlink("a.mtx.gz");
}

TEST(empty_text_may_be_compressed)
{
    add_member("a.txt.gz", "");
    CHECK_STR(load_text_of(scratch_path("a.txt.gz"), NULL), "0:");
    scratch_unlink("a.txt.gz");
}

TEST(lines_are_counted_in_the_inflated_text)
{
    add_member("a.txt.gz", "0 1\n1 x\n");
    CHECK_STR(load_text_of(scratch_path("a.txt.gz"), NULL),
              "a.txt.gz:2: expected a node id");
    scratch_unlink("a.txt.gz");
}

TEST(damaged_gzip_files_are_refused)
{
    char *text = long_text(0, NULL, false), *bytes = malloc(1 << 20);
    add_member("a.txt.gz", text);
    FILE *f = fopen(scratch_path("a.txt.gz"), "rb");
    size_t n = fread(bytes, 1, 1 << 20, f);
    fclose(f);
    scratch_unlink("a.txt.gz");
    CHECK_HAS(bytes_read_as("a.txt.gz", bytes, n / 2, NULL), "damaged .gz");
    CHECK_HAS(bytes_read_as("a.txt.gz", bytes, n - 1, NULL), "damaged .gz");
    bytes[n / 2] ^= 4;
    CHECK_HAS(bytes_read_as("a.txt.gz", bytes, n, NULL), "damaged .gz");
    CHECK_STR(read_as("a.txt.gz", "0 1\n"),
              "a.txt.gz: byte 0: not a gzip file");
    free(bytes);
    free(text);
}

TEST(gzip_bombs_are_refused)
{
    enum { BLOCK = 1 << 20, BLOCKS = 80 };
    char *block = malloc(BLOCK);
    memset(block, '\n', BLOCK);
    gzFile gz = gzopen(scratch_path("a.txt.gz"), "wb");
    for (int i = 0; i < BLOCKS; i++)
        gzwrite(gz, block, BLOCK);
    gzclose(gz);
    CHECK_HAS(load_text_of(scratch_path("a.txt.gz"), NULL), ": a bomb");
    scratch_unlink("a.txt.gz");
    free(block);
}

int main(void)
{
    scratch_make();
    RUN(blanks_tabs_commas_and_semicolons_separate);
    RUN(every_text_suffix_is_read_the_same);
    RUN(comments_and_empty_lines_are_skipped);
    RUN(lines_may_end_in_any_way);
    RUN(a_byte_order_mark_is_skipped);
    RUN(a_third_column_is_the_weight);
    RUN(weights_that_are_all_one_are_none);
    RUN(weights_round_to_the_nearest_float);
    RUN(the_first_comment_may_tell_the_node_count);
    RUN(bad_lines_are_named_with_their_number);
    RUN(ids_just_below_the_limit_are_read);
    RUN(nul_bytes_are_no_text);
    RUN(unknown_suffixes_are_refused);
    RUN(folders_and_missing_files_are_no_format_errors);
    RUN(the_number_of_threads_changes_nothing);
    RUN(the_first_bad_line_is_named_whatever_the_number_of_threads);
    RUN(gzip_members_are_read_one_after_the_other);
    RUN(empty_text_may_be_compressed);
    RUN(lines_are_counted_in_the_inflated_text);
    RUN(damaged_gzip_files_are_refused);
    RUN(gzip_bombs_are_refused);
    scratch_remove();
    return test_done();
}
