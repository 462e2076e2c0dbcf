// gnnac extreme, from templates/extreme.cu.lua
// The largest of the neighbours' values, column by column (spec.smallest: the
// smallest); 0 where a row has no neighbours. A NaN wins. Lanes share a row as in
// row_split: dimWorker of them hold its columns, edgeWorker such teams take turns
// at its neighbours and are joined by shuffles. No shared memory, no atomics.
// dimWorker=5 edgeWorker=6 vec=4 coarsen=1 unroll=4 warpPerBlock=4
// f32 dim=22 x_pitch=24 out_pitch=24 smallest=1 norm=none self=none bias=0 act=none offset_bits=32
#line 36 "/gnnac/templates/extreme.cu.lua"
// Rows per warp: 1; teams per row: 6;
// lanes per team: 5; columns per lane: 5.
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

#line 41 "/gnnac/templates/extreme.cu.lua"
// A NaN stays, as nothing compares to it.
static __device__ __forceinline__ float better(float best, float v)
{
#line 45 "/gnnac/templates/extreme.cu.lua"
    return v < best || v != v ? v : best;
}

#line 51 "/gnnac/templates/extreme.cu.lua"
extern "C" __global__ void __launch_bounds__(128, 1)
gnnac_extreme_f32_d22_l5_e6_v4_c1_u4_w4_smallest_x24_y24(
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
#line 75 "/gnnac/templates/walk.lib.lua"
    const bool active = lane < 30 && row < n_rows;
#line 80 "/gnnac/templates/walk.lib.lua"
    const int edge = lane / 5;
#line 290 "/gnnac/templates/lanes.lib.lua"
    const int at = lane % 5;
#line 309 "/gnnac/templates/lanes.lib.lua"
    const int c0 = at * 4 + 0;
#line 303 "/gnnac/templates/lanes.lib.lua"
    const int c1 = 20 + min(at + 0, 1);
#line 333 "/gnnac/templates/lanes.lib.lua"
    const float *x0 = x + c0;
    asm("" : "+l"(x0));
#line 333 "/gnnac/templates/lanes.lib.lua"
    const float *x1 = x + c1;
    asm("" : "+l"(x1));

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

#line 59 "/gnnac/templates/extreme.cu.lua"
    float sum[5]; // the best so far
#pragma unroll
    for (int i = 0; i < 5; i++)
#line 63 "/gnnac/templates/extreme.cu.lua"
        sum[i] = __int_as_float(0x7f800000);
#line 237 "/gnnac/templates/walk.lib.lua"
#pragma unroll 1
    while (left > 18) {
#line 68 "/gnnac/templates/extreme.cu.lua"
        float v[4][5] = {};
#line 289 "/gnnac/templates/walk.lib.lua"
#pragma unroll
        for (int k = 0; k < 4; k++) {
#line 303 "/gnnac/templates/walk.lib.lua"
            const int id = __ldg(ids + k * 6);
#line 305 "/gnnac/templates/walk.lib.lua"
            const long long u = (long long)id * 24;
#line 349 "/gnnac/templates/lanes.lib.lua"
            load4(&v[k][0], x0 + u);
#line 349 "/gnnac/templates/lanes.lib.lua"
            load1(&v[k][4], x1 + u);
        }
#line 70 "/gnnac/templates/extreme.cu.lua"
#pragma unroll
        for (int k = 0; k < 4; k++)
#pragma unroll
            for (int i = 0; i < 5; i++)
#line 75 "/gnnac/templates/extreme.cu.lua"
                    sum[i] = better(sum[i], v[k][i]);
#line 223 "/gnnac/templates/walk.lib.lua"
        left -= 24;
        ids += 24;
    }
#line 243 "/gnnac/templates/walk.lib.lua"
    if (left > 0) {
#line 68 "/gnnac/templates/extreme.cu.lua"
        float v[3][5] = {};
#line 289 "/gnnac/templates/walk.lib.lua"
#pragma unroll
        for (int k = 0; k < 3; k++) {
#line 295 "/gnnac/templates/walk.lib.lua"
            if (k * 6 >= left)
                continue;
#line 303 "/gnnac/templates/walk.lib.lua"
            const int id = __ldg(ids + k * 6);
#line 305 "/gnnac/templates/walk.lib.lua"
            const long long u = (long long)id * 24;
#line 349 "/gnnac/templates/lanes.lib.lua"
            load4(&v[k][0], x0 + u);
#line 349 "/gnnac/templates/lanes.lib.lua"
            load1(&v[k][4], x1 + u);
        }
#line 70 "/gnnac/templates/extreme.cu.lua"
#pragma unroll
        for (int k = 0; k < 3; k++)
#pragma unroll
            for (int i = 0; i < 5; i++)
#line 258 "/gnnac/templates/walk.lib.lua"
                if (k * 6 < left)
#line 75 "/gnnac/templates/extreme.cu.lua"
                    sum[i] = better(sum[i], v[k][i]);
    }
#line 453 "/gnnac/templates/lanes.lib.lua"
#pragma unroll
    for (int step = 4; step > 0; step /= 2) {
#pragma unroll
        for (int i = 0; i < 5; i++) {
            const float more =
                __shfl_down_sync(~0u, sum[i], step * 5);
#line 462 "/gnnac/templates/lanes.lib.lua"
            sum[i] = edge + step < 6 ? better(sum[i], more) : sum[i];
        }
    }

#line 333 "/gnnac/templates/walk.lib.lua"
    if (!active || edge > 0)
        return;
#line 80 "/gnnac/templates/extreme.cu.lua"
#pragma unroll
    for (int i = 0; i < 5; i++)
        sum[i] = degree > 0 ? sum[i] : 0.0f;
    float *to = out + (long long)row * 24;
#line 442 "/gnnac/templates/lanes.lib.lua"
    store4(to + c0, &sum[0]);
#line 421 "/gnnac/templates/lanes.lib.lua"
    if (at + 0 < 2)
#line 440 "/gnnac/templates/lanes.lib.lua"
        store1(to + c1, &sum[4]);
}
