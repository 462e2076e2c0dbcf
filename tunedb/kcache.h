// Compiled kernels on disk (kcache.db, SQLite): disposable, deduplicated by
// content, every blob verified by XXH3-128 on read.
#ifndef GNNAC_KCACHE_H
#define GNNAC_KCACHE_H

#include <stddef.h>

#include "fail.h"

struct kcache; // opaque; one thread at a time

// A damaged file is moved aside to NAME.corrupt-TIME and a fresh one begun.
gnnac_status kcache_open(const char *path, struct kcache **out,
                         gnnac_error *err);
void kcache_close(struct kcache *kc);

struct artifact_key {
    const char *source; // emitted text
    const char *options; // normalised, sorted
    const char *arch;    // "sm_90", "compute_75"
    const char *toolchain;
};
// XXH3-128 over the length-prefixed fields; 32 hex digits and a NUL.
void artifact_key_hex(const struct artifact_key *key, char hex[33]);

// An image with the source it was made from and the compiler's log. Owned by
// the caller after a get (artifact_finish).
struct artifact {
    unsigned char *image;
    size_t n_bytes;
    char *source, *log;
    char arch[16];
};
void artifact_finish(struct artifact *a);

// GNNAC_ENOENT when absent or damaged. When `source` is not NULL it must equal
// the stored text byte for byte (a hash names content, it is not trust).
gnnac_status kcache_get(struct kcache *kc, const char *hex, const char *source,
                        struct artifact *out, gnnac_error *err);
gnnac_status kcache_put(struct kcache *kc, const char *hex,
                        const struct artifact *a, gnnac_error *err);

struct kcache_info {
    char path[512];
    long long n_artifacts, n_bytes;
};
gnnac_status kcache_get_info(struct kcache *kc, struct kcache_info *out,
                             gnnac_error *err);

#endif
