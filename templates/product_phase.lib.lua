//% -- A product as a step of whole_model: each turn is a warp's block of rows.
//% local product = include "product"
//% local phase = { reads_dinv = spec.norm == "gcn" }
//% local P
//%
//% function phase.layout(k, p)
//%   local columns = 1
//%   while columns < spec.dim and columns < k.colsPerLane do columns = 2 * columns end
//%   P = product.layout { rowsPerLane = k.rowsPerLane, colsPerLane = columns,
//%     depthWorker = k.depthWorker, depthWarps = 1, unroll = k.depthUnroll,
//%     warpPerBlock = k.warpPerBlock, turns = true,
//%     x_verb = p.reads_made and "fresh" or "load" }
//%   phase.rows, phase.tiles = P.rows, P.tiles
//% end
//%
//% function phase.define()
//%   P.define()
// Of what it reads nothing is known before the blocks have met.
struct ahead {
};

static __device__ __forceinline__ ahead look(const int *, const int *, int)
{
    return {};
}

//% end
//%
//% function phase.write()
    for (unsigned turn = first_turn(); turn < turns; turn += turns_apart()) {
//%   P.write()
    }
//% end
//%
//% return phase
