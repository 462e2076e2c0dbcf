#include "tune/roof.h"

#include <stdio.h>
#include <stdlib.h>

#include "checked.h"
#include "cuda/cuda_kernel.h"
#include "tune/stopwatch.h"

// Blocks for every multiprocessor: as many as are there at once.
enum { BLOCKS_PER_SM = 8, N_CHECKED = 256 };

struct roof {
    struct workbench *wb;
    struct emitted text;
    struct compile_job job;
    struct cuda_kernel kernel;
    cu_stream stream;
    int64_t n_rows;
    int32_t dim, pitch, rows_per_team;
    int32_t columns;     // of x that are read: dim, and what is loaded with it
    int32_t out_columns; // of them, those that a team loads at once
    unsigned n_blocks;
    int64_t n_teams;
    float *x; // host [n_rows, pitch]
    cu_ptr device_x, device_out;
};

static void roof_finish(struct roof *r)
{
    const struct cuda_context *c = r->wb->cuda;
    if (r->kernel.k)
        cuda_kernel_unload(c, &r->kernel);
    if (r->stream)
        c->cu.cuStreamDestroy_v2(r->stream);
    cuda_free(c, r->device_x);
    cuda_free(c, r->device_out);
    free(r->x);
    compile_job_finish(&r->job);
    emitted_finish(&r->text);
}

// ---- the kernel -------------------------------------------------------------

static gnnac_status emit(struct roof *r, gnnac_error *err)
{
    struct candidate point = {
        .family = family_find(catalog_families(r->wb->catalog), "gather_roof")};
    const struct kernel_spec spec = {.dim = r->dim,
                                     .x_pitch = r->pitch,
                                     .out_pitch = r->dim,
                                     .offset_bits = 64};
    if (!point.family)
        return FAIL(err, GNNAC_ENOENT, "there is no template gather_roof");
    for (size_t i = 0; i < point.family->n_knobs; i++)
        point.values[i] = point.family->knobs[i].dflt;
    r->rows_per_team = (int32_t)candidate_get(&point, "rowsPerTeam", 0);
    return tmpl_emit(r->wb->catalog, &point, &spec, &r->text, err);
}

static gnnac_status compile(struct roof *r, gnnac_error *err)
{
    struct nvrtc *nvrtc;
    r->job.source = r->text.source;
    r->job.name = r->text.kernel.name;
    snprintf(r->job.arch, sizeof(r->job.arch), "sm_%d",
             (int)r->wb->device.arch);
    gnnac_status st = workbench_nvrtc(r->wb, &nvrtc, err);
    if (st == GNNAC_OK)
        st = nvrtc_compile(nvrtc, &r->job, 1, 1, err);
    if (st == GNNAC_OK && r->job.status != GNNAC_OK)
        st = FAIL(err, GNNAC_ECOMPILE, "%s", r->job.error.msg);
    return st;
}

static gnnac_status load(struct roof *r, gnnac_error *err)
{
    const struct image_view image = {r->job.image, r->job.n_bytes, false};
    return cuda_kernel_load(r->wb->cuda, &r->text.kernel, &image, 1, &r->kernel,
                            err);
}

// ---- data -------------------------------------------------------------------

// The template's grid: rows of `out` for a block.
static void size_grid(struct roof *r)
{
    const struct launch *l = &r->text.kernel.launches[0];
    int32_t lanes = l->block / l->per_block;
    int32_t vec = r->pitch % 4 == 0 ? 4 : r->pitch % 2 == 0 ? 2 : 1;
    r->columns = (int32_t)ceil_div(r->dim, vec) * vec;
    r->out_columns = lanes * vec;
    r->n_blocks = (unsigned)r->wb->device.sm_count * BLOCKS_PER_SM;
    r->n_teams = (int64_t)r->n_blocks * l->per_block;
}

