// gnnac aggregate, from templates/row_split.cu.lua
// A group of lanes per row. dimWorker lanes hold a row's columns in
// registers; edgeWorker such teams take turns at its neighbours and are added
// by shuffles. A warp works on 32 // (dimWorker * edgeWorker) rows. No shared
// memory, no atomics: results repeat bit by bit. Wins where rows are alike in
// length.
// dimWorker=1 edgeWorker=32 vec=1 coarsen=1 unroll=1 warpPerBlock=4
// f32 dim=1 x_pitch=1 out_pitch=1 norm=none self=none bias=0 act=none offset_bits=32
#line 45 "/gnnac/templates/row_split.cu.lua"
// Rows per warp: 1; teams per row: 32;
// lanes per team: 1; columns per lane: 1.
#line 9 "/gnnac/templates/offsets.lib.lua"
typedef int offset_t;

#line 261 "/gnnac/templates/lanes.lib.lua"
static __device__ __forceinline__ void load1(float *to, const float *from)
{
#line 206 "/gnnac/templates/lanes.lib.lua"
    to[0] = __ldg(from + 0);
}

#line 261 "/gnnac/templates/lanes.lib.lua"
static __device__ __forceinline__ void store1(float *to, const float *from)
{
#line 204 "/gnnac/templates/lanes.lib.lua"
    to[0] = from[0];
}

#line 51 "/gnnac/templates/row_split.cu.lua"
extern "C" __global__ void __launch_bounds__(128, 1)
gnnac_row_split_f32_d1_l1_e32_v1_c1_u1_w4(
    float *out, const float *x, const offset_t *rowptr,
    const int *colidx, int n_rows)
{
#line 13 "/gnnac/templates/follow.lib.lua"
#if __CUDA_ARCH__ >= 900
    asm volatile("griddepcontrol.launch_dependents;\n\t"
                 "griddepcontrol.wait;" ::: "memory");
#endif
#line 65 "/gnnac/templates/walk.lib.lua"
    const int lane = threadIdx.x % 32;
#line 67 "/gnnac/templates/walk.lib.lua"
    const unsigned row = blockIdx.x * 4 + threadIdx.x / 32;
#line 73 "/gnnac/templates/walk.lib.lua"
    const bool active = row < n_rows;
#line 80 "/gnnac/templates/walk.lib.lua"
    const int edge = lane / 1;
#line 286 "/gnnac/templates/lanes.lib.lua"
    const int at = 0;
#line 309 "/gnnac/templates/lanes.lib.lua"
    const int c0 = at * 1 + 0;
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
    float sum[1] = {};
#line 237 "/gnnac/templates/walk.lib.lua"
#pragma unroll 1
    while (left > 0) {
#line 69 "/gnnac/templates/row_split.cu.lua"
        float v[1][1] = {};
#line 289 "/gnnac/templates/walk.lib.lua"
#pragma unroll
        for (int k = 0; k < 1; k++) {
#line 303 "/gnnac/templates/walk.lib.lua"
            const int id = __ldg(ids + k * 32);
#line 305 "/gnnac/templates/walk.lib.lua"
            const long long u = (long long)id * 1;
#line 349 "/gnnac/templates/lanes.lib.lua"
            load1(&v[k][0], x0 + u);
        }
#line 76 "/gnnac/templates/row_split.cu.lua"
#pragma unroll
        for (int k = 0; k < 1; k++)
#pragma unroll
            for (int i = 0; i < 1; i++)
#line 85 "/gnnac/templates/row_split.cu.lua"
                sum[i] += v[k][i];
#line 223 "/gnnac/templates/walk.lib.lua"
        left -= 32;
        ids += 32;
    }
#line 453 "/gnnac/templates/lanes.lib.lua"
#pragma unroll
    for (int step = 16; step > 0; step /= 2) {
#pragma unroll
        for (int i = 0; i < 1; i++) {
            const float more =
                __shfl_down_sync(~0u, sum[i], step * 1);
#line 464 "/gnnac/templates/lanes.lib.lua"
            sum[i] += more;
        }
    }

#line 333 "/gnnac/templates/walk.lib.lua"
    if (!active || edge > 0)
        return;
#line 171 "/gnnac/templates/epilogue.lib.lua"
    float *to = out + (long long)row * 1;
#line 442 "/gnnac/templates/lanes.lib.lua"
    store1(to + c0, &sum[0]);
}
