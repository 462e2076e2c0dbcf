// The declarations at the top of a family's file: `family {...}` once, then
// `knob {...}` for each knob. They run without a point, so they see neither
// knobs nor spec.
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include <lauxlib.h>

#include "emit/catalog.h"
#include "emit/translate.h"
#include "plan/opspec.h"

struct head {
    struct unit *u;
    struct family *f;
};

static struct head *head_of(lua_State *L)
{
    return lua_touserdata(L, lua_upvalueindex(1));
}

// Every field of the table at index 1 is one of `names`.
static void check_fields(lua_State *L, const char *what,
                         const char *const *names)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    for (lua_pushnil(L); lua_next(L, 1); lua_pop(L, 1)) {
        const char *key =
            lua_type(L, -2) == LUA_TSTRING ? lua_tostring(L, -2) : "?";
        size_t i = 0;
        while (names[i] && strcmp(names[i], key) != 0)
            i++;
        if (!names[i])
            luaL_error(L, "%s has no field '%s'", what, key);
    }
}

// The text `name` of the table at index 1, left on the stack.
static const char *text_field(lua_State *L, const char *name, size_t max_bytes)
{
    if (lua_getfield(L, 1, name) != LUA_TSTRING)
        luaL_error(L, "%s must be a text", name);
    const char *s = lua_tostring(L, -1);
    if (strlen(s) > max_bytes)
        luaL_error(L, "%s is longer than %d bytes", name, (int)max_bytes);
    return s;
}

static int64_t integer_field(lua_State *L, const char *name)
{
    lua_getfield(L, 1, name);
    if (!lua_isinteger(L, -1))
        luaL_error(L, "%s must be an integer", name);
    return lua_tointeger(L, -1);
}

// A misspelt operation would make a family that nothing ever asks for.
static const char *op_field(lua_State *L, size_t max_bytes)
{
    const char *op = text_field(L, "op", max_bytes);
    if (!is_kernel_op(op))
        luaL_error(L, "no step runs '%s'; op is aggregate, attention, "
                      "attention_scores, bias_act, log_softmax, "
                      "permute_rows or residual", op);
    return op;
}

static bool bool_field(lua_State *L, const char *name)
{
    int type = lua_getfield(L, 1, name);
    if (type != LUA_TNIL && type != LUA_TBOOLEAN)
        luaL_error(L, "%s must be true or false", name);
    return lua_toboolean(L, -1);
}

static int l_family(lua_State *L)
{
    static const char *const fields[] = {"op", "doc", "tails", "slabs",
                                         NULL};
    struct head *h = head_of(L);
    check_fields(L, "family", fields);
    if (h->u->doc)
        return luaL_error(L, "family is declared twice");
    snprintf(h->f->op, sizeof(h->f->op), "%s",
             op_field(L, sizeof(h->f->op) - 1));
    h->f->tails = bool_field(L, "tails");
    h->f->slabs = bool_field(L, "slabs");
    h->u->doc = strdup(text_field(L, "doc", 2000));
    return h->u->doc ? 0 : luaL_error(L, "out of memory");
}

// A knob becomes a local variable of the template.
static bool is_free_name(const struct head *h, const char *name)
{
    static const char taken[] =
        " check launch follows needs include spec kernel and break do else "
        "elseif end false for function goto if in local nil not or repeat "
        "return then true until while ";
    char word[48];
    if (!isalpha((unsigned char)name[0]))
        return false;
    for (const char *p = name; *p; p++)
        if (!isalnum((unsigned char)*p) && *p != '_')
            return false;
    snprintf(word, sizeof(word), " %s ", name);
    return !strstr(taken, word) && family_knob(h->f, name) < 0;
}

