// gnnac db info|verify: both files as a whole.
#include "cmd/cmd_db.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/requests.h"
#include "tunedb_records.h"

// ---- info -------------------------------------------------------------------

// Null where there is no file.
static gnnac_status tune_info(const struct options *o, json_t **out,
                              gnnac_error *err)
{
    struct tunedb *db = NULL;
    struct tunedb_info i;
    char *path;
    gnnac_status st = db_existing(o, "tune.db", &path, err);
    *out = json_null();
    if (st != GNNAC_OK || !path)
        return st;
    st = tunedb_open(path, &db, err);
    if (st == GNNAC_OK)
        st = tunedb_get_info(db, &i, err);
    if (st == GNNAC_OK)
        *out = json_pack(
            "{s:s, s:i, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:b}", "path", path,
            "schema", i.schema_version, "bytes", (json_int_t)i.n_bytes,
            "decisions", (json_int_t)i.n_decisions, "runs",
            (json_int_t)i.n_runs, "measurements", (json_int_t)i.n_measurements,
            "analyses", (json_int_t)i.n_analyses, "graphs",
            (json_int_t)i.n_graphs, "quarantined",
            (json_int_t)i.n_quarantined, "writable", !tunedb_is_read_only(db));
    tunedb_close(db);
    free(path);
    return st;
}

static gnnac_status kcache_info_json(const struct options *o, json_t **out,
                                     gnnac_error *err)
{
    struct kcache *kc = NULL;
    struct kcache_info i;
    char *path;
    gnnac_status st = db_existing(o, "kcache.db", &path, err);
    *out = json_null();
    if (st != GNNAC_OK || !path)
        return st;
    st = kcache_open_existing(path, &kc, err);
    if (st == GNNAC_OK)
        st = kcache_get_info(kc, &i, err);
    if (st == GNNAC_OK)
        *out = json_pack("{s:s, s:i, s:I, s:I, s:I}", "path", path, "schema",
                         i.schema_version, "bytes", (json_int_t)i.n_bytes,
                         "kernels", (json_int_t)i.n_artifacts, "blobs",
                         (json_int_t)i.n_blobs);
    kcache_close(kc);
    free(path);
    return st == GNNAC_ENOENT ? GNNAC_OK : st;
}

static void print_file(const char *name, const json_t *file,
                       const char *const *counts)
{
    if (json_is_null(file)) {
        printf("%s: none yet\n", name);
        return;
    }
    printf("%s: %s, schema %d, %.2f MiB in use\n", name,
           json_text_at(file, "path"),
           (int)json_integer_value(json_object_get(file, "schema")),
           (double)json_integer_value(json_object_get(file, "bytes")) /
               0x1p20);
    for (; *counts; counts++)
        printf("  %-12s %" JSON_INTEGER_FORMAT "\n", *counts,
               json_integer_value(json_object_get(file, *counts)));
    if (json_is_false(json_object_get(file, "writable")))
        printf("  cannot be written\n");
}

gnnac_status db_info(const struct options *o, gnnac_error *err)
{
    static const char *const of_tune[] = {"decisions",    "runs",
                                          "measurements", "analyses",
                                          "graphs",       "quarantined",
                                          NULL};
    static const char *const of_kcache[] = {"kernels", "blobs", NULL};
    gnnac_status st = GNNAC_OK;
    json_t *tune = NULL, *kcache = NULL;
    TRY(tune_info(o, &tune, err));
    TRY(kcache_info_json(o, &kcache, err));
    if (o->json) {
        TRY(print_json_line(json_pack("{s:O, s:O}", "tune.db", tune,
                                      "kcache.db", kcache), err));
    } else {
        print_file("tune.db", tune, of_tune);
        print_file("kcache.db", kcache, of_kcache);
    }
out:
    json_decref(tune);
    json_decref(kcache);
    return st;
}

// ---- verify -----------------------------------------------------------------

struct inspection {
    const char *name; // of the file that is looked at
    bool json;
    json_t *damage; // list of lines
};

static void note_damage(void *context, const char *what)
{
    struct inspection *i = context;
    json_array_append_new(i->damage, json_sprintf("%s: %s", i->name, what));
    if (!i->json)
        printf("%s: %s\n", i->name, what);
}

static gnnac_status verify_tune(const char *path, struct inspection *i,
                                gnnac_error *err)
{
    struct tunedb *db = NULL;
    gnnac_status st = tunedb_open(path, &db, err);
    if (st == GNNAC_OK)
        st = tunedb_verify(db, note_damage, i, err);
    tunedb_close(db);
    return st;
}

static gnnac_status verify_kcache(const char *path, struct inspection *i,
                                  gnnac_error *err)
{
    struct kcache *kc = NULL;
    gnnac_status st = kcache_open_existing(path, &kc, err);
    if (st == GNNAC_OK)
        st = kcache_verify(kc, note_damage, i, err);
    kcache_close(kc);
    return st;
}

// A file that cannot be read to its end is one damage more.
static gnnac_status look(const struct options *o, struct inspection *i,
                         gnnac_status (*verify)(const char *,
                                                struct inspection *,
                                                gnnac_error *),
                         gnnac_error *err)
{
    char *path;
    gnnac_error why = {{0}};
    size_t before = json_array_size(i->damage);
    gnnac_status st = db_existing(o, i->name, &path, err);
    if (st != GNNAC_OK || !path)
        return st;
    st = verify(path, i, &why);
    if (st == GNNAC_EDB) {
        note_damage(i, why.msg);
        st = GNNAC_OK;
    } else if (st == GNNAC_ENOENT) {
        st = GNNAC_OK; // nothing was ever in it
    } else if (st != GNNAC_OK) {
        (void)FAIL(err, st, "%s", why.msg);
    }
    if (!o->json && json_array_size(i->damage) == before)
        printf("%s: ok\n", path);
    free(path);
    return st;
}

gnnac_status db_verify_files(const struct options *o, gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    json_t *damage = json_array();
    struct inspection tune = {"tune.db", o->json, damage};
    struct inspection kcache = {"kcache.db", o->json, damage};
    TRY(look(o, &tune, verify_tune, err));
    TRY(look(o, &kcache, verify_kcache, err));
    size_t n = json_array_size(damage);
    if (o->json)
        TRY(print_json_line(json_pack("{s:b, s:O}", "ok", n == 0, "damage",
                                      damage), err));
    if (n > 0)
        st = FAIL(err, GNNAC_EDB, "%zu damages found", n);
out:
    json_decref(damage);
    return st;
}
