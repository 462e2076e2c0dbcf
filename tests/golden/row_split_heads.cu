// gnnac aggregate, from templates/row_split.cu.lua
// A group of lanes per row. dimWorker lanes hold a row's columns in
// registers; edgeWorker such teams take turns at its neighbours and are added
// by shuffles. A warp works on 32 // (dimWorker * edgeWorker) rows. No shared
// memory, no atomics: results repeat bit by bit. Wins where rows are alike in
// length.
// dimWorker=4 edgeWorker=1 vec=4 coarsen=1 unroll=4 warpPerBlock=4
// f32 dim=12 x_pitch=12 out_pitch=12 self_pitch=12 edges=mapped norm=none self=none bias=0 act=none offset_bits=32
#line 45 "/gnnac/templates/row_split.cu.lua"
// Rows per warp: 8; teams per row: 1;
// lanes per team: 4; columns per lane: 4.
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
gnnac_row_split_f32_d12_l4_e1_v4_c1_u4_w4_h3x4_edgesmapped(
    float *out, const float *x, const offset_t *rowptr,
    const int *colidx, const float *edge_values, const long long *edge_of,
    int n_rows)
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
#line 78 "/gnnac/templates/walk.lib.lua"
    const int edge = 0;
#line 290 "/gnnac/templates/lanes.lib.lua"
    const int at = lane % 4;
#line 311 "/gnnac/templates/lanes.lib.lua"
    const int c0 = min(at * 4 + 0, 8);
#line 333 "/gnnac/templates/lanes.lib.lua"
    const float *x0 = x + c0;
    asm("" : "+l"(x0));

#line 105 "/gnnac/templates/walk.lib.lua"
    offset_t degree = 0;
    const int *ids = colidx + edge;
#line 34 "/gnnac/templates/weights.lib.lua"
    const long long *edges = edge_of + edge;
#line 108 "/gnnac/templates/walk.lib.lua"
    if (active) {
        const offset_t begin = __ldg(rowptr + row);
        degree = __ldg(rowptr + row + 1) - begin;
        ids += begin;
#line 40 "/gnnac/templates/weights.lib.lua"
        edges += begin;
    }
#line 114 "/gnnac/templates/walk.lib.lua"
    offset_t left = degree - edge;

#line 66 "/gnnac/templates/row_split.cu.lua"
    float sum[4] = {};
#line 237 "/gnnac/templates/walk.lib.lua"
#pragma unroll 1
    while (left > 3) {
#line 69 "/gnnac/templates/row_split.cu.lua"
        float v[4][4] = {};
#line 71 "/gnnac/templates/row_split.cu.lua"
        float coef[4][1] = {};
#line 289 "/gnnac/templates/walk.lib.lua"
#pragma unroll
        for (int k = 0; k < 4; k++) {
#line 303 "/gnnac/templates/walk.lib.lua"
            const int id = __ldg(ids + k * 1);
#line 305 "/gnnac/templates/walk.lib.lua"
            const long long u = (long long)id * 12;
#line 67 "/gnnac/templates/weights.lib.lua"
            const long long number = __ldg(edges + k * 1);
#line 70 "/gnnac/templates/weights.lib.lua"
            coef[k][0] = __ldg(edge_values + number * 3 +
                                c0 / 4);
#line 349 "/gnnac/templates/lanes.lib.lua"
            load4(&v[k][0], x0 + u);
        }
#line 76 "/gnnac/templates/row_split.cu.lua"
#pragma unroll
        for (int k = 0; k < 4; k++)
#pragma unroll
            for (int i = 0; i < 4; i++)
#line 81 "/gnnac/templates/row_split.cu.lua"
                sum[i] = fmaf(coef[k][i / 4], v[k][i], sum[i]);
#line 223 "/gnnac/templates/walk.lib.lua"
        left -= 4;
        ids += 4;
#line 40 "/gnnac/templates/weights.lib.lua"
        edges += 4;
    }
#line 243 "/gnnac/templates/walk.lib.lua"
    if (left > 0) {
#line 69 "/gnnac/templates/row_split.cu.lua"
        float v[3][4] = {};
#line 71 "/gnnac/templates/row_split.cu.lua"
        float coef[3][1] = {};
#line 289 "/gnnac/templates/walk.lib.lua"
#pragma unroll
        for (int k = 0; k < 3; k++) {
#line 295 "/gnnac/templates/walk.lib.lua"
            if (k * 1 >= left)
                continue;
#line 303 "/gnnac/templates/walk.lib.lua"
            const int id = __ldg(ids + k * 1);
#line 305 "/gnnac/templates/walk.lib.lua"
            const long long u = (long long)id * 12;
#line 67 "/gnnac/templates/weights.lib.lua"
            const long long number = __ldg(edges + k * 1);
#line 70 "/gnnac/templates/weights.lib.lua"
            coef[k][0] = __ldg(edge_values + number * 3 +
                                c0 / 4);
#line 349 "/gnnac/templates/lanes.lib.lua"
            load4(&v[k][0], x0 + u);
        }
#line 76 "/gnnac/templates/row_split.cu.lua"
#pragma unroll
        for (int k = 0; k < 3; k++)
#pragma unroll
            for (int i = 0; i < 4; i++)
#line 81 "/gnnac/templates/row_split.cu.lua"
                sum[i] = fmaf(coef[k][i / 4], v[k][i], sum[i]);
    }

#line 330 "/gnnac/templates/walk.lib.lua"
    if (!active)
        return;
#line 171 "/gnnac/templates/epilogue.lib.lua"
    float *to = out + (long long)row * 12;
#line 425 "/gnnac/templates/lanes.lib.lua"
    if (at * 4 + 0 < 12)
#line 440 "/gnnac/templates/lanes.lib.lua"
        store4(to + c0, &sum[0]);
}
