// gnnac eps_grad, from templates/eps_grad.cu.lua
// The gradient of GIN's epsilon: the sum of all products of elements of x and
// self. A block adds rowsPerBlock rows; a second kernel adds the blocks' sums in
// their order.
// rowsPerBlock=128 warpPerBlock=8
// f32 dim=22 x_pitch=24 out_pitch=22 norm=none self=none bias=0 act=none offset_bits=32
#line 26 "/gnnac/templates/eps_grad.cu.lua"
// 32 lanes per row; 8 rows at a time.
extern "C" __global__ void __launch_bounds__(256, 1)
gnnac_eps_grad_f32_d22_r128_w8_x24_s24(
    const float *x, const float *self, double *scratch,
    int n_rows)
{
#line 13 "/gnnac/templates/follow.lib.lua"
#if __CUDA_ARCH__ >= 900
    asm volatile("griddepcontrol.launch_dependents;\n\t"
                 "griddepcontrol.wait;" ::: "memory");
#endif
#line 31 "/gnnac/templates/eps_grad.cu.lua"
    const long long first = blockIdx.x * 128LL;
    const long long past = min(n_rows - first, 128LL);
    float sum = 0.0f;
    for (int i = threadIdx.x / 32; i < past; i += 8) {
        const float *a = x + (first + i) * 24;
        const float *b = self + (first + i) * 24;
        for (int c = threadIdx.x % 32; c < 22; c += 32)
            sum = fmaf(__ldg(a + c), __ldg(b + c), sum);
    }
    double total = sum;
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
#line 42 "/gnnac/templates/eps_grad.cu.lua"
    if (threadIdx.x == 0)
        scratch[blockIdx.x] = total;
}

#line 143 "/gnnac/templates/train.lib.lua"
extern "C" __global__ void __launch_bounds__(1024, 1)
gnnac_eps_grad_f32_d22_r128_w8_x24_s24_total(
    float *grad, double *scratch, int n_rows)
{
#line 13 "/gnnac/templates/follow.lib.lua"
#if __CUDA_ARCH__ >= 900
    asm volatile("griddepcontrol.launch_dependents;\n\t"
                 "griddepcontrol.wait;" ::: "memory");
#endif
#line 147 "/gnnac/templates/train.lib.lua"
    const int column = blockIdx.y * 32 + threadIdx.x % 1;
    const int blocks = (n_rows + 127LL) / 128;
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
#line 47 "/gnnac/templates/eps_grad.cu.lua"
    if (threadIdx.x == 0)
        grad[0] = (float)total;
}
