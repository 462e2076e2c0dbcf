// What a rule file can say: `rule "name" { ... }` and `test "name" { ... }`.
// Everything that can be checked without a graph is checked here.
#include "plan/rules_state.h"

#include <jansson.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <lauxlib.h>

#include "base/nearest.h"
#include "base/sandbox_pairs.h"

void raise_at(lua_State *L, const char *where, const char *fmt, ...)
{
    char text[768];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    lua_pushfstring(L, "%s: %s", where, text);
    lua_error(L);
    __builtin_unreachable(); // lua_error does not return
}

// `file:line` of the Lua code that called the running C function.
static void caller_place(lua_State *L, char *out, size_t size)
{
    lua_Debug ar;
    snprintf(out, size, "?");
    if (lua_getstack(L, 1, &ar) && lua_getinfo(L, "Sl", &ar))
        snprintf(out, size, "%s:%d", ar.source + (ar.source[0] == '@'),
                 ar.currentline);
}

static void check_keys(lua_State *L, int index, const char *what,
                       const char *const *known, const char *where)
{
    char hint[96];
    push_sorted_keys(L, index);
    for (int i = 1; lua_rawgeti(L, -1, i) != LUA_TNIL; i++, lua_pop(L, 1)) {
        if (lua_type(L, -1) != LUA_TSTRING)
            raise_at(L, where, "%s: field names are text, not a %s", what,
                     luaL_typename(L, -1));
        struct nearest n = {.wanted = lua_tostring(L, -1)};
        const char *const *k = known;
        while (*k && strcmp(*k, n.wanted) != 0)
            nearest_offer(&n, *k++);
        if (!*k)
            raise_at(L, where, "%s has no field '%s'%s", what, n.wanted,
                     nearest_hint(&n, hint, sizeof(hint)));
    }
    lua_pop(L, 2);
}

// ---- rules ------------------------------------------------------------------

static int take_function(lua_State *L, const char *field, bool required,
                         const char *where)
{
    int type = lua_getfield(L, 2, field);
    if (type == LUA_TNIL && !required) {
        lua_pop(L, 1);
        return LUA_NOREF;
    }
    if (type != LUA_TFUNCTION)
        raise_at(L, where, "'%s' must be a function, not a %s", field,
                 luaL_typename(L, -1));
    return luaL_ref(L, LUA_REGISTRYINDEX);
}

// As JSON has it: what rules say goes into manifests and records.
static bool is_utf8(const char *text)
{
    json_t *j = json_string(text);
    bool is = j != NULL;
    json_decref(j);
    return is;
}

static void take_text(lua_State *L, const char *field, char *out, size_t size,
                      const char *where)
{
    if (lua_getfield(L, 2, field) != LUA_TSTRING)
        raise_at(L, where, "'%s' must be a text", field);
    const char *text = lua_tostring(L, -1);
    if (!*text || strlen(text) >= size)
        raise_at(L, where, "'%s' must have 1 to %d characters", field,
                 (int)size - 1);
    if (!is_utf8(text))
        raise_at(L, where, "'%s' is not UTF-8", field);
    snprintf(out, size, "%s", text);
    lua_pop(L, 1);
}

static double take_priority(lua_State *L, const char *where)
{
    int type = lua_getfield(L, 2, "priority");
    double v = type == LUA_TNUMBER ? lua_tonumber(L, -1) : 0;
    if ((type != LUA_TNIL && type != LUA_TNUMBER) || !isfinite(v))
        raise_at(L, where, "'priority' must be a number");
    lua_pop(L, 1);
    return v;
}

static int take_choose(lua_State *L, const struct ruleset *rs,
                       const char *where)
{
    int type = lua_getfield(L, 2, "choose");
    if (type != LUA_TTABLE && type != LUA_TFUNCTION)
        raise_at(L, where, "'choose' must be a table or a function, not a %s",
                 luaL_typename(L, -1));
    int n = type == LUA_TTABLE ? choices_count(L, 3, where) : 0;
    for (int i = 1; i <= n; i++) {
        struct choice c;
        choices_push(L, 3, i);
        choice_read(L, 4, rs->families, where, &c);
        choice_points(L, &c, where);
        lua_pop(L, 1);
    }
    return luaL_ref(L, LUA_REGISTRYINDEX);
}

static void forget_rule(lua_State *L, struct ruleset *rs, size_t i)
{
    luaL_unref(L, LUA_REGISTRYINDEX, rs->rules[i].when);
    luaL_unref(L, LUA_REGISTRYINDEX, rs->rules[i].choose);
    luaL_unref(L, LUA_REGISTRYINDEX, rs->rules[i].limit);
    memmove(&rs->rules[i], &rs->rules[i + 1],
            (rs->n_rules - i - 1) * sizeof(rs->rules[0]));
    rs->n_rules--;
}

