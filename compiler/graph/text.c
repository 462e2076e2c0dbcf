#include "graph/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

// Text of numbers deflates to a tenth or so; a file that claims much more is
// taken for a bomb.
enum { BOMB_BYTES = 1 << 26, BOMB_RATIO = 300, FIRST_BYTES = 1 << 20 };

// What a file without bytes points to.
static const char empty[1];

static bool ends_with(const char *s, size_t n, const char *suffix)
{
    size_t m = strlen(suffix);
    return n >= m && strncasecmp(s + n - m, suffix, m) == 0;
}

bool path_has_suffix(const char *path, const char *suffix)
{
    size_t n = strlen(path);
    if (ends_with(path, n, ".gz"))
        n -= 3;
    return ends_with(path, n, suffix);
}

static gnnac_status map_file(int fd, const char *path, size_t n,
                             struct text *out, gnnac_error *err)
{
    *out = (struct text){.path = path, .data = empty, .n_bytes = n};
    if (n == 0)
        return GNNAC_OK;
    void *p = mmap(NULL, n, PROT_READ, MAP_PRIVATE, fd, 0);
    if (p == MAP_FAILED)
        return FAIL(err, GNNAC_EIO, "%s: %s", path, strerror(errno));
    madvise(p, n, MADV_SEQUENTIAL);
    out->data = p;
    out->mapped = true;
    return GNNAC_OK;
}

// Inflate all of `gz`, growing by doubling; `limit` bounds the result.
static gnnac_status inflate_all(gzFile gz, const char *path, size_t limit,
                                struct text *out, gnnac_error *err)
{
    size_t n = 0, room = FIRST_BYTES;
    char *data = malloc(room);
    gnnac_status st = GNNAC_OK;
    while (data && st == GNNAC_OK) {
        int got = gzread(gz, data + n, (unsigned)(room - n > 1 << 30
                                                      ? 1 << 30
                                                      : room - n));
        int code = Z_OK;
        if (got < 0 || (got == 0 && (gzerror(gz, &code), code != Z_OK)))
            st = FAIL(err, GNNAC_EFORMAT, "%s: byte %zu: damaged .gz: %s", path,
                      n, gzerror(gz, &code));
        else if (got == 0)
            break;
        else
            n += (size_t)got;
        if (st == GNNAC_OK && n > limit)
            st = FAIL(err, GNNAC_EFORMAT,
                      "%s: byte 0: inflates to over %zu bytes: a bomb", path,
                      limit);
        if (st == GNNAC_OK && n == room) {
            char *grown = realloc(data, room *= 2);
            if (!grown)
                free(data);
            data = grown;
        }
    }
    if (!data)
        return FAIL(err, GNNAC_ENOMEM, "%s: out of memory", path);
    if (st != GNNAC_OK)
        free(data);
    else
        *out = (struct text){.path = path, .data = data, .n_bytes = n};
    return st;
}

static gnnac_status inflate_file(int fd, const char *path, size_t n,
                                 struct text *out, gnnac_error *err)
{
    int copy = dup(fd);
    gzFile gz = copy < 0 ? NULL : gzdopen(copy, "rb");
    if (!gz) {
        if (copy >= 0)
            close(copy);
        return FAIL(err, GNNAC_ENOMEM, "%s: out of memory", path);
    }
    gzbuffer(gz, 1 << 17);
    size_t limit = n > SIZE_MAX / BOMB_RATIO ? SIZE_MAX : n * BOMB_RATIO;
    gnnac_status st;
    if (gzdirect(gz)) // zlib would pass plain bytes through
        st = FAIL(err, GNNAC_EFORMAT, "%s: byte 0: not a gzip file", path);
    else
        st = inflate_all(gz, path, limit > BOMB_BYTES ? limit : BOMB_BYTES,
                         out, err);
    gzclose_r(gz);
    return st;
}

gnnac_status text_open(const char *path, struct text *out, gnnac_error *err)
{
    struct stat sb;
    gnnac_status st;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &sb) != 0)
        st = FAIL(err, GNNAC_EIO, "%s: %s", path, strerror(errno));
    else if (!S_ISREG(sb.st_mode))
        st = FAIL(err, GNNAC_EIO, "%s: not a regular file", path);
    else if (ends_with(path, strlen(path), ".gz"))
        st = inflate_file(fd, path, (size_t)sb.st_size, out, err);
    else
        st = map_file(fd, path, (size_t)sb.st_size, out, err);
    if (fd >= 0)
        close(fd);
    return st;
}

void text_close(struct text *t)
{
    if (t->mapped)
        munmap((void *)(uintptr_t)t->data, t->n_bytes);
    else if (t->data != empty)
        free((void *)(uintptr_t)t->data);
    *t = (struct text){0};
}
