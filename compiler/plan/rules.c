#include "plan/rules.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "plan/rules_state.h"

enum { MAX_FILE_BYTES = 1 << 20 };

gnnac_status ruleset_create(const struct family_list *families,
                            struct ruleset **out, gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    struct ruleset *rs = calloc(1, sizeof(*rs));
    if (!rs)
        return FAIL(err, GNNAC_ENOMEM, "out of memory");
    rs->families = families;
    if (!(rs->hash = XXH3_createState())) {
        st = FAIL(err, GNNAC_ENOMEM, "out of memory");
        goto out;
    }
    XXH3_128bits_reset(rs->hash);
    TRY(sandbox_create(&rs->sandbox, err));
    lua_pushcfunction(sandbox_lua(rs->sandbox), rules_install);
    lua_pushlightuserdata(sandbox_lua(rs->sandbox), rs);
    TRY(sandbox_call(rs->sandbox, 1, 2, err));
    sandbox_set_global(rs->sandbox, "test");
    sandbox_set_global(rs->sandbox, "rule");
    *out = rs;
    rs = NULL;
out:
    ruleset_destroy(rs);
    return st;
}

void ruleset_destroy(struct ruleset *rs)
{
    if (!rs)
        return;
    sandbox_destroy(rs->sandbox);
    XXH3_freeState(rs->hash);
    free(rs);
}

// A name with '#' that is no file means FILE#RULE.
static char *split_path(const char *path, const char **rule)
{
    char *file = strdup(path);
    *rule = NULL;
    char *mark = file ? strrchr(file, '#') : NULL;
    if (mark && access(path, F_OK) != 0) {
        *mark = '\0';
        *rule = mark + 1;
    }
    return file;
}

gnnac_status ruleset_load_text(struct ruleset *rs, const char *name,
                               const char *text, size_t n_bytes,
                               gnnac_error *err)
{
    XXH3_128bits_update(rs->hash, text, n_bytes);
    if (rs->only)
        XXH3_128bits_update(rs->hash, rs->only, strlen(rs->only));
    rs->file++;
    rs->open[0] = '\0';
    rs->found = false;
    gnnac_status st = sandbox_load(rs->sandbox, text, n_bytes, name, err);
    if (st == GNNAC_OK)
        st = sandbox_call(rs->sandbox, 0, 0, err);
    if (st != GNNAC_OK)
        return st;
    if (rs->open[0])
        return FAIL(err, GNNAC_EFORMAT, "%s: a { body } is missing here",
                    rs->open);
    if (rs->only && !rs->found)
        return FAIL(err, GNNAC_ENOENT, "%s: no rule '%s'", name, rs->only);
    return GNNAC_OK;
}

gnnac_status ruleset_load(struct ruleset *rs, const char *path,
                          gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    char *text = NULL;
    size_t n_bytes;
    char *file = split_path(path, &rs->only);

    if (!file)
        return FAIL(err, GNNAC_ENOMEM, "out of memory");
    TRY(file_read(file, MAX_FILE_BYTES, &text, &n_bytes, err));
    TRY(ruleset_load_text(rs, file, text, n_bytes, err));
out:
    rs->only = NULL;
    free(text);
    free(file);
    return st;
}

void ruleset_hash(const struct ruleset *rs, char hex[33])
{
    XXH128_hash_t h = XXH3_128bits_digest(rs->hash);
    snprintf(hex, 33, "%016llx%016llx", (unsigned long long)h.high64,
             (unsigned long long)h.low64);
}

void ruleset_counts(const struct ruleset *rs, size_t *n_rules, size_t *n_tests)
{
    *n_rules = rs->n_rules;
    *n_tests = rs->n_tests;
}

bool ruleset_rule_at(const struct ruleset *rs, size_t i, const char **name,
                     const char **where)
{
    if (i >= rs->n_rules)
        return false;
    *name = rs->rules[i].name;
    *where = rs->rules[i].where;
    return true;
}

void ruleset_bar_atomics(struct ruleset *rs)
{
    rs->no_atomics = true;
}

void ruleset_watch_points(struct ruleset *rs, const struct point_watcher *w)
{
    rs->watcher = w;
}

gnnac_status ruleset_decide(struct ruleset *rs, const char *op,
                            const struct props *graph,
                            const struct props *layer,
                            const struct props *device, struct decision *out,
                            gnnac_error *err)
{
    struct decision *d = calloc(1, sizeof(*d));
    if (!d)
        return FAIL(err, GNNAC_ENOMEM, "out of memory");
    rs->props[OBJ_GRAPH] = graph;
    rs->props[OBJ_LAYER] = layer;
    rs->props[OBJ_DEVICE] = device;
    gnnac_status st = rules_evaluate(rs, op, false, d, err);
    memset(rs->props, 0, sizeof(rs->props));
    if (st == GNNAC_OK && d->n_candidates == 0)
        st = FAIL(err, GNNAC_ENOENT, "no rule proposes a kernel for '%s'", op);
    if (st == GNNAC_OK || st == GNNAC_ENOENT)
        *out = *d;
    free(d);
    return st;
}
