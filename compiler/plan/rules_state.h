// What the parts of the rule host share. Not for its users.
//
// Functions here that take a lua_State run inside sandbox_call and raise Lua
// errors; they own nothing while they may raise.
#ifndef GNNAC_RULES_STATE_H
#define GNNAC_RULES_STATE_H

#include <lua.h>
#include <xxhash.h>

#include "base/sandbox.h"
#include "plan/rules.h"

enum { MAX_RULES = MAX_TRACES, MAX_TESTS = 512, MAX_LIST = 64 };

struct rule {
    char name[64], why[256], where[256];
    double priority;
    int file;                // counts loaded files
    int when, choose, limit; // registry references; limit may be LUA_NOREF
};

struct rule_test {
    char name[128], where[256];
    int body; // registry reference
    int file;
};

enum object { OBJ_GRAPH, OBJ_LAYER, OBJ_DEVICE, N_OBJECTS };
extern const char *const object_names[N_OBJECTS];

struct ruleset {
    const struct family_list *families;
    struct sandbox *sandbox;
    XXH3_state_t *hash;

    size_t n_rules, n_tests;
    struct rule rules[MAX_RULES];
    struct rule_test tests[MAX_TESTS];

    // While a file loads.
    int file;
    const char *only; // FILE#RULE, else NULL
    char open[256];   // where a `rule "name"` still waits for its body
    bool found;       // `only` was defined
    bool no_atomics;  // see ruleset_bar_atomics

    // While rules are asked.
    const struct props *props[N_OBJECTS];
    struct rule_trace *trace; // gets what is read; may be NULL
    const struct point_watcher *watcher; // may be NULL
};

// Raise an error whose place is `where`, not the running line.
_Noreturn void raise_at(lua_State *L, const char *where, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

// ---- rules_define.c: the globals `rule` and `test`

// Argument: the set as a light userdata.
int rules_install(lua_State *L);

// ---- rules_objects.c: graph, layer and device

void objects_install(lua_State *L, struct ruleset *rs);
// Push the read-only object.
void object_push(lua_State *L, enum object which);

// ---- rules_choose.c: from a `choose` table to points

// One table of a rule's choice: the values of every knob.
struct choice {
    const struct family *family; // NULL: a vote on reordering alone
    char reorder[16];
    struct {
        int n;
        int64_t values[MAX_LIST];
    } axes[MAX_KNOBS];
};

// Read the table at `index`.
void choice_read(lua_State *L, int index, const struct family_list *families,
                 const char *where, struct choice *out);
// Points in the product of the axes (0 without a family); raises beyond 65536.
int choice_points(lua_State *L, const struct choice *c, const char *where);
// The `i`-th point; the last knob varies fastest.
void choice_point(const struct choice *c, int i, int64_t values[MAX_KNOBS]);
// A choice may be one table or a list of them. Number of tables, raises beyond
// 1024; with `i` from 1 push the `i`-th.
int choices_count(lua_State *L, int index, const char *where);
void choices_push(lua_State *L, int index, int i);

// ---- rules_decide.c

// Ask all rules. `keep_all`: keep duplicated points (tests look at each rule by
// itself). The set's props are set by the caller.
gnnac_status rules_evaluate(struct ruleset *rs, const char *op, bool keep_all,
                            struct decision *out, gnnac_error *err);

// ---- rules_test.c

// Check the form of the test body at `index`.
void test_check(lua_State *L, int index, const struct ruleset *rs,
                const char *where);
// True if the test body at `index` expects something of `rule`.
bool test_is_about(lua_State *L, int index, const char *rule);

#endif
