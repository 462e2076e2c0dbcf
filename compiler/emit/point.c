#include "emit/point.h"

#include "plan/fuse.h"

#include <stdio.h>
#include <string.h>

#include <lauxlib.h>

static struct point *point_of(lua_State *L)
{
    return lua_touserdata(L, lua_upvalueindex(1));
}

// `__line`. Upvalues: point, unit.
static int l_line(lua_State *L)
{
    const struct unit *u = lua_touserdata(L, lua_upvalueindex(2));
    writer_line(&point_of(L)->writer, L, u->base);
    return 0;
}

// check(ok, format, ...): refuse the point.
static int l_check(lua_State *L)
{
    if (lua_toboolean(L, 1))
        return 0;
    point_of(L)->refused = true;
    luaL_where(L, 1);
    lua_replace(L, 1);
    lua_getglobal(L, "string");
    lua_getfield(L, -1, "format");
    lua_replace(L, -2);
    lua_insert(L, 2);
    lua_call(L, lua_gettop(L) - 2, 1);
    lua_concat(L, 2);
    return lua_error(L);
}

static int no_field(lua_State *L)
{
    return luaL_error(L, "spec has no field '%s'",
                      lua_type(L, 2) == LUA_TSTRING ? lua_tostring(L, 2)
                                                    : luaL_typename(L, 2));
}

static void set_integer(lua_State *L, const char *name, int32_t v)
{
    lua_pushinteger(L, v);
    lua_setfield(L, -2, name);
}

static void set_text(lua_State *L, const char *name, const char *v)
{
    lua_pushstring(L, v);
    lua_setfield(L, -2, name);
}

void push_spec(lua_State *L, const struct kernel_spec *s)
{
    lua_newtable(L);
    set_integer(L, "dim", s->dim);
    set_integer(L, "x_pitch", s->x_pitch);
    set_integer(L, "out_pitch", s->out_pitch);
    set_integer(L, "self_pitch", s->self_pitch);
    set_integer(L, "grad_pitch", s->grad_pitch);
    set_integer(L, "residual_pitch", s->residual_pitch);
    set_integer(L, "x_slab", s->x_slab);
    set_integer(L, "out_slab", s->out_slab);
    set_integer(L, "self_slab", s->self_slab);
    set_integer(L, "offset_bits", s->offset_bits);
    set_integer(L, "depth", s->depth);
    set_integer(L, "heads", s->heads);
    set_integer(L, "channels", s->channels);
    set_integer(L, "tail_dim", s->tail_dim);
    set_text(L, "tail", tail_name(s->tail));
    set_text(L, "tail_act", activation_name(s->tail_act));
    set_text(L, "x_type", dtype_name(s->x_type));
    set_text(L, "out_type", dtype_name(s->out_type));
    set_text(L, "self_type", dtype_name(s->self_type));
    set_text(L, "norm", norm_name(s->norm));
    set_text(L, "self_term", self_term_name(s->self_term));
    set_text(L, "act", activation_name(s->act));
    set_text(L, "edges", edge_order_name(s->edges));
    lua_pushboolean(L, s->bias);
    lua_setfield(L, -2, "bias");
    lua_pushboolean(L, s->smallest);
    lua_setfield(L, -2, "smallest");
    lua_pushboolean(L, s->adds);
    lua_setfield(L, -2, "adds");
    lua_pushboolean(L, s->tail_bias);
    lua_setfield(L, -2, "tail_bias");
    lua_pushboolean(L, s->drops);
    lua_setfield(L, -2, "drops");
    lua_pushboolean(L, spec_drops_result(s));
    lua_setfield(L, -2, "drops_result");
    if (s->whole)
        add_phases(L, s->whole);
    lua_newtable(L);
    lua_pushcfunction(L, no_field);
    lua_setfield(L, -2, "__index");
    lua_setmetatable(L, -2);
}

static int l_include(lua_State *L);

