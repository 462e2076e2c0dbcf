// gnnac aggregate, from templates/row_split.cu.lua
// A group of lanes per row. dimWorker lanes hold a row's columns in
// registers; edgeWorker such teams take turns at its neighbours and are added
// by shuffles. A warp works on 32 // (dimWorker * edgeWorker) rows. No shared
// memory, no atomics: results repeat bit by bit. Wins where rows are alike in
// length.
// dimWorker=8 edgeWorker=1 vec=4 coarsen=1 unroll=4 warpPerBlock=4 slab=0 hints=0 ids=1
// f32 dim=32 x_pitch=32 out_pitch=32 self_pitch=32 norm=gcn self=gcn bias=1 act=relu offset_bits=32
#line 45 "/gnnac/templates/row_split.cu.lua"
// Rows per warp: 4; teams per row: 1;
// lanes per team: 8; columns per lane: 4.
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
gnnac_row_split_f32_d32_l8_e1_v4_c1_u4_w4_b0_h0_i1_gcn_selfgcn_bias_relu(
    float *out, const float *x, const offset_t *rowptr,
    const int *colidx, const float *self, const float *dinv,
    const float *bias, int n_rows)
{
#line 13 "/gnnac/templates/follow.lib.lua"
#if __CUDA_ARCH__ >= 900
    asm volatile("griddepcontrol.launch_dependents;\n\t"
                 "griddepcontrol.wait;" ::: "memory");
#endif
#line 65 "/gnnac/templates/walk.lib.lua"
    const int lane = threadIdx.x % 32;
#line 69 "/gnnac/templates/walk.lib.lua"
    const unsigned row = blockIdx.x * 16 +
                         threadIdx.x / 32 * 4 + lane / 8;
#line 73 "/gnnac/templates/walk.lib.lua"
    const bool active = row < n_rows;
#line 78 "/gnnac/templates/walk.lib.lua"
    const int edge = 0;
#line 290 "/gnnac/templates/lanes.lib.lua"
    const int at = lane % 8;
#line 309 "/gnnac/templates/lanes.lib.lua"
    const int c0 = at * 4 + 0;
#line 333 "/gnnac/templates/lanes.lib.lua"
    const float *x0 = x + c0;
    asm("" : "+l"(x0));

#line 133 "/gnnac/templates/walk.lib.lua"
    // The row's lanes: this one's place among them, the first, and all.
#line 141 "/gnnac/templates/walk.lib.lua"
    const int place = lane % 8, first = lane - place;
#line 143 "/gnnac/templates/walk.lib.lua"
    const unsigned all = 255u << first;
#line 145 "/gnnac/templates/walk.lib.lua"
    offset_t degree = 0;
    const int *ids = colidx + place;
#line 148 "/gnnac/templates/walk.lib.lua"
    if (active) {
        const offset_t bound = __ldg(rowptr + row + (place > 0));
#line 151 "/gnnac/templates/walk.lib.lua"
        const offset_t begin = __shfl_sync(all, bound, 0, 8);
        degree = __shfl_sync(all, bound, 1, 8) - begin;
#line 157 "/gnnac/templates/walk.lib.lua"
        ids += begin;
    }
#line 160 "/gnnac/templates/walk.lib.lua"
    offset_t left = degree;
    int next[1];
    {
#line 125 "/gnnac/templates/walk.lib.lua"
#pragma unroll
        for (int h = 0; h < 1; h++) {
            const int by = 0 + h * 8;
            next[h] = place + by < left ? __ldg(ids + by) : 0;
        }
    }

#line 66 "/gnnac/templates/row_split.cu.lua"
    float sum[4] = {};
#line 193 "/gnnac/templates/walk.lib.lua"
#pragma unroll 1
    for (; left > 0; left -= 8, ids += 8) {
        int held[1];
#pragma unroll
        for (int h = 0; h < 1; h++)
            held[h] = next[h];
#line 174 "/gnnac/templates/walk.lib.lua"
        float weight[1] = {};
#pragma unroll
        for (int h = 0; h < 1; h++) {
            if (place + h * 8 >= left)
                continue;
#line 180 "/gnnac/templates/walk.lib.lua"
            const int id = held[h];
#line 57 "/gnnac/templates/weights.lib.lua"
            const float value = __ldg(dinv + id);
#line 183 "/gnnac/templates/walk.lib.lua"
            weight[h] = value;
        }
#line 125 "/gnnac/templates/walk.lib.lua"
#pragma unroll
        for (int h = 0; h < 1; h++) {
            const int by = 8 + h * 8;
            next[h] = place + by < left ? __ldg(ids + by) : 0;
        }
#line 201 "/gnnac/templates/walk.lib.lua"
        const int stop = left < 8 ? (int)left : 8;
        int j = 0;
#line 210 "/gnnac/templates/walk.lib.lua"
#pragma unroll 1
        for (; (j + 4) * 1 <= stop; j += 4) {
#line 69 "/gnnac/templates/row_split.cu.lua"
        float v[4][4] = {};
#line 73 "/gnnac/templates/row_split.cu.lua"
        float coef[4] = {};
#line 284 "/gnnac/templates/walk.lib.lua"
        int u_id[4];
#pragma unroll
        for (int k = 0; k < 4; k++)
#line 273 "/gnnac/templates/walk.lib.lua"
            u_id[k] = __shfl_sync(all, held[0], (j + k) * 1 + edge, 8);
#line 289 "/gnnac/templates/walk.lib.lua"
#pragma unroll
        for (int k = 0; k < 4; k++) {
#line 299 "/gnnac/templates/walk.lib.lua"
            const int id = u_id[k];
#line 305 "/gnnac/templates/walk.lib.lua"
            const long long u = (long long)id * 32;
#line 349 "/gnnac/templates/lanes.lib.lua"
            load4(&v[k][0], x0 + u);
        }
#line 321 "/gnnac/templates/walk.lib.lua"
#pragma unroll
        for (int k = 0; k < 4; k++)
#line 273 "/gnnac/templates/walk.lib.lua"
            coef[k] = __shfl_sync(all, weight[0], (j + k) * 1 + edge, 8);
#line 76 "/gnnac/templates/row_split.cu.lua"
#pragma unroll
        for (int k = 0; k < 4; k++)
#pragma unroll
            for (int i = 0; i < 4; i++)
#line 83 "/gnnac/templates/row_split.cu.lua"
                sum[i] = fmaf(coef[k], v[k][i], sum[i]);
        }
#line 214 "/gnnac/templates/walk.lib.lua"
        if (j * 1 < stop) {
#line 69 "/gnnac/templates/row_split.cu.lua"
        float v[3][4] = {};
#line 73 "/gnnac/templates/row_split.cu.lua"
        float coef[3] = {};
#line 284 "/gnnac/templates/walk.lib.lua"
        int u_id[3];
#pragma unroll
        for (int k = 0; k < 3; k++)
#line 273 "/gnnac/templates/walk.lib.lua"
            u_id[k] = __shfl_sync(all, held[0], (j + k) * 1 + edge, 8);
#line 289 "/gnnac/templates/walk.lib.lua"
#pragma unroll
        for (int k = 0; k < 3; k++) {
#line 292 "/gnnac/templates/walk.lib.lua"
            if ((j + k) * 1 + edge >= stop)
                continue;
#line 299 "/gnnac/templates/walk.lib.lua"
            const int id = u_id[k];
#line 305 "/gnnac/templates/walk.lib.lua"
            const long long u = (long long)id * 32;
#line 349 "/gnnac/templates/lanes.lib.lua"
            load4(&v[k][0], x0 + u);
        }
#line 321 "/gnnac/templates/walk.lib.lua"
#pragma unroll
        for (int k = 0; k < 3; k++)
#line 273 "/gnnac/templates/walk.lib.lua"
            coef[k] = __shfl_sync(all, weight[0], (j + k) * 1 + edge, 8);
#line 76 "/gnnac/templates/row_split.cu.lua"
#pragma unroll
        for (int k = 0; k < 3; k++)
#pragma unroll
            for (int i = 0; i < 4; i++)
#line 83 "/gnnac/templates/row_split.cu.lua"
                sum[i] = fmaf(coef[k], v[k][i], sum[i]);
        }
    }

#line 330 "/gnnac/templates/walk.lib.lua"
    if (!active)
        return;
#line 51 "/gnnac/templates/epilogue.lib.lua"
    const float norm = __ldg(dinv + row);
#line 77 "/gnnac/templates/epilogue.lib.lua"
    const float *from = self + (long long)row * 32;
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
    float *to = out + (long long)row * 32;
#line 442 "/gnnac/templates/lanes.lib.lua"
    store4(to + c0, &sum[0]);
}
