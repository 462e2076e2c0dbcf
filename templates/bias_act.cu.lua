//% family {
//%   op = "bias_act", tails = true, slabs = true,
//%   doc = [[
//% act(x + bias), row by row; out may be x, or of another dtype. Lanes lie
//% along the columns and use the widest loads that both pitches allow; a narrow
//% row takes part of a warp. In training perhaps with dropout of that; last perhaps
//% a residual.]],
//% }
//% knob { name = "warpPerBlock", tag = "w", min = 1, max = 32, default = 8,
//%        doc = "warps per block" }

//% local rowwise = include "rowwise"
//% local train = spec.drops_result and include "train"
//% local residual = include "residual"
//% local follow = include "follow"
//% local args = { "out", "x" }
//% if spec.bias then args[#args + 1] = "bias" end
//% if train then train.add_drop_args(args) end
//% residual.add_args(args)
//% args[#args + 1] = "n_rows"
//% local parameters = rowwise.launch(warpPerBlock, args)
// ${rowwise.group} lanes per row; ${rowwise.rows(warpPerBlock)} rows per block.
//% rowwise.define("read")
//% if spec.bias then rowwise.define_bias() end
//% if train then train.define_drop(spec.dim) end
//% rowwise.each_width(residual.define)
extern "C" __global__ void __launch_bounds__(${32 * warpPerBlock}, 1)
${kernel}(${parameters})
{
//% follow.wait()
//% rowwise.begin(warpPerBlock)
//% rowwise.pointers("row")
//% if train then train.open_drop() end
//% local function apply(width)
        float v[${width}];
//%   rowwise.take("read", width)
//%   if spec.bias then
        float shift[${width}];
//%     rowwise.load_bias(width)
//%   end
//%   if spec.bias or spec.act ~= "none" then
#pragma unroll
        for (int i = 0; i < ${width}; i++) {
//%     if spec.bias then
            v[i] += shift[i];
//%     end
//%     if spec.act == "relu" then
            v[i] = v[i] < 0.0f ? 0.0f : v[i];
//%     end
        }
//%   end
//%   if train then train.drop("v", 0, "c", width) end
//%   residual.add("v", 0, "c", width)
//%   rowwise.store(width)
//% end
//% rowwise.columns(apply)
}
