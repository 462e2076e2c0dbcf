// gnnac aggregate, from templates/neighbor_group.cu.lua
// GNNAdvisor's neighbour groups: a warp per group of at most partSize
// neighbours of one row, so that work is even however long rows are. dimWorker
// lanes hold the columns in registers; 32 // dimWorker such teams take
// different neighbours and are added by shuffles. The first warp of a row in a
// block adds the others' sums from shared memory. Rows that cross blocks leave
// partial sums, which a second kernel adds in block order, so that results repeat
// bit by bit (combine=1, 2: atomics, they do not). Wins where a few rows hold many neighbours.
// partSize=1 dimWorker=1 warpPerBlock=1 unroll=4
// f32 dim=3 x_pitch=3 out_pitch=3 norm=gcn self=none bias=0 act=none offset_bits=32
#line 60 "/gnnac/templates/groups.lib.lua"
// Neighbours per warp: up to 1; teams per warp: 32;
// lanes per team: 1; columns per lane: 3.
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

#line 71 "/gnnac/templates/groups.lib.lua"
extern "C" __global__ void __launch_bounds__(32, 1)
gnnac_neighbor_group_f32_d3_p1_l1_w1_u4_gcn(
    float *out, const float *x, const int *colidx,
    const offset_t *part_ptr, const int *part_row, const float *dinv,
    float *partial, int n_parts)
{
#line 13 "/gnnac/templates/follow.lib.lua"
#if __CUDA_ARCH__ >= 900
    asm volatile("griddepcontrol.launch_dependents;\n\t"
                 "griddepcontrol.wait;" ::: "memory");
#endif
#line 68 "/gnnac/templates/parts.lib.lua"
    const int lane = threadIdx.x % 32;
#line 72 "/gnnac/templates/parts.lib.lua"
    const int edge = lane / 1;
#line 286 "/gnnac/templates/lanes.lib.lua"
    const int at = 0;
#line 309 "/gnnac/templates/lanes.lib.lua"
    const int c0 = at * 1 + 0;
#line 309 "/gnnac/templates/lanes.lib.lua"
    const int c1 = at * 1 + 1;
#line 309 "/gnnac/templates/lanes.lib.lua"
    const int c2 = at * 1 + 2;
#line 333 "/gnnac/templates/lanes.lib.lua"
    const float *x0 = x + c0;
    asm("" : "+l"(x0));
#line 331 "/gnnac/templates/lanes.lib.lua"
    const float *x1 = x0 + 1;
#line 331 "/gnnac/templates/lanes.lib.lua"
    const float *x2 = x0 + 2;

#line 105 "/gnnac/templates/groups.lib.lua"
    const unsigned part = blockIdx.x;
#line 107 "/gnnac/templates/groups.lib.lua"
    const int row = __ldg(part_row + part);
    const offset_t begin = __ldg(part_ptr + part);
    const int *ids = colidx + begin;
#line 111 "/gnnac/templates/groups.lib.lua"
    int left = __ldg(part_ptr + part + 1) - begin;

#line 114 "/gnnac/templates/groups.lib.lua"
    float sum[3] = {};
    {
#line 159 "/gnnac/templates/groups.lib.lua"
        const int n = left;
#line 161 "/gnnac/templates/groups.lib.lua"
        const int id = lane < n ? __ldg(ids + lane) : 0;
#line 163 "/gnnac/templates/groups.lib.lua"
        float coef = 0.0f;
        if (lane < n) {
#line 57 "/gnnac/templates/weights.lib.lua"
            const float value = __ldg(dinv + id);
#line 26 "/gnnac/templates/groups.lib.lua"
            coef = value;
        }
#line 169 "/gnnac/templates/groups.lib.lua"
        int base = 0;
#line 177 "/gnnac/templates/groups.lib.lua"
        if (base < n) {
#line 117 "/gnnac/templates/groups.lib.lua"
            float v[1][3] = {};
            int ids_k[1];
#pragma unroll
            for (int k = 0; k < 1; k++)
                ids_k[k] = __shfl_sync(~0u, id, base + k * 32 + edge);
#pragma unroll
            for (int k = 0; k < 1; k++) {
#line 125 "/gnnac/templates/groups.lib.lua"
                if (base + k * 32 + edge >= n)
                    continue;
#line 128 "/gnnac/templates/groups.lib.lua"
                const long long u = (long long)ids_k[k] * 3;
#line 349 "/gnnac/templates/lanes.lib.lua"
            load1(&v[k][0], x0 + u);
#line 349 "/gnnac/templates/lanes.lib.lua"
            load1(&v[k][1], x1 + u);
#line 349 "/gnnac/templates/lanes.lib.lua"
            load1(&v[k][2], x2 + u);
            }
#line 131 "/gnnac/templates/groups.lib.lua"
#pragma unroll
            for (int k = 0; k < 1; k++) {
#line 134 "/gnnac/templates/groups.lib.lua"
                const float w =
                    __shfl_sync(~0u, coef, base + k * 32 + edge);
#line 137 "/gnnac/templates/groups.lib.lua"
#pragma unroll
                for (int i = 0; i < 3; i++)
#line 140 "/gnnac/templates/groups.lib.lua"
                    sum[i] = fmaf(w, v[k][i], sum[i]);
            }
        }
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

#line 220 "/gnnac/templates/groups.lib.lua"
    if (edge > 0)
        return;
#line 223 "/gnnac/templates/groups.lib.lua"
    const bool begins = part == 0 || __ldg(part_row + part - 1) != row;
    const bool ends = part + 1 >= n_parts || __ldg(part_row + part + 1) != row;
#line 226 "/gnnac/templates/groups.lib.lua"
    if (!begins || !ends) {
#line 81 "/gnnac/templates/parts.lib.lua"
        float *to = partial + (2LL * blockIdx.x + begins) * 4;
#line 442 "/gnnac/templates/lanes.lib.lua"
    store1(to + c0, &sum[0]);
#line 442 "/gnnac/templates/lanes.lib.lua"
    store1(to + c1, &sum[1]);
#line 442 "/gnnac/templates/lanes.lib.lua"
    store1(to + c2, &sum[2]);
#line 24 "/gnnac/templates/combine.lib.lua"
        return;
    }
#line 51 "/gnnac/templates/epilogue.lib.lua"
    const float norm = __ldg(dinv + row);
#line 122 "/gnnac/templates/epilogue.lib.lua"
    const float scale = norm;
#line 125 "/gnnac/templates/epilogue.lib.lua"
#pragma unroll
    for (int i = 0; i < 3; i++)
        sum[i] *= scale;
#line 171 "/gnnac/templates/epilogue.lib.lua"
    float *to = out + (long long)row * 3;
#line 442 "/gnnac/templates/lanes.lib.lua"
    store1(to + c0, &sum[0]);
#line 442 "/gnnac/templates/lanes.lib.lua"
    store1(to + c1, &sum[1]);
#line 442 "/gnnac/templates/lanes.lib.lua"
    store1(to + c2, &sum[2]);
}

#line 124 "/gnnac/templates/parts.lib.lua"
// Warp: a row that crosses blocks; teams take turns at its partial sums.
#line 126 "/gnnac/templates/parts.lib.lua"
extern "C" __global__ void __launch_bounds__(32, 1)
gnnac_neighbor_group_f32_d3_p1_l1_w1_u4_gcn_finish(
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
    const unsigned split = blockIdx.x * 1 + threadIdx.x / 32;
    if (split >= n_splits)
        return;
#line 68 "/gnnac/templates/parts.lib.lua"
    const int lane = threadIdx.x % 32;
#line 72 "/gnnac/templates/parts.lib.lua"
    const int edge = lane / 1;
#line 286 "/gnnac/templates/lanes.lib.lua"
    const int at = 0;
#line 309 "/gnnac/templates/lanes.lib.lua"
    const int c0 = at * 1 + 0;
#line 309 "/gnnac/templates/lanes.lib.lua"
    const int c1 = at * 1 + 1;
#line 309 "/gnnac/templates/lanes.lib.lua"
    const int c2 = at * 1 + 2;
#line 333 "/gnnac/templates/lanes.lib.lua"
    const float *x0 = partial + c0;
    asm("" : "+l"(x0));
#line 331 "/gnnac/templates/lanes.lib.lua"
    const float *x1 = x0 + 1;
#line 331 "/gnnac/templates/lanes.lib.lua"
    const float *x2 = x0 + 2;
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
#line 115 "/gnnac/templates/parts.lib.lua"
            // The row's first block wrote slot 2b + 1, the others slot 2b.
            const long long slot = 2LL * (first + b) + (b == 0);
            const long long u = slot * 4;
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
#line 51 "/gnnac/templates/epilogue.lib.lua"
    const float norm = __ldg(dinv + row);
#line 122 "/gnnac/templates/epilogue.lib.lua"
    const float scale = norm;
#line 125 "/gnnac/templates/epilogue.lib.lua"
#pragma unroll
    for (int i = 0; i < 3; i++)
        sum[i] *= scale;
#line 171 "/gnnac/templates/epilogue.lib.lua"
    float *to = out + (long long)row * 3;
#line 442 "/gnnac/templates/lanes.lib.lua"
    store1(to + c0, &sum[0]);
#line 442 "/gnnac/templates/lanes.lib.lua"
    store1(to + c1, &sum[1]);
#line 442 "/gnnac/templates/lanes.lib.lua"
    store1(to + c2, &sum[2]);
}
