// gnnac bias_act, from templates/bias_act.cu.lua
// act(x + bias), row by row; out may be x, or of another dtype. Lanes lie
// along the columns and use the widest loads that both pitches allow; a narrow
// row takes part of a warp. In training perhaps with dropout of that; last perhaps
// a residual.
// warpPerBlock=8
// f32 dim=102 x_pitch=102 out_pitch=112 out_type=bf16 self_type=f32 x_slab=0 out_slab=16 self_slab=0 norm=none self=none bias=0 act=none offset_bits=32
#line 22 "/gnnac/templates/bias_act.cu.lua"
// 32 lanes per row; 8 rows per block.
#line 26 "/gnnac/templates/layout.lib.lua"
static __device__ __forceinline__ long long out_at(long long row, unsigned column,
                                                         int n_rows)
{
    return (column / 16 * (long long)n_rows + row) * 16 +
           column % 16;
}

#line 261 "/gnnac/templates/lanes.lib.lua"
static __device__ __forceinline__ void read2(float *to, const float *from)
{
#line 219 "/gnnac/templates/lanes.lib.lua"
    const float2 v0 = *(const float2 *)(from + 0);
#line 221 "/gnnac/templates/lanes.lib.lua"
    to[0] = v0.x;
    to[1] = v0.y;
}

#line 110 "/gnnac/templates/lanes.lib.lua"
typedef unsigned short bf16_t;
#line 125 "/gnnac/templates/lanes.lib.lua"
static __device__ __forceinline__ unsigned to_bf16(float v)
{
#line 128 "/gnnac/templates/lanes.lib.lua"
    const unsigned bits = __float_as_uint(v);
    return v == v ? (bits + 0x7fffu + (bits >> 16 & 1u)) >> 16 : 0x7fffu;
}

#line 261 "/gnnac/templates/lanes.lib.lua"
static __device__ __forceinline__ void store2_bf16(bf16_t *to, const float *from)
{
#line 159 "/gnnac/templates/lanes.lib.lua"
    unsigned v0;
#line 171 "/gnnac/templates/lanes.lib.lua"
    v0 = to_bf16(from[0]) | to_bf16(from[1]) << 16;
#line 177 "/gnnac/templates/lanes.lib.lua"
    *(unsigned *)(to + 0) = v0;
}

#line 27 "/gnnac/templates/bias_act.cu.lua"
extern "C" __global__ void __launch_bounds__(256, 1)
gnnac_bias_act_f32_d102_w8_ybf16_y112_yslab16(
    bf16_t *out, const float *x, int n_rows)
{
#line 13 "/gnnac/templates/follow.lib.lua"
#if __CUDA_ARCH__ >= 900
    asm volatile("griddepcontrol.launch_dependents;\n\t"
                 "griddepcontrol.wait;" ::: "memory");
#endif
#line 55 "/gnnac/templates/rowwise.lib.lua"
    const unsigned row = blockIdx.x * 8 + threadIdx.x / 32;
    const int at = threadIdx.x % 32;
    if (row >= n_rows)
        return;
#line 65 "/gnnac/templates/rowwise.lib.lua"
    const float *from = x + row * 102LL;
#line 91 "/gnnac/templates/rowwise.lib.lua"
    for (int c = 0 + at * 2; c < 102; c += 64) {
#line 35 "/gnnac/templates/bias_act.cu.lua"
        float v[2];
#line 77 "/gnnac/templates/rowwise.lib.lua"
        read2(v, from + c);
#line 81 "/gnnac/templates/rowwise.lib.lua"
        store2_bf16(out + out_at(row, c, n_rows), v);
    }
}
