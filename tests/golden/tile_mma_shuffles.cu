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
// tilePercent=150 tileBlocks=64 tileUnroll=2 tensor=0 segmentEdges=256 packedEdges=16 dimWorker=4 vec=4 unroll=4 warpPerBlock=4
// f32 dim=16 x_pitch=16 out_pitch=16 tail=log_softmax tail_dim=0 norm=scaled self=none bias=0 act=none offset_bits=32
#line 69 "/gnnac/templates/tile_mma.cu.lua"
// Windows of 8 rows with 150 edges or more to 100 columns: a warp to
// 512 columns. Of the others, rows of up to 16 edges:
// 8 to a warp; of up to 256: a warp each; longer are cut.
// Lanes per team: 8, others 4; columns per lane: 2, 4.
#line 9 "/gnnac/templates/offsets.lib.lua"
typedef int offset_t;

#line 261 "/gnnac/templates/lanes.lib.lua"
static __device__ __forceinline__ void load2(float *to, const float *from)
{
#line 217 "/gnnac/templates/lanes.lib.lua"
    const float2 v0 = __ldg((const float2 *)(from + 0));
#line 221 "/gnnac/templates/lanes.lib.lua"
    to[0] = v0.x;
    to[1] = v0.y;
}

#line 261 "/gnnac/templates/lanes.lib.lua"
static __device__ __forceinline__ void store2(float *to, const float *from)
{
#line 202 "/gnnac/templates/lanes.lib.lua"
    *(float2 *)(to + 0) = make_float2(from[0], from[1]);
}

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
static __device__ __forceinline__ void store4(float *to, const float *from)
{
#line 197 "/gnnac/templates/lanes.lib.lua"
    *(float4 *)to = make_float4(from[0], from[1], from[2], from[3]);
}

#line 186 "/gnnac/templates/tile_mma.cu.lua"
extern "C" __global__ void __launch_bounds__(128, 1)
gnnac_tile_mma_f32_d16_r150_b64_t2_m0_s256_k16_l4_v4_u4_w4_scaled_log_softmax(
    float *out, const float *x, const int *colidx,
    const offset_t *part_ptr, const offset_t *part_end, const int *part_row,
    const float *dinv, float *partial, int n_parts,
    int n_cut, int n_wide, const int *tiles,
    const int *tile_columns, const unsigned *tile_masks, int n_tiles,
    int n_rows)
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
    const int c0 = at * 2 + 0;
#line 333 "/gnnac/templates/lanes.lib.lua"
    const float *x0 = x + c0;
    asm("" : "+l"(x0));
#line 202 "/gnnac/templates/tile_mma.cu.lua"
        // First row, first block, and of a cut window its first tile and how many.
        const int4 *const window_at = (const int4 *)tiles + warp;
        const int4 window = __ldg(window_at);
        const int last = __ldg((const int *)(window_at + 1) + 1);
        const int2 *const ids = (const int2 *)tile_columns + pair;
        const uint2 *const masks = (const uint2 *)tile_masks;
        float acc[2][2] = {};
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
                float v[2][2][2] = {};
#line 121 "/gnnac/templates/tile_mma.cu.lua"
#pragma unroll
                for (int b = 0; b < 2; b++) {
#line 127 "/gnnac/templates/tile_mma.cu.lua"
                    float (*const to)[2] = v[b];
#pragma unroll
                    for (int k = 0; k < 2; k++) {
                        const int column = k == 0 ? id[b].x : id[b].y;
                        const long long u = (long long)column * 16;
#line 349 "/gnnac/templates/lanes.lib.lua"
            load2(&to[k][0], x0 + u);
                    }
                }
#line 138 "/gnnac/templates/tile_mma.cu.lua"
#pragma unroll
                for (int b = 0; b < 2; b++) {
#line 102 "/gnnac/templates/tile_mma.cu.lua"
#pragma unroll
                for (int s = 0; s < 8; s++) {
                    const unsigned word = s % 2 ? mask[b].y : mask[b].x;
                    const unsigned edges = word >> (8 * pair + s / 2);
#pragma unroll
                    for (int i = 0; i < 2; i++) {
                        const float one = __shfl_sync(~0u, v[b][s % 2][i],
                                                      lane / 4 * 4 + s / 2);
                        acc[0][i] += edges & 1u ? one : 0.0f;
                        acc[1][i] += edges & 16u ? one : 0.0f;
                    }
                }
                }
