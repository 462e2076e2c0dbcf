#include "tune/record_json.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "checked.h"
#include "tune/variant.h"

enum {
    FINGERPRINT_DIGITS = 32,
    MAX_EFFORT = 4,
    DUMP_FLAGS = JSON_COMPACT | JSON_SORT_KEYS,
};

// ---- values -----------------------------------------------------------------

// NaN, "not known", is null. An error bound may have been missed by infinity,
// which JSON lacks.
static json_t *real_to_json(double x)
{
    if (isnan(x))
        return json_null();
    return isinf(x) ? json_string("inf") : json_real(x);
}

static bool real_from_json(const json_t *j, double *out)
{
    const char *text = json_string_value(j);
    if (json_is_null(j))
        *out = NAN;
    else if (text && strcmp(text, "inf") == 0)
        *out = INFINITY;
    else if (json_is_number(j) && json_number_value(j) >= 0)
        *out = json_number_value(j);
    else
        return false;
    return true;
}

static json_t *count_to_json(int n)
{
    return n < 0 ? json_null() : json_integer(n);
}

static bool count_from_json(const json_t *j, int *out)
{
    json_int_t n = json_is_null(j) ? -1 : json_integer_value(j);
    *out = (int)n;
    return json_is_null(j) || (json_is_integer(j) && n >= 0 && n <= INT32_MAX);
}

// JSON text as JSON where that gives the same text again, else as a string.
static json_t *text_to_json(const char *text)
{
    json_t *j = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    char *again = j ? json_dumps(j, DUMP_FLAGS) : NULL;
    bool same = again && strcmp(again, text) == 0;
    free(again);
    if (same)
        return j;
    json_decref(j);
    return json_string(text);
}

// Borrowed from `j`, or from *dump, which the caller frees.
static const char *text_from_json(const json_t *j, char **dump)
{
    if (json_is_string(j))
        return json_string_value(j);
    *dump = json_dumps(j, DUMP_FLAGS);
    return *dump;
}

static bool is_hex(const char *text, size_t n_digits)
{
    return strlen(text) == n_digits &&
           strspn(text, "0123456789abcdef") == n_digits;
}

// ---- to JSON ----------------------------------------------------------------

json_t *decision_to_json(const struct decision_record *r)
{
    return json_pack(
        "{s:{s:s, s:s, s:s, s:s, s:s, s:I, s:i, s:o, s:o, s:o}}", "decision",
        "graph", r->key.graph, "op", r->key.op, "device", r->key.device,
        "toolchain", r->key.toolchain, "space", r->key.space, "time",
        (json_int_t)r->time, "effort", r->effort, "median_ns",
        real_to_json(r->median_ns), "variant", text_to_json(r->variant),
        "artifacts", text_to_json(r->artifacts));
}

// New reference; NULL: there are none.
static json_t *samples_to_json(const struct measurement_row *m)
{
    json_t *list = m->n_kept ? json_array() : NULL;
    for (size_t i = 0; i < m->n_kept; i++)
        json_array_append_new(list, json_real((double)m->samples_ns[i]));
    return list;
}

static json_t *row_to_json(const struct measurement_row *m)
{
    return json_pack(
        "{s:s, s:s, s:s, s:I, s:o, s:o, s:o, s:o, s:o, s:o, s:o*}", "family",
        m->family, "knobs", m->knobs, "status", m->status, "samples",
        (json_int_t)m->n_samples, "median_ns", real_to_json(m->median_ns),
        "p20_ns", real_to_json(m->p20_ns), "p80_ns", real_to_json(m->p80_ns),
        "max_error", real_to_json(m->max_error), "registers",
        count_to_json(m->registers), "spill_bytes",
        count_to_json(m->spill_bytes), "samples_ns", samples_to_json(m));
}

json_t *run_to_json(const struct run_record *r)
{
    char uuid[2 * RUN_UUID_BYTES + 1];
    json_t *rows = json_array();
    bool whole = rows != NULL;
    for (int i = 0; i < RUN_UUID_BYTES; i++)
        snprintf(uuid + 2 * i, 3, "%02x", r->uuid[i]);
    for (size_t i = 0; i < r->n_rows && whole; i++)
        whole = json_array_append_new(rows, row_to_json(&r->rows[i])) == 0;
    if (!whole) {
        json_decref(rows);
        return NULL;
    }
    return json_pack("{s:{s:s, s:s, s:s, s:s, s:s, s:s, s:I, s:s, s:o}}", "run",
                     "graph", r->key.graph, "op", r->key.op, "device",
                     r->key.device, "toolchain", r->key.toolchain, "space",
                     r->key.space, "uuid", uuid, "time", (json_int_t)r->time,
                     "gnnac", r->gnnac, "measurements", rows);
}

