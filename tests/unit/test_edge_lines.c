// The loop over plain lines against the parser of any line, which it must agree
// with in every edge, weight, count and message; and blocks of text shared out
// among threads.
#include <omp.h>

#include "graph/edge_block.h"
#include "graph/edge_lines.h"
#include "rng.h"
#include "test.h"

static const struct line_format formats[] = {
    // an edge list
    {.n_ids = 2, .max_values = 1, .comments = true, .commas = true,
     .limit = {INT32_MAX, INT32_MAX}},
    // Matrix Market: pattern, real, complex, a vector, an array
    {.n_ids = 2, .base = 1, .limit = {1000, 70000}},
    {.n_ids = 2, .base = 1, .min_values = 1, .max_values = 1,
     .limit = {INT32_MAX, INT32_MAX}},
    {.n_ids = 2, .base = 1, .min_values = 2, .max_values = 2,
     .limit = {1000, 1000}},
    {.n_ids = 1, .base = 1, .min_values = 1, .max_values = 1,
     .limit = {1000, 1}},
    {.min_values = 1, .max_values = 1},
};
enum { N_FORMATS = sizeof(formats) / sizeof(formats[0]) };

static uint64_t seed, drawn;

static uint64_t draw(uint64_t n)
{
    return rng_below(seed, drawn++, n);
}

// ---- texts ------------------------------------------------------------------

enum { MOST = 1 << 14 };
static char text[MOST + 256];
static size_t n_text;

static void put(const char *s)
{
    n_text += (size_t)snprintf(text + n_text, sizeof(text) - n_text, "%s", s);
}

// Ids of every length, at the limits of formats and of what fits.
static void put_id(void)
{
    static const char *const odd[] = {
        "0", "1", "00000007", "000000000012", "999", "1000", "1001", "70000",
        "70001", "12345678", "99999999", "123456789", "2147483646",
        "2147483647", "2147483648", "4294967297", "99999999999",
        "000000000000000001", "1234567890123456789", "-1", "+1", "1x", "x",
        "1.5", "/", ":", "1:", "\xb1", "1\xb0", "\x89\x31", ""};
    char s[24];
    if (draw(40) == 0) {
        put(odd[draw(sizeof(odd) / sizeof(odd[0]))]);
        return;
    }
    uint64_t below = 1;
    for (uint64_t digits = 1 + draw(draw(4) ? 4 : 9); digits > 0; digits--)
        below *= 10;
    snprintf(s, sizeof(s), "%llu", (unsigned long long)draw(below));
    put(s);
}

static void put_value(void)
{
    static const char *const some[] = {
        "1", "1.0", "2", "-0.5", "0.25", "3.141592653589793", "1e3", "1e400",
        "0.12345678901234567", ".5", "5.", ".", "-", "nan", "1e", "0x1", "7",
        "1.0000000000000001", "123456789012345"};
    put(some[draw(40) ? draw(6) : draw(sizeof(some) / sizeof(some[0]))]);
}

static void put_separator(void)
{
    static const char *const some[] = {" ", "\t", ",", ";", "  ", " \t",
                                       ", ", "\r", "", "\f"};
    put(some[draw(20) ? 0 : draw(sizeof(some) / sizeof(some[0]))]);
}

static void put_line(const struct line_format *f)
{
    static const char *const rare[] = {"", " ", "\r", "# comment", " % x 1 2",
                                       "  ", "#", "1", "1 2 3 4 5 6"};
    static const char *const ends[] = {"\n", "\r\n", " \n", " \r\n", "\n\n",
                                       "\r\r\n", "\t\n"};
    if (draw(60) == 0) {
        put(rare[draw(sizeof(rare) / sizeof(rare[0]))]);
    } else {
        int n_values = draw(20) ? f->min_values : (int)draw(3);
        for (int i = 0; i < f->n_ids; i++) {
            if (i > 0)
                put_separator();
            put_id();
        }
        for (int i = 0; i < n_values; i++) {
            put_separator();
            put_value();
        }
    }
    put(ends[draw(15) ? 0 : draw(sizeof(ends) / sizeof(ends[0]))]);
}

// `n_bytes` or so; the last line may lack its end.
static void make_text(const struct line_format *f, size_t n_bytes)
{
    n_text = 0;
    while (n_text < n_bytes)
        put_line(f);
    if (draw(2))
        n_text--;
}

// ---- against the parser of any line -----------------------------------------

