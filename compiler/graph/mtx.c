#include "graph/mtx.h"

#include <stdlib.h>
#include <string.h>

// Reading position: `p` begins line `line`, all of which lies before `end`.
struct place {
    struct text *t;
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

// Go on to the window that begins at p, until it holds the line.
static gnnac_status hold_line(struct place *at, gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    while (st == GNNAC_OK && at->t->more && line_end(at) == at->end) {
        text_read_ahead(at->t, (size_t)(at->p - at->t->data));
        st = text_advance(at->t, err);
        at->p = at->t->data;
        at->end = at->p + at->t->n_bytes;
    }
    return st;
}

static gnnac_status next_line(struct place *at, gnnac_error *err)
{
    const char *eol = line_end(at);
    at->p = eol < at->end ? eol + 1 : at->end;
    at->line++;
    return hold_line(at, err);
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

// The next blank-separated word of the line, lower-cased; false at its end.
static bool next_word(const char **p, const char *eol, char *word, size_t n)
{
    size_t len = 0;
    while (*p < eol && is_blank(**p))
        (*p)++;
    for (; *p < eol && !is_blank(**p); (*p)++)
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

// What the words of the banner may be, in the order of the fields of `mtx`; two
// words are old names of others.
static const struct {
    const char *what;
    int n;
    const char *words[6];
} banner[] = {
    {"the object must be matrix or vector", 2, {"matrix", "vector"}},
    {"the format must be coordinate or array", 2, {"coordinate", "array"}},
    {"the field must be real, integer, pattern or complex",
     6,
     {"real", "integer", "pattern", "complex", "double", "unsigned-integer"}},
    {"the symmetry must be general, symmetric, skew-symmetric or hermitian",
     4,
     {"general", "symmetric", "skew-symmetric", "hermitian"}},
};

static gnnac_status read_banner(struct place *at, struct mtx *m,
                                gnnac_error *err)
{
    char word[40];
    int chosen[4];
    const char *p = at->p, *eol = line_end(at);
    next_word(&p, eol, word, sizeof(word));
    if (strcmp(word, "%%matrixmarket") != 0 &&
        strcmp(word, "%matrixmarket") != 0)
        return bad(at, "expected the banner %%MatrixMarket", err);
    for (int i = 0; i < 4; i++) {
        next_word(&p, eol, word, sizeof(word));
        chosen[i] = find_word(word, banner[i].words, banner[i].n);
        if (chosen[i] < 0)
            return bad(at, banner[i].what, err);
    }
    m->vector = chosen[0];
    m->array = chosen[1];
    m->field = chosen[2] == 4   ? MTX_REAL
               : chosen[2] == 5 ? MTX_INTEGER
                                : (enum mtx_field)chosen[2];
    m->symmetry = (enum mtx_symmetry)chosen[3];
    if (m->array && m->field == MTX_PATTERN)
        return bad(at, "an array has values, so it cannot be a pattern", err);
    if (m->vector && m->symmetry != MTX_GENERAL)
        return bad(at, "a vector has no symmetry", err);
    return next_line(at, err);
}

static bool is_skipped(const struct place *at)
{
    const char *p = at->p, *eol = line_end(at);
    while (p < eol && is_blank(*p))
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
    return GNNAC_OK;
}

// Numbers that an array stores: columns one after the other, of a symmetric one
// the lower triangle alone.
static int64_t array_entries(const struct mtx *m)
{
    int64_t n = m->rows; // below 2^31
    if (m->symmetry == MTX_GENERAL)
        return n * m->cols;
    return m->symmetry == MTX_SKEW ? n * (n - 1) / 2 : n * (n + 1) / 2;
}

// The place is behind the size line afterwards; *n_entries follow.
static gnnac_status read_sizes(struct place *at, struct mtx *m,
                               int64_t *n_entries, gnnac_error *err)
{
    int64_t sizes[3] = {0};
    gnnac_status st = GNNAC_OK;
    while (st == GNNAC_OK && at->p < at->end && is_skipped(at))
        st = next_line(at, err);
    if (st != GNNAC_OK)
        return st;
    if (at->p == at->end)
        return bad(at, "the file ends before the size line", err);
    int n = (m->vector ? 1 : 2) + !m->array;
    st = read_size(at, n, sizes, err);
    if (st != GNNAC_OK)
        return st;
    m->rows = sizes[0];
    m->cols = m->vector ? 1 : sizes[1];
    if (m->symmetry != MTX_GENERAL && m->rows != m->cols)
        return bad(at, "a symmetric matrix must be square", err);
    if (m->rows > INT32_MAX || m->cols > INT32_MAX)
        return bad(at, "the matrix is larger than 2^31 - 1", err);
    *n_entries = m->array ? array_entries(m) : sizes[n - 1];
    return next_line(at, err);
}

static gnnac_status read_entries(struct place *at, struct mtx *m,
                                 int64_t n_entries, gnnac_error *err)
{
    static const int n_values[] = {[MTX_REAL] = 1,
                                   [MTX_INTEGER] = 1,
                                   [MTX_PATTERN] = 0,
                                   [MTX_COMPLEX] = 2};
    struct line_format f = {.n_ids = m->array    ? 0
                                     : m->vector ? 1
                                                 : 2,
                            .base = 1,
                            .min_values = n_values[m->field],
                            .max_values = n_values[m->field],
                            .limit = {m->rows, m->cols}};
    gnnac_status st = edge_lines_parse(at->t, (size_t)(at->p - at->t->data),
                                       at->line, &f, &m->entries, err);
    if (st == GNNAC_OK && m->entries.n != n_entries)
        st = FAIL(err, GNNAC_EFORMAT,
                  "%s:%lld: the size line promises %lld entries, there are "
                  "%lld",
                  at->t->path, (long long)at->line - 1, (long long)n_entries,
                  (long long)m->entries.n);
    return st;
}

// The numbers of an array get their places.
static void place_array(struct mtx *m)
{
    static const int below[] = {
        [MTX_SYMMETRIC] = 0, [MTX_SKEW] = 1, [MTX_HERMITIAN] = 0};
    int64_t i = 0;
    for (int64_t c = 0; c < m->cols; c++) {
        int64_t r = m->symmetry == MTX_GENERAL ? 0 : c + below[m->symmetry];
        for (; r < m->rows; r++, i++) {
            m->entries.first[i] = (int32_t)r;
            m->entries.second[i] = (int32_t)c;
        }
    }
}

gnnac_status mtx_read(const char *path, progress_teller *progress,
                      struct mtx *out, gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    int64_t n_entries;
    struct text t;
    struct mtx m = {0};
    st = text_open(path, &t, err);
    if (st != GNNAC_OK)
        return st;
    t.progress = progress;
    struct place at = {&t, t.data, t.data + t.n_bytes, 1};
    TRY(hold_line(&at, err));
    TRY(read_banner(&at, &m, err));
    TRY(read_sizes(&at, &m, &n_entries, err));
    TRY(read_entries(&at, &m, n_entries, err));
    if (m.array)
        place_array(&m);
    *out = m;
    m = (struct mtx){0};
out:
    mtx_finish(&m);
    st = text_blame(&t, st, err);
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
