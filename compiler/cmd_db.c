// gnnac db ACTION: look into the tuning database and the kernel cache, and move
// what is in them.
#include "cmd_db.h"

#include <string.h>

#include "base/nearest.h"

static const struct action {
    const char *name, *args;
    size_t min_args, max_args;
    gnnac_status (*run)(const struct options *o, gnnac_error *err);
} actions[] = {
    {"info", "", 0, 0, db_info},
    {"verify", "", 0, 0, db_verify_files},
    {"best", " [GRAPH [OP]]", 0, 2, db_best},
    {"history", " [GRAPH [OP]]", 0, 2, db_history},
    {"why", " [GRAPH [OP]]", 0, 2, db_why},
    {"export", "", 0, 0, db_export},
    {"import", " FILE...", 1, CLI_MAX_ARGS, db_import},
    {"merge", " OTHER...", 1, CLI_MAX_ARGS, db_merge},
    {"prune", "", 0, 0, db_prune},
};

static const struct action *find_action(const char *name, gnnac_error *err)
{
    struct nearest n = {.wanted = name};
    char hint[96];
    for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
        if (strcmp(actions[i].name, name) == 0)
            return &actions[i];
        nearest_offer(&n, actions[i].name);
    }
    (void)FAIL(err, GNNAC_EUSAGE,
               "db has no action '%s'%s; gnnac db --help lists them", name,
               nearest_hint(&n, hint, sizeof(hint)));
    return NULL;
}

gnnac_status cmd_db(const struct options *o, gnnac_error *err)
{
    const struct action *a = find_action(o->args[0], err);
    size_t n = o->n_args - 1;
    if (!a)
        return GNNAC_EUSAGE;
    if (n < a->min_args || n > a->max_args)
        return FAIL(err, GNNAC_EUSAGE, "usage: gnnac db %s%s", a->name,
                    a->args);
    if (o->no_db)
        return FAIL(err, GNNAC_EUSAGE, "db and --no-db exclude one another");
    return a->run(o, err);
}
