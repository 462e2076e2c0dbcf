//% family {
//%   op = "permute_rows",
//%   doc = [[
//% Row v of out is row source_row[v] of x; out is another matrix than x. Lanes
//% lie along the columns and use the widest moves that both pitches allow; a
//% narrow row takes part of a warp.]],
//% }
//% knob { name = "warpPerBlock", tag = "w", min = 1, max = 32, default = 8,
//%        doc = "warps per block" }

//% local rowwise = include "rowwise"
//% local parameters = rowwise.launch(warpPerBlock,
//%                                   { "out", "x", "source_row", "n_rows" })
// ${rowwise.group} lanes per row; ${rowwise.rows(warpPerBlock)} rows per block.
//% rowwise.define("load", "store")
extern "C" __global__ void __launch_bounds__(${32 * warpPerBlock}, 1)
${kernel}(${parameters})
{
//% rowwise.begin(warpPerBlock)
    const float *from = x + source_row[row] * ${spec.x_pitch}LL;
    float *to = out + (long long)row * ${spec.out_pitch};
//% local function move(width)
        float v[${width}];
        load${width}(v, from + c);
        store${width}(to + c, v);
//% end
//% rowwise.columns(move)
}
