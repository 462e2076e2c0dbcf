#include "base/props.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static struct prop *slot(struct props *p, const char *name, enum prop_type t)
{
    const struct prop *old = props_find(p, name);
    struct prop *q = old ? &p->items[old - p->items] : NULL;
    if (!q) {
        assert(p->n < sizeof(p->items) / sizeof(p->items[0]));
        q = &p->items[p->n++];
        snprintf(q->name, sizeof(q->name), "%s", name);
    }
    q->type = t;
    return q;
}

void props_int(struct props *p, const char *name, int64_t v)
{
    slot(p, name, PROP_INT)->i = v;
}

void props_real(struct props *p, const char *name, double v)
{
    slot(p, name, PROP_REAL)->r = v;
}

void props_bool(struct props *p, const char *name, bool v)
{
    slot(p, name, PROP_BOOL)->b = v;
}

void props_text(struct props *p, const char *name, const char *v)
{
    struct prop *q = slot(p, name, PROP_TEXT);
    snprintf(q->text, sizeof(q->text), "%s", v);
}

const struct prop *props_find(const struct props *p, const char *name)
{
    for (size_t i = 0; i < p->n; i++)
        if (strcmp(p->items[i].name, name) == 0)
            return &p->items[i];
    return NULL;
}

double props_number(const struct props *p, const char *name)
{
    const struct prop *q = props_find(p, name);
    if (!q || q->type == PROP_TEXT)
        return NAN;
    if (q->type == PROP_REAL)
        return q->r;
    return q->type == PROP_INT ? (double)q->i : q->b;
}

// ---- output -----------------------------------------------------------------

// Fewest digits that read back the same.
static void format_real(double v, char *out, size_t n_bytes)
{
    for (int digits = 1; digits <= 17; digits++) {
        snprintf(out, n_bytes, "%.*g", digits, v);
        if (strtod(out, NULL) == v)
            return;
    }
}

static void print_text(const char *s, FILE *out)
{
    fputc('"', out);
    for (; *s; s++) {
        unsigned char c = (unsigned char)*s;
        if (c == '"' || c == '\\')
            fprintf(out, "\\%c", c);
        else if (c < 0x20)
            fprintf(out, "\\u%04x", c);
        else
            fputc(c, out);
    }
    fputc('"', out);
}

static void print_value(const struct prop *q, bool json, FILE *out)
{
    char number[40];
    switch (q->type) {
    case PROP_INT:
        fprintf(out, "%" PRId64, q->i);
        break;
    case PROP_BOOL:
        fputs(q->b ? "true" : "false", out);
        break;
    case PROP_TEXT:
        if (json)
            print_text(q->text, out);
        else
            fputs(q->text, out);
        break;
    default:
        format_real(q->r, number, sizeof(number));
        fputs(isfinite(q->r) ? number : json ? "null" : "-", out);
        break;
    }
}

// Length of the folder that `name` shares with `prefix`: whole components.
static size_t shared_dots(const char *a, const char *b)
{
    size_t shared = 0;
    for (size_t i = 0; a[i] && a[i] == b[i]; i++)
        if (a[i] == '.')
            shared = i + 1;
    return shared;
}

static void close_objects(const char *from, size_t keep, FILE *out)
{
    for (const char *p = strchr(from + keep, '.'); p; p = strchr(p + 1, '.'))
        fputc('}', out);
}

void props_print_json(const struct props *p, FILE *out)
{
    const char *previous = "";
    fputc('{', out);
    for (size_t i = 0; i < p->n; i++) {
        const char *name = p->items[i].name;
        size_t shared = shared_dots(previous, name);
        close_objects(previous, shared, out);
        if (i)
            fputc(',', out);
        const char *part = name + shared;
        for (const char *dot; (dot = strchr(part, '.')); part = dot + 1)
            fprintf(out, "\"%.*s\":{", (int)(dot - part), part);
        fprintf(out, "\"%s\":", part);
        print_value(&p->items[i], true, out);
        previous = name;
    }
    close_objects(previous, 0, out);
    fputc('}', out);
}

void props_print_table(const struct props *p, FILE *out)
{
    int width = 0;
    for (size_t i = 0; i < p->n; i++)
        if ((int)strlen(p->items[i].name) > width)
            width = (int)strlen(p->items[i].name);
    for (size_t i = 0; i < p->n; i++) {
        fprintf(out, "%-*s  ", width, p->items[i].name);
        print_value(&p->items[i], false, out);
        fputc('\n', out);
    }
}
