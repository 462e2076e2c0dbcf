// Waits until a file is saved or a signal ends the waiting. inotify wakes it at
// once; where that is not to be had, as for other machines' writes to a network
// file system, it looks several times a second.
#ifndef GNNAC_FILE_WATCH_H
#define GNNAC_FILE_WATCH_H

#include <signal.h>
#include <stdbool.h>
#include <sys/stat.h>

#include "fail.h"

struct file_watch {
    const char *path; // must outlive it
    struct stat seen; // what it was when it was last reported
    int inotify;      // -1: none
    sigset_t before;  // the thread's signals
};

// Changes count from here on. GNNAC_EIO.
gnnac_status file_watch_open(const char *path, struct file_watch *out,
                             gnnac_error *err);
// From here on SIGINT and SIGTERM end file_watch_wait, not the program: they
// are held back until somebody waits. For one watch of a process.
void file_watch_hold_signals(struct file_watch *w);
// True when the file was changed since it was opened or last reported, and is
// no longer growing; false when a signal asks to end.
bool file_watch_wait(struct file_watch *w);
void file_watch_close(struct file_watch *w);

#endif