// What a walk line by line makes of the text.
static void parse_by_line(const struct line_format *f, struct edge_block *b)
{
    const char *p = text, *end = text + n_text;
    b->n = b->n_lines = b->bad_line = 0;
    b->max_id = -1;
    b->what = NULL;
    b->weighted = false;
    for (; p < end && !b->what; b->n_lines++) {
        const char *eol = memchr(p, '\n', (size_t)(end - p));
        const char *stop = eol ? eol : end;
        const char *q = edge_line_skip_blanks(p, stop, false);
        int32_t ids[2] = {0};
        double weight = 1;
        p = eol ? eol + 1 : end;
        if (q == stop || (f->comments && (*q == '#' || *q == '%')))
            continue;
        b->what = edge_line_parse(q, stop, f, ids, &weight);
        b->bad_line = b->n_lines;
        if (b->what)
            break;
        b->first[b->n] = ids[0];
        b->second[b->n] = ids[1];
        b->weight[b->n++] = (float)weight;
        b->weighted = b->weighted || weight != 1;
        b->max_id = ids[0] > b->max_id ? ids[0] : b->max_id;
        b->max_id = ids[1] > b->max_id ? ids[1] : b->max_id;
    }
}

static bool same_block(const struct edge_block *a, const struct edge_block *b)
{
    size_t n = (size_t)a->n * 4;
    if (a->what || b->what)
        return a->what && b->what && strcmp(a->what, b->what) == 0 &&
               a->bad_line == b->bad_line;
    return a->n == b->n && a->n_lines == b->n_lines &&
           a->max_id == b->max_id && a->weighted == b->weighted &&
           memcmp(a->first, b->first, n) == 0 &&
           memcmp(a->second, b->second, n) == 0 &&
           (!a->weighted || memcmp(a->weight, b->weight, n) == 0);
}

// The text lies at the end of its memory, so that a sanitizer sees what is read
// behind it.
static void parse_as_block(const struct line_format *f, struct edge_block *b)
{
    char *copy = malloc(n_text ? n_text : 1);
    memcpy(copy, text, n_text);
    edge_block_parse(b, copy, copy + n_text, copy + n_text, f);
    free(copy);
}

TEST(plain_lines_are_read_as_the_parser_of_any_line_reads_them)
{
    struct edge_block got, want;
    CHECK(edge_block_alloc(&got, MOST + 256));
    CHECK(edge_block_alloc(&want, MOST + 256));
    int64_t n_good = 0;
    for (seed = 1; seed < 6000 && !test__this_failed; seed++) {
        const struct line_format *f = &formats[seed % N_FORMATS];
        drawn = 0;
        make_text(f, 20 + draw(draw(8) ? 400 : 4000));
        parse_as_block(f, &got);
        parse_by_line(f, &want);
        n_good += !want.what;
        if (!same_block(&got, &want))
            TEST__FAIL("seed %d: %s, %s: %.*s", (int)seed,
                       got.what ? got.what : "good",
                       want.what ? want.what : "good", (int)n_text, text);
    }
    CHECK(n_good > 200); // not all were refused
    edge_block_finish(&got);
    edge_block_finish(&want);
}

// ---- blocks among threads ---------------------------------------------------

enum { LINES = 120000 };
static const int thread_counts[] = {1, 2, 3, 8};

// Lines of uneven lengths; `weight_from` is the first with a weight.
static char *long_text(size_t *n, int64_t weight_from)
{
    size_t room = (size_t)LINES * 40, at = 0;
    char *s = malloc(room);
    for (uint64_t i = 0; i < LINES; i++) {
        unsigned long long a = rng_below(3, 2 * i, i + 1);
        unsigned long long b = rng_below(3, 2 * i + 1, 100000000);
        if ((int64_t)i >= weight_from)
            at += (size_t)snprintf(s + at, room - at, "%llu %llu 0.5\n", a, b);
        else
            at += (size_t)snprintf(s + at, room - at, "%llu\t%llu\n", a, b);
    }
    *n = at;
    return s;
}

static void check_edges(const struct edge_lines *e, int64_t weight_from)
{
    int64_t wrong = 0;
    CHECK_INT(e->n, LINES);
    CHECK(!e->weight == (weight_from >= LINES));
    for (uint64_t i = 0; i < LINES && e->n == LINES; i++) {
        wrong += e->first[i] != (int32_t)rng_below(3, 2 * i, i + 1);
        wrong += e->second[i] != (int32_t)rng_below(3, 2 * i + 1, 100000000);
        if (e->weight)
            wrong += e->weight[i] != ((int64_t)i >= weight_from ? 0.5f : 1);
    }
    CHECK_INT(wrong, 0);
}

TEST(blocks_are_appended_in_file_order_at_any_number_of_threads)
{
    static const int64_t weight_from[] = {LINES, LINES - 1, LINES / 2, 0};
    for (int w = 0; w < 4; w++) {
        struct text t = {.path = "x.txt"};
        char *s = long_text(&t.n_bytes, weight_from[w]);
        t.data = s;
        for (int k = 0; k < 4; k++) {
            struct edge_lines e = {0};
            omp_set_num_threads(thread_counts[k]);
            CHECK_INT(edge_lines_parse(&t, 0, 1, &formats[0], &e, NULL),
                      GNNAC_OK);
            check_edges(&e, weight_from[w]);
            edge_lines_finish(&e);
        }
        free(s);
    }
}

