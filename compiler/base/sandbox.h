// Lua 5.4 with the teeth drawn: whitelisted base, table, math, string and utf8;
// text chunks only; a memory cap, an instruction budget and a deadline, all
// sticky (once hit, the state only ever fails); string patterns bounded; no io,
// os, debug, package, coroutine, load; new globals are errors. Used for rules
// and for templates. See compiler/base/README.md for the list of limits.
#ifndef GNNAC_SANDBOX_H
#define GNNAC_SANDBOX_H

#include <lua.h>

#include "fail.h"

struct sandbox; // opaque; one thread at a time

gnnac_status sandbox_create(struct sandbox **out, gnnac_error *err);
void sandbox_destroy(struct sandbox *sb);

// The state to push values and register C functions into. C functions that can
// raise must hold no resources across the error.
lua_State *sandbox_lua(struct sandbox *sb);

// Let chunks see the value on top of the stack as global `name`; pops it.
// Globals are otherwise read-only and undeclared ones are errors.
void sandbox_set_global(struct sandbox *sb, const char *name);

// Compile `text` (no bytecode, at most 1 MiB) as chunk `@chunk_name` and leave
// the function on the stack. GNNAC_EFORMAT with `file:line: ...`.
gnnac_status sandbox_load(struct sandbox *sb, const char *text, size_t n_bytes,
                          const char *chunk_name, gnnac_error *err);

// lua_pcall under the limits; a fresh budget per call unless one was exceeded.
// GNNAC_EFORMAT with Lua's `file:line: message` in one line.
gnnac_status sandbox_call(struct sandbox *sb, int n_args, int n_results,
                          gnnac_error *err);

// Raises a Lua error when the deadline has passed. C functions that can take
// long call it again and again, because the instruction hook does not see into
// C.
void sandbox_check_time(lua_State *L);

#endif