// Append, in place of an earlier file's rule of the same name.
static void add_rule(lua_State *L, struct ruleset *rs, const struct rule *r)
{
    for (size_t i = 0; i < rs->n_rules; i++) {
        if (strcmp(rs->rules[i].name, r->name) != 0)
            continue;
        if (rs->rules[i].file == r->file)
            raise_at(L, r->where, "rule '%s' is already defined at %s", r->name,
                     rs->rules[i].where);
        forget_rule(L, rs, i);
        break;
    }
    if (rs->n_rules == MAX_RULES)
        raise_at(L, r->where, "more than %d rules", MAX_RULES);
    rs->rules[rs->n_rules++] = *r;
}

// Upvalues: the set, the rule's name, its place. Argument: the body.
static int define_rule_body(lua_State *L)
{
    static const char *const fields[] = {"when", "choose",   "limit",
                                         "why",  "priority", NULL};
    struct ruleset *rs = lua_touserdata(L, lua_upvalueindex(1));
    struct rule r = {.file = rs->file};

    snprintf(r.name, sizeof(r.name), "%s",
             lua_tostring(L, lua_upvalueindex(2)));
    snprintf(r.where, sizeof(r.where), "%s",
             lua_tostring(L, lua_upvalueindex(3)));
    if (lua_type(L, 1) != LUA_TTABLE)
        raise_at(L, r.where, "rule '%s' needs a { body }", r.name);
    rs->open[0] = '\0';
    if (rs->only && strcmp(rs->only, r.name) != 0)
        return 0;
    rs->found = true;

    lua_settop(L, 1);
    lua_pushvalue(L, 1); // bodies are read at stack index 2
    char what[80];
    snprintf(what, sizeof(what), "rule '%s'", r.name);
    check_keys(L, 2, what, fields, r.where);
    take_text(L, "why", r.why, sizeof(r.why), r.where);
    r.priority = take_priority(L, r.where);
    r.when = take_function(L, "when", true, r.where);
    r.limit = take_function(L, "limit", false, r.where);
    r.choose = take_choose(L, rs, r.where);
    add_rule(L, rs, &r);
    return 0;
}

static void check_loading(lua_State *L, const struct ruleset *rs,
                          const char *what, const char *where)
{
    if (rs->props[OBJ_GRAPH])
        raise_at(L, where, "a rule cannot define a %s", what);
    if (rs->open[0])
        raise_at(L, rs->open, "a { body } is missing here");
}

// Upvalue: the set. Argument: the name. Returns the function that takes the
// body, so that `rule "name" { ... }` reads as it does.
static int define_rule(lua_State *L)
{
    struct ruleset *rs = lua_touserdata(L, lua_upvalueindex(1));
    char where[256];
    caller_place(L, where, sizeof(where));
    check_loading(L, rs, "rule", where);
    if (lua_type(L, 1) != LUA_TSTRING || lua_rawlen(L, 1) == 0 ||
        lua_rawlen(L, 1) > 63)
        raise_at(L, where, "a rule's name is a text of 1 to 63 characters");
    snprintf(rs->open, sizeof(rs->open), "%s", where);
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_pushvalue(L, 1);
    lua_pushstring(L, where);
    lua_pushcclosure(L, define_rule_body, 3);
    return 1;
}

// ---- tests ------------------------------------------------------------------

// Upvalues: the set, the test's name, its place. Argument: the body.
static int define_test_body(lua_State *L)
{
    struct ruleset *rs = lua_touserdata(L, lua_upvalueindex(1));
    struct rule_test t = {.file = rs->file};

    snprintf(t.name, sizeof(t.name), "%s",
             lua_tostring(L, lua_upvalueindex(2)));
    snprintf(t.where, sizeof(t.where), "%s",
             lua_tostring(L, lua_upvalueindex(3)));
    if (lua_type(L, 1) != LUA_TTABLE)
        raise_at(L, t.where, "test '%s' needs a { body }", t.name);
    rs->open[0] = '\0';
    test_check(L, 1, rs, t.where);
    if (rs->only && !test_is_about(L, 1, rs->only))
        return 0;
    if (rs->n_tests == MAX_TESTS)
        raise_at(L, t.where, "more than %d tests", MAX_TESTS);
    lua_settop(L, 1);
    t.body = luaL_ref(L, LUA_REGISTRYINDEX);
    rs->tests[rs->n_tests++] = t;
    return 0;
}

static int define_test(lua_State *L)
{
    struct ruleset *rs = lua_touserdata(L, lua_upvalueindex(1));
    char where[256];
    caller_place(L, where, sizeof(where));
    check_loading(L, rs, "test", where);
    if (lua_type(L, 1) != LUA_TSTRING || lua_rawlen(L, 1) == 0 ||
        lua_rawlen(L, 1) > 127)
        raise_at(L, where, "a test's name is a text of 1 to 127 characters");
    snprintf(rs->open, sizeof(rs->open), "%s", where);
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_pushvalue(L, 1);
    lua_pushstring(L, where);
    lua_pushcclosure(L, define_test_body, 3);
    return 1;
}

// Returns the functions `rule` and `test`.
int rules_install(lua_State *L)
{
    struct ruleset *rs = lua_touserdata(L, 1);
    objects_install(L, rs);
    lua_pushlightuserdata(L, rs);
    lua_pushcclosure(L, define_rule, 1);
    lua_pushlightuserdata(L, rs);
    lua_pushcclosure(L, define_test, 1);
    return 2;
}
