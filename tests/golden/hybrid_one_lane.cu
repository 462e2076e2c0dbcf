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
// segmentEdges=256 packedEdges=16 dimWorker=1 vec=4 unroll=4 warpPerBlock=4
// f32 dim=3 x_pitch=4 out_pitch=3 self_pitch=3 norm=none self=eps bias=0 act=none offset_bits=32
#line 52 "/gnnac/templates/hybrid.cu.lua"
// Rows of up to 16 edges: 32 to a warp; of up to
// 256: a warp each; longer ones are cut.
// Lanes per team: 1; columns per lane: 3.
#line 9 "/gnnac/templates/offsets.lib.lua"
typedef int offset_t;

#line 261 "/gnnac/templates/lanes.lib.lua"
static __device__ __forceinline__ void load1(float *to, const float *from)
{
#line 206 "/gnnac/templates/lanes.lib.lua"
    to[0] = __ldg(from + 0);
}

#line 261 "/gnnac/templates/lanes.lib.lua"
static __device__ __forceinline__ void store1(float *to, const float *from)
{
#line 204 "/gnnac/templates/lanes.lib.lua"
    to[0] = from[0];
}

#line 61 "/gnnac/templates/hybrid.cu.lua"
extern "C" __global__ void __launch_bounds__(128, 1)
gnnac_hybrid_f32_d3_s256_k16_l1_v4_u4_w4_selfeps_x4(
    float *out, const float *x, const int *colidx,
    const offset_t *part_ptr, const offset_t *part_end, const int *part_row,
    const float *self, const float *eps, float *partial,
    int n_parts, int n_cut, int n_wide)
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
    const int edge = lane / 1;
#line 286 "/gnnac/templates/lanes.lib.lua"
    const int at = 0;
#line 301 "/gnnac/templates/lanes.lib.lua"
    const int c0 = 0 + at;
#line 301 "/gnnac/templates/lanes.lib.lua"
    const int c1 = 1 + at;
#line 301 "/gnnac/templates/lanes.lib.lua"
    const int c2 = 2 + at;
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
        wide ? warp : n_wide + (warp - n_wide) * 32 + edge;
#line 75 "/gnnac/templates/sorted.lib.lua"
    const bool active = part < n_parts;
#line 79 "/gnnac/templates/sorted.lib.lua"
    const int place = wide ? lane : at;
    const int source = wide ? edge : edge * 1;
    const int stride = wide ? 32 : 1;
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
    const int mine = wide ? (left - edge + 31) / 32 : left;
    const int most = wide ? (first + 31) / 32 : first;
    const int sure =
        wide ? first / 32 : (last - 1) / 4 * 4;

#line 161 "/gnnac/templates/sorted.lib.lua"
    float sum[3] = {};
    int next[4];
    {
#line 112 "/gnnac/templates/sorted.lib.lua"
#pragma unroll
        for (int h = 0; h < 4; h++) {
#line 117 "/gnnac/templates/sorted.lib.lua"
            const int by = wide ? h * 32 : h * 1;
            next[h] = place + by < left ? __ldg(ids + by) : 0;
        }
    }
