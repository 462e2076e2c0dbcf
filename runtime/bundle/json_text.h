// JSON from files that nobody vouches for: jansson, with what it lacks done
// before (bounded nesting: jansson recurses) and its strict options on (valid
// UTF-8, no duplicate keys, no NUL in strings).
#ifndef GNNAC_JSON_TEXT_H
#define GNNAC_JSON_TEXT_H

#include <jansson.h>
#include <stdbool.h>

#include "fail.h"

enum { JSON_MAX_DEPTH = 32 };

// The object that `text` holds; nothing but blanks may follow it. `name` is for
// messages. The caller calls json_decref(*out). GNNAC_EFORMAT, GNNAC_ENOMEM.
gnnac_status json_text_load(const char *text, size_t n_bytes, const char *name,
                            json_t **out, gnnac_error *err);

// An integer in [min, max]; reals, even whole ones, are refused.
bool json_read_int(const json_t *j, int64_t min, int64_t max, int64_t *out);

// A string of `s`, bytes beyond ASCII replaced by '?' when it is not UTF-8.
// NULL: out of memory.
json_t *json_lenient_string(const char *s);

#endif
