// Asking the rules: by priority, each `when`, `choose` and `limit`, under one
// budget for all of them.
#include "plan/rules_state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <lauxlib.h>

enum { POINTS_BETWEEN_LOOKS = 1024 }; // at the clock

struct question {
    struct ruleset *rs;
    const char *op;
    bool keep_all;
    struct decision *out;
};

// Call the function `ref` with `n_before` values on the stack, then the three
// objects; one result stays on the stack.
static void ask(lua_State *L, int ref, int n_before)
{
    lua_rawgeti(L, LUA_REGISTRYINDEX, ref);
    lua_insert(L, -1 - n_before);
    for (int o = 0; o < N_OBJECTS; o++)
        object_push(L, (enum object)o);
    lua_call(L, n_before + N_OBJECTS, 1);
}

static bool ask_bool(lua_State *L, int ref, int n_before)
{
    ask(L, ref, n_before);
    bool yes = lua_toboolean(L, -1);
    lua_pop(L, 1);
    return yes;
}

static bool within_limit(lua_State *L, const struct rule *r,
                         const struct family *f, const int64_t *values)
{
    if (r->limit == LUA_NOREF)
        return true;
    lua_createtable(L, 0, (int)f->n_knobs + 1);
    lua_pushstring(L, f->name);
    lua_setfield(L, -2, "template");
    for (size_t i = 0; i < f->n_knobs; i++) {
        lua_pushinteger(L, values[i]);
        lua_setfield(L, -2, f->knobs[i].name);
    }
    return ask_bool(L, r->limit, 1);
}

static bool is_proposed(const struct decision *d, const struct candidate *c)
{
    for (size_t i = 0; i < d->n_candidates; i++)
        if (candidate_same_point(&d->candidates[i], c))
            return true;
    return false;
}

static enum point_fate propose(const struct question *q, const struct rule *r,
                               const struct candidate *point)
{
    struct decision *d = q->out;
    if (q->rs->no_atomics && !candidate_repeats(point))
        return POINT_BARRED;
    if (!q->keep_all && is_proposed(d, point))
        return POINT_REPEATED;
    if (d->n_candidates == MAX_CANDIDATES)
        return POINT_LEFT_OUT;
    struct candidate *c = &d->candidates[d->n_candidates++];
    c->family = point->family;
    memcpy(c->values, point->values, sizeof(c->values));
    snprintf(c->rule, sizeof(c->rule), "%s", r->name);
    snprintf(c->why, sizeof(c->why), "%s", r->why);
    snprintf(c->where, sizeof(c->where), "%s", r->where);
    return POINT_TAKEN;
}

int trace_n_taken(const struct rule_trace *t)
{
    return t->n_points - t->n_rejected - t->n_repeated - t->n_left_out -
           t->n_barred;
}

static void count_point(const struct question *q, struct rule_trace *t,
                        const struct candidate *point, enum point_fate fate)
{
    const struct point_watcher *w = q->rs->watcher;
    t->n_points++;
    t->n_rejected += fate == POINT_REJECTED;
    t->n_repeated += fate == POINT_REPEATED;
    t->n_left_out += fate == POINT_LEFT_OUT;
    t->n_barred += fate == POINT_BARRED;
    if (w)
        w->point(w->context, t, point, fate);
}

static void take_points(lua_State *L, const struct question *q,
                        const struct rule *r, const struct choice *c,
                        struct rule_trace *t)
{
    struct candidate point = {.family = c->family};
    int n = choice_points(L, c, r->where);
    for (int i = 0; i < n; i++) {
        if (i % POINTS_BETWEEN_LOOKS == 0)
            sandbox_check_time(L);
        choice_point(c, i, point.values);
        enum point_fate fate =
            within_limit(L, r, c->family, point.values)
                ? propose(q, r, &point)
                : POINT_REJECTED;
        count_point(q, t, &point, fate);
    }
}

