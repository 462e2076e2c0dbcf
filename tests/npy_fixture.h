// .npy and .npz files of any element type and layout, byte by byte, without the
// writer that the program uses.
#ifndef GNNAC_NPY_FIXTURE_H
#define GNNAC_NPY_FIXTURE_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zip.h>

#include "graph_fixture.h"

struct blob {
    size_t n;
    unsigned char b[4096];
};

static inline void blob_add(struct blob *x, const void *bytes, size_t n)
{
    if (n > sizeof(x->b) - x->n)
        abort();
    memcpy(x->b + x->n, bytes, n);
    x->n += n;
}

// One number as `descr` ("<i4", ">u8", "|b1", "<f8", ...) stores it.
static inline void blob_number(struct blob *x, const char *descr, double v)
{
    unsigned char b[8];
    size_t n = (size_t)atoi(descr + 2);
    float f = (float)v;
    uint64_t bits = descr[1] == 'u' && v > 0 ? (uint64_t)v
                                             : (uint64_t)(int64_t)v;
    memcpy(b, &bits, 8);
    if (descr[1] == 'f' && n == 8)
        memcpy(b, &v, 8);
    else if (descr[1] == 'f')
        memcpy(b, &f, 4);
    for (size_t i = 0; i < n; i++)
        blob_add(x, descr[0] == '>' ? &b[n - 1 - i] : &b[i], 1);
}

// A file that has this header text and no elements yet.
static inline struct blob npy_head(int version, const char *head)
{
    struct blob x = {0};
    size_t n = strlen(head);
    unsigned char length[4] = {(unsigned char)n, (unsigned char)(n >> 8)};
    blob_add(&x, "\x93NUMPY", 6);
    blob_add(&x, &(unsigned char){(unsigned char)version}, 1);
    blob_add(&x, "", 1);
    blob_add(&x, length, version == 1 ? 2 : 4);
    blob_add(&x, head, n);
    return x;
}

// `shape` as Python writes it: "(2, 3)", "(5,)", "()". Elements begin at byte
// 128.
static inline struct blob npy_of(const char *descr, bool fortran,
                                 const char *shape, const double *v, size_t n)
{
    char dict[118], head[119];
    snprintf(dict, sizeof(dict),
             "{'descr': '%s', 'fortran_order': %s, 'shape': %s, }", descr,
             fortran ? "True" : "False", shape);
    snprintf(head, sizeof(head), "%-117s\n", dict);
    struct blob x = npy_head(1, head);
    for (size_t i = 0; i < n; i++)
        blob_number(&x, descr, v[i]);
    return x;
}

#define COUNT(...) (sizeof((double[]){__VA_ARGS__}) / sizeof(double))
#define NPY(descr, shape, ...)                                                 \
    npy_of(descr, false, shape, (double[]){__VA_ARGS__}, COUNT(__VA_ARGS__))
#define NPY_FORTRAN(descr, shape, ...)                                         \
    npy_of(descr, true, shape, (double[]){__VA_ARGS__}, COUNT(__VA_ARGS__))

static inline const char *npy_read_as(struct blob x)
{
    return bytes_read_as("a.npy", x.b, x.n, NULL);
}

// ---- archives ---------------------------------------------------------------

struct npz_part {
    const char *name; // with ".npy"
    struct blob blob;
};

// zip_int32_t `method`: ZIP_CM_STORE, ZIP_CM_DEFLATE, ....
static inline void scratch_npz(const char *name, const struct npz_part *parts,
                               size_t n, zip_int32_t method)
{
    int code;
    zip_t *z = zip_open(scratch_path(name), ZIP_CREATE | ZIP_TRUNCATE, &code);
    bool ok = z != NULL;
    for (size_t i = 0; ok && i < n; i++) {
        zip_source_t *s =
            zip_source_buffer(z, parts[i].blob.b, parts[i].blob.n, 0);
        zip_int64_t at = zip_file_add(z, parts[i].name, s, 0);
        ok = at >= 0 &&
             zip_set_file_compression(z, (zip_uint64_t)at, method, 0) == 0;
    }
    if (!ok || zip_close(z) != 0) {
        fprintf(stderr, "%s: cannot be made\n", name);
        exit(1);
    }
}

static inline const char *npz_read_as(const struct npz_part *parts, size_t n,
                                      const struct graph_options *opt)
{
    scratch_npz("a.npz", parts, n, ZIP_CM_DEFLATE);
    load_text_of(scratch_path("a.npz"), opt);
    scratch_unlink("a.npz");
    return graph_text;
}

#define NPZ(...)                                                               \
    npz_read_as((struct npz_part[]){__VA_ARGS__},                              \
                sizeof((struct npz_part[]){__VA_ARGS__}) /                     \
                    sizeof(struct npz_part),                                   \
                NULL)

#endif
