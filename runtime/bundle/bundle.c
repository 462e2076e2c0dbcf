// Opening a bundle: container, manifest, tensors, graph, images, in that order,
// each trusted only when the one before held.
#include "bundle/bundle.h"

#include <stdlib.h>
#include <string.h>

#include "bundle/blob.h"
#include "checked.h"
#include "bundle/hash_text.h"
#include "bundle/kernel_image.h"
#include "bundle/manifest.h"

// ---- manifest ---------------------------------------------------------------

static gnnac_status check_hash(const char *what, const void *bytes, size_t n,
                               const char *want, gnnac_error *err)
{
    char hex[33];
    hash_hex(bytes, n, hex);
    if (!want || strcmp(hex, want) != 0)
        return FAIL(err, GNNAC_EFORMAT,
                    "%s: damaged (its XXH3-128 is not as written)", what);
    return GNNAC_OK;
}

// `*table` receives the manifest's JSON; the caller releases it.
static gnnac_status read_manifest(struct gnnac_bundle *b, json_t **json,
                                  gnnac_error *err)
{
    const char *text = safetensors_meta(&b->tensors, "gnnac");
    if (!text)
        return FAIL(err, GNNAC_EFORMAT,
                    "a safetensors file, but no gnnac bundle");
    gnnac_status st =
        check_hash("manifest", text, strlen(text),
                   safetensors_meta(&b->tensors, "gnnac.xxh3"), err);
    if (st != GNNAC_OK)
        return st;
    b->manifest_text = strdup(text);
    b->manifest = calloc(1, sizeof(*b->manifest));
    if (!b->manifest_text || !b->manifest)
        return FAIL(err, GNNAC_ENOMEM, "out of memory");
    st = manifest_json_load(text, strlen(text), json, err);
    return st == GNNAC_OK ? manifest_from_json(*json, b->manifest, err) : st;
}

// ---- tensors against the manifest -------------------------------------------

static gnnac_status bad_tensor(const struct st_tensor *t, const char *what,
                               gnnac_error *err)
{
    return FAIL(err, GNNAC_EFORMAT, "tensor %.200s: %s", t->name, what);
}

// pad/0, pad/1 ... fill the gaps before aligned tensors.
static gnnac_status check_pad(const struct st_tensor *t, int64_t ordinal,
                              gnnac_error *err)
{
    char want[32];
    snprintf(want, sizeof(want), "pad/%lld", (long long)ordinal);
    if (strcmp(t->name, want) != 0 || t->dtype != ST_U8 || t->rank != 1)
        return bad_tensor(t, "not the padding that belongs here", err);
    for (size_t i = 0; i < t->n_bytes; i++)
        if (t->data[i] != 0)
            return bad_tensor(t, "padding that is not zero", err);
    return GNNAC_OK;
}

static bool shape_is(const json_t *shape, const struct st_tensor *t)
{
    if (json_array_size(shape) != (size_t)t->rank)
        return false;
    for (int i = 0; i < t->rank; i++) {
        const json_t *n = json_array_get(shape, (size_t)i);
        if (!json_is_integer(n) || json_integer_value(n) != t->shape[i])
            return false;
    }
    return true;
}

static gnnac_status check_listed(const struct st_tensor *t, const json_t *entry,
                                 gnnac_error *err)
{
    const char *dtype = json_string_value(json_object_get(entry, "dtype"));
    if (!entry)
        return bad_tensor(t, "the manifest does not list it", err);
    if (!dtype || strcmp(dtype, st_dtype_name(t->dtype)) != 0 ||
        !shape_is(json_object_get(entry, "shape"), t))
        return bad_tensor(t, "the manifest lists another type or shape", err);
    return check_hash(t->name, t->data, t->n_bytes,
                      json_string_value(json_object_get(entry, "xxh3")), err);
}

