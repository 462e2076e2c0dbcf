#include "graph/edge_line.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static inline bool is_digit(char c)
{
    return (unsigned char)(c - '0') < 10;
}

// Digits to *out; NULL when there is none or more than fit.
static inline const char *scan_id(const char *p, const char *end, int64_t *out)
{
    const char *begin = p;
    uint64_t v = 0;
    while (p < end && is_digit(*p)) {
        v = v * 10 + (uint64_t)(*p++ - '0');
        if (p - begin > 18)
            return NULL;
    }
    *out = (int64_t)v;
    return p == begin ? NULL : p;
}

static const char *explain_id(const char *p, const char *end, int base)
{
    bool minus = p < end && *p == '-' && p + 1 < end;
    if (minus && is_digit(p[1]))
        return base ? "an index is negative" : "a node id is negative";
    if (p < end && is_digit(*p))
        return base ? "an index is too large" : "a node id is too large";
    return base ? "expected an index" : "expected a node id";
}

const char *edge_line_scan_decimal(const char *p, const char *end,
                                   double *out)
{
    static const double power[] = {1e0,  1e1,  1e2,  1e3,  1e4, 1e5,
                                   1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                   1e12, 1e13, 1e14, 1e15};
    bool minus = p < end && *p == '-';
    uint64_t v = 0;
    int n = 0, scale = 0;
    p += p < end && (*p == '-' || *p == '+');
    for (; p < end && is_digit(*p); p++, n++)
        v = v * 10 + (uint64_t)(*p - '0');
    if (p < end && *p == '.')
        for (p++; p < end && is_digit(*p); p++, n++, scale++)
            v = v * 10 + (uint64_t)(*p - '0');
    if (n == 0 || n > 15)
        return NULL;
    *out = (double)v / power[scale];
    *out = minus ? -*out : *out;
    return p;
}

// Any number; hexadecimal and words like "nan" are none.
static const char *scan_float(const char *p, const char *end, bool commas,
                              double *out)
{
    char token[128], *stop;
    size_t n = 0;
    while (p + n < end && !edge_line_is_blank(p[n], commas)) {
        if (n == sizeof(token) - 1)
            return NULL;
        token[n] = p[n];
        n++;
    }
    token[n] = '\0';
    *out = strtod(token, &stop);
    if (n == 0 || *stop || strspn(token, "+-.0123456789eE") != n)
        return NULL;
    return p + n;
}

// A number that ends at a blank or the line's end.
static const char *scan_value(const char *p, const char *end, bool commas,
                              double *out)
{
    const char *next = edge_line_scan_decimal(p, end, out);
    if (next && (next == end || edge_line_is_blank(*next, commas)))
        return next;
    return scan_float(p, end, commas, out);
}

static const char *parse_ids(const char **at, const char *end,
                             const struct line_format *f, int32_t ids[2])
{
    const char *p = *at;
    for (int i = 0; i < f->n_ids; i++) {
        int64_t v;
        const char *next = scan_id(p, end, &v);
        if (!next)
            return explain_id(p, end, f->base);
        if (next < end && !edge_line_is_blank(*next, f->commas))
            return f->base ? "expected an index" : "expected a node id";
        v -= f->base;
        if (v < 0 || v >= f->limit[i])
            return f->base ? "an index is outside the matrix"
                           : "a node id is too large";
        ids[i] = (int32_t)v;
        p = edge_line_skip_blanks(next, end, f->commas);
    }
    *at = p;
    return NULL;
}

// The smallest number that as a float rounds to infinity.
static const double too_large = 0x1.ffffffp127;

const char *edge_line_parse(const char *p, const char *end,
                            const struct line_format *f, int32_t ids[2],
                            double *weight)
{
    int n_values = 0;
    const char *what = parse_ids(&p, end, f, ids);
    while (p < end && !what) {
        double v;
        if (n_values == f->max_values)
            return "more on the line than expected";
        p = scan_value(p, end, f->commas, &v);
        if (!p || !isfinite(v) || fabs(v) >= too_large)
            return p ? "a number is too large" : "expected a number";
        if (n_values++ == 0)
            *weight = v;
        p = edge_line_skip_blanks(p, end, f->commas);
    }
    if (!what && n_values < f->min_values)
        return "expected a number";
    return what;
}
