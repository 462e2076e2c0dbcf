#include "tune/gpu_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/log.h"
#include "cuda/cuda_context.h"

enum { UUID_BYTES = 16, WAIT_MICROSECONDS = 50000 };

// $XDG_RUNTIME_DIR/gnnac-UUID.lock; without such a folder in /tmp, with the
// user's number in its name.
static void lock_path(const struct cuda_context *c, char *out, size_t n_bytes)
{
    unsigned char uuid[UUID_BYTES] = {0};
    char hex[2 * UUID_BYTES + 1];
    const char *folder = getenv("XDG_RUNTIME_DIR");
    if (c->cu.cuDeviceGetUuid_v2(uuid, c->device) != 0)
        memset(uuid, 0, sizeof(uuid));
    for (int i = 0; i < UUID_BYTES; i++)
        snprintf(hex + 2 * i, 3, "%02x", uuid[i]);
    if (folder && *folder)
        snprintf(out, n_bytes, "%s/gnnac-%s.lock", folder, hex);
    else
        snprintf(out, n_bytes, "/tmp/gnnac-%u-%s.lock", (unsigned)getuid(),
                 hex);
}

// True: it is ours. False: not to be had.
static bool wait_for(int fd, bool (*stop)(void))
{
    bool told = false;
    while (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK && errno != EINTR)
            return false;
        if (stop && stop())
            return false;
        if (!told)
            log_info("another gnnac times on this GPU: waiting for its end");
        told = true;
        usleep(WAIT_MICROSECONDS);
    }
    return true;
}

int gpu_lock_take(const struct cuda_context *c, bool (*stop)(void))
{
    char path[512];
    lock_path(c, path, sizeof(path));
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd >= 0 && wait_for(fd, stop))
        return fd;
    if (fd >= 0)
        close(fd);
    else
        log_verbose("%s: %s: timing without a lock", path, strerror(errno));
    return -1;
}

void gpu_lock_release(int fd)
{
    if (fd >= 0)
        close(fd);
}
