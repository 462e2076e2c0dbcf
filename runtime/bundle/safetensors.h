// The safetensors container (huggingface/safetensors format): u64 header
// length, JSON header, contiguous byte buffer. Hardened for hostile input; the
// parser rules are in runtime/README.md.
#ifndef GNNAC_SAFETENSORS_H
#define GNNAC_SAFETENSORS_H

#include <stddef.h>
#include <stdint.h>

#include "fail.h"

enum { ST_MAX_TENSORS = 4096, ST_MAX_RANK = 8 };

enum st_dtype {
    ST_U8,
    ST_I8,
    ST_I16,
    ST_I32,
    ST_I64,
    ST_F16,
    ST_BF16,
    ST_F32,
    ST_F64,
    ST_BOOL,
    N_ST_DTYPES
};

struct st_tensor {
    char *name; // owned
    enum st_dtype dtype;
    int rank;
    int64_t shape[ST_MAX_RANK];
    const unsigned char *data; // into the file's bytes; any alignment
    size_t n_bytes;
};

struct safetensors {
    size_t n_tensors;
    struct st_tensor *tensors;       // ascending by offset
    char **meta_keys, **meta_values; // __metadata__
    size_t n_meta;
};

// `bytes` must outlive the result. `name` is for messages. All-zero is empty.
gnnac_status safetensors_parse(const void *bytes, size_t n_bytes,
                               const char *name, struct safetensors *out,
                               gnnac_error *err);
void safetensors_finish(struct safetensors *st);

// NULL if absent.
const struct st_tensor *safetensors_find(const struct safetensors *st,
                                         const char *name);
const char *safetensors_meta(const struct safetensors *st, const char *key);
size_t st_dtype_size(enum st_dtype t);
const char *st_dtype_name(enum st_dtype t); // "F32"

#endif
