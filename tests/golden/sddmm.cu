// gnnac sddmm, from templates/sddmm.cu.lua
// A value for every edge and head: the product of two rows, of self at the edge's
// row and of x at its source; the gradient of a weighted sum by its weights. A warp
// per group of at most partSize edges of one row, so work is even however long rows
// are; teams of dimWorker lanes take turns at the edges. A row that fits stays in
// registers, a wider one is read again. Edges are written once: no atomics.
// partSize=64 dimWorker=16 vec=4 unroll=4 warpPerBlock=4
// f32 dim=64 x_pitch=64 out_pitch=64 self_pitch=64 edges=stored norm=none self=none bias=0 act=none offset_bits=32
#line 51 "/gnnac/templates/sddmm.cu.lua"
// Teams per warp: 2; lanes per team: 16; floats per load: 4.
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

#line 54 "/gnnac/templates/sddmm.cu.lua"
// The lane's vectors of a row, from column c on, as far as the head has columns.
static __device__ __forceinline__ void
load_row(float (*to)[4], const float *from, int c)
{
#pragma unroll
    for (int i = 0; i < 1; i++)
#line 63 "/gnnac/templates/sddmm.cu.lua"
            load4(to[i], from + c + i * 64);
}

extern "C" __global__ void __launch_bounds__(128, 1)
gnnac_sddmm_f32_d64_p64_l16_v4_u4_w4_h1x64_edgesstored(
    float *edge_out, const float *x, const float *self,
    const int *colidx, const offset_t *part_ptr, const int *part_row,
    int n_parts)
{
#line 13 "/gnnac/templates/follow.lib.lua"
#if __CUDA_ARCH__ >= 900
    asm volatile("griddepcontrol.launch_dependents;\n\t"
                 "griddepcontrol.wait;" ::: "memory");
#endif
#line 70 "/gnnac/templates/sddmm.cu.lua"
    const int lane = threadIdx.x % 32;
    const unsigned part = blockIdx.x * 4 + threadIdx.x / 32;
    if (part >= n_parts)
        return;
    const int at = lane % 16;
    const int edge = lane / 16;
    const int head = blockIdx.y;
    const int row = __ldg(part_row + part);
    const offset_t begin = __ldg(part_ptr + part);
    const offset_t end = __ldg(part_ptr + part + 1);
    const float *mine = self + (long long)row * 64 +
                        head * 64;
#line 87 "/gnnac/templates/sddmm.cu.lua"
    const int c = at * 4;
    float own[1][4] = {};
    load_row(own, mine, c);

#line 92 "/gnnac/templates/sddmm.cu.lua"
#pragma unroll 1
    for (offset_t base = begin; base < end; base += 8) {
        float dot[4] = {};
        const float *from[4];
#pragma unroll
        for (int k = 0; k < 4; k++) {
            const offset_t e = base + k * 2 + edge;
            const int id = __ldg(colidx + (e < end ? e : begin));
            from[k] = x + (long long)id * 64 + head * 64;
        }
        {
#line 110 "/gnnac/templates/sddmm.cu.lua"
            float v[4][1][4] = {};
#pragma unroll
            for (int k = 0; k < 4; k++)
                load_row(v[k], from[k], c);
#pragma unroll
            for (int k = 0; k < 4; k++)
#pragma unroll
                for (int i = 0; i < 1; i++)
#pragma unroll
                    for (int j = 0; j < 4; j++)
                        dot[k] = fmaf(own[i][j], v[k][i][j], dot[k]);
        }
#pragma unroll
        for (int k = 0; k < 4; k++) {
#line 125 "/gnnac/templates/sddmm.cu.lua"
#pragma unroll
            for (int step = 8; step > 0; step /= 2)
                dot[k] += __shfl_xor_sync(~0u, dot[k], step);
#line 129 "/gnnac/templates/sddmm.cu.lua"
            const offset_t e = base + k * 2 + edge;
            if (at > 0 || e >= end)
                continue;
#line 135 "/gnnac/templates/sddmm.cu.lua"
            const long long number = e;
#line 140 "/gnnac/templates/sddmm.cu.lua"
            edge_out[number * 1 + head] = dot[k];
        }
    }
}
