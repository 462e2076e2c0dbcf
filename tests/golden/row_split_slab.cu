// gnnac aggregate, from templates/row_split.cu.lua
// A group of lanes per row. dimWorker lanes hold a row's columns in
// registers; edgeWorker such teams take turns at its neighbours and are added
// by shuffles. A warp works on 32 // (dimWorker * edgeWorker) rows. No shared
// memory, no atomics: results repeat bit by bit. Wins where rows are alike in
// length.
// dimWorker=8 edgeWorker=2 vec=4 coarsen=2 unroll=4 warpPerBlock=4 slab=128 hints=1
// f32 dim=100 x_pitch=100 out_pitch=100 self_pitch=100 norm=gcn self=gcn bias=1 act=none offset_bits=32
#line 45 "/gnnac/templates/row_split.cu.lua"
// Rows per warp: 2; teams per row: 2;
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
static __device__ __forceinline__ void stream4(float *to, const float *from)
{
#line 190 "/gnnac/templates/lanes.lib.lua"
    __stcs((float4 *)(to + 0),
           make_float4(from[0], from[1], from[2], from[3]));
}

#line 51 "/gnnac/templates/row_split.cu.lua"
extern "C" __global__ void __launch_bounds__(128, 1)
gnnac_row_split_f32_d100_l8_e2_v4_c2_u4_w4_b128_h1_gcn_selfgcn_bias(
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
    const unsigned row = blockIdx.x * 8 +
                         threadIdx.x / 32 * 2 + lane / 16;
#line 73 "/gnnac/templates/walk.lib.lua"
    const bool active = row < n_rows;
#line 82 "/gnnac/templates/walk.lib.lua"
    const int edge = lane / 8 % 2;
#line 290 "/gnnac/templates/lanes.lib.lua"
    const int at = lane % 8;
#line 293 "/gnnac/templates/lanes.lib.lua"
    const int tile = blockIdx.y * 32;
#line 307 "/gnnac/templates/lanes.lib.lua"
    const int c0 = min(tile + at * 4 + 0, 96);
#line 333 "/gnnac/templates/lanes.lib.lua"
    const float *x0 = x + c0;
    asm("" : "+l"(x0));

#line 105 "/gnnac/templates/walk.lib.lua"
    offset_t degree = 0;
    const int *ids = colidx + edge;
#line 108 "/gnnac/templates/walk.lib.lua"
    if (active) {
        const offset_t begin = __ldg(rowptr + row);
        degree = __ldg(rowptr + row + 1) - begin;
        ids += begin;
    }
#line 114 "/gnnac/templates/walk.lib.lua"
    offset_t left = degree - edge;

#line 66 "/gnnac/templates/row_split.cu.lua"
    float sum[4] = {};
#line 237 "/gnnac/templates/walk.lib.lua"
#pragma unroll 1
    while (left > 6) {
#line 69 "/gnnac/templates/row_split.cu.lua"
        float v[4][4] = {};
#line 73 "/gnnac/templates/row_split.cu.lua"
        float coef[4] = {};
#line 289 "/gnnac/templates/walk.lib.lua"
#pragma unroll
        for (int k = 0; k < 4; k++) {
#line 303 "/gnnac/templates/walk.lib.lua"
            const int id = __ldcs(ids + k * 2);
#line 305 "/gnnac/templates/walk.lib.lua"
            const long long u = (long long)id * 100;
#line 57 "/gnnac/templates/weights.lib.lua"
            const float value = __ldg(dinv + id);
#line 316 "/gnnac/templates/walk.lib.lua"
            coef[k] = value;
#line 349 "/gnnac/templates/lanes.lib.lua"
            load4(&v[k][0], x0 + u);
        }
#line 76 "/gnnac/templates/row_split.cu.lua"
#pragma unroll
        for (int k = 0; k < 4; k++)
#pragma unroll
            for (int i = 0; i < 4; i++)
#line 83 "/gnnac/templates/row_split.cu.lua"
                sum[i] = fmaf(coef[k], v[k][i], sum[i]);
#line 223 "/gnnac/templates/walk.lib.lua"
        left -= 8;
        ids += 8;
    }
#line 243 "/gnnac/templates/walk.lib.lua"
    if (left > 0) {
#line 69 "/gnnac/templates/row_split.cu.lua"
        float v[3][4] = {};
#line 73 "/gnnac/templates/row_split.cu.lua"
        float coef[3] = {};
#line 289 "/gnnac/templates/walk.lib.lua"
#pragma unroll
        for (int k = 0; k < 3; k++) {
#line 295 "/gnnac/templates/walk.lib.lua"
            if (k * 2 >= left)
                continue;
#line 303 "/gnnac/templates/walk.lib.lua"
            const int id = __ldcs(ids + k * 2);
#line 305 "/gnnac/templates/walk.lib.lua"
            const long long u = (long long)id * 100;
#line 57 "/gnnac/templates/weights.lib.lua"
            const float value = __ldg(dinv + id);
#line 316 "/gnnac/templates/walk.lib.lua"
            coef[k] = value;
#line 349 "/gnnac/templates/lanes.lib.lua"
            load4(&v[k][0], x0 + u);
        }
#line 76 "/gnnac/templates/row_split.cu.lua"
#pragma unroll
        for (int k = 0; k < 3; k++)
#pragma unroll
            for (int i = 0; i < 4; i++)
#line 83 "/gnnac/templates/row_split.cu.lua"
                sum[i] = fmaf(coef[k], v[k][i], sum[i]);
    }
#line 453 "/gnnac/templates/lanes.lib.lua"
#pragma unroll
    for (int step = 1; step > 0; step /= 2) {
#pragma unroll
        for (int i = 0; i < 4; i++) {
            const float more =
                __shfl_down_sync(~0u, sum[i], step * 8);
#line 464 "/gnnac/templates/lanes.lib.lua"
            sum[i] += more;
        }
    }

#line 333 "/gnnac/templates/walk.lib.lua"
    if (!active || edge > 0)
        return;
#line 51 "/gnnac/templates/epilogue.lib.lua"
    const float norm = __ldg(dinv + row);
#line 77 "/gnnac/templates/epilogue.lib.lua"
    const float *from = self + (long long)row * 100;
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
#line 171 "/gnnac/templates/epilogue.lib.lua"
    float *to = out + (long long)row * 100;
#line 423 "/gnnac/templates/lanes.lib.lua"
    if (tile + at * 4 + 0 < 100)
#line 440 "/gnnac/templates/lanes.lib.lua"
        stream4(to + c0, &sum[0]);
}
