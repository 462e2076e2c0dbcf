#include "graph/npy.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "checked.h"
#include "graph/pages.h"

static const char magic[] = "\x93NUMPY";

// ---- header -----------------------------------------------------------------

// A cursor in the header's text, which is a Python dictionary literal.
struct scan {
    const char *p, *end;
};

static void skip_blanks(struct scan *s)
{
    while (s->p < s->end && (*s->p == ' ' || *s->p == '\n' || *s->p == '\t'))
        s->p++;
}

static bool take(struct scan *s, char c)
{
    skip_blanks(s);
    if (s->p == s->end || *s->p != c)
        return false;
    s->p++;
    return true;
}

// 'text' or "text" into out.
static bool take_string(struct scan *s, char *out, size_t n_bytes)
{
    skip_blanks(s);
    if (s->p == s->end || (*s->p != '\'' && *s->p != '"'))
        return false;
    char quote = *s->p++;
    const char *close = memchr(s->p, quote, (size_t)(s->end - s->p));
    if (!close || (size_t)(close - s->p) >= n_bytes)
        return false;
    memcpy(out, s->p, (size_t)(close - s->p));
    out[close - s->p] = '\0';
    s->p = close + 1;
    return true;
}

static bool take_word(struct scan *s, const char *word)
{
    skip_blanks(s);
    size_t n = strlen(word);
    if ((size_t)(s->end - s->p) < n || memcmp(s->p, word, n) != 0)
        return false;
    s->p += n;
    return true;
}

static bool take_size(struct scan *s, int64_t *out)
{
    skip_blanks(s);
    int64_t v = 0;
    const char *begin = s->p;
    for (; s->p < s->end && *s->p >= '0' && *s->p <= '9'; s->p++)
        if (__builtin_mul_overflow(v, 10, &v) ||
            __builtin_add_overflow(v, *s->p - '0', &v))
            return false;
    *out = v;
    return s->p > begin;
}

static bool take_shape(struct scan *s, struct npy_header *h)
{
    if (!take(s, '('))
        return false;
    while (!take(s, ')')) {
        if (h->rank == NPY_MAX_RANK || !take_size(s, &h->shape[h->rank++]))
            return false;
        if (!take(s, ',') && !(s->p < s->end && *s->p == ')'))
            return false;
    }
    return true;
}

// "<i4", "|u1", "<f8", "|S3", "<U3"; big-endian and objects are refused.
static bool read_descr(const char *d, struct npy_header *h)
{
    static const char kinds[] = "iufbSU";
    char order = d[0];
    if ((order != '<' && order != '|' && order != '=') || !d[1] ||
        !strchr(kinds, d[1]))
        return false;
    char *end;
    long n = strtol(d + 2, &end, 10);
    if (end == d + 2 || *end || n < 0 || n > 4096)
        return false;
    h->kind = d[1];
    h->item_bytes = (int)(h->kind == 'U' ? n * 4 : n);
    bool number = strchr("iuf", h->kind) != NULL;
    if (number && n != 1 && n != 2 && n != 4 && n != 8)
        return false;
    return !(h->kind == 'f' && n < 2) && !(h->kind == 'b' && n != 1) &&
           !(order == '|' && number && n > 1);
}

struct fields {
    bool descr, order, shape;
};

static gnnac_status read_field(struct scan *s, const char *name,
                               struct npy_header *h, struct fields *seen,
                               gnnac_error *err)
{
    char key[32], descr[64];
    if (!take_string(s, key, sizeof(key)) || !take(s, ':'))
        return FAIL(err, GNNAC_EFORMAT, "%s: byte 10: bad .npy header", name);
    if (strcmp(key, "descr") == 0 && !seen->descr) {
        seen->descr = true;
        if (!take_string(s, descr, sizeof(descr)) || !read_descr(descr, h))
            return FAIL(err, GNNAC_EFORMAT,
                        "%s: byte 10: arrays of this type are not read "
                        "(little-endian numbers are)",
                        name);
        return GNNAC_OK;
    }
    if (strcmp(key, "fortran_order") == 0 && !seen->order) {
        seen->order = true;
        h->fortran = take_word(s, "True");
        if (h->fortran || take_word(s, "False"))
            return GNNAC_OK;
    } else if (strcmp(key, "shape") == 0 && !seen->shape) {
        seen->shape = true;
        if (take_shape(s, h))
            return GNNAC_OK;
    }
    return FAIL(err, GNNAC_EFORMAT, "%s: byte 10: bad '%s' in the .npy header",
                name, key);
}

