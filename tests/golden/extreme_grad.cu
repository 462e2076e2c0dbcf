// gnnac extreme_grad, from templates/extreme_grad.cu.lua
// The backward of extreme, its second half, over the transposed graph: a node gets
// the share (g, of extreme_share) of every row that it was sent to and whose value
// (self, what forward gave) is its own, column by column. Lanes share a row as in
// row_split. A row is written once: no atomics.
// dimWorker=8 edgeWorker=4 vec=4 coarsen=1 unroll=2 warpPerBlock=4
// f32 dim=33 x_pitch=33 out_pitch=33 grad_pitch=36 norm=none self=none bias=0 act=none offset_bits=32
#line 36 "/gnnac/templates/extreme_grad.cu.lua"
// Rows per warp: 1; teams per row: 4;
// lanes per team: 8; columns per lane: 5.
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

#line 261 "/gnnac/templates/lanes.lib.lua"
static __device__ __forceinline__ void store1(float *to, const float *from)
{
#line 204 "/gnnac/templates/lanes.lib.lua"
    to[0] = from[0];
}

#line 42 "/gnnac/templates/extreme_grad.cu.lua"
extern "C" __global__ void __launch_bounds__(128, 1)
gnnac_extreme_grad_f32_d33_l8_e4_v4_c1_u2_w4_s36_g36(
    float *out, const float *x, const float *self,
    const float *g, const offset_t *rowptr, const int *colidx,
    int n_rows)
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
    const int edge = lane / 8;
#line 290 "/gnnac/templates/lanes.lib.lua"
    const int at = lane % 8;
#line 309 "/gnnac/templates/lanes.lib.lua"
    const int c0 = at * 4 + 0;
#line 303 "/gnnac/templates/lanes.lib.lua"
    const int c1 = 32 + min(at + 0, 0);
#line 333 "/gnnac/templates/lanes.lib.lua"
    const float *x0 = self + c0;
    asm("" : "+l"(x0));
#line 333 "/gnnac/templates/lanes.lib.lua"
    const float *x1 = self + c1;
    asm("" : "+l"(x1));
#line 333 "/gnnac/templates/lanes.lib.lua"
    const float *share0 = g + c0;
    asm("" : "+l"(share0));
#line 333 "/gnnac/templates/lanes.lib.lua"
    const float *share1 = g + c1;
    asm("" : "+l"(share1));
#line 94 "/gnnac/templates/walk.lib.lua"
    float mine[5] = {};
#line 97 "/gnnac/templates/walk.lib.lua"
    if (active)
        load4x1(&mine[0], x + (long long)row * 33 + c0);
#line 97 "/gnnac/templates/walk.lib.lua"
    if (active)
        load1(&mine[4], x + (long long)row * 33 + c1);

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

#line 52 "/gnnac/templates/extreme_grad.cu.lua"
    float sum[5] = {};
#line 237 "/gnnac/templates/walk.lib.lua"
#pragma unroll 1
    while (left > 4) {
#line 54 "/gnnac/templates/extreme_grad.cu.lua"
        float v[2][5] = {};
        float shares[2][5] = {}; // none for no edge
#line 289 "/gnnac/templates/walk.lib.lua"
#pragma unroll
        for (int k = 0; k < 2; k++) {
#line 303 "/gnnac/templates/walk.lib.lua"
            const int id = __ldg(ids + k * 4);
#line 305 "/gnnac/templates/walk.lib.lua"
            const long long u = (long long)id * 36;
            {
#line 58 "/gnnac/templates/extreme_grad.cu.lua"
                const long long u = (long long)id * 36;
#line 349 "/gnnac/templates/lanes.lib.lua"
            load4(&shares[k][0], share0 + u);
#line 349 "/gnnac/templates/lanes.lib.lua"
            load1(&shares[k][4], share1 + u);
            }
#line 349 "/gnnac/templates/lanes.lib.lua"
            load4(&v[k][0], x0 + u);
#line 349 "/gnnac/templates/lanes.lib.lua"
            load1(&v[k][4], x1 + u);
        }
#line 62 "/gnnac/templates/extreme_grad.cu.lua"
#pragma unroll
        for (int k = 0; k < 2; k++)
#pragma unroll
            for (int i = 0; i < 5; i++)
                sum[i] += mine[i] == v[k][i] ? shares[k][i] : 0.0f;
#line 223 "/gnnac/templates/walk.lib.lua"
        left -= 8;
        ids += 8;
    }
#line 243 "/gnnac/templates/walk.lib.lua"
    if (left > 0) {
#line 54 "/gnnac/templates/extreme_grad.cu.lua"
        float v[1][5] = {};
        float shares[1][5] = {}; // none for no edge
#line 289 "/gnnac/templates/walk.lib.lua"
#pragma unroll
        for (int k = 0; k < 1; k++) {
#line 295 "/gnnac/templates/walk.lib.lua"
            if (k * 4 >= left)
                continue;
#line 303 "/gnnac/templates/walk.lib.lua"
            const int id = __ldg(ids + k * 4);
#line 305 "/gnnac/templates/walk.lib.lua"
            const long long u = (long long)id * 36;
            {
#line 58 "/gnnac/templates/extreme_grad.cu.lua"
                const long long u = (long long)id * 36;
#line 349 "/gnnac/templates/lanes.lib.lua"
            load4(&shares[k][0], share0 + u);
#line 349 "/gnnac/templates/lanes.lib.lua"
            load1(&shares[k][4], share1 + u);
            }
#line 349 "/gnnac/templates/lanes.lib.lua"
            load4(&v[k][0], x0 + u);
#line 349 "/gnnac/templates/lanes.lib.lua"
            load1(&v[k][4], x1 + u);
        }
#line 62 "/gnnac/templates/extreme_grad.cu.lua"
#pragma unroll
        for (int k = 0; k < 1; k++)
#pragma unroll
            for (int i = 0; i < 5; i++)
                sum[i] += mine[i] == v[k][i] ? shares[k][i] : 0.0f;
    }
#line 453 "/gnnac/templates/lanes.lib.lua"
#pragma unroll
    for (int step = 2; step > 0; step /= 2) {
#pragma unroll
        for (int i = 0; i < 5; i++) {
            const float more =
                __shfl_down_sync(~0u, sum[i], step * 8);
#line 464 "/gnnac/templates/lanes.lib.lua"
            sum[i] += more;
        }
    }

#line 333 "/gnnac/templates/walk.lib.lua"
    if (!active || edge > 0)
        return;
#line 71 "/gnnac/templates/extreme_grad.cu.lua"
    float *to = out + (long long)row * 33;
#line 442 "/gnnac/templates/lanes.lib.lua"
    store4x1(to + c0, &sum[0]);
#line 421 "/gnnac/templates/lanes.lib.lua"
    if (at + 0 < 1)
#line 440 "/gnnac/templates/lanes.lib.lua"
        store1(to + c1, &sum[4]);
}
