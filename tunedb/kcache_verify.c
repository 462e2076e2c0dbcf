// Every blob, row and count of a kernel cache against its digest.
#include <stdio.h>

#include "kcache_queries.h"
#include "values.h"

struct verification {
    struct kcache *kc;
    damage_report *report;
    void *context;
};

static void report_damage(const struct verification *v, const char *kind,
                          const char *name, const char *what)
{
    char line[256];
    snprintf(line, sizeof(line), "%s %s %s", kind, name, what);
    v->report(v->context, line);
}

static void report_number(const struct verification *v, const char *kind,
                          sqlite3_stmt *s, const char *what)
{
    char name[24];
    snprintf(name, sizeof(name), "%lld",
             (long long)sqlite3_column_int64(s, 0));
    report_damage(v, kind, name, what);
}

// Columns of LIST_BLOBS and LIST_USES: id, hash, body; id, uses, users.
static void verify_blob(const struct verification *v, sqlite3_stmt *s)
{
    struct digest d = digest_of(sqlite3_column_blob(s, 2),
                                (size_t)sqlite3_column_bytes(s, 2));
    if (!column_is_digest(s, 1, &d))
        report_number(v, "blob", s, "is not what was written");
}

static void verify_uses(const struct verification *v, sqlite3_stmt *s)
{
    report_number(v, "blob", s, "counts its users wrongly");
}

// Columns of LIST_ARTIFACTS.
enum { ID, DAY, KEY, ARCH, DIGEST, IMAGE };

static void verify_artifact(const struct verification *v, sqlite3_stmt *s)
{
    struct digest hashes[3];
    bool sound = true;
    for (int i = 0; i < 3; i++) {
        sound = sound && sqlite3_column_bytes(s, IMAGE + i) == DIGEST_BYTES;
        if (sound)
            memcpy(hashes[i].bytes, sqlite3_column_blob(s, IMAGE + i),
                   DIGEST_BYTES);
    }
    if (sound) {
        struct digest d = artifact_digest(column_text(s, KEY),
                                          column_text(s, ARCH), hashes);
        sound = column_is_digest(s, DIGEST, &d);
    }
    if (!sound)
        report_damage(v, "kernel", column_text(s, KEY),
                      "is not what was written");
}

// Columns of LIST_FILES.
enum { N_BYTES, MTIME_NS, TEXT, FILE_DIGEST, PATH };

static void verify_file(const struct verification *v, sqlite3_stmt *s)
{
    const struct file_stamp stamp = {
        .path = column_text(s, PATH),
        .n_bytes = sqlite3_column_int64(s, N_BYTES),
        .mtime_ns = sqlite3_column_int64(s, MTIME_NS),
    };
    struct digest d = file_digest(&stamp, column_text(s, TEXT));
    if (!column_is_digest(s, FILE_DIGEST, &d))
        report_damage(v, "file", stamp.path, "is not what was written");
}

gnnac_status kcache_verify(struct kcache *kc, damage_report *report,
                           void *context, gnnac_error *err)
{
    static const struct {
        int list;
        void (*verify)(const struct verification *, sqlite3_stmt *);
    } looks[] = {{LIST_BLOBS, verify_blob},
                 {LIST_USES, verify_uses},
                 {LIST_ARTIFACTS, verify_artifact},
                 {LIST_FILES, verify_file}};
    gnnac_status st = GNNAC_OK;
    const struct verification v = {kc, report, context};
    sqlite3_stmt *s = NULL;
    bool found;
    TRY(db_verify(&kc->db, report, context, err));
    for (size_t i = 0; i < sizeof(looks) / sizeof(looks[0]); i++) {
        TRY(db_statement(&kc->db, looks[i].list, &s, err));
        for (found = true; found;) {
            TRY(db_step(&kc->db, s, &found, err));
            if (found)
                looks[i].verify(&v, s);
        }
    }
out:
    sqlite3_reset(s);
    return st;
}
