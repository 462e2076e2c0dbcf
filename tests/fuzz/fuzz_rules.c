// Any text as a rule file: load it, ask it about a few graphs, run its tests.
#include <stdlib.h>

#include "unit/rules_fixture.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct rule_test_result result;
    struct ruleset *rs = NULL;
    char hash[33];

    err.msg[0] = '\0';
    if (ruleset_create(&families, &rs, &err) != GNNAC_OK)
        abort();
    if (ruleset_load_text(rs, "fuzz.lua", (const char *)data, size, &err) ==
        GNNAC_OK) {
        ruleset_hash(rs, hash);
        (void)ruleset_probe(rs, &err);
        (void)ruleset_test(rs, &result, &err);
    }
    ruleset_destroy(rs);
    return 0;
}