// Push CHUNK_LOCALS for `u`. `shared` is the index of {spec, libraries}.
static void push_locals(lua_State *L, struct point *p, const struct unit *u,
                        int shared)
{
    lua_pushlightuserdata(L, p);
    lua_pushlightuserdata(L, (void *)(uintptr_t)u);
    lua_pushcclosure(L, l_line, 2);
    lua_pushlightuserdata(L, p);
    lua_pushcclosure(L, l_check, 1);
    push_launch(L, p);
    push_follows(L, p);
    push_needs(L, p);
    lua_pushlightuserdata(L, p);
    lua_pushvalue(L, shared);
    lua_pushcclosure(L, l_include, 2);
    lua_rawgeti(L, shared, 1);
    lua_pushstring(L, p->kernel->name);
}

// Leave {spec, libraries} at index 2: for another spec, if that was given, one
// that has no libraries yet.
static void push_shared(lua_State *L)
{
    if (lua_isnoneornil(L, 2)) {
        lua_settop(L, 1);
        lua_pushvalue(L, lua_upvalueindex(2));
        return;
    }
    luaL_checktype(L, 2, LUA_TTABLE);
    lua_settop(L, 2);
    lua_newtable(L);
    lua_insert(L, 2);
    lua_rawseti(L, 2, 1);
    lua_newtable(L);
    lua_rawseti(L, 2, 2);
}

// include "NAME": what NAME.lib.lua returns, run once per point, or anew for
// another spec: include("NAME", spec). Upvalues: point, {spec, libraries by
// name}.
static int l_include(lua_State *L)
{
    struct point *p = point_of(L);
    const char *name = luaL_checkstring(L, 1);
    push_shared(L);
    lua_rawgeti(L, 2, 2);                  // 3
    if (lua_getfield(L, 3, name) == LUA_TTABLE)
        return 1;
    const struct unit *u = catalog_unit(p->catalog, name, true);
    if (!u)
        return luaL_error(L, "there is no %s.lib.lua", name);
    if (!lua_isnil(L, -1))
        return luaL_error(L, "%s.lib.lua includes itself", name);
    lua_pushboolean(L, true); // under way
    lua_setfield(L, 3, name);

    luaL_checkstack(L, N_CHUNK_LOCALS + 4, NULL);
    lua_rawgetp(L, LUA_REGISTRYINDEX, u);
    push_locals(L, p, u, 2);
    lua_call(L, N_CHUNK_LOCALS, 1);
    if (!lua_istable(L, -1))
        return luaL_error(L, "%s.lib.lua does not return a table", name);
    lua_pushvalue(L, -1);
    lua_setfield(L, 3, name);
    return 1;
}

// Argument: point.
static int run_chunk(lua_State *L)
{
    struct point *p = lua_touserdata(L, 1);
    const struct family *f = p->candidate->family;

    luaL_checkstack(L, N_CHUNK_LOCALS + MAX_KNOBS + 8, NULL);
    lua_newtable(L); // 2: {spec, libraries}
    push_spec(L, p->spec);
    lua_rawseti(L, 2, 1);
    lua_newtable(L);
    lua_rawseti(L, 2, 2);
    lua_rawgetp(L, LUA_REGISTRYINDEX, p->unit);
    push_locals(L, p, p->unit, 2);
    for (size_t i = 0; i < f->n_knobs; i++)
        lua_pushinteger(L, p->candidate->values[i]);
    lua_call(L, N_CHUNK_LOCALS + (int)f->n_knobs, 0);
    if (p->kernel->n_launches == 0)
        return luaL_error(L, "%s:1: the template declares no launch",
                          p->unit->file);
    return 0;
}

gnnac_status point_run(struct point *p, gnnac_error *err)
{
    lua_State *L = sandbox_lua(p->catalog->sb);
    lua_pushcfunction(L, run_chunk);
    lua_pushlightuserdata(L, p);
    gnnac_status st = sandbox_call(p->catalog->sb, 1, 0, err);
    return st != GNNAC_OK && p->refused ? GNNAC_EUNSUPPORTED : st;
}
