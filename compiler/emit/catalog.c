#include "emit/catalog.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "bundle/hash_text.h"
#include "emit/tmpl.h"
#include "emit/translate.h"

enum { MAX_TEMPLATE_BYTES = 1 << 20 };

static const char family_suffix[] = ".cu.lua", library_suffix[] = ".lib.lua";

// Bytes of `file` before `suffix`; 0 if it does not end so.
static size_t stem_bytes(const char *file, const char *suffix)
{
    size_t n = strlen(file), m = strlen(suffix);
    return n > m && strcmp(file + n - m, suffix) == 0 ? n - m : 0;
}

const struct unit *catalog_unit(const struct catalog *c, const char *name,
                                bool library)
{
    for (size_t i = 0; i < c->n_units; i++)
        if (c->units[i].is_library == library &&
            strcmp(c->units[i].name, name) == 0)
            return &c->units[i];
    return NULL;
}

// ---- reading ----------------------------------------------------------------

static gnnac_status add_unit(struct catalog *c, const char *dir,
                             const char *file, gnnac_error *err)
{
    size_t stem = stem_bytes(file, library_suffix);
    bool library = stem > 0;
    if (!library)
        stem = stem_bytes(file, family_suffix);
    if (!stem)
        return GNNAC_OK;

    char name[sizeof(c->units[0].name)], path[512];
    if (stem >= sizeof(name) || c->n_units == MAX_UNITS)
        return FAIL(err, GNNAC_EFORMAT, "%s/%s: %s", dir, file,
                    stem >= sizeof(name) ? "the name is too long"
                                         : "there are too many templates");
    snprintf(name, sizeof(name), "%.*s", (int)stem, file);
    if (catalog_unit(c, name, library))
        return GNNAC_OK; // an earlier folder has it
    int n = snprintf(path, sizeof(path), "%s/%s", dir, file);
    if (n < 0 || (size_t)n >= sizeof(path))
        return FAIL(err, GNNAC_EIO, "%s: the path is too long", dir);

    struct unit *u = &c->units[c->n_units];
    gnnac_status st =
        file_read(path, MAX_TEMPLATE_BYTES, &u->text, &u->n_bytes, err);
    if (st != GNNAC_OK)
        return st;
    c->n_units++;
    memcpy(u->name, name, sizeof(name));
    snprintf(u->file, sizeof(u->file), "templates/%s%s", name,
             library ? library_suffix : family_suffix);
    u->base = strchr(u->file, '/') + 1;
    u->is_library = library;
    u->family = -1;
    if (library)
        return GNNAC_OK;
    if (c->families.n == MAX_FAMILIES)
        return FAIL(err, GNNAC_EFORMAT, "%s: there are more than %d families",
                    path, MAX_FAMILIES);
    u->family = (int)c->families.n++;
    struct family *f = &c->families.items[u->family];
    memcpy(f->name, name, sizeof(name));
    memcpy(f->path, path, sizeof(path));
    return GNNAC_OK;
}

// A folder that is not there is an empty one.
static gnnac_status add_folder(struct catalog *c, const char *dir,
                               gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    struct dirent **entries = NULL;
    int n = scandir(dir, &entries, NULL, alphasort);
    if (n < 0 && errno != ENOENT && errno != ENOTDIR)
        return FAIL(err, GNNAC_EIO, "%s: %s", dir, strerror(errno));
    for (int i = 0; i < n; i++) {
        if (st == GNNAC_OK)
            st = add_unit(c, dir, entries[i]->d_name, err);
        free(entries[i]);
    }
    free(entries);
    return st;
}

// ---- compiling --------------------------------------------------------------

static gnnac_status chunk_locals(const struct catalog *c, const struct unit *u,
                                 struct strbuf *out, gnnac_error *err)
{
    strbuf_puts(out, CHUNK_LOCALS);
    if (!u->is_library) {
        const struct family *f = &c->families.items[u->family];
        for (size_t i = 0; i < f->n_knobs; i++)
            strbuf_printf(out, ", %s", f->knobs[i].name);
    }
    return out->failed ? FAIL(err, GNNAC_ENOMEM, "out of memory") : GNNAC_OK;
}

