#include "cmd/cuda_probe.h"

#include <stddef.h>

#include "dylib.h"

static const char *const sonames[] = {"libcuda.so.1", NULL};
static const struct dylib_request driver = {
    .what = "the CUDA driver",
    .sonames = sonames,
    .remedy = "install NVIDIA's driver to use a GPU",
    .kind = DYLIB_DRIVER,
};

// Values of the driver's interface that are used here.
enum {
    CUDA_SUCCESS = 0,
    CUDA_NO_DEVICE = 100,
    ATTRIBUTE_SM_COUNT = 16,
    ATTRIBUTE_CC_MAJOR = 75,
    ATTRIBUTE_CC_MINOR = 76,
};

#define DRIVER_CALLS(X)                                              \
    X(cuInit, (unsigned flags))                                      \
    X(cuDriverGetVersion, (int *version))                            \
    X(cuDeviceGetCount, (int *n))                                    \
    X(cuDeviceGet, (int *device, int ordinal))                       \
    X(cuDeviceGetName, (char *name, int n_bytes, int device))        \
    X(cuDeviceGetAttribute, (int *value, int attribute, int device)) \
    X(cuDeviceTotalMem_v2, (size_t * n_bytes, int device))           \
    X(cuGetErrorString, (int result, const char **text))

struct driver_calls {
#define X(name, arguments) int(*name) arguments;
    DRIVER_CALLS(X)
#undef X
};

static gnnac_status load_calls(void *handle, const char *path,
                               struct driver_calls *c, gnnac_error *err)
{
    const struct dylib_symbol symbols[] = {
#define X(name, arguments) {#name, &c->name, true},
        DRIVER_CALLS(X)
#undef X
    };
    return dylib_symbols(handle, path, symbols,
                         sizeof(symbols) / sizeof(symbols[0]), err);
}

static gnnac_status refused(const struct driver_calls *c, const char *path,
                            const char *call, int result, gnnac_error *err)
{
    const char *text = NULL;
    c->cuGetErrorString(result, &text);
    return FAIL(err, GNNAC_EDRIVER,
                "%s: %s: %s (%d); reinstall the driver or restart the machine",
                path, call, text ? text : "unknown error", result);
}

static int read_gpu(const struct driver_calls *c, int ordinal,
                    struct probed_gpu *gpu)
{
    int device = 0, major = 0, minor = 0;
    size_t n_bytes = 0;
    int result = c->cuDeviceGet(&device, ordinal);
    if (result == CUDA_SUCCESS)
        result = c->cuDeviceGetName(gpu->name, sizeof(gpu->name), device);
    if (result == CUDA_SUCCESS)
        result = c->cuDeviceGetAttribute(&major, ATTRIBUTE_CC_MAJOR, device);
    if (result == CUDA_SUCCESS)
        result = c->cuDeviceGetAttribute(&minor, ATTRIBUTE_CC_MINOR, device);
    if (result == CUDA_SUCCESS)
        result =
            c->cuDeviceGetAttribute(&gpu->sm_count, ATTRIBUTE_SM_COUNT, device);
    if (result == CUDA_SUCCESS)
        result = c->cuDeviceTotalMem_v2(&n_bytes, device);
    gpu->cc = 10 * major + minor;
    gpu->memory_bytes = (int64_t)n_bytes;
    return result;
}

static gnnac_status read_gpus(const struct driver_calls *c,
                              struct cuda_probe *p, gnnac_error *err)
{
    c->cuDriverGetVersion(&p->version);
    int result = c->cuInit(0);
    if (result == CUDA_NO_DEVICE)
        return GNNAC_OK;
    if (result != CUDA_SUCCESS)
        return refused(c, p->path, "cuInit", result, err);
    result = c->cuDeviceGetCount(&p->n_gpus);
    if (result != CUDA_SUCCESS)
        return refused(c, p->path, "cuDeviceGetCount", result, err);
    if (p->n_gpus > PROBE_MAX_GPUS)
        p->n_gpus = PROBE_MAX_GPUS;
    for (int i = 0; i < p->n_gpus; i++) {
        result = read_gpu(c, i, &p->gpus[i]);
        if (result != CUDA_SUCCESS)
            return refused(c, p->path, "cuDeviceGet", result, err);
    }
    return GNNAC_OK;
}

gnnac_status cuda_probe(struct cuda_probe *out, gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    struct cuda_probe p = {.n_gpus = 0};
    struct driver_calls calls;
    void *handle = NULL;
    TRY(dylib_open(&driver, &handle, p.path, sizeof(p.path), err));
    TRY(load_calls(handle, p.path, &calls, err));
    TRY(read_gpus(&calls, &p, err));
    *out = p;
out:
    dylib_close(handle);
    return st;
}
