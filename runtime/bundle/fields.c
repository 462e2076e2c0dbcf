#include "bundle/fields.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "bundle/json_text.h"

static int32_t load_i32(const void *p)
{
    int32_t v;
    memcpy(&v, p, sizeof(v));
    return v;
}

static size_t element_size(const struct field *f)
{
    return f->kind == FIELD_NAMES ? sizeof(int32_t) : f->size;
}

static bool is_array(const struct field *f)
{
    return f->kind == FIELD_OBJECTS || f->kind == FIELD_NAMES ||
           f->kind == FIELD_TEXTS;
}

// ---- to JSON ----------------------------------------------------------------

static json_t *real_or_null(double v)
{
    return isfinite(v) ? json_real(v) : json_null();
}

// The value at `p`; for an array, one element.
static json_t *value_to_json(const struct field *f, const char *p)
{
    switch (f->kind) {
    case FIELD_I32:
        return json_integer(load_i32(p));
    case FIELD_I64:
        return json_integer(*(const int64_t *)(const void *)p);
    case FIELD_BOOL:
        return json_boolean(*(const bool *)(const void *)p);
    case FIELD_F32:
        return real_or_null((double)*(const float *)(const void *)p);
    case FIELD_F64:
        return real_or_null(*(const double *)(const void *)p);
    case FIELD_TEXT:
    case FIELD_TEXTS:
        return json_lenient_string(p);
    case FIELD_NAME:
    case FIELD_NAMES:
        return json_string(name_of(f->names, load_i32(p)));
    case FIELD_OBJECT:
    case FIELD_OPTION:
    case FIELD_OBJECTS:
        return fields_to_json(f->sub, p);
    }
    return NULL;
}

static json_t *array_to_json(const struct field *f, const char *from)
{
    json_t *a = json_array();
    int32_t n = load_i32(from + f->count);
    for (int32_t i = 0; a && i < n; i++) {
        const char *p = from + f->offset + (size_t)i * element_size(f);
        if (json_array_append_new(a, value_to_json(f, p)) != 0) {
            json_decref(a);
            return NULL;
        }
    }
    return a;
}

static bool is_absent(const struct field *f, const void *from)
{
    const char *p = (const char *)from + f->offset;
    if (f->kind == FIELD_OPTION)
        return p[f->sub->offset] == '\0';
    if (f->optional && is_array(f))
        return load_i32((const char *)from + f->count) == 0;
    return f->optional &&
           (f->kind == FIELD_BOOL ? *p == '\0' : load_i32(p) == 0);
}

json_t *fields_to_json(const struct field *table, const void *from)
{
    json_t *o = json_object();
    for (const struct field *f = table; o && f->name; f++) {
        if (is_absent(f, from))
            continue;
        json_t *v = is_array(f)
                        ? array_to_json(f, from)
                        : value_to_json(f, (const char *)from + f->offset);
        if (json_object_set_new(o, f->name, v) != 0) {
            json_decref(o);
            return NULL;
        }
    }
    return o;
}

// ---- from JSON --------------------------------------------------------------

// Where the reader stands, for messages.
struct cursor {
    char path[256];
    gnnac_error *err;
};

static gnnac_status expected(const struct cursor *c, const char *what)
{
    return FAIL(c->err, GNNAC_EFORMAT, "%s: expected %s", c->path, what);
}

static gnnac_status expected_int(const struct cursor *c, const struct field *f)
{
    return FAIL(c->err, GNNAC_EFORMAT,
                "%s: expected an integer from %lld to %lld", c->path,
                (long long)f->min, (long long)f->max);
}

static gnnac_status read_i32(const struct cursor *c, const struct field *f,
                             const json_t *j, char *to)
{
    int64_t v;
    if (!json_read_int(j, f->min, f->max, &v))
        return expected_int(c, f);
    memcpy(to, &(int32_t){(int32_t)v}, sizeof(int32_t));
    return GNNAC_OK;
}

static gnnac_status read_i64(const struct cursor *c, const struct field *f,
                             const json_t *j, char *to)
{
    int64_t v;
    if (!json_read_int(j, f->min, f->max, &v))
        return expected_int(c, f);
    memcpy(to, &v, sizeof(v));
    return GNNAC_OK;
}

static gnnac_status read_bool(const struct cursor *c, const struct field *f,
                              const json_t *j, char *to)
{
    (void)f;
    if (!json_is_boolean(j))
        return expected(c, "true or false");
    memcpy(to, &(bool){json_is_true(j)}, sizeof(bool));
    return GNNAC_OK;
}

