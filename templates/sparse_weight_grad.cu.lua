//% family {
//%   op = "sparse_weight_grad",
//%   doc = [[
//% The gradient x^T g of a product's weight, of sparse x by columns: a column of
//% the weight's is the sum of rows of g, weighted by the column's entries, which
//% dropout left as it did in the product. A warp has a group of at most partSize
//% entries of one column, as in neighbor_group: no atomics, the same bits every
//% time.]],
//% }
//% knob { name = "partSize", tag = "p", min = 1, max = 1024, default = 256,
//%        doc = "entries per group" }
//% knob { name = "unroll", tag = "u", min = 1, max = 8, default = 4,
//%        doc = "entries that a team of lanes has in flight" }
//% knob { name = "warpPerBlock", tag = "w", min = 1, max = 32, default = 4,
//%        doc = "groups, and so warps, per block" }

//% local groups = include "groups"
//% local lanes = include "lanes"
//% local parts = include "parts"
//% local sparse = include "sparse"
//% local train = include "train"
//% local L = sparse.layout { partSize = partSize, unroll = unroll,
//%                           warpPerBlock = warpPerBlock }
//% if spec.drops then train.define_state() end
//% local to = { "grad", "partial", "n_rows" }
//% local parameters, finish = sparse.launch(L, kernel, { "grad", "x", "n_rows" }, to)
//% local how = {}
//% if spec.drops then
//%   function how.keep()
            coef = left_of(state, place, (n_rows + 3LL) / 4, id, row, value);
//%   end
//% end
//% -- The weight is [dim, columns of x]: those of the row stand n_rows apart.
//% function how.write(L)
    float *to = grad + row;
//%   for _, s in ipairs(L.slots) do
//%     lanes.ask(L, s)
#pragma unroll
    for (int i = 0; i < ${s.width}; i++)
        to[(long long)(c${s.index} + i) * n_rows] = sum[${s.at} + i];
//%   end
//% end
//% sparse.define(L, how)
//% groups.sum(L, kernel, parameters, how)
//% parts.join(L, finish, warpPerBlock, unroll, false, how.write)
