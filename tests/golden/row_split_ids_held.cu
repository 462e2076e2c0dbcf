// gnnac aggregate, from templates/row_split.cu.lua
// A group of lanes per row. dimWorker lanes hold a row's columns in
// registers; edgeWorker such teams take turns at its neighbours and are added
// by shuffles. A warp works on 32 // (dimWorker * edgeWorker) rows. No shared
// memory, no atomics: results repeat bit by bit. Wins where rows are alike in
// length.
// dimWorker=2 edgeWorker=2 vec=4 coarsen=2 unroll=4 warpPerBlock=4 slab=0 hints=0 ids=1
// f32 dim=16 x_pitch=16 out_pitch=16 edges=stored norm=none self=none bias=0 act=none offset_bits=32
#line 45 "/gnnac/templates/row_split.cu.lua"
// Rows per warp: 8; teams per row: 2;
// lanes per team: 2; columns per lane: 8.
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

#line 51 "/gnnac/templates/row_split.cu.lua"
extern "C" __global__ void __launch_bounds__(128, 1)
gnnac_row_split_f32_d16_l2_e2_v4_c2_u4_w4_b0_h0_i1_edgesstored(
    float *out, const float *x, const offset_t *rowptr,
    const int *colidx, const float *edge_values, int n_rows)
{
#line 13 "/gnnac/templates/follow.lib.lua"
#if __CUDA_ARCH__ >= 900
    asm volatile("griddepcontrol.launch_dependents;\n\t"
                 "griddepcontrol.wait;" ::: "memory");
#endif
#line 65 "/gnnac/templates/walk.lib.lua"
    const int lane = threadIdx.x % 32;
#line 69 "/gnnac/templates/walk.lib.lua"
    const unsigned row = blockIdx.x * 32 +
                         threadIdx.x / 32 * 8 + lane / 4;
#line 73 "/gnnac/templates/walk.lib.lua"
    const bool active = row < n_rows;
#line 82 "/gnnac/templates/walk.lib.lua"
    const int edge = lane / 2 % 2;
#line 290 "/gnnac/templates/lanes.lib.lua"
    const int at = lane % 2;
#line 309 "/gnnac/templates/lanes.lib.lua"
    const int c0 = at * 4 + 0;
#line 309 "/gnnac/templates/lanes.lib.lua"
    const int c1 = at * 4 + 8;
#line 333 "/gnnac/templates/lanes.lib.lua"
    const float *x0 = x + c0;
    asm("" : "+l"(x0));
#line 331 "/gnnac/templates/lanes.lib.lua"
    const float *x1 = x0 + 8;

#line 133 "/gnnac/templates/walk.lib.lua"
    // The row's lanes: this one's place among them, the first, and all.
#line 141 "/gnnac/templates/walk.lib.lua"
    const int place = lane % 4, first = lane - place;
#line 143 "/gnnac/templates/walk.lib.lua"
    const unsigned all = 15u << first;
#line 145 "/gnnac/templates/walk.lib.lua"
    offset_t degree = 0;
    const int *ids = colidx + place;
#line 32 "/gnnac/templates/weights.lib.lua"
    const float *edges = edge_values + place;
#line 148 "/gnnac/templates/walk.lib.lua"
    if (active) {
        const offset_t bound = __ldg(rowptr + row + (place > 0));
#line 151 "/gnnac/templates/walk.lib.lua"
        const offset_t begin = __shfl_sync(all, bound, 0, 4);
        degree = __shfl_sync(all, bound, 1, 4) - begin;
#line 157 "/gnnac/templates/walk.lib.lua"
        ids += begin;
#line 40 "/gnnac/templates/weights.lib.lua"
        edges += begin;
    }
#line 160 "/gnnac/templates/walk.lib.lua"
    offset_t left = degree;
    int next[2];
    {
#line 125 "/gnnac/templates/walk.lib.lua"
#pragma unroll
        for (int h = 0; h < 2; h++) {
            const int by = 0 + h * 4;
            next[h] = place + by < left ? __ldg(ids + by) : 0;
        }
    }

#line 66 "/gnnac/templates/row_split.cu.lua"
    float sum[8] = {};
#line 193 "/gnnac/templates/walk.lib.lua"
#pragma unroll 1
    for (; left > 0; left -= 8, ids += 8) {
        int held[2];
#pragma unroll
        for (int h = 0; h < 2; h++)
            held[h] = next[h];
#line 174 "/gnnac/templates/walk.lib.lua"
        float weight[2] = {};
#pragma unroll
        for (int h = 0; h < 2; h++) {
            if (place + h * 4 >= left)
                continue;
#line 47 "/gnnac/templates/weights.lib.lua"
            const float given = __ldg(edges + h * 4);
#line 55 "/gnnac/templates/weights.lib.lua"
            const float value = given;
#line 183 "/gnnac/templates/walk.lib.lua"
            weight[h] = value;
        }
#line 125 "/gnnac/templates/walk.lib.lua"
#pragma unroll
        for (int h = 0; h < 2; h++) {
            const int by = 8 + h * 4;
            next[h] = place + by < left ? __ldg(ids + by) : 0;
        }
#line 201 "/gnnac/templates/walk.lib.lua"
        const int stop = left < 8 ? (int)left : 8;
        int j = 0;
#line 204 "/gnnac/templates/walk.lib.lua"
        if (stop == 8) {
#line 69 "/gnnac/templates/row_split.cu.lua"
        float v[4][8] = {};
#line 73 "/gnnac/templates/row_split.cu.lua"
        float coef[4] = {};
#line 284 "/gnnac/templates/walk.lib.lua"
        int u_id[4];
#pragma unroll
        for (int k = 0; k < 4; k++)
#line 267 "/gnnac/templates/walk.lib.lua"
            u_id[k] = __shfl_sync(all, held[k / 2],
                                   k % 2 * 2 + edge, 4);
#line 289 "/gnnac/templates/walk.lib.lua"
#pragma unroll
        for (int k = 0; k < 4; k++) {
#line 299 "/gnnac/templates/walk.lib.lua"
            const int id = u_id[k];
#line 305 "/gnnac/templates/walk.lib.lua"
            const long long u = (long long)id * 16;
#line 349 "/gnnac/templates/lanes.lib.lua"
            load4(&v[k][0], x0 + u);
#line 349 "/gnnac/templates/lanes.lib.lua"
            load4(&v[k][4], x1 + u);
        }
#line 321 "/gnnac/templates/walk.lib.lua"
#pragma unroll
        for (int k = 0; k < 4; k++)
#line 267 "/gnnac/templates/walk.lib.lua"
            coef[k] = __shfl_sync(all, weight[k / 2],
                                   k % 2 * 2 + edge, 4);
#line 76 "/gnnac/templates/row_split.cu.lua"
#pragma unroll
        for (int k = 0; k < 4; k++)
#pragma unroll
            for (int i = 0; i < 8; i++)
#line 83 "/gnnac/templates/row_split.cu.lua"
                sum[i] = fmaf(coef[k], v[k][i], sum[i]);
#line 206 "/gnnac/templates/walk.lib.lua"
        } else {
#line 69 "/gnnac/templates/row_split.cu.lua"
        float v[4][8] = {};
#line 73 "/gnnac/templates/row_split.cu.lua"
        float coef[4] = {};
#line 284 "/gnnac/templates/walk.lib.lua"
        int u_id[4];
#pragma unroll
        for (int k = 0; k < 4; k++)
#line 267 "/gnnac/templates/walk.lib.lua"
            u_id[k] = __shfl_sync(all, held[k / 2],
                                   k % 2 * 2 + edge, 4);
#line 289 "/gnnac/templates/walk.lib.lua"
#pragma unroll
        for (int k = 0; k < 4; k++) {
#line 292 "/gnnac/templates/walk.lib.lua"
            if ((j + k) * 2 + edge >= stop)
                continue;
#line 299 "/gnnac/templates/walk.lib.lua"
            const int id = u_id[k];
#line 305 "/gnnac/templates/walk.lib.lua"
            const long long u = (long long)id * 16;
#line 349 "/gnnac/templates/lanes.lib.lua"
            load4(&v[k][0], x0 + u);
#line 349 "/gnnac/templates/lanes.lib.lua"
            load4(&v[k][4], x1 + u);
        }
#line 321 "/gnnac/templates/walk.lib.lua"
#pragma unroll
        for (int k = 0; k < 4; k++)
#line 267 "/gnnac/templates/walk.lib.lua"
            coef[k] = __shfl_sync(all, weight[k / 2],
                                   k % 2 * 2 + edge, 4);
#line 76 "/gnnac/templates/row_split.cu.lua"
#pragma unroll
        for (int k = 0; k < 4; k++)
#pragma unroll
            for (int i = 0; i < 8; i++)
#line 83 "/gnnac/templates/row_split.cu.lua"
                sum[i] = fmaf(coef[k], v[k][i], sum[i]);
        }
#line 40 "/gnnac/templates/weights.lib.lua"
        edges += 8;
    }
#line 453 "/gnnac/templates/lanes.lib.lua"
#pragma unroll
    for (int step = 1; step > 0; step /= 2) {
#pragma unroll
        for (int i = 0; i < 8; i++) {
            const float more =
                __shfl_down_sync(~0u, sum[i], step * 2);
#line 464 "/gnnac/templates/lanes.lib.lua"
            sum[i] += more;
        }
    }

#line 333 "/gnnac/templates/walk.lib.lua"
    if (!active || edge > 0)
        return;
#line 171 "/gnnac/templates/epilogue.lib.lua"
    float *to = out + (long long)row * 16;
#line 442 "/gnnac/templates/lanes.lib.lua"
    store4(to + c0, &sum[0]);
#line 442 "/gnnac/templates/lanes.lib.lua"
    store4(to + c1, &sum[4]);
}
