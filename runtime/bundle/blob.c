#include "bundle/blob.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static gnnac_status read_exactly(int fd, const char *path, unsigned char *to,
                                 size_t n, gnnac_error *err)
{
    while (n > 0) {
        ssize_t got = read(fd, to, n);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return FAIL(err, GNNAC_EIO, "%s: %s", path,
                        got < 0 ? strerror(errno) : "it shrank while read");
        to += got;
        n -= (size_t)got;
    }
    return GNNAC_OK;
}

static gnnac_status read_open_file(int fd, const char *path, void **out,
                                   size_t *n_bytes, gnnac_error *err)
{
    struct stat sb;
    if (fstat(fd, &sb) != 0)
        return FAIL(err, GNNAC_EIO, "%s: %s", path, strerror(errno));
    if (!S_ISREG(sb.st_mode))
        return FAIL(err, GNNAC_EIO, "%s: not a regular file", path);
    size_t n = (size_t)sb.st_size;
    void *bytes = malloc(n ? n : 1);
    if (!bytes)
        return FAIL(err, GNNAC_ENOMEM, "%s: out of memory for %zu bytes", path,
                    n);
    gnnac_status st = read_exactly(fd, path, bytes, n, err);
    if (st != GNNAC_OK) {
        free(bytes);
        return st;
    }
    *out = bytes;
    *n_bytes = n;
    return GNNAC_OK;
}

gnnac_status blob_read(const char *path, void **out, size_t *n_bytes,
                       gnnac_error *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return FAIL(err, GNNAC_EIO, "%s: %s", path, strerror(errno));
    gnnac_status st = read_open_file(fd, path, out, n_bytes, err);
    close(fd);
    return st;
}
