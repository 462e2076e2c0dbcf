//% -- Kernels that go over a matrix row by row: lanes lie along the columns and
//% -- use the widest moves that both pitches allow; a narrow row takes part of
//% -- a warp. Where x or out is stored in 16 bits, a move of those is 16 bytes at
//% -- most, and one of floats that stand opposite is two. What is left of such a row
//% -- goes by pairs, so that no word of 4 bytes is two lanes'.
//% local lanes = include "lanes"
//% local layout = include "layout"
//% local rowwise = {}
//% local halves = spec.x_type ~= "f32" and spec.x_type or spec.out_type
//% local vec = lanes.widest_of(halves, spec.dim, spec.x_pitch, spec.out_pitch)
//% local body = spec.dim - spec.dim % vec
//% local pairs_end = halves ~= "f32" and vec > 2 and spec.dim - spec.dim % 2 or body
//%
//% -- Lanes of a row, and rows of a block.
//% rowwise.group = 1
//% while rowwise.group < 32 and rowwise.group * vec < body do
//%   rowwise.group = rowwise.group * 2
//% end
//% function rowwise.rows(warps) return warps * 32 // rowwise.group end
//%
//% -- The launch; returns its parameters.
//% function rowwise.launch(warps, args)
//%   return launch {
//%     entry = kernel,
//%     grid = { "n_rows", per = rowwise.rows(warps) },
//%     block = 32 * warps,
//%     args = args,
//%   }
//% end
//%
//% -- The device functions that move vectors and the rest: `verb` x to
//% -- registers, store from there to out (lanes.define_move).
//% function rowwise.each_width(visit)
//%   visit(vec)
//%   if body < pairs_end then visit(2) end
//%   if pairs_end < spec.dim then visit(1) end
//% end
//% function rowwise.define(verb)
//%   layout.define("x")
//%   layout.define("out")
//%   rowwise.each_width(function(width)
//%     lanes.define_move(verb, width, width, spec.x_type)
//%     lanes.define_move("store", width, width, spec.out_type)
//%   end)
//% end
//% function rowwise.define_bias()
//%   rowwise.each_width(function(width) lanes.define_move("load", width, width) end)
//% end
//% function rowwise.load_bias(width)
        ${lanes.mover("load", width, width)}(shift, bias + c);
//% end
//%
//% -- `row` and the lane's place `at` in it.
//% function rowwise.begin(warps)
    const unsigned row = blockIdx.x * ${rowwise.rows(warps)} + threadIdx.x / ${rowwise.group};
    const int at = threadIdx.x % ${rowwise.group};
    if (row >= n_rows)
        return;
//% end
//%
//% -- `from` and `to`, the row of x whose number is that, and the row of out.
//% function rowwise.pointers(source)
//%   rowwise.source = source
//%   if not layout.has_slabs("x") then
    const ${lanes.type(spec.x_type)} *from = x + ${source} * ${spec.x_pitch}LL;
//%   end
//%   if not layout.has_slabs("out") then
    ${lanes.type(spec.out_type)} *to = out + (long long)row * ${spec.out_pitch};
//%   end
//% end
//% function rowwise.take(verb, width)
//%   local move = lanes.mover(verb, width, width, spec.x_type)
//%   if layout.has_slabs("x") then
        ${move}(v, x + x_at(${rowwise.source}, c, n_rows));
//%     return
//%   end
        ${move}(v, from + c);
//% end
//% function rowwise.store(width)
//%   if layout.has_slabs("out") then
        ${lanes.mover("store", width, width, spec.out_type)}(out + out_at(row, c, n_rows), v);
//%     return
//%   end
        ${lanes.mover("store", width, width, spec.out_type)}(to + c, v);
//% end
//%
//% -- visit(width) writes what happens to columns c .. c + width - 1, for all
//% -- that the lane owns.
//% function rowwise.columns(visit)
//%   local function over(first, past, width)
    for (int c = ${first} + at * ${width}; c < ${past}; c += ${rowwise.group * width}) {
//%     visit(width)
    }
//%   end
//%   over(0, body, vec)
//%   if body < pairs_end then over(body, pairs_end, 2) end
//%   if pairs_end < spec.dim then over(pairs_end, spec.dim, 1) end
//% end
//%
//% return rowwise
