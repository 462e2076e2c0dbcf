// Errors: a status for programs, one line of text for people. The place that
// finds the fault writes the message; outer callers pass it on unchanged.
#ifndef GNNAC_FAIL_H
#define GNNAC_FAIL_H

#include <gnnac/gnnac.h>

// Record a message unless one is there already, and *be* the status `st`.
// Usage: return FAIL(err, GNNAC_EFORMAT, "%s:%d: expected a number", f, l);
#define FAIL(err, st, ...) (gnnac__set_error((err), __VA_ARGS__), (st))

// Jump to the cleanup label `out` of a function that has `gnnac_status st`.
#define TRY(call)                                                              \
    do {                                                                       \
        st = (call);                                                           \
        if (st != GNNAC_OK)                                                    \
            goto out;                                                          \
    } while (0)

// First message wins; NULL is allowed.
void gnnac__set_error(gnnac_error *err, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

// Public entry points call this so that an error struct can be reused.
void gnnac__clear(gnnac_error *err);

#endif
