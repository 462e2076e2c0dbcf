// gnnac aggregate, from templates/neighbor_group.cu.lua
// GNNAdvisor's neighbour groups: a warp per group of at most partSize
// neighbours of one row, so that work is even however long rows are. dimWorker
// lanes hold the columns in registers; 32 // dimWorker such teams take
// different neighbours and are added by shuffles. The first warp of a row in a
// block adds the others' sums from shared memory. Rows that cross blocks leave
// partial sums, which a second kernel adds in block order, so that results repeat
// bit by bit (combine=1, 2: atomics, they do not). Wins where a few rows hold many neighbours.
// partSize=16 dimWorker=6 warpPerBlock=4 unroll=4 slab=0 hints=0 combine=2
// f32 dim=22 x_pitch=24 out_pitch=24 norm=none self=none bias=0 act=none offset_bits=32
#line 60 "/gnnac/templates/groups.lib.lua"
// Neighbours per warp: up to 16; teams per warp: 5;
// lanes per team: 6; columns per lane: 5.
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

#line 61 "/gnnac/templates/combine.lib.lua"
static __device__ __forceinline__ void add4(float *to, const float *from)
{
#line 64 "/gnnac/templates/combine.lib.lua"
#if __CUDA_ARCH__ >= 900
#line 68 "/gnnac/templates/combine.lib.lua"
    asm volatile("red.global.add.v4.f32 [%0], {%1, %2, %3, %4};"
                 :: "l"(to + 0), "f"(from[0]), "f"(from[1]),
                    "f"(from[2]), "f"(from[3]) : "memory");
#line 78 "/gnnac/templates/combine.lib.lua"
#else
#line 81 "/gnnac/templates/combine.lib.lua"
    atomicAdd(to + 0, from[0]);
#line 81 "/gnnac/templates/combine.lib.lua"
    atomicAdd(to + 1, from[1]);
#line 81 "/gnnac/templates/combine.lib.lua"
    atomicAdd(to + 2, from[2]);
#line 81 "/gnnac/templates/combine.lib.lua"
    atomicAdd(to + 3, from[3]);
#line 84 "/gnnac/templates/combine.lib.lua"
#endif
}

#line 61 "/gnnac/templates/combine.lib.lua"
static __device__ __forceinline__ void add1(float *to, const float *from)
{
#line 81 "/gnnac/templates/combine.lib.lua"
    atomicAdd(to + 0, from[0]);
}

#line 141 "/gnnac/templates/combine.lib.lua"
// Team: a row that is cut, whose pieces will be added to it.
#line 119 "/gnnac/templates/combine.lib.lua"
extern "C" __global__ void __launch_bounds__(128, 1)
gnnac_neighbor_group_f32_d22_p16_l6_w4_u4_b0_h0_c2_x24_y24(
    float *out, const int *split_row, int n_splits)
{
#line 13 "/gnnac/templates/follow.lib.lua"
#if __CUDA_ARCH__ >= 900
    asm volatile("griddepcontrol.launch_dependents;\n\t"
                 "griddepcontrol.wait;" ::: "memory");
#endif
#line 123 "/gnnac/templates/combine.lib.lua"
    const unsigned warp = blockIdx.x * 4 + threadIdx.x / 32;
#line 68 "/gnnac/templates/parts.lib.lua"
    const int lane = threadIdx.x % 32;
#line 74 "/gnnac/templates/parts.lib.lua"
    const int edge = lane < 30 ? lane / 6 : 32;
#line 290 "/gnnac/templates/lanes.lib.lua"
    const int at = lane % 6;
#line 311 "/gnnac/templates/lanes.lib.lua"
    const int c0 = min(at * 4 + 0, 16);
#line 303 "/gnnac/templates/lanes.lib.lua"
    const int c1 = 20 + min(at + 0, 1);
#line 125 "/gnnac/templates/combine.lib.lua"
    const unsigned split = warp * 5 + edge;
#line 127 "/gnnac/templates/combine.lib.lua"
    if (edge == 32 || split >= n_splits)
        return;
#line 133 "/gnnac/templates/combine.lib.lua"
    const int row = __ldg(split_row + split);
#line 143 "/gnnac/templates/combine.lib.lua"
    const float sum[5] = {};
    float *to = out + (long long)row * 24;
#line 425 "/gnnac/templates/lanes.lib.lua"
    if (at * 4 + 0 < 20)
#line 440 "/gnnac/templates/lanes.lib.lua"
        store4(to + c0, &sum[0]);
#line 421 "/gnnac/templates/lanes.lib.lua"
    if (at + 0 < 2)
#line 440 "/gnnac/templates/lanes.lib.lua"
        store1(to + c1, &sum[4]);
}