// Small integers, so that sums are exact in any order.
static gnnac_status make_data(struct roof *r, gnnac_error *err)
{
    const struct cuda_context *c = r->wb->cuda;
    gnnac_status st = GNNAC_OK;
    size_t n;
    if (!size_mul((size_t)r->n_rows, (size_t)r->pitch, &n) ||
        !(r->x = alloc_array((int64_t)n, sizeof(*r->x))))
        return FAIL(err, GNNAC_ENOMEM, "out of memory for the roof");
#pragma omp parallel for schedule(static)
    for (size_t i = 0; i < n; i++)
        r->x[i] = (float)(i % 251);
    TRY(cuda_upload(c, r->x, n * sizeof(*r->x), "the roof", &r->device_x, err));
    TRY(cuda_alloc(c, (size_t)(r->n_teams * r->out_columns) * sizeof(float),
                   "the roof", &r->device_out, err));
    TRY(CU(c, cuStreamCreate, (&r->stream, CU_STREAM_NON_BLOCKING), err));
out:
    return st;
}

// ---- run and check ----------------------------------------------------------

// Not by cuda_kernel_launch: the grid fills the GPU whatever the rows.
static gnnac_status queue(void *work, cu_stream stream, gnnac_error *err)
{
    struct roof *r = work;
    int32_t n_rows = (int32_t)r->n_rows;
    void *arguments[] = {&r->device_out, &r->device_x, &n_rows};
    return CU(r->wb->cuda, cuLaunchKernel,
              (r->kernel.functions[0], r->n_blocks, 1, 1,
               (unsigned)r->text.kernel.launches[0].block, 1, 1, 0, stream,
               arguments, NULL),
              err);
}

// As in the template.
static int64_t random_row(uint32_t i, int64_t n_rows)
{
    i ^= i >> 16;
    i *= 0x85ebca6bu;
    i ^= i >> 13;
    i *= 0xc2b2ae35u;
    i ^= i >> 16;
    return (int64_t)((uint64_t)i * (uint32_t)n_rows >> 32);
}

static float expected(const struct roof *r, int64_t team, int32_t column)
{
    float sum = 0;
    for (int32_t c = column; c < r->columns; c += r->out_columns)
        for (int32_t i = 0; i < r->rows_per_team; i++) {
            uint32_t at = (uint32_t)(team * r->rows_per_team + i);
            sum += r->x[random_row(at, r->n_rows) * r->pitch + c];
        }
    return sum;
}

static gnnac_status check(struct roof *r, gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    int64_t n = r->n_teams < N_CHECKED ? r->n_teams : N_CHECKED;
    float *got = alloc_array(n * r->out_columns, sizeof(*got));
    if (!got)
        return FAIL(err, GNNAC_ENOMEM, "out of memory");
    TRY(queue(r, r->stream, err));
    TRY(CU(r->wb->cuda, cuStreamSynchronize, (r->stream), err));
    TRY(CU(r->wb->cuda, cuMemcpyDtoH_v2,
           (got, r->device_out, (size_t)(n * r->out_columns) * sizeof(*got)),
           err));
    for (int64_t i = 0; st == GNNAC_OK && i < n * r->out_columns; i++)
        if (got[i] !=
            expected(r, i / r->out_columns, (int32_t)(i % r->out_columns)))
            st = FAIL(err, GNNAC_EWRONG, "%s: wrong sum in row %lld",
                      r->text.kernel.name, (long long)(i / r->out_columns));
out:
    free(got);
    return st;
}

static gnnac_status measure(struct roof *r, double *bytes_per_s,
                            gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    struct run_time t;
    TRY(load(r, err));
    size_grid(r);
    TRY(make_data(r, err));
    TRY(check(r, err));
    TRY(stopwatch_time(r->wb->cuda, r->stream, r->wb->request.cold, queue, r,
                       &t, err));
    *bytes_per_s = (double)r->n_teams * r->rows_per_team * r->dim *
                   sizeof(float) / (t.median_ns * 1e-9);
out:
    return st;
}

gnnac_status gather_roof(struct workbench *wb, int64_t n_rows, int32_t dim,
                         int32_t pitch, double *bytes_per_s, gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    struct roof r = {.wb = wb, .n_rows = n_rows, .dim = dim, .pitch = pitch};
    bool entered = false;
    TRY(emit(&r, err));
    TRY(compile(&r, err));
    TRY(cuda_enter(wb->cuda, err));
    entered = true;
    TRY(measure(&r, bytes_per_s, err));
out:
    roof_finish(&r);
    if (entered)
        cuda_leave(wb->cuda);
    return st;
}
