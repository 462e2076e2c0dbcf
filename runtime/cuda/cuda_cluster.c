#include "cuda/cuda_cluster.h"

// More blocks than that not every architecture has in a cluster.
enum { PORTABLE_CLUSTER = 8 };

static struct cu_launch_attribute size_of(const struct launch *l)
{
    return (struct cu_launch_attribute){
        .id = CU_LAUNCH_CLUSTER,
        .value.cluster = {(unsigned)l->cluster, 1, 1}};
}

static struct cu_launch_config config_of(const struct launch *l, unsigned grid,
                                         struct cu_launch_attribute *attribute,
                                         cu_stream stream)
{
    return (struct cu_launch_config){
        .grid = {grid, (unsigned)l->grid_y, 1},
        .block = {(unsigned)l->block, 1, 1},
        .shared_bytes = (unsigned)l->shared_bytes,
        .stream = stream,
        .attributes = attribute,
        .n_attributes = 1};
}

// `call`: what the result is of.
static int count_active(const struct driver_calls *cu, cu_function f,
                        const struct launch *l, int *n, const char **call)
{
    struct cu_launch_attribute size = size_of(l);
    const struct cu_launch_config config =
        config_of(l, (unsigned)l->cluster, &size, NULL);
    int result = 0;
    *call = "cuFuncSetAttribute";
    if (l->cluster > PORTABLE_CLUSTER)
        result = cu->cuFuncSetAttribute(f, CU_FUNC_ANY_CLUSTER, 1);
    if (result)
        return result;
    *call = "cuOccupancyMaxActiveClusters";
    return cu->cuOccupancyMaxActiveClusters(n, f, &config);
}

gnnac_status cuda_cluster_fits(const struct cuda_context *c, cu_function f,
                               const struct launch *l, bool *fits,
                               gnnac_error *err)
{
    const struct driver_calls *cu = &c->cu;
    int known = 0, active = 0;
    *fits = false;
    if (!cu->cuLaunchKernelEx || !cu->cuOccupancyMaxActiveClusters)
        return GNNAC_OK;
    gnnac_status st = CU(c, cuDeviceGetAttribute,
                         (&known, CU_ATTR_CLUSTERS, c->device), err);
    if (st != GNNAC_OK || !known)
        return st;
    const char *call;
    int result = count_active(cu, f, l, &active, &call);
    *fits = result == 0 && active > 0;
    return result == CU_INVALID_CLUSTER
               ? GNNAC_OK
               : driver_status(cu, call, result, err);
}

int cuda_cluster_launch(const struct driver_calls *cu, cu_function f,
                        const struct launch *l, void **params,
                        cu_stream stream)
{
    struct cu_launch_attribute size = size_of(l);
    const struct cu_launch_config config =
        config_of(l, (unsigned)l->cluster, &size, stream);
    return cu->cuLaunchKernelEx(&config, f, params, NULL);
}

int cuda_early_launch(const struct driver_calls *cu, cu_function f,
                      const struct launch *l, unsigned grid, void **params,
                      cu_stream stream)
{
    struct cu_launch_attribute early = {.id = CU_LAUNCH_EARLY,
                                        .value.early = 1};
    const struct cu_launch_config config = config_of(l, grid, &early, stream);
    return cu->cuLaunchKernelEx(&config, f, params, NULL);
}
