// NumPy archives (.npz): zip files of .npy members, read with libzip, inflated
// with libdeflate. Wanted members are inflated in parallel, each thread with a
// handle of its own.
#ifndef GNNAC_NPZ_H
#define GNNAC_NPZ_H

#include "graph/npy.h"
#include "graph/progress.h"

enum { NPZ_MAX_MEMBERS = 256, NPZ_MAX_WANTED = 8 };

// What the archive's directory says of a member; nothing of it is trusted.
struct npz_member {
    char *name; // without ".npy"; owned
    uint64_t n_bytes, n_packed;
    int method; // of zip: 0 stored, 8 deflated
    uint32_t crc;
};

struct npz {
    const char *path; // borrowed
    progress_teller *progress; // of who opened it; NULL from npz_open
    size_t n;
    struct npz_member members[NPZ_MAX_MEMBERS];
};

gnnac_status npz_open(const char *path, struct npz *out, gnnac_error *err);
void npz_close(struct npz *z);
bool npz_has(const struct npz *z, const char *name);

// Arrays of the named members (at most NPZ_MAX_WANTED), in that order. Refused
// before any is inflated: compression NumPy does not use, sizes that deflate
// cannot reach, and bombs (over 1 GiB in all from less than a 300th of it; no
// simple graph packs so well). Memory grows with what was really inflated. The
// caller frees each .data (it is owned here) with npz_free. GNNAC_EFORMAT,
// GNNAC_EIO, GNNAC_ENOMEM.
gnnac_status npz_read(const struct npz *z, const char *const *names, size_t n,
                      struct npy_array *out, gnnac_error *err);
void npz_free(struct npy_array *arrays, size_t n);

#endif
