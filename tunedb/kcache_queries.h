// The open kernel cache, its statements, and what kcache.c and kcache_*.c
// share.
#ifndef GNNAC_KCACHE_QUERIES_H
#define GNNAC_KCACHE_QUERIES_H

#include "db.h"
#include "digest.h"
#include "kcache.h"

enum kcache_statement {
    GET_ARTIFACT,
    TOUCH_ARTIFACT,
    DROP_ARTIFACT,
    PUT_ARTIFACT,
    GET_BLOB,
    PUT_BLOB,
    REPAIR_BLOB,
    DROP_OLDEST,
    GET_FILE,
    PUT_FILE,
    LIST_ARTIFACTS,
    LIST_VICTIMS,
    LIST_BLOBS,
    LIST_FILES,
    LIST_USES,
    DROP_ONE,
};

struct kcache {
    struct db db;
    uint64_t inode; // of the file that is open
    int64_t max_bytes;
    char note[640];
};

// `hashes`: of image, source and log.
struct digest artifact_digest(const char *key, const char *arch,
                              const struct digest hashes[3]);
struct digest file_digest(const struct file_stamp *stamp, const char *text);

int64_t kcache_today(void); // days since 1970
// Bytes of the pages that hold something.
gnnac_status kcache_used_bytes(struct kcache *kc, int64_t *out,
                               gnnac_error *err);
// Drop what was not used for the longest time while the file is too big.
gnnac_status kcache_keep_limit(struct kcache *kc, gnnac_error *err);

#endif
