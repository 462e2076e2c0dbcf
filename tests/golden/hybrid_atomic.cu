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
// segmentEdges=256 packedEdges=16 dimWorker=4 vec=4 unroll=4 warpPerBlock=4 slab=64 hints=0 combine=1
// f32 dim=33 x_pitch=36 out_pitch=34 self_pitch=33 norm=mean self=one bias=0 act=none offset_bits=32
#line 52 "/gnnac/templates/hybrid.cu.lua"
// Rows of up to 16 edges: 8 to a warp; of up to
// 256: a warp each; longer ones are cut.
// Lanes per team: 4; columns per lane: 5.
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

#line 261 "/gnnac/templates/lanes.lib.lua"
static __device__ __forceinline__ void read4x2(float *to, const float *from)
{
#line 219 "/gnnac/templates/lanes.lib.lua"
    const float2 v0 = *(const float2 *)(from + 0);
#line 221 "/gnnac/templates/lanes.lib.lua"
    to[0] = v0.x;
    to[1] = v0.y;
#line 219 "/gnnac/templates/lanes.lib.lua"
    const float2 v2 = *(const float2 *)(from + 2);
#line 221 "/gnnac/templates/lanes.lib.lua"
    to[2] = v2.x;
    to[3] = v2.y;
}

#line 261 "/gnnac/templates/lanes.lib.lua"
static __device__ __forceinline__ void read1(float *to, const float *from)
{
#line 204 "/gnnac/templates/lanes.lib.lua"
    to[0] = from[0];
}

#line 61 "/gnnac/templates/combine.lib.lua"
static __device__ __forceinline__ void add4x2(float *to, const float *from)
{
#line 64 "/gnnac/templates/combine.lib.lua"
#if __CUDA_ARCH__ >= 900
#line 72 "/gnnac/templates/combine.lib.lua"
    asm volatile("red.global.add.v2.f32 [%0], {%1, %2};"
                 :: "l"(to + 0), "f"(from[0]), "f"(from[1])
                 : "memory");
#line 72 "/gnnac/templates/combine.lib.lua"
    asm volatile("red.global.add.v2.f32 [%0], {%1, %2};"
                 :: "l"(to + 2), "f"(from[2]), "f"(from[3])
                 : "memory");
#line 78 "/gnnac/templates/combine.lib.lua"
#else
#line 81 "/gnnac/templates/combine.lib.lua"
    atomicAdd(to + 0, from[0]);
#line 81 "/gnnac/templates/combine.lib.lua"
    atomicAdd(to + 1, from[1]);
#line 81 "/gnnac/templates/combine.lib.lua"
    atomicAdd(to + 2, from[2]);
#line 81 "/gnnac/templates/combine.lib.lua"
    atomicAdd(to + 3, from[3]);
#line 84 "/gnnac/templates/combine.lib.lua"
#endif
}

#line 61 "/gnnac/templates/combine.lib.lua"
static __device__ __forceinline__ void add1(float *to, const float *from)
{
#line 81 "/gnnac/templates/combine.lib.lua"
    atomicAdd(to + 0, from[0]);
}

#line 261 "/gnnac/templates/lanes.lib.lua"
static __device__ __forceinline__ void load4x1(float *to, const float *from)
{
#line 206 "/gnnac/templates/lanes.lib.lua"
    to[0] = __ldg(from + 0);
#line 206 "/gnnac/templates/lanes.lib.lua"
    to[1] = __ldg(from + 1);
#line 206 "/gnnac/templates/lanes.lib.lua"
    to[2] = __ldg(from + 2);
#line 206 "/gnnac/templates/lanes.lib.lua"
    to[3] = __ldg(from + 3);
}

#line 141 "/gnnac/templates/combine.lib.lua"
// Team: a row that is cut, whose pieces will be added to it.
#line 119 "/gnnac/templates/combine.lib.lua"
extern "C" __global__ void __launch_bounds__(128, 1)
gnnac_hybrid_f32_d33_s256_k16_l4_v4_u4_w4_b64_h0_c1_mean_selfone_x36_y34(
    float *out, const int *split_row, int n_splits)
{
#line 13 "/gnnac/templates/follow.lib.lua"
#if __CUDA_ARCH__ >= 900
    asm volatile("griddepcontrol.launch_dependents;\n\t"
                 "griddepcontrol.wait;" ::: "memory");
#endif
#line 123 "/gnnac/templates/combine.lib.lua"
    const unsigned warp = blockIdx.x * 4 + threadIdx.x / 32;
#line 68 "/gnnac/templates/parts.lib.lua"
    const int lane = threadIdx.x % 32;
#line 72 "/gnnac/templates/parts.lib.lua"
    const int edge = lane / 4;
#line 290 "/gnnac/templates/lanes.lib.lua"
    const int at = lane % 4;
#line 293 "/gnnac/templates/lanes.lib.lua"
    const int tile = blockIdx.y * 16;
#line 296 "/gnnac/templates/lanes.lib.lua"
    const bool last_tile = blockIdx.y == 1;
#line 305 "/gnnac/templates/lanes.lib.lua"
    const int c0 = tile + at * 4 + 0;
#line 303 "/gnnac/templates/lanes.lib.lua"
    const int c1 = 32 + min(at + 0, 0);
#line 125 "/gnnac/templates/combine.lib.lua"
    const unsigned split = warp * 8 + edge;
#line 130 "/gnnac/templates/combine.lib.lua"
    if (split >= n_splits)
        return;
#line 133 "/gnnac/templates/combine.lib.lua"
    const int row = __ldg(split_row + split);
#line 143 "/gnnac/templates/combine.lib.lua"
    const float sum[5] = {};
    float *to = out + (long long)row * 34;
#line 442 "/gnnac/templates/lanes.lib.lua"
    store4x2(to + c0, &sum[0]);
#line 419 "/gnnac/templates/lanes.lib.lua"
    if (last_tile && at + 0 < 1)
#line 440 "/gnnac/templates/lanes.lib.lua"
        store1(to + c1, &sum[4]);
}

