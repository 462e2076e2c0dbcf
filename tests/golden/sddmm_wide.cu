// gnnac sddmm, from templates/sddmm.cu.lua
// A value for every edge and head: the product of two rows, of self at the edge's
// row and of x at its source; the gradient of a weighted sum by its weights. A warp
// per group of at most partSize edges of one row, so work is even however long rows
// are; teams of dimWorker lanes take turns at the edges. A row that fits stays in
// registers, a wider one is read again. Edges are written once: no atomics.
// partSize=32 dimWorker=8 vec=4 unroll=2 warpPerBlock=4
// f32 dim=300 x_pitch=300 out_pitch=300 self_pitch=300 edges=mapped norm=mean self=none bias=0 act=none offset_bits=32
#line 51 "/gnnac/templates/sddmm.cu.lua"
// Teams per warp: 4; lanes per team: 8; floats per load: 2.
#line 9 "/gnnac/templates/offsets.lib.lua"
typedef int offset_t;

#line 261 "/gnnac/templates/lanes.lib.lua"
static __device__ __forceinline__ void load2(float *to, const float *from)
{
#line 217 "/gnnac/templates/lanes.lib.lua"
    const float2 v0 = __ldg((const float2 *)(from + 0));
#line 221 "/gnnac/templates/lanes.lib.lua"
    to[0] = v0.x;
    to[1] = v0.y;
}

#line 54 "/gnnac/templates/sddmm.cu.lua"
// The lane's vectors of a row, from column c on, as far as the head has columns.
static __device__ __forceinline__ void
load_row(float (*to)[2], const float *from, int c)
{
#pragma unroll
    for (int i = 0; i < 4; i++)
#line 61 "/gnnac/templates/sddmm.cu.lua"
        if (c + i * 16 < 150)
#line 63 "/gnnac/templates/sddmm.cu.lua"
            load2(to[i], from + c + i * 16);
}

extern "C" __global__ void __launch_bounds__(128, 1)
gnnac_sddmm_f32_d300_p32_l8_v4_u2_w4_h2x150_mean_edgesmapped(
    float *edge_out, const float *x, const float *self,
    const int *colidx, const offset_t *part_ptr, const int *part_row,
    const long long *edge_of, const offset_t *rowptr, int n_parts)
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
    const int at = lane % 8;
    const int edge = lane / 8;
    const int head = blockIdx.y;
    const int row = __ldg(part_row + part);
    const offset_t begin = __ldg(part_ptr + part);
    const offset_t end = __ldg(part_ptr + part + 1);
    const float *mine = self + (long long)row * 300 +
                        head * 150;
#line 83 "/gnnac/templates/sddmm.cu.lua"
    const offset_t degree = __ldg(rowptr + row + 1) - __ldg(rowptr + row);
    const float scale = 1.0f / (float)(degree > 1 ? degree : 1);

#line 92 "/gnnac/templates/sddmm.cu.lua"
#pragma unroll 1
    for (offset_t base = begin; base < end; base += 8) {
        float dot[2] = {};
        const float *from[2];
#pragma unroll
        for (int k = 0; k < 2; k++) {
            const offset_t e = base + k * 4 + edge;
            const int id = __ldg(colidx + (e < end ? e : begin));
            from[k] = x + (long long)id * 300 + head * 150;
        }
#line 103 "/gnnac/templates/sddmm.cu.lua"
#pragma unroll 1
        for (int c = at * 2; c < 150; c += 64) {
            float own[4][2] = {};
            load_row(own, mine, c);
#line 110 "/gnnac/templates/sddmm.cu.lua"
            float v[2][4][2] = {};
#pragma unroll
            for (int k = 0; k < 2; k++)
                load_row(v[k], from[k], c);
#pragma unroll
            for (int k = 0; k < 2; k++)
#pragma unroll
                for (int i = 0; i < 4; i++)
#pragma unroll
                    for (int j = 0; j < 2; j++)
                        dot[k] = fmaf(own[i][j], v[k][i][j], dot[k]);
        }
#pragma unroll
        for (int k = 0; k < 2; k++) {
#line 125 "/gnnac/templates/sddmm.cu.lua"
#pragma unroll
            for (int step = 4; step > 0; step /= 2)
                dot[k] += __shfl_xor_sync(~0u, dot[k], step);
#line 129 "/gnnac/templates/sddmm.cu.lua"
            const offset_t e = base + k * 4 + edge;
            if (at > 0 || e >= end)
                continue;
#line 133 "/gnnac/templates/sddmm.cu.lua"
            const long long number = __ldg(edge_of + e);
#line 138 "/gnnac/templates/sddmm.cu.lua"
            dot[k] *= scale;
#line 140 "/gnnac/templates/sddmm.cu.lua"
            edge_out[number * 2 + head] = dot[k];
        }
    }
}
