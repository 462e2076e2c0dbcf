// gnnac aggregate, from templates/row_split.cu.lua
// A group of lanes per row. dimWorker lanes hold a row's columns in
// registers; edgeWorker such teams take turns at its neighbours and are added
// by shuffles. A warp works on 32 // (dimWorker * edgeWorker) rows. No shared
// memory, no atomics: results repeat bit by bit. Wins where rows are alike in
// length.
// dimWorker=4 edgeWorker=1 vec=4 coarsen=2 unroll=4 warpPerBlock=4
// f32 dim=35 x_pitch=48 out_pitch=40 self_pitch=48 x_slab=16 out_slab=8 self_slab=16 norm=gcn self=gcn bias=0 act=none offset_bits=32
#line 45 "/gnnac/templates/row_split.cu.lua"
// Rows per warp: 8; teams per row: 1;
// lanes per team: 4; columns per lane: 9.
#line 9 "/gnnac/templates/offsets.lib.lua"
typedef int offset_t;

#line 261 "/gnnac/templates/lanes.lib.lua"
static __device__ __forceinline__ void load4(float *to, const float *from)
{
#line 209 "/gnnac/templates/lanes.lib.lua"
    const float4 v = __ldg((const float4 *)from);
#line 221 "/gnnac/templates/lanes.lib.lua"
    to[0] = v.x;
    to[1] = v.y;
#line 224 "/gnnac/templates/lanes.lib.lua"
    to[2] = v.z;
    to[3] = v.w;
}

#line 261 "/gnnac/templates/lanes.lib.lua"
static __device__ __forceinline__ void load1(float *to, const float *from)
{
#line 206 "/gnnac/templates/lanes.lib.lua"
    to[0] = __ldg(from + 0);
}

#line 26 "/gnnac/templates/layout.lib.lua"
static __device__ __forceinline__ long long x_at(long long row, unsigned column,
                                                         int n_rows)
{
    return (column / 16 * (long long)n_rows + row) * 16 +
           column % 16;
}

#line 26 "/gnnac/templates/layout.lib.lua"
static __device__ __forceinline__ long long self_at(long long row, unsigned column,
                                                         int n_rows)
{
    return (column / 16 * (long long)n_rows + row) * 16 +
           column % 16;
}

#line 26 "/gnnac/templates/layout.lib.lua"
static __device__ __forceinline__ long long out_at(long long row, unsigned column,
                                                         int n_rows)
{
    return (column / 8 * (long long)n_rows + row) * 8 +
           column % 8;
}

#line 261 "/gnnac/templates/lanes.lib.lua"
static __device__ __forceinline__ void store4(float *to, const float *from)
{
#line 197 "/gnnac/templates/lanes.lib.lua"
    *(float4 *)to = make_float4(from[0], from[1], from[2], from[3]);
}

#line 261 "/gnnac/templates/lanes.lib.lua"
static __device__ __forceinline__ void store1(float *to, const float *from)
{
#line 204 "/gnnac/templates/lanes.lib.lua"
    to[0] = from[0];
}

