#include "tune/cusparse.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bundle/dtype.h"
#include "checked.h"
#include "dylib.h"
#include "tune/bench.h"

typedef struct cusparseContext *cusparse_handle;
typedef struct cusparseSpMatDescr *cusparse_matrix;
typedef struct cusparseDnMatDescr *cusparse_dense;

// cusparseStatus_t and the enumerations: the values that are used.
enum {
    SP_INDEX_32 = 2,
    SP_INDEX_64 = 3,
    SP_ZERO_BASED = 0,
    SP_F32 = 0, // cudaDataType, as the next two
    SP_F16 = 2,
    SP_BF16 = 14,
    SP_ROW_MAJOR = 2,
    SP_NOT_TRANSPOSED = 0,
};

#define MULTIPLY_ARGS                                              \
    cusparse_handle handle, int op_a, int op_b, const void *alpha, \
        cusparse_matrix a, cusparse_dense b, const void *beta,     \
        cusparse_dense c, int compute_type, int algorithm

#define CUSPARSE_CALLS(CALL)                                                   \
    CALL(cusparseCreate, (cusparse_handle * handle))                           \
    CALL(cusparseDestroy, (cusparse_handle handle))                            \
    CALL(cusparseSetStream, (cusparse_handle handle, cu_stream stream))        \
    CALL(cusparseCreateCsr,                                                    \
         (cusparse_matrix * m, int64_t n_rows, int64_t n_columns, int64_t n,   \
          cu_ptr rowptr, cu_ptr colidx, cu_ptr values, int rowptr_type,        \
          int colidx_type, int base, int value_type))                          \
    CALL(cusparseCreateCoo,                                                    \
         (cusparse_matrix * m, int64_t n_rows, int64_t n_columns, int64_t n,   \
          cu_ptr rows, cu_ptr colidx, cu_ptr values, int index_type, int base, \
          int value_type))                                                     \
    CALL(cusparseDestroySpMat, (cusparse_matrix m))                            \
    CALL(cusparseCreateDnMat,                                                  \
         (cusparse_dense * m, int64_t n_rows, int64_t n_columns,               \
          int64_t pitch, cu_ptr values, int value_type, int order))            \
    CALL(cusparseDestroyDnMat, (cusparse_dense m))                             \
    CALL(cusparseSpMM_bufferSize, (MULTIPLY_ARGS, size_t * n_bytes))           \
    CALL(cusparseSpMM_preprocess, (MULTIPLY_ARGS, cu_ptr buffer))              \
    CALL(cusparseSpMM, (MULTIPLY_ARGS, cu_ptr buffer))

struct cusparse_calls {
#define CALL(name, parameters) int(*name) parameters;
    CUSPARSE_CALLS(CALL)
#undef CALL
};

static const struct {
    const char *name;
    int algorithm; // cusparseSpMMAlg_t
    bool csr;
} ways[N_CUSPARSE_WAYS] = {
    {"CSR_ALG1", 4, true},
    {"CSR_ALG2", 6, true},
    {"CSR_ALG3", 12, true},
    {"COO_ALG4", 5, false},
};

struct yardstick {
    struct bench bench; // graph, operands, the oracle's data
    void *opened;
    struct cusparse_calls sp;
    cusparse_handle handle;
    cu_ptr rowptr, rows, values, buffer;
    cusparse_matrix csr, coo, matrix; // matrix: the one in use
    cusparse_dense x, y;
    int algorithm;
    bool cold; // the stopwatch
};

// How matrices are stored, values of edges among them; all sums are float32.
static int stored_type(const struct kernel_spec *spec)
{
    return spec->x_type == DTYPE_F16    ? SP_F16
           : spec->x_type == DTYPE_BF16 ? SP_BF16
                                        : SP_F32;
}

// The library's own troubles are not the GPU's.
static gnnac_status sp_status(const char *call, int result, gnnac_error *err)
{
    return result == 0
               ? GNNAC_OK
               : FAIL(err, GNNAC_EUNSUPPORTED, "%s: status %d", call, result);
}

