// Manual mode, and the "did you mean" of all messages.
#include "base/nearest.h"
#include "unit/rules_fixture.h"

static struct candidate c;

static gnnac_status set(const char *a, const char *b)
{
    const char *settings[] = {a, b};
    err = (gnnac_error){{0}};
    return candidate_from_settings(&families, "aggregate", settings,
                                   (a != NULL) + (b != NULL), &c, &err);
}

static void expect_error(const char *a, const char *b, const char *want)
{
    c = (struct candidate){.rule = "untouched"};
    CHECK_INT(set(a, b), GNNAC_EUSAGE);
    CHECK_STR(err.msg, want);
    CHECK_STR(c.rule, "untouched");
}

TEST(settings_choose_the_first_family_that_has_them)
{
    CHECK_INT(set("partSize=16", NULL), GNNAC_OK);
    CHECK_STR(c.family->name, "neighbor_group");
    CHECK_INT(candidate_get(&c, "partSize", 0), 16);
    CHECK_INT(candidate_get(&c, "dimWorker", 0), 32);
    CHECK_STR(c.rule, "--set");
    CHECK_INT(set("vec=4", "dimWorker=8"), GNNAC_OK);
    CHECK_STR(c.family->name, "row_split");
    CHECK_INT(set("dimWorker=8", NULL), GNNAC_OK);
    CHECK_STR(c.family->name, "neighbor_group");
    CHECK_INT(set("dimWorker=8", "template=row_split"), GNNAC_OK);
    CHECK_STR(c.family->name, "row_split");
    CHECK_INT(candidate_get(&c, "dimWorker", 0), 8);
    CHECK_INT(set("dimWorker=8", "dimWorker=16"), GNNAC_OK);
    CHECK_INT(candidate_get(&c, "dimWorker", 0), 16);
    CHECK_INT(set(NULL, NULL), GNNAC_OK);
    CHECK_INT(candidate_get(&c, "partSize", 0), 32);
}

TEST(bad_settings_say_what_is_possible)
{
    expect_error("partSiez=16", NULL,
                 "--set partSiez=16: this operation has no such knob (did you "
                 "mean 'partSize'?)");
    expect_error("partSize=16", "template=row_split",
                 "--set partSize=16: row_split has no such knob");
    expect_error("partSize=16", "vec=2",
                 "--set: no template of 'aggregate' has all of these knobs");
    expect_error("template=row_spilt", NULL,
                 "--set template=row_spilt: there is no such template (did you "
                 "mean 'row_split'?)");
    expect_error("template=bias_act", NULL,
                 "--set template=bias_act: this template does something else");
    expect_error("partSize=0", NULL, "--set partSize=0: outside 1..1024");
    expect_error("partSize=2000", NULL, "--set partSize=2000: outside 1..1024");
    expect_error("partSize=99999999999999999999", NULL,
                 "--set partSize=99999999999999999999: outside 1..1024");
    expect_error("partSize=8x", NULL,
                 "--set partSize=8x: expected a whole number");
    expect_error("partSize", NULL, "--set partSize: expected NAME=VALUE");
    expect_error("=5", NULL, "--set =5: expected NAME=VALUE");
    expect_error("partSize=", NULL, "--set partSize=: expected NAME=VALUE");
}

TEST(an_operation_without_families_is_an_error)
{
    err = (gnnac_error){{0}};
    CHECK_INT(candidate_from_settings(&families, "gather", NULL, 0, &c, &err),
              GNNAC_EUSAGE);
    CHECK_STR(err.msg, "--set: no template of 'gather' has all of these knobs");
}

static const char *hint(const char *wanted, const char *a, const char *b)
{
    static char buf[96];
    struct nearest n = {.wanted = wanted};
    nearest_offer(&n, a);
    nearest_offer(&n, b);
    return nearest_hint(&n, buf, sizeof(buf));
}

TEST(the_nearest_name_is_offered_if_it_is_near)
{
    CHECK_STR(hint("degre", "density", "degree"), " (did you mean 'degree'?)");
    CHECK_STR(hint("men", "min", "mean"), " (did you mean 'mean'?)");
    CHECK_STR(hint("PARTSIZE", "partSize", "parts"),
              " (did you mean 'partSize'?)");
    CHECK_STR(hint("span", "bandwidth", "avg_edge_span"),
              " (did you mean 'avg_edge_span'?)");
    CHECK_STR(hint("whatever", "degree", "nodes"), "");
    CHECK_STR(hint("", "degree", "nodes"), "");
    CHECK_INT(edit_distance("abcd", "abdc"), 2);
    CHECK_INT(edit_distance("", "abc"), 6);
    CHECK_INT(edit_distance("kitten", "sitting"), 8);
}

TEST(very_long_names_do_no_harm)
{
    static char a[4097], b[4097];
    memset(a, 'a', 4096);
    memset(b, 'b', 4096);
    CHECK_INT(edit_distance(a, b), 63 * 3);
    CHECK_STR(hint(a, b, "x"), "");
    expect_error(
        a, NULL,
        "--set aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
        "aaaaaaaaaaaaaaaaaaaaaaaa: expected NAME=VALUE");
}

TEST(a_point_repeats_unless_a_knob_asks_for_atomics)
{
    struct family f = families.items[0];
    f.knobs[2].atomics = INT64_MAX; // all values
    struct candidate p = {.family = &f, .values = {32, 16, 0}};
    CHECK(candidate_repeats(&p));
    p.values[2] = 2;
    CHECK(!candidate_repeats(&p));
    f.knobs[2].atomics = 1;
    CHECK(candidate_repeats(&p));
    p.values[2] = 1;
    CHECK(!candidate_repeats(&p));
    p.family = &families.items[0];
    CHECK(candidate_repeats(&p));
}

int main(void)
{
    RUN(settings_choose_the_first_family_that_has_them);
    RUN(bad_settings_say_what_is_possible);
    RUN(an_operation_without_families_is_an_error);
    RUN(the_nearest_name_is_offered_if_it_is_near);
    RUN(very_long_names_do_no_harm);
    RUN(a_point_repeats_unless_a_knob_asks_for_atomics);
    return test_done();
}
