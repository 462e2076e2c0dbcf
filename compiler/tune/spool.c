#include "tune/spool.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// A row as it lies in the file, all of one size.
struct spooled {
    char family[64], knobs[256], status[32];
    float samples_ns[MAX_KEPT_SAMPLES];
    struct measurement_row row; // its addresses mean nothing there
};

gnnac_status spool_init(struct spool *s, gnnac_error *err)
{
    char path[512];
    const char *folder = getenv("TMPDIR");
    *s = (struct spool){.at = malloc(sizeof(*s->at))};
    if (!s->at)
        return FAIL(err, GNNAC_ENOMEM, "out of memory");
    snprintf(path, sizeof(path), "%s/gnnac-record-XXXXXX",
             folder && *folder ? folder : "/tmp");
    int fd = mkstemp(path);
    s->file = fd >= 0 ? fdopen(fd, "w+b") : NULL;
    if (fd >= 0)
        unlink(path);
    if (s->file)
        return GNNAC_OK;
    if (fd >= 0)
        close(fd);
    return FAIL(err, GNNAC_EIO, "%s: %s", path, strerror(errno));
}

void spool_finish(struct spool *s)
{
    if (s->file)
        fclose(s->file);
    free(s->at);
    *s = (struct spool){0};
}

static bool copy_text(char *to, size_t room, const char *from)
{
    size_t n = strlen(from);
    if (n < room)
        memcpy(to, from, n + 1);
    return n < room;
}

gnnac_status spool_add(struct spool *s, const struct measurement_row *row,
                       gnnac_error *err)
{
    struct spooled r = {.row = *row};
    if (!copy_text(r.family, sizeof(r.family), row->family) ||
        !copy_text(r.knobs, sizeof(r.knobs), row->knobs) ||
        !copy_text(r.status, sizeof(r.status), row->status) ||
        row->n_kept > MAX_KEPT_SAMPLES)
        return FAIL(err, GNNAC_EINTERNAL, "a measurement is too long");
    if (row->n_kept)
        memcpy(r.samples_ns, row->samples_ns, row->n_kept * sizeof(float));
    if (fseeko(s->file, 0, SEEK_END) != 0 ||
        fwrite(&r, sizeof(r), 1, s->file) != 1 || fflush(s->file) != 0)
        return FAIL(err, GNNAC_EIO, "recorded times: %s", strerror(errno));
    s->n++;
    return GNNAC_OK;
}

gnnac_status spool_row(void *spool, size_t i, struct measurement_row *out,
                       gnnac_error *err)
{
    struct spool *s = spool;
    struct spooled *r = s->at;
    if (fseeko(s->file, (off_t)(i * sizeof(*r)), SEEK_SET) != 0 ||
        fread(r, sizeof(*r), 1, s->file) != 1)
        return FAIL(err, GNNAC_EIO, "recorded times cannot be read again");
    *out = r->row;
    out->family = r->family;
    out->knobs = r->knobs;
    out->status = r->status;
    out->samples_ns = r->samples_ns;
    return GNNAC_OK;
}
