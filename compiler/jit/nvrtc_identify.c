#include "jit/nvrtc_lib.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <xxhash.h>

#include "base/file.h"
#include "dylib.h"
#include "kcache.h"

// The library file as the cache knows it.
static gnnac_status describe_file(const char *path, struct file_stamp *out,
                                  gnnac_error *err)
{
    struct stat sb;
    if (stat(path, &sb) != 0)
        return FAIL(err, GNNAC_EIO, "%s: %s", path, strerror(errno));
    *out = (struct file_stamp){
        .path = path,
        .n_bytes = sb.st_size,
        .mtime_ns =
            sb.st_mtim.tv_sec * INT64_C(1000000000) + sb.st_mtim.tv_nsec,
    };
    return GNNAC_OK;
}

// The word that follows `mark` in the head of PTX text, or "unknown".
static void word_after(const char *text, const char *mark, char *word,
                       size_t n_bytes)
{
    const char *at = strstr(text, mark);
    snprintf(word, n_bytes, "unknown");
    if (!at)
        return;
    at += strlen(mark);
    snprintf(word, n_bytes, "%.*s", (int)strcspn(at, " ,\r\n"), at);
}

// nvrtcVersion tells "13.0" of every build; the PTX of an empty kernel tells
// which build it is.
static gnnac_status read_build(struct nvrtc *n, char *out, size_t n_bytes,
                               gnnac_error *err)
{
    char id[32], release[32];
    struct compile_job j = {.source = "", .name = "an empty program"};
    snprintf(j.arch, sizeof(j.arch), "compute_%d", n->info.archs[0]);
    gnnac_status st = nvrtc_compile(n, &j, 1, 1, err);
    if (st == GNNAC_OK && j.status != GNNAC_OK)
        st = FAIL(err, j.status, "%s", j.error.msg);
    if (st == GNNAC_OK) {
        word_after((const char *)j.image, "Compiler Build ID: ", id,
                   sizeof(id));
        word_after((const char *)j.image, ", V", release, sizeof(release));
        snprintf(out, n_bytes, "%s V%s", id, release);
    }
    compile_job_finish(&j);
    return st;
}

// "nvrtc 13.0 CL-36424714 V13.0.88 lib 8d1f..."
static gnnac_status describe_library(char *out, size_t n_bytes, char *path,
                                     size_t path_bytes, gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    struct nvrtc *n = NULL;
    struct file_hash hash = {0};
    char build[80];
    TRY(nvrtc_open(&n, err));
    TRY(file_hash(n->info.path, &hash, err));
    TRY(read_build(n, build, sizeof(build), err));
    snprintf(path, path_bytes, "%s", n->info.path);
    snprintf(out, n_bytes, "nvrtc %d.%d %s lib %s", n->info.major,
             n->info.minor, build, hash.hex);
out:
    nvrtc_close(n);
    return st;
}

static bool recall_library(struct kcache *kc, char *out, size_t n_bytes)
{
    char path[512];
    struct file_stamp stamp;
    return kc &&
           dylib_find(&nvrtc_library, path, sizeof(path), NULL) == GNNAC_OK &&
           describe_file(path, &stamp, NULL) == GNNAC_OK &&
           kcache_get_file(kc, &stamp, out, n_bytes, NULL) == GNNAC_OK;
}

// A cache that cannot be written costs time at the next start, nothing else.
static void remember_library(struct kcache *kc, const char *path,
                             const char *text)
{
    struct file_stamp stamp;
    if (kc && describe_file(path, &stamp, NULL) == GNNAC_OK)
        kcache_put_file(kc, &stamp, text, NULL);
}

gnnac_status nvrtc_identify(struct kcache *kc, char *out, size_t n_bytes,
                            gnnac_error *err)
{
    char library[160], path[512], options[256];
    gnnac_status st = nvrtc_options_text(options, sizeof(options), err);
    if (st != GNNAC_OK)
        return st;
    if (!recall_library(kc, library, sizeof(library))) {
        st =
            describe_library(library, sizeof(library), path, sizeof(path), err);
        if (st != GNNAC_OK)
            return st;
        remember_library(kc, path, library);
    }
    int n = snprintf(out, n_bytes, "%s options %016llx", library,
                     (unsigned long long)XXH3_64bits(options, strlen(options)));
    return n < (int)n_bytes
               ? GNNAC_OK
               : FAIL(err, GNNAC_EINTERNAL, "compiler identity: too long");
}
