// `launch {...}`, `follows(entry)` and `needs {...}`: how the runtime starts
// the kernels.
#include <stdio.h>
#include <string.h>

#include <lauxlib.h>

#include "emit/point.h"

// The C types of the launch arguments, as kernel.h gives them; of what is
// stored in 16 bits, see matrix_type.
static const char *const arg_types[N_LAUNCH_ARGS] = {
    [ARG_BIAS] = "const float *",
    [ARG_TAIL_BIAS] = "const float *",
    [ARG_EPS] = "const float *",
    [ARG_WEIGHT] = "const float *",
    [ARG_ATT_SRC] = "const float *",
    [ARG_ATT] = "const float *",
    [ARG_ATT_DST] = "const float *",
    [ARG_DINV] = "const float *",
    [ARG_ROWPTR] = "const offset_t *",
    [ARG_COLIDX] = "const int *",
    [ARG_PART_PTR] = "const offset_t *",
    [ARG_PART_END] = "const offset_t *",
    [ARG_PART_ROW] = "const int *",
    [ARG_SPLIT_ROW] = "const int *",
    [ARG_SPLIT_FIRST] = "const int *",
    [ARG_SPLIT_LAST] = "const int *",
    [ARG_PARTIAL] = "float *",
    [ARG_SOURCE_ROW] = "const int *",
    [ARG_N_ROWS] = "int ",
    [ARG_N_PARTS] = "int ",
    [ARG_N_SPLITS] = "int ",
    [ARG_STATE] = "train_state *",
    [ARG_PLACE] = "int ",
    [ARG_TAIL_PLACE] = "int ",
    [ARG_LABELS] = "const int *",
    [ARG_SHARE] = "const float *",
    [ARG_SCRATCH] = "double *",
    [ARG_GRAD] = "float *",
    [ARG_WEIGHTS] = "float *",
    [ARG_FIRST] = "float *",
    [ARG_SECOND] = "float *",
    [ARG_TREATMENT] = "const int *",
    [ARG_WEIGHT_T] = "float *",
    [ARG_KEPT] = "float *",
    [ARG_ATT_ROWS] = "float *",
    [ARG_G] = "const float *",
    [ARG_EDGE_OF] = "const long long *",
    [ARG_GRAD_NEXT] = "float *",
    [ARG_EDGE_VALUES] = "const float *",
    [ARG_EDGE_OUT] = "float *",
    [ARG_N_WEIGHTS] = "int ",
    [ARG_N_CUT] = "int ",
    [ARG_N_WIDE] = "int ",
    [ARG_TILES] = "const int *",
    [ARG_TILE_COLUMNS] = "const int *",
    [ARG_TILE_MASKS] = "const unsigned *",
    [ARG_N_TILES] = "int ",
    [ARG_BUFFERS] = "float *",
    [ARG_BARRIER] = "unsigned *",
    [ARG_MEETS] = "const int *",
    [ARG_TICKETS] = "unsigned *",
};

// "f16_t" and "bf16_t" are types that the template defines.
static const char *matrix_type(enum launch_arg a, const struct kernel_spec *s)
{
    static const char *const types[N_DTYPES][2] = {
        [DTYPE_F32] = {"float *", "const float *"},
        [DTYPE_F16] = {"f16_t *", "const f16_t *"},
        [DTYPE_BF16] = {"bf16_t *", "const bf16_t *"}};
    switch (a) {
    case ARG_OUT:
        return types[s->out_type][0];
    case ARG_RESIDUAL:
        return types[s->out_type][1];
    case ARG_X:
        return types[s->x_type][1];
    case ARG_SELF:
        return types[s->self_type][1];
    case ARG_WEIGHT: // as x; of a tail as the sums would be, which out is as
        return types[s->depth ? s->x_type : s->out_type][1];
    default:
        return arg_types[a];
    }
}

static struct kernel *kernel_of(lua_State *L)
{
    struct point *p = lua_touserdata(L, lua_upvalueindex(1));
    return p->kernel;
}

static const struct kernel_spec *spec_of(lua_State *L)
{
    struct point *p = lua_touserdata(L, lua_upvalueindex(1));
    return p->spec;
}

// Field `name` of the table at `t`; `dflt` where it is absent.
static int32_t bounded_field(lua_State *L, int t, const char *name, int32_t min,
                             int32_t max, int32_t dflt)
{
    int type = lua_getfield(L, t, name);
    lua_Integer v = type == LUA_TNIL ? dflt : lua_tointeger(L, -1);
    if (type != LUA_TNIL && !lua_isinteger(L, -1))
        luaL_error(L, "%s must be an integer", name);
    if (v < min || v > max)
        luaL_error(L, "%s is %I, not from %d to %d", name, (LUAI_UACINT)v, min,
                   max);
    lua_pop(L, 1);
    return (int32_t)v;
}

static void read_entry(lua_State *L, const struct kernel *k, struct launch *l)
{
    size_t n = strlen(k->name);
    lua_getfield(L, 1, "entry");
    const char *entry = lua_tostring(L, -1);
    if (!entry || strncmp(entry, k->name, n) != 0)
        luaL_error(L, "entry must begin with the kernel's name, %s", k->name);
    if (strlen(entry) >= sizeof(l->entry))
        luaL_error(L, "entry is longer than %d bytes", NAME_LEN - 1);
    for (int i = 0; i < k->n_launches; i++)
        if (strcmp(k->launches[i].entry, entry) == 0)
            luaL_error(L, "%s is launched twice", entry);
    snprintf(l->entry, sizeof(l->entry), "%s", entry);
    lua_pop(L, 1);
}

