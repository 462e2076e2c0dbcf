#include "cuda/cuda_calls.h"

#include "dylib.h"

// cuInit and the count tell whether there is a GPU at all.
static gnnac_status initialise(const struct driver_calls *cu, gnnac_error *err)
{
    int n = 0, result = cu->cuInit(0);
    if (result == 0)
        result = cu->cuDeviceGetCount(&n);
    if (result == CU_NO_DEVICE || (result == 0 && n == 0))
        return FAIL(err, GNNAC_ENODEVICE, "the driver finds no GPU");
    return driver_status(cu, "cuInit", result, err);
}

gnnac_status driver_open(struct driver_calls *out, void **handle,
                         gnnac_error *err)
{
    static const char *const sonames[] = {"libcuda.so.1", NULL};
    static const struct dylib_request rq = {
        .what = "the CUDA driver",
        .sonames = sonames,
        .remedy = "install NVIDIA's driver to use a GPU",
        .kind = DYLIB_DRIVER,
    };
#define CALL(name, parameters) {#name, &out->name, true},
#define MAY_LACK(name, parameters) {#name, &out->name, false},
    const struct dylib_symbol symbols[] = {DRIVER_CALLS(CALL)
                                               CLUSTER_CALLS(MAY_LACK)};
#undef CALL
#undef MAY_LACK
    gnnac_status st = dylib_load(
        &rq, symbols, sizeof(symbols) / sizeof(symbols[0]), handle, err);
    if (st == GNNAC_ENOENT)
        return GNNAC_ENODEVICE;
    if (st != GNNAC_OK)
        return st;
    st = initialise(out, err);
    if (st != GNNAC_OK) {
        dylib_close(*handle);
        *handle = NULL;
    }
    return st;
}

gnnac_status cublas_open(struct cublas_calls *out, void **handle,
                         gnnac_error *err)
{
    static const char *const sonames[] = {"libcublas.so.13", "libcublas.so.12",
                                          "libcublas.so", NULL};
    static const struct dylib_request rq = {
        .what = "cuBLAS",
        .sonames = sonames,
        .remedy = "install the CUDA toolkit or the nvidia-cublas wheel",
        .kind = DYLIB_TOOLKIT,
    };
#define CALL(name, parameters) {#name, &out->name, true},
#define MAY_LACK(name, parameters) {#name, &out->name, false},
    const struct dylib_symbol symbols[] = {CUBLAS_CALLS(CALL)
                                               CUBLASLT_CALLS(MAY_LACK)};
#undef CALL
#undef MAY_LACK
    gnnac_status st = dylib_load(
        &rq, symbols, sizeof(symbols) / sizeof(symbols[0]), handle, err);
    return st == GNNAC_ENOENT ? GNNAC_EUNSUPPORTED : st;
}

gnnac_status driver_status(const struct driver_calls *cu, const char *call,
                           int result, gnnac_error *err)
{
    const char *name = NULL;
    if (result == 0)
        return GNNAC_OK;
    cu->cuGetErrorName(result, &name);
    return FAIL(err, result == CU_OUT_OF_MEMORY ? GNNAC_ENOMEM : GNNAC_EDRIVER,
                "%s: %s (%d)", call, name ? name : "unknown error", result);
}

gnnac_status cublas_status(const char *call, int result, gnnac_error *err)
{
    static const struct {
        int code;
        const char *name;
    } names[] = {
        {1, "CUBLAS_STATUS_NOT_INITIALIZED"},
        {3, "CUBLAS_STATUS_ALLOC_FAILED"},
        {7, "CUBLAS_STATUS_INVALID_VALUE"},
        {8, "CUBLAS_STATUS_ARCH_MISMATCH"},
        {13, "CUBLAS_STATUS_EXECUTION_FAILED"},
        {14, "CUBLAS_STATUS_INTERNAL_ERROR"},
        {15, "CUBLAS_STATUS_NOT_SUPPORTED"},
    };
    const char *name = "unknown status";
    if (result == 0)
        return GNNAC_OK;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (names[i].code == result)
            name = names[i].name;
    return FAIL(err, result == 3 ? GNNAC_ENOMEM : GNNAC_EDRIVER, "%s: %s (%d)",
                call, name, result);
}
