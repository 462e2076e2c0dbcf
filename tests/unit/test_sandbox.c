// Programs that must run, and programs that must be stopped: every bomb ends
// with one clear line within two seconds.
#include "base/sandbox.h"
#include "test.h"

#include <time.h>

#include <lauxlib.h>

static gnnac_error err;

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t); // other tests run meanwhile
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

// Run `text` as "prog.lua" in a sandbox of its own; one result as text.
static gnnac_status run_bytes(const char *text, size_t n_bytes,
                              char result[256])
{
    struct sandbox *sb = NULL;
    err = (gnnac_error){0};
    gnnac_status st = sandbox_create(&sb, &err);
    if (st == GNNAC_OK)
        st = sandbox_load(sb, text, n_bytes, "prog.lua", &err);
    if (st == GNNAC_OK)
        st = sandbox_call(sb, 0, 1, &err);
    if (st == GNNAC_OK && result) {
        const char *s = lua_tostring(sandbox_lua(sb), -1);
        snprintf(result, 256, "%s", s ? s : "(nothing)");
    }
    sandbox_destroy(sb);
    return st;
}

static gnnac_status run(const char *text, char result[256])
{
    return run_bytes(text, strlen(text), result);
}

static void expect_result(const char *text, const char *want)
{
    char got[256] = "";
    if (run(text, got) != GNNAC_OK)
        TEST__FAIL("%s: %s", text, err.msg);
    CHECK_STR(got, want);
}

// A slow machine may meet the deadline before the memory cap.
static const char MEMORY_OR_TIME[] = "64 MiB|ran for";

static bool has_one_of(const char *text, const char *parts)
{
    char part[64];
    const char *bar = strchr(parts, '|');
    snprintf(part, sizeof(part), "%.*s", bar ? (int)(bar - parts) : 63, parts);
    return strstr(text, part) || (bar && strstr(text, bar + 1));
}

static void expect_error(const char *text, const char *part)
{
    double start = now_s();
    gnnac_status st = run(text, NULL);
    CHECK_INT(st, GNNAC_EFORMAT);
    if (!has_one_of(err.msg, part))
        TEST__FAIL("\"%s\" lacks \"%s\"", err.msg, part);
    CHECK(strncmp(err.msg, "prog.lua:", 9) == 0);
    CHECK(!strchr(err.msg, '\n'));
    if (now_s() - start > 2)
        TEST__FAIL("%.60s: took %.1f s", text, now_s() - start);
}

TEST(ordinary_programs_run)
{
    expect_result("return 1 + 2", "3");
    expect_result("local t = {} for i = 1, 5 do t[i] = i * i end "
                  "return table.concat(t, ' ')",
                  "1 4 9 16 25");
    expect_result("return ('%d-%s'):format(7, 'x')", "7-x");
    expect_result("return string.rep('ab', 3, ',')", "ab,ab,ab");
    expect_result("return (('a=1'):match('^(%w+)=(%w+)$'))", "a");
    expect_result("local s = '' for w in ('a b c'):gmatch('%a') do s = s .. w "
                  "end return s",
                  "abc");
    expect_result("return math.max(3, 4.5) // 1 | 0", "4");
    expect_result("return utf8.char(228)", "\xc3\xa4");
    expect_result("local t = {3, 1, 2} table.sort(t, function(a, b) "
                  "return a > b end) return table.concat(t)",
                  "321");
    expect_result("return select('#', table.unpack({1, 2, 3}))", "3");
}

TEST(pairs_goes_in_a_fixed_order)
{
    expect_result("local s = '' for k, v in pairs({b = 1, a = 2, [10] = 3, "
                  "[2.5] = 4, [true] = 5, aa = 6}) do s = s .. tostring(k) .. "
                  "'=' .. v .. ' ' end return s",
                  "2.5=4 10=3 a=2 aa=6 b=1 true=5 ");
    expect_result("local t = {a = 1, b = 2, c = 3} local s = '' "
                  "for k in pairs(t) do t.b = nil s = s .. k end return s",
                  "ac");
    expect_error("for k in pairs({[{}] = 1}) do end", "a key that is a table");
    expect_error("for k in pairs(5) do end", "table expected");
}

TEST(addresses_are_never_printed)
{
    expect_result("return tostring({})", "table");
    expect_result("return tostring(type)", "function");
    expect_error("return ('%p'):format({})", "'%p' is not available");
    expect_error("return ('%-9p'):format({})", "'%p' is not available");
    expect_error("return ('%s'):format({})", "bad argument");
}

