// The parts of the CUDA driver's and cuBLAS's interfaces that are used here,
// declared by ourselves so that building needs no CUDA, and resolved at run
// time from one list each. CALL(name, parameters); all return an int result,
// 0 for success.
#ifndef GNNAC_CUDA_CALLS_H
#define GNNAC_CUDA_CALLS_H

#include <stddef.h>
#include <stdint.h>

#include "fail.h"

typedef int cu_device;
typedef uint64_t cu_ptr; // device address
typedef struct CUctx_st *cu_context;
typedef struct CUlib_st *cu_library;
typedef struct CUkern_st *cu_kernel;
typedef struct CUfunc_st *cu_function;
typedef struct CUevent_st *cu_event;
typedef struct CUstream_st *cu_stream;
typedef struct CUgraph_st *cu_graph;
typedef struct CUgraphExec_st *cu_graph_exec;
typedef struct cublasContext *cublas_handle;

#include "cuda/cuda_cluster_calls.h"
#include "cuda/cuda_lt_calls.h"

// CUresult, CUdevice_attribute, CUfunction_attribute, cublasOperation_t and
// others of cuBLAS: the values that are used.
enum {
    CU_OUT_OF_MEMORY = 2,
    CU_NO_DEVICE = 100,
    CU_INVALID_DEVICE = 101,
    CU_INVALID_IMAGE = 200,
    CU_NO_BINARY_FOR_GPU = 209,
    CU_INVALID_PTX = 218,
    CU_UNSUPPORTED_PTX_VERSION = 222,
    CU_COOPERATIVE_TOO_LARGE = 720,

    CU_ATTR_MAX_THREADS = 1,
    CU_ATTR_SM_COUNT = 16,
    CU_ATTR_MEM_CLOCK_KHZ = 36,
    CU_ATTR_MEM_BUS_BITS = 37,
    CU_ATTR_L2_BYTES = 38,
    CU_ATTR_CC_MAJOR = 75,
    CU_ATTR_CC_MINOR = 76,
    CU_ATTR_SMEM_PER_SM = 81,
    CU_ATTR_REGS_PER_SM = 82,
    CU_ATTR_COOPERATIVE = 95,
    CU_ATTR_SMEM_PER_BLOCK_OPTIN = 97,

    CU_FUNC_MAX_DYNAMIC_SMEM = 8,
    CU_STREAM_NON_BLOCKING = 1,
    CU_CAPTURE_THREAD_LOCAL = 1, // other threads may do as they like

    CUBLAS_N = 0,
    CUBLAS_T = 1,

    // cudaDataType, cublasComputeType_t, cublasGemmAlgo_t
    CUDA_R_32F = 0,
    CUDA_R_16F = 2,
    CUDA_R_16BF = 14,
    CUBLAS_COMPUTE_32F = 68,
    CUBLAS_COMPUTE_32F_FAST_16F = 74,
    CUBLAS_COMPUTE_32F_FAST_16BF = 75,
    CUBLAS_COMPUTE_32F_FAST_TF32 = 77,
    CUBLAS_GEMM_DEFAULT = -1,
};

