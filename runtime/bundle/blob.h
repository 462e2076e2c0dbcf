// A whole file in memory.
#ifndef GNNAC_BLOB_H
#define GNNAC_BLOB_H

#include "fail.h"

// The bytes of a regular file, read rather than mapped: a mapped file that
// shrinks kills the process. The caller frees *out (aligned as malloc does).
// GNNAC_EIO, GNNAC_ENOMEM.
gnnac_status blob_read(const char *path, void **out, size_t *n_bytes,
                       gnnac_error *err);

#endif