#line 178 "/gnnac/templates/tile_mma.cu.lua"
                } else {
#line 117 "/gnnac/templates/tile_mma.cu.lua"
                float v[2][2][2] = {};
#line 121 "/gnnac/templates/tile_mma.cu.lua"
#pragma unroll
                for (int b = 0; b < 2; b++) {
#line 124 "/gnnac/templates/tile_mma.cu.lua"
                    if (block + b >= last)
                        continue;
#line 127 "/gnnac/templates/tile_mma.cu.lua"
                    float (*const to)[2] = v[b];
#pragma unroll
                    for (int k = 0; k < 2; k++) {
                        const int column = k == 0 ? id[b].x : id[b].y;
                        const long long u = (long long)column * 16;
#line 349 "/gnnac/templates/lanes.lib.lua"
            load2(&to[k][0], x0 + u);
                    }
                }
#line 138 "/gnnac/templates/tile_mma.cu.lua"
#pragma unroll
                for (int b = 0; b < 2; b++) {
#line 141 "/gnnac/templates/tile_mma.cu.lua"
                    if (block + b >= last)
                        continue;
#line 102 "/gnnac/templates/tile_mma.cu.lua"
#pragma unroll
                for (int s = 0; s < 8; s++) {
                    const unsigned word = s % 2 ? mask[b].y : mask[b].x;
                    const unsigned edges = word >> (8 * pair + s / 2);
#pragma unroll
                    for (int i = 0; i < 2; i++) {
                        const float one = __shfl_sync(~0u, v[b][s % 2][i],
                                                      lane / 4 * 4 + s / 2);
                        acc[0][i] += edges & 1u ? one : 0.0f;
                        acc[1][i] += edges & 16u ? one : 0.0f;
                    }
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
            float sum[2];
#pragma unroll
            for (int i = 0; i < 2; i++)
                sum[i] = acc[r][i];
            if (window.w > 0) {
                const int piece = (int)warp - window.z;
                const int slot = n_cut + 8 * window.z + place * window.w + piece;
                float *to = partial + (long long)slot * 16;
#line 442 "/gnnac/templates/lanes.lib.lua"
    store2(to + c0, &sum[0]);
#line 250 "/gnnac/templates/tile_mma.cu.lua"
                continue;
            }
#line 51 "/gnnac/templates/epilogue.lib.lua"
    const float norm = __ldg(dinv + row);
#line 122 "/gnnac/templates/epilogue.lib.lua"
    const float scale = norm;
#line 125 "/gnnac/templates/epilogue.lib.lua"
#pragma unroll
    for (int i = 0; i < 2; i++)
        sum[i] *= scale;
    {
#line 360 "/gnnac/templates/lanes.lib.lua"
        const unsigned team = 286331153u << lane % 4;
#line 30 "/gnnac/templates/tail.lib.lua"
        float top = __int_as_float(0xff800000), total = 0.0f;
#line 32 "/gnnac/templates/tail.lib.lua"
#pragma unroll
        for (int i = 0; i < 2; i++)
            top = fmaxf(top, sum[i]);
#line 380 "/gnnac/templates/lanes.lib.lua"
#pragma unroll
        for (int step = 16; step >= 4; step /= 2)
#line 383 "/gnnac/templates/lanes.lib.lua"
            top = fmaxf(top, __shfl_xor_sync(team, top, step));
#line 36 "/gnnac/templates/tail.lib.lua"
#pragma unroll
        for (int i = 0; i < 2; i++)
            total += expf(sum[i] - top);
#line 380 "/gnnac/templates/lanes.lib.lua"
#pragma unroll
        for (int step = 16; step >= 4; step /= 2)
#line 385 "/gnnac/templates/lanes.lib.lua"
            total += __shfl_xor_sync(team, total, step);
#line 40 "/gnnac/templates/tail.lib.lua"
        const float shift = logf(total);
#pragma unroll
        for (int i = 0; i < 2; i++)
            sum[i] = sum[i] - top - shift;
    }
#line 171 "/gnnac/templates/epilogue.lib.lua"
    float *to = out + (long long)row * 16;
#line 442 "/gnnac/templates/lanes.lib.lua"
    store2(to + c0, &sum[0]);
        }
#line 257 "/gnnac/templates/tile_mma.cu.lua"
        return;
    }
#line 263 "/gnnac/templates/tile_mma.cu.lua"
    warp -= n_tiles;
#line 68 "/gnnac/templates/parts.lib.lua"
    const int lane = threadIdx.x % 32;
#line 72 "/gnnac/templates/parts.lib.lua"
    const int edge = lane / 4;
#line 290 "/gnnac/templates/lanes.lib.lua"
    const int at = lane % 4;
#line 309 "/gnnac/templates/lanes.lib.lua"
    const int c0 = at * 4 + 0;
#line 333 "/gnnac/templates/lanes.lib.lua"
    const float *x0 = x + c0;
    asm("" : "+l"(x0));

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
    float sum[4] = {};
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
            next[h] = place < left ? __ldg(ids) : 0;
        }
