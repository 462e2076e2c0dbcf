// gnnac extreme_share, from templates/extreme_share.cu.lua
// The backward of extreme, its first half: each row's gradient g, shared evenly
// among the edges whose source has the row's value in a column (self, what forward
// gave); 0 where none has. Lanes share a row as in row_split. No atomics.
// dimWorker=4 edgeWorker=2 vec=4 coarsen=1 unroll=4 warpPerBlock=4
// f32 dim=16 x_pitch=16 out_pitch=16 grad_pitch=16 norm=none self=none bias=0 act=none offset_bits=32
#line 34 "/gnnac/templates/extreme_share.cu.lua"
// Rows per warp: 4; teams per row: 2;
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

#line 41 "/gnnac/templates/extreme_share.cu.lua"
extern "C" __global__ void __launch_bounds__(128, 1)
gnnac_extreme_share_f32_d16_l4_e2_v4_c1_u4_w4(
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
#line 69 "/gnnac/templates/walk.lib.lua"
    const unsigned row = blockIdx.x * 16 +
                         threadIdx.x / 32 * 4 + lane / 8;
#line 73 "/gnnac/templates/walk.lib.lua"
    const bool active = row < n_rows;
#line 82 "/gnnac/templates/walk.lib.lua"
    const int edge = lane / 4 % 2;
#line 290 "/gnnac/templates/lanes.lib.lua"
    const int at = lane % 4;
#line 309 "/gnnac/templates/lanes.lib.lua"
    const int c0 = at * 4 + 0;
#line 333 "/gnnac/templates/lanes.lib.lua"
    const float *x0 = x + c0;
    asm("" : "+l"(x0));
#line 94 "/gnnac/templates/walk.lib.lua"
    float best[4] = {};
#line 97 "/gnnac/templates/walk.lib.lua"
    if (active)
        load4(&best[0], self + (long long)row * 16 + c0);

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

#line 50 "/gnnac/templates/extreme_share.cu.lua"
    float sum[4] = {}; // of edges
#line 237 "/gnnac/templates/walk.lib.lua"
#pragma unroll 1
    while (left > 6) {
#line 52 "/gnnac/templates/extreme_share.cu.lua"
        float v[4][4] = {};
#line 289 "/gnnac/templates/walk.lib.lua"
#pragma unroll
        for (int k = 0; k < 4; k++) {
#line 303 "/gnnac/templates/walk.lib.lua"
            const int id = __ldg(ids + k * 2);
#line 305 "/gnnac/templates/walk.lib.lua"
            const long long u = (long long)id * 16;
#line 349 "/gnnac/templates/lanes.lib.lua"
            load4(&v[k][0], x0 + u);
        }
#line 54 "/gnnac/templates/extreme_share.cu.lua"
#pragma unroll
        for (int k = 0; k < 4; k++)
#pragma unroll
            for (int i = 0; i < 4; i++)
#line 59 "/gnnac/templates/extreme_share.cu.lua"
                    sum[i] += v[k][i] == best[i] ? 1.0f : 0.0f;
#line 223 "/gnnac/templates/walk.lib.lua"
        left -= 8;
        ids += 8;
    }
#line 243 "/gnnac/templates/walk.lib.lua"
    if (left > 0) {
#line 52 "/gnnac/templates/extreme_share.cu.lua"
        float v[3][4] = {};
#line 289 "/gnnac/templates/walk.lib.lua"
#pragma unroll
        for (int k = 0; k < 3; k++) {
#line 295 "/gnnac/templates/walk.lib.lua"
            if (k * 2 >= left)
                continue;
#line 303 "/gnnac/templates/walk.lib.lua"
            const int id = __ldg(ids + k * 2);
#line 305 "/gnnac/templates/walk.lib.lua"
            const long long u = (long long)id * 16;
#line 349 "/gnnac/templates/lanes.lib.lua"
            load4(&v[k][0], x0 + u);
        }
#line 54 "/gnnac/templates/extreme_share.cu.lua"
#pragma unroll
        for (int k = 0; k < 3; k++)
#pragma unroll
            for (int i = 0; i < 4; i++)
#line 258 "/gnnac/templates/walk.lib.lua"
                if (k * 2 < left)
#line 59 "/gnnac/templates/extreme_share.cu.lua"
                    sum[i] += v[k][i] == best[i] ? 1.0f : 0.0f;
    }
#line 453 "/gnnac/templates/lanes.lib.lua"
#pragma unroll
    for (int step = 1; step > 0; step /= 2) {
#pragma unroll
        for (int i = 0; i < 4; i++) {
            const float more =
                __shfl_down_sync(~0u, sum[i], step * 4);
#line 464 "/gnnac/templates/lanes.lib.lua"
            sum[i] += more;
        }
    }

#line 333 "/gnnac/templates/walk.lib.lua"
    if (!active || edge > 0)
        return;
#line 94 "/gnnac/templates/walk.lib.lua"
    float whole[4] = {};
#line 97 "/gnnac/templates/walk.lib.lua"
    if (active)
        load4(&whole[0], g + (long long)row * 16 + c0);
#line 65 "/gnnac/templates/extreme_share.cu.lua"
#pragma unroll
    for (int i = 0; i < 4; i++)
        sum[i] = sum[i] > 0.0f ? whole[i] / sum[i] : 0.0f;
    float *to = out + (long long)row * 16;
#line 442 "/gnnac/templates/lanes.lib.lua"
    store4(to + c0, &sum[0]);
}