// grid = { "n_rows", per = rows per block, y = tiles }
static void read_grid(lua_State *L, struct launch *l)
{
    if (lua_getfield(L, 1, "grid") != LUA_TTABLE)
        luaL_error(L, "grid must be { \"n_rows\", per = ..., y = ... }");
    int grid = lua_gettop(L);
    lua_rawgeti(L, grid, 1);
    int count =
        lua_isstring(L, -1) ? grid_count_from_name(lua_tostring(L, -1)) : -1;
    if (count < 0)
        luaL_error(L, "a grid is counted in n_rows, n_parts, n_splits, "
                      "n_warps, n_weights or one");
    l->count = (enum grid_count)count;
    l->per_block = bounded_field(L, grid, "per", 1, 1 << 20, 1);
    l->grid_y = bounded_field(L, grid, "y", 1, 65535, 1);
    lua_settop(L, grid - 1);
}

static void read_args(lua_State *L, struct launch *l)
{
    if (lua_getfield(L, 1, "args") != LUA_TTABLE)
        luaL_error(L, "args must be a list of names");
    int list = lua_gettop(L);
    lua_Integer n = luaL_len(L, list);
    if (n < 1 || n > MAX_ARGS)
        luaL_error(L, "%I arguments, not from 1 to %d", (LUAI_UACINT)n,
                   MAX_ARGS);
    for (lua_Integer i = 1; i <= n; i++) {
        lua_rawgeti(L, list, i);
        const char *name = lua_tostring(L, -1);
        int arg = name ? launch_arg_from_name(name) : -1;
        if (arg < 0)
            luaL_error(L, "there is no launch argument '%s'",
                       name ? name : luaL_typename(L, -1));
        l->args[l->n_args++] = (enum launch_arg)arg;
        lua_pop(L, 1);
    }
    lua_pop(L, 1);
}

// The parameter list, three to a line, so that it agrees with the launch.
static void push_parameters(lua_State *L, const struct launch *l,
                            const struct kernel_spec *s)
{
    char text[MAX_ARGS * 48];
    size_t n = 0;
    for (int i = 0; i < l->n_args; i++)
        n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%s%s%s",
                              i == 0 ? "" : ",", i % 3 == 0 ? "\n    " : " ",
                              matrix_type(l->args[i], s),
                              launch_arg_name(l->args[i]));
    push_engine_text(L, text);
}

static int l_launch(lua_State *L)
{
    struct kernel *k = kernel_of(L);
    struct launch l = {0};
    luaL_checktype(L, 1, LUA_TTABLE);
    if (k->n_launches == MAX_LAUNCHES)
        return luaL_error(L, "more than %d launches", MAX_LAUNCHES);
    read_entry(L, k, &l);
    read_grid(L, &l);
    read_args(L, &l);
    l.block = bounded_field(L, 1, "block", 1, 1024, 1);
    lua_getfield(L, 1, "cooperative");
    l.cooperative = lua_toboolean(L, -1);
    lua_pop(L, 1);
    l.cluster = bounded_field(L, 1, "cluster", 0, MAX_CLUSTER, 0);
    l.shared_bytes = bounded_field(L, 1, "shared", 0, 48 * 1024, 0);
    k->launches[k->n_launches++] = l;
    push_parameters(L, &l, spec_of(L));
    return 1;
}

// follows(entry): that kernel waits for those before it, see kernel.h.
static int l_follows(lua_State *L)
{
    struct kernel *k = kernel_of(L);
    const char *entry = luaL_checkstring(L, 1);
    for (int32_t i = 0; i < k->n_launches; i++)
        if (strcmp(k->launches[i].entry, entry) == 0) {
            k->launches[i].follows = true;
            return 0;
        }
    return luaL_error(L, "%s follows, but is not launched", entry);
}

// needs { part_size = ..., part_rows = ..., parts_per_block = ...,
//         packed_rows = ..., packed_edges = ..., packed_step = ...,
//         tile_percent = ..., tile_blocks = ...,
//         tickets = ..., partials = true }
static int l_needs(lua_State *L)
{
    struct kernel *k = kernel_of(L);
    luaL_checktype(L, 1, LUA_TTABLE);
    k->part_size = bounded_field(L, 1, "part_size", 1, 1 << 20, 0);
    k->part_rows = bounded_field(L, 1, "part_rows", 0, 1 << 20, 0);
    k->parts_per_block = bounded_field(L, 1, "parts_per_block", 1, 1024, 0);
    k->packed_rows = bounded_field(L, 1, "packed_rows", 0, 32, 0);
    k->packed_edges = bounded_field(L, 1, "packed_edges", 0, 1 << 20, 0);
    k->packed_step = bounded_field(L, 1, "packed_step", 0, 1 << 20, 0);
    k->tile_percent = bounded_field(L, 1, "tile_percent", 0, 1 << 20, 0);
    k->tile_blocks = bounded_field(L, 1, "tile_blocks", 0, 1 << 20, 0);
    k->tickets = bounded_field(L, 1, "tickets", 0, MAX_TICKETS, 0);
    lua_getfield(L, 1, "partials");
    k->partials = lua_toboolean(L, -1);
    return 0;
}

void push_launch(lua_State *L, struct point *p)
{
    lua_pushlightuserdata(L, p);
    lua_pushcclosure(L, l_launch, 1);
}

void push_follows(lua_State *L, struct point *p)
{
    lua_pushlightuserdata(L, p);
    lua_pushcclosure(L, l_follows, 1);
}

void push_needs(lua_State *L, struct point *p)
{
    lua_pushlightuserdata(L, p);
    lua_pushcclosure(L, l_needs, 1);
}
