#include "graph/npz.h"

#include <libdeflate.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zip.h>

#include "checked.h"
#include "graph/pages.h"

// Deflate makes at most 1032 bytes of one.
enum { MAX_DEFLATE = 1032, BOMB_BYTES = 1 << 30, BOMB_RATIO = 300 };

static gnnac_status open_zip(const char *path, zip_t **out, gnnac_error *err)
{
    int code = 0;
    zip_t *z = zip_open(path, ZIP_RDONLY, &code);
    if (z) {
        *out = z;
        return GNNAC_OK;
    }
    if (code == ZIP_ER_MEMORY)
        return FAIL(err, GNNAC_ENOMEM, "%s: out of memory", path);
    bool damaged = code != ZIP_ER_OPEN && code != ZIP_ER_NOENT &&
                   code != ZIP_ER_READ && code != ZIP_ER_SEEK;
    zip_error_t e;
    zip_error_init_with_code(&e, code);
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
    const zip_uint64_t need =
        ZIP_STAT_NAME | ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE |
        ZIP_STAT_COMP_METHOD | ZIP_STAT_CRC;
    zip_int64_t n = zip_get_num_entries(zip, 0);
    if (n > NPZ_MAX_MEMBERS)
        return FAIL(err, GNNAC_EFORMAT, "%s: byte 0: %lld members are too many",
                    z->path, (long long)n);
    for (zip_int64_t i = 0; i < n; i++) {
        zip_stat_t s;
        if (zip_stat_index(zip, (zip_uint64_t)i, 0, &s) != 0 ||
            (s.valid & need) != need)
            return FAIL(err, GNNAC_EFORMAT,
                        "%s: byte 0: member %lld has no name or size", z->path,
                        (long long)i);
        struct npz_member m = {member_stem(s.name), s.size, s.comp_size,
                               s.comp_method, s.crc};
        if (!m.name)
            return FAIL(err, GNNAC_ENOMEM, "%s: out of memory", z->path);
        z->members[z->n++] = m;
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
        free(z->members[i].name);
    *z = (struct npz){0};
}

// The first of that name; z->n when there is none.
static size_t find_member(const struct npz *z, const char *name)
{
    size_t i = 0;
    while (i < z->n && strcmp(z->members[i].name, name) != 0)
        i++;
    return i;
}

bool npz_has(const struct npz *z, const char *name)
{
    return find_member(z, name) < z->n;
}

// ---- what the directory claims ----------------------------------------------

static gnnac_status check_member(const struct npz *z,
                                 const struct npz_member *m, gnnac_error *err)
{
    bool deflated = m->method == ZIP_CM_DEFLATE;
    if (!deflated && m->method != ZIP_CM_STORE)
        return FAIL(err, GNNAC_EFORMAT,
                    "%s:%s: byte 0: packed by method %d (NumPy stores or "
                    "deflates)",
                    z->path, m->name, m->method);
    if (m->n_bytes / (deflated ? MAX_DEFLATE : 1) > m->n_packed)
        return FAIL(err, GNNAC_EFORMAT,
                    "%s:%s: byte 0: %llu bytes cannot come of %llu", z->path,
                    m->name, (unsigned long long)m->n_bytes,
                    (unsigned long long)m->n_packed);
    return GNNAC_OK;
}

// One constant member is no bomb: a star's destinations are all alike. Judge
// what is wanted as a whole.
static gnnac_status check_claims(const struct npz *z, const char *const *names,
                                 size_t n, gnnac_error *err)
{
    uint64_t n_bytes = 0, n_packed = 0;
    for (size_t i = 0; i < n; i++) {
        size_t at = find_member(z, names[i]);
        if (at == z->n)
            return FAIL(err, GNNAC_EFORMAT, "%s: byte 0: no array '%s'",
                        z->path, names[i]);
        gnnac_status st = check_member(z, &z->members[at], err);
        if (st != GNNAC_OK)
            return st;
        if (__builtin_add_overflow(n_bytes, z->members[at].n_bytes, &n_bytes))
            n_bytes = UINT64_MAX;
        n_packed += z->members[at].n_packed;
    }
    if (n_bytes > BOMB_BYTES && n_bytes / BOMB_RATIO > n_packed)
        return FAIL(err, GNNAC_EFORMAT,
                    "%s: byte 0: %llu bytes in %llu: a zip bomb", z->path,
                    (unsigned long long)n_bytes, (unsigned long long)n_packed);
    return GNNAC_OK;
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

static gnnac_status no_memory(const struct npy_array *a, gnnac_error *err)
{
    return FAIL(err, GNNAC_ENOMEM, "%s: out of memory for %zu bytes", a->name,
                npy_data_bytes(&a->h));
}

static gnnac_status damaged(const struct npy_array *a, const char *what,
                            gnnac_error *err)
{
    return FAIL(err, GNNAC_EFORMAT, "%s: byte %zu: damaged member: %s",
                a->name, a->h.data_at, what);
}

// The bytes as they lie in the archive; NULL with *what as in unpack. The
// directory may lie about how many: pages are touched only by bytes that are
// there.
static unsigned char *read_packed(zip_t *zip, size_t at, uint64_t n,
                                  const char **what)
{
    zip_file_t *f = zip_fopen_index(zip, at, ZIP_FL_COMPRESSED);
    bool possible = f && n <= INT64_MAX;
    unsigned char *packed = possible ? alloc_array((int64_t)n, 1) : NULL;
    *what = possible && !packed ? NULL : "it is cut short";
    if (packed && !read_all(f, packed, n)) {
        free(packed);
        packed = NULL;
    }
    if (f)
        zip_fclose(f);
    return packed;
}

// False with *what as in unpack.
static bool inflate_into(const unsigned char *packed,
                         const struct npz_member *m, unsigned char *out,
                         const char **what)
{
    struct libdeflate_decompressor *d = libdeflate_alloc_decompressor();
    bool ok = d && libdeflate_deflate_decompress(d, packed, m->n_packed, out,
                                                 m->n_bytes, NULL) ==
                       LIBDEFLATE_SUCCESS;
    *what = d ? "it does not inflate to its size" : NULL;
    libdeflate_free_decompressor(d);
    return ok;
}

// All bytes of a member, its header too. Else NULL, and *what says the damage
// or, when memory is short, is NULL too. As pages are touched only by what was
// really inflated, a member that is smaller than it claims costs no more than
// it is.
static unsigned char *unpack(zip_t *zip, size_t at, const struct npz_member *m,
                             const char **what)
{
    unsigned char *packed = read_packed(zip, at, m->n_packed, what);
    unsigned char *all = packed;
    if (packed && m->method == ZIP_CM_DEFLATE) {
        all = alloc_array((int64_t)m->n_bytes, 1);
        pages_prefer_large(all, all ? m->n_bytes : 0);
        *what = NULL;
        if (all && !inflate_into(packed, m, all, what)) {
            free(all);
            all = NULL;
        }
        free(packed);
    }
    if (all && libdeflate_crc32(0, all, m->n_bytes) != m->crc) {
        *what = "its checksum differs";
        free(all);
        all = NULL;
    }
    return all;
}

static gnnac_status check_shape(const struct npy_array *a, uint64_t n_bytes,
                                gnnac_error *err)
{
    size_t n = npy_data_bytes(&a->h);
    if (n <= n_bytes && a->h.data_at == n_bytes - n)
        return GNNAC_OK;
    return FAIL(err, GNNAC_EFORMAT,
                "%s: byte %zu: the shape needs %zu bytes, the member has "
                "%llu with its header",
                a->name, a->h.data_at, n, (unsigned long long)n_bytes);
}

// The header is inflated first, by itself: what it says is checked before there
// is memory for all.
static gnnac_status read_open_member(zip_t *zip, size_t at,
                                     const struct npz_member *m,
                                     struct npy_array *a, gnnac_error *err)
{
    const char *what;
    zip_file_t *f = zip_fopen_index(zip, at, 0);
    if (!f)
        return FAIL(err, GNNAC_EFORMAT, "%s: byte 0: %s", a->name,
                    zip_strerror(zip));
    gnnac_status st = read_header(f, a->name, &a->h, err);
    zip_fclose(f);
    if (st == GNNAC_OK)
        st = check_shape(a, m->n_bytes, err);
    if (st != GNNAC_OK)
        return st;
    unsigned char *all = unpack(zip, at, m, &what);
    if (!all)
        return what ? damaged(a, what, err) : no_memory(a, err);
    a->data = all + a->h.data_at;
    a->spare = NPY_READ_ONCE;
    return GNNAC_OK;
}

static gnnac_status read_member(const struct npz *z, const char *name,
                                struct npy_array *a, gnnac_error *err)
{
    zip_t *zip;
    size_t at = find_member(z, name);
    snprintf(a->name, sizeof(a->name), "%s:%s", z->path, name);
    gnnac_status st = open_zip(z->path, &zip, err);
    if (st != GNNAC_OK)
        return st;
    st = read_open_member(zip, at, &z->members[at], a, err);
    zip_discard(zip);
    return st;
}

gnnac_status npz_read(const struct npz *z, const char *const *names, size_t n,
                      struct npy_array *out, gnnac_error *err)
{
    gnnac_status st[NPZ_MAX_WANTED], claims = check_claims(z, names, n, err);
    gnnac_error errors[NPZ_MAX_WANTED];
    uint64_t done = 0, total = 0;
    if (claims != GNNAC_OK)
        return claims;
    memset(errors, 0, sizeof(errors));
    memset(out, 0, n * sizeof(*out));
    for (size_t i = 0; i < n; i++)
        total += z->members[find_member(z, names[i])].n_bytes;
#pragma omp parallel for schedule(dynamic, 1)
    for (size_t i = 0; i < n; i++) {
        st[i] = read_member(z, names[i], &out[i], &errors[i]);
        if (st[i] != GNNAC_OK)
            continue;
#pragma omp critical(npz_progress)
        {
            done += z->members[find_member(z, names[i])].n_bytes;
            progress_read(z->progress, z->path, done, total);
        }
    }
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
        if (arrays[i].data)
            free((void *)(uintptr_t)(arrays[i].data - arrays[i].h.data_at));
        arrays[i].data = NULL;
    }
}
