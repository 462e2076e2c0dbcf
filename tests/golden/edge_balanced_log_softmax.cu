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
// edgesPerWarp=64 dimWorker=2 vec=4 unroll=4 warpPerBlock=4
// f32 dim=7 x_pitch=8 out_pitch=7 self_pitch=8 tail=log_softmax tail_dim=0 norm=scaled self=scaled bias=1 act=none offset_bits=32
#line 66 "/gnnac/templates/edge_balanced.cu.lua"
// Edges per team: up to 4; teams per warp: 16;
// lanes per team: 2; columns per lane: 6.
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
static __device__ __forceinline__ void load1(float *to, const float *from)
{
#line 206 "/gnnac/templates/lanes.lib.lua"
    to[0] = __ldg(from + 0);
}

#line 261 "/gnnac/templates/lanes.lib.lua"
static __device__ __forceinline__ void store4(float *to, const float *from)
{
#line 197 "/gnnac/templates/lanes.lib.lua"
    *(float4 *)to = make_float4(from[0], from[1], from[2], from[3]);
}

#line 261 "/gnnac/templates/lanes.lib.lua"
static __device__ __forceinline__ void store1(float *to, const float *from)
{
#line 204 "/gnnac/templates/lanes.lib.lua"
    to[0] = from[0];
}

#line 261 "/gnnac/templates/lanes.lib.lua"
static __device__ __forceinline__ void store4x1(float *to, const float *from)
{
#line 204 "/gnnac/templates/lanes.lib.lua"
    to[0] = from[0];
#line 204 "/gnnac/templates/lanes.lib.lua"
    to[1] = from[1];
#line 204 "/gnnac/templates/lanes.lib.lua"
    to[2] = from[2];
#line 204 "/gnnac/templates/lanes.lib.lua"
    to[3] = from[3];
}

