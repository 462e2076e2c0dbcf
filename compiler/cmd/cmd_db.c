// gnnac db ACTION: look into the tuning database and the kernel cache, and move
// what is in them.
#include "cmd/cmd_db.h"

#include "cli/action.h"

static const struct action actions[] = {
    {"info", "", 0, 0, db_info},
    {"verify", "", 0, 0, db_verify_files},
    {"best", " [GRAPH [OP]]", 0, 2, db_best},
    {"history", " [GRAPH [OP]]", 0, 2, db_history},
    {"why", " [GRAPH [OP]]", 0, 2, db_why},
    {"export", "", 0, 0, db_export},
    {"import", " FILE...", 1, CLI_MAX_ARGS, db_import},
    {"merge", " OTHER...", 1, CLI_MAX_ARGS, db_merge},
    {"prune", "", 0, 0, db_prune},
    {"quarantine", "", 0, 0, db_quarantine},
};

gnnac_status cmd_db(const struct options *o, gnnac_error *err)
{
    const struct action *a;
    size_t n = sizeof(actions) / sizeof(actions[0]);
    gnnac_status st = action_find("db", actions, n, o, &a, err);
    if (st != GNNAC_OK)
        return st;
    if (o->no_db)
        return FAIL(err, GNNAC_EUSAGE, "db and --no-db exclude one another");
    return a->run(o, err);
}
