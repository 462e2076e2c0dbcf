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
// edgesPerWarp=256 dimWorker=4 vec=4 unroll=4 warpPerBlock=4 slab=0 hints=0 combine=3
// f32 dim=32 x_pitch=32 out_pitch=32 norm=mean self=none bias=0 act=none offset_bits=32
#line 66 "/gnnac/templates/edge_balanced.cu.lua"
// Edges per team: up to 32; teams per warp: 8;
// lanes per team: 4; columns per lane: 8.
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
static __device__ __forceinline__ void fresh4(float *to, const float *from)
{
#line 209 "/gnnac/templates/lanes.lib.lua"
    const float4 v = __ldcg((const float4 *)from);
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

#line 20 "/gnnac/templates/tickets.lib.lua"
// Of n that come here all but the last get false. What each had written before, the
// last may read afterwards.
static __device__ __forceinline__ bool came_last(unsigned *ticket, unsigned n)
{
    unsigned before;
    asm volatile("atom.release.gpu.global.inc.u32 %0, [%1], %2;"
                 : "=r"(before) : "l"(ticket), "r"(n - 1) : "memory");
    if (before < n - 1)
        return false;
    asm volatile("fence.acq_rel.gpu;" ::: "memory");
    return true;
}

// Where a row's partial sum is, of which its first is in that part or block.
static __device__ __forceinline__ long long slot_of(int first, int piece)
{
#line 39 "/gnnac/templates/tickets.lib.lua"
    return 2LL * (first + piece) + (piece == 0);
}

#line 80 "/gnnac/templates/edge_balanced.cu.lua"
extern "C" __global__ void __launch_bounds__(128, 1)
gnnac_edge_balanced_f32_d32_n256_l4_v4_u4_w4_b0_h0_c3_mean(
    float *out, const float *x, const offset_t *rowptr,
    const int *colidx, const offset_t *part_ptr, const int *part_row,
    float *partial, const int *meets, unsigned *tickets,
    int n_parts)
{
#line 13 "/gnnac/templates/follow.lib.lua"
#if __CUDA_ARCH__ >= 900
    asm volatile("griddepcontrol.launch_dependents;\n\t"
                 "griddepcontrol.wait;" ::: "memory");
#endif
#line 85 "/gnnac/templates/edge_balanced.cu.lua"
    __shared__ float heads[32][32];
#line 68 "/gnnac/templates/parts.lib.lua"
    const int lane = threadIdx.x % 32;
#line 72 "/gnnac/templates/parts.lib.lua"
    const int edge = lane / 4;
#line 290 "/gnnac/templates/lanes.lib.lua"
    const int at = lane % 4;
#line 309 "/gnnac/templates/lanes.lib.lua"
    const int c0 = at * 4 + 0;
#line 309 "/gnnac/templates/lanes.lib.lua"
    const int c1 = at * 4 + 16;
#line 333 "/gnnac/templates/lanes.lib.lua"
    const float *x0 = x + c0;
    asm("" : "+l"(x0));
#line 331 "/gnnac/templates/lanes.lib.lua"
    const float *x1 = x0 + 16;
#line 92 "/gnnac/templates/edge_balanced.cu.lua"
    const int place = threadIdx.x / 32 * 8 + edge;
#line 94 "/gnnac/templates/edge_balanced.cu.lua"
    const unsigned first = blockIdx.x * 32;
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
#line 121 "/gnnac/templates/edge_balanced.cu.lua"
    int degree = row_left;

#line 129 "/gnnac/templates/edge_balanced.cu.lua"
    int id[4];
#line 125 "/gnnac/templates/edge_balanced.cu.lua"
#pragma unroll
    for (int k = 0; k < 4; k++)
        id[k] = k < left ? __ldg(ids + k) : 0;
#line 131 "/gnnac/templates/edge_balanced.cu.lua"
    float sum[8] = {};
#pragma unroll 1
    while (row < last || left > 0) {
        const int n = min(row_left, 4);
        const bool ends = row < last && n == row_left;
        float v[4][8] = {};
#line 140 "/gnnac/templates/edge_balanced.cu.lua"
#pragma unroll
        for (int k = 0; k < 4; k++) {
            if (k >= n)
                continue;
            const long long u = (long long)id[k] * 32;
#line 349 "/gnnac/templates/lanes.lib.lua"
            load4(&v[k][0], x0 + u);
#line 349 "/gnnac/templates/lanes.lib.lua"
            load4(&v[k][4], x1 + u);
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
            for (int i = 0; i < 8; i++)
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
    for (int i = 0; i < 8; i++)
        sum[i] *= scale;
#line 171 "/gnnac/templates/epilogue.lib.lua"
    float *to = out + (long long)row * 32;
#line 442 "/gnnac/templates/lanes.lib.lua"
    store4(to + c0, &sum[0]);
#line 442 "/gnnac/templates/lanes.lib.lua"
    store4(to + c1, &sum[4]);
#line 169 "/gnnac/templates/edge_balanced.cu.lua"
        } else if (place > 0) {
#line 75 "/gnnac/templates/edge_balanced.cu.lua"
#pragma unroll
            for (int i = 0; i < 8; i++)
                heads[place][i * 4 + at] = sum[i];
#line 172 "/gnnac/templates/edge_balanced.cu.lua"
        } else {
#line 102 "/gnnac/templates/tickets.lib.lua"
        // By 32, those that come last add what the others have left.
#line 108 "/gnnac/templates/tickets.lib.lua"
        const long long mine = 2LL * blockIdx.x + 0;
        const int first = __ldg(meets + 2 * mine);
        const int pieces = __ldg(meets + 2 * mine + 1);
        int held = blockIdx.x - first;
#line 113 "/gnnac/templates/tickets.lib.lua"
        bool last = true;
#line 364 "/gnnac/templates/lanes.lib.lua"
        const unsigned team = 15u << (lane - at);
#line 119 "/gnnac/templates/tickets.lib.lua"
#pragma unroll 1
        for (int shift = 0; last && (pieces - 1) >> shift > 0; shift += 5) {
            const int group = (long long)held >> (shift + 5) << (shift + 5);
            const int n = min(32, ((pieces - 1 - group) >> shift) + 1);
            if (n > 1) {
#line 48 "/gnnac/templates/tickets.lib.lua"
            float *to = partial + slot_of(first, held) * 32;
#line 442 "/gnnac/templates/lanes.lib.lua"
    store4(to + c0, &sum[0]);
#line 442 "/gnnac/templates/lanes.lib.lua"
    store4(to + c1, &sum[4]);
#line 60 "/gnnac/templates/tickets.lib.lua"
            unsigned *ticket = tickets + blockIdx.y +
                               slot_of(first, group + shift / 5) * 1;
#line 66 "/gnnac/templates/tickets.lib.lua"
            __syncwarp(team);
#line 68 "/gnnac/templates/tickets.lib.lua"
            last = at == 0 && came_last(ticket, n);
            last = __shfl_sync(team, (int)last, lane - at);
#line 74 "/gnnac/templates/tickets.lib.lua"
            __syncwarp(team);
#line 126 "/gnnac/templates/tickets.lib.lua"
                if (last) {
#line 333 "/gnnac/templates/lanes.lib.lua"
    const float *from0 = partial + c0;
    asm("" : "+l"(from0));
#line 331 "/gnnac/templates/lanes.lib.lua"
    const float *from1 = from0 + 16;
#line 86 "/gnnac/templates/tickets.lib.lua"
#pragma unroll
            for (int i = 0; i < 8; i++)
                sum[i] = 0.0f;
#line 88 "/gnnac/templates/parts.lib.lua"
#pragma unroll 1
    for (int base = 0; base < n; base += 4) {
        float v[4][8] = {};
#pragma unroll
        for (int k = 0; k < 4; k++) {
            const int b = base + k * 1;
            if (b >= n)
                continue;
#line 78 "/gnnac/templates/tickets.lib.lua"
            const long long u = slot_of(first, group + (b << shift)) * 32;
#line 349 "/gnnac/templates/lanes.lib.lua"
            fresh4(&v[k][0], from0 + u);
#line 349 "/gnnac/templates/lanes.lib.lua"
            fresh4(&v[k][4], from1 + u);
        }
#line 99 "/gnnac/templates/parts.lib.lua"
#pragma unroll
        for (int k = 0; k < 4; k++)
#pragma unroll
            for (int i = 0; i < 8; i++)
                sum[i] += v[k][i];
    }
#line 130 "/gnnac/templates/tickets.lib.lua"
                    __syncwarp(team);
                }
            }
#line 134 "/gnnac/templates/tickets.lib.lua"
            held = group;
        }
#line 175 "/gnnac/templates/edge_balanced.cu.lua"
            if (last) {
#line 177 "/gnnac/templates/edge_balanced.cu.lua"
                degree = (int)(row_end - __ldg(rowptr + row));
#line 120 "/gnnac/templates/epilogue.lib.lua"
    const float scale = 1.0f / (float)(degree > 0 ? degree : 1);
#line 125 "/gnnac/templates/epilogue.lib.lua"
#pragma unroll
    for (int i = 0; i < 8; i++)
        sum[i] *= scale;
#line 171 "/gnnac/templates/epilogue.lib.lua"
    float *to = out + (long long)row * 32;
#line 442 "/gnnac/templates/lanes.lib.lua"
    store4(to + c0, &sum[0]);
#line 442 "/gnnac/templates/lanes.lib.lua"
    store4(to + c1, &sum[4]);
            }
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
        for (int i = 0; i < 8; i++)
            sum[i] = 0.0f;
    }

#line 199 "/gnnac/templates/edge_balanced.cu.lua"
    const bool follows = open && place > 0;
    if (tail > 0 && follows) {
#line 75 "/gnnac/templates/edge_balanced.cu.lua"
#pragma unroll
            for (int i = 0; i < 8; i++)
                heads[place][i * 4 + at] = sum[i];
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
            n += q + k < 32 && first + q + k < n_parts &&
                 __ldg(part_row + first + q + k) == row;
#pragma unroll
        for (int k = 0; k < 4; k++) {
            if (k >= n)
                continue;
#pragma unroll
            for (int i = 0; i < 8; i++)
                sum[i] += heads[q + k][i * 4 + at];
        }
    }
#line 228 "/gnnac/templates/edge_balanced.cu.lua"
    const bool goes_on = first + 32 < n_parts &&
                         __ldg(part_row + first + 32) == row;
    const bool begins = !open;
    if (!begins || goes_on) {
#line 102 "/gnnac/templates/tickets.lib.lua"
        // By 32, those that come last add what the others have left.
#line 108 "/gnnac/templates/tickets.lib.lua"
        const long long mine = 2LL * blockIdx.x + begins;
        const int first = __ldg(meets + 2 * mine);
        const int pieces = __ldg(meets + 2 * mine + 1);
        int held = blockIdx.x - first;
#line 113 "/gnnac/templates/tickets.lib.lua"
        bool last = true;
#line 364 "/gnnac/templates/lanes.lib.lua"
        const unsigned team = 15u << (lane - at);
#line 119 "/gnnac/templates/tickets.lib.lua"
#pragma unroll 1
        for (int shift = 0; last && (pieces - 1) >> shift > 0; shift += 5) {
            const int group = (long long)held >> (shift + 5) << (shift + 5);
            const int n = min(32, ((pieces - 1 - group) >> shift) + 1);
            if (n > 1) {
#line 48 "/gnnac/templates/tickets.lib.lua"
            float *to = partial + slot_of(first, held) * 32;
#line 442 "/gnnac/templates/lanes.lib.lua"
    store4(to + c0, &sum[0]);
#line 442 "/gnnac/templates/lanes.lib.lua"
    store4(to + c1, &sum[4]);
#line 60 "/gnnac/templates/tickets.lib.lua"
            unsigned *ticket = tickets + blockIdx.y +
                               slot_of(first, group + shift / 5) * 1;
#line 66 "/gnnac/templates/tickets.lib.lua"
            __syncwarp(team);
#line 68 "/gnnac/templates/tickets.lib.lua"
            last = at == 0 && came_last(ticket, n);
            last = __shfl_sync(team, (int)last, lane - at);
#line 74 "/gnnac/templates/tickets.lib.lua"
            __syncwarp(team);
#line 126 "/gnnac/templates/tickets.lib.lua"
                if (last) {
#line 333 "/gnnac/templates/lanes.lib.lua"
    const float *from0 = partial + c0;
    asm("" : "+l"(from0));
#line 331 "/gnnac/templates/lanes.lib.lua"
    const float *from1 = from0 + 16;
#line 86 "/gnnac/templates/tickets.lib.lua"
#pragma unroll
            for (int i = 0; i < 8; i++)
                sum[i] = 0.0f;
#line 88 "/gnnac/templates/parts.lib.lua"
#pragma unroll 1
    for (int base = 0; base < n; base += 4) {
        float v[4][8] = {};
#pragma unroll
        for (int k = 0; k < 4; k++) {
            const int b = base + k * 1;
            if (b >= n)
                continue;
#line 78 "/gnnac/templates/tickets.lib.lua"
            const long long u = slot_of(first, group + (b << shift)) * 32;
#line 349 "/gnnac/templates/lanes.lib.lua"
            fresh4(&v[k][0], from0 + u);
#line 349 "/gnnac/templates/lanes.lib.lua"
            fresh4(&v[k][4], from1 + u);
        }
#line 99 "/gnnac/templates/parts.lib.lua"
#pragma unroll
        for (int k = 0; k < 4; k++)
#pragma unroll
            for (int i = 0; i < 8; i++)
                sum[i] += v[k][i];
    }
#line 130 "/gnnac/templates/tickets.lib.lua"
                    __syncwarp(team);
                }
            }
#line 134 "/gnnac/templates/tickets.lib.lua"
            held = group;
        }
#line 151 "/gnnac/templates/tickets.lib.lua"
        if (!last)
            return;
    }
#line 236 "/gnnac/templates/edge_balanced.cu.lua"
    degree = (int)(__ldg(rowptr + row + 1) - __ldg(rowptr + row));
#line 120 "/gnnac/templates/epilogue.lib.lua"
    const float scale = 1.0f / (float)(degree > 0 ? degree : 1);
#line 125 "/gnnac/templates/epilogue.lib.lua"
#pragma unroll
    for (int i = 0; i < 8; i++)
        sum[i] *= scale;
#line 171 "/gnnac/templates/epilogue.lib.lua"
    float *to = out + (long long)row * 32;
#line 442 "/gnnac/templates/lanes.lib.lua"
    store4(to + c0, &sum[0]);
#line 442 "/gnnac/templates/lanes.lib.lua"
    store4(to + c1, &sum[4]);
}
