// The `test` blocks of rule files: a graph in a few numbers, and what the rules
// should make of it.
#include "plan/rules_state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <lauxlib.h>

#include "base/nearest.h"
#include "base/sandbox_pairs.h"
#include "plan/schema.h"

// What a test block needs while it runs.
struct bench {
    struct ruleset *rs;
    const struct rule_test *test;
    struct props props[N_OBJECTS];
    char op[32], rule[64];
    struct decision decision;
    char failure[512]; // empty: passed
};

// ---- properties from tables -------------------------------------------------

static bool is_group(const char *name)
{
    const struct prop *e;
    size_t n = strlen(name);
    for (size_t i = 0; (e = schema_at(i)); i++)
        if (strncmp(e->name, name, n) == 0 && e->name[n] == '.')
            return true;
    return false;
}

_Noreturn static void raise_unknown(lua_State *L, const char *name,
                                    const char *where)
{
    const struct prop *e;
    char hint[96];
    struct nearest n = {.wanted = name};
    for (size_t i = 0; (e = schema_at(i)); i++)
        nearest_offer(&n, e->name);
    raise_at(L, where, "there is no property '%s'%s", name,
             nearest_hint(&n, hint, sizeof(hint)));
}

// The value on top of the stack becomes property `e` of `out`.
static void set_property(lua_State *L, const struct prop *e, struct props *out,
                         const char *where)
{
    static const char *const wanted[] = {"whole number", "number", "boolean",
                                         "text"};
    int whole = 0, type = lua_type(L, -1);
    int64_t v = type == LUA_TNUMBER ? lua_tointegerx(L, -1, &whole) : 0;

    if (e->type == PROP_INT && whole)
        props_int(out, e->name, v);
    else if (e->type == PROP_REAL && type == LUA_TNUMBER)
        props_real(out, e->name, lua_tonumber(L, -1));
    else if (e->type == PROP_BOOL && type == LUA_TBOOLEAN)
        props_bool(out, e->name, lua_toboolean(L, -1));
    else if (e->type == PROP_TEXT && type == LUA_TSTRING &&
             lua_rawlen(L, -1) < sizeof(e->text))
        props_text(out, e->name, lua_tostring(L, -1));
    else
        raise_at(L, where, "%s must be a %s", e->name, wanted[e->type]);
}

// The table on top of the stack holds properties below `prefix`.
static void read_properties(lua_State *L, const char *prefix, struct props *out,
                            const char *where)
{
    int table = lua_gettop(L);
    luaL_checkstack(L, 8, NULL);
    push_sorted_keys(L, table);
    for (int i = 1; lua_rawgeti(L, table + 1, i) != LUA_TNIL; i++) {
        char name[128];
        if (lua_type(L, -1) != LUA_TSTRING)
            raise_at(L, where, "%s: properties have names", prefix);
        snprintf(name, sizeof(name), "%s.%s", prefix, lua_tostring(L, -1));
        const struct prop *e = schema_find(name);
        lua_gettable(L, table);
        if (e)
            set_property(L, e, out, where);
        else if (is_group(name) && lua_type(L, -1) == LUA_TTABLE)
            read_properties(L, name, out, where);
        else
            raise_unknown(L, name, where);
        lua_settop(L, table + 1);
    }
    lua_settop(L, table);
}

// The properties of one object from the test body at `index`.
static void read_object(lua_State *L, int index, enum object o,
                        struct props *out, const char *where)
{
    int type = lua_getfield(L, index, object_names[o]);
    out->n = 0;
    if (type == LUA_TTABLE)
        read_properties(L, object_names[o], out, where);
    else if (type != LUA_TNIL)
        raise_at(L, where, "'%s' must be a table", object_names[o]);
    lua_pop(L, 1);
}

// ---- form -------------------------------------------------------------------

static const char *const expect_texts[] = {"rule", "silent", "template", NULL};

static bool is_one_of(const char *name, const char *const *names)
{
    while (*names && strcmp(*names, name) != 0)
        names++;
    return *names != NULL;
}

