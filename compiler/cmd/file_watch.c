#include "cmd/file_watch.h"

#include <errno.h>
#include <libgen.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <time.h>
#include <unistd.h>

enum { SETTLE_MS = 40, LOOK_MS = 250 };

static volatile sig_atomic_t asked_to_end;

static void on_signal(int number)
{
    (void)number;
    asked_to_end = 1;
}

// Editors replace the file, so its folder is what can be watched.
static int watch_folder(const char *path)
{
    char *copy = strdup(path);
    int fd = copy ? inotify_init1(IN_CLOEXEC | IN_NONBLOCK) : -1;
    if (fd >= 0 &&
        inotify_add_watch(fd, dirname(copy),
                          IN_CLOSE_WRITE | IN_MOVED_TO | IN_CREATE) < 0) {
        close(fd);
        fd = -1;
    }
    free(copy);
    return fd;
}

static void drain(int fd)
{
    char events[4096];
    while (fd >= 0 && read(fd, events, sizeof(events)) > 0)
        ;
}

void file_watch_hold_signals(struct file_watch *w)
{
    struct sigaction end = {.sa_handler = on_signal};
    sigset_t held;
    sigemptyset(&end.sa_mask);
    sigemptyset(&held);
    sigaddset(&held, SIGINT);
    sigaddset(&held, SIGTERM);
    asked_to_end = 0;
    pthread_sigmask(SIG_BLOCK, &held, &w->before);
    sigaction(SIGINT, &end, NULL);
    sigaction(SIGTERM, &end, NULL);
}

gnnac_status file_watch_open(const char *path, struct file_watch *out,
                             gnnac_error *err)
{
    *out = (struct file_watch){.path = path, .inotify = -1};
    if (stat(path, &out->seen) != 0)
        return FAIL(err, GNNAC_EIO, "%s: %s", path, strerror(errno));
    out->inotify = watch_folder(path);
    return GNNAC_OK;
}

// Sleep until something happens in the folder, a signal comes, or `ms` have
// passed.
static void sleep_or_wake(const struct file_watch *w, int ms)
{
    struct pollfd p = {.fd = w->inotify, .events = POLLIN};
    const struct timespec t = {ms / 1000, ms % 1000 * 1000000L};
    ppoll(&p, w->inotify >= 0, &t, &w->before);
    drain(w->inotify);
}

static bool is_same(const struct stat *a, const struct stat *b)
{
    return a->st_ino == b->st_ino && a->st_dev == b->st_dev &&
           a->st_size == b->st_size && a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
           a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

bool file_watch_wait(struct file_watch *w)
{
    struct stat now, last = w->seen;
    while (!asked_to_end) {
        bool there = stat(w->path, &now) == 0; // else between two saves
        bool settled = there && is_same(&now, &last);
        if (settled && !is_same(&now, &w->seen)) {
            w->seen = now;
            return true;
        }
        if (there)
            last = now;
        sleep_or_wake(w, settled ? LOOK_MS : SETTLE_MS);
    }
    return false;
}

void file_watch_close(struct file_watch *w)
{
    if (w->inotify >= 0)
        close(w->inotify);
    w->inotify = -1;
}
