#include "graph/edge_block.h"

#include <stdlib.h>
#include <string.h>

#include "checked.h"

bool edge_block_alloc(struct edge_block *b, int64_t n_bytes)
{
    // The shortest line is an id and a line end.
    int64_t room = n_bytes / 2 + 1;
    *b = (struct edge_block){.room = room,
                             .first = alloc_array(room, sizeof(*b->first)),
                             .second = alloc_array(room, sizeof(*b->second)),
                             .weight = alloc_array(room, sizeof(*b->weight))};
    return b->first && b->second && b->weight;
}

void edge_block_finish(struct edge_block *b)
{
    free(b->first);
    free(b->second);
    free(b->weight);
    *b = (struct edge_block){0};
}

// From here on weights are kept; those of the n edges before were 1.
static void begin_weights(struct edge_block *b, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        b->weight[i] = 1;
    b->weighted = true;
}

static inline int64_t larger_id(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

// ---- any line ---------------------------------------------------------------

// Parse the line at p; returns the beginning of the next.
static const char *any_line(struct edge_block *b, const char *p,
                            const char *text_end, const struct line_format *f)
{
    const char *eol = memchr(p, '\n', (size_t)(text_end - p));
    const char *end = eol ? eol : text_end;
    const char *q = edge_line_skip_blanks(p, end, false);
    if (q < end && !(f->comments && (*q == '#' || *q == '%'))) {
        int32_t ids[2] = {0};
        double weight = 1;
        b->what = edge_line_parse(q, end, f, ids, &weight);
        b->bad_line = b->n_lines;
        if (b->what)
            return text_end;
        if (weight != 1 && !b->weighted)
            begin_weights(b, b->n);
        if (b->weighted)
            b->weight[b->n] = (float)weight;
        b->max_id = larger_id(b->max_id, larger_id(ids[0], ids[1]));
        b->first[b->n] = ids[0];
        b->second[b->n++] = ids[1];
    }
    b->n_lines++;
    return eol ? eol + 1 : text_end;
}

// ---- plain lines ------------------------------------------------------------

// Characters that may be read behind the one at hand: two ids, what separates
// them and a line end. Decimals look for the end of the text themselves.
enum { AHEAD = 32 };

static const uint64_t each_byte = 0x0101010101010101;

// Digits beyond the eighth, which few graphs have; at most ten in all.
static const char *long_id(const char *p, uint64_t *v)
{
    int n = 8;
    for (p += 8; (unsigned char)(*p - '0') < 10 && n < 10; p++, n++)
        *v = *v * 10 + (uint64_t)(*p - '0');
    return p;
}

// Eight digits, the first in the lowest byte, added up in pairs (Lemire,
// "Quickly parsing eight digits", 2018).
static inline uint64_t eight_digits(uint64_t digits)
{
    const uint64_t mask = 0x000000ff000000ff;
    digits = digits * 10 + (digits >> 8);
    return ((digits & mask) * (100 + (1000000ull << 32)) +
            (digits >> 16 & mask) * (1 + (10000ull << 32))) >> 32;
}

// An id at p and what follows it; NULL where p is no digit.
static inline const char *plain_id(const char *p, uint64_t *out)
{
    uint64_t w;
    memcpy(&w, p, 8);
    w ^= '0' * each_byte;
    // The lowest byte that is not 0 to 9 has its highest bit set here; carries
    // of the addition spoil the bytes above it alone.
    uint64_t others = (w | (w + 0x76 * each_byte)) & 0x80 * each_byte;
    if (others == 0) {
        *out = eight_digits(w);
        return long_id(p, out);
    }
    int n = __builtin_ctzll(others) / 8;
    if (n == 0)
        return NULL;
    *out = eight_digits(w << (64 - 8 * n));
    return p + n;
}

// The decimal behind a blank at q, if any; then what follows it.
static const char *plain_value(const char *q, const char *text_end,
                               const struct line_format *f, double *weight)
{
    *weight = 1;
    if (f->max_values != 1 || !edge_line_is_blank(*q, f->commas) ||
        *q == '\r')
        return f->min_values ? NULL : q;
    return edge_line_scan_decimal(q + 1, text_end, weight);
}

static inline bool ends_line(const char *q)
{
    return *q == '\n' || (*q == '\r' && q[1] == '\n');
}

// Two ids in [0, limit) and perhaps a decimal. Returns the line's end; NULL
// where the line is not so plain, or is for edge_line_parse to refuse.
static inline const char *plain_line(const char *p, const char *text_end,
                                     const struct line_format *f,
                                     uint64_t ids[2], double *weight)
{
    const char *q = plain_id(p, &ids[0]);
    if (!q || !edge_line_is_blank(*q, f->commas))
        return NULL;
    q = plain_id(q + 1, &ids[1]);
    if (q && (f->min_values || !ends_line(q))) {
        q = plain_value(q, text_end, f, weight);
        if (q && (text_end - q < 2 || !ends_line(q)))
            return NULL;
    }
    ids[0] -= (uint64_t)f->base;
    ids[1] -= (uint64_t)f->base;
    bool inside = ids[0] < (uint64_t)f->limit[0] &&
                  ids[1] < (uint64_t)f->limit[1];
    return inside ? q : NULL;
}

// Parse lines while they are plain; returns the first that is not.
static const char *plain_lines(struct edge_block *b, const char *p,
                               const char *end, const char *text_end,
                               const struct line_format *format)
{
    const struct line_format f = *format;
    int32_t *first = b->first, *second = b->second;
    int64_t n = b->n, max_id = b->max_id;
    while (p < end && text_end - p > AHEAD) {
        uint64_t ids[2] = {0};
        double weight = 1;
        const char *q = plain_line(p, text_end, &f, ids, &weight);
        if (!q)
            break;
        if (weight != 1 && !b->weighted)
            begin_weights(b, n);
        if (b->weighted)
            b->weight[n] = (float)weight;
        max_id = larger_id(max_id, larger_id((int64_t)ids[0], (int64_t)ids[1]));
        first[n] = (int32_t)ids[0];
        second[n++] = (int32_t)ids[1];
        p = q + 1 + (*q == '\r');
    }
    b->n_lines += n - b->n;
    b->n = n;
    b->max_id = max_id;
    return p;
}

void edge_block_parse(struct edge_block *b, const char *begin, const char *end,
                      const char *text_end, const struct line_format *f)
{
    b->n = b->n_lines = b->bad_line = 0;
    b->max_id = -1;
    b->what = NULL;
    b->weighted = false;
    for (const char *p = begin; p < end;) {
        if (f->n_ids == 2)
            p = plain_lines(b, p, end, text_end, f);
        if (p < end)
            p = any_line(b, p, text_end, f);
    }
}