static bool is_knob(const struct family_list *l, const char *name,
                    struct nearest *n)
{
    for (size_t f = 0; f < l->n; f++) {
        if (family_knob(&l->items[f], name) >= 0)
            return true;
        for (size_t k = 0; k < l->items[f].n_knobs; k++)
            nearest_offer(n, l->items[f].knobs[k].name);
    }
    return false;
}

// The key below and the value on top of the stack.
static void check_expected(lua_State *L, const struct ruleset *rs,
                           const char *where)
{
    char hint[96];
    int type = lua_type(L, -1);
    if (lua_type(L, -2) != LUA_TSTRING)
        raise_at(L, where, "'expect' has fields with names only");
    const char *name = lua_tostring(L, -2);
    struct nearest n = {.wanted = name};
    for (size_t i = 0; expect_texts[i]; i++)
        nearest_offer(&n, expect_texts[i]);
    nearest_offer(&n, "reorder");

    bool is_text = is_one_of(name, expect_texts);
    if (is_text && type != LUA_TSTRING)
        raise_at(L, where, "expect.%s must be a text", name);
    if (is_text || strcmp(name, "reorder") == 0)
        return;
    if (!is_knob(rs->families, name, &n))
        raise_at(L, where, "'expect' has no field '%s'%s", name,
                 nearest_hint(&n, hint, sizeof(hint)));
    if (!lua_isinteger(L, -1))
        raise_at(L, where, "expect.%s must be a whole number", name);
}

static void check_fields(lua_State *L, int index, const char *where)
{
    static const char *const known[] = {"graph", "layer",  "device",
                                        "op",    "expect", NULL};
    char hint[96];
    push_sorted_keys(L, index);
    for (int i = 1; lua_rawgeti(L, -1, i) != LUA_TNIL; i++, lua_pop(L, 1)) {
        const char *name = lua_type(L, -1) == LUA_TSTRING
                               ? lua_tostring(L, -1)
                               : luaL_typename(L, -1);
        struct nearest n = {.wanted = name};
        for (size_t k = 0; known[k]; k++)
            nearest_offer(&n, known[k]);
        if (!is_one_of(name, known))
            raise_at(L, where, "a test has no field '%s'%s", name,
                     nearest_hint(&n, hint, sizeof(hint)));
    }
    lua_pop(L, 2);
}

void test_check(lua_State *L, int index, const struct ruleset *rs,
                const char *where)
{
    int top = lua_gettop(L);
    luaL_checkstack(L, 16, NULL);
    check_fields(L, index, where);
    struct props *scratch = lua_newuserdatauv(L, sizeof(*scratch), 0);
    for (int o = 0; o < N_OBJECTS; o++)
        read_object(L, index, (enum object)o, scratch, where);
    int op = lua_getfield(L, index, "op");
    if (op != LUA_TNIL && (op != LUA_TSTRING || lua_rawlen(L, -1) > 31))
        raise_at(L, where, "'op' must be an operation's name");
    if (lua_getfield(L, index, "expect") != LUA_TTABLE)
        raise_at(L, where, "a test needs expect = { ... }");
    int expect = lua_gettop(L);
    push_sorted_keys(L, expect);
    for (int i = 1; lua_rawgeti(L, expect + 1, i) != LUA_TNIL; i++) {
        lua_pushvalue(L, -1);
        lua_gettable(L, expect);
        check_expected(L, rs, where);
        lua_settop(L, expect + 1);
    }
    lua_settop(L, top);
}

bool test_is_about(lua_State *L, int index, const char *rule)
{
    int top = lua_gettop(L);
    lua_getfield(L, index, "expect");
    bool same = lua_getfield(L, -1, "rule") == LUA_TSTRING &&
                strcmp(lua_tostring(L, -1), rule) == 0;
    lua_settop(L, top);
    return same;
}

// ---- comparison -------------------------------------------------------------

#define FAILED(b, ...) snprintf((b)->failure, sizeof((b)->failure), __VA_ARGS__)

static const struct rule_trace *find_trace(struct bench *b, const char *rule)
{
    char hint[96];
    struct nearest n = {.wanted = rule};
    for (size_t i = 0; i < b->decision.n_traces; i++) {
        if (strcmp(b->decision.traces[i].rule, rule) == 0)
            return &b->decision.traces[i];
        nearest_offer(&n, b->decision.traces[i].rule);
    }
    FAILED(b, "there is no rule '%s'%s", rule,
           nearest_hint(&n, hint, sizeof(hint)));
    return NULL;
}

