#include "tune/twins.h"

#include <string.h>

static bool is_usable(const struct variant *v)
{
    return strcmp(v->status, "ok") == 0;
}

int32_t twin_of(const struct variant *all, const int32_t *options, size_t n,
                int32_t v)
{
    for (size_t i = 0; i < n && v >= 0 && all[v].content[0]; i++)
        if (strcmp(all[options[i]].content, all[v].content) == 0)
            return options[i];
    return v;
}

size_t twins_collapse(const struct variant *all, const int32_t *options,
                      size_t n, int32_t *distinct)
{
    size_t n_distinct = 0;
    for (size_t i = 0; i < n; i++)
        if (twin_of(all, options, n, options[i]) == options[i])
            distinct[n_distinct++] = options[i];
    return n_distinct;
}

void twins_fail(struct variant *all, const int32_t *options, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct variant *v = &all[options[i]];
        const struct variant *first =
            &all[twin_of(all, options, n, options[i])];
        if (!is_usable(v) || is_usable(first))
            continue;
        v->status = first->status;
        v->verdict = first->verdict;
        memcpy(v->reason, first->reason, sizeof(v->reason));
    }
}
