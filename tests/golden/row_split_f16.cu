// gnnac aggregate, from templates/row_split.cu.lua
// A group of lanes per row. dimWorker lanes hold a row's columns in
// registers; edgeWorker such teams take turns at its neighbours and are added
// by shuffles. A warp works on 32 // (dimWorker * edgeWorker) rows. No shared
// memory, no atomics: results repeat bit by bit. Wins where rows are alike in
// length.
// dimWorker=8 edgeWorker=2 vec=4 coarsen=1 unroll=4 warpPerBlock=4
// f16 dim=64 x_pitch=64 out_pitch=64 self_pitch=64 norm=gcn self=gcn bias=1 act=relu offset_bits=32
#line 45 "/gnnac/templates/row_split.cu.lua"
// Rows per warp: 2; teams per row: 2;
// lanes per team: 8; columns per lane: 8.
#line 9 "/gnnac/templates/offsets.lib.lua"
typedef int offset_t;

#line 110 "/gnnac/templates/lanes.lib.lua"
typedef unsigned short f16_t;
#line 113 "/gnnac/templates/lanes.lib.lua"
static __device__ __forceinline__ float from_f16(unsigned bits)
{
#line 118 "/gnnac/templates/lanes.lib.lua"
    float v;
    asm("cvt.f32.f16 %0, %1;" : "=f"(v) : "h"((f16_t)bits));
    return v;
}

#line 261 "/gnnac/templates/lanes.lib.lua"
static __device__ __forceinline__ void load8_f16(float *to, const f16_t *from)
{
#line 155 "/gnnac/templates/lanes.lib.lua"
    const uint4 v0 = __ldg((const uint4 *)(from + 0));
#line 168 "/gnnac/templates/lanes.lib.lua"
    to[0] = from_f16(v0.x & 0xffffu);
    to[1] = from_f16(v0.x >> 16);
#line 168 "/gnnac/templates/lanes.lib.lua"
    to[2] = from_f16(v0.y & 0xffffu);
    to[3] = from_f16(v0.y >> 16);
#line 168 "/gnnac/templates/lanes.lib.lua"
    to[4] = from_f16(v0.z & 0xffffu);
    to[5] = from_f16(v0.z >> 16);
#line 168 "/gnnac/templates/lanes.lib.lua"
    to[6] = from_f16(v0.w & 0xffffu);
    to[7] = from_f16(v0.w >> 16);
}

#line 261 "/gnnac/templates/lanes.lib.lua"
static __device__ __forceinline__ void load8x4(float *to, const float *from)
{
#line 213 "/gnnac/templates/lanes.lib.lua"
    const float4 v0 = __ldg((const float4 *)(from + 0));
#line 221 "/gnnac/templates/lanes.lib.lua"
    to[0] = v0.x;
    to[1] = v0.y;
#line 224 "/gnnac/templates/lanes.lib.lua"
    to[2] = v0.z;
    to[3] = v0.w;
#line 213 "/gnnac/templates/lanes.lib.lua"
    const float4 v4 = __ldg((const float4 *)(from + 4));
#line 221 "/gnnac/templates/lanes.lib.lua"
    to[4] = v4.x;
    to[5] = v4.y;
#line 224 "/gnnac/templates/lanes.lib.lua"
    to[6] = v4.z;
    to[7] = v4.w;
}

#line 125 "/gnnac/templates/lanes.lib.lua"
static __device__ __forceinline__ unsigned to_f16(float v)
{
#line 131 "/gnnac/templates/lanes.lib.lua"
    f16_t bits;
    asm("cvt.rn.f16.f32 %0, %1;" : "=h"(bits) : "f"(v));
    return bits;
}

#line 261 "/gnnac/templates/lanes.lib.lua"
static __device__ __forceinline__ void store8_f16(f16_t *to, const float *from)
{
#line 159 "/gnnac/templates/lanes.lib.lua"
    uint4 v0;
#line 173 "/gnnac/templates/lanes.lib.lua"
    v0.x = to_f16(from[0]) | to_f16(from[1]) << 16;
#line 173 "/gnnac/templates/lanes.lib.lua"
    v0.y = to_f16(from[2]) | to_f16(from[3]) << 16;
#line 173 "/gnnac/templates/lanes.lib.lua"
    v0.z = to_f16(from[4]) | to_f16(from[5]) << 16;
#line 173 "/gnnac/templates/lanes.lib.lua"
    v0.w = to_f16(from[6]) | to_f16(from[7]) << 16;
#line 177 "/gnnac/templates/lanes.lib.lua"
    *(uint4 *)(to + 0) = v0;
}

