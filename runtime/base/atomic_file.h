// Files that are whole or not there: written beside their place and renamed.
// Thread-safe, as long as two threads do not share one.
#ifndef GNNAC_ATOMIC_FILE_H
#define GNNAC_ATOMIC_FILE_H

#include <stdio.h>

#include "fail.h"

// Open, write to `out`, commit: flush, fsync, rename, fsync the folder. Nothing
// is left behind on failure or abandon. What is there and is no regular file (a
// pipe, /dev/stdout, /dev/null) is never replaced but written to as it is.
struct atomic_file {
    FILE *out; // write here; errors are found at commit
    char *path, *temporary; // temporary NULL: written to as it is
};

// GNNAC_EIO, GNNAC_ENOMEM; `f` is then as if abandoned.
gnnac_status atomic_open(const char *path, struct atomic_file *f,
                         gnnac_error *err);
gnnac_status atomic_commit(struct atomic_file *f, gnnac_error *err);
void atomic_abandon(struct atomic_file *f); // after commit: does nothing

#endif
