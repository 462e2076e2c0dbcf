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
// segmentEdges=100 packedEdges=12 dimWorker=11 vec=4 unroll=2 warpPerBlock=2
// f32 dim=33 x_pitch=36 out_pitch=33 self_pitch=36 norm=mean self=one bias=0 act=none offset_bits=64
#line 52 "/gnnac/templates/hybrid.cu.lua"
// Rows of up to 12 edges: 2 to a warp; of up to
// 100: a warp each; longer ones are cut.
// Lanes per team: 11; columns per lane: 5.
#line 7 "/gnnac/templates/offsets.lib.lua"
typedef long long offset_t;

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
static __device__ __forceinline__ void load1(float *to, const float *from)
{
#line 206 "/gnnac/templates/lanes.lib.lua"
    to[0] = __ldg(from + 0);
}

#line 261 "/gnnac/templates/lanes.lib.lua"
static __device__ __forceinline__ void store2(float *to, const float *from)
{
#line 202 "/gnnac/templates/lanes.lib.lua"
    *(float2 *)(to + 0) = make_float2(from[0], from[1]);
}

#line 261 "/gnnac/templates/lanes.lib.lua"
static __device__ __forceinline__ void store1(float *to, const float *from)
{
#line 204 "/gnnac/templates/lanes.lib.lua"
    to[0] = from[0];
}

#line 261 "/gnnac/templates/lanes.lib.lua"
static __device__ __forceinline__ void store2x1(float *to, const float *from)
{
#line 204 "/gnnac/templates/lanes.lib.lua"
    to[0] = from[0];
#line 204 "/gnnac/templates/lanes.lib.lua"
    to[1] = from[1];
}

