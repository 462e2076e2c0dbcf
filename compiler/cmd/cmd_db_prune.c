// gnnac db prune: room in the kernel cache. Decisions and timings stay.
#include "cmd/cmd_db.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "cli/requests.h"
#include "tunedb_records.h"

// Keys of the kernels that decisions need, owned.
struct key_list {
    char **items;
    size_t n, capacity;
};

static void key_list_finish(struct key_list *l)
{
    for (size_t i = 0; i < l->n; i++)
        free(l->items[i]);
    free(l->items);
}

static bool add_key(struct key_list *l, const char *key)
{
    if (l->n == l->capacity) {
        size_t capacity = l->capacity ? 2 * l->capacity : 64;
        void *grown = realloc(l->items, capacity * sizeof(*l->items));
        if (!grown)
            return false;
        l->items = grown;
        l->capacity = capacity;
    }
    l->items[l->n] = strdup(key);
    return l->items[l->n] && ++l->n;
}

static gnnac_status add_keys_of(void *context, const struct decision_record *r,
                                gnnac_error *err)
{
    json_t *keys = json_loads(r->artifacts, 0, NULL), *key;
    size_t i;
    bool whole = true;
    json_array_foreach(keys, i, key)
        whole = whole && (!json_is_string(key) ||
                          add_key(context, json_string_value(key)));
    json_decref(keys);
    return whole ? GNNAC_OK : FAIL(err, GNNAC_ENOMEM, "out of memory");
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static gnnac_status list_needed(const struct options *o, struct key_list *out,
                                gnnac_error *err)
{
    struct tunedb *db = NULL;
    char *path;
    const struct record_visitor visitor = {.context = out,
                                           .decision = add_keys_of};
    gnnac_status st = db_existing(o, "tune.db", &path, err);
    if (st != GNNAC_OK || !path)
        return st;
    st = tunedb_open(path, &db, err);
    if (st == GNNAC_OK)
        st = tunedb_visit(db, "", &visitor, err);
    if (out->n)
        qsort(out->items, out->n, sizeof(*out->items), by_text);
    tunedb_close(db);
    free(path);
    return st;
}

static gnnac_status say_pruned(const struct options *o,
                               const struct kcache_pruned *p, gnnac_error *err)
{
    if (o->json)
        return print_json_line(
            json_pack("{s:b, s:I, s:I, s:I, s:I, s:I}", "dry_run", o->dry_run,
                      "dropped", (json_int_t)p->n_dropped, "needed_dropped",
                      (json_int_t)p->n_kept_dropped, "left",
                      (json_int_t)p->n_left, "bytes_before",
                      (json_int_t)p->bytes_before, "bytes_after",
                      (json_int_t)p->bytes_after), err);
    printf("%lld kernels %s, %lld of them needed by decisions; %lld left, "
           "%.2f MiB of %.2f MiB\n",
           (long long)p->n_dropped, o->dry_run ? "would go" : "dropped",
           (long long)p->n_kept_dropped, (long long)p->n_left,
           (double)p->bytes_after / 0x1p20, (double)p->bytes_before / 0x1p20);
    return GNNAC_OK;
}

static gnnac_status prune(const struct options *o, const struct key_list *keys,
                          gnnac_error *err)
{
    struct kcache *kc = NULL;
    struct kcache_pruned pruned = {0};
    char *path;
    const struct kcache_policy policy = {
        .max_bytes = o->max_bytes,
        .max_age_days = o->max_age,
        .kept = (const char *const *)keys->items,
        .n_kept = keys->n,
        .dry_run = o->dry_run,
    };
    gnnac_status st = db_existing(o, "kcache.db", &path, err);
    if (st != GNNAC_OK)
        return st;
    if (path)
        st = kcache_open_existing(path, &kc, err);
    if (st == GNNAC_ENOENT)
        st = GNNAC_OK;
    if (st == GNNAC_OK && kc)
        st = kcache_prune(kc, &policy, &pruned, err);
    if (st == GNNAC_OK)
        st = say_pruned(o, &pruned, err);
    kcache_close(kc);
    free(path);
    return st;
}

gnnac_status db_prune(const struct options *o, gnnac_error *err)
{
    struct key_list keys = {0};
    if (o->quarantine)
        return db_empty_quarantine(o, err);
    gnnac_status st = list_needed(o, &keys, err);
    if (st == GNNAC_OK)
        st = prune(o, &keys, err);
    key_list_finish(&keys);
    return st;
}
