// The functions a sandboxed program may call: a whitelist of Lua's own, those
// that can run long or grow large behind a guard, and three of ours (`pairs`
// in a fixed order, `tostring` and `string.format` without addresses) so that
// the same program always gives the same result.
#include "base/sandbox_state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <lauxlib.h>
#include <lualib.h>

#include "base/nearest.h"
#include "base/sandbox_pairs.h"

enum {
    MAX_STRING_BYTES = 1 << 20, // result of rep and format
    MAX_FORMAT_BYTES = 1 << 16,
    MAX_SORT = 1 << 16,
    MAX_SORT_BYTES = 16 << 20, // of texts, which are compared again and again
    MAX_MOVE = 1 << 20,
};
static const double MAX_PATTERN_STEPS = 1e8;

// Run Lua's own function in this very frame, so that its messages name it.
static int original(lua_State *L)
{
    sandbox_check_time(L);
    return lua_tocfunction(L, lua_upvalueindex(1))(L);
}

static int guarded_rep(lua_State *L)
{
    size_t n_bytes, n_sep = 0;
    luaL_checklstring(L, 1, &n_bytes);
    lua_Integer n = luaL_checkinteger(L, 2);
    luaL_optlstring(L, 3, "", &n_sep);
    if (n > 0 && (double)n * (double)(n_bytes + n_sep) > MAX_STRING_BYTES)
        return luaL_error(L, "string.rep: the result is larger than 1 MiB");
    return original(L);
}

// A text that stands in the table often counts as often.
static size_t bytes_to_sort(lua_State *L, lua_Integer n)
{
    size_t sum = 0;
    for (lua_Integer i = 1; i <= n; i++, lua_pop(L, 1))
        if (lua_rawgeti(L, 1, i) == LUA_TSTRING)
            sum += lua_rawlen(L, -1);
    return sum;
}

static int guarded_sort(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_Integer n = luaL_len(L, 1);
    if (n > MAX_SORT)
        return luaL_error(L, "table.sort: more than %d values", MAX_SORT);
    if (lua_isnoneornil(L, 2) && bytes_to_sort(L, n) > MAX_SORT_BYTES)
        return luaL_error(L, "table.sort: more than 16 MiB of text");
    return original(L);
}

static int guarded_move(lua_State *L)
{
    lua_Number n = luaL_checknumber(L, 3) - luaL_checknumber(L, 2);
    if (n >= MAX_MOVE)
        return luaL_error(L, "table.move: more than %d values", MAX_MOVE);
    return original(L);
}

// How many items of a pattern can each take any number of characters.
static int count_repeats(const char *p, size_t n)
{
    int repeats = 0;
    for (size_t i = 0; i < n; i++) {
        if (p[i] == '%' && i + 1 < n) {
            i++;
            repeats += p[i] == 'b' || (p[i] >= '0' && p[i] <= '9');
        } else {
            repeats += strchr("*+-?", p[i]) && p[i] != '\0';
        }
    }
    return repeats;
}

// Matching backtracks: r repeats on n characters can take n^r steps from each
// of n places to start, or from one if the pattern is anchored.
static int check_pattern(lua_State *L, bool may_anchor)
{
    size_t n_subject, n_pattern;
    luaL_checklstring(L, 1, &n_subject);
    const char *pattern = luaL_checklstring(L, 2, &n_pattern);
    bool anchored = may_anchor && pattern[0] == '^';
    int power = count_repeats(pattern, n_pattern) + !anchored;
    double steps = (double)n_pattern + 1;
    for (int i = 0; i < power && steps <= MAX_PATTERN_STEPS; i++)
        steps *= (double)n_subject + 1;
    if (steps > MAX_PATTERN_STEPS)
        return luaL_error(L,
                          "this pattern could take too long on a text of "
                          "%d characters",
                          (int)n_subject);
    return original(L);
}

static int guarded_pattern(lua_State *L)
{
    return check_pattern(L, true);
}

