#include "plan/family.h"

#include <string.h>

const struct family *family_find(const struct family_list *l, const char *name)
{
    for (size_t i = 0; i < l->n; i++)
        if (strcmp(l->items[i].name, name) == 0)
            return &l->items[i];
    return NULL;
}

int family_knob(const struct family *f, const char *knob)
{
    for (size_t i = 0; i < f->n_knobs; i++)
        if (strcmp(f->knobs[i].name, knob) == 0)
            return (int)i;
    return -1;
}

size_t candidate_n_told(const struct candidate *c)
{
    size_t n = c->family->n_knobs;
    while (n > 0 && c->values[n - 1] == 0 && c->family->knobs[n - 1].dflt == 0)
        n--;
    return n;
}

bool candidate_repeats(const struct candidate *c)
{
    for (size_t i = 0; i < c->family->n_knobs; i++) {
        int64_t most = c->family->knobs[i].atomics;
        if (most != 0 && c->values[i] != 0 && c->values[i] <= most)
            return false;
    }
    return true;
}

int64_t candidate_get(const struct candidate *c, const char *knob, int64_t dflt)
{
    int i = family_knob(c->family, knob);
    return i < 0 ? dflt : c->values[i];
}

bool candidate_same_point(const struct candidate *a, const struct candidate *b)
{
    return a->family == b->family &&
           memcmp(a->values, b->values, sizeof(a->values)) == 0;
}
