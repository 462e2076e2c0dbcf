// Progress and warnings on stderr; results never pass here. Thread-safe.
#ifndef GNNAC_LOG_H
#define GNNAC_LOG_H

#include <stddef.h>

// -1: quiet (warnings only), 0: normal, 1: verbose.
void log_set_level(int level);
void log_info(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_verbose(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
// A progress line, rewritten in place on a terminal; elsewhere one plain line
// when `done` reaches `total`.
void log_progress(const char *what, size_t done, size_t total);
// A line that takes the place of the one before: at most ten times a second on
// a terminal; elsewhere a plain line at most every ten seconds.
void log_status(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
// Wipes a bar that failure left unfinished: the message gets a line of its own.
void log_end_progress(void);

#endif
