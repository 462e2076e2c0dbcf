#include "tunedb_queries.h"

#include <stdio.h>
#include <stdlib.h>

#include "analysis_sql.h"
#include "schema_sql.h"

#define ADD(table) "INSERT OR IGNORE INTO " table " (text) VALUES (?1)"
#define FIND(table) "SELECT id FROM " table " WHERE text = ?1"

static const char *const queries[] = {
    [ADD_GRAPH] = ADD("graph"),
    [FIND_GRAPH] = FIND("graph"),
    [ADD_OP] = ADD("op"),
    [FIND_OP] = FIND("op"),
    [ADD_DEVICE] = ADD("device"),
    [FIND_DEVICE] = FIND("device"),
    [ADD_TOOLCHAIN] = ADD("toolchain"),
    [FIND_TOOLCHAIN] = FIND("toolchain"),
    [ADD_SPACE] = ADD("space"),
    [FIND_SPACE] = FIND("space"),
    [ADD_VARIANT] =
        "INSERT OR IGNORE INTO variant (family, knobs) VALUES (?1, ?2)",
    [FIND_VARIANT] = "SELECT id FROM variant WHERE family = ?1 AND knobs = ?2",
    [ADD_RUN] =
        "INSERT INTO run (uuid, time, gnnac, graph, op, device, toolchain,"
        " space) VALUES (randomblob(16), ?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    [ADD_MEASUREMENT] =
        "INSERT INTO measurement (run, seq, variant, status, n_samples,"
        " median_ns, p20_ns, p80_ns, max_error, registers, spill_bytes)"
        " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
    [GET_DECISION] =
        "SELECT d.variant, d.artifacts, d.median_ns, d.effort, d.digest"
        " FROM decision d JOIN graph g ON g.id = d.graph"
        " JOIN op o ON o.id = d.op JOIN device v ON v.id = d.device"
        " JOIN toolchain t ON t.id = d.toolchain JOIN space s ON s.id = d.space"
        " WHERE g.text = ?1 AND o.text = ?2 AND v.text = ?3 AND t.text = ?4"
        " AND s.text = ?5",
    [PUT_DECISION] =
        "INSERT OR REPLACE INTO decision (time, variant, artifacts, median_ns,"
        " effort, digest, graph, op, device, toolchain, space)"
        " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
    [GET_ANALYSIS] = "SELECT value, digest FROM analysis WHERE key = ?1",
    [PUT_ANALYSIS] =
        "INSERT OR REPLACE INTO analysis (key, time, value, digest)"
        " VALUES (?1, ?2, ?3, ?4)",
};

static const char *const steps[] = {schema_sql, analysis_sql};
static const struct db_schema schema = {
    .what = "tuning database",
    .application_id = 0x474e4e43, // "GNNC"
    .steps = steps,
    .version = sizeof(steps) / sizeof(steps[0]),
    .precious = true,
    .queries = queries,
};

gnnac_status tunedb_open(const char *path, struct tunedb **out,
                         gnnac_error *err)
{
    struct tunedb *t = calloc(1, sizeof(*t));
    if (!t)
        return FAIL(err, GNNAC_ENOMEM, "out of memory");
    gnnac_status st = db_open(&t->db, path, &schema, err);
    if (st == GNNAC_OK)
        *out = t;
    else
        tunedb_close(t);
    return st;
}

void tunedb_close(struct tunedb *db)
{
    if (!db)
        return;
    db_close(&db->db);
    free(db);
}

int tunedb_is_read_only(const struct tunedb *db)
{
    return db->db.read_only;
}

const char *tunedb_note(const struct tunedb *db)
{
    return db->db.note;
}

gnnac_status tunedb_check(struct tunedb *t, gnnac_error *err)
{
    int64_t n_faults = 0;
    gnnac_status st = db_read_int(
        &t->db,
        "SELECT count(*) FROM pragma_quick_check(1) WHERE quick_check <> 'ok'",
        &n_faults, err);
    if (st == GNNAC_OK && n_faults > 0)
        st = FAIL(err, GNNAC_EDB,
                  "%s: damaged; save what is left with sqlite3's .recover",
                  t->db.path);
    return st;
}

gnnac_status tunedb_get_info(struct tunedb *t, struct tunedb_info *out,
                             gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    struct tunedb_info i = {.schema_version = 0};
    int64_t version, page_bytes;
    struct db *db = &t->db;
    TRY(db_read_int(db, "PRAGMA user_version", &version, err));
    TRY(db_read_int(db, "SELECT count(*) FROM decision", &i.n_decisions, err));
    TRY(db_read_int(db, "SELECT count(*) FROM measurement", &i.n_measurements,
                    err));
    TRY(db_read_int(db, "SELECT count(*) FROM graph", &i.n_graphs, err));
    TRY(db_read_int(db, "PRAGMA page_size", &page_bytes, err));
    TRY(db_read_int(db, "PRAGMA page_count", &i.n_bytes, err));
    i.n_bytes *= page_bytes;
    i.schema_version = (int)version;
    snprintf(i.path, sizeof(i.path), "%s", db->path);
    *out = i;
out:
    return st;
}