#line 61 "/gnnac/templates/hybrid.cu.lua"
extern "C" __global__ void __launch_bounds__(128, 1)
gnnac_hybrid_f32_d33_s256_k16_l4_v4_u4_w4_b64_h0_c1_mean_selfone_x36_y34_sum(
    float *out, const float *x, const int *colidx,
    const offset_t *part_ptr, const offset_t *part_end, const int *part_row,
    const float *self, int n_parts, int n_cut,
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
    const int tile = blockIdx.y * 16;
#line 296 "/gnnac/templates/lanes.lib.lua"
    const bool last_tile = blockIdx.y == 1;
#line 305 "/gnnac/templates/lanes.lib.lua"
    const int c0 = tile + at * 4 + 0;
#line 303 "/gnnac/templates/lanes.lib.lua"
    const int c1 = 32 + min(at + 0, 0);
#line 333 "/gnnac/templates/lanes.lib.lua"
    const float *x0 = x + c0;
    asm("" : "+l"(x0));
#line 333 "/gnnac/templates/lanes.lib.lua"
    const float *x1 = x + c1;
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
#line 94 "/gnnac/templates/sorted.lib.lua"
    const int degree = left;

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
    float sum[5] = {};
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
                float v[4][5] = {};
                int u_id[4];
#pragma unroll
                for (int k = 0; k < 4; k++)
#line 131 "/gnnac/templates/sorted.lib.lua"
                    u_id[k] = __shfl_sync(~0u, id[0], source + (j + k) * stride);
#line 139 "/gnnac/templates/sorted.lib.lua"
#pragma unroll
                for (int k = 0; k < 4; k++) {
#line 145 "/gnnac/templates/sorted.lib.lua"
                    const long long u = (long long)u_id[k] * 36;
#line 349 "/gnnac/templates/lanes.lib.lua"
            load4(&v[k][0], x0 + u);
#line 346 "/gnnac/templates/lanes.lib.lua"
            if (last_tile)
                load1(&v[k][4], x1 + u);
                }
#line 151 "/gnnac/templates/sorted.lib.lua"
#pragma unroll
                for (int k = 0; k < 4; k++)
#pragma unroll
                    for (int i = 0; i < 5; i++)
#line 158 "/gnnac/templates/sorted.lib.lua"
                        sum[i] += v[k][i];
#line 189 "/gnnac/templates/sorted.lib.lua"
            } else {
#line 124 "/gnnac/templates/sorted.lib.lua"
                float v[4][5] = {};
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
                    const long long u = (long long)u_id[k] * 36;
#line 349 "/gnnac/templates/lanes.lib.lua"
            load4(&v[k][0], x0 + u);
#line 346 "/gnnac/templates/lanes.lib.lua"
            if (last_tile)
                load1(&v[k][4], x1 + u);
                }
#line 151 "/gnnac/templates/sorted.lib.lua"
#pragma unroll
                for (int k = 0; k < 4; k++)
#pragma unroll
                    for (int i = 0; i < 5; i++)
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
        for (int i = 0; i < 5; i++) {
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
#line 103 "/gnnac/templates/combine.lib.lua"
        float *to = out + (long long)row * 34;
#line 442 "/gnnac/templates/lanes.lib.lua"
    add4x2(to + c0, &sum[0]);
#line 419 "/gnnac/templates/lanes.lib.lua"
    if (last_tile && at + 0 < 1)
#line 440 "/gnnac/templates/lanes.lib.lua"
        add1(to + c1, &sum[4]);
#line 227 "/gnnac/templates/sorted.lib.lua"
        return;
    }
#line 77 "/gnnac/templates/epilogue.lib.lua"
    const float *from = self + (long long)row * 33;
#line 109 "/gnnac/templates/epilogue.lib.lua"
    float own[5];
#line 71 "/gnnac/templates/epilogue.lib.lua"
    load4x1(&own[0], from + c0);
#line 71 "/gnnac/templates/epilogue.lib.lua"
    load1(&own[4], from + c1);
