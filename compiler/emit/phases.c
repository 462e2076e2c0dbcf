// What the template of a whole model sees: a table for each phase, whose own
// `spec` is as a step's kernel would see it, and where matrices and parameters
// lie.
#include <stdio.h>

#include <lauxlib.h>

#include "bundle/whole_layout.h"
#include "emit/point.h"
#include "plan/whole.h"

// A name of the kernel's text: the caller's matrices are arguments.
static void set_operand(lua_State *L, const char *field, const char *prefix,
                        int32_t i)
{
    char name[32] = "none";
    if (i >= 0)
        snprintf(name, sizeof(name), "%s_%d", prefix, (int)i);
    lua_pushstring(L, name);
    lua_setfield(L, -2, field);
}

static void set_matrix(lua_State *L, const char *field, int32_t buffer)
{
    static const char *const callers[] = {"x", "out"};
    if (buffer < 0 || buffer > 1) {
        set_operand(L, field, "buffer", buffer);
        return;
    }
    lua_pushstring(L, callers[buffer]);
    lua_setfield(L, -2, field);
}

static void set_flag(lua_State *L, const char *field, bool v)
{
    lua_pushboolean(L, v);
    lua_setfield(L, -2, field);
}

static void push_phase(lua_State *L, const struct phase *f)
{
    lua_newtable(L);
    lua_pushstring(L, step_kind_name(f->kind));
    lua_setfield(L, -2, "kind");
    push_spec(L, &f->spec);
    lua_setfield(L, -2, "spec");
    set_matrix(L, "x", f->x);
    set_matrix(L, "out", f->out);
    set_matrix(L, "self", f->self);
    set_operand(L, "weight", "param", f->weight);
    set_operand(L, "bias", "param", f->bias);
    set_operand(L, "tail_bias", "param", f->tail_bias);
    set_operand(L, "eps", "param", f->eps);
    set_flag(L, "meets", f->meets);
    set_flag(L, "reads_made", f->reads_made);
}

// { name = "buffer_2", at = 16 }
static void push_place(lua_State *L, const char *prefix, int32_t i, int64_t at)
{
    lua_newtable(L);
    set_operand(L, "name", prefix, i);
    lua_pushinteger(L, at);
    lua_setfield(L, -2, "at");
}

// Of the buffers those that some phase writes.
static void push_buffers(lua_State *L, const struct program *p,
                         const struct phase *phases, int32_t n)
{
    lua_newtable(L);
    lua_Integer at = 0;
    for (int32_t i = 0; i < n; i++) {
        int32_t b = phases[i].out;
        if (b < 2 || phases[i].spec.adds)
            continue; // the caller's; or one that is there already
        push_place(L, "buffer", b, whole_buffer_at(p, b));
        lua_rawseti(L, -2, ++at);
    }
}

static void push_params(lua_State *L, const struct program *p)
{
    struct param_layout l;
    param_layout_build(p, &l);
    lua_newtable(L);
    for (int32_t i = 0; i < p->n_params; i++) {
        push_place(L, "param", i, l.offset[i]);
        lua_rawseti(L, -2, i + 1);
    }
}

void add_phases(lua_State *L, const struct program *p)
{
    struct phase phases[MAX_PHASES];
    int32_t n = whole_phases(p, phases);
    luaL_checkstack(L, 8, NULL);
    lua_newtable(L);
    for (int32_t i = 0; i < n; i++) {
        push_phase(L, &phases[i]);
        lua_rawseti(L, -2, i + 1);
    }
    lua_setfield(L, -2, "phases");
    push_buffers(L, p, phases, n);
    lua_setfield(L, -2, "buffers");
    push_params(L, p);
    lua_setfield(L, -2, "params");
}