static gnnac_status read_dictionary(struct scan *s, const char *name,
                                    struct npy_header *h, gnnac_error *err)
{
    struct fields seen = {0};
    if (!take(s, '{'))
        return FAIL(err, GNNAC_EFORMAT, "%s: byte 10: bad .npy header", name);
    while (!take(s, '}')) {
        gnnac_status st = read_field(s, name, h, &seen, err);
        if (st != GNNAC_OK)
            return st;
        if (!take(s, ',') && !(s->p < s->end && *s->p == '}'))
            return FAIL(err, GNNAC_EFORMAT, "%s: byte 10: bad .npy header",
                        name);
    }
    if (!seen.descr || !seen.order || !seen.shape)
        return FAIL(err, GNNAC_EFORMAT,
                    "%s: byte 10: the .npy header lacks a field", name);
    return GNNAC_OK;
}

static gnnac_status check_size(struct npy_header *h, const char *name,
                               gnnac_error *err)
{
    int64_t n = 1, bytes;
    for (int i = 0; i < h->rank; i++)
        if (__builtin_mul_overflow(n, h->shape[i], &n))
            return FAIL(err, GNNAC_EFORMAT,
                        "%s: byte 10: the shape is impossibly large", name);
    if (__builtin_mul_overflow(n, (int64_t)h->item_bytes, &bytes))
        return FAIL(err, GNNAC_EFORMAT,
                    "%s: byte 10: the shape is impossibly large", name);
    h->n_elems = n;
    return GNNAC_OK;
}

gnnac_status npy_parse(const void *bytes, size_t n_bytes, const char *name,
                       struct npy_header *out, gnnac_error *err)
{
    const unsigned char *b = bytes;
    if (n_bytes < 10 || memcmp(b, magic, 6) != 0)
        return FAIL(err, GNNAC_EFORMAT, "%s: byte 0: not a .npy array", name);
    if (b[6] < 1 || b[6] > 3)
        return FAIL(err, GNNAC_EFORMAT, "%s: byte 6: .npy version %d", name,
                    b[6]);
    size_t at = b[6] == 1 ? 10 : 12;
    size_t len = b[8] | (size_t)b[9] << 8;
    if (b[6] > 1 && n_bytes >= 12)
        len |= (size_t)b[10] << 16 | (size_t)b[11] << 24;
    if (len > NPY_MAX_HEADER || n_bytes < at || n_bytes - at < len)
        return FAIL(err, GNNAC_EFORMAT, "%s: byte %zu: truncated .npy header",
                    name, at);
    struct npy_header h = {.data_at = at + len};
    struct scan s = {(const char *)b + at, (const char *)b + at + len};
    gnnac_status st = read_dictionary(&s, name, &h, err);
    if (st == GNNAC_OK)
        st = check_size(&h, name, err);
    if (st == GNNAC_OK)
        *out = h;
    return st;
}

size_t npy_data_bytes(const struct npy_header *h)
{
    return (size_t)h->n_elems * (size_t)h->item_bytes;
}

// ---- elements ---------------------------------------------------------------

// Any alignment. Values above INT64_MAX come out as INT64_MIN, which no caller
// accepts.
static inline int64_t load_int(const unsigned char *p, char kind, int bytes)
{
    int8_t i1;
    int16_t i2;
    int32_t i4;
    int64_t i8;
    uint16_t u2;
    uint32_t u4;
    switch (bytes) {
    case 1:
        memcpy(&i1, p, 1);
        return kind == 'u' ? (uint8_t)i1 : i1;
    case 2:
        memcpy(&i2, p, 2);
        memcpy(&u2, p, 2);
        return kind == 'u' ? u2 : i2;
    case 4:
        memcpy(&i4, p, 4);
        memcpy(&u4, p, 4);
        return kind == 'u' ? (int64_t)u4 : i4;
    default:
        memcpy(&i8, p, 8);
        return kind == 'u' && i8 < 0 ? INT64_MIN : i8;
    }
}

static bool is_integer(const struct npy_header *h)
{
    return h->kind == 'i' || h->kind == 'u';
}

static gnnac_status need_integers(const struct npy_array *a, gnnac_error *err)
{
    if (is_integer(&a->h))
        return GNNAC_OK;
    return FAIL(err, GNNAC_EFORMAT,
                "%s: byte 10: node ids must be integers, not type '%c%d'",
                a->name, a->h.kind, a->h.item_bytes);
}

