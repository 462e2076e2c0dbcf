#include "graph/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "graph/text_windows.h"

// What a file without bytes points to.
static const char empty[1];

static bool ends_with(const char *s, size_t n, const char *suffix)
{
    size_t m = strlen(suffix);
    return n >= m && strncasecmp(s + n - m, suffix, m) == 0;
}

bool path_is_gz(const char *path)
{
    return path_has_suffix(path, ".gz");
}

size_t path_without_gz(const char *path)
{
    return strlen(path) - (path_is_gz(path) ? 3 : 0);
}

bool path_has_suffix(const char *path, const char *suffix)
{
    return ends_with(path, strlen(path), suffix);
}

bool text_has_suffix(const char *path, const char *suffix)
{
    return ends_with(path, path_without_gz(path), suffix);
}

static gnnac_status map_file(int fd, const char *path, size_t n,
                             struct text *out, gnnac_error *err)
{
    *out = (struct text){.path = path,
                         .data = empty,
                         .n_bytes = n,
                         .file_done = n,
                         .file_bytes = n};
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

static gnnac_status inflate_file(int fd, const char *path, size_t n,
                                 struct text *out, gnnac_error *err)
{
    struct text file;
    gnnac_status st = map_file(fd, path, n, &file, err);
    if (st != GNNAC_OK)
        return st;
    st = text_inflate(&file, TEXT_WINDOW, out, err);
    text_close(&file);
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
    else if (path_is_gz(path))
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
    text_windows_free(t->windows);
    *t = (struct text){0};
}
