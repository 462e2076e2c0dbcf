#include "tune/oracle_memory.h"

#include <stdlib.h>
#include <string.h>

#include "checked.h"

void oracle_memory_open(struct oracle_memory *m, int64_t n_places,
                        int32_t columns)
{
    size_t n = 0;
    m->columns = (size_t)columns;
    if (!m->kept && size_mul((size_t)n_places, 2 * m->columns, &n) &&
        size_mul(n, sizeof(*m->kept), &n) && n <= ORACLE_MEMORY_BYTES)
        m->kept = malloc(n ? n : 1);
}

void oracle_memory_finish(struct oracle_memory *m)
{
    free(m->kept);
    *m = (struct oracle_memory){0};
}

bool oracle_memory_recall(const struct oracle_memory *m, int64_t place,
                          double *want, double *bound)
{
    if (!m->filled)
        return false;
    const double *at = m->kept + 2 * m->columns * (size_t)place;
    memcpy(want, at, m->columns * sizeof(*at));
    memcpy(bound, at + m->columns, m->columns * sizeof(*at));
    return true;
}

void oracle_memory_keep(struct oracle_memory *m, int64_t place,
                        const double *want, const double *bound)
{
    if (!m->kept)
        return;
    double *at = m->kept + 2 * m->columns * (size_t)place;
    memcpy(at, want, m->columns * sizeof(*at));
    memcpy(at + m->columns, bound, m->columns * sizeof(*at));
}

void oracle_memory_fill(struct oracle_memory *m)
{
    m->filled = m->kept != NULL;
}
