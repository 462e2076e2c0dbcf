#include "safetensors_write.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "json_text.h"

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

static bool write_bytes(const struct st_writer *w, const char *header, FILE *f)
{
    size_t n = strlen(header), spaces = (8 - n % 8) % 8;
    uint64_t length = n + spaces; // little-endian: safetensors.c asserts it
    fwrite(&length, sizeof(length), 1, f);
    fprintf(f, "%s%*s", header, (int)spaces, "");
    for (size_t i = 0; i < w->n; i++)
        if (w->n_bytes[i])
            fwrite(w->data[i], 1, w->n_bytes[i], f);
    return fflush(f) == 0 && !ferror(f) && fsync(fileno(f)) == 0;
}

// A new file of a name that nobody has: the process's, counted.
enum { TEMPORARY_BYTES = 40 }; // beside the path's
static FILE *open_temporary(const char *path, char *temporary)
{
    static unsigned count;
    snprintf(temporary, strlen(path) + TEMPORARY_BYTES, "%s.%ld.%u.tmp", path,
             (long)getpid(), __atomic_add_fetch(&count, 1, __ATOMIC_RELAXED));
    int fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    FILE *f = fd < 0 ? NULL : fdopen(fd, "wb");
    if (fd >= 0 && !f)
        close(fd);
    return f;
}

static gnnac_status write_file(const struct st_writer *w, const char *header,
                               const char *path, gnnac_error *err)
{
    char *temporary = malloc(strlen(path) + TEMPORARY_BYTES);
    if (!temporary)
        return FAIL(err, GNNAC_ENOMEM, "%s: out of memory", path);
    errno = 0;
    FILE *f = open_temporary(path, temporary);
    bool ok = f && write_bytes(w, header, f);
    int why = errno;
    if (f && fclose(f) != 0 && ok) {
        ok = false;
        why = errno;
    }
    if (ok && rename(temporary, path) != 0) {
        ok = false;
        why = errno;
    }
    if (!ok && f)
        unlink(temporary);
    free(temporary);
    return ok ? GNNAC_OK
              : FAIL(err, GNNAC_EIO, "%s: %s", path,
                     why ? strerror(why) : "cannot write");
}

gnnac_status st_write(const struct st_writer *w, const char *path,
                      gnnac_error *err)
{
    char *header = w->failed ? NULL : json_dumps(w->header, JSON_COMPACT);
    if (!header)
        return FAIL(err, GNNAC_ENOMEM, "%s: out of memory", path);
    gnnac_status st = write_file(w, header, path, err);
    free(header);
    return st;
}
