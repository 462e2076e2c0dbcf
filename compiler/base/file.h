// Whole files in, atomic files out.
#ifndef GNNAC_FILE_H
#define GNNAC_FILE_H

#include <stddef.h>
#include <stdio.h>

#include "fail.h"

// The bytes of a regular file, NUL-terminated beyond n_bytes, owned by the
// caller. `max_bytes` bounds the allocation. GNNAC_EIO, GNNAC_EFORMAT, _ENOMEM.
gnnac_status file_read(const char *path, size_t max_bytes, char **out,
                       size_t *n_bytes, gnnac_error *err);

// XXH3-128 of the bytes of a regular file, which are never in memory at once.
struct file_hash {
    long long n_bytes;
    char hex[33];
};
gnnac_status file_hash(const char *path, struct file_hash *out,
                       gnnac_error *err); // GNNAC_EIO, GNNAC_ENOMEM

// Write to a temporary file beside `path`, then commit: flush, fsync, rename,
// fsync the folder. Nothing is left behind on failure or abandon.
struct atomic_file {
    FILE *out; // write here; errors are found at commit
    char *path, *temporary;
};
gnnac_status atomic_open(const char *path, struct atomic_file *f,
                         gnnac_error *err);
gnnac_status atomic_commit(struct atomic_file *f, gnnac_error *err);
void atomic_abandon(struct atomic_file *f); // after commit: does nothing

// Folders for data (rules, templates): $GNNAC_PATH entries, the user's config
// folder, the installed data folder, the source tree. `kind` is "rules" or
// "templates". Writes up to `max` owned strings; returns how many exist.
size_t data_dirs(const char *kind, char **dirs, size_t max);
// $GNNAC_HOME/NAME, else under the XDG state ("tune.db") or cache
// ("kcache.db") folder. Creates the folder. Owned string, NULL without a home.
char *home_path(const char *name);

#endif
