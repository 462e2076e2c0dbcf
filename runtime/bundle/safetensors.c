#include "bundle/safetensors.h"

#include <stdlib.h>
#include <string.h>

#include "checked.h"
#include "bundle/json_text.h"

enum {
    LENGTH_BYTES = 8,
    MAX_HEADER_BYTES = 64 << 20,
    MAX_NAME_BYTES = 4096,
    MAX_META = 64,
};

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
               "tensors are used as they lie in the file");

static const struct {
    const char *name;
    size_t size;
} dtypes[N_ST_DTYPES] = {
    [ST_U8] = {"U8", 1},     [ST_I8] = {"I8", 1},   [ST_I16] = {"I16", 2},
    [ST_I32] = {"I32", 4},   [ST_I64] = {"I64", 8}, [ST_F16] = {"F16", 2},
    [ST_BF16] = {"BF16", 2}, [ST_F32] = {"F32", 4}, [ST_F64] = {"F64", 8},
    [ST_BOOL] = {"BOOL", 1},
};

size_t st_dtype_size(enum st_dtype t)
{
    return dtypes[t].size;
}

const char *st_dtype_name(enum st_dtype t)
{
    return dtypes[t].name;
}

void safetensors_finish(struct safetensors *st)
{
    for (size_t i = 0; i < st->n_tensors; i++)
        free(st->tensors[i].name);
    free(st->tensors);
    for (size_t i = 0; i < st->n_meta; i++) {
        free(st->meta_keys[i]);
        free(st->meta_values[i]);
    }
    free(st->meta_keys);
    free(st->meta_values);
    *st = (struct safetensors){0};
}

// ---- one entry --------------------------------------------------------------

// The file while it is parsed.
struct parse {
    const char *name;
    const unsigned char *data; // the buffer behind the header
    size_t n_data;
    gnnac_error *err;
};

static gnnac_status bad_tensor(const struct parse *p, const char *tensor,
                               const char *what)
{
    return FAIL(p->err, GNNAC_EFORMAT, "%s: tensor %.200s: %s", p->name, tensor,
                what);
}

static bool read_dtype(const json_t *j, enum st_dtype *out)
{
    const char *s = json_string_value(j);
    for (int t = 0; s && t < N_ST_DTYPES; t++)
        if (strcmp(s, dtypes[t].name) == 0) {
            *out = (enum st_dtype)t;
            return true;
        }
    return false;
}

// Also the number of bytes that the shape asks for.
static bool read_shape(const json_t *j, struct st_tensor *t)
{
    if (!json_is_array(j) || json_array_size(j) > ST_MAX_RANK)
        return false;
    t->rank = (int)json_array_size(j);
    t->n_bytes = st_dtype_size(t->dtype);
    for (int i = 0; i < t->rank; i++)
        if (!json_read_int(json_array_get(j, (size_t)i), 0, INT64_MAX,
                           &t->shape[i]) ||
            !size_mul(t->n_bytes, (size_t)t->shape[i], &t->n_bytes))
            return false;
    return true;
}

static gnnac_status read_range(const struct parse *p, const char *name,
                               const json_t *j, struct st_tensor *t)
{
    int64_t begin, end;
    int64_t max = (int64_t)p->n_data;
    if (!json_is_array(j) || json_array_size(j) != 2 ||
        !json_read_int(json_array_get(j, 0), 0, max, &begin) ||
        !json_read_int(json_array_get(j, 1), begin, max, &end))
        return bad_tensor(p, name, "data_offsets do not lie in the file");
    if ((size_t)(end - begin) != t->n_bytes)
        return bad_tensor(p, name, "its shape does not fill its bytes");
    t->data = p->data + begin;
    return GNNAC_OK;
}

static gnnac_status read_tensor(const struct parse *p, const char *name,
                                const json_t *j, struct st_tensor *out)
{
    struct st_tensor t = {0};
    if (strlen(name) > MAX_NAME_BYTES)
        return bad_tensor(p, name, "its name is too long");
    if (!json_is_object(j) || json_object_size(j) != 3)
        return bad_tensor(p, name,
                          "expected dtype, shape, data_offsets and no more");
    if (!read_dtype(json_object_get(j, "dtype"), &t.dtype))
        return bad_tensor(p, name, "unknown dtype");
    if (!read_shape(json_object_get(j, "shape"), &t))
        return bad_tensor(p, name, "bad shape");
    gnnac_status st =
        read_range(p, name, json_object_get(j, "data_offsets"), &t);
    if (st == GNNAC_OK && !(t.name = strdup(name)))
        st = FAIL(p->err, GNNAC_ENOMEM, "%s: out of memory", p->name);
    if (st == GNNAC_OK)
        *out = t;
    return st;
}

// ---- header -----------------------------------------------------------------

