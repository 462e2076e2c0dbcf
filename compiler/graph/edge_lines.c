#include "graph/edge_lines.h"

#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

#include "checked.h"

enum { MAX_PIECES = 256 };

// One thread's share of the text and what it found there.
struct piece {
    const char *begin, *end;
    int64_t n, n_lines, max_id;
    int32_t *first, *second;
    float *weight; // NULL until a weight other than 1 is seen
    const char *what; // message of the first bad line, NULL if none
    int64_t bad_line; // its number within the piece, from 0
    bool no_memory;
};

// ---- one line ---------------------------------------------------------------

static inline bool is_blank(char c, bool commas)
{
    return c == ' ' || c == '\t' || c == '\r' ||
           (commas && (c == ',' || c == ';'));
}

static inline bool is_digit(char c)
{
    return (unsigned char)(c - '0') < 10;
}

static inline const char *skip_blanks(const char *p, const char *end,
                                      bool commas)
{
    while (p < end && is_blank(*p, commas))
        p++;
    return p;
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

// Decimals of at most 15 digits and no exponent: numerator and power of ten are
// exact, so one division rounds correctly. NULL for all others.
static const char *scan_decimal(const char *p, const char *end, double *out)
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
    while (p + n < end && !is_blank(p[n], commas)) {
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
    const char *next = scan_decimal(p, end, out);
    if (next && (next == end || is_blank(*next, commas)))
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
        if (next < end && !is_blank(*next, f->commas))
            return f->base ? "expected an index" : "expected a node id";
        v -= f->base;
        if (v < 0 || v >= f->limit[i])
            return f->base ? "an index is outside the matrix"
                           : "a node id is too large";
        ids[i] = (int32_t)v;
        p = skip_blanks(next, end, f->commas);
    }
    *at = p;
    return NULL;
}

// The smallest number that as a float rounds to infinity.
static const double too_large = 0x1.ffffffp127;

// Parse [p, end), which is neither blank nor a comment. NULL, or what is wrong.
static const char *parse_line(const char *p, const char *end,
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
        p = skip_blanks(p, end, f->commas);
    }
    if (!what && n_values < f->min_values)
        return "expected a number";
    return what;
}

// ---- one piece --------------------------------------------------------------

// From here on the piece keeps weights; those before were 1.
static bool begin_weights(struct piece *c, int64_t capacity)
{
    c->weight = alloc_array(capacity, sizeof(*c->weight));
    for (int64_t i = 0; c->weight && i < c->n; i++)
        c->weight[i] = 1;
    return c->weight != NULL;
}

static inline bool is_comment(const char *p)
{
    return *p == '#' || *p == '%';
}

static bool keep_edge(struct piece *c, const int32_t ids[2], double weight,
                      int64_t capacity)
{
    int32_t larger = ids[0] > ids[1] ? ids[0] : ids[1];
    if (weight != 1 && !c->weight && !begin_weights(c, capacity))
        return false;
    c->first[c->n] = ids[0];
    c->second[c->n] = ids[1];
    if (c->weight)
        c->weight[c->n] = (float)weight;
    if (larger > c->max_id)
        c->max_id = larger;
    c->n++;
    return true;
}

static void parse_piece(struct piece *c, const struct line_format *f)
{
    // The shortest line holds two characters per id or number; pages of the
    // arrays that longer lines leave unused are never touched.
    int64_t shortest = 2 * (f->n_ids + f->min_values);
    int64_t capacity = (c->end - c->begin) / shortest + 1;
    c->max_id = -1;
    c->first = alloc_array(capacity, sizeof(*c->first));
    c->second = alloc_array(capacity, sizeof(*c->second));
    c->no_memory = !c->first || !c->second;
    for (const char *p = c->begin; p < c->end && !c->no_memory; c->n_lines++) {
        const char *eol = memchr(p, '\n', (size_t)(c->end - p));
        const char *end = eol ? eol : c->end;
        const char *q = skip_blanks(p, end, false);
        if (q < end && !(f->comments && is_comment(q))) {
            int32_t ids[2] = {0};
            double weight = 1;
            c->what = parse_line(q, end, f, ids, &weight);
            c->bad_line = c->n_lines;
            if (c->what)
                return;
            c->no_memory = !keep_edge(c, ids, weight, capacity);
        }
        p = eol ? eol + 1 : c->end;
    }
}