static gnnac_status check_tensors(const struct gnnac_bundle *b,
                                  const json_t *table, gnnac_error *err)
{
    size_t n_listed = 0;
    int64_t n_pads = 0;
    for (size_t i = 0; i < b->tensors.n_tensors; i++) {
        const struct st_tensor *t = &b->tensors.tensors[i];
        bool pad = strncmp(t->name, "pad/", 4) == 0;
        gnnac_status st =
            pad ? check_pad(t, n_pads, err)
                : check_listed(t, json_object_get(table, t->name), err);
        if (st != GNNAC_OK)
            return st;
        n_pads += pad;
        n_listed += !pad;
    }
    if (n_listed != json_object_size(table))
        return FAIL(err, GNNAC_EFORMAT,
                    "the manifest lists a tensor that is not there");
    return GNNAC_OK;
}

// ---- graph ------------------------------------------------------------------

// A vector of `n` elements, as it lies or, where that is misaligned, a copy.
static gnnac_status take_vector(const struct gnnac_bundle *b, const char *name,
                                enum st_dtype dtype, int64_t n,
                                const void **view, void **copy,
                                gnnac_error *err)
{
    const struct st_tensor *t = safetensors_find(&b->tensors, name);
    if (!t || t->dtype != dtype || t->rank != 1 || t->shape[0] != n)
        return FAIL(err, GNNAC_EFORMAT, "tensor %s: expected %s [%lld]", name,
                    st_dtype_name(dtype), (long long)n);
    *view = t->data;
    if ((uintptr_t)t->data % st_dtype_size(dtype) == 0)
        return GNNAC_OK;
    *copy = malloc(t->n_bytes ? t->n_bytes : 1);
    if (!*copy)
        return FAIL(err, GNNAC_ENOMEM, "out of memory");
    memcpy(*copy, t->data, t->n_bytes);
    *view = *copy;
    return GNNAC_OK;
}

static gnnac_status check_rowptr(const struct manifest *m,
                                 const int64_t *rowptr, gnnac_error *err)
{
    bool falls = rowptr[0] != 0;
    for (int64_t v = 0; v < m->n_nodes; v++)
        falls |= rowptr[v + 1] < rowptr[v];
    if (falls || rowptr[m->n_nodes] != m->n_stored_edges)
        return FAIL(err, GNNAC_EFORMAT,
                    "graph/rowptr: not ascending from 0 to the number of "
                    "edges");
    return GNNAC_OK;
}

static gnnac_status check_columns(const struct gnnac_bundle *b,
                                  gnnac_error *err)
{
    const struct manifest *m = b->manifest;
    bool outside = false;
#pragma omp parallel for schedule(static) reduction(|| : outside)
    for (int64_t e = 0; e < m->n_stored_edges; e++)
        outside = outside || b->colidx[e] < 0 || b->colidx[e] >= m->n_nodes;
    if (outside)
        return FAIL(err, GNNAC_EFORMAT,
                    "graph/colidx: a node that the graph does not have");
    return GNNAC_OK;
}

// GCN and GAT add one self loop to every node, which is right only where the
// arrays have none.
static gnnac_status check_self_loops(const struct gnnac_bundle *b,
                                     gnnac_error *err)
{
    bool adds = false, loop = false;
    for (int32_t i = 0; i < b->manifest->model.n_layers; i++)
        adds |= conv_adds_self_loops(b->manifest->model.layers[i].op);
    int64_t n = adds ? b->manifest->n_nodes : 0;
#pragma omp parallel for schedule(static) reduction(|| : loop)
    for (int64_t v = 0; v < n; v++)
        for (int64_t e = b->rowptr[v]; e < b->rowptr[v + 1]; e++)
            loop = loop || b->colidx[e] == v;
    if (loop)
        return FAIL(err, GNNAC_EFORMAT,
                    "graph/colidx: self loops in the graph of a %s layer, "
                    "which adds its own",
                    b->manifest->model.name);
    return GNNAC_OK;
}

