// The knobs that a rule sets: which values a template ever takes, and whether
// it matters which one.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "workshop/lint_state.h"

enum { MAX_TRIES = 48 };

static struct seen_value *seen_value_of(struct sight *s, const struct family *f,
                                        int knob, int64_t value)
{
    for (size_t i = 0; i < s->n_values; i++)
        if (s->values[i].family == f && s->values[i].knob == knob &&
            s->values[i].value == value)
            return &s->values[i];
    if (s->n_values == MAX_VALUES)
        return NULL;
    struct seen_value *v = &s->values[s->n_values++];
    *v = (struct seen_value){.family = f, .knob = knob, .value = value};
    return v;
}

static struct seen_knob *seen_knob_of(struct sight *s, const struct family *f,
                                      int knob)
{
    const size_t max = sizeof(s->knobs) / sizeof(s->knobs[0]);
    for (size_t i = 0; i < s->n_knobs; i++)
        if (s->knobs[i].family == f && s->knobs[i].knob == knob)
            return &s->knobs[i];
    if (s->n_knobs == max)
        return NULL;
    struct seen_knob *k = &s->knobs[s->n_knobs++];
    *k = (struct seen_knob){.family = f, .knob = knob};
    return k;
}

// A line without the kernel's name, which tells every knob.
static void write_line(FILE *out, const char *line, size_t n, const char *name)
{
    size_t n_name = strlen(name);
    for (size_t i = 0; i < n; i++)
        if (n - i >= n_name && memcmp(line + i, name, n_name) == 0)
            i += n_name - 1;
        else
            fputc(line[i], out);
    fputc('\n', out);
}

// What makes a kernel: its text but for names and comments, and its launches.
static void write_essence(FILE *out, const struct emitted *e)
{
    const struct kernel *k = &e->kernel;
    for (const char *line = e->source; *line;) {
        size_t n = strcspn(line, "\n");
        if (strncmp(line, "//", 2) != 0)
            write_line(out, line, n, k->name);
        line += n + (line[n] != '\0');
    }
    fprintf(out, "%d %d %d %d %d %d %d %d\n", k->part_size, k->part_rows,
            k->parts_per_block, k->packed_rows, k->packed_edges,
            k->packed_step, k->tile_percent, k->tile_blocks);
    for (int32_t i = 0; i < k->n_launches; i++)
        fprintf(out, "%d %d %d %d\n", k->launches[i].per_block,
                k->launches[i].grid_y, k->launches[i].block,
                k->launches[i].shared_bytes);
}

// The essence of the point's kernel, owned; NULL where the template refuses
// it. A template that fails is found when its kernel is wanted; here it
// refuses.
static char *emit(struct linter *l, const struct candidate *c)
{
    struct emitted e = {0};
    char *essence = NULL;
    size_t n_bytes;
    const struct kernel_spec spec = probe_spec(l->probe, c->family->op);
    if (tmpl_emit(l->catalog, c, &spec, &e, NULL) != GNNAC_OK)
        return NULL;
    FILE *out = open_memstream(&essence, &n_bytes);
    if (out) {
        write_essence(out, &e);
        fclose(out);
    }
    emitted_finish(&e);
    return essence;
}

// A value of the knob other than the point's that was seen, too.
static const struct seen_value *other_value(const struct sight *s,
                                            const struct candidate *c, int knob)
{
    for (size_t i = 0; i < s->n_values; i++)
        if (s->values[i].family == c->family && s->values[i].knob == knob &&
            s->values[i].value != c->values[knob])
            return &s->values[i];
    return NULL;
}

static void try_other(struct linter *l, struct sight *s,
                      const struct candidate *c, int knob, const char *source)
{
    const struct seen_value *other = other_value(s, c, knob);
    struct seen_knob *k = other ? seen_knob_of(s, c->family, knob) : NULL;
    if (!k || k->has_effect || k->n_tries >= MAX_TRIES)
        return;
    struct candidate changed = *c;
    changed.values[knob] = other->value;
    char *theirs = emit(l, &changed);
    k->n_tries += theirs != NULL;
    k->has_effect = theirs && strcmp(theirs, source) != 0;
    free(theirs);
}

// Whether the template's word on this point could tell anything new.
static bool is_news(struct sight *s, const struct candidate *c)
{
    bool news = !s->emitted;
    for (size_t i = 0; i < c->family->n_knobs; i++) {
        struct seen_value *v =
            seen_value_of(s, c->family, (int)i, c->values[i]);
        struct seen_knob *k = other_value(s, c, (int)i)
                                  ? seen_knob_of(s, c->family, (int)i)
                                  : NULL;
        news = news || (v && !v->accepted && v->n_tries < MAX_TRIES) ||
               (k && !k->has_effect && k->n_tries < MAX_TRIES);
    }
    return news;
}

static void try_template(struct linter *l, struct sight *s,
                         const struct candidate *c)
{
    char *source = emit(l, c);
    s->emitted = s->emitted || source;
    for (size_t i = 0; i < c->family->n_knobs; i++) {
        struct seen_value *v =
            seen_value_of(s, c->family, (int)i, c->values[i]);
        if (v) {
            v->n_tries++;
            v->accepted = v->accepted || source;
        }
        if (source)
            try_other(l, s, c, (int)i, source);
    }
    free(source);
}

void lint_see_point(void *context, const struct rule_trace *t,
                    const struct candidate *c, enum point_fate fate)
{
    struct linter *l = context;
    struct sight *s = linter_find(l, t->rule);
    // To ask for news notes the values, also those of points that are rejected.
    if (!s || !is_news(s, c) || fate == POINT_REJECTED ||
        l->n_queued == MAX_QUEUED)
        return;
    struct queued *q = &l->queue[l->n_queued++];
    q->sight = s;
    q->point.family = c->family;
    memcpy(q->point.values, c->values, sizeof(c->values));
}

void lint_try_queued(struct linter *l)
{
    for (size_t i = 0; i < l->n_queued; i++)
        if (is_news(l->queue[i].sight, &l->queue[i].point))
            try_template(l, l->queue[i].sight, &l->queue[i].point);
    l->n_queued = 0;
}

void lint_values(const struct sight *s, struct lint_report *r)
{
    for (size_t i = 0; s->emitted && i < s->n_values; i++) {
        const struct seen_value *v = &s->values[i];
        if (!v->accepted)
            lint_add(r, s, LINT_UNUSED_VALUE,
                     "%s: %s = %" PRId64 " is refused everywhere, by %s",
                     v->family->name, v->family->knobs[v->knob].name, v->value,
                     v->n_tries ? "the template" : "its limit");
    }
    for (size_t i = 0; i < s->n_knobs; i++) {
        const struct seen_knob *k = &s->knobs[i];
        if (!k->has_effect && k->n_tries > 0)
            lint_add(r, s, LINT_UNUSED_KNOB,
                     "%s: all values of %s give the same kernel",
                     k->family->name, k->family->knobs[k->knob].name);
    }
}
