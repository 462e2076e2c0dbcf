//% -- Sums over the entries of sparse features: neighbour groups whose edges are the
//% -- entries, and dropout of these. Of each lane's entry it is decided once whether
//% -- it is kept, by its row and column, as dropout.cu.lua does it of a dense matrix:
//% -- the same elements are dropped whatever the form, and in the gradient.
//% local groups = include "groups"
//% local parts = include "parts"
//% local train = include "train"
//% local sparse = {}
//% check(spec.edges == "stored", "entries have values")
//%
//% -- Lanes for a row of what is gathered, by vectors of four floats.
//% function sparse.layout(k)
//%   k.dimWorker = train.lanes_for((spec.dim + 3) // 4)
//%   return groups.layout(k)
//% end
//%
//% -- `entry`, `first`: as of groups.launch. Returns both kernels' parameters;
//% -- `to`: what parts.launch_join takes.
//% function sparse.launch(L, entry, first, to)
//%   local args = { table.unpack(first) }
//%   if spec.drops then
//%     args[#args + 1], args[#args + 2] = "state", "place"
//%   end
//%   return groups.launch(L, entry, args), parts.launch_join(L, L.warps, to)
//% end
//%
//% function sparse.define(L, how)
//%   if spec.drops then train.define_dropout() end
//%   groups.define(L, how)
//%   if not spec.drops then return end
// What dropout leaves of an element's value; place < 0: it is not dropped. Rows
// begin with a draw of their own.
static __device__ __forceinline__ float
left_of(const train_state *state, int place, unsigned long long draws, int row,
        int column, float value)
{
    if (place < 0)
        return value;
    const unsigned long long bits =
        draw(dropout_stream(state, place), row * draws + column / 4);
    return dropped(state, (unsigned)(bits >> 16 * (column % 4)), value);
}

//% end
//%
//% return sparse