#line 181 "/gnnac/templates/sorted.lib.lua"
        const int j = 0;
        {
#line 187 "/gnnac/templates/sorted.lib.lua"
            if (base + j + 4 <= sure) {
#line 124 "/gnnac/templates/sorted.lib.lua"
                float v[4][4] = {};
                int u_id[4];
#pragma unroll
                for (int k = 0; k < 4; k++)
#line 131 "/gnnac/templates/sorted.lib.lua"
                    u_id[k] = __shfl_sync(~0u, id[0], source + (j + k) * stride);
#line 139 "/gnnac/templates/sorted.lib.lua"
#pragma unroll
                for (int k = 0; k < 4; k++) {
#line 145 "/gnnac/templates/sorted.lib.lua"
                    const long long u = (long long)u_id[k] * 16;
#line 349 "/gnnac/templates/lanes.lib.lua"
            load4(&v[k][0], x0 + u);
                }
#line 151 "/gnnac/templates/sorted.lib.lua"
#pragma unroll
                for (int k = 0; k < 4; k++)
#pragma unroll
                    for (int i = 0; i < 4; i++)
#line 158 "/gnnac/templates/sorted.lib.lua"
                        sum[i] += v[k][i];
#line 189 "/gnnac/templates/sorted.lib.lua"
            } else {
#line 124 "/gnnac/templates/sorted.lib.lua"
                float v[4][4] = {};
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
                    const long long u = (long long)u_id[k] * 16;
#line 349 "/gnnac/templates/lanes.lib.lua"
            load4(&v[k][0], x0 + u);
                }
#line 151 "/gnnac/templates/sorted.lib.lua"
#pragma unroll
                for (int k = 0; k < 4; k++)
#pragma unroll
                    for (int i = 0; i < 4; i++)
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
        for (int i = 0; i < 4; i++) {
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
        float *to = partial + (long long)part * 16;
#line 442 "/gnnac/templates/lanes.lib.lua"
    store4(to + c0, &sum[0]);
#line 227 "/gnnac/templates/sorted.lib.lua"
        return;
    }
#line 51 "/gnnac/templates/epilogue.lib.lua"
    const float norm = __ldg(dinv + row);
#line 122 "/gnnac/templates/epilogue.lib.lua"
    const float scale = norm;
#line 125 "/gnnac/templates/epilogue.lib.lua"
#pragma unroll
    for (int i = 0; i < 4; i++)
        sum[i] *= scale;
    {
#line 364 "/gnnac/templates/lanes.lib.lua"
        const unsigned team = 15u << (lane - at);
#line 30 "/gnnac/templates/tail.lib.lua"
        float top = __int_as_float(0xff800000), total = 0.0f;
#line 32 "/gnnac/templates/tail.lib.lua"
#pragma unroll
        for (int i = 0; i < 4; i++)
            top = fmaxf(top, sum[i]);
#line 380 "/gnnac/templates/lanes.lib.lua"
#pragma unroll
        for (int step = 2; step >= 1; step /= 2)
#line 383 "/gnnac/templates/lanes.lib.lua"
            top = fmaxf(top, __shfl_xor_sync(team, top, step));
#line 36 "/gnnac/templates/tail.lib.lua"
#pragma unroll
        for (int i = 0; i < 4; i++)
            total += expf(sum[i] - top);
#line 380 "/gnnac/templates/lanes.lib.lua"
#pragma unroll
        for (int step = 2; step >= 1; step /= 2)
#line 385 "/gnnac/templates/lanes.lib.lua"
            total += __shfl_xor_sync(team, total, step);
#line 40 "/gnnac/templates/tail.lib.lua"
        const float shift = logf(total);
#pragma unroll
        for (int i = 0; i < 4; i++)
            sum[i] = sum[i] - top - shift;
    }
#line 171 "/gnnac/templates/epilogue.lib.lua"
    float *to = out + (long long)row * 16;
#line 442 "/gnnac/templates/lanes.lib.lua"
    store4(to + c0, &sum[0]);
}