static gnnac_status read_f32(const struct cursor *c, const struct field *f,
                             const json_t *j, char *to)
{
    (void)f;
    float v = (float)json_number_value(j);
    if (!json_is_number(j) || !isfinite(v))
        return expected(c, "a number");
    memcpy(to, &v, sizeof(v));
    return GNNAC_OK;
}

static gnnac_status read_f64(const struct cursor *c, const struct field *f,
                             const json_t *j, char *to)
{
    (void)f;
    if (!json_is_number(j) && !json_is_null(j))
        return expected(c, "a number or null");
    double v = json_is_null(j) ? (double)NAN : json_number_value(j);
    memcpy(to, &v, sizeof(v));
    return GNNAC_OK;
}

static gnnac_status read_text(const struct cursor *c, const struct field *f,
                              const json_t *j, char *to)
{
    if (!json_is_string(j) || json_string_length(j) >= f->size)
        return FAIL(c->err, GNNAC_EFORMAT,
                    "%s: expected text of less than %zu bytes", c->path,
                    f->size);
    memcpy(to, json_string_value(j), json_string_length(j) + 1);
    return GNNAC_OK;
}

static gnnac_status read_name(const struct cursor *c, const struct field *f,
                              const json_t *j, char *to)
{
    int v = json_is_string(j) ? value_of(f->names, json_string_value(j)) : -1;
    if (v < 0)
        return FAIL(c->err, GNNAC_EFORMAT, "%s: unknown name, e.g. \"%s\"",
                    c->path, f->names->names[0]);
    memcpy(to, &v, sizeof(v));
    return GNNAC_OK;
}

static gnnac_status read_object(struct cursor *c, const struct field *table,
                                const json_t *j, char *to);

static gnnac_status read_value(struct cursor *c, const struct field *f,
                               const json_t *j, char *to)
{
    switch (f->kind) {
    case FIELD_I32:
        return read_i32(c, f, j, to);
    case FIELD_I64:
        return read_i64(c, f, j, to);
    case FIELD_BOOL:
        return read_bool(c, f, j, to);
    case FIELD_F32:
        return read_f32(c, f, j, to);
    case FIELD_F64:
        return read_f64(c, f, j, to);
    case FIELD_TEXT:
    case FIELD_TEXTS:
        return read_text(c, f, j, to);
    case FIELD_NAME:
    case FIELD_NAMES:
        return read_name(c, f, j, to);
    case FIELD_OBJECT:
    case FIELD_OPTION:
    case FIELD_OBJECTS:
        return read_object(c, f->sub, j, to);
    }
    return expected(c, "another kind of value");
}

static gnnac_status read_array(struct cursor *c, const struct field *f,
                               const json_t *j, char *to)
{
    size_t n = json_array_size(j), length = strlen(c->path);
    if (!json_is_array(j) || n > (size_t)f->max || n < (size_t)f->min)
        return FAIL(c->err, GNNAC_EFORMAT,
                    "%s: expected an array of %lld to %lld elements", c->path,
                    (long long)f->min, (long long)f->max);
    for (size_t i = 0; i < n; i++) {
        snprintf(c->path + length, sizeof(c->path) - length, "[%zu]", i);
        gnnac_status st = read_value(c, f, json_array_get(j, i),
                                     to + f->offset + i * element_size(f));
        if (st != GNNAC_OK)
            return st;
    }
    c->path[length] = '\0';
    memcpy(to + f->count, &(int32_t){(int32_t)n}, sizeof(int32_t));
    return GNNAC_OK;
}

static gnnac_status read_object(struct cursor *c, const struct field *table,
                                const json_t *j, char *to)
{
    if (!json_is_object(j))
        return expected(c, "an object");
    size_t length = strlen(c->path);
    for (const struct field *f = table; f->name; f++) {
        snprintf(c->path + length, sizeof(c->path) - length, ".%s", f->name);
        const json_t *v = json_object_get(j, f->name);
        if (!v && (f->kind == FIELD_OPTION || f->optional))
            continue;
        gnnac_status st = !v            ? expected(c, "it to be there")
                          : is_array(f) ? read_array(c, f, v, to)
                                        : read_value(c, f, v, to + f->offset);
        if (st != GNNAC_OK)
            return st;
    }
    c->path[length] = '\0';
    return GNNAC_OK;
}

gnnac_status fields_from_json(const struct field *table, const json_t *j,
                              const char *where, void *to, gnnac_error *err)
{
    struct cursor c = {.err = err};
    snprintf(c.path, sizeof(c.path), "%.64s", where);
    return read_object(&c, table, j, to);
}
