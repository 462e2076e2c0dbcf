// The option parser: every kind of value, and what it refuses.
#include "test.h"

#include "cli/cli.h"

static const struct command generate = {
    CMD_GENERATE, "generate", NULL, "KIND", 1, 1, "make a graph"};
static const struct command compile = {
    CMD_COMPILE, "compile", NULL, "GRAPH", 1, 1, "build a bundle"};

static gnnac_error err;
static struct options o;
static bool help;

// Arguments end with NULL.
static gnnac_status parse(const struct command *cmd, const char *const *argv)
{
    int argc = 0;
    while (argv[argc])
        argc++;
    gnnac__clear(&err);
    memset(&o, 0, sizeof(o));
    return cli_parse(cmd, argc, argv, &o, &help, &err);
}

#define PARSE(cmd, ...) parse(&(cmd), (const char *[]){__VA_ARGS__, NULL})

TEST(values_follow_or_are_joined_by_an_equals_sign)
{
    CHECK_INT(PARSE(generate, "ring", "--nodes", "12", "--seed=7", "-o", "x"),
              GNNAC_OK);
    CHECK_STR(o.args[0], "ring");
    CHECK_INT(o.graph.n_nodes, 12);
    CHECK_INT(o.seed, 7);
    CHECK_STR(o.output, "x");
}

TEST(defaults_are_set_when_nothing_is_given)
{
    CHECK_INT(PARSE(compile, "g.npz"), GNNAC_OK);
    CHECK_STR(o.arch, "native");
    CHECK_STR(o.tune, "auto");
    CHECK_STR(o.l2, "hot");
    CHECK(!o.graph.target_to_source);
    CHECK_INT(o.hidden, 0);
}

TEST(numbers_are_read_whole)
{
    static const char *const bad[] = {"", "12x", " 12", "1e3", "0x10", "+1",
                                      "-", "99999999999999999999"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        CHECK_INT(PARSE(generate, "ring", "--edges", bad[i]),
                  GNNAC_EUSAGE);
        CHECK_HAS(err.msg, "expected an integer from 1");
    }
}

TEST(numbers_have_a_range)
{
    CHECK_INT(PARSE(compile, "g", "--layers", "65"), GNNAC_EUSAGE);
    CHECK_STR(err.msg, "--layers 65: expected an integer from 1 to 64");
    CHECK_INT(PARSE(generate, "ring", "--nodes", "-1"), GNNAC_EUSAGE);
    CHECK_INT(PARSE(generate, "ring", "--nodes", "4294967296"), GNNAC_EUSAGE);
    CHECK_INT(PARSE(generate, "ring", "--seed", "-1"), GNNAC_EUSAGE);
    CHECK_INT(PARSE(generate, "r", "--seed", "18446744073709551615"), GNNAC_OK);
    CHECK(o.seed == UINT64_MAX);
}

TEST(words_are_checked)
{
    CHECK_INT(PARSE(compile, "g", "--model", "gcm"), GNNAC_EUSAGE);
    CHECK_HAS(err.msg, "did you mean 'gcn'");
    CHECK_INT(PARSE(compile, "g", "--flow", "target_to_source"), GNNAC_OK);
    CHECK(o.graph.target_to_source);
}

TEST(lists_grow_and_end)
{
    CHECK_INT(PARSE(compile, "g", "--set", "a=1", "--set", "b=2"), GNNAC_OK);
    CHECK_INT(o.set.n, 2);
    CHECK_STR(o.set.items[1], "b=2");
    const char *argv[2 * CLI_MAX_LIST + 4] = {NULL};
    for (int i = 0; i <= CLI_MAX_LIST; i++) {
        argv[2 * i] = "--rules";
        argv[2 * i + 1] = "x.lua";
    }
    CHECK_INT(parse(&compile, argv), GNNAC_EUSAGE);
}

TEST(unknown_options_name_the_nearest)
{
    CHECK_INT(PARSE(compile, "g", "--hiden", "3"), GNNAC_EUSAGE);
    CHECK_STR(err.msg,
              "compile has no option '--hiden' (did you mean '--hidden'?)");
    CHECK_INT(PARSE(compile, "g", "--verify"), GNNAC_EUSAGE);
    CHECK_INT(PARSE(compile, "g", "-vq"), GNNAC_EUSAGE);
}

TEST(flags_take_no_value_and_values_must_be_there)
{
    CHECK_INT(PARSE(compile, "g", "--json=yes"), GNNAC_EUSAGE);
    CHECK_INT(PARSE(compile, "g", "--model"), GNNAC_EUSAGE);
    CHECK_STR(err.msg, "--model needs a value: gcn|gin|sage|gat|gatv2");
    CHECK_INT(PARSE(compile, "g", "--dump", ""), GNNAC_EUSAGE);
}

TEST(arguments_are_counted)
{
    CHECK_INT(PARSE(compile, "--json"), GNNAC_EUSAGE);
    CHECK_INT(PARSE(compile, "a", "b"), GNNAC_EUSAGE);
    CHECK_INT(PARSE(compile, "--", "--json"), GNNAC_OK);
    CHECK_STR(o.args[0], "--json");
    CHECK(!o.json);
}

TEST(help_stops_the_parse)
{
    CHECK_INT(PARSE(compile, "--help", "--nonsense"), GNNAC_OK);
    CHECK(help);
}

TEST(no_two_options_of_a_command_share_a_name)
{
    for (const struct option_spec *a = cli_options; a->name; a++)
        for (const struct option_spec *b = a + 1; b->name; b++)
            CHECK((a->commands & b->commands) == 0 ||
                  (strcmp(a->name, b->name) != 0 &&
                   (!a->letter || a->letter != b->letter)));
}

int main(void)
{
    RUN(values_follow_or_are_joined_by_an_equals_sign);
    RUN(defaults_are_set_when_nothing_is_given);
    RUN(numbers_are_read_whole);
    RUN(numbers_have_a_range);
    RUN(words_are_checked);
    RUN(lists_grow_and_end);
    RUN(unknown_options_name_the_nearest);
    RUN(flags_take_no_value_and_values_must_be_there);
    RUN(arguments_are_counted);
    RUN(help_stops_the_parse);
    RUN(no_two_options_of_a_command_share_a_name);
    return test_done();
}
