// A .npy file, mapped: one array whose elements are read where they lie.
#ifndef GNNAC_NPY_FILE_H
#define GNNAC_NPY_FILE_H

#include "graph/npy.h"
#include "graph/text.h"

struct npy_file {
    struct text bytes;
    struct npy_array array; // points into `bytes`
};

// The file must be exactly as long as its header says. GNNAC_EIO,
// GNNAC_EFORMAT.
gnnac_status npy_file_open(const char *path, struct npy_file *out,
                           gnnac_error *err);
void npy_file_close(struct npy_file *f);

#endif
