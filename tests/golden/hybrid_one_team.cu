// gnnac aggregate, from templates/hybrid.cu.lua
// Every row as its length asks, in one launch, longest first. Short rows share
// a warp, a team of dimWorker lanes for each; medium ones have a warp, whose
// teams take turns at the neighbours and are added by shuffles; long ones are
// cut into pieces, a warp for each, whose sums a second kernel adds in order, so
// that results repeat bit by bit (combine=1: atomics, they do not). The runtime sorts the rows by length
// (runtime/cuda/buckets.h), so that a warp knows by its number what it is for, and
// rows that share one are alike: lanes never diverge and the last blocks of a
// launch are its shortest. The ids of a step's neighbours are read by one load
// of all lanes and handed round. Meant for rows of all lengths.
// segmentEdges=128 packedEdges=16 dimWorker=32 vec=4 unroll=4 warpPerBlock=4
// f32 dim=128 x_pitch=128 out_pitch=128 norm=none self=none bias=0 act=none offset_bits=32
#line 52 "/gnnac/templates/hybrid.cu.lua"
// Rows of up to 16 edges: 1 to a warp; of up to
// 128: a warp each; longer ones are cut.
// Lanes per team: 32; columns per lane: 4.
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

#line 61 "/gnnac/templates/hybrid.cu.lua"
extern "C" __global__ void __launch_bounds__(128, 1)
gnnac_hybrid_f32_d128_s128_k16_l32_v4_u4_w4(
    float *out, const float *x, const int *colidx,
    const offset_t *part_ptr, const offset_t *part_end, const int *part_row,
    float *partial, int n_parts, int n_cut)
{
#line 13 "/gnnac/templates/follow.lib.lua"
#if __CUDA_ARCH__ >= 900
    asm volatile("griddepcontrol.launch_dependents;\n\t"
                 "griddepcontrol.wait;" ::: "memory");
#endif
#line 65 "/gnnac/templates/hybrid.cu.lua"
    const unsigned warp = blockIdx.x * 4 + threadIdx.x / 32;
#line 56 "/gnnac/templates/sorted.lib.lua"
    const int lane = threadIdx.x % 32;
#line 288 "/gnnac/templates/lanes.lib.lua"
    const int at = lane;
#line 309 "/gnnac/templates/lanes.lib.lua"
    const int c0 = at * 4 + 0;
#line 333 "/gnnac/templates/lanes.lib.lua"
    const float *x0 = x + c0;
    asm("" : "+l"(x0));

#line 64 "/gnnac/templates/sorted.lib.lua"
    const unsigned part = warp;
    const bool active = part < n_parts;
    const int place = lane;
#line 83 "/gnnac/templates/sorted.lib.lua"
    int row = 0, left = 0;
    const int *ids = colidx + place;
    if (active) {
        const offset_t begin = __ldg(part_ptr + part);
        row = __ldg(part_row + part);
        left = (int)(__ldg(part_end + part) - begin);
        ids += begin;
    }

#line 98 "/gnnac/templates/sorted.lib.lua"
    const int mine = left, most = left, sure = left;

#line 161 "/gnnac/templates/sorted.lib.lua"
    float sum[4] = {};
    int next[1];
    {
#line 112 "/gnnac/templates/sorted.lib.lua"
#pragma unroll
        for (int h = 0; h < 1; h++) {
#line 115 "/gnnac/templates/sorted.lib.lua"
            next[h] = place < left ? __ldg(ids) : 0;
        }
    }
#line 166 "/gnnac/templates/sorted.lib.lua"
#pragma unroll 1
    for (int base = 0; base < most; base += 32) {
        int id[1];
#pragma unroll
        for (int h = 0; h < 1; h++)
            id[h] = next[h];
#line 173 "/gnnac/templates/sorted.lib.lua"
        ids += 32;
        left -= 32;
#line 112 "/gnnac/templates/sorted.lib.lua"
#pragma unroll
        for (int h = 0; h < 1; h++) {
#line 115 "/gnnac/templates/sorted.lib.lua"
            next[h] = place < left ? __ldg(ids) : 0;
        }
#line 184 "/gnnac/templates/sorted.lib.lua"
#pragma unroll 1
        for (int j = 0; j < 32 && base + j < most; j += 4) {
#line 187 "/gnnac/templates/sorted.lib.lua"
            if (base + j + 4 <= sure) {
#line 124 "/gnnac/templates/sorted.lib.lua"
                float v[4][4] = {};
                int u_id[4];
#pragma unroll
                for (int k = 0; k < 4; k++)
#line 129 "/gnnac/templates/sorted.lib.lua"
                    u_id[k] = __shfl_sync(~0u, id[0], j + k);
#line 139 "/gnnac/templates/sorted.lib.lua"
#pragma unroll
                for (int k = 0; k < 4; k++) {
#line 145 "/gnnac/templates/sorted.lib.lua"
                    const long long u = (long long)u_id[k] * 128;
#line 349 "/gnnac/templates/lanes.lib.lua"
            load4(&v[k][0], x0 + u);
                }
#line 151 "/gnnac/templates/sorted.lib.lua"
#pragma unroll
                for (int k = 0; k < 4; k++)
#pragma unroll
                    for (int i = 0; i < 4; i++)
#line 158 "/gnnac/templates/sorted.lib.lua"
                        sum[i] += v[k][i];
#line 189 "/gnnac/templates/sorted.lib.lua"
            } else {
#line 124 "/gnnac/templates/sorted.lib.lua"
                float v[4][4] = {};
                int u_id[4];
#pragma unroll
                for (int k = 0; k < 4; k++)
#line 129 "/gnnac/templates/sorted.lib.lua"
                    u_id[k] = __shfl_sync(~0u, id[0], j + k);
#line 139 "/gnnac/templates/sorted.lib.lua"
#pragma unroll
                for (int k = 0; k < 4; k++) {
#line 142 "/gnnac/templates/sorted.lib.lua"
                    if (base + j + k >= mine)
                        continue;
#line 145 "/gnnac/templates/sorted.lib.lua"
                    const long long u = (long long)u_id[k] * 128;
#line 349 "/gnnac/templates/lanes.lib.lua"
            load4(&v[k][0], x0 + u);
                }
#line 151 "/gnnac/templates/sorted.lib.lua"
#pragma unroll
                for (int k = 0; k < 4; k++)
#pragma unroll
                    for (int i = 0; i < 4; i++)
#line 158 "/gnnac/templates/sorted.lib.lua"
                        sum[i] += v[k][i];
            }
        }
    }

#line 216 "/gnnac/templates/sorted.lib.lua"
    if (!active)
        return;
#line 220 "/gnnac/templates/sorted.lib.lua"
    if (part < n_cut) {
#line 224 "/gnnac/templates/sorted.lib.lua"
        float *to = partial + (long long)part * 128;
#line 442 "/gnnac/templates/lanes.lib.lua"
    store4(to + c0, &sum[0]);
#line 227 "/gnnac/templates/sorted.lib.lua"
        return;
    }
#line 171 "/gnnac/templates/epilogue.lib.lua"
    float *to = out + (long long)row * 128;
#line 442 "/gnnac/templates/lanes.lib.lua"
    store4(to + c0, &sum[0]);
}

