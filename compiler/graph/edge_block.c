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

static inline void keep(struct edge_block *b, int32_t first, int32_t second,
                        float weight)
{
    int32_t larger = first > second ? first : second;
    b->first[b->n] = first;
    b->second[b->n] = second;
    if (b->weighted)
        b->weight[b->n] = weight;
    b->max_id = larger > b->max_id ? larger : b->max_id;
    b->n++;
}

// From here on weights are kept; those before were 1.
static void begin_weights(struct edge_block *b)
{
    for (int64_t i = 0; i < b->n; i++)
        b->weight[i] = 1;
    b->weighted = true;
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
            begin_weights(b);
        keep(b, ids[0], ids[1], (float)weight);
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

// Parse lines while they are plain; returns the first that is not, or is for
// edge_line_parse to refuse.
static const char *plain_lines(struct edge_block *b, const char *p,
                               const char *end, const char *text_end,
                               const struct line_format *f)
{
    const uint64_t base = (uint64_t)f->base;
    const uint64_t limits[2] = {(uint64_t)f->limit[0], (uint64_t)f->limit[1]};
    while (p < end && text_end - p > AHEAD) {
        uint64_t first, second;
        double weight = 1;
        const char *q = plain_id(p, &first);
        if (!q || !edge_line_is_blank(*q, f->commas))
            break;
        q = plain_id(q + 1, &second);
        if (q && !ends_line(q)) {
            q = plain_value(q, text_end, f, &weight);
            if (q && (text_end - q < 2 || !ends_line(q)))
                break;
        } else if (f->min_values) {
            break;
        }
        first -= base;
        second -= base;
        if (!q || first >= limits[0] || second >= limits[1])
            break;
        if (weight != 1 && !b->weighted)
            begin_weights(b);
        keep(b, (int32_t)first, (int32_t)second, (float)weight);
        b->n_lines++;
        p = q + 1 + (*q == '\r');
    }
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
