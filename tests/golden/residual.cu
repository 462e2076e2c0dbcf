// gnnac residual, from templates/residual.cu.lua
// x + self, row by row, the last step of a layer that adds its input; out may be x.
// Lanes lie along the columns, as in bias_act.
// warpPerBlock=8
// f32 dim=22 x_pitch=24 out_pitch=24 norm=none self=none bias=0 act=none offset_bits=32
#line 19 "/gnnac/templates/residual.cu.lua"
// 8 lanes per row; 32 rows per block.
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

#line 261 "/gnnac/templates/lanes.lib.lua"
static __device__ __forceinline__ void store4(float *to, const float *from)
{
#line 197 "/gnnac/templates/lanes.lib.lua"
    *(float4 *)to = make_float4(from[0], from[1], from[2], from[3]);
}

#line 261 "/gnnac/templates/lanes.lib.lua"
static __device__ __forceinline__ void read1(float *to, const float *from)
{
#line 204 "/gnnac/templates/lanes.lib.lua"
    to[0] = from[0];
}

#line 261 "/gnnac/templates/lanes.lib.lua"
static __device__ __forceinline__ void store1(float *to, const float *from)
{
#line 204 "/gnnac/templates/lanes.lib.lua"
    to[0] = from[0];
}

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

#line 24 "/gnnac/templates/residual.cu.lua"
extern "C" __global__ void __launch_bounds__(256, 1)
gnnac_residual_f32_d22_w8_x24_y24_s24(
    float *out, const float *x, const float *self,
    int n_rows)
{
#line 13 "/gnnac/templates/follow.lib.lua"
#if __CUDA_ARCH__ >= 900
    asm volatile("griddepcontrol.launch_dependents;\n\t"
                 "griddepcontrol.wait;" ::: "memory");
#endif
#line 55 "/gnnac/templates/rowwise.lib.lua"
    const unsigned row = blockIdx.x * 32 + threadIdx.x / 8;
    const int at = threadIdx.x % 8;
    if (row >= n_rows)
        return;
#line 65 "/gnnac/templates/rowwise.lib.lua"
    const float *from = x + row * 24LL;
#line 68 "/gnnac/templates/rowwise.lib.lua"
    float *to = out + (long long)row * 24;
#line 30 "/gnnac/templates/residual.cu.lua"
    const float *more = self + (long long)row * 24;
#line 91 "/gnnac/templates/rowwise.lib.lua"
    for (int c = 0 + at * 4; c < 20; c += 32) {
#line 32 "/gnnac/templates/residual.cu.lua"
        float v[4], w[4];
#line 77 "/gnnac/templates/rowwise.lib.lua"
        read4(v, from + c);
#line 34 "/gnnac/templates/residual.cu.lua"
        load4(w, more + c);
#pragma unroll
        for (int i = 0; i < 4; i++)
            v[i] += w[i];
#line 84 "/gnnac/templates/rowwise.lib.lua"
        store4(to + c, v);
    }
#line 91 "/gnnac/templates/rowwise.lib.lua"
    for (int c = 20 + at * 1; c < 22; c += 8) {
#line 32 "/gnnac/templates/residual.cu.lua"
        float v[1], w[1];
#line 77 "/gnnac/templates/rowwise.lib.lua"
        read1(v, from + c);
#line 34 "/gnnac/templates/residual.cu.lua"
        load1(w, more + c);
#pragma unroll
        for (int i = 0; i < 1; i++)
            v[i] += w[i];
#line 84 "/gnnac/templates/rowwise.lib.lua"
        store1(to + c, v);
    }
}
