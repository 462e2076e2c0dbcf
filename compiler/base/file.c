#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

// ---- read -------------------------------------------------------------------

static gnnac_status read_fd(int fd, const char *path, size_t n, char **out,
                            gnnac_error *err)
{
    size_t done = 0;
    char *text = malloc(n + 1);
    if (!text)
        return FAIL(err, GNNAC_ENOMEM, "%s: out of memory", path);
    while (done < n) {
        ssize_t got = read(fd, text + done, n - done);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0) {
            free(text);
            return FAIL(err, GNNAC_EIO, "%s: %s", path,
                        got < 0 ? strerror(errno) : "it shrank while read");
        }
        done += (size_t)got;
    }
    text[n] = '\0';
    *out = text;
    return GNNAC_OK;
}

bool same_file(const char *a, const char *b)
{
    struct stat sa, sb;
    return stat(a, &sa) == 0 && stat(b, &sb) == 0 && sa.st_dev == sb.st_dev &&
           sa.st_ino == sb.st_ino;
}

// The caller closes *fd if it is not below 0, whatever is returned.
static gnnac_status open_regular(const char *path, int *fd, struct stat *sb,
                                 gnnac_error *err)
{
    *fd = open(path, O_RDONLY | O_CLOEXEC);
    if (*fd < 0 || fstat(*fd, sb) != 0)
        return FAIL(err, GNNAC_EIO, "%s: %s", path, strerror(errno));
    if (!S_ISREG(sb->st_mode))
        return FAIL(err, GNNAC_EIO, "%s: not a regular file", path);
    return GNNAC_OK;
}

gnnac_status file_read(const char *path, size_t max_bytes, char **out,
                       size_t *n_bytes, gnnac_error *err)
{
    struct stat sb;
    int fd;
    gnnac_status st = open_regular(path, &fd, &sb, err);
    if (st == GNNAC_OK && (uintmax_t)sb.st_size > max_bytes)
        st = FAIL(err, GNNAC_EFORMAT, "%s: larger than %zu bytes", path,
                  max_bytes);
    if (st == GNNAC_OK)
        st = read_fd(fd, path, (size_t)sb.st_size, out, err);
    if (st == GNNAC_OK)
        *n_bytes = (size_t)sb.st_size;
    if (fd >= 0)
        close(fd);
    return st;
}

static gnnac_status hash_fd(int fd, const char *path, XXH3_state_t *state,
                            struct file_hash *out, gnnac_error *err)
{
    enum { CHUNK = 1 << 20 };
    unsigned char *chunk = malloc(CHUNK);
    ssize_t n = -1;
    if (!state || !chunk) {
        free(chunk);
        return FAIL(err, GNNAC_ENOMEM, "%s: out of memory", path);
    }
    XXH3_128bits_reset(state);
    out->n_bytes = 0;
    while ((n = read(fd, chunk, CHUNK)) > 0) {
        XXH3_128bits_update(state, chunk, (size_t)n);
        out->n_bytes += n;
    }
    free(chunk);
    if (n < 0)
        return FAIL(err, GNNAC_EIO, "%s: %s", path, strerror(errno));
    XXH128_hash_t h = XXH3_128bits_digest(state);
    snprintf(out->hex, sizeof(out->hex), "%016llx%016llx",
             (unsigned long long)h.high64, (unsigned long long)h.low64);
    return GNNAC_OK;
}

gnnac_status file_hash(const char *path, struct file_hash *out,
                       gnnac_error *err)
{
    struct stat sb;
    int fd;
    gnnac_status st = open_regular(path, &fd, &sb, err);
    if (st == GNNAC_OK) {
        XXH3_state_t *state = XXH3_createState();
        st = hash_fd(fd, path, state, out, err);
        XXH3_freeState(state);
    }
    if (fd >= 0)
        close(fd);
    return st;
}

// ---- folders ----------------------------------------------------------------

// Append FOLDER/KIND if it is a folder.
static size_t add_dir(const char *folder, size_t n_chars, const char *kind,
                      char **dirs, size_t n, size_t max)
{
    struct stat sb;
    char *path = NULL;
    if (n == max || n_chars == 0 ||
        asprintf(&path, "%.*s/%s", (int)n_chars, folder, kind) < 0)
        return n;
    if (stat(path, &sb) != 0 || !S_ISDIR(sb.st_mode)) {
        free(path);
        return n;
    }
    dirs[n] = path;
    return n + 1;
}

static char *user_folder(const char *variable, const char *below_home)
{
    char *path = NULL;
    const char *xdg = getenv(variable), *home = getenv("HOME");
    if (xdg && xdg[0] == '/')
        return asprintf(&path, "%s/gnnac", xdg) < 0 ? NULL : path;
    if (home && home[0] == '/')
        return asprintf(&path, "%s/%s/gnnac", home, below_home) < 0 ? NULL
                                                                    : path;
    return NULL;
}

size_t data_dirs(const char *kind, char **dirs, size_t max)
{
    size_t n = 0;
    const char *p = getenv("GNNAC_PATH");
    while (p && *p) {
        size_t len = strcspn(p, ":");
        n = add_dir(p, len, kind, dirs, n, max);
        p += len + (p[len] == ':');
    }
    char *config = user_folder("XDG_CONFIG_HOME", ".config");
    if (config)
        n = add_dir(config, strlen(config), kind, dirs, n, max);
    free(config);
    n = add_dir(GNNAC_DATA_DIR, strlen(GNNAC_DATA_DIR), kind, dirs, n, max);
    return add_dir(GNNAC_SOURCE_DIR, strlen(GNNAC_SOURCE_DIR), kind, dirs, n,
                   max);
}

// mkdir -p. Whether it worked shows when a file is opened there.
static void make_folders(char *path)
{
    for (char *p = path + 1; *p; p++)
        if (*p == '/') {
            *p = '\0';
            mkdir(path, 0777);
            *p = '/';
        }
    mkdir(path, 0700);
}

char *home_path(const char *name)
{
    const char *home = getenv("GNNAC_HOME");
    bool cache = strcmp(name, "kcache.db") == 0;
    char *folder, *path = NULL;
    if (home && *home)
        folder = strdup(home);
    else if (cache)
        folder = user_folder("XDG_CACHE_HOME", ".cache");
    else
        folder = user_folder("XDG_STATE_HOME", ".local/state");
    if (!folder)
        return NULL;
    make_folders(folder);
    if (asprintf(&path, "%s/%s", folder, name) < 0)
        path = NULL;
    free(folder);
    return path;
}