static void list_compared(const struct rule_trace *t, char *out, size_t size)
{
    size_t used = 0;
    out[0] = '\0';
    for (size_t i = 0; i < t->n_compared && used < size; i++)
        used += (size_t)snprintf(out + used, size - used, "%s%s = %s",
                                 i ? ", " : "", t->compared[i].name,
                                 t->compared[i].value);
}

static void check_fired(struct bench *b, const char *rule, bool wanted)
{
    char seen[320];
    const struct rule_trace *t = find_trace(b, rule);
    if (!t || t->fired == wanted)
        return;
    list_compared(t, seen, sizeof(seen));
    FAILED(b, "rule '%s' %s (%s)", rule, wanted ? "did not fire" : "fired",
           t->note[0] && wanted ? t->note : seen);
}

// Expectations at index 2 of the stack. True if the candidate has the template
// and every knob that is asked for; else says what differs.
static bool matches(lua_State *L, struct bench *b, const struct candidate *c)
{
    if (lua_getfield(L, 2, "template") == LUA_TSTRING &&
        strcmp(lua_tostring(L, -1), c->family->name) != 0) {
        FAILED(b, "template is %s, expected %s", c->family->name,
               lua_tostring(L, -1));
        return false;
    }
    push_sorted_keys(L, 2);
    for (int i = 1; lua_rawgeti(L, 4, i) != LUA_TNIL; i++, lua_settop(L, 4)) {
        const char *name = lua_tostring(L, -1);
        if (is_one_of(name, expect_texts) || strcmp(name, "reorder") == 0)
            continue;
        lua_getfield(L, 2, name);
        int64_t want = lua_tointeger(L, -1);
        if (family_knob(c->family, name) < 0) {
            FAILED(b, "template %s has no knob '%s'", c->family->name, name);
            return false;
        }
        int64_t got = candidate_get(c, name, 0);
        if (got != want) {
            FAILED(b, "%s is %lld, expected %lld", name, (long long)got,
                   (long long)want);
            return false;
        }
    }
    return true;
}

// With a rule, one of its candidates must match; without, the first of all.
static void check_candidates(lua_State *L, struct bench *b)
{
    char first[sizeof(b->failure)] = "nothing was proposed";
    bool only_votes = b->rule[0] != '\0';
    for (size_t i = 0; i < b->decision.n_candidates; i++) {
        const struct candidate *c = &b->decision.candidates[i];
        if (b->rule[0] && strcmp(c->rule, b->rule) != 0)
            continue;
        bool same = matches(L, b, c);
        lua_settop(L, 2);
        if (same) {
            b->failure[0] = '\0';
            return;
        }
        if (only_votes || i == 0)
            memcpy(first, b->failure, sizeof(first));
        only_votes = false;
        if (!b->rule[0])
            break;
    }
    b->failure[0] = '\0';
    if (!only_votes)
        FAILED(b, "%s", first);
}

static void check_reorder(lua_State *L, struct bench *b)
{
    const char *vote = b->decision.reorder;
    int type = lua_getfield(L, 2, "reorder");
    if (type == LUA_TNIL)
        return;
    if (b->rule[0])
        vote = find_trace(b, b->rule)->reorder;
    bool asks = vote[0] && strcmp(vote, "none") != 0;
    bool same = type == LUA_TSTRING ? strcmp(lua_tostring(L, -1), vote) == 0
                                    : asks == lua_toboolean(L, -1);
    if (!same)
        FAILED(b, "the vote on reordering is '%s'", vote);
    lua_settop(L, 2);
}

// Whether a point is expected: always, but for a test that only says which rule
// is silent.
static bool expects_point(lua_State *L)
{
    bool silent = false, other = false;
    for (lua_pushnil(L); lua_next(L, 2); lua_pop(L, 1)) {
        const char *name = lua_tostring(L, -2);
        silent = silent || strcmp(name, "silent") == 0;
        other = other || (strcmp(name, "silent") != 0 &&
                          strcmp(name, "reorder") != 0);
    }
    return other || !silent;
}

