// gnnac log_softmax, from templates/log_softmax.cu.lua
// x - max(x) - log(sum(exp(x - max(x)))) along each row; out may be x. A power
// of two of lanes per row, at most a warp. Rows of up to 512 columns stay in
// registers; wider ones are read three times.
// warpPerBlock=8
// f32 dim=1433 x_pitch=1433 out_pitch=1433 norm=none self=none bias=0 act=none offset_bits=32
#line 25 "/gnnac/templates/log_softmax.cu.lua"
// 32 lanes per row; 8 rows per block.
extern "C" __global__ void __launch_bounds__(256, 1)
gnnac_log_softmax_f32_d1433_w8(
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
    const float *from = x + (long long)row * 1433;
    float *to = out + (long long)row * 1433;

#line 46 "/gnnac/templates/log_softmax.cu.lua"
    float top = __int_as_float(0xff800000);
#line 77 "/gnnac/templates/log_softmax.cu.lua"
    const int n = active ? 1433 : 0;
    for (int c = at; c < n; c += 32)
        top = fmaxf(top, from[c]);
#line 38 "/gnnac/templates/log_softmax.cu.lua"
#pragma unroll
    for (int step = 16; step > 0; step /= 2)
#line 41 "/gnnac/templates/log_softmax.cu.lua"
        top = fmaxf(top, __shfl_xor_sync(~0u, top, step));
#line 81 "/gnnac/templates/log_softmax.cu.lua"
    float total = 0.0f;
    for (int c = at; c < n; c += 32)
        total += expf(from[c] - top);
#line 38 "/gnnac/templates/log_softmax.cu.lua"
#pragma unroll
    for (int step = 16; step > 0; step /= 2)
#line 43 "/gnnac/templates/log_softmax.cu.lua"
        total += __shfl_xor_sync(~0u, total, step);
#line 85 "/gnnac/templates/log_softmax.cu.lua"
    const float shift = logf(total);
    for (int c = at; c < n; c += 32)
        to[c] = from[c] - top - shift;
}
