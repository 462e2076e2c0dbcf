// Named measurements, as rules and `analyze --json` see them: a flat list of
// dotted names ("graph.degree.mean") with typed values. Knows no meaning.
#ifndef GNNAC_PROPS_H
#define GNNAC_PROPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum prop_type { PROP_INT, PROP_REAL, PROP_BOOL, PROP_TEXT };

struct prop {
    char name[64];
    enum prop_type type;
    union {
        int64_t i;
        double r;
        bool b;
        char text[64];
    };
};

// All-zero is the empty list.
struct props {
    size_t n;
    struct prop items[160];
};

// Append; order is kept in output. The list is large enough for every property
// there is (asserted); a second value for a name replaces the first. A real
// that is not finite is stored and printed as JSON null.
void props_int(struct props *p, const char *name, int64_t v);
void props_real(struct props *p, const char *name, double v);
void props_bool(struct props *p, const char *name, bool v);
void props_text(struct props *p, const char *name, const char *v);

// NULL if absent. The result belongs to `p`.
const struct prop *props_find(const struct props *p, const char *name);
// The value as a number (bools as 0/1); NaN for text or absent names.
double props_number(const struct props *p, const char *name);

// Nested JSON objects by the dots of the names; one object, no newline at the
// end. Reals print with the fewest digits that read back the same.
void props_print_json(const struct props *p, FILE *out);
// One aligned `name  value` line each.
void props_print_table(const struct props *p, FILE *out);

#endif
