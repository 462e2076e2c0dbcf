// A rule's `choose`: a table { template = "...", knob = value or {values},
// reorder = vote }, or a list of such tables.
#include "plan/rules_state.h"

#include <stdio.h>
#include <string.h>

#include <lauxlib.h>

#include "base/nearest.h"
#include "base/sandbox_pairs.h"
#include "order/orders.h"
#include "order/reorder_auto.h"

enum { MAX_POINTS = 1 << 16, MAX_CHOICES = 1024 };

// A table with names in it is one choice by itself.
static bool is_list(lua_State *L, int index)
{
    int n = 0;
    lua_pushnil(L);
    while (lua_next(L, index)) {
        bool number = lua_type(L, -2) == LUA_TNUMBER;
        lua_pop(L, 1);
        if (!number || ++n > MAX_CHOICES) {
            lua_pop(L, 1);
            return number;
        }
    }
    return n > 0;
}

int choices_count(lua_State *L, int index, const char *where)
{
    if (is_list(L, index)) {
        lua_Unsigned n = lua_rawlen(L, index);
        if (n > MAX_CHOICES)
            raise_at(L, where, "'choose' gives more than %d tables",
                     MAX_CHOICES);
        return (int)n;
    }
    lua_pushnil(L);
    if (!lua_next(L, index))
        return 0;
    lua_pop(L, 2);
    return 1;
}

void choices_push(lua_State *L, int index, int i)
{
    if (is_list(L, index))
        lua_rawgeti(L, index, i);
    else
        lua_pushvalue(L, index);
}

// ---- checks -----------------------------------------------------------------

static const struct family *read_template(lua_State *L, int index,
                                          const struct family_list *families,
                                          const char *where)
{
    char hint[96];
    int type = lua_getfield(L, index, "template");
    if (type == LUA_TNIL) {
        lua_pop(L, 1);
        return NULL;
    }
    if (type != LUA_TSTRING)
        raise_at(L, where, "'template' must be a text, not a %s",
                 luaL_typename(L, -1));
    struct nearest n = {.wanted = lua_tostring(L, -1)};
    const struct family *f = family_find(families, n.wanted);
    for (size_t i = 0; !f && i < families->n; i++)
        nearest_offer(&n, families->items[i].name);
    if (!f)
        raise_at(L, where, "there is no template '%s'%s", n.wanted,
                 nearest_hint(&n, hint, sizeof(hint)));
    lua_pop(L, 1);
    return f;
}

// The order, or the rule that decides on one, that has the name.
static const char *find_order(struct nearest *n)
{
    for (const char *const *r = reorder_rules; *r; r++) {
        if (strcmp(*r, n->wanted) == 0)
            return *r;
        nearest_offer(n, *r);
    }
    for (const struct order_method *m = order_methods; m->name; m++) {
        if (strcmp(m->name, n->wanted) == 0)
            return m->name;
        nearest_offer(n, m->name);
    }
    return NULL;
}

// true, false and "rcm" are votes: for Rabbit Order, for keeping the order, for
// that order.
static void read_reorder(lua_State *L, int index, const char *where, char *out,
                         size_t size)
{
    char hint[96];
    const char *vote = "";
    int type = lua_getfield(L, index, "reorder");
    if (type == LUA_TBOOLEAN) {
        vote = lua_toboolean(L, -1) ? "rabbit" : "none";
    } else if (type == LUA_TSTRING) {
        struct nearest n = {.wanted = lua_tostring(L, -1)};
        vote = find_order(&n);
        if (!vote)
            raise_at(L, where, "reorder: there is no order '%s'%s", n.wanted,
                     nearest_hint(&n, hint, sizeof(hint)));
    } else if (type != LUA_TNIL) {
        raise_at(L, where, "'reorder' must be true, false or an order's name");
    }
    snprintf(out, size, "%s", vote);
    lua_pop(L, 1);
}

// The number on top of the stack, as a value of the knob; pops it.
static int64_t read_value(lua_State *L, const struct knob *k, const char *where)
{
    int whole = 0;
    int64_t v = 0;
    if (lua_type(L, -1) == LUA_TNUMBER)
        v = lua_tointegerx(L, -1, &whole);
    if (!whole)
        raise_at(L, where, "%s must be a whole number, not %s", k->name,
                 lua_type(L, -1) == LUA_TNUMBER ? lua_tostring(L, -1)
                                                : luaL_typename(L, -1));
    if (v < k->min || v > k->max)
        raise_at(L, where, "%s = %lld is outside %lld..%lld", k->name,
                 (long long)v, (long long)k->min, (long long)k->max);
    lua_pop(L, 1);
    return v;
}

