#include "dylib.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <glob.h>
#include <limits.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

// One search. It either opens (wants_handle) or only names the file.
struct search {
    const struct dylib_request *rq;
    bool wants_handle;
    void *handle;
    char path[PATH_MAX];
    char refusal[256]; // why the first file that exists was not opened
};

// ---- one candidate ----------------------------------------------------------

// The file behind an open handle.
static void resolve_handle(struct search *s)
{
    struct link_map *map = NULL;
    s->path[0] = '\0';
    if (dlinfo(s->handle, RTLD_DI_LINKMAP, &map) == 0 && map->l_name &&
        !realpath(map->l_name, s->path))
        snprintf(s->path, sizeof(s->path), "%s", map->l_name);
}

static bool open_name(struct search *s, const char *name)
{
    // Never unloaded: these libraries leave threads and allocations behind.
    s->handle = dlopen(name, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    if (s->handle) {
        resolve_handle(s);
        return true;
    }
    const char *why = dlerror();
    // A bare soname that is nowhere says nothing; a file that exists and is
    // refused does.
    if (s->refusal[0] == '\0' && why && strchr(name, '/'))
        snprintf(s->refusal, sizeof(s->refusal), "%s", why);
    return false;
}

static bool try_file(struct search *s, const char *file)
{
    struct stat sb;
    if (stat(file, &sb) != 0 || !S_ISREG(sb.st_mode))
        return false;
    if (s->wants_handle)
        return open_name(s, file);
    return realpath(file, s->path) != NULL;
}

static bool try_folder(struct search *s, const char *folder)
{
    for (const char *const *name = s->rq->sonames; *name; name++) {
        char file[PATH_MAX];
        int n = snprintf(file, sizeof(file), "%s/%s", folder, *name);
        if (n < (int)sizeof(file) && try_file(s, file))
            return true;
    }
    return false;
}

// Every folder that matches a shell pattern, in sorted order.
static bool try_pattern(struct search *s, const char *pattern)
{
    glob_t g = {0};
    bool found = false;
    if (glob(pattern, 0, NULL, &g) == 0)
        for (size_t i = 0; i < g.gl_pathc && !found; i++)
            found = try_folder(s, g.gl_pathv[i]);
    globfree(&g);
    return found;
}

// ---- places -----------------------------------------------------------------

static bool in_toolkit(struct search *s, const char *root)
{
    static const char *const subfolders[] = {
        "/lib64", "/lib", "/targets/*/lib", "", "/lib/*-linux-gnu",
    };
    char pattern[PATH_MAX];
    for (size_t i = 0; i < sizeof(subfolders) / sizeof(subfolders[0]); i++) {
        int n = snprintf(pattern, sizeof(pattern), "%s%s", root, subfolders[i]);
        if (n < (int)sizeof(pattern) && try_pattern(s, pattern))
            return true;
    }
    return false;
}

static bool in_variable(struct search *s, const char *variable)
{
    const char *root = secure_getenv(variable);
    return root && root[0] == '/' && in_toolkit(s, root);
}

// The first soname that a folder of $LD_LIBRARY_PATH holds, opened by that
// name: the loader then takes the same file, and so do libraries that need it.
static bool in_library_path(struct search *s, const char *variable)
{
    const char *list = secure_getenv(variable);
    while (list && *list) {
        size_t len = strcspn(list, ":");
        for (const char *const *name = s->rq->sonames; len && *name; name++) {
            char file[PATH_MAX];
            int n =
                snprintf(file, sizeof(file), "%.*s/%s", (int)len, list, *name);
            if (n >= (int)sizeof(file) || access(file, R_OK) != 0)
                continue;
            if (s->wants_handle ? open_name(s, *name) : try_file(s, file))
                return true;
        }
        list += len + (list[len] == ':');
    }
    return false;
}

// Does the string table of the loader's cache hold ".../soname"? The first hit
// is the one that the loader prefers.
static bool in_cache_text(struct search *s, const char *text, size_t n_bytes,
                          const char *soname)
{
    char tail[128];
    int len = snprintf(tail, sizeof(tail), "/%s", soname);
    const char *end = text + n_bytes, *at = text;
    while ((at = memmem(at, (size_t)(end - at), tail, (size_t)len + 1))) {
        const char *start = at;
        while (start > text && start[-1] != '\0')
            start--;
        if (*start == '/' && try_file(s, start))
            return true;
        at += len;
    }
    return false;
}

static bool in_loader_cache(struct search *s)
{
    bool found = false;
    struct stat sb;
    int fd = open("/etc/ld.so.cache", O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    if (fstat(fd, &sb) == 0 && sb.st_size > 0) {
        size_t n = (size_t)sb.st_size;
        void *text = mmap(NULL, n, PROT_READ, MAP_PRIVATE, fd, 0);
        if (text != MAP_FAILED) {
            for (const char *const *so = s->rq->sonames; *so && !found; so++)
                found = in_cache_text(s, text, n, *so);
            munmap(text, n);
        }
    }
    close(fd);
    return found;
}

static bool in_loader(struct search *s, const char *unused)
{
    (void)unused;
    if (!s->wants_handle)
        return in_loader_cache(s);
    for (const char *const *name = s->rq->sonames; *name; name++)
        if (open_name(s, *name))
            return true;
    return false;
}

static bool in_wheels(struct search *s, const char *unused)
{
    static const struct {
        const char *variable, *below;
    } places[] = {
        {"VIRTUAL_ENV", "/lib/python3*/site-packages"},
        {"GNNAC_SOURCE_ROOT", "/.venv/lib/python3*/site-packages"},
        {"CONDA_PREFIX", "/lib/python3*/site-packages"},
        {"HOME", "/.local/lib/python3*/site-packages"},
        {NULL, "/usr/local/lib/python3*/site-packages"},
        {NULL, "/usr/local/lib/python3*/dist-packages"},
        {NULL, "/usr/lib/python3*/dist-packages"},
        {NULL, "/usr/lib/python3/dist-packages"},
    };
    (void)unused;
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        const char *variable = places[i].variable;
        const char *root = variable ? secure_getenv(variable) : "";
        char pattern[PATH_MAX];
        if (!root || (variable && root[0] != '/'))
            continue;
        int n = snprintf(pattern, sizeof(pattern), "%s%s/nvidia/*/lib", root,
                         places[i].below);
        if (n < (int)sizeof(pattern) && try_pattern(s, pattern))
            return true;
    }
    return false;
}

#define BIT(kind) (1u << (kind))

static const struct place {
    const char *name; // for messages
    bool (*search)(struct search *s, const char *argument);
    const char *argument;
    unsigned kinds;
} places_in_order[] = {
    {"$GNNAC_CUDA_PATH", in_variable, "GNNAC_CUDA_PATH", BIT(DYLIB_TOOLKIT)},
    {"$LD_LIBRARY_PATH", in_library_path, "LD_LIBRARY_PATH",
     BIT(DYLIB_TOOLKIT) | BIT(DYLIB_DRIVER)},
    {"$CUDA_HOME", in_variable, "CUDA_HOME", BIT(DYLIB_TOOLKIT)},
    {"$CUDA_PATH", in_variable, "CUDA_PATH", BIT(DYLIB_TOOLKIT)},
    {"the loader's path", in_loader, NULL,
     BIT(DYLIB_TOOLKIT) | BIT(DYLIB_DRIVER)},
    {"/usr/local/cuda", in_toolkit, "/usr/local/cuda", BIT(DYLIB_TOOLKIT)},
    {"$CONDA_PREFIX", in_variable, "CONDA_PREFIX", BIT(DYLIB_TOOLKIT)},
    {"Python's nvidia/*/lib", in_wheels, NULL, BIT(DYLIB_TOOLKIT)},
    {"/usr/lib/wsl/lib", try_folder, "/usr/lib/wsl/lib", BIT(DYLIB_DRIVER)},
    {"/usr/local/nvidia/lib64", try_folder, "/usr/local/nvidia/lib64",
     BIT(DYLIB_DRIVER)},
    {"/run/opengl-driver/lib", try_folder, "/run/opengl-driver/lib",
     BIT(DYLIB_DRIVER)},
};
enum { N_PLACES = sizeof(places_in_order) / sizeof(places_in_order[0]) };

// ---- the search -------------------------------------------------------------

static gnnac_status not_found(const struct search *s, gnnac_error *err)
{
    char where[512] = "";
    size_t used = 0;
    for (size_t i = 0; i < N_PLACES; i++) {
        const struct place *p = &places_in_order[i];
        if ((p->kinds & BIT(s->rq->kind)) && used < sizeof(where))
            used += (size_t)snprintf(where + used, sizeof(where) - used, "%s%s",
                                     used ? ", " : "", p->name);
    }
    if (s->refusal[0] != '\0')
        return FAIL(err, GNNAC_ENOENT, "%s (%s): %s; %s", s->rq->what,
                    s->rq->sonames[0], s->refusal, s->rq->remedy);
    return FAIL(err, GNNAC_ENOENT, "%s (%s) not found in %s: %s", s->rq->what,
                s->rq->sonames[0], where, s->rq->remedy);
}

static gnnac_status search_all(struct search *s, gnnac_error *err)
{
    for (size_t i = 0; i < N_PLACES; i++) {
        const struct place *p = &places_in_order[i];
        if ((p->kinds & BIT(s->rq->kind)) && p->search(s, p->argument))
            return GNNAC_OK;
    }
    return not_found(s, err);
}

static gnnac_status copy_path(const struct search *s, char *path, size_t n,
                              gnnac_error *err)
{
    if (path && (size_t)snprintf(path, n, "%s", s->path) >= n)
        return FAIL(err, GNNAC_EIO, "%s: path is too long", s->path);
    return GNNAC_OK;
}

gnnac_status dylib_open(const struct dylib_request *rq, void **handle,
                        char *path, size_t path_bytes, gnnac_error *err)
{
    struct search s = {.rq = rq, .wants_handle = true};
    gnnac_status st = search_all(&s, err);
    if (st == GNNAC_OK)
        st = copy_path(&s, path, path_bytes, err);
    if (st == GNNAC_OK)
        *handle = s.handle;
    else
        dylib_close(s.handle);
    return st;
}

void dylib_close(void *handle)
{
    if (handle)
        dlclose(handle);
}

void dylib_load_beside(const char *path, const char *name)
{
    char file[PATH_MAX];
    const char *slash = strrchr(path, '/');
    int n = snprintf(file, sizeof(file), "%.*s/%s",
                     slash ? (int)(slash - path) : 0, path, name);
    if (slash && n < (int)sizeof(file))
        dlopen(file, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
}

gnnac_status dylib_find(const struct dylib_request *rq, char *path,
                        size_t path_bytes, gnnac_error *err)
{
    struct search s = {.rq = rq};
    gnnac_status st = search_all(&s, err);
    return st == GNNAC_OK ? copy_path(&s, path, path_bytes, err) : st;
}

gnnac_status dylib_symbols(void *handle, const char *path,
                           const struct dylib_symbol *symbols, size_t n,
                           gnnac_error *err)
{
    for (size_t i = 0; i < n; i++)
        if (symbols[i].required && !dlsym(handle, symbols[i].name))
            return FAIL(err, GNNAC_EUNSUPPORTED, "%s: lacks %s: too old", path,
                        symbols[i].name);
    for (size_t i = 0; i < n; i++) {
        void *address = dlsym(handle, symbols[i].name);
        memcpy(symbols[i].slot, &address, sizeof(address));
    }
    return GNNAC_OK;
}

gnnac_status dylib_load(const struct dylib_request *rq,
                        const struct dylib_symbol *symbols, size_t n,
                        void **handle, gnnac_error *err)
{
    char path[512];
    void *h = NULL;
    gnnac_status st = dylib_open(rq, &h, path, sizeof(path), err);
    if (st == GNNAC_OK)
        st = dylib_symbols(h, path, symbols, n, err);
    if (st == GNNAC_OK)
        *handle = h;
    else
        dylib_close(h);
    return st;
}
