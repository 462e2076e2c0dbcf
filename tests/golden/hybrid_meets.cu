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
// segmentEdges=256 packedEdges=16 dimWorker=8 vec=4 unroll=8 warpPerBlock=4 slab=0 hints=0 combine=3
// f32 dim=64 x_pitch=64 out_pitch=64 self_pitch=64 norm=gcn self=gcn bias=1 act=relu offset_bits=32
#line 52 "/gnnac/templates/hybrid.cu.lua"
// Rows of up to 16 edges: 4 to a warp; of up to
// 256: a warp each; longer ones are cut.
// Lanes per team: 8; columns per lane: 8.
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
static __device__ __forceinline__ void fresh4(float *to, const float *from)
{
#line 209 "/gnnac/templates/lanes.lib.lua"
    const float4 v = __ldcg((const float4 *)from);
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

#line 20 "/gnnac/templates/tickets.lib.lua"
// Of n that come here all but the last get false. What each had written before, the
// last may read afterwards.
static __device__ __forceinline__ bool came_last(unsigned *ticket, unsigned n)
{
    unsigned before;
    asm volatile("atom.release.gpu.global.inc.u32 %0, [%1], %2;"
                 : "=r"(before) : "l"(ticket), "r"(n - 1) : "memory");
    if (before < n - 1)
        return false;
    asm volatile("fence.acq_rel.gpu;" ::: "memory");
    return true;
}

// Where a row's partial sum is, of which its first is in that part or block.
static __device__ __forceinline__ long long slot_of(int first, int piece)
{
#line 37 "/gnnac/templates/tickets.lib.lua"
    return (long long)first + piece;
}

#line 61 "/gnnac/templates/hybrid.cu.lua"
extern "C" __global__ void __launch_bounds__(128, 1)
gnnac_hybrid_f32_d64_s256_k16_l8_v4_u8_w4_b0_h0_c3_gcn_selfgcn_bias_relu(
    float *out, const float *x, const int *colidx,
    const offset_t *part_ptr, const offset_t *part_end, const int *part_row,
    const float *self, const float *dinv, const float *bias,
    float *partial, const int *meets, unsigned *tickets,
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
    const int edge = lane / 8;
#line 290 "/gnnac/templates/lanes.lib.lua"
    const int at = lane % 8;
#line 309 "/gnnac/templates/lanes.lib.lua"
    const int c0 = at * 4 + 0;
#line 309 "/gnnac/templates/lanes.lib.lua"
    const int c1 = at * 4 + 32;
#line 333 "/gnnac/templates/lanes.lib.lua"
    const float *x0 = x + c0;
    asm("" : "+l"(x0));
#line 331 "/gnnac/templates/lanes.lib.lua"
    const float *x1 = x0 + 32;

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
        wide ? first / 4 : (last - 1) / 8 * 8;

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
#line 181 "/gnnac/templates/sorted.lib.lua"
        const int j = 0;
        {
#line 187 "/gnnac/templates/sorted.lib.lua"
            if (base + j + 8 <= sure) {
#line 124 "/gnnac/templates/sorted.lib.lua"
                float v[8][8] = {};
                int u_id[8];
#pragma unroll
                for (int k = 0; k < 8; k++)
#line 131 "/gnnac/templates/sorted.lib.lua"
                    u_id[k] = __shfl_sync(~0u, id[0], source + (j + k) * stride);
#line 137 "/gnnac/templates/sorted.lib.lua"
                float coef[8] = {};
#line 139 "/gnnac/templates/sorted.lib.lua"
#pragma unroll
                for (int k = 0; k < 8; k++) {
#line 145 "/gnnac/templates/sorted.lib.lua"
                    const long long u = (long long)u_id[k] * 64;
#line 147 "/gnnac/templates/sorted.lib.lua"
                    coef[k] = __ldg(dinv + u_id[k]);
#line 349 "/gnnac/templates/lanes.lib.lua"
            load4(&v[k][0], x0 + u);
#line 349 "/gnnac/templates/lanes.lib.lua"
            load4(&v[k][4], x1 + u);
                }
#line 151 "/gnnac/templates/sorted.lib.lua"
#pragma unroll
                for (int k = 0; k < 8; k++)
#pragma unroll
                    for (int i = 0; i < 8; i++)
#line 156 "/gnnac/templates/sorted.lib.lua"
                        sum[i] = fmaf(coef[k], v[k][i], sum[i]);
#line 189 "/gnnac/templates/sorted.lib.lua"
            } else {
#line 124 "/gnnac/templates/sorted.lib.lua"
                float v[8][8] = {};
                int u_id[8];
#pragma unroll
                for (int k = 0; k < 8; k++)
#line 131 "/gnnac/templates/sorted.lib.lua"
                    u_id[k] = __shfl_sync(~0u, id[0], source + (j + k) * stride);
#line 137 "/gnnac/templates/sorted.lib.lua"
                float coef[8] = {};
#line 139 "/gnnac/templates/sorted.lib.lua"
#pragma unroll
                for (int k = 0; k < 8; k++) {
#line 142 "/gnnac/templates/sorted.lib.lua"
                    if (base + j + k >= mine)
                        continue;
#line 145 "/gnnac/templates/sorted.lib.lua"
                    const long long u = (long long)u_id[k] * 64;
#line 147 "/gnnac/templates/sorted.lib.lua"
                    coef[k] = __ldg(dinv + u_id[k]);
#line 349 "/gnnac/templates/lanes.lib.lua"
            load4(&v[k][0], x0 + u);
#line 349 "/gnnac/templates/lanes.lib.lua"
            load4(&v[k][4], x1 + u);
                }
#line 151 "/gnnac/templates/sorted.lib.lua"
#pragma unroll
                for (int k = 0; k < 8; k++)
#pragma unroll
                    for (int i = 0; i < 8; i++)
#line 156 "/gnnac/templates/sorted.lib.lua"
                        sum[i] = fmaf(coef[k], v[k][i], sum[i]);
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
#line 201 "/gnnac/templates/sorted.lib.lua"
    if (part < n_cut) {
#line 102 "/gnnac/templates/tickets.lib.lua"
        // By 32, those that come last add what the others have left.
#line 104 "/gnnac/templates/tickets.lib.lua"
        const int first = __ldg(meets + 2 * part);
        const int pieces = __ldg(meets + 2 * part + 1);
        int held = part - first;
#line 113 "/gnnac/templates/tickets.lib.lua"
        bool last = true;
#line 115 "/gnnac/templates/tickets.lib.lua"
        const unsigned team = ~0u;
#line 119 "/gnnac/templates/tickets.lib.lua"
#pragma unroll 1
        for (int shift = 0; last && (pieces - 1) >> shift > 0; shift += 5) {
            const int group = (long long)held >> (shift + 5) << (shift + 5);
            const int n = min(32, ((pieces - 1 - group) >> shift) + 1);
            if (n > 1) {
#line 48 "/gnnac/templates/tickets.lib.lua"
            float *to = partial + slot_of(first, held) * 64;
#line 50 "/gnnac/templates/tickets.lib.lua"
            if (lane < 8) {
#line 442 "/gnnac/templates/lanes.lib.lua"
    store4(to + c0, &sum[0]);
#line 442 "/gnnac/templates/lanes.lib.lua"
    store4(to + c1, &sum[4]);
            }
#line 60 "/gnnac/templates/tickets.lib.lua"
            unsigned *ticket = tickets + blockIdx.y +
                               slot_of(first, group + shift / 5) * 1;
#line 66 "/gnnac/templates/tickets.lib.lua"
            __syncwarp(team);
#line 71 "/gnnac/templates/tickets.lib.lua"
            last = lane == 0 && came_last(ticket, n);
            last = __shfl_sync(team, (int)last, 0);
#line 74 "/gnnac/templates/tickets.lib.lua"
            __syncwarp(team);
#line 126 "/gnnac/templates/tickets.lib.lua"
                if (last) {
#line 333 "/gnnac/templates/lanes.lib.lua"
    const float *from0 = partial + c0;
    asm("" : "+l"(from0));
#line 331 "/gnnac/templates/lanes.lib.lua"
    const float *from1 = from0 + 32;
#line 86 "/gnnac/templates/tickets.lib.lua"
#pragma unroll
            for (int i = 0; i < 8; i++)
                sum[i] = 0.0f;
#line 88 "/gnnac/templates/parts.lib.lua"
#pragma unroll 1
    for (int base = edge; base < n; base += 32) {
        float v[8][8] = {};
#pragma unroll
        for (int k = 0; k < 8; k++) {
            const int b = base + k * 4;
            if (b >= n)
                continue;
#line 78 "/gnnac/templates/tickets.lib.lua"
            const long long u = slot_of(first, group + (b << shift)) * 64;
#line 349 "/gnnac/templates/lanes.lib.lua"
            fresh4(&v[k][0], from0 + u);
#line 349 "/gnnac/templates/lanes.lib.lua"
            fresh4(&v[k][4], from1 + u);
        }
#line 99 "/gnnac/templates/parts.lib.lua"
#pragma unroll
        for (int k = 0; k < 8; k++)
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
#line 130 "/gnnac/templates/tickets.lib.lua"
                    __syncwarp(team);
                }
            }
#line 134 "/gnnac/templates/tickets.lib.lua"
            held = group;
        }
#line 151 "/gnnac/templates/tickets.lib.lua"
        if (!last)
            return;
    }
#line 210 "/gnnac/templates/sorted.lib.lua"
    if (!active || (wide && edge > 0))
        return;
#line 51 "/gnnac/templates/epilogue.lib.lua"
    const float norm = __ldg(dinv + row);
#line 77 "/gnnac/templates/epilogue.lib.lua"
    const float *from = self + (long long)row * 64;
#line 109 "/gnnac/templates/epilogue.lib.lua"
    float own[8];
#line 71 "/gnnac/templates/epilogue.lib.lua"
    load4(&own[0], from + c0);
#line 71 "/gnnac/templates/epilogue.lib.lua"
    load4(&own[4], from + c1);
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
    load4(&shift[0], bias + c0);
#line 149 "/gnnac/templates/epilogue.lib.lua"
    load4(&shift[4], bias + c1);
#line 151 "/gnnac/templates/epilogue.lib.lua"
#pragma unroll
    for (int i = 0; i < 8; i++)
        sum[i] += shift[i];
#line 156 "/gnnac/templates/epilogue.lib.lua"
#pragma unroll
    for (int i = 0; i < 8; i++)
        sum[i] = sum[i] < 0.0f ? 0.0f : sum[i];
#line 171 "/gnnac/templates/epilogue.lib.lua"
    float *to = out + (long long)row * 64;
#line 442 "/gnnac/templates/lanes.lib.lua"
    store4(to + c0, &sum[0]);
#line 442 "/gnnac/templates/lanes.lib.lua"
    store4(to + c1, &sum[4]);
}