json_t *analysis_to_json(const struct analysis_record *r)
{
    return json_pack("{s:{s:s, s:I, s:s}}", "analysis", "key", r->key, "time",
                     (json_int_t)r->time, "value", r->value);
}

json_t *quarantine_to_json(const struct quarantine_row *r)
{
    return json_pack("{s:{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:I}}",
                     "quarantine", "key", r->key, "driver", r->driver,
                     "content", r->content, "arch", r->arch, "kernel",
                     r->kernel, "verdict", r->verdict, "reason", r->reason,
                     "time", (json_int_t)r->time);
}

// ---- and back ---------------------------------------------------------------

void parsed_record_finish(struct parsed_record *r)
{
    json_decref(r->root);
    free(r->dumps[0]);
    free(r->dumps[1]);
    free(r->rows);
    free(r->samples);
    r->root = NULL;
    r->dumps[0] = r->dumps[1] = NULL;
    r->rows = NULL;
    r->samples = NULL;
}

static gnnac_status wrong_shape(const char *kind, const json_error_t *why,
                                gnnac_error *err)
{
    return FAIL(err, GNNAC_EFORMAT, "not a %s: %s", kind, why->text);
}

static gnnac_status check_key(const struct decision_key *key, int64_t time,
                              gnnac_error *err)
{
    if (!is_hex(key->graph, FINGERPRINT_DIGITS))
        return FAIL(err, GNNAC_EFORMAT, "graph: expected 32 hex digits");
    if (!key->op[0] || !key->device[0] || !key->toolchain[0] || !key->space[0])
        return FAIL(err, GNNAC_EFORMAT, "a part of the key is empty");
    if (time < 0)
        return FAIL(err, GNNAC_EFORMAT, "time: before 1970");
    return GNNAC_OK;
}

// BLAS has none: an older gnnac wrote empty ones, which go.
static gnnac_status mend_blas(json_t *keys, bool *mended, gnnac_error *err)
{
    size_t i;
    json_t *key;
    if (!json_is_array(keys))
        return FAIL(err, GNNAC_EFORMAT, "artifacts: expected a list");
    json_array_foreach(keys, i, key)
        if (!json_is_string(key) || json_string_length(key) > 0)
            return FAIL(err, GNNAC_EFORMAT, "artifacts: BLAS has none");
    *mended = json_array_size(keys) > 0;
    json_array_clear(keys);
    return GNNAC_OK;
}

static gnnac_status check_artifacts(json_t *keys, const json_t *variant,
                                    bool *mended, gnnac_error *err)
{
    size_t n = json_array_size(keys);
    if (variant_json_is_blas(variant))
        return mend_blas(keys, mended, err);
    for (size_t i = 0; i < n; i++) {
        const char *key = json_string_value(json_array_get(keys, i));
        if (!key || !is_hex(key, FINGERPRINT_DIGITS))
            n = 0;
    }
    return n > 0 ? GNNAC_OK
                 : FAIL(err, GNNAC_EFORMAT,
                        "artifacts: expected a list of keys, 32 hex digits "
                        "each");
}

static gnnac_status parse_decision(json_t *j, struct parsed_record *out,
                                   gnnac_error *err)
{
    struct decision_record *r = &out->decision;
    json_error_t why;
    json_t *median, *variant, *artifacts;
    json_int_t time;
    if (json_unpack_ex(
            j, &why, JSON_STRICT,
            "{s:s, s:s, s:s, s:s, s:s, s:I, s:i, s:o, s:o, s:o}", "graph",
            &r->key.graph, "op", &r->key.op, "device", &r->key.device,
            "toolchain", &r->key.toolchain, "space", &r->key.space, "time",
            &time, "effort", &r->effort, "median_ns", &median, "variant",
            &variant, "artifacts", &artifacts) != 0)
        return wrong_shape("decision", &why, err);
    r->time = time;
    if (r->effort < 0 || r->effort > MAX_EFFORT)
        return FAIL(err, GNNAC_EFORMAT, "effort: expected 0 to %d", MAX_EFFORT);
    if (!real_from_json(median, &r->median_ns) || isinf(r->median_ns))
        return FAIL(err, GNNAC_EFORMAT, "median_ns: expected a time or null");
    if (!json_is_object(variant) && !json_is_string(variant))
        return FAIL(err, GNNAC_EFORMAT, "variant: expected an object");
    gnnac_status st = check_artifacts(artifacts, variant, &out->mended, err);
    if (st != GNNAC_OK)
        return st;
    r->variant = text_from_json(variant, &out->dumps[0]);
    r->artifacts = text_from_json(artifacts, &out->dumps[1]);
    if (!r->variant || !r->artifacts)
        return FAIL(err, GNNAC_ENOMEM, "out of memory");
    return check_key(&r->key, r->time, err);
}

