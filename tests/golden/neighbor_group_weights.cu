// gnnac aggregate, from templates/neighbor_group.cu.lua
// GNNAdvisor's neighbour groups: a warp per group of at most partSize
// neighbours of one row, so that work is even however long rows are. dimWorker
// lanes hold the columns in registers; 32 // dimWorker such teams take
// different neighbours and are added by shuffles. The first warp of a row in a
// block adds the others' sums from shared memory. Rows that cross blocks leave
// partial sums, which a second kernel adds in block order, so that results repeat
// bit by bit (combine=1, 2: atomics, they do not). Wins where a few rows hold many neighbours.
// partSize=64 dimWorker=4 warpPerBlock=4 unroll=4
// f32 dim=16 x_pitch=16 out_pitch=16 edges=stored norm=mean self=none bias=0 act=none offset_bits=32
#line 60 "/gnnac/templates/groups.lib.lua"
// Neighbours per warp: up to 64; teams per warp: 8;
// lanes per team: 4; columns per lane: 4.
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
static __device__ __forceinline__ void store4(float *to, const float *from)
{
#line 197 "/gnnac/templates/lanes.lib.lua"
    *(float4 *)to = make_float4(from[0], from[1], from[2], from[3]);
}

#line 71 "/gnnac/templates/groups.lib.lua"
extern "C" __global__ void __launch_bounds__(128, 1)
gnnac_neighbor_group_f32_d16_p64_l4_w4_u4_mean_edgesstored(
    float *out, const float *x, const int *colidx,
    const offset_t *part_ptr, const int *part_row, const float *edge_values,
    const offset_t *rowptr, float *partial, int n_parts)
{
#line 13 "/gnnac/templates/follow.lib.lua"
#if __CUDA_ARCH__ >= 900
    asm volatile("griddepcontrol.launch_dependents;\n\t"
                 "griddepcontrol.wait;" ::: "memory");
#endif
#line 76 "/gnnac/templates/groups.lib.lua"
    __shared__ float sums[4][16];
    const int warp = threadIdx.x / 32;
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

#line 83 "/gnnac/templates/groups.lib.lua"
    // Lane i knows the row of the block's group i; -1: there is none.
    const unsigned first = blockIdx.x * 4;
    int rows = -1;
    if (lane < 4 && first + lane < n_parts)
        rows = __ldg(part_row + first + lane);
    const int row = __shfl_sync(~0u, rows, warp);
    const unsigned same = __ballot_sync(~0u, rows == row);
    const int *ids = colidx;
#line 32 "/gnnac/templates/weights.lib.lua"
    const float *edges = edge_values + 0;
#line 92 "/gnnac/templates/groups.lib.lua"
    int left = 0;
    if (row >= 0) {
        const offset_t begin = __ldg(part_ptr + first + warp);
        left = __ldg(part_ptr + first + warp + 1) - begin;
        ids += begin;
#line 40 "/gnnac/templates/weights.lib.lua"
        edges += begin;
    }

#line 114 "/gnnac/templates/groups.lib.lua"
    float sum[4] = {};
#line 151 "/gnnac/templates/groups.lib.lua"
#pragma unroll 1
    for (; left > 0; left -= 32, ids += 32) {
#line 157 "/gnnac/templates/groups.lib.lua"
        const int n = min(left, 32);
#line 161 "/gnnac/templates/groups.lib.lua"
        const int id = lane < n ? __ldg(ids + lane) : 0;
#line 163 "/gnnac/templates/groups.lib.lua"
        float coef = 0.0f;
        if (lane < n) {
#line 47 "/gnnac/templates/weights.lib.lua"
            const float given = __ldg(edges + lane * 1);
#line 55 "/gnnac/templates/weights.lib.lua"
            const float value = given;
#line 26 "/gnnac/templates/groups.lib.lua"
            coef = value;
        }
#line 169 "/gnnac/templates/groups.lib.lua"
        int base = 0;
#line 171 "/gnnac/templates/groups.lib.lua"
#pragma unroll 1
        for (; base + 32 <= n; base += 32) {
#line 117 "/gnnac/templates/groups.lib.lua"
            float v[4][4] = {};
            int ids_k[4];
#pragma unroll
            for (int k = 0; k < 4; k++)
                ids_k[k] = __shfl_sync(~0u, id, base + k * 8 + edge);
#pragma unroll
            for (int k = 0; k < 4; k++) {
#line 128 "/gnnac/templates/groups.lib.lua"
                const long long u = (long long)ids_k[k] * 16;
#line 349 "/gnnac/templates/lanes.lib.lua"
            load4(&v[k][0], x0 + u);
            }
#line 131 "/gnnac/templates/groups.lib.lua"
#pragma unroll
            for (int k = 0; k < 4; k++) {
#line 134 "/gnnac/templates/groups.lib.lua"
                const float w =
                    __shfl_sync(~0u, coef, base + k * 8 + edge);
#line 137 "/gnnac/templates/groups.lib.lua"
#pragma unroll
                for (int i = 0; i < 4; i++)
#line 140 "/gnnac/templates/groups.lib.lua"
                    sum[i] = fmaf(w, v[k][i], sum[i]);
            }
        }
#line 177 "/gnnac/templates/groups.lib.lua"
        if (base < n) {
#line 117 "/gnnac/templates/groups.lib.lua"
            float v[4][4] = {};
            int ids_k[4];
#pragma unroll
            for (int k = 0; k < 4; k++)
                ids_k[k] = __shfl_sync(~0u, id, base + k * 8 + edge);
#pragma unroll
            for (int k = 0; k < 4; k++) {
#line 125 "/gnnac/templates/groups.lib.lua"
                if (base + k * 8 + edge >= n)
                    continue;
#line 128 "/gnnac/templates/groups.lib.lua"
                const long long u = (long long)ids_k[k] * 16;
#line 349 "/gnnac/templates/lanes.lib.lua"
            load4(&v[k][0], x0 + u);
            }
#line 131 "/gnnac/templates/groups.lib.lua"
#pragma unroll
            for (int k = 0; k < 4; k++) {
#line 134 "/gnnac/templates/groups.lib.lua"
                const float w =
                    __shfl_sync(~0u, coef, base + k * 8 + edge);
#line 137 "/gnnac/templates/groups.lib.lua"
#pragma unroll
                for (int i = 0; i < 4; i++)
#line 140 "/gnnac/templates/groups.lib.lua"
                    sum[i] = fmaf(w, v[k][i], sum[i]);
            }
        }
#line 40 "/gnnac/templates/weights.lib.lua"
        edges += 32;
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

#line 188 "/gnnac/templates/groups.lib.lua"
    // The first warp of a row adds what the others leave in shared memory.
    const int leader = __ffs(same) - 1;
#line 193 "/gnnac/templates/groups.lib.lua"
    const bool holds = row >= 0 && edge == 0;
#line 198 "/gnnac/templates/groups.lib.lua"
    if (holds && warp != leader)
#line 200 "/gnnac/templates/groups.lib.lua"
#pragma unroll
        for (int i = 0; i < 4; i++)
            sums[warp][i * 4 + at] = sum[i];
    __syncthreads();
    if (!holds || warp != leader)
        return;
    const int end = warp + __popc(same);
#pragma unroll 1
    for (int w = warp + 1; w < end; w++)
#pragma unroll
        for (int i = 0; i < 4; i++)
            sum[i] += sums[w][i * 4 + at];

    const bool begins = warp > 0 || first == 0 ||
                        __ldg(part_row + first - 1) != row;
    const bool ends = end < 4 ||
                      first + 4 >= n_parts ||
                      __ldg(part_row + first + 4) != row;
#line 226 "/gnnac/templates/groups.lib.lua"
    if (!begins || !ends) {
#line 81 "/gnnac/templates/parts.lib.lua"
        float *to = partial + (2LL * blockIdx.x + begins) * 16;
#line 442 "/gnnac/templates/lanes.lib.lua"
    store4(to + c0, &sum[0]);
#line 24 "/gnnac/templates/combine.lib.lua"
        return;
    }
#line 235 "/gnnac/templates/groups.lib.lua"
    const offset_t degree = __ldg(rowptr + row + 1) - __ldg(rowptr + row);
#line 120 "/gnnac/templates/epilogue.lib.lua"
    const float scale = 1.0f / (float)(degree > 0 ? degree : 1);
#line 125 "/gnnac/templates/epilogue.lib.lua"
#pragma unroll
    for (int i = 0; i < 4; i++)
        sum[i] *= scale;
#line 171 "/gnnac/templates/epilogue.lib.lua"
    float *to = out + (long long)row * 16;
#line 442 "/gnnac/templates/lanes.lib.lua"
    store4(to + c0, &sum[0]);
}

#line 124 "/gnnac/templates/parts.lib.lua"
// Warp: a row that crosses blocks; teams take turns at its partial sums.
#line 126 "/gnnac/templates/parts.lib.lua"
extern "C" __global__ void __launch_bounds__(128, 1)
gnnac_neighbor_group_f32_d16_p64_l4_w4_u4_mean_edgesstored_finish(
    float *out, float *partial, const offset_t *rowptr,
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
#line 115 "/gnnac/templates/parts.lib.lua"
            // The row's first block wrote slot 2b + 1, the others slot 2b.
            const long long slot = 2LL * (first + b) + (b == 0);
            const long long u = slot * 16;
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
#line 148 "/gnnac/templates/parts.lib.lua"
    const offset_t degree = __ldg(rowptr + row + 1) - __ldg(rowptr + row);
#line 120 "/gnnac/templates/epilogue.lib.lua"
    const float scale = 1.0f / (float)(degree > 0 ? degree : 1);
#line 125 "/gnnac/templates/epilogue.lib.lua"
#pragma unroll
    for (int i = 0; i < 4; i++)
        sum[i] *= scale;
#line 171 "/gnnac/templates/epilogue.lib.lua"
    float *to = out + (long long)row * 16;
#line 442 "/gnnac/templates/lanes.lib.lua"
    store4(to + c0, &sum[0]);
}