#line 51 "/gnnac/templates/row_split.cu.lua"
extern "C" __global__ void __launch_bounds__(128, 1)
gnnac_row_split_f32_d35_l4_e1_v4_c2_u4_w4_gcn_selfgcn_x48_y40_s48_xslab16_yslab8_sslab16(
    float *out, const float *x, const offset_t *rowptr,
    const int *colidx, const float *self, const float *dinv,
    int n_rows)
{
#line 13 "/gnnac/templates/follow.lib.lua"
#if __CUDA_ARCH__ >= 900
    asm volatile("griddepcontrol.launch_dependents;\n\t"
                 "griddepcontrol.wait;" ::: "memory");
#endif
#line 65 "/gnnac/templates/walk.lib.lua"
    const int lane = threadIdx.x % 32;
#line 69 "/gnnac/templates/walk.lib.lua"
    const unsigned row = blockIdx.x * 32 +
                         threadIdx.x / 32 * 8 + lane / 4;
#line 73 "/gnnac/templates/walk.lib.lua"
    const bool active = row < n_rows;
#line 78 "/gnnac/templates/walk.lib.lua"
    const int edge = 0;
#line 290 "/gnnac/templates/lanes.lib.lua"
    const int at = lane % 4;
#line 309 "/gnnac/templates/lanes.lib.lua"
    const int c0 = at * 4 + 0;
#line 309 "/gnnac/templates/lanes.lib.lua"
    const int c1 = at * 4 + 16;
#line 303 "/gnnac/templates/lanes.lib.lua"
    const int c2 = 32 + min(at + 0, 2);
#line 328 "/gnnac/templates/lanes.lib.lua"
    const float *x0 = x + x_at(0, c0, n_rows);
    asm("" : "+l"(x0));
#line 328 "/gnnac/templates/lanes.lib.lua"
    const float *x1 = x + x_at(0, c1, n_rows);
    asm("" : "+l"(x1));
#line 328 "/gnnac/templates/lanes.lib.lua"
    const float *x2 = x + x_at(0, c2, n_rows);
    asm("" : "+l"(x2));

#line 105 "/gnnac/templates/walk.lib.lua"
    offset_t degree = 0;
    const int *ids = colidx + edge;
#line 108 "/gnnac/templates/walk.lib.lua"
    if (active) {
        const offset_t begin = __ldg(rowptr + row);
        degree = __ldg(rowptr + row + 1) - begin;
        ids += begin;
    }
#line 114 "/gnnac/templates/walk.lib.lua"
    offset_t left = degree - edge;

#line 66 "/gnnac/templates/row_split.cu.lua"
    float sum[9] = {};
#line 237 "/gnnac/templates/walk.lib.lua"
#pragma unroll 1
    while (left > 3) {
#line 69 "/gnnac/templates/row_split.cu.lua"
        float v[4][9] = {};
#line 73 "/gnnac/templates/row_split.cu.lua"
        float coef[4] = {};
#line 289 "/gnnac/templates/walk.lib.lua"
#pragma unroll
        for (int k = 0; k < 4; k++) {
#line 303 "/gnnac/templates/walk.lib.lua"
            const int id = __ldg(ids + k * 1);
#line 305 "/gnnac/templates/walk.lib.lua"
            const long long u = (long long)id * 16;
#line 57 "/gnnac/templates/weights.lib.lua"
            const float value = __ldg(dinv + id);
#line 316 "/gnnac/templates/walk.lib.lua"
            coef[k] = value;
#line 349 "/gnnac/templates/lanes.lib.lua"
            load4(&v[k][0], x0 + u);
#line 349 "/gnnac/templates/lanes.lib.lua"
            load4(&v[k][4], x1 + u);
#line 349 "/gnnac/templates/lanes.lib.lua"
            load1(&v[k][8], x2 + u);
        }
#line 76 "/gnnac/templates/row_split.cu.lua"
#pragma unroll
        for (int k = 0; k < 4; k++)
#pragma unroll
            for (int i = 0; i < 9; i++)
#line 83 "/gnnac/templates/row_split.cu.lua"
                sum[i] = fmaf(coef[k], v[k][i], sum[i]);
#line 223 "/gnnac/templates/walk.lib.lua"
        left -= 4;
        ids += 4;
    }
#line 243 "/gnnac/templates/walk.lib.lua"
    if (left > 0) {
#line 69 "/gnnac/templates/row_split.cu.lua"
        float v[3][9] = {};
#line 73 "/gnnac/templates/row_split.cu.lua"
        float coef[3] = {};
#line 289 "/gnnac/templates/walk.lib.lua"
#pragma unroll
        for (int k = 0; k < 3; k++) {
#line 295 "/gnnac/templates/walk.lib.lua"
            if (k * 1 >= left)
                continue;
#line 303 "/gnnac/templates/walk.lib.lua"
            const int id = __ldg(ids + k * 1);
#line 305 "/gnnac/templates/walk.lib.lua"
            const long long u = (long long)id * 16;
#line 57 "/gnnac/templates/weights.lib.lua"
            const float value = __ldg(dinv + id);
#line 316 "/gnnac/templates/walk.lib.lua"
            coef[k] = value;
#line 349 "/gnnac/templates/lanes.lib.lua"
            load4(&v[k][0], x0 + u);
#line 349 "/gnnac/templates/lanes.lib.lua"
            load4(&v[k][4], x1 + u);
#line 349 "/gnnac/templates/lanes.lib.lua"
            load1(&v[k][8], x2 + u);
        }
#line 76 "/gnnac/templates/row_split.cu.lua"
#pragma unroll
        for (int k = 0; k < 3; k++)
#pragma unroll
            for (int i = 0; i < 9; i++)
#line 83 "/gnnac/templates/row_split.cu.lua"
                sum[i] = fmaf(coef[k], v[k][i], sum[i]);
    }

#line 330 "/gnnac/templates/walk.lib.lua"
    if (!active)
        return;
#line 51 "/gnnac/templates/epilogue.lib.lua"
    const float norm = __ldg(dinv + row);
#line 109 "/gnnac/templates/epilogue.lib.lua"
    float own[9];
#line 69 "/gnnac/templates/epilogue.lib.lua"
    load4(&own[0], self + self_at(row, c0, n_rows));
#line 69 "/gnnac/templates/epilogue.lib.lua"
    load4(&own[4], self + self_at(row, c1, n_rows));
#line 69 "/gnnac/templates/epilogue.lib.lua"
    load1(&own[8], self + self_at(row, c2, n_rows));
#line 122 "/gnnac/templates/epilogue.lib.lua"
    const float scale = norm;
#line 125 "/gnnac/templates/epilogue.lib.lua"
#pragma unroll
    for (int i = 0; i < 9; i++)
        sum[i] *= scale;
#line 133 "/gnnac/templates/epilogue.lib.lua"
    const float factor = norm * norm;
#line 137 "/gnnac/templates/epilogue.lib.lua"
#pragma unroll
    for (int i = 0; i < 9; i++)
#line 142 "/gnnac/templates/epilogue.lib.lua"
        sum[i] = fmaf(factor, own[i], sum[i]);
#line 438 "/gnnac/templates/lanes.lib.lua"
        store4(out + out_at(row, c0, n_rows), &sum[0]);
#line 438 "/gnnac/templates/lanes.lib.lua"
        store4(out + out_at(row, c1, n_rows), &sum[4]);
#line 421 "/gnnac/templates/lanes.lib.lua"
    if (at + 0 < 3)
#line 438 "/gnnac/templates/lanes.lib.lua"
        store1(out + out_at(row, c2, n_rows), &sum[8]);
}
