// gnnac bce_loss, from templates/bce_loss.cu.lua
// Binary cross-entropy of each logit of x by itself, and its gradient, in one
// pass: out = share / dim * (sigmoid(x) - label), 0 in rows without a share;
// state->loss = the sum of share / dim * (max(x, 0) - x label + log(1 +
// e^-|x|)), which no logit overflows. A row's labels are bits, 32 columns in
// each number. A power of two of lanes per row, at most a warp. A second kernel
// adds the blocks' losses in their order.
// warpPerBlock=8
// f32 dim=33 x_pitch=33 out_pitch=36 norm=none self=none bias=0 act=none offset_bits=32
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

#line 28 "/gnnac/templates/bce_loss.cu.lua"
// 32 lanes per row; 8 rows per block.
extern "C" __global__ void __launch_bounds__(256, 1)
gnnac_bce_loss_f32_d33_w8_y36(
    float *out, const float *x, const int *labels,
    const float *share, double *scratch, int n_rows)
{
#line 13 "/gnnac/templates/follow.lib.lua"
#if __CUDA_ARCH__ >= 900
    asm volatile("griddepcontrol.launch_dependents;\n\t"
                 "griddepcontrol.wait;" ::: "memory");
#endif
#line 33 "/gnnac/templates/bce_loss.cu.lua"
    const unsigned row = blockIdx.x * 8 + threadIdx.x / 32;
    const int at = threadIdx.x % 32;
    const int n = row < n_rows ? 33 : 0;
    const float weight = n > 0 ? __ldg(share + row) / 33.0f : 0.0f;
    const float *from = x + (long long)row * 33;
    const int *bits = labels + (long long)row * 2;
    float *to = out + (long long)row * 36;

    double total = 0.0;
    for (int c = at; c < n; c += 32) {
        float slope = 0.0f;
        if (weight > 0.0f) {
            const float y = __ldg(from + c);
            const float label = (__ldg(bits + c / 32) >> (c % 32)) & 1;
            const float small = expf(-fabsf(y));
            slope = (y < 0.0f ? small : 1.0f) / (1.0f + small) - label;
            total += fmaxf(y, 0.0f) - y * label + log1pf(small);
        }
        to[c] = weight * slope;
    }
    total *= weight;
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
#line 55 "/gnnac/templates/bce_loss.cu.lua"
    if (threadIdx.x == 0)
        scratch[blockIdx.x] = total;
}

#line 143 "/gnnac/templates/train.lib.lua"
extern "C" __global__ void __launch_bounds__(1024, 1)
gnnac_bce_loss_f32_d33_w8_y36_total(
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
#line 60 "/gnnac/templates/bce_loss.cu.lua"
    if (threadIdx.x == 0)
        state->loss = total;
}
