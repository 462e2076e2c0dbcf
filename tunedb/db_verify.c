// Damage that SQLite itself can see.
#include "db.h"

#include <stdio.h>

#include "values.h"

// Each row of `sql` becomes a line of `report`, its first column.
static gnnac_status report_rows(struct db *db, const char *sql,
                                damage_report *report, void *context,
                                gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    sqlite3_stmt *s = NULL;
    bool found = true;
    if (sqlite3_prepare_v2(db->conn, sql, -1, &s, NULL) != SQLITE_OK)
        return db_fail(db, err);
    while (true) {
        TRY(db_step(db, s, &found, err));
        if (!found)
            break;
        report(context, column_text(s, 0));
    }
out:
    sqlite3_finalize(s);
    return st;
}

gnnac_status db_verify(struct db *db, damage_report *report, void *context,
                       gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    TRY(report_rows(db,
                    "SELECT replace(integrity_check, char(10), ' ')"
                    " FROM pragma_integrity_check(100)"
                    " WHERE integrity_check <> 'ok'",
                    report, context, err));
    TRY(report_rows(db,
                    "SELECT \"table\" || ' ' || coalesce(rowid, '') ||"
                    " ' refers to a ' || parent || ' that is not there'"
                    " FROM pragma_foreign_key_check()",
                    report, context, err));
out:
    return st;
}