static gnnac_status bad_id(const struct npy_array *a, int64_t index,
                           int64_t limit, gnnac_error *err)
{
    int64_t size = a->h.item_bytes;
    int64_t v = load_int(a->data + index * size, a->h.kind, (int)size);
    size_t at = a->h.data_at + (size_t)(index * size);
    if (v == INT64_MIN)
        return FAIL(err, GNNAC_EFORMAT,
                    "%s: byte %zu: a node id does not fit 63 bits", a->name,
                    at);
    if (v < 0)
        return FAIL(err, GNNAC_EFORMAT, "%s: byte %zu: node id %lld is "
                    "negative",
                    a->name, at, (long long)v);
    return FAIL(err, GNNAC_EFORMAT,
                "%s: byte %zu: node id %lld is not below the node count %lld",
                a->name, at, (long long)v, (long long)limit);
}

// Elements p[0], p[step], ...: the largest as an unsigned number, so that any
// negative one is larger than all ids; with `out` also their low 32 bits.
typedef uint64_t id_reader(const unsigned char *p, int64_t step, int64_t n,
                           int32_t *out);

#define ID_READER(type, unsigned_type)                                         \
    static uint64_t read_##type(const unsigned char *p, int64_t step,          \
                                int64_t n, int32_t *out)                       \
    {                                                                          \
        unsigned_type most = 0;                                                \
        if (step == 1 && out) {                                                \
            _Pragma("omp simd reduction(max : most)")                          \
            for (int64_t i = 0; i < n; i++)                                    \
                READ_ID(type, unsigned_type, i, out[i] = (int32_t)v)           \
        } else {                                                               \
            for (int64_t i = 0; i < n; i++)                                    \
                READ_ID(type, unsigned_type, i * step,                         \
                        if (out) out[i] = (int32_t)v)                          \
        }                                                                      \
        return (uint64_t)(type)most;                                           \
    }
#define READ_ID(type, unsigned_type, at, keep)                                 \
    {                                                                          \
        type v;                                                                \
        memcpy(&v, p + (at) * (int64_t)sizeof(v), sizeof(v));                  \
        most = (unsigned_type)v > most ? (unsigned_type)v : most;              \
        keep;                                                                  \
    }
ID_READER(int8_t, uint8_t)
ID_READER(int16_t, uint16_t)
ID_READER(int32_t, uint32_t)
ID_READER(int64_t, uint64_t)
ID_READER(uint8_t, uint8_t)
ID_READER(uint16_t, uint16_t)
ID_READER(uint32_t, uint32_t)
ID_READER(uint64_t, uint64_t)

static id_reader *find_reader(const struct npy_header *h)
{
    static id_reader *const readers[2][4] = {
        {read_int8_t, read_int16_t, read_int32_t, read_int64_t},
        {read_uint8_t, read_uint16_t, read_uint32_t, read_uint64_t}};
    return readers[h->kind == 'u'][__builtin_ctz((unsigned)h->item_bytes)];
}

enum { BLOCK = 1 << 18 }; // elements that one thread reads at a time

// The first element outside [0, limit), INT64_MAX when there is none.
static int64_t find_bad(const struct npy_array *a, int64_t first, int64_t step,
                        int64_t n, uint64_t limit)
{
    int size = a->h.item_bytes;
    for (int64_t i = 0; i < n; i++) {
        int64_t at = first + i * step;
        if ((uint64_t)load_int(a->data + at * size, a->h.kind, size) >= limit)
            return at;
    }
    return INT64_MAX;
}

static void release(const struct npy_array *a, int64_t first, int64_t step,
                    int64_t n)
{
    size_t size = (size_t)a->h.item_bytes;
    if (a->spare == NPY_MAPPED || (a->spare == NPY_READ_ONCE && step == 1))
        pages_release(a->data + (size_t)first * size,
                      (size_t)(n * step) * size);
}

// A walk over all elements by all threads, as npy_read_ids and npy_max_id do
// it: *most is the largest, *bad the first that is not in [0, limit).
static void walk(const struct npy_array *a, int64_t first, int64_t step,
                 int64_t n, uint64_t limit, int32_t *out, uint64_t *most,
                 int64_t *bad)
{
    id_reader *read = find_reader(&a->h);
    uint64_t largest = 0;
    int64_t worst = INT64_MAX;
#pragma omp parallel for schedule(static) reduction(max : largest)             \
    reduction(min : worst)
    for (int64_t i = 0; i < n; i += BLOCK) {
        int64_t here = n - i < BLOCK ? n - i : BLOCK, at = first + i * step;
        uint64_t v = read(a->data + at * a->h.item_bytes, step, here,
                          out ? out + i : NULL);
        largest = v > largest ? v : largest;
        if (v >= limit) {
            int64_t wrong = find_bad(a, at, step, here, limit);
            worst = wrong < worst ? wrong : worst;
        } else if (out) {
            release(a, at, step, here);
        }
    }
    *most = largest;
    *bad = worst;
}

