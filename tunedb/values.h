// Values in and out of statements, as all of tunedb/ means them: NaN and -1,
// "not known", are SQL's NULL.
#ifndef GNNAC_VALUES_H
#define GNNAC_VALUES_H

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include <sqlite3.h>

#include "digest.h"

static inline void bind_text(sqlite3_stmt *s, int at, const char *text)
{
    sqlite3_bind_text(s, at, text, -1, SQLITE_STATIC);
}

static inline void bind_real(sqlite3_stmt *s, int at, double value)
{
    if (isnan(value))
        sqlite3_bind_null(s, at);
    else
        sqlite3_bind_double(s, at, value);
}

static inline void bind_count(sqlite3_stmt *s, int at, int value)
{
    if (value < 0)
        sqlite3_bind_null(s, at);
    else
        sqlite3_bind_int(s, at, value);
}

static inline void bind_digest(sqlite3_stmt *s, int at, const struct digest *d)
{
    sqlite3_bind_blob(s, at, d->bytes, DIGEST_BYTES, SQLITE_STATIC);
}

static inline double column_real(sqlite3_stmt *s, int column)
{
    return sqlite3_column_type(s, column) == SQLITE_NULL
               ? NAN
               : sqlite3_column_double(s, column);
}

static inline int column_count(sqlite3_stmt *s, int column)
{
    return sqlite3_column_type(s, column) == SQLITE_NULL
               ? -1
               : sqlite3_column_int(s, column);
}

// "" for NULL; lives until the statement moves on.
static inline const char *column_text(sqlite3_stmt *s, int column)
{
    const char *text = (const char *)sqlite3_column_text(s, column);
    return text ? text : "";
}

static inline bool column_is_digest(sqlite3_stmt *s, int column,
                                    const struct digest *want)
{
    return sqlite3_column_bytes(s, column) == DIGEST_BYTES &&
           memcmp(sqlite3_column_blob(s, column), want->bytes, DIGEST_BYTES) ==
               0;
}

// All NaNs are one value.
static inline void digest_real(XXH3_state_t *s, double value)
{
    int64_t bits = -1;
    if (!isnan(value))
        memcpy(&bits, &value, sizeof(bits));
    digest_int(s, bits);
}

#endif
