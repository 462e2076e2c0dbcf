#include "tune/quarantine.h"

#include <stdio.h>
#include <string.h>

#include "tune/build.h"

static const char *driver_of(const struct workbench *wb)
{
    return wb->driver[0] ? wb->driver : NULL;
}

static bool find(struct workbench *wb, const char *key, const char *content,
                 struct quarantine_answer *out)
{
    const struct quarantine_question q = {key, content, driver_of(wb)};
    return wb->db && tunedb_find_quarantine(wb->db, &q, out, NULL) == GNNAC_OK;
}

bool quarantine_has(struct workbench *wb, const char *key,
                    struct quarantine_answer *out)
{
    return find(wb, key, NULL, out);
}

bool quarantine_has_text(struct workbench *wb, const char *source,
                         struct quarantine_answer *out)
{
    char key[33];
    build_image_key(wb, source, 0, key);
    return find(wb, key, NULL, out);
}

static void keep(struct workbench *wb, const struct variant *v,
                 const char *verdict, const char *reason)
{
    gnnac_error e = {{0}};
    const struct quarantine_row row = {.key = v->keys[0],
                                       .driver = wb->driver,
                                       .content = v->content,
                                       .arch = v->images[0].arch,
                                       .kernel = v->kernel.name,
                                       .verdict = verdict,
                                       .reason = reason};
    if (tunedb_put_quarantine(wb->db, &row, &e) != GNNAC_OK)
        workbench_forgets(wb, e.msg);
}

// Another kernel that executes the same failed: known by its own text from now
// on, too, so that it need not be compiled to be found out.
static void keep_twin(struct workbench *wb, const struct variant *v,
                      const struct quarantine_answer *a)
{
    if (wb->driver[0] && strcmp(a->kernel, v->kernel.name) != 0)
        keep(wb, v, a->verdict, a->reason);
}

static bool is_known(struct workbench *wb, const struct variant *v,
                     struct quarantine_answer *a)
{
    if (!v->content[0]) // not compiled yet
        return quarantine_has_text(wb, v->source, a);
    if (!find(wb, NULL, v->content, a))
        return false;
    keep_twin(wb, v, a);
    return true;
}

size_t quarantine_screen(struct workbench *wb, struct variant *all, size_t n)
{
    struct quarantine_answer a;
    size_t n_known = 0;
    for (size_t i = 0; i < n; i++) {
        struct variant *v = &all[i];
        if (strcmp(v->status, "ok") != 0 || !v->source || !is_known(wb, v, &a))
            continue;
        v->status = "quarantined";
        snprintf(v->reason, sizeof(v->reason), "in quarantine (%s): %.450s",
                 a.verdict, a.reason);
        n_known++;
    }
    return n_known;
}

void quarantine_keep(struct workbench *wb, const struct variant *all,
                     const int32_t *options, size_t n)
{
    for (size_t i = 0; i < n && wb->db; i++) {
        const struct variant *v = &all[options[i]];
        if (v->verdict && !variant_is_blas(v))
            keep(wb, v, v->verdict, v->reason);
    }
}
