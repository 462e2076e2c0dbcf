//% family {
//%   op = "permute_rows", slabs = true,
//%   doc = [[
//% Row v of out is row source_row[v] of x; out is another matrix than x, perhaps
//% of another dtype. Lanes lie along the columns and use the widest moves that
//% both pitches allow; a narrow row takes part of a warp.]],
//% }
//% knob { name = "warpPerBlock", tag = "w", min = 1, max = 32, default = 8,
//%        doc = "warps per block" }

//% local rowwise = include "rowwise"
//% local follow = include "follow"
//% local parameters = rowwise.launch(warpPerBlock,
//%                                   { "out", "x", "source_row", "n_rows" })
// ${rowwise.group} lanes per row; ${rowwise.rows(warpPerBlock)} rows per block.
//% rowwise.define("load")
extern "C" __global__ void __launch_bounds__(${32 * warpPerBlock}, 1)
${kernel}(${parameters})
{
//% follow.wait()
//% rowwise.begin(warpPerBlock)
    const int source = source_row[row];
//% rowwise.pointers("source")
//% local function move(width)
        float v[${width}];
//%   rowwise.take("load", width)
//%   rowwise.store(width)
//% end
//% rowwise.columns(move)
}
