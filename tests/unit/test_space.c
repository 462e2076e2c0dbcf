// All points that rules propose, also those for which a decision has no room.
#include "rules_fixture.h"
#include "tune/space.h"

enum { N_FIRST = 32 * 32 };

// Twice 32 x 32 points; the second rule shares half of its points with the
// first.
static const char rules[] =
    "local n = {}\n"
    "local m = {}\n"
    "for i = 1, 32 do n[i] = i; m[i] = i + 16 end\n"
    "rule 'first' { when = function() return true end, why = 'w',\n"
    "  priority = 2, choose = { template = 'neighbor_group', partSize = n,\n"
    "             warpPerBlock = n } }\n"
    "rule 'second' { when = function() return true end, why = 'w',\n"
    "  priority = 1, choose = { template = 'neighbor_group', partSize = m,\n"
    "             warpPerBlock = n } }\n";

static struct decision d;

// The decision's first points and the space of the same answer.
static gnnac_status ask(struct space *s)
{
    const char *text = rules;
    struct ruleset *rs = load_all(&text, 1);
    const struct point_watcher all = space_watcher(s);
    default_props();
    if (!rs)
        return GNNAC_EFORMAT;
    ruleset_watch_points(rs, &all);
    gnnac_status st =
        ruleset_decide(rs, "aggregate", &graph, &layer, &device, &d, &err);
    ruleset_destroy(rs);
    return st == GNNAC_OK ? space_end(s, &err) : st;
}

TEST(every_point_is_there_once_and_of_the_first_who_proposed_it)
{
    struct space s = {0};
    size_t n_first = 0;
    CHECK_INT(ask(&s), GNNAC_OK);
    CHECK_STR(err.msg, "");
    CHECK_INT(s.n, N_FIRST + N_FIRST / 2);
    CHECK_INT(d.n_candidates, MAX_CANDIDATES);
    for (size_t i = 0; i < s.n; i++) {
        struct candidate c;
        space_candidate(&s, i, &c);
        n_first += strcmp(c.rule, "first") == 0;
        if (i < MAX_CANDIDATES)
            CHECK(candidate_same_point(&c, &d.candidates[i]));
        for (size_t k = i + 1; k < s.n; k++)
            CHECK(memcmp(s.points[i].values, s.points[k].values,
                         sizeof(s.points[i].values)) != 0);
    }
    CHECK_INT(n_first, N_FIRST);
    space_finish(&s);
}

TEST(a_point_is_found_by_its_text)
{
    struct space s = {0};
    CHECK_INT(ask(&s), GNNAC_OK);
    CHECK_STR(err.msg, "");
    for (size_t i = 0; i < s.n; i += 7) {
        struct candidate c;
        char knobs[256];
        space_candidate(&s, i, &c);
        candidate_text(&c, knobs, sizeof(knobs));
        CHECK_INT(space_find(&s, "neighbor_group", knobs), i);
        CHECK_INT(space_find(&s, "row_split", knobs), NO_RACER);
    }
    CHECK_INT(space_find(&s, "neighbor_group",
                         "partSize=999 dimWorker=32 warpPerBlock=1"),
              NO_RACER);
    CHECK_INT(space_find(&s, "neighbor_group", "partSize=1"), NO_RACER);
    space_finish(&s);
}

int main(void)
{
    RUN(every_point_is_there_once_and_of_the_first_who_proposed_it);
    RUN(a_point_is_found_by_its_text);
    return test_done();
}
