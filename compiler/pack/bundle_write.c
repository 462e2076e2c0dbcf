#include "pack/bundle_write.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "checked.h"
#include "bundle/hash_text.h"
#include "bundle/manifest.h"

enum { ALIGNMENT = 64 };

static const unsigned char zeros[ALIGNMENT];

// One tensor of the file to be: a vector.
struct entry {
    char name[NAME_LEN + 64];
    enum st_dtype dtype;
    const void *bytes;
    size_t n_elems, n_bytes;
    bool aligned; // begins at a multiple of 64
};

struct writer {
    const struct manifest *m;
    size_t n;
    struct entry *entries; // in file order
    size_t offset;         // end of the last
    gnnac_error *err;
};

// ---- tensors ----------------------------------------------------------------

// The file's order, whatever the caller's: first what needs alignment.
static int by_kind_and_kernel(const void *a, const void *b)
{
    const struct kernel_image *s = a, *t = b;
    if (s->kind != t->kind)
        return s->kind < t->kind ? -1 : 1;
    if (s->kernel != t->kernel)
        return s->kernel < t->kernel ? -1 : 1;
    return strcmp(s->arch ? s->arch : "", t->arch ? t->arch : "");
}

static void append(struct writer *w, struct entry e)
{
    e.n_bytes = e.n_elems * st_dtype_size(e.dtype);
    w->entries[w->n++] = e;
    w->offset += e.n_bytes;
}

// Zeros up to the next multiple of 64; the format knows no holes.
static void pad(struct writer *w, int *n_pads)
{
    size_t over = w->offset % ALIGNMENT;
    if (over == 0)
        return;
    struct entry e = {
        .dtype = ST_U8, .bytes = zeros, .n_elems = ALIGNMENT - over};
    snprintf(e.name, sizeof(e.name), "pad/%d", (*n_pads)++);
    append(w, e);
}

static bool arch_is_listed(const struct manifest *m, const char *arch)
{
    for (int32_t i = 0; arch && i < m->n_archs; i++)
        if (strcmp(m->archs[i], arch) == 0)
            return true;
    return false;
}

static gnnac_status name_image(const struct writer *w,
                               const struct kernel_image *image,
                               struct entry *e)
{
    const struct manifest *m = w->m;
    if (image->kernel < 0 || image->kernel >= m->n_kernels)
        return FAIL(w->err, GNNAC_EINTERNAL, "an image of no kernel");
    const char *kernel = m->kernels[image->kernel].name, *suffix = "";
    if (image->kind == IMAGE_CUBIN) {
        if (!arch_is_listed(m, image->arch))
            return FAIL(w->err, GNNAC_EINTERNAL,
                        "kernel %s: a cubin of an architecture that the "
                        "manifest does not list",
                        kernel);
        suffix = strcmp(image->arch, m->archs[0]) == 0 ? "" : image->arch;
    }
    snprintf(e->name, sizeof(e->name), "kernel/%s/%s%s%s", kernel,
             image_kind_name(image->kind), suffix[0] ? "." : "", suffix);
    return image_check(image->kind, e->name, image->bytes, image->n_bytes,
                       w->err);
}

static gnnac_status add_images(struct writer *w,
                               const struct kernel_image *images, size_t n,
                               int *n_pads)
{
    for (size_t i = 0; i < n; i++) {
        struct entry e = {.dtype = ST_U8,
                          .bytes = images[i].bytes,
                          .n_elems = images[i].n_bytes,
                          .aligned = images[i].kind == IMAGE_CUBIN};
        if (e.n_elems == 0)
            continue;
        gnnac_status st = name_image(w, &images[i], &e);
        if (st != GNNAC_OK)
            return st;
        if (e.aligned)
            pad(w, n_pads);
        append(w, e);
    }
    return GNNAC_OK;
}

static void append_graph(struct writer *w, const char *name,
                         enum st_dtype dtype, const void *bytes, int64_t n,
                         int *n_pads)
{
    struct entry e = {.dtype = dtype, .bytes = bytes, .n_elems = (size_t)n};
    snprintf(e.name, sizeof(e.name), "graph/%s", name);
    pad(w, n_pads);
    append(w, e);
}

static gnnac_status add_graph(struct writer *w, const struct stored_graph *g,
                              int *n_pads)
{
    const struct manifest *m = w->m;
    bool reordered = is_reordered(m);
    if ((g->perm != NULL) != reordered || (g->inverse != NULL) != reordered)
        return FAIL(w->err, GNNAC_EINTERNAL,
                    "the manifest contradicts the graph's order");
    append_graph(w, "rowptr", ST_I64, g->rowptr, m->n_nodes + 1, n_pads);
    append_graph(w, "colidx", ST_I32, g->colidx, m->n_stored_edges, n_pads);
    if (reordered) {
        append_graph(w, "perm", ST_I32, g->perm, m->n_nodes, n_pads);
        append_graph(w, "inverse", ST_I32, g->inverse, m->n_nodes, n_pads);
    }
    return GNNAC_OK;
}