TEST(what_is_not_on_the_whitelist_is_absent)
{
    static const char *const names[] = {
        "io",
        "os",
        "debug",
        "coroutine",
        "package",
        "require",
        "load",
        "loadfile",
        "loadstring",
        "dofile",
        "collectgarbage",
        "rawset",
        "rawget",
        "rawequal",
        "rawlen",
        "getmetatable",
        "setmetatable",
        "print",
        "warn",
        "next",
        "pcall",
        "xpcall",
        "_G",
        "math.random",
        "math.randomseed",
        "string.dump",
        "string.pack",
    };
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        char text[64];
        snprintf(text, sizeof(text), "local x = %s", names[i]);
        CHECK_INT(run(text, NULL), GNNAC_EFORMAT);
        CHECK_HAS(err.msg, "prog.lua:1: ");
        CHECK_HAS(err.msg,
                  strchr(names[i], '.') ? "has no field" : "no global");
    }
}

TEST(globals_and_libraries_are_read_only)
{
    expect_error("x = 1", "global 'x' cannot be set; use 'local'");
    expect_error("string = nil", "global 'string' cannot be set");
    expect_error("string.format = 1", "string is read-only");
    expect_error("\n\nreturn math.sine(1)",
                 "prog.lua:3: math has no field 'sine' (did you mean 'sin'?)");
    expect_error("return tosting(1)", "(did you mean 'tostring'?)");
    expect_error("_ENV.x = 1", "cannot be set");
    expect_error("table.insert(math, 1)", "math is read-only");
    expect_error("table.move({1}, 1, 1, 1, string)", "string is read-only");
    expect_error("function helper() end", "global 'helper' cannot be set");
}

TEST(errors_say_where)
{
    expect_error("local t\n\nreturn t.x", "prog.lua:3: attempt to index a nil");
    expect_error("return ((", "prog.lua:1: ");
    expect_error("error('boom')", "prog.lua:1: boom");
    expect_error("error('boom', 0)", "prog.lua:1: boom");
    expect_error("error({})",
                 "prog.lua:1: the error is not a text but a table");
    expect_error("error()", "the error is not a text but a nil");
    expect_error("error(function() end)", "a function");
    expect_error("error('two\\nlines')", "two lines");
    expect_error("assert(false)", "assertion failed!");
    expect_error("assert(nil, {})", "not a text");
}

TEST(long_chunk_names_are_whole_in_messages)
{
    char name[201], want[256];
    struct sandbox *sb = NULL;
    memset(name, 'd', 200);
    memcpy(name + 190, "/x.lua", 7);
    CHECK_INT(sandbox_create(&sb, &err), GNNAC_OK);
    for (int i = 0; i < 2; i++) {
        const char *text = i ? "\nlocal x = nil + 1" : "\nlocal = 1";
        err = (gnnac_error){0};
        gnnac_status st = sandbox_load(sb, text, strlen(text), name, &err);
        if (i)
            st = sandbox_call(sb, 0, 0, &err);
        CHECK_INT(st, GNNAC_EFORMAT);
        snprintf(want, sizeof(want), "%s:2: ", name);
        CHECK(strncmp(err.msg, want, strlen(want)) == 0);
    }
    sandbox_destroy(sb);
}

TEST(bytecode_is_refused)
{
    static const char code[] = "\x1bLuaT\0\x19\x93\r\n\x1a\n";
    CHECK_INT(run_bytes(code, sizeof(code) - 1, NULL), GNNAC_EFORMAT);
    CHECK_STR(err.msg, "prog.lua:1: Lua bytecode is not accepted");
}

TEST(endless_programs_are_stopped)
{
    expect_error("while true do end",
                 "10 million instructions|ran for more than");
    expect_error("\n\nrepeat until false", "prog.lua:3: ran");
    expect_error("local function f() return f() end f()", "ran");
    expect_error("for i = 1, math.huge do end", "ran");
    expect_error("::a:: goto a", "ran");
    expect_error("while true do local t = {} end", "ran");
    expect_error("local s = ('x'):rep(1 << 20) while true do "
                 "local y = s .. 'y' end",
                 "ran");
    expect_error("('x'):rep(1000):gsub('.', function() while true do end end)",
                 "ran");
    expect_error("table.sort({3, 2, 1}, function() while true do end end)",
                 "ran");
}