// Every node is its image's pre-image, so no two have the same image: perm is a
// permutation, and inverse has no entry left that is not checked.
static gnnac_status check_permutation(const struct gnnac_bundle *b,
                                      gnnac_error *err)
{
    int64_t n = b->manifest->n_nodes;
    bool wrong = false;
#pragma omp parallel for schedule(static) reduction(|| : wrong)
    for (int64_t v = 0; v < n; v++)
        wrong = wrong || b->perm[v] < 0 || b->perm[v] >= n ||
                b->inverse[b->perm[v]] != v;
    if (wrong)
        return FAIL(err, GNNAC_EFORMAT,
                    "graph/perm: not a permutation of the nodes with "
                    "graph/inverse as its inverse");
    return GNNAC_OK;
}

static gnnac_status take_permutation(struct gnnac_bundle *b, gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    int64_t n = b->manifest->n_nodes;
    const void *perm, *inverse;
    TRY(take_vector(b, "graph/perm", ST_I32, n, &perm, &b->perm_copy, err));
    TRY(take_vector(b, "graph/inverse", ST_I32, n, &inverse, &b->inverse_copy,
                    err));
    b->perm = perm;
    b->inverse = inverse;
    TRY(check_permutation(b, err));
out:
    return st;
}

static gnnac_status take_graph(struct gnnac_bundle *b, gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    const struct manifest *m = b->manifest;
    const void *rowptr, *colidx;
    TRY(take_vector(b, "graph/rowptr", ST_I64, m->n_nodes + 1, &rowptr,
                    &b->rowptr_copy, err));
    TRY(check_rowptr(m, rowptr, err));
    TRY(take_vector(b, "graph/colidx", ST_I32, m->n_stored_edges, &colidx,
                    &b->colidx_copy, err));
    b->rowptr = rowptr;
    b->colidx = colidx;
    TRY(check_columns(b, err));
    TRY(check_self_loops(b, err));
    if (is_reordered(m))
        TRY(take_permutation(b, err));
out:
    return st;
}

// ---- images -----------------------------------------------------------------

// kernel/NAME/cubin is the first architecture's; the others carry theirs.
static const struct st_tensor *find_image(const struct gnnac_bundle *b,
                                          const struct kernel *k,
                                          enum image_kind kind,
                                          const char *arch)
{
    char name[NAME_LEN + 64];
    bool named = kind == IMAGE_CUBIN && strcmp(arch, b->manifest->archs[0]);
    snprintf(name, sizeof(name), "kernel/%s/%s%s%s", k->name,
             image_kind_name(kind), named ? "." : "", named ? arch : "");
    return safetensors_find(&b->tensors, name);
}

static gnnac_status check_image(const struct gnnac_bundle *b,
                                const struct kernel *k, enum image_kind kind,
                                const char *arch, bool required,
                                gnnac_error *err)
{
    const struct st_tensor *t = find_image(b, k, kind, arch);
    if (!t && required)
        return FAIL(err, GNNAC_EFORMAT, "kernel %s: no %s for %s", k->name,
                    image_kind_name(kind), arch);
    if (!t)
        return GNNAC_OK;
    if (t->dtype != ST_U8 || t->rank != 1)
        return bad_tensor(t, "an image is one row of bytes", err);
    return image_check(kind, t->name, t->data, t->n_bytes, err);
}

static gnnac_status check_images(const struct gnnac_bundle *b, gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    const struct manifest *m = b->manifest;
    for (int32_t k = 0; k < m->n_kernels; k++) {
        for (int32_t i = 0; i < m->n_archs; i++)
            TRY(check_image(b, &m->kernels[k], IMAGE_CUBIN, m->archs[i], true,
                            err));
        TRY(check_image(b, &m->kernels[k], IMAGE_PTX, m->ptx_arch,
                        m->ptx_arch[0] != '\0', err));
        TRY(check_image(b, &m->kernels[k], IMAGE_SOURCE, "", false, err));
    }
out:
    return st;
}

