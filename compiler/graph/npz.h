// NumPy archives (.npz): zip files of .npy members, read with libzip. Wanted
// members are inflated in parallel, each thread with a handle of its own.
#ifndef GNNAC_NPZ_H
#define GNNAC_NPZ_H

#include "graph/npy.h"

enum { NPZ_MAX_MEMBERS = 256 };

struct npz {
    const char *path; // borrowed
    size_t n;
    char *names[NPZ_MAX_MEMBERS]; // without ".npy"; owned
};

gnnac_status npz_open(const char *path, struct npz *out, gnnac_error *err);
void npz_close(struct npz *z);
bool npz_has(const struct npz *z, const char *name);

// Arrays of the named members, in that order. Sizes are checked against what
// the archive declares, and the compression ratio against what real arrays can
// have, before anything large is allocated. The caller frees each .data (it is
// owned here) with npz_free.
gnnac_status npz_read(const struct npz *z, const char *const *names, size_t n,
                      struct npy_array *out, gnnac_error *err);
void npz_free(struct npy_array *arrays, size_t n);

#endif
