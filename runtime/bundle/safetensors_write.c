#include "bundle/safetensors_write.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "atomic_file.h"
#include "bundle/json_text.h"

void st_writer_init(struct st_writer *w)
{
    memset(w, 0, sizeof(*w));
    w->header = json_object();
    w->failed = !w->header;
}

void st_writer_finish(struct st_writer *w)
{
    json_decref(w->header);
    w->header = NULL;
}

void st_add_text(struct st_writer *w, const char *key, const char *text)
{
    json_t *meta = json_object_get(w->header, "__metadata__");
    if (!meta) {
        meta = json_object();
        if (json_object_set_new(w->header, "__metadata__", meta) != 0) {
            w->failed = true; // and `meta` is freed
            return;
        }
    }
    w->failed |= json_object_set_new(meta, key, json_string(text)) != 0;
}

void st_add_floats(struct st_writer *w, const char *name, const float *data,
                   int rank, const int64_t *shape)
{
    json_t *dims = json_array();
    size_t n_bytes = sizeof(float);
    if (w->n == ST_MAX_TENSORS) {
        w->failed = true;
        json_decref(dims);
        return;
    }
    for (int i = 0; i < rank; i++) {
        n_bytes *= (size_t)shape[i];
        w->failed |= json_array_append_new(dims, json_integer(shape[i])) != 0;
    }
    json_t *entry = json_pack("{s:s, s:o, s:[I, I]}", "dtype", "F32", "shape",
                              dims, "data_offsets", (json_int_t)w->end,
                              (json_int_t)(w->end + n_bytes));
    w->failed |= json_object_set_new(w->header, name, entry) != 0;
    w->data[w->n] = data;
    w->n_bytes[w->n++] = n_bytes;
    w->end += n_bytes;
}

static void write_bytes(const struct st_writer *w, const char *header, FILE *f)
{
    size_t n = strlen(header), spaces = (8 - n % 8) % 8;
    uint64_t length = n + spaces; // little-endian: safetensors.c asserts it
    fwrite(&length, sizeof(length), 1, f);
    fprintf(f, "%s%*s", header, (int)spaces, "");
    for (size_t i = 0; i < w->n; i++)
        if (w->n_bytes[i])
            fwrite(w->data[i], 1, w->n_bytes[i], f);
}

gnnac_status st_write(const struct st_writer *w, const char *path,
                      gnnac_error *err)
{
    char *header = w->failed ? NULL : json_dumps(w->header, JSON_COMPACT);
    if (!header)
        return FAIL(err, GNNAC_ENOMEM, "%s: out of memory", path);
    struct atomic_file f;
    gnnac_status st = atomic_open(path, &f, err);
    if (st == GNNAC_OK) {
        write_bytes(w, header, f.out);
        st = atomic_commit(&f, err);
    }
    free(header);
    return st;
}
