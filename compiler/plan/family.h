// Kernel families as rules see them: a template's name and its knobs, without
// its text. emit/ fills these from the head of each template file; plan/ checks
// rules and --set against them. Plain data.
#ifndef GNNAC_FAMILY_H
#define GNNAC_FAMILY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { MAX_KNOBS = 16, MAX_FAMILIES = 64 };

// An integer parameter of a template.
struct knob {
    char name[32];
    int64_t min, max, dflt;
    char doc[160];
    int64_t atomics; // values up to it, but for 0, add floats atomically; 0:
                     // none do. See candidate_repeats
};

struct family {
    char name[64];    // file NAME.cu.lua
    char path[512];   // where it was found
    char op[32];      // what it computes: one of opspec.h
    bool tails;       // whether it can go on with a finished row (plan/fuse.h)
    bool slabs;       // whether it knows matrices that lie slab after slab
    size_t n_knobs;
    struct knob knobs[MAX_KNOBS];
};

struct family_list {
    size_t n;
    struct family items[MAX_FAMILIES];
};

// NULL if absent.
const struct family *family_find(const struct family_list *l, const char *name);
// Index into f->knobs, or -1.
int family_knob(const struct family *f, const char *knob);

// One point of a family's space. values[i] belongs to family->knobs[i].
struct candidate {
    const struct family *family;
    int64_t values[MAX_KNOBS];
    char rule[64]; // which rule proposed it ("--set" in manual mode)
    char why[256];
    char where[256]; // file:line of the rule
};

// Whether both are one point, whoever proposed them.
bool candidate_same_point(const struct candidate *a, const struct candidate *b);

// How many knobs tell the point apart from others: a family's last ones that
// are off (0, by default) are left out of names and texts, so that both stay
// what they were when such a knob is added.
size_t candidate_n_told(const struct candidate *c);

// Whether its kernel gives the same bits in every run: no knob asks for
// atomics, whose order differs from run to run.
bool candidate_repeats(const struct candidate *c);

// Value of a knob by name; `dflt` if the family has none of that name.
int64_t candidate_get(const struct candidate *c, const char *knob,
                      int64_t dflt);

#endif
