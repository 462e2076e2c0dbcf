//% family {
//%   op = "residual",
//%   doc = [[
//% x + self, row by row, the last step of a layer that adds its input; out may be x.
//% Lanes lie along the columns, as in bias_act.]],
//% }
//% knob { name = "warpPerBlock", tag = "w", min = 1, max = 32, default = 8,
//%        doc = "warps per block" }

//% check(spec.x_type == spec.out_type and spec.self_type == spec.out_type,
//%       "a residual adds what is stored alike")
//% local rowwise = include "rowwise"
//% local lanes = include "lanes"
//% local follow = include "follow"
//% local function piece(width)
//%   return lanes.widest_of(spec.self_type, width, spec.self_pitch)
//% end
//% local parameters = rowwise.launch(warpPerBlock, { "out", "x", "self", "n_rows" })
// ${rowwise.group} lanes per row; ${rowwise.rows(warpPerBlock)} rows per block.
//% rowwise.define("read")
//% rowwise.each_width(function(width)
//%   lanes.define_move("load", width, piece(width), spec.self_type)
//% end)
extern "C" __global__ void __launch_bounds__(${32 * warpPerBlock}, 1)
${kernel}(${parameters})
{
//% follow.wait()
//% rowwise.begin(warpPerBlock)
//% rowwise.pointers("row")
    const ${lanes.type(spec.self_type)} *more = self + (long long)row * ${spec.self_pitch};
//% rowwise.columns(function(width)
        float v[${width}], w[${width}];
//%   rowwise.take("read", width)
        ${lanes.mover("load", width, piece(width), spec.self_type)}(w, more + c);
#pragma unroll
        for (int i = 0; i < ${width}; i++)
            v[i] += w[i];
//%   rowwise.store(width)
//% end)
}