// In gmatch '^' is an ordinary character.
static int guarded_gmatch(lua_State *L)
{
    return check_pattern(L, false);
}

// Addresses would differ from run to run: refuse to print them.
static int guarded_format(lua_State *L)
{
    size_t n_bytes, n_arg;
    const char *format = luaL_checklstring(L, 1, &n_bytes);
    if (n_bytes > MAX_FORMAT_BYTES)
        return luaL_error(L, "string.format: the format is larger than 64 KiB");
    for (size_t i = 0; i + 1 < n_bytes; i++) {
        if (format[i] != '%')
            continue;
        i++;
        i += strspn(format + i, "-+ #0123456789.");
        if (format[i] == 'p')
            return luaL_error(L, "string.format: '%%p' is not available");
    }
    for (int i = 2; i <= lua_gettop(L); i++) {
        if (lua_type(L, i) > LUA_TSTRING || lua_islightuserdata(L, i))
            return luaL_argerror(L, i, "a number, text or boolean expected");
        if (lua_type(L, i) == LUA_TSTRING) {
            lua_tolstring(L, i, &n_arg);
            luaL_argcheck(L, n_arg <= MAX_STRING_BYTES, i, "text too long");
        }
    }
    return original(L);
}

static int plain_tostring(lua_State *L)
{
    luaL_checkany(L, 1);
    if (lua_type(L, 1) > LUA_TSTRING &&
        luaL_getmetafield(L, 1, "__tostring") == LUA_TNIL) {
        lua_pushstring(L, luaL_typename(L, 1));
        return 1;
    }
    luaL_tolstring(L, 1, NULL);
    return 1;
}

// ---- the whitelist ----------------------------------------------------------

struct entry {
    const char *name;
    lua_CFunction guard; // NULL: as it is
};

static const struct entry base_names[] = {
    {"assert", NULL},
    {"error", NULL},
    {"ipairs", NULL},
    {"pairs", sorted_pairs},
    {"select", NULL},
    {"tonumber", original},
    {"tostring", plain_tostring},
    {"type", NULL},
    {NULL, NULL},
};

static const struct entry string_names[] = {
    {"byte", original},
    {"char", original},
    {"find", guarded_pattern},
    {"format", guarded_format},
    {"gmatch", guarded_gmatch},
    {"gsub", guarded_pattern},
    {"len", NULL},
    {"lower", original},
    {"match", guarded_pattern},
    {"rep", guarded_rep},
    {"reverse", original},
    {"sub", original},
    {"upper", original},
    {NULL, NULL},
};

static const struct entry table_names[] = {
    {"concat", original}, {"insert", original}, {"move", guarded_move},
    {"pack", original},   {"remove", original}, {"sort", guarded_sort},
    {"unpack", original}, {NULL, NULL},
};

// Without random and randomseed.
static const struct entry math_names[] = {
    {"abs", NULL},        {"acos", NULL},       {"asin", NULL},
    {"atan", NULL},       {"ceil", NULL},       {"cos", NULL},
    {"deg", NULL},        {"exp", NULL},        {"floor", NULL},
    {"fmod", NULL},       {"huge", NULL},       {"log", NULL},
    {"max", NULL},        {"maxinteger", NULL}, {"min", NULL},
    {"mininteger", NULL}, {"modf", NULL},       {"pi", NULL},
    {"rad", NULL},        {"sin", NULL},        {"sqrt", NULL},
    {"tan", NULL},        {"tointeger", NULL},  {"type", NULL},
    {"ult", NULL},        {NULL, NULL},
};

static const struct entry utf8_names[] = {
    {"char", original}, {"charpattern", NULL}, {"codepoint", original},
    {"codes", NULL},    {"len", original},     {"offset", original},
    {NULL, NULL},
};

