#include "base/nearest.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { MAX_NAME = 63, SLIP = 2, REPLACE = 3 };

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

// Optimal string alignment distance, three rows at a time.
size_t edit_distance(const char *a, const char *b)
{
    size_t n = strnlen(a, MAX_NAME), m = strnlen(b, MAX_NAME);
    size_t rows[3][MAX_NAME + 1];
    size_t *before = rows[0], *last = rows[1], *row = rows[2];

    for (size_t j = 0; j <= m; j++)
        last[j] = j * SLIP;
    for (size_t i = 1; i <= n; i++) {
        row[0] = i * SLIP;
        for (size_t j = 1; j <= m; j++) {
            size_t cost = a[i - 1] == b[j - 1] ? 0 : REPLACE;
            row[j] = smaller(last[j - 1] + cost,
                             smaller(last[j], row[j - 1]) + SLIP);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = smaller(row[j], before[j - 2] + SLIP);
        }
        size_t *t = before;
        before = last;
        last = row;
        row = t;
    }
    return last[m];
}

// Names that differ by letter case or by a missing tail are typical slips.
static size_t distance(const char *wanted, const char *name)
{
    size_t n = strnlen(wanted, MAX_NAME);
    if (strcasecmp(wanted, name) == 0)
        return 0;
    if (n >= 3 && (strncasecmp(wanted, name, n) == 0 ||
                   (strlen(name) > n && strstr(name, wanted))))
        return 1;
    return edit_distance(wanted, name);
}

void nearest_offer(struct nearest *n, const char *name)
{
    size_t d = distance(n->wanted, name);
    size_t limit = SLIP * (1 + strnlen(n->wanted, MAX_NAME) / 3) + 1;
    if (d > limit || (n->best[0] && d >= n->distance))
        return;
    n->distance = d;
    snprintf(n->best, sizeof(n->best), "%s", name);
}

const char *nearest_hint(const struct nearest *n, char *buf, size_t size)
{
    buf[0] = '\0';
    if (n->best[0])
        snprintf(buf, size, " (did you mean '%s'?)", n->best);
    return buf;
}
