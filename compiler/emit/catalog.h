// The template files, read, checked and compiled to Lua functions once.
#ifndef GNNAC_CATALOG_H
#define GNNAC_CATALOG_H

#include "base/sandbox.h"
#include "plan/family.h"

enum { MAX_UNITS = 64, TAG_LEN = 8 };

// Names that every chunk is called with, in this order; a family's knobs
// follow.
#define CHUNK_LOCALS \
    "__line, check, launch, follows, needs, include, spec, kernel"
enum { N_CHUNK_LOCALS = 8 };

// One file. Its compiled chunk is in the Lua registry under the unit's address.
struct unit {
    char name[64];   // "row_split", or "lanes" for lanes.lib.lua
    char file[96];   // "templates/row_split.cu.lua"
    const char *base; // into `file`, behind the folder
    bool is_library;
    int family;      // index into families; -1 for a library
    char *text;      // owned
    size_t n_bytes;
    char *doc;       // owned; what the head says of the family
    char tags[MAX_KNOBS][TAG_LEN]; // short names of the knobs
};

struct catalog {
    struct sandbox *sb;
    struct family_list families;
    size_t n_units;
    struct unit units[MAX_UNITS]; // ascending by file name
    char hash[33];
};

// NULL if absent.
const struct unit *catalog_unit(const struct catalog *c, const char *name,
                                bool library);

// Run the declarations at the top of a family's file (head.c).
gnnac_status head_read(struct catalog *c, struct unit *u, struct family *f,
                       gnnac_error *err);

#endif
