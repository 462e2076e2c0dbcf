// gnnac nll_loss, from templates/nll_loss.cu.lua
// Log-softmax of the logits x, negative log-likelihood, and the gradient of both
// in one pass: out = share * (softmax(x) - one at the label), 0 in rows without
// a label; state->loss = the sum of share * -log_softmax(x)[label]. Of
// log-softmax's output it gives the same. A power of two of lanes per row, at
// most a warp. A second kernel adds the blocks' losses in their order.
// warpPerBlock=8
// f32 dim=22 x_pitch=22 out_pitch=24 norm=none self=none bias=0 act=none offset_bits=32
#line 10 "/gnnac/templates/train.lib.lua"
struct train_state {
    unsigned long long seed;
    long long step;
    double loss;
    unsigned drop_threshold;
    float drop_scale;
    unsigned attention_threshold;
    float attention_scale;
    int is_sgd;
    float lr, decay, shrink, beta1, beta2, epsilon;
    float step_lr, correct2;
};

#line 27 "/gnnac/templates/nll_loss.cu.lua"
// 32 lanes per row; 8 rows per block.
extern "C" __global__ void __launch_bounds__(256, 1)
gnnac_nll_loss_f32_d22_w8_y24(
    float *out, const float *x, const int *labels,
    const float *share, double *scratch, int n_rows)
{
#line 13 "/gnnac/templates/follow.lib.lua"
#if __CUDA_ARCH__ >= 900
    asm volatile("griddepcontrol.launch_dependents;\n\t"
                 "griddepcontrol.wait;" ::: "memory");
#endif
#line 32 "/gnnac/templates/nll_loss.cu.lua"
    const unsigned row = blockIdx.x * 8 + threadIdx.x / 32;
    const int at = threadIdx.x % 32;
    const bool active = row < n_rows;
    const int label = active ? __ldg(labels + row) : -1;
    const int n = label >= 0 ? 22 : 0;
    const float *from = x + (long long)row * 22;
    float *to = out + (long long)row * 24;

#line 50 "/gnnac/templates/nll_loss.cu.lua"
    float top = __int_as_float(0xff800000);
    for (int c = at; c < n; c += 32)
        top = fmaxf(top, __ldg(from + c));
#line 42 "/gnnac/templates/nll_loss.cu.lua"
#pragma unroll
    for (int step = 16; step > 0; step /= 2)
#line 45 "/gnnac/templates/nll_loss.cu.lua"
        top = fmaxf(top, __shfl_xor_sync(~0u, top, step));
#line 54 "/gnnac/templates/nll_loss.cu.lua"
    float exps = 0.0f;
    for (int c = at; c < n; c += 32)
        exps += expf(__ldg(from + c) - top);
#line 42 "/gnnac/templates/nll_loss.cu.lua"
#pragma unroll
    for (int step = 16; step > 0; step /= 2)
#line 47 "/gnnac/templates/nll_loss.cu.lua"
        exps += __shfl_xor_sync(~0u, exps, step);
#line 58 "/gnnac/templates/nll_loss.cu.lua"
    double total = 0.0;
    if (n > 0) {
        const float weight = __ldg(share + row);
        const float shift = top + logf(exps);
        for (int c = at; c < n; c += 32)
            to[c] = weight *
                    (expf(__ldg(from + c) - shift) - (c == label ? 1.0f : 0.0f));
        if (at == 0)
            total = (double)weight * (shift - __ldg(from + label));
    } else if (active) {
        for (int c = at; c < 22; c += 32)
            to[c] = 0.0f;
    }
#line 97 "/gnnac/templates/train.lib.lua"
    __shared__ double held[256];
    held[threadIdx.x] = total;
    for (int half = 128; half >= 32; half /= 2) {
        __syncthreads();
        if (threadIdx.x < half)
            held[threadIdx.x] += held[threadIdx.x + half];
    }
#line 109 "/gnnac/templates/train.lib.lua"
    if (threadIdx.x < 32) {
#line 111 "/gnnac/templates/train.lib.lua"
        total = held[threadIdx.x];
#line 113 "/gnnac/templates/train.lib.lua"
        for (int step = 16; step >= 1; step /= 2)
            total += __shfl_down_sync(~0u, total, step);
    }
#line 72 "/gnnac/templates/nll_loss.cu.lua"
    if (threadIdx.x == 0)
        scratch[blockIdx.x] = total;
}

#line 143 "/gnnac/templates/train.lib.lua"
extern "C" __global__ void __launch_bounds__(1024, 1)
gnnac_nll_loss_f32_d22_w8_y24_total(
    train_state *state, double *scratch, int n_rows)
{
#line 13 "/gnnac/templates/follow.lib.lua"
#if __CUDA_ARCH__ >= 900
    asm volatile("griddepcontrol.launch_dependents;\n\t"
                 "griddepcontrol.wait;" ::: "memory");
#endif
#line 147 "/gnnac/templates/train.lib.lua"
    const int column = blockIdx.y * 32 + threadIdx.x % 1;
    const int blocks = (n_rows + 7LL) / 8;
    double total = 0.0;
    for (int b = threadIdx.x / 1; b < blocks; b += 1024)
        if (column < 1)
            total += scratch[(long long)b * 1 + column];
#line 97 "/gnnac/templates/train.lib.lua"
    __shared__ double held[1024];
    held[threadIdx.x] = total;
    for (int half = 512; half >= 32; half /= 2) {
        __syncthreads();
        if (threadIdx.x < half)
            held[threadIdx.x] += held[threadIdx.x + half];
    }
#line 109 "/gnnac/templates/train.lib.lua"
    if (threadIdx.x < 32) {
#line 111 "/gnnac/templates/train.lib.lua"
        total = held[threadIdx.x];
#line 113 "/gnnac/templates/train.lib.lua"
        for (int step = 16; step >= 1; step /= 2)
            total += __shfl_down_sync(~0u, total, step);
    }
#line 77 "/gnnac/templates/nll_loss.cu.lua"
    if (threadIdx.x == 0)
        state->loss = total;
}