TEST(slow_library_calls_are_stopped)
{
    expect_error("local t = {} for i = 1, 1e6 do t[i] = i end "
                 "while true do table.insert(t, 1, 0) table.remove(t, 1) end",
                 "ran");
    expect_error("local t = {} for i = 1, 1e5 do t[i] = 1e5 - i end "
                 "table.sort(t)",
                 "more than 65536 values");
    expect_error("table.move({}, 1, math.maxinteger, 2)", "values");
    expect_error("table.move({}, math.mininteger, math.maxinteger, 2)",
                 "values");
    expect_error("local t = {} for i = 1, 65536 do t['k' .. i] = i end "
                 "while true do for k in pairs(t) do break end end",
                 "ran");
    expect_error("local t = {} for i = 1, 60000 do t[i] = i % 7 end "
                 "while true do table.sort(t) end",
                 "ran");
    expect_error("local s = ('x'):rep(1 << 20) "
                 "while true do s:reverse() s:upper() end",
                 "ran");
    // One long text many times over: every comparison reads all of it.
    expect_error("local s = ('x'):rep(1 << 20) local t = {} "
                 "for i = 1, 65536 do t[i] = s end table.sort(t)",
                 "more than 16 MiB of text");
    expect_error("local s = ('x'):rep(1 << 20) local t = {} "
                 "for i = 1, 65536 do t[i] = s end "
                 "table.sort(t, function(a, b) return a < b end)",
                 "ran");
    expect_error("local t = {} for i = 1, 65536 do t[i] = i end "
                 "table.sort(t, function() return true end)",
                 "invalid order function|ran");
    expect_error("local p = ('k'):rep(900) local t = {} "
                 "for i = 1, 60000 do t[p .. i] = 1 end "
                 "while true do for k in pairs(t) do break end end",
                 MEMORY_OR_TIME);
    expect_error("local s = ('1'):rep(1 << 20) "
                 "while true do local x = s + 1 end",
                 "ran");
    expect_error("local s = ('1'):rep(1 << 20) "
                 "while true do tonumber(s) tonumber(s, 36) end",
                 "ran");
    expect_error("local s = ('x'):rep(1 << 20) while true do utf8.len(s) end",
                 "ran");
    expect_error("local t = {} for i = 1, 2e5 do t[i] = i end "
                 "local function f(...) for i = 1, select('#', ...) do "
                 "local x = select(i, ...) end end "
                 "while true do f(table.unpack(t)) end",
                 "ran");
    expect_error("local s = ('a'):rep(1 << 13) while true do "
                 "s:find(('a'):rep(1 << 12) .. 'b', 1, true) end",
                 "ran");
    expect_error("local s = ('x'):rep(1 << 20) while true do "
                 "local t = {s:byte(1, 1e5)} end",
                 "ran");
    expect_error("local t = {} for i = 1, 1e5 do t[i] = 'x' end "
                 "while true do table.concat(t) end",
                 "ran");
}

TEST(pattern_bombs_are_refused)
{
    expect_error("return ('a'):rep(24):find(('a?'):rep(24) .. ('a'):rep(24) "
                 ".. 'b')",
                 "this pattern could take too long");
    expect_error("return ('a'):rep(3000):find('.-.-.-b')", "too long");
    expect_error("return ('a'):rep(3000):match('.-.-.-b')", "too long");
    expect_error("return ('a'):rep(3000):gsub('.-.-.-b', '')", "too long");
    expect_error("return ('a'):rep(3000):gmatch('.-.-.-b')()", "too long");
    expect_error("return ('^'):rep(20000):gmatch('^^-b')()", "too long");
    expect_error("return ('('):rep(50000):find('%b()')", "too long");
    expect_error("local s = ('a'):rep(1 << 20) "
                 "return s:find(('a'):rep(1 << 19) .. 'b', 1, true)",
                 "too long");
    expect_error("return ('a'):rep(300000):find(('[^b]'):rep(999))",
                 "too long");
    expect_error("return ('x'):find(('('):rep(100))", "captures");
    expect_error("while true do ('a'):rep(250):find('.-.-b') end", "ran");
}

