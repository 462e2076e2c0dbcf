// facts.csv: figures of real graphs that independent tools computed.
#ifndef GNNAC_FACTS_FIXTURE_H
#define GNNAC_FACTS_FIXTURE_H

#include "test.h"

// One line of the file, cut at its commas.
struct facts_row {
    char text[2048];
    char *cells[64];
    int n;
};

static inline bool facts_read_row(FILE *f, struct facts_row *r)
{
    if (!fgets(r->text, sizeof(r->text), f))
        return false;
    r->text[strcspn(r->text, "\r\n")] = '\0';
    r->n = 0;
    for (char *p = r->text; p && r->n < 64; p = strchr(p, ',')) {
        if (r->n)
            *p++ = '\0';
        r->cells[r->n++] = p;
    }
    return true;
}

// NULL: there is no such column.
static inline const char *facts_cell(const struct facts_row *head,
                                     const struct facts_row *r,
                                     const char *column)
{
    for (int i = 0; i < head->n && i < r->n; i++)
        if (strcmp(head->cells[i], column) == 0)
            return r->cells[i];
    return NULL;
}

// check(path, head, row) for every graph; how many, -1 where there are none.
static inline int
facts_each(void (*check)(const char *path, const struct facts_row *head,
                         const struct facts_row *r))
{
    const char *folder = getenv("GNNAC_TEST_GRAPHS");
    static struct facts_row head, r;
    char path[1024];
    int n = 0;
    snprintf(path, sizeof(path), "%s/facts.csv", folder ? folder : "");
    FILE *f = folder ? fopen(path, "r") : NULL;
    if (!f)
        return -1;
    CHECK(facts_read_row(f, &head));
    while (facts_read_row(f, &r)) {
        snprintf(path, sizeof(path), "%s/%s.npz", folder, r.cells[0]);
        check(path, &head, &r);
        n++;
    }
    fclose(f);
    return n;
}

#endif
