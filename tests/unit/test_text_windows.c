// Inflated text in windows far smaller than it: the same edges and the same
// refusals as from all of it at once.
#include <omp.h>
#include <zlib.h>

#include "graph/edge_lines.h"
#include "graph/mtx.h"
#include "graph/text_windows.h"
#include "graph_fixture.h"
#include "rng.h"

static const struct line_format format = {.n_ids = 2,
                                          .max_values = 1,
                                          .comments = true,
                                          .limit = {INT32_MAX, INT32_MAX}};

static uint64_t seed, drawn;

static uint64_t draw(uint64_t n)
{
    return rng_below(seed, drawn++, n);
}

// ---- compressed bytes -------------------------------------------------------

struct bytes {
    char *at;
    size_t n;
};

// Append one member.
static void deflate_to(struct bytes *out, const char *text, size_t n, int level)
{
    z_stream z = {0};
    size_t room = n + n / 100 + 1000;
    out->at = realloc(out->at, out->n + room);
    CHECK_INT(deflateInit2(&z, level, Z_DEFLATED, 15 + 16, 8, 0), Z_OK);
    z.next_in = (Bytef *)(uintptr_t)text;
    z.avail_in = (uInt)n;
    z.next_out = (Bytef *)out->at + out->n;
    z.avail_out = (uInt)room;
    CHECK_INT(deflate(&z, Z_FINISH), Z_STREAM_END);
    out->n += room - z.avail_out;
    deflateEnd(&z);
}

// In `n_members` of uneven sizes.
static struct bytes deflated(const char *text, size_t n, uint64_t n_members)
{
    struct bytes out = {NULL, 0};
    for (size_t at = 0; n_members > 0; n_members--) {
        size_t piece = n_members == 1 ? n - at : draw(n - at + 1);
        deflate_to(&out, text + at, piece, (int)draw(10));
        at += piece;
    }
    return out;
}

// ---- texts ------------------------------------------------------------------

enum { MOST = 1 << 15 };
static char text[MOST + 64];
static size_t n_text;

// Lines of all lengths, one in a hundred texts' lines wrong.
static void make_text(void)
{
    bool spoiled = draw(3) == 0;
    size_t want = draw(draw(4) ? 2000 : MOST);
    n_text = 0;
    while (n_text < want) {
        char *p = text + n_text;
        size_t room = MOST + 64 - n_text;
        int a = (int)draw(1000), b = (int)draw(100000);
        if (draw(30) == 0)
            n_text += (size_t)snprintf(p, room, "#%*d\n", (int)draw(300), a);
        else if (draw(20) == 0)
            n_text += (size_t)snprintf(p, room, "%d\t%d 0.5\r\n", a, b);
        else if (spoiled && draw(100) == 0)
            n_text += (size_t)snprintf(p, room, "%d\n", a);
        else
            n_text += (size_t)snprintf(p, room, "%d %d\n", a, b);
        n_text = n_text < MOST ? n_text : MOST;
    }
    n_text -= n_text > 0 && draw(2); // without its last line end
}

// ---- as all at once ---------------------------------------------------------

static gnnac_status parse_windows(const struct bytes *gz, size_t window,
                                  struct edge_lines *e, gnnac_error *err)
{
    struct text t, file = {.path = "x.gz", .data = gz->at, .n_bytes = gz->n};
    gnnac_status st = text_inflate(&file, window, &t, err);
    if (st != GNNAC_OK)
        return st;
    st = edge_lines_parse(&t, 0, 1, &format, e, err);
    st = text_blame(&t, st, err);
    text_close(&t);
    return st;
}

static bool same_edges(const struct edge_lines *a, const struct edge_lines *b)
{
    size_t n = (size_t)a->n * 4;
    return a->n == b->n && a->max_id == b->max_id && !a->weight == !b->weight &&
           memcmp(a->first, b->first, n) == 0 &&
           memcmp(a->second, b->second, n) == 0 &&
           (!a->weight || memcmp(a->weight, b->weight, n) == 0);
}

