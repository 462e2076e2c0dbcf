#include "bundle/graph_fingerprint.h"

#include <stdio.h>

#include <xxhash.h>

#include "checked.h"

enum { CHUNK_BYTES = 1 << 22 };

// XXH3-128 over the digests of fixed chunks in order: threads may share the
// work and the result does not depend on how.
static XXH128_hash_t hash_array(const void *data, size_t n_bytes)
{
    enum { BATCH = 64 };
    XXH128_canonical_t digest[BATCH];
    XXH3_state_t state;
    int64_t n = ceil_div((int64_t)n_bytes, CHUNK_BYTES);
    XXH3_128bits_reset(&state);
    for (int64_t first = 0; first < n; first += BATCH) {
        int64_t here = n - first < BATCH ? n - first : BATCH;
#pragma omp parallel for schedule(dynamic, 1) if (here > 1)
        for (int64_t i = 0; i < here; i++) {
            size_t at = (size_t)(first + i) * CHUNK_BYTES;
            size_t left = n_bytes - at;
            XXH128_canonicalFromHash(
                &digest[i],
                XXH3_128bits((const char *)data + at,
                             left < CHUNK_BYTES ? left : CHUNK_BYTES));
        }
        XXH3_128bits_update(&state, digest, (size_t)here * sizeof(*digest));
    }
    return XXH3_128bits_digest(&state);
}

void graph_fingerprint(int64_t n_nodes, int64_t n_edges, const int64_t *rowptr,
                       const int32_t *colidx, char hex[33])
{
    static const int64_t no_rows[1];
    struct {
        char tag[16];
        int64_t n_nodes, n_edges;
        XXH128_canonical_t rowptr, colidx;
    } all = {.tag = "gnnac csr v1", .n_nodes = n_nodes, .n_edges = n_edges};
    XXH128_canonicalFromHash(
        &all.rowptr, hash_array(rowptr ? rowptr : no_rows,
                                (size_t)(n_nodes + 1) * sizeof(int64_t)));
    XXH128_canonicalFromHash(
        &all.colidx, hash_array(colidx, (size_t)n_edges * sizeof(int32_t)));
    XXH128_hash_t h = XXH3_128bits(&all, sizeof(all));
    snprintf(hex, 33, "%016llx%016llx", (unsigned long long)h.high64,
             (unsigned long long)h.low64);
}
