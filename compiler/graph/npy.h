// The NumPy array format (.npy, versions 1 to 3): header and element access.
// For plain files and for members of .npz archives.
#ifndef GNNAC_NPY_H
#define GNNAC_NPY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fail.h"

enum { NPY_MAX_RANK = 8, NPY_MAX_HEADER = 1 << 16 };

// What the header says.
struct npy_header {
    char kind;        // 'i', 'u', 'f', 'b' (bool), 'S' or 'U' (text)
    int item_bytes;   // of one element
    bool fortran;     // column-major
    int rank;
    int64_t shape[NPY_MAX_RANK];
    int64_t n_elems;  // product of shape; 1 when rank is 0
    size_t data_at;   // bytes before the first element
};

// `bytes` is the beginning of the file, at least its header. Checks that
// n_elems * item_bytes fits 63 bits, not that the data is there. `name` is for
// messages.
gnnac_status npy_parse(const void *bytes, size_t n_bytes, const char *name,
                       struct npy_header *out, gnnac_error *err);

// Bytes of all elements.
size_t npy_data_bytes(const struct npy_header *h);

// What npy_read_ids may do with pages whose elements it has read.
enum npy_spare {
    NPY_KEEP,
    NPY_READ_ONCE, // give back those that nobody else looks at: step 1 alone
    NPY_MAPPED,    // give back all; they are read again when needed
};

// A whole array in memory: the header, and elements that belong to whoever
// holds the bytes.
struct npy_array {
    struct npy_header h;
    const unsigned char *data;
    enum npy_spare spare;
    char name[768]; // for messages: FILE, or FILE:MEMBER
};

// Elements [first, first + step, ...], n of them, as int32 node ids, each in
// [0, limit). Integers only. The first bad one goes into the message. Memory of
// elements that were read is given back as a->spare allows.
gnnac_status npy_read_ids(const struct npy_array *a, int64_t first,
                          int64_t step, int64_t n, int64_t limit, int32_t *out,
                          gnnac_error *err);
// The largest of such elements, -1 when n is 0. Negative ones are errors.
gnnac_status npy_max_id(const struct npy_array *a, int64_t first, int64_t step,
                        int64_t n, int64_t *out, gnnac_error *err);
// Element i of an integer array; GNNAC_EFORMAT when it does not fit int64.
gnnac_status npy_read_int(const struct npy_array *a, int64_t i, int64_t *out,
                          gnnac_error *err);
// Such elements of any numeric or bool array as floats, each finite.
gnnac_status npy_read_floats(const struct npy_array *a, int64_t first,
                             int64_t step, int64_t n, float *out,
                             gnnac_error *err);

#endif
