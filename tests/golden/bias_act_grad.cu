// gnnac bias_act_grad, from templates/bias_act_grad.cu.lua
// The backward of a bias and an activation, perhaps with dropout behind them: out =
// what dropout leaves of x, times the slope that self tells, the activation's
// output with dropout behind it (out may be x); grad, the bias's gradient, is the
// sums of out's columns. What a ReLU let pass and dropout left is not zero; else
// dropout draws anew. A block adds rowsPerBlock rows, 32 columns at a
// time; a second kernel adds the blocks' sums in their order.
// rowsPerBlock=128 warpPerBlock=8
// f32 dim=22 x_pitch=24 out_pitch=24 norm=none self=none bias=1 act=relu offset_bits=32
#line 46 "/gnnac/templates/bias_act_grad.cu.lua"
// 32 lanes per row; 8 rows at a time.
extern "C" __global__ void __launch_bounds__(256, 1)
gnnac_bias_act_grad_f32_d22_r128_w8_bias_relu_x24_y24_s24(
    float *out, const float *x, const float *self,
    double *scratch, int n_rows)
{
#line 13 "/gnnac/templates/follow.lib.lua"
#if __CUDA_ARCH__ >= 900
    asm volatile("griddepcontrol.launch_dependents;\n\t"
                 "griddepcontrol.wait;" ::: "memory");
#endif
#line 51 "/gnnac/templates/bias_act_grad.cu.lua"
    const int column = blockIdx.y * 32 + threadIdx.x % 32;
    const long long first = blockIdx.x * 128LL;
    const long long past = min(n_rows - first, 128LL);
#line 55 "/gnnac/templates/bias_act_grad.cu.lua"
    float sum = 0.0f;
#line 66 "/gnnac/templates/bias_act_grad.cu.lua"
    if (column < 22) {
#pragma unroll 4
        for (int i = threadIdx.x / 32; i < past; i += 8) {
            const long long row = first + i;
            float g = x[row * 24 + column];
#line 77 "/gnnac/templates/bias_act_grad.cu.lua"
            const float y = self[row * 24 + column];
#line 86 "/gnnac/templates/bias_act_grad.cu.lua"
            g = y > 0.0f ? g : 0.0f;
#line 89 "/gnnac/templates/bias_act_grad.cu.lua"
            out[row * 24 + column] = g;
#line 92 "/gnnac/templates/bias_act_grad.cu.lua"
            sum += g;
        }
    }
#line 97 "/gnnac/templates/bias_act_grad.cu.lua"
    double total = sum;
#line 97 "/gnnac/templates/train.lib.lua"
    __shared__ double held[256];
    held[threadIdx.x] = total;
    for (int half = 128; half >= 32; half /= 2) {
        __syncthreads();
        if (threadIdx.x < half)
            held[threadIdx.x] += held[threadIdx.x + half];
    }
#line 106 "/gnnac/templates/train.lib.lua"
    if (threadIdx.x < 32)
        total = held[threadIdx.x];
#line 99 "/gnnac/templates/bias_act_grad.cu.lua"
    if (threadIdx.x < 32 && column < 22)
        scratch[(long long)blockIdx.x * 22 + column] = total;
}

#line 143 "/gnnac/templates/train.lib.lua"
extern "C" __global__ void __launch_bounds__(1024, 1)
gnnac_bias_act_grad_f32_d22_r128_w8_bias_relu_x24_y24_s24_total(
    float *grad, double *scratch, int n_rows)
{
#line 13 "/gnnac/templates/follow.lib.lua"
#if __CUDA_ARCH__ >= 900
    asm volatile("griddepcontrol.launch_dependents;\n\t"
                 "griddepcontrol.wait;" ::: "memory");
#endif
#line 147 "/gnnac/templates/train.lib.lua"
    const int column = blockIdx.y * 32 + threadIdx.x % 32;
    const int blocks = (n_rows + 127LL) / 128;
    double total = 0.0;
    for (int b = threadIdx.x / 32; b < blocks; b += 32)
        if (column < 22)
            total += scratch[(long long)b * 22 + column];
#line 97 "/gnnac/templates/train.lib.lua"
    __shared__ double held[1024];
    held[threadIdx.x] = total;
    for (int half = 512; half >= 32; half /= 2) {
        __syncthreads();
        if (threadIdx.x < half)
            held[threadIdx.x] += held[threadIdx.x + half];
    }
#line 106 "/gnnac/templates/train.lib.lua"
    if (threadIdx.x < 32)
        total = held[threadIdx.x];
#line 106 "/gnnac/templates/bias_act_grad.cu.lua"
    if (threadIdx.x < 32 && column < 22)
        grad[column] = (float)total;
}
