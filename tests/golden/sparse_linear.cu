// gnnac sparse_linear, from templates/sparse_linear.cu.lua
// x W^T of sparse x, perhaps dropped on the way: a row of it is the sum of rows of
// W^T, weighted by the row's entries. W is turned round first, so that such a row
// lies together; then a warp has a group of at most partSize entries of one row,
// as in neighbor_group.
// partSize=128 unroll=4 warpPerBlock=4
// f32 dim=16 x_pitch=16 out_pitch=16 drops=1 edges=stored norm=scaled self=none bias=0 act=none offset_bits=64
#line 10 "/gnnac/templates/train.lib.lua"
struct train_state {
    unsigned long long seed;
    long long step;
    double loss;
    unsigned drop_threshold;
    float drop_scale;
    unsigned attention_threshold;
    float attention_scale;
    int is_sgd;
    float lr, decay, shrink, beta1, beta2, epsilon;
    float step_lr, correct2;
};

#line 28 "/gnnac/templates/train.lib.lua"
static __device__ __forceinline__ unsigned long long mix(unsigned long long z)
{
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
}

static __device__ __forceinline__ unsigned long long
draw(unsigned long long stream, unsigned long long index)
{
    return mix(mix(stream) + (index + 1) * 0x9e3779b97f4a7c15ULL);
}

static __device__ __forceinline__ unsigned long long
dropout_stream(const train_state *state, int place)
{
    return draw(draw(state->seed, state->step), place);
}

static __device__ __forceinline__ float
dropped(const train_state *state, unsigned bits, float v)
{
    return (bits & 0xffff) >= state->drop_threshold ? state->drop_scale * v
                                                    : 0.0f;
}

#line 60 "/gnnac/templates/groups.lib.lua"
// Neighbours per warp: up to 128; teams per warp: 8;
// lanes per team: 4; columns per lane: 4.
#line 7 "/gnnac/templates/offsets.lib.lua"
typedef long long offset_t;

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

#line 31 "/gnnac/templates/sparse.lib.lua"
// What dropout leaves of an element's value; place < 0: it is not dropped. Rows
// begin with a draw of their own.
static __device__ __forceinline__ float
left_of(const train_state *state, int place, unsigned long long draws, int row,
        int column, float value)
{
    if (place < 0)
        return value;
    const unsigned long long bits =
        draw(dropout_stream(state, place), row * draws + column / 4);
    return dropped(state, (unsigned)(bits >> 16 * (column % 4)), value);
}

#line 44 "/gnnac/templates/sparse_linear.cu.lua"
// W^T, 32 columns of W at a time.
extern "C" __global__ void __launch_bounds__(256, 1)
gnnac_sparse_linear_f32_d16_p128_u4_w4_k1433_scaled_drops_edgesstored_x16_o64(
    float *weight_t, const float *weight)
{
#line 13 "/gnnac/templates/follow.lib.lua"
#if __CUDA_ARCH__ >= 900
    asm volatile("griddepcontrol.launch_dependents;\n\t"
                 "griddepcontrol.wait;" ::: "memory");
#endif
#line 49 "/gnnac/templates/sparse_linear.cu.lua"
    __shared__ float tile[32][33];
    const int at = threadIdx.x % 32;
#line 54 "/gnnac/templates/sparse_linear.cu.lua"
    const int first = 32 * blockIdx.y;
#line 56 "/gnnac/templates/sparse_linear.cu.lua"
    for (int base = 0; base < 16; base += 32) {
        for (int j = threadIdx.x / 32; j < 32; j += 8)
            if (base + j < 16 && first + at < 1433)
                tile[j][at] =
                    __ldg(weight + (long long)(base + j) * 1433 + first + at);
        __syncthreads();
        for (int k = threadIdx.x; k < 512; k += 256) {
            const int j = k % 16, c = k / 16;
            if (base + j < 16 && first + c < 1433)
                weight_t[(long long)(first + c) * 16 + base + j] =
                    tile[j][c];
        }
        __syncthreads();
    }
}

#line 71 "/gnnac/templates/groups.lib.lua"
extern "C" __global__ void __launch_bounds__(128, 1)
gnnac_sparse_linear_f32_d16_p128_u4_w4_k1433_scaled_drops_edgesstored_x16_o64_sum(
    float *out, float *weight_t, train_state *state,
    int place, const int *colidx, const offset_t *part_ptr,
    const int *part_row, const float *edge_values, const float *dinv,
    float *partial, int n_parts)
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
    const float *x0 = weight_t + c0;
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
#line 40 "/gnnac/templates/sparse_linear.cu.lua"
            coef = left_of(state, place, 359, row, id, value);
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
#line 51 "/gnnac/templates/epilogue.lib.lua"
    const float norm = __ldg(dinv + row);
#line 122 "/gnnac/templates/epilogue.lib.lua"
    const float scale = norm;
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
gnnac_sparse_linear_f32_d16_p128_u4_w4_k1433_scaled_drops_edgesstored_x16_o64_finish(
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
#line 51 "/gnnac/templates/epilogue.lib.lua"
    const float norm = __ldg(dinv + row);
#line 122 "/gnnac/templates/epilogue.lib.lua"
    const float scale = norm;
#line 125 "/gnnac/templates/epilogue.lib.lua"
#pragma unroll
    for (int i = 0; i < 4; i++)
        sum[i] *= scale;
#line 171 "/gnnac/templates/epilogue.lib.lua"
    float *to = out + (long long)row * 16;
#line 442 "/gnnac/templates/lanes.lib.lua"
    store4(to + c0, &sum[0]);
}
