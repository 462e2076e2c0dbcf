// libnvrtc for tests: NVRTC's calls, as far as gnnac makes them, answered by
// the real library, whose answers are kept in files: README.md.
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <xxhash.h>

#include "base/file.h"
#include "dylib.h"
#include "jit/nvrtc_lib.h"

#define CALL __attribute__((visibility("default")))
#define X(name, arguments) CALL int name arguments;
NVRTC_CALLS(X)
#undef X
CALL const char *nvrtcGetErrorString(int result);

enum { INVALID_INPUT = 3, INTERNAL_ERROR = 11, MAX_ARCHS = 60 };
enum part { LOG, PTX, CUBIN, N_PARTS };
static const size_t max_bytes = (size_t)1 << 30; // of a kept file

// The head of a kept compilation; the parts follow.
struct head {
    size_t n_bytes[N_PARTS];
    int64_t result;
};

// What was asked and, once it is compiled, the answer.
struct nvrtc_program {
    char *source, *name;
    struct head *answer;
};

// ---- the real library
// ---------------------------------------------------------

static struct nvrtc_calls real;

static void load_real(void)
{
    const struct dylib_symbol symbols[] = {
#define X(name, arguments) {#name, &real.name, true},
        NVRTC_CALLS(X)
#undef X
            {"nvrtcGetErrorString", &real.nvrtcGetErrorString, true},
    };
    gnnac_error err;
    char builtins[64];
    int major, minor;
    void *handle = dlopen(REAL_NVRTC, RTLD_NOW | RTLD_LOCAL);
    if (!handle ||
        dylib_symbols(handle, REAL_NVRTC, symbols,
                      sizeof(symbols) / sizeof(symbols[0]), &err) ||
        real.nvrtcVersion(&major, &minor) != NVRTC_SUCCESS) {
        fprintf(stderr, "%s: is not NVRTC\n", REAL_NVRTC);
        abort();
    }
    snprintf(builtins, sizeof(builtins), "libnvrtc-builtins.so.%d.%d", major,
             minor);
    dylib_load_beside(REAL_NVRTC, builtins);
}

static const struct nvrtc_calls *ask(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, load_real);
    return &real;
}

// ---- kept answers
// -------------------------------------------------------------

static void add(XXH3_state_t *key, const void *bytes, size_t n_bytes)
{
    XXH3_128bits_update(key, &n_bytes, sizeof(n_bytes));
    XXH3_128bits_update(key, bytes, n_bytes);
}

static void add_text(XXH3_state_t *key, const char *text)
{
    add(key, text, strlen(text));
}

static void begin_key(XXH3_state_t *key, const char *kind)
{
    struct stat sb = {0};
    stat(REAL_NVRTC, &sb);
    XXH3_128bits_reset(key);
    add_text(key, kind);
    add_text(key, REAL_NVRTC);
    add(key, &sb.st_size, sizeof(sb.st_size));
    add(key, &sb.st_mtim, sizeof(sb.st_mtim));
}

static void path_of(const XXH3_state_t *key, char *path, size_t n_bytes)
{
    const char *given = getenv("GNNAC_TEST_KERNELS");
    const char *folder = given ? given : KEPT_FOLDER;
    XXH128_hash_t h = XXH3_128bits_digest(key);
    mkdir(folder, 0777); // it may be there
    snprintf(path, n_bytes, "%s/%016llx%016llx", folder,
             (unsigned long long)h.high64, (unsigned long long)h.low64);
}

// NULL when there is none.
static void *recall(const XXH3_state_t *key)
{
    char path[4096], *bytes = NULL;
    size_t n_bytes;
    path_of(key, path, sizeof(path));
    return file_read(path, max_bytes, &bytes, &n_bytes, NULL) == GNNAC_OK
               ? bytes
               : NULL;
}

static void keep(const XXH3_state_t *key, const void *bytes, size_t n_bytes)
{
    char path[4096];
    struct atomic_file f;
    path_of(key, path, sizeof(path));
    if (atomic_open(path, &f, NULL) == GNNAC_OK) {
        fwrite(bytes, 1, n_bytes, f.out);
        atomic_commit(&f, NULL);
    }
}

// ---- what the library is
// ------------------------------------------------------

static struct library {
    int major, minor, n_archs, archs[MAX_ARCHS];
} * library;

static void find_library(void)
{
    XXH3_state_t key;
    begin_key(&key, "library");
    library = recall(&key);
    if (library || !(library = calloc(1, sizeof(*library))))
        return;
    if (ask()->nvrtcVersion(&library->major, &library->minor) ||
        ask()->nvrtcGetNumSupportedArchs(&library->n_archs) ||
        library->n_archs > MAX_ARCHS ||
        ask()->nvrtcGetSupportedArchs(library->archs))
        abort();
    keep(&key, library, sizeof(*library));
}

static const struct library *the_library(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, find_library);
    return library;
}

int nvrtcVersion(int *major, int *minor)
{
    *major = the_library()->major;
    *minor = the_library()->minor;
    return NVRTC_SUCCESS;
}

