//% -- Kernels that go over a matrix row by row: lanes lie along the columns and
//% -- use the widest moves that both pitches allow; a narrow row takes part of
//% -- a warp.
//% local lanes = include "lanes"
//% local rowwise = {}
//% local vec = lanes.widest(spec.dim, spec.x_pitch, spec.out_pitch)
//% local body = spec.dim - spec.dim % vec
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
//% -- The device functions that move vectors and the rest (lanes.define_move).
//% function rowwise.define(...)
//%   local whole = body == spec.dim
//%   for _, width in ipairs(whole and { vec } or { vec, 1 }) do
//%     for _, verb in ipairs { ... } do lanes.define_move(verb, width, width) end
//%   end
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
//% -- visit(width) writes what happens to columns c .. c + width - 1, for all
//% -- that the lane owns.
//% function rowwise.columns(visit)
//%   local function over(first, past, width)
    for (int c = ${first} + at * ${width}; c < ${past}; c += ${rowwise.group * width}) {
//%     visit(width)
    }
//%   end
//%   over(0, body, vec)
//%   if body < spec.dim then over(body, spec.dim, 1) end
//% end
//%
//% return rowwise