static const struct library {
    const char *name;
    lua_CFunction open;
    const struct entry *entries;
} libraries[] = {
    {"string", luaopen_string, string_names},
    {"table", luaopen_table, table_names},
    {"math", luaopen_math, math_names},
    {"utf8", luaopen_utf8, utf8_names},
};

// Copy the entries from the table at `from` to the table on top of the stack.
static void copy_entries(lua_State *L, int from, const struct entry *e)
{
    for (; e->name; e++) {
        lua_getfield(L, from, e->name);
        if (e->guard)
            lua_pushcclosure(L, e->guard, 1);
        lua_setfield(L, -2, e->name);
    }
}

// Texts' methods (s:rep(3)) must be the guarded ones, too.
static void lock_string_metatable(lua_State *L, int library)
{
    lua_pushliteral(L, "");
    lua_getmetatable(L, -1);
    lua_pushvalue(L, library);
    lua_setfield(L, -2, "__index");
    lua_pushboolean(L, false);
    lua_setfield(L, -2, "__metatable");
    lua_pop(L, 2);
}

void sandbox_push_library(lua_State *L)
{
    luaL_checkstack(L, 12, NULL);
    lua_newtable(L);
    int globals = lua_gettop(L);
    luaL_requiref(L, "_G", luaopen_base, 0);
    lua_pushvalue(L, globals);
    copy_entries(L, globals + 1, base_names);
    lua_settop(L, globals);

    for (size_t i = 0; i < sizeof(libraries) / sizeof(libraries[0]); i++) {
        luaL_requiref(L, libraries[i].name, libraries[i].open, 0);
        lua_newtable(L);
        copy_entries(L, globals + 1, libraries[i].entries);
        sandbox_freeze(L, libraries[i].name);
        if (libraries[i].open == luaopen_string)
            lock_string_metatable(L, lua_gettop(L));
        lua_setfield(L, globals, libraries[i].name);
        lua_settop(L, globals);
    }
}

// ---- read-only tables -------------------------------------------------------

// Upvalues: the table, its name or nil.
static int no_such_field(lua_State *L)
{
    char hint[96];
    if (lua_type(L, 2) != LUA_TSTRING)
        return 0;
    struct nearest n = {.wanted = lua_tostring(L, 2)};
    for (lua_pushnil(L); lua_next(L, lua_upvalueindex(1)); lua_pop(L, 1))
        if (lua_type(L, -2) == LUA_TSTRING)
            nearest_offer(&n, lua_tostring(L, -2));
    nearest_hint(&n, hint, sizeof(hint));
    const char *what = lua_tostring(L, lua_upvalueindex(2));
    if (what)
        return luaL_error(L, "%s has no field '%s'%s", what, n.wanted, hint);
    return luaL_error(L, "no global '%s'%s", n.wanted, hint);
}

static int read_only(lua_State *L)
{
    const char *what = lua_tostring(L, lua_upvalueindex(1));
    if (what)
        return luaL_error(L, "%s is read-only", what);
    return luaL_error(L, "global '%s' cannot be set; use 'local'",
                      lua_type(L, 2) == LUA_TSTRING ? lua_tostring(L, 2) : "?");
}

void sandbox_freeze(lua_State *L, const char *what)
{
    int table = lua_gettop(L);
    luaL_checkstack(L, 8, NULL);
    lua_newtable(L); // what the table itself falls back to: an error
    lua_pushvalue(L, table);
    lua_pushstring(L, what);
    lua_pushcclosure(L, no_such_field, 2);
    lua_setfield(L, -2, "__index");
    lua_setmetatable(L, table);

    lua_newtable(L); // the empty view
    lua_newtable(L); // and its metatable
    lua_pushvalue(L, table);
    lua_setfield(L, -2, "__index");
    lua_pushstring(L, what);
    lua_pushcclosure(L, read_only, 1);
    lua_setfield(L, -2, "__newindex");
    lua_pushboolean(L, false);
    lua_setfield(L, -2, "__metatable");
    lua_setmetatable(L, -2);
    lua_replace(L, table);
}
