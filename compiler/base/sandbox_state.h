// What the parts of the sandbox share. Not for users of the sandbox.
#ifndef GNNAC_SANDBOX_STATE_H
#define GNNAC_SANDBOX_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include <lua.h>

#include "base/sandbox.h"

struct sandbox {
    lua_State *L;
    size_t used_bytes;
    int n_refused; // times the memory cap was met
    int depth;     // sandbox_call within sandbox_call
    int64_t instructions_left;
    int64_t deadline_ns;
    bool tripped;
    char why[512]; // once tripped: `file:line: which limit`
    // Where the program was last seen, for errors that arrive without a place.
    char chunk[256];
    const char *source; // the Lua text that `chunk` was copied from
    int line;
};

// Push the table of permitted globals. Raises Lua errors.
void sandbox_push_library(lua_State *L);

// Replace the table on top of the stack by a read-only view whose unknown
// fields are errors. `what` completes "... has no field 'x'"; NULL for the
// global table. Raises Lua errors.
void sandbox_freeze(lua_State *L, const char *what);

#endif
