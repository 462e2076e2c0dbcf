// A manifest to change, and its text.
#ifndef GNNAC_MANIFEST_EXAMPLE_H
#define GNNAC_MANIFEST_EXAMPLE_H

#include <jansson.h>

#include "bundle/manifest.h"
#include "bundle_fixture.h"

static inline struct manifest *example(void)
{
    struct fixture_graph g = fixture_graph_of(3, NULL, 0);
    struct manifest *m = fixture_manifest(
        &(struct model_request){.name = "gin", .dim = 6, .hidden = 4,
                                .classes = 2, .layers = 2, .mlp = 2},
        &g);
    fixture_graph_finish(&g);
    if (!m)
        abort();
    return m;
}

static inline char *text_of(const struct manifest *m)
{
    json_t *j = manifest_to_json(m);
    char *text = json_dumps(j, JSON_COMPACT);
    json_decref(j);
    return text;
}

#endif