static bool is_one_of(const char *word, const char *const *all, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(word, all[i]) == 0)
            return true;
    return false;
}

static bool is_status(const char *status)
{
    static const char *const all[] = {"ok",           "wrong_result",
                                      "launch_error", "compile_error",
                                      "duplicate",    "quarantined",
                                      "proposed"};
    return is_one_of(status, all, sizeof(all) / sizeof(all[0]));
}

static bool is_verdict(const char *verdict)
{
    static const char *const all[] = {"wrong_result", "fault", "hang"};
    return is_one_of(verdict, all, sizeof(all) / sizeof(all[0]));
}

// `j` may be NULL. Into `room`, which the row then borrows.
static bool parse_samples(const json_t *j, float room[MAX_KEPT_SAMPLES],
                          struct measurement_row *m)
{
    size_t n = json_array_size(j);
    if (n > MAX_KEPT_SAMPLES || (j && n == 0))
        return false;
    for (size_t i = 0; i < n; i++) {
        room[i] = (float)json_number_value(json_array_get(j, i));
        if (!(room[i] > 0) || isinf(room[i]))
            return false;
    }
    m->samples_ns = n ? room : NULL;
    m->n_kept = n;
    return true;
}

static gnnac_status parse_row(json_t *j, float room[MAX_KEPT_SAMPLES],
                              struct measurement_row *m, gnnac_error *err)
{
    json_error_t why;
    json_int_t samples;
    json_t *median, *p20, *p80, *error, *registers, *spill, *kept = NULL;
    if (json_unpack_ex(j, &why, JSON_STRICT,
                       "{s:s, s:s, s:s, s:I, s:o, s:o, s:o, s:o, s:o, s:o, "
                       "s?o}",
                       "family", &m->family, "knobs", &m->knobs, "status",
                       &m->status, "samples", &samples, "median_ns", &median,
                       "p20_ns", &p20, "p80_ns", &p80, "max_error", &error,
                       "registers", &registers, "spill_bytes", &spill,
                       "samples_ns", &kept) != 0)
        return wrong_shape("measurement", &why, err);
    m->n_samples = samples;
    if (!is_status(m->status))
        return FAIL(err, GNNAC_EFORMAT, "status: no such word");
    if (samples < 0 || !real_from_json(median, &m->median_ns) ||
        !real_from_json(p20, &m->p20_ns) || !real_from_json(p80, &m->p80_ns) ||
        !real_from_json(error, &m->max_error) ||
        !count_from_json(registers, &m->registers) ||
        !count_from_json(spill, &m->spill_bytes) ||
        !parse_samples(kept, room, m))
        return FAIL(err, GNNAC_EFORMAT, "a measurement's number is no such");
    return GNNAC_OK;
}

static bool parse_uuid(const char *text, unsigned char uuid[RUN_UUID_BYTES])
{
    if (!is_hex(text, 2 * RUN_UUID_BYTES))
        return false;
    for (int i = 0; i < RUN_UUID_BYTES; i++) {
        char digits[3] = {text[2 * i], text[2 * i + 1], '\0'};
        uuid[i] = (unsigned char)strtoul(digits, NULL, 16);
    }
    return true;
}

static gnnac_status parse_rows(const json_t *j, struct parsed_record *out,
                               gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    size_t n = json_array_size(j);
    out->rows = calloc_array((int64_t)n + 1, sizeof(*out->rows));
    out->samples = calloc_array((int64_t)n + 1, sizeof(*out->samples));
    if (!out->rows || !out->samples)
        return FAIL(err, GNNAC_ENOMEM, "out of memory");
    for (size_t i = 0; i < n && st == GNNAC_OK; i++)
        st = parse_row(json_array_get(j, i), out->samples[i], &out->rows[i],
                       err);
    out->run.rows = out->rows;
    out->run.n_rows = n;
    return st;
}

