// Whole files in; files out through atomic_file.h; where things lie.
#ifndef GNNAC_FILE_H
#define GNNAC_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "atomic_file.h"

// The bytes of a regular file, NUL-terminated beyond n_bytes, owned by the
// caller. `max_bytes` bounds the allocation. GNNAC_EIO, GNNAC_EFORMAT, _ENOMEM.
gnnac_status file_read(const char *path, size_t max_bytes, char **out,
                       size_t *n_bytes, gnnac_error *err);

// Whether two names are one file, which is there.
bool same_file(const char *a, const char *b);

// XXH3-128 of the bytes of a regular file, which are never in memory at once.
struct file_hash {
    long long n_bytes;
    char hex[33];
};
gnnac_status file_hash(const char *path, struct file_hash *out,
                       gnnac_error *err); // GNNAC_EIO, GNNAC_ENOMEM

// Folders for data (rules, templates): $GNNAC_PATH entries, the user's config
// folder, the installed data folder, the source tree. `kind` is "rules" or
// "templates". Writes up to `max` owned strings; returns how many exist.
size_t data_dirs(const char *kind, char **dirs, size_t max);
// $GNNAC_HOME/NAME, else under the XDG state ("tune.db") or cache
// ("kcache.db") folder. Creates the folder. Owned string, NULL without a home.
char *home_path(const char *name);

#endif