static gnnac_status add_tensors(struct writer *w, const struct stored_graph *g,
                                struct kernel_image *images, size_t n_images)
{
    int n_pads = 0;
    w->entries = calloc_array((int64_t)(2 * n_images + 8), sizeof(*w->entries));
    if (!w->entries)
        return FAIL(w->err, GNNAC_ENOMEM, "out of memory");
    gnnac_status st = add_graph(w, g, &n_pads);
    if (st != GNNAC_OK)
        return st;
    qsort(images, n_images, sizeof(*images), by_kind_and_kernel);
    st = add_images(w, images, n_images, &n_pads);
    if (st == GNNAC_OK && w->n > ST_MAX_TENSORS)
        st = FAIL(w->err, GNNAC_EUNSUPPORTED,
                  "%zu kernel images are too many for one bundle: ask for "
                  "fewer architectures",
                  n_images);
    return st;
}

// ---- JSON -------------------------------------------------------------------

static bool is_pad(const struct entry *e)
{
    return e->bytes == zeros;
}

// What the manifest says of every tensor but the zeros.
static json_t *tensor_table(const struct writer *w)
{
    json_t *table = json_object();
    for (size_t i = 0; table && i < w->n; i++) {
        const struct entry *e = &w->entries[i];
        char hex[33];
        if (is_pad(e))
            continue;
        hash_hex(e->bytes, e->n_bytes, hex);
        json_t *j =
            json_pack("{s:s, s:[I], s:s}", "dtype", st_dtype_name(e->dtype),
                      "shape", (json_int_t)e->n_elems, "xxh3", hex);
        if (json_object_set_new(table, e->name, j) != 0) {
            json_decref(table);
            return NULL;
        }
    }
    return table;
}

static char *manifest_text(const struct writer *w)
{
    json_t *j = manifest_to_json(w->m), *table = tensor_table(w);
    char *text = NULL;
    if (j && table && json_object_set(j, "tensors", table) == 0)
        text = json_dumps(j, JSON_COMPACT | JSON_SORT_KEYS);
    json_decref(table);
    json_decref(j);
    return text;
}

// The safetensors header: metadata first, then tensors in file order.
static json_t *header_json(const struct writer *w, const char *manifest)
{
    char hex[33];
    hash_hex(manifest, strlen(manifest), hex);
    json_t *h = json_pack("{s:{s:s, s:s}}", "__metadata__", "gnnac", manifest,
                          "gnnac.xxh3", hex);
    json_int_t at = 0;
    for (size_t i = 0; h && i < w->n; i++) {
        const struct entry *e = &w->entries[i];
        json_int_t end = at + (json_int_t)e->n_bytes;
        json_t *j = json_pack("{s:s, s:[I], s:[I, I]}", "dtype",
                              st_dtype_name(e->dtype), "shape",
                              (json_int_t)e->n_elems, "data_offsets", at, end);
        if (json_object_set_new(h, e->name, j) != 0) {
            json_decref(h);
            return NULL;
        }
        at = end;
    }
    return h;
}

static char *header_text(const struct writer *w)
{
    char *manifest = manifest_text(w), *text = NULL;
    if (manifest) {
        json_t *h = header_json(w, manifest);
        text = h ? json_dumps(h, JSON_COMPACT) : NULL;
        json_decref(h);
    }
    free(manifest);
    return text;
}

// ---- output -----------------------------------------------------------------

static void write_file(FILE *out, const struct writer *w, const char *header)
{
    size_t n = strlen(header);
    size_t spaces = (ALIGNMENT - (8 + n) % ALIGNMENT) % ALIGNMENT;
    uint64_t length = n + spaces; // little-endian: safetensors.c asserts it
    fwrite(&length, sizeof(length), 1, out);
    fwrite(header, 1, n, out);
    fprintf(out, "%*s", (int)spaces, "");
    for (size_t i = 0; i < w->n; i++)
        if (w->entries[i].n_bytes)
            fwrite(w->entries[i].bytes, 1, w->entries[i].n_bytes, out);
}

gnnac_status bundle_write_stream(FILE *out, const struct manifest *m,
                                 const struct stored_graph *g,
                                 const struct kernel_image *images,
                                 size_t n_images, gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    struct writer w = {.m = m, .err = err};
    char *header = NULL;
    struct kernel_image *sorted =
        calloc_array((int64_t)n_images, sizeof(*sorted));
    if (!sorted) {
        st = FAIL(err, GNNAC_ENOMEM, "out of memory");
        goto out;
    }
    if (n_images)
        memcpy(sorted, images, n_images * sizeof(*sorted));
    TRY(manifest_check(m, err));
    TRY(add_tensors(&w, g, sorted, n_images));
    if (!(header = header_text(&w))) {
        st = FAIL(err, GNNAC_ENOMEM, "out of memory");
        goto out;
    }
    write_file(out, &w, header);

out:
    free(header);
    free(w.entries);
    free(sorted);
    return st;
}

gnnac_status bundle_write(const char *path, const struct manifest *m,
                          const struct stored_graph *g,
                          const struct kernel_image *images, size_t n_images,
                          gnnac_error *err)
{
    struct atomic_file f;
    gnnac_status st = atomic_open(path, &f, err);
    if (st != GNNAC_OK)
        return st;
    st = bundle_write_stream(f.out, m, g, images, n_images, err);
    if (st == GNNAC_OK)
        return atomic_commit(&f, err);
    atomic_abandon(&f);
    return st;
}
