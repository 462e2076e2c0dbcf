// One line of an edge list or a Matrix Market file: ids, then numbers.
#ifndef GNNAC_EDGE_LINE_H
#define GNNAC_EDGE_LINE_H

#include <stdbool.h>
#include <stdint.h>

// What one line looks like.
struct line_format {
    int n_ids;      // 2; 1 for vectors, 0 for lists of numbers
    int base;       // the first id: 0 or 1
    int min_values; // numbers behind the ids
    int max_values;
    bool comments;  // skip lines that begin with # or %
    bool commas;    // ',' and ';' separate like blanks
    int64_t limit[2]; // ids must be below these (after base)
};

static inline bool edge_line_is_blank(char c, bool commas)
{
    return c == ' ' || c == '\t' || c == '\r' ||
           (commas && (c == ',' || c == ';'));
}

static inline const char *edge_line_skip_blanks(const char *p, const char *end,
                                                bool commas)
{
    while (p < end && edge_line_is_blank(*p, commas))
        p++;
    return p;
}

// Any line [p, end) that is neither blank nor a comment and begins with none.
// NULL, or what is wrong with it.
const char *edge_line_parse(const char *p, const char *end,
                            const struct line_format *f, int32_t ids[2],
                            double *weight);

// Decimals of at most 15 digits and no exponent: numerator and power of ten are
// exact, so one division rounds correctly. NULL for all others, else the end.
const char *edge_line_scan_decimal(const char *p, const char *end,
                                   double *out);

#endif
