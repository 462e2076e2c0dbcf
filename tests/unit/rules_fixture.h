// Families like the shipped ones, and rule sets made of text.
#ifndef GNNAC_RULES_FIXTURE_H
#define GNNAC_RULES_FIXTURE_H

#include "plan/rules.h"
#include "plan/schema.h"
#include "test.h"

static const struct family_list families = {
    .n = 3,
    .items =
        {
            {.name = "neighbor_group",
             .op = "aggregate",
             .n_knobs = 3,
             .knobs = {{"partSize", 1, 1024, 32, "", false},
                       {"dimWorker", 1, 32, 32, "", false},
                       {"warpPerBlock", 1, 32, 4, "", false}}},
            {.name = "row_split",
             .op = "aggregate",
             .n_knobs = 5,
             .knobs = {{"dimWorker", 1, 32, 32, "", false},
                       {"edgeWorker", 1, 32, 1, "", false},
                       {"vec", 1, 4, 1, "", false},
                       {"unroll", 1, 8, 4, "", false},
                       {"warpPerBlock", 1, 32, 4, "", false}}},
            {.name = "bias_act",
             .op = "bias_act",
             .n_knobs = 1,
             .knobs = {{"warpPerBlock", 1, 32, 4, "", false}}},
        },
};

static gnnac_error err;
static struct props graph, layer, device;

static inline void default_props(void)
{
    graph.n = layer.n = device.n = 0;
    schema_complete(&graph, "graph");
    schema_complete(&layer, "layer");
    schema_complete(&device, "device");
}

static inline gnnac_status load_text(struct ruleset *rs, const char *text)
{
    return ruleset_load_text(rs, "test.lua", text, strlen(text), &err);
}

// A set with these texts loaded, NULL after an error.
static inline struct ruleset *load_all(const char *const *texts, size_t n)
{
    struct ruleset *rs = NULL;
    err = (gnnac_error){{0}};
    CHECK_INT(ruleset_create(&families, &rs, &err), GNNAC_OK);
    for (size_t i = 0; i < n; i++)
        if (load_text(rs, texts[i]) != GNNAC_OK) {
            ruleset_destroy(rs);
            return NULL;
        }
    return rs;
}

// What the rules of `text` make of the properties set.
static inline gnnac_status decide_by(const char *text, struct decision *d)
{
    struct ruleset *rs = load_all(&text, 1);
    gnnac_status st = GNNAC_EFORMAT;
    if (rs) {
        st = ruleset_decide(rs, "aggregate", &graph, &layer, &device, d, &err);
        ruleset_destroy(rs);
    }
    return st;
}

#endif