#line 166 "/gnnac/templates/sorted.lib.lua"
#pragma unroll 1
    for (int base = 0; base < most; base += 4) {
        int id[4];
#pragma unroll
        for (int h = 0; h < 4; h++)
            id[h] = next[h];
#line 176 "/gnnac/templates/sorted.lib.lua"
        ids += 4 * stride;
        left -= 4 * stride;
#line 112 "/gnnac/templates/sorted.lib.lua"
#pragma unroll
        for (int h = 0; h < 4; h++) {
#line 117 "/gnnac/templates/sorted.lib.lua"
            const int by = wide ? h * 32 : h * 1;
            next[h] = place + by < left ? __ldg(ids + by) : 0;
        }
#line 181 "/gnnac/templates/sorted.lib.lua"
        const int j = 0;
        {
#line 187 "/gnnac/templates/sorted.lib.lua"
            if (base + j + 4 <= sure) {
#line 124 "/gnnac/templates/sorted.lib.lua"
                float v[4][3] = {};
                int u_id[4];
#pragma unroll
                for (int k = 0; k < 4; k++)
#line 133 "/gnnac/templates/sorted.lib.lua"
                    u_id[k] = __shfl_sync(~0u, id[k / 1],
                                          source + k % 1 * stride);
#line 139 "/gnnac/templates/sorted.lib.lua"
#pragma unroll
                for (int k = 0; k < 4; k++) {
#line 145 "/gnnac/templates/sorted.lib.lua"
                    const long long u = (long long)u_id[k] * 4;
#line 349 "/gnnac/templates/lanes.lib.lua"
            load1(&v[k][0], x0 + u);
#line 349 "/gnnac/templates/lanes.lib.lua"
            load1(&v[k][1], x1 + u);
#line 349 "/gnnac/templates/lanes.lib.lua"
            load1(&v[k][2], x2 + u);
                }
#line 151 "/gnnac/templates/sorted.lib.lua"
#pragma unroll
                for (int k = 0; k < 4; k++)
#pragma unroll
                    for (int i = 0; i < 3; i++)
#line 158 "/gnnac/templates/sorted.lib.lua"
                        sum[i] += v[k][i];
#line 189 "/gnnac/templates/sorted.lib.lua"
            } else {
#line 124 "/gnnac/templates/sorted.lib.lua"
                float v[4][3] = {};
                int u_id[4];
#pragma unroll
                for (int k = 0; k < 4; k++)
#line 133 "/gnnac/templates/sorted.lib.lua"
                    u_id[k] = __shfl_sync(~0u, id[k / 1],
                                          source + k % 1 * stride);
#line 139 "/gnnac/templates/sorted.lib.lua"
#pragma unroll
                for (int k = 0; k < 4; k++) {
#line 142 "/gnnac/templates/sorted.lib.lua"
                    if (base + j + k >= mine)
                        continue;
#line 145 "/gnnac/templates/sorted.lib.lua"
                    const long long u = (long long)u_id[k] * 4;
#line 349 "/gnnac/templates/lanes.lib.lua"
            load1(&v[k][0], x0 + u);
#line 349 "/gnnac/templates/lanes.lib.lua"
            load1(&v[k][1], x1 + u);
#line 349 "/gnnac/templates/lanes.lib.lua"
            load1(&v[k][2], x2 + u);
                }
#line 151 "/gnnac/templates/sorted.lib.lua"
#pragma unroll
                for (int k = 0; k < 4; k++)
#pragma unroll
                    for (int i = 0; i < 3; i++)
#line 158 "/gnnac/templates/sorted.lib.lua"
                        sum[i] += v[k][i];
            }
        }
    }

