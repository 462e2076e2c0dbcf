// gnnac bias_act, from templates/bias_act.cu.lua
// act(x + bias), row by row; out may be x, or of another dtype. Lanes lie
// along the columns and use the widest loads that both pitches allow; a narrow
// row takes part of a warp. In training perhaps with dropout of that; last perhaps
// a residual.
// warpPerBlock=8
// f32 dim=22 x_pitch=24 out_pitch=22 norm=none self=none bias=1 act=relu offset_bits=32
#line 22 "/gnnac/templates/bias_act.cu.lua"
// 16 lanes per row; 16 rows per block.
#line 261 "/gnnac/templates/lanes.lib.lua"
static __device__ __forceinline__ void read2(float *to, const float *from)
{
#line 219 "/gnnac/templates/lanes.lib.lua"
    const float2 v0 = *(const float2 *)(from + 0);
#line 221 "/gnnac/templates/lanes.lib.lua"
    to[0] = v0.x;
    to[1] = v0.y;
}

#line 261 "/gnnac/templates/lanes.lib.lua"
static __device__ __forceinline__ void store2(float *to, const float *from)
{
#line 202 "/gnnac/templates/lanes.lib.lua"
    *(float2 *)(to + 0) = make_float2(from[0], from[1]);
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

#line 27 "/gnnac/templates/bias_act.cu.lua"
extern "C" __global__ void __launch_bounds__(256, 1)
gnnac_bias_act_f32_d22_w8_bias_relu_x24(
    float *out, const float *x, const float *bias,
    int n_rows)
{
#line 13 "/gnnac/templates/follow.lib.lua"
#if __CUDA_ARCH__ >= 900
    asm volatile("griddepcontrol.launch_dependents;\n\t"
                 "griddepcontrol.wait;" ::: "memory");
#endif
#line 55 "/gnnac/templates/rowwise.lib.lua"
    const unsigned row = blockIdx.x * 16 + threadIdx.x / 16;
    const int at = threadIdx.x % 16;
    if (row >= n_rows)
        return;
#line 65 "/gnnac/templates/rowwise.lib.lua"
    const float *from = x + row * 24LL;
#line 68 "/gnnac/templates/rowwise.lib.lua"
    float *to = out + (long long)row * 22;
#line 91 "/gnnac/templates/rowwise.lib.lua"
    for (int c = 0 + at * 2; c < 22; c += 32) {
#line 35 "/gnnac/templates/bias_act.cu.lua"
        float v[2];
#line 77 "/gnnac/templates/rowwise.lib.lua"
        read2(v, from + c);
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
#line 84 "/gnnac/templates/rowwise.lib.lua"
        store2(to + c, v);
    }
}
