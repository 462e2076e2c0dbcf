// The parser that reads the table of options (cli_options.c): how a
// command line is spelt, not what any command does.
#include "cli/cli.h"

#include <ctype.h>
#include <errno.h>
#include <float.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/nearest.h"

// ---- numbers ----------------------------------------------------------------

static gnnac_status bad_number(const struct option_spec *s, const char *text,
                               gnnac_error *err)
{
    int64_t max = s->max ? s->max : INT64_MAX;
    if (s->kind == OPT_UINT64)
        return FAIL(err, GNNAC_EUSAGE,
                    "--%s %s: expected an integer from 0 to %" PRIu64, s->name,
                    text, UINT64_MAX);
    return FAIL(err, GNNAC_EUSAGE,
                "--%s %s: expected an integer from %" PRId64 " to %" PRId64,
                s->name, text, s->min, max);
}

// Decimal digits alone, with a sign; no blanks, no tail, no overflow.
static bool parse_int64(const char *text, int64_t *out)
{
    char *end = NULL;
    errno = 0;
    long long v = strtoll(text, &end, 10);
    if (!(isdigit((unsigned char)text[0]) || text[0] == '-') || *end || errno)
        return false;
    *out = v;
    return true;
}

static bool parse_uint64(const char *text, uint64_t *out)
{
    char *end = NULL;
    errno = 0;
    unsigned long long v = strtoull(text, &end, 10);
    if (!isdigit((unsigned char)text[0]) || *end || errno)
        return false;
    *out = v;
    return true;
}

static gnnac_status store_number(const struct option_spec *s, const char *text,
                                 void *field, gnnac_error *err)
{
    int64_t v = 0, max = s->max ? s->max : INT64_MAX;
    if (s->kind == OPT_UINT64)
        return parse_uint64(text, field) ? GNNAC_OK : bad_number(s, text, err);
    if (!parse_int64(text, &v) || v < s->min || v > max)
        return bad_number(s, text, err);
    if (s->kind == OPT_INT32)
        *(int32_t *)field = (int32_t)v; // every 32-bit row has a max that fits
    else
        *(int64_t *)field = v;
    return GNNAC_OK;
}

// Decimal, perhaps with an exponent.
static gnnac_status store_real(const struct option_spec *s, const char *text,
                               struct real *field, gnnac_error *err)
{
    char *end = NULL;
    double v = strtod(text, &end);
    bool number = text[0] && text[strspn(text, "0123456789.eE+-")] == '\0';
    if (!number || *end || !(v >= 0 && v <= FLT_MAX) ||
        (s->max && v >= (double)s->max))
        return FAIL(err, GNNAC_EUSAGE, "--%s %s: expected a number from 0%s",
                    s->name, text, s->max ? " to below 1" : "");
    *field = (struct real){true, v};
    return GNNAC_OK;
}

// ---- words ------------------------------------------------------------------

// Index of `text` among "a|b|c", or -1; `n` tells the nearest.
static int find_word(const char *words, const char *text, struct nearest *n)
{
    char word[64];
    int index = 0;
    for (const char *p = words; *p; index++) {
        size_t len = strcspn(p, "|");
        snprintf(word, sizeof(word), "%.*s", (int)len, p);
        if (strcmp(word, text) == 0)
            return index;
        nearest_offer(n, word);
        p += len + (p[len] == '|');
    }
    return -1;
}

static gnnac_status store_word(const struct option_spec *s, const char *text,
                               void *field, gnnac_error *err)
{
    struct nearest n = {.wanted = text};
    char hint[96];
    int index = find_word(s->arg, text, &n);
    if (index < 0)
        return FAIL(err, GNNAC_EUSAGE, "--%s %s: expected %s%s", s->name, text,
                    s->arg, nearest_hint(&n, hint, sizeof(hint)));
    if (s->kind == OPT_SECOND)
        *(bool *)field = index == 1;
    else
        *(const char **)field = text;
    return GNNAC_OK;
}

static gnnac_status append(const struct option_spec *s, const char *text,
                           struct text_list *list, gnnac_error *err)
{
    if (list->n == CLI_MAX_LIST)
        return FAIL(err, GNNAC_EUSAGE, "--%s: given more than %d times",
                    s->name, CLI_MAX_LIST);
    list->items[list->n++] = text;
    return GNNAC_OK;
}

// ---- the parser -------------------------------------------------------------

static gnnac_status store(const struct option_spec *s, const char *text,
                          struct options *o, gnnac_error *err)
{
    void *field = (char *)o + s->offset;
    switch (s->kind) {
    case OPT_FLAG:
        *(bool *)field = true;
        return GNNAC_OK;
    case OPT_TEXT:
        if (text[0] == '\0')
            return FAIL(err, GNNAC_EUSAGE, "--%s: the value is empty",
                        s->name);
        *(const char **)field = text;
        return GNNAC_OK;
    case OPT_LIST:
        return append(s, text, field, err);
    case OPT_WORD:
    case OPT_SECOND:
        return store_word(s, text, field, err);
    case OPT_REAL:
        return store_real(s, text, field, err);
    default:
        return store_number(s, text, field, err);
    }
}

