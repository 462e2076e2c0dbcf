// gnnac sparse_weight_grad, from templates/sparse_weight_grad.cu.lua
// The gradient x^T g of a product's weight, of sparse x by columns: a column of
// the weight's is the sum of rows of g, weighted by the column's entries, which
// dropout left as it did in the product. A warp has a group of at most partSize
// entries of one column, as in neighbor_group: no atomics, the same bits every
// time.
// partSize=256 unroll=4 warpPerBlock=4
// f32 dim=22 x_pitch=24 out_pitch=22 drops=1 edges=stored norm=none self=none bias=0 act=none offset_bits=64
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
// Neighbours per warp: up to 256; teams per warp: 4;
// lanes per team: 8; columns per lane: 4.
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
static __device__ __forceinline__ void store2(float *to, const float *from)
{
#line 202 "/gnnac/templates/lanes.lib.lua"
    *(float2 *)(to + 0) = make_float2(from[0], from[1]);
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

#line 71 "/gnnac/templates/groups.lib.lua"
extern "C" __global__ void __launch_bounds__(128, 1)
gnnac_sparse_weight_grad_f32_d22_p256_u4_w4_drops_edgesstored_x24_o64(
    float *grad, const float *x, int n_rows,
    train_state *state, int place, const int *colidx,
    const offset_t *part_ptr, const int *part_row, const float *edge_values,
    float *partial, int n_parts)
{
#line 13 "/gnnac/templates/follow.lib.lua"
#if __CUDA_ARCH__ >= 900
    asm volatile("griddepcontrol.launch_dependents;\n\t"
                 "griddepcontrol.wait;" ::: "memory");
#endif
#line 76 "/gnnac/templates/groups.lib.lua"
    __shared__ float sums[4][32];
    const int warp = threadIdx.x / 32;
#line 68 "/gnnac/templates/parts.lib.lua"
    const int lane = threadIdx.x % 32;
#line 72 "/gnnac/templates/parts.lib.lua"
    const int edge = lane / 8;
#line 290 "/gnnac/templates/lanes.lib.lua"
    const int at = lane % 8;
#line 309 "/gnnac/templates/lanes.lib.lua"
    const int c0 = at * 2 + 0;
#line 311 "/gnnac/templates/lanes.lib.lua"
    const int c1 = min(at * 2 + 16, 20);
#line 333 "/gnnac/templates/lanes.lib.lua"
    const float *x0 = x + c0;
    asm("" : "+l"(x0));
#line 333 "/gnnac/templates/lanes.lib.lua"
    const float *x1 = x + c1;
    asm("" : "+l"(x1));

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
#line 30 "/gnnac/templates/sparse_weight_grad.cu.lua"
            coef = left_of(state, place, (n_rows + 3LL) / 4, id, row, value);
        }
#line 169 "/gnnac/templates/groups.lib.lua"
        int base = 0;
#line 171 "/gnnac/templates/groups.lib.lua"
#pragma unroll 1
        for (; base + 16 <= n; base += 16) {
#line 117 "/gnnac/templates/groups.lib.lua"
            float v[4][4] = {};
            int ids_k[4];
#pragma unroll
            for (int k = 0; k < 4; k++)
                ids_k[k] = __shfl_sync(~0u, id, base + k * 4 + edge);
#pragma unroll
            for (int k = 0; k < 4; k++) {
#line 128 "/gnnac/templates/groups.lib.lua"
                const long long u = (long long)ids_k[k] * 24;
#line 349 "/gnnac/templates/lanes.lib.lua"
            load2(&v[k][0], x0 + u);
#line 349 "/gnnac/templates/lanes.lib.lua"
            load2(&v[k][2], x1 + u);
            }
#line 131 "/gnnac/templates/groups.lib.lua"
#pragma unroll
            for (int k = 0; k < 4; k++) {
#line 134 "/gnnac/templates/groups.lib.lua"
                const float w =
                    __shfl_sync(~0u, coef, base + k * 4 + edge);
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
                ids_k[k] = __shfl_sync(~0u, id, base + k * 4 + edge);
#pragma unroll
            for (int k = 0; k < 4; k++) {
#line 125 "/gnnac/templates/groups.lib.lua"
                if (base + k * 4 + edge >= n)
                    continue;
#line 128 "/gnnac/templates/groups.lib.lua"
                const long long u = (long long)ids_k[k] * 24;
#line 349 "/gnnac/templates/lanes.lib.lua"
            load2(&v[k][0], x0 + u);
#line 349 "/gnnac/templates/lanes.lib.lua"
            load2(&v[k][2], x1 + u);
            }
#line 131 "/gnnac/templates/groups.lib.lua"
#pragma unroll
            for (int k = 0; k < 4; k++) {
#line 134 "/gnnac/templates/groups.lib.lua"
                const float w =
                    __shfl_sync(~0u, coef, base + k * 4 + edge);
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
    for (int step = 2; step > 0; step /= 2) {
#pragma unroll
        for (int i = 0; i < 4; i++) {
            const float more =
                __shfl_down_sync(~0u, sum[i], step * 8);
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
            sums[warp][i * 8 + at] = sum[i];
    __syncthreads();
    if (!holds || warp != leader)
        return;
    const int end = warp + __popc(same);
#pragma unroll 1
    for (int w = warp + 1; w < end; w++)
#pragma unroll
        for (int i = 0; i < 4; i++)
            sum[i] += sums[w][i * 8 + at];

    const bool begins = warp > 0 || first == 0 ||
                        __ldg(part_row + first - 1) != row;
    const bool ends = end < 4 ||
                      first + 4 >= n_parts ||
                      __ldg(part_row + first + 4) != row;
#line 226 "/gnnac/templates/groups.lib.lua"
    if (!begins || !ends) {
#line 81 "/gnnac/templates/parts.lib.lua"
        float *to = partial + (2LL * blockIdx.x + begins) * 24;
#line 442 "/gnnac/templates/lanes.lib.lua"
    store2(to + c0, &sum[0]);
#line 425 "/gnnac/templates/lanes.lib.lua"
    if (at * 2 + 16 < 22)
#line 440 "/gnnac/templates/lanes.lib.lua"
        store2(to + c1, &sum[2]);
#line 24 "/gnnac/templates/combine.lib.lua"
        return;
    }
#line 35 "/gnnac/templates/sparse_weight_grad.cu.lua"
    float *to = grad + row;
#line 38 "/gnnac/templates/sparse_weight_grad.cu.lua"
#pragma unroll
    for (int i = 0; i < 2; i++)
        to[(long long)(c0 + i) * n_rows] = sum[0 + i];
#line 425 "/gnnac/templates/lanes.lib.lua"
    if (at * 2 + 16 < 22)
#line 38 "/gnnac/templates/sparse_weight_grad.cu.lua"
#pragma unroll
    for (int i = 0; i < 2; i++)
        to[(long long)(c1 + i) * n_rows] = sum[2 + i];
}

#line 124 "/gnnac/templates/parts.lib.lua"
// Warp: a row that crosses blocks; teams take turns at its partial sums.
#line 126 "/gnnac/templates/parts.lib.lua"
extern "C" __global__ void __launch_bounds__(128, 1)
gnnac_sparse_weight_grad_f32_d22_p256_u4_w4_drops_edgesstored_x24_o64_finish(
    float *grad, float *partial, int n_rows,
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
    const int edge = lane / 8;
#line 290 "/gnnac/templates/lanes.lib.lua"
    const int at = lane % 8;
#line 309 "/gnnac/templates/lanes.lib.lua"
    const int c0 = at * 2 + 0;
#line 311 "/gnnac/templates/lanes.lib.lua"
    const int c1 = min(at * 2 + 16, 20);
#line 333 "/gnnac/templates/lanes.lib.lua"
    const float *x0 = partial + c0;
    asm("" : "+l"(x0));
#line 333 "/gnnac/templates/lanes.lib.lua"
    const float *x1 = partial + c1;
    asm("" : "+l"(x1));
#line 135 "/gnnac/templates/parts.lib.lua"
    const int row = __ldg(split_row + split);
    const int first = __ldg(split_first + split);
    const int n = __ldg(split_last + split) - first + 1;

    float sum[4] = {};
#line 88 "/gnnac/templates/parts.lib.lua"
#pragma unroll 1
    for (int base = edge; base < n; base += 16) {
        float v[4][4] = {};
#pragma unroll
        for (int k = 0; k < 4; k++) {
            const int b = base + k * 4;
            if (b >= n)
                continue;
#line 115 "/gnnac/templates/parts.lib.lua"
            // The row's first block wrote slot 2b + 1, the others slot 2b.
            const long long slot = 2LL * (first + b) + (b == 0);
            const long long u = slot * 24;
#line 349 "/gnnac/templates/lanes.lib.lua"
            load2(&v[k][0], x0 + u);
#line 349 "/gnnac/templates/lanes.lib.lua"
            load2(&v[k][2], x1 + u);
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
    for (int step = 2; step > 0; step /= 2) {
#pragma unroll
        for (int i = 0; i < 4; i++) {
            const float more =
                __shfl_down_sync(~0u, sum[i], step * 8);
#line 464 "/gnnac/templates/lanes.lib.lua"
            sum[i] += more;
        }
    }

#line 144 "/gnnac/templates/parts.lib.lua"
    if (edge > 0)
        return;
#line 35 "/gnnac/templates/sparse_weight_grad.cu.lua"
    float *to = grad + row;
#line 38 "/gnnac/templates/sparse_weight_grad.cu.lua"
#pragma unroll
    for (int i = 0; i < 2; i++)
        to[(long long)(c0 + i) * n_rows] = sum[0 + i];
#line 425 "/gnnac/templates/lanes.lib.lua"
    if (at * 2 + 16 < 22)
#line 38 "/gnnac/templates/sparse_weight_grad.cu.lua"
#pragma unroll
    for (int i = 0; i < 2; i++)
        to[(long long)(c1 + i) * n_rows] = sum[2 + i];
}
