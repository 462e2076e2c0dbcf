// gnnac aggregate, from templates/tile_mma.cu.lua
// For graphs whose neighbouring rows share columns. Windows of 8 rows with few
// distinct columns are tiles (runtime/cuda/tiles.h): a warp fetches a column's
// row of x once for all 8, and multiplies blocks of 8 columns by their mask of
// edges with tensor cores, 16 columns of x by 8 neighbours by 8 rows at a time.
// x is split into two tf32 numbers and the mask is 0 and 1, so that products are
// exact and sums are float32's; what is not finite would spoil all 8 rows, so a
// warp that finds such a sum goes over its window again, handing numbers round
// by shuffles instead, as it does below sm_80. All other rows go as hybrid's do
// (sorted.lib.lua). Windows of many columns are cut into pieces, whose sums the
// second kernel adds in order: no atomics, results repeat bit by bit.
// tilePercent=150 tileBlocks=64 tileUnroll=2 tensor=1 segmentEdges=256 packedEdges=16 dimWorker=8 vec=4 unroll=4 warpPerBlock=4
// f16 dim=64 x_pitch=64 out_pitch=64 self_pitch=64 norm=none self=eps bias=0 act=none offset_bits=32
#line 69 "/gnnac/templates/tile_mma.cu.lua"
// Windows of 8 rows with 150 edges or more to 100 columns: a warp to
// 512 columns. Of the others, rows of up to 16 edges:
// 4 to a warp; of up to 256: a warp each; longer are cut.
// Lanes per team: 8, others 8; columns per lane: 8, 8.
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

#line 8 "/gnnac/templates/mma.lib.lua"
#if __CUDA_ARCH__ >= 800
#define TENSOR_CORES 1
#endif
#if TENSOR_CORES
// d = a b + d, of which a warp holds d [16, 8], a [16, 8] and b [8, 8]. Lane
// 4 g + t has rows g and g + 8 of d and a; columns 2 t and 2 t + 1 of d, t and
// t + 4 of a; rows t and t + 4, column g of b.
static __device__ __forceinline__ void multiply(
    float &d0, float &d1, float &d2, float &d3, unsigned a0, unsigned a1,
    unsigned a2, unsigned a3, unsigned b0, unsigned b1)
{
    asm("mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 "
        "{%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, "
        "{%0, %1, %2, %3};"
        : "+f"(d0), "+f"(d1), "+f"(d2), "+f"(d3)
        : "r"(a0), "r"(a1), "r"(a2), "r"(a3), "r"(b0), "r"(b1));
}
#line 45 "/gnnac/templates/mma.lib.lua"
#endif

