#include "base/sandbox.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <lauxlib.h>
#include <lualib.h>

#include "base/sandbox_state.h"

enum {
    MAX_MEMORY_BYTES = 64 << 20,
    MAX_TEXT_BYTES = 1 << 20,
    MAX_INSTRUCTIONS = 10 * 1000 * 1000,
    HOOK_INTERVAL = 100, // instructions between looks at the clock
    MAX_REFUSALS = 4,    // full collections near the memory cap are slow
    PARSER_STEP_BYTES = 256,
    MAX_LEVELS = 32, // of the stack searched for the place of an error
    LUA_SHORT_NAME = LUA_IDSIZE - 4, // what Lua keeps of a long chunk name
};
static const int64_t DEADLINE_NS = INT64_C(1000000000);

// Its address is the registry key of the table of globals.
static const char globals_key;

static struct sandbox *owner(lua_State *L)
{
    return *(struct sandbox **)lua_getextraspace(L);
}

static int64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

// ---- limits -----------------------------------------------------------------

static bool may_grow(struct sandbox *sb, size_t bytes)
{
    if (sb->n_refused <= MAX_REFUSALS && bytes <= MAX_MEMORY_BYTES &&
        sb->used_bytes <= MAX_MEMORY_BYTES - bytes)
        return true;
    sb->n_refused++;
    return false;
}

static void *limited_alloc(void *ud, void *ptr, size_t old_bytes,
                           size_t new_bytes)
{
    struct sandbox *sb = ud;
    if (!ptr)
        old_bytes = 0; // Lua passes a type tag here
    if (new_bytes == 0) {
        free(ptr);
        sb->used_bytes -= old_bytes;
        return NULL;
    }
    if (new_bytes > old_bytes && !may_grow(sb, new_bytes - old_bytes))
        return NULL;
    void *p = realloc(ptr, new_bytes);
    if (!p)
        return new_bytes <= old_bytes ? ptr : NULL; // shrinking never fails
    sb->used_bytes = sb->used_bytes - old_bytes + new_bytes;
    return p;
}

static void trip(struct sandbox *sb, const char *why)
{
    if (sb->tripped)
        return;
    sb->tripped = true;
    if (sb->line > 0)
        snprintf(sb->why, sizeof(sb->why), "%s:%d: %s", sb->chunk, sb->line,
                 why);
    else
        snprintf(sb->why, sizeof(sb->why), "%s: %s", sb->chunk, why);
}

static void raise_tripped(lua_State *L)
{
    lua_pushstring(L, owner(L)->why);
    lua_error(L);
}

void sandbox_check_time(lua_State *L)
{
    struct sandbox *sb = owner(L);
    if (!sb->tripped && now_ns() > sb->deadline_ns)
        trip(sb, "ran for more than 1 s");
    if (sb->tripped)
        raise_tripped(L);
}

static void note_place(struct sandbox *sb, const lua_Debug *ar)
{
    sb->line = ar->currentline;
    if (ar->source == sb->source)
        return;
    sb->source = ar->source;
    const char *name = ar->source + (ar->source[0] == '@');
    snprintf(sb->chunk, sizeof(sb->chunk), "%s", name);
}

static void on_hook(lua_State *L, lua_Debug *ar)
{
    struct sandbox *sb = owner(L);
    lua_getinfo(L, "Sl", ar);
    note_place(sb, ar);
    if (ar->event == LUA_HOOKLINE)
        return;
    sb->instructions_left -= HOOK_INTERVAL;
    if (sb->instructions_left <= 0)
        trip(sb, "ran more than 10 million instructions");
    sandbox_check_time(L);
}

static void arm(struct sandbox *sb)
{
    sb->instructions_left = MAX_INSTRUCTIONS;
    sb->deadline_ns = now_ns() + DEADLINE_NS;
}

// ---- messages ---------------------------------------------------------------

