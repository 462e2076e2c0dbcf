// gnnac aggregate, from templates/row_split.cu.lua
// A group of lanes per row. dimWorker lanes hold a row's columns in
// registers; edgeWorker such teams take turns at its neighbours and are added
// by shuffles. A warp works on 32 // (dimWorker * edgeWorker) rows. No shared
// memory, no atomics: results repeat bit by bit. Wins where rows are alike in
// length.
// dimWorker=1 edgeWorker=16 vec=4 coarsen=4 unroll=8 warpPerBlock=4 slab=0 hints=0 ids=2
// f32 dim=16 x_pitch=16 out_pitch=8 self_pitch=16 tail=scaled_linear tail_dim=7 norm=scaled self=scaled bias=1 act=relu offset_bits=32
#line 45 "/gnnac/templates/row_split.cu.lua"
// Rows per warp: 2; teams per row: 16;
// lanes per team: 1; columns per lane: 16.
#line 39 "/gnnac/templates/follow.lib.lua"
static __device__ __forceinline__ float load_plain(const float *p)
{
#ifdef __CUDA_ARCH__
    float v;
#line 50 "/gnnac/templates/follow.lib.lua"
    asm volatile("ld.global.f32 %0, [%1];" : "=f"(v) : "l"(p));
#line 52 "/gnnac/templates/follow.lib.lua"
    return v;
#else
    return *p;
#endif
}

#line 39 "/gnnac/templates/follow.lib.lua"
static __device__ __forceinline__ float2 load_plain(const float2 *p)
{
#ifdef __CUDA_ARCH__
    float2 v;
#line 47 "/gnnac/templates/follow.lib.lua"
    asm volatile("ld.global.v2.f32 {%0, %1}, [%2];"
                 : "=f"(v.x), "=f"(v.y) : "l"(p));
#line 52 "/gnnac/templates/follow.lib.lua"
    return v;
#else
    return *p;
#endif
}

#line 39 "/gnnac/templates/follow.lib.lua"
static __device__ __forceinline__ float4 load_plain(const float4 *p)
{
#ifdef __CUDA_ARCH__
    float4 v;
#line 44 "/gnnac/templates/follow.lib.lua"
    asm volatile("ld.global.v4.f32 {%0, %1, %2, %3}, [%4];"
                 : "=f"(v.x), "=f"(v.y), "=f"(v.z), "=f"(v.w) : "l"(p));
#line 52 "/gnnac/templates/follow.lib.lua"
    return v;
#else
    return *p;
#endif
}

#line 39 "/gnnac/templates/follow.lib.lua"
static __device__ __forceinline__ int load_plain(const int *p)
{
#ifdef __CUDA_ARCH__
    int v;
#line 50 "/gnnac/templates/follow.lib.lua"
    asm volatile("ld.global.u32 %0, [%1];" : "=r"(v) : "l"(p));
#line 52 "/gnnac/templates/follow.lib.lua"
    return v;
#else
    return *p;
#endif
}

#line 39 "/gnnac/templates/follow.lib.lua"
static __device__ __forceinline__ unsigned load_plain(const unsigned *p)
{
#ifdef __CUDA_ARCH__
    unsigned v;
#line 50 "/gnnac/templates/follow.lib.lua"
    asm volatile("ld.global.u32 %0, [%1];" : "=r"(v) : "l"(p));
#line 52 "/gnnac/templates/follow.lib.lua"
    return v;
#else
    return *p;
#endif
}

#line 39 "/gnnac/templates/follow.lib.lua"
static __device__ __forceinline__ uint2 load_plain(const uint2 *p)
{
#ifdef __CUDA_ARCH__
    uint2 v;
#line 47 "/gnnac/templates/follow.lib.lua"
    asm volatile("ld.global.v2.u32 {%0, %1}, [%2];"
                 : "=r"(v.x), "=r"(v.y) : "l"(p));
#line 52 "/gnnac/templates/follow.lib.lua"
    return v;
#else
    return *p;
#endif
}

#line 39 "/gnnac/templates/follow.lib.lua"
static __device__ __forceinline__ uint4 load_plain(const uint4 *p)
{
#ifdef __CUDA_ARCH__
    uint4 v;
#line 44 "/gnnac/templates/follow.lib.lua"
    asm volatile("ld.global.v4.u32 {%0, %1, %2, %3}, [%4];"
                 : "=r"(v.x), "=r"(v.y), "=r"(v.z), "=r"(v.w) : "l"(p));
#line 52 "/gnnac/templates/follow.lib.lua"
    return v;
#else
    return *p;
#endif
}