// Two lines are spoiled; the earlier is named.
TEST(the_first_bad_line_is_named_at_any_number_of_threads)
{
    struct text t = {.path = "x.txt"};
    char want[64], *s = long_text(&t.n_bytes, LINES);
    t.data = s;
    for (int round = 0; round < 12; round++) {
        int64_t line = 1;
        char *bad = s + (size_t)round * t.n_bytes / 12;
        char *later = s + t.n_bytes - 2, kept = *bad, kept_later = *later;
        for (const char *p = s; p < bad; p++)
            line += *p == '\n';
        if (*bad == '\n') // its line begins before
            bad--, kept = *bad;
        *bad = *later = 'x';
        snprintf(want, sizeof(want), "x.txt:%lld: expected a node id",
                 (long long)line);
        for (int k = 0; k < 4; k++) {
            struct edge_lines e = {0};
            gnnac_error err = {{0}};
            omp_set_num_threads(thread_counts[k]);
            CHECK_INT(edge_lines_parse(&t, 0, 1, &formats[0], &e, &err),
                      GNNAC_EFORMAT);
            CHECK_STR(err.msg, want);
            CHECK(!e.first && !e.second && !e.weight);
        }
        *later = kept_later;
        *bad = kept;
    }
    free(s);
}

// A line may be longer than a block, and a block hold none of its own.
TEST(lines_longer_than_blocks_are_read_once)
{
    enum { BLANKS = 1 << 20 };
    struct text t = {.path = "x.txt", .n_bytes = 3 * BLANKS};
    char *s = malloc(t.n_bytes);
    memset(s, ' ', t.n_bytes);
    s[0] = '1';
    s[BLANKS] = '2';
    s[BLANKS + 1] = '\n';
    s[2 * BLANKS] = '3';
    s[t.n_bytes - 1] = '4';
    t.data = s;
    for (int k = 0; k < 4; k++) {
        struct edge_lines e = {0};
        omp_set_num_threads(thread_counts[k]);
        CHECK_INT(edge_lines_parse(&t, 0, 1, &formats[0], &e, NULL), GNNAC_OK);
        CHECK_INT(e.n, 2);
        CHECK(e.n == 2 && e.first[0] == 1 && e.second[0] == 2 &&
              e.first[1] == 3 && e.second[1] == 4);
        edge_lines_finish(&e);
    }
    free(s);
}

// ---- progress ---------------------------------------------------------------

static struct {
    int n_calls;
    bool grows;
    size_t done, total;
} told;

static void remember(const char *what, size_t done, size_t total)
{
    CHECK_STR(what, "reading MB of x.txt");
    told.grows = told.grows && done > told.done;
    told.done = done;
    told.total = total;
    told.n_calls++;
}

// One edge and blank lines.
static void read_blanks(size_t n_bytes)
{
    char *s = malloc(n_bytes);
    struct text t = {.path = "x.txt", .data = s, .n_bytes = n_bytes,
                     .file_done = n_bytes, .file_bytes = n_bytes,
                     .progress = remember};
    struct edge_lines e = {0};
    memset(s, ' ', n_bytes);
    for (size_t i = 4095; i < n_bytes; i += 4096)
        s[i] = '\n';
    memcpy(s + n_bytes - 4, "1 2\n", 4);
    memset(&told, 0, sizeof(told));
    told.grows = true;
    CHECK_INT(edge_lines_parse(&t, 0, 1, &formats[0], &e, NULL), GNNAC_OK);
    CHECK_INT(e.n, 1);
    edge_lines_finish(&e);
    free(s);
}

TEST(a_long_load_tells_how_far_it_is_and_a_short_one_is_silent)
{
    read_blanks(1000000);
    CHECK_INT(told.n_calls, 0);
    for (int k = 0; k < 4; k++) {
        omp_set_num_threads(thread_counts[k]);
        read_blanks(70000000);
        CHECK(told.n_calls >= 4);
        CHECK(told.grows);
        CHECK_INT(told.done, 70);
        CHECK_INT(told.total, 70);
    }
}

int main(void)
{
    RUN(plain_lines_are_read_as_the_parser_of_any_line_reads_them);
    RUN(blocks_are_appended_in_file_order_at_any_number_of_threads);
    RUN(the_first_bad_line_is_named_at_any_number_of_threads);
    RUN(lines_longer_than_blocks_are_read_once);
    RUN(a_long_load_tells_how_far_it_is_and_a_short_one_is_silent);
    return test_done();
}
