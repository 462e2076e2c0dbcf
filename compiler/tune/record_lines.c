#include "tune/record_lines.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <xxhash.h>

#include "tune/record_json.h"

// Format 2 adds what is in quarantine, and single samples; all of format 1 is
// read.
enum { FORMAT = 2, OLDEST_FORMAT = 1, DIGEST_DIGITS = 32 };

static const char head[] = "{\"gnnac\":\"tuning database\",\"format\":";
static const char seal[] = ",\"xxh3\":\"", seal_end[] = "\"}";
enum { SEAL_BYTES = sizeof(seal) - 1 + DIGEST_DIGITS + sizeof(seal_end) - 1 };

static void line_digest(const char *body, size_t n,
                        char hex[DIGEST_DIGITS + 1])
{
    XXH128_hash_t h = XXH3_128bits(body, n);
    snprintf(hex, DIGEST_DIGITS + 1, "%016" PRIx64 "%016" PRIx64, h.high64,
             h.low64);
}

// ---- writing ----------------------------------------------------------------

struct writer {
    FILE *out;
    struct record_counts *counts;
};

// `body` is a JSON object; its last brace moves behind the digest.
static void write_line(FILE *out, const char *body)
{
    char hex[DIGEST_DIGITS + 1];
    size_t n = strlen(body) - 1;
    line_digest(body, n, hex);
    fprintf(out, "%.*s%s%s%s\n", (int)n, body, seal, hex, seal_end);
}

static gnnac_status write_record(struct writer *w, json_t *j, gnnac_error *err)
{
    char *body = j ? json_dumps(j, JSON_COMPACT) : NULL;
    (void)err;
    if (body) {
        write_line(w->out, body);
        w->counts->n_seen++;
    } else {
        w->counts->n_left_out++;
    }
    free(body);
    json_decref(j);
    return GNNAC_OK;
}

static gnnac_status write_decision(void *w, const struct decision_record *r,
                                   gnnac_error *err)
{
    return write_record(w, decision_to_json(r), err);
}

static gnnac_status write_run(void *w, const struct run_record *r,
                              gnnac_error *err)
{
    return write_record(w, run_to_json(r), err);
}

static gnnac_status write_analysis(void *w, const struct analysis_record *r,
                                   gnnac_error *err)
{
    return write_record(w, analysis_to_json(r), err);
}

static gnnac_status write_quarantine(void *w, const struct quarantine_row *r,
                                     gnnac_error *err)
{
    return write_record(w, quarantine_to_json(r), err);
}

static gnnac_status leave_out(void *context, const char *what,
                              gnnac_error *err)
{
    struct writer *w = context;
    (void)what;
    (void)err;
    w->counts->n_left_out++;
    return GNNAC_OK;
}

gnnac_status records_write(struct tunedb *db, FILE *out,
                           struct record_counts *counts, gnnac_error *err)
{
    char line[128];
    struct writer w = {out, counts};
    const struct record_visitor visitor = {
        &w,        write_decision, write_run, write_analysis, write_quarantine,
        leave_out,
    };
    *counts = (struct record_counts){0};
    snprintf(line, sizeof(line), "%s%d}", head, FORMAT);
    write_line(out, line);
    gnnac_status st = tunedb_visit(db, "", &visitor, err);
    if (st != GNNAC_OK)
        return st;
    snprintf(line, sizeof(line), "{\"end\":{\"records\":%zu}}",
             counts->n_seen);
    write_line(out, line);
    return GNNAC_OK;
}

// ---- taking in --------------------------------------------------------------

struct taker {
    struct tunedb *into;
    struct record_counts *counts;
};

static gnnac_status count_taken(struct taker *t, gnnac_status st, bool changed)
{
    t->counts->n_seen++;
    t->counts->n_taken += st == GNNAC_OK && changed;
    return st;
}

static gnnac_status take_decision(void *context,
                                  const struct decision_record *r,
                                  gnnac_error *err)
{
    struct taker *t = context;
    bool changed = false;
    gnnac_status st = tunedb_merge_decision(t->into, r, &changed, err);
    return count_taken(t, st, changed);
}

static gnnac_status take_run(void *context, const struct run_record *r,
                             gnnac_error *err)
{
    struct taker *t = context;
    bool changed = false;
    gnnac_status st = tunedb_merge_run(t->into, r, &changed, err);
    return count_taken(t, st, changed);
}

static gnnac_status take_analysis(void *context,
                                  const struct analysis_record *r,
                                  gnnac_error *err)
{
    struct taker *t = context;
    bool changed = false;
    gnnac_status st = tunedb_merge_analysis(t->into, r, &changed, err);
    return count_taken(t, st, changed);
}

static gnnac_status take_quarantine(void *context,
                                    const struct quarantine_row *r,
                                    gnnac_error *err)
{
    struct taker *t = context;
    bool changed = false;
    gnnac_status st = tunedb_merge_quarantine(t->into, r, &changed, err);
    return count_taken(t, st, changed);
}

static gnnac_status skip_damaged(void *context, const char *what,
                                 gnnac_error *err)
{
    struct taker *t = context;
    (void)what;
    (void)err;
    t->counts->n_left_out++;
    return GNNAC_OK;
}

gnnac_status records_merge(struct tunedb *from, struct tunedb *into,
                           struct record_counts *counts, gnnac_error *err)
{
    struct taker t = {into, counts};
    const struct record_visitor visitor = {
        &t,           take_decision, take_run, take_analysis, take_quarantine,
        skip_damaged,
    };
    *counts = (struct record_counts){0};
    gnnac_status st = tunedb_begin(into, err);
    if (st != GNNAC_OK)
        return st;
    return tunedb_end(into, tunedb_visit(from, "", &visitor, err), err);
}