// ---- all pieces -------------------------------------------------------------

static void cut(const struct text *t, size_t at, struct piece *pieces, int n)
{
    const char *p = t->data + at, *end = t->data + t->n_bytes;
    size_t total = t->n_bytes - at;
    for (int i = 0; i < n; i++) {
        const char *stop = t->data + at + total / (size_t)n * (size_t)(i + 1);
        if (i == n - 1 || stop < p)
            stop = i == n - 1 ? end : p;
        const char *eol = stop < end && stop > p
                              ? memchr(stop - 1, '\n', (size_t)(end - stop + 1))
                              : NULL;
        if (stop < end && stop > p)
            stop = eol ? eol + 1 : end;
        pieces[i] = (struct piece){.begin = p, .end = stop};
        p = stop;
    }
}

static gnnac_status first_error(const struct text *t, int64_t line,
                                const struct piece *pieces, int n,
                                gnnac_error *err)
{
    for (int i = 0; i < n; i++) {
        if (pieces[i].no_memory)
            return FAIL(err, GNNAC_ENOMEM, "%s: out of memory", t->path);
        if (pieces[i].what)
            return FAIL(err, GNNAC_EFORMAT, "%s:%lld: %s", t->path,
                        (long long)(line + pieces[i].bad_line),
                        pieces[i].what);
        line += pieces[i].n_lines;
    }
    return GNNAC_OK;
}

static void join_weights(const struct piece *c, float *to)
{
    if (c->weight)
        memcpy(to, c->weight, (size_t)c->n * sizeof(*to));
    for (int64_t i = 0; !c->weight && i < c->n; i++)
        to[i] = 1;
}

static gnnac_status join(const struct text *t, const struct piece *pieces,
                         int n, struct edge_lines *out, gnnac_error *err)
{
    struct edge_lines e = {.max_id = -1};
    bool weighted = false;
    int64_t start[MAX_PIECES + 1];
    start[0] = 0;
    for (int i = 0; i < n; i++) {
        start[i + 1] = start[i] + pieces[i].n;
        weighted = weighted || pieces[i].weight;
        if (pieces[i].max_id > e.max_id)
            e.max_id = pieces[i].max_id;
    }
    e.n = start[n];
    e.first = alloc_array(e.n, sizeof(*e.first));
    e.second = alloc_array(e.n, sizeof(*e.second));
    if (weighted)
        e.weight = alloc_array(e.n, sizeof(*e.weight));
    if (!e.first || !e.second || (weighted && !e.weight)) {
        edge_lines_finish(&e);
        return FAIL(err, GNNAC_ENOMEM, "%s: out of memory for %lld edges",
                    t->path, (long long)e.n);
    }
#pragma omp parallel for schedule(static, 1)
    for (int i = 0; i < n; i++) {
        size_t bytes = (size_t)pieces[i].n * sizeof(int32_t);
        memcpy(e.first + start[i], pieces[i].first, bytes);
        memcpy(e.second + start[i], pieces[i].second, bytes);
        if (weighted)
            join_weights(&pieces[i], e.weight + start[i]);
    }
    *out = e;
    return GNNAC_OK;
}

gnnac_status edge_lines_parse(const struct text *t, size_t at, int64_t line,
                              const struct line_format *f,
                              struct edge_lines *out, gnnac_error *err)
{
    enum { SMALL = 1 << 16 };
    struct piece pieces[MAX_PIECES];
    int n = t->n_bytes - at < SMALL ? 1 : omp_get_max_threads();
    if (n > MAX_PIECES)
        n = MAX_PIECES;
    cut(t, at, pieces, n);
#pragma omp parallel for schedule(static, 1)
    for (int i = 0; i < n; i++)
        parse_piece(&pieces[i], f);
    gnnac_status st = first_error(t, line, pieces, n, err);
    if (st == GNNAC_OK)
        st = join(t, pieces, n, out, err);
    for (int i = 0; i < n; i++) {
        free(pieces[i].first);
        free(pieces[i].second);
        free(pieces[i].weight);
    }
    return st;
}

void edge_lines_finish(struct edge_lines *e)
{
    free(e->first);
    free(e->second);
    free(e->weight);
    *e = (struct edge_lines){0};
}