#line 186 "/gnnac/templates/tile_mma.cu.lua"
extern "C" __global__ void __launch_bounds__(128, 1)
gnnac_tile_mma_f16_d64_r150_b64_t2_m1_s256_k16_l8_v4_u4_w4_selfeps(
    f16_t *out, const f16_t *x, const int *colidx,
    const offset_t *part_ptr, const offset_t *part_end, const int *part_row,
    const f16_t *self, const float *eps, float *partial,
    int n_parts, int n_cut, int n_wide,
    const int *tiles, const int *tile_columns, const unsigned *tile_masks,
    int n_tiles, int n_rows)
{
#line 13 "/gnnac/templates/follow.lib.lua"
#if __CUDA_ARCH__ >= 900
    asm volatile("griddepcontrol.launch_dependents;\n\t"
                 "griddepcontrol.wait;" ::: "memory");
#endif
#line 190 "/gnnac/templates/tile_mma.cu.lua"
    unsigned warp = blockIdx.x * 4 + threadIdx.x / 32;
    if (warp < n_tiles) {
#line 196 "/gnnac/templates/tile_mma.cu.lua"
        // `pair`: which two neighbours of a block the lane fetches, and which two
        // rows of the window it ends with. Its team are the lanes of its pair.
        const int lane = threadIdx.x % 32;
        const int pair = lane % 4;
#line 284 "/gnnac/templates/lanes.lib.lua"
    const int at = lane / 4;
#line 309 "/gnnac/templates/lanes.lib.lua"
    const int c0 = at * 8 + 0;
#line 333 "/gnnac/templates/lanes.lib.lua"
    const f16_t *x0 = x + c0;
    asm("" : "+l"(x0));
#line 202 "/gnnac/templates/tile_mma.cu.lua"
        // First row, first block, and of a cut window its first tile and how many.
        const int4 *const window_at = (const int4 *)tiles + warp;
        const int4 window = __ldg(window_at);
        const int last = __ldg((const int *)(window_at + 1) + 1);
        const int2 *const ids = (const int2 *)tile_columns + pair;
        const uint2 *const masks = (const uint2 *)tile_masks;
        float acc[2][8] = {};
#line 210 "/gnnac/templates/tile_mma.cu.lua"
#if TENSOR_CORES
        {
#line 155 "/gnnac/templates/tile_mma.cu.lua"
            int2 next[2];
            uint2 next_mask[2];
#pragma unroll
            for (int b = 0; b < 2; b++) {
                const int at_block = min(window.y + b, last - 1);
                next[b] = __ldg(ids + 4LL * at_block);
                next_mask[b] = __ldg(masks + at_block);
            }
#pragma unroll 1
            for (int block = window.y; block < last; block += 2) {
                int2 id[2];
                uint2 mask[2];
#pragma unroll
                for (int b = 0; b < 2; b++) {
                    const int ahead = min(block + 2 + b, last - 1);
                    id[b] = next[b];
                    mask[b] = next_mask[b];
                    next[b] = __ldg(ids + 4LL * ahead);
                    next_mask[b] = __ldg(masks + ahead);
                }
#line 176 "/gnnac/templates/tile_mma.cu.lua"
                if (block + 2 <= last) {
#line 117 "/gnnac/templates/tile_mma.cu.lua"
                float v[2][2][8] = {};
#line 121 "/gnnac/templates/tile_mma.cu.lua"
#pragma unroll
                for (int b = 0; b < 2; b++) {
#line 127 "/gnnac/templates/tile_mma.cu.lua"
                    float (*const to)[8] = v[b];
#pragma unroll
                    for (int k = 0; k < 2; k++) {
                        const int column = k == 0 ? id[b].x : id[b].y;
                        const long long u = (long long)column * 64;
#line 349 "/gnnac/templates/lanes.lib.lua"
            load8_f16(&to[k][0], x0 + u);
                    }
                }
#line 138 "/gnnac/templates/tile_mma.cu.lua"
#pragma unroll
                for (int b = 0; b < 2; b++) {
#line 88 "/gnnac/templates/tile_mma.cu.lua"
                const unsigned one = 0x3f800000u;
                const unsigned b0 = mask[b].x >> lane & 1u ? one : 0u;
                const unsigned b1 = mask[b].y >> lane & 1u ? one : 0u;
#pragma unroll
                for (int i = 0; i < 8; i += 2) {
#line 94 "/gnnac/templates/tile_mma.cu.lua"
                    multiply(acc[0][i], acc[1][i], acc[0][i + 1], acc[1][i + 1],
                             __float_as_uint(v[b][0][i]), __float_as_uint(v[b][0][i + 1]),
                             __float_as_uint(v[b][1][i]), __float_as_uint(v[b][1][i + 1]), b0,
                             b1);
                }
                }
#line 178 "/gnnac/templates/tile_mma.cu.lua"
                } else {
#line 117 "/gnnac/templates/tile_mma.cu.lua"
                float v[2][2][8] = {};
#line 121 "/gnnac/templates/tile_mma.cu.lua"
#pragma unroll
                for (int b = 0; b < 2; b++) {
#line 124 "/gnnac/templates/tile_mma.cu.lua"
                    if (block + b >= last)
                        continue;
#line 127 "/gnnac/templates/tile_mma.cu.lua"
                    float (*const to)[8] = v[b];
#pragma unroll
                    for (int k = 0; k < 2; k++) {
                        const int column = k == 0 ? id[b].x : id[b].y;
                        const long long u = (long long)column * 64;
#line 349 "/gnnac/templates/lanes.lib.lua"
            load8_f16(&to[k][0], x0 + u);
                    }
                }
#line 138 "/gnnac/templates/tile_mma.cu.lua"
#pragma unroll
                for (int b = 0; b < 2; b++) {
#line 141 "/gnnac/templates/tile_mma.cu.lua"
                    if (block + b >= last)
                        continue;
#line 88 "/gnnac/templates/tile_mma.cu.lua"
                const unsigned one = 0x3f800000u;
                const unsigned b0 = mask[b].x >> lane & 1u ? one : 0u;
                const unsigned b1 = mask[b].y >> lane & 1u ? one : 0u;
#pragma unroll
                for (int i = 0; i < 8; i += 2) {
#line 94 "/gnnac/templates/tile_mma.cu.lua"
                    multiply(acc[0][i], acc[1][i], acc[0][i + 1], acc[1][i + 1],
                             __float_as_uint(v[b][0][i]), __float_as_uint(v[b][0][i + 1]),
                             __float_as_uint(v[b][1][i]), __float_as_uint(v[b][1][i + 1]), b0,
                             b1);
                }
                }
                }
            }
        }
#line 214 "/gnnac/templates/tile_mma.cu.lua"
        // Nothing times what is not finite is no number, in rows without it, too.
        float spoilt = 0.0f;
#pragma unroll
        for (int i = 0; i < 16; i++)
            spoilt = fmaf(acc[i % 2][i / 2], 0.0f, spoilt);
        const bool again = __any_sync(~0u, spoilt != 0.0f);
#else
        const bool again = true;
#endif
        if (again) {
#pragma unroll
            for (int i = 0; i < 16; i++)
                acc[i % 2][i / 2] = 0.0f;
#line 155 "/gnnac/templates/tile_mma.cu.lua"
            int2 next[1];
            uint2 next_mask[1];
#pragma unroll
            for (int b = 0; b < 1; b++) {
                const int at_block = min(window.y + b, last - 1);
                next[b] = __ldg(ids + 4LL * at_block);
                next_mask[b] = __ldg(masks + at_block);
            }
#pragma unroll 1
            for (int block = window.y; block < last; block += 1) {
                int2 id[1];
                uint2 mask[1];
#pragma unroll
                for (int b = 0; b < 1; b++) {
                    const int ahead = min(block + 1 + b, last - 1);
                    id[b] = next[b];
                    mask[b] = next_mask[b];
                    next[b] = __ldg(ids + 4LL * ahead);
                    next_mask[b] = __ldg(masks + ahead);
                }
#line 117 "/gnnac/templates/tile_mma.cu.lua"
                float v[1][2][8] = {};
#line 121 "/gnnac/templates/tile_mma.cu.lua"
#pragma unroll
                for (int b = 0; b < 1; b++) {
#line 127 "/gnnac/templates/tile_mma.cu.lua"
                    float (*const to)[8] = v[b];
#pragma unroll
                    for (int k = 0; k < 2; k++) {
                        const int column = k == 0 ? id[b].x : id[b].y;
                        const long long u = (long long)column * 64;
#line 349 "/gnnac/templates/lanes.lib.lua"
            load8_f16(&to[k][0], x0 + u);
                    }
                }
#line 138 "/gnnac/templates/tile_mma.cu.lua"
#pragma unroll
                for (int b = 0; b < 1; b++) {
#line 102 "/gnnac/templates/tile_mma.cu.lua"
#pragma unroll
                for (int s = 0; s < 8; s++) {
                    const unsigned word = s % 2 ? mask[b].y : mask[b].x;
                    const unsigned edges = word >> (8 * pair + s / 2);
#pragma unroll
                    for (int i = 0; i < 8; i++) {
                        const float one = __shfl_sync(~0u, v[b][s % 2][i],
                                                      lane / 4 * 4 + s / 2);
                        acc[0][i] += edges & 1u ? one : 0.0f;
                        acc[1][i] += edges & 16u ? one : 0.0f;
                    }
                }
                }
            }
        }

#line 235 "/gnnac/templates/tile_mma.cu.lua"
#pragma unroll
        for (int r = 0; r < 2; r++) {
            const int place = 2 * pair + r;
            const int row = window.x + place;
            if (row >= n_rows)
                continue;
            float sum[8];
#pragma unroll
            for (int i = 0; i < 8; i++)
                sum[i] = acc[r][i];
            if (window.w > 0) {
                const int piece = (int)warp - window.z;
                const int slot = n_cut + 8 * window.z + place * window.w + piece;
                float *to = partial + (long long)slot * 64;
#line 442 "/gnnac/templates/lanes.lib.lua"
    store8x4(to + c0, &sum[0]);
#line 250 "/gnnac/templates/tile_mma.cu.lua"
                continue;
            }
#line 77 "/gnnac/templates/epilogue.lib.lua"
    const f16_t *from = self + (long long)row * 64;
#line 109 "/gnnac/templates/epilogue.lib.lua"
    float own[8];
#line 71 "/gnnac/templates/epilogue.lib.lua"
    load8_f16(&own[0], from + c0);
#line 131 "/gnnac/templates/epilogue.lib.lua"
    const float factor = 1.0f + __ldg(eps);
#line 137 "/gnnac/templates/epilogue.lib.lua"
#pragma unroll
    for (int i = 0; i < 8; i++)
#line 142 "/gnnac/templates/epilogue.lib.lua"
        sum[i] = fmaf(factor, own[i], sum[i]);
#line 171 "/gnnac/templates/epilogue.lib.lua"
    f16_t *to = out + (long long)row * 64;
#line 442 "/gnnac/templates/lanes.lib.lua"
    store8_f16(to + c0, &sum[0]);
        }
#line 257 "/gnnac/templates/tile_mma.cu.lua"
        return;
    }
#line 263 "/gnnac/templates/tile_mma.cu.lua"
    warp -= n_tiles;
#line 68 "/gnnac/templates/parts.lib.lua"
    const int lane = threadIdx.x % 32;
#line 72 "/gnnac/templates/parts.lib.lua"
    const int edge = lane / 8;
#line 290 "/gnnac/templates/lanes.lib.lua"
    const int at = lane % 8;
#line 309 "/gnnac/templates/lanes.lib.lua"
    const int c0 = at * 8 + 0;
#line 333 "/gnnac/templates/lanes.lib.lua"
    const f16_t *x0 = x + c0;
    asm("" : "+l"(x0));

#line 68 "/gnnac/templates/sorted.lib.lua"
    // A wide part has the warp, whose teams take turns at the neighbours; a
    // packed one has a team. `place`: which id the lane fetches; `source`: which
    // lane has the team's first, `stride` lanes before its next.
    const bool wide = warp < n_wide;
    const unsigned part =
        wide ? warp : n_wide + (warp - n_wide) * 4 + edge;
#line 75 "/gnnac/templates/sorted.lib.lua"
    const bool active = part < n_parts;
#line 79 "/gnnac/templates/sorted.lib.lua"
    const int place = wide ? lane : at;
    const int source = wide ? edge : edge * 8;
    const int stride = wide ? 4 : 1;
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
    const int mine = wide ? (left - edge + 3) / 4 : left;
    const int most = wide ? (first + 3) / 4 : first;
    const int sure =
        wide ? first / 4 : (last - 1) / 4 * 4;

#line 161 "/gnnac/templates/sorted.lib.lua"
    float sum[8] = {};
    int next[1];
    {
#line 112 "/gnnac/templates/sorted.lib.lua"
#pragma unroll
        for (int h = 0; h < 1; h++) {
#line 115 "/gnnac/templates/sorted.lib.lua"
            next[h] = place < left ? __ldg(ids) : 0;
        }
    }
#line 166 "/gnnac/templates/sorted.lib.lua"
#pragma unroll 1
    for (int base = 0; base < most; base += 8) {
        int id[1];
#pragma unroll
        for (int h = 0; h < 1; h++)
            id[h] = next[h];
#line 176 "/gnnac/templates/sorted.lib.lua"
        ids += 8 * stride;
        left -= 8 * stride;
#line 112 "/gnnac/templates/sorted.lib.lua"
#pragma unroll
        for (int h = 0; h < 1; h++) {
#line 115 "/gnnac/templates/sorted.lib.lua"
            next[h] = place < left ? __ldg(ids) : 0;
        }
#line 184 "/gnnac/templates/sorted.lib.lua"
#pragma unroll 1
        for (int j = 0; j < 8 && base + j < most; j += 4) {
#line 187 "/gnnac/templates/sorted.lib.lua"
            if (base + j + 4 <= sure) {
#line 124 "/gnnac/templates/sorted.lib.lua"
                float v[4][8] = {};
                int u_id[4];
#pragma unroll
                for (int k = 0; k < 4; k++)
#line 131 "/gnnac/templates/sorted.lib.lua"
                    u_id[k] = __shfl_sync(~0u, id[0], source + (j + k) * stride);
#line 139 "/gnnac/templates/sorted.lib.lua"
#pragma unroll
                for (int k = 0; k < 4; k++) {
#line 145 "/gnnac/templates/sorted.lib.lua"
                    const long long u = (long long)u_id[k] * 64;
#line 349 "/gnnac/templates/lanes.lib.lua"
            load8_f16(&v[k][0], x0 + u);
                }
#line 151 "/gnnac/templates/sorted.lib.lua"
#pragma unroll
                for (int k = 0; k < 4; k++)
#pragma unroll
                    for (int i = 0; i < 8; i++)
#line 158 "/gnnac/templates/sorted.lib.lua"
                        sum[i] += v[k][i];
#line 189 "/gnnac/templates/sorted.lib.lua"
            } else {
#line 124 "/gnnac/templates/sorted.lib.lua"
                float v[4][8] = {};
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
                    const long long u = (long long)u_id[k] * 64;
#line 349 "/gnnac/templates/lanes.lib.lua"
            load8_f16(&v[k][0], x0 + u);
                }
#line 151 "/gnnac/templates/sorted.lib.lua"
#pragma unroll
                for (int k = 0; k < 4; k++)
#pragma unroll
                    for (int i = 0; i < 8; i++)
#line 158 "/gnnac/templates/sorted.lib.lua"
                        sum[i] += v[k][i];
            }
        }
    }

