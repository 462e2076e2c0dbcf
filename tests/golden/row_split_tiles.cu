// gnnac aggregate, from templates/row_split.cu.lua
// A group of lanes per row. dimWorker lanes hold a row's columns in
// registers; edgeWorker such teams take turns at its neighbours and are added
// by shuffles. A warp works on 32 // (dimWorker * edgeWorker) rows. No shared
// memory, no atomics: results repeat bit by bit. Wins where rows are alike in
// length.
// dimWorker=32 edgeWorker=1 vec=4 coarsen=2 unroll=4 warpPerBlock=4
// f32 dim=602 x_pitch=604 out_pitch=602 norm=mean self=none bias=0 act=none offset_bits=64
#line 45 "/gnnac/templates/row_split.cu.lua"
// Rows per warp: 1; teams per row: 1;
// lanes per team: 32; columns per lane: 9.
#line 7 "/gnnac/templates/offsets.lib.lua"
typedef long long offset_t;

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

#line 261 "/gnnac/templates/lanes.lib.lua"
static __device__ __forceinline__ void store4x2(float *to, const float *from)
{
#line 202 "/gnnac/templates/lanes.lib.lua"
    *(float2 *)(to + 0) = make_float2(from[0], from[1]);
#line 202 "/gnnac/templates/lanes.lib.lua"
    *(float2 *)(to + 2) = make_float2(from[2], from[3]);
}

#line 261 "/gnnac/templates/lanes.lib.lua"
static __device__ __forceinline__ void store1(float *to, const float *from)
{
#line 204 "/gnnac/templates/lanes.lib.lua"
    to[0] = from[0];
}

#line 51 "/gnnac/templates/row_split.cu.lua"
extern "C" __global__ void __launch_bounds__(128, 1)
gnnac_row_split_f32_d602_l32_e1_v4_c2_u4_w4_mean_x604_o64(
    float *out, const float *x, const offset_t *rowptr,
    const int *colidx, int n_rows)
{
#line 13 "/gnnac/templates/follow.lib.lua"
#if __CUDA_ARCH__ >= 900
    asm volatile("griddepcontrol.launch_dependents;\n\t"
                 "griddepcontrol.wait;" ::: "memory");
#endif
#line 65 "/gnnac/templates/walk.lib.lua"
    const int lane = threadIdx.x % 32;
#line 67 "/gnnac/templates/walk.lib.lua"
    const unsigned row = blockIdx.x * 4 + threadIdx.x / 32;
#line 73 "/gnnac/templates/walk.lib.lua"
    const bool active = row < n_rows;
#line 78 "/gnnac/templates/walk.lib.lua"
    const int edge = 0;
#line 288 "/gnnac/templates/lanes.lib.lua"
    const int at = lane;
#line 293 "/gnnac/templates/lanes.lib.lua"
    const int tile = blockIdx.y * 256;
#line 296 "/gnnac/templates/lanes.lib.lua"
    const bool last_tile = blockIdx.y == 2;
#line 307 "/gnnac/templates/lanes.lib.lua"
    const int c0 = min(tile + at * 4 + 0, 596);
#line 307 "/gnnac/templates/lanes.lib.lua"
    const int c1 = min(tile + at * 4 + 128, 596);
#line 303 "/gnnac/templates/lanes.lib.lua"
    const int c2 = 600 + min(at + 0, 1);
#line 333 "/gnnac/templates/lanes.lib.lua"
    const float *x0 = x + c0;
    asm("" : "+l"(x0));
#line 333 "/gnnac/templates/lanes.lib.lua"
    const float *x1 = x + c1;
    asm("" : "+l"(x1));
#line 333 "/gnnac/templates/lanes.lib.lua"
    const float *x2 = x + c2;
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
#line 289 "/gnnac/templates/walk.lib.lua"
#pragma unroll
        for (int k = 0; k < 4; k++) {
#line 303 "/gnnac/templates/walk.lib.lua"
            const int id = __ldg(ids + k * 1);
#line 305 "/gnnac/templates/walk.lib.lua"
            const long long u = (long long)id * 604;
#line 349 "/gnnac/templates/lanes.lib.lua"
            load4(&v[k][0], x0 + u);
#line 349 "/gnnac/templates/lanes.lib.lua"
            load4(&v[k][4], x1 + u);
#line 346 "/gnnac/templates/lanes.lib.lua"
            if (last_tile)
                load1(&v[k][8], x2 + u);
        }
#line 76 "/gnnac/templates/row_split.cu.lua"
#pragma unroll
        for (int k = 0; k < 4; k++)
#pragma unroll
            for (int i = 0; i < 9; i++)
#line 85 "/gnnac/templates/row_split.cu.lua"
                sum[i] += v[k][i];
#line 223 "/gnnac/templates/walk.lib.lua"
        left -= 4;
        ids += 4;
    }
#line 243 "/gnnac/templates/walk.lib.lua"
    if (left > 0) {
#line 69 "/gnnac/templates/row_split.cu.lua"
        float v[3][9] = {};
#line 289 "/gnnac/templates/walk.lib.lua"
#pragma unroll
        for (int k = 0; k < 3; k++) {
#line 295 "/gnnac/templates/walk.lib.lua"
            if (k * 1 >= left)
                continue;
#line 303 "/gnnac/templates/walk.lib.lua"
            const int id = __ldg(ids + k * 1);
#line 305 "/gnnac/templates/walk.lib.lua"
            const long long u = (long long)id * 604;
#line 349 "/gnnac/templates/lanes.lib.lua"
            load4(&v[k][0], x0 + u);
#line 349 "/gnnac/templates/lanes.lib.lua"
            load4(&v[k][4], x1 + u);
#line 346 "/gnnac/templates/lanes.lib.lua"
            if (last_tile)
                load1(&v[k][8], x2 + u);
        }
#line 76 "/gnnac/templates/row_split.cu.lua"
#pragma unroll
        for (int k = 0; k < 3; k++)
#pragma unroll
            for (int i = 0; i < 9; i++)
#line 85 "/gnnac/templates/row_split.cu.lua"
                sum[i] += v[k][i];
    }

#line 330 "/gnnac/templates/walk.lib.lua"
    if (!active)
        return;
#line 120 "/gnnac/templates/epilogue.lib.lua"
    const float scale = 1.0f / (float)(degree > 0 ? degree : 1);
#line 125 "/gnnac/templates/epilogue.lib.lua"
#pragma unroll
    for (int i = 0; i < 9; i++)
        sum[i] *= scale;
#line 171 "/gnnac/templates/epilogue.lib.lua"
    float *to = out + (long long)row * 602;
#line 423 "/gnnac/templates/lanes.lib.lua"
    if (tile + at * 4 + 0 < 600)
#line 440 "/gnnac/templates/lanes.lib.lua"
        store4x2(to + c0, &sum[0]);
#line 423 "/gnnac/templates/lanes.lib.lua"
    if (tile + at * 4 + 128 < 600)
#line 440 "/gnnac/templates/lanes.lib.lua"
        store4x2(to + c1, &sum[4]);
#line 419 "/gnnac/templates/lanes.lib.lua"
    if (last_tile && at + 0 < 2)
#line 440 "/gnnac/templates/lanes.lib.lua"
        store1(to + c2, &sum[8]);
}