int nvrtcGetNumSupportedArchs(int *n)
{
    *n = the_library()->n_archs;
    return NVRTC_SUCCESS;
}

int nvrtcGetSupportedArchs(int *archs)
{
    memcpy(archs, the_library()->archs,
           (size_t)the_library()->n_archs * sizeof(*archs));
    return NVRTC_SUCCESS;
}

const char *nvrtcGetErrorString(int result)
{
    return ask()->nvrtcGetErrorString(result);
}

// ---- programs
// -----------------------------------------------------------------

int nvrtcCreateProgram(nvrtc_program *p, const char *source, const char *name,
                       int n_headers, const char *const *headers,
                       const char *const *include_names)
{
    (void)headers;
    (void)include_names;
    *p = n_headers ? NULL : calloc(1, sizeof(**p));
    if (!*p)
        return INVALID_INPUT;
    (*p)->source = strdup(source);
    (*p)->name = strdup(name);
    return (*p)->source && (*p)->name ? NVRTC_SUCCESS : INTERNAL_ERROR;
}

int nvrtcDestroyProgram(nvrtc_program *p)
{
    free((*p)->source);
    free((*p)->name);
    free((*p)->answer);
    free(*p);
    *p = NULL;
    return NVRTC_SUCCESS;
}

static size_t bytes_of(const struct head *a)
{
    size_t n = sizeof(*a);
    for (int i = 0; i < N_PARTS; i++)
        n += a->n_bytes[i];
    return n;
}

static char *part_of(struct head *a, enum part part)
{
    char *at = (char *)(a + 1);
    for (int i = 0; i < (int)part; i++)
        at += a->n_bytes[i];
    return at;
}

// What the real library has to say of its program `p`. A part that the
// architecture or an error leaves out has no bytes.
static struct head *answer_of(nvrtc_program p, int result)
{
    const struct nvrtc_calls *r = ask();
    const struct {
        int (*size)(nvrtc_program, size_t *);
        int (*get)(nvrtc_program, char *);
    } calls[N_PARTS] = {
        [LOG] = {r->nvrtcGetProgramLogSize, r->nvrtcGetProgramLog},
        [PTX] = {r->nvrtcGetPTXSize, r->nvrtcGetPTX},
        [CUBIN] = {r->nvrtcGetCUBINSize, r->nvrtcGetCUBIN},
    };
    struct head head = {.result = result};
    for (int i = 0; i < N_PARTS; i++)
        if (calls[i].size(p, &head.n_bytes[i]) != NVRTC_SUCCESS)
            head.n_bytes[i] = 0;
    struct head *a = malloc(bytes_of(&head));
    if (!a)
        return NULL;
    *a = head;
    for (int i = 0; i < N_PARTS; i++)
        if (head.n_bytes[i] && calls[i].get(p, part_of(a, i)) != NVRTC_SUCCESS)
            abort();
    return a;
}

static struct head *compile(nvrtc_program p, int n_options,
                            const char *const *options)
{
    nvrtc_program inner;
    struct head *a = NULL;
    if (ask()->nvrtcCreateProgram(&inner, p->source, p->name, 0, NULL, NULL))
        return NULL;
    a = answer_of(inner, ask()->nvrtcCompileProgram(inner, n_options, options));
    ask()->nvrtcDestroyProgram(&inner);
    return a;
}

int nvrtcCompileProgram(nvrtc_program p, int n_options,
                        const char *const *options)
{
    XXH3_state_t key;
    begin_key(&key, "program");
    add_text(&key, p->source);
    add_text(&key, p->name);
    for (int i = 0; i < n_options; i++)
        add_text(&key, options[i]);
    free(p->answer);
    p->answer = recall(&key);
    if (!p->answer) {
        p->answer = compile(p, n_options, options);
        if (!p->answer)
            return INTERNAL_ERROR;
        keep(&key, p->answer, bytes_of(p->answer));
    }
    return (int)p->answer->result;
}

static int size_of(nvrtc_program p, enum part part, size_t *n_bytes)
{
    *n_bytes = p->answer ? p->answer->n_bytes[part] : 0;
    return *n_bytes || part == LOG ? NVRTC_SUCCESS : INVALID_INPUT;
}

static int copy_of(nvrtc_program p, enum part part, char *out)
{
    if (!p->answer)
        return INVALID_INPUT;
    memcpy(out, part_of(p->answer, part), p->answer->n_bytes[part]);
    return NVRTC_SUCCESS;
}

#define PART(part, size_call, get_call)             \
    int size_call(nvrtc_program p, size_t *n_bytes) \
    {                                               \
        return size_of(p, part, n_bytes);           \
    }                                               \
    int get_call(nvrtc_program p, char *out)        \
    {                                               \
        return copy_of(p, part, out);               \
    }
PART(LOG, nvrtcGetProgramLogSize, nvrtcGetProgramLog)
PART(PTX, nvrtcGetPTXSize, nvrtcGetPTX)
PART(CUBIN, nvrtcGetCUBINSize, nvrtcGetCUBIN)