#line 80 "/gnnac/templates/edge_balanced.cu.lua"
extern "C" __global__ void __launch_bounds__(128, 1)
gnnac_edge_balanced_f32_d7_n64_l2_v4_u4_w4_scaled_selfscaled_bias_log_softmax_x8_s8(
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
    __shared__ float heads[64][12];
#line 68 "/gnnac/templates/parts.lib.lua"
    const int lane = threadIdx.x % 32;
#line 72 "/gnnac/templates/parts.lib.lua"
    const int edge = lane / 2;
#line 290 "/gnnac/templates/lanes.lib.lua"
    const int at = lane % 2;
#line 311 "/gnnac/templates/lanes.lib.lua"
    const int c0 = min(at * 4 + 0, 0);
#line 301 "/gnnac/templates/lanes.lib.lua"
    const int c1 = 4 + at;
#line 303 "/gnnac/templates/lanes.lib.lua"
    const int c2 = 4 + min(at + 2, 2);
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
    const int place = threadIdx.x / 32 * 16 + edge;
#line 94 "/gnnac/templates/edge_balanced.cu.lua"
    const unsigned first = blockIdx.x * 64;
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
    float sum[6] = {};
#pragma unroll 1
    while (row < last || left > 0) {
        const int n = min(row_left, 4);
        const bool ends = row < last && n == row_left;
        float v[4][6] = {};
#line 140 "/gnnac/templates/edge_balanced.cu.lua"
#pragma unroll
        for (int k = 0; k < 4; k++) {
            if (k >= n)
                continue;
            const long long u = (long long)id[k] * 8;
#line 349 "/gnnac/templates/lanes.lib.lua"
            load4(&v[k][0], x0 + u);
#line 349 "/gnnac/templates/lanes.lib.lua"
            load1(&v[k][4], x1 + u);
#line 349 "/gnnac/templates/lanes.lib.lua"
            load1(&v[k][5], x2 + u);
        }
#line 49 "/gnnac/templates/epilogue.lib.lua"
    const float norm = ends ? __ldg(dinv + row) : 0.0f;
#line 77 "/gnnac/templates/epilogue.lib.lua"
    const float *from = self + (long long)row * 8;
#line 106 "/gnnac/templates/epilogue.lib.lua"
    float own[6] = {};
    if (ends) {
#line 71 "/gnnac/templates/epilogue.lib.lua"
    load4(&own[0], from + c0);
#line 71 "/gnnac/templates/epilogue.lib.lua"
    load1(&own[4], from + c1);
#line 71 "/gnnac/templates/epilogue.lib.lua"
    load1(&own[5], from + c2);
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
            for (int i = 0; i < 6; i++)
#line 162 "/gnnac/templates/edge_balanced.cu.lua"
                sum[i] += v[k][i];
#line 164 "/gnnac/templates/edge_balanced.cu.lua"
        if (!ends)
            continue;
        if (!open) {
#line 122 "/gnnac/templates/epilogue.lib.lua"
    const float scale = norm;
#line 125 "/gnnac/templates/epilogue.lib.lua"
#pragma unroll
    for (int i = 0; i < 6; i++)
        sum[i] *= scale;
#line 135 "/gnnac/templates/epilogue.lib.lua"
    const float factor = norm;
#line 137 "/gnnac/templates/epilogue.lib.lua"
#pragma unroll
    for (int i = 0; i < 6; i++)
#line 142 "/gnnac/templates/epilogue.lib.lua"
        sum[i] = fmaf(factor, own[i], sum[i]);
#line 146 "/gnnac/templates/epilogue.lib.lua"
    float shift[6];
#line 149 "/gnnac/templates/epilogue.lib.lua"
    load4(&shift[0], bias + c0);
#line 149 "/gnnac/templates/epilogue.lib.lua"
    load1(&shift[4], bias + c1);
#line 149 "/gnnac/templates/epilogue.lib.lua"
    load1(&shift[5], bias + c2);
#line 151 "/gnnac/templates/epilogue.lib.lua"
#pragma unroll
    for (int i = 0; i < 6; i++)
        sum[i] += shift[i];
    {
#line 364 "/gnnac/templates/lanes.lib.lua"
        const unsigned team = 3u << (lane - at);
#line 30 "/gnnac/templates/tail.lib.lua"
        float top = __int_as_float(0xff800000), total = 0.0f;
#line 397 "/gnnac/templates/lanes.lib.lua"
        if (at * 4 + 0 >= 4) {
#line 401 "/gnnac/templates/lanes.lib.lua"
            sum[0] = __int_as_float(0xff800000);
#line 401 "/gnnac/templates/lanes.lib.lua"
            sum[1] = __int_as_float(0xff800000);
#line 401 "/gnnac/templates/lanes.lib.lua"
            sum[2] = __int_as_float(0xff800000);
#line 401 "/gnnac/templates/lanes.lib.lua"
            sum[3] = __int_as_float(0xff800000);
        }
#line 395 "/gnnac/templates/lanes.lib.lua"
        if (at + 2 >= 3) {
#line 401 "/gnnac/templates/lanes.lib.lua"
            sum[5] = __int_as_float(0xff800000);
        }
#line 32 "/gnnac/templates/tail.lib.lua"
#pragma unroll
        for (int i = 0; i < 6; i++)
            top = fmaxf(top, sum[i]);
#line 380 "/gnnac/templates/lanes.lib.lua"
#pragma unroll
        for (int step = 1; step >= 1; step /= 2)
#line 383 "/gnnac/templates/lanes.lib.lua"
            top = fmaxf(top, __shfl_xor_sync(team, top, step));
#line 36 "/gnnac/templates/tail.lib.lua"
#pragma unroll
        for (int i = 0; i < 6; i++)
            total += expf(sum[i] - top);
#line 380 "/gnnac/templates/lanes.lib.lua"
#pragma unroll
        for (int step = 1; step >= 1; step /= 2)
#line 385 "/gnnac/templates/lanes.lib.lua"
            total += __shfl_xor_sync(team, total, step);
#line 40 "/gnnac/templates/tail.lib.lua"
        const float shift = logf(total);
#pragma unroll
        for (int i = 0; i < 6; i++)
            sum[i] = sum[i] - top - shift;
    }
#line 171 "/gnnac/templates/epilogue.lib.lua"
    float *to = out + (long long)row * 7;
#line 425 "/gnnac/templates/lanes.lib.lua"
    if (at * 4 + 0 < 4)
#line 440 "/gnnac/templates/lanes.lib.lua"
        store4x1(to + c0, &sum[0]);
#line 442 "/gnnac/templates/lanes.lib.lua"
    store1(to + c1, &sum[4]);
#line 421 "/gnnac/templates/lanes.lib.lua"
    if (at + 2 < 3)
#line 440 "/gnnac/templates/lanes.lib.lua"
        store1(to + c2, &sum[5]);
#line 169 "/gnnac/templates/edge_balanced.cu.lua"
        } else if (place > 0) {
#line 75 "/gnnac/templates/edge_balanced.cu.lua"
#pragma unroll
            for (int i = 0; i < 6; i++)
                heads[place][i * 2 + at] = sum[i];
#line 172 "/gnnac/templates/edge_balanced.cu.lua"
        } else {
#line 81 "/gnnac/templates/parts.lib.lua"
        float *to = partial + (2LL * blockIdx.x + 0) * 8;
#line 425 "/gnnac/templates/lanes.lib.lua"
    if (at * 4 + 0 < 4)
#line 440 "/gnnac/templates/lanes.lib.lua"
        store4(to + c0, &sum[0]);
#line 442 "/gnnac/templates/lanes.lib.lua"
    store1(to + c1, &sum[4]);
#line 421 "/gnnac/templates/lanes.lib.lua"
    if (at + 2 < 3)
#line 440 "/gnnac/templates/lanes.lib.lua"
        store1(to + c2, &sum[5]);
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
        for (int i = 0; i < 6; i++)
            sum[i] = 0.0f;
    }

#line 199 "/gnnac/templates/edge_balanced.cu.lua"
    const bool follows = open && place > 0;
    if (tail > 0 && follows) {
#line 75 "/gnnac/templates/edge_balanced.cu.lua"
#pragma unroll
            for (int i = 0; i < 6; i++)
                heads[place][i * 2 + at] = sum[i];
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
            n += q + k < 64 && first + q + k < n_parts &&
                 __ldg(part_row + first + q + k) == row;
#pragma unroll
        for (int k = 0; k < 4; k++) {
            if (k >= n)
                continue;
#pragma unroll
            for (int i = 0; i < 6; i++)
                sum[i] += heads[q + k][i * 2 + at];
        }
    }
#line 228 "/gnnac/templates/edge_balanced.cu.lua"
    const bool goes_on = first + 64 < n_parts &&
                         __ldg(part_row + first + 64) == row;
    const bool begins = !open;
    if (!begins || goes_on) {
#line 81 "/gnnac/templates/parts.lib.lua"
        float *to = partial + (2LL * blockIdx.x + begins) * 8;
#line 425 "/gnnac/templates/lanes.lib.lua"
    if (at * 4 + 0 < 4)
#line 440 "/gnnac/templates/lanes.lib.lua"
        store4(to + c0, &sum[0]);
#line 442 "/gnnac/templates/lanes.lib.lua"
    store1(to + c1, &sum[4]);
#line 421 "/gnnac/templates/lanes.lib.lua"
    if (at + 2 < 3)
#line 440 "/gnnac/templates/lanes.lib.lua"
        store1(to + c2, &sum[5]);
#line 24 "/gnnac/templates/combine.lib.lua"
        return;
    }
#line 51 "/gnnac/templates/epilogue.lib.lua"
    const float norm = __ldg(dinv + row);
#line 77 "/gnnac/templates/epilogue.lib.lua"
    const float *from = self + (long long)row * 8;
#line 109 "/gnnac/templates/epilogue.lib.lua"
    float own[6];
#line 71 "/gnnac/templates/epilogue.lib.lua"
    load4(&own[0], from + c0);
#line 71 "/gnnac/templates/epilogue.lib.lua"
    load1(&own[4], from + c1);
#line 71 "/gnnac/templates/epilogue.lib.lua"
    load1(&own[5], from + c2);
#line 122 "/gnnac/templates/epilogue.lib.lua"
    const float scale = norm;
#line 125 "/gnnac/templates/epilogue.lib.lua"
#pragma unroll
    for (int i = 0; i < 6; i++)
        sum[i] *= scale;
#line 135 "/gnnac/templates/epilogue.lib.lua"
    const float factor = norm;
#line 137 "/gnnac/templates/epilogue.lib.lua"
#pragma unroll
    for (int i = 0; i < 6; i++)
#line 142 "/gnnac/templates/epilogue.lib.lua"
        sum[i] = fmaf(factor, own[i], sum[i]);
#line 146 "/gnnac/templates/epilogue.lib.lua"
    float shift[6];
#line 149 "/gnnac/templates/epilogue.lib.lua"
    load4(&shift[0], bias + c0);
#line 149 "/gnnac/templates/epilogue.lib.lua"
    load1(&shift[4], bias + c1);
#line 149 "/gnnac/templates/epilogue.lib.lua"
    load1(&shift[5], bias + c2);
#line 151 "/gnnac/templates/epilogue.lib.lua"
#pragma unroll
    for (int i = 0; i < 6; i++)
        sum[i] += shift[i];
    {
#line 364 "/gnnac/templates/lanes.lib.lua"
        const unsigned team = 3u << (lane - at);
#line 30 "/gnnac/templates/tail.lib.lua"
        float top = __int_as_float(0xff800000), total = 0.0f;
#line 397 "/gnnac/templates/lanes.lib.lua"
        if (at * 4 + 0 >= 4) {
#line 401 "/gnnac/templates/lanes.lib.lua"
            sum[0] = __int_as_float(0xff800000);
#line 401 "/gnnac/templates/lanes.lib.lua"
            sum[1] = __int_as_float(0xff800000);
#line 401 "/gnnac/templates/lanes.lib.lua"
            sum[2] = __int_as_float(0xff800000);
#line 401 "/gnnac/templates/lanes.lib.lua"
            sum[3] = __int_as_float(0xff800000);
        }
#line 395 "/gnnac/templates/lanes.lib.lua"
        if (at + 2 >= 3) {
#line 401 "/gnnac/templates/lanes.lib.lua"
            sum[5] = __int_as_float(0xff800000);
        }
#line 32 "/gnnac/templates/tail.lib.lua"
#pragma unroll
        for (int i = 0; i < 6; i++)
            top = fmaxf(top, sum[i]);
#line 380 "/gnnac/templates/lanes.lib.lua"
#pragma unroll
        for (int step = 1; step >= 1; step /= 2)
#line 383 "/gnnac/templates/lanes.lib.lua"
            top = fmaxf(top, __shfl_xor_sync(team, top, step));
#line 36 "/gnnac/templates/tail.lib.lua"
#pragma unroll
        for (int i = 0; i < 6; i++)
            total += expf(sum[i] - top);
#line 380 "/gnnac/templates/lanes.lib.lua"
#pragma unroll
        for (int step = 1; step >= 1; step /= 2)
#line 385 "/gnnac/templates/lanes.lib.lua"
            total += __shfl_xor_sync(team, total, step);
#line 40 "/gnnac/templates/tail.lib.lua"
        const float shift = logf(total);
#pragma unroll
        for (int i = 0; i < 6; i++)
            sum[i] = sum[i] - top - shift;
    }
#line 171 "/gnnac/templates/epilogue.lib.lua"
    float *to = out + (long long)row * 7;
#line 425 "/gnnac/templates/lanes.lib.lua"
    if (at * 4 + 0 < 4)
#line 440 "/gnnac/templates/lanes.lib.lua"
        store4x1(to + c0, &sum[0]);
#line 442 "/gnnac/templates/lanes.lib.lua"
    store1(to + c1, &sum[4]);
#line 421 "/gnnac/templates/lanes.lib.lua"
    if (at + 2 < 3)
#line 440 "/gnnac/templates/lanes.lib.lua"
        store1(to + c2, &sum[5]);
}

#line 124 "/gnnac/templates/parts.lib.lua"
// Warp: a row that crosses blocks; teams take turns at its partial sums.
#line 126 "/gnnac/templates/parts.lib.lua"
extern "C" __global__ void __launch_bounds__(128, 1)
gnnac_edge_balanced_f32_d7_n64_l2_v4_u4_w4_scaled_selfscaled_bias_log_softmax_x8_s8_finish(
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
    const int edge = lane / 2;
#line 290 "/gnnac/templates/lanes.lib.lua"
    const int at = lane % 2;
#line 311 "/gnnac/templates/lanes.lib.lua"
    const int c0 = min(at * 4 + 0, 0);
#line 301 "/gnnac/templates/lanes.lib.lua"
    const int c1 = 4 + at;
#line 303 "/gnnac/templates/lanes.lib.lua"
    const int c2 = 4 + min(at + 2, 2);
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

    float sum[6] = {};
#line 88 "/gnnac/templates/parts.lib.lua"
#pragma unroll 1
    for (int base = edge; base < n; base += 64) {
        float v[4][6] = {};
#pragma unroll
        for (int k = 0; k < 4; k++) {
            const int b = base + k * 16;
            if (b >= n)
                continue;
#line 115 "/gnnac/templates/parts.lib.lua"
            // The row's first block wrote slot 2b + 1, the others slot 2b.
            const long long slot = 2LL * (first + b) + (b == 0);
            const long long u = slot * 8;
#line 349 "/gnnac/templates/lanes.lib.lua"
            load4(&v[k][0], x0 + u);
#line 349 "/gnnac/templates/lanes.lib.lua"
            load1(&v[k][4], x1 + u);
#line 349 "/gnnac/templates/lanes.lib.lua"
            load1(&v[k][5], x2 + u);
        }
#line 99 "/gnnac/templates/parts.lib.lua"
#pragma unroll
        for (int k = 0; k < 4; k++)
#pragma unroll
            for (int i = 0; i < 6; i++)
                sum[i] += v[k][i];
    }
#line 453 "/gnnac/templates/lanes.lib.lua"
#pragma unroll
    for (int step = 8; step > 0; step /= 2) {
#pragma unroll
        for (int i = 0; i < 6; i++) {
            const float more =
                __shfl_down_sync(~0u, sum[i], step * 2);
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
    const float *from = self + (long long)row * 8;
#line 109 "/gnnac/templates/epilogue.lib.lua"
    float own[6];
#line 71 "/gnnac/templates/epilogue.lib.lua"
    load4(&own[0], from + c0);
#line 71 "/gnnac/templates/epilogue.lib.lua"
    load1(&own[4], from + c1);
#line 71 "/gnnac/templates/epilogue.lib.lua"
    load1(&own[5], from + c2);
#line 122 "/gnnac/templates/epilogue.lib.lua"
    const float scale = norm;
#line 125 "/gnnac/templates/epilogue.lib.lua"
#pragma unroll
    for (int i = 0; i < 6; i++)
        sum[i] *= scale;
#line 135 "/gnnac/templates/epilogue.lib.lua"
    const float factor = norm;
#line 137 "/gnnac/templates/epilogue.lib.lua"
#pragma unroll
    for (int i = 0; i < 6; i++)
#line 142 "/gnnac/templates/epilogue.lib.lua"
        sum[i] = fmaf(factor, own[i], sum[i]);
#line 146 "/gnnac/templates/epilogue.lib.lua"
    float shift[6];
#line 149 "/gnnac/templates/epilogue.lib.lua"
    load4(&shift[0], bias + c0);
#line 149 "/gnnac/templates/epilogue.lib.lua"
    load1(&shift[4], bias + c1);
#line 149 "/gnnac/templates/epilogue.lib.lua"
    load1(&shift[5], bias + c2);
#line 151 "/gnnac/templates/epilogue.lib.lua"
#pragma unroll
    for (int i = 0; i < 6; i++)
        sum[i] += shift[i];
    {
#line 364 "/gnnac/templates/lanes.lib.lua"
        const unsigned team = 3u << (lane - at);
#line 30 "/gnnac/templates/tail.lib.lua"
        float top = __int_as_float(0xff800000), total = 0.0f;
#line 397 "/gnnac/templates/lanes.lib.lua"
        if (at * 4 + 0 >= 4) {
#line 401 "/gnnac/templates/lanes.lib.lua"
            sum[0] = __int_as_float(0xff800000);
#line 401 "/gnnac/templates/lanes.lib.lua"
            sum[1] = __int_as_float(0xff800000);
#line 401 "/gnnac/templates/lanes.lib.lua"
            sum[2] = __int_as_float(0xff800000);
#line 401 "/gnnac/templates/lanes.lib.lua"
            sum[3] = __int_as_float(0xff800000);
        }
#line 395 "/gnnac/templates/lanes.lib.lua"
        if (at + 2 >= 3) {
#line 401 "/gnnac/templates/lanes.lib.lua"
            sum[5] = __int_as_float(0xff800000);
        }
#line 32 "/gnnac/templates/tail.lib.lua"
#pragma unroll
        for (int i = 0; i < 6; i++)
            top = fmaxf(top, sum[i]);
#line 380 "/gnnac/templates/lanes.lib.lua"
#pragma unroll
        for (int step = 1; step >= 1; step /= 2)
#line 383 "/gnnac/templates/lanes.lib.lua"
            top = fmaxf(top, __shfl_xor_sync(team, top, step));
#line 36 "/gnnac/templates/tail.lib.lua"
#pragma unroll
        for (int i = 0; i < 6; i++)
            total += expf(sum[i] - top);
#line 380 "/gnnac/templates/lanes.lib.lua"
#pragma unroll
        for (int step = 1; step >= 1; step /= 2)
#line 385 "/gnnac/templates/lanes.lib.lua"
            total += __shfl_xor_sync(team, total, step);
#line 40 "/gnnac/templates/tail.lib.lua"
        const float shift = logf(total);
#pragma unroll
        for (int i = 0; i < 6; i++)
            sum[i] = sum[i] - top - shift;
    }
#line 171 "/gnnac/templates/epilogue.lib.lua"
    float *to = out + (long long)row * 7;
#line 425 "/gnnac/templates/lanes.lib.lua"
    if (at * 4 + 0 < 4)
#line 440 "/gnnac/templates/lanes.lib.lua"
        store4x1(to + c0, &sum[0]);
#line 442 "/gnnac/templates/lanes.lib.lua"
    store1(to + c1, &sum[4]);
#line 421 "/gnnac/templates/lanes.lib.lua"
    if (at + 2 < 3)
#line 440 "/gnnac/templates/lanes.lib.lua"
        store1(to + c2, &sum[5]);
}
