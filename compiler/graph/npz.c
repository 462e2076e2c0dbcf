#include "graph/npz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zip.h>

// Deflate cannot exceed about 1032:1, and arrays of numbers stay far below; a
// member that claims more than this many bytes at more than this ratio is
// taken for a bomb.
enum { BOMB_BYTES = 1 << 26, BOMB_RATIO = 300 };

static gnnac_status open_zip(const char *path, zip_t **out, gnnac_error *err)
{
    int code = 0;
    zip_t *z = zip_open(path, ZIP_RDONLY, &code);
    if (z) {
        *out = z;
        return GNNAC_OK;
    }
    zip_error_t e;
    zip_error_init_with_code(&e, code);
    bool damaged = code == ZIP_ER_NOZIP || code == ZIP_ER_INCONS;
    gnnac_status st =
        FAIL(err, damaged ? GNNAC_EFORMAT : GNNAC_EIO,
             damaged ? "%s: byte 0: not a .npz archive: %s" : "%s: %s", path,
             zip_error_strerror(&e));
    zip_error_fini(&e);
    return st;
}

static char *member_stem(const char *name)
{
    size_t n = strlen(name);
    return strndup(name, n > 4 && strcmp(name + n - 4, ".npy") == 0 ? n - 4
                                                                    : n);
}

static gnnac_status list_members(struct npz *z, zip_t *zip, gnnac_error *err)
{
    zip_int64_t n = zip_get_num_entries(zip, 0);
    if (n > NPZ_MAX_MEMBERS)
        return FAIL(err, GNNAC_EFORMAT, "%s: byte 0: %lld members are too many",
                    z->path, (long long)n);
    for (zip_int64_t i = 0; i < n; i++) {
        const char *name = zip_get_name(zip, (zip_uint64_t)i, 0);
        if (!name)
            return FAIL(err, GNNAC_EFORMAT, "%s: byte 0: a member has no name",
                        z->path);
        char *stem = member_stem(name);
        if (!stem)
            return FAIL(err, GNNAC_ENOMEM, "out of memory");
        z->names[z->n++] = stem;
    }
    return GNNAC_OK;
}

gnnac_status npz_open(const char *path, struct npz *out, gnnac_error *err)
{
    zip_t *zip;
    struct npz z = {.path = path};
    gnnac_status st = open_zip(path, &zip, err);
    if (st != GNNAC_OK)
        return st;
    st = list_members(&z, zip, err);
    zip_discard(zip);
    if (st == GNNAC_OK)
        *out = z;
    else
        npz_close(&z);
    return st;
}

void npz_close(struct npz *z)
{
    for (size_t i = 0; i < z->n; i++)
        free(z->names[i]);
    *z = (struct npz){0};
}

bool npz_has(const struct npz *z, const char *name)
{
    for (size_t i = 0; i < z->n; i++)
        if (strcmp(z->names[i], name) == 0)
            return true;
    return false;
}

// ---- one member -------------------------------------------------------------

// Read exactly n bytes.
static bool read_all(zip_file_t *f, unsigned char *out, size_t n)
{
    while (n > 0) {
        zip_int64_t got = zip_fread(f, out, n);
        if (got <= 0)
            return false;
        out += got;
        n -= (size_t)got;
    }
    return true;
}

static gnnac_status check_declared(const zip_stat_t *s, const char *name,
                                   gnnac_error *err)
{
    const zip_uint64_t need = ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE;
    if ((s->valid & need) != need)
        return FAIL(err, GNNAC_EFORMAT, "%s: byte 0: no size is declared",
                    name);
    if (s->size > BOMB_BYTES && s->size / BOMB_RATIO > s->comp_size)
        return FAIL(err, GNNAC_EFORMAT,
                    "%s: byte 0: %llu bytes in %llu: a zip bomb", name,
                    (unsigned long long)s->size,
                    (unsigned long long)s->comp_size);
    return GNNAC_OK;
}

