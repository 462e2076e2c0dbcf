// gnnac aggregate, from templates/neighbor_group.cu.lua
// GNNAdvisor's neighbour groups: a warp per group of at most partSize
// neighbours of one row, so that work is even however long rows are. dimWorker
// lanes hold the columns in registers; 32 // dimWorker such teams take
// different neighbours and are added by shuffles. The first warp of a row in a
// block adds the others' sums from shared memory. Rows that cross blocks leave
// partial sums, which a second kernel adds in block order, so that results repeat
// bit by bit (combine=1, 2: atomics, they do not). Wins where a few rows hold many neighbours.
// partSize=32 dimWorker=16 warpPerBlock=4 unroll=4 slab=0 hints=0 combine=3
// f32 dim=64 x_pitch=64 out_pitch=64 self_pitch=64 norm=none self=eps bias=0 act=none offset_bits=32
#line 60 "/gnnac/templates/groups.lib.lua"
// Neighbours per warp: up to 32; teams per warp: 2;
// lanes per team: 16; columns per lane: 4.
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
#line 39 "/gnnac/templates/tickets.lib.lua"
    return 2LL * (first + piece) + (piece == 0);
}

#line 71 "/gnnac/templates/groups.lib.lua"
extern "C" __global__ void __launch_bounds__(128, 1)
gnnac_neighbor_group_f32_d64_p32_l16_w4_u4_b0_h0_c3_selfeps(
    float *out, const float *x, const int *colidx,
    const offset_t *part_ptr, const int *part_row, const float *self,
    const float *eps, float *partial, const int *meets,
    unsigned *tickets, int n_parts)
{
#line 13 "/gnnac/templates/follow.lib.lua"
#if __CUDA_ARCH__ >= 900
    asm volatile("griddepcontrol.launch_dependents;\n\t"
                 "griddepcontrol.wait;" ::: "memory");
#endif
#line 76 "/gnnac/templates/groups.lib.lua"
    __shared__ float sums[4][64];
    const int warp = threadIdx.x / 32;
#line 68 "/gnnac/templates/parts.lib.lua"
    const int lane = threadIdx.x % 32;
#line 72 "/gnnac/templates/parts.lib.lua"
    const int edge = lane / 16;
#line 290 "/gnnac/templates/lanes.lib.lua"
    const int at = lane % 16;
#line 309 "/gnnac/templates/lanes.lib.lua"
    const int c0 = at * 4 + 0;
#line 333 "/gnnac/templates/lanes.lib.lua"
    const float *x0 = x + c0;
    asm("" : "+l"(x0));

#line 83 "/gnnac/templates/groups.lib.lua"
    // Lane i knows the row of the block's group i; -1: there is none.
    const unsigned first = blockIdx.x * 4;
    int rows = -1;
    if (lane < 4 && first + lane < n_parts)
        rows = __ldg(part_row + first + lane);
    const int row = __shfl_sync(~0u, rows, warp);
    const unsigned same = __ballot_sync(~0u, rows == row);
    const int *ids = colidx;
#line 92 "/gnnac/templates/groups.lib.lua"
    int left = 0;
    if (row >= 0) {
        const offset_t begin = __ldg(part_ptr + first + warp);
        left = __ldg(part_ptr + first + warp + 1) - begin;
        ids += begin;
    }

#line 114 "/gnnac/templates/groups.lib.lua"
    float sum[4] = {};
    {
#line 159 "/gnnac/templates/groups.lib.lua"
        const int n = left;
#line 161 "/gnnac/templates/groups.lib.lua"
        const int id = lane < n ? __ldg(ids + lane) : 0;
#line 169 "/gnnac/templates/groups.lib.lua"
        int base = 0;
#line 171 "/gnnac/templates/groups.lib.lua"
#pragma unroll 1
        for (; base + 8 <= n; base += 8) {
#line 117 "/gnnac/templates/groups.lib.lua"
            float v[4][4] = {};
            int ids_k[4];
#pragma unroll
            for (int k = 0; k < 4; k++)
                ids_k[k] = __shfl_sync(~0u, id, base + k * 2 + edge);
#pragma unroll
            for (int k = 0; k < 4; k++) {
#line 128 "/gnnac/templates/groups.lib.lua"
                const long long u = (long long)ids_k[k] * 64;
#line 349 "/gnnac/templates/lanes.lib.lua"
            load4(&v[k][0], x0 + u);
            }
#line 131 "/gnnac/templates/groups.lib.lua"
#pragma unroll
            for (int k = 0; k < 4; k++) {
#line 137 "/gnnac/templates/groups.lib.lua"
#pragma unroll
                for (int i = 0; i < 4; i++)
#line 142 "/gnnac/templates/groups.lib.lua"
                    sum[i] += v[k][i];
            }
        }
#line 177 "/gnnac/templates/groups.lib.lua"
        if (base < n) {
#line 117 "/gnnac/templates/groups.lib.lua"
            float v[4][4] = {};
            int ids_k[4];
#pragma unroll
            for (int k = 0; k < 4; k++)
                ids_k[k] = __shfl_sync(~0u, id, base + k * 2 + edge);
#pragma unroll
            for (int k = 0; k < 4; k++) {
#line 125 "/gnnac/templates/groups.lib.lua"
                if (base + k * 2 + edge >= n)
                    continue;
#line 128 "/gnnac/templates/groups.lib.lua"
                const long long u = (long long)ids_k[k] * 64;
#line 349 "/gnnac/templates/lanes.lib.lua"
            load4(&v[k][0], x0 + u);
            }
#line 131 "/gnnac/templates/groups.lib.lua"
#pragma unroll
            for (int k = 0; k < 4; k++) {
#line 137 "/gnnac/templates/groups.lib.lua"
#pragma unroll
                for (int i = 0; i < 4; i++)
#line 142 "/gnnac/templates/groups.lib.lua"
                    sum[i] += v[k][i];
            }
        }
    }
#line 453 "/gnnac/templates/lanes.lib.lua"
#pragma unroll
    for (int step = 1; step > 0; step /= 2) {
#pragma unroll
        for (int i = 0; i < 4; i++) {
            const float more =
                __shfl_down_sync(~0u, sum[i], step * 16);
#line 464 "/gnnac/templates/lanes.lib.lua"
            sum[i] += more;
        }
    }

#line 188 "/gnnac/templates/groups.lib.lua"
    // The first warp of a row adds what the others leave in shared memory.
    const int leader = __ffs(same) - 1;
#line 191 "/gnnac/templates/groups.lib.lua"
    const bool holds = row >= 0;
#line 196 "/gnnac/templates/groups.lib.lua"
    if (holds && warp != leader && edge == 0)
#line 200 "/gnnac/templates/groups.lib.lua"
#pragma unroll
        for (int i = 0; i < 4; i++)
            sums[warp][i * 16 + at] = sum[i];
    __syncthreads();
    if (!holds || warp != leader)
        return;
    const int end = warp + __popc(same);
#pragma unroll 1
    for (int w = warp + 1; w < end; w++)
#pragma unroll
        for (int i = 0; i < 4; i++)
            sum[i] += sums[w][i * 16 + at];

    const bool begins = warp > 0 || first == 0 ||
                        __ldg(part_row + first - 1) != row;
    const bool ends = end < 4 ||
                      first + 4 >= n_parts ||
                      __ldg(part_row + first + 4) != row;
#line 226 "/gnnac/templates/groups.lib.lua"
    if (!begins || !ends) {
#line 102 "/gnnac/templates/tickets.lib.lua"
        // By 32, those that come last add what the others have left.
#line 108 "/gnnac/templates/tickets.lib.lua"
        const long long mine = 2LL * blockIdx.x + begins;
        const int first = __ldg(meets + 2 * mine);
        const int pieces = __ldg(meets + 2 * mine + 1);
        int held = blockIdx.x - first;
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
            if (lane < 16) {
#line 442 "/gnnac/templates/lanes.lib.lua"
    store4(to + c0, &sum[0]);
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
#line 86 "/gnnac/templates/tickets.lib.lua"
#pragma unroll
            for (int i = 0; i < 4; i++)
                sum[i] = 0.0f;
#line 88 "/gnnac/templates/parts.lib.lua"
#pragma unroll 1
    for (int base = edge; base < n; base += 8) {
        float v[4][4] = {};
#pragma unroll
        for (int k = 0; k < 4; k++) {
            const int b = base + k * 2;
            if (b >= n)
                continue;
#line 78 "/gnnac/templates/tickets.lib.lua"
            const long long u = slot_of(first, group + (b << shift)) * 64;
#line 349 "/gnnac/templates/lanes.lib.lua"
            fresh4(&v[k][0], from0 + u);
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
    for (int step = 1; step > 0; step /= 2) {
#pragma unroll
        for (int i = 0; i < 4; i++) {
            const float more =
                __shfl_down_sync(~0u, sum[i], step * 16);
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
#line 231 "/gnnac/templates/groups.lib.lua"
    if (edge > 0)
        return;
#line 77 "/gnnac/templates/epilogue.lib.lua"
    const float *from = self + (long long)row * 64;
#line 109 "/gnnac/templates/epilogue.lib.lua"
    float own[4];
#line 71 "/gnnac/templates/epilogue.lib.lua"
    load4(&own[0], from + c0);
#line 131 "/gnnac/templates/epilogue.lib.lua"
    const float factor = 1.0f + __ldg(eps);
#line 137 "/gnnac/templates/epilogue.lib.lua"
#pragma unroll
    for (int i = 0; i < 4; i++)
#line 142 "/gnnac/templates/epilogue.lib.lua"
        sum[i] = fmaf(factor, own[i], sum[i]);
#line 171 "/gnnac/templates/epilogue.lib.lua"
    float *to = out + (long long)row * 64;
#line 442 "/gnnac/templates/lanes.lib.lua"
    store4(to + c0, &sum[0]);
}