#line 196 "/gnnac/templates/sorted.lib.lua"
    if (wide) {
#line 453 "/gnnac/templates/lanes.lib.lua"
#pragma unroll
    for (int step = 2; step > 0; step /= 2) {
#pragma unroll
        for (int i = 0; i < 8; i++) {
            const float more =
                __shfl_down_sync(~0u, sum[i], step * 8);
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
        float *to = partial + (long long)part * 64;
#line 442 "/gnnac/templates/lanes.lib.lua"
    store8x4(to + c0, &sum[0]);
#line 227 "/gnnac/templates/sorted.lib.lua"
        return;
    }
#line 77 "/gnnac/templates/epilogue.lib.lua"
    const f16_t *from = self + (long long)row * 64;
#line 109 "/gnnac/templates/epilogue.lib.lua"
    float own[8];
#line 71 "/gnnac/templates/epilogue.lib.lua"
    load8_f16(&own[0], from + c0);
#line 131 "/gnnac/templates/epilogue.lib.lua"
    const float factor = 1.0f + __ldg(eps);
#line 137 "/gnnac/templates/epilogue.lib.lua"
#pragma unroll
    for (int i = 0; i < 8; i++)
#line 142 "/gnnac/templates/epilogue.lib.lua"
        sum[i] = fmaf(factor, own[i], sum[i]);
#line 171 "/gnnac/templates/epilogue.lib.lua"
    f16_t *to = out + (long long)row * 64;
#line 442 "/gnnac/templates/lanes.lib.lua"
    store8_f16(to + c0, &sum[0]);
}

#line 122 "/gnnac/templates/parts.lib.lua"
// Warp: a row that was cut; teams take turns at its partial sums.
#line 126 "/gnnac/templates/parts.lib.lua"
extern "C" __global__ void __launch_bounds__(128, 1)
gnnac_tile_mma_f16_d64_r150_b64_t2_m1_s256_k16_l8_v4_u4_w4_selfeps_finish(
    f16_t *out, float *partial, const f16_t *self,
    const float *eps, const int *split_row, const int *split_first,
    const int *split_last, int n_splits)
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
    const int edge = lane / 8;
#line 290 "/gnnac/templates/lanes.lib.lua"
    const int at = lane % 8;
#line 309 "/gnnac/templates/lanes.lib.lua"
    const int c0 = at * 8 + 0;
#line 333 "/gnnac/templates/lanes.lib.lua"
    const float *x0 = partial + c0;
    asm("" : "+l"(x0));
#line 135 "/gnnac/templates/parts.lib.lua"
    const int row = __ldg(split_row + split);
    const int first = __ldg(split_first + split);
    const int n = __ldg(split_last + split) - first + 1;

    float sum[8] = {};
#line 88 "/gnnac/templates/parts.lib.lua"
#pragma unroll 1
    for (int base = edge; base < n; base += 16) {
        float v[4][8] = {};
#pragma unroll
        for (int k = 0; k < 4; k++) {
            const int b = base + k * 4;
            if (b >= n)
                continue;
#line 113 "/gnnac/templates/parts.lib.lua"
            const long long u = (long long)(first + b) * 64;
#line 349 "/gnnac/templates/lanes.lib.lua"
            load8x4(&v[k][0], x0 + u);
        }
#line 99 "/gnnac/templates/parts.lib.lua"
#pragma unroll
        for (int k = 0; k < 4; k++)
#pragma unroll
            for (int i = 0; i < 8; i++)
                sum[i] += v[k][i];
    }
#line 453 "/gnnac/templates/lanes.lib.lua"
#pragma unroll
    for (int step = 2; step > 0; step /= 2) {
#pragma unroll
        for (int i = 0; i < 8; i++) {
            const float more =
                __shfl_down_sync(~0u, sum[i], step * 8);
#line 464 "/gnnac/templates/lanes.lib.lua"
            sum[i] += more;
        }
    }

#line 144 "/gnnac/templates/parts.lib.lua"
    if (edge > 0)
        return;
#line 77 "/gnnac/templates/epilogue.lib.lua"
    const f16_t *from = self + (long long)row * 64;
#line 109 "/gnnac/templates/epilogue.lib.lua"
    float own[8];
#line 71 "/gnnac/templates/epilogue.lib.lua"
    load8_f16(&own[0], from + c0);
#line 131 "/gnnac/templates/epilogue.lib.lua"
    const float factor = 1.0f + __ldg(eps);
#line 137 "/gnnac/templates/epilogue.lib.lua"
#pragma unroll
    for (int i = 0; i < 8; i++)
#line 142 "/gnnac/templates/epilogue.lib.lua"
        sum[i] = fmaf(factor, own[i], sum[i]);
#line 171 "/gnnac/templates/epilogue.lib.lua"
    f16_t *to = out + (long long)row * 64;
#line 442 "/gnnac/templates/lanes.lib.lua"
    store8_f16(to + c0, &sum[0]);
}