TEST(windows_of_any_size_give_the_edges_of_the_whole_text)
{
    int n_good = 0;
    for (seed = 1; seed < 1500 && !test__this_failed; seed++) {
        struct edge_lines want = {0}, got = {0};
        gnnac_error want_err = {{0}}, got_err = {{0}};
        drawn = 0;
        make_text();
        struct text whole = {.path = "x.gz", .data = text, .n_bytes = n_text};
        struct bytes gz = deflated(text, n_text, 1 + draw(draw(2) ? 1 : 20));
        omp_set_num_threads(1 + (int)draw(3));
        gnnac_status st =
            edge_lines_parse(&whole, 0, 1, &format, &want, &want_err);
        size_t window = 1 + draw(draw(2) ? 20 : 5000);
        CHECK_INT(parse_windows(&gz, window, &got, &got_err), st);
        CHECK_STR(got_err.msg, want_err.msg);
        CHECK(st != GNNAC_OK || same_edges(&got, &want));
        n_good += st == GNNAC_OK;
        if (test__this_failed)
            printf("# seed %d, windows of %zu\n", (int)seed, window);
        edge_lines_finish(&want);
        edge_lines_finish(&got);
        free(gz.at);
    }
    CHECK(n_good > 500 && n_good < 1400);
}

TEST(threads_that_read_ahead_change_nothing)
{
    enum { LINES = 1000000 };
    size_t n = 0;
    char *lines = malloc(LINES * 20);
    for (int i = 0; i < LINES; i++)
        n += (size_t)sprintf(lines + n, "%d %u%s\n", i, i * 7919u % 1000003,
                             i % 3 ? "" : " 0.25");
    struct bytes gz = {NULL, 0};
    deflate_to(&gz, lines, n, 1);
    for (int threads = 1; threads <= 8; threads += threads < 3 ? 1 : 5) {
        struct text whole = {.path = "x.gz", .data = lines, .n_bytes = n};
        struct edge_lines want = {0}, got = {0};
        omp_set_num_threads(threads);
        CHECK_INT(edge_lines_parse(&whole, 0, 1, &format, &want, NULL),
                  GNNAC_OK);
        CHECK_INT(parse_windows(&gz, 1 << 20, &got, NULL), GNNAC_OK);
        CHECK(same_edges(&got, &want));
        edge_lines_finish(&want);
        edge_lines_finish(&got);
    }
    free(gz.at);
    free(lines);
}

// ---- damage -----------------------------------------------------------------

// "0 1" on every line but one, which is no edge.
static struct bytes spoiled_gz(size_t n_lines, size_t bad)
{
    char *lines = malloc(n_lines * 4);
    for (size_t i = 0; i < n_lines; i++)
        memcpy(lines + i * 4, i + 1 == bad ? "0 x\n" : "0 1\n", 4);
    struct bytes gz = {NULL, 0};
    deflate_to(&gz, lines, n_lines * 4, 0);
    free(lines);
    return gz;
}

static const char *refusal_of(const struct bytes *gz, size_t window)
{
    static gnnac_error err;
    struct edge_lines e = {0};
    err.msg[0] = '\0';
    CHECK_INT(parse_windows(gz, window, &e, &err), GNNAC_EFORMAT);
    edge_lines_finish(&e);
    return err.msg;
}

TEST(damage_is_named_rather_than_the_bad_line_it_made)
{
    struct bytes gz = spoiled_gz(1000, 10);
    for (size_t window = 16; window < 10000; window *= 5) {
        CHECK_STR(refusal_of(&gz, window), "x.gz:10: expected a node id");
        gz.at[gz.n - 8] ^= 1;
        CHECK_STR(refusal_of(&gz, window),
                  "x.gz: byte 4000: damaged .gz: incorrect data check");
        gz.at[gz.n - 8] ^= 1;
        gz.n -= 100;
        CHECK_STR(refusal_of(&gz, window),
                  "x.gz: byte 3908: damaged .gz: unexpected end of file");
        gz.n += 100;
    }
    free(gz.at);
}

TEST(a_member_that_is_none_ends_the_text_and_a_damaged_one_does_not)
{
    struct bytes gz = spoiled_gz(100, 0);
    struct edge_lines e = {0};
    size_t n = gz.n;
    deflate_to(&gz, "1 2\n", 4, 6);
    gz.at[n + 2]++; // the method
    CHECK_STR(refusal_of(&gz, 64),
              "x.gz: byte 400: damaged .gz: unknown compression method");
    gz.at[n]++; // no gzip
    CHECK_INT(parse_windows(&gz, 64, &e, NULL), GNNAC_OK);
    CHECK_INT(e.n, 100);
    edge_lines_finish(&e);
    free(gz.at);
}

