// gnnac bias_act, from templates/bias_act.cu.lua
// act(x + bias), row by row; out may be x, or of another dtype. Lanes lie
// along the columns and use the widest loads that both pitches allow; a narrow
// row takes part of a warp. In training perhaps with dropout of that; last perhaps
// a residual.
// warpPerBlock=8
// f16 dim=22 x_pitch=24 out_pitch=24 residual_pitch=24 norm=none self=none bias=1 act=relu offset_bits=32
#line 22 "/gnnac/templates/bias_act.cu.lua"
// 2 lanes per row; 128 rows per block.
#line 110 "/gnnac/templates/lanes.lib.lua"
typedef unsigned short f16_t;
#line 113 "/gnnac/templates/lanes.lib.lua"
static __device__ __forceinline__ float from_f16(unsigned bits)
{
#line 118 "/gnnac/templates/lanes.lib.lua"
    float v;
    asm("cvt.f32.f16 %0, %1;" : "=f"(v) : "h"((f16_t)bits));
    return v;
}

#line 261 "/gnnac/templates/lanes.lib.lua"
static __device__ __forceinline__ void read8_f16(float *to, const f16_t *from)
{
#line 157 "/gnnac/templates/lanes.lib.lua"
    const uint4 v0 = *(const uint4 *)(from + 0);
#line 168 "/gnnac/templates/lanes.lib.lua"
    to[0] = from_f16(v0.x & 0xffffu);
    to[1] = from_f16(v0.x >> 16);
#line 168 "/gnnac/templates/lanes.lib.lua"
    to[2] = from_f16(v0.y & 0xffffu);
    to[3] = from_f16(v0.y >> 16);
#line 168 "/gnnac/templates/lanes.lib.lua"
    to[4] = from_f16(v0.z & 0xffffu);
    to[5] = from_f16(v0.z >> 16);
#line 168 "/gnnac/templates/lanes.lib.lua"
    to[6] = from_f16(v0.w & 0xffffu);
    to[7] = from_f16(v0.w >> 16);
}

#line 125 "/gnnac/templates/lanes.lib.lua"
static __device__ __forceinline__ unsigned to_f16(float v)
{
#line 131 "/gnnac/templates/lanes.lib.lua"
    f16_t bits;
    asm("cvt.rn.f16.f32 %0, %1;" : "=h"(bits) : "f"(v));
    return bits;
}

#line 261 "/gnnac/templates/lanes.lib.lua"
static __device__ __forceinline__ void store8_f16(f16_t *to, const float *from)
{
#line 159 "/gnnac/templates/lanes.lib.lua"
    uint4 v0;
#line 173 "/gnnac/templates/lanes.lib.lua"
    v0.x = to_f16(from[0]) | to_f16(from[1]) << 16;
#line 173 "/gnnac/templates/lanes.lib.lua"
    v0.y = to_f16(from[2]) | to_f16(from[3]) << 16;
#line 173 "/gnnac/templates/lanes.lib.lua"
    v0.z = to_f16(from[4]) | to_f16(from[5]) << 16;
#line 173 "/gnnac/templates/lanes.lib.lua"
    v0.w = to_f16(from[6]) | to_f16(from[7]) << 16;
#line 177 "/gnnac/templates/lanes.lib.lua"
    *(uint4 *)(to + 0) = v0;
}

#line 261 "/gnnac/templates/lanes.lib.lua"
static __device__ __forceinline__ void read2_f16(float *to, const f16_t *from)
{
#line 157 "/gnnac/templates/lanes.lib.lua"
    const unsigned v0 = *(const unsigned *)(from + 0);
#line 165 "/gnnac/templates/lanes.lib.lua"
    to[0] = from_f16(v0 & 0xffffu);
    to[1] = from_f16(v0 >> 16);
}

#line 261 "/gnnac/templates/lanes.lib.lua"
static __device__ __forceinline__ void store2_f16(f16_t *to, const float *from)
{
#line 159 "/gnnac/templates/lanes.lib.lua"
    unsigned v0;
#line 171 "/gnnac/templates/lanes.lib.lua"
    v0 = to_f16(from[0]) | to_f16(from[1]) << 16;
#line 177 "/gnnac/templates/lanes.lib.lua"
    *(unsigned *)(to + 0) = v0;
}

#line 261 "/gnnac/templates/lanes.lib.lua"
static __device__ __forceinline__ void load8x4(float *to, const float *from)
{
#line 213 "/gnnac/templates/lanes.lib.lua"
    const float4 v0 = __ldg((const float4 *)(from + 0));
#line 221 "/gnnac/templates/lanes.lib.lua"
    to[0] = v0.x;
    to[1] = v0.y;
#line 224 "/gnnac/templates/lanes.lib.lua"
    to[2] = v0.z;
    to[3] = v0.w;
#line 213 "/gnnac/templates/lanes.lib.lua"
    const float4 v4 = __ldg((const float4 *)(from + 4));
#line 221 "/gnnac/templates/lanes.lib.lua"
    to[4] = v4.x;
    to[5] = v4.y;
#line 224 "/gnnac/templates/lanes.lib.lua"
    to[6] = v4.z;
    to[7] = v4.w;
}