#line 122 "/gnnac/templates/parts.lib.lua"
// Warp: a row that was cut; teams take turns at its partial sums.
#line 126 "/gnnac/templates/parts.lib.lua"
extern "C" __global__ void __launch_bounds__(128, 1)
gnnac_tile_mma_f32_d16_r150_b64_t2_m0_s256_k16_l4_v4_u4_w4_scaled_log_softmax_finish(
    float *out, float *partial, const float *dinv,
    const int *split_row, const int *split_first, const int *split_last,
    int n_splits)
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
#line 309 "/gnnac/templates/lanes.lib.lua"
    const int c0 = at * 4 + 0;
#line 333 "/gnnac/templates/lanes.lib.lua"
    const float *x0 = partial + c0;
    asm("" : "+l"(x0));
#line 135 "/gnnac/templates/parts.lib.lua"
    const int row = __ldg(split_row + split);
    const int first = __ldg(split_first + split);
    const int n = __ldg(split_last + split) - first + 1;

    float sum[4] = {};
#line 88 "/gnnac/templates/parts.lib.lua"
#pragma unroll 1
    for (int base = edge; base < n; base += 32) {
        float v[4][4] = {};
#pragma unroll
        for (int k = 0; k < 4; k++) {
            const int b = base + k * 8;
            if (b >= n)
                continue;
#line 113 "/gnnac/templates/parts.lib.lua"
            const long long u = (long long)(first + b) * 16;
#line 349 "/gnnac/templates/lanes.lib.lua"
            load4(&v[k][0], x0 + u);
        }
#line 99 "/gnnac/templates/parts.lib.lua"
#pragma unroll
        for (int k = 0; k < 4; k++)
#pragma unroll
            for (int i = 0; i < 4; i++)
                sum[i] += v[k][i];
    }
#line 453 "/gnnac/templates/lanes.lib.lua"
#pragma unroll
    for (int step = 4; step > 0; step /= 2) {
#pragma unroll
        for (int i = 0; i < 4; i++) {
            const float more =
                __shfl_down_sync(~0u, sum[i], step * 4);
#line 464 "/gnnac/templates/lanes.lib.lua"
            sum[i] += more;
        }
    }

#line 144 "/gnnac/templates/parts.lib.lua"
    if (edge > 0)
        return;
#line 51 "/gnnac/templates/epilogue.lib.lua"
    const float norm = __ldg(dinv + row);
#line 122 "/gnnac/templates/epilogue.lib.lua"
    const float scale = norm;
#line 125 "/gnnac/templates/epilogue.lib.lua"
#pragma unroll
    for (int i = 0; i < 4; i++)
        sum[i] *= scale;
    {
#line 364 "/gnnac/templates/lanes.lib.lua"
        const unsigned team = 15u << (lane - at);
#line 30 "/gnnac/templates/tail.lib.lua"
        float top = __int_as_float(0xff800000), total = 0.0f;
#line 32 "/gnnac/templates/tail.lib.lua"
#pragma unroll
        for (int i = 0; i < 4; i++)
            top = fmaxf(top, sum[i]);
#line 380 "/gnnac/templates/lanes.lib.lua"
#pragma unroll
        for (int step = 2; step >= 1; step /= 2)
#line 383 "/gnnac/templates/lanes.lib.lua"
            top = fmaxf(top, __shfl_xor_sync(team, top, step));
#line 36 "/gnnac/templates/tail.lib.lua"
#pragma unroll
        for (int i = 0; i < 4; i++)
            total += expf(sum[i] - top);
#line 380 "/gnnac/templates/lanes.lib.lua"
#pragma unroll
        for (int step = 2; step >= 1; step /= 2)
#line 385 "/gnnac/templates/lanes.lib.lua"
            total += __shfl_xor_sync(team, total, step);
#line 40 "/gnnac/templates/tail.lib.lua"
        const float shift = logf(total);
#pragma unroll
        for (int i = 0; i < 4; i++)
            sum[i] = sum[i] - top - shift;
    }
#line 171 "/gnnac/templates/epilogue.lib.lua"
    float *to = out + (long long)row * 16;
#line 442 "/gnnac/templates/lanes.lib.lua"
    store4(to + c0, &sum[0]);
}
