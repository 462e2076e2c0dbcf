// gnnac rules lint: what is odd about rule files though they pass their tests.
#include "cmd/cmd_rules.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/log.h"
#include "cli/requests.h"
#include "tune/paths.h"
#include "workshop/lint.h"

enum { MAX_FILE_BYTES = 1 << 20 };

// What compile would ask with --rules FILE: default.lua first, unless it is
// that very file.
static gnnac_status open_whole(const struct catalog *c, const char *found,
                               struct ruleset **out, gnnac_error *err)
{
    char *shipped = rules_default_path(err);
    if (!shipped)
        return GNNAC_ENOENT;
    const char *files[] = {shipped, found};
    bool is_shipped = same_file(shipped, found);
    gnnac_status st =
        rules_open(c, files + is_shipped, 2 - is_shipped, out, err);
    free(shipped);
    return st;
}

static gnnac_status read_rules_text(const char *found, char **out,
                                    gnnac_error *err)
{
    size_t n_bytes;
    char *file = rules_file_of(found);
    if (!file)
        return FAIL(err, GNNAC_ENOMEM, "out of memory");
    gnnac_status st = file_read(file, MAX_FILE_BYTES, out, &n_bytes, err);
    free(file);
    return st;
}

static gnnac_status lint_file(struct catalog *c, const char *name,
                              struct lint_report *out, gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    struct ruleset *alone = NULL, *whole = NULL;
    char *text = NULL, *found = rules_find(name);
    const char *file = found ? found : name;
    TRY(rules_open(c, &file, 1, &alone, err));
    TRY(open_whole(c, file, &whole, err));
    TRY(read_rules_text(file, &text, err));
    TRY(lint(alone, whole, c, text, out, err));
out:
    ruleset_destroy(alone);
    ruleset_destroy(whole);
    free(text);
    free(found);
    return st;
}

static json_t *report_json(const char *file, const struct lint_report *r)
{
    json_t *list = json_array();
    for (size_t i = 0; i < r->n; i++) {
        const struct finding *f = &r->items[i];
        json_array_append_new(
            list, json_pack("{s:s, s:b, s:s, s:s, s:s}", "kind",
                            lint_kind_name(f->kind), "warning",
                            lint_is_warning(f->kind), "rule", f->rule, "where",
                            f->where, "text", f->text));
    }
    return json_pack("{s:s, s:b, s:I, s:I, s:o}", "file", file, "ok",
                     r->n_warnings == 0, "rules", (json_int_t)r->n_rules,
                     "probes", (json_int_t)r->n_probes, "findings", list);
}

static void print_report(const char *file, const struct lint_report *r)
{
    for (size_t i = 0; i < r->n; i++) {
        const struct finding *f = &r->items[i];
        printf("%s: %s: rule '%s' %s: %s\n", f->where,
               lint_is_warning(f->kind) ? "warning" : "remark", f->rule,
               lint_kind_name(f->kind), f->text);
    }
    printf("%s: %zu rules, %zu workloads probed, %zu warnings, %zu remarks\n",
           file, r->n_rules, r->n_probes, r->n_warnings, r->n - r->n_warnings);
}

static gnnac_status lint_all(const struct options *o, struct catalog *c,
                             json_t *files, gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    size_t n_warnings = 0;
    for (size_t i = 1; i < o->n_args && st == GNNAC_OK; i++) {
        struct lint_report r = {0};
        st = lint_file(c, o->args[i], &r, err);
        n_warnings += r.n_warnings;
        if (st == GNNAC_OK && files)
            json_array_append_new(files, report_json(o->args[i], &r));
        else if (st == GNNAC_OK)
            print_report(o->args[i], &r);
        lint_report_finish(&r);
    }
    if (st == GNNAC_OK && files)
        st = print_json_line(json_pack("{s:O}", "files", files), err);
    if (st == GNNAC_OK && n_warnings > 0)
        st = FAIL(err, GNNAC_EFORMAT, "%s%s: %zu warnings", o->args[1],
                  o->n_args > 2 ? " and others" : "", n_warnings);
    return st;
}

gnnac_status rules_lint(const struct options *o, gnnac_error *err)
{
    struct catalog *c = NULL;
    gnnac_status st = rules_open_catalog(&c, err);
    if (st != GNNAC_OK)
        return st;
    json_t *files = o->json ? json_array() : NULL;
    st = lint_all(o, c, files, err);
    json_decref(files);
    catalog_close(c);
    return st;
}