#line 65 "/gnnac/templates/follow.lib.lua"
typedef long long long_t;
typedef unsigned short half_t;
#line 39 "/gnnac/templates/follow.lib.lua"
static __device__ __forceinline__ long_t load_plain(const long_t *p)
{
#ifdef __CUDA_ARCH__
    long_t v;
#line 50 "/gnnac/templates/follow.lib.lua"
    asm volatile("ld.global.u64 %0, [%1];" : "=l"(v) : "l"(p));
#line 52 "/gnnac/templates/follow.lib.lua"
    return v;
#else
    return *p;
#endif
}

#line 39 "/gnnac/templates/follow.lib.lua"
static __device__ __forceinline__ half_t load_plain(const half_t *p)
{
#ifdef __CUDA_ARCH__
    half_t v;
#line 50 "/gnnac/templates/follow.lib.lua"
    asm volatile("ld.global.u16 %0, [%1];" : "=h"(v) : "l"(p));
#line 52 "/gnnac/templates/follow.lib.lua"
    return v;
#else
    return *p;
#endif
}

#line 69 "/gnnac/templates/follow.lib.lua"
#define __ldg load_plain

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

#line 51 "/gnnac/templates/row_split.cu.lua"
extern "C" __global__ void __launch_bounds__(128, 1)
gnnac_row_split_f32_d16_l1_e16_v4_c4_u8_w4_b0_h0_i2_scaled_selfscaled_bias_relu_scaled_linear7_y8(
    float *out, const float *x, const offset_t *rowptr,
    const int *colidx, const float *self, const float *dinv,
    const float *bias, const float *weight, int n_rows)
{
#line 24 "/gnnac/templates/follow.lib.lua"
#if __CUDA_ARCH__ >= 900
    asm volatile("griddepcontrol.launch_dependents;" ::: "memory");
#endif
#line 65 "/gnnac/templates/walk.lib.lua"
    const int lane = threadIdx.x % 32;
#line 69 "/gnnac/templates/walk.lib.lua"
    const unsigned row = blockIdx.x * 8 +
                         threadIdx.x / 32 * 2 + lane / 16;
#line 73 "/gnnac/templates/walk.lib.lua"
    const bool active = row < n_rows;
#line 82 "/gnnac/templates/walk.lib.lua"
    const int edge = lane / 1 % 16;
#line 286 "/gnnac/templates/lanes.lib.lua"
    const int at = 0;
#line 309 "/gnnac/templates/lanes.lib.lua"
    const int c0 = at * 4 + 0;
#line 309 "/gnnac/templates/lanes.lib.lua"
    const int c1 = at * 4 + 4;
#line 309 "/gnnac/templates/lanes.lib.lua"
    const int c2 = at * 4 + 8;
#line 309 "/gnnac/templates/lanes.lib.lua"
    const int c3 = at * 4 + 12;
#line 333 "/gnnac/templates/lanes.lib.lua"
    const float *x0 = x + c0;
    asm("" : "+l"(x0));
#line 331 "/gnnac/templates/lanes.lib.lua"
    const float *x1 = x0 + 4;
#line 331 "/gnnac/templates/lanes.lib.lua"
    const float *x2 = x0 + 8;
#line 331 "/gnnac/templates/lanes.lib.lua"
    const float *x3 = x0 + 12;

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
#line 116 "/gnnac/templates/walk.lib.lua"
    int next[8];
#pragma unroll
    for (int k = 0; k < 8; k++)
        next[k] = k * 16 < left ? __ldg(ids + k * 16) : 0;
#line 60 "/gnnac/templates/row_split.cu.lua"
    const bool ends = active && edge == 0;
#line 49 "/gnnac/templates/epilogue.lib.lua"
    const float norm = ends ? __ldg(dinv + row) : 0.0f;
#line 29 "/gnnac/templates/follow.lib.lua"
#if __CUDA_ARCH__ >= 900
    asm volatile("griddepcontrol.wait;" ::: "memory");
#endif

#line 66 "/gnnac/templates/row_split.cu.lua"
    float sum[16] = {};
#line 87 "/gnnac/templates/epilogue.lib.lua"
    if (ends) {
#line 77 "/gnnac/templates/epilogue.lib.lua"
    const float *from = self + (long long)row * 16;
#line 71 "/gnnac/templates/epilogue.lib.lua"
    load4(&sum[0], from + c0);
#line 71 "/gnnac/templates/epilogue.lib.lua"
    load4(&sum[4], from + c1);
#line 71 "/gnnac/templates/epilogue.lib.lua"
    load4(&sum[8], from + c2);
#line 71 "/gnnac/templates/epilogue.lib.lua"
    load4(&sum[12], from + c3);
    }
#line 230 "/gnnac/templates/walk.lib.lua"
    if (left > 0) {
#line 69 "/gnnac/templates/row_split.cu.lua"
        float v[8][16] = {};
#line 289 "/gnnac/templates/walk.lib.lua"
#pragma unroll
        for (int k = 0; k < 8; k++) {
#line 295 "/gnnac/templates/walk.lib.lua"
            if (k * 16 >= left)
                continue;
#line 301 "/gnnac/templates/walk.lib.lua"
            const int id = next[k];
#line 305 "/gnnac/templates/walk.lib.lua"
            const long long u = (long long)id * 16;
#line 349 "/gnnac/templates/lanes.lib.lua"
            load4(&v[k][0], x0 + u);
#line 349 "/gnnac/templates/lanes.lib.lua"
            load4(&v[k][4], x1 + u);
#line 349 "/gnnac/templates/lanes.lib.lua"
            load4(&v[k][8], x2 + u);
#line 349 "/gnnac/templates/lanes.lib.lua"
            load4(&v[k][12], x3 + u);
        }
#line 76 "/gnnac/templates/row_split.cu.lua"
#pragma unroll
        for (int k = 0; k < 8; k++)
#pragma unroll
            for (int i = 0; i < 16; i++)
#line 85 "/gnnac/templates/row_split.cu.lua"
                sum[i] += v[k][i];
#line 223 "/gnnac/templates/walk.lib.lua"
        left -= 128;
        ids += 128;
    }
#line 237 "/gnnac/templates/walk.lib.lua"
#pragma unroll 1
    while (left > 112) {
#line 69 "/gnnac/templates/row_split.cu.lua"
        float v[8][16] = {};
#line 289 "/gnnac/templates/walk.lib.lua"
#pragma unroll
        for (int k = 0; k < 8; k++) {
#line 303 "/gnnac/templates/walk.lib.lua"
            const int id = __ldg(ids + k * 16);
#line 305 "/gnnac/templates/walk.lib.lua"
            const long long u = (long long)id * 16;
#line 349 "/gnnac/templates/lanes.lib.lua"
            load4(&v[k][0], x0 + u);
#line 349 "/gnnac/templates/lanes.lib.lua"
            load4(&v[k][4], x1 + u);
#line 349 "/gnnac/templates/lanes.lib.lua"
            load4(&v[k][8], x2 + u);
#line 349 "/gnnac/templates/lanes.lib.lua"
            load4(&v[k][12], x3 + u);
        }
#line 76 "/gnnac/templates/row_split.cu.lua"
#pragma unroll
        for (int k = 0; k < 8; k++)
#pragma unroll
            for (int i = 0; i < 16; i++)
#line 85 "/gnnac/templates/row_split.cu.lua"
                sum[i] += v[k][i];
#line 223 "/gnnac/templates/walk.lib.lua"
        left -= 128;
        ids += 128;
    }
#line 243 "/gnnac/templates/walk.lib.lua"
    if (left > 0) {
#line 69 "/gnnac/templates/row_split.cu.lua"
        float v[7][16] = {};
#line 289 "/gnnac/templates/walk.lib.lua"
#pragma unroll
        for (int k = 0; k < 7; k++) {
#line 295 "/gnnac/templates/walk.lib.lua"
            if (k * 16 >= left)
                continue;
#line 303 "/gnnac/templates/walk.lib.lua"
            const int id = __ldg(ids + k * 16);
#line 305 "/gnnac/templates/walk.lib.lua"
            const long long u = (long long)id * 16;
#line 349 "/gnnac/templates/lanes.lib.lua"
            load4(&v[k][0], x0 + u);
#line 349 "/gnnac/templates/lanes.lib.lua"
            load4(&v[k][4], x1 + u);
#line 349 "/gnnac/templates/lanes.lib.lua"
            load4(&v[k][8], x2 + u);
#line 349 "/gnnac/templates/lanes.lib.lua"
            load4(&v[k][12], x3 + u);
        }
#line 76 "/gnnac/templates/row_split.cu.lua"
#pragma unroll
        for (int k = 0; k < 7; k++)
#pragma unroll
            for (int i = 0; i < 16; i++)
#line 85 "/gnnac/templates/row_split.cu.lua"
                sum[i] += v[k][i];
    }
#line 453 "/gnnac/templates/lanes.lib.lua"
#pragma unroll
    for (int step = 8; step > 0; step /= 2) {
#pragma unroll
        for (int i = 0; i < 16; i++) {
            const float more =
                __shfl_down_sync(~0u, sum[i], step * 1);
#line 464 "/gnnac/templates/lanes.lib.lua"
            sum[i] += more;
        }
    }

#line 333 "/gnnac/templates/walk.lib.lua"
    if (!active || edge > 0)
        return;
#line 122 "/gnnac/templates/epilogue.lib.lua"
    const float scale = norm;
#line 125 "/gnnac/templates/epilogue.lib.lua"
#pragma unroll
    for (int i = 0; i < 16; i++)
        sum[i] *= scale;
#line 146 "/gnnac/templates/epilogue.lib.lua"
    float shift[16];
#line 149 "/gnnac/templates/epilogue.lib.lua"
    load4(&shift[0], bias + c0);
#line 149 "/gnnac/templates/epilogue.lib.lua"
    load4(&shift[4], bias + c1);
#line 149 "/gnnac/templates/epilogue.lib.lua"
    load4(&shift[8], bias + c2);
#line 149 "/gnnac/templates/epilogue.lib.lua"
    load4(&shift[12], bias + c3);
#line 151 "/gnnac/templates/epilogue.lib.lua"
#pragma unroll
    for (int i = 0; i < 16; i++)
        sum[i] += shift[i];
#line 156 "/gnnac/templates/epilogue.lib.lua"
#pragma unroll
    for (int i = 0; i < 16; i++)
        sum[i] = sum[i] < 0.0f ? 0.0f : sum[i];
#line 49 "/gnnac/templates/tail.lib.lua"
    float product[7];
    {
#line 53 "/gnnac/templates/tail.lib.lua"
#pragma unroll
        for (int j = 0; j < 7; j++) {
            const float *of_column = weight + j * 16;
            float w[16], value = 0.0f;
#line 59 "/gnnac/templates/tail.lib.lua"
            load4(&w[0], of_column + c0);
#line 59 "/gnnac/templates/tail.lib.lua"
            load4(&w[4], of_column + c1);
#line 59 "/gnnac/templates/tail.lib.lua"
            load4(&w[8], of_column + c2);
#line 59 "/gnnac/templates/tail.lib.lua"
            load4(&w[12], of_column + c3);
#line 61 "/gnnac/templates/tail.lib.lua"
#pragma unroll
            for (int i = 0; i < 16; i++)
                value = fmaf(sum[i], w[i], value);
#line 66 "/gnnac/templates/tail.lib.lua"
            product[j] = value * norm;
        }
    }
#line 171 "/gnnac/templates/epilogue.lib.lua"
    float *to = out + (long long)row * 8;
    {
#line 117 "/gnnac/templates/tail.lib.lua"
        float value0 = product[0];
#line 102 "/gnnac/templates/tail.lib.lua"
        to[0 + at] = value0;
    }
    {
#line 117 "/gnnac/templates/tail.lib.lua"
        float value0 = product[1];
#line 102 "/gnnac/templates/tail.lib.lua"
        to[1 + at] = value0;
    }
    {
#line 117 "/gnnac/templates/tail.lib.lua"
        float value0 = product[2];
#line 102 "/gnnac/templates/tail.lib.lua"
        to[2 + at] = value0;
    }
    {
#line 117 "/gnnac/templates/tail.lib.lua"
        float value0 = product[3];
#line 102 "/gnnac/templates/tail.lib.lua"
        to[3 + at] = value0;
    }
    {
#line 117 "/gnnac/templates/tail.lib.lua"
        float value0 = product[4];
#line 102 "/gnnac/templates/tail.lib.lua"
        to[4 + at] = value0;
    }
    {
#line 117 "/gnnac/templates/tail.lib.lua"
        float value0 = product[5];
#line 102 "/gnnac/templates/tail.lib.lua"
        to[5 + at] = value0;
    }
    {
#line 117 "/gnnac/templates/tail.lib.lua"
        float value0 = product[6];
#line 102 "/gnnac/templates/tail.lib.lua"
        to[6 + at] = value0;
    }
}
#line 73 "/gnnac/templates/follow.lib.lua"
#undef __ldg
