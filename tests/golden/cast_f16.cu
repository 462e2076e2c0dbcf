// gnnac bias_act, from templates/bias_act.cu.lua
// act(x + bias), row by row; out may be x, or of another dtype. Lanes lie
// along the columns and use the widest loads that both pitches allow; a narrow
// row takes part of a warp. In training perhaps with dropout of that; last perhaps
// a residual.
// warpPerBlock=8
// f32 dim=100 x_pitch=100 out_pitch=104 out_type=f16 self_type=f32 norm=none self=none bias=0 act=none offset_bits=32
#line 22 "/gnnac/templates/bias_act.cu.lua"
// 32 lanes per row; 8 rows per block.
#line 261 "/gnnac/templates/lanes.lib.lua"
static __device__ __forceinline__ void read4(float *to, const float *from)
{
#line 211 "/gnnac/templates/lanes.lib.lua"
    const float4 v = *(const float4 *)from;
#line 221 "/gnnac/templates/lanes.lib.lua"
    to[0] = v.x;
    to[1] = v.y;
#line 224 "/gnnac/templates/lanes.lib.lua"
    to[2] = v.z;
    to[3] = v.w;
}

#line 110 "/gnnac/templates/lanes.lib.lua"
typedef unsigned short f16_t;
#line 125 "/gnnac/templates/lanes.lib.lua"
static __device__ __forceinline__ unsigned to_f16(float v)
{
#line 131 "/gnnac/templates/lanes.lib.lua"
    f16_t bits;
    asm("cvt.rn.f16.f32 %0, %1;" : "=h"(bits) : "f"(v));
    return bits;
}

#line 261 "/gnnac/templates/lanes.lib.lua"
static __device__ __forceinline__ void store4_f16(f16_t *to, const float *from)
{
#line 159 "/gnnac/templates/lanes.lib.lua"
    uint2 v0;
#line 173 "/gnnac/templates/lanes.lib.lua"
    v0.x = to_f16(from[0]) | to_f16(from[1]) << 16;
#line 173 "/gnnac/templates/lanes.lib.lua"
    v0.y = to_f16(from[2]) | to_f16(from[3]) << 16;
#line 177 "/gnnac/templates/lanes.lib.lua"
    *(uint2 *)(to + 0) = v0;
}

#line 27 "/gnnac/templates/bias_act.cu.lua"
extern "C" __global__ void __launch_bounds__(256, 1)
gnnac_bias_act_f32_d100_w8_yf16_y104(
    f16_t *out, const float *x, int n_rows)
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
    const float *from = x + row * 100LL;
#line 68 "/gnnac/templates/rowwise.lib.lua"
    f16_t *to = out + (long long)row * 104;
#line 91 "/gnnac/templates/rowwise.lib.lua"
    for (int c = 0 + at * 4; c < 100; c += 128) {
#line 35 "/gnnac/templates/bias_act.cu.lua"
        float v[4];
#line 77 "/gnnac/templates/rowwise.lib.lua"
        read4(v, from + c);
#line 84 "/gnnac/templates/rowwise.lib.lua"
        store4_f16(to + c, v);
    }
}
