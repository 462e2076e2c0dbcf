// Commands that consist of actions, such as gnnac db and gnnac rules: a table
// of them, and the one that was asked for.
#ifndef GNNAC_ACTION_H
#define GNNAC_ACTION_H

#include "cli/cli.h"

struct action {
    const char *name, *args; // " FILE...", for people
    size_t min_args, max_args; // behind the name
    gnnac_status (*run)(const struct options *o, gnnac_error *err);
};

// The action of `command` that args[0] names; it takes as many arguments as
// there are. GNNAC_EUSAGE.
gnnac_status action_find(const char *command, const struct action *actions,
                         size_t n, const struct options *o,
                         const struct action **out, gnnac_error *err);

#endif
