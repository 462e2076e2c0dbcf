//% family {
//%   op = "optimizer",
//%   doc = [[
//% One step of all parameters: SGD with momentum, Adam (Kingma and Ba 2015) or
//% AdamW (Loshchilov and Hutter 2019), as the state says. The parameters lie one
//% behind the other, each from a multiple of 64 elements; treatment says of every
//% 64 whether they are learnt, and decay. A first kernel counts the step and
//% makes its constants.]],
//% }
//% knob { name = "warpPerBlock", tag = "w", min = 1, max = 32, default = 8,
//%        doc = "warps per block" }

//% local train = include "train"
//% local follow = include "follow"
//% train.define_state()
//% local count = launch {
//%   entry = kernel,
//%   grid = { "one" },
//%   block = 1,
//%   args = { "state" },
//% }
extern "C" __global__ void __launch_bounds__(1, 1)
${kernel}(${count})
{
//% follow.wait()
    const double step = (double)++state->step;
    state->step_lr =
        (float)(state->lr / (1.0 - pow((double)state->beta1, step)));
    state->correct2 =
        (float)(1.0 / sqrt(1.0 - pow((double)state->beta2, step)));
}

//% local parameters = launch {
//%   entry = kernel .. "_apply",
//%   grid = { "n_weights", per = 32 * warpPerBlock },
//%   block = 32 * warpPerBlock,
//%   args = { "weights", "grad", "first", "second", "treatment", "state",
//%            "n_weights" },
//% }
extern "C" __global__ void __launch_bounds__(${32 * warpPerBlock}, 1)
${kernel}_apply(${parameters})
{
//% follow.wait(kernel .. "_apply")
    const int i = blockIdx.x * ${32 * warpPerBlock} + threadIdx.x;
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
