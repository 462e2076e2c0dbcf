#include "base/sandbox_pairs.h"

#include <stdlib.h>
#include <string.h>

#include <lauxlib.h>

#include "base/sandbox_state.h"

enum { MAX_KEYS = 1 << 16 };

struct key {
    int rank; // numbers, texts, booleans
    int at;   // where in the unsorted array
    lua_Number number;
    const char *text;
    size_t n_bytes;
};

static int by_number(lua_Number a, lua_Number b)
{
    return (a > b) - (a < b);
}

static int by_text(const struct key *a, const struct key *b)
{
    size_t n = a->n_bytes < b->n_bytes ? a->n_bytes : b->n_bytes;
    int order = memcmp(a->text, b->text, n);
    if (order != 0)
        return order;
    return (a->n_bytes > b->n_bytes) - (a->n_bytes < b->n_bytes);
}

static int by_key(const void *pa, const void *pb)
{
    const struct key *a = pa, *b = pb;
    if (a->rank != b->rank)
        return a->rank - b->rank;
    return a->rank == 1 ? by_text(a, b) : by_number(a->number, b->number);
}

// The key at the top of the stack; texts stay anchored by the caller's array.
static struct key read_key(lua_State *L, int at)
{
    struct key k = {.at = at};
    switch (lua_type(L, -1)) {
    case LUA_TNUMBER:
        k.number = lua_tonumber(L, -1);
        break;
    case LUA_TSTRING:
        k.rank = 1;
        k.text = lua_tolstring(L, -1, &k.n_bytes);
        break;
    case LUA_TBOOLEAN:
        k.rank = 2;
        k.number = lua_toboolean(L, -1);
        break;
    default:
        luaL_error(L, "cannot order a key that is a %s", luaL_typename(L, -1));
    }
    return k;
}

// Push an array of the table's keys as they come.
static int collect_keys(lua_State *L, int index)
{
    int n = 0;
    lua_newtable(L);
    for (lua_pushnil(L); lua_next(L, index); n++) {
        if (n >= MAX_KEYS)
            luaL_error(L, "more than %d keys", MAX_KEYS);
        lua_pop(L, 1);
        lua_pushvalue(L, -1);
        lua_rawseti(L, -3, n + 1);
    }
    return n;
}

void push_sorted_keys(lua_State *L, int index)
{
    sandbox_check_time(L);
    index = lua_absindex(L, index);
    luaL_checkstack(L, 8, NULL);
    int n = collect_keys(L, index);
    int unsorted = lua_gettop(L);
    struct key *keys = lua_newuserdatauv(L, sizeof(*keys) * (size_t)(n + 1), 0);
    for (int i = 0; i < n; i++) {
        lua_rawgeti(L, unsorted, i + 1);
        keys[i] = read_key(L, i + 1);
        lua_pop(L, 1);
    }
    qsort(keys, (size_t)n, sizeof(*keys), by_key);
    lua_createtable(L, n, 0);
    for (int i = 0; i < n; i++) {
        lua_rawgeti(L, unsorted, keys[i].at);
        lua_rawseti(L, -2, i + 1);
    }
    lua_replace(L, unsorted);
    lua_settop(L, unsorted);
}

// Upvalues: the table, its sorted keys, how many were given.
static int next_pair(lua_State *L)
{
    lua_Integer i = lua_tointeger(L, lua_upvalueindex(3));
    do { // skip keys that were removed on the way
        lua_settop(L, 0);
        if (lua_rawgeti(L, lua_upvalueindex(2), ++i) == LUA_TNIL)
            return 1;
        lua_pushvalue(L, 1);
    } while (lua_rawget(L, lua_upvalueindex(1)) == LUA_TNIL);
    lua_pushinteger(L, i);
    lua_replace(L, lua_upvalueindex(3));
    return 2;
}

int sorted_pairs(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    push_sorted_keys(L, 1);
    lua_pushinteger(L, 0);
    lua_pushcclosure(L, next_pair, 3);
    return 1;
}
