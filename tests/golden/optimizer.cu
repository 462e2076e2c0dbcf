// gnnac optimizer, from templates/optimizer.cu.lua
// One step of all parameters: SGD with momentum, Adam (Kingma and Ba 2015) or
// AdamW (Loshchilov and Hutter 2019), as the state says. The parameters lie one
// behind the other, each from a multiple of 64 elements; treatment says of every
// 64 whether they are learnt, and decay. A first kernel counts the step and
// makes its constants.
// warpPerBlock=8
// f32 dim=22 x_pitch=22 out_pitch=22 norm=none self=none bias=0 act=none offset_bits=32
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

#line 22 "/gnnac/templates/optimizer.cu.lua"
extern "C" __global__ void __launch_bounds__(1, 1)
gnnac_optimizer_f32_d22_w8(
    train_state *state)
{
#line 13 "/gnnac/templates/follow.lib.lua"
#if __CUDA_ARCH__ >= 900
    asm volatile("griddepcontrol.launch_dependents;\n\t"
                 "griddepcontrol.wait;" ::: "memory");
#endif
#line 26 "/gnnac/templates/optimizer.cu.lua"
    const double step = (double)++state->step;
    state->step_lr =
        (float)(state->lr / (1.0 - pow((double)state->beta1, step)));
    state->correct2 =
        (float)(1.0 / sqrt(1.0 - pow((double)state->beta2, step)));
}

#line 40 "/gnnac/templates/optimizer.cu.lua"
extern "C" __global__ void __launch_bounds__(256, 1)
gnnac_optimizer_f32_d22_w8_apply(
    float *weights, float *grad, float *first,
    float *second, const int *treatment, train_state *state,
    int n_weights)
{
#line 13 "/gnnac/templates/follow.lib.lua"
#if __CUDA_ARCH__ >= 900
    asm volatile("griddepcontrol.launch_dependents;\n\t"
                 "griddepcontrol.wait;" ::: "memory");
#endif
#line 44 "/gnnac/templates/optimizer.cu.lua"
    const int i = blockIdx.x * 256 + threadIdx.x;
    if (i >= n_weights || treatment[i / 64] == 0)
        return;
    const bool decays = treatment[i / 64] == 2;
    const float w = weights[i];
    const float g = grad[i] + (decays ? state->decay * w : 0.0f);
    const float beta1 = state->beta1, beta2 = state->beta2;
    if (state->is_sgd) {
        const float m = beta1 * first[i] + g;
        first[i] = m;
        weights[i] = w - state->lr * m;
        return;
    }
    const float m = beta1 * first[i] + (1.0f - beta1) * g;
    const float v = beta2 * second[i] + (1.0f - beta2) * g * g;
    first[i] = m;
    second[i] = v;
    weights[i] = (decays ? state->shrink : 1.0f) * w -
                 state->step_lr * m /
                     (sqrtf(v) * state->correct2 + state->epsilon);
}
