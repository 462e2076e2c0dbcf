#include "test.h"

#include <dlfcn.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dylib.h"

// A library that every machine has: the loader finds it.
static const char *const libm_names[] = {"libm.so.6", NULL};
static const char *const no_names[] = {"libgnnac-no-such.so.7", NULL};
static const struct dylib_request libm = {
    .what = "the mathematics library",
    .sonames = libm_names,
    .remedy = "install libc",
};
static const struct dylib_request none = {
    .what = "the absent library",
    .sonames = no_names,
    .remedy = "set GNNAC_CUDA_PATH",
};

static char scratch[64];

static void forget_places(void)
{
    static const char *const names[] = {
        "GNNAC_CUDA_PATH", "LD_LIBRARY_PATH", "CUDA_HOME",         "CUDA_PATH",
        "CONDA_PREFIX",    "VIRTUAL_ENV",     "GNNAC_SOURCE_ROOT", "HOME",
    };
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        unsetenv(names[i]);
}

static void make_folder(const char *below)
{
    char command[256];
    snprintf(command, sizeof(command), "mkdir -p '%s/%s'", scratch, below);
    CHECK_INT(system(command), 0);
}

// An empty file, which is found but cannot be opened as a library.
static void make_file(const char *below)
{
    char path[256];
    snprintf(path, sizeof(path), "%s/%s", scratch, below);
    FILE *f = fopen(path, "w");
    CHECK(f != NULL);
    if (f)
        fclose(f);
}

static void set_place(const char *variable, const char *below)
{
    char path[256];
    snprintf(path, sizeof(path), "%s/%s", scratch, below);
    setenv(variable, path, 1);
}

static bool found_below(const struct dylib_request *rq, const char *below)
{
    char path[1024] = "", want[1024], real[4096];
    if (dylib_find(rq, path, sizeof(path), NULL) != GNNAC_OK)
        return false;
    snprintf(want, sizeof(want), "%s/%s", scratch, below);
    return realpath(want, real) && strcmp(real, path) == 0;
}

TEST(a_library_on_the_loaders_path_opens_by_soname)
{
    gnnac_error err = {0};
    void *handle = NULL;
    char path[1024] = "";
    double (*cosine)(double) = NULL;
    const struct dylib_symbol symbols[] = {{"cos", &cosine, true}};

    CHECK_INT(dylib_open(&libm, &handle, path, sizeof(path), &err), GNNAC_OK);
    CHECK(path[0] == '/');
    CHECK_INT(dylib_symbols(handle, path, symbols, 1, &err), GNNAC_OK);
    CHECK(cosine && cosine(0.0) == 1.0);
    dylib_close(handle);
}

TEST(finding_names_the_file_that_opening_opens)
{
    void *handle = NULL;
    char opened[1024] = "", found[1024] = "";
    CHECK_INT(dylib_open(&libm, &handle, opened, sizeof(opened), NULL),
              GNNAC_OK);
    dylib_close(handle);
    if (access("/etc/ld.so.cache", R_OK) != 0)
        SKIP("the loader keeps no cache here");
    CHECK_INT(dylib_find(&libm, found, sizeof(found), NULL), GNNAC_OK);
    CHECK_STR(found, opened);
}

TEST(an_absent_library_tells_where_it_was_looked_for_and_the_remedy)
{
    gnnac_error err = {0};
    void *handle = NULL;
    CHECK_INT(dylib_open(&none, &handle, NULL, 0, &err), GNNAC_ENOENT);
    CHECK(handle == NULL);
    CHECK_HAS(err.msg, "libgnnac-no-such.so.7");
    CHECK_HAS(err.msg, "$CUDA_HOME");
    CHECK_HAS(err.msg, "/usr/local/cuda");
    CHECK_HAS(err.msg, "nvidia/*/lib");
    CHECK_HAS(err.msg, "set GNNAC_CUDA_PATH");
    CHECK(strchr(err.msg, '\n') == NULL);
}

TEST(a_driver_is_not_looked_for_in_toolkits)
{
    struct dylib_request driver = none;
    gnnac_error err = {0};
    void *handle = NULL;
    driver.kind = DYLIB_DRIVER;
    CHECK_INT(dylib_open(&driver, &handle, NULL, 0, &err), GNNAC_ENOENT);
    CHECK(strstr(err.msg, "CUDA_HOME") == NULL);
}

