// Compiled kernels on disk (kcache.db, SQLite): disposable, deduplicated by
// content, every blob verified by XXH3-128 on read.
#ifndef GNNAC_KCACHE_H
#define GNNAC_KCACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "damage.h"
#include "fail.h"

struct kcache; // opaque; one thread at a time

// Creates folder and file as needed. A damaged file is moved aside to
// NAME.corrupt-TIME and a fresh one begun; a file that is not a kernel cache is
// refused. Where writing is not possible it opens for reading. GNNAC_EDB.
gnnac_status kcache_open(const char *path, struct kcache **out,
                         gnnac_error *err);
// The same, of a file that is there, as it is: nothing is created, moved or
// begun anew, not even when it is damaged. GNNAC_ENOENT: it was never filled.
gnnac_status kcache_open_existing(const char *path, struct kcache **out,
                                  gnnac_error *err);
void kcache_close(struct kcache *kc);
// What is worth telling the user: moved aside, read only. "" most often.
const char *kcache_note(const struct kcache *kc);

// The file is kept below this size, 2 GiB at first: what was not used for the
// longest time goes.
void kcache_set_limit(struct kcache *kc, int64_t max_bytes);

struct artifact_key {
    const char *source;  // emitted text
    const char *options; // normalised, sorted
    const char *arch;    // "sm_90", "compute_75"
    const char *toolchain;
};
// XXH3-128 over the length-prefixed fields; 32 hex digits and a NUL.
void artifact_key_hex(const struct artifact_key *key, char hex[33]);

// An image with the source it was made from and the compiler's log. Owned by
// the caller after a get (artifact_finish); all three then end with a NUL that
// n_bytes does not count.
struct artifact {
    unsigned char *image;
    size_t n_bytes;
    char *source, *log; // NULL is stored as ""
    char arch[16];
};
void artifact_finish(struct artifact *a);

// GNNAC_ENOENT when absent or damaged. When `source` is not NULL it must equal
// the stored text byte for byte (a hash names content, it is not trust).
gnnac_status kcache_get(struct kcache *kc, const char *hex, const char *source,
                        struct artifact *out, gnnac_error *err);
// Replaces what stood under this key.
gnnac_status kcache_put(struct kcache *kc, const char *hex,
                        const struct artifact *a, gnnac_error *err);

// A text that holds as long as a file keeps its size and its time: what a big
// library was found to be.
struct file_stamp {
    const char *path;
    int64_t n_bytes, mtime_ns;
};
// GNNAC_ENOENT when unknown, changed or damaged, or when `out` is too small.
gnnac_status kcache_get_file(struct kcache *kc, const struct file_stamp *stamp,
                             char *out, size_t n_bytes, gnnac_error *err);
gnnac_status kcache_put_file(struct kcache *kc, const struct file_stamp *stamp,
                             const char *text, gnnac_error *err);

struct kcache_info {
    char path[512];
    int schema_version;
    int64_t n_artifacts, n_blobs, n_bytes; // bytes in use in the file
};
gnnac_status kcache_get_info(struct kcache *kc, struct kcache_info *out,
                             gnnac_error *err);

struct kcache_policy {
    int64_t max_bytes;       // in use; INT64_MAX: no limit
    int64_t max_age_days;    // since the last use; -1: no limit
    const char *const *kept; // keys in ascending order (strcmp): they go last,
    size_t n_kept;           // and only because of max_bytes
    bool dry_run;            // find out what would go, and leave it
};
struct kcache_pruned {
    int64_t n_dropped, n_kept_dropped, n_left; // kernels
    int64_t bytes_before, bytes_after;         // in use
};
// Drops what was not used for the longest time, in one transaction, and gives
// the room back to the file system.
gnnac_status kcache_prune(struct kcache *kc, const struct kcache_policy *p,
                          struct kcache_pruned *out, gnnac_error *err);

// Structure, references, counts and every digest. GNNAC_EDB where the file is
// too damaged to be read to its end; what was found before was reported.
gnnac_status kcache_verify(struct kcache *kc, damage_report *report,
                           void *context, gnnac_error *err);

#endif
