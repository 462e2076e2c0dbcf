#include "jit/nvrtc_lib.h"

#include <stdio.h>
#include <stdlib.h>

#include "dylib.h"

static const char *const sonames[] = {"libnvrtc.so.13", "libnvrtc.so.12",
                                      "libnvrtc.so", NULL};
const struct dylib_request nvrtc_library = {
    .what = "NVRTC",
    .sonames = sonames,
    .remedy = "install the CUDA toolkit 12 or 13, or its NVRTC alone "
              "(pip install nvidia-cuda-nvrtc), and set GNNAC_CUDA_PATH if it "
              "stands elsewhere",
    .kind = DYLIB_TOOLKIT,
};

static gnnac_status load_calls(struct nvrtc *n, gnnac_error *err)
{
    const struct dylib_symbol symbols[] = {
#define X(name, arguments) {#name, &n->call.name, true},
        NVRTC_CALLS(X)
#undef X
            {"nvrtcGetErrorString", &n->call.nvrtcGetErrorString, true},
    };
    return dylib_symbols(n->handle, n->info.path, symbols,
                         sizeof(symbols) / sizeof(symbols[0]), err);
}

static gnnac_status read_info(struct nvrtc *n, gnnac_error *err)
{
    enum { ROOM = sizeof(n->info.archs) / sizeof(n->info.archs[0]) };
    struct nvrtc_info *i = &n->info;
    if (n->call.nvrtcVersion(&i->major, &i->minor) != NVRTC_SUCCESS ||
        n->call.nvrtcGetNumSupportedArchs(&i->n_archs) != NVRTC_SUCCESS)
        return FAIL(err, GNNAC_EUNSUPPORTED, "%s: tells no version", i->path);
    if (i->major < 12)
        return FAIL(err, GNNAC_EUNSUPPORTED,
                    "%s: is NVRTC %d.%d; 12 or 13 is needed", i->path, i->major,
                    i->minor);
    if (i->n_archs < 1 || i->n_archs > ROOM ||
        n->call.nvrtcGetSupportedArchs(i->archs) != NVRTC_SUCCESS)
        return FAIL(err, GNNAC_EUNSUPPORTED, "%s: tells no architectures",
                    i->path);
    return GNNAC_OK;
}

// NVRTC asks the loader for its builtins by name when it first compiles, which
// fails where its folder is not on the loader's path.
static void load_builtins(const struct nvrtc_info *i)
{
    char name[64];
    snprintf(name, sizeof(name), "libnvrtc-builtins.so.%d.%d", i->major,
             i->minor);
    dylib_load_beside(i->path, name);
}

gnnac_status nvrtc_open(struct nvrtc **out, gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    struct nvrtc *n = calloc(1, sizeof(*n));
    if (!n)
        return FAIL(err, GNNAC_ENOMEM, "out of memory");
    TRY(dylib_open(&nvrtc_library, &n->handle, n->info.path,
                   sizeof(n->info.path), err));
    TRY(load_calls(n, err));
    TRY(read_info(n, err));
    load_builtins(&n->info);
    *out = n;
    n = NULL; // ownership moved to the caller

out:
    nvrtc_close(n);
    return st;
}

void nvrtc_close(struct nvrtc *n)
{
    if (!n)
        return;
    dylib_close(n->handle);
    free(n);
}

const struct nvrtc_info *nvrtc_get_info(const struct nvrtc *n)
{
    return &n->info;
}