// The value on top of the stack: one number or a list.
static void read_axis(lua_State *L, struct choice *c, int knob,
                      const char *where)
{
    const struct knob *k = &c->family->knobs[knob];
    int list = lua_gettop(L);
    if (lua_type(L, list) != LUA_TTABLE) {
        c->axes[knob].n = 1;
        lua_pushvalue(L, list);
        c->axes[knob].values[0] = read_value(L, k, where);
        return;
    }
    lua_Unsigned n = lua_rawlen(L, list);
    push_sorted_keys(L, list);
    if (n == 0 || n > MAX_LIST || lua_rawlen(L, -1) != n)
        raise_at(L, where, "%s must be a list of 1 to %d numbers", k->name,
                 MAX_LIST);
    lua_pop(L, 1);
    c->axes[knob].n = (int)n;
    for (int i = 0; i < (int)n; i++) {
        lua_rawgeti(L, list, i + 1);
        c->axes[knob].values[i] = read_value(L, k, where);
    }
}

_Noreturn static void raise_no_knob(lua_State *L, const struct family *f,
                                    const char *name, const char *where)
{
    char hint[96];
    struct nearest n = {.wanted = name};
    if (!f)
        raise_at(L, where, "'%s' is chosen without a template", name);
    for (size_t i = 0; i < f->n_knobs; i++)
        nearest_offer(&n, f->knobs[i].name);
    nearest_offer(&n, "template");
    nearest_offer(&n, "reorder");
    raise_at(L, where, "template %s has no knob '%s'%s", f->name, name,
             nearest_hint(&n, hint, sizeof(hint)));
}

static void read_axes(lua_State *L, int index, struct choice *c,
                      const char *where)
{
    int top = lua_gettop(L);
    push_sorted_keys(L, index);
    for (int i = 1; lua_rawgeti(L, top + 1, i) != LUA_TNIL; i++) {
        if (lua_type(L, -1) != LUA_TSTRING)
            raise_at(L, where, "'choose' has fields with names only");
        const char *name = lua_tostring(L, -1);
        if (strcmp(name, "template") != 0 && strcmp(name, "reorder") != 0) {
            int knob = c->family ? family_knob(c->family, name) : -1;
            if (knob < 0)
                raise_no_knob(L, c->family, name, where);
            lua_getfield(L, index, name);
            read_axis(L, c, knob, where);
        }
        lua_settop(L, top + 1);
    }
    lua_settop(L, top);
}

void choice_read(lua_State *L, int index, const struct family_list *families,
                 const char *where, struct choice *out)
{
    luaL_checkstack(L, 16, NULL);
    if (lua_type(L, index) != LUA_TTABLE)
        raise_at(L, where, "'choose' must give tables, not a %s",
                 luaL_typename(L, index));
    out->family = read_template(L, index, families, where);
    read_reorder(L, index, where, out->reorder, sizeof(out->reorder));
    if (!out->family && !out->reorder[0])
        raise_at(L, where, "'choose' names no template");
    for (size_t i = 0; out->family && i < out->family->n_knobs; i++) {
        out->axes[i].n = 1;
        out->axes[i].values[0] = out->family->knobs[i].dflt;
    }
    read_axes(L, index, out, where);
}

// ---- points -----------------------------------------------------------------

int choice_points(lua_State *L, const struct choice *c, const char *where)
{
    int n = c->family != NULL;
    for (size_t i = 0; c->family && i < c->family->n_knobs; i++) {
        n *= c->axes[i].n; // at most 64 * 65536
        if (n > MAX_POINTS)
            raise_at(L, where, "'choose' spans more than %d points",
                     MAX_POINTS);
    }
    return n;
}

void choice_point(const struct choice *c, int i, int64_t values[MAX_KNOBS])
{
    memset(values, 0, MAX_KNOBS * sizeof(values[0]));
    for (size_t k = c->family->n_knobs; k-- > 0;) {
        values[k] = c->axes[k].values[i % c->axes[k].n];
        i /= c->axes[k].n;
    }
}
