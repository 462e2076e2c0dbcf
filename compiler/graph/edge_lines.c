#include "graph/edge_lines.h"

#include <stdlib.h>
#include <string.h>

#include "checked.h"
#include "graph/edge_block.h"
#include "graph/pages.h"

// A block and the edges in it fit a cache of level 2.
enum { BLOCK_BYTES = 1 << 17, RELEASE_BYTES = 1 << 24 };

// What the blocks so far have come to. Blocks take turns in file order.
struct assembly {
    struct text *text;
    size_t begin, end; // of the blocks of this window: whole lines
    int64_t capacity;
    struct edge_lines edges;
    int64_t line;     // of the next block
    const char *what; // message of the first bad line
    bool no_memory, stop;
};

// Where a block's edges go. `weight` may be NULL.
struct room {
    int64_t at;
    float *weight;
};

// ---- blocks -----------------------------------------------------------------

// The first line that begins in block `i` or behind it.
static const char *block_begin(const struct assembly *a, int64_t i)
{
    const char *end = a->text->data + a->end;
    const char *base = a->text->data + a->begin;
    if (i == 0)
        return base;
    if (i >= ceil_div(end - base, BLOCK_BYTES))
        return end;
    const char *p = base + i * BLOCK_BYTES;
    const char *eol = memchr(p - 1, '\n', (size_t)(end - p + 1));
    return eol ? eol + 1 : end;
}

static void parse_block(const struct assembly *a, int64_t i,
                        const struct line_format *f, struct edge_block *b)
{
    const char *begin = block_begin(a, i);
    const char *stop = a->text->data + a->begin + (i + 1) * BLOCK_BYTES;
    const char *text_end = a->text->data + a->end;
    edge_block_parse(b, begin, stop < text_end ? stop : text_end, text_end, f);
}

// Pages in front of block i were parsed and are not looked at again, but for
// the byte before a block.
static void release_text(const struct assembly *a, int64_t i)
{
    const int64_t step = RELEASE_BYTES / BLOCK_BYTES;
    if (!a->text->mapped || i == 0 || i % step != 0)
        return;
    pages_release(a->text->data + a->begin + (i - step) * BLOCK_BYTES,
                  RELEASE_BYTES);
}

// ---- the edges of all blocks ------------------------------------------------

// Large ones give their pages along, and are not copied.
static void *larger(void *array, int64_t n, bool *ok)
{
    void *p = realloc(array, (size_t)n * 4);
    if (!p) {
        *ok = false;
        return array;
    }
    return p;
}

// For all edges that the window can hold. Pages that turn out not to be needed
// are never touched. Large pages are asked for where nothing is to grow: an
// array must be one mapping to give its pages along.
static bool make_room(struct assembly *a, const struct line_format *f)
{
    struct edge_lines *e = &a->edges;
    int64_t shortest = 2 * (f->n_ids + f->min_values);
    int64_t need = e->n + (int64_t)(a->end - a->begin) / shortest + 1;
    if (need <= a->capacity)
        return true;
    need = need > 2 * a->capacity ? need : 2 * a->capacity;
    bool ok = need <= PTRDIFF_MAX / 4;
    if (ok) {
        e->first = larger(e->first, need, &ok);
        e->second = larger(e->second, need, &ok);
    }
    if (ok && e->weight)
        e->weight = larger(e->weight, need, &ok);
    if (!ok)
        return false;
    a->capacity = need;
    if (!a->text->windows) {
        pages_prefer_large(e->first, (size_t)need * sizeof(*e->first));
        pages_prefer_large(e->second, (size_t)need * sizeof(*e->second));
    }
    return true;
}

// A weight other than 1 has come up; those before were 1.
static bool begin_weights(struct assembly *a)
{
    struct edge_lines *e = &a->edges;
    e->weight = alloc_array(a->capacity, sizeof(*e->weight));
    if (!e->weight)
        return false;
    if (!a->text->windows)
        pages_prefer_large(e->weight, (size_t)a->capacity * sizeof(*e->weight));
    for (int64_t i = 0; i < e->n; i++)
        e->weight[i] = 1;
    return true;
}

static void stop(struct assembly *a)
{
#pragma omp atomic write
    a->stop = true;
}

static bool is_stopped(const struct assembly *a)
{
    bool stopped;
#pragma omp atomic read
    stopped = a->stop;
    return stopped;
}

// Between windows; within those that are all of a long file.
static void tell_progress(const struct assembly *a, int64_t i)
{
    const int64_t step = RELEASE_BYTES / BLOCK_BYTES;
    const struct text *t = a->text;
    size_t done = a->begin + (size_t)(i + 1) * BLOCK_BYTES;
    if (!t->windows && (i + 1) % step == 0 && done < t->n_bytes)
        progress_read(t->progress, t->path, done, t->n_bytes);
}

