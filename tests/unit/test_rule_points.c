// The points that rules propose: what becomes of each, and choices without end.
#include <time.h>

#include "unit/rules_fixture.h"

static struct decision d;

static gnnac_status decide(const char *text)
{
    return decide_by(text, &d);
}

struct counted {
    int n, fates[4];
};

static void count_fate(void *context, const struct rule_trace *t,
                       const struct candidate *c, enum point_fate fate)
{
    struct counted *n = context;
    CHECK(c->family && t->matched);
    n->n++;
    n->fates[fate]++;
}

TEST(every_point_of_a_rule_is_counted_by_what_became_of_it)
{
    const char *text =
        "rule 'a' { when = function() return true end, why = 'x', choose = { "
        "template = 'row_split', unroll = { 1, 2, 3, 4 } }, limit = function(p)"
        " return p.unroll < 4 end, priority = 1 }\n"
        "rule 'b' { when = function() return true end, why = 'x', choose = { "
        "template = 'row_split', unroll = { 3, 4 } } }";
    struct counted seen = {0};
    const struct point_watcher watcher = {&seen, count_fate};
    struct ruleset *rs = load_all(&text, 1);
    default_props();
    ruleset_watch_points(rs, &watcher);
    CHECK_INT(ruleset_decide(rs, "aggregate", &graph, &layer, &device, &d,
                             &err),
              GNNAC_OK);
    CHECK_INT(d.traces[0].n_points, 4);
    CHECK_INT(d.traces[0].n_rejected, 1);
    CHECK_INT(trace_n_taken(&d.traces[0]), 3);
    CHECK_INT(d.traces[1].n_repeated, 1);
    CHECK_INT(trace_n_taken(&d.traces[1]), 1);
    CHECK_INT(seen.n, 6);
    CHECK_INT(seen.fates[POINT_TAKEN], (int)d.n_candidates);
    CHECK_INT(seen.fates[POINT_REJECTED], 1);
    CHECK_INT(seen.fates[POINT_REPEATED], 1);
    ruleset_destroy(rs);
}

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

// The host's own loops over what a rule gives are under its limits, too.
TEST(choices_without_end_are_stopped)
{
    static const char many[] =
        "local c, one = {}, { template = 'row_split' } for i = 1, 500000 do "
        "c[i] = one end ";
    static const char large[] =
        "local c = {} for i = 1, 1000 do c[i] = { template = 'row_split', "
        "dimWorker = { 1, 2, 4, 8, 16, 32 }, edgeWorker = { 1, 2, 3, 4, 5, 6, "
        "7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, "
        "25, 26, 27, 28, 29, 30, 31, 32 }, vec = { 1, 2, 3, 4 }, unroll = { 1, "
        "2, 3, 4, 5, 6, 7, 8 }, warpPerBlock = { 1, 2, 3, 4, 5, 6, 7, 8 } } "
        "end ";
    static const struct {
        const char *table, *choose, *what;
    } bombs[] = {
        {many, "c", "more than 1024 tables"},
        {many, "function() return c end", "more than 1024 tables"},
        {large, "c", "ran for more than 1 s"},
        {large, "function() return c end", "ran "},
    };
    for (size_t i = 0; i < 4; i++) {
        char text[1200];
        snprintf(text, sizeof(text),
                 "%s rule 'r' { when = function() return true end, choose = %s,"
                 " why = 'x' }", bombs[i].table, bombs[i].choose);
        double start = seconds();
        err = (gnnac_error){{0}};
        default_props();
        CHECK(decide(text) != GNNAC_OK);
        CHECK_HAS(err.msg, bombs[i].what);
        CHECK(strncmp(err.msg, "test.lua:1: ", 12) == 0);
        CHECK(seconds() - start < 2);
    }
}

int main(void)
{
    RUN(every_point_of_a_rule_is_counted_by_what_became_of_it);
    RUN(choices_without_end_are_stopped);
    return test_done();
}