// ---- Matrix Market ----------------------------------------------------------

TEST(heads_longer_than_windows_are_read)
{
    enum { LONG = 3 * TEXT_WINDOW };
    static const char banner[] =
        "%%MatrixMarket matrix coordinate pattern general\n%";
    static const char rest[] = "\n% b\n3 3 2\n1 2\n3 1\n";
    size_t n = sizeof(banner) - 1, m = sizeof(rest) - 1;
    char *mtx = malloc(n + LONG + m);
    for (int lines = 0; lines < 2; lines++) {
        struct bytes gz = {NULL, 0};
        memset(mtx, ' ', n + LONG);
        for (size_t i = 2; lines && i < LONG; i += 2)
            memcpy(mtx + n + i - 2, "\n%", 2);
        memcpy(mtx, banner, n);
        memcpy(mtx + n + LONG, rest, m);
        deflate_to(&gz, mtx, n + LONG + m, 1);
        scratch_write("a.mtx.gz", gz.at, gz.n);
        CHECK_STR(load_text_of(scratch_path("a.mtx.gz"), NULL), "3: 0>1 2>0");
        scratch_unlink("a.mtx.gz");
        free(gz.at);
    }
    free(mtx);
}

TEST(entries_are_counted_over_all_windows)
{
    enum { ENTRIES = 3000000 };
    char *mtx = malloc(100 + ENTRIES * 4 + 8);
    size_t n = (size_t)sprintf(
        mtx, "%%%%MatrixMarket matrix coordinate pattern general\n9 9 %d\n",
        ENTRIES);
    for (int i = 0; i < ENTRIES; i++, n += 4)
        memcpy(mtx + n, "5 7\n", 4);
    for (size_t extra = 0; extra <= 4; extra += 4) {
        struct bytes gz = {NULL, 0};
        struct mtx m = {0};
        gnnac_error err = {{0}};
        memcpy(mtx + n, "1 1\n", 4);
        deflate_to(&gz, mtx, n + extra, 1);
        scratch_write("a.mtx.gz", gz.at, gz.n);
        CHECK_INT(mtx_read(scratch_path("a.mtx.gz"), NULL, &m, &err),
                  extra ? GNNAC_EFORMAT : GNNAC_OK);
        CHECK(!extra || strstr(err.msg, ".gz:2: the size line promises "
                                        "3000000 entries, there are 3000001"));
        CHECK_INT(m.entries.n, extra ? 0 : ENTRIES);
        mtx_finish(&m);
        scratch_unlink("a.mtx.gz");
        free(gz.at);
    }
    free(mtx);
}

// ---- progress ---------------------------------------------------------------

static size_t told_done, told_total;
static int n_told;

static void remember(const char *what, size_t done, size_t total)
{
    CHECK_STR(what, "reading MB of x.gz");
    CHECK(done > told_done);
    told_done = done;
    told_total = total;
    n_told++;
}

TEST(progress_is_told_in_bytes_of_the_file)
{
    struct bytes gz = spoiled_gz(18000000, 0);
    struct text t, file = {.path = "x.gz", .data = gz.at, .n_bytes = gz.n};
    struct edge_lines e = {0};
    CHECK_INT(text_inflate(&file, TEXT_WINDOW, &t, NULL), GNNAC_OK);
    t.progress = remember;
    CHECK_INT(edge_lines_parse(&t, 0, 1, &format, &e, NULL), GNNAC_OK);
    CHECK_INT(e.n, 18000000);
    CHECK(n_told >= 8);
    CHECK_INT(told_done, 72);
    CHECK_INT(told_total, 72);
    edge_lines_finish(&e);
    text_close(&t);
    free(gz.at);
}

int main(void)
{
    scratch_make();
    RUN(windows_of_any_size_give_the_edges_of_the_whole_text);
    RUN(threads_that_read_ahead_change_nothing);
    RUN(damage_is_named_rather_than_the_bad_line_it_made);
    RUN(a_member_that_is_none_ends_the_text_and_a_damaged_one_does_not);
    RUN(heads_longer_than_windows_are_read);
    RUN(entries_are_counted_over_all_windows);
    RUN(progress_is_told_in_bytes_of_the_file);
    scratch_remove();
    return test_done();
}