TEST(places_are_searched_in_the_documented_order)
{
    static const char *const homes[] = {"first", "second", "third", "fourth"};
    for (size_t i = 0; i < 4; i++) {
        char below[128];
        snprintf(below, sizeof(below), "%s/lib64", homes[i]);
        make_folder(below);
        snprintf(below, sizeof(below), "%s/lib64/%s", homes[i], no_names[0]);
        make_file(below);
    }
    forget_places();
    CHECK_INT(dylib_find(&none, scratch, 0, NULL), GNNAC_ENOENT);
    set_place("CUDA_PATH", "fourth");
    CHECK(found_below(&none, "fourth/lib64/libgnnac-no-such.so.7"));
    set_place("CUDA_HOME", "third");
    CHECK(found_below(&none, "third/lib64/libgnnac-no-such.so.7"));
    set_place("LD_LIBRARY_PATH", "second/lib64");
    CHECK(found_below(&none, "second/lib64/libgnnac-no-such.so.7"));
    set_place("GNNAC_CUDA_PATH", "first");
    CHECK(found_below(&none, "first/lib64/libgnnac-no-such.so.7"));
    set_place("GNNAC_CUDA_PATH", "second/lib64");
    CHECK(found_below(&none, "second/lib64/libgnnac-no-such.so.7"));
    forget_places();
}

TEST(wheels_are_found_in_virtual_environments)
{
    forget_places();
    make_folder("venv/lib/python3.11/site-packages/nvidia/cu13/lib");
    make_file("venv/lib/python3.11/site-packages/nvidia/cu13/lib/"
              "libgnnac-no-such.so.7");
    set_place("VIRTUAL_ENV", "venv");
    CHECK(found_below(&none, "venv/lib/python3.11/site-packages/nvidia/cu13/"
                             "lib/libgnnac-no-such.so.7"));
    make_folder("tree/.venv/lib/python3.12/site-packages/nvidia/nvrtc/lib");
    make_file("tree/.venv/lib/python3.12/site-packages/nvidia/nvrtc/lib/"
              "libgnnac-no-such.so.7");
    forget_places();
    set_place("GNNAC_SOURCE_ROOT", "tree");
    CHECK(found_below(&none, "tree/.venv/lib/python3.12/site-packages/nvidia/"
                             "nvrtc/lib/libgnnac-no-such.so.7"));
    forget_places();
}

TEST(relative_places_are_ignored)
{
    forget_places();
    setenv("GNNAC_CUDA_PATH", "first", 1);
    CHECK_INT(chdir(scratch), 0);
    CHECK_INT(dylib_find(&none, scratch, 0, NULL), GNNAC_ENOENT);
    forget_places();
}

TEST(a_file_that_is_no_library_is_named_with_the_loaders_reason)
{
    gnnac_error err = {0};
    void *handle = NULL;
    forget_places();
    set_place("GNNAC_CUDA_PATH", "first");
    CHECK_INT(dylib_open(&none, &handle, NULL, 0, &err), GNNAC_ENOENT);
    CHECK_HAS(err.msg, "first/lib64/libgnnac-no-such.so.7");
    CHECK_HAS(err.msg, "set GNNAC_CUDA_PATH");
    forget_places();
}

TEST(a_library_without_a_required_symbol_is_too_old)
{
    gnnac_error err = {0};
    void *handle = NULL;
    void (*there)(void) = NULL, (*absent)(void) = NULL;
    const struct dylib_symbol optional[] = {{"cos", &there, true},
                                            {"no_such_call", &absent, false}};
    const struct dylib_symbol required[] = {{"no_such_call", &absent, true}};
    char path[1024];

    CHECK_INT(dylib_open(&libm, &handle, path, sizeof(path), &err), GNNAC_OK);
    CHECK_INT(dylib_symbols(handle, path, optional, 2, &err), GNNAC_OK);
    CHECK(there && !absent);
    CHECK_INT(dylib_symbols(handle, path, required, 1, &err),
              GNNAC_EUNSUPPORTED);
    CHECK_HAS(err.msg, "no_such_call");
    dylib_close(handle);
}

int main(void)
{
    char command[128];
    snprintf(scratch, sizeof(scratch), "/tmp/gnnac-dylib-XXXXXX");
    if (!mkdtemp(scratch))
        return 1;
    RUN(a_library_on_the_loaders_path_opens_by_soname);
    RUN(finding_names_the_file_that_opening_opens);
    RUN(an_absent_library_tells_where_it_was_looked_for_and_the_remedy);
    RUN(a_driver_is_not_looked_for_in_toolkits);
    RUN(places_are_searched_in_the_documented_order);
    RUN(wheels_are_found_in_virtual_environments);
    RUN(relative_places_are_ignored);
    RUN(a_file_that_is_no_library_is_named_with_the_loaders_reason);
    RUN(a_library_without_a_required_symbol_is_too_old);
    snprintf(command, sizeof(command), "rm -rf '%s'", scratch);
    return system(command) == 0 ? test_done() : 1;
}