// Registry[unit] = the chunk. Arguments: chunk, unit.
static int keep_chunk(lua_State *L)
{
    lua_pushvalue(L, 1);
    lua_rawsetp(L, LUA_REGISTRYINDEX, lua_touserdata(L, 2));
    return 0;
}

static gnnac_status compile_unit(struct catalog *c, struct unit *u,
                                 gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    struct strbuf locals = {0}, lua = {0};
    lua_State *L = sandbox_lua(c->sb);

    TRY(chunk_locals(c, u, &locals, err));
    size_t head = u->is_library ? 0 : template_head_bytes(u->text, u->n_bytes);
    TRY(template_translate(u->file, u->text, u->n_bytes, head, locals.text,
                           &lua, err));
    lua_pushcfunction(L, keep_chunk);
    st = sandbox_load(c->sb, lua.text, lua.n_bytes, u->file, err);
    if (st != GNNAC_OK) {
        lua_pop(L, 1);
        goto out;
    }
    lua_pushlightuserdata(L, u);
    TRY(sandbox_call(c->sb, 2, 0, err));
out:
    strbuf_finish(&locals);
    strbuf_finish(&lua);
    return st;
}

// ---- the whole --------------------------------------------------------------

static int by_file(const void *a, const void *b)
{
    return strcmp(((const struct unit *)a)->file,
                  ((const struct unit *)b)->file);
}

static gnnac_status hash_units(struct catalog *c, gnnac_error *err)
{
    struct strbuf all = {0};
    for (size_t i = 0; i < c->n_units; i++) {
        const struct unit *u = &c->units[i];
        strbuf_printf(&all, "%s %zu\n", u->file, u->n_bytes);
        strbuf_add(&all, u->text, u->n_bytes);
    }
    bool ok = !all.failed;
    if (ok)
        hash_hex(all.text, all.n_bytes, c->hash);
    strbuf_finish(&all);
    return ok ? GNNAC_OK : FAIL(err, GNNAC_ENOMEM, "out of memory");
}

static gnnac_status compile_all(struct catalog *c, gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    for (size_t i = 0; i < c->n_units; i++) {
        struct unit *u = &c->units[i];
        if (!u->is_library)
            TRY(head_read(c, u, &c->families.items[u->family], err));
        TRY(compile_unit(c, u, err));
    }
out:
    return st;
}

gnnac_status catalog_open(const char *const *dirs, size_t n_dirs,
                          struct catalog **out, gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    struct catalog *c = calloc(1, sizeof(*c));
    if (!c)
        return FAIL(err, GNNAC_ENOMEM, "out of memory");
    for (size_t i = 0; i < n_dirs; i++)
        TRY(add_folder(c, dirs[i], err));
    if (c->families.n == 0) {
        st = FAIL(err, GNNAC_ENOENT, "no templates (*.cu.lua) in %s%s",
                  n_dirs ? dirs[0] : "any folder",
                  n_dirs > 1 ? " nor the folders after it" : "");
        goto out;
    }
    qsort(c->units, c->n_units, sizeof(c->units[0]), by_file);
    for (size_t i = 0; i < c->n_units; i++)
        c->units[i].base = strchr(c->units[i].file, '/') + 1;
    TRY(hash_units(c, err));
    TRY(sandbox_create(&c->sb, err));
    TRY(compile_all(c, err));

    *out = c;
    c = NULL;
out:
    catalog_close(c);
    return st;
}

void catalog_close(struct catalog *c)
{
    if (!c)
        return;
    sandbox_destroy(c->sb);
    for (size_t i = 0; i < c->n_units; i++) {
        free(c->units[i].text);
        free(c->units[i].doc);
    }
    free(c);
}

const struct family_list *catalog_families(const struct catalog *c)
{
    return &c->families;
}

void catalog_hash(const struct catalog *c, char hex[33])
{
    memcpy(hex, c->hash, sizeof(c->hash));
}
