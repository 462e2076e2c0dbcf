#include "tune/analysis.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "graph/text.h"

// Grows whenever a property comes, goes or changes its meaning, and whenever
// communities may come out differently.
enum { ANALYZER = 1 };

// Which reader a file gets: from the dot before a ".gz", or from the last one.
static const char *form_of(const char *path)
{
    const char *slash = strrchr(path, '/'), *form = "";
    const char *end = path + path_without_gz(path);
    for (const char *p = slash ? slash + 1 : path; p < end; p++)
        if (*p == '.')
            form = p;
    return form;
}

gnnac_status analysis_key(const struct analysis_request *r,
                          char key[ANALYSIS_KEY_BYTES], gnnac_error *err)
{
    struct file_hash hash;
    const struct graph_options *g = r->graph;
    gnnac_status st = file_hash(r->path, &hash, err);
    if (st != GNNAC_OK)
        return st;
    snprintf(key, ANALYSIS_KEY_BYTES,
             "v%d bytes=%lld xxh3=%s form=%.16s symmetrize=%d dedupe=%d"
             " self_loops=%d reverse=%d nodes=%" PRId64
             " community=%s triangles=%d",
             ANALYZER, hash.n_bytes, hash.hex, form_of(r->path),
             g->symmetrize, g->dedupe, g->self_loops, g->target_to_source,
             g->n_nodes, r->community, r->triangles);
    return GNNAC_OK;
}

// ---- one line a property: type, name, value ---------------------------------

static void write_prop(FILE *out, const struct prop *p)
{
    switch (p->type) {
    case PROP_INT:
        fprintf(out, "i %s %" PRId64 "\n", p->name, p->i);
        return;
    case PROP_REAL: // as bits, to the last of them
        fprintf(out, "r %s %a\n", p->name, p->r);
        return;
    case PROP_BOOL:
        fprintf(out, "b %s %d\n", p->name, p->b);
        return;
    case PROP_TEXT:
        fprintf(out, "t %s %s\n", p->name, p->text);
        return;
    }
}

static bool read_prop(struct props *out, char type, const char *name,
                      const char *value)
{
    switch (type) {
    case 'i':
        props_int(out, name, strtoll(value, NULL, 10));
        return true;
    case 'r':
        props_real(out, name, strtod(value, NULL));
        return true;
    case 'b':
        props_bool(out, name, value[0] == '1');
        return true;
    case 't':
        props_text(out, name, value);
        return true;
    default:
        return false;
    }
}

// What a database holds may come from anywhere.
static bool read_props(char *text, struct props *out)
{
    const size_t most = sizeof(out->items) / sizeof(out->items[0]);
    char *save = NULL;
    out->n = 0;
    for (char *line = strtok_r(text, "\n", &save); line;
         line = strtok_r(NULL, "\n", &save)) {
        char *name = line + 2;
        char *blank = line[1] == ' ' ? strchr(name, ' ') : NULL;
        if (!blank || out->n == most)
            return false;
        *blank = '\0';
        if (!read_prop(out, line[0], name, blank + 1))
            return false;
    }
    return out->n > 0;
}

bool analysis_parse(const char *value, struct props *out)
{
    char *text = strdup(value);
    bool ok = text && read_props(text, out);
    free(text);
    if (!ok)
        out->n = 0;
    return ok;
}

bool analysis_recall(struct tunedb *db, const char *key, struct props *out)
{
    char *text = NULL;
    out->n = 0;
    if (tunedb_get_analysis(db, key, &text, NULL) != GNNAC_OK)
        return false;
    bool ok = analysis_parse(text, out);
    free(text);
    return ok;
}

gnnac_status analysis_remember(struct tunedb *db, const char *key,
                               const struct props *p, gnnac_error *err)
{
    char *text = NULL;
    size_t n_bytes = 0;
    FILE *out = open_memstream(&text, &n_bytes);
    if (!out)
        return FAIL(err, GNNAC_ENOMEM, "out of memory");
    for (size_t i = 0; i < p->n; i++)
        write_prop(out, &p->items[i]);
    gnnac_status st = fclose(out) == 0
                          ? tunedb_put_analysis(db, key, text, err)
                          : FAIL(err, GNNAC_ENOMEM, "out of memory");
    free(text);
    return st;
}