static gnnac_status parse_run(json_t *j, struct parsed_record *out,
                              gnnac_error *err)
{
    struct run_record *r = &out->run;
    json_error_t why;
    const char *uuid;
    json_int_t time;
    json_t *rows;
    if (json_unpack_ex(
            j, &why, JSON_STRICT,
            "{s:s, s:s, s:s, s:s, s:s, s:s, s:I, s:s, s:o}", "graph",
            &r->key.graph, "op", &r->key.op, "device", &r->key.device,
            "toolchain", &r->key.toolchain, "space", &r->key.space, "uuid",
            &uuid, "time", &time, "gnnac", &r->gnnac, "measurements",
            &rows) != 0)
        return wrong_shape("run", &why, err);
    r->time = time;
    if (!parse_uuid(uuid, r->uuid))
        return FAIL(err, GNNAC_EFORMAT, "uuid: expected 32 hex digits");
    if (!json_is_array(rows))
        return FAIL(err, GNNAC_EFORMAT, "measurements: expected a list");
    gnnac_status st = parse_rows(rows, out, err);
    return st == GNNAC_OK ? check_key(&r->key, r->time, err) : st;
}

static gnnac_status parse_analysis(json_t *j, struct parsed_record *out,
                                   gnnac_error *err)
{
    struct analysis_record *r = &out->analysis;
    json_error_t why;
    json_int_t time;
    if (json_unpack_ex(j, &why, JSON_STRICT, "{s:s, s:I, s:s}", "key", &r->key,
                       "time", &time, "value", &r->value) != 0)
        return wrong_shape("analysis", &why, err);
    r->time = time;
    if (!r->key[0] || time < 0)
        return FAIL(err, GNNAC_EFORMAT, "an analysis without a key or a time");
    return GNNAC_OK;
}

static gnnac_status parse_quarantine(json_t *j, struct parsed_record *out,
                                     gnnac_error *err)
{
    struct quarantine_row *r = &out->quarantine;
    json_error_t why;
    json_int_t time;
    if (json_unpack_ex(j, &why, JSON_STRICT,
                       "{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:I}", "key",
                       &r->key, "driver", &r->driver, "content", &r->content,
                       "arch", &r->arch, "kernel", &r->kernel, "verdict",
                       &r->verdict, "reason", &r->reason, "time", &time) != 0)
        return wrong_shape("kernel in quarantine", &why, err);
    r->time = time;
    if (!is_hex(r->key, FINGERPRINT_DIGITS) ||
        !is_hex(r->content, FINGERPRINT_DIGITS))
        return FAIL(err, GNNAC_EFORMAT,
                    "key, content: expected 32 hex digits");
    if (!is_verdict(r->verdict))
        return FAIL(err, GNNAC_EFORMAT, "verdict: no such word");
    if (!r->driver[0] || time < 0)
        return FAIL(err, GNNAC_EFORMAT, "quarantine without driver or time");
    return GNNAC_OK;
}

gnnac_status record_from_json(json_t *root, struct parsed_record *out,
                              gnnac_error *err)
{
    static const struct {
        const char *name;
        enum record_kind kind;
        gnnac_status (*parse)(json_t *, struct parsed_record *, gnnac_error *);
    } kinds[] = {{"decision", RECORD_DECISION, parse_decision},
                 {"run", RECORD_RUN, parse_run},
                 {"analysis", RECORD_ANALYSIS, parse_analysis},
                 {"quarantine", RECORD_QUARANTINE, parse_quarantine}};
    *out = (struct parsed_record){.root = json_incref(root)};
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        json_t *j = json_object_get(root, kinds[i].name);
        if (!j || json_object_size(root) != 1)
            continue;
        out->kind = kinds[i].kind;
        gnnac_status st = kinds[i].parse(j, out, err);
        if (st != GNNAC_OK)
            parsed_record_finish(out);
        return st;
    }
    parsed_record_finish(out);
    return FAIL(err, GNNAC_EFORMAT, "neither decision, run, analysis nor "
                "quarantine");
}