// Who has the tag is said: a copy of a template need not know all of its knobs.
static void check_tag(lua_State *L, const struct head *h, const char *tag)
{
    size_t n = strspn(tag, "abcdefghijklmnopqrstuvwxyz");
    if (n == 0 || tag[n] != '\0')
        luaL_error(L, "'%s' cannot be the tag of a knob", tag);
    for (size_t i = 0; i < h->f->n_knobs; i++)
        if (strcmp(h->u->tags[i], tag) == 0)
            luaL_error(L, "the tag '%s' is the knob %s's", tag,
                       h->f->knobs[i].name);
}

// Up to which value, but for 0, floats are added atomically; true: all.
static int64_t atomics_field(lua_State *L)
{
    int type = lua_getfield(L, 1, "atomics");
    int64_t most = lua_isinteger(L, -1) ? lua_tointeger(L, -1) : 0;
    if (type == LUA_TBOOLEAN && lua_toboolean(L, -1))
        most = INT64_MAX;
    if (most < 1 && type != LUA_TNIL && type != LUA_TBOOLEAN)
        luaL_error(L, "atomics must be true, false or a value from 1 on");
    return most;
}

static int l_knob(lua_State *L)
{
    static const char *const fields[] = {"name",    "tag",     "min", "max",
                                         "default", "atomics", "doc", NULL};
    struct head *h = head_of(L);
    check_fields(L, "knob", fields);
    if (!h->u->doc)
        return luaL_error(L, "family must be declared before its knobs");
    if (h->f->n_knobs == MAX_KNOBS)
        return luaL_error(L, "more than %d knobs", MAX_KNOBS);
    struct knob *k = &h->f->knobs[h->f->n_knobs];
    const char *name = text_field(L, "name", sizeof(k->name) - 1);
    const char *tag = text_field(L, "tag", TAG_LEN - 1);
    if (!is_free_name(h, name))
        return luaL_error(L, "'%s' cannot be the name of a knob", name);
    check_tag(L, h, tag);
    snprintf(k->name, sizeof(k->name), "%s", name);
    snprintf(h->u->tags[h->f->n_knobs], TAG_LEN, "%s", tag);
    snprintf(k->doc, sizeof(k->doc), "%s",
             text_field(L, "doc", sizeof(k->doc) - 1));
    k->min = integer_field(L, "min");
    k->max = integer_field(L, "max");
    k->dflt = integer_field(L, "default");
    k->atomics = atomics_field(L);
    if (k->min > k->dflt || k->dflt > k->max)
        return luaL_error(L, "knob %s: the default is not between min and max",
                          name);
    if (k->atomics && k->dflt != 0)
        return luaL_error(L, "knob %s: atomics are no default", name);
    h->f->n_knobs++;
    return 0;
}

// Arguments: chunk, struct head.
static int run_head(lua_State *L)
{
    struct head *h = lua_touserdata(L, 2);
    lua_pushvalue(L, 1);
    lua_pushlightuserdata(L, h);
    lua_pushcclosure(L, l_family, 1);
    lua_pushlightuserdata(L, h);
    lua_pushcclosure(L, l_knob, 1);
    lua_call(L, 2, 0);
    if (!h->u->doc)
        return luaL_error(L, "%s:1: a template begins with //%% family {...}",
                          h->u->file);
    return 0;
}

gnnac_status head_read(struct catalog *c, struct unit *u, struct family *f,
                       gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    struct head h = {u, f};
    struct strbuf lua = {0};
    lua_State *L = sandbox_lua(c->sb);
    size_t n_bytes = template_head_bytes(u->text, u->n_bytes);

    TRY(template_translate(u->file, u->text, n_bytes, 0, "family, knob", &lua,
                           err));
    lua_pushcfunction(L, run_head);
    st = sandbox_load(c->sb, lua.text, lua.n_bytes, u->file, err);
    if (st != GNNAC_OK) {
        lua_pop(L, 1);
        goto out;
    }
    lua_pushlightuserdata(L, &h);
    TRY(sandbox_call(c->sb, 2, 0, err));
out:
    strbuf_finish(&lua);
    return st;
}
