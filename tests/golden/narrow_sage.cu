// gnnac aggregate, from templates/narrow.cu.lua
// For rows of at most 8 columns: lanes go along the edges. A warp takes a
// range of edges that the runtime cut (runtime/cuda/parts.h); every lane gathers
// whole rows of x, whichever rows of the result they belong to, into shared
// memory. Then lanes take the rows of the range, as many for each as keep all
// busy, and add what was gathered (as CSR-stream of Greathouse and Daga,
// SC'14). Rows longer than half a range may be cut: their sums are added in
// the block, across blocks by a second kernel in block order: no atomics,
// results repeat bit by bit.
// edgesPerWarp=128 vec=4 unroll=4 warpPerBlock=4
// f32 dim=7 x_pitch=8 out_pitch=7 self_pitch=7 norm=mean self=one bias=1 act=relu offset_bits=32
#line 51 "/gnnac/templates/narrow.cu.lua"
// Edges per warp: up to 128; columns per lane: 7.
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
static __device__ __forceinline__ void load4x1(float *to, const float *from)
{
#line 206 "/gnnac/templates/lanes.lib.lua"
    to[0] = __ldg(from + 0);
#line 206 "/gnnac/templates/lanes.lib.lua"
    to[1] = __ldg(from + 1);
#line 206 "/gnnac/templates/lanes.lib.lua"
    to[2] = __ldg(from + 2);
#line 206 "/gnnac/templates/lanes.lib.lua"
    to[3] = __ldg(from + 3);
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

#line 57 "/gnnac/templates/narrow.cu.lua"
extern "C" __global__ void __launch_bounds__(128, 1)
gnnac_narrow_f32_d7_n128_v4_u4_w4_mean_selfone_bias_relu_x8(
    float *out, const float *x, const offset_t *rowptr,
    const int *colidx, const offset_t *part_ptr, const int *part_row,
    const float *self, const float *bias, float *partial,
    int n_parts)
{
#line 13 "/gnnac/templates/follow.lib.lua"
#if __CUDA_ARCH__ >= 900
    asm volatile("griddepcontrol.launch_dependents;\n\t"
                 "griddepcontrol.wait;" ::: "memory");
#endif
#line 61 "/gnnac/templates/narrow.cu.lua"
    __shared__ float gathered[4][7][131];
    __shared__ float heads[4][7];
    __shared__ float tails[4][7];
    const int lane = threadIdx.x % 32;
    const int warp = threadIdx.x / 32;
#line 286 "/gnnac/templates/lanes.lib.lua"
    const int at = 0;
#line 309 "/gnnac/templates/lanes.lib.lua"
    const int c0 = at * 4 + 0;
#line 301 "/gnnac/templates/lanes.lib.lua"
    const int c1 = 4 + at;
#line 301 "/gnnac/templates/lanes.lib.lua"
    const int c2 = 5 + at;
#line 301 "/gnnac/templates/lanes.lib.lua"
    const int c3 = 6 + at;
#line 333 "/gnnac/templates/lanes.lib.lua"
    const float *x0 = x + c0;
    asm("" : "+l"(x0));
#line 333 "/gnnac/templates/lanes.lib.lua"
    const float *x1 = x + c1;
    asm("" : "+l"(x1));
#line 333 "/gnnac/templates/lanes.lib.lua"
    const float *x2 = x + c2;
    asm("" : "+l"(x2));
#line 333 "/gnnac/templates/lanes.lib.lua"
    const float *x3 = x + c3;
    asm("" : "+l"(x3));
#line 68 "/gnnac/templates/narrow.cu.lua"
    const unsigned first = blockIdx.x * 4;
    const unsigned part = first + warp;

    // The range's rows, n of them. `open`: the first began in an earlier range;
    // `tail`: the last one goes on in the next.
    int first_row = 0, n = 0, left = 0;
    offset_t begin = 0;
    bool open = false, tail = false;
    if (part < n_parts) {
        first_row = __ldg(part_row + part);
        const int last = __ldg(part_row + part + 1);
        begin = __ldg(part_ptr + part);
        const offset_t end = __ldg(part_ptr + part + 1);
        left = (int)(end - begin);
        open = begin > __ldg(rowptr + first_row);
        tail = end > __ldg(rowptr + last);
        n = last - first_row + tail;
    }
#line 96 "/gnnac/templates/narrow.cu.lua"
    // Ids are asked for before what waits for the rows, then a batch ahead.
    const int *ids = colidx + begin;
    int id[4];
    int edge = lane, slot = lane;
#line 101 "/gnnac/templates/narrow.cu.lua"
#pragma unroll
    for (int k = 0; k < 4; k++)
        id[k] = edge + 32 * k < left ? __ldg(ids + edge + 32 * k) : 0;

#line 107 "/gnnac/templates/narrow.cu.lua"
    int group = 32;
    while (group > 1 && group * n > 32)
        group /= 2;
    const int sub = lane % group;
    int j = lane / group, lo, hi;
#line 88 "/gnnac/templates/narrow.cu.lua"
    lo = hi = 0;
    if (j < n) {
        const offset_t low = __ldg(rowptr + first_row + j) - begin;
        const offset_t high = __ldg(rowptr + first_row + j + 1) - begin;
        lo = low < 0 ? 0 : (int)low;
        hi = high > left ? left : (int)high;
    }

#line 114 "/gnnac/templates/narrow.cu.lua"
#pragma unroll 1
    while (edge < left) {
        const int held = left - edge;
        float v[4][7] = {};
#line 121 "/gnnac/templates/narrow.cu.lua"
#pragma unroll
        for (int k = 0; k < 4; k++) {
            if (32 * k >= held)
                continue;
            const long long u = (long long)id[k] * 8;
#line 349 "/gnnac/templates/lanes.lib.lua"
            load4(&v[k][0], x0 + u);
#line 349 "/gnnac/templates/lanes.lib.lua"
            load1(&v[k][4], x1 + u);
#line 349 "/gnnac/templates/lanes.lib.lua"
            load1(&v[k][5], x2 + u);
#line 349 "/gnnac/templates/lanes.lib.lua"
            load1(&v[k][6], x3 + u);
        }
#line 131 "/gnnac/templates/narrow.cu.lua"
        edge += 128;
#line 101 "/gnnac/templates/narrow.cu.lua"
#pragma unroll
    for (int k = 0; k < 4; k++)
        id[k] = edge + 32 * k < left ? __ldg(ids + edge + 32 * k) : 0;
#line 133 "/gnnac/templates/narrow.cu.lua"
#pragma unroll
        for (int k = 0; k < 4; k++) {
            if (32 * k >= held)
                continue;
#pragma unroll
            for (int i = 0; i < 7; i++)
#line 142 "/gnnac/templates/narrow.cu.lua"
                gathered[warp][i][slot + 33 * k] = v[k][i];
        }
#line 145 "/gnnac/templates/narrow.cu.lua"
        slot += 132;
    }
    __syncwarp();

#pragma unroll 1
    for (int rest = n; rest > 0; rest -= 32 / group) {
        float sum[7] = {};
        for (int e = lo + sub; e < hi; e += group)
#pragma unroll
            for (int i = 0; i < 7; i++)
                sum[i] += gathered[warp][i][e + e / 32u];
        for (int step = group / 2; step > 0; step /= 2)
#pragma unroll
            for (int i = 0; i < 7; i++)
                sum[i] += __shfl_xor_sync(~0u, sum[i], step);
        const int at_row = j;
#line 162 "/gnnac/templates/narrow.cu.lua"
        const int degree = hi - lo;
#line 164 "/gnnac/templates/narrow.cu.lua"
        j += 32 / group;
#line 88 "/gnnac/templates/narrow.cu.lua"
    lo = hi = 0;
    if (j < n) {
        const offset_t low = __ldg(rowptr + first_row + j) - begin;
        const offset_t high = __ldg(rowptr + first_row + j + 1) - begin;
        lo = low < 0 ? 0 : (int)low;
        hi = high > left ? left : (int)high;
    }
#line 166 "/gnnac/templates/narrow.cu.lua"
        if (sub > 0 || at_row >= n)
            continue;
        const int row = first_row + at_row;
        const bool opens = open && at_row == 0;
        if (opens && warp > 0) {
#pragma unroll
            for (int i = 0; i < 7; i++)
                heads[warp][i] = sum[i];
        } else if (tail && at_row == n - 1) {
#pragma unroll
            for (int i = 0; i < 7; i++)
                tails[warp][i] = sum[i];
        } else if (opens) {
#line 81 "/gnnac/templates/parts.lib.lua"
        float *to = partial + (2LL * blockIdx.x + 0) * 8;
#line 442 "/gnnac/templates/lanes.lib.lua"
    store4(to + c0, &sum[0]);
#line 442 "/gnnac/templates/lanes.lib.lua"
    store1(to + c1, &sum[4]);
#line 442 "/gnnac/templates/lanes.lib.lua"
    store1(to + c2, &sum[5]);
#line 442 "/gnnac/templates/lanes.lib.lua"
    store1(to + c3, &sum[6]);
#line 180 "/gnnac/templates/narrow.cu.lua"
        } else {
#line 77 "/gnnac/templates/epilogue.lib.lua"
    const float *from = self + (long long)row * 7;
#line 109 "/gnnac/templates/epilogue.lib.lua"
    float own[7];
#line 71 "/gnnac/templates/epilogue.lib.lua"
    load4x1(&own[0], from + c0);
#line 71 "/gnnac/templates/epilogue.lib.lua"
    load1(&own[4], from + c1);
#line 71 "/gnnac/templates/epilogue.lib.lua"
    load1(&own[5], from + c2);
#line 71 "/gnnac/templates/epilogue.lib.lua"
    load1(&own[6], from + c3);
#line 120 "/gnnac/templates/epilogue.lib.lua"
    const float scale = 1.0f / (float)(degree > 0 ? degree : 1);
#line 125 "/gnnac/templates/epilogue.lib.lua"
#pragma unroll
    for (int i = 0; i < 7; i++)
        sum[i] *= scale;
#line 137 "/gnnac/templates/epilogue.lib.lua"
#pragma unroll
    for (int i = 0; i < 7; i++)
#line 140 "/gnnac/templates/epilogue.lib.lua"
        sum[i] += own[i];
#line 146 "/gnnac/templates/epilogue.lib.lua"
    float shift[7];
#line 149 "/gnnac/templates/epilogue.lib.lua"
    load4(&shift[0], bias + c0);
#line 149 "/gnnac/templates/epilogue.lib.lua"
    load1(&shift[4], bias + c1);
#line 149 "/gnnac/templates/epilogue.lib.lua"
    load1(&shift[5], bias + c2);
#line 149 "/gnnac/templates/epilogue.lib.lua"
    load1(&shift[6], bias + c3);
#line 151 "/gnnac/templates/epilogue.lib.lua"
#pragma unroll
    for (int i = 0; i < 7; i++)
        sum[i] += shift[i];
#line 156 "/gnnac/templates/epilogue.lib.lua"
#pragma unroll
    for (int i = 0; i < 7; i++)
        sum[i] = sum[i] < 0.0f ? 0.0f : sum[i];
#line 171 "/gnnac/templates/epilogue.lib.lua"
    float *to = out + (long long)row * 7;
#line 442 "/gnnac/templates/lanes.lib.lua"
    store4x1(to + c0, &sum[0]);
#line 442 "/gnnac/templates/lanes.lib.lua"
    store1(to + c1, &sum[4]);
#line 442 "/gnnac/templates/lanes.lib.lua"
    store1(to + c2, &sum[5]);
#line 442 "/gnnac/templates/lanes.lib.lua"
    store1(to + c3, &sum[6]);
        }
    }

#line 185 "/gnnac/templates/narrow.cu.lua"
    __syncthreads();
    const bool begins = !open || n > 1;
    if (lane > 0 || !tail || (!begins && warp > 0))
        return;
    // The row goes on in the ranges behind that begin with it.
    const int row = first_row + n - 1;
    float sum[7];
#pragma unroll
    for (int i = 0; i < 7; i++)
        sum[i] = tails[warp][i];
#pragma unroll 1
    for (int q = warp + 1; q < 4 && first + q < n_parts &&
                           __ldg(part_row + first + q) == row; q++)
#pragma unroll
        for (int i = 0; i < 7; i++)
            sum[i] += heads[q][i];
    const bool goes_on = first + 4 < n_parts &&
                         __ldg(part_row + first + 4) == row;
    if (!begins || goes_on) {
#line 81 "/gnnac/templates/parts.lib.lua"
        float *to = partial + (2LL * blockIdx.x + begins) * 8;
#line 442 "/gnnac/templates/lanes.lib.lua"
    store4(to + c0, &sum[0]);
#line 442 "/gnnac/templates/lanes.lib.lua"
    store1(to + c1, &sum[4]);
#line 442 "/gnnac/templates/lanes.lib.lua"
    store1(to + c2, &sum[5]);
#line 442 "/gnnac/templates/lanes.lib.lua"
    store1(to + c3, &sum[6]);
#line 205 "/gnnac/templates/narrow.cu.lua"
        return;
    }
#line 208 "/gnnac/templates/narrow.cu.lua"
    const offset_t degree = __ldg(rowptr + row + 1) - __ldg(rowptr + row);
#line 77 "/gnnac/templates/epilogue.lib.lua"
    const float *from = self + (long long)row * 7;
#line 109 "/gnnac/templates/epilogue.lib.lua"
    float own[7];
#line 71 "/gnnac/templates/epilogue.lib.lua"
    load4x1(&own[0], from + c0);
#line 71 "/gnnac/templates/epilogue.lib.lua"
    load1(&own[4], from + c1);
#line 71 "/gnnac/templates/epilogue.lib.lua"
    load1(&own[5], from + c2);
#line 71 "/gnnac/templates/epilogue.lib.lua"
    load1(&own[6], from + c3);
#line 120 "/gnnac/templates/epilogue.lib.lua"
    const float scale = 1.0f / (float)(degree > 0 ? degree : 1);
#line 125 "/gnnac/templates/epilogue.lib.lua"
#pragma unroll
    for (int i = 0; i < 7; i++)
        sum[i] *= scale;
#line 137 "/gnnac/templates/epilogue.lib.lua"
#pragma unroll
    for (int i = 0; i < 7; i++)
#line 140 "/gnnac/templates/epilogue.lib.lua"
        sum[i] += own[i];
#line 146 "/gnnac/templates/epilogue.lib.lua"
    float shift[7];
#line 149 "/gnnac/templates/epilogue.lib.lua"
    load4(&shift[0], bias + c0);
#line 149 "/gnnac/templates/epilogue.lib.lua"
    load1(&shift[4], bias + c1);
#line 149 "/gnnac/templates/epilogue.lib.lua"
    load1(&shift[5], bias + c2);
#line 149 "/gnnac/templates/epilogue.lib.lua"
    load1(&shift[6], bias + c3);
#line 151 "/gnnac/templates/epilogue.lib.lua"
#pragma unroll
    for (int i = 0; i < 7; i++)
        sum[i] += shift[i];
#line 156 "/gnnac/templates/epilogue.lib.lua"
#pragma unroll
    for (int i = 0; i < 7; i++)
        sum[i] = sum[i] < 0.0f ? 0.0f : sum[i];
#line 171 "/gnnac/templates/epilogue.lib.lua"
    float *to = out + (long long)row * 7;
#line 442 "/gnnac/templates/lanes.lib.lua"
    store4x1(to + c0, &sum[0]);
#line 442 "/gnnac/templates/lanes.lib.lua"
    store1(to + c1, &sum[4]);
#line 442 "/gnnac/templates/lanes.lib.lua"
    store1(to + c2, &sum[5]);
#line 442 "/gnnac/templates/lanes.lib.lua"
    store1(to + c3, &sum[6]);
}

#line 124 "/gnnac/templates/parts.lib.lua"
// Warp: a row that crosses blocks; teams take turns at its partial sums.
#line 126 "/gnnac/templates/parts.lib.lua"
extern "C" __global__ void __launch_bounds__(128, 1)
gnnac_narrow_f32_d7_n128_v4_u4_w4_mean_selfone_bias_relu_x8_finish(
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
    const unsigned split = blockIdx.x * 4 + threadIdx.x / 32;
    if (split >= n_splits)
        return;
#line 68 "/gnnac/templates/parts.lib.lua"
    const int lane = threadIdx.x % 32;
#line 72 "/gnnac/templates/parts.lib.lua"
    const int edge = lane / 1;
#line 286 "/gnnac/templates/lanes.lib.lua"
    const int at = 0;
#line 309 "/gnnac/templates/lanes.lib.lua"
    const int c0 = at * 4 + 0;
#line 301 "/gnnac/templates/lanes.lib.lua"
    const int c1 = 4 + at;
#line 301 "/gnnac/templates/lanes.lib.lua"
    const int c2 = 5 + at;
#line 301 "/gnnac/templates/lanes.lib.lua"
    const int c3 = 6 + at;
#line 333 "/gnnac/templates/lanes.lib.lua"
    const float *x0 = partial + c0;
    asm("" : "+l"(x0));
#line 333 "/gnnac/templates/lanes.lib.lua"
    const float *x1 = partial + c1;
    asm("" : "+l"(x1));
#line 333 "/gnnac/templates/lanes.lib.lua"
    const float *x2 = partial + c2;
    asm("" : "+l"(x2));
#line 333 "/gnnac/templates/lanes.lib.lua"
    const float *x3 = partial + c3;
    asm("" : "+l"(x3));
#line 135 "/gnnac/templates/parts.lib.lua"
    const int row = __ldg(split_row + split);
    const int first = __ldg(split_first + split);
    const int n = __ldg(split_last + split) - first + 1;

    float sum[7] = {};
#line 88 "/gnnac/templates/parts.lib.lua"
#pragma unroll 1
    for (int base = edge; base < n; base += 128) {
        float v[4][7] = {};
#pragma unroll
        for (int k = 0; k < 4; k++) {
            const int b = base + k * 32;
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
#line 349 "/gnnac/templates/lanes.lib.lua"
            load1(&v[k][6], x3 + u);
        }
#line 99 "/gnnac/templates/parts.lib.lua"
#pragma unroll
        for (int k = 0; k < 4; k++)
#pragma unroll
            for (int i = 0; i < 7; i++)
                sum[i] += v[k][i];
    }
#line 453 "/gnnac/templates/lanes.lib.lua"
#pragma unroll
    for (int step = 16; step > 0; step /= 2) {
#pragma unroll
        for (int i = 0; i < 7; i++) {
            const float more =
                __shfl_down_sync(~0u, sum[i], step * 1);
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
    const float *from = self + (long long)row * 7;
#line 109 "/gnnac/templates/epilogue.lib.lua"
    float own[7];
#line 71 "/gnnac/templates/epilogue.lib.lua"
    load4x1(&own[0], from + c0);
#line 71 "/gnnac/templates/epilogue.lib.lua"
    load1(&own[4], from + c1);
#line 71 "/gnnac/templates/epilogue.lib.lua"
    load1(&own[5], from + c2);
#line 71 "/gnnac/templates/epilogue.lib.lua"
    load1(&own[6], from + c3);
#line 120 "/gnnac/templates/epilogue.lib.lua"
    const float scale = 1.0f / (float)(degree > 0 ? degree : 1);
#line 125 "/gnnac/templates/epilogue.lib.lua"
#pragma unroll
    for (int i = 0; i < 7; i++)
        sum[i] *= scale;
#line 137 "/gnnac/templates/epilogue.lib.lua"
#pragma unroll
    for (int i = 0; i < 7; i++)
#line 140 "/gnnac/templates/epilogue.lib.lua"
        sum[i] += own[i];
#line 146 "/gnnac/templates/epilogue.lib.lua"
    float shift[7];
#line 149 "/gnnac/templates/epilogue.lib.lua"
    load4(&shift[0], bias + c0);
#line 149 "/gnnac/templates/epilogue.lib.lua"
    load1(&shift[4], bias + c1);
#line 149 "/gnnac/templates/epilogue.lib.lua"
    load1(&shift[5], bias + c2);
#line 149 "/gnnac/templates/epilogue.lib.lua"
    load1(&shift[6], bias + c3);
#line 151 "/gnnac/templates/epilogue.lib.lua"
#pragma unroll
    for (int i = 0; i < 7; i++)
        sum[i] += shift[i];
#line 156 "/gnnac/templates/epilogue.lib.lua"
#pragma unroll
    for (int i = 0; i < 7; i++)
        sum[i] = sum[i] < 0.0f ? 0.0f : sum[i];
#line 171 "/gnnac/templates/epilogue.lib.lua"
    float *to = out + (long long)row * 7;
#line 442 "/gnnac/templates/lanes.lib.lua"
    store4x1(to + c0, &sum[0]);
#line 442 "/gnnac/templates/lanes.lib.lua"
    store1(to + c1, &sum[4]);
#line 442 "/gnnac/templates/lanes.lib.lua"
    store1(to + c2, &sum[5]);
#line 442 "/gnnac/templates/lanes.lib.lua"
    store1(to + c3, &sum[6]);
}