#line 196 "/gnnac/templates/sorted.lib.lua"
    if (wide) {
#line 453 "/gnnac/templates/lanes.lib.lua"
#pragma unroll
    for (int step = 16; step > 0; step /= 2) {
#pragma unroll
        for (int i = 0; i < 3; i++) {
            const float more =
                __shfl_down_sync(~0u, sum[i], step * 1);
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
        float *to = partial + (long long)part * 4;
#line 442 "/gnnac/templates/lanes.lib.lua"
    store1(to + c0, &sum[0]);
#line 442 "/gnnac/templates/lanes.lib.lua"
    store1(to + c1, &sum[1]);
#line 442 "/gnnac/templates/lanes.lib.lua"
    store1(to + c2, &sum[2]);
#line 227 "/gnnac/templates/sorted.lib.lua"
        return;
    }
#line 77 "/gnnac/templates/epilogue.lib.lua"
    const float *from = self + (long long)row * 3;
#line 109 "/gnnac/templates/epilogue.lib.lua"
    float own[3];
#line 71 "/gnnac/templates/epilogue.lib.lua"
    load1(&own[0], from + c0);
#line 71 "/gnnac/templates/epilogue.lib.lua"
    load1(&own[1], from + c1);
#line 71 "/gnnac/templates/epilogue.lib.lua"
    load1(&own[2], from + c2);
#line 131 "/gnnac/templates/epilogue.lib.lua"
    const float factor = 1.0f + __ldg(eps);
#line 137 "/gnnac/templates/epilogue.lib.lua"
#pragma unroll
    for (int i = 0; i < 3; i++)
#line 142 "/gnnac/templates/epilogue.lib.lua"
        sum[i] = fmaf(factor, own[i], sum[i]);
#line 171 "/gnnac/templates/epilogue.lib.lua"
    float *to = out + (long long)row * 3;
#line 442 "/gnnac/templates/lanes.lib.lua"
    store1(to + c0, &sum[0]);
#line 442 "/gnnac/templates/lanes.lib.lua"
    store1(to + c1, &sum[1]);
#line 442 "/gnnac/templates/lanes.lib.lua"
    store1(to + c2, &sum[2]);
}

#line 122 "/gnnac/templates/parts.lib.lua"
// Warp: a row that was cut; teams take turns at its partial sums.
#line 126 "/gnnac/templates/parts.lib.lua"
extern "C" __global__ void __launch_bounds__(128, 1)
gnnac_hybrid_f32_d3_s256_k16_l1_v4_u4_w4_selfeps_x4_finish(
    float *out, float *partial, const float *self,
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
    const int edge = lane / 1;
#line 286 "/gnnac/templates/lanes.lib.lua"
    const int at = 0;
#line 301 "/gnnac/templates/lanes.lib.lua"
    const int c0 = 0 + at;
#line 301 "/gnnac/templates/lanes.lib.lua"
    const int c1 = 1 + at;
#line 301 "/gnnac/templates/lanes.lib.lua"
    const int c2 = 2 + at;
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

    float sum[3] = {};
#line 88 "/gnnac/templates/parts.lib.lua"
#pragma unroll 1
    for (int base = edge; base < n; base += 128) {
        float v[4][3] = {};
#pragma unroll
        for (int k = 0; k < 4; k++) {
            const int b = base + k * 32;
            if (b >= n)
                continue;
#line 113 "/gnnac/templates/parts.lib.lua"
            const long long u = (long long)(first + b) * 4;
#line 349 "/gnnac/templates/lanes.lib.lua"
            load1(&v[k][0], x0 + u);
#line 349 "/gnnac/templates/lanes.lib.lua"
            load1(&v[k][1], x1 + u);
#line 349 "/gnnac/templates/lanes.lib.lua"
            load1(&v[k][2], x2 + u);
        }
#line 99 "/gnnac/templates/parts.lib.lua"
#pragma unroll
        for (int k = 0; k < 4; k++)
#pragma unroll
            for (int i = 0; i < 3; i++)
                sum[i] += v[k][i];
    }
#line 453 "/gnnac/templates/lanes.lib.lua"
#pragma unroll
    for (int step = 16; step > 0; step /= 2) {
#pragma unroll
        for (int i = 0; i < 3; i++) {
            const float more =
                __shfl_down_sync(~0u, sum[i], step * 1);
#line 464 "/gnnac/templates/lanes.lib.lua"
            sum[i] += more;
        }
    }

#line 144 "/gnnac/templates/parts.lib.lua"
    if (edge > 0)
        return;
#line 77 "/gnnac/templates/epilogue.lib.lua"
    const float *from = self + (long long)row * 3;
#line 109 "/gnnac/templates/epilogue.lib.lua"
    float own[3];
#line 71 "/gnnac/templates/epilogue.lib.lua"
    load1(&own[0], from + c0);
#line 71 "/gnnac/templates/epilogue.lib.lua"
    load1(&own[1], from + c1);
#line 71 "/gnnac/templates/epilogue.lib.lua"
    load1(&own[2], from + c2);
#line 131 "/gnnac/templates/epilogue.lib.lua"
    const float factor = 1.0f + __ldg(eps);
#line 137 "/gnnac/templates/epilogue.lib.lua"
#pragma unroll
    for (int i = 0; i < 3; i++)
#line 142 "/gnnac/templates/epilogue.lib.lua"
        sum[i] = fmaf(factor, own[i], sum[i]);
#line 171 "/gnnac/templates/epilogue.lib.lua"
    float *to = out + (long long)row * 3;
#line 442 "/gnnac/templates/lanes.lib.lua"
    store1(to + c0, &sum[0]);
#line 442 "/gnnac/templates/lanes.lib.lua"
    store1(to + c1, &sum[1]);
#line 442 "/gnnac/templates/lanes.lib.lua"
    store1(to + c2, &sum[2]);
}