// The header, read byte-exactly: the fixed part first, then what it announces.
static gnnac_status read_header(zip_file_t *f, const char *name,
                                struct npy_header *h, gnnac_error *err)
{
    unsigned char head[NPY_MAX_HEADER + 12];
    size_t fixed = 10, len;
    if (!read_all(f, head, fixed))
        return FAIL(err, GNNAC_EFORMAT, "%s: byte 0: truncated", name);
    if (head[6] > 1) {
        if (!read_all(f, head + 10, 2))
            return FAIL(err, GNNAC_EFORMAT, "%s: byte 10: truncated", name);
        fixed = 12;
    }
    len = head[8] | (size_t)head[9] << 8;
    if (fixed == 12)
        len |= (size_t)head[10] << 16 | (size_t)head[11] << 24;
    if (len > NPY_MAX_HEADER || !read_all(f, head + fixed, len))
        return FAIL(err, GNNAC_EFORMAT, "%s: byte %zu: truncated .npy header",
                    name, fixed);
    return npy_parse(head, fixed + len, name, h, err);
}

static gnnac_status read_body(zip_file_t *f, const zip_stat_t *s,
                              struct npy_array *a, gnnac_error *err)
{
    size_t n = npy_data_bytes(&a->h);
    if (s->size - a->h.data_at != n)
        return FAIL(err, GNNAC_EFORMAT,
                    "%s: byte %zu: the shape needs %zu bytes, there are %llu",
                    a->name, a->h.data_at, n,
                    (unsigned long long)(s->size - a->h.data_at));
    unsigned char *data = malloc(n ? n : 1);
    if (!data)
        return FAIL(err, GNNAC_ENOMEM, "%s: out of memory for %zu bytes",
                    a->name, n);
    unsigned char more;
    // The read past the end makes libzip compare the checksum.
    if (!read_all(f, data, n) || zip_fread(f, &more, 1) != 0) {
        free(data);
        return FAIL(err, GNNAC_EFORMAT, "%s: byte %zu: damaged member: %s",
                    a->name, a->h.data_at, zip_file_strerror(f));
    }
    a->data = data;
    return GNNAC_OK;
}

static gnnac_status read_open_member(zip_t *zip, zip_uint64_t index,
                                     struct npy_array *a, gnnac_error *err)
{
    zip_stat_t s;
    if (zip_stat_index(zip, index, 0, &s) != 0)
        return FAIL(err, GNNAC_EFORMAT, "%s: byte 0: %s", a->name,
                    zip_strerror(zip));
    gnnac_status st = check_declared(&s, a->name, err);
    if (st != GNNAC_OK)
        return st;
    zip_file_t *f = zip_fopen_index(zip, index, 0);
    if (!f)
        return FAIL(err, GNNAC_EFORMAT, "%s: byte 0: %s", a->name,
                    zip_strerror(zip));
    st = read_header(f, a->name, &a->h, err);
    if (st == GNNAC_OK)
        st = read_body(f, &s, a, err);
    zip_fclose(f);
    return st;
}

static gnnac_status read_member(const struct npz *z, const char *name,
                                struct npy_array *a, gnnac_error *err)
{
    zip_t *zip;
    size_t i = 0;
    while (i < z->n && strcmp(z->names[i], name) != 0)
        i++;
    if (i == z->n)
        return FAIL(err, GNNAC_EFORMAT, "%s: byte 0: no array '%s'", z->path,
                    name);
    snprintf(a->name, sizeof(a->name), "%s:%s", z->path, name);
    gnnac_status st = open_zip(z->path, &zip, err);
    if (st != GNNAC_OK)
        return st;
    st = read_open_member(zip, i, a, err);
    zip_discard(zip);
    return st;
}

gnnac_status npz_read(const struct npz *z, const char *const *names, size_t n,
                      struct npy_array *out, gnnac_error *err)
{
    gnnac_status st[8];
    gnnac_error errors[8];
    memset(errors, 0, sizeof(errors));
    memset(out, 0, n * sizeof(*out));
#pragma omp parallel for schedule(dynamic, 1)
    for (size_t i = 0; i < n; i++)
        st[i] = read_member(z, names[i], &out[i], &errors[i]);
    for (size_t i = 0; i < n; i++)
        if (st[i] != GNNAC_OK) {
            npz_free(out, n);
            return FAIL(err, st[i], "%s", errors[i].msg);
        }
    return GNNAC_OK;
}

void npz_free(struct npy_array *arrays, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        free((void *)(uintptr_t)arrays[i].data);
        arrays[i].data = NULL;
    }
}
