// How long loads tell how far they are: the library itself never prints.
#ifndef GNNAC_PROGRESS_H
#define GNNAC_PROGRESS_H

#include <stddef.h>
#include <stdint.h>

// `done` of `total` units of what `what` names; log_progress of base/log.h is
// one. Calls may come from any thread, one at a time, and `done` only grows;
// the last has done == total.
typedef void progress_teller(const char *what, size_t done, size_t total);

// Files below this are read before anybody would look.
enum { PROGRESS_BYTES = 1 << 26 };

// "reading PATH, MB". Does nothing when `tell` is NULL or the file is small.
void progress_read(progress_teller *tell, const char *path, uint64_t done,
                   uint64_t total);

#endif
