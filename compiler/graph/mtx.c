#include "graph/mtx.h"

#include <stdlib.h>
#include <string.h>

// Reading position: `p` begins line `line`.
struct place {
    const struct text *t;
    const char *p, *end;
    int64_t line;
};

static gnnac_status bad(const struct place *at, const char *what,
                        gnnac_error *err)
{
    return FAIL(err, GNNAC_EFORMAT, "%s:%lld: %s", at->t->path,
                (long long)at->line, what);
}

static const char *line_end(const struct place *at)
{
    const char *eol = memchr(at->p, '\n', (size_t)(at->end - at->p));
    return eol ? eol : at->end;
}

static void next_line(struct place *at)
{
    const char *eol = line_end(at);
    at->p = eol < at->end ? eol + 1 : at->end;
    at->line++;
}

// The next blank-separated word of the line, lower-cased; false at its end.
static bool next_word(const char **p, const char *eol, char *word, size_t n)
{
    size_t len = 0;
    while (*p < eol && strchr(" \t\r", **p))
        (*p)++;
    for (; *p < eol && !strchr(" \t\r", **p); (*p)++)
        if (len + 1 < n)
            word[len++] = (char)(**p >= 'A' && **p <= 'Z' ? **p + 32 : **p);
    word[len] = '\0';
    return len > 0;
}

static int find_word(const char *word, const char *const *words, int n)
{
    for (int i = 0; i < n; i++)
        if (strcmp(word, words[i]) == 0)
            return i;
    return -1;
}

static gnnac_status read_banner(struct place *at, struct mtx *m,
                                gnnac_error *err)
{
    static const char *const objects[] = {"matrix", "vector"};
    static const char *const formats[] = {"coordinate", "array"};
    static const char *const fields[] = {
        "real", "integer", "pattern", "complex", "double", "unsigned-integer"};
    static const char *const symmetries[] = {"general", "symmetric",
                                             "skew-symmetric", "hermitian"};
    char w[5][40] = {{0}};
    const char *p = at->p, *eol = line_end(at);
    for (int i = 0; i < 5; i++)
        next_word(&p, eol, w[i], sizeof(w[i]));
    if (strcmp(w[0], "%%matrixmarket") != 0 &&
        strcmp(w[0], "%matrixmarket") != 0)
        return bad(at, "expected the banner %%MatrixMarket", err);
    int object = find_word(w[1], objects, 2);
    int format = find_word(w[2], formats, 2);
    int field = find_word(w[3], fields, 6);
    int symmetry = find_word(w[4], symmetries, 4);
    if (object < 0)
        return bad(at, "the object must be matrix or vector", err);
    if (format < 0)
        return bad(at, "the format must be coordinate or array", err);
    if (field < 0)
        return bad(at, "the field must be real, integer, pattern or complex",
                   err);
    if (symmetry < 0)
        return bad(at, "the symmetry must be general, symmetric, "
                       "skew-symmetric or hermitian",
                   err);
    m->vector = object;
    m->array = format;
    m->field = field < 4 ? (enum mtx_field)field
                         : field == 4 ? MTX_REAL : MTX_INTEGER;
    m->symmetry = (enum mtx_symmetry)symmetry;
    if (m->array && m->field == MTX_PATTERN)
        return bad(at, "an array has values, so it cannot be a pattern", err);
    if (m->vector && m->symmetry != MTX_GENERAL)
        return bad(at, "a vector has no symmetry", err);
    next_line(at);
    return GNNAC_OK;
}

static bool is_skipped(const struct place *at)
{
    const char *p = at->p, *eol = line_end(at);
    while (p < eol && strchr(" \t\r", *p))
        p++;
    return p == eol || *p == '%';
}