#line 51 "/gnnac/templates/row_split.cu.lua"
extern "C" __global__ void __launch_bounds__(128, 1)
gnnac_row_split_f16_d64_l8_e2_v4_c1_u4_w4_gcn_selfgcn_bias_relu(
    f16_t *out, const f16_t *x, const offset_t *rowptr,
    const int *colidx, const f16_t *self, const float *dinv,
    const float *bias, int n_rows)
{
#line 13 "/gnnac/templates/follow.lib.lua"
#if __CUDA_ARCH__ >= 900
    asm volatile("griddepcontrol.launch_dependents;\n\t"
                 "griddepcontrol.wait;" ::: "memory");
#endif
#line 65 "/gnnac/templates/walk.lib.lua"
    const int lane = threadIdx.x % 32;
#line 69 "/gnnac/templates/walk.lib.lua"
    const unsigned row = blockIdx.x * 8 +
                         threadIdx.x / 32 * 2 + lane / 16;
#line 73 "/gnnac/templates/walk.lib.lua"
    const bool active = row < n_rows;
#line 82 "/gnnac/templates/walk.lib.lua"
    const int edge = lane / 8 % 2;
#line 290 "/gnnac/templates/lanes.lib.lua"
    const int at = lane % 8;
#line 309 "/gnnac/templates/lanes.lib.lua"
    const int c0 = at * 8 + 0;
#line 333 "/gnnac/templates/lanes.lib.lua"
    const f16_t *x0 = x + c0;
    asm("" : "+l"(x0));

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
    float sum[8] = {};
#line 237 "/gnnac/templates/walk.lib.lua"
#pragma unroll 1
    while (left > 6) {
#line 69 "/gnnac/templates/row_split.cu.lua"
        float v[4][8] = {};
#line 73 "/gnnac/templates/row_split.cu.lua"
        float coef[4] = {};
#line 289 "/gnnac/templates/walk.lib.lua"
#pragma unroll
        for (int k = 0; k < 4; k++) {
#line 303 "/gnnac/templates/walk.lib.lua"
            const int id = __ldg(ids + k * 2);
#line 305 "/gnnac/templates/walk.lib.lua"
            const long long u = (long long)id * 64;
#line 57 "/gnnac/templates/weights.lib.lua"
            const float value = __ldg(dinv + id);
#line 316 "/gnnac/templates/walk.lib.lua"
            coef[k] = value;
#line 349 "/gnnac/templates/lanes.lib.lua"
            load8_f16(&v[k][0], x0 + u);
        }
#line 76 "/gnnac/templates/row_split.cu.lua"
#pragma unroll
        for (int k = 0; k < 4; k++)
#pragma unroll
            for (int i = 0; i < 8; i++)
#line 83 "/gnnac/templates/row_split.cu.lua"
                sum[i] = fmaf(coef[k], v[k][i], sum[i]);
#line 223 "/gnnac/templates/walk.lib.lua"
        left -= 8;
        ids += 8;
    }
#line 243 "/gnnac/templates/walk.lib.lua"
    if (left > 0) {
#line 69 "/gnnac/templates/row_split.cu.lua"
        float v[3][8] = {};
#line 73 "/gnnac/templates/row_split.cu.lua"
        float coef[3] = {};
#line 289 "/gnnac/templates/walk.lib.lua"
#pragma unroll
        for (int k = 0; k < 3; k++) {
#line 295 "/gnnac/templates/walk.lib.lua"
            if (k * 2 >= left)
                continue;
#line 303 "/gnnac/templates/walk.lib.lua"
            const int id = __ldg(ids + k * 2);
#line 305 "/gnnac/templates/walk.lib.lua"
            const long long u = (long long)id * 64;
#line 57 "/gnnac/templates/weights.lib.lua"
            const float value = __ldg(dinv + id);
#line 316 "/gnnac/templates/walk.lib.lua"
            coef[k] = value;
#line 349 "/gnnac/templates/lanes.lib.lua"
            load8_f16(&v[k][0], x0 + u);
        }
#line 76 "/gnnac/templates/row_split.cu.lua"
#pragma unroll
        for (int k = 0; k < 3; k++)
#pragma unroll
            for (int i = 0; i < 8; i++)
#line 83 "/gnnac/templates/row_split.cu.lua"
                sum[i] = fmaf(coef[k], v[k][i], sum[i]);
    }
#line 453 "/gnnac/templates/lanes.lib.lua"
#pragma unroll
    for (int step = 1; step > 0; step /= 2) {
#pragma unroll
        for (int i = 0; i < 8; i++) {
            const float more =
                __shfl_down_sync(~0u, sum[i], step * 8);
#line 464 "/gnnac/templates/lanes.lib.lua"
            sum[i] += more;
        }
    }

#line 333 "/gnnac/templates/walk.lib.lua"
    if (!active || edge > 0)
        return;
#line 51 "/gnnac/templates/epilogue.lib.lua"
    const float norm = __ldg(dinv + row);
#line 77 "/gnnac/templates/epilogue.lib.lua"
    const f16_t *from = self + (long long)row * 64;
#line 109 "/gnnac/templates/epilogue.lib.lua"
    float own[8];
#line 71 "/gnnac/templates/epilogue.lib.lua"
    load8_f16(&own[0], from + c0);
#line 122 "/gnnac/templates/epilogue.lib.lua"
    const float scale = norm;
#line 125 "/gnnac/templates/epilogue.lib.lua"
#pragma unroll
    for (int i = 0; i < 8; i++)
        sum[i] *= scale;
#line 133 "/gnnac/templates/epilogue.lib.lua"
    const float factor = norm * norm;
#line 137 "/gnnac/templates/epilogue.lib.lua"
#pragma unroll
    for (int i = 0; i < 8; i++)
#line 142 "/gnnac/templates/epilogue.lib.lua"
        sum[i] = fmaf(factor, own[i], sum[i]);
#line 146 "/gnnac/templates/epilogue.lib.lua"
    float shift[8];
#line 149 "/gnnac/templates/epilogue.lib.lua"
    load8x4(&shift[0], bias + c0);
#line 151 "/gnnac/templates/epilogue.lib.lua"
#pragma unroll
    for (int i = 0; i < 8; i++)
        sum[i] += shift[i];
#line 156 "/gnnac/templates/epilogue.lib.lua"
#pragma unroll
    for (int i = 0; i < 8; i++)
        sum[i] = sum[i] < 0.0f ? 0.0f : sum[i];
#line 171 "/gnnac/templates/epilogue.lib.lua"
    f16_t *to = out + (long long)row * 64;
#line 442 "/gnnac/templates/lanes.lib.lua"
    store8_f16(to + c0, &sum[0]);
}
