// gnnac attention_scores_grad, from templates/attention_scores_grad.cu.lua
// The backward of attention's scores, whose gradients lie behind them: out, the
// gradient of the rows, gets what they add to it; grad and grad_next, those of
// att_src and att_dst, are sums over the rows. A block adds rowsPerBlock rows, 32
// columns at a time; a second kernel adds the blocks' sums in their order.
// rowsPerBlock=128 warpPerBlock=8
// f32 dim=64 x_pitch=64 out_pitch=64 self_pitch=56 grad_pitch=64 norm=none self=none bias=0 act=none offset_bits=32
#line 29 "/gnnac/templates/attention_scores_grad.cu.lua"
// 32 lanes per row; 8 rows at a time.
extern "C" __global__ void __launch_bounds__(256, 1)
gnnac_attention_scores_grad_f32_d64_r128_w8_h8x8_s56(
    float *out, const float *x, float *kept,
    const float *att_src, const float *att_dst, double *scratch,
    int n_rows)
{
#line 13 "/gnnac/templates/follow.lib.lua"
#if __CUDA_ARCH__ >= 900
    asm volatile("griddepcontrol.launch_dependents;\n\t"
                 "griddepcontrol.wait;" ::: "memory");
#endif
#line 34 "/gnnac/templates/attention_scores_grad.cu.lua"
    const int column = blockIdx.y * 32 + threadIdx.x % 32;
    const long long first = blockIdx.x * 128LL;
    const long long past = min(n_rows - first, 128LL);
    float sources = 0.0f, targets = 0.0f;
    if (column < 64) {
        const float by_source = __ldg(att_src + column);
        const float by_target = __ldg(att_dst + column);
#pragma unroll 4
        for (int i = threadIdx.x / 32; i < past; i += 8) {
            const long long row = first + i;
            const float *grads =
                kept + row * 56 + column / 8;
            const float source = grads[40];
            const float target = grads[48];
            const float v = __ldg(x + row * 64 + column);
            out[row * 64 + column] +=
                source * by_source + target * by_target;
            sources = fmaf(source, v, sources);
            targets = fmaf(target, v, targets);
        }
    }
    {
#line 60 "/gnnac/templates/attention_scores_grad.cu.lua"
    double total = sources;
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
#line 62 "/gnnac/templates/attention_scores_grad.cu.lua"
    if (threadIdx.x < 32 && column < 64)
        scratch[blockIdx.x * 128LL + 0 + column] =
            total;
    }
#line 57 "/gnnac/templates/attention_scores_grad.cu.lua"
    __syncthreads();
    {
#line 60 "/gnnac/templates/attention_scores_grad.cu.lua"
    double total = targets;
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
#line 62 "/gnnac/templates/attention_scores_grad.cu.lua"
    if (threadIdx.x < 32 && column < 64)
        scratch[blockIdx.x * 128LL + 64 + column] =
            total;
    }
}

#line 143 "/gnnac/templates/train.lib.lua"
extern "C" __global__ void __launch_bounds__(1024, 1)
gnnac_attention_scores_grad_f32_d64_r128_w8_h8x8_s56_total(
    float *grad, float *grad_next, double *scratch,
    int n_rows)
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
        if (column < 128)
            total += scratch[(long long)b * 128 + column];
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
#line 70 "/gnnac/templates/attention_scores_grad.cu.lua"
    if (threadIdx.x >= 32)
        return;
    if (column < 64)
        grad[column] = (float)total;
    else if (column < 128)
        grad_next[column - 64] = (float)total;
}
