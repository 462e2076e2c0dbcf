// gnnac db quarantine: the kernels that are not run again; and letting them go.
#include "cmd/cmd_db.h"

#include <stdio.h>

#include "base/log.h"
#include "cli/requests.h"
#include "tune/record_json.h"

static gnnac_status keep_row(void *context, const struct quarantine_row *r,
                             gnnac_error *err)
{
    json_t *list = context, *record = quarantine_to_json(r);
    if (!record) {
        log_warn("a row that is not UTF-8 is left out");
        return GNNAC_OK;
    }
    int bad = json_array_append(list, json_object_get(record, "quarantine"));
    json_decref(record);
    return bad ? FAIL(err, GNNAC_ENOMEM, "out of memory") : GNNAC_OK;
}

static void print_row(const json_t *r)
{
    printf("%s\n    %s on %s, %s\n    %s\n", json_text_at(r, "kernel"),
           json_text_at(r, "verdict"), json_text_at(r, "arch"),
           json_text_at(r, "driver"), json_text_at(r, "reason"));
}

static gnnac_status print_rows(const struct options *o, json_t *list,
                               gnnac_error *err)
{
    size_t i;
    json_t *r;
    if (o->json)
        return print_json_line(json_pack("{s:O}", "quarantine", list), err);
    json_array_foreach(list, i, r) print_row(r);
    if (json_array_size(list) == 0)
        log_info("nothing is in quarantine");
    return GNNAC_OK;
}

gnnac_status db_quarantine(const struct options *o, gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    struct tunedb *db = NULL;
    json_t *list = json_array();
    const struct record_visitor visitor = {.context = list,
                                           .quarantine = keep_row};
    TRY(db_open_tune(o, &db, err));
    TRY(tunedb_visit(db, "", &visitor, err));
    TRY(print_rows(o, list, err));
out:
    json_decref(list);
    tunedb_close(db);
    return st;
}

gnnac_status db_empty_quarantine(const struct options *o, gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    struct tunedb *db = NULL;
    struct tunedb_info info;
    int64_t n;
    TRY(db_open_tune(o, &db, err));
    TRY(tunedb_get_info(db, &info, err));
    n = info.n_quarantined;
    if (!o->dry_run)
        TRY(tunedb_drop_quarantine(db, &n, err));
    if (o->json)
        st = print_json_line(json_pack("{s:b, s:I}", "dry_run", o->dry_run,
                                       "released", (json_int_t)n),
                             err);
    else
        printf("%lld kernels %s\n", (long long)n,
               o->dry_run ? "would leave the quarantine"
                          : "left the quarantine");
out:
    tunedb_close(db);
    return st;
}
