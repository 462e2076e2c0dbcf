#include "kcache.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "kcache_queries.h"
#include "kcache_sql.h"
#include "values.h"

static const char *const queries[] = {
    [GET_ARTIFACT] =
        "SELECT a.arch, a.digest, a.last_used_day, i.hash, i.body, s.hash,"
        " s.body, l.hash, l.body FROM artifact a"
        " JOIN blob i ON i.id = a.image JOIN blob s ON s.id = a.source"
        " JOIN blob l ON l.id = a.log WHERE a.key = ?1",
    [TOUCH_ARTIFACT] = "UPDATE artifact SET last_used_day = ?2 WHERE key = ?1",
    [DROP_ARTIFACT] = "DELETE FROM artifact WHERE key = ?1",
    [PUT_ARTIFACT] =
        "INSERT INTO artifact (key, arch, image, source, log, last_used_day,"
        " digest) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    [GET_BLOB] = "SELECT id, body FROM blob WHERE hash = ?1",
    [PUT_BLOB] = "INSERT INTO blob (hash, body) VALUES (?1, ?2)",
    [REPAIR_BLOB] = "UPDATE blob SET body = ?2 WHERE id = ?1",
    [DROP_OLDEST] = "DELETE FROM artifact WHERE id IN (SELECT id FROM artifact"
                    " ORDER BY last_used_day, id LIMIT ?1)",
    [GET_FILE] =
        "SELECT n_bytes, mtime_ns, text, digest FROM file WHERE path = ?1",
    [PUT_FILE] = "INSERT OR REPLACE INTO file (path, n_bytes, mtime_ns, text,"
                 " digest) VALUES (?1, ?2, ?3, ?4, ?5)",
    [LIST_ARTIFACTS] =
        "SELECT a.id, a.last_used_day, a.key, a.arch, a.digest, i.hash,"
        " s.hash, l.hash FROM artifact a"
        " LEFT JOIN blob i ON i.id = a.image"
        " LEFT JOIN blob s ON s.id = a.source"
        " LEFT JOIN blob l ON l.id = a.log ORDER BY a.key",
    [LIST_VICTIMS] = "SELECT id, last_used_day, key FROM artifact",
    [LIST_BLOBS] = "SELECT id, hash, body FROM blob ORDER BY id",
    [LIST_USES] = "SELECT b.id, b.uses, count(u.blob) AS n FROM blob b"
                  " LEFT JOIN (SELECT image AS blob FROM artifact UNION ALL"
                  " SELECT source FROM artifact UNION ALL"
                  " SELECT log FROM artifact) u ON u.blob = b.id"
                  " GROUP BY b.id HAVING b.uses <> n",
    [LIST_FILES] = "SELECT n_bytes, mtime_ns, text, digest, path FROM file",
    [DROP_ONE] = "DELETE FROM artifact WHERE id = ?1",
};

static const char *const steps[] = {kcache_sql};
static const struct db_schema schema = {
    .what = "kernel cache",
    .application_id = 0x474e4e4b, // "GNNK"
    .steps = steps,
    .version = sizeof(steps) / sizeof(steps[0]),
    .queries = queries,
};

static const int64_t default_limit = INT64_C(2) << 30;

// ---- opening ----------------------------------------------------------------

// Open, or move a damaged file aside and begin a fresh one.
static gnnac_status open_fresh(struct kcache *kc, const char *path,
                               gnnac_error *err)
{
    char moved[560];
    gnnac_error first = {{0}};
    uint64_t inode = kc->inode ? kc->inode : db_inode(path);
    bool damaged = kc->db.damaged;
    db_close(&kc->db);
    kc->db = (struct db){0};
    if (!damaged && db_open(&kc->db, path, &schema, &first) == GNNAC_OK)
        goto out;
    if (!damaged && !kc->db.damaged)
        return FAIL(err, GNNAC_EDB, "%s", first.msg);
    gnnac_status st = db_move_aside(path, inode, moved, sizeof(moved), err);
    kc->db = (struct db){0};
    if (st == GNNAC_OK)
        st = db_open(&kc->db, path, &schema, err);
    if (st != GNNAC_OK)
        return st;
    snprintf(kc->note, sizeof(kc->note), "damaged: moved to %s", moved);
out:
    kc->inode = db_inode(path);
    return GNNAC_OK;
}

static gnnac_status open_existing(struct kcache *kc, const char *path,
                                  gnnac_error *err)
{
    return db_open_existing(&kc->db, path, &schema, err);
}

static gnnac_status open_with(gnnac_status (*open)(struct kcache *,
                                                   const char *, gnnac_error *),
                              const char *path, struct kcache **out,
                              gnnac_error *err)
{
    struct kcache *kc = calloc(1, sizeof(*kc));
    if (!kc)
        return FAIL(err, GNNAC_ENOMEM, "out of memory");
    kc->max_bytes = default_limit;
    gnnac_status st = open(kc, path, err);
    if (st == GNNAC_OK)
        *out = kc;
    else
        kcache_close(kc);
    return st;
}

gnnac_status kcache_open(const char *path, struct kcache **out,
                         gnnac_error *err)
{
    return open_with(open_fresh, path, out, err);
}