const void *bundle_kernel_image(const struct gnnac_bundle *b, int32_t k,
                                const char *arch, size_t *n_bytes)
{
    enum image_kind kind = strcmp(arch, "ptx") == 0      ? IMAGE_PTX
                           : strcmp(arch, "source") == 0 ? IMAGE_SOURCE
                                                         : IMAGE_CUBIN;
    if (kind == IMAGE_CUBIN && b->manifest->n_archs == 0)
        return NULL;
    const struct st_tensor *t =
        find_image(b, &b->manifest->kernels[k], kind, arch);
    if (!t)
        return NULL;
    *n_bytes = t->n_bytes;
    return t->data;
}

// ---- open and close ---------------------------------------------------------

static gnnac_status open_checked(struct gnnac_bundle *b, gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    json_t *json = NULL;
    TRY(safetensors_parse(b->bytes, b->n_bytes, "header", &b->tensors, err));
    TRY(read_manifest(b, &json, err));
    TRY(check_tensors(b, json_object_get(json, "tensors"), err));
    TRY(take_graph(b, err));
    TRY(check_images(b, err));
out:
    json_decref(json);
    return st;
}

// Takes `bytes` over, also on failure.
static gnnac_status open_bytes(void *bytes, size_t n_bytes, const char *name,
                               gnnac_bundle **out, gnnac_error *err)
{
    gnnac_status st;
    gnnac_error why = {{0}};
    struct gnnac_bundle *b = calloc(1, sizeof(*b));
    if (!b) {
        free(bytes);
        return FAIL(err, GNNAC_ENOMEM, "%s: out of memory", name);
    }
    b->bytes = bytes;
    b->n_bytes = n_bytes;
    st = open_checked(b, &why);
    if (st == GNNAC_OK) {
        *out = b;
        return GNNAC_OK;
    }
    gnnac_bundle_close(b);
    return FAIL(err, st, "%s: %s", name, why.msg);
}

gnnac_status gnnac_bundle_open(const char *path, gnnac_bundle **out,
                               gnnac_error *err)
{
    void *bytes;
    size_t n_bytes;
    gnnac__clear(err);
    if (!path || !out)
        return FAIL(err, GNNAC_EUSAGE, "gnnac_bundle_open: NULL argument");
    gnnac_status st = blob_read(path, &bytes, &n_bytes, err);
    return st == GNNAC_OK ? open_bytes(bytes, n_bytes, path, out, err) : st;
}

gnnac_status gnnac_bundle_open_memory(const void *data, size_t n_bytes,
                                      gnnac_bundle **out, gnnac_error *err)
{
    gnnac__clear(err);
    if ((!data && n_bytes) || !out)
        return FAIL(err, GNNAC_EUSAGE,
                    "gnnac_bundle_open_memory: NULL argument");
    void *bytes = malloc(n_bytes ? n_bytes : 1);
    if (!bytes)
        return FAIL(err, GNNAC_ENOMEM, "out of memory for %zu bytes", n_bytes);
    if (n_bytes)
        memcpy(bytes, data, n_bytes);
    return open_bytes(bytes, n_bytes, "bundle", out, err);
}

void gnnac_bundle_close(gnnac_bundle *b)
{
    if (!b)
        return;
    safetensors_finish(&b->tensors);
    free(b->manifest_text);
    free(b->manifest);
    free(b->rowptr_copy);
    free(b->colidx_copy);
    free(b->perm_copy);
    free(b->inverse_copy);
    free(b->bytes);
    free(b);
}

void gnnac_bundle_get_info(const gnnac_bundle *b, gnnac_bundle_info *info)
{
    const struct manifest *m = b->manifest;
    *info = (gnnac_bundle_info){
        .n_nodes = m->n_nodes,
        .n_edges = m->n_edges,
        .in_dim = m->program.buffers[0].dim,
        .out_dim = m->program.buffers[1].dim,
        .n_layers = m->model.n_layers,
        .model = m->model.name,
        .fingerprint = m->fingerprint,
        .manifest = b->manifest_text,
    };
}