TEST(memory_bombs_are_stopped)
{
    expect_error("return ('x'):rep(1e9)", "larger than 1 MiB");
    expect_error("return ('x'):rep(math.maxinteger)", "larger than 1 MiB");
    expect_error("return ('x'):rep(1e6, ('y'):rep(1e3))", "larger than 1 MiB");
    expect_error("\nlocal s = 'x'\nwhile true do s = s .. s end",
                 "prog.lua:3: used more than 64 MiB of memory");
    expect_error("local t = {} for i = 1, math.huge do t[i] = i end",
                 MEMORY_OR_TIME);
    expect_error("local t = {} for i = 1, math.huge do t[i] = {} end",
                 MEMORY_OR_TIME);
    expect_error("local t = {} for i = 1, math.huge do t[i] = 'k' .. i end",
                 "");
    expect_error("local t = {} while true do t = {t} end", MEMORY_OR_TIME);
    expect_error("return ('%99.99f'):rep(20000):format()",
                 "larger than 64 KiB");
    expect_error("local t = {} for i = 1, 200 do t[i] = ('x'):rep(1 << 20) end",
                 MEMORY_OR_TIME);
    expect_error("local s = ('x'):rep(1 << 20) local t = {} "
                 "for i = 1, 99 do t[i] = s end return table.concat(t)",
                 MEMORY_OR_TIME);
    expect_error("local s = ('x'):rep(1 << 16) return s:gsub('x', s)",
                 MEMORY_OR_TIME);
    expect_error("local s = ('x'):rep(1 << 20) local a = {} "
                 "for i = 1, 200 do a[i] = s end "
                 "return ('%s'):rep(200):format(table.unpack(a))",
                 "used more than 64 MiB");
    expect_error("local s = ('x'):rep(1 << 20) while true do "
                 "s:gsub('.', {x = ('y'):rep(99)}) end",
                 MEMORY_OR_TIME);
    expect_error("local t = {} while true do table.insert(t, 1, {}) end",
                 MEMORY_OR_TIME);
    expect_error("local t = {} for i = 1, 9e5 do t[i] = i end "
                 "local function g(...) end "
                 "local function f(...) while true do g(...) end end "
                 "f(table.unpack(t))",
                 "overflow|ran");
    expect_error("return table.unpack({}, 1, 1e7)", "too many results");
    expect_error("return ('x'):rep(1 << 20):byte(1, -1)", "too long");
}

// Live data just below the cap, then garbage: every few allocations would
// collect everything there is.
TEST(thrashing_near_the_memory_cap_is_stopped)
{
    expect_error("local keep = {} for i = 1, 500000 do keep[i] = {i} end "
                 "local more = {} for i = 1, 60 do "
                 "more[i] = ('x'):rep(200000) .. i end "
                 "while true do local t = {{}, {}, {}} end",
                 "");
}

TEST(deep_recursion_is_stopped)
{
    expect_error("local function f(n) if n == 0 then error('deep', 0) end "
                 "return 1 + f(n - 1) end return f(150000)",
                 "prog.lua:1: deep");
    expect_error("local function f() return 1 + f() end return f()", "");
    expect_error("local function f() return ('x'):gsub('x', f) end return f()",
                 "overflow");
    expect_error("local function f(a, b) table.sort({1, 2}, f) end f()",
                 "overflow");
}

// No code of the program runs behind its back: there is no way to a metatable,
// and nothing that is closed or collected calls anything.
TEST(metatables_and_finalizers_are_out_of_reach)
{
    expect_error("setmetatable({}, {__gc = function() while true do end end})",
                 "no global 'setmetatable'");
    expect_error("local t = {__gc = 1} local x <close> = t",
                 "non-closable value");
    expect_error("local m = ('').__index", "string has no field '__index'");
    expect_error("local m = getmetatable('')", "no global 'getmetatable'");
    expect_error("('').x = 1", "");
    expect_error("local t = {__index = {x = 1}} return t.x.y", "index a nil");
    expect_error("local t = {__lt = function() end} return t < t",
                 "attempt to compare");
    expect_error("local t = {__concat = 1} return t .. t", "concatenate");
    expect_error("local t = {__call = print} t()", "no global 'print'");
    expect_error("string.dump(function() end)", "no field 'dump'");
    expect_error("coroutine.wrap(function() end)()", "no global 'coroutine'");
    expect_error("error(('x\\n'):rep(1 << 19))", "x x x");
}

// Texts that are hard on the parser.
static void expect_refused(const char *head, const char *repeat, int n,
                           const char *tail)
{
    size_t n_repeat = strlen(repeat), n_head = strlen(head);
    size_t n_bytes = n_head + n_repeat * (size_t)n + strlen(tail);
    char *text = malloc(n_bytes + 1);
    double start = now_s();
    memcpy(text, head, n_head);
    for (int i = 0; i < n; i++)
        memcpy(text + n_head + n_repeat * (size_t)i, repeat, n_repeat);
    strcpy(text + n_head + n_repeat * (size_t)n, tail);
    CHECK_INT(run_bytes(text, n_bytes, NULL), GNNAC_EFORMAT);
    CHECK(strncmp(err.msg, "prog.lua:", 9) == 0);
    CHECK(now_s() - start < 2);
    free(text);
}

