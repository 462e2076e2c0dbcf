// gnnac aggregate, from templates/neighbor_group.cu.lua
// GNNAdvisor's neighbour groups: a warp per group of at most partSize
// neighbours of one row, so that work is even however long rows are. dimWorker
// lanes hold the columns in registers; 32 // dimWorker such teams take
// different neighbours and are added by shuffles. The first warp of a row in a
// block adds the others' sums from shared memory. Rows that cross blocks leave
// partial sums, which a second kernel adds in block order, so that results repeat
// bit by bit (combine=1, 2: atomics, they do not). Wins where a few rows hold many neighbours.
// partSize=100 dimWorker=11 warpPerBlock=2 unroll=4
// f32 dim=33 x_pitch=36 out_pitch=33 self_pitch=36 norm=mean self=one bias=1 act=relu offset_bits=64
#line 60 "/gnnac/templates/groups.lib.lua"
// Neighbours per warp: up to 100; teams per warp: 2;
// lanes per team: 11; columns per lane: 5.
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

#line 71 "/gnnac/templates/groups.lib.lua"
extern "C" __global__ void __launch_bounds__(64, 1)
gnnac_neighbor_group_f32_d33_p100_l11_w2_u4_mean_selfone_bias_relu_x36_s36_o64(
    float *out, const float *x, const int *colidx,
    const offset_t *part_ptr, const int *part_row, const offset_t *rowptr,
    const float *self, const float *bias, float *partial,
    int n_parts)
{
#line 13 "/gnnac/templates/follow.lib.lua"
#if __CUDA_ARCH__ >= 900
    asm volatile("griddepcontrol.launch_dependents;\n\t"
                 "griddepcontrol.wait;" ::: "memory");
#endif
#line 76 "/gnnac/templates/groups.lib.lua"
    __shared__ float sums[2][55];
    const int warp = threadIdx.x / 32;
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

#line 83 "/gnnac/templates/groups.lib.lua"
    // Lane i knows the row of the block's group i; -1: there is none.
    const unsigned first = blockIdx.x * 2;
    int rows = -1;
    if (lane < 2 && first + lane < n_parts)
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
    float sum[5] = {};
#line 151 "/gnnac/templates/groups.lib.lua"
#pragma unroll 1
    for (; left > 0; left -= 32, ids += 32) {
#line 157 "/gnnac/templates/groups.lib.lua"
        const int n = min(left, 32);
#line 161 "/gnnac/templates/groups.lib.lua"
        const int id = lane < n ? __ldg(ids + lane) : 0;
#line 169 "/gnnac/templates/groups.lib.lua"
        int base = 0;
#line 171 "/gnnac/templates/groups.lib.lua"
#pragma unroll 1
        for (; base + 8 <= n; base += 8) {
#line 117 "/gnnac/templates/groups.lib.lua"
            float v[4][5] = {};
            int ids_k[4];
#pragma unroll
            for (int k = 0; k < 4; k++)
                ids_k[k] = __shfl_sync(~0u, id, base + k * 2 + edge);
#pragma unroll
            for (int k = 0; k < 4; k++) {
#line 128 "/gnnac/templates/groups.lib.lua"
                const long long u = (long long)ids_k[k] * 36;
#line 349 "/gnnac/templates/lanes.lib.lua"
            load2(&v[k][0], x0 + u);
#line 349 "/gnnac/templates/lanes.lib.lua"
            load2(&v[k][2], x1 + u);
#line 349 "/gnnac/templates/lanes.lib.lua"
            load1(&v[k][4], x2 + u);
            }
#line 131 "/gnnac/templates/groups.lib.lua"
#pragma unroll
            for (int k = 0; k < 4; k++) {
#line 137 "/gnnac/templates/groups.lib.lua"
#pragma unroll
                for (int i = 0; i < 5; i++)
#line 142 "/gnnac/templates/groups.lib.lua"
                    sum[i] += v[k][i];
            }
        }
#line 177 "/gnnac/templates/groups.lib.lua"
        if (base < n) {
#line 117 "/gnnac/templates/groups.lib.lua"
            float v[4][5] = {};
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
                const long long u = (long long)ids_k[k] * 36;
#line 349 "/gnnac/templates/lanes.lib.lua"
            load2(&v[k][0], x0 + u);
#line 349 "/gnnac/templates/lanes.lib.lua"
            load2(&v[k][2], x1 + u);
#line 349 "/gnnac/templates/lanes.lib.lua"
            load1(&v[k][4], x2 + u);
            }
#line 131 "/gnnac/templates/groups.lib.lua"
#pragma unroll
            for (int k = 0; k < 4; k++) {
#line 137 "/gnnac/templates/groups.lib.lua"
#pragma unroll
                for (int i = 0; i < 5; i++)
#line 142 "/gnnac/templates/groups.lib.lua"
                    sum[i] += v[k][i];
            }
        }
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

#line 188 "/gnnac/templates/groups.lib.lua"
    // The first warp of a row adds what the others leave in shared memory.
    const int leader = __ffs(same) - 1;
#line 193 "/gnnac/templates/groups.lib.lua"
    const bool holds = row >= 0 && edge == 0;
#line 198 "/gnnac/templates/groups.lib.lua"
    if (holds && warp != leader)
#line 200 "/gnnac/templates/groups.lib.lua"
#pragma unroll
        for (int i = 0; i < 5; i++)
            sums[warp][i * 11 + at] = sum[i];
    __syncthreads();
    if (!holds || warp != leader)
        return;
    const int end = warp + __popc(same);
#pragma unroll 1
    for (int w = warp + 1; w < end; w++)
#pragma unroll
        for (int i = 0; i < 5; i++)
            sum[i] += sums[w][i * 11 + at];

    const bool begins = warp > 0 || first == 0 ||
                        __ldg(part_row + first - 1) != row;
    const bool ends = end < 2 ||
                      first + 2 >= n_parts ||
                      __ldg(part_row + first + 2) != row;
#line 226 "/gnnac/templates/groups.lib.lua"
    if (!begins || !ends) {
#line 81 "/gnnac/templates/parts.lib.lua"
        float *to = partial + (2LL * blockIdx.x + begins) * 36;
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
#line 24 "/gnnac/templates/combine.lib.lua"
        return;
    }
#line 235 "/gnnac/templates/groups.lib.lua"
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
#line 146 "/gnnac/templates/epilogue.lib.lua"
    float shift[5];
#line 149 "/gnnac/templates/epilogue.lib.lua"
    load2(&shift[0], bias + c0);
#line 149 "/gnnac/templates/epilogue.lib.lua"
    load2(&shift[2], bias + c1);
#line 149 "/gnnac/templates/epilogue.lib.lua"
    load1(&shift[4], bias + c2);
#line 151 "/gnnac/templates/epilogue.lib.lua"
#pragma unroll
    for (int i = 0; i < 5; i++)
        sum[i] += shift[i];
#line 156 "/gnnac/templates/epilogue.lib.lua"
#pragma unroll
    for (int i = 0; i < 5; i++)
        sum[i] = sum[i] < 0.0f ? 0.0f : sum[i];
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

#line 124 "/gnnac/templates/parts.lib.lua"
// Warp: a row that crosses blocks; teams take turns at its partial sums.
#line 126 "/gnnac/templates/parts.lib.lua"
extern "C" __global__ void __launch_bounds__(64, 1)
gnnac_neighbor_group_f32_d33_p100_l11_w2_u4_mean_selfone_bias_relu_x36_s36_o64_finish(
    float *out, float *partial, const offset_t *rowptr,
    const float *self, const float *bias, const int *split_row,
    const int *split_first, const int *split_last, int n_splits)
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
    for (int base = edge; base < n; base += 8) {
        float v[4][5] = {};
#pragma unroll
        for (int k = 0; k < 4; k++) {
            const int b = base + k * 2;
            if (b >= n)
                continue;
#line 115 "/gnnac/templates/parts.lib.lua"
            // The row's first block wrote slot 2b + 1, the others slot 2b.
            const long long slot = 2LL * (first + b) + (b == 0);
            const long long u = slot * 36;
#line 349 "/gnnac/templates/lanes.lib.lua"
            load2(&v[k][0], x0 + u);
#line 349 "/gnnac/templates/lanes.lib.lua"
            load2(&v[k][2], x1 + u);
#line 349 "/gnnac/templates/lanes.lib.lua"
            load1(&v[k][4], x2 + u);
        }
#line 99 "/gnnac/templates/parts.lib.lua"
#pragma unroll
        for (int k = 0; k < 4; k++)
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
#line 146 "/gnnac/templates/epilogue.lib.lua"
    float shift[5];
#line 149 "/gnnac/templates/epilogue.lib.lua"
    load2(&shift[0], bias + c0);
#line 149 "/gnnac/templates/epilogue.lib.lua"
    load2(&shift[2], bias + c1);
#line 149 "/gnnac/templates/epilogue.lib.lua"
    load1(&shift[4], bias + c2);
#line 151 "/gnnac/templates/epilogue.lib.lua"
#pragma unroll
    for (int i = 0; i < 5; i++)
        sum[i] += shift[i];
#line 156 "/gnnac/templates/epilogue.lib.lua"
#pragma unroll
    for (int i = 0; i < 5; i++)
        sum[i] = sum[i] < 0.0f ? 0.0f : sum[i];
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