static gnnac_status read_size(struct place *at, int n, int64_t *sizes,
                              gnnac_error *err)
{
    char word[40];
    const char *p = at->p, *eol = line_end(at);
    for (int i = 0; i < n; i++) {
        char *stop;
        if (!next_word(&p, eol, word, sizeof(word)))
            return bad(at, "the size line is too short", err);
        if (word[0] == '-')
            return bad(at, "a size is negative", err);
        if (strlen(word) > 18)
            return bad(at, "a size is too large", err);
        sizes[i] = strtoll(word, &stop, 10);
        if (*stop)
            return bad(at, "expected a size", err);
    }
    if (next_word(&p, eol, word, sizeof(word)))
        return bad(at, "the size line is too long", err);
    next_line(at);
    return GNNAC_OK;
}

static gnnac_status read_sizes(struct place *at, struct mtx *m,
                               gnnac_error *err)
{
    int64_t sizes[3] = {0};
    while (at->p < at->end && is_skipped(at))
        next_line(at);
    if (at->p == at->end)
        return bad(at, "the file ends before the size line", err);
    int n = (m->vector ? 1 : 2) + !m->array;
    gnnac_status st = read_size(at, n, sizes, err);
    if (st != GNNAC_OK)
        return st;
    m->rows = sizes[0];
    m->cols = m->vector ? 1 : sizes[1];
    m->n_stored = m->array ? 0 : sizes[n - 1];
    at->line--;
    if (m->symmetry != MTX_GENERAL && m->rows != m->cols)
        st = bad(at, "a symmetric matrix must be square", err);
    else if (m->rows > INT32_MAX || m->cols > INT32_MAX)
        st = bad(at, "the matrix is larger than 2^31 - 1", err);
    // Each entry takes four bytes at least: a cheap test of the promise.
    else if (m->n_stored > (at->end - at->p) / 2 + 1)
        st = bad(at, "fewer entries follow than the size line promises", err);
    at->line++;
    return st;
}

static gnnac_status read_entries(struct place *at, struct mtx *m,
                                 gnnac_error *err)
{
    static const int n_values[] = {[MTX_REAL] = 1, [MTX_INTEGER] = 1,
                                   [MTX_PATTERN] = 0, [MTX_COMPLEX] = 2};
    struct line_format f = {.n_ids = m->vector ? 1 : 2,
                            .base = 1,
                            .min_values = n_values[m->field],
                            .max_values = n_values[m->field],
                            .limit = {m->rows, m->cols}};
    // An empty matrix has no valid index; 0 would mean "no limit".
    if (m->rows == 0 || m->cols == 0) {
        f.limit[0] = f.limit[1] = 1;
        f.base = INT32_MAX;
    }
    gnnac_status st = edge_lines_parse(at->t, (size_t)(at->p - at->t->data),
                                       at->line, &f, &m->entries, err);
    if (st == GNNAC_OK && m->entries.n != m->n_stored)
        st = FAIL(err, GNNAC_EFORMAT,
                  "%s:%lld: the size line promises %lld entries, there are "
                  "%lld",
                  at->t->path, (long long)at->line - 1, (long long)m->n_stored,
                  (long long)m->entries.n);
    return st;
}

gnnac_status mtx_read(const char *path, struct mtx *out, gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    struct text t;
    struct mtx m = {0};
    st = text_open(path, &t, err);
    if (st != GNNAC_OK)
        return st;
    struct place at = {&t, t.data, t.data + t.n_bytes, 1};
    TRY(read_banner(&at, &m, err));
    TRY(read_sizes(&at, &m, err));
    if (!m.array)
        TRY(read_entries(&at, &m, err));
    *out = m;
    m = (struct mtx){0};
out:
    mtx_finish(&m);
    text_close(&t);
    return st;
}

void mtx_finish(struct mtx *m)
{
    edge_lines_finish(&m->entries);
    *m = (struct mtx){0};
}

int64_t mtx_expanded(const struct mtx *m)
{
    int64_t n = m->entries.n;
    if (m->symmetry == MTX_GENERAL)
        return n;
#pragma omp parallel for schedule(static) reduction(+ : n)
    for (int64_t i = 0; i < m->entries.n; i++)
        n += m->entries.first[i] != m->entries.second[i];
    return n;
}