gnnac_status npy_read_ids(const struct npy_array *a, int64_t first,
                          int64_t step, int64_t n, int64_t limit, int32_t *out,
                          gnnac_error *err)
{
    int64_t bad;
    uint64_t most;
    gnnac_status st = need_integers(a, err);
    if (st != GNNAC_OK)
        return st;
    walk(a, first, step, n, (uint64_t)limit, out, &most, &bad);
    return bad == INT64_MAX ? GNNAC_OK : bad_id(a, bad, limit, err);
}

gnnac_status npy_max_id(const struct npy_array *a, int64_t first, int64_t step,
                        int64_t n, int64_t *out, gnnac_error *err)
{
    int64_t bad;
    uint64_t most;
    gnnac_status st = need_integers(a, err);
    if (st != GNNAC_OK)
        return st;
    walk(a, first, step, n, (uint64_t)INT64_MAX + 1, NULL, &most, &bad);
    if (bad != INT64_MAX)
        return bad_id(a, bad, 0, err);
    *out = n > 0 ? (int64_t)most : -1;
    return GNNAC_OK;
}

gnnac_status npy_read_int(const struct npy_array *a, int64_t i, int64_t *out,
                          gnnac_error *err)
{
    if (i >= a->h.n_elems || !is_integer(&a->h))
        return FAIL(err, GNNAC_EFORMAT, "%s: byte 10: expected integers",
                    a->name);
    int64_t v = load_int(a->data + i * a->h.item_bytes, a->h.kind,
                         a->h.item_bytes);
    if (v == INT64_MIN)
        return FAIL(err, GNNAC_EFORMAT, "%s: byte %zu: number too large",
                    a->name, a->h.data_at);
    *out = v;
    return GNNAC_OK;
}

// IEEE half to double by its definition; only feature files use it.
static double half_to_double(uint16_t h)
{
    int exponent = h >> 10 & 31;
    double fraction = (h & 1023) / 1024.0;
    double v = exponent == 31  ? (fraction != 0 ? __builtin_nan("")
                                                : __builtin_inf())
               : exponent == 0 ? fraction * 0x1p-14
                               : (1 + fraction) *
                                     __builtin_ldexp(1.0, exponent - 15);
    return h & 0x8000 ? -v : v;
}

static double load_number(const unsigned char *p, char kind, int size)
{
    float f;
    double d;
    uint16_t h;
    uint64_t u;
    if (kind == 'u' && size == 8) {
        memcpy(&u, p, 8);
        return (double)u;
    }
    if (kind != 'f')
        return (double)load_int(p, kind == 'b' ? 'u' : kind, size);
    if (size == 8) {
        memcpy(&d, p, 8);
        return d;
    }
    if (size == 4) {
        memcpy(&f, p, 4);
        return f;
    }
    memcpy(&h, p, 2);
    return half_to_double(h);
}

gnnac_status npy_read_floats(const struct npy_array *a, int64_t first,
                             int64_t step, int64_t n, float *out,
                             gnnac_error *err)
{
    int size = a->h.item_bytes;
    char kind = a->h.kind;
    int64_t bad = INT64_MAX;
    if (!strchr("iufb", kind))
        return FAIL(err, GNNAC_EFORMAT, "%s: byte 10: expected numbers, not "
                    "text",
                    a->name);
    bool plain = kind == 'f' && size == 4 && step == 1;
    if (plain && n > 0)
        memcpy(out, a->data + first * 4, (size_t)n * 4);
#pragma omp parallel for schedule(static) reduction(min : bad) if (n > 1 << 14)
    for (int64_t i = 0; i < n; i++) {
        int64_t index = first + i * step;
        if (!plain)
            out[i] = (float)load_number(a->data + index * size, kind, size);
        if (!isfinite(out[i]))
            bad = bad < index ? bad : index;
    }
    if (bad == INT64_MAX)
        return GNNAC_OK;
    return FAIL(err, GNNAC_EFORMAT,
                "%s: byte %zu: the number is not finite or too large for a "
                "float",
                a->name, a->h.data_at + (size_t)(bad * size));
}