// ---- reading ----------------------------------------------------------------

struct reader {
    const char *path, *at; // the rest of the text
    int64_t line;          // of what was taken last, from 1
    struct taker taker;
};

// The next line without its seal, as JSON. New reference.
static gnnac_status next_line(struct reader *r, json_t **out, gnnac_error *err)
{
    char hex[DIGEST_DIGITS + 1];
    json_error_t why;
    const char *end = strchr(r->at, '\n');
    r->line++;
    if (!end)
        return FAIL(err, GNNAC_EFORMAT,
                    "%s:%lld: the file ends in the middle of a line or before "
                    "its end", r->path, (long long)r->line);
    size_t n = (size_t)(end - r->at);
    const char *tail = n > SEAL_BYTES ? end - SEAL_BYTES : NULL;
    if (!tail || memcmp(tail, seal, sizeof(seal) - 1) != 0 ||
        memcmp(end - 2, seal_end, sizeof(seal_end) - 1) != 0)
        return FAIL(err, GNNAC_EFORMAT, "%s:%lld: no \"xxh3\" at its end",
                    r->path, (long long)r->line);
    line_digest(r->at, n - SEAL_BYTES, hex);
    if (memcmp(tail + sizeof(seal) - 1, hex, DIGEST_DIGITS) != 0)
        return FAIL(err, GNNAC_EFORMAT, "%s:%lld: is not what was written",
                    r->path, (long long)r->line);
    *out = json_loadb(r->at, n, JSON_REJECT_DUPLICATES, &why);
    if (!*out)
        return FAIL(err, GNNAC_EFORMAT, "%s:%lld: %s", r->path,
                    (long long)r->line, why.text);
    json_object_del(*out, "xxh3");
    r->at = end + 1;
    return GNNAC_OK;
}

static gnnac_status read_head(struct reader *r, gnnac_error *err)
{
    json_t *j = NULL;
    json_error_t why;
    const char *what;
    int format;
    gnnac_status st = next_line(r, &j, err);
    if (st != GNNAC_OK)
        return st;
    if (json_unpack_ex(j, &why, JSON_STRICT, "{s:s, s:i}", "gnnac", &what,
                       "format", &format) != 0 ||
        strcmp(what, "tuning database") != 0)
        st = FAIL(err, GNNAC_EFORMAT, "%s:1: not an exported tuning database",
                  r->path);
    else if (format < OLDEST_FORMAT || format > FORMAT)
        st = FAIL(err, GNNAC_EFORMAT,
                  "%s:1: format %d; this gnnac reads formats %d to %d",
                  r->path, format, OLDEST_FORMAT, FORMAT);
    json_decref(j);
    return st;
}

static gnnac_status read_end(const struct reader *r, json_t *j,
                             gnnac_error *err)
{
    json_int_t n;
    if (json_unpack_ex(j, NULL, JSON_STRICT, "{s:{s:I}}", "end", "records",
                       &n) != 0 ||
        n != (json_int_t)r->taker.counts->n_seen)
        return FAIL(err, GNNAC_EFORMAT, "%s:%lld: %zu records stand before it",
                    r->path, (long long)r->line, r->taker.counts->n_seen);
    if (*r->at)
        return FAIL(err, GNNAC_EFORMAT, "%s:%lld: there is more behind the end",
                    r->path, (long long)r->line + 1);
    return GNNAC_OK;
}

static gnnac_status take_parsed(struct taker *t, const struct parsed_record *p,
                                gnnac_error *err)
{
    switch (p->kind) {
    case RECORD_DECISION:
        return take_decision(t, &p->decision, err);
    case RECORD_RUN:
        return take_run(t, &p->run, err);
    case RECORD_ANALYSIS:
        return take_analysis(t, &p->analysis, err);
    default:
        return take_quarantine(t, &p->quarantine, err);
    }
}

static gnnac_status read_record(struct reader *r, json_t *j, gnnac_error *err)
{
    struct parsed_record p;
    gnnac_error why = {{0}};
    gnnac_status st = record_from_json(j, &p, &why);
    if (st == GNNAC_EFORMAT)
        return FAIL(err, st, "%s:%lld: %s", r->path, (long long)r->line,
                    why.msg);
    if (st != GNNAC_OK)
        return FAIL(err, st, "%s", why.msg);
    r->taker.counts->n_mended += p.mended;
    st = take_parsed(&r->taker, &p, err);
    parsed_record_finish(&p);
    return st;
}

static gnnac_status read_all(struct reader *r, gnnac_error *err)
{
    gnnac_status st = read_head(r, err);
    for (bool over = false; st == GNNAC_OK && !over;) {
        json_t *j = NULL;
        st = next_line(r, &j, err);
        if (st != GNNAC_OK)
            break;
        over = json_object_get(j, "end") != NULL;
        st = over ? read_end(r, j, err) : read_record(r, j, err);
        json_decref(j);
    }
    return st;
}

gnnac_status records_read(const char *path, const char *text,
                          struct tunedb *db, struct record_counts *counts,
                          gnnac_error *err)
{
    struct reader r = {.path = path, .at = text, .taker = {db, counts}};
    *counts = (struct record_counts){0};
    gnnac_status st = tunedb_begin(db, err);
    if (st != GNNAC_OK)
        return st;
    return tunedb_end(db, read_all(&r, err), err);
}
