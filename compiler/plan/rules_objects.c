// graph, layer and device as rules see them: read-only objects over props.
// Reading a field that is not there is an error; what is read is traced.
#include "plan/rules_state.h"

#include <stdio.h>
#include <string.h>

#include <lauxlib.h>

#include "base/nearest.h"
#include "plan/schema.h"

const char *const object_names[N_OBJECTS] = {"graph", "layer", "device"};

// "graph" itself or a part of it such as "graph.degree".
struct view {
    enum object which;
    char prefix[64];
};

static const char view_type[] = "gnnac.view";

static void push_view(lua_State *L, enum object which, const char *prefix)
{
    struct view *v = lua_newuserdatauv(L, sizeof(*v), 0);
    v->which = which;
    snprintf(v->prefix, sizeof(v->prefix), "%s", prefix);
    luaL_setmetatable(L, view_type);
}

void object_push(lua_State *L, enum object which)
{
    push_view(L, which, object_names[which]);
}

static void value_text(const struct prop *p, char *out, size_t size)
{
    switch (p->type) {
    case PROP_INT:
        snprintf(out, size, "%lld", (long long)p->i);
        return;
    case PROP_REAL:
        snprintf(out, size, "%.6g", p->r);
        return;
    case PROP_BOOL:
        snprintf(out, size, "%s", p->b ? "true" : "false");
        return;
    case PROP_TEXT:
        snprintf(out, size, "%.*s", (int)size - 1, p->text);
        return;
    }
}

static void trace_read(struct rule_trace *t, const struct prop *p)
{
    const size_t max = sizeof(t->compared) / sizeof(t->compared[0]);
    for (size_t i = 0; i < t->n_compared; i++)
        if (strcmp(t->compared[i].name, p->name) == 0)
            return;
    if (t->n_compared == max)
        return;
    struct compared *c = &t->compared[t->n_compared++];
    snprintf(c->name, sizeof(c->name), "%s", p->name);
    value_text(p, c->value, sizeof(c->value));
}

static void push_value(lua_State *L, const struct prop *p)
{
    switch (p->type) {
    case PROP_INT:
        lua_pushinteger(L, p->i);
        return;
    case PROP_REAL:
        lua_pushnumber(L, p->r);
        return;
    case PROP_BOOL:
        lua_pushboolean(L, p->b);
        return;
    case PROP_TEXT:
        lua_pushstring(L, p->text);
        return;
    }
}

static bool is_inside(const char *name, const char *prefix)
{
    size_t n = strlen(prefix);
    return strncmp(name, prefix, n) == 0 && name[n] == '.';
}

static bool is_group(const struct props *p, const char *name)
{
    for (size_t i = 0; i < p->n; i++)
        if (is_inside(p->items[i].name, name))
            return true;
    return false;
}

// Offer the next part of every name below the prefix.
static void offer_fields(struct nearest *n, const struct props *p,
                         const char *prefix)
{
    char field[64];
    for (size_t i = 0; i < p->n; i++) {
        if (!is_inside(p->items[i].name, prefix))
            continue;
        const char *rest = p->items[i].name + strlen(prefix) + 1;
        snprintf(field, sizeof(field), "%.*s", (int)strcspn(rest, "."), rest);
        nearest_offer(n, field);
    }
}

static int no_field(lua_State *L, const struct props *p, const char *prefix,
                    const char *field, const char *full)
{
    char hint[96];
    if (schema_find(full))
        return luaL_error(L, "%s was not measured", full);
    struct nearest n = {.wanted = field};
    offer_fields(&n, p, prefix);
    return luaL_error(L, "%s has no field '%s'%s", prefix, field,
                      nearest_hint(&n, hint, sizeof(hint)));
}

// Upvalue: the set. Arguments: the view, the field.
static int view_index(lua_State *L)
{
    struct ruleset *rs = lua_touserdata(L, lua_upvalueindex(1));
    const struct view *v = luaL_checkudata(L, 1, view_type);
    if (lua_type(L, 2) != LUA_TSTRING)
        return luaL_error(L, "%s has fields with names only", v->prefix);
    const char *field = lua_tostring(L, 2);
    const struct props *p = rs->props[v->which];
    char full[128];
    snprintf(full, sizeof(full), "%s.%s", v->prefix, field);
    if (!p)
        return luaL_error(L, "%s can be read by rules only", full);
    const struct prop *found = props_find(p, full);
    if (found) {
        if (rs->trace)
            trace_read(rs->trace, found);
        push_value(L, found);
        return 1;
    }
    if (!is_group(p, full))
        return no_field(L, p, v->prefix, field, full);
    push_view(L, v->which, full);
    return 1;
}

static int view_newindex(lua_State *L)
{
    const struct view *v = luaL_checkudata(L, 1, view_type);
    return luaL_error(L, "%s is read-only", v->prefix);
}

void objects_install(lua_State *L, struct ruleset *rs)
{
    luaL_newmetatable(L, view_type);
    lua_pushlightuserdata(L, rs);
    lua_pushcclosure(L, view_index, 1);
    lua_setfield(L, -2, "__index");
    lua_pushcfunction(L, view_newindex);
    lua_setfield(L, -2, "__newindex");
    lua_pushliteral(L, "group of properties");
    lua_setfield(L, -2, "__name");
    lua_pop(L, 1);
}