#define SP(y, call, arguments, err) \
    sp_status(#call, (y)->sp.call arguments, (err))

// ---- set up -----------------------------------------------------------------

static gnnac_status open_library(struct yardstick *y, gnnac_error *err)
{
    static const char *const sonames[] = {
        "libcusparse.so.12", "libcusparse.so.13", "libcusparse.so", NULL};
    static const struct dylib_request rq = {
        .what = "cuSPARSE",
        .sonames = sonames,
        .remedy = "install the CUDA toolkit or the nvidia-cusparse wheel",
        .kind = DYLIB_TOOLKIT,
    };
#define CALL(name, parameters) {#name, &y->sp.name, true},
    const struct dylib_symbol symbols[] = {CUSPARSE_CALLS(CALL)};
#undef CALL
    return dylib_load(&rq, symbols, sizeof(symbols) / sizeof(symbols[0]),
                      &y->opened, err);
}

// Row offsets and, for COO, the row of every edge, in 32 bits where they fit.
static gnnac_status upload_offsets(struct yardstick *y, bool wide,
                                   gnnac_error *err)
{
    const struct csr *g = y->bench.g;
    const struct cuda_context *c = y->bench.c;
    size_t n = (size_t)g->n_nodes + 1;
    if (wide)
        return cuda_upload(c, g->rowptr, n * sizeof(int64_t), "cuSPARSE",
                           &y->rowptr, err);
    int32_t *rowptr = alloc_array((int64_t)n, sizeof(*rowptr));
    int32_t *rows = alloc_array(g->n_edges, sizeof(*rows));
    gnnac_status st = GNNAC_OK;
    if (!rowptr || !rows) {
        st = FAIL(err, GNNAC_ENOMEM, "out of memory for cuSPARSE");
        goto out;
    }
    for (size_t v = 0; v < n; v++)
        rowptr[v] = (int32_t)g->rowptr[v];
    for (int64_t v = 0; v < g->n_nodes; v++)
        for (int64_t e = g->rowptr[v]; e < g->rowptr[v + 1]; e++)
            rows[e] = (int32_t)v;
    TRY(cuda_upload(c, rowptr, n * sizeof(*rowptr), "cuSPARSE", &y->rowptr,
                    err));
    TRY(cuda_upload(c, rows, (size_t)g->n_edges * sizeof(*rows), "cuSPARSE",
                    &y->rows, err));
out:
    free(rowptr);
    free(rows);
    return st;
}

// COO takes one type for rows and columns, so it needs 32-bit offsets.
static gnnac_status describe_matrices(struct yardstick *y, gnnac_error *err)
{
    const struct csr *g = y->bench.g;
    const struct bench *b = &y->bench;
    bool wide = g->n_edges > INT32_MAX;
    int64_t n = g->n_nodes;
    int type = stored_type(b->spec);
    gnnac_status st = GNNAC_OK;
    TRY(upload_offsets(y, wide, err));
    if (!wide)
        TRY(SP(y, cusparseCreateCoo,
               (&y->coo, n, n, g->n_edges, y->rows, b->graph.colidx, y->values,
                SP_INDEX_32, SP_ZERO_BASED, type),
               err));
    TRY(SP(y, cusparseCreateCsr,
           (&y->csr, n, n, g->n_edges, y->rowptr, b->graph.colidx, y->values,
            wide ? SP_INDEX_64 : SP_INDEX_32, SP_INDEX_32, SP_ZERO_BASED,
            type),
           err));
    TRY(SP(y, cusparseCreateDnMat,
           (&y->x, n, b->spec->dim, b->spec->x_pitch, b->device.x, type,
            SP_ROW_MAJOR),
           err));
    TRY(SP(y, cusparseCreateDnMat,
           (&y->y, n, b->spec->dim, b->spec->out_pitch, b->device.out, type,
            SP_ROW_MAJOR),
           err));
out:
    return st;
}

// A word of ones: one float, or two 16-bit values.
static uint32_t word_of_ones(enum dtype type)
{
    const float ones[] = {1, 1};
    uint32_t word;
    unsigned char stored[sizeof(ones)];
    dtype_store(type, ones, 2, stored);
    memcpy(&word, stored, sizeof(word));
    return word;
}

static gnnac_status set_up(struct yardstick *y, gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    const struct cuda_context *c = y->bench.c;
    enum dtype type = y->bench.spec->x_type;
    size_t n = ((size_t)y->bench.g->n_edges * dtype_bytes(type) + 3) / 4;
    TRY(cuda_alloc(c, n * sizeof(float), "cuSPARSE", &y->values, err));
    TRY(CU(c, cuMemsetD32Async,
           (y->values, word_of_ones(type), n, y->bench.stream), err));
    TRY(describe_matrices(y, err));
    TRY(SP(y, cusparseCreate, (&y->handle), err));
    TRY(SP(y, cusparseSetStream, (y->handle, y->bench.stream), err));
out:
    return st;
}

static void yardstick_finish(struct yardstick *y)
{
    const struct cuda_context *c = y->bench.c;
    const cu_ptr owned[] = {y->rowptr, y->rows, y->values, y->buffer};
    if (y->handle)
        y->sp.cusparseDestroy(y->handle);
    if (y->csr)
        y->sp.cusparseDestroySpMat(y->csr);
    if (y->coo)
        y->sp.cusparseDestroySpMat(y->coo);
    if (y->x)
        y->sp.cusparseDestroyDnMat(y->x);
    if (y->y)
        y->sp.cusparseDestroyDnMat(y->y);
    for (size_t i = 0; i < sizeof(owned) / sizeof(owned[0]); i++)
        cuda_free(c, owned[i]);
    bench_finish(&y->bench);
    dylib_close(y->opened);
}

// ---- one way ----------------------------------------------------------------

static const float one = 1, zero = 0;

#define MULTIPLICAND(y)                                                   \
    (y)->handle, SP_NOT_TRANSPOSED, SP_NOT_TRANSPOSED, &one, (y)->matrix, \
        (y)->x, &zero, (y)->y, SP_F32, (y)->algorithm

static gnnac_status queue(void *work, cu_stream stream, gnnac_error *err)
{
    struct yardstick *y = work;
    (void)stream; // the handle's
    return SP(y, cusparseSpMM, (MULTIPLICAND(y), y->buffer), err);
}

static gnnac_status prepare(struct yardstick *y, size_t way, gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    size_t n_bytes = 0;
    y->matrix = ways[way].csr ? y->csr : y->coo;
    y->algorithm = ways[way].algorithm;
    if (!y->matrix)
        return FAIL(err, GNNAC_EUNSUPPORTED, "more edges than 32 bits count");
    cuda_free(y->bench.c, y->buffer);
    y->buffer = 0;
    TRY(SP(y, cusparseSpMM_bufferSize, (MULTIPLICAND(y), &n_bytes), err));
    TRY(cuda_alloc(y->bench.c, n_bytes, "cuSPARSE", &y->buffer, err));
    if (ways[way].csr)
        TRY(SP(y, cusparseSpMM_preprocess, (MULTIPLICAND(y), y->buffer), err));
out:
    return st;
}

static gnnac_status time_way(struct yardstick *y, size_t way,
                             struct run_time *out, gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    struct verdict v;
    TRY(prepare(y, way, err));
    TRY(bench_check(&y->bench, queue, y, &v, err));
    if (!verdict_right(&v))
        st = FAIL(err, GNNAC_EWRONG, "row %lld: %.3g times the allowed error",
                  (long long)v.row, v.max_error);
    else
        st = stopwatch_time(y->bench.c, y->bench.stream, y->cold, queue, y,
                            out, err);
out:
    return st;
}

static void time_ways(struct yardstick *y,
                      struct cusparse_way out[N_CUSPARSE_WAYS])
{
    for (size_t i = 0; i < N_CUSPARSE_WAYS; i++) {
        gnnac_error e = {{0}};
        out[i] = (struct cusparse_way){.name = ways[i].name,
                                       .time = {.median_ns = NAN}};
        if (time_way(y, i, &out[i].time, &e) != GNNAC_OK)
            snprintf(out[i].reason, sizeof(out[i].reason), "%.250s", e.msg);
    }
}

gnnac_status cusparse_time(const struct cuda_context *c, const struct csr *g,
                           const struct kernel_spec *spec, bool cold,
                           struct cusparse_way out[N_CUSPARSE_WAYS],
                           gnnac_error *err)
{
    struct yardstick y = {.bench = {.c = c}, .cold = cold};
    gnnac_status st = open_library(&y, err);
    if (st != GNNAC_OK)
        return st;
    st = cuda_enter(c, err);
    if (st != GNNAC_OK) {
        dylib_close(y.opened);
        return st;
    }
    st = bench_init(c, g, spec, &y.bench, err);
    if (st == GNNAC_OK)
        st = set_up(&y, err);
    if (st == GNNAC_OK)
        time_ways(&y, out);
    yardstick_finish(&y);
    cuda_leave(c);
    return st;
}