#line 120 "/gnnac/templates/epilogue.lib.lua"
    const float scale = 1.0f / (float)(degree > 0 ? degree : 1);
#line 125 "/gnnac/templates/epilogue.lib.lua"
#pragma unroll
    for (int i = 0; i < 5; i++)
        sum[i] *= scale;
#line 137 "/gnnac/templates/epilogue.lib.lua"
#pragma unroll
    for (int i = 0; i < 5; i++)
#line 140 "/gnnac/templates/epilogue.lib.lua"
        sum[i] += own[i];
#line 171 "/gnnac/templates/epilogue.lib.lua"
    float *to = out + (long long)row * 34;
#line 442 "/gnnac/templates/lanes.lib.lua"
    store4x2(to + c0, &sum[0]);
#line 419 "/gnnac/templates/lanes.lib.lua"
    if (last_tile && at + 0 < 1)
#line 440 "/gnnac/templates/lanes.lib.lua"
        store1(to + c1, &sum[4]);
}

#line 174 "/gnnac/templates/combine.lib.lua"
// Team: such a row, all of whose pieces were added.
#line 119 "/gnnac/templates/combine.lib.lua"
extern "C" __global__ void __launch_bounds__(128, 1)
gnnac_hybrid_f32_d33_s256_k16_l4_v4_u4_w4_b64_h0_c1_mean_selfone_x36_y34_finish(
    float *out, const offset_t *rowptr, const float *self,
    const int *split_row, int n_splits)
{
#line 13 "/gnnac/templates/follow.lib.lua"
#if __CUDA_ARCH__ >= 900
    asm volatile("griddepcontrol.launch_dependents;\n\t"
                 "griddepcontrol.wait;" ::: "memory");
#endif
#line 123 "/gnnac/templates/combine.lib.lua"
    const unsigned warp = blockIdx.x * 4 + threadIdx.x / 32;
#line 68 "/gnnac/templates/parts.lib.lua"
    const int lane = threadIdx.x % 32;
#line 72 "/gnnac/templates/parts.lib.lua"
    const int edge = lane / 4;
#line 290 "/gnnac/templates/lanes.lib.lua"
    const int at = lane % 4;
#line 293 "/gnnac/templates/lanes.lib.lua"
    const int tile = blockIdx.y * 16;
#line 296 "/gnnac/templates/lanes.lib.lua"
    const bool last_tile = blockIdx.y == 1;
#line 305 "/gnnac/templates/lanes.lib.lua"
    const int c0 = tile + at * 4 + 0;
#line 303 "/gnnac/templates/lanes.lib.lua"
    const int c1 = 32 + min(at + 0, 0);
#line 125 "/gnnac/templates/combine.lib.lua"
    const unsigned split = warp * 8 + edge;
#line 130 "/gnnac/templates/combine.lib.lua"
    if (split >= n_splits)
        return;
#line 133 "/gnnac/templates/combine.lib.lua"
    const int row = __ldg(split_row + split);
#line 176 "/gnnac/templates/combine.lib.lua"
    const float *added = out + (long long)row * 34;
#line 160 "/gnnac/templates/combine.lib.lua"
    float sum[5] = {};
#line 166 "/gnnac/templates/combine.lib.lua"
    read4x2(&sum[0], added + c0);
#line 419 "/gnnac/templates/lanes.lib.lua"
    if (last_tile && at + 0 < 1)
#line 164 "/gnnac/templates/combine.lib.lua"
        read1(&sum[4], added + c1);
#line 179 "/gnnac/templates/combine.lib.lua"
    const offset_t degree = __ldg(rowptr + row + 1) - __ldg(rowptr + row);
#line 77 "/gnnac/templates/epilogue.lib.lua"
    const float *from = self + (long long)row * 33;
#line 109 "/gnnac/templates/epilogue.lib.lua"
    float own[5];
#line 71 "/gnnac/templates/epilogue.lib.lua"
    load4x1(&own[0], from + c0);
#line 71 "/gnnac/templates/epilogue.lib.lua"
    load1(&own[4], from + c1);
#line 120 "/gnnac/templates/epilogue.lib.lua"
    const float scale = 1.0f / (float)(degree > 0 ? degree : 1);
#line 125 "/gnnac/templates/epilogue.lib.lua"
#pragma unroll
    for (int i = 0; i < 5; i++)
        sum[i] *= scale;
#line 137 "/gnnac/templates/epilogue.lib.lua"
#pragma unroll
    for (int i = 0; i < 5; i++)
#line 140 "/gnnac/templates/epilogue.lib.lua"
        sum[i] += own[i];
#line 171 "/gnnac/templates/epilogue.lib.lua"
    float *to = out + (long long)row * 34;
#line 442 "/gnnac/templates/lanes.lib.lua"
    store4x2(to + c0, &sum[0]);
#line 419 "/gnnac/templates/lanes.lib.lua"
    if (last_tile && at + 0 < 1)
#line 440 "/gnnac/templates/lanes.lib.lua"
        store1(to + c1, &sum[4]);
}