#line 261 "/gnnac/templates/lanes.lib.lua"
static __device__ __forceinline__ void load2(float *to, const float *from)
{
#line 217 "/gnnac/templates/lanes.lib.lua"
    const float2 v0 = __ldg((const float2 *)(from + 0));
#line 221 "/gnnac/templates/lanes.lib.lua"
    to[0] = v0.x;
    to[1] = v0.y;
}

#line 261 "/gnnac/templates/lanes.lib.lua"
static __device__ __forceinline__ void load8_f16(float *to, const f16_t *from)
{
#line 155 "/gnnac/templates/lanes.lib.lua"
    const uint4 v0 = __ldg((const uint4 *)(from + 0));
#line 168 "/gnnac/templates/lanes.lib.lua"
    to[0] = from_f16(v0.x & 0xffffu);
    to[1] = from_f16(v0.x >> 16);
#line 168 "/gnnac/templates/lanes.lib.lua"
    to[2] = from_f16(v0.y & 0xffffu);
    to[3] = from_f16(v0.y >> 16);
#line 168 "/gnnac/templates/lanes.lib.lua"
    to[4] = from_f16(v0.z & 0xffffu);
    to[5] = from_f16(v0.z >> 16);
#line 168 "/gnnac/templates/lanes.lib.lua"
    to[6] = from_f16(v0.w & 0xffffu);
    to[7] = from_f16(v0.w >> 16);
}

#line 261 "/gnnac/templates/lanes.lib.lua"
static __device__ __forceinline__ void load2_f16(float *to, const f16_t *from)
{
#line 155 "/gnnac/templates/lanes.lib.lua"
    const unsigned v0 = __ldg((const unsigned *)(from + 0));
#line 165 "/gnnac/templates/lanes.lib.lua"
    to[0] = from_f16(v0 & 0xffffu);
    to[1] = from_f16(v0 >> 16);
}

#line 27 "/gnnac/templates/bias_act.cu.lua"
extern "C" __global__ void __launch_bounds__(256, 1)
gnnac_bias_act_f16_d22_w8_bias_relu_residual_x24_y24_r24(
    f16_t *out, const f16_t *x, const float *bias,
    const f16_t *residual, int n_rows)
{
#line 13 "/gnnac/templates/follow.lib.lua"
#if __CUDA_ARCH__ >= 900
    asm volatile("griddepcontrol.launch_dependents;\n\t"
                 "griddepcontrol.wait;" ::: "memory");
#endif
#line 55 "/gnnac/templates/rowwise.lib.lua"
    const unsigned row = blockIdx.x * 128 + threadIdx.x / 2;
    const int at = threadIdx.x % 2;
    if (row >= n_rows)
        return;
#line 65 "/gnnac/templates/rowwise.lib.lua"
    const f16_t *from = x + row * 24LL;
#line 68 "/gnnac/templates/rowwise.lib.lua"
    f16_t *to = out + (long long)row * 24;
#line 91 "/gnnac/templates/rowwise.lib.lua"
    for (int c = 0 + at * 8; c < 16; c += 16) {
#line 35 "/gnnac/templates/bias_act.cu.lua"
        float v[8];
#line 77 "/gnnac/templates/rowwise.lib.lua"
        read8_f16(v, from + c);
#line 38 "/gnnac/templates/bias_act.cu.lua"
        float shift[8];
#line 50 "/gnnac/templates/rowwise.lib.lua"
        load8x4(shift, bias + c);
#line 42 "/gnnac/templates/bias_act.cu.lua"
#pragma unroll
        for (int i = 0; i < 8; i++) {
#line 45 "/gnnac/templates/bias_act.cu.lua"
            v[i] += shift[i];
#line 48 "/gnnac/templates/bias_act.cu.lua"
            v[i] = v[i] < 0.0f ? 0.0f : v[i];
        }
    {
#line 24 "/gnnac/templates/residual.lib.lua"
        float more[8];
        load8_f16(more, residual + (long long)row * 24 + c);
#line 33 "/gnnac/templates/residual.lib.lua"
#pragma unroll
        for (int r = 0; r < 8; r++)
            v[0 + r] += more[r];
    }
#line 84 "/gnnac/templates/rowwise.lib.lua"
        store8_f16(to + c, v);
    }
#line 91 "/gnnac/templates/rowwise.lib.lua"
    for (int c = 16 + at * 2; c < 22; c += 4) {
#line 35 "/gnnac/templates/bias_act.cu.lua"
        float v[2];
#line 77 "/gnnac/templates/rowwise.lib.lua"
        read2_f16(v, from + c);
#line 38 "/gnnac/templates/bias_act.cu.lua"
        float shift[2];
#line 50 "/gnnac/templates/rowwise.lib.lua"
        load2(shift, bias + c);
#line 42 "/gnnac/templates/bias_act.cu.lua"
#pragma unroll
        for (int i = 0; i < 2; i++) {
#line 45 "/gnnac/templates/bias_act.cu.lua"
            v[i] += shift[i];
#line 48 "/gnnac/templates/bias_act.cu.lua"
            v[i] = v[i] < 0.0f ? 0.0f : v[i];
        }
    {
#line 24 "/gnnac/templates/residual.lib.lua"
        float more[2];
        load2_f16(more, residual + (long long)row * 24 + c);
#line 33 "/gnnac/templates/residual.lib.lua"
#pragma unroll
        for (int r = 0; r < 2; r++)
            v[0 + r] += more[r];
    }
#line 84 "/gnnac/templates/rowwise.lib.lua"
        store2_f16(to + c, v);
    }
}