// Lua cuts the front of long chunk names ("...rest/of/path.lua:3: text").
// Push `msg` with its name whole if it starts with the name of `source`.
static bool push_with_full_name(lua_State *L, const char *msg,
                                const char *source)
{
    const char *name = source + (source[0] == '@');
    size_t n = strlen(name);
    if (strncmp(msg, name, n) == 0 && msg[n] == ':') {
        lua_pushstring(L, msg);
        return true;
    }
    if (n < LUA_IDSIZE || strncmp(msg, "...", 3) != 0 ||
        strncmp(msg + 3, name + n - LUA_SHORT_NAME, LUA_SHORT_NAME) != 0)
        return false;
    lua_pushfstring(L, "%s%s", name, msg + 3 + LUA_SHORT_NAME);
    return true;
}

// The message handler: one text with `file:line:` in front, whatever was
// thrown. Runs before the stack unwinds, so it can see where.
static int on_error(lua_State *L)
{
    lua_Debug ar;
    char first[sizeof(owner(L)->chunk)] = "";
    int line = 0;

    if (lua_type(L, 1) != LUA_TSTRING) {
        lua_pushfstring(L, "the error is not a text but a %s",
                        luaL_typename(L, 1));
        lua_replace(L, 1);
    }
    const char *msg = lua_tostring(L, 1);
    if (owner(L)->tripped)
        return 1;
    for (int level = 1; level < MAX_LEVELS && lua_getstack(L, level, &ar);
         level++) {
        lua_getinfo(L, "Sl", &ar);
        if (ar.currentline <= 0)
            continue;
        if (push_with_full_name(L, msg, ar.source))
            return 1;
        if (line == 0) {
            line = ar.currentline;
            snprintf(first, sizeof(first), "%s", ar.source + 1);
        }
    }
    if (line > 0)
        lua_pushfstring(L, "%s:%d: %s", first, line, msg);
    return 1;
}

static void to_one_line(char *s)
{
    for (; *s; s++)
        if ((unsigned char)*s < ' ' || *s == 127)
            *s = ' ';
}

// Turn the error value on top of the stack into `err`; pops it.
static gnnac_status report(struct sandbox *sb, int rc, gnnac_error *err)
{
    gnnac_error e = {0};
    if (rc == LUA_ERRMEM)
        trip(sb, "used more than 64 MiB of memory");
    const char *msg = sb->tripped ? sb->why : lua_tostring(sb->L, -1);
    snprintf(e.msg, sizeof(e.msg), "%s", msg ? msg : "unknown Lua error");
    to_one_line(e.msg);
    lua_pop(sb->L, 1);
    return FAIL(err, GNNAC_EFORMAT, "%s", e.msg);
}

// ---- life -------------------------------------------------------------------

static int prepare(lua_State *L)
{
    sandbox_push_library(L);
    lua_pushvalue(L, -1);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &globals_key);
    sandbox_freeze(L, NULL);
    lua_rawseti(L, LUA_REGISTRYINDEX, LUA_RIDX_GLOBALS); // chunks' _ENV
    return 0;
}

gnnac_status sandbox_create(struct sandbox **out, gnnac_error *err)
{
    struct sandbox *sb = calloc(1, sizeof(*sb));
    if (!sb)
        return FAIL(err, GNNAC_ENOMEM, "out of memory");
    snprintf(sb->chunk, sizeof(sb->chunk), "sandbox");
    sb->L = lua_newstate(limited_alloc, sb);
    if (!sb->L) {
        free(sb);
        return FAIL(err, GNNAC_ENOMEM, "out of memory");
    }
    *(struct sandbox **)lua_getextraspace(sb->L) = sb;
    arm(sb);
    lua_pushcfunction(sb->L, prepare);
    if (lua_pcall(sb->L, 0, 0, 0) != LUA_OK) {
        sandbox_destroy(sb);
        return FAIL(err, GNNAC_ENOMEM, "out of memory");
    }
    lua_sethook(sb->L, on_hook, LUA_MASKCOUNT | LUA_MASKLINE, HOOK_INTERVAL);
    *out = sb;
    return GNNAC_OK;
}

void sandbox_destroy(struct sandbox *sb)
{
    if (!sb)
        return;
    lua_close(sb->L);
    free(sb);
}

