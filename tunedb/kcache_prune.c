// How big the cache is, and what goes first.
#include <stdlib.h>
#include <time.h>

#include "kcache_queries.h"
#include "values.h"

int64_t kcache_today(void)
{
    return (int64_t)time(NULL) / 86400;
}

gnnac_status kcache_used_bytes(struct kcache *kc, int64_t *out,
                               gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    int64_t page_bytes, n_pages, n_free;
    TRY(db_read_int(&kc->db, "PRAGMA page_size", &page_bytes, err));
    TRY(db_read_int(&kc->db, "PRAGMA page_count", &n_pages, err));
    TRY(db_read_int(&kc->db, "PRAGMA freelist_count", &n_free, err));
    *out = page_bytes * (n_pages - n_free);
out:
    return st;
}

static gnnac_status drop_oldest(struct kcache *kc, int64_t n, gnnac_error *err)
{
    sqlite3_stmt *s;
    gnnac_status st = db_begin(&kc->db, err);
    if (st != GNNAC_OK)
        return st;
    st = db_statement(&kc->db, DROP_OLDEST, &s, err);
    if (st == GNNAC_OK) {
        sqlite3_bind_int64(s, 1, n);
        st = db_run(&kc->db, s, err);
    }
    return db_end(&kc->db, st, err);
}

// A tenth below the limit, so that not every put prunes.
gnnac_status kcache_keep_limit(struct kcache *kc, gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    int64_t bytes = 0, n_rows = 1;
    TRY(kcache_used_bytes(kc, &bytes, err));
    if (bytes <= kc->max_bytes)
        goto out;
    while (bytes > kc->max_bytes / 10 * 9 && n_rows > 0) {
        TRY(db_read_int(&kc->db, "SELECT count(*) FROM artifact", &n_rows,
                        err));
        TRY(drop_oldest(kc, n_rows / 16 + 1, err));
        TRY(kcache_used_bytes(kc, &bytes, err));
    }
    TRY(db_exec(&kc->db, "PRAGMA incremental_vacuum", err));
out:
    return st;
}

// ---- on demand --------------------------------------------------------------

struct victim {
    int64_t id, day;
    bool kept;
};

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

// What nobody keeps goes first; then what was not used for longer, then what
// was stored first.
static int by_worth(const void *va, const void *vb)
{
    const struct victim *a = va, *b = vb;
    if (a->kept != b->kept)
        return a->kept - b->kept;
    if (a->day != b->day)
        return a->day < b->day ? -1 : 1;
    return a->id < b->id ? -1 : a->id > b->id;
}

// All artifacts, in the order in which they may go. Owned array.
static gnnac_status list_victims(struct kcache *kc,
                                 const struct kcache_policy *p,
                                 struct victim **out, size_t *n,
                                 gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    sqlite3_stmt *s = NULL;
    struct victim *all = NULL;
    bool found = true;
    int64_t n_rows;
    TRY(db_read_int(&kc->db, "SELECT count(*) FROM artifact", &n_rows, err));
    all = calloc((size_t)n_rows + 1, sizeof(*all));
    if (!all)
        return FAIL(err, GNNAC_ENOMEM, "out of memory");
    TRY(db_statement(&kc->db, LIST_VICTIMS, &s, err));
    for (*n = 0; found && *n < (size_t)n_rows;) {
        TRY(db_step(&kc->db, s, &found, err));
        const char *key = found ? column_text(s, 2) : "";
        if (found)
            all[(*n)++] = (struct victim){
                sqlite3_column_int64(s, 0), sqlite3_column_int64(s, 1),
                p->n_kept && bsearch(&key, p->kept, p->n_kept,
                                     sizeof(*p->kept), by_text)};
    }
    qsort(all, *n, sizeof(*all), by_worth);
    *out = all;
    all = NULL;
out:
    sqlite3_reset(s);
    free(all);
    return st;
}

static gnnac_status drop_one(struct kcache *kc, int64_t id, gnnac_error *err)
{
    sqlite3_stmt *s;
    gnnac_status st = db_statement(&kc->db, DROP_ONE, &s, err);
    if (st != GNNAC_OK)
        return st;
    sqlite3_bind_int64(s, 1, id);
    return db_run(&kc->db, s, err);
}

static gnnac_status drop_worst(struct kcache *kc, const struct kcache_policy *p,
                               struct kcache_pruned *out, gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    struct victim *all = NULL;
    size_t n = 0;
    int64_t oldest = kcache_today() - p->max_age_days;
    TRY(list_victims(kc, p, &all, &n, err));
    TRY(kcache_used_bytes(kc, &out->bytes_before, err));
    out->bytes_after = out->bytes_before;
    for (size_t i = 0; i < n; i++) {
        bool old = p->max_age_days >= 0 && all[i].day < oldest && !all[i].kept;
        if (!old && out->bytes_after <= p->max_bytes)
            break;
        TRY(drop_one(kc, all[i].id, err));
        TRY(kcache_used_bytes(kc, &out->bytes_after, err));
        out->n_dropped++;
        out->n_kept_dropped += all[i].kept;
    }
    out->n_left = (int64_t)n - out->n_dropped;
out:
    free(all);
    return st;
}

static gnnac_status try_policy(struct kcache *kc, const struct kcache_policy *p,
                               struct kcache_pruned *out, gnnac_error *err)
{
    gnnac_status st = db_begin(&kc->db, err);
    if (st != GNNAC_OK)
        return st;
    st = drop_worst(kc, p, out, err);
    if (st == GNNAC_OK && p->dry_run)
        return db_exec(&kc->db, "ROLLBACK", err);
    return db_end(&kc->db, st, err);
}

gnnac_status kcache_prune(struct kcache *kc, const struct kcache_policy *p,
                          struct kcache_pruned *out, gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    struct kcache_pruned pruned = {0};
    TRY(try_policy(kc, p, &pruned, err));
    if (!p->dry_run && pruned.n_dropped > 0) {
        TRY(db_exec(&kc->db, "PRAGMA incremental_vacuum", err));
        // Another process may be reading; then the file shrinks later.
        sqlite3_wal_checkpoint_v2(kc->db.conn, NULL,
                                  SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
    }
    *out = pruned;
out:
    return st;
}