gnnac_status kcache_open_existing(const char *path, struct kcache **out,
                                  gnnac_error *err)
{
    return open_with(open_existing, path, out, err);
}

void kcache_close(struct kcache *kc)
{
    if (!kc)
        return;
    db_close(&kc->db);
    free(kc);
}

const char *kcache_note(const struct kcache *kc)
{
    return kc->note[0] ? kc->note : kc->db.note;
}

void kcache_set_limit(struct kcache *kc, int64_t max_bytes)
{
    kc->max_bytes = max_bytes;
}

// Damage that shows in the middle of work ends the file, not the work.
static void replace_if_damaged(struct kcache *kc)
{
    char path[sizeof(kc->db.path)];
    if (!kc->db.damaged || kc->db.read_only)
        return;
    snprintf(path, sizeof(path), "%s", kc->db.path);
    open_fresh(kc, path, NULL);
}

// ---- artifacts --------------------------------------------------------------

struct digest artifact_digest(const char *key, const char *arch,
                              const struct digest hashes[3])
{
    XXH3_state_t s;
    digest_begin(&s, "gnnac artifact row v1");
    digest_text(&s, key);
    digest_text(&s, arch);
    for (int i = 0; i < 3; i++)
        digest_bytes(&s, hashes[i].bytes, DIGEST_BYTES);
    return digest_end(&s);
}

// Columns of GET_ARTIFACT.
enum { ARCH, DIGEST, LAST_USED_DAY, IMAGE_HASH, IMAGE, SOURCE_HASH, SOURCE };

static bool row_is_sound(sqlite3_stmt *s, const char *key)
{
    struct digest hashes[3];
    for (int i = 0; i < 3; i++) {
        int column = IMAGE + 2 * i;
        hashes[i] = digest_of(sqlite3_column_blob(s, column),
                              (size_t)sqlite3_column_bytes(s, column));
        if (!column_is_digest(s, column - 1, &hashes[i]))
            return false;
    }
    struct digest row = artifact_digest(key, column_text(s, ARCH), hashes);
    return column_is_digest(s, DIGEST, &row);
}

static bool source_is(sqlite3_stmt *s, const char *source)
{
    size_t n = strlen(source);
    return (size_t)sqlite3_column_bytes(s, SOURCE) == n &&
           (n == 0 || memcmp(sqlite3_column_blob(s, SOURCE), source, n) == 0);
}

static char *copy_column(sqlite3_stmt *s, int column)
{
    size_t n = (size_t)sqlite3_column_bytes(s, column);
    char *copy = malloc(n + 1);
    if (!copy)
        return NULL;
    if (n > 0)
        memcpy(copy, sqlite3_column_blob(s, column), n);
    copy[n] = '\0';
    return copy;
}

static gnnac_status copy_artifact(sqlite3_stmt *s, struct artifact *out,
                                  gnnac_error *err)
{
    struct artifact a = {
        .image = (unsigned char *)copy_column(s, IMAGE),
        .n_bytes = (size_t)sqlite3_column_bytes(s, IMAGE),
        .source = copy_column(s, IMAGE + 2),
        .log = copy_column(s, IMAGE + 4),
    };
    if (!a.image || !a.source || !a.log) {
        artifact_finish(&a);
        return FAIL(err, GNNAC_ENOMEM, "out of memory");
    }
    snprintf(a.arch, sizeof(a.arch), "%s", column_text(s, ARCH));
    *out = a;
    return GNNAC_OK;
}

void artifact_finish(struct artifact *a)
{
    free(a->image);
    free(a->source);
    free(a->log);
    *a = (struct artifact){0};
}

// At most one write a day for each artifact, and none that must succeed.
static void touch(struct kcache *kc, const char *key, int64_t last_used_day)
{
    sqlite3_stmt *s;
    if (last_used_day == kcache_today() || kc->db.read_only ||
        db_statement(&kc->db, TOUCH_ARTIFACT, &s, NULL) != GNNAC_OK)
        return;
    bind_text(s, 1, key);
    sqlite3_bind_int64(s, 2, kcache_today());
    db_run(&kc->db, s, NULL);
}

static gnnac_status find_artifact(struct kcache *kc, const char *hex,
                                  const char *source, struct artifact *out,
                                  gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    sqlite3_stmt *s = NULL;
    bool found = false;
    int64_t day = 0;
    TRY(db_statement(&kc->db, GET_ARTIFACT, &s, err));
    bind_text(s, 1, hex);
    TRY(db_step(&kc->db, s, &found, err));
    if (!found || !row_is_sound(s, hex) || (source && !source_is(s, source))) {
        st = FAIL(err, GNNAC_ENOENT, "%s: not in the kernel cache", hex);
        goto out;
    }
    TRY(copy_artifact(s, out, err));
    day = sqlite3_column_int64(s, LAST_USED_DAY);
out:
    sqlite3_reset(s);
    if (st == GNNAC_OK)
        touch(kc, hex, day);
    return st;
}

