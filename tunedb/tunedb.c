#include "tunedb_queries.h"

#include <stdio.h>
#include <stdlib.h>

#include "analysis_sql.h"
#include "quarantine_sql.h"
#include "schema_sql.h"
#include "seal_sql.h"

#define ADD(table) "INSERT OR IGNORE INTO " table " (text) VALUES (?1)"
#define FIND(table) "SELECT id FROM " table " WHERE text = ?1"
// The texts of a key; a text that is not there must not hide the row.
#define KEY_TEXTS "g.text, o.text, v.text, t.text, s.text"
#define JOIN_KEY(row)                                                          \
    " LEFT JOIN graph g ON g.id = " row ".graph"                               \
    " LEFT JOIN op o ON o.id = " row ".op"                                     \
    " LEFT JOIN device v ON v.id = " row ".device"                             \
    " LEFT JOIN toolchain t ON t.id = " row ".toolchain"                       \
    " LEFT JOIN space s ON s.id = " row ".space"

#define QUARANTINE_COLUMNS                                                     \
    "key, driver, content, arch, kernel, verdict, reason, time, digest"

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
        "INSERT INTO run (time, gnnac, graph, op, device, toolchain,"
        " space, uuid, digest) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    [ADD_MEASUREMENT] =
        "INSERT INTO measurement (run, seq, variant, status, n_samples,"
        " median_ns, p20_ns, p80_ns, max_error, registers, spill_bytes)"
        " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
    [GET_DECISION] =
        "SELECT d.variant, d.artifacts, d.median_ns, d.effort, d.digest,"
        " d.time"
        " FROM decision d JOIN graph g ON g.id = d.graph"
        " JOIN op o ON o.id = d.op JOIN device v ON v.id = d.device"
        " JOIN toolchain t ON t.id = d.toolchain JOIN space s ON s.id = d.space"
        " WHERE g.text = ?1 AND o.text = ?2 AND v.text = ?3 AND t.text = ?4"
        " AND s.text = ?5",
    [PUT_DECISION] =
        "INSERT OR REPLACE INTO decision (time, variant, artifacts, median_ns,"
        " effort, digest, graph, op, device, toolchain, space)"
        " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
    [GET_ANALYSIS] = "SELECT value, digest, time FROM analysis WHERE key = ?1",
    [PUT_ANALYSIS] =
        "INSERT OR REPLACE INTO analysis (key, time, value, digest)"
        " VALUES (?1, ?2, ?3, ?4)",
    [GET_QUARANTINE] = "SELECT " QUARANTINE_COLUMNS " FROM quarantine"
                       " WHERE (key = ?1 OR content = ?2)"
                       " AND (driver = ?3 OR ?3 IS NULL)"
                       " ORDER BY time DESC, key, driver",
    [PUT_QUARANTINE] =
        "INSERT OR REPLACE INTO quarantine (" QUARANTINE_COLUMNS ")"
        " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    [LIST_DECISIONS] =
        "SELECT d.variant, d.artifacts, d.median_ns, d.effort, d.digest,"
        " d.time, d.id, " KEY_TEXTS " FROM decision d" JOIN_KEY("d")
        " WHERE substr(g.text, 1, length(?1)) IS ?1 OR ?1 = ''"
        " ORDER BY g.text, o.text, v.text, t.text, s.text, d.id",
    [LIST_RUNS] =
        "SELECT r.id FROM run r" JOIN_KEY("r")
        " WHERE substr(g.text, 1, length(?1)) IS ?1 OR ?1 = ''"
        " ORDER BY g.text, o.text, v.text, t.text, s.text, r.time, r.uuid",
    [LIST_ANALYSES] = "SELECT value, digest, time, key FROM analysis"
                      " ORDER BY key",
    [LIST_QUARANTINE] = "SELECT " QUARANTINE_COLUMNS " FROM quarantine"
                        " ORDER BY kernel, driver, key",
    [GET_RUN] = "SELECT r.uuid, r.time, r.gnnac, r.digest, " KEY_TEXTS
                " FROM run r" JOIN_KEY("r") " WHERE r.id = ?1",
    [GET_MEASUREMENTS] =
        "SELECT a.family, a.knobs, m.status, m.n_samples, m.median_ns,"
        " m.p20_ns, m.p80_ns, m.max_error, m.registers, m.spill_bytes"
        " FROM measurement m LEFT JOIN variant a ON a.id = m.variant"
        " WHERE m.run = ?1 ORDER BY m.seq",
    [FIND_RUN] = "SELECT id FROM run WHERE uuid = ?1",
    [DROP_MEASUREMENTS] = "DELETE FROM measurement WHERE run = ?1",
    [DROP_RUN] = "DELETE FROM run WHERE id = ?1",
};

static const char *const steps[] = {schema_sql, analysis_sql, seal_sql,
                                    quarantine_sql};
static const struct db_schema schema = {
    .what = "tuning database",
    .application_id = 0x474e4e43, // "GNNC"
    .steps = steps,
    .version = sizeof(steps) / sizeof(steps[0]),
    .precious = true,
    .queries = queries,
};

static gnnac_status open_with(gnnac_status (*open)(struct db *, const char *,
                                                   const struct db_schema *,
                                                   gnnac_error *),
                              const char *path, struct tunedb **out,
                              gnnac_error *err)
{
    struct tunedb *t = calloc(1, sizeof(*t));
    if (!t)
        return FAIL(err, GNNAC_ENOMEM, "out of memory");
    gnnac_status st = open(&t->db, path, &schema, err);
    if (st == GNNAC_OK)
        *out = t;
    else
        tunedb_close(t);
    return st;
}

gnnac_status tunedb_open(const char *path, struct tunedb **out,
                         gnnac_error *err)
{
    return open_with(db_open, path, out, err);
}

gnnac_status tunedb_open_existing(const char *path, struct tunedb **out,
                                  gnnac_error *err)
{
    return open_with(db_open_existing, path, out, err);
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
    const struct {
        const char *sql;
        int64_t *n;
    } asks[] = {
        {"PRAGMA user_version", &version},
        {"SELECT count(*) FROM decision", &i.n_decisions},
        {"SELECT count(*) FROM run", &i.n_runs},
        {"SELECT count(*) FROM measurement", &i.n_measurements},
        {"SELECT count(*) FROM analysis", &i.n_analyses},
        {"SELECT count(*) FROM graph", &i.n_graphs},
        {"SELECT count(*) FROM quarantine", &i.n_quarantined},
        {"PRAGMA page_size", &page_bytes},
        {"PRAGMA page_count", &i.n_bytes},
    };
    for (size_t k = 0; k < sizeof(asks) / sizeof(asks[0]); k++)
        TRY(db_read_int(&t->db, asks[k].sql, asks[k].n, err));
    i.n_bytes *= page_bytes;
    i.schema_version = (int)version;
    snprintf(i.path, sizeof(i.path), "%s", t->db.path);
    *out = i;
out:
    return st;
}
