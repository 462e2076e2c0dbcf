#include "cli/action.h"

#include <string.h>

#include "base/nearest.h"

gnnac_status action_find(const char *command, const struct action *actions,
                         size_t n, const struct options *o,
                         const struct action **out, gnnac_error *err)
{
    struct nearest near = {.wanted = o->args[0]};
    char hint[96];
    size_t n_args = o->n_args - 1, i = 0;
    while (i < n && strcmp(actions[i].name, o->args[0]) != 0)
        nearest_offer(&near, actions[i++].name);
    if (i == n)
        return FAIL(err, GNNAC_EUSAGE,
                    "%s has no action '%s'%s; gnnac %s --help lists them",
                    command, o->args[0],
                    nearest_hint(&near, hint, sizeof(hint)), command);
    if (n_args < actions[i].min_args || n_args > actions[i].max_args)
        return FAIL(err, GNNAC_EUSAGE, "usage: gnnac %s %s%s", command,
                    actions[i].name, actions[i].args);
    *out = &actions[i];
    return GNNAC_OK;
}