TEST(parser_bombs_are_stopped)
{
    expect_refused("return ", "(", 100000, "");
    expect_refused("return ", "{", 100000, "");
    expect_refused("return ", "not ", 100000, "1");
    expect_refused("return 1", "..1", 100000, "");
    expect_refused("", "do ", 100000, "");
    expect_refused("", "local function f() ", 1000, "");
    expect_refused("", "goto a; ", 100000, "");
    expect_refused("local x = '", "x", 2 << 20, "'");
    expect_refused("local t = {", "{},", 300000, "} t()");
}

// 190 nested functions of 200 locals each: every global name is looked for
// among all of them.
TEST(slow_name_lookups_are_stopped)
{
    size_t size = 1 << 20, n = 0;
    char *text = malloc(size);
    for (int f = 0; f < 180; f++) {
        n += (size_t)snprintf(text + n, size - n, "local function f() local a");
        for (int i = 0; i < 190; i++)
            n += (size_t)snprintf(text + n, size - n, ",a");
        n += (size_t)snprintf(text + n, size - n, "\n");
    }
    while (n + 8 < size)
        n += (size_t)snprintf(text + n, size - n, "x=x ");
    double start = now_s();
    CHECK_INT(run_bytes(text, n, NULL), GNNAC_EFORMAT);
    CHECK(now_s() - start < 2);
    free(text);
}

TEST(a_tripped_sandbox_stays_tripped)
{
    struct sandbox *sb = NULL;
    const char *bomb = "while true do end", *fine = "return 1";
    CHECK_INT(sandbox_create(&sb, &err), GNNAC_OK);
    CHECK_INT(sandbox_load(sb, fine, strlen(fine), "fine.lua", &err), GNNAC_OK);
    CHECK_INT(sandbox_load(sb, bomb, strlen(bomb), "bomb.lua", &err), GNNAC_OK);
    CHECK_INT(sandbox_call(sb, 0, 0, &err), GNNAC_EFORMAT);
    err = (gnnac_error){0};
    CHECK_INT(sandbox_call(sb, 0, 1, &err), GNNAC_EFORMAT);
    CHECK_HAS(err.msg, "bomb.lua:1: ran");
    err = (gnnac_error){0};
    CHECK_INT(sandbox_load(sb, fine, strlen(fine), "fine.lua", &err),
              GNNAC_EFORMAT);
    CHECK_HAS(err.msg, "bomb.lua:1: ran");
    CHECK_INT(lua_gettop(sandbox_lua(sb)), 0);
    sandbox_destroy(sb);
}

static int host_function(lua_State *L)
{
    lua_pushinteger(L, 2 * luaL_checkinteger(L, 1));
    return 1;
}

TEST(hosts_add_globals_and_every_call_has_a_fresh_budget)
{
    struct sandbox *sb = NULL;
    const char *text = "for i = 1, 3e6 do end return double(21)";
    err = (gnnac_error){0};
    CHECK_INT(sandbox_create(&sb, &err), GNNAC_OK);
    lua_pushcfunction(sandbox_lua(sb), host_function);
    sandbox_set_global(sb, "double");
    for (int i = 0; i < 9; i++) {
        CHECK_INT(sandbox_load(sb, text, strlen(text), "a.lua", &err),
                  GNNAC_OK);
        CHECK_INT(sandbox_call(sb, 0, 1, &err), GNNAC_OK);
        CHECK_INT(lua_tointeger(sandbox_lua(sb), -1), 42);
        lua_pop(sandbox_lua(sb), 1);
    }
    CHECK_STR(err.msg, "");
    sandbox_destroy(sb);
}

int main(void)
{
    RUN(ordinary_programs_run);
    RUN(pairs_goes_in_a_fixed_order);
    RUN(addresses_are_never_printed);
    RUN(what_is_not_on_the_whitelist_is_absent);
    RUN(globals_and_libraries_are_read_only);
    RUN(errors_say_where);
    RUN(long_chunk_names_are_whole_in_messages);
    RUN(bytecode_is_refused);
    RUN(endless_programs_are_stopped);
    RUN(slow_library_calls_are_stopped);
    RUN(pattern_bombs_are_refused);
    RUN(memory_bombs_are_stopped);
    RUN(thrashing_near_the_memory_cap_is_stopped);
    RUN(deep_recursion_is_stopped);
    RUN(metatables_and_finalizers_are_out_of_reach);
    RUN(parser_bombs_are_stopped);
    RUN(slow_name_lookups_are_stopped);
    RUN(a_tripped_sandbox_stays_tripped);
    RUN(hosts_add_globals_and_every_call_has_a_fresh_budget);
    return test_done();
}
