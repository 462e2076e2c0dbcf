-- Every point worth timing, for `tune` and for finding out what the other rules
-- miss. Hundreds of kernels per launch: give it a budget.

-- The template's own register estimate: points beyond it are refused there.
local function fits(p, width)
  local body = width - width % p.vec
  local loads = math.min(p.coarsen, (body + p.dimWorker * p.vec - 1)
                                    // (p.dimWorker * p.vec))
  local tail = (width % p.vec + p.dimWorker - 1) // p.dimWorker
  local floats = p.vec * loads + tail
  local held = p.ids * ((p.unroll + p.dimWorker - 1) // p.dimWorker)
  local in_flight = p.unroll + held
  return (in_flight + 1) * floats + 3 * in_flight + 28
         <= math.min(255, 65536 // (32 * p.warpPerBlock))
end

-- Not a lane, not a load more than the row (or a tile of 128 columns) needs.
local function is_tight(p, width)
  local span = p.dimWorker * p.vec
  local covers = span * p.coarsen >= math.min(width, 128)
  local idle = p.dimWorker > 1 and span // 2 >= width
  return covers and not idle
         and (p.coarsen == 1 or span * p.coarsen // 2 < math.min(width, 256))
end

rule "every_row_split" {
  when = function()
    return true
  end,
  choose = {
    template = "row_split",
    dimWorker = { 1, 2, 4, 8, 16, 32 },
    edgeWorker = { 1, 2, 4, 8, 16, 32 },
    vec = { 1, 2, 4 },
    coarsen = { 1, 2, 4, 8 },
    unroll = { 2, 4, 8 },
    warpPerBlock = { 4, 8 },
  },
  limit = function(p, graph, layer, device)
    local width = layer.agg_dim
    return p.dimWorker * p.edgeWorker <= 32
           and p.vec <= math.max(1, width)
           and (width % p.vec == 0 or width >= 3)
           and is_tight(p, width) and fits(p, width)
           and 32 * p.warpPerBlock <= device.max_threads
  end,
  why = "all of row_split",
  priority = 10,
}

-- The same with ids that a row's lanes load together: of rows that several lanes
-- hold, each up to 16 floats, so that a warp has several of them.
rule "every_shared_id" {
  when = function(graph, layer)
    return graph.edges > 0 and layer.agg_dim > 16
  end,
  choose = {
    template = "row_split",
    dimWorker = { 4, 8, 16, 32 },
    edgeWorker = { 1, 2, 4 },
    vec = { 2, 4 },
    coarsen = { 1, 2, 4 },
    unroll = { 4, 8 },
    ids = 1,
  },
  limit = function(p, graph, layer)
    local width = layer.agg_dim
    return p.dimWorker * p.edgeWorker <= 32
           and p.vec == (width % 2 == 0 and width % 4 > 0 and 2 or 4)
           and is_tight(p, width) and fits(p, width)
  end,
  why = "row_split with ids that a row's lanes load together",
  priority = 9,
}

rule "every_neighbor_group" {
  when = function(graph)
    return graph.edges > 0
  end,
  choose = {
    template = "neighbor_group",
    partSize = { 8, 16, 32, 64, 128, 256 },
    dimWorker = { 1, 2, 4, 8, 16, 32 },
    warpPerBlock = { 2, 4, 8 },
    unroll = { 4, 8 },
  },
  limit = function(p, graph, layer, device)
    local width = layer.agg_dim
    local narrow = p.dimWorker < 32 and p.dimWorker * 8 < width
    local idle = p.dimWorker > 1 and p.dimWorker // 2 >= width
    return not narrow and not idle
           and 32 * p.warpPerBlock <= device.max_threads
  end,
  why = "all of neighbor_group",
  priority = 5,
}

rule "every_edge_balanced" {
  when = function(graph)
    return graph.edges > 0
  end,
  choose = {
    template = "edge_balanced",
    edgesPerWarp = { 64, 128, 256, 512, 1024 },
    dimWorker = { 1, 2, 4, 8, 16, 32 },
    unroll = { 2, 4, 8 },
    warpPerBlock = 4,
  },
  limit = function(p, graph, layer, device)
    local width = layer.agg_dim
    local narrow = p.dimWorker < 32 and p.dimWorker * 8 < width
    local idle = p.dimWorker > 1 and p.dimWorker // 2 >= width
    local lone = p.edgesPerWarp * p.dimWorker < 32 * p.unroll
    return not narrow and not idle and not lone
           and 32 * p.warpPerBlock <= device.max_threads
  end,
  why = "all of edge_balanced",
  priority = 4,
}

rule "every_hybrid" {
  when = function(graph)
    return graph.edges > 0
  end,
  choose = {
    template = "hybrid",
    segmentEdges = { 128, 512 },
    packedEdges = { 8, 32 },
    dimWorker = { 1, 2, 4, 8, 16, 32 },
    unroll = { 4, 8 },
    warpPerBlock = 4,
  },
  limit = function(p, graph, layer, device)
    local width = layer.agg_dim
    local narrow = p.dimWorker < 32 and p.dimWorker * 8 < width
    local idle = p.dimWorker > 1 and p.dimWorker * 2 > width
    return not narrow and not idle
           and 32 * p.warpPerBlock <= device.max_threads
  end,
  why = "all of hybrid",
  priority = 3,
}

-- One slab at a time, or two, of x that lies slab-major; by lanes of 16 bytes, or 32.
rule "every_slab_major" {
  when = function(graph, layer) return layer.x_slab > 0 end,
  choose = function(graph, layer)
    local slabs = { layer.x_slab, 2 * layer.x_slab }
    local lanes = { slabs[1] // 16, slabs[2] // 16 }
    return {
      { template = "row_split", dimWorker = { lanes[1] // 2, lanes[1], lanes[2] },
        edgeWorker = { 2, 4, 8, 16 }, vec = 4, coarsen = { 1, 2 },
        unroll = { 4, 8 }, hints = { 0, 1 } },
      { template = "neighbor_group", dimWorker = lanes, partSize = { 64, 256 },
        slab = slabs, hints = 1 },
      { template = "edge_balanced", dimWorker = lanes,
        edgesPerWarp = { 128, 512 }, slab = slabs, hints = 1 },
      { template = "hybrid", dimWorker = lanes, segmentEdges = 512,
        packedEdges = 32, unroll = { 4, 8 }, slab = slabs, hints = { 0, 1, 2 } },
    }
  end,
  limit = function(p, graph, layer)
    local tile = p.coarsen and 16 * p.dimWorker * p.coarsen or p.slab
    return p.dimWorker * (p.edgeWorker or 1) <= 32
           and (p.slab == 0 or p.slab == 16 * p.dimWorker)
           and (tile == layer.x_slab or tile == 2 * layer.x_slab)
  end,
  why = "of slab-major x a slab at a time, or two",
  priority = 2,
}

local function row_bytes(layer)
  return layer.agg_dim * (layer.dtype == "f32" and 4 or 2)
end

-- Lanes of 16 bytes that load a slab at once, or half of it; lines of all rows fit
-- the L2 cache. Hints also without slabs. In row_split coarsen makes the slab.
rule "every_slab" {
  when = function(graph, layer, device)
    return layer.x_slab == 0
           and graph.nodes * row_bytes(layer) > 0.6 * device.l2_bytes
  end,
  choose = {
    { template = "row_split", dimWorker = { 8, 16 }, edgeWorker = { 1, 2, 4 },
      vec = 4, coarsen = { 1, 2 }, unroll = 4, hints = { 0, 1, 2 } },
    { template = "neighbor_group", dimWorker = { 8, 16 },
      partSize = { 64, 256 }, slab = { 0, 128, 256 }, hints = { 0, 1, 2 } },
    { template = "edge_balanced", dimWorker = { 8, 16 },
      edgesPerWarp = { 128, 256 }, slab = { 0, 128, 256 },
      hints = { 0, 1, 2 } },
    { template = "hybrid", dimWorker = { 8, 16 }, segmentEdges = 512,
      packedEdges = 32, unroll = { 4, 8 }, slab = { 0, 128, 256 },
      hints = { 0, 1, 2 } },
  },
  limit = function(p, graph, layer, device)
    local team, row = 16 * p.dimWorker, row_bytes(layer)
    local slab = p.coarsen and p.coarsen * team or p.slab
    return graph.nodes * slab <= 0.6 * device.l2_bytes
           and slab + p.hints > 0 and slab <= row and team <= row
           and (slab == 0 or team <= slab)
           and p.dimWorker * (p.edgeWorker or 1) <= 32
  end,
  why = "slabs that fit the L2 cache, and hints to it",
  priority = 2,
}

rule "every_tile_mma" {
  when = function(graph)
    return graph.edges > 0 and graph.locality.window_reuse_8 >= 1.2
  end,
  choose = function(graph, layer)
    local lanes = 1
    while lanes < 32 and 8 * lanes < layer.agg_dim do lanes = 2 * lanes end
    return {
      template = "tile_mma",
      tilePercent = { 120, 150, 200 },
      tileUnroll = { 1, 2, 4 },
      packedEdges = 32,
      dimWorker = lanes,
      warpPerBlock = { 2, 4, 8 },
    }
  end,
  why = "all of tile_mma",
  priority = 3,
}

rule "every_narrow" {
  when = function(graph, layer)
    return graph.edges > 0 and layer.agg_dim <= 8
  end,
  choose = {
    template = "narrow",
    edgesPerWarp = { 64, 128, 256 },
    unroll = { 2, 4, 8 },
    warpPerBlock = { 2, 4 },
  },
  limit = function(p)
    return p.edgesPerWarp >= 32 * p.unroll
  end,
  why = "all of narrow",
  priority = 3,
}

rule "every_attention" {
  when = function(graph, layer)
    return layer.op == "gat"
  end,
  choose = {
    template = "attention",
    dimWorker = { 1, 2, 4, 8, 16, 32 },
    edgeWorker = { 1, 2, 4, 8, 16, 32 },
    warpPerRow = { 1, 2, 4, 8 },
    unroll = { 1, 2, 4, 8 },
    warpPerBlock = { 4, 8 },
  },
  limit = function(p, graph, layer)
    local team = p.dimWorker * p.edgeWorker
    local idle = p.dimWorker > 1 and p.dimWorker // 2 >= layer.agg_dim
    return team <= 32 and not idle and (p.warpPerRow == 1 or team == 32)
           and p.warpPerBlock % p.warpPerRow == 0
  end,
  why = "all of attention",
  priority = 2,
}

-- As many lanes as `width` has vectors of four floats, and half of them.
local function lanes_for(width)
  local lanes = 1
  while lanes < 32 and 4 * lanes < width do lanes = 2 * lanes end
  return lanes > 1 and { lanes, lanes // 2 } or { 1 }
end

rule "every_attention_step" {
  when = function(graph, layer)
    return layer.op == "gat" or layer.op == "gatv2"
  end,
  choose = function()
    local points = {}
    for _, template in ipairs { "attention_keep", "attention_rows_grad",
                                "attention_grad", "attention_v2",
                                "attention_v2_keep", "attention_v2_rows_grad",
                                "attention_v2_grad" } do
      points[#points + 1] = { template = template, unroll = { 1, 2, 4, 8 },
                              edgeWorker = { 1, 2, 4, 8, 16 },
                              warpPerBlock = { 4, 8 } }
      points[#points + 1] = { template = template, unroll = { 1, 2, 4, 8 },
                              warpPerRow = { 2, 4, 8 }, warpPerBlock = 8 }
    end
    return points
  end,
  why = "all of attention in training, and of GATv2's",
  priority = 2,
}

rule "every_edge_product" {
  when = function()
    return true
  end,
  choose = function(graph, layer)
    return { template = "sddmm", partSize = { 16, 32, 64, 128, 256 },
             dimWorker = lanes_for(layer.agg_dim // layer.heads),
             unroll = { 1, 2, 4, 8 }, warpPerBlock = { 4, 8 } }
  end,
  why = "all of sddmm",
  priority = 2,
}

rule "every_extreme" {
  when = function()
    return true
  end,
  choose = function(graph, layer)
    local points = {}
    for i, template in ipairs { "extreme", "extreme_share", "extreme_grad" } do
      points[i] = { template = template, dimWorker = lanes_for(layer.agg_dim),
                    edgeWorker = { 1, 2, 4, 8, 16, 32 }, coarsen = 2,
                    unroll = { 1, 2, 4, 8 } }
    end
    return points
  end,
  limit = function(p)
    return p.dimWorker * p.edgeWorker <= 32
  end,
  why = "all of extreme and its backward",
  priority = 2,
}

rule "every_narrow_product" {
  when = function(graph, layer)
    return layer.agg_dim <= 16 and layer.in_dim >= 64
  end,
  choose = {
    template = "linear",
    rowsPerLane = { 1, 2, 4, 8 },
    colsPerLane = { 2, 4, 8, 16 },
    depthWorker = { 4, 8, 16, 32 },
    depthWarps = { 1, 2, 4 },
  },
  why = "all of linear",
  priority = 2,
}

rule "every_wide_product" {
  when = function(graph, layer)
    return layer.agg_dim > 16
  end,
  choose = {
    template = "linear_mma",
    rowTiles = { 1, 2, 3, 4 },
    colTiles = { 2, 4, 8, 16 },
    colWarps = { 1, 2, 4 },
    stages = { 2, 3, 4 },
    warpPerBlock = { 4, 8 },
  },
  why = "all of linear_mma",
  priority = 2,
}

rule "every_scores_backward" {
  when = function(graph, layer)
    return layer.op == "gat"
  end,
  choose = {
    template = "attention_scores_grad",
    rowsPerBlock = { 16, 32, 64, 128, 256, 512, 1024 },
    warpPerBlock = { 1, 2, 4, 8, 16 },
  },
  why = "all of the scores' backward",
  priority = 2,
}

test "narrow products" {
  op = "linear",
  layer = { agg_dim = 8, in_dim = 64 },
  expect = { rule = "every_narrow_product", rowsPerLane = 8, depthWarps = 4 },
}

test "shared ids" {
  layer = { agg_dim = 64 },
  expect = { rule = "every_shared_id", dimWorker = 8, coarsen = 2, ids = 1 },
}

test "wide products" {
  op = "linear",
  layer = { agg_dim = 64 },
  expect = { rule = "every_wide_product", rowTiles = 2, stages = 4 },
}

test "attention in training" {
  op = "attention_rows_grad",
  layer = { op = "gat", agg_dim = 64 },
  expect = { rule = "every_attention_step", edgeWorker = 16, unroll = 8 },
}

test "the scores' backward" {
  op = "attention_scores_grad",
  layer = { op = "gat", agg_dim = 64 },
  expect = { rule = "every_scores_backward", rowsPerBlock = 1024,
             warpPerBlock = 16 },
}

test "products of rows" {
  op = "sddmm",
  layer = { agg_dim = 64 },
  expect = { rule = "every_edge_product", partSize = 256, dimWorker = 8 },
}

test "the largest of neighbours" {
  op = "extreme_share",
  layer = { agg_dim = 64 },
  expect = { rule = "every_extreme", dimWorker = 16, edgeWorker = 2 },
}

test "heads" {
  op = "attention",
  layer = { op = "gat", agg_dim = 64 },
  expect = { rule = "every_attention", dimWorker = 16, warpPerRow = 8 },
}

test "a lane for every edge" {
  layer = { agg_dim = 4 },
  expect = { rule = "every_narrow", edgesPerWarp = 256, unroll = 8 },
}

test "narrow" {
  layer = { agg_dim = 2 },
  expect = { rule = "every_row_split", dimWorker = 1, vec = 2,
             edgeWorker = 32 },
}

test "wide" {
  layer = { agg_dim = 602 },
  expect = { rule = "every_row_split", dimWorker = 32, vec = 4, unroll = 8 },
}

test "groups" {
  layer = { agg_dim = 64 },
  expect = { rule = "every_neighbor_group", partSize = 256, dimWorker = 16,
             warpPerBlock = 8 },
}

test "ranges" {
  layer = { agg_dim = 64 },
  expect = { rule = "every_edge_balanced", edgesPerWarp = 1024,
             dimWorker = 16, unroll = 8 },
}

test "by length" {
  layer = { agg_dim = 64 },
  expect = { rule = "every_hybrid", segmentEdges = 512, packedEdges = 32,
             dimWorker = 16, unroll = 8 },
}

test "slabs" {
  graph = { nodes = 1e5 },
  layer = { agg_dim = 512 },
  expect = { rule = "every_slab", template = "hybrid", slab = 256, hints = 2 },
}

test "what lies slab after slab by one or two of them" {
  graph = { nodes = 1e6 },
  layer = { agg_dim = 512, x_slab = 32 },
  expect = { rule = "every_slab_major", silent = "every_slab",
             template = "hybrid", slab = 64, dimWorker = 4 },
}

test "slabs that do not fit are none" {
  graph = { nodes = 1e6 },
  layer = { agg_dim = 512 },
  expect = { rule = "every_slab", slab = 0, hints = 2 },
}

test "shared columns" {
  graph = { locality = { window_reuse_8 = 1.5 } },
  layer = { agg_dim = 64 },
  expect = { rule = "every_tile_mma", tilePercent = 200, tileUnroll = 4,
             dimWorker = 8 },
}

test "no edges, no groups" {
  graph = { nodes = 5, edges = 0 },
  expect = { rule = "every_row_split", silent = "every_neighbor_group" },
}