gnnac_status kcache_get(struct kcache *kc, const char *hex, const char *source,
                        struct artifact *out, gnnac_error *err)
{
    gnnac_error e = {{0}};
    gnnac_status st = find_artifact(kc, hex, source, out, &e);
    if (st == GNNAC_EDB && kc->db.damaged) {
        replace_if_damaged(kc);
        st = GNNAC_ENOENT;
    }
    return st == GNNAC_OK ? st : FAIL(err, st, "%s", e.msg);
}

// The row of these bytes, whatever state a row with their hash is in.
static gnnac_status intern_blob(struct kcache *kc, const void *body, size_t n,
                                struct digest *hash, int64_t *id,
                                gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    sqlite3_stmt *get, *put;
    bool found = false, same = false;
    *hash = digest_of(body, n);
    TRY(db_statement(&kc->db, GET_BLOB, &get, err));
    bind_digest(get, 1, hash);
    TRY(db_step(&kc->db, get, &found, err));
    if (found) {
        *id = sqlite3_column_int64(get, 0);
        same = (size_t)sqlite3_column_bytes(get, 1) == n &&
               (n == 0 || memcmp(sqlite3_column_blob(get, 1), body, n) == 0);
    }
    sqlite3_reset(get);
    if (same)
        goto out;
    TRY(db_statement(&kc->db, found ? REPAIR_BLOB : PUT_BLOB, &put, err));
    if (found)
        sqlite3_bind_int64(put, 1, *id);
    else
        bind_digest(put, 1, hash);
    sqlite3_bind_blob64(put, 2, n ? body : "", n, SQLITE_STATIC);
    TRY(db_run(&kc->db, put, err));
    if (!found)
        *id = sqlite3_last_insert_rowid(kc->db.conn);
out:
    return st;
}

static gnnac_status put_locked(struct kcache *kc, const char *hex,
                               const struct artifact *a, gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    const char *source = a->source ? a->source : "";
    const char *log = a->log ? a->log : "";
    struct digest hashes[3];
    int64_t ids[3];
    sqlite3_stmt *s;
    TRY(intern_blob(kc, a->image, a->n_bytes, &hashes[0], &ids[0], err));
    TRY(intern_blob(kc, source, strlen(source), &hashes[1], &ids[1], err));
    TRY(intern_blob(kc, log, strlen(log), &hashes[2], &ids[2], err));
    struct digest row = artifact_digest(hex, a->arch, hashes);

    TRY(db_statement(&kc->db, PUT_ARTIFACT, &s, err));
    bind_text(s, 1, hex);
    bind_text(s, 2, a->arch);
    for (int i = 0; i < 3; i++)
        sqlite3_bind_int64(s, 3 + i, ids[i]);
    sqlite3_bind_int64(s, 6, kcache_today());
    bind_digest(s, 7, &row);
    TRY(db_run(&kc->db, s, err));
out:
    return st;
}

// The old row goes first, because its triggers count; blobs that only it used
// go with it, so the new ones are made afterwards.
static gnnac_status replace_locked(struct kcache *kc, const char *hex,
                                   const struct artifact *a, gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    sqlite3_stmt *s;
    TRY(db_statement(&kc->db, DROP_ARTIFACT, &s, err));
    bind_text(s, 1, hex);
    TRY(db_run(&kc->db, s, err));
    TRY(put_locked(kc, hex, a, err));
out:
    return st;
}

// ---- the rest of the interface ----------------------------------------------

static gnnac_status put_once(struct kcache *kc, const char *hex,
                             const struct artifact *a, gnnac_error *err)
{
    gnnac_status st = db_begin(&kc->db, err);
    if (st != GNNAC_OK)
        return st;
    return db_end(&kc->db, replace_locked(kc, hex, a, err), err);
}

gnnac_status kcache_put(struct kcache *kc, const char *hex,
                        const struct artifact *a, gnnac_error *err)
{
    gnnac_error e = {{0}};
    gnnac_status st = put_once(kc, hex, a, &e);
    if (st == GNNAC_EDB && kc->db.damaged && !kc->db.read_only) {
        replace_if_damaged(kc);
        e.msg[0] = '\0';
        st = put_once(kc, hex, a, &e);
    }
    if (st != GNNAC_OK)
        return FAIL(err, st, "%s", e.msg);
    // It is stored; a cache that is too big is no failure.
    kcache_keep_limit(kc, NULL);
    return GNNAC_OK;
}

gnnac_status kcache_get_info(struct kcache *kc, struct kcache_info *out,
                             gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    int64_t rows, blobs, bytes, version;
    TRY(db_read_int(&kc->db, "SELECT count(*) FROM artifact", &rows, err));
    TRY(db_read_int(&kc->db, "SELECT count(*) FROM blob", &blobs, err));
    TRY(db_read_int(&kc->db, "PRAGMA user_version", &version, err));
    TRY(kcache_used_bytes(kc, &bytes, err));
    *out = (struct kcache_info){.n_artifacts = rows,
                                .n_blobs = blobs,
                                .n_bytes = bytes,
                                .schema_version = (int)version};
    snprintf(out->path, sizeof(out->path), "%s", kc->db.path);
out:
    return st;
}