#line 61 "/gnnac/templates/hybrid.cu.lua"
extern "C" __global__ void __launch_bounds__(64, 1)
gnnac_hybrid_f32_d33_s100_k12_l11_v4_u2_w2_mean_selfone_x36_s36_o64(
    float *out, const float *x, const int *colidx,
    const offset_t *part_ptr, const offset_t *part_end, const int *part_row,
    const float *self, float *partial, int n_parts,
    int n_cut, int n_wide)
{
#line 13 "/gnnac/templates/follow.lib.lua"
#if __CUDA_ARCH__ >= 900
    asm volatile("griddepcontrol.launch_dependents;\n\t"
                 "griddepcontrol.wait;" ::: "memory");
#endif
#line 65 "/gnnac/templates/hybrid.cu.lua"
    const unsigned warp = blockIdx.x * 2 + threadIdx.x / 32;
#line 68 "/gnnac/templates/parts.lib.lua"
    const int lane = threadIdx.x % 32;
#line 74 "/gnnac/templates/parts.lib.lua"
    const int edge = lane < 22 ? lane / 11 : 32;
#line 290 "/gnnac/templates/lanes.lib.lua"
    const int at = lane % 11;
#line 309 "/gnnac/templates/lanes.lib.lua"
    const int c0 = at * 2 + 0;
#line 311 "/gnnac/templates/lanes.lib.lua"
    const int c1 = min(at * 2 + 22, 30);
#line 303 "/gnnac/templates/lanes.lib.lua"
    const int c2 = 32 + min(at + 0, 0);
#line 333 "/gnnac/templates/lanes.lib.lua"
    const float *x0 = x + c0;
    asm("" : "+l"(x0));
#line 333 "/gnnac/templates/lanes.lib.lua"
    const float *x1 = x + c1;
    asm("" : "+l"(x1));
#line 333 "/gnnac/templates/lanes.lib.lua"
    const float *x2 = x + c2;
    asm("" : "+l"(x2));

#line 68 "/gnnac/templates/sorted.lib.lua"
    // A wide part has the warp, whose teams take turns at the neighbours; a
    // packed one has a team. `place`: which id the lane fetches; `source`: which
    // lane has the team's first, `stride` lanes before its next.
    const bool wide = warp < n_wide;
    const unsigned part =
        wide ? warp : n_wide + (warp - n_wide) * 2 + edge;
#line 77 "/gnnac/templates/sorted.lib.lua"
    const bool active = edge < 2 && part < n_parts;
#line 79 "/gnnac/templates/sorted.lib.lua"
    const int place = wide ? lane : at;
    const int source = wide ? edge : edge * 11;
    const int stride = wide ? 2 : 1;
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
    const int last = __shfl_sync(~0u, left, 21);
    const int mine = wide ? (left - edge + 1) / 2 : left;
    const int most = wide ? (first + 1) / 2 : first;
    const int sure =
        wide ? first / 2 : (last - 1) / 2 * 2;

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
    for (int base = 0; base < most; base += 10) {
        int id[1];
#pragma unroll
        for (int h = 0; h < 1; h++)
            id[h] = next[h];
#line 176 "/gnnac/templates/sorted.lib.lua"
        ids += 10 * stride;
        left -= 10 * stride;
#line 112 "/gnnac/templates/sorted.lib.lua"
#pragma unroll
        for (int h = 0; h < 1; h++) {
#line 115 "/gnnac/templates/sorted.lib.lua"
            next[h] = place < left ? __ldg(ids) : 0;
        }
#line 184 "/gnnac/templates/sorted.lib.lua"
#pragma unroll 1
        for (int j = 0; j < 10 && base + j < most; j += 2) {
#line 187 "/gnnac/templates/sorted.lib.lua"
            if (base + j + 2 <= sure) {
#line 124 "/gnnac/templates/sorted.lib.lua"
                float v[2][5] = {};
                int u_id[2];
#pragma unroll
                for (int k = 0; k < 2; k++)
#line 131 "/gnnac/templates/sorted.lib.lua"
                    u_id[k] = __shfl_sync(~0u, id[0], source + (j + k) * stride);
#line 139 "/gnnac/templates/sorted.lib.lua"
#pragma unroll
                for (int k = 0; k < 2; k++) {
#line 145 "/gnnac/templates/sorted.lib.lua"
                    const long long u = (long long)u_id[k] * 36;
#line 349 "/gnnac/templates/lanes.lib.lua"
            load2(&v[k][0], x0 + u);
#line 349 "/gnnac/templates/lanes.lib.lua"
            load2(&v[k][2], x1 + u);
#line 349 "/gnnac/templates/lanes.lib.lua"
            load1(&v[k][4], x2 + u);
                }
#line 151 "/gnnac/templates/sorted.lib.lua"
#pragma unroll
                for (int k = 0; k < 2; k++)
#pragma unroll
                    for (int i = 0; i < 5; i++)
#line 158 "/gnnac/templates/sorted.lib.lua"
                        sum[i] += v[k][i];
#line 189 "/gnnac/templates/sorted.lib.lua"
            } else {
#line 124 "/gnnac/templates/sorted.lib.lua"
                float v[2][5] = {};
                int u_id[2];
#pragma unroll
                for (int k = 0; k < 2; k++)
#line 131 "/gnnac/templates/sorted.lib.lua"
                    u_id[k] = __shfl_sync(~0u, id[0], source + (j + k) * stride);
#line 139 "/gnnac/templates/sorted.lib.lua"
#pragma unroll
                for (int k = 0; k < 2; k++) {
#line 142 "/gnnac/templates/sorted.lib.lua"
                    if (base + j + k >= mine)
                        continue;
#line 145 "/gnnac/templates/sorted.lib.lua"
                    const long long u = (long long)u_id[k] * 36;
#line 349 "/gnnac/templates/lanes.lib.lua"
            load2(&v[k][0], x0 + u);
#line 349 "/gnnac/templates/lanes.lib.lua"
            load2(&v[k][2], x1 + u);
#line 349 "/gnnac/templates/lanes.lib.lua"
            load1(&v[k][4], x2 + u);
                }
#line 151 "/gnnac/templates/sorted.lib.lua"
#pragma unroll
                for (int k = 0; k < 2; k++)
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
    for (int step = 1; step > 0; step /= 2) {
#pragma unroll
        for (int i = 0; i < 5; i++) {
            const float more =
                __shfl_down_sync(~0u, sum[i], step * 11);
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
        float *to = partial + (long long)part * 36;
#line 442 "/gnnac/templates/lanes.lib.lua"
    store2(to + c0, &sum[0]);
#line 425 "/gnnac/templates/lanes.lib.lua"
    if (at * 2 + 22 < 32)
#line 440 "/gnnac/templates/lanes.lib.lua"
        store2(to + c1, &sum[2]);
#line 421 "/gnnac/templates/lanes.lib.lua"
    if (at + 0 < 1)
#line 440 "/gnnac/templates/lanes.lib.lua"
        store1(to + c2, &sum[4]);
#line 227 "/gnnac/templates/sorted.lib.lua"
        return;
    }
#line 77 "/gnnac/templates/epilogue.lib.lua"
    const float *from = self + (long long)row * 36;
#line 109 "/gnnac/templates/epilogue.lib.lua"
    float own[5];
#line 71 "/gnnac/templates/epilogue.lib.lua"
    load2(&own[0], from + c0);
#line 71 "/gnnac/templates/epilogue.lib.lua"
    load2(&own[2], from + c1);
#line 71 "/gnnac/templates/epilogue.lib.lua"
    load1(&own[4], from + c2);
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
    float *to = out + (long long)row * 33;
#line 442 "/gnnac/templates/lanes.lib.lua"
    store2x1(to + c0, &sum[0]);
#line 425 "/gnnac/templates/lanes.lib.lua"
    if (at * 2 + 22 < 32)
#line 440 "/gnnac/templates/lanes.lib.lua"
        store2x1(to + c1, &sum[2]);
#line 421 "/gnnac/templates/lanes.lib.lua"
    if (at + 0 < 1)
#line 440 "/gnnac/templates/lanes.lib.lua"
        store1(to + c2, &sum[4]);
}

#line 122 "/gnnac/templates/parts.lib.lua"
// Warp: a row that was cut; teams take turns at its partial sums.
#line 126 "/gnnac/templates/parts.lib.lua"
extern "C" __global__ void __launch_bounds__(64, 1)
gnnac_hybrid_f32_d33_s100_k12_l11_v4_u2_w2_mean_selfone_x36_s36_o64_finish(
    float *out, float *partial, const offset_t *rowptr,
    const float *self, const int *split_row, const int *split_first,
    const int *split_last, int n_splits)
{
#line 13 "/gnnac/templates/follow.lib.lua"
#if __CUDA_ARCH__ >= 900
    asm volatile("griddepcontrol.launch_dependents;\n\t"
                 "griddepcontrol.wait;" ::: "memory");
#endif
#line 130 "/gnnac/templates/parts.lib.lua"
    const unsigned split = blockIdx.x * 2 + threadIdx.x / 32;
    if (split >= n_splits)
        return;
#line 68 "/gnnac/templates/parts.lib.lua"
    const int lane = threadIdx.x % 32;
#line 74 "/gnnac/templates/parts.lib.lua"
    const int edge = lane < 22 ? lane / 11 : 32;
#line 290 "/gnnac/templates/lanes.lib.lua"
    const int at = lane % 11;
#line 309 "/gnnac/templates/lanes.lib.lua"
    const int c0 = at * 2 + 0;
#line 311 "/gnnac/templates/lanes.lib.lua"
    const int c1 = min(at * 2 + 22, 30);
#line 303 "/gnnac/templates/lanes.lib.lua"
    const int c2 = 32 + min(at + 0, 0);
#line 333 "/gnnac/templates/lanes.lib.lua"
    const float *x0 = partial + c0;
    asm("" : "+l"(x0));
#line 333 "/gnnac/templates/lanes.lib.lua"
    const float *x1 = partial + c1;
    asm("" : "+l"(x1));
#line 333 "/gnnac/templates/lanes.lib.lua"
    const float *x2 = partial + c2;
    asm("" : "+l"(x2));
#line 135 "/gnnac/templates/parts.lib.lua"
    const int row = __ldg(split_row + split);
    const int first = __ldg(split_first + split);
    const int n = __ldg(split_last + split) - first + 1;

    float sum[5] = {};
#line 88 "/gnnac/templates/parts.lib.lua"
#pragma unroll 1
    for (int base = edge; base < n; base += 4) {
        float v[2][5] = {};
#pragma unroll
        for (int k = 0; k < 2; k++) {
            const int b = base + k * 2;
            if (b >= n)
                continue;
#line 113 "/gnnac/templates/parts.lib.lua"
            const long long u = (long long)(first + b) * 36;
#line 349 "/gnnac/templates/lanes.lib.lua"
            load2(&v[k][0], x0 + u);
#line 349 "/gnnac/templates/lanes.lib.lua"
            load2(&v[k][2], x1 + u);
#line 349 "/gnnac/templates/lanes.lib.lua"
            load1(&v[k][4], x2 + u);
        }
#line 99 "/gnnac/templates/parts.lib.lua"
#pragma unroll
        for (int k = 0; k < 2; k++)
#pragma unroll
            for (int i = 0; i < 5; i++)
                sum[i] += v[k][i];
    }
#line 453 "/gnnac/templates/lanes.lib.lua"
#pragma unroll
    for (int step = 1; step > 0; step /= 2) {
#pragma unroll
        for (int i = 0; i < 5; i++) {
            const float more =
                __shfl_down_sync(~0u, sum[i], step * 11);
#line 464 "/gnnac/templates/lanes.lib.lua"
            sum[i] += more;
        }
    }

#line 144 "/gnnac/templates/parts.lib.lua"
    if (edge > 0)
        return;
#line 148 "/gnnac/templates/parts.lib.lua"
    const offset_t degree = __ldg(rowptr + row + 1) - __ldg(rowptr + row);
#line 77 "/gnnac/templates/epilogue.lib.lua"
    const float *from = self + (long long)row * 36;
#line 109 "/gnnac/templates/epilogue.lib.lua"
    float own[5];
#line 71 "/gnnac/templates/epilogue.lib.lua"
    load2(&own[0], from + c0);
#line 71 "/gnnac/templates/epilogue.lib.lua"
    load2(&own[2], from + c1);
#line 71 "/gnnac/templates/epilogue.lib.lua"
    load1(&own[4], from + c2);
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
    float *to = out + (long long)row * 33;
#line 442 "/gnnac/templates/lanes.lib.lua"
    store2x1(to + c0, &sum[0]);
#line 425 "/gnnac/templates/lanes.lib.lua"
    if (at * 2 + 22 < 32)
#line 440 "/gnnac/templates/lanes.lib.lua"
        store2x1(to + c1, &sum[2]);
#line 421 "/gnnac/templates/lanes.lib.lua"
    if (at + 0 < 1)
#line 440 "/gnnac/templates/lanes.lib.lua"
        store1(to + c2, &sum[4]);
}