#line 122 "/gnnac/templates/parts.lib.lua"
// Warp: a row that was cut; teams take turns at its partial sums.
#line 126 "/gnnac/templates/parts.lib.lua"
extern "C" __global__ void __launch_bounds__(128, 1)
gnnac_hybrid_f32_d128_s128_k16_l32_v4_u4_w4_finish(
    float *out, float *partial, const int *split_row,
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
#line 70 "/gnnac/templates/parts.lib.lua"
    const int edge = 0;
#line 288 "/gnnac/templates/lanes.lib.lua"
    const int at = lane;
#line 309 "/gnnac/templates/lanes.lib.lua"
    const int c0 = at * 4 + 0;
#line 333 "/gnnac/templates/lanes.lib.lua"
    const float *x0 = partial + c0;
    asm("" : "+l"(x0));
#line 135 "/gnnac/templates/parts.lib.lua"
    const int row = __ldg(split_row + split);
    const int first = __ldg(split_first + split);
    const int n = __ldg(split_last + split) - first + 1;

    float sum[4] = {};
#line 88 "/gnnac/templates/parts.lib.lua"
#pragma unroll 1
    for (int base = edge; base < n; base += 4) {
        float v[4][4] = {};
#pragma unroll
        for (int k = 0; k < 4; k++) {
            const int b = base + k * 1;
            if (b >= n)
                continue;
#line 113 "/gnnac/templates/parts.lib.lua"
            const long long u = (long long)(first + b) * 128;
#line 349 "/gnnac/templates/lanes.lib.lua"
            load4(&v[k][0], x0 + u);
        }
#line 99 "/gnnac/templates/parts.lib.lua"
#pragma unroll
        for (int k = 0; k < 4; k++)
#pragma unroll
            for (int i = 0; i < 4; i++)
                sum[i] += v[k][i];
    }

#line 171 "/gnnac/templates/epilogue.lib.lua"
    float *to = out + (long long)row * 128;
#line 442 "/gnnac/templates/lanes.lib.lua"
    store4(to + c0, &sum[0]);
}
