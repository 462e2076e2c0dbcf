// `pairs` for the sandbox: numbers ascending, then texts in byte order, then
// booleans. Lua's own order depends on a hash seed that differs from run to
// run. Other keys, and more than 65536 of them, are errors.
#ifndef GNNAC_SANDBOX_PAIRS_H
#define GNNAC_SANDBOX_PAIRS_H

#include <lua.h>

int sorted_pairs(lua_State *L);

// Push an array with the keys of the table at `index` in that order. Raises
// Lua errors.
void push_sorted_keys(lua_State *L, int index);

#endif
