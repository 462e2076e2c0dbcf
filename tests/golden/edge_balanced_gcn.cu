// gnnac aggregate, from templates/edge_balanced.cu.lua
// Equal edges for every team of dimWorker lanes, however long rows are. A
// team walks over a range of edges, row by row, and writes each row as it
// ends. The runtime cuts the ranges (runtime/cuda/parts.h), which costs one round
// of loads here, where a search would cost one for each bit of the number of
// rows: the first neighbour is three dependent loads away (range, id, row of
// x), as in row_split, and each batch one from the next, since the ids, the
// row's end and what the epilogue reads are asked for early. Ranges end with
// a row unless it is long. The sums of a longer one are added in the block
// through shared memory, across blocks by a second kernel in block order, so that
// results repeat bit by bit (combine=1: atomics, they do not). Meant for short rows around long ones.
// edgesPerWarp=256 dimWorker=16 vec=4 unroll=4 warpPerBlock=4
// f32 dim=64 x_pitch=64 out_pitch=64 self_pitch=64 norm=gcn self=gcn bias=1 act=relu offset_bits=32
#line 66 "/gnnac/templates/edge_balanced.cu.lua"
// Edges per team: up to 128; teams per warp: 2;
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

#line 80 "/gnnac/templates/edge_balanced.cu.lua"
extern "C" __global__ void __launch_bounds__(128, 1)
gnnac_edge_balanced_f32_d64_n256_l16_v4_u4_w4_gcn_selfgcn_bias_relu(
    float *out, const float *x, const offset_t *rowptr,
    const int *colidx, const offset_t *part_ptr, const int *part_row,
    const float *self, const float *dinv, const float *bias,
    float *partial, int n_parts)
{
#line 13 "/gnnac/templates/follow.lib.lua"
#if __CUDA_ARCH__ >= 900
    asm volatile("griddepcontrol.launch_dependents;\n\t"
                 "griddepcontrol.wait;" ::: "memory");
#endif
#line 85 "/gnnac/templates/edge_balanced.cu.lua"
    __shared__ float heads[8][64];
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
#line 92 "/gnnac/templates/edge_balanced.cu.lua"
    const int place = threadIdx.x / 32 * 2 + edge;
#line 94 "/gnnac/templates/edge_balanced.cu.lua"
    const unsigned first = blockIdx.x * 8;
    const unsigned part = first + place;

    // Rows row .. last - 1 end in the range, which also holds `tail` edges of
    // the row `last`. `open`: the row at hand began in an earlier range.
    int row = 0, last = 0, left = 0, row_left = 0;
    offset_t row_end = 0, next_end = 0;
    bool open = false;
    const int *ids = colidx;
#line 104 "/gnnac/templates/edge_balanced.cu.lua"
    if (part < n_parts) {
#line 108 "/gnnac/templates/edge_balanced.cu.lua"
        row = __ldg(part_row + part);
        last = __ldg(part_row + part + 1);
        const offset_t begin = __ldg(part_ptr + part);
        left = (int)(__ldg(part_ptr + part + 1) - begin);
        ids += begin;
        open = begin > __ldg(rowptr + row);
        row_end = __ldg(rowptr + row + 1);
        row_left = row < last ? (int)(row_end - begin) : left;
        if (row + 1 < last)
            next_end = __ldg(rowptr + row + 2);
    }
    int tail = row < last ? 0 : left;

#line 129 "/gnnac/templates/edge_balanced.cu.lua"
    int id[4];
#line 125 "/gnnac/templates/edge_balanced.cu.lua"
#pragma unroll
    for (int k = 0; k < 4; k++)
        id[k] = k < left ? __ldg(ids + k) : 0;
#line 131 "/gnnac/templates/edge_balanced.cu.lua"
    float sum[4] = {};
#pragma unroll 1
    while (row < last || left > 0) {
        const int n = min(row_left, 4);
        const bool ends = row < last && n == row_left;
        float v[4][4] = {};
#line 138 "/gnnac/templates/edge_balanced.cu.lua"
        float coef[4] = {};
#line 140 "/gnnac/templates/edge_balanced.cu.lua"
#pragma unroll
        for (int k = 0; k < 4; k++) {
            if (k >= n)
                continue;
            const long long u = (long long)id[k] * 64;
#line 146 "/gnnac/templates/edge_balanced.cu.lua"
            coef[k] = __ldg(dinv + id[k]);
#line 349 "/gnnac/templates/lanes.lib.lua"
            load4(&v[k][0], x0 + u);
        }
#line 49 "/gnnac/templates/epilogue.lib.lua"
    const float norm = ends ? __ldg(dinv + row) : 0.0f;
#line 77 "/gnnac/templates/epilogue.lib.lua"
    const float *from = self + (long long)row * 64;
#line 106 "/gnnac/templates/epilogue.lib.lua"
    float own[4] = {};
    if (ends) {
#line 71 "/gnnac/templates/epilogue.lib.lua"
    load4(&own[0], from + c0);
    }
#line 151 "/gnnac/templates/edge_balanced.cu.lua"
        ids += n;
        left -= n;
        row_left -= n;
#line 125 "/gnnac/templates/edge_balanced.cu.lua"
#pragma unroll
    for (int k = 0; k < 4; k++)
        id[k] = k < left ? __ldg(ids + k) : 0;
#line 155 "/gnnac/templates/edge_balanced.cu.lua"
#pragma unroll
        for (int k = 0; k < 4; k++)
#pragma unroll
            for (int i = 0; i < 4; i++)
#line 160 "/gnnac/templates/edge_balanced.cu.lua"
                sum[i] = fmaf(coef[k], v[k][i], sum[i]);
#line 164 "/gnnac/templates/edge_balanced.cu.lua"
        if (!ends)
            continue;
        if (!open) {
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
#line 169 "/gnnac/templates/edge_balanced.cu.lua"
        } else if (place > 0) {
#line 75 "/gnnac/templates/edge_balanced.cu.lua"
#pragma unroll
            for (int i = 0; i < 4; i++)
                heads[place][i * 16 + at] = sum[i];
#line 172 "/gnnac/templates/edge_balanced.cu.lua"
        } else {
#line 81 "/gnnac/templates/parts.lib.lua"
        float *to = partial + (2LL * blockIdx.x + 0) * 64;
#line 442 "/gnnac/templates/lanes.lib.lua"
    store4(to + c0, &sum[0]);
        }
#line 183 "/gnnac/templates/edge_balanced.cu.lua"
        open = false;
        row++;
        row_left = row < last ? (int)(next_end - row_end) : left;
        tail = row < last ? 0 : left;
#line 190 "/gnnac/templates/edge_balanced.cu.lua"
        row_end = next_end;
        if (row + 1 < last)
            next_end = __ldg(rowptr + row + 2);
#pragma unroll
        for (int i = 0; i < 4; i++)
            sum[i] = 0.0f;
    }

#line 199 "/gnnac/templates/edge_balanced.cu.lua"
    const bool follows = open && place > 0;
    if (tail > 0 && follows) {
#line 75 "/gnnac/templates/edge_balanced.cu.lua"
#pragma unroll
            for (int i = 0; i < 4; i++)
                heads[place][i * 16 + at] = sum[i];
    }
#line 203 "/gnnac/templates/edge_balanced.cu.lua"
    __syncthreads();
    if (tail == 0 || follows)
        return;

    // The row goes on in the ranges behind that begin with it.
#pragma unroll 1
    for (int q = place + 1, n = 4; n == 4; q += 4) {
        n = 0;
#pragma unroll
        for (int k = 0; k < 4; k++)
            n += q + k < 8 && first + q + k < n_parts &&
                 __ldg(part_row + first + q + k) == row;
#pragma unroll
        for (int k = 0; k < 4; k++) {
            if (k >= n)
                continue;
#pragma unroll
            for (int i = 0; i < 4; i++)
                sum[i] += heads[q + k][i * 16 + at];
        }
    }
#line 228 "/gnnac/templates/edge_balanced.cu.lua"
    const bool goes_on = first + 8 < n_parts &&
                         __ldg(part_row + first + 8) == row;
    const bool begins = !open;
    if (!begins || goes_on) {
#line 81 "/gnnac/templates/parts.lib.lua"
        float *to = partial + (2LL * blockIdx.x + begins) * 64;
#line 442 "/gnnac/templates/lanes.lib.lua"
    store4(to + c0, &sum[0]);
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

#line 124 "/gnnac/templates/parts.lib.lua"
// Warp: a row that crosses blocks; teams take turns at its partial sums.
#line 126 "/gnnac/templates/parts.lib.lua"
extern "C" __global__ void __launch_bounds__(128, 1)
gnnac_edge_balanced_f32_d64_n256_l16_v4_u4_w4_gcn_selfgcn_bias_relu_finish(
    float *out, float *partial, const float *self,
    const float *dinv, const float *bias, const int *split_row,
    const int *split_first, const int *split_last, int n_splits)
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
    const int edge = lane / 16;
#line 290 "/gnnac/templates/lanes.lib.lua"
    const int at = lane % 16;
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
    for (int base = edge; base < n; base += 8) {
        float v[4][4] = {};
#pragma unroll
        for (int k = 0; k < 4; k++) {
            const int b = base + k * 2;
            if (b >= n)
                continue;
#line 115 "/gnnac/templates/parts.lib.lua"
            // The row's first block wrote slot 2b + 1, the others slot 2b.
            const long long slot = 2LL * (first + b) + (b == 0);
            const long long u = slot * 64;
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
    for (int step = 1; step > 0; step /= 2) {
#pragma unroll
        for (int i = 0; i < 4; i++) {
            const float more =
                __shfl_down_sync(~0u, sum[i], step * 16);
#line 464 "/gnnac/templates/lanes.lib.lua"
            sum[i] += more;
        }
    }

#line 144 "/gnnac/templates/parts.lib.lua"
    if (edge > 0)
        return;
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
