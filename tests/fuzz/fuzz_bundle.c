// Any bytes as a bundle; bytes that begin with a brace also as a manifest
// alone, because in a whole file its hash stands before its parser.
#include <stdlib.h>
#include <string.h>

#include "bundle/bundle.h"
#include "bundle/manifest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_images(const gnnac_bundle *b)
{
    const char *const kinds[] = {"ptx", "source", "sm_90", "sm_80"};
    for (int32_t k = 0; k < b->manifest->n_kernels; k++)
        for (int i = 0; i < 4; i++) {
            size_t n;
            const char *p = bundle_kernel_image(b, k, kinds[i], &n);
            if (p && (n == 0 || p < (char *)b->bytes ||
                      n > b->n_bytes - (size_t)(p - (char *)b->bytes)))
                abort();
        }
}

// A permutation and its inverse, or neither.
static void read_order(const gnnac_bundle *b)
{
    int64_t n = b->manifest->n_nodes;
    if ((b->perm != NULL) != is_reordered(b->manifest))
        abort();
    for (int64_t v = 0; b->perm && v < n; v++)
        if (b->inverse[b->perm[v]] != v || b->perm[b->inverse[v]] != v)
            abort();
}

// The manifest alone: in a whole file its hash stands before its parser.
static void parse_manifest(const uint8_t *data, size_t size)
{
    struct manifest *m = malloc(sizeof(*m));
    if (m && manifest_parse((const char *)data, size, m, NULL) == GNNAC_OK &&
        manifest_check(m, NULL) != GNNAC_OK)
        abort();
    free(m);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    gnnac_bundle *b = NULL;
    gnnac_error err;
    if (gnnac_bundle_open_memory(data, size, &b, &err) == GNNAC_OK) {
        read_images(b);
        read_order(b);
    } else if (b || !err.msg[0])
        abort();
    gnnac_bundle_close(b);
    if (size && data[0] == '{')
        parse_manifest(data, size);
    return 0;
}