static gnnac_status store_defaults(const struct command *cmd,
                                   struct options *o, gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    for (const struct option_spec *s = cli_options; st == GNNAC_OK && s->name;
         s++)
        if (s->dflt && (s->commands & cmd->bit))
            st = store(s, s->dflt, o, err);
    return st;
}

// The row that `--name` or `-x` means, NULL if none. `n_name` ends the name at
// a '='.
static const struct option_spec *find_option(const struct command *cmd,
                                             const char *arg, size_t n_name)
{
    for (const struct option_spec *s = cli_options; s->name; s++) {
        if (!(s->commands & cmd->bit))
            continue;
        if (arg[1] != '-' ? n_name == 2 && s->letter == arg[1]
                          : strlen(s->name) == n_name - 2 &&
                                strncmp(s->name, arg + 2, n_name - 2) == 0)
            return s;
    }
    return NULL;
}

static gnnac_status unknown_option(const struct command *cmd, const char *arg,
                                   size_t n_name, gnnac_error *err)
{
    char name[64], dashed[64], hint[96];
    snprintf(name, sizeof(name), "%.*s", (int)n_name, arg);
    struct nearest n = {.wanted = name};
    for (const struct option_spec *s = cli_options; s->name; s++) {
        snprintf(dashed, sizeof(dashed), "--%s", s->name);
        if (s->commands & cmd->bit)
            nearest_offer(&n, dashed);
    }
    return FAIL(err, GNNAC_EUSAGE, "%s has no option '%s'%s", cmd->name, name,
                nearest_hint(&n, hint, sizeof(hint)));
}

// One option at argv[*i]; moves *i over its value.
static gnnac_status parse_option(const struct command *cmd, int argc,
                                 const char *const *argv, int *i,
                                 struct options *o, gnnac_error *err)
{
    const char *arg = argv[*i];
    size_t n_name = arg[1] == '-' ? strcspn(arg, "=") : strlen(arg);
    const struct option_spec *s = find_option(cmd, arg, n_name);
    if (!s)
        return unknown_option(cmd, arg, n_name, err);
    const char *value = arg[n_name] == '=' ? arg + n_name + 1 : NULL;
    if (s->kind == OPT_FLAG && value)
        return FAIL(err, GNNAC_EUSAGE, "--%s takes no value", s->name);
    if (s->kind != OPT_FLAG && !value) {
        if (++*i >= argc)
            return FAIL(err, GNNAC_EUSAGE, "--%s needs a value: %s", s->name,
                        s->arg);
        value = argv[*i];
    }
    return store(s, value, o, err);
}

static gnnac_status add_arg(const struct command *cmd, const char *arg,
                            struct options *o, gnnac_error *err)
{
    if (o->n_args == cmd->max_args)
        return FAIL(err, GNNAC_EUSAGE, "%s: '%s' is one argument too many",
                    cmd->name, arg);
    o->args[o->n_args++] = arg;
    return GNNAC_OK;
}

static gnnac_status check_args(const struct command *cmd,
                               const struct options *o, gnnac_error *err)
{
    if (o->n_args < cmd->min_args)
        return FAIL(err, GNNAC_EUSAGE, "%s needs %s; see gnnac %s --help",
                    cmd->name, cmd->args, cmd->name);
    if (o->quiet && o->verbose)
        return FAIL(err, GNNAC_EUSAGE, "--quiet and --verbose exclude one "
                                       "another");
    return GNNAC_OK;
}

gnnac_status cli_parse(const struct command *cmd, int argc,
                       const char *const *argv, struct options *out, bool *help,
                       gnnac_error *err)
{
    struct options o = {0};
    bool options_over = false;
    gnnac_status st = store_defaults(cmd, &o, err);

    *help = false;
    for (int i = 0; i < argc && st == GNNAC_OK; i++) {
        const char *arg = argv[i];
        if (options_over || arg[0] != '-' || arg[1] == '\0') {
            st = add_arg(cmd, arg, &o, err);
        } else if (strcmp(arg, "--") == 0) {
            options_over = true;
        } else if (strcmp(arg, "--help") == 0 || strcmp(arg, "-h") == 0) {
            *help = true;
            return GNNAC_OK;
        } else {
            st = parse_option(cmd, argc, argv, &i, &o, err);
        }
    }
    if (st == GNNAC_OK)
        st = check_args(cmd, &o, err);
    o.graph.n_threads = o.threads;
    o.graph.progress = log_progress;
    if (st == GNNAC_OK)
        *out = o;
    return st;
}