// Argument: the bench. Stack index 2 holds the expectations.
static int compare(lua_State *L)
{
    struct bench *b = lua_touserdata(L, 1);
    luaL_checkstack(L, 16, NULL);
    lua_rawgeti(L, LUA_REGISTRYINDEX, b->test->body);
    lua_getfield(L, -1, "expect");
    lua_replace(L, 2);
    if (b->rule[0])
        check_fired(b, b->rule, true);
    if (lua_getfield(L, 2, "silent") == LUA_TSTRING && !b->failure[0])
        check_fired(b, lua_tostring(L, -1), false);
    lua_settop(L, 2);
    if (!b->failure[0] && expects_point(L))
        check_candidates(L, b);
    if (!b->failure[0])
        check_reorder(L, b);
    return 0;
}

// ---- running ----------------------------------------------------------------

// Argument: the bench, whose properties are filled.
static int read_test(lua_State *L)
{
    struct bench *b = lua_touserdata(L, 1);
    lua_rawgeti(L, LUA_REGISTRYINDEX, b->test->body);
    for (int o = 0; o < N_OBJECTS; o++) {
        read_object(L, 2, (enum object)o, &b->props[o], b->test->where);
        schema_complete(&b->props[o], object_names[o]);
    }
    lua_getfield(L, 2, "op");
    snprintf(b->op, sizeof(b->op), "%s", luaL_optstring(L, -1, "aggregate"));
    lua_getfield(L, 2, "expect");
    lua_getfield(L, -1, "rule");
    snprintf(b->rule, sizeof(b->rule), "%s", luaL_optstring(L, -1, ""));
    return 0;
}

static gnnac_status call_with(struct bench *b, lua_CFunction f,
                              gnnac_error *err)
{
    lua_State *L = sandbox_lua(b->rs->sandbox);
    lua_pushcfunction(L, f);
    lua_pushlightuserdata(L, b);
    return sandbox_call(b->rs->sandbox, 1, 0, err);
}

static gnnac_status run_test(struct bench *b, gnnac_error *err)
{
    gnnac_status st;
    b->failure[0] = '\0';
    b->decision = (struct decision){0};
    TRY(call_with(b, read_test, err));
    for (int o = 0; o < N_OBJECTS; o++)
        b->rs->props[o] = &b->props[o];
    TRY(rules_evaluate(b->rs, b->op, b->rule[0] != '\0', &b->decision, err));
    TRY(call_with(b, compare, err));
out:
    memset(b->rs->props, 0, sizeof(b->rs->props));
    return st;
}

gnnac_status ruleset_visit_tests(struct ruleset *rs,
                                 void (*visit)(void *context,
                                               const struct test_run *t),
                                 void *context, gnnac_error *err)
{
    struct bench *b = calloc(1, sizeof(*b));
    if (!b)
        return FAIL(err, GNNAC_ENOMEM, "out of memory");
    b->rs = rs;
    for (size_t i = 0; i < rs->n_tests; i++) {
        gnnac_error mine = {{0}};
        b->test = &rs->tests[i];
        if (run_test(b, &mine) != GNNAC_OK)
            snprintf(b->failure, sizeof(b->failure), "%.511s", mine.msg);
        visit(context, &(struct test_run){.name = b->test->name,
                                          .where = b->test->where,
                                          .op = b->op,
                                          .graph = &b->props[OBJ_GRAPH],
                                          .layer = &b->props[OBJ_LAYER],
                                          .device = &b->props[OBJ_DEVICE],
                                          .decision = &b->decision,
                                          .failure = b->failure});
    }
    free(b);
    return GNNAC_OK;
}

static void report(void *context, const struct test_run *t)
{
    struct rule_test_result *r = context;
    size_t used = strlen(r->report);
    if (!t->failure[0]) {
        r->n_passed++;
        return;
    }
    r->n_failed++;
    snprintf(r->report + used, sizeof(r->report) - used, "%s: test '%s': %s\n",
             t->where, t->name, t->failure);
}

gnnac_status ruleset_test(struct ruleset *rs, struct rule_test_result *out,
                          gnnac_error *err)
{
    *out = (struct rule_test_result){0};
    return ruleset_visit_tests(rs, report, out, err);
}
