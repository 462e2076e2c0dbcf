// gnnac db export|import|merge: decisions and measurements from place to place.
#include "cmd/cmd_db.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/log.h"
#include "cli/requests.h"
#include "tune/paths.h"
#include "tune/record_lines.h"

static const size_t max_import = (size_t)1 << 30;

static void warn_left_out(const struct record_counts *n, const char *where)
{
    if (n->n_left_out)
        log_warn("%s: %zu damaged rows are left out; gnnac db verify names "
                 "them", where, n->n_left_out);
}

// ---- export -----------------------------------------------------------------

static gnnac_status export_to(FILE *out, struct tunedb *db, gnnac_error *err)
{
    struct record_counts n;
    gnnac_status st = records_write(db, out, &n, err);
    if (st == GNNAC_OK)
        warn_left_out(&n, "tune.db");
    return st;
}

static gnnac_status export_to_file(const char *path, struct tunedb *db,
                                   gnnac_error *err)
{
    struct atomic_file f;
    gnnac_status st = atomic_open(path, &f, err);
    if (st != GNNAC_OK)
        return st;
    st = export_to(f.out, db, err);
    if (st == GNNAC_OK)
        st = atomic_commit(&f, err);
    atomic_abandon(&f);
    return st;
}

gnnac_status db_export(const struct options *o, gnnac_error *err)
{
    struct tunedb *db = NULL;
    gnnac_status st = db_open_tune(o, &db, err);
    if (st != GNNAC_OK)
        return st;
    st = o->output ? export_to_file(o->output, db, err)
                   : export_to(stdout, db, err);
    tunedb_close(db);
    return st;
}

// ---- import, merge ----------------------------------------------------------

static gnnac_status say_taken(const struct options *o, const char *from,
                              const struct record_counts *n, gnnac_error *err)
{
    warn_left_out(n, from);
    if (n->n_mended)
        log_warn("%s: %zu decisions for BLAS are of an older gnnac: taken "
                 "without the empty keys that they had", from, n->n_mended);
    if (o->json)
        return print_json_line(
            json_pack("{s:s, s:I, s:I, s:I}", "from", from, "records",
                      (json_int_t)n->n_seen, "taken", (json_int_t)n->n_taken,
                      "left_out", (json_int_t)n->n_left_out), err);
    if (!o->quiet)
        printf("%s: %zu records, %zu new or better\n", from, n->n_seen,
               n->n_taken);
    return GNNAC_OK;
}

static gnnac_status import_file(const char *path, struct tunedb *db,
                                struct record_counts *n, gnnac_error *err)
{
    char *text = NULL;
    size_t n_bytes;
    gnnac_status st = file_read(path, max_import, &text, &n_bytes, err);
    if (st == GNNAC_OK)
        st = records_read(path, text, db, n, err);
    free(text);
    return st;
}

static gnnac_status merge_path(const char *path, struct tunedb *db,
                               struct record_counts *n, gnnac_error *err)
{
    struct tunedb *other = NULL;
    struct tunedb_info i;
    gnnac_status st = tunedb_get_info(db, &i, err);
    if (st == GNNAC_OK && same_file(path, i.path))
        st = FAIL(err, GNNAC_EUSAGE, "%s: is the database to merge into", path);
    if (st == GNNAC_OK)
        st = tunedb_open_existing(path, &other, err);
    if (st == GNNAC_OK)
        st = records_merge(other, db, n, err);
    tunedb_close(other);
    return st;
}

// A database, or the folder of one.
static gnnac_status merge_other(const char *name, struct tunedb *db,
                                struct record_counts *n, gnnac_error *err)
{
    struct stat sb;
    bool folder = stat(name, &sb) == 0 && S_ISDIR(sb.st_mode);
    char *path = folder ? database_path(name, "tune.db") : strdup(name);
    gnnac_status st = path ? merge_path(path, db, n, err)
                           : FAIL(err, GNNAC_ENOMEM, "out of memory");
    free(path);
    return st;
}

static gnnac_status take_all(const struct options *o,
                             gnnac_status (*take)(const char *, struct tunedb *,
                                                  struct record_counts *,
                                                  gnnac_error *),
                             gnnac_error *err)
{
    struct tunedb *db = NULL;
    struct record_counts n = {0};
    gnnac_status st = db_open_tune(o, &db, err);
    for (size_t i = 1; i < o->n_args && st == GNNAC_OK; i++) {
        st = take(o->args[i], db, &n, err);
        if (st == GNNAC_OK)
            st = say_taken(o, o->args[i], &n, err);
    }
    tunedb_close(db);
    return st;
}

gnnac_status db_import(const struct options *o, gnnac_error *err)
{
    return take_all(o, import_file, err);
}

gnnac_status db_merge(const struct options *o, gnnac_error *err)
{
    return take_all(o, merge_other, err);
}