lua_State *sandbox_lua(struct sandbox *sb)
{
    return sb->L;
}

// Arguments: value, name.
static int set_global(lua_State *L)
{
    lua_rawgetp(L, LUA_REGISTRYINDEX, &globals_key);
    lua_pushstring(L, lua_touserdata(L, 2));
    lua_pushvalue(L, 1);
    lua_rawset(L, -3);
    return 0;
}

void sandbox_set_global(struct sandbox *sb, const char *name)
{
    lua_pushcfunction(sb->L, set_global);
    lua_insert(sb->L, -2);
    lua_pushlightuserdata(sb->L, (void *)(uintptr_t)name);
    if (lua_pcall(sb->L, 2, 0, 0) == LUA_OK)
        return;
    lua_pop(sb->L, 1);
    trip(sb, "used more than 64 MiB of memory");
}

// ---- running ----------------------------------------------------------------

struct text {
    const char *at;
    size_t n_left;
};

// The parser asks for text in small pieces so that the clock can be watched:
// some texts take it quadratic time.
static const char *next_piece(lua_State *L, void *ud, size_t *n_bytes)
{
    struct text *t = ud;
    sandbox_check_time(L);
    *n_bytes = t->n_left < PARSER_STEP_BYTES ? t->n_left : PARSER_STEP_BYTES;
    const char *piece = t->at;
    t->at += *n_bytes;
    t->n_left -= *n_bytes;
    return piece;
}

gnnac_status sandbox_load(struct sandbox *sb, const char *text, size_t n_bytes,
                          const char *chunk_name, gnnac_error *err)
{
    char name[1024];
    struct text t = {text, n_bytes};

    if (sb->tripped)
        return FAIL(err, GNNAC_EFORMAT, "%s", sb->why);
    if (n_bytes > MAX_TEXT_BYTES)
        return FAIL(err, GNNAC_EFORMAT, "%s: larger than 1 MiB", chunk_name);
    if (n_bytes > 0 && text[0] == LUA_SIGNATURE[0])
        return FAIL(err, GNNAC_EFORMAT, "%s:1: Lua bytecode is not accepted",
                    chunk_name);
    if (!lua_checkstack(sb->L, 4))
        return FAIL(err, GNNAC_ENOMEM, "out of memory");
    snprintf(name, sizeof(name), "@%s", chunk_name);
    snprintf(sb->chunk, sizeof(sb->chunk), "%s", chunk_name);
    sb->line = 0;
    sb->source = NULL;
    if (sb->depth == 0)
        arm(sb);
    int rc = lua_load(sb->L, next_piece, &t, name, "t");
    if (rc == LUA_OK)
        return GNNAC_OK;
    if (rc != LUA_ERRMEM) {
        const char *msg = lua_tostring(sb->L, -1);
        if (!push_with_full_name(sb->L, msg, name)) // "C stack overflow"
            lua_pushfstring(sb->L, "%s: %s", chunk_name, msg);
        lua_remove(sb->L, -2);
    }
    return report(sb, rc, err);
}

gnnac_status sandbox_call(struct sandbox *sb, int n_args, int n_results,
                          gnnac_error *err)
{
    lua_State *L = sb->L;
    if (sb->tripped || !lua_checkstack(L, n_results + 8)) {
        lua_pop(L, n_args + 1);
        return FAIL(err, GNNAC_EFORMAT, "%s",
                    sb->tripped ? sb->why : "Lua stack overflow");
    }
    int handler = lua_gettop(L) - n_args;
    lua_pushcfunction(L, on_error);
    lua_insert(L, handler);
    if (sb->depth++ == 0)
        arm(sb);
    int rc = lua_pcall(L, n_args, n_results, handler);
    sb->depth--;
    lua_remove(L, handler);
    if (rc != LUA_OK)
        return report(sb, rc, err);
    if (!sb->tripped)
        return GNNAC_OK;
    lua_settop(L, handler - 1); // somebody swallowed the error
    return FAIL(err, GNNAC_EFORMAT, "%s", sb->why);
}
