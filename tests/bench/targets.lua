-- What targets.py times beside the default rules' points.

-- GE-SpMM's scheme: a warp for each row, a lane for each column, one or two
-- columns to a lane; an edge at a time, and four.
rule "row_per_warp" {
  when = function()
    return true
  end,
  choose = { template = "row_split", dimWorker = 32, edgeWorker = 1, vec = 1,
             coarsen = { 1, 2 }, unroll = { 1, 4 } },
  why = "a row per warp, as GE-SpMM",
  priority = 1000,
}

-- As many lanes as a row has vectors of four floats, and half of them.
local function lanes_for(width)
  local lanes = 1
  while lanes < 32 and 4 * lanes < width do lanes = 2 * lanes end
  return { lanes, math.max(1, lanes // 2) }
end

-- Rows that are cut, with atomics and without.
rule "twins" {
  when = function()
    return true
  end,
  choose = function(graph, layer)
    local lanes = lanes_for(layer.agg_dim)
    return {
      { template = "hybrid", segmentEdges = { 128, 512 }, packedEdges = { 8, 32 },
        dimWorker = lanes, unroll = { 4, 8 }, combine = { 0, 1, 3 } },
      { template = "edge_balanced", edgesPerWarp = { 128, 256 },
        dimWorker = lanes, combine = { 0, 1, 3 } },
      { template = "neighbor_group", partSize = { 32, 128 }, dimWorker = lanes[1],
        combine = { 0, 1, 2, 3 } },
    }
  end,
  why = "pieces of rows in order, and by atomics",
  priority = 900,
}