#line 71 "/gnnac/templates/groups.lib.lua"
extern "C" __global__ void __launch_bounds__(128, 1)
gnnac_neighbor_group_f32_d22_p16_l6_w4_u4_b0_h0_c2_x24_y24_sum(
    float *out, const float *x, const int *colidx,
    const offset_t *part_ptr, const int *part_row, int n_parts)
{
#line 13 "/gnnac/templates/follow.lib.lua"
#if __CUDA_ARCH__ >= 900
    asm volatile("griddepcontrol.launch_dependents;\n\t"
                 "griddepcontrol.wait;" ::: "memory");
#endif
#line 68 "/gnnac/templates/parts.lib.lua"
    const int lane = threadIdx.x % 32;
#line 74 "/gnnac/templates/parts.lib.lua"
    const int edge = lane < 30 ? lane / 6 : 32;
#line 290 "/gnnac/templates/lanes.lib.lua"
    const int at = lane % 6;
#line 311 "/gnnac/templates/lanes.lib.lua"
    const int c0 = min(at * 4 + 0, 16);
#line 303 "/gnnac/templates/lanes.lib.lua"
    const int c1 = 20 + min(at + 0, 1);
#line 333 "/gnnac/templates/lanes.lib.lua"
    const float *x0 = x + c0;
    asm("" : "+l"(x0));
#line 333 "/gnnac/templates/lanes.lib.lua"
    const float *x1 = x + c1;
    asm("" : "+l"(x1));

#line 101 "/gnnac/templates/groups.lib.lua"
    const unsigned part = blockIdx.x * 4 + threadIdx.x / 32;
    if (part >= n_parts)
        return;
#line 107 "/gnnac/templates/groups.lib.lua"
    const int row = __ldg(part_row + part);
    const offset_t begin = __ldg(part_ptr + part);
    const int *ids = colidx + begin;
#line 111 "/gnnac/templates/groups.lib.lua"
    int left = __ldg(part_ptr + part + 1) - begin;

#line 114 "/gnnac/templates/groups.lib.lua"
    float sum[5] = {};
    {
#line 159 "/gnnac/templates/groups.lib.lua"
        const int n = left;
#line 161 "/gnnac/templates/groups.lib.lua"
        const int id = lane < n ? __ldg(ids + lane) : 0;
#line 169 "/gnnac/templates/groups.lib.lua"
        int base = 0;
#line 177 "/gnnac/templates/groups.lib.lua"
        if (base < n) {
#line 117 "/gnnac/templates/groups.lib.lua"
            float v[4][5] = {};
            int ids_k[4];
#pragma unroll
            for (int k = 0; k < 4; k++)
                ids_k[k] = __shfl_sync(~0u, id, base + k * 5 + edge);
#pragma unroll
            for (int k = 0; k < 4; k++) {
#line 125 "/gnnac/templates/groups.lib.lua"
                if (base + k * 5 + edge >= n)
                    continue;
#line 128 "/gnnac/templates/groups.lib.lua"
                const long long u = (long long)ids_k[k] * 24;
#line 349 "/gnnac/templates/lanes.lib.lua"
            load4(&v[k][0], x0 + u);
#line 349 "/gnnac/templates/lanes.lib.lua"
            load1(&v[k][4], x1 + u);
            }
#line 131 "/gnnac/templates/groups.lib.lua"
#pragma unroll
            for (int k = 0; k < 4; k++) {
#line 137 "/gnnac/templates/groups.lib.lua"
#pragma unroll
                for (int i = 0; i < 5; i++)
#line 142 "/gnnac/templates/groups.lib.lua"
                    sum[i] += v[k][i];
            }
        }
    }
#line 453 "/gnnac/templates/lanes.lib.lua"
#pragma unroll
    for (int step = 4; step > 0; step /= 2) {
#pragma unroll
        for (int i = 0; i < 5; i++) {
            const float more =
                __shfl_down_sync(~0u, sum[i], step * 6);
#line 466 "/gnnac/templates/lanes.lib.lua"
            sum[i] += edge + step < 5 ? more : 0.0f;
        }
    }

#line 220 "/gnnac/templates/groups.lib.lua"
    if (edge > 0)
        return;
#line 223 "/gnnac/templates/groups.lib.lua"
    const bool begins = part == 0 || __ldg(part_row + part - 1) != row;
    const bool ends = part + 1 >= n_parts || __ldg(part_row + part + 1) != row;
#line 226 "/gnnac/templates/groups.lib.lua"
    if (!begins || !ends) {
#line 103 "/gnnac/templates/combine.lib.lua"
        float *to = out + (long long)row * 24;
#line 425 "/gnnac/templates/lanes.lib.lua"
    if (at * 4 + 0 < 20)
#line 440 "/gnnac/templates/lanes.lib.lua"
        add4(to + c0, &sum[0]);
#line 421 "/gnnac/templates/lanes.lib.lua"
    if (at + 0 < 2)
#line 440 "/gnnac/templates/lanes.lib.lua"
        add1(to + c1, &sum[4]);
#line 24 "/gnnac/templates/combine.lib.lua"
        return;
    }
#line 171 "/gnnac/templates/epilogue.lib.lua"
    float *to = out + (long long)row * 24;
#line 425 "/gnnac/templates/lanes.lib.lua"
    if (at * 4 + 0 < 20)
#line 440 "/gnnac/templates/lanes.lib.lua"
        store4(to + c0, &sum[0]);
#line 421 "/gnnac/templates/lanes.lib.lua"
    if (at + 0 < 2)
#line 440 "/gnnac/templates/lanes.lib.lua"
        store1(to + c1, &sum[4]);
}
