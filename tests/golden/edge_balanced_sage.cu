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
// edgesPerWarp=100 dimWorker=11 vec=4 unroll=4 warpPerBlock=2
// f32 dim=33 x_pitch=36 out_pitch=33 self_pitch=36 norm=mean self=one bias=0 act=none offset_bits=64
#line 66 "/gnnac/templates/edge_balanced.cu.lua"
// Edges per team: up to 50; teams per warp: 2;
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

#line 80 "/gnnac/templates/edge_balanced.cu.lua"
extern "C" __global__ void __launch_bounds__(64, 1)
gnnac_edge_balanced_f32_d33_n100_l11_v4_u4_w2_mean_selfone_x36_s36_o64(
    float *out, const float *x, const offset_t *rowptr,
    const int *colidx, const offset_t *part_ptr, const int *part_row,
    const float *self, float *partial, int n_parts)
{
#line 13 "/gnnac/templates/follow.lib.lua"
#if __CUDA_ARCH__ >= 900
    asm volatile("griddepcontrol.launch_dependents;\n\t"
                 "griddepcontrol.wait;" ::: "memory");
#endif
#line 85 "/gnnac/templates/edge_balanced.cu.lua"
    __shared__ float heads[4][55];
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
#line 92 "/gnnac/templates/edge_balanced.cu.lua"
    const int place = threadIdx.x / 32 * 2 + edge;
#line 94 "/gnnac/templates/edge_balanced.cu.lua"
    const unsigned first = blockIdx.x * 4;
    const unsigned part = first + place;

    // Rows row .. last - 1 end in the range, which also holds `tail` edges of
    // the row `last`. `open`: the row at hand began in an earlier range.
    int row = 0, last = 0, left = 0, row_left = 0;
    offset_t row_end = 0, next_end = 0;
    bool open = false;
    const int *ids = colidx;
#line 106 "/gnnac/templates/edge_balanced.cu.lua"
    if (edge < 2 && part < n_parts) {
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
#line 121 "/gnnac/templates/edge_balanced.cu.lua"
    int degree = row_left;

#line 129 "/gnnac/templates/edge_balanced.cu.lua"
    int id[4];
#line 125 "/gnnac/templates/edge_balanced.cu.lua"
#pragma unroll
    for (int k = 0; k < 4; k++)
        id[k] = k < left ? __ldg(ids + k) : 0;
#line 131 "/gnnac/templates/edge_balanced.cu.lua"
    float sum[5] = {};
#pragma unroll 1
    while (row < last || left > 0) {
        const int n = min(row_left, 4);
        const bool ends = row < last && n == row_left;
        float v[4][5] = {};
#line 140 "/gnnac/templates/edge_balanced.cu.lua"
#pragma unroll
        for (int k = 0; k < 4; k++) {
            if (k >= n)
                continue;
            const long long u = (long long)id[k] * 36;
#line 349 "/gnnac/templates/lanes.lib.lua"
            load2(&v[k][0], x0 + u);
#line 349 "/gnnac/templates/lanes.lib.lua"
            load2(&v[k][2], x1 + u);
#line 349 "/gnnac/templates/lanes.lib.lua"
            load1(&v[k][4], x2 + u);
        }
#line 77 "/gnnac/templates/epilogue.lib.lua"
    const float *from = self + (long long)row * 36;
#line 106 "/gnnac/templates/epilogue.lib.lua"
    float own[5] = {};
    if (ends) {
#line 71 "/gnnac/templates/epilogue.lib.lua"
    load2(&own[0], from + c0);
#line 71 "/gnnac/templates/epilogue.lib.lua"
    load2(&own[2], from + c1);
#line 71 "/gnnac/templates/epilogue.lib.lua"
    load1(&own[4], from + c2);
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
            for (int i = 0; i < 5; i++)
#line 162 "/gnnac/templates/edge_balanced.cu.lua"
                sum[i] += v[k][i];
#line 164 "/gnnac/templates/edge_balanced.cu.lua"
        if (!ends)
            continue;
        if (!open) {
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
#line 169 "/gnnac/templates/edge_balanced.cu.lua"
        } else if (place > 0) {
#line 75 "/gnnac/templates/edge_balanced.cu.lua"
#pragma unroll
            for (int i = 0; i < 5; i++)
                heads[place][i * 11 + at] = sum[i];
#line 172 "/gnnac/templates/edge_balanced.cu.lua"
        } else {
#line 81 "/gnnac/templates/parts.lib.lua"
        float *to = partial + (2LL * blockIdx.x + 0) * 36;
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
        }
#line 183 "/gnnac/templates/edge_balanced.cu.lua"
        open = false;
        row++;
        row_left = row < last ? (int)(next_end - row_end) : left;
        tail = row < last ? 0 : left;
#line 188 "/gnnac/templates/edge_balanced.cu.lua"
        degree = row_left;
#line 190 "/gnnac/templates/edge_balanced.cu.lua"
        row_end = next_end;
        if (row + 1 < last)
            next_end = __ldg(rowptr + row + 2);
#pragma unroll
        for (int i = 0; i < 5; i++)
            sum[i] = 0.0f;
    }

#line 199 "/gnnac/templates/edge_balanced.cu.lua"
    const bool follows = open && place > 0;
    if (tail > 0 && follows) {
#line 75 "/gnnac/templates/edge_balanced.cu.lua"
#pragma unroll
            for (int i = 0; i < 5; i++)
                heads[place][i * 11 + at] = sum[i];
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
            n += q + k < 4 && first + q + k < n_parts &&
                 __ldg(part_row + first + q + k) == row;
#pragma unroll
        for (int k = 0; k < 4; k++) {
            if (k >= n)
                continue;
#pragma unroll
            for (int i = 0; i < 5; i++)
                sum[i] += heads[q + k][i * 11 + at];
        }
    }
#line 228 "/gnnac/templates/edge_balanced.cu.lua"
    const bool goes_on = first + 4 < n_parts &&
                         __ldg(part_row + first + 4) == row;
    const bool begins = !open;
    if (!begins || goes_on) {
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
#line 236 "/gnnac/templates/edge_balanced.cu.lua"
    degree = (int)(__ldg(rowptr + row + 1) - __ldg(rowptr + row));
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
gnnac_edge_balanced_f32_d33_n100_l11_v4_u4_w2_mean_selfone_x36_s36_o64_finish(
    float *out, float *partial, const offset_t *rowptr,
    const float *self, const int *split_row, const int *split_first,
    const int *split_last, int n_splits)
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
