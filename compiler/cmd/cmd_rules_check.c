// gnnac rules check|test: find mistakes in rule files; run the tests in them.
// Each file is looked at by itself.
#include "cmd/cmd_rules.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"

struct outcome {
    const char *file;
    size_t n_rules, n_tests;
    struct rule_test_result result; // of `test`
};

static gnnac_status look_at(const struct catalog *c, const char *file,
                            bool test, struct outcome *v, gnnac_error *err)
{
    struct ruleset *rs = NULL;
    gnnac_status st = rules_open(c, &file, 1, &rs, err);
    if (st == GNNAC_OK)
        st = test ? ruleset_test(rs, &v->result, err) : ruleset_probe(rs, err);
    if (st == GNNAC_OK) {
        v->file = file;
        ruleset_counts(rs, &v->n_rules, &v->n_tests);
    }
    ruleset_destroy(rs);
    if (st == GNNAC_OK && v->result.n_failed > 0)
        st = FAIL(err, GNNAC_EFORMAT, "%s: %d of %zu tests failed", file,
                  v->result.n_failed, v->n_tests);
    return st;
}

static void print_verdict(const struct outcome *v, bool test)
{
    fputs(v->result.report, stdout);
    if (!test)
        printf("%s: %zu rules, %zu tests, no mistakes\n", v->file, v->n_rules,
               v->n_tests);
    else if (v->result.n_failed == 0)
        printf("%s: %zu rules, %d tests passed\n", v->file, v->n_rules,
               v->result.n_passed);
}

static json_t *verdict_json(const char *file, const struct outcome *v,
                            gnnac_status st, const gnnac_error *err)
{
    json_t *j = json_pack("{s:s, s:b}", "file", file, "ok", st == GNNAC_OK);
    if (v->file) {
        json_object_set_new(j, "rules", json_integer((json_int_t)v->n_rules));
        json_object_set_new(j, "tests", json_integer((json_int_t)v->n_tests));
        json_object_set_new(j, "failed", json_integer(v->result.n_failed));
        json_object_set_new(j, "report", json_string(v->result.report));
    }
    if (st != GNNAC_OK)
        json_object_set_new(j, "error", json_string(err->msg));
    return j;
}

// Look at every file; the first mistake becomes the command's error, further
// ones are printed as they come.
static gnnac_status look_at_all(const struct catalog *c,
                                const struct options *o, bool test,
                                json_t *files, gnnac_error *err)
{
    gnnac_status first = GNNAC_OK;
    for (size_t i = 1; i < o->n_args; i++) {
        gnnac_error mine = {{0}};
        struct outcome v = {0};
        gnnac_status st = look_at(c, o->args[i], test, &v, &mine);
        if (files)
            json_array_append_new(files,
                                  verdict_json(o->args[i], &v, st, &mine));
        else if (v.file)
            print_verdict(&v, test);
        if (st != GNNAC_OK && first == GNNAC_OK)
            first = FAIL(err, st, "%s", mine.msg);
        else if (st != GNNAC_OK)
            log_warn("%s", mine.msg);
    }
    return first;
}

static void print_json(json_t *files)
{
    json_t *all = json_pack("{s:O}", "files", files);
    json_dumpf(all, stdout, JSON_COMPACT);
    printf("\n");
    json_decref(all);
}

static gnnac_status look(const struct options *o, bool test, gnnac_error *err)
{
    struct catalog *catalog = NULL;
    gnnac_status st = rules_open_catalog(&catalog, err);
    if (st != GNNAC_OK)
        return st;
    json_t *files = o->json ? json_array() : NULL;
    st = look_at_all(catalog, o, test, files, err);
    if (files)
        print_json(files);
    json_decref(files);
    catalog_close(catalog);
    return st;
}

gnnac_status rules_check(const struct options *o, gnnac_error *err)
{
    return look(o, false, err);
}

gnnac_status rules_run_tests(const struct options *o, gnnac_error *err)
{
    return look(o, true, err);
}
