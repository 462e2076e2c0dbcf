// gnnac: finds the command, parses its options, runs it, and turns its status
// into an exit code and one line on stderr.
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/nearest.h"
#include "cli/cli.h"

static const struct command commands[] = {
    {CMD_ANALYZE, "analyze", cmd_analyze, "GRAPH", 1, 1,
     "the properties of a graph that rules decide from"},
    {CMD_BENCH, "bench", cmd_bench, "GRAPH|BUNDLE", 1, 1,
     "time kernels beside cuSPARSE and the GPU's limit; or epochs"},
    {CMD_COMPILE, "compile", cmd_compile, "GRAPH --model M", 1, 1,
     "choose, emit and compile kernels for a graph and a model: a bundle"},
    {CMD_CONVERT, "convert", cmd_convert, "IN OUT", 2, 2,
     "between the graph forms"},
    {CMD_DB, "db", cmd_db,
     "info|verify|best|history|why|export|import|merge|prune", 1, CLI_MAX_ARGS,
     "look into the tuning database; move and prune what is in it"},
    {CMD_DOCTOR, "doctor", cmd_doctor, "", 0, 0,
     "GPU, driver, compiler, libraries, databases: found or not"},
    {CMD_EXPLAIN, "explain", cmd_explain, "GRAPH --model M", 1, 1,
     "which rule fired, with the values it compared, and what it chose"},
    {CMD_GENERATE, "generate", cmd_generate, "KIND -o OUT", 1, 1,
     "a synthetic graph: rmat sbm powerlaw batch ring star mesh"},
    {CMD_INSPECT, "inspect", cmd_inspect, "BUNDLE", 1, 1,
     "what is in a bundle; its kernels' source and PTX"},
    {CMD_REORDER, "reorder", cmd_reorder, "IN OUT --order X", 2, 2,
     "a graph renumbered so that neighbours stand near each other"},
    {CMD_RULES, "rules", cmd_rules,
     "check|test|lint|regret|diff|suggest|fit|watch", 1, CLI_MAX_ARGS,
     "find mistakes in rule files; judge and learn rules by what was timed"},
    {CMD_RUN, "run", cmd_run, "BUNDLE", 1, 1,
     "one inference; --verify checks it against float64"},
    {CMD_TRAIN, "train", cmd_train, "BUNDLE|GRAPH", 1, 1,
     "learn weights from labelled nodes"},
    {CMD_TUNE, "tune", cmd_tune, "GRAPH --model M", 0, 1,
     "time candidates and remember: a later compile finds all decided"},
    {.name = NULL},
};

// `bare` messages begin with the file that is wrong (`FILE:LINE: what`) and are
// printed as they are; the others get the program's name in front.
static const struct {
    int code;
    bool bare;
} exits[] = {
    [GNNAC_OK] = {0, false},         [GNNAC_EUSAGE] = {1, false},
    [GNNAC_EIO] = {2, true},         [GNNAC_EFORMAT] = {2, true},
    [GNNAC_ENOMEM] = {8, false},     [GNNAC_ENOENT] = {2, true},
    [GNNAC_EUNSUPPORTED] = {2, true}, [GNNAC_ENODEVICE] = {7, false},
    [GNNAC_EDRIVER] = {7, false},    [GNNAC_ECOMPILE] = {3, true},
    [GNNAC_EWRONG] = {4, false},     [GNNAC_ENOISY] = {5, false},
    [GNNAC_EDB] = {6, false},        [GNNAC_EINTERNAL] = {8, false},
};

static int report(gnnac_status st, const gnnac_error *err)
{
    if (st == GNNAC_OK)
        return 0;
    size_t i = (size_t)st < sizeof(exits) / sizeof(exits[0])
                   ? (size_t)st
                   : GNNAC_EINTERNAL;
    log_end_progress();
    fprintf(stderr, "%s%s\n", exits[i].bare ? "" : "gnnac: ",
            err->msg[0] ? err->msg : gnnac_status_string(st));
    return exits[i].code;
}

static const struct command *find_command(const char *name, gnnac_error *err)
{
    struct nearest n = {.wanted = name};
    char hint[96];
    for (const struct command *c = commands; c->name; c++) {
        if (strcmp(c->name, name) == 0)
            return c;
        nearest_offer(&n, c->name);
    }
    gnnac__set_error(err, "no command '%s'%s; gnnac --help lists them", name,
                     nearest_hint(&n, hint, sizeof(hint)));
    return NULL;
}

static gnnac_status run_command(const struct command *cmd, int argc,
                                const char *const *argv, gnnac_error *err)
{
    struct options o = {0};
    bool help = false;
    gnnac_status st = cli_parse(cmd, argc, argv, &o, &help, err);
    if (st == GNNAC_OK && help) {
        cli_print_help(cmd, stdout);
    } else if (st == GNNAC_OK) {
        log_set_level(o.verbose - o.quiet);
        st = cmd->run(&o, err);
    }
    return st;
}

static gnnac_status dispatch(int argc, const char *const *argv,
                             gnnac_error *err)
{
    if (argc < 2)
        return FAIL(err, GNNAC_EUSAGE, "no command; gnnac --help lists them");
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        cli_print_usage(commands, stdout);
        return GNNAC_OK;
    }
    if (strcmp(argv[1], "--version") == 0) {
        puts("gnnac " GNNAC_VERSION);
        return GNNAC_OK;
    }
    if (strcmp(argv[1], "--worker") == 0)
        return cmd_worker(argc > 2 ? argv[2] : "", err);
    const struct command *cmd = find_command(argv[1], err);
    if (!cmd)
        return GNNAC_EUSAGE;
    return run_command(cmd, argc - 2, argv + 2, err);
}

// A full disk or a reader that went away must not pass for success.
static gnnac_status close_stdout(gnnac_error *err)
{
    bool failed = ferror(stdout) != 0;
    if (fclose(stdout) != 0 || failed)
        return FAIL(err, GNNAC_EIO, "standard output: %s",
                    errno ? strerror(errno) : "write error");
    return GNNAC_OK;
}

int main(int argc, char **argv)
{
    gnnac_error err = {{0}};
    signal(SIGPIPE, SIG_IGN); // writes then fail with EPIPE
    signal(SIGXFSZ, SIG_IGN); // and with EFBIG
    // What tests/setup.sh put into .venv serves the program built beside it.
    setenv("GNNAC_SOURCE_ROOT", GNNAC_SOURCE_DIR, 0);
    gnnac_status st = dispatch(argc, (const char *const *)argv, &err);
    errno = 0;
    if (st == GNNAC_OK)
        st = close_stdout(&err);
    return report(st, &err);
}
