#include "graph/text_windows.h"

#include <stdlib.h>
#include <string.h>

#include "checked.h"
#include "graph/gz.h"
#include "graph/pages.h"

// Text of numbers deflates to a tenth or so; a file that claims much more is
// taken for a bomb.
enum { BOMB_BYTES = 1 << 26, BOMB_RATIO = 300 };

struct text_windows {
    struct text file; // as it lies on the disk
    struct gz_reader gz;
    size_t limit, window, released;
    struct {
        char *data;
        size_t room, n_bytes;
    } buffer[2];
    int present;
    bool ready; // the other buffer holds the next window
};

void text_windows_free(struct text_windows *w)
{
    if (!w)
        return;
    gz_end(&w->gz);
    free(w->buffer[0].data);
    free(w->buffer[1].data);
    text_close(&w->file);
    free(w);
}

// ---- the window ahead -------------------------------------------------------

// A line that fills windows makes them grow by doubling.
static bool make_room(struct text_windows *w, int i, size_t n_kept)
{
    size_t room = w->window;
    if (n_kept > room / 2 && !size_mul(n_kept, 2, &room))
        return false;
    if (room <= w->buffer[i].room)
        return true;
    free(w->buffer[i].data);
    w->buffer[i].data = malloc(room);
    w->buffer[i].room = w->buffer[i].data ? room : 0;
    return w->buffer[i].data != NULL;
}

// The pages behind the reader are not looked at again.
static void release_file(struct text_windows *w)
{
    if (!w->file.mapped)
        return;
    pages_release(w->file.data + w->released, w->gz.at - w->released);
    w->released = w->gz.at;
}

void text_read_ahead(struct text *t, size_t keep)
{
    struct text_windows *w = t->windows;
    if (!t->more || w->ready)
        return;
    int next = !w->present;
    size_t n = t->n_bytes - keep;
    w->ready = true;
    if (!make_room(w, next, n)) {
        w->gz.no_memory = true;
        return;
    }
    memcpy(w->buffer[next].data, t->data + keep, n);
    n += gz_read(&w->gz, w->buffer[next].data + n, w->buffer[next].room - n);
    w->buffer[next].n_bytes = n;
    release_file(w);
}

static gnnac_status check(const struct text_windows *w, gnnac_error *err)
{
    const char *path = w->file.path;
    if (w->gz.no_memory)
        return FAIL(err, GNNAC_ENOMEM, "%s: out of memory", path);
    if (w->gz.n_out > w->limit)
        return FAIL(err, GNNAC_EFORMAT,
                    "%s: byte 0: inflates to over %zu bytes: a bomb", path,
                    w->limit);
    if (w->gz.what)
        return FAIL(err, GNNAC_EFORMAT, "%s: byte %zu: damaged .gz: %s", path,
                    w->gz.n_out, w->gz.what);
    return GNNAC_OK;
}

gnnac_status text_advance(struct text *t, gnnac_error *err)
{
    struct text_windows *w = t->windows;
    gnnac_status st = check(w, err);
    if (st != GNNAC_OK)
        return st;
    w->present = !w->present;
    w->ready = false;
    t->data = w->buffer[w->present].data;
    t->n_bytes = w->buffer[w->present].n_bytes;
    t->more = !w->gz.ended;
    t->file_done = t->more ? w->gz.at : t->file_bytes;
    return GNNAC_OK;
}

// ---- the first and the last -------------------------------------------------

static gnnac_status begin(struct text *file, size_t n_bytes,
                          struct text_windows **out, gnnac_error *err)
{
    size_t n = file->n_bytes, limit;
    const unsigned char *in = (const unsigned char *)file->data;
    if (!gz_is_member(in, n))
        return FAIL(err, GNNAC_EFORMAT, "%s: byte 0: not a gzip file",
                    file->path);
    struct text_windows *w = calloc(1, sizeof(*w));
    if (!w || !gz_begin(&w->gz, in, n)) {
        free(w);
        return FAIL(err, GNNAC_ENOMEM, "%s: out of memory", file->path);
    }
    if (!size_mul(n, BOMB_RATIO, &limit))
        limit = SIZE_MAX;
    w->limit = limit > BOMB_BYTES ? limit : BOMB_BYTES;
    w->window = n_bytes;
    w->file = *file;
    *file = (struct text){0};
    *out = w;
    return GNNAC_OK;
}

gnnac_status text_inflate(struct text *file, size_t n_bytes, struct text *out,
                          gnnac_error *err)
{
    struct text t = {.path = file->path,
                     .data = "",
                     .more = true,
                     .file_bytes = file->n_bytes};
    gnnac_status st = begin(file, n_bytes, &t.windows, err);
    if (st == GNNAC_OK) {
        text_read_ahead(&t, 0);
        st = text_advance(&t, err);
    }
    if (st == GNNAC_OK)
        *out = t;
    else
        text_windows_free(t.windows);
    return st;
}

gnnac_status text_blame(struct text *t, gnnac_status st, gnnac_error *err)
{
    gnnac_error damage = {{0}};
    while (st == GNNAC_EFORMAT && t->more) {
        text_read_ahead(t, t->n_bytes);
        gnnac_status rest = text_advance(t, &damage);
        if (rest == GNNAC_OK)
            continue;
        gnnac__clear(err);
        return FAIL(err, rest, "%s", damage.msg);
    }
    return st;
}
