#include "atomic_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MAX_TRIES = 10000 };

static bool is_special(const char *path)
{
    struct stat s;
    return stat(path, &s) == 0 && !S_ISREG(s.st_mode) && !S_ISDIR(s.st_mode);
}

// A name that nobody has: the process's, counted, past those that a killed
// process of the same number left. (mkstemp would give a file that only its
// owner may read, and the mask cannot be asked for by a thread.)
static int open_temporary(const char *path, char **name)
{
    static unsigned count;
    for (int tries = 0; tries < MAX_TRIES; tries++) {
        unsigned n = __atomic_add_fetch(&count, 1, __ATOMIC_RELAXED);
        if (asprintf(name, "%s.%ld.%u.tmp", path, (long)getpid(), n) < 0) {
            *name = NULL;
            errno = ENOMEM;
            return -1;
        }
        int fd = open(*name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (fd >= 0 || errno != EEXIST)
            return fd;
        free(*name);
        *name = NULL;
    }
    errno = EEXIST;
    return -1;
}

gnnac_status atomic_open(const char *path, struct atomic_file *f,
                         gnnac_error *err)
{
    *f = (struct atomic_file){.path = strdup(path)};
    if (!f->path)
        return FAIL(err, GNNAC_ENOMEM, "%s: out of memory", path);
    int fd = is_special(path) ? open(path, O_WRONLY | O_CLOEXEC)
                              : open_temporary(path, &f->temporary);
    f->out = fd < 0 ? NULL : fdopen(fd, "wb");
    if (f->out)
        return GNNAC_OK;
    gnnac_status st = FAIL(err, errno == ENOMEM ? GNNAC_ENOMEM : GNNAC_EIO,
                           "%s: %s", path, strerror(errno));
    if (fd >= 0) {
        close(fd);
        if (f->temporary)
            unlink(f->temporary);
    }
    atomic_abandon(f);
    return st;
}

void atomic_abandon(struct atomic_file *f)
{
    if (f->out) {
        fclose(f->out);
        if (f->temporary)
            unlink(f->temporary);
    }
    free(f->path);
    free(f->temporary);
    *f = (struct atomic_file){0};
}

// Make the rename itself durable. Some file systems refuse; the data is safe
// by then, so that is no error.
static void sync_folder(const char *path)
{
    char *folder = strdup(path);
    if (!folder)
        return;
    char *slash = strrchr(folder, '/');
    if (slash)
        slash[slash == folder] = '\0';
    int fd = open(slash ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        fsync(fd);
        close(fd);
    }
    free(folder);
}

static bool is_stored(const struct atomic_file *f)
{
    if (ferror(f->out) || fflush(f->out) != 0)
        return false;
    return !f->temporary || (fsync(fileno(f->out)) == 0 &&
                             rename(f->temporary, f->path) == 0);
}

gnnac_status atomic_commit(struct atomic_file *f, gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    errno = 0;
    if (!is_stored(f)) {
        st = FAIL(err, GNNAC_EIO, "%s: %s", f->path,
                  errno ? strerror(errno) : "cannot write");
        atomic_abandon(f);
        return st;
    }
    if (f->temporary)
        sync_folder(f->path);
    if (fclose(f->out) != 0)
        st = FAIL(err, GNNAC_EIO, "%s: %s", f->path, strerror(errno));
    f->out = NULL;
    atomic_abandon(f);
    return st;
}
