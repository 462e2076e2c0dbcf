// gnnac aggregate, from templates/neighbor_group.cu.lua
// GNNAdvisor's neighbour groups: a warp per group of at most partSize
// neighbours of one row, so that work is even however long rows are. dimWorker
// lanes hold the columns in registers; 32 // dimWorker such teams take
// different neighbours and are added by shuffles. The first warp of a row in a
// block adds the others' sums from shared memory. Rows that cross blocks leave
// partial sums, which a second kernel adds in block order, so that results repeat
// bit by bit (combine=1, 2: atomics, they do not). Wins where a few rows hold many neighbours.
// partSize=32 dimWorker=16 warpPerBlock=4 unroll=4 slab=0 hints=0 combine=1
// f32 dim=64 x_pitch=64 out_pitch=64 self_pitch=64 norm=gcn self=gcn bias=1 act=relu offset_bits=32
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
static __device__ __forceinline__ void store4(float *to, const float *from)
{
#line 197 "/gnnac/templates/lanes.lib.lua"
    *(float4 *)to = make_float4(from[0], from[1], from[2], from[3]);
}

#line 261 "/gnnac/templates/lanes.lib.lua"
static __device__ __forceinline__ void read4(float *to, const float *from)
{
#line 211 "/gnnac/templates/lanes.lib.lua"
    const float4 v = *(const float4 *)from;
#line 221 "/gnnac/templates/lanes.lib.lua"
    to[0] = v.x;
    to[1] = v.y;
#line 224 "/gnnac/templates/lanes.lib.lua"
    to[2] = v.z;
    to[3] = v.w;
}

#line 61 "/gnnac/templates/combine.lib.lua"
static __device__ __forceinline__ void add4(float *to, const float *from)
{
#line 64 "/gnnac/templates/combine.lib.lua"
#if __CUDA_ARCH__ >= 900
#line 68 "/gnnac/templates/combine.lib.lua"
    asm volatile("red.global.add.v4.f32 [%0], {%1, %2, %3, %4};"
                 :: "l"(to + 0), "f"(from[0]), "f"(from[1]),
                    "f"(from[2]), "f"(from[3]) : "memory");
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

#line 141 "/gnnac/templates/combine.lib.lua"
// Team: a row that is cut, whose pieces will be added to it.
#line 119 "/gnnac/templates/combine.lib.lua"
extern "C" __global__ void __launch_bounds__(128, 1)
gnnac_neighbor_group_f32_d64_p32_l16_w4_u4_b0_h0_c1_gcn_selfgcn_bias_relu(
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
    const int edge = lane / 16;
#line 290 "/gnnac/templates/lanes.lib.lua"
    const int at = lane % 16;
#line 309 "/gnnac/templates/lanes.lib.lua"
    const int c0 = at * 4 + 0;
#line 125 "/gnnac/templates/combine.lib.lua"
    const unsigned split = warp * 2 + edge;
#line 130 "/gnnac/templates/combine.lib.lua"
    if (split >= n_splits)
        return;
#line 133 "/gnnac/templates/combine.lib.lua"
    const int row = __ldg(split_row + split);
#line 143 "/gnnac/templates/combine.lib.lua"
    const float sum[4] = {};
    float *to = out + (long long)row * 64;
#line 442 "/gnnac/templates/lanes.lib.lua"
    store4(to + c0, &sum[0]);
}

#line 71 "/gnnac/templates/groups.lib.lua"
extern "C" __global__ void __launch_bounds__(128, 1)
gnnac_neighbor_group_f32_d64_p32_l16_w4_u4_b0_h0_c1_gcn_selfgcn_bias_relu_sum(
    float *out, const float *x, const int *colidx,
    const offset_t *part_ptr, const int *part_row, const float *self,
    const float *dinv, const float *bias, int n_parts)
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
#line 134 "/gnnac/templates/groups.lib.lua"
                const float w =
                    __shfl_sync(~0u, coef, base + k * 2 + edge);
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
#line 134 "/gnnac/templates/groups.lib.lua"
                const float w =
                    __shfl_sync(~0u, coef, base + k * 2 + edge);
#line 137 "/gnnac/templates/groups.lib.lua"
#pragma unroll
                for (int i = 0; i < 4; i++)
#line 140 "/gnnac/templates/groups.lib.lua"
                    sum[i] = fmaf(w, v[k][i], sum[i]);
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
#line 193 "/gnnac/templates/groups.lib.lua"
    const bool holds = row >= 0 && edge == 0;
#line 198 "/gnnac/templates/groups.lib.lua"
    if (holds && warp != leader)
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
#line 103 "/gnnac/templates/combine.lib.lua"
        float *to = out + (long long)row * 64;
#line 442 "/gnnac/templates/lanes.lib.lua"
    add4(to + c0, &sum[0]);
#line 24 "/gnnac/templates/combine.lib.lua"
        return;
    }
#line 51 "/gnnac/templates/epilogue.lib.lua"
    const float norm = __ldg(dinv + row);
