// Writes safetensors files: float32 tensors and a map of texts.
#ifndef GNNAC_SAFETENSORS_WRITE_H
#define GNNAC_SAFETENSORS_WRITE_H

#include <jansson.h>
#include <stdbool.h>

#include "bundle/safetensors.h"

struct st_writer {
    json_t *header; // owned
    const void *data[ST_MAX_TENSORS];
    size_t n_bytes[ST_MAX_TENSORS], n, end;
    bool failed; // out of memory; st_write says so
};

void st_writer_init(struct st_writer *w);
void st_writer_finish(struct st_writer *w);

void st_add_text(struct st_writer *w, const char *key, const char *text);
// `data` must live until st_write.
void st_add_floats(struct st_writer *w, const char *name, const float *data,
                   int rank, const int64_t *shape);

// Beside `path`, flushed to disk, then renamed. GNNAC_EIO, GNNAC_ENOMEM.
gnnac_status st_write(const struct st_writer *w, const char *path,
                      gnnac_error *err);

#endif
