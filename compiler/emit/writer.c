#include "emit/writer.h"

#include <ctype.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <lauxlib.h>

static const char engine_text[] = "text made by the engine";

void push_engine_text(lua_State *L, const char *text)
{
    size_t n_bytes = strlen(text) + 1;
    memcpy(lua_newuserdatauv(L, n_bytes, 0), text, n_bytes);
    luaL_newmetatable(L, engine_text);
    lua_setmetatable(L, -2);
}

static bool is_identifier(const char *s, size_t n_bytes)
{
    if (n_bytes == 0 || isdigit((unsigned char)s[0]))
        return false;
    for (size_t i = 0; i < n_bytes; i++)
        if (!isalnum((unsigned char)s[i]) && s[i] != '_')
            return false;
    return true;
}

// An integer literal that is an int where it fits. A negative one is bracketed
// so that it may follow a minus sign.
static void add_integer(struct strbuf *out, lua_State *L, lua_Integer v)
{
    if (v == LUA_MININTEGER)
        luaL_error(L, "%I has no literal in CUDA", (LUAI_UACINT)v);
    const char *suffix = v < -INT32_MAX || v > INT32_MAX ? "LL" : "";
    strbuf_printf(out, v < 0 ? "(%lld%s)" : "%lld%s", (long long)v, suffix);
}

// The fewest digits that read back as the same float32.
static void add_float(struct strbuf *out, lua_State *L, lua_Number v)
{
    char digits[32];
    float f = (float)v;
    if (!isfinite(f))
        luaL_error(L, "%f is not a finite float", (LUAI_UACNUMBER)v);
    for (int n = 1; n <= 9; n++) {
        snprintf(digits, sizeof(digits), "%.*g", n, (double)f);
        if (strtof(digits, NULL) == f)
            break;
    }
    bool whole = !strpbrk(digits, ".e");
    strbuf_printf(out, f < 0 ? "(%s%sf)" : "%s%sf", digits, whole ? ".0" : "");
}

static void add_value(struct strbuf *out, lua_State *L, int i)
{
    const char *text = luaL_testudata(L, i, engine_text);
    size_t n_bytes;
    if (text) {
        strbuf_puts(out, text);
    } else if (lua_isinteger(L, i)) {
        add_integer(out, L, lua_tointeger(L, i));
    } else if (lua_type(L, i) == LUA_TNUMBER) {
        add_float(out, L, lua_tonumber(L, i));
    } else if (lua_type(L, i) == LUA_TSTRING) {
        const char *s = lua_tolstring(L, i, &n_bytes);
        if (!is_identifier(s, n_bytes))
            luaL_error(L, "'%s' is no identifier, so it may not stand in the "
                          "CUDA text", s);
        strbuf_add(out, s, n_bytes);
    } else {
        luaL_error(L, "a %s value may not stand in the CUDA text",
                   luaL_typename(L, i));
    }
}

// End the line that began at `start`; text of the engine may hold several.
static void end_line(struct writer *w, size_t start)
{
    struct strbuf *out = &w->out;
    while (out->n_bytes > start && out->text[out->n_bytes - 1] == ' ')
        out->n_bytes--;
    strbuf_puts(out, "\n");
    for (size_t i = start; i < out->n_bytes; i++)
        w->line += out->text[i] == '\n';
}

// A line without words ("}") gives no messages, so it needs no mark.
static bool has_words(lua_State *L)
{
    if (lua_gettop(L) > 2)
        return true;
    for (const char *p = lua_tostring(L, 2); *p; p++)
        if (isalnum((unsigned char)*p))
            return true;
    return false;
}

static void mark_place(struct writer *w, const char *file, int line)
{
    if (w->file == file && w->line == line)
        return;
    strbuf_printf(&w->out, "#line %d \"/gnnac/templates/%s\"\n", line, file);
    w->file = file;
    w->line = line;
}

void writer_line(struct writer *w, lua_State *L, const char *file)
{
    int line = (int)lua_tointeger(L, 1);
    bool blank = lua_gettop(L) == 1;
    if (blank && w->blank)
        return;
    w->blank = blank;
    if (!blank && has_words(L))
        mark_place(w, file, line);
    size_t start = w->out.n_bytes;
    for (int i = 2; i <= lua_gettop(L); i++) {
        if (i % 2)
            add_value(&w->out, L, i);
        else
            strbuf_puts(&w->out, lua_tostring(L, i));
    }
    end_line(w, start);
}
