// Plain structs <-> JSON objects, driven by one table per struct, so that
// writing and reading cannot drift apart. Knows no particular struct.
#ifndef GNNAC_FIELDS_H
#define GNNAC_FIELDS_H

#include <jansson.h>

#include "fail.h"
#include "bundle/program.h"

enum field_kind {
    FIELD_I32, // in [min, max]
    FIELD_I64, // in [min, max]
    FIELD_BOOL,
    FIELD_F32,     // finite
    FIELD_F64,     // NaN is null in JSON
    FIELD_TEXT,    // char[size]
    FIELD_NAME,    // an enum, by its name in `names`
    FIELD_OBJECT,  // a struct, by `sub`; offset 0 groups members of this one
    FIELD_OPTION,  // a struct that is not there where its first member, a text,
                   // is empty
    FIELD_OBJECTS, // array of structs of `size` bytes, by `sub`
    FIELD_NAMES,   // array of enums
    FIELD_TEXTS,   // array of char[size]
};

// A table ends with a NULL name. For arrays `count` is the offset of the
// int32_t that holds their length, which lies in [min, max].
struct field {
    const char *name;
    enum field_kind kind;
    size_t offset, size, count;
    int64_t min, max;
    const struct name_table *names;
    const struct field *sub;
    bool optional; // an I32, NAME or BOOL, not written where it is 0, or an
                   // array, where it is empty
};

// NULL: out of memory.
json_t *fields_to_json(const struct field *table, const void *from);

// Members of `j` that the table lacks are skipped (a newer writer's). `where`
// begins the message: "WHERE.steps[3].out: expected ...". `to` is zero before;
// on failure it holds an undefined mixture. GNNAC_EFORMAT.
gnnac_status fields_from_json(const struct field *table, const json_t *j,
                              const char *where, void *to, gnnac_error *err);

#endif