static gnnac_status read_metadata(const struct parse *p, json_t *j,
                                  struct safetensors *out)
{
    const char *key;
    json_t *value;
    if (!json_is_object(j) || json_object_size(j) > MAX_META)
        return FAIL(p->err, GNNAC_EFORMAT,
                    "%s: __metadata__ is not a map of at most %d texts",
                    p->name, (int)MAX_META);
    out->meta_keys = calloc(MAX_META, sizeof(char *));
    out->meta_values = calloc(MAX_META, sizeof(char *));
    if (!out->meta_keys || !out->meta_values)
        return FAIL(p->err, GNNAC_ENOMEM, "%s: out of memory", p->name);
    json_object_foreach(j, key, value)
    {
        if (!json_is_string(value))
            return FAIL(p->err, GNNAC_EFORMAT,
                        "%s: __metadata__ holds something that is not text",
                        p->name);
        size_t i = out->n_meta++;
        out->meta_keys[i] = strdup(key);
        out->meta_values[i] = strdup(json_string_value(value));
        if (!out->meta_keys[i] || !out->meta_values[i])
            return FAIL(p->err, GNNAC_ENOMEM, "%s: out of memory", p->name);
    }
    return GNNAC_OK;
}

static gnnac_status read_entries(const struct parse *p, json_t *header,
                                 struct safetensors *out)
{
    const char *key;
    json_t *value;
    size_t n = json_object_size(header);
    if (n > ST_MAX_TENSORS + 1)
        return FAIL(p->err, GNNAC_EFORMAT, "%s: more than %d tensors", p->name,
                    (int)ST_MAX_TENSORS);
    out->tensors = calloc(n ? n : 1, sizeof(*out->tensors));
    if (!out->tensors)
        return FAIL(p->err, GNNAC_ENOMEM, "%s: out of memory", p->name);
    json_object_foreach(header, key, value)
    {
        gnnac_status st =
            strcmp(key, "__metadata__") == 0
                ? read_metadata(p, value, out)
                : read_tensor(p, key, value, &out->tensors[out->n_tensors]);
        if (st != GNNAC_OK)
            return st;
        if (strcmp(key, "__metadata__") != 0)
            out->n_tensors++;
    }
    return GNNAC_OK;
}

static int by_position(const void *a, const void *b)
{
    const struct st_tensor *s = a, *t = b;
    if (s->data != t->data)
        return s->data < t->data ? -1 : 1;
    // Empty tensors stand before the one that begins where they do.
    return (s->n_bytes > t->n_bytes) - (s->n_bytes < t->n_bytes);
}

// No holes, no overlaps, no bytes behind the last.
static gnnac_status check_contiguous(const struct parse *p,
                                     const struct safetensors *st)
{
    const unsigned char *at = p->data;
    for (size_t i = 0; i < st->n_tensors; i++) {
        if (st->tensors[i].data != at)
            return bad_tensor(p, st->tensors[i].name,
                              "overlaps another or leaves a gap");
        at += st->tensors[i].n_bytes;
    }
    if (at != p->data + p->n_data)
        return FAIL(p->err, GNNAC_EFORMAT,
                    "%s: %zu bytes behind the last tensor", p->name,
                    (size_t)(p->data + p->n_data - at));
    return GNNAC_OK;
}

static gnnac_status split_file(const unsigned char *bytes, size_t n_bytes,
                               struct parse *p, size_t *n_header)
{
    uint64_t n;
    if (n_bytes < LENGTH_BYTES)
        return FAIL(p->err, GNNAC_EFORMAT, "%s: shorter than 8 bytes", p->name);
    memcpy(&n, bytes, LENGTH_BYTES);
    if (n > MAX_HEADER_BYTES || n > n_bytes - LENGTH_BYTES)
        return FAIL(p->err, GNNAC_EFORMAT,
                    "%s: header of %llu bytes does not fit (not a safetensors "
                    "file, or cut off)",
                    p->name, (unsigned long long)n);
    *n_header = (size_t)n;
    p->data = bytes + LENGTH_BYTES + n;
    p->n_data = n_bytes - LENGTH_BYTES - (size_t)n;
    return GNNAC_OK;
}

gnnac_status safetensors_parse(const void *bytes, size_t n_bytes,
                               const char *name, struct safetensors *out,
                               gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    struct parse p = {.name = name, .err = err};
    struct safetensors s = {0};
    json_t *header = NULL;
    size_t n_header = 0;

    TRY(split_file(bytes, n_bytes, &p, &n_header));
    TRY(json_text_load((const char *)bytes + LENGTH_BYTES, n_header, name,
                       &header, err));
    TRY(read_entries(&p, header, &s));
    if (s.n_tensors)
        qsort(s.tensors, s.n_tensors, sizeof(*s.tensors), by_position);
    TRY(check_contiguous(&p, &s));
    *out = s;
    s = (struct safetensors){0};

out:
    json_decref(header);
    safetensors_finish(&s);
    return st;
}

const struct st_tensor *safetensors_find(const struct safetensors *st,
                                         const char *name)
{
    for (size_t i = 0; i < st->n_tensors; i++)
        if (strcmp(st->tensors[i].name, name) == 0)
            return &st->tensors[i];
    return NULL;
}

const char *safetensors_meta(const struct safetensors *st, const char *key)
{
    for (size_t i = 0; i < st->n_meta; i++)
        if (strcmp(st->meta_keys[i], key) == 0)
            return st->meta_values[i];
    return NULL;
}