#line 77 "/gnnac/templates/epilogue.lib.lua"
    const float *from = self + (long long)row * 64;
#line 109 "/gnnac/templates/epilogue.lib.lua"
    float own[4];
#line 71 "/gnnac/templates/epilogue.lib.lua"
    load4(&own[0], from + c0);
#line 122 "/gnnac/templates/epilogue.lib.lua"
    const float scale = norm;
#line 125 "/gnnac/templates/epilogue.lib.lua"
#pragma unroll
    for (int i = 0; i < 4; i++)
        sum[i] *= scale;
#line 133 "/gnnac/templates/epilogue.lib.lua"
    const float factor = norm * norm;
#line 137 "/gnnac/templates/epilogue.lib.lua"
#pragma unroll
    for (int i = 0; i < 4; i++)
#line 142 "/gnnac/templates/epilogue.lib.lua"
        sum[i] = fmaf(factor, own[i], sum[i]);
#line 146 "/gnnac/templates/epilogue.lib.lua"
    float shift[4];
#line 149 "/gnnac/templates/epilogue.lib.lua"
    load4(&shift[0], bias + c0);
#line 151 "/gnnac/templates/epilogue.lib.lua"
#pragma unroll
    for (int i = 0; i < 4; i++)
        sum[i] += shift[i];
#line 156 "/gnnac/templates/epilogue.lib.lua"
#pragma unroll
    for (int i = 0; i < 4; i++)
        sum[i] = sum[i] < 0.0f ? 0.0f : sum[i];
#line 171 "/gnnac/templates/epilogue.lib.lua"
    float *to = out + (long long)row * 64;
#line 442 "/gnnac/templates/lanes.lib.lua"
    store4(to + c0, &sum[0]);
}

#line 174 "/gnnac/templates/combine.lib.lua"
// Team: such a row, all of whose pieces were added.
#line 119 "/gnnac/templates/combine.lib.lua"
extern "C" __global__ void __launch_bounds__(128, 1)
gnnac_neighbor_group_f32_d64_p32_l16_w4_u4_b0_h0_c1_gcn_selfgcn_bias_relu_finish(
    float *out, const float *self, const float *dinv,
    const float *bias, const int *split_row, int n_splits)
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
    const int edge = lane / 16;
#line 290 "/gnnac/templates/lanes.lib.lua"
    const int at = lane % 16;
#line 309 "/gnnac/templates/lanes.lib.lua"
    const int c0 = at * 4 + 0;
#line 125 "/gnnac/templates/combine.lib.lua"
    const unsigned split = warp * 2 + edge;
#line 130 "/gnnac/templates/combine.lib.lua"
    if (split >= n_splits)
        return;
#line 133 "/gnnac/templates/combine.lib.lua"
    const int row = __ldg(split_row + split);
#line 176 "/gnnac/templates/combine.lib.lua"
    const float *added = out + (long long)row * 64;
#line 160 "/gnnac/templates/combine.lib.lua"
    float sum[4] = {};
#line 166 "/gnnac/templates/combine.lib.lua"
    read4(&sum[0], added + c0);
#line 51 "/gnnac/templates/epilogue.lib.lua"
    const float norm = __ldg(dinv + row);
#line 77 "/gnnac/templates/epilogue.lib.lua"
    const float *from = self + (long long)row * 64;
#line 109 "/gnnac/templates/epilogue.lib.lua"
    float own[4];
#line 71 "/gnnac/templates/epilogue.lib.lua"
    load4(&own[0], from + c0);
#line 122 "/gnnac/templates/epilogue.lib.lua"
    const float scale = norm;
#line 125 "/gnnac/templates/epilogue.lib.lua"
#pragma unroll
    for (int i = 0; i < 4; i++)
        sum[i] *= scale;
#line 133 "/gnnac/templates/epilogue.lib.lua"
    const float factor = norm * norm;
#line 137 "/gnnac/templates/epilogue.lib.lua"
#pragma unroll
    for (int i = 0; i < 4; i++)
#line 142 "/gnnac/templates/epilogue.lib.lua"
        sum[i] = fmaf(factor, own[i], sum[i]);
#line 146 "/gnnac/templates/epilogue.lib.lua"
    float shift[4];
#line 149 "/gnnac/templates/epilogue.lib.lua"
    load4(&shift[0], bias + c0);
#line 151 "/gnnac/templates/epilogue.lib.lua"
#pragma unroll
    for (int i = 0; i < 4; i++)
        sum[i] += shift[i];
#line 156 "/gnnac/templates/epilogue.lib.lua"
#pragma unroll
    for (int i = 0; i < 4; i++)
        sum[i] = sum[i] < 0.0f ? 0.0f : sum[i];
#line 171 "/gnnac/templates/epilogue.lib.lua"
    float *to = out + (long long)row * 64;
#line 442 "/gnnac/templates/lanes.lib.lua"
    store4(to + c0, &sum[0]);
}