#define DRIVER_CALLS(CALL)                                                     \
    CALL(cuGetErrorName, (int result, const char **text))                      \
    CALL(cuInit, (unsigned flags))                                             \
    CALL(cuDriverGetVersion, (int *version))                                   \
    CALL(cuDeviceGetCount, (int *n))                                           \
    CALL(cuDeviceGet, (cu_device * device, int ordinal))                       \
    CALL(cuDeviceGetName, (char *name, int n_bytes, cu_device device))         \
    CALL(cuDeviceGetUuid_v2, (unsigned char *uuid, cu_device device))          \
    CALL(cuDeviceGetAttribute, (int *value, int attribute, cu_device device))  \
    CALL(cuDevicePrimaryCtxRetain, (cu_context * ctx, cu_device device))       \
    CALL(cuDevicePrimaryCtxRelease_v2, (cu_device device))                     \
    CALL(cuCtxPushCurrent_v2, (cu_context ctx))                                \
    CALL(cuCtxPopCurrent_v2, (cu_context * ctx))                               \
    CALL(cuMemAlloc_v2, (cu_ptr * p, size_t n_bytes))                          \
    CALL(cuMemFree_v2, (cu_ptr p))                                             \
    CALL(cuMemGetInfo_v2, (size_t * n_free, size_t * n_total))                 \
    CALL(cuMemcpyHtoD_v2, (cu_ptr to, const void *from, size_t n_bytes))       \
    CALL(cuMemcpyDtoH_v2, (void *to, cu_ptr from, size_t n_bytes))             \
    CALL(cuMemcpyHtoDAsync_v2,                                                 \
         (cu_ptr to, const void *from, size_t n_bytes, cu_stream stream))      \
    CALL(cuMemcpyDtoDAsync_v2,                                                 \
         (cu_ptr to, cu_ptr from, size_t n_bytes, cu_stream stream))           \
    CALL(cuMemsetD32Async,                                                     \
         (cu_ptr p, unsigned value, size_t n, cu_stream stream))               \
    CALL(cuLibraryLoadData,                                                    \
         (cu_library * lib, const void *image, int *jit_options,               \
          void **jit_values, unsigned n_jit, int *options, void **values,      \
          unsigned n_options))                                                 \
    CALL(cuLibraryUnload, (cu_library lib))                                    \
    CALL(cuLibraryGetKernel,                                                   \
         (cu_kernel * kernel, cu_library lib, const char *name))               \
    CALL(cuKernelGetFunction, (cu_function * function, cu_kernel kernel))      \
    CALL(cuFuncSetAttribute, (cu_function function, int attribute, int value)) \
    CALL(cuLaunchKernel,                                                       \
         (cu_function function, unsigned grid_x, unsigned grid_y,              \
          unsigned grid_z, unsigned block_x, unsigned block_y,                 \
          unsigned block_z, unsigned shared_bytes, cu_stream stream,           \
          void **params, void **extra))                                        \
    CALL(cuLaunchCooperativeKernel,                                            \
         (cu_function function, unsigned grid_x, unsigned grid_y,              \
          unsigned grid_z, unsigned block_x, unsigned block_y,                 \
          unsigned block_z, unsigned shared_bytes, cu_stream stream,           \
          void **params))                                                      \
    CALL(cuOccupancyMaxActiveBlocksPerMultiprocessor,                          \
         (int *n, cu_function function, int block, size_t shared_bytes))       \
    CALL(cuStreamCreate, (cu_stream * stream, unsigned flags))                 \
    CALL(cuStreamDestroy_v2, (cu_stream stream))                               \
    CALL(cuStreamSynchronize, (cu_stream stream))                              \
    CALL(cuStreamBeginCapture_v2, (cu_stream stream, int mode))                \
    CALL(cuStreamEndCapture, (cu_stream stream, cu_graph * graph))             \
    CALL(cuGraphInstantiateWithFlags,                                          \
         (cu_graph_exec * exec, cu_graph graph, unsigned long long flags))     \
    CALL(cuGraphLaunch, (cu_graph_exec exec, cu_stream stream))                \
    CALL(cuGraphExecDestroy, (cu_graph_exec exec))                             \
    CALL(cuGraphDestroy, (cu_graph graph))                                     \
    CALL(cuEventCreate, (cu_event * event, unsigned flags))                    \
    CALL(cuEventDestroy_v2, (cu_event event))                                  \
    CALL(cuEventRecord, (cu_event event, cu_stream stream))                    \
    CALL(cuEventSynchronize, (cu_event event))                                 \
    CALL(cuEventElapsedTime, (float *ms, cu_event begin, cu_event end))

#define CUBLAS_CALLS(CALL)                                               \
    CALL(cublasCreate_v2, (cublas_handle * handle))                      \
    CALL(cublasDestroy_v2, (cublas_handle handle))                       \
    CALL(cublasGetProperty, (int property, int *value))                  \
    CALL(cublasSetStream_v2, (cublas_handle handle, cu_stream stream))   \
    CALL(cublasSetWorkspace_v2,                                          \
         (cublas_handle handle, void *workspace, size_t n_bytes))        \
    CALL(cublasSgemm_v2,                                                 \
         (cublas_handle handle, int op_a, int op_b, int m, int n, int k, \
          const float *alpha, const float *a, int lda, const float *b,   \
          int ldb, const float *beta, float *c, int ldc))                \
    CALL(cublasGemmEx,                                                   \
         (cublas_handle handle, int op_a, int op_b, int m, int n, int k, \
          const void *alpha, const void *a, int type_a, int lda,         \
          const void *b, int type_b, int ldb, const void *beta, void *c, \
          int type_c, int ldc, int compute_type, int algorithm))

#define CALL(name, parameters) int(*name) parameters;
struct driver_calls {
    DRIVER_CALLS(CALL)
    CLUSTER_CALLS(CALL)
};
struct cublas_calls {
    CUBLAS_CALLS(CALL)
    CUBLASLT_CALLS(CALL)
};
#undef CALL

// Opens libcuda; initialises the driver. GNNAC_ENODEVICE without a driver or a
// GPU. Close the handle with dylib_close.
gnnac_status driver_open(struct driver_calls *out, void **handle,
                         gnnac_error *err);
// GNNAC_EUNSUPPORTED with the places searched when there is none.
gnnac_status cublas_open(struct cublas_calls *out, void **handle,
                         gnnac_error *err);

// The status and message for a failed driver call: "cuMemAlloc_v2:
// CUDA_ERROR_OUT_OF_MEMORY (2)". GNNAC_OK when result is 0.
gnnac_status driver_status(const struct driver_calls *cu, const char *call,
                           int result, gnnac_error *err);
gnnac_status cublas_status(const char *call, int result, gnnac_error *err);

#endif