static void take_vote(struct decision *d, struct rule_trace *trace,
                      const char *vote)
{
    snprintf(trace->reorder, sizeof(trace->reorder), "%s", vote);
    if (!d->reorder[0])
        snprintf(d->reorder, sizeof(d->reorder), "%s", vote);
}

// The choice on top of the stack; pops it.
static void take_choices(lua_State *L, const struct question *q,
                         const struct rule *r, struct rule_trace *trace)
{
    int index = lua_gettop(L);
    if (lua_type(L, index) != LUA_TTABLE)
        raise_at(L, r->where, "'choose' must return a table, not a %s",
                 luaL_typename(L, index));
    int n = choices_count(L, index, r->where);
    for (int i = 1; i <= n; i++) {
        struct choice c;
        choices_push(L, index, i);
        choice_read(L, index + 1, q->rs->families, r->where, &c);
        lua_settop(L, index);
        if (c.reorder[0]) {
            take_vote(q->out, trace, c.reorder);
            trace->fired = true;
        }
        if (c.family && strcmp(c.family->op, q->op) == 0) {
            take_points(L, q, r, &c, trace);
            trace->fired = true;
        }
    }
    lua_settop(L, index - 1);
}

static void write_note(struct rule_trace *t, const char *op)
{
    size_t used = 0;
    const struct {
        int n;
        const char *what;
    } parts[] = {
        {t->n_rejected, "limit rejected"},
        {t->n_repeated, "already proposed:"},
        {t->n_left_out, "too many candidates, left out:"},
        {t->n_barred, "results would not repeat:"},
    };
    if (!t->fired)
        snprintf(t->note, sizeof(t->note), "proposes nothing for '%.32s'", op);
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
        if (parts[i].n && used < sizeof(t->note))
            used += (size_t)snprintf(t->note + used, sizeof(t->note) - used,
                                     "%s%s %d of %d points", used ? "; " : "",
                                     parts[i].what, parts[i].n, t->n_points);
}

static void ask_rule(lua_State *L, const struct question *q,
                     const struct rule *r)
{
    struct rule_trace *trace = &q->out->traces[q->out->n_traces++];
    snprintf(trace->rule, sizeof(trace->rule), "%s", r->name);
    snprintf(trace->where, sizeof(trace->where), "%s", r->where);
    snprintf(trace->why, sizeof(trace->why), "%s", r->why);
    trace->priority = r->priority;
    q->rs->trace = trace;
    if (!ask_bool(L, r->when, 0))
        return;
    trace->matched = true;
    lua_rawgeti(L, LUA_REGISTRYINDEX, r->choose);
    if (lua_type(L, -1) == LUA_TFUNCTION) {
        lua_pop(L, 1);
        ask(L, r->choose, 0);
    }
    take_choices(L, q, r, trace);
    write_note(trace, q->op);
}

static int by_priority(const void *pa, const void *pb)
{
    const struct rule *a = *(const struct rule *const *)pa;
    const struct rule *b = *(const struct rule *const *)pb;
    if (a->priority != b->priority)
        return a->priority > b->priority ? -1 : 1;
    return (a > b) - (a < b); // order of definition
}

static int ask_all(lua_State *L)
{
    const struct question *q = lua_touserdata(L, 1);
    const struct rule *order[MAX_RULES];
    size_t n = q->rs->n_rules;

    for (size_t i = 0; i < n; i++)
        order[i] = &q->rs->rules[i];
    qsort(order, n, sizeof(order[0]), by_priority);
    luaL_checkstack(L, 32, NULL);
    for (size_t i = 0; i < n; i++)
        ask_rule(L, q, order[i]);
    return 0;
}

gnnac_status rules_evaluate(struct ruleset *rs, const char *op, bool keep_all,
                            struct decision *out, gnnac_error *err)
{
    struct question q = {rs, op, keep_all, out};
    lua_State *L = sandbox_lua(rs->sandbox);
    lua_pushcfunction(L, ask_all);
    lua_pushlightuserdata(L, &q);
    gnnac_status st = sandbox_call(rs->sandbox, 1, 0, err);
    rs->trace = NULL;
    return st;
}
