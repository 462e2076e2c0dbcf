// gnnac aggregate, from templates/hybrid.cu.lua
// Every row as its length asks, in one launch, longest first. Short rows share
// a warp, a team of dimWorker lanes for each; medium ones have a warp, whose
// teams take turns at the neighbours and are added by shuffles; long ones are
// cut into pieces, a warp for each, whose sums a second kernel adds in order, so
// that results repeat bit by bit (combine=1: atomics, they do not). The runtime sorts the rows by length
// (runtime/cuda/buckets.h), so that a warp knows by its number what it is for, and
// rows that share one are alike: lanes never diverge and the last blocks of a
// launch are its shortest. The ids of a step's neighbours are read by one load
// of all lanes and handed round. Meant for rows of all lengths.
// segmentEdges=256 packedEdges=16 dimWorker=4 vec=4 unroll=4 warpPerBlock=4 slab=64 hints=2
// f16 dim=100 x_pitch=104 out_pitch=104 norm=none self=none bias=0 act=none offset_bits=32
#line 52 "/gnnac/templates/hybrid.cu.lua"
// Rows of up to 16 edges: 8 to a warp; of up to
// 256: a warp each; longer ones are cut.
// Lanes per team: 4; columns per lane: 9.
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

#line 18 "/gnnac/templates/hints.lib.lua"
static __device__ __forceinline__ uint4 load_kept(const uint4 *p)
{
#if __CUDA_ARCH__ >= 800
    uint4 v;
    unsigned long long keep;
    asm("createpolicy.fractional.L2::evict_last.b64 %0, 1.0;" : "=l"(keep));
#line 34 "/gnnac/templates/hints.lib.lua"
    asm("ld.global.nc.L2::cache_hint.v4.u32 {%0, %1, %2, %3}, [%4], %5;"
        : "=r"(v.x), "=r"(v.y), "=r"(v.z), "=r"(v.w) : "l"(p), "l"(keep));
#line 46 "/gnnac/templates/hints.lib.lua"
    return v;
#else
    return __ldg(p);
#endif
}

