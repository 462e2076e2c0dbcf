//% family {
//%   op = "dropout",
//%   doc = [[
//% out = x, elements dropped at random and the others scaled so that the mean
//% stays; out may be x. No mask is stored: what is kept is a function of seed,
//% step, place and index, so the backward drops the same. A lane has four
//% columns, which one random number decides.]],
//% }
//% knob { name = "warpPerBlock", tag = "w", min = 1, max = 32, default = 8,
//%        doc = "warps per block" }

//% local lanes = include "lanes"
//% local train = include "train"
//% local follow = include "follow"
//% local vec = lanes.widest(4, spec.x_pitch, spec.out_pitch)
//% local draws = (spec.dim + 3) // 4
//% local rest = spec.dim % 4
//% local group = train.lanes_for(draws)
//% local rows = warpPerBlock * 32 // group
//% train.define_state()
//% local parameters = launch {
//%   entry = kernel,
//%   grid = { "n_rows", per = rows },
//%   block = 32 * warpPerBlock,
//%   args = { "out", "x", "state", "place", "n_rows" },
//% }
// ${group} lanes per row; ${rows} rows per block.
//% train.define_dropout()
//% if spec.dim >= 4 then
//%   lanes.define_move("read", 4, vec)
//%   lanes.define_move("store", 4, vec)
//% end
extern "C" __global__ void __launch_bounds__(${32 * warpPerBlock}, 1)
${kernel}(${parameters})
{
//% follow.wait()
    const unsigned row = blockIdx.x * ${rows} + threadIdx.x / ${group};
    const int at = threadIdx.x % ${group};
    if (row >= n_rows)
        return;
    const unsigned long long stream = dropout_stream(state, place);
    const float *from = x + (long long)row * ${spec.x_pitch};
    float *to = out + (long long)row * ${spec.out_pitch};
    for (int k = at; k < ${draws}; k += ${group}) {
        unsigned long long bits = draw(stream, row * ${draws}ULL + k);
//% local whole = spec.dim >= 4
//% if whole and rest > 0 then
        if (k < ${draws - 1}) {
//% end
//% if whole then
            float v[4];
            ${lanes.mover("read", 4, vec)}(v, from + 4 * k);
#pragma unroll
            for (int i = 0; i < 4; i++, bits >>= 16)
                v[i] = dropped(state, (unsigned)bits, v[i]);
            ${lanes.mover("store", 4, vec)}(to + 4 * k, v);
//% end
//% if whole and rest > 0 then
            continue;
        }
//% end
//% for i = 0, rest - 1 do
        to[4 * k + ${i}] = dropped(state, (unsigned)(bits >> ${16 * i}),
                                   from[4 * k + ${i}]);
//% end
    }
}