// The block's turn.
static void reserve(struct assembly *a, const struct edge_block *b,
                    struct room *out)
{
    struct edge_lines *e = &a->edges;
    a->no_memory = b->weighted && !e->weight && !begin_weights(a);
    a->what = b->what;
    if (b->what)
        a->line += b->bad_line;
    if (b->what || a->no_memory) {
        stop(a);
        return;
    }
    *out = (struct room){e->n, e->weight};
    e->n += b->n;
    e->max_id = b->max_id > e->max_id ? b->max_id : e->max_id;
    a->line += b->n_lines;
}

static void append(const struct edge_lines *e, const struct edge_block *b,
                   const struct room *to)
{
    size_t n_bytes = (size_t)b->n * sizeof(int32_t);
    memcpy(e->first + to->at, b->first, n_bytes);
    memcpy(e->second + to->at, b->second, n_bytes);
    if (to->weight && b->weighted)
        memcpy(to->weight + to->at, b->weight, n_bytes);
    else if (to->weight)
        for (int64_t i = 0; i < b->n; i++)
            to->weight[to->at + i] = 1;
}

static void run(struct assembly *a, const struct line_format *f)
{
    int64_t n = ceil_div((int64_t)(a->end - a->begin), BLOCK_BYTES);
#pragma omp parallel if (n > 1)
    {
        struct edge_block b;
        bool ok = edge_block_alloc(&b, BLOCK_BYTES);
#pragma omp single nowait
        text_read_ahead(a->text, a->end);
#pragma omp for ordered schedule(dynamic, 1)
        for (int64_t i = 0; i < n; i++) {
            struct room room = {-1, NULL};
            if (ok && !is_stopped(a))
                parse_block(a, i, f, &b);
#pragma omp ordered
            if (!a->stop && ok) {
                reserve(a, &b, &room);
                release_text(a, i);
                tell_progress(a, i);
            } else if (!ok) {
                a->no_memory = true;
                stop(a);
            }
            if (room.at >= 0)
                append(&a->edges, &b, &room);
        }
        edge_block_finish(&b);
    }
}

// A window's last line goes on in the next.
static size_t whole_lines(const struct text *t, size_t begin)
{
    if (!t->more)
        return t->n_bytes;
    const char *eol = memrchr(t->data + begin, '\n', t->n_bytes - begin);
    return eol ? (size_t)(eol - t->data) + 1 : begin;
}

static gnnac_status parse_window(struct assembly *a,
                                 const struct line_format *f, gnnac_error *err)
{
    const struct text *t = a->text;
    a->end = whole_lines(t, a->begin);
    if (make_room(a, f))
        run(a, f);
    else
        a->no_memory = true;
    if (a->no_memory)
        return FAIL(err, GNNAC_ENOMEM, "%s: out of memory", t->path);
    if (a->what)
        return FAIL(err, GNNAC_EFORMAT, "%s:%lld: %s", t->path,
                    (long long)a->line, a->what);
    progress_read(t->progress, t->path, t->file_done, t->file_bytes);
    return GNNAC_OK;
}

static gnnac_status parse_windows(struct assembly *a,
                                  const struct line_format *f, gnnac_error *err)
{
    for (;;) {
        gnnac_status st = parse_window(a, f, err);
        if (st == GNNAC_OK && !a->text->more)
            return GNNAC_OK;
        if (st == GNNAC_OK)
            st = text_advance(a->text, err);
        if (st != GNNAC_OK)
            return st;
        a->begin = 0;
    }
}

// Give back what the edges did not need.
static void *trim(void *array, int64_t n)
{
    void *smaller = array ? realloc(array, (size_t)n * 4 + 1) : NULL;
    return smaller ? smaller : array;
}

gnnac_status edge_lines_parse(struct text *t, size_t at, int64_t line,
                              const struct line_format *f,
                              struct edge_lines *out, gnnac_error *err)
{
    struct assembly a = {
        .text = t, .begin = at, .line = line, .edges.max_id = -1};
    struct edge_lines *e = &a.edges;
    gnnac_status st = parse_windows(&a, f, err);
    if (st != GNNAC_OK) {
        edge_lines_finish(e);
        return st;
    }
    e->first = trim(e->first, e->n);
    e->second = trim(e->second, e->n);
    e->weight = trim(e->weight, e->n);
    *out = *e;
    return GNNAC_OK;
}

void edge_lines_finish(struct edge_lines *e)
{
    free(e->first);
    free(e->second);
    free(e->weight);
    *e = (struct edge_lines){0};
}
