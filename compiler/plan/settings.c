// Manual mode: `--set partSize=32` instead of rules.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/nearest.h"
#include "plan/rules.h"

// One "name=value", taken apart.
struct setting {
    char name[64];
    const char *value, *whole;
};

static gnnac_status split(const char *text, struct setting *out,
                          gnnac_error *err)
{
    const char *equals = strchr(text, '=');
    size_t n = equals ? (size_t)(equals - text) : 0;
    if (n == 0 || n >= sizeof(out->name) || !equals[1])
        return FAIL(err, GNNAC_EUSAGE, "--set %.80s: expected NAME=VALUE",
                    text);
    memcpy(out->name, text, n);
    out->name[n] = '\0';
    out->value = equals + 1;
    out->whole = text;
    return GNNAC_OK;
}

static bool serves(const struct family *f, const char *op)
{
    return strcmp(f->op, op) == 0;
}

// The last template=NAME of the settings; *out stays NULL without one.
static gnnac_status find_template(const struct family_list *l, const char *op,
                                  const char *const *settings, size_t n,
                                  const struct family **out, gnnac_error *err)
{
    struct setting s;
    char hint[96];
    for (size_t i = 0; i < n; i++) {
        gnnac_status st = split(settings[i], &s, err);
        if (st != GNNAC_OK)
            return st;
        if (strcmp(s.name, "template") != 0)
            continue;
        struct nearest near = {.wanted = s.value};
        const struct family *f = family_find(l, s.value);
        for (size_t k = 0; k < l->n; k++)
            if (serves(&l->items[k], op))
                nearest_offer(&near, l->items[k].name);
        if (!f || !serves(f, op))
            return FAIL(err, GNNAC_EUSAGE, "--set %.80s: %s%s", s.whole,
                        f ? "this template does something else"
                          : "there is no such template",
                        nearest_hint(&near, hint, sizeof(hint)));
        *out = f;
    }
    return GNNAC_OK;
}

static bool has_knobs(const struct family *f, const char *const *settings,
                      size_t n)
{
    struct setting s;
    for (size_t i = 0; i < n; i++)
        if (split(settings[i], &s, NULL) != GNNAC_OK ||
            (strcmp(s.name, "template") != 0 && family_knob(f, s.name) < 0))
            return false;
    return true;
}

// Whether `name` is a knob of an eligible family; else the nearest that is.
static bool is_knob(const struct family_list *l, const char *op,
                    const struct family *only, struct nearest *n)
{
    for (size_t i = 0; i < l->n; i++) {
        const struct family *f = &l->items[i];
        if (!serves(f, op) || (only && f != only))
            continue;
        if (family_knob(f, n->wanted) >= 0)
            return true;
        for (size_t k = 0; k < f->n_knobs; k++)
            nearest_offer(n, f->knobs[k].name);
    }
    return false;
}

// No family has all the settings: say which one is at fault.
static gnnac_status no_family(const struct family_list *l, const char *op,
                              const struct family *only,
                              const char *const *settings, size_t n,
                              gnnac_error *err)
{
    char hint[96];
    for (size_t i = 0; i < n; i++) {
        struct setting s;
        gnnac_status st = split(settings[i], &s, err);
        if (st != GNNAC_OK)
            return st;
        struct nearest near = {.wanted = s.name};
        if (strcmp(s.name, "template") == 0 || is_knob(l, op, only, &near))
            continue;
        return FAIL(err, GNNAC_EUSAGE, "--set %.80s: %s has no such knob%s",
                    s.whole, only ? only->name : "this operation",
                    nearest_hint(&near, hint, sizeof(hint)));
    }
    return FAIL(err, GNNAC_EUSAGE,
                "--set: no template of '%s' has all of these knobs", op);
}

static gnnac_status set_knob(const struct setting *s, struct candidate *c,
                             gnnac_error *err)
{
    int i = family_knob(c->family, s->name);
    const struct knob *k = &c->family->knobs[i];
    char *end;
    errno = 0;
    long long v = strtoll(s->value, &end, 10);
    if (end == s->value || *end)
        return FAIL(err, GNNAC_EUSAGE, "--set %.80s: expected a whole number",
                    s->whole);
    if (errno || v < k->min || v > k->max)
        return FAIL(err, GNNAC_EUSAGE, "--set %.80s: outside %lld..%lld",
                    s->whole, (long long)k->min, (long long)k->max);
    c->values[i] = v;
    return GNNAC_OK;
}

gnnac_status candidate_from_settings(const struct family_list *families,
                                     const char *op,
                                     const char *const *settings, size_t n,
                                     struct candidate *out, gnnac_error *err)
{
    const struct family *f = NULL, *named = NULL;
    struct setting s;
    gnnac_status st = find_template(families, op, settings, n, &named, err);
    if (st != GNNAC_OK)
        return st;
    for (size_t i = 0; i < families->n && !f; i++) {
        const struct family *it = &families->items[i];
        if (serves(it, op) && (!named || it == named) &&
            has_knobs(it, settings, n))
            f = it;
    }
    if (!f)
        return no_family(families, op, named, settings, n, err);

    struct candidate c = {.family = f,
                          .rule = "--set",
                          .why = "set on the command line",
                          .where = "command line"};
    for (size_t k = 0; k < f->n_knobs; k++)
        c.values[k] = f->knobs[k].dflt;
    for (size_t i = 0; i < n; i++) {
        st = split(settings[i], &s, err);
        if (st == GNNAC_OK && strcmp(s.name, "template") != 0)
            st = set_knob(&s, &c, err);
        if (st != GNNAC_OK)
            return st;
    }
    *out = c;
    return GNNAC_OK;
}
