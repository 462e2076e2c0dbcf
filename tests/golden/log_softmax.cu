// gnnac log_softmax, from templates/log_softmax.cu.lua
// x - max(x) - log(sum(exp(x - max(x)))) along each row; out may be x. A power
// of two of lanes per row, at most a warp. Rows of up to 512 columns stay in
// registers; wider ones are read three times.
// warpPerBlock=8
// f32 dim=22 x_pitch=22 out_pitch=22 norm=none self=none bias=0 act=none offset_bits=32
#line 25 "/gnnac/templates/log_softmax.cu.lua"
// 32 lanes per row; 8 rows per block.
extern "C" __global__ void __launch_bounds__(256, 1)
gnnac_log_softmax_f32_d22_w8(
    float *out, const float *x, int n_rows)
{
#line 13 "/gnnac/templates/follow.lib.lua"
#if __CUDA_ARCH__ >= 900
    asm volatile("griddepcontrol.launch_dependents;\n\t"
                 "griddepcontrol.wait;" ::: "memory");
#endif
#line 30 "/gnnac/templates/log_softmax.cu.lua"
    const unsigned row = blockIdx.x * 8 + threadIdx.x / 32;
    const int at = threadIdx.x % 32;
    const bool active = row < n_rows;
    const float *from = x + (long long)row * 22;
    float *to = out + (long long)row * 22;

#line 46 "/gnnac/templates/log_softmax.cu.lua"
    float top = __int_as_float(0xff800000);
#line 48 "/gnnac/templates/log_softmax.cu.lua"
    float v[1];
#pragma unroll
    for (int k = 0; k < 1; k++) {
        const int c = at + k * 32;
#line 55 "/gnnac/templates/log_softmax.cu.lua"
        v[k] = active && c < 22 ? from[c] : __int_as_float(0xff800000);
#line 57 "/gnnac/templates/log_softmax.cu.lua"
        top = fmaxf(top, v[k]);
    }
#line 38 "/gnnac/templates/log_softmax.cu.lua"
#pragma unroll
    for (int step = 16; step > 0; step /= 2)
#line 41 "/gnnac/templates/log_softmax.cu.lua"
        top = fmaxf(top, __shfl_xor_sync(~0u, top, step));
#line 60 "/gnnac/templates/log_softmax.cu.lua"
    float total = 0.0f;
#pragma unroll
    for (int k = 0; k < 1; k++)
        total += expf(v[k] - top);
#line 38 "/gnnac/templates/log_softmax.cu.lua"
#pragma unroll
    for (int step = 16; step > 0; step /= 2)
#line 43 "/gnnac/templates/log_softmax.cu.lua"
        total += __shfl_xor_sync(~0u, total, step);
#line 65 "/gnnac/templates/log_softmax.cu.lua"
    if (!active)
        return;
    const float shift = logf(total);
#pragma unroll
    for (int k = 0; k < 1; k++)
#line 73 "/gnnac/templates/log_softmax.cu.lua"
        if (at + k * 32 < 22)
            to[at + k * 32] = v[k] - top - shift;
}
