-- Kernels that add the pieces of long rows atomically, each beside its twins that
-- do not: what determinism costs. Results of the former (combine 1 and 2) are
-- right, but differ from run to run in the last bits, so no other rule proposes
-- them.

rule "every_combine" {
  when = function(graph, layer)
    return graph.edges > 0 and layer.dtype == "f32"
  end,
  choose = {
    { template = "hybrid", segmentEdges = { 128, 512 }, packedEdges = { 8, 32 },
      dimWorker = { 1, 2, 4, 8, 16, 32 }, unroll = { 4, 8 }, combine = { 0, 1, 3 } },
    { template = "edge_balanced", edgesPerWarp = { 128, 256, 512 },
      dimWorker = { 1, 2, 4, 8, 16, 32 }, unroll = { 4, 8 },
      combine = { 0, 1, 3 } },
    { template = "neighbor_group", partSize = { 16, 32, 64, 128 },
      dimWorker = { 1, 2, 4, 8, 16, 32 }, warpPerBlock = { 4, 8 },
      combine = { 0, 1, 2, 3 } },
  },
  limit = function(p, graph, layer)
    local width = layer.agg_dim
    local narrow = p.dimWorker < 32 and p.dimWorker * 8 < width
    local idle = p.dimWorker > 1 and p.dimWorker * 2 > width
    local lone = p.edgesPerWarp and p.edgesPerWarp * p.dimWorker < 32 * p.unroll
    return not narrow and not idle and not lone
  end,
  why = "pieces of rows added atomically, and in order",
  priority = 1,
}

test "twins" {
  layer = { agg_dim = 64 },
  expect = { rule = "every_combine", template = "hybrid", segmentEdges = 512,
             dimWorker = 16, combine = 3 },
}

test "groups by themselves" {
  layer = { agg_dim = 16 },
  expect = { rule = "every_combine", template = "neighbor_group", partSize = 16,
             dimWorker = 8, combine = 3 },
}

test "floats alone are added" {
  layer = { agg_dim = 64, dtype = "f16" },
  expect = { silent = "every_combine" },
}