#line 261 "/gnnac/templates/lanes.lib.lua"
static __device__ __forceinline__ void keep8_f16(float *to, const f16_t *from)
{
#line 155 "/gnnac/templates/lanes.lib.lua"
    const uint4 v0 = load_kept((const uint4 *)(from + 0));
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

#line 18 "/gnnac/templates/hints.lib.lua"
static __device__ __forceinline__ f16_t load_kept(const f16_t *p)
{
#if __CUDA_ARCH__ >= 800
    f16_t v;
    unsigned long long keep;
    asm("createpolicy.fractional.L2::evict_last.b64 %0, 1.0;" : "=l"(keep));
#line 43 "/gnnac/templates/hints.lib.lua"
    asm("ld.global.nc.L2::cache_hint.u16 %0, [%1], %2;"
        : "=h"(v) : "l"(p), "l"(keep));
#line 46 "/gnnac/templates/hints.lib.lua"
    return v;
#else
    return __ldg(p);
#endif
}

#line 261 "/gnnac/templates/lanes.lib.lua"
static __device__ __forceinline__ void keep1_f16(float *to, const f16_t *from)
{
#line 151 "/gnnac/templates/lanes.lib.lua"
    to[0] = from_f16(load_kept(from + 0));
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

#line 261 "/gnnac/templates/lanes.lib.lua"
static __device__ __forceinline__ void load1(float *to, const float *from)
{
#line 206 "/gnnac/templates/lanes.lib.lua"
    to[0] = __ldg(from + 0);
}

#line 261 "/gnnac/templates/lanes.lib.lua"
static __device__ __forceinline__ void store8x4(float *to, const float *from)
{
#line 199 "/gnnac/templates/lanes.lib.lua"
    *(float4 *)(to + 0) =
        make_float4(from[0], from[1], from[2], from[3]);
#line 199 "/gnnac/templates/lanes.lib.lua"
    *(float4 *)(to + 4) =
        make_float4(from[4], from[5], from[6], from[7]);
}

#line 261 "/gnnac/templates/lanes.lib.lua"
static __device__ __forceinline__ void store1(float *to, const float *from)
{
#line 204 "/gnnac/templates/lanes.lib.lua"
    to[0] = from[0];
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
static __device__ __forceinline__ void stream8_f16(f16_t *to, const float *from)
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
#line 179 "/gnnac/templates/lanes.lib.lua"
    __stcs((uint4 *)(to + 0), v0);
}

#line 261 "/gnnac/templates/lanes.lib.lua"
static __device__ __forceinline__ void stream1_f16(f16_t *to, const float *from)
{
#line 149 "/gnnac/templates/lanes.lib.lua"
    __stcs(to + 0, (f16_t)to_f16(from[0]));
}

#line 61 "/gnnac/templates/hybrid.cu.lua"
extern "C" __global__ void __launch_bounds__(128, 1)
gnnac_hybrid_f16_d100_s256_k16_l4_v4_u4_w4_b64_h2_x104_y104(
    f16_t *out, const f16_t *x, const int *colidx,
    const offset_t *part_ptr, const offset_t *part_end, const int *part_row,
    float *partial, int n_parts, int n_cut,
    int n_wide)
{
#line 13 "/gnnac/templates/follow.lib.lua"
#if __CUDA_ARCH__ >= 900
    asm volatile("griddepcontrol.launch_dependents;\n\t"
                 "griddepcontrol.wait;" ::: "memory");
#endif
#line 65 "/gnnac/templates/hybrid.cu.lua"
    const unsigned warp = blockIdx.x * 4 + threadIdx.x / 32;
#line 68 "/gnnac/templates/parts.lib.lua"
    const int lane = threadIdx.x % 32;
#line 72 "/gnnac/templates/parts.lib.lua"
    const int edge = lane / 4;
#line 290 "/gnnac/templates/lanes.lib.lua"
    const int at = lane % 4;
#line 293 "/gnnac/templates/lanes.lib.lua"
    const int tile = blockIdx.y * 32;
#line 296 "/gnnac/templates/lanes.lib.lua"
    const bool last_tile = blockIdx.y == 2;
#line 305 "/gnnac/templates/lanes.lib.lua"
    const int c0 = tile + at * 8 + 0;
#line 301 "/gnnac/templates/lanes.lib.lua"
    const int c1 = 96 + at;
#line 333 "/gnnac/templates/lanes.lib.lua"
    const f16_t *x0 = x + c0;
    asm("" : "+l"(x0));
#line 333 "/gnnac/templates/lanes.lib.lua"
    const f16_t *x1 = x + c1;
    asm("" : "+l"(x1));

#line 68 "/gnnac/templates/sorted.lib.lua"
    // A wide part has the warp, whose teams take turns at the neighbours; a
    // packed one has a team. `place`: which id the lane fetches; `source`: which
    // lane has the team's first, `stride` lanes before its next.
    const bool wide = warp < n_wide;
    const unsigned part =
        wide ? warp : n_wide + (warp - n_wide) * 8 + edge;
#line 75 "/gnnac/templates/sorted.lib.lua"
    const bool active = part < n_parts;
#line 79 "/gnnac/templates/sorted.lib.lua"
    const int place = wide ? lane : at;
    const int source = wide ? edge : edge * 4;
    const int stride = wide ? 8 : 1;
#line 83 "/gnnac/templates/sorted.lib.lua"
    int row = 0, left = 0;
    const int *ids = colidx + place;
    if (active) {
        const offset_t begin = __ldg(part_ptr + part);
        row = __ldg(part_row + part);
        left = (int)(__ldg(part_end + part) - begin);
        ids += begin;
    }

#line 100 "/gnnac/templates/sorted.lib.lua"
    // Neighbours of this team, of the first, which takes as many batches as any,
    // and of whole batches that no team lacks: rows that share a warp are sorted
    // by how many batches they take.
    const int first = __shfl_sync(~0u, left, 0);
    const int last = __shfl_sync(~0u, left, 31);
    const int mine = wide ? (left - edge + 7) / 8 : left;
    const int most = wide ? (first + 7) / 8 : first;
    const int sure =
        wide ? first / 8 : (last - 1) / 4 * 4;

#line 161 "/gnnac/templates/sorted.lib.lua"
    float sum[9] = {};
    int next[1];
    {
#line 112 "/gnnac/templates/sorted.lib.lua"
#pragma unroll
        for (int h = 0; h < 1; h++) {
#line 115 "/gnnac/templates/sorted.lib.lua"
            next[h] = place < left ? __ldcs(ids) : 0;
        }
    }
#line 166 "/gnnac/templates/sorted.lib.lua"
#pragma unroll 1
    for (int base = 0; base < most; base += 4) {
        int id[1];
#pragma unroll
        for (int h = 0; h < 1; h++)
            id[h] = next[h];
#line 176 "/gnnac/templates/sorted.lib.lua"
        ids += 4 * stride;
        left -= 4 * stride;
#line 112 "/gnnac/templates/sorted.lib.lua"
#pragma unroll
        for (int h = 0; h < 1; h++) {
#line 115 "/gnnac/templates/sorted.lib.lua"
            next[h] = place < left ? __ldcs(ids) : 0;
        }
#line 181 "/gnnac/templates/sorted.lib.lua"
        const int j = 0;
        {
#line 187 "/gnnac/templates/sorted.lib.lua"
            if (base + j + 4 <= sure) {
#line 124 "/gnnac/templates/sorted.lib.lua"
                float v[4][9] = {};
                int u_id[4];
#pragma unroll
                for (int k = 0; k < 4; k++)
#line 131 "/gnnac/templates/sorted.lib.lua"
                    u_id[k] = __shfl_sync(~0u, id[0], source + (j + k) * stride);
#line 139 "/gnnac/templates/sorted.lib.lua"
#pragma unroll
                for (int k = 0; k < 4; k++) {
#line 145 "/gnnac/templates/sorted.lib.lua"
                    const long long u = (long long)u_id[k] * 104;
#line 349 "/gnnac/templates/lanes.lib.lua"
            keep8_f16(&v[k][0], x0 + u);
#line 346 "/gnnac/templates/lanes.lib.lua"
            if (last_tile)
                keep1_f16(&v[k][8], x1 + u);
                }
#line 151 "/gnnac/templates/sorted.lib.lua"
#pragma unroll
                for (int k = 0; k < 4; k++)
#pragma unroll
                    for (int i = 0; i < 9; i++)
#line 158 "/gnnac/templates/sorted.lib.lua"
                        sum[i] += v[k][i];
#line 189 "/gnnac/templates/sorted.lib.lua"
            } else {
#line 124 "/gnnac/templates/sorted.lib.lua"
                float v[4][9] = {};
                int u_id[4];
#pragma unroll
                for (int k = 0; k < 4; k++)
#line 131 "/gnnac/templates/sorted.lib.lua"
                    u_id[k] = __shfl_sync(~0u, id[0], source + (j + k) * stride);
#line 139 "/gnnac/templates/sorted.lib.lua"
#pragma unroll
                for (int k = 0; k < 4; k++) {
#line 142 "/gnnac/templates/sorted.lib.lua"
                    if (base + j + k >= mine)
                        continue;
#line 145 "/gnnac/templates/sorted.lib.lua"
                    const long long u = (long long)u_id[k] * 104;
#line 349 "/gnnac/templates/lanes.lib.lua"
            keep8_f16(&v[k][0], x0 + u);
#line 346 "/gnnac/templates/lanes.lib.lua"
            if (last_tile)
                keep1_f16(&v[k][8], x1 + u);
                }
#line 151 "/gnnac/templates/sorted.lib.lua"
#pragma unroll
                for (int k = 0; k < 4; k++)
#pragma unroll
                    for (int i = 0; i < 9; i++)
#line 158 "/gnnac/templates/sorted.lib.lua"
                        sum[i] += v[k][i];
            }
        }
    }

#line 196 "/gnnac/templates/sorted.lib.lua"
    if (wide) {
#line 453 "/gnnac/templates/lanes.lib.lua"
#pragma unroll
    for (int step = 4; step > 0; step /= 2) {
#pragma unroll
        for (int i = 0; i < 9; i++) {
            const float more =
                __shfl_down_sync(~0u, sum[i], step * 4);
#line 464 "/gnnac/templates/lanes.lib.lua"
            sum[i] += more;
        }
    }
    }
#line 210 "/gnnac/templates/sorted.lib.lua"
    if (!active || (wide && edge > 0))
        return;
#line 220 "/gnnac/templates/sorted.lib.lua"
    if (part < n_cut) {
#line 224 "/gnnac/templates/sorted.lib.lua"
        float *to = partial + (long long)part * 100;
#line 442 "/gnnac/templates/lanes.lib.lua"
    store8x4(to + c0, &sum[0]);
#line 417 "/gnnac/templates/lanes.lib.lua"
    if (last_tile)
#line 440 "/gnnac/templates/lanes.lib.lua"
        store1(to + c1, &sum[8]);
#line 227 "/gnnac/templates/sorted.lib.lua"
        return;
    }
#line 171 "/gnnac/templates/epilogue.lib.lua"
    f16_t *to = out + (long long)row * 104;
#line 442 "/gnnac/templates/lanes.lib.lua"
    stream8_f16(to + c0, &sum[0]);
#line 417 "/gnnac/templates/lanes.lib.lua"
    if (last_tile)
#line 440 "/gnnac/templates/lanes.lib.lua"
        stream1_f16(to + c1, &sum[8]);
}

#line 122 "/gnnac/templates/parts.lib.lua"
// Warp: a row that was cut; teams take turns at its partial sums.
#line 126 "/gnnac/templates/parts.lib.lua"
extern "C" __global__ void __launch_bounds__(128, 1)
gnnac_hybrid_f16_d100_s256_k16_l4_v4_u4_w4_b64_h2_x104_y104_finish(
    f16_t *out, float *partial, const int *split_row,
    const int *split_first, const int *split_last, int n_splits)
{
#line 13 "/gnnac/templates/follow.lib.lua"
#if __CUDA_ARCH__ >= 900
    asm volatile("griddepcontrol.launch_dependents;\n\t"
                 "griddepcontrol.wait;" ::: "memory");
#endif
#line 130 "/gnnac/templates/parts.lib.lua"
    const unsigned split = blockIdx.x * 4 + threadIdx.x / 32;
    if (split >= n_splits)
        return;
#line 68 "/gnnac/templates/parts.lib.lua"
    const int lane = threadIdx.x % 32;
#line 72 "/gnnac/templates/parts.lib.lua"
    const int edge = lane / 4;
#line 290 "/gnnac/templates/lanes.lib.lua"
    const int at = lane % 4;
#line 293 "/gnnac/templates/lanes.lib.lua"
    const int tile = blockIdx.y * 32;
#line 296 "/gnnac/templates/lanes.lib.lua"
    const bool last_tile = blockIdx.y == 2;
#line 305 "/gnnac/templates/lanes.lib.lua"
    const int c0 = tile + at * 8 + 0;
#line 301 "/gnnac/templates/lanes.lib.lua"
    const int c1 = 96 + at;
#line 333 "/gnnac/templates/lanes.lib.lua"
    const float *x0 = partial + c0;
    asm("" : "+l"(x0));
#line 333 "/gnnac/templates/lanes.lib.lua"
    const float *x1 = partial + c1;
    asm("" : "+l"(x1));
#line 135 "/gnnac/templates/parts.lib.lua"
    const int row = __ldg(split_row + split);
    const int first = __ldg(split_first + split);
    const int n = __ldg(split_last + split) - first + 1;

    float sum[9] = {};
#line 88 "/gnnac/templates/parts.lib.lua"
#pragma unroll 1
    for (int base = edge; base < n; base += 32) {
        float v[4][9] = {};
#pragma unroll
        for (int k = 0; k < 4; k++) {
            const int b = base + k * 8;
            if (b >= n)
                continue;
#line 113 "/gnnac/templates/parts.lib.lua"
            const long long u = (long long)(first + b) * 100;
#line 349 "/gnnac/templates/lanes.lib.lua"
            load8x4(&v[k][0], x0 + u);
#line 346 "/gnnac/templates/lanes.lib.lua"
            if (last_tile)
                load1(&v[k][8], x1 + u);
        }
#line 99 "/gnnac/templates/parts.lib.lua"
#pragma unroll
        for (int k = 0; k < 4; k++)
#pragma unroll
            for (int i = 0; i < 9; i++)
                sum[i] += v[k][i];
    }
#line 453 "/gnnac/templates/lanes.lib.lua"
#pragma unroll
    for (int step = 4; step > 0; step /= 2) {
#pragma unroll
        for (int i = 0; i < 9; i++) {
            const float more =
                __shfl_down_sync(~0u, sum[i], step * 4);
#line 464 "/gnnac/templates/lanes.lib.lua"
            sum[i] += more;
        }
    }

#line 144 "/gnnac/templates/parts.lib.lua"
    if (edge > 0)
        return;
#line 171 "/gnnac/templates/epilogue.lib.lua"
    f16_t *to = out + (long long)row * 104;
#line 442 "/gnnac/templates/lanes.lib.lua"
    stream8_f16(to + c0, &sum[0]);
#line 417 "/gnnac/templates/lanes.lib.lua"
    if (last_tile)
#line 440 "/gnnac/templates/lanes.lib.lua"
        stream1_f16(to + c1, &sum[8]);
}
