// --help: the same tables, printed.
#include "cli/cli.h"

#include <string.h>

enum { HELP_COLUMN = 30, HELP_WIDTH = 79 };

// `left`, then `right` from HELP_COLUMN on, broken at blanks.
static void print_entry(FILE *out, const char *left, const char *right)
{
    int column = fprintf(out, "  %s", left);
    if (column > HELP_COLUMN - 2) {
        fputc('\n', out);
        column = 0;
    }
    while (*right) {
        size_t room = HELP_WIDTH - HELP_COLUMN, n = strlen(right);
        if (n > room)
            for (n = room; n > 0 && right[n] != ' '; n--)
                ;
        if (n == 0)
            n = strcspn(right, " ");
        fprintf(out, "%*s%.*s\n", HELP_COLUMN - column, "", (int)n, right);
        right += n + strspn(right + n, " ");
        column = 0;
    }
}

static void print_option(const struct option_spec *s, FILE *out)
{
    char left[96], doc[256], letter[8] = "    ";
    if (s->letter)
        snprintf(letter, sizeof(letter), "-%c, ", s->letter);
    snprintf(left, sizeof(left), "%s--%s%s%s", letter, s->name,
             s->arg ? " " : "", s->arg ? s->arg : "");
    snprintf(doc, sizeof(doc), "%s%s%s%s", s->doc, s->dflt ? " (default " : "",
             s->dflt ? s->dflt : "", s->dflt ? ")" : "");
    print_entry(out, left, doc);
}

void cli_print_help(const struct command *cmd, FILE *out)
{
    fprintf(out, "gnnac %s%s%s - %s\n\noptions:\n", cmd->name,
            cmd->args[0] ? " " : "", cmd->args, cmd->summary);
    for (const struct option_spec *s = cli_options; s->name; s++)
        if (s->commands & cmd->bit)
            print_option(s, out);
    print_entry(out, "-h, --help", "print this");
}

void cli_print_usage(const struct command *commands, FILE *out)
{
    char left[96];
    fputs("gnnac: an autotuning compiler of CUDA kernels for one graph\n\n"
          "usage: gnnac COMMAND [ARGUMENTS] [OPTIONS]\n\ncommands:\n",
          out);
    for (const struct command *c = commands; c->name; c++) {
        snprintf(left, sizeof(left), "%s %s", c->name, c->args);
        print_entry(out, left, c->summary);
    }
    fputs("\ngnnac COMMAND --help lists the options; "
          "gnnac --version prints the version.\n"
          "Exit codes: 0 ok, 1 usage, 2 bad input, 3 kernel compilation, "
          "4 wrong result,\n5 measurement too noisy, 6 database, 7 device "
          "missing or lost, 8 internal.\n",
          out);
}
