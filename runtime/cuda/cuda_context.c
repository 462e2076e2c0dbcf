#include "cuda/cuda_context.h"

#include <stdlib.h>
#include <string.h>

#include "cuda/cuda_props.h"
#include "dylib.h"

static gnnac_status get_attribute(const struct cuda_context *c, int attribute,
                                  int *out, gnnac_error *err)
{
    return CU(c, cuDeviceGetAttribute, (out, attribute, c->device), err);
}

static gnnac_status find_device(struct cuda_context *c, int ordinal,
                                gnnac_error *err)
{
    int n = 0, major = 0, minor = 0;
    gnnac_status st = CU(c, cuDeviceGetCount, (&n), err);
    if (st == GNNAC_OK && ordinal >= n)
        st = FAIL(err, GNNAC_ENODEVICE, "cuda:%d: there %s %d GPU%s", ordinal,
                  n == 1 ? "is" : "are", n, n == 1 ? "" : "s");
    if (st == GNNAC_OK)
        st = CU(c, cuDeviceGet, (&c->device, ordinal), err);
    if (st == GNNAC_OK)
        st = get_attribute(c, CU_ATTR_CC_MAJOR, &major, err);
    if (st == GNNAC_OK)
        st = get_attribute(c, CU_ATTR_CC_MINOR, &minor, err);
    c->cc = 10 * major + minor;
    return st;
}

// From sm_90 on, and from the driver on that records such launches in graphs;
// GNNAC_EARLY=0 in the environment: never.
static gnnac_status ask_for_early(struct cuda_context *c, gnnac_error *err)
{
    enum { DRIVER_12_3 = 12030 };
    const char *wanted = getenv("GNNAC_EARLY");
    int version = 0;
    gnnac_status st = CU(c, cuDriverGetVersion, (&version), err);
    c->early = c->cc >= 90 && version >= DRIVER_12_3 &&
               c->cu.cuLaunchKernelEx && !(wanted && strcmp(wanted, "0") == 0);
    return st;
}

gnnac_status cuda_context_create(int ordinal, struct cuda_context **out,
                                 char *name, size_t name_bytes,
                                 gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    struct cuda_context *c = calloc(1, sizeof(*c));
    if (!c)
        return FAIL(err, GNNAC_ENOMEM, "out of memory");
    TRY(driver_open(&c->cu, &c->driver_handle, err));
    TRY(find_device(c, ordinal, err));
    TRY(ask_for_early(c, err));
    TRY(CU(c, cuDeviceGetName, (name, (int)name_bytes, c->device), err));
    TRY(CU(c, cuDevicePrimaryCtxRetain, (&c->ctx, c->device), err));
    TRY(cublas_open(&c->blas, &c->cublas_handle, err));
    *out = c;
    c = NULL;
out:
    cuda_context_destroy(c);
    return st;
}

void cuda_context_destroy(struct cuda_context *c)
{
    if (!c)
        return;
    if (c->ctx)
        c->cu.cuDevicePrimaryCtxRelease_v2(c->device);
    dylib_close(c->cublas_handle);
    dylib_close(c->driver_handle);
    free(c);
}

gnnac_status cuda_enter(const struct cuda_context *c, gnnac_error *err)
{
    return CU(c, cuCtxPushCurrent_v2, (c->ctx), err);
}

void cuda_leave(const struct cuda_context *c)
{
    cu_context popped;
    c->cu.cuCtxPopCurrent_v2(&popped);
}

// ---- memory -----------------------------------------------------------------

gnnac_status cuda_alloc(const struct cuda_context *c, size_t n_bytes,
                        const char *what, cu_ptr *out, gnnac_error *err)
{
    size_t n_free = 0, n_total = 0;
    int result = c->cu.cuMemAlloc_v2(out, n_bytes ? n_bytes : 16);
    if (result != CU_OUT_OF_MEMORY)
        return driver_status(&c->cu, "cuMemAlloc_v2", result, err);
    c->cu.cuMemGetInfo_v2(&n_free, &n_total);
    return FAIL(err, GNNAC_ENOMEM,
                "out of GPU memory: %s needs %zu MiB, %zu of %zu MiB are free",
                what, n_bytes >> 20, n_free >> 20, n_total >> 20);
}

gnnac_status cuda_alloc_zeros(const struct cuda_context *c, size_t n_bytes,
                              cu_stream stream, const char *what, cu_ptr *out,
                              gnnac_error *err)
{
    gnnac_status st = cuda_alloc(c, n_bytes, what, out, err);
    if (st == GNNAC_OK && n_bytes)
        st = CU(c, cuMemsetD32Async, (*out, 0, n_bytes / 4, stream), err);
    return st;
}

// The copy of pageable memory returns when the last bytes are staged, not when
// they have arrived; streams that do not wait for the default one would then
// read too early.
gnnac_status cuda_copy_in(const struct cuda_context *c, cu_ptr to,
                          const void *from, size_t n_bytes, gnnac_error *err)
{
    gnnac_status st = CU(c, cuMemcpyHtoD_v2, (to, from, n_bytes), err);
    return st == GNNAC_OK ? CU(c, cuStreamSynchronize, (NULL), err) : st;
}

gnnac_status cuda_upload(const struct cuda_context *c, const void *data,
                         size_t n_bytes, const char *what, cu_ptr *out,
                         gnnac_error *err)
{
    cu_ptr p = 0;
    gnnac_status st = cuda_alloc(c, n_bytes, what, &p, err);
    if (st == GNNAC_OK && n_bytes)
        st = cuda_copy_in(c, p, data, n_bytes, err);
    if (st == GNNAC_OK)
        *out = p;
    else
        cuda_free(c, p);
    return st;
}

void cuda_free(const struct cuda_context *c, cu_ptr p)
{
    if (p)
        c->cu.cuMemFree_v2(p);
}

// ---- properties -------------------------------------------------------------

gnnac_status cuda_device_get_props(const struct cuda_context *c,
                                   struct cuda_device_props *out,
                                   gnnac_error *err)
{
    struct cuda_device_props p = {.cc = c->cc};
    int clock_khz = 0, bus_bits = 0;
    const struct {
        int attribute;
        int *value;
    } wanted[] = {
        {CU_ATTR_SM_COUNT, &p.sm_count},
        {CU_ATTR_L2_BYTES, &p.l2_bytes},
        {CU_ATTR_SMEM_PER_BLOCK_OPTIN, &p.smem_per_block},
        {CU_ATTR_SMEM_PER_SM, &p.smem_per_sm},
        {CU_ATTR_MAX_THREADS, &p.max_threads},
        {CU_ATTR_REGS_PER_SM, &p.regs_per_sm},
    };
    gnnac_status st = GNNAC_OK;
    for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
        TRY(get_attribute(c, wanted[i].attribute, wanted[i].value, err));
    TRY(CU(c, cuDeviceGetName, (p.name, sizeof(p.name), c->device), err));
    TRY(CU(c, cuDriverGetVersion, (&p.driver_version), err));
    // Newer drivers do not tell the memory clock; 0 then means "unknown".
    (void)get_attribute(c, CU_ATTR_MEM_CLOCK_KHZ, &clock_khz, NULL);
    (void)get_attribute(c, CU_ATTR_MEM_BUS_BITS, &bus_bits, NULL);
    p.mem_bandwidth = 2.0 * clock_khz * 1e3 * bus_bits / 8;
    *out = p;
out:
    return st;
}
